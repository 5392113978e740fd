"""What a schema cannot see in a method, and what a site has still to set in one.

(1) codes stand once; a timed condition begins and ends with two different events of the method;
(2) the criterion of a suitability check can be judged, in the unit in which it is entered;
(3) the formula exists, each of its inputs is bound once and in its unit, and it gives what the method gives;
(4) only numbers are calculated, and only numbers and detections are read in replicates;
(5) further replicates need a number of them; a limit on how far replicates lie apart needs at least two.
"""

from collections.abc import Iterable, Iterator

from batches.definitions.parts import repeated
from batches.formulas import FORMULAS
from qc.definitions.method import BoundInput, Calculation, MethodDefinition, Replicates, WhenBeyond
from qc.definitions.specification import ResultType
from qc.definitions.unfilled import STAND_INS, TO_BE_SET, as_if_set
from qc.values.criteria import DefinitionError, criterion_from_definition
from qc.values.rounding import Rounding

NUMBERS = (ResultType.NUMBER, ResultType.COUNT)


def faults_of_method(method: MethodDefinition) -> list[str]:
    """Every fault of the definition, one sentence each; empty where it can be used."""
    return [
        *repeated((each.code for each in method.events), "Event"),
        *repeated((each.code for each in method.timed_conditions), "Timed condition"),
        *repeated((each.code for each in method.suitability), "Suitability check"),
        *repeated(method.complete_data, "The complete data"),
        *_faults_of_unit(method),
        *_faults_of_replicates(method),
        *_faults_of_timing(method),
        *_faults_of_suitability(method),
        *(_faults_of_calculation(method, method.calculation) if method.calculation else ()),
    ]


def unfilled_in_method(method: MethodDefinition) -> list[str]:
    """Give what the site has still to set: while there is anything, the method is not approved."""
    replicates = method.replicates
    constants = method.calculation.inputs if method.calculation else ()
    waiting = (
        ("Replicates, how many", replicates.number),
        ("Replicates, at most", replicates.most),
        ("Replicates, the largest CV", replicates.largest_cv_percent),
        ("Replicates, the largest spread", replicates.largest_spread),
        *((f"Timed condition {each.title}", each.limit_minutes) for each in method.timed_conditions),
        *((f"Calculation, {each.title}", each.constant) for each in constants),
    )
    return [
        *(name for name, value in waiting if value == TO_BE_SET),
        *(
            f"Suitability, {each.title}"
            for each in method.suitability
            if any(each.criterion.get(key) == TO_BE_SET for key in STAND_INS)
        ),
    ]


def _faults_of_unit(method: MethodDefinition) -> Iterator[str]:
    if (method.result_type in NUMBERS) != bool(method.unit):
        yield "A number or a count, and nothing else, has a unit."


def _faults_of_replicates(method: MethodDefinition) -> Iterator[str]:
    stated = method.replicates
    if method.result_type not in (*NUMBERS, ResultType.DETECTION) and stated.number != "1":
        yield f"A {method.result_type} is not read in replicates."
    has_limit = bool(stated.largest_cv_percent or stated.largest_spread)
    if has_limit and (method.result_type not in NUMBERS or stated.number == "1"):
        yield "Only two or more numbers can lie apart; leave out their largest CV and spread."
    yield from _faults_of_further(stated)


def _faults_of_further(stated: Replicates) -> Iterator[str]:
    if (stated.when_beyond is WhenBeyond.FURTHER) != bool(stated.most):
        yield "Where replicates lie too far apart and further ones are read, and only there, say how many at most."
    elif stated.most.isdigit() and stated.number.isdigit() and int(stated.most) <= int(stated.number):
        yield "The most replicates must be more than those needed."


def _faults_of_timing(method: MethodDefinition) -> Iterator[str]:
    used: set[str] = set()
    for each in method.timed_conditions:
        for code in (each.starts_with, each.ends_with):
            used.add(code)
            if method.event(code) is None:
                yield f"Timed condition {each.code}: {code} is no event of this method."
        if each.starts_with == each.ends_with:
            yield f"Timed condition {each.code} begins and ends with the same event."
    for event in method.events:
        if event.code not in used:
            yield f"Event {event.code} belongs to no timed condition."


def _faults_of_suitability(method: MethodDefinition) -> Iterator[str]:
    for each in method.suitability:
        where = f"Suitability check {each.code}"
        try:
            criterion_from_definition(as_if_set(each.criterion), Rounding[method.rounding])
        except DefinitionError as error:
            yield f"{where}: {error}"
            continue
        is_word = each.criterion["kind"] == "one_of"
        if is_word != (each.entry.result_type is ResultType.CATEGORY):
            yield f"{where}: yes or no is judged by one_of, a number by a limit."
        elif is_word:
            yield from _faults_of_answer(where, each.criterion.get("accepted"))
        elif each.criterion.get("unit") != each.entry.unit or "per" in each.criterion:
            yield f"{where}: it is entered in {each.entry.unit}, but judged in {each.criterion.get('unit')}."


def _faults_of_answer(where: str, accepted: object) -> Iterator[str]:
    if accepted not in (["yes"], ["no"], ("yes",), ("no",)):
        yield f"{where}: one answer is accepted, yes or no."


def _faults_of_calculation(method: MethodDefinition, calculation: Calculation) -> Iterator[str]:
    formula = FORMULAS.get((calculation.name, calculation.version))
    if formula is None:
        yield f"There is no formula {calculation.name} version {calculation.version}."
        return
    if method.result_type not in NUMBERS:
        yield f"A {method.result_type} is not calculated."
    elif formula.unit != method.unit:
        yield f"{calculation.name} gives {formula.unit}, but the method gives {method.unit}."
    yield from repeated((each.name for each in calculation.inputs), "The input")
    yield from repeated((each.code for each in calculation.inputs if each.code), "The value")
    units = {each.name: each.unit for each in formula.inputs}
    bound = [each.name for each in calculation.inputs]
    yield from (f"The input {name} of {calculation.name} is not bound." for name in units if name not in bound)
    yield from _faults_of_inputs(calculation.name, calculation.inputs, units)


def _faults_of_inputs(formula: str, inputs: Iterable[BoundInput], units: dict[str, str]) -> Iterator[str]:
    for each in inputs:
        if each.name not in units:
            yield f"{formula} has no input {each.name}."
        elif (each.entry is None) == bool(each.code):
            yield f"The input {each.name} is either entered under a code, or a constant."
        elif each.entry is not None and each.entry.unit != units[each.name]:
            yield f"The input {each.name} is entered in {each.entry.unit}, but {formula} takes {units[each.name]}."
