"""Which methods a batch is tested by: those that its pinned specification names and that were in force at its issue.

A batch is judged by what was in force when it was issued, so a method that is approved later changes nothing for it.
Where none was in force, or it gives something else than the line asks for, the line takes its value as typed. So does a
run whose values a contract laboratory's certificate states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.wording import local
from batches.definitions.kinds import ReadDefinition
from batches.models import Batch, Definition
from batches.pinned import reading_of
from qc.definitions.method import MethodDefinition
from qc.definitions.specification import Entry, Line, MethodReference, SpecificationDefinition
from qc.models import ContractCertificate


@dataclass(frozen=True, slots=True)
class MethodInForce:
    """A version of a method with the row in which it was approved."""

    row: Definition
    says: MethodDefinition = field(compare=False)


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods of a batch, by code and version, and the runs that a contract laboratory tested by its own."""

    found: Mapping[tuple[str, int], MethodInForce] = field(default_factory=dict)
    elsewhere: frozenset[tuple[str, int]] = frozenset()

    def may_be_elsewhere(self, line: Line) -> bool:
        """Whether any run of a line was tested elsewhere."""
        return any(code == line.code for code, _run in self.elsewhere)

    def of_line(self, line: Line, run: int) -> dict[str, MethodInForce]:
        """Give the method of each member of a line, by the member's code; a line without members is its own.

        A run that was tested elsewhere has none: its bench and its complete data are the other laboratory's.
        """
        if (line.code, run) in self.elsewhere:
            return {}
        parts = [(one.code, one.method, one.entry) for one in line.members] or [(line.code, line.method, line.entry)]
        in_force = {code: self._serving(method, entry, line) for code, method, entry in parts}
        return {code: method for code, method in in_force.items() if method is not None}

    def _serving(self, named: MethodReference, entry: Entry, line: Line) -> MethodInForce | None:
        method = self.found.get((named.code, named.version))
        return method if method is not None and serves(method.says, entry, line) else None


def serves(method: MethodDefinition, entry: Entry, line: Line) -> bool:
    """Whether a line, or a member of it, can be tested by a method: it gives what is asked for, and can be entered."""
    is_calculated_member = bool(line.members) and method.calculation is not None
    return method.serves(entry) and not is_calculated_member


def methods_of(batch: Batch, specification: SpecificationDefinition) -> Methods:
    """Give the methods that its pinned specification names and that were in force when the batch was issued."""
    named = {one.code for line in specification.lines for _title, one, _entry in _named_by(line)}
    rows = Definition.objects.filter(
        kind=Definition.Kind.METHOD,
        code__in=named,
        approval__recorded_at__lte=batch.recorded_at,
        approval__effective_from__lte=local(batch.recorded_at).date(),
    )
    found = {(row.code, row.version): MethodInForce(row, as_method(reading_of(row))) for row in rows}
    if not found:
        return Methods()
    tested_elsewhere = ContractCertificate.objects.filter(batch=batch).values_list("line", "run")
    return Methods(found, frozenset(tested_elsewhere))


def as_method(definition: ReadDefinition) -> MethodDefinition:
    """Give a definition that is known to be a method as one."""
    if not isinstance(definition, MethodDefinition):
        raise TypeError(f"{definition.code} is no method")
    return definition


def warnings_of_methods(specification: SpecificationDefinition) -> list[str]:
    """Say of each method that a specification names where it is not approved here, or gives something else."""
    rows = Definition.objects.filter(kind=Definition.Kind.METHOD, approval__isnull=False)
    approved = {(row.code, row.version): as_method(reading_of(row)) for row in rows}
    found: dict[str, None] = {}
    for line in specification.lines:
        for title, named, entry in _named_by(line):
            method = approved.get((named.code, named.version))
            if method is None:
                found[f"{named.code} version {named.version} is not approved here; its lines take values as typed."] = (
                    None
                )
            elif not serves(method, entry, line):
                gives = f"{method.result_type} {method.unit}".strip()
                found[f"Line {title}: {method.words} gives {gives}, so the line takes its value as typed."] = None
    return list(found)


def _named_by(line: Line) -> list[tuple[str, MethodReference, Entry]]:
    if line.why_not_applicable:
        return []
    return [(one.title, one.method, one.entry) for one in line.members] or [(line.title, line.method, line.entry)]
