"""Methods, from plain data to frozen dataclasses.

`read_method` takes data as `ledger.safe_yaml.read` gives it, holds it against the JSON Schema, builds the dataclasses
and makes the checks a schema cannot make. It raises `FaultyDefinitionError` with every fault it found.
"""

from pathlib import Path

from batches.definitions.parts import Part, held_against, part, parts, refuse, text, texts, whole
from qc.definitions.method import (
    BoundInput,
    Calculation,
    CompleteDataKind,
    Event,
    MethodDefinition,
    Replicates,
    SuitabilityCheck,
    TimedLimit,
    WhenBeyond,
)
from qc.definitions.method_checks import faults_of_method
from qc.definitions.specification import Entry, ResultType

METHOD_SCHEMA = Path(__file__).parent / "schema" / "method.json"
YES_OR_NO = ("yes", "no")


def read_method(data: object) -> MethodDefinition:
    """The method the data define, or all that is wrong with them."""
    method = _method(held_against(METHOD_SCHEMA, data))
    refuse(faults_of_method(method))
    return method


def _method(data: Part) -> MethodDefinition:
    return MethodDefinition(
        code=text(data, "code"),
        version=whole(data, "version"),
        title=text(data, "title"),
        result_type=ResultType(text(data, "result_type")),
        unit=text(data, "unit"),
        rounding=text(data, "rounding", "USP"),
        replicates=_replicates(part(data, "replicates")) if "replicates" in data else Replicates(),
        events=tuple(Event(text(each, "code"), text(each, "title")) for each in parts(data, "events")),
        timed_conditions=tuple(_timed(each) for each in parts(data, "timed_conditions")),
        suitability=tuple(_check(each) for each in parts(data, "suitability")),
        calculation=_calculation(part(data, "calculation")) if "calculation" in data else None,
        complete_data=tuple(CompleteDataKind(each) for each in texts(data, "complete_data")),
        references=texts(data, "references"),
        note=text(data, "note"),
    )


def _replicates(data: Part) -> Replicates:
    return Replicates(
        number=text(data, "number"),
        most=text(data, "most"),
        largest_cv_percent=text(data, "largest_cv_percent"),
        largest_spread=text(data, "largest_spread"),
        when_beyond=WhenBeyond(text(data, "when_beyond", "invalid")),
    )


def _timed(data: Part) -> TimedLimit:
    return TimedLimit(
        code=text(data, "code"),
        title=text(data, "title"),
        starts_with=text(data, "starts_with"),
        ends_with=text(data, "ends_with"),
        limit_minutes=text(data, "limit_minutes"),
    )


def _check(data: Part) -> SuitabilityCheck:
    is_number = text(data, "kind") == "number"
    entry = _number_entry(data) if is_number else Entry(ResultType.CATEGORY, "", 0, 0, YES_OR_NO)
    return SuitabilityCheck(text(data, "code"), text(data, "title"), entry, part(data, "criterion"))


def _calculation(data: Part) -> Calculation:
    return Calculation(
        name=text(data, "formula"),
        version=whole(data, "version"),
        inputs=tuple(_input(each) for each in parts(data, "inputs")),
    )


def _input(data: Part) -> BoundInput:
    is_entered = "constant" not in data
    return BoundInput(
        name=text(data, "input"),
        code=text(data, "code"),
        title=text(data, "title"),
        entry=_number_entry(data) if is_entered else None,
        constant=text(data, "constant"),
    )


def _number_entry(data: Part) -> Entry:
    return Entry(ResultType.NUMBER, text(data, "unit"), whole(data, "exponent"), whole(data, "decimals", "6"), ())
