"""From what was entered to one value: each replicate calculated as the method says, then their mean.

A replicate counts once everything that it needs is there. No replicate is left out, and one that cannot be calculated
leaves the whole without a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from batches.calculating import NotCalculable
from qc.definitions.method import Calculation, MethodDefinition
from qc.values.quantities import Quantity, calculate
from qc.values.replicates import Apart, all_below_or_all_above, apart, mean_of

Entered = Mapping[str, Quantity]  # what was entered for one replicate, by its code


@dataclass(frozen=True, slots=True)
class Replicate:
    """One replicate with what was entered for it and the value that follows."""

    number: int
    entered: tuple[tuple[str, Quantity], ...]
    value: Quantity | NotCalculable


@dataclass(frozen=True, slots=True)
class Working:
    """How a value follows from its replicates."""

    method: MethodDefinition
    replicates: tuple[Replicate, ...]
    begun: int  # of replicates for which something is entered and something is missing

    @property
    def values(self) -> list[Quantity]:
        return [each.value for each in self.replicates if isinstance(each.value, Quantity)]

    @property
    def is_complete(self) -> bool:
        """As many replicates as the method asks for are there, and none is half entered."""
        return not self.begun and len(self.replicates) >= self.method.replicates.wanted

    @property
    def mean(self) -> Quantity | NotCalculable:
        """The value of all replicates together, unrounded; the reason where there is none."""
        for each in self.replicates:
            if isinstance(each.value, NotCalculable):
                return each.value
        return mean_of(self.values)

    @property
    def apart(self) -> Apart:
        return apart(self.values)

    @property
    def cv_is_beyond(self) -> bool:
        """Whether the coefficient of variation is above the method's limit, or cannot be known beside one."""
        return self._is_beyond(self.method.replicates.cv_limit, self.apart.cv_percent)

    @property
    def spread_is_beyond(self) -> bool:
        """Whether highest less lowest is above the method's limit, or cannot be known beside one."""
        return self._is_beyond(self.method.replicates.spread_limit, self.apart.spread)

    @property
    def is_beyond(self) -> bool:
        """Whether the replicates lie further apart than the method allows, as far as they are complete."""
        return self.is_complete and (self.cv_is_beyond or self.spread_is_beyond)

    def _is_beyond(self, limit: Decimal | None, found: Decimal | NotCalculable) -> bool:
        if limit is None or all_below_or_all_above(self.values):
            return False
        return isinstance(found, NotCalculable) or found > limit


def worked_out(method: MethodDefinition, code: str, entered: Mapping[int, Entered]) -> Working:
    """Work out a value from what was entered for each replicate; `code` is that of a value entered as it is."""
    wanted = set(method.calculation.entries) if method.calculation else {code}
    complete = {number: given for number, given in sorted(entered.items()) if wanted <= set(given)}
    return Working(
        method=method,
        replicates=tuple(
            Replicate(
                number,
                tuple((one, given[one]) for one in sorted(wanted)),
                _calculated(method.calculation, given) if method.calculation else given[code],
            )
            for number, given in complete.items()
        ),
        begun=len(entered) - len(complete),
    )


def _calculated(calculation: Calculation, given: Entered) -> Quantity | NotCalculable:
    units = {each.name: each.unit for each in calculation.formula.inputs}
    values: dict[str, Quantity | None] = {
        each.name: given[each.code] if each.entry is not None else Quantity(Decimal(each.constant), units[each.name])
        for each in calculation.inputs
    }
    return calculate(calculation.formula, values)
