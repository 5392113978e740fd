"""The reader: the whole record of a batch for somebody to whom an inspection opened it, one section a page.

(1) What is shown is the snapshot from which the batch record is printed: one gathering, two faces.
(2) Snapshot and integrity are read as of one moment. They are kept for five minutes, and only as long as nothing is
    written into the record meanwhile.
(3) Every page and file that is opened stands in the security log: who, under which inspection, what.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import security
from accounts.models import Person
from accounts.wording import record_time
from batches.models import Batch
from ledger import clock
from ledger.verification import unmoving_view
from reports.integrity_of_batch import Integrity, check_now, heads_of
from reports.models import Inspection
from reports.record_gathering.whole import batch_record
from reports.record_snapshot import BatchRecord, Stage
from reports.snapshot import Evaluation, Sign

GOOD_FOR = timedelta(minutes=5)
MOST_KEPT = 16
MOST_EXCEPTIONS_BESIDE = 8
MOST_PENDING_BESIDE = 3
ENTRIES_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it was read at one moment, and whether it is the one that was signed."""

    record: BatchRecord
    integrity: Integrity


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the record as the outline names it: how much it holds, and what in it needs attention."""

    slug: str
    title: str
    number: str = ""
    count: str = ""
    counted: str = ""  # what is counted, for those who hear the page
    warnings: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Attention:
    """A line of what needed attention."""

    status: str
    says: str
    state: str
    slug: str


_kept: OrderedDict[tuple[str, ...], Read] = OrderedDict()
_lock = threading.Lock()


def read(batch: Batch) -> Read:
    """Give the record of a batch with its integrity, as they are now or were within the last five minutes."""
    key = heads_of(batch)
    with _lock:
        known = _kept.get(key)
    if known is not None and clock.machine_now() - known.integrity.checked_at < GOOD_FOR:
        return known
    with unmoving_view():
        found = Read(_as_it_stands(batch), check_now(batch))
    with _lock:
        _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _as_it_stands(batch: Batch) -> BatchRecord:
    """Give the record as a document would state it now; it is shown, not issued, and has no number."""
    return batch_record(batch, number=_("not issued"), version=1, issued_at=clock.now(), supersedes=None)


def log_opened(person: Person, inspection: Inspection, batch: Batch, what: str, *, station: str) -> None:
    """Keep that somebody opened a part of a record."""
    about = f"{inspection.number} {batch.number} {what}"
    security.log("record_opened", person=person, username=person.username, station=station, about=about)


def band_of(inspection: Inspection, person: Person) -> dict[str, str]:
    """Give the band that says by whose leave and until when one reads here, and that reading is logged."""
    count = len(inspection.batches)
    batches = ngettext("%(n)d batch", "%(n)d batches", count) % {"n": count}
    says = _("Inspection %(number)s. Granted by %(by)s for %(batches)s, until %(until)s. What you open is logged.") % {
        "number": inspection.number,
        "by": inspection.signer_name,
        "batches": batches,
        "until": record_time(inspection.until),
    }
    if inspection.signer_id == person.pk:
        behalf = _("Opened by %(by)s on behalf of %(inspector)s, %(authority)s.")
        who = {"by": person.name, "inspector": inspection.inspector, "authority": inspection.authority}
        says = f"{behalf % who} {says}"
    return {"kind": "read-only", "text": _("Read-only access"), "more_text": says, "url": ""}


def sections_of(record: BatchRecord) -> list[Section]:
    """Give the outline in the order of reading; each part's title, size and flags."""
    sections = [Section("summary", _("Summary"))]
    sections += [_stage_section(number, stage, record) for number, stage in enumerate(record.stages, start=1)]
    if all(one.slug != "results" for one in sections):
        sections.append(_results_section("", _("Release testing"), record))
    links = len(record.custody.links)
    mismatches = sum(one.evaluation.sign is Sign.FAIL for one in record.custody.checks)
    troubles = sum(_is_flagged(one.evaluation) for one in record.custody.links) + len(record.custody.gaps)
    is_open = [one for one in record.exceptions if one.signature is None]
    entries = ngettext("Audit trail, %(n)s entry", "Audit trail, %(n)s entries", len(record.trail))
    return [
        *sections,
        Section(
            "custody",
            ngettext("Custody, %(n)d link", "Custody, %(n)d links", links) % {"n": links},
            warnings=troubles,
            failures=mismatches + len(record.custody.contradictions),
        ),
        Section("materials", _("Materials and equipment"), count=str(len(record.lots)), counted=_("lots")),
        Section(
            "exceptions",
            _("Deviations and assessments"),
            count=str(len(record.exceptions)),
            counted=_("facts"),
            warnings=len(is_open),
        ),
        Section("disposition", _("Disposition and documents")),
        Section("people", _("Who signed"), count=str(len(record.signers)), counted=_("people")),
        Section("trail", entries % {"n": f"{len(record.trail):,}"}),
    ]


def _stage_section(number: int, stage: Stage, record: BatchRecord) -> Section:
    if not stage.steps:
        return _results_section(str(number), stage.title, record)
    values = [value for step in stage.steps for value in (*step.values, *step.derived)]
    scans = [scan for step in stage.steps for scan in step.scans]
    warnings = sum(len(value.corrections) + sum(one != _("critical") for one in value.remarks) for value in values)
    warnings += sum(step.evaluation.sign is Sign.WARN for step in stage.steps)
    failures = sum(one.evaluation.sign is Sign.FAIL for one in values)
    failures += sum(one.evaluation.sign is Sign.FAIL for one in scans)
    return Section(f"stage-{number}", stage.title, str(number), str(len(stage.steps)), _("steps"), warnings, failures)


def _results_section(number: str, title: str, record: BatchRecord) -> Section:
    failed = sum(one.evaluation.sign is Sign.FAIL for one in record.tests)
    again = sum(len(one.versions) > 1 for one in record.tests)
    return Section("results", title, number, str(len(record.tests)), _("tests"), warnings=again, failures=failed)


def _is_flagged(evaluation: Evaluation) -> bool:
    return evaluation.sign in (Sign.WARN, Sign.FAIL)


def attention_of(record: BatchRecord) -> list[Attention]:
    """Give what needed attention: what went wrong with its assessment, what was corrected, what is still waited for."""
    lines = [
        Attention(
            str(one.evaluation.sign),
            f"{one.kind}: {one.says}",
            _("assessed") if one.signature else _("open"),
            "exceptions",
        )
        for one in record.exceptions[:MOST_EXCEPTIONS_BESIDE]
    ]
    more = len(record.exceptions) - len(lines)
    if more > 0:
        says = ngettext("%(n)d more", "%(n)d more", more) % {"n": more}
        lines.append(Attention("warn", says, "", "exceptions"))
    lines += _corrections(record)
    if len(record.pending) > MOST_PENDING_BESIDE:
        says = _("%(n)d tests have no result that counts") % {"n": len(record.pending)}
        lines.append(Attention("wait", says, _("pending"), "results"))
    else:
        lines += [Attention("wait", one, _("pending"), "results") for one in record.pending]
    return lines


def _corrections(record: BatchRecord) -> Iterator[Attention]:
    for section, stage in zip(sections_of(record)[1:], record.stages, strict=False):
        values = [value for step in stage.steps for value in (*step.values, *step.derived)]
        if count := sum(len(value.corrections) for value in values):
            says = ngettext("%(n)d correction in %(stage)s", "%(n)d corrections in %(stage)s", count)
            yield Attention("warn", says % {"n": count, "stage": stage.title}, _("open in place"), section.slug)
    for test in record.tests:
        if len(test.versions) > 1:
            says = _("%(test)s: %(n)s versions of the result") % {"test": test.title, "n": len(test.versions)}
            yield Attention(str(test.evaluation.sign), says, _("all shown"), "results")


def checks_of(integrity: Integrity) -> list[tuple[str, str, str]]:
    """Give the lines of the integrity panel: status, what was checked, how much of it holds."""

    def line(says: str, all_of_it: int, wrong: int) -> tuple[str, str, str]:
        holds = (
            f"{all_of_it:,}"
            if not wrong
            else _("%(right)s of %(all)s") % {"right": f"{all_of_it - wrong:,}", "all": f"{all_of_it:,}"}
        )
        return ("fail" if wrong else "pass", says, holds)

    return [
        line(_("Entries in order"), integrity.entries, len(integrity.wrong_entries)),
        line(_("Rows as they were written"), integrity.rows, len(integrity.wrong_rows)),
        line(_("Signatures valid"), integrity.signatures, len(integrity.wrong_signatures)),
        line(_("Files match fingerprint"), integrity.files, len(integrity.wrong_files)),
        ("fail" if integrity.gaps else "pass", _("Gaps or deletions"), str(integrity.gaps)),
    ]


def section_url(number: str, slug: str) -> str:
    """Give the address of a section."""
    if slug == "summary":
        return reverse("reports:record", args=[number])
    return reverse("reports:record-section", args=[number, slug])
