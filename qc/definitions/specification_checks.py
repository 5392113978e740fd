"""What a schema cannot see in a specification.

(1) every characteristic its product needs has a line or a written waiver; a product without a viral vector is never
    tested for replication-competent virus;
(2) every criterion can be judged under the rounding rule, and fits what the laboratory enters;
(3) lines stand at a sampling point, counts name their basis, groups have members of their own;
(4) only a line that never decides is for information; one that is only reported may still be needed before;
(5) what is said of a line that follows fits it: its gates are needed before and stand at other sampling points, and its
    latest day is not before the last day of its growth test;
(6) the specification states every attribute on which a line depends.
"""

from collections.abc import Iterator, Mapping

from batches.definitions.parts import Part, repeated, text, texts
from qc.definitions.growth import faults_of_growth_plan
from qc.definitions.specification import Entry, Line, Release, ResultType, SpecificationDefinition
from qc.definitions.unfilled import as_if_set
from qc.values.criteria import DefinitionError, criterion_from_definition
from qc.values.rounding import Rounding

NEEDED = {
    "sterility": "sterility",
    "endotoxin": "endotoxin",
    "mycoplasma": "mycoplasma",
    "identity": "identity",
    "viability": "viability",
    "dose": "dose or cell number",
    "purity": "purity",
    "process_impurities": "what the process brings in (beads, feeders, cytokines, reagents)",
    "potency": "potency",
    "appearance": "appearance",
    "container": "the container",
}
NEEDED_IF_MODIFIED = {"transgene_expression": "transgene expression", "copy_number": "copy number"}
NEEDED_IF_VIRAL = {"replication_competent_virus": "replication-competent virus"}

NUMERIC_KINDS = ("at_least", "more_than", "at_most", "less_than", "within", "around")
FITTING_KINDS: Mapping[ResultType, tuple[str, ...]] = {
    ResultType.NUMBER: (*NUMERIC_KINDS, "report_only"),
    ResultType.COUNT: (*NUMERIC_KINDS, "report_only"),
    ResultType.CATEGORY: ("one_of", "report_only"),
    ResultType.DETECTION: ("not_detected", "report_only"),
    ResultType.GROWTH: ("no_growth",),
    ResultType.GROUP: ("any_of", "all_of"),
}


def faults_of_specification(specification: SpecificationDefinition) -> list[str]:
    """Every fault of the definition, one sentence each; empty where it can be used."""
    members = [member.code for line in specification.lines for member in line.members]
    return [
        *repeated([*(line.code for line in specification.lines), *members], "Line"),
        *repeated((point.code for point in specification.sample_points), "Sampling point"),
        *repeated((waiver.covers for waiver in specification.waivers), "The waiver for"),
        *_faults_of_cover(specification),
        *(fault for line in specification.lines for fault in _faults_of_line(specification, line)),
        *(fault for line in specification.lines for fault in _faults_of_following(specification, line)),
        *_faults_of_two_step(specification),
    ]


def _faults_of_cover(specification: SpecificationDefinition) -> Iterator[str]:
    needed = dict(NEEDED)
    if specification.attributes["genetically_modified"] == "yes":
        needed |= NEEDED_IF_MODIFIED
    if specification.attributes["gene_transfer"].endswith("viral_vector"):
        needed |= NEEDED_IF_VIRAL
    covered = {each for line in specification.lines if _decides(line) for each in line.covers}
    waived = {waiver.covers for waiver in specification.waivers}
    for characteristic, words in needed.items():
        if characteristic not in covered | waived:
            yield f"Nothing covers {words}: add a line that decides, or a waiver with its reference."
    if not specification.attributes["gene_transfer"].endswith("viral_vector"):
        for line in specification.lines:
            if "replication_competent_virus" in line.covers and not line.why_not_applicable:
                yield f"Line {line.code}: no viral vector is used, so there is nothing to test; say not_applicable."
    for both in sorted(covered & waived):
        yield f"{both} has a line and a waiver; keep one of them."


def _faults_of_following(specification: SpecificationDefinition, line: Line) -> Iterator[str]:
    where = f"Line {line.code}"
    if line.follows is None:
        return
    if line.release is not Release.MAY_FOLLOW:
        yield f"{where}: only a line that may follow says how it follows."
    if line.criterion["kind"] == "no_growth" and line.follows.latest_days < int(str(line.criterion["days"])):
        yield f"{where}: its latest day is before the last day of its growth test."
    yield from (f"{where}: {fault}" for fault in repeated(line.follows.gates, "the gate"))
    for code in line.follows.gates:
        gate = specification.line(code)
        if gate is None or gate.release is not Release.BEFORE:
            yield f"{where}: its gate {code} is no line of this specification that is needed before certification."
        elif gate.sample_point == line.sample_point:
            yield f"{where}: its gate {code} stands at the same sampling point."


def _faults_of_two_step(specification: SpecificationDefinition) -> Iterator[str]:
    follow = any(line.release is Release.MAY_FOLLOW for line in specification.lines)
    if specification.two_step is not None and not follow:
        yield "Two-step certification is described, but no line may follow."


def _decides(line: Line) -> bool:
    return line.criterion["kind"] not in ("report_only", "not_applicable")


def _faults_of_line(specification: SpecificationDefinition, line: Line) -> Iterator[str]:
    where = f"Line {line.code}"
    if specification.sample_point(line.sample_point) is None:
        yield f"{where}: {line.sample_point} is not a sampling point of this specification."
    if (line.entry.result_type is ResultType.COUNT) != bool(line.basis):
        yield f"{where}: a count, and nothing else, names its basis."
    if not _fits_release(line):
        yield (
            f"{where}: a line is for information exactly where its criterion never decides; "
            "one that is only reported may also be needed before."
        )
    for name in line.when:
        if name not in specification.attributes:
            yield f"{where}: it depends on {name}, which the attributes of this specification do not state."
    try:
        criterion_from_definition(as_if_set(line.criterion), Rounding[specification.rounding])
    except DefinitionError as error:
        yield f"{where}: {error}"
        return
    yield from _faults_of_entry(where, line.entry, line.criterion)
    yield from _faults_of_growth(where, line)
    for member in line.members:
        yield from _faults_of_entry(f"{where}, {member.code}", member.entry, member.criterion)


def _fits_release(line: Line) -> bool:
    """A line that is only reported may be for information, or needed before certification whatever it says."""
    if line.criterion["kind"] == "report_only" and line.release is Release.BEFORE:
        return True
    return (line.release is Release.INFORMATION) != _decides(line)


def _faults_of_growth(where: str, line: Line) -> Iterator[str]:
    if line.growth is None:
        return
    if line.growth_days:
        yield from faults_of_growth_plan(where, line.growth, line.growth_days)
    else:
        yield f"{where}: only a line judged by no_growth has bottles."


def _faults_of_entry(where: str, entry: Entry, criterion: Part) -> Iterator[str]:
    kind = text(criterion, "kind")
    if kind == "not_applicable":
        return
    if kind not in FITTING_KINDS[entry.result_type]:
        yield f"{where}: a {entry.result_type} cannot be judged by {kind}."
        return
    if entry.result_type in (ResultType.NUMBER, ResultType.COUNT):
        yield from _faults_of_unit(where, entry, criterion)
    elif entry.unit or entry.exponent or entry.decimals:
        yield f"{where}: only a number or a count has a unit, an exponent or decimals."
    yield from _faults_of_choices(where, entry, criterion)


def _faults_of_unit(where: str, entry: Entry, criterion: Part) -> Iterator[str]:
    judged_in = text(criterion, "unit").removesuffix("/kg" if "per" in criterion else "")
    if not entry.unit:
        yield f"{where}: a number or a count has a unit."
    elif "unit" in criterion and entry.unit != judged_in:
        yield f"{where}: it is entered in {entry.unit}, but judged in {judged_in}."


def _faults_of_choices(where: str, entry: Entry, criterion: Part) -> Iterator[str]:
    if (entry.result_type is ResultType.CATEGORY) != bool(entry.choices):
        yield f"{where}: a category, and nothing else, offers choices."
        return
    yield from (f"{where}: {fault}" for fault in repeated(entry.choices, "the choice"))
    accepted = texts(criterion, "accepted")
    for word in accepted:
        if word not in entry.choices:
            yield f"{where}: {word} is accepted but not offered."
    if accepted and set(entry.choices) <= set(accepted):
        yield f"{where}: every word offered is accepted, so the test could never fail."
