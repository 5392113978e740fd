"""Rules about how results were measured: times, suitability, replicates, instruments, contract laboratories."""

from collections import defaultdict
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from batches.pinned import reading_of
from qc.contract_laboratory.certificates import certificates_of, certificates_url, comparison_of, is_settled
from qc.laboratory.judging import method_of
from qc.methods.at_the_bench import times_at_the_bench
from qc.methods.in_force import MethodInForce, as_method
from qc.methods.words import check_title, timed_words, typed_words
from qc.models import ContractCertificate, ContractCertificateCompared, Reading, SuitabilityRecorded
from qc.record_read import RecordRead
from qc.review_by_exception.exceptions import Evidence, Found, Passed, counted
from qc.values.verdicts import Verdict


def times_kept(read: RecordRead) -> Passed:
    """Give each timed condition of the methods with how long it lasted; one beyond its limit is a departure."""
    found = [
        (line, one)
        for line in read.panel
        for bench in [times_at_the_bench(line, read.moments)]
        for method in bench.methods
        for one in bench.timed_of(method)
    ]
    items = tuple(
        Evidence(f"{line.title}, {one.timed.condition.title}: {timed_words(one)}", line.url) for line, one in found
    )
    return counted(
        sum(one.timed.elapsed is not None and not one.timed.is_beyond for _l, one in found), len(found), items
    )


def suitability_failed(read: RecordRead) -> Iterator[Found]:
    """Find each check of suitability that did not show the system fit, also where it was corrected since."""
    for row in read.suitability:
        if row.verdict == Verdict.MEETS.value:
            continue
        corrected: SuitabilityRecorded | None = getattr(row, "superseded_by", None)
        yield Found(
            row=row,
            says=_("Run %(run)s, %(title)s: %(why)s") % {"run": row.run, "title": _title(row), "why": row.why},
            told=(
                row.line,
                str(row.run),
                row.check_code,
                row.typed,
                row.verdict,
                str(corrected.pk) if corrected else "",
            ),
            where=read.line_title(row.line),
            url=_test_url(read, row.line),
            old=typed_words(row) if corrected else "",
            new=typed_words(corrected) if corrected else typed_words(row),
            reason=corrected.reason if corrected else "",
            people=frozenset({corrected.actor}) if corrected else frozenset(),
        )


def suitability_told(read: RecordRead) -> Passed:
    """Give each check of suitability that stands, with what was entered."""
    rows = [row for row in read.suitability if not hasattr(row, "superseded_by")]
    items = tuple(
        Evidence(f"{read.line_title(row.line)}, {_title(row)}: {typed_words(row)}", _test_url(read, row.line))
        for row in rows
    )
    return counted(sum(row.verdict == Verdict.MEETS.value for row in rows), len(rows), items)


def _title(row: SuitabilityRecorded) -> str:
    return check_title(as_method(reading_of(row.method)), row)


def _test_url(read: RecordRead, line: str) -> str:
    return reverse("qc:test", args=[read.batch.number, line])


def further_replicates(read: RecordRead) -> Iterator[Found]:
    """Find each run in which more replicates were read than its method asks for."""
    for (code, run, method), rows in _further(read).items():
        said = [f"{one.member} {one.replicate}: {one.typed}" for one in rows]
        words = {"run": run, "method": method.says.words, "wanted": method.says.replicates.wanted}
        yield Found(
            row=rows[0],
            says=_("Run %(run)s: further replicates were read; %(method)s asks for %(wanted)s.") % words,
            told=(code, str(run), *said),
            where=read.line_title(code),
            url=_test_url(read, code),
            new="; ".join(said),
            people=frozenset(one.actor for one in rows),
        )


def _further(read: RecordRead) -> dict[tuple[str, int, MethodInForce], list[Reading]]:
    lines = {line.code: line.line for line in read.panel if not line.line.growth_days}
    readings = [one for code in lines for one in read.rows.readings.get(code, ()) if one.replicate > 1]
    found: dict[tuple[str, int, MethodInForce], list[Reading]] = defaultdict(list)
    for one in sorted(readings, key=lambda each: (each.recorded_at, each.pk)):
        line = lines[one.line]
        method = method_of(line, one.member, read.rows.methods.of_line(line, one.run))
        if method is not None and one.replicate > method.says.replicates.wanted:
            found[one.line, one.run, method].append(one)
    return found


def replicates_told(read: RecordRead) -> Passed:
    """Give how many replicates each value was worked out from, beside how many its method asks for."""
    workings = [(line, one) for line in read.panel for one in line.workings.values()]
    items = tuple(
        Evidence(
            _("%(title)s: %(number)s replicates, %(method)s asks for %(wanted)s")
            % {
                "title": line.title,
                "number": len(one.replicates),
                "method": one.method.words,
                "wanted": one.method.replicates.wanted,
            },
            line.url,
        )
        for line, one in workings
    )
    as_asked = sum(len(one.replicates) == one.method.replicates.wanted for _line, one in workings)
    return counted(as_asked, len(workings), items)


def certificates_differed(read: RecordRead) -> Iterator[Found]:
    """Find each certificate of which two people typed different things, also where it was corrected since.

    What they typed is not shown: whoever compares the correction must not have seen it.
    """
    rows = ContractCertificateCompared.objects.filter(batch=read.batch).exclude(differences=[])
    for row in rows.select_related("certificate__laboratory", "certificate__superseded_by").order_by(
        "recorded_at", "pk"
    ):
        certificate = row.certificate
        correction: ContractCertificate | None = getattr(certificate, "superseded_by", None)
        yield Found(
            row=row,
            says=_("Two people typed different things from a certificate of %(laboratory)s: %(what)s.")
            % {
                "laboratory": certificate.laboratory.name,
                "what": ", ".join(dict.fromkeys(one["what"] for one in row.differences)),
            },
            told=(
                str(certificate.pk),
                *(one["what"] for one in row.differences),
                str(correction.pk) if correction else "",
            ),
            where=read.line_title(certificate.line),
            url=certificates_url(read.batch.number, certificate.line),
            reason=correction.reason if correction else "",
            people=frozenset({certificate.actor} | ({correction.actor} if correction else set())),
        )


def certificates_told(read: RecordRead) -> Passed:
    """Give each certificate of a contract laboratory that nobody corrected, and whether two people typed the same."""
    rows = [row for row in certificates_of(read.batch) if not hasattr(row, "superseded_by")]
    items = tuple(
        Evidence(
            f"{read.line_title(row.line)}, {row.laboratory.name}: {_agreement(row)}",
            certificates_url(read.batch.number, row.line),
        )
        for row in rows
    )
    return counted(sum(is_settled(row) for row in rows), len(rows), items)


def _agreement(row: ContractCertificate) -> str:
    if is_settled(row):
        return _("two people typed the same")
    return (
        _("a second person has to compare it") if comparison_of(row) is None else _("two people typed different things")
    )
