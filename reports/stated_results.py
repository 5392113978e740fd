"""What an approval states, line by line: the very versions of the results that were approved, whatever came later.

The rows never change, so the same approval gives the same lines today and in a year.
"""

import re
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from qc.contract_laboratory.certificates import certificate_words, certificates_behind
from qc.definitions.specification import Line as SpecificationLine
from qc.definitions.specification import Release
from qc.laboratory.runs import Outcome, closure_of
from qc.methods.basis import given_by
from qc.models import OutOfSpecification, Reading, ResultsApproval
from qc.panel import PanelLine, release_panel, value_words, verdict_words
from qc.values.criteria import criterion_from_definition
from qc.values.rounding import Rounding
from qc.values.verdicts import Verdict
from reports import snapshot

SIGNS = {
    Verdict.MEETS.value: snapshot.Sign.PASS,
    Verdict.FAILS.value: snapshot.Sign.FAIL,
    Verdict.INDETERMINATE.value: snapshot.Sign.WARN,
    Verdict.PENDING.value: snapshot.Sign.WAIT,
    Verdict.REPORT_ONLY.value: snapshot.Sign.NONE,
    Verdict.NOT_APPLICABLE.value: snapshot.Sign.NONE,
}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def stated_results(approval: ResultsApproval) -> list[PanelLine]:
    """Give every line of the specification with the result that was approved for it and the versions before that."""
    approved = set(approval.results)
    recorded = Reading.objects.filter(batch=approval.batch_id).select_related("sample__container")
    readings = {str(reading.pk): reading for reading in recorded}
    return [_as_approved(line, approved, readings) for line in release_panel(approval.batch)]


def _as_approved(line: PanelLine, approved: set[str], readings: dict[str, Reading]) -> PanelLine:
    versions = line.runs.results
    result = next((version for version in versions if str(version.pk) in approved), None)
    if result is None:
        return replace(line, result=None, review=None, history=(), readings=())
    bound = sorted((readings[key] for key in result.readings), key=lambda one: (one.recorded_at, one.replicate))
    return replace(line, result=result, history=tuple(versions[: result.version - 1]), readings=tuple(bound))


def is_waited_for(line: PanelLine) -> bool:
    """Tell whether a line has no approved result though one is needed."""
    return line.result is None and line.line.release is not Release.INFORMATION


def result_lines(
    stated: list[PanelLine], *, at: datetime
) -> tuple[tuple[snapshot.ResultLine, ...], tuple[snapshot.Footnote, ...]]:
    """Give the lines as they print, and the footnotes that they name; `at` is when they were approved."""
    notes: list[snapshot.Footnote] = []
    lines = []
    for line in stated:
        marks = []
        for text in _notes_on(line, at):
            marks.append(_mark(len(notes)))
            notes.append(snapshot.Footnote(marks[-1], text))
        lines.append(_result_line(line, tuple(marks)))
    return tuple(lines), tuple(notes)


def _mark(number: int) -> str:
    """Give the mark of a footnote: a to z, then aa to zz."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return letters[number] if number < 26 else _mark(number // 26 - 1) + letters[number % 26]


def typed_dose(line: PanelLine | None) -> str:
    """Write the dose as it was entered, in its scale and unit."""
    if line is None or not line.readings:
        return _("not tested")
    reading = line.readings[-1]
    given = given_by(line.result, reading, exponent=line.line.entry.exponent) if line.result else reading
    scale = f" ×10{str(given.exponent).translate(_RAISED)}" if given.exponent else ""
    return f"{_without_tail(given.typed)}{scale} {given.unit}"


def _notes_on(line: PanelLine, at: datetime) -> list[str]:
    """Give what a reader must know beside the value: how it was calculated, what it corrects, what it replaces."""
    result = line.result
    if result is None:
        return []
    notes = [_on_record(record, at) for record in line.runs.records if record.recorded_at <= at]
    notes += [_("Tested by %(who)s.") % {"who": certificate_words(row)} for row in certificates_behind(line.readings)]
    if result.weight:
        words = {"dose": typed_dose(line), "rule": result.rule, "unrounded": _without_tail(result.unrounded)}
        notes.append(_("%(dose)s. %(rule)s Unrounded %(unrounded)s.") % words)
    for old, new in pairwise([*line.history, result]):
        if new.supersedes_id != old.pk:
            continue
        words = {
            "version": str(old.version),
            "value": old.reported,
            "name": new.signer_name,
            "time": record_time(new.signed_at),
            "reason": new.reason,
        }
        notes.append(_("Version %(version)s: %(value)s, corrected by %(name)s, %(time)s. Reason: %(reason)s") % words)
    return notes


def _on_record(record: OutOfSpecification, at: datetime) -> str:
    """Say what became of a result out of specification, as it stood when the results were approved."""
    first, closed = record.result, closure_of(record)
    words = {"number": record.number, "value": value_words(first.reported, first.unrounded)}
    if closed is None or closed.recorded_at > at:
        return _("First result %(value)s out of specification; %(number)s is open.") % words
    if closed.outcome == Outcome.CONFIRMED:
        return _("First result %(value)s out of specification and confirmed, %(number)s.") % words
    words |= {"cause": closed.root_cause}
    return _("First result %(value)s out of specification, invalidated, %(number)s. Cause: %(cause)s") % words


def _without_tail(unrounded: str) -> str:
    """Cut an endless quotient after six decimals, and say so; the record keeps all fifty digits."""
    return re.sub(r"(\.\d{6})\d+", r"\1…", unrounded)


def _result_line(line: PanelLine, marks: tuple[str, ...]) -> snapshot.ResultLine:
    result = line.result
    methods = {member.code: member.method.words for member in line.line.members}
    members = tuple(
        snapshot.Line(
            test=str(inner["title"]),
            sample="",
            method=methods.get(inner["code"], ""),
            criterion=member_criterion(line.line, inner["code"]),
            result=value_words(str(inner["reported"]), str(inner["unrounded"])),
            evaluation=evaluation(str(inner["verdict"])),
            tested="",
        )
        for inner in (result.members if result else [])
    )
    method = line.line.method
    return snapshot.ResultLine(
        test=line.title,
        sample=line.sample_point_short,
        method=f"{method.words}, {method.code} v{method.version}",
        criterion=line.criterion_words,
        result=_result_words(line, grouped=bool(members)),
        evaluation=evaluation(result.verdict if result else _verdict_of_nothing(line)),
        tested=day(result.tested_on) if result else "–",
        notes=marks,
        members=members,
    )


def _result_words(line: PanelLine, *, grouped: bool) -> str:
    if line.line.why_not_applicable:
        return _("Not applicable")
    if line.result is None:
        return _("Pending") if is_waited_for(line) else _("Not tested")
    return _("see below") if grouped else line.result_words


def _verdict_of_nothing(line: PanelLine) -> str:
    """Give the verdict of a line without a result: one for information that nobody tested waits for nothing."""
    return Verdict.PENDING.value if is_waited_for(line) else Verdict.NOT_APPLICABLE.value


def member_criterion(line: SpecificationLine, code: str) -> str:
    """Write the criterion of one member of a group."""
    member = next((one for one in line.members if one.code == code), None)
    return criterion_from_definition(member.criterion, Rounding.NONE).words() if member else "–"


def evaluation(verdict: str) -> snapshot.Evaluation:
    """Give a verdict with its shape and words."""
    return snapshot.Evaluation(code=verdict, sign=SIGNS[verdict], words=verdict_words(verdict))
