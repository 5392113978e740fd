"""Where the cells went: what was made equals what was filled, sampled, retained, lost and discarded. No database."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from batches.definitions.master import MasterDefinition, Reconciliation
from batches.deriving import Known
from batches.judging import Verdict, at_scale, unit_words
from ledger.typed_numbers import THIN_SPACE, show_count


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One place to which cells went, and how many; None while it is not known."""

    kind: str
    title: str
    cells: Decimal | None

    @property
    def shown(self) -> str:
        return "–" if self.cells is None else show_count(self.cells)


@dataclass(frozen=True, slots=True)
class Account:
    """What was made, the shares it went to, and the difference between them."""

    definition: Reconciliation
    made: Decimal | None
    shares: tuple[AccountLine, ...]

    @property
    def difference(self) -> Decimal | None:
        """What was made and is not accounted for; None while a figure is missing."""
        counted = [line.cells for line in self.shares]
        if self.made is None or any(cells is None for cells in counted):
            return None
        with localcontext(prec=50):
            return self.made - sum((cells for cells in counted if cells is not None), Decimal(0))

    @property
    def verdict(self) -> Verdict:
        """Within the tolerance or not; not judged while a figure is missing."""
        if self.difference is None:
            return Verdict.NOT_JUDGED
        off = abs(at_scale(self.difference, self.definition.exponent))
        return Verdict.MEETS if off <= self.definition.tolerance else Verdict.FAILS

    @property
    def made_words(self) -> str:
        return "–" if self.made is None else show_count(self.made)

    @property
    def difference_words(self) -> str:
        if self.difference is None:
            return "–"
        scaled = at_scale(self.difference, self.definition.exponent).normalize()
        return f"{scaled:f}{THIN_SPACE}{unit_words(self.definition.unit, self.definition.exponent)}"


def account_of(master: MasterDefinition, known: Mapping[str, Known]) -> Account | None:
    """Give the account of a batch from its quantities as they stand; None where the master record asks for none."""
    definition = master.reconciliation
    if definition is None:
        return None

    def cells(source: str) -> Decimal | None:
        found = known.get(source)
        return found.value if found else None

    lines = tuple(AccountLine(share.kind, share.title, cells(share.source)) for share in definition.shares)
    return Account(definition, cells(definition.made), lines)
