"""Facts of batches that were decided on: those that nobody has assessed, and what comes next about the bags.

(1) Every kind of fact counts alike: a departure, a mismatch, a temperature outside its range or not known, an incident
    of the record. A fact that is stored late changes no decision, so only these lists ask for its assessment.
(2) A bag that is still here can be put on hold. Of a bag that is outside or was infused, the physician is told.
(3) A fact about certain final bags speaks of these; any other speaks of every final bag of the batch.
(4) What the bedside and the follow-up report, or do not, is about the patient: whom to tell is owed with it, and it
    speaks of no bag.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.incident_spans import spans
from batches.holds import holds_url, standing_holds
from batches.models import Batch, BatchState, Departure, Hold
from chain_of_custody.models import Assignment, Container, ContainerFate, Excursion, Party, TemperatureUnknown
from qc.batch_act import READ_AT_ONCE
from qc.models import FactAssessment, FollowUpRecorded, InfusionReport
from qc.release.assessing import (
    Fact,
    departures_to_assess,
    entered_during,
    facts_of,
    id_in,
    mismatches_to_assess,
    open_facts,
    temperatures_shared,
)
from qc.release.notifying import release_url
from qc.release.pending import OPEN_DECISIONS

TOLD_WITH_THEIR_OWN = frozenset({InfusionReport.record_type(), FollowUpRecorded.record_type()})


@dataclass(frozen=True, slots=True)
class BagsNow:
    """Where the final bags are of which a fact speaks, by code; who has those that are outside."""

    here: tuple[str, ...]
    held: tuple[str, ...]  # of those that are here
    outside: tuple[tuple[str, str], ...]
    infused: tuple[str, ...]
    number: int  # of all of them

    @property
    def may_be_given(self) -> bool:
        """Whether a patient has received one of them, or may still."""
        return bool(self.outside or self.infused or set(self.here) - set(self.held))


@dataclass(frozen=True, slots=True)
class NextAct:
    """What stands with some of the bags, and what is done about it, if anything is."""

    says: str
    verb: str = ""
    url: str = ""

    def __str__(self) -> str:
        return f"{self.says}: {self.verb[:1].lower()}{self.verb[1:]}." if self.verb else f"{self.says}."


@dataclass(frozen=True, slots=True)
class LateFact:
    """A fact that nobody has assessed, of a batch on which somebody decided, with where its bags are."""

    fact: Fact
    bags: BagsNow | None  # None where it speaks of no bag

    @property
    def url(self) -> str:
        """The place at which it is assessed."""
        return fact_url(self.fact)

    @property
    def acts(self) -> list[NextAct]:
        return list(_acts(self.fact.batch, self.bags)) if self.bags else []

    @property
    def is_urgent(self) -> bool:
        """Whether a patient has received a bag of which it speaks, or may still."""
        return self.bags is not None and self.bags.may_be_given


def unassessed_after_decision() -> list[LateFact]:
    """Give the facts of batches on which everything was decided that nobody has assessed, the oldest first."""
    found = [late for batch in _batches_with_open_facts() for late in late_among(batch, facts_of(batch))]
    return sorted(found, key=lambda late: (late.fact.happened_at, late.fact.id))


def late_among(batch: Batch, facts: Sequence[Fact]) -> list[LateFact]:
    """Give those of a batch's facts that nobody has assessed; none before somebody decided on the batch.

    With where the bags are of which each speaks: two statements, however many facts.
    """
    found = open_facts(batch, facts) if is_decided(batch) else []
    if not found:
        return []
    bags, holds = _final_bags(batch), list(standing_holds(batch))
    return [LateFact(fact, None if _is_of_the_patient(fact) else _now(_spoken_of(fact, bags), holds)) for fact in found]


def is_decided(batch: Batch) -> bool:
    """Tell whether anybody decided on a batch, so that its bags may have left."""
    return bool(batch.state.disposition != BatchState.Disposition.NONE)


def _batches_with_open_facts() -> QuerySet[Batch]:
    """Give the batches, of those on which everything was decided, that may have a fact nobody has assessed."""
    assessed = FactAssessment.objects.values("fact_id")
    decided = Batch.objects.exclude(state__disposition__in=OPEN_DECISIONS)
    waits = (
        Q(pk__in=departures_to_assess().exclude(pk__in=assessed).values("batch"))
        | Q(number__in=mismatches_to_assess().exclude(pk__in=assessed).values("batch_number"))
        | Q(number__in=_entered_during_incidents())
        | Q(number__in=_sharing_a_temperature(decided))
    )
    for model in (Excursion, TemperatureUnknown):
        waits |= Q(order__coi__in=model._default_manager.exclude(pk__in=assessed).values("coi"))
    return decided.filter(waits).select_related(*READ_AT_ONCE).order_by("number")


def _sharing_a_temperature(decided: QuerySet[Batch]) -> set[str]:
    """Name the batches of which a time outside or not known is not assessed that another batch may share."""
    shared = temperatures_shared()
    batches = decided.filter(order__coi__in=shared)
    done = set(FactAssessment.objects.filter(batch__in=batches).values_list("batch", "fact_id"))
    ours: dict[str, set[str]] = {}
    for number, bag in Assignment.objects.filter(container__coi__in=shared).values_list("batch_number", "container"):
        ours.setdefault(number, set()).add(str(bag))
    return {
        number
        for pk, number, coi in batches.values_list("pk", "number", "order__coi")
        for row in shared[coi]
        if not ours.get(number, set()).isdisjoint(row.containers)
        and done.isdisjoint({(pk, row.pk), (pk, id_in(row.pk, number))})
    }


def _entered_during_incidents() -> set[str]:
    """Name the batches in which something was entered during an incident that nobody assessed for them."""
    found: set[str] = set()
    for span in spans():
        streams = entered_during(span).values_list("stream", flat=True).distinct()
        batches = Batch.objects.filter(number__in=[stream.removeprefix("batch/") for stream in streams])
        ids = {id_in(span.incident.pk, number): number for number in batches.values_list("number", flat=True)}
        done = set(FactAssessment.objects.filter(fact_id__in=ids).values_list("fact_id", flat=True))
        found |= {number for pk, number in ids.items() if pk not in done}
    return found


def _final_bags(batch: Batch) -> list[Container]:
    bags = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    return list(bags.select_related("state__holder_party", "fate").order_by("made_at", "code"))


def _is_of_the_patient(fact: Fact) -> bool:
    row = fact.row
    return isinstance(row, Departure) and (row.kind == Departure.Kind.MISSED or row.about_type in TOLD_WITH_THEIR_OWN)


def _spoken_of(fact: Fact, bags: list[Container]) -> list[Container]:
    """Give the bags that a fact is about: those that it names, else all of the batch."""
    row = fact.row
    named = set(row.containers) if isinstance(row, (Excursion, TemperatureUnknown)) else set()
    return [bag for bag in bags if str(bag.pk) in named] or bags


def _now(bags: list[Container], holds: list[Hold]) -> BagsNow:
    left = [bag for bag in bags if not hasattr(bag, "fate")]
    here = [bag.code for bag in left if bag.state.holder_party.kind == Party.Kind.OWN_SITE]
    everything = any(hold.scope != Hold.Scope.CONTAINERS for hold in holds)
    named = {code for hold in holds for code in hold.containers}
    return BagsNow(
        here=tuple(here),
        held=tuple(code for code in here if everything or code in named),
        outside=tuple((bag.code, bag.state.holder_party.name) for bag in left if bag.code not in here),
        infused=tuple(bag.code for bag in bags if hasattr(bag, "fate") and bag.fate.fate == ContainerFate.Fate.INFUSED),
        number=len(bags),
    )


def _acts(batch: Batch, bags: BagsNow) -> Iterator[NextAct]:
    free = [code for code in bags.here if code not in bags.held]
    tell, added = _("Tell the physician"), f"{release_url(batch)}#addenda-title"
    if free:
        yield NextAct(_("Still here: %(bags)s") % {"bags": ", ".join(free)}, _("Put on hold"), holds_url(batch.number))
    if bags.held:
        yield NextAct(_("Still here, on hold: %(bags)s") % {"bags": ", ".join(bags.held)})
    for holder in sorted({name for _code, name in bags.outside}):
        codes = ", ".join(code for code, name in bags.outside if name == holder)
        yield NextAct(_("With %(holder)s: %(bags)s") % {"holder": holder, "bags": codes}, tell, added)
    if bags.infused:
        yield NextAct(_("Infused: %(bags)s") % {"bags": ", ".join(bags.infused)}, tell, added)
    if not bags.number:
        yield NextAct(_("No final bag was filled"))
    elif not (bags.here or bags.outside or bags.infused):
        yield NextAct(_("None of its bags was given or can be given any more"))


def fact_url(fact: Fact) -> str:
    """Give the place on the release page at which a fact is assessed."""
    return f"{release_url(fact.batch)}#fact-{fact.id}"
