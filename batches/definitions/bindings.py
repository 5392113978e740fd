"""Whether what a master record calculates can be calculated: formulas, inputs, units, order.

An input is bound to the code of a field or derived quantity, or to a source outside the record:
`order.weight_kg`, `lot.titer` (of the vector lot scanned by then), `product.` and a parameter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batches.definitions.applying import START, applied
from batches.definitions.attributes import POSSIBLE
from batches.definitions.master import Derived, MasterDefinition, NeedKind, Step
from batches.definitions.product import ProductDefinition
from batches.formulas import FORMULAS, Formula, Input

OUTSIDE = {"order.weight_kg": "kg", "lot.titer": "TU/mL"}
DOSE_FORMULAS = frozenset({"dose_per_kg"})
PRODUCT = "product."


@dataclass(frozen=True, slots=True)
class _Known:
    """A value that has been recorded or derived by a step."""

    unit: str
    step: str
    is_critical: bool | None  # None for a derived quantity: its inputs are looked at instead
    is_numeric: bool


def faults_of_bindings(master: MasterDefinition) -> list[str]:
    """Every fault of the derived quantities, one sentence each."""
    everything = _values(master)
    faults: list[str] = []
    known: dict[str, _Known] = {}
    vector_is_scanned = False
    for step in master.steps:
        vector_is_scanned |= any(need.kind is NeedKind.VECTOR_LOT for need in step.needs)
        known |= {field.code: everything[field.code] for field in step.fields}
        for derived in step.derived:
            faults += _faults_of_derived(step, derived, known, everything, vector_is_scanned=vector_is_scanned)
            known[derived.code] = everything[derived.code]
    return [*faults, *_faults_of_dose_inputs(master, everything)]


def faults_between_master_and_product(master: MasterDefinition, product: ProductDefinition) -> Iterator[str]:
    """Why this master record cannot make this product, from fresh or frozen cells; nothing where it can."""
    if master.product != product.code:
        yield f"{master.code} makes {master.product}, not {product.code}."
    faults: dict[str, None] = {}
    for start in POSSIBLE[START]:
        holding = applied(master, {**product.attributes, START: start})
        faults |= dict.fromkeys(_faults_of_parameters(holding, product))
    yield from faults


def _faults_of_parameters(master: MasterDefinition, product: ProductDefinition) -> Iterator[str]:
    for where, source, unit, words in _parameters(master):
        parameter = product.parameter(source.removeprefix(PRODUCT))
        if parameter is None:
            yield f"{where}: {product.code} has no parameter {source}."
        elif parameter.unit != unit:
            yield f"{where}: {source} is in {parameter.unit}, but {words} is in {unit}."


def _parameters(master: MasterDefinition) -> Iterator[tuple[str, str, str, str]]:
    """Give each use of a parameter of the product: where, which, in what unit, and for what."""
    for step, derived in master.derived():
        formula = FORMULAS.get((derived.formula, derived.version))
        for name, source in derived.inputs.items():
            wanted = _input(formula, name) if formula else None
            if wanted is not None and source.startswith(PRODUCT):
                yield f"Step {step.code}, {derived.code}", source, wanted.unit, name
    for step in master.steps:
        for need in step.needs:
            planned = need.amount.planned if need.amount else None
            if need.amount is not None and planned is not None and planned.startswith(PRODUCT):
                yield f"Step {step.code}, {need.code}", planned, need.amount.unit, "the amount"


def faults_of_reconciliation(master: MasterDefinition) -> Iterator[str]:
    """Every fault of the account of where the cells went."""
    account = master.reconciliation
    if account is None:
        return
    everything = _values(master)
    for code in (account.made, *(share.source for share in account.shares)):
        value = everything.get(code)
        if value is None:
            yield f"Reconciliation: {code} is neither a field nor a derived quantity."
        elif value.unit != account.unit:
            yield f"Reconciliation: {code} is in {value.unit}, not in {account.unit}."
    if account.tolerance < 0:
        yield "Reconciliation: the tolerance is below zero."


def _values(master: MasterDefinition) -> dict[str, _Known]:
    fields = {
        field.code: _Known(field.unit, step.code, field.critical, field.is_numeric) for step, field in master.fields()
    }
    derived = {one.code: _Known(one.unit, step.code, None, is_numeric=True) for step, one in master.derived()}
    return fields | derived


def _faults_of_derived(
    step: Step,
    derived: Derived,
    known: Mapping[str, _Known],
    everything: Mapping[str, _Known],
    *,
    vector_is_scanned: bool,
) -> Iterator[str]:
    where = f"Step {step.code}, {derived.code}"
    formula = FORMULAS.get((derived.formula, derived.version))
    if formula is None:
        yield f"{where}: there is no formula {derived.formula} version {derived.version}."
        return
    if derived.unit != formula.unit:
        yield f"{where}: {formula.code} answers in {formula.unit}, not in {derived.unit}."
    if (derived.figures is None) == (derived.decimals is None):
        yield f"{where}: give either figures or decimals."
    if derived.limits and derived.limits.are_empty:
        yield f"{where}: low {derived.limits.low} must be below high {derived.limits.high}."
    for missing in sorted(set(formula.input_names) - set(derived.inputs)):
        yield f"{where}: {formula.code} needs {missing}, which is bound to nothing."
    for name, source in derived.inputs.items():
        wanted = _input(formula, name)
        if wanted is None:
            yield f"{where}: {formula.code} has no input {name}."
        elif source == "lot.titer" and not vector_is_scanned:
            yield f"{where}: lot.titer is used before a vector lot is scanned."
        else:
            yield from _faults_of_source(where, wanted, source, known, everything)


def _faults_of_source(
    where: str, wanted: Input, source: str, known: Mapping[str, _Known], everything: Mapping[str, _Known]
) -> Iterator[str]:
    if source.startswith(PRODUCT):
        return  # held against the product by `faults_between_master_and_product`
    if source not in OUTSIDE and source not in everything:
        yield f"{where}: {wanted.name} is bound to {source}, which is neither a field nor a derived quantity."
        return
    if source not in OUTSIDE and source not in known:
        yield f"{where}: {source} is used before it is known; step {everything[source].step} records it."
        return
    unit = OUTSIDE.get(source) or known[source].unit
    if source in known and not known[source].is_numeric:
        yield f"{where}: {source} is not a number."
    elif unit != wanted.unit:
        yield f"{where}: {source} is in {unit}, but {wanted.name} is in {wanted.unit}."


def _faults_of_dose_inputs(master: MasterDefinition, everything: Mapping[str, _Known]) -> Iterator[str]:
    """Whatever feeds a dose, directly or through other quantities, is verified by a second person."""
    derived = {one.code: one for _step, one in master.derived()}
    waiting = [one.code for one in derived.values() if one.formula in DOSE_FORMULAS]
    seen: set[str] = set()
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        if code in derived:
            waiting += derived[code].inputs.values()
        elif code in everything and not everything[code].is_critical:
            yield f"Step {everything[code].step}, {code} feeds the dose, so it must be critical."


def _input(formula: Formula, name: str) -> Input | None:
    return next((each for each in formula.inputs if each.name == name), None)
