"""Bags that come back: quarantine until quality assurance has decided.

(1) A final bag that somebody else held and that this site accepted again stays, whether or not anybody wrote that it
    came back, until quality assurance signed that it may be used again.
(2) The one who received it back does not decide.
(3) A bag that is to be destroyed never leaves; its destruction is recorded by two people, as every one.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.fates import batch_of_container, destroyed_on_decision
from batches.identity import identity_lines
from chain_of_custody import states
from chain_of_custody.fates import objections_to_ended
from chain_of_custody.handing_over import bags_stay_while
from chain_of_custody.models import Container, HandOverAccepted, Party
from qc.after_release.standing import acceptances_of, page_of
from qc.batch_act import RowOfBatchAct, batch_with, lock_batch
from qc.models import BagReturned, ReturnDecided

Decision = ReturnDecided.Decision


def ways_back(container: Container) -> list[HandOverAccepted]:
    """Give the acceptances with which a final bag came back to this site, in the order of the record."""
    if container.kind != Container.Kind.FINAL_BAG:
        return []
    own = Party.Kind.OWN_SITE
    return [
        one
        for one in acceptances_of(container)
        if one.offered.taker_party.kind == own and one.offered.giver_party.kind != own
    ]


def returns_of(container: Container) -> QuerySet[BagReturned]:
    """Give what is recorded of a bag's ways back, with what was decided, in the order of the record."""
    return BagReturned.objects.filter(container=container).select_related("decided").order_by("recorded_at", "pk")


def unreported_return(container: Container) -> HandOverAccepted | None:
    """Give the newest way back of a bag if nobody wrote in which condition it came, else None."""
    back = ways_back(container)
    known = set(returns_of(container).values_list("accepted_id", flat=True))
    return back[-1] if back and back[-1].pk not in known else None


def why_it_stays(container: Container, at: datetime | None = None) -> list[str]:
    """Give why a bag that came back stays, now or as it was at a moment; nothing where it never came back."""
    back = [one for one in ways_back(container) if at is None or one.happened_at <= at]
    if not back:
        return []
    returned = returns_of(container).filter(accepted=back[-1]).first()
    decided: ReturnDecided | None = getattr(returned, "decided", None)
    words = {"code": container.code}
    if decided is None or (at is not None and decided.signed_at > at):
        return [_("%(code)s came back, and quality assurance has not decided on it.") % words]
    return [_("%(code)s came back and is to be destroyed.") % words] if decided.decision == Decision.DESTROY else []


@bags_stay_while
def until_decided(bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Object to handing on bags that came back while quality assurance has not said that they may be used again."""
    return [Objection(says, code="returned") for bag in bags for says in why_it_stays(bag)]


@destroyed_on_decision
def is_to_be_destroyed(container: Container) -> bool:
    """Tell whether quality assurance decided that a bag that came back is to be destroyed."""
    newest = returns_of(container).last()
    decided: ReturnDecided | None = getattr(newest, "decided", None)
    return decided is not None and decided.decision == Decision.DESTROY


class ReturnIntent(StrictSerializer[Intent]):
    """Why a bag came back, in which condition, and what the logger says of the time away."""

    reason = TextField(label=gettext_lazy("Why it came back"), min_length=10, max_length=1000)
    condition = TextField(label=gettext_lazy("Condition"), max_length=300)
    logger = TextField(
        label=gettext_lazy("What the logger says of the time away"),
        max_length=300,
        help_text="what it says of the whole time away, or that there is none",
    )


@register
class RecordReturn(Act[Container]):
    """Record that a final bag came back; it stays until quality assurance has decided."""

    code = "return.record"
    title = gettext_lazy("Record a bag that came back")
    verb = gettext_lazy("Sign that it came back")
    permission = Permission.CONTAINER_END
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I received this bag back in the condition written here.")
    asks = ReturnIntent

    def find(self, subject: UUID) -> Container:
        found = Container.objects.select_related("coi__subject", "assignment", "state").filter(pk=subject).first()
        if found is None or batch_of_container(found) is None:
            raise Http404
        return found

    def lock(self, subject: Container) -> None:
        batch = batch_of_container(subject)
        assert batch is not None  # noqa: S101  it was found with one
        lock_batch(batch)
        states.lock([subject.pk])

    def to_sign(self, subject: Container, intent: Intent) -> ToSign:
        batch, back = batch_of_container(subject), unreported_return(subject)
        assert batch is not None  # noqa: S101  it was found with one
        return ToSign(
            title=str(self.title),
            identity=identity_lines(batch, containers=[subject.code]),
            lines=[
                Line(_("Came back from"), back.offered.giver_party.name if back else "–"),
                Line(_("Accepted here"), record_time(back.happened_at) if back else "–"),
                Line(_("Why"), intent["reason"]),
                Line(_("Condition"), intent["condition"]),
                Line(_("Logger"), intent["logger"]),
            ],
            version=f"{subject.pk} {back.pk if back else ''}",
        )

    def objections(self, subject: Container, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                not ways_back(subject),
                _("By its chain of custody %(code)s has not come back. Accept it first.") % {"code": subject.code},
                code="not_back",
                url=f"/custody/{subject.coi.identifier}/",
            ),
            *when(
                ways_back(subject) and unreported_return(subject) is None,
                _("Its way back is recorded already."),
                code="already_done",
            ),
            *objections_to_ended([subject]),
        ]

    def carry_out(self, subject: Container, intent: Intent, signature: Signature) -> BagReturned:
        batch, back = batch_of_container(subject), unreported_return(subject)
        assert batch is not None and back is not None  # noqa: S101, PT018  objected to above
        row = BagReturned(batch=batch, container=subject, accepted=back, **intent)
        return sign(row, signature, type="return.recorded", earlier=[back])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, BagReturned)  # noqa: S101  this act writes nothing else
        return f"{page_of(row.batch)}#bag-{row.container.code}"


class ReturnDecisionIntent(StrictSerializer[Intent]):
    """What becomes of the bag, and why."""

    decision = serializers.ChoiceField(Decision.choices, label=gettext_lazy("The bag"))
    reason = TextField(label=gettext_lazy("Reason"), min_length=10, max_length=2000)


@register
class DecideOnReturn(RowOfBatchAct[BagReturned]):
    """Decide whether a bag that came back may be used again."""

    code = "return.decide"
    title = gettext_lazy("Decide on a bag that came back")
    verb = gettext_lazy("Sign the decision on the bag")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I decide on this bag for the reason written here.")
    asks = ReturnDecisionIntent

    def rows(self) -> QuerySet[BagReturned]:
        return BagReturned.objects.select_related("container__coi", "accepted__offered__giver_party", "decided")

    def to_sign(self, subject: BagReturned, intent: Intent) -> ToSign:
        decision = Decision(intent["decision"])
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch, containers=[subject.container.code]),
            lines=[
                Line(_("Came back from"), subject.accepted.offered.giver_party.name),
                Line(_("Why"), subject.reason),
                Line(_("Condition"), subject.condition),
                Line(_("Logger"), subject.logger),
                Line(_("Decision"), str(decision.label), "warn" if decision == Decision.AGAIN else ""),
                Line(_("Reason"), intent["reason"]),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: BagReturned, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                ReturnDecided.objects.filter(returned=subject).exists(),
                _("This was decided already."),
                code="already_done",
            ),
            *when(
                by.pk in (subject.signer_id, subject.accepted.person_id),
                _("You received this bag back; another person decides on it."),
                code="same_person",
            ),
            *objections_to_ended([subject.container]),
        ]

    def carry_out(self, subject: BagReturned, intent: Intent, signature: Signature) -> ReturnDecided:
        row = ReturnDecided(
            batch=batch_with(subject.batch_id),
            returned=subject,
            decision=intent["decision"],
            reason=intent["reason"],
        )
        return sign(row, signature, type="return.decided", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ReturnDecided)  # noqa: S101  this act writes nothing else
        return f"{page_of(row.batch)}#bag-{row.returned.container.code}"
