"""What the analyst does: records readings as seen, then submits a result that binds them.

A reading is stored as typed and judged afterwards, never before. Growth is a fact: it is stored, raised and returned.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local, record_time
from batches.models import Batch, BatchState, Departure, Weight
from batches.weights import verified_weight
from chain_of_custody.repeats import recorded_before
from ledger.writing import write, writing
from qc.batch_act import BatchAct, identity_of, lock_batch
from qc.criteria import Judgement, final_opens_at, full_days
from qc.definitions.specification import Line as SpecificationLine
from qc.definitions.specification import ResultType
from qc.growth_clock import GrowthClockError
from qc.judging import GROWTH, NO_RESULT, entries_of, judged, seen_in
from qc.models import Reading, Result, Sample
from qc.panel import STATUS, PanelLine, panel_line, verdict_words
from qc.specifying import criterion_of, specification_of
from qc.verdicts import Verdict


def line_called(batch: Batch, code: str) -> SpecificationLine:
    """Give a line of the pinned specification; raise BadInput for a code that it does not have."""
    line = specification_of(batch).line(code)
    if line is None:
        raise BadInput(
            Objection(_("The specification has no line called %(code)s.") % {"code": code[:40]}, field="line")
        )
    return line


def objections_to_reading(
    batch: Batch, line: SpecificationLine, sample: Sample | None, *, by: Person
) -> list[Objection]:
    """Give the reasons against recording a reading of a line on a sample."""
    return [
        *lacks(by, Permission.RESULT_ENTER),
        *when(sample is None, _("Scan the sample first; a result belongs to a sample."), field="sample"),
        *(
            [
                *when(
                    sample.batch_id != batch.pk, _("This sample belongs to another batch."), field="sample"
                ),
                *when(
                    sample.point != line.sample_point,
                    _(
                        "This test takes a sample of another point (%(wanted)s); this one was taken at %(point)s."
                    )
                    % {"wanted": line.sample_point, "point": sample.point},
                    field="sample",
                ),
            ]
            if sample
            else []
        ),
        *when(
            Result.objects.filter(batch=batch, line=line.code).exists(),
            _("A result was submitted for this line. Correct the result instead."),
        ),
        *when(
            batch.state.disposition != BatchState.Disposition.NONE,
            _("The decision on this batch has been made. Report what you found as a departure."),
        ),
    ]


def record_reading(
    *,
    batch: Batch,
    line: str,
    member: str,
    sample: Sample | None,
    typed: str,
    performed_at: datetime,
    by: Person,
    id: UUID,  # noqa: A002
    replicate: int = 1,
    began_at: datetime | None = None,
    corrects: Reading | None = None,
    reason: str = "",
    comma_allowed: bool = False,
) -> Reading:
    """Store one reading as typed and give it; growth raises a departure in the same transaction.

    The same id with the same content gives the first row again. A second value of a member that is no growth test is
    taken only as a correction with a reason.
    """
    wanted = line_called(batch, line)
    entry = entries_of(wanted).get(member)
    if entry is None:
        raise BadInput(
            Objection(_("This line has no value called %(code)s.") % {"code": member[:40]}, field="member")
        )
    seen_in(typed, entry, why_none=reason, comma_allowed=comma_allowed)
    is_growth = entry.result_type is ResultType.GROWTH
    if comma_allowed:
        typed = (
            typed.replace(",", ".") if entry.result_type in (ResultType.NUMBER, ResultType.COUNT) else typed
        )
    with writing():
        lock_batch(batch)
        same = {"batch_id": batch.pk, "line": line, "member": member, "typed": typed, "replicate": replicate}
        if known := recorded_before(Reading, id, same):
            return known
        refuse_if(
            [
                *objections_to_reading(batch, wanted, sample, by=by),
                *_out_of_time(is_growth, sample, began_at, performed_at, typed),
                *_already_there(batch, wanted.code, member, corrects, is_growth, reason),
            ]
        )
        row = Reading(
            id=id,
            batch=batch,
            line=line,
            member=member,
            sample=sample,
            replicate=replicate,
            typed=typed,
            unit=entry.unit,
            exponent=entry.exponent,
            began_at=began_at,
            performed_at=performed_at,
            supersedes=corrects,
            reason=reason,
        )
        write(row, type="reading.corrected" if corrects else "reading.recorded", actor=by.reference)
        if is_growth and GROWTH.get(typed):
            _raise_growth(row, by)
        return row


def _out_of_time(
    is_growth: bool, sample: Sample | None, began_at: datetime | None, performed_at: datetime, typed: str
) -> list[Objection]:
    objections = when(
        sample is not None and performed_at < sample.container.made_at,
        _("The reading would be earlier than the sample was taken."),
        field="performed_at",
    )
    if is_growth and typed not in NO_RESULT:
        objections += when(began_at is None, _("Enter when the bottle was inoculated."), field="began_at")
        if began_at is not None:
            try:
                full_days(began_at, performed_at)
            except GrowthClockError as error:
                objections += when(True, str(error), field="began_at")
            objections += when(
                sample is not None and began_at < sample.container.made_at,
                _("The bottle would have been inoculated before the sample was taken."),
                field="began_at",
            )
    return objections


def _already_there(
    batch: Batch, line: str, member: str, corrects: Reading | None, is_growth: bool, reason: str
) -> list[Objection]:
    if corrects is not None:
        return [
            *when(
                len(reason) < 10,
                _("Give the reason for the correction, in at least 10 characters."),
                field="reason",
            ),
            *when(
                (corrects.batch_id, corrects.line, corrects.member) != (batch.pk, line, member),
                _("This corrects a reading of something else."),
            ),
            *when(
                Reading.objects.filter(supersedes=corrects).exists(), _("This reading was corrected already.")
            ),
            *when(
                is_growth and GROWTH.get(corrects.typed), _("Growth that was seen is never corrected away.")
            ),
        ]
    there = Reading.objects.filter(batch=batch, line=line, member=member, superseded_by=None)
    return when(
        not is_growth and there.exists(),
        _("This value is recorded already. Correct it with a reason instead."),
        code="recorded",
    )


def _raise_growth(row: Reading, by: Person) -> None:
    says = _("Growth was seen in bottle %(bottle)s of %(line)s at %(time)s.") % {
        "bottle": row.replicate,
        "line": row.line,
        "time": record_time(row.performed_at),
    }
    departure = Departure(
        batch=row.batch,
        kind=Departure.Kind.REPORTED,
        says=says,
        about_type=Reading.record_type(),
        about_id=row.pk,
    )
    write(departure, type="departure.growth", actor=by.reference)


def judgement_of(batch: Batch, found: PanelLine) -> tuple[Judgement, Weight | None]:
    """Judge a line by its readings in force and the verified weight, and give both."""
    weight = verified_weight(batch.order)
    specification = specification_of(batch)
    kilograms: Decimal | None = weight.kilograms if weight else None
    return judged(
        criterion_of(specification, found.line), found.line, found.readings, weight_kg=kilograms
    ), weight


def final_opens(found: PanelLine) -> datetime | None:
    """Give when the last bottle of a growth test may be read for the last time; None for any other line."""
    if found.line.criterion.get("kind") != "no_growth":
        return None
    began = [reading.began_at for reading in found.readings if reading.began_at]
    return final_opens_at(max(began), int(str(found.line.criterion["days"]))) if began else None


class LineIntent(StrictSerializer[Intent]):
    """Which line of the specification."""

    line = TextField(max_length=40)


@register
class SubmitResult(BatchAct):
    """Bind all readings of a line into one result version with its verdict."""

    code = "result.submit"
    title = gettext_lazy("Submit a result")
    verb = gettext_lazy("Sign and submit")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I performed this test and confirm its readings.")
    Intent = LineIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        found = known_line(subject, intent["line"])
        judgement, _weight = judgement_of(subject, found)
        verdict = judgement.verdict.value
        return ToSign(
            title=f"{found.title}, {found.criterion_words}",
            identity=identity_of(subject),
            lines=[
                *reading_lines(found),
                Line(_("Reported, %(rule)s") % {"rule": judgement.rule}, judgement.reported),
                Line(_("Unrounded"), judgement.unrounded or "–"),
                Line(_("Verdict"), f"{verdict_words(verdict)}. {judgement.why}", STATUS[verdict]),
            ],
            version="|".join(str(reading.pk) for reading in found.readings),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject, intent["line"])
        if not found.readings:
            return when(True, _("Record the readings first."))
        judgement, _weight = judgement_of(subject, found)
        opens = final_opens(found)
        missing = set(entries_of(found.line)) - {reading.member for reading in found.readings}
        return [
            *when(
                found.result is not None,
                _("A result was submitted for this line. Correct the result instead."),
            ),
            *when(
                judgement.verdict is Verdict.PENDING and opens is not None and judgement.why,
                _("%(why)s The final reading opens %(time)s.")
                % {"why": judgement.why, "time": record_time(opens) if opens else ""},
                code="too_early",
            ),
            *when(judgement.verdict is Verdict.PENDING and opens is None and not missing, judgement.why),
            *when(
                missing and found.line.criterion.get("kind") != "any_of",
                _("Values are missing: %(codes)s.") % {"codes": ", ".join(sorted(missing))},
            ),
            *when(
                subject.state.disposition != BatchState.Disposition.NONE,
                _("The decision on this batch has been made."),
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Result:
        found = known_line(subject, intent["line"])
        return sign(result_from(subject, found), signature, type="result.submitted")

    def done_url(self, row: object) -> str:
        assert isinstance(row, Result)  # noqa: S101  this act writes nothing else
        return test_url(row)


def test_url(row: Result) -> str:
    """Give the page of the test that a result belongs to."""
    from django.urls import reverse

    return reverse("qc:test", args=[row.batch.number, row.line])


def known_line(batch: Batch, code: str) -> PanelLine:
    """Give a line of the panel; raise BadInput for a code that the specification does not have."""
    line_called(batch, code)
    found = panel_line(batch, code)
    assert found is not None  # noqa: S101  the line was just found
    return found


def reading_lines(found: PanelLine) -> list[Line]:
    """Give the readings of a line as a signer reads them."""
    return [
        Line(
            f"{reading.member} {reading.replicate}, {record_time(reading.performed_at)}",
            f"{NO_RESULT.get(reading.typed, reading.typed)} {scale_and_unit(reading)}".strip(),
        )
        for reading in found.readings
    ]


def scale_and_unit(reading: Reading) -> str:
    """Write the scale and unit in which a reading was typed."""
    scale = f"×10^{reading.exponent} " if reading.exponent else ""
    return f"{scale}{reading.unit}"


def result_from(
    batch: Batch, found: PanelLine, *, supersedes: Result | None = None, reason: str = ""
) -> Result:
    """Make the result of a line from its readings in force, not yet written."""
    judgement, weight = judgement_of(batch, found)
    specification = specification_of(batch)
    used_weight = weight if found.line.criterion.get("per") == "kg" else None
    titles = {member.code: member.title for member in found.line.members}
    method = found.line.method
    return Result(
        batch=batch,
        line=found.code,
        version=supersedes.version + 1 if supersedes else 1,
        specification=batch.specification,
        readings=[str(reading.pk) for reading in found.readings],
        weight=used_weight.pk if used_weight else None,
        verdict=judgement.verdict.value,
        reported=judgement.reported[:200],
        unrounded=judgement.unrounded[:200],
        rule=f"{specification.rounding}: {judgement.rule}"[:60],
        why=judgement.why[:500],
        members=[
            {
                "code": code,
                "title": titles.get(code, code),
                "reported": inner.reported,
                "unrounded": inner.unrounded,
                "verdict": inner.verdict.value,
                "why": inner.why,
            }
            for code, inner in judgement.members
        ],
        method=f"{method.words}, {method.code} v{method.version}"[:200],
        tested_on=local(max(reading.performed_at for reading in found.readings)).date(),
        supersedes=supersedes,
        reason=reason,
    )
