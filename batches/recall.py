"""A rehearsed recall: from one thing to all patients, where every container is, whom to tell, and whether it adds up.

(1) Nothing is written: a report shows what the record says at the moment it is asked.
(2) What was made equals what is here, what others hold and what has ended. Each figure is computed twice: from the
    trace, and from custody's events in the order of the ledger; a difference is told, never smoothed.
(3) Patients are named by chain of identity and pseudonym alone; the holder's address and the prescriber say whom to
    reach.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from batches.tracing import Reached, Start, forward
from chain_of_custody.models import ChainOfIdentity, Container, ContainerFate, Party
from chain_of_custody.states import standings_of
from ledger import clock

HERE, ELSEWHERE, ENDED = "here", "elsewhere", "ended"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many containers were made, and how many of them are here, with others, or have ended."""

    made: int
    here: int
    elsewhere: int
    ended: int

    @property
    def adds_up(self) -> bool:
        return self.made == self.here + self.elsewhere + self.ended


@dataclass(frozen=True, slots=True)
class Affected:
    """One batch that was reached: its patient, its containers, its tally, and what contradicts custody."""

    batch: str
    order: str
    product: str
    prescriber: str
    disposition: str
    chain: str
    subject: str
    containers: tuple[Reached, ...]
    tally: Tally
    contradictions: tuple[str, ...]

    @property
    def reconciles(self) -> bool:
        return self.tally.adds_up and not self.contradictions


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole answer, and when it was asked."""

    start: Start
    code: str
    asked_at: datetime
    affected: tuple[Affected, ...] = field(default_factory=tuple)

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(sorted({one.subject for one in self.affected}))

    @property
    def tally(self) -> Tally:
        tallies = [one.tally for one in self.affected]
        return Tally(
            sum(one.made for one in tallies),
            sum(one.here for one in tallies),
            sum(one.elsewhere for one in tallies),
            sum(one.ended for one in tallies),
        )

    @property
    def infused(self) -> int:
        """How many containers have reached a patient already."""
        return sum(reached.fate == ContainerFate.Fate.INFUSED for one in self.affected for reached in one.containers)

    @property
    def reconciles(self) -> bool:
        return all(one.reconciles for one in self.affected)


def rehearse(start: Start, code: str) -> Rehearsal:
    """Answer who and what one thing reached, and hold it against custody's events."""
    by_batch: dict[str, list[Reached]] = {}
    for one in forward(start, code):
        by_batch.setdefault(one.batch, []).append(one)
    site = Party.objects.filter(kind=Party.Kind.OWN_SITE).first()
    affected = tuple(_affected(rows, site) for rows in by_batch.values())
    return Rehearsal(start, code, clock.now(), affected)


def _affected(rows: Sequence[Reached], site: Party | None) -> Affected:
    first = rows[0]
    here = site.name if site else ""
    counted = Counter(_where(one.fate, one.holder == here) for one in rows)
    events, contradictions = _by_events(first, rows, site)
    tally = Tally(len(rows), counted[HERE], counted[ELSEWHERE], counted[ENDED])
    if events != tally:
        contradictions.append(
            _("Custody's events say: %(made)d made, %(here)d here, %(elsewhere)d elsewhere, %(ended)d ended.")
            % {"made": events.made, "here": events.here, "elsewhere": events.elsewhere, "ended": events.ended}
        )
    return Affected(
        batch=first.batch,
        order=first.order,
        product=first.product,
        prescriber=first.prescriber,
        disposition=first.disposition,
        chain=first.chain,
        subject=first.subject,
        containers=tuple(rows),
        tally=tally,
        contradictions=tuple(contradictions),
    )


def _where(fate: str, is_here: bool) -> str:
    return ENDED if fate else HERE if is_here else ELSEWHERE


def _by_events(first: Reached, rows: Sequence[Reached], site: Party | None) -> tuple[Tally, list[str]]:
    """Count again from custody's events alone, without the states that the trace read."""
    coi = ChainOfIdentity.objects.get(identifier=first.chain)
    standings = standings_of(coi)
    ours = dict(Container.objects.filter(assignment__batch_number=first.batch).values_list("pk", "code"))
    ended: set[UUID] = set(ContainerFate.objects.filter(container__in=ours).values_list("container_id", flat=True))
    counted: Counter[str] = Counter()
    contradictions = []
    for key, code in ours.items():
        standing = standings.get(key)
        if standing is None:
            contradictions.append(_("%(code)s: custody knows no event of it.") % {"code": code})
            continue
        is_here = site is not None and standing.holder_party_id == site.pk
        counted[_where("ended" if key in ended else "", is_here)] += 1
    missing = set(ours.values()) - {one.container for one in rows}
    contradictions += [_("%(code)s: not in the trace.") % {"code": code} for code in sorted(missing)]
    return Tally(len(ours), counted[HERE], counted[ELSEWHERE], counted[ENDED]), contradictions
