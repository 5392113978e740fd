"""What the rules of a supply out of specification read of a batch, beside everything that any decision on it reads."""

from functools import cached_property

from chain_of_custody.models import Container
from qc.record_read import RecordRead
from qc.supply.lines import ShownLine, shown_lines
from qc.supply.standing import SupplyStanding, named_containers, standing_of


class SupplyRead(RecordRead):
    """A batch that is not certified, with everything on which a supply of it rests."""

    @cached_property
    def standing(self) -> SupplyStanding:
        return standing_of(self.batch, self.decision)

    @cached_property
    def lines(self) -> tuple[ShownLine, ...]:
        """Every line that does not conform now."""
        return shown_lines(self.batch, self)

    @cached_property
    def named(self) -> list[Container]:
        """The containers that are named for a supply that nobody has decided on."""
        return named_containers(self.standing.naming) if self.standing.naming else []
