"""What a method in force makes of an instrument's values: the mean, and whether a replicate may be read, are its own.

(1) Where a method reads a value several times, each replicate of the file is a reading of its own, in the file's order,
    behind those that are recorded.
(2) A replicate is taken where the bench would take it typed: no more than the method allows, further ones only where
    those before lie too far apart. Fewer than it wants are no problem of the file; the others may be typed.
(3) What had to be rounded to fit the line must leave the mean and the spread judged as they are without rounding.
(4) Where a method calculates from values that are typed, a file cannot give them.
"""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from batches.calculating import NotCalculable
from qc.definitions.method import MethodDefinition
from qc.definitions.specification import Entry, Line
from qc.importing.fitting import in_full, said_of
from qc.importing.values import Found
from qc.laboratory.judging import InForce, titles_of
from qc.laboratory.replicates import objections_to_number
from qc.methods.working import Working, worked_out
from qc.values.criteria import Criterion
from qc.values.quantities import Quantity

ReadAs = Sequence[tuple[Found, Quantity]]  # each replicate, and what its reading says


def read_apart(methods: InForce) -> dict[str, MethodDefinition]:
    """Give the methods that combine replicates themselves, by the member of a line."""
    found = {member: method.says for member, method in methods.items()}
    return {code: says for code, says in found.items() if says.calculation is None and says.replicates.allowed > 1}


def why_only_typed(line: Line, methods: InForce) -> str:
    """Say why no file and no plate gives a value of a line; empty where one may."""
    method = methods.get(line.code)
    if line.members or method is None or method.says.calculation is None:
        return ""
    says = _(
        "%(method)s calculates %(title)s from values that are typed: %(values)s. Enter them on the page of the test."
    )
    values = ", ".join(titles_of(line, methods).values())
    return says % {"method": method.says.words, "title": line.title, "values": values}


def problems_of_replicates(
    method: MethodDefinition, read: ReadAs, entry: Entry, criterion: Criterion, there: Mapping[int, Quantity]
) -> Iterator[tuple[Found, str]]:
    """Say of each replicate why its method does not take it behind those that are there."""
    typed = dict(there)
    for found, quantity in read:
        number = found.replicate or 1
        further = _worked_out(method, typed).is_beyond
        yield from ((found, str(one.says)) for one in objections_to_number(number, method, further=further))
        typed[number] = quantity
    exact = {**there, **{found.replicate or 1: in_full(found.quantity, entry) for found, _quantity in read}}
    if read and _says(_worked_out(method, typed), criterion) != _says(_worked_out(method, exact), criterion):
        says = _(
            "With %(decimals)s decimals the replicates would not be judged as they are without rounding. Ask your lead."
        )
        yield read[0][0], says % {"decimals": entry.decimals}


def _worked_out(method: MethodDefinition, values: Mapping[int, Quantity]) -> Working:
    return worked_out(method, method.code, {number: {method.code: each} for number, each in values.items()})


def _says(working: Working, criterion: Criterion) -> tuple[object, ...]:
    mean = working.mean
    return working.is_beyond, None if isinstance(mean, NotCalculable) else said_of(criterion, mean)


def words_of_replicates(method: MethodDefinition, count: int, *, first: int) -> str:
    """Say what becomes of the replicates of a file under a method, the first of which has this number."""
    stated = {"method": method.words, "wanted": method.replicates.wanted, "number": count}
    if first > 1:
        says = _("It goes on at replicate %(first)s; those before are recorded. %(method)s takes the mean of all.")
        return says % (stated | {"first": first})
    if count < method.replicates.wanted:
        says = _(
            "%(method)s asks for %(wanted)s replicates and takes their mean; the file has %(number)s. "
            "Enter the others on the page of the test."
        )
        return says % stated
    return _("Each replicate is a reading of its own; %(method)s takes their mean.") % stated
