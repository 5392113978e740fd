"""What quality decides on a lot, and what becomes of it: approved, rejected, recalled; opened, thawed, thrown away.

(1) Somebody else than the one who received a lot decides on it. A lot in quarantine is approved or rejected, an
    approved one is recalled; nothing is decided back.
(2) When a lot is rejected or recalled, each batch in which it was used has a departure, also after its disposition.
(3) That a unit was opened or thawed is a fact, taken down also when it should not have been; the scan tells.
(4) Nobody throws away more than is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField, TypedNumberField
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day
from batches.bench import objections_to_time
from batches.departures import raise_departure
from batches.identity import locked
from batches.lot_states import DECIDED, STATUS_WORDS, LotStatus, decision_on, status_of, thaws_of
from batches.lot_uses import count_again, locked_lot
from batches.models import Batch, Departure, LotDecision, LotDiscarded, LotOpened, MaterialLot, SlotScan
from batches.receiving_lots import lot_called, lot_lines, lot_url
from ledger import clock
from ledger.writing import write, writing

SHORTEST_REASON = 10
Decision = LotDecision.Decision
# From where a lot stands to what may be decided on it.
MOVES: Mapping[LotStatus, frozenset[str]] = {
    LotStatus.QUARANTINE: frozenset({Decision.APPROVED, Decision.REJECTED}),
    LotStatus.APPROVED: frozenset({Decision.RECALLED}),
    LotStatus.EXPIRED: frozenset({Decision.REJECTED, Decision.RECALLED}),
    LotStatus.REJECTED: frozenset(),
    LotStatus.RECALLED: frozenset(),
}
MEANINGS = {
    Decision.APPROVED: (
        Meaning.APPROVED,
        gettext_lazy("I compared this lot with its certificate and approve it for use."),
    ),
    Decision.REJECTED: (Meaning.REJECTED, gettext_lazy("I reject this lot. It is not used.")),
    Decision.RECALLED: (
        Meaning.REJECTED,
        gettext_lazy("I recall this lot. It is used no more, and every batch that used it is assessed."),
    ),
}


class DecisionIntent(StrictSerializer[Intent]):
    """What is decided; a reason unless the lot is approved."""

    decision = serializers.ChoiceField(Decision.choices, label=gettext_lazy("Decision"))
    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, required=False, default="")


def batches_using(lot: MaterialLot) -> list[Batch]:
    """Give the batches into whose steps a lot was read and fitted."""
    used = SlotScan.objects.filter(lot=lot, fits=True).values("batch")
    return list(Batch.objects.filter(pk__in=used).order_by("pk"))


class AboutLot(Act[MaterialLot]):
    """An act on a lot; it holds the lot, after the batches that used it."""

    def find(self, subject: UUID) -> MaterialLot:
        found = lot_called(subject)
        if found is None:
            raise Http404
        return found

    def lock(self, subject: MaterialLot) -> None:
        for batch in batches_using(subject):
            locked(batch.pk)
        locked_lot(subject)

    def streams(self, subject: MaterialLot) -> Sequence[str]:
        return (subject.stream_name(),)

    def done_url(self, row: Signed) -> str:
        return lot_url(row.lot.code) if isinstance(row, LotDecision | LotDiscarded) else "/lots/"


@register
class DecideLot(AboutLot):
    """Approve, reject or recall a lot of material."""

    code = "lot.decide"
    title = gettext_lazy("Decide on a lot of material")
    verb = gettext_lazy("Sign the decision")
    stopped_by_findings = True
    permission = Permission.DEFINITION_APPROVE
    meaning = Meaning.APPROVED
    asks = DecisionIntent

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        meaning, words = MEANINGS[Decision(intent["decision"])]
        return meaning, str(words)

    def to_sign(self, subject: MaterialLot, intent: Intent) -> ToSign:
        used = [batch.number for batch in batches_using(subject)]
        decided = [
            Line(_("Decision"), str(Decision(intent["decision"]).label)),
            *([Line(_("Reason"), intent["reason"])] if intent["reason"] else []),
            *([Line(_("Used in"), ", ".join(used))] if used else []),
        ]
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Lot"), subject.code)],
            lines=[*decided, *lot_lines(subject)],
            version=f"{subject.pk} {status_of(subject, clock.now())}",
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: MaterialLot, intent: Intent, by: Person) -> list[Objection]:
        now = clock.now()
        status = status_of(subject, now)
        words = {"lot": subject.code, "status": STATUS_WORDS[status], "day": day(subject.expires_on)}
        allowed = intent["decision"] in MOVES[status]
        if status is LotStatus.EXPIRED and intent["decision"] == Decision.APPROVED:
            says = _("Lot %(lot)s expired on %(day)s. It can't be approved.") % words
        else:
            says = _("Lot %(lot)s stands as: %(status)s. This can't be decided on it.") % words
        decided = decision_on(subject, now) is not None or not subject.is_quarantined_first
        recalled_unapproved = intent["decision"] == Decision.RECALLED and not decided
        return [
            *when(not allowed, says, code="not_in_this_state", field="decision"),
            *when(
                allowed and recalled_unapproved,
                _("Only a lot that was approved is recalled. Reject it."),
                code="not_in_this_state",
                field="decision",
            ),
            *when(
                subject.signer_id == by.pk,
                _("Somebody else than %(name)s, who received the lot, must decide on it.")
                % {"name": subject.signer_name},
                code="same_person",
            ),
            *when(
                intent["decision"] in DECIDED and len(intent["reason"].strip()) < SHORTEST_REASON,
                _("Give the reason in at least 10 characters."),
                code="no_reason",
                field="reason",
            ),
        ]

    def carry_out(self, subject: MaterialLot, intent: Intent, signature: Signature) -> LotDecision:
        row = LotDecision(lot=subject, decision=intent["decision"], reason=intent["reason"].strip())
        sign(row, signature, type="lot.decided", earlier=[subject])
        if row.decision in DECIDED:
            says = _("Lot %(lot)s, %(name)s, used in this batch, was %(decision)s: %(reason)s")
            words = {
                "lot": subject.code,
                "name": subject.name,
                "decision": row.get_decision_display(),
                "reason": row.reason,
            }
            for batch in batches_using(subject):
                raise_departure(
                    batch=batch, kind=Departure.Kind.MATERIAL, says=says % words, by=signature.signer, about=row
                )
        return row


class DiscardIntent(StrictSerializer[Intent]):
    """How much was thrown away or lost, in the unit of the lot, and why."""

    quantity = TypedNumberField(label=gettext_lazy("Quantity"))
    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=SHORTEST_REASON)


@register
class DiscardLot(AboutLot):
    """State that a part of a lot was thrown away or lost outside any batch."""

    code = "lot.discard"
    title = gettext_lazy("Throw away a part of a lot")
    verb = gettext_lazy("Sign the discard")
    permission = Permission.MATERIAL_RECEIVE
    meaning = Meaning.PERFORMED
    asks = DiscardIntent

    def to_sign(self, subject: MaterialLot, intent: Intent) -> ToSign:
        state = getattr(subject, "state", None)
        left = "–" if state is None or state.remaining is None else f"{state.remaining:f} {subject.unit}"
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Lot"), subject.code)],
            lines=[
                Line(_("Material"), f"{subject.name} ({subject.item})"),
                Line(_("Left before"), left),
                Line(_("Thrown away"), f"{intent['quantity']} {subject.unit}"),
                Line(_("Reason"), intent["reason"]),
            ],
            version=f"{subject.pk} {left}",
        )

    def objections(self, subject: MaterialLot, intent: Intent, by: Person) -> list[Objection]:
        amount = Decimal(intent["quantity"])
        state = getattr(subject, "state", None)
        left = subject.quantity if state is None else state.remaining
        if left is None:
            return when(True, _("This lot is not counted."), field="quantity")
        return [
            *when(amount <= 0, _("The quantity must be above zero."), field="quantity"),
            *when(
                amount > left,
                _("Only %(left)s %(unit)s of lot %(lot)s are left.")
                % {"left": f"{left:f}", "unit": subject.unit, "lot": subject.code},
                code="more_than_left",
                field="quantity",
            ),
        ]

    def carry_out(self, subject: MaterialLot, intent: Intent, signature: Signature) -> LotDiscarded:
        row = LotDiscarded(lot=subject, quantity=Decimal(intent["quantity"]), reason=intent["reason"].strip())
        sign(row, signature, type="lot.discarded")
        count_again(subject)
        return row


@dataclass(frozen=True, slots=True)
class Opened:
    """An opening or thaw that was stored; flagged when the unit was thawed more often than allowed."""

    row: LotOpened
    thaws: int
    is_too_often: bool


def record_opening(
    *,
    lot: MaterialLot,
    how: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    unit: str = "",
    happened_at: datetime | None = None,
) -> Opened:
    """Store that a lot, or one unit of it, was opened or thawed; its in-use time counts from then on."""
    refuse_if(lacks(by, Permission.MATERIAL_RECEIVE))
    refuse_if(_objections_to_unit(lot, unit, how))
    with writing():
        locked_lot(lot)
        said: dict[str, object] = {"lot_id": lot.pk, "unit": unit, "how": how}
        if happened_at is not None:
            said["happened_at"] = happened_at
        known = recorded_before(LotOpened, id, said, by=by)
        if known is None:
            moment = happened_at or clock.now()
            refuse_if(objections_to_time(moment))
            until = None if lot.in_use_hours is None else moment + timedelta(hours=lot.in_use_hours)
            row = LotOpened(id=id, lot=lot, unit=unit, how=how, happened_at=moment, use_until=until)
            known = write(row, type="lot.opened", actor=by.reference)
        thaws = thaws_of(MaterialLot.objects.get(pk=lot.pk), unit, known.happened_at)
        return Opened(known, thaws, lot.most_thaws is not None and thaws > lot.most_thaws)


def _objections_to_unit(lot: MaterialLot, unit: str, how: str) -> list[Objection]:
    if how not in LotOpened.How.values:
        raise BadInput(Objection(_("Say whether it was opened or thawed."), code="bad_input", field="how"))
    if unit and unit not in lot.units:
        says = _("Lot %(lot)s has no unit %(unit)s.") % {"lot": lot.code, "unit": unit[:30]}
        raise BadInput(Objection(says, code="bad_input", field="unit"))
    says = _("Each unit of this lot has its own code. Scan the unit that was opened.")
    return when(lot.units and not unit, says, field="unit")
