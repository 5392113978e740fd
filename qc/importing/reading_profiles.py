"""Instrument profiles, from plain data to frozen dataclasses.

`read_profile` takes the text of a profile, holds it against the JSON Schema and makes the checks a schema cannot make.
It raises `FaultyDefinitionError` with every fault it found.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from batches.definitions.parts import (
    FaultyDefinitionError,
    Part,
    held_against,
    number,
    part,
    parts,
    refuse,
    repeated,
    text,
    text_map,
    texts,
    whole,
)
from batches.formulas import FORMULAS
from ledger.safe_yaml import UnsafeYamlError, read
from ledger.tables.layout import Layout
from qc.importing.profiles import (
    Calculated,
    Combine,
    Constant,
    FromColumn,
    Plate,
    Profile,
    Role,
    Target,
    Term,
    WellRole,
    parts_of,
)

PROFILE_SCHEMA = Path(__file__).parent.parent / "definitions" / "schema" / "instrument.json"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
SHAPES = {"24": (4, 6), "96": (8, 12)}


@lru_cache(maxsize=64)
def read_profile(source: bytes) -> Profile:
    """The profile that a text defines, or all that is wrong with it."""
    try:
        data = held_against(PROFILE_SCHEMA, read(source))
    except UnsafeYamlError as error:
        raise FaultyDefinitionError([str(error)]) from None
    refuse(_faults_of_data(data))
    profile = _profile(data)
    refuse(_faults_of(profile))
    return profile


def _faults_of_data(data: Part) -> Iterator[str]:
    """What would hide in the dataclasses: a formula that there is not, a well that is named twice."""
    for value in parts(data, "values"):
        yield from _faults_of_formulas(part(value, "from"))
    if "plate" in data:
        plate = part(data, "plate")
        rows, columns = SHAPES[text(plate, "wells")]
        wells = [well for each in parts(plate, "map") for well in texts(each, "wells")]
        yield from repeated(wells, "Well")
        yield from (
            f"Well {well} is not on a plate of {rows} rows and {columns} columns."
            for well in wells
            if ord(well[0]) - ord("A") >= rows or int(well[1:]) > columns
        )


def _faults_of_formulas(term: Part) -> Iterator[str]:
    if "formula" not in term:
        return
    code, version, inputs = text(term, "formula"), whole(term, "version"), part(term, "inputs")
    formula = FORMULAS.get((code, version))
    if formula is None:
        yield f"There is no formula {code} version {version}."
    elif set(formula.input_names) != set(inputs):
        yield f"{code} version {version} needs {', '.join(formula.input_names)}, not {', '.join(inputs)}."
    for name in inputs:
        yield from _faults_of_formulas(part(inputs, name))


def _profile(data: Part) -> Profile:
    layout = part(data, "format")
    return Profile(
        code=text(data, "code"),
        version=whole(data, "version"),
        title=text(data, "title"),
        equipment=text(data, "equipment"),
        note=text(data, "note"),
        layout=Layout(
            DELIMITERS[text(layout, "delimiter")],
            text(layout, "decimal_mark") == "comma",
            whole(layout, "header_within"),
        ),
        sample=text(data, "sample"),
        controls=texts(data, "controls"),
        replicate=text(data, "replicate"),
        time=text(data, "time"),
        targets=tuple(
            Target(
                line=text(each, "line"),
                member=text(each, "member") or text(each, "line"),
                unit=text(each, "unit"),
                exponent=whole(each, "exponent"),
                term=_term(part(each, "from")),
                combine=Combine(text(each, "combine")),
            )
            for each in parts(data, "values")
        ),
        plate=_plate(part(data, "plate")) if "plate" in data else None,
    )


def _term(data: Part) -> Term:
    if "constant" in data:
        return Constant(number(data, "constant"))
    if "column" in data:
        return FromColumn(text(data, "column"), text(data, "unit"), text_map(data, "where"))
    inputs = part(data, "inputs")
    return Calculated(
        FORMULAS[text(data, "formula"), whole(data, "version")],
        {name: _term(part(inputs, name)) for name in inputs},
        text_map(data, "where"),
    )


def _plate(data: Part) -> Plate:
    rows, columns = SHAPES[text(data, "wells")]
    return Plate(
        rows=rows,
        columns=columns,
        column=text(data, "column"),
        wells={
            well: WellRole(Role(text(each, "role")), text(each, "title"))
            for each in parts(data, "map")
            for well in texts(each, "wells")
        },
    )


def _faults_of(profile: Profile) -> Iterator[str]:
    yield from repeated([f"{one.line} › {one.member}" for one in profile.targets], "The value of")
    yield from repeated(profile.controls, "The control")
    if profile.layout.delimiter == "," and profile.layout.decimal_comma:
        yield "A comma cannot part columns and decimals."
    heads: dict[str, str] = {}
    for target in profile.targets:
        terms = list(parts_of(target.term))
        if all(isinstance(term, Constant) for term in terms):
            yield f"The value of {target.line} takes nothing from the file."
        for term in terms:
            if isinstance(term, FromColumn) and heads.setdefault(term.column, term.unit) != term.unit:
                yield f"The column {term.column} has two units."
        yield from _faults_of_units(target.term)
        stated = f"10^{target.exponent} {target.unit}" if target.exponent else target.unit
        if isinstance(target.term, FromColumn) and target.term.unit != stated:
            yield f"The column {target.term.column} must state {stated}, the unit of {target.line}."
        if isinstance(target.term, Calculated) and stated != target.term.formula.unit:
            yield f"{target.term.formula.code} gives {target.term.formula.unit}, not {stated}."
    others = {profile.sample, profile.replicate, profile.time, *profile.told_apart_by}
    yield from (f"The column {name} cannot be a number and a name." for name in heads if name in others)
    if profile.told_apart_by and not profile.replicate:
        yield "Rows are told apart by a column, but no column names their replicate."
    if profile.plate is not None:
        yield from _faults_of_plate(profile, profile.plate)


def _faults_of_units(term: Term) -> Iterator[str]:
    """Say where a formula would get something in another unit than it takes; a count may state none."""
    if not isinstance(term, Calculated):
        return
    for wanted in term.formula.inputs:
        given = term.inputs[wanted.name]
        unit = given.formula.unit if isinstance(given, Calculated) else getattr(given, "unit", "")
        if unit and unit != wanted.unit:
            yield f"{term.formula.code} takes {wanted.name} in {wanted.unit}, not in {unit}."
        yield from _faults_of_units(given)


def _faults_of_plate(profile: Profile, plate: Plate) -> Iterator[str]:
    roles = [each.role for each in plate.wells.values()]
    if Role.SAMPLE not in roles:
        yield "The plate has no well for a sample."
    named = {each.title for each in plate.wells.values() if each.role is not Role.SAMPLE}
    for title in sorted(named - {*profile.controls}):
        yield f"{title} stands on the plate, but not among the controls."
    if profile.replicate != plate.column:
        yield "On a plate each well is a replicate: name the same column for both."
