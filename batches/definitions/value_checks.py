"""Whether the values of a master record make sense: fields, hold times, yields.

(1) a field has the unit, decimals, limits and choices that fit its type; what is only reported is never judged;
(2) a hold time runs from one time field to a later one and warns before it is exceeded;
(3) a yield compares two numbers of one unit that are known with its step.
"""

from collections.abc import Iterator

from batches.definitions.master import Field, FieldType, HoldTime, Limits, MasterDefinition, Step, Yield


def faults_of_values(master: MasterDefinition) -> Iterator[str]:
    """Every fault of the fields, one sentence each."""
    return (fault for step, field in master.fields() for fault in _faults_of_field(step, field))


def _faults_of_field(step: Step, field: Field) -> Iterator[str]:
    where = f"Step {step.code}, {field.code}"
    if field.is_numeric:
        yield from _faults_of_number(where, field)
    elif field.unit or field.exponent or field.decimals or field.limits or field.plausible or field.to_be_set:
        yield f"{where}: only a number or a count has a unit, an exponent, decimals or limits."
    if field.report_only and (field.limits or field.to_be_set or field.expected):
        yield f"{where}: what is only reported is never judged, so it has no limits and nothing is expected."
    if (field.type is FieldType.CHOICE) and len(field.choices) < 2:
        yield f"{where}: a choice offers at least two words."
    if field.choices and field.type not in (FieldType.CHOICE, FieldType.YES_NO):
        yield f"{where}: only a choice has choices."
    codes = [each.code for each in field.choices]
    for code in dict.fromkeys(each for each in codes if codes.count(each) > 1):
        yield f"{where}: the choice {code} is there twice."
    for code in field.expected:
        if code not in codes:
            yield f"{where}: {code} is expected but not offered."


def _faults_of_number(where: str, field: Field) -> Iterator[str]:
    if not field.unit:
        yield f"{where}: a number or a count has a unit."
    for name, limits in (("limit", field.limits), ("plausible range", field.plausible)):
        if limits and limits.are_empty:
            yield f"{where}: {name}: low {limits.low} must be below high {limits.high}."
        yield from _faults_of_ends(where, field, name, limits)


def _faults_of_ends(where: str, field: Field, name: str, limits: Limits | None) -> Iterator[str]:
    for end in (limits.low, limits.high) if limits else ():
        if end is None:
            continue
        if -int(end.as_tuple().exponent) > field.decimals:
            yield f"{where}: {name} {end} has more decimals than the field takes ({field.decimals})."
        if field.type is FieldType.COUNT and end < 0:
            yield f"{where}: a count is never below zero, so {name} {end} says nothing."


# Hold times


def faults_of_hold_times(master: MasterDefinition) -> Iterator[str]:
    """Every fault of the hold times, one sentence each."""
    times = [field.code for _step, field in master.fields() if field.type is FieldType.TIME]
    return (fault for each in master.hold_times for fault in _faults_of_hold_time(each, times))


def _faults_of_hold_time(each: HoldTime, times: list[str]) -> Iterator[str]:
    where = f"Hold time {each.code}"
    strangers = [code for code in (each.start, each.end) if code not in times]
    for code in strangers:
        yield f"{where}: {code} is no time field of the record."
    if not strangers and times.index(each.start) >= times.index(each.end):
        yield f"{where}: {each.start} must stand earlier in the record than {each.end}."
    if each.warn_minutes > each.limit_minutes:
        yield f"{where}: it warns after {each.warn_minutes} minutes, later than its limit of {each.limit_minutes}."


# Yields


def faults_of_yields(master: MasterDefinition) -> Iterator[str]:
    """Every fault of the yields, one sentence each."""
    units: dict[str, str] = {}
    known_at: dict[str, int] = {}
    for position, step in enumerate(master.steps):
        numbers = [(each.code, each.unit) for each in step.fields if each.is_numeric]
        for code, unit in (*numbers, *((each.code, each.unit) for each in step.derived)):
            units[code], known_at[code] = unit, position
    steps = [step.code for step in master.steps]
    return (fault for each in master.yields for fault in _faults_of_yield(each, steps, units, known_at))


def _faults_of_yield(each: Yield, steps: list[str], units: dict[str, str], known_at: dict[str, int]) -> Iterator[str]:
    where = f"Yield {each.code}"
    if each.step not in steps:
        yield f"{where}: the record has no step {each.step}."
    strangers = [code for code in (each.actual, each.theoretical) if code not in units]
    for code in strangers:
        yield f"{where}: {code} is no number of the record."
    for code in (each.actual, each.theoretical):
        if each.step in steps and code in known_at and known_at[code] > steps.index(each.step):
            yield f"{where}: {code} is not known yet with step {each.step}; step {steps[known_at[code]]} records it."
    if not strangers and units[each.actual] != units[each.theoretical]:
        yield f"{where}: {each.actual} is in {units[each.actual]}, {each.theoretical} in {units[each.theoretical]}."
    if each.limits and each.limits.are_empty:
        yield f"{where}: low {each.limits.low} must be below high {each.limits.high}."
