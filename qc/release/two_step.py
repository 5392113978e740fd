"""Certification before the last result: whether it is needed at all, and what has to be there for it.

(1) It is a property of the specification: lines that may follow, and the authorisation that allows it by name.
(2) It is offered only where the latest result that follows is due after the planned shipment or after the expiry. Where
    that cannot be told, because nothing is planned or a sample is missing, it is not offered.
(3) A result that follows is due when the final reading of its growth test opens; where there is none, or no bottle was
    inoculated yet, on the latest day that the specification states, counted from the receipt of its sample.
(4) Exactly at the shipment or at the expiry is not after it.
(5) Each line that follows has its sample in the laboratory, its gate conforms at its own sampling point, and nothing
    that was read of it speaks against the product.
EU GMP Part IV section 11 allows certification in two steps; 21 CFR 610.1 asks that it stands in the authorisation.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from accounts.wording import short_time
from batches.models import Batch, PlannedTime
from batches.pinned import product_of
from batches.planning import plan_of
from batches.spans import life_after
from chain_of_custody.models import Container
from qc.definitions.unfilled import TO_BE_SET
from qc.laboratory.testing import final_opens, judgement_of
from qc.models import PhysicianAcceptance, Sample
from qc.panel import PanelLine
from qc.specifying import specification_of
from qc.values.verdicts import Verdict

A_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Following:
    """A line whose result is not there yet and may follow."""

    line: PanelLine
    is_received: bool
    due_at: datetime | None  # None where nobody can know it

    def stated(self) -> dict[str, str]:
        """Give what a decision keeps of it."""
        due = self.due_at.isoformat() if self.due_at else ""
        return {"line": self.line.code, "title": self.line.title, "due_at": due}

    @property
    def words(self) -> str:
        """Its name, and when its result is due at the latest."""
        return _("%(title)s, due %(due)s") % {"title": self.line.title, "due": _time(self.due_at)}


@dataclass(frozen=True, slots=True)
class TwoStepNeed:
    """Whether certification before the last result is offered, and why or why not."""

    is_offered: bool
    says: str
    url: str = ""
    pending: tuple[Following, ...] = ()
    authorisation: str = ""
    asks_physician: bool = False


def two_step_of(batch: Batch, panel: list[PanelLine]) -> TwoStepNeed:
    """Say whether a batch needs a certification before its last result, as its panel stands now."""
    may_follow = [line for line in panel if line.may_follow]
    waiting = [line for line in may_follow if line.result is None]
    received = _first_received(batch) if waiting else {}
    pending = tuple(_following(line, received.get(line.line.sample_point)) for line in waiting)
    rule = specification_of(batch).two_step
    if not may_follow:
        return TwoStepNeed(False, _("Not offered: no line of the specification may follow."))
    if rule is None or rule.authorisation == TO_BE_SET or any(line.line.follows is None for line in may_follow):
        return TwoStepNeed(False, _("Not offered: the specification names no authorisation that allows it."))
    offered, says, url = _need(batch, pending)
    return TwoStepNeed(offered, says, url, pending, rule.authorisation, rule.physician_acceptance)


def _need(batch: Batch, pending: tuple[Following, ...]) -> tuple[bool, str, str]:
    """Compare the latest result that follows with shipment and expiry."""
    if not pending:
        return False, _("Not needed: every result that may follow is there."), ""
    shipment = plan_of(batch.order).at(PlannedTime.Kind.SHIPMENT)
    if shipment is None:
        says = _("Not offered: no shipment is planned, so it can't be told whether it is needed. Plan it first.")
        return False, says, reverse("batches:order-plan", args=[batch.order.number])
    unknown = next((one for one in pending if one.due_at is None), None)
    if unknown is not None:
        says = _("Not offered: the laboratory has no sample for %(title)s, so nobody knows when its result is due.")
        return False, says % {"title": unknown.line.title}, unknown.line.url
    latest = max(one.due_at for one in pending if one.due_at is not None)
    expiry = expiry_of(batch)
    words = {"due": short_time(latest), "shipment": short_time(shipment), "expiry": _time(expiry)}
    if latest > shipment:
        return True, _("Needed: last result %(due)s, shipment %(shipment)s.") % words, ""
    if expiry is not None and latest > expiry:
        return True, _("Needed: last result %(due)s, expiry %(expiry)s.") % words, ""
    return False, _("Not needed: last result %(due)s, shipment %(shipment)s.") % words, ""


def _first_received(batch: Batch) -> dict[str, datetime]:
    """Give when the laboratory received the first sample of each point."""
    samples = Sample.objects.filter(batch=batch).order_by().values_list("point")
    return dict(samples.annotate(first=Min("received_at")))


def _following(line: PanelLine, first: datetime | None) -> Following:
    due = final_opens(line)
    if due is None and first is not None and line.line.follows is not None:
        due = first + line.line.follows.latest_days * A_DAY
    return Following(line, first is not None, due)


def expiry_of(batch: Batch) -> datetime | None:
    """Give when the first final bag of a batch expires, or None while none is filled."""
    bags = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    times = bags.aggregate(expires=Min("expires_at"), filled=Min("made_at"))
    expires: datetime | None = times["expires"]
    if expires is None and times["filled"] is not None:
        life = product_of(batch).shelf_life
        expires = life_after(times["filled"], life.amount, life.unit)
    return expires


def newest_acceptance(batch: Batch) -> PhysicianAcceptance | None:
    """Give what the physician accepted last, if anything."""
    return PhysicianAcceptance.objects.filter(batch=batch).order_by("-recorded_at").first()


def acceptance_for(batch: Batch, need: TwoStepNeed) -> PhysicianAcceptance | None:
    """Give the physician's acceptance where it speaks of every line that is pending now."""
    found = newest_acceptance(batch)
    waits = {one.line.code for one in need.pending}
    return found if found is not None and waits <= set(found.pending) else None


def objections_to_two_step(batch: Batch, panel: list[PanelLine], need: TwoStepNeed) -> list[Objection]:
    """Give what stands against a certification before the last result, beside what stands against any certification."""
    acceptance = acceptance_for(batch, need)
    return [
        *when(not need.is_offered, need.says, code="two_step_not_offered", url=need.url),
        *(objection for one in need.pending for objection in _against(batch, panel, one)),
        *when(
            need.pending and need.asks_physician and acceptance is None,
            _("The physician has not accepted that results are pending: %(pending)s.")
            % {"pending": ", ".join(one.line.title for one in need.pending)},
            code="no_acceptance",
            url=f"{reverse('qc:release', args=[batch.number])}#acceptance-title",
        ),
    ]


def _against(batch: Batch, panel: list[PanelLine], one: Following) -> list[Objection]:
    line = one.line
    follows = line.line.follows
    closed = [gate for gate in panel if follows and gate.code in follows.gates and not gate.conforms]
    return [
        *when(
            not one.is_received,
            _("%(title)s may follow, but the laboratory has not received its sample.") % {"title": line.title},
            code="no_sample",
            field=line.code,
            url=reverse("qc:sample-receive", args=[batch.number]),
        ),
        *(
            Objection(
                _("%(title)s may follow only after %(gate)s (%(point)s) conforms.")
                % {"title": line.title, "gate": gate.title, "point": gate.sample_point_short},
                code="gate",
                field=gate.code,
                url=gate.url,
            )
            for gate in closed
        ),
        *when(
            line.readings and judgement_of(batch, line).verdict not in (Verdict.PENDING, Verdict.MEETS),
            _("%(title)s: what was read so far speaks against the product.") % {"title": line.title},
            code="reading_fails",
            field=line.code,
            url=line.url,
        ),
    ]


def _time(moment: datetime | None) -> str:
    return short_time(moment) if moment else _("not known")
