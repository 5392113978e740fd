"""Derived quantities of a batch: from the values in force, by the formulas that the master record names. No database.

(1) Everything is derived anew from the values as they stand, in the order of the record, at full precision.
(2) Each input carries the records it rests on, down to single values; so a change of a value reaches, through any
    number of steps, each quantity that used it.
(3) A missing input gives no number and says why; nothing is taken for zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from batches.calculating import NotCalculable
from batches.definitions.master import Derived, MasterDefinition
from batches.formulas import FORMULAS
from batches.judging import Verdict, at_scale, limit_words, shown_derived, verdict_within

Stored = dict[str, object]


@dataclass(frozen=True, slots=True)
class Known:
    """A quantity that can feed a formula: its value in its own unit, and the records it rests on."""

    value: Decimal | None
    records: tuple[str, ...] = ()
    missing: str = ""  # what to do about it, where there is no value


@dataclass(frozen=True, slots=True)
class InputUsed:
    """One input of a derivation: the formula's name for it, where it came from, and what it was."""

    name: str
    source: str
    value: Decimal | None
    unit: str
    records: tuple[str, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived quantity with everything it rests on."""

    definition: Derived
    inputs: tuple[InputUsed, ...]
    result: Decimal | None
    why_not: str = ""

    @property
    def verdict(self) -> Verdict:
        if self.result is None:
            return Verdict.NOT_JUDGED if self.definition.limits is None else Verdict.FAILS
        return verdict_within(self.definition.limits, at_scale(self.result, self.definition.exponent))

    @property
    def shown(self) -> str:
        return shown_derived(self.definition, self.result) if self.result is not None else f"– ({self.why_not})"

    @property
    def limit(self) -> str:
        return limit_words(self.definition.limits, self.definition.unit, self.definition.exponent)

    @property
    def records(self) -> tuple[str, ...]:
        return tuple(sorted({record for each in self.inputs for record in each.records}))

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(each.missing for each in self.inputs if each.value is None and each.missing)

    def stored(self) -> Stored:
        """Give what a signed step keeps: formula, version, inputs with their records, result and verdict."""
        return {
            "code": self.definition.code,
            "title": self.definition.title,
            "formula": self.definition.formula,
            "version": self.definition.version,
            "inputs": [
                {
                    "name": each.name,
                    "source": each.source,
                    "value": None if each.value is None else format(each.value, "f"),
                    "unit": each.unit,
                    "records": list(each.records),
                }
                for each in self.inputs
            ],
            "result": None if self.result is None else format(self.result, "f"),
            "why_not": self.why_not,
            "unit": self.definition.unit,
            "exponent": self.definition.exponent,
            "shown": self.shown,
            "limit": self.limit,
            "verdict": str(self.verdict),
        }


def derive_all(
    master: MasterDefinition, fields: Mapping[str, Known], outside: Mapping[str, Mapping[str, Known]]
) -> dict[str, tuple[Derivation, ...]]:
    """Derive every quantity of a record, by step.

    `fields` holds the numeric values in force by field code, in their plain unit. `outside` holds, by step, what
    comes from elsewhere: `product.…`, `order.weight_kg`, `lot.titer`.
    """
    known = dict(fields)
    found: dict[str, tuple[Derivation, ...]] = {}
    for step in master.steps:
        here: list[Derivation] = []
        for definition in step.derived:
            derivation = _derive(definition, known | dict(outside.get(step.code, {})))
            here.append(derivation)
            missing = "" if derivation.result is not None or derivation.missing == () else derivation.missing[0]
            known[definition.code] = Known(derivation.result, derivation.records, missing)
        found[step.code] = tuple(here)
    return found


def _derive(definition: Derived, known: Mapping[str, Known]) -> Derivation:
    formula = FORMULAS[definition.formula, definition.version]
    units = {each.name: each.unit for each in formula.inputs}
    inputs = tuple(
        InputUsed(name, source, found.value, units[name], found.records, found.missing)
        for name, source in definition.inputs.items()
        for found in (known.get(source, Known(None)),)
    )
    answer = formula.calculate({each.name: each.value for each in inputs})
    if isinstance(answer, NotCalculable):
        return Derivation(definition, inputs, None, answer.reason)
    return Derivation(definition, inputs, answer)


def says_the_same(stored: Stored, now: Derivation) -> bool:
    """Tell whether a stored derivation still rests on the records in force and gives what they give."""
    fresh = now.stored()
    return all(stored.get(key) == fresh[key] for key in ("formula", "version", "inputs", "result"))
