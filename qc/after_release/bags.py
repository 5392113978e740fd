"""Each final bag of a batch after release: where it is, how it arrived, what became of it, and how they add up."""

from dataclasses import dataclass

from batches.fates import FINAL_FATES
from batches.models import Batch
from chain_of_custody.containers import of_batch
from chain_of_custody.fates import fates_of, waits_for_witness
from chain_of_custody.models import Container, ContainerFate, HandOverAccepted, Party
from chain_of_custody.words import place_words
from qc.after_release.returning import returns_of, unreported_return, why_it_stays
from qc.after_release.standing import acceptances_of
from qc.models import BagReturned


@dataclass(frozen=True, slots=True)
class BagAfterwards:
    """One final bag."""

    bag: Container
    fate: ContainerFate | None
    arrived: HandOverAccepted | None  # at the hospital, the last time
    returns: tuple[BagReturned, ...]
    unreported: HandOverAccepted | None  # it came back, and nobody wrote in which condition
    stays: tuple[str, ...]

    @property
    def waits_for_witness(self) -> bool:
        return self.fate is not None and waits_for_witness(self.fate)

    @property
    def where(self) -> str:
        """The place and the holder; empty once it has ended."""
        if self.fate is not None:
            return ""
        state = self.bag.state
        place = place_words(state.place, state.position) if state.place else ""
        return ", ".join(filter(None, (place, state.holder_party.name)))

    @property
    def is_outside(self) -> bool:
        """Whether somebody else than this site holds it now."""
        return self.fate is None and self.bag.state.holder_party.kind != Party.Kind.OWN_SITE


def bags_afterwards(batch: Batch) -> list[BagAfterwards]:
    """Give the final bags of a batch, as they were made."""
    bags = [one for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG]
    fates = fates_of(bags)
    return [_afterwards(bag, fates.get(bag.pk)) for bag in bags]


def _afterwards(bag: Container, fate: ContainerFate | None) -> BagAfterwards:
    arrived = [one for one in acceptances_of(bag) if one.offered.taker_party.kind == Party.Kind.HOSPITAL]
    return BagAfterwards(
        bag=bag,
        fate=fate,
        arrived=arrived[-1] if arrived else None,
        returns=tuple(returns_of(bag)),
        unreported=unreported_return(bag) if fate is None else None,
        stays=tuple(why_it_stays(bag)) if fate is None else (),
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the sum: how many bags ended in one way, and which."""

    code: str
    words: str
    codes: tuple[str, ...]

    @property
    def number(self) -> int:
        return len(self.codes)


def sum_of(bags: list[BagAfterwards]) -> list[Figure]:
    """Give how the bags add up: each way of ending, then those that have not ended."""
    by_fate = {str(fate): [one.bag.code for one in bags if one.fate and one.fate.fate == fate] for fate in FINAL_FATES}
    figures = [Figure(str(fate), str(fate.label), tuple(by_fate[str(fate)])) for fate in FINAL_FATES]
    return [*figures, Figure("open", "", tuple(one.bag.code for one in bags if one.fate is None))]
