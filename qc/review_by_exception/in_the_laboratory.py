"""Rules about the laboratory: results out of specification, corrected, invalid, missed, and signals of trends."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qc.growth.bottles import Outcome as Seen
from qc.laboratory.judging import bottle_readings
from qc.laboratory.runs import closure_of
from qc.laboratory.testing import missed_readings, missed_words
from qc.models import MeasurementInvalid, OutOfSpecification, Reading, Result
from qc.out_of_specification.records import record_url
from qc.panel import PanelLine
from qc.record_read import RecordRead
from qc.review_by_exception.exceptions import Criticality, Evidence, Found, Judgement, Passed, counted
from qc.trends.signals import Signal, signals_of


def out_of_specification(read: RecordRead) -> Iterator[Found]:
    """Find each result that was out of specification first, whatever was concluded since; its record judges it."""
    for record in read.records:
        yield Found(
            row=record,
            says=record.says,
            told=(record.number, record.says),
            where=record.number,
            url=record_url(record),
            people=frozenset({record.result.actor}),
            elsewhere=record_url(record),
            judged=_closed(record),
        )


def _closed(record: OutOfSpecification) -> Judgement | None:
    closed = closure_of(record)
    if closed is None:
        return None
    words, url = str(closed.get_outcome_display()), record_url(record)
    return Judgement(words, closed.conclusion, closed.signer_name, closed.signed_at, closed.scope, url)


def results_conform(read: RecordRead) -> Passed:
    """Give each line of the specification with its result."""
    items = tuple(
        Evidence(f"{one.title}: {one.result_words} ({one.criterion_words}), {one.status_words}", one.url)
        for one in read.panel
    )
    return counted(sum(one.conforms for one in read.panel), len(read.panel), items)


def invalid_runs(read: RecordRead) -> Iterator[Found]:
    """Find each run that an analyst declared invalid."""
    for claim in _claims(read):
        review = getattr(claim, "review", None)
        yield Found(
            row=claim,
            says=_("Run %(run)s was declared invalid: %(cause)s. %(review)s")
            % {"run": claim.run, "cause": claim.get_cause_display(), "review": _review_words(claim)},
            told=(claim.line, str(claim.run), claim.cause, claim.says, str(review.pk) if review else ""),
            where=read.line_title(claim.line),
            url=reverse("qc:test", args=[read.batch.number, claim.line]),
            reason=claim.says,
            criticality=None if claim.is_proven else Criticality.CRITICAL,
            people=frozenset({review.actor}) if review is not None else frozenset(),
        )


def _review_words(claim: MeasurementInvalid) -> str:
    review = getattr(claim, "review", None)
    if review is None:
        return _("It waits for a second person.")
    return _("A second person confirmed it.") if review.is_confirmed else _("A second person refused it.")


def _claims(read: RecordRead) -> list[MeasurementInvalid]:
    return [claim for line in read.panel for claim in line.runs.claims]


def runs_told(read: RecordRead) -> Passed:
    """Give how many runs each line had."""
    tested = [one for one in read.panel if one.runs.results or one.readings]
    items = tuple(
        Evidence(_("%(title)s: run %(run)s") % {"title": one.title, "run": one.run}, one.url) for one in tested
    )
    words = {"lines": len(tested), "invalid": len(_claims(read))}
    return Passed(_("%(lines)s lines tested, %(invalid)s runs declared invalid") % words, items)


def missed_before_the_result(read: RecordRead) -> Iterator[Found]:
    """Find each reading of a growth test that nobody made in time and that is no departure yet, its result pending."""
    for line in read.panel:
        if not line.line.growth_days or line.newest is not None:
            continue
        for due in missed_readings(line):
            vessels = [one for one in line.readings if one.replicate == due.bottle]
            if vessels:
                yield Found(
                    row=vessels[0],
                    says=missed_words(line, due),
                    told=(str(due.bottle), str(due.day), str(due.is_subculture)),
                    where=line.title,
                    url=line.url,
                    people=frozenset(one.actor for one in line.readings),
                )


def growth_read(read: RecordRead) -> Passed:
    """Give each look at a bottle of the growth tests."""
    looks = [
        (line, one)
        for line in read.panel
        if line.line.growth_days
        for one in bottle_readings(line.readings)
        if one.outcome is not Seen.FLAGGED
    ]
    says = _("%(title)s, bottle %(bottle)s, day %(day)s")
    items = tuple(
        Evidence(says % {"title": line.title, "bottle": one.bottle, "day": one.days}, line.url) for line, one in looks
    )
    return Passed(ngettext("%(n)s reading", "%(n)s readings", len(looks)) % {"n": len(looks)}, items)


def corrected_results(read: RecordRead) -> Iterator[Found]:
    """Find each corrected result and reading of a line that decides, and each that somebody else corrected."""
    submitted = {pk for line in read.panel for result in line.runs.results for pk in result.readings}
    for line in read.panel:
        by_id = {result.pk: result for result in line.runs.results}
        for result in line.runs.results:
            if result.supersedes_id is None:
                continue
            old = by_id[result.supersedes_id]
            yield Found(
                row=result,
                says=_replaced_words()
                if _replaces(read, old, result)
                else _("A result that was submitted was corrected."),
                told=(old.reported, old.verdict, result.reported, result.verdict, result.reason),
                where=line.title,
                url=line.url,
                old=old.reported,
                new=result.reported,
                reason=result.reason,
                criticality=Criticality.CRITICAL if line.decides else None,
                people=frozenset({old.actor}),
            )
    for old_reading, new, line in _corrected_readings(read):
        if str(old_reading.pk) in submitted or not _is_exception(read, line, old_reading, new):
            continue  # bound by a result already: its correction is the result's own
        was_measured = old_reading.pk in read.measured
        yield Found(
            row=new,
            says=_replaced_words() if was_measured else _("A reading was corrected before its result was submitted."),
            told=(old_reading.typed, new.typed, new.reason),
            where=line.title,
            url=line.url,
            old=old_reading.typed,
            new=new.typed,
            reason=new.reason,
            criticality=Criticality.CRITICAL if was_measured and line.decides else None,
            people=frozenset({old_reading.actor}),
        )


def _replaced_words() -> str:
    return _("A value that an instrument gave was replaced by one that was typed.")


def _replaces(read: RecordRead, old: Result, new: Result) -> bool:
    """Tell whether a corrected result leaves out a reading that an instrument gave."""
    left_out = {pk for pk in old.readings if pk not in new.readings}
    return any(str(pk) in left_out for pk in read.measured)


def _corrected_readings(read: RecordRead) -> Iterator[tuple[Reading, Reading, PanelLine]]:
    lines = {line.code: line for line in read.panel}
    for new in read.corrected_readings:
        if new.supersedes is not None and new.line in lines:
            yield new.supersedes, new, lines[new.line]


def _is_exception(read: RecordRead, line: PanelLine, old: Reading, new: Reading) -> bool:
    """Tell whether a correction is judged: of a line that decides, of an instrument's value, or by somebody else."""
    return line.decides or old.actor != new.actor or old.pk in read.measured


def readings_told(read: RecordRead) -> Passed:
    """Give the readings of the lines for information that their analyst corrected before submission."""
    own = [(old, new, line) for old, new, line in _corrected_readings(read) if not _is_exception(read, line, old, new)]
    items = tuple(
        Evidence(f"{line.title}: {old.typed} → {new.typed}. {new.reason}", line.url) for old, new, line in own
    )
    return Passed(ngettext("%(n)s self-correction", "%(n)s self-corrections", len(own)) % {"n": len(own)}, items)


def trend_signals(read: RecordRead) -> Iterator[Found]:
    """Find each signal that a result of this batch completes under the approved limits of its trend."""
    for signal in _signals(read):
        yield Found(
            row=signal.result,
            says=_("%(value)s: %(says)s.") % {"value": signal.value, "says": signal.says},
            told=(signal.rule.value, signal.value),
            where=signal.title,
            url=signal.url,
            new=signal.value,
            elsewhere=signal.url if signal.closing is not None else "",
            judged=_signal_closed(signal),
        )


def _signals(read: RecordRead) -> list[Signal]:
    mine = {result.pk for line in read.panel for result in line.runs.results}
    found = [signal for code in read.limited for signal in signals_of(read.batch.product.code, code)]
    return [signal for signal in found if signal.result.pk in mine]


def _signal_closed(signal: Signal) -> Judgement | None:
    closing = signal.closing
    if closing is None or signal.assessment is None:
        return None
    said = signal.assessment.conclusion
    return Judgement(_("Signal closed"), said, closing.signer_name, closing.signed_at, url=signal.url)


def trends_told(read: RecordRead) -> Passed:
    """Give the lines that have approved trend limits."""
    items = tuple(Evidence(read.line_title(code)) for code in read.limited)
    return Passed(_("%(number)s lines with limits") % {"number": len(items)}, items)
