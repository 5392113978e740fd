"""What a method in force makes of an instrument's values: what it calculates, the mean, and which replicates are read.

(1) Where a method reads a value several times, each replicate of the file is a reading of its own, in the file's order,
    behind those that are recorded.
(2) A replicate is taken where the bench would take it typed: no more than the method allows, further ones only where
    those before lie too far apart. Fewer than it wants are no problem of the file; the others may be typed.
(3) Where a method calculates, a file gives what is entered for it, never what it calculates. Inputs are not combined
    before they are calculated with; what the file does not give is typed.
(4) What had to be rounded to fit must leave the value and the spread judged as they are without rounding. Where that
    cannot be seen yet, because other inputs of the replicate are missing, nothing is rounded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from batches.calculating import NotCalculable
from qc.definitions.method import MethodDefinition
from qc.definitions.specification import Entry, Line
from qc.importing.fitting import in_full, said_of
from qc.importing.profiles import Profile, Target
from qc.importing.values import Found
from qc.laboratory.judging import InForce, entries_of, titles_of
from qc.laboratory.replicates import objections_to_number
from qc.methods.working import Working, worked_out
from qc.values.criteria import Criterion
from qc.values.quantities import Quantity

ReadAs = Sequence[tuple[Found, Quantity]]  # what is found of each value, and what its reading says
Replicates = Mapping[int, Mapping[str, Quantity]]  # what is entered for each replicate, by its code


@dataclass(frozen=True, slots=True)
class Apart:
    """A method under which no replicate of a file is combined, and what is entered for each of them."""

    code: str  # of the value that it gives
    says: MethodDefinition
    entries: Mapping[str, Entry]  # by the code under which each value is entered

    def worked_out(self, entered: Replicates) -> Working:
        """Work the value out as the page of the test does."""
        return worked_out(self.says, self.code, entered)


def read_apart(line: Line, methods: InForce) -> list[Apart]:
    """Give the methods of a line that combine replicates themselves, or calculate."""
    found: list[Apart] = []
    for code, method in methods.items():
        calculation = method.says.calculation
        if calculation is not None:
            found.append(Apart(code, method.says, calculation.entries))
        elif method.says.replicates.allowed > 1:
            found.append(Apart(code, method.says, {code: entries_of(line, methods)[code]}))
    return found


def is_calculated(line: Line, methods: InForce) -> bool:
    """Whether the method of a line calculates its value from others, which are what is entered."""
    method = methods.get(line.code)
    return not line.members and method is not None and method.says.calculation is not None


def targets_under(profile: Profile, line: Line, methods: InForce) -> tuple[Target, ...]:
    """Give what the files of a profile say of a line as it is entered: its value, or the inputs of its method."""
    targets = profile.targets_of(line.code)
    if line.members:
        return targets
    entered = entries_of(line, methods)
    if not any(one.member in entered for one in targets):
        return ()
    # Beside an input that the method has, one that it does not have is a profile of another method: that is told.
    others = is_calculated(line, methods)
    return tuple(one for one in targets if one.member in entered or (others and one.member != line.code))


def why_nothing(profile: Profile, line: Line, methods: InForce) -> str:
    """Say why the files of a profile give no value that is entered for a line; empty where they give one."""
    if targets_under(profile, line, methods):
        return ""
    words = {"profile": profile.title, "line": line.title}
    if not is_calculated(line, methods):
        return _("%(profile)s gives no value of %(line)s. Choose another profile.") % words
    says = _(
        "%(method)s calculates %(line)s from other values: %(values)s. %(profile)s gives none of them. "
        "Choose another profile, or enter them on the page of the test."
    )
    values = ", ".join(titles_of(line, methods).values())
    return says % (words | {"method": methods[line.code].says.words, "values": values})


def problems_of_replicates(
    apart: Apart,
    read: ReadAs,
    criterion: Criterion,
    there: Replicates,
    *,
    unrounded: Replicates,
    weight_kg: Decimal | None = None,
) -> Iterator[tuple[Found, str]]:
    """Say of each value why its method does not take it beside those that are there.

    `read` is in the order in which it would be recorded; `unrounded` is what is there, as far as it is known with all
    its digits. A criterion per kilogram judges nothing without the weight.
    """
    typed, exact = _copied(there), _copied(unrounded)
    for found, quantity in read:
        number, member = found.replicate or 1, found.target.member
        further = number in typed or apart.worked_out(typed).is_beyond
        yield from ((found, str(one.says)) for one in objections_to_number(number, apart.says, further=further))
        typed.setdefault(number, {})[member] = quantity
        exact.setdefault(number, {})[member] = in_full(found.quantity, apart.entries[member])
    yield from _problems_of_rounding(apart, read, criterion, typed, exact, weight_kg)


def _problems_of_rounding(
    apart: Apart,
    read: ReadAs,
    criterion: Criterion,
    typed: Replicates,
    exact: Replicates,
    weight_kg: Decimal | None,
) -> Iterator[tuple[Found, str]]:
    working = apart.worked_out(typed)
    complete = {one.number for one in working.replicates}
    for found, quantity in read:
        member, number = found.target.member, found.replicate or 1
        if number not in complete and quantity != exact[number][member]:
            says = _(
                "%(method)s takes %(decimals)s decimals of it, and other values of this replicate are missing, so "
                "nobody can see yet what rounding does to the verdict. Enter the others first."
            )
            yield found, says % {"method": apart.says.words, "decimals": apart.entries[member].decimals}
    if read and _says(working, criterion, weight_kg) != _says(apart.worked_out(exact), criterion, weight_kg):
        found = read[0][0]
        if apart.says.calculation is not None:
            yield found, _("Rounded, these values would not be judged as they are without rounding. Ask your lead.")
            return
        says = _(
            "With %(decimals)s decimals the replicates would not be judged as they are without rounding. Ask your lead."
        )
        yield found, says % {"decimals": apart.entries[found.target.member].decimals}


def _copied(entered: Replicates) -> dict[int, dict[str, Quantity]]:
    return {number: dict(values) for number, values in entered.items()}


def _says(working: Working, criterion: Criterion, weight_kg: Decimal | None) -> tuple[object, ...]:
    mean = working.mean
    said = None if isinstance(mean, NotCalculable) else said_of(criterion, mean, weight_kg=weight_kg)
    return working.is_beyond, said


def words_of_method(apart: Apart, line: Line, methods: InForce, numbers: Iterable[int]) -> list[str]:
    """Say what becomes of the replicates of a file, which have these numbers, under their method."""
    method, given = apart.says, sorted(set(numbers))
    found = [_words_of_replicates(method, len(given), first=given[0])] if method.replicates.allowed > 1 else []
    if method.calculation is not None:
        says = _("%(method)s calculates %(title)s from: %(values)s, by %(formula)s version %(version)s (%(words)s).")
        stated = {
            "method": method.words,
            "title": line.title,
            "values": ", ".join(titles_of(line, methods).values()),
            "formula": method.calculation.name,
            "version": method.calculation.version,
            "words": method.calculation.formula.title,
        }
        found.append(says % stated)
    return found


def _words_of_replicates(method: MethodDefinition, count: int, *, first: int) -> str:
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
    if method.calculation is not None:
        return _("Each replicate is calculated by itself; %(method)s takes their mean.") % stated
    return _("Each replicate is a reading of its own; %(method)s takes their mean.") % stated
