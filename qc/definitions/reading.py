"""Specifications, from plain data to frozen dataclasses.

`read_specification` takes data as `ledger.safe_yaml.read` gives it, holds it against the JSON Schema,
builds the dataclasses and makes the checks a schema cannot make. It raises `FaultyDefinitionError` with
every fault it found.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from batches.definitions.applying import holds
from batches.definitions.master import When
from batches.definitions.parts import (
    FaultyDefinitionError,
    Part,
    held_against,
    is_yes,
    part,
    parts,
    refuse,
    text,
    text_map,
    texts,
    whole,
)
from batches.definitions.reading import when_of
from qc.definitions.growth import growth_plan
from qc.definitions.specification import (
    Entry,
    Follows,
    Line,
    Member,
    MethodReference,
    Release,
    ResultType,
    SampleNeed,
    SamplePoint,
    SpecificationDefinition,
    TwoStep,
    Waiver,
)
from qc.definitions.specification_checks import faults_of_specification

__all__ = ["SPECIFICATION_SCHEMA", "FaultyDefinitionError", "SpecificationDefinition", "read_specification"]

SPECIFICATION_SCHEMA = Path(__file__).parent / "schema" / "specification.json"


def read_specification(data: object) -> SpecificationDefinition:
    """The specification the data define, or all that is wrong with them."""
    specification = _specification(held_against(SPECIFICATION_SCHEMA, data))
    refuse(faults_of_specification(specification))
    return specification


def _specification(data: Part) -> SpecificationDefinition:
    attributes = text_map(data, "attributes")
    return SpecificationDefinition(
        code=text(data, "code"),
        version=whole(data, "version"),
        title=text(data, "title"),
        product=text(data, "product"),
        attributes=attributes,
        rounding=text(data, "rounding"),
        sample_points=tuple(
            SamplePoint(text(each, "code"), text(each, "title"), text(each, "short_title"))
            for each in parts(data, "sample_points")
        ),
        lines=tuple(_as_applied(_line(each), attributes) for each in parts(data, "lines")),
        waivers=tuple(
            Waiver(text(each, "covers"), text(each, "reason"), text(each, "reference"))
            for each in parts(data, "waivers")
        ),
        reference=text(data, "reference"),
        two_step=_two_step(part(data, "two_step")) if "two_step" in data else None,
    )


def _two_step(data: Part) -> TwoStep:
    return TwoStep(text(data, "authorisation"), is_yes(data, "physician_acceptance"))


def _line(data: Part) -> Line:
    criterion = part(data, "criterion")
    return Line(
        code=text(data, "code"),
        title=text(data, "title"),
        covers=texts(data, "covers"),
        method=_method(part(data, "method")),
        sample_point=text(data, "sample_point"),
        entry=_entry(data),
        criterion=criterion,
        members=tuple(_member(each) for each in parts(criterion, "members")),
        release=Release(text(data, "release")),
        basis=text(data, "basis"),
        reference=text(data, "reference"),
        note=text(data, "note"),
        growth=growth_plan(data),
        follows=_follows(part(data, "follows")) if "follows" in data else None,
        needs=_need(part(data, "sample")) if "sample" in data else None,
        when=when_of(data),
    )


def _need(data: Part) -> SampleNeed:
    volume = text(data, "volume_ml")
    return SampleNeed(Decimal(volume) if volume else None, whole(data, "containers"), text(data, "container"))


def _as_applied(line: Line, attributes: Mapping[str, str]) -> Line:
    """Give a line as it holds for these attributes; elsewhere it stays, and says why it does not apply."""
    if holds(line.when, attributes):
        return line
    criterion = {"kind": "not_applicable", "reason": _only_where(line.when)}
    return replace(line, criterion=criterion, members=(), release=Release.INFORMATION, growth=None, follows=None)


def _only_where(when: When) -> str:
    asked = "; ".join(f"{name.replace('_', ' ')} is {' or '.join(values)}" for name, values in when.items())
    return f"Asked for only where {asked}.".replace("_", " ")


def _follows(data: Part) -> Follows:
    return Follows(whole(data, "latest_days"), texts(data, "gates"))


def _member(data: Part) -> Member:
    return Member(
        code=text(data, "code"),
        title=text(data, "title"),
        method=_method(part(data, "method")),
        entry=_entry(data),
        criterion=part(data, "criterion"),
    )


def _method(data: Part) -> MethodReference:
    return MethodReference(text(data, "code"), whole(data, "version"), text(data, "words"))


def _entry(data: Part) -> Entry:
    return Entry(
        result_type=ResultType(text(data, "result_type")),
        unit=text(data, "unit"),
        exponent=whole(data, "exponent"),
        decimals=whole(data, "decimals"),
        choices=texts(data, "choices"),
    )
