"""The analyst submits a result: all readings of a line in force, bound into one version with its verdict."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import GivenField, StrictSerializer
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local, record_time
from batches.departures import raise_departure
from batches.identity import identity_lines
from batches.models import Batch, Departure
from batches.weights import verified_weight
from ledger import clock
from qc.contract_laboratory.certificates import certificate_lines, certificates_behind
from qc.definitions.specification import Line as SpecificationLine
from qc.definitions.specification import SpecificationDefinition
from qc.growth import bottles
from qc.laboratory.judging import NO_RESULT, bottle_readings, judged, seen_of_members
from qc.laboratory.recording import line_called, record_reading
from qc.laboratory.runs import objections_to_open_run
from qc.methods.asked_for import missing_values, objections_of_methods
from qc.methods.at_the_bench import at_the_bench
from qc.methods.basis import write_basis
from qc.methods.in_force import methods_of
from qc.methods.words import method_lines
from qc.models import Reading, Result
from qc.out_of_specification.records import consequence, open_record_for
from qc.panel import STATUS, PanelLine, verdict_words
from qc.record_read import RecordRead
from qc.release.notifying import look_after_release
from qc.release.pending import is_closed
from qc.release.record_act import RecordAct
from qc.specifying import criterion_of, specification_of
from qc.values.criteria import Criterion, Judgement
from qc.values.numeric_criteria import NumericCriterion, PerKilogram
from qc.values.seen import Numeric
from qc.values.verdicts import Verdict

__all__ = ["SubmitResult", "record_reading"]


def judgement_of(batch: Batch, found: PanelLine) -> Judgement:
    """Judge a line by its readings in force and the verified weight."""
    return judged(
        criterion_of(specification_of(batch), found.line),
        found.line,
        found.readings,
        weight_kg=found.weight.kilograms if found.weight else None,
        methods=found.methods,
    )


def judgement_now(batch: Batch, line: SpecificationLine, *, run: int) -> Judgement:
    """Judge one run of a line by its readings as they stand, without reading the rest of the panel."""
    readings = list(Reading.objects.filter(batch=batch, line=line.code, run=run, superseded_by=None))
    kilograms = kilograms_for(batch, line)
    specification = specification_of(batch)
    methods = methods_of(batch, specification).of_line(line, run)
    return judged(criterion_of(specification, line), line, readings, weight_kg=kilograms, methods=methods)


def kilograms_for(batch: Batch, line: SpecificationLine) -> Decimal | None:
    """Give the verified weight by which a line is judged; None where it plays no part, or none is verified."""
    weight = verified_weight(batch.order) if line.criterion.get("per") == "kg" else None
    return weight.kilograms if weight else None


def final_opens(found: PanelLine) -> datetime | None:
    """Give when the last bottle of a growth test may be read for the last time; None for any other line."""
    if not found.line.growth_days:
        return None
    return bottles.final_opens(bottle_readings(found.readings), found.line.growth, found.line.growth_days)


def missed_readings(found: PanelLine) -> list[bottles.Due]:
    """Give the mandatory readings of a growth test whose time is over and which nobody made."""
    if not found.line.growth_days:
        return []
    seen = bottle_readings(found.readings)
    return bottles.missed(seen, found.line.growth, found.line.growth_days, by=clock.now())


def missed_words(found: PanelLine, due: bottles.Due) -> str:
    """Say which mandatory reading was left out."""
    return _("The mandatory reading of bottle %(bottle)s of %(title)s on day %(day)s was not made by %(time)s.") % {
        "bottle": due.bottle,
        "title": found.title,
        "day": due.day,
        "time": record_time(due.closes_at) if due.closes_at else "",
    }


class LineIntent(StrictSerializer[Intent]):
    """Which line of the specification."""

    line = GivenField(max_length=40)


@register
class SubmitResult(RecordAct):
    """Bind all readings of a line into one result version with its verdict."""

    code = "result.submit"
    title = gettext_lazy("Submit a result")
    verb = gettext_lazy("Sign and submit")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I performed this test and confirm its readings.")
    asks = LineIntent
    of_certificates = False  # whether its readings come from certificates of contract laboratories

    def to_sign(self, subject: RecordRead, intent: Intent) -> ToSign:
        batch, found = subject.batch, line_in(subject, intent["line"])
        judgement = judgement_of(batch, found)
        verdict = judgement.verdict.value
        fails = found.decides and judgement.verdict is Verdict.FAILS
        return ToSign(
            title=f"{found.title}, {found.criterion_words}",
            identity=identity_lines(batch),
            lines=[
                *reading_lines(found.readings),
                *certificate_lines(found.readings),
                *method_lines(batch, found),
                Line(_("Reported, %(rule)s") % {"rule": judgement.rule}, judgement.reported),
                Line(_("Unrounded"), judgement.unrounded or "–"),
                Line(_("Verdict"), f"{verdict_words(verdict)}. {judgement.why}", STATUS[verdict]),
                *(Line(_("Left out"), missed_words(found, due), "warn") for due in missed_readings(found)),
                *([Line(_("What follows"), consequence(found.open_record), "fail")] if fails else []),
            ],
            version="|".join([*(str(reading.pk) for reading in found.readings), *at_the_bench(batch, found).ids]),
            verb=_("Sign and submit as out of specification") if fails else "",
        )

    def objections(self, subject: RecordRead, intent: Intent, by: Person) -> list[Objection]:
        batch, found = subject.batch, line_in(subject, intent["line"])
        if not found.readings:
            return when(True, _("Record the readings first."))
        judgement = judgement_of(batch, found)
        return [
            *objections_to_open_run(found.runs),
            *when(
                not self.of_certificates and certificates_behind(found.readings),
                _("This was tested by a contract laboratory. Submit it as its result."),
                code="tested_elsewhere",
            ),
            *_unfinished(found, judgement),
            *objections_of_methods(batch, found, judgement),
            *when(
                is_closed(batch, found.code),
                _("The decision on this batch has been made."),
                code="decided",
            ),
        ]

    def carry_out(self, subject: RecordRead, intent: Intent, signature: Signature) -> Result:
        batch, found = subject.batch, line_in(subject, intent["line"])
        row = sign(result_from(batch, found), signature, type="result.submitted")
        write_basis(row, found, by=signature.signer)
        for due in missed_readings(found):
            raise_departure(
                batch=batch,
                kind=Departure.Kind.MISSED,
                says=missed_words(found, due),
                by=signature.signer,
                about=row,
            )
        open_record_for(row, found.line, found.criterion_words, found.open_record)
        look_after_release(batch, row, row.line, by=signature.signer)
        return row

    def done_url(self, row: object) -> str:
        assert isinstance(row, Result)  # noqa: S101  this act writes nothing else
        return test_url(row)


def _unfinished(found: PanelLine, judgement: Judgement) -> list[Objection]:
    """Object to a result that is still pending: a bottle not read to its end, a member or the weight missing."""
    is_pending = judgement.verdict is Verdict.PENDING
    missing = missing_values(found)
    any_will_do = found.line.criterion.get("kind") == "any_of" and not is_pending
    if missing and not any_will_do:
        return when(
            True,
            _("Values are missing: %(codes)s.") % {"codes": ", ".join(missing)},
            code="missing_value",
        )
    opens = final_opens(found)
    if opens is None:
        return when(is_pending, judgement.why, code="pending")
    says = (
        _("%(why)s The final reading has been open since %(time)s: read each bottle now.")
        if opens <= clock.now()
        else _("%(why)s The final reading opens %(time)s.")
    )
    return when(is_pending, says % {"why": judgement.why, "time": record_time(opens)}, code="too_early")


def test_url(row: Result) -> str:
    """Give the page of the test that a result belongs to."""
    return reverse("qc:test", args=[row.batch.number, row.line])


def judged_by(batch: Batch, code: str) -> tuple[SpecificationLine, Criterion]:
    """Give a line of the specification with its criterion; raise BadInput for a code that it does not have."""
    line = line_called(batch, code)
    return line, criterion_of(specification_of(batch), line)


def known_line(batch: Batch, code: str) -> PanelLine:
    """Give a line of the panel; raise BadInput for a code that the specification does not have."""
    return line_in(RecordRead(batch), code)


def line_in(read: RecordRead, code: str) -> PanelLine:
    """Give a line of a batch that is being read, in the same way."""
    line_called(read.batch, code)
    found = read.line(code)
    assert found is not None  # noqa: S101  the line was just found
    return found


def reading_lines(readings: Iterable[Reading]) -> list[Line]:
    """Give readings as a signer reads them."""
    return [
        Line(
            f"{reading.member} {reading.replicate}, {record_time(reading.performed_at)}",
            f"{NO_RESULT.get(reading.typed, reading.typed)} {scale_and_unit(reading)}".strip(),
        )
        for reading in readings
    ]


def scale_and_unit(reading: Reading) -> str:
    """Write the scale and unit in which a reading was typed."""
    scale = f"×10^{reading.exponent} " if reading.exponent else ""
    return f"{scale}{reading.unit}"


def result_from(batch: Batch, found: PanelLine, *, supersedes: Result | None = None, reason: str = "") -> Result:
    """Make the result of a line from its readings in force, not yet written."""
    judgement = judgement_of(batch, found)
    specification = specification_of(batch)
    used_weight = found.weight if found.is_per_kilogram else None
    method = found.line.method
    return Result(
        batch=batch,
        line=found.code,
        run=found.run,
        version=found.runs.results[-1].version + 1 if found.runs.results else 1,
        specification=batch.specification,
        readings=[str(reading.pk) for reading in found.readings],
        weight=used_weight.pk if used_weight else None,
        verdict=judgement.verdict.value,
        reported=judgement.reported[:200],
        unrounded=judgement.unrounded[:200],
        rule=rule_of(judgement, specification),
        why=judgement.why[:500],
        members=members_of(judgement, found.line),
        method=f"{method.words}, {method.code} v{method.version}"[:200],
        tested_on=local(max(reading.performed_at for reading in found.readings)).date(),
        supersedes=supersedes,
        reason=reason,
    )


def distance_of(batch: Batch, found: PanelLine) -> str:
    """Say how far a line's exact number lies from the nearest limit; nothing where there is no such number."""
    criterion = criterion_of(specification_of(batch), found.line)
    if not isinstance(criterion, NumericCriterion | PerKilogram):
        return ""
    seen = seen_of_members(found.line, found.readings, found.methods)[found.code]
    kilograms = found.weight.kilograms if found.weight else None
    return criterion.distance(seen.quantity, weight_kg=kilograms) if isinstance(seen, Numeric) else ""


def rule_of(judgement: Judgement, specification: SpecificationDefinition) -> str:
    """Give the rounding rule as a result keeps it: in words where a number was rounded, else the specification's."""
    return (judgement.rule or specification.rounding)[:200]


def members_of(judgement: Judgement, line: SpecificationLine) -> list[dict[str, str]]:
    """Give the verdict on each member of a group as a result keeps it."""
    titles = {member.code: member.title for member in line.members}
    return [
        {
            "code": code,
            "title": titles.get(code, code),
            "reported": inner.reported,
            "unrounded": inner.unrounded,
            "verdict": inner.verdict.value,
            "why": inner.why,
        }
        for code, inner in judgement.members
    ]
