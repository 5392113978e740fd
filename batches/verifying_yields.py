"""One person verifies a yield that the system calculated (21 CFR 211.103); outside its limits it is a departure."""

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import GivenField, StrictSerializer
from accounts.refusal import BadInput, Objection, Refused, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.departures import raise_departure
from batches.identity import batch_with, identity_lines, locked
from batches.judging import STATUS_OF, Verdict
from batches.models import Batch, BatchState, Departure, YieldVerified
from batches.record import BatchRecord, StepRecord, record_of
from batches.yields import YieldRecord, YieldStatus

LONGEST_NUMBER = 60


class YieldIntent(StrictSerializer[Intent]):
    """Which yield is verified."""

    yield_code = GivenField(max_length=40)


@register
class VerifyYield(Act[Batch]):
    """Verify a yield."""

    code = "yield.verify"
    title = gettext_lazy("Verify a yield")
    verb = gettext_lazy("Verify")
    permission = Permission.STEP_WITNESS
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I verified this yield, which the system calculated.")
    asks = YieldIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        _record, found, _step = _yield(subject, intent)
        limit = f"  ({found.limit})" if found.limit else ""
        exact = "" if found.percent is None else f"  = {found.percent:f}"
        return ToSign(
            title=f"{self.title}: {found.definition.title}",
            identity=identity_lines(subject),
            lines=[
                Line(_("Actual"), found.actual_words),
                Line(_("Theoretical"), found.theoretical_words),
                Line(_("Yield"), f"{found.shown}{limit}{exact}", STATUS_OF[found.verdict]),
            ],
            version=f"{subject.pk} {found.definition.code} {len(found.versions) + 1} {' '.join(found.records)}",
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        _record, found, step = _yield(subject, intent)
        numbers = [found.actual.value, found.theoretical.value, found.percent]
        return [
            *when(
                found.status in (YieldStatus.WAITING, YieldStatus.NONE),
                _("Step %(step)s is not complete. The yield is verified afterwards.") % {"step": found.definition.step},
                code="open_step",
            ),
            *when(found.status is YieldStatus.VERIFIED, _("This yield was verified already."), code="verified_already"),
            *when(
                found.percent is None,
                _("This yield can't be calculated: %(why)s") % {"why": found.why_not},
                code="not_calculable",
            ),
            *when(
                any(one is not None and len(f"{one:f}") > LONGEST_NUMBER for one in numbers),
                _("This yield is too small to be kept whole. Check the quantities it rests on."),
                code="too_small",
            ),
            *when(
                any(version.signer_id == by.pk for version in step.versions),
                _("Somebody else than the one who performed step %(step)s verifies its yield.")
                % {"step": step.definition.code},
                code="same_person",
            ),
            *when(
                subject.state.disposition != BatchState.Disposition.NONE,
                _("This batch was decided on. Report what happened as a departure instead."),
                code="decided",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> YieldVerified:
        _record, found, _step = _yield(subject, intent)
        if found.percent is None:
            raise Refused(_("This yield can't be calculated: %(why)s") % {"why": found.why_not})
        row = YieldVerified(
            batch=subject,
            code=found.definition.code,
            version=len(found.versions) + 1,
            actual=found.actual.value,
            theoretical=found.theoretical.value,
            percent=found.percent,
            records=list(found.records),
            verdict=str(found.verdict),
            supersedes=found.verified,
        )
        sign(row, signature, type="yield.verified")
        if found.verdict is Verdict.FAILS:
            words = {"title": found.definition.title, "value": found.shown, "limit": found.limit}
            says = _("The yield of %(title)s is %(value)s, wanted %(limit)s.") % words
            step = found.definition.step
            raise_departure(
                batch=subject, kind=Departure.Kind.YIELD, says=says, by=signature.signer, step=step, about=row
            )
        return row

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/in-process/" if isinstance(row, YieldVerified) else "/"


def _yield(batch: Batch, intent: Intent) -> tuple[BatchRecord, YieldRecord, StepRecord]:
    record = record_of(batch)
    found = next((each for each in record.yields if each.definition.code == intent["yield_code"]), None)
    step = record.step(found.definition.step) if found else None
    if found is None or step is None:
        says = _("Batch %(batch)s has no yield %(code)s.") % {"batch": batch.number, "code": intent["yield_code"]}
        raise BadInput(Objection(says, code="bad_input", field="yield_code"))
    return record, found, step
