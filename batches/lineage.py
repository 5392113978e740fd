"""The containers of a batch as a family: what each was made from, what is in it, where it is, what became of it.

A container that several were brought together in stands under the first of them and names them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.refusal import Text
from batches.models import Batch
from batches.pinned import product_of
from chain_of_custody.fates import fate_words, waits_for_witness
from chain_of_custody.models import Container, ContainerFate
from chain_of_custody.words import holder_words, place_words

EM_SPACE = " "
BASES: dict[str, Text] = {
    "fresh": _("counted fresh"),
    "pre_freeze": _("counted before freezing"),
    "post_thaw": _("counted after thaw"),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One container of the family; `depth` is how many generations stand above it. What has ended is nowhere."""

    container: Container
    depth: int
    made_from: tuple[str, ...]
    basis: str
    where: str
    holder: str
    fate: ContainerFate | None

    @property
    def marks(self) -> str:
        """Draw the branch on which it hangs."""
        return f"{EM_SPACE * (self.depth - 1)}↳ " if self.depth else ""

    @property
    def ended(self) -> str:
        return fate_words(self.fate) if self.fate else ""

    @property
    def waits_for_witness(self) -> bool:
        return self.fate is not None and waits_for_witness(self.fate)

    @property
    def expires_at(self) -> datetime | None:
        return self.container.expires_at


def family_of(batch: Batch) -> list[Member]:
    """Give the containers of a batch, each after what it was made from, in the order in which they were made."""
    found = Container.objects.filter(assignment__batch_number=batch.number).select_related(
        "state__holder_party", "state__holder_person", "state__place", "fate__witnessed"
    )
    containers = sorted(found, key=lambda one: (one.made_at, one.code))
    by_id = {str(one.pk): one for one in containers}
    below: dict[str, list[Container]] = {}
    for one in containers:
        parent = next((key for key in one.made_from if key in by_id), "")
        below.setdefault(parent, []).append(one)
    basis = _basis(batch)
    return [_member(one, depth, by_id, basis) for one, depth in _walked(below, "", 0, set())]


def _walked(
    below: dict[str, list[Container]], parent: str, depth: int, seen: set[UUID]
) -> Iterator[tuple[Container, int]]:
    for one in below.get(parent, []):
        if one.pk in seen:
            continue
        seen.add(one.pk)
        yield one, depth
        yield from _walked(below, str(one.pk), depth + 1, seen)


def _member(one: Container, depth: int, by_id: dict[str, Container], basis: str) -> Member:
    state = one.state
    ended: ContainerFate | None = getattr(one, "fate", None)
    return Member(
        container=one,
        depth=depth,
        made_from=tuple(by_id[key].code for key in one.made_from if key in by_id),
        basis=basis if one.viable_cells is not None and one.kind == Container.Kind.FINAL_BAG else "",
        where="" if ended or state.place is None else place_words(state.place, state.position),
        holder="" if ended else holder_words(state),
        fate=ended,
    )


def _basis(batch: Batch) -> str:
    """Give on what the count of the final bags rests, in words."""
    dose = product_of(batch).dose
    return str(BASES.get(dose.basis, dose.basis))
