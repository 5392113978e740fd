"""What may be wrong with a specification although it can be used: a limit with its sign the wrong way round.

(1) against the version before: a least became a most or the reverse, a limit was dropped or loosened more than tenfold;
(2) against what the line answers for: viability, identity, purity, dose want a least; endotoxin, residues and copy
    number want a most. A line that names an impurity by its code wants a most, whatever it answers for.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from batches.definitions.master import Limits, Rounding
from batches.definitions.warning import Limited, wanted_direction, warnings_of_change, warnings_of_direction
from qc.definitions.specification import SpecificationDefinition
from qc.definitions.unfilled import TO_BE_SET

WANTS_LEAST = frozenset({"viability", "identity", "purity", "dose", "transgene_expression"})
WANTS_MOST = frozenset({"endotoxin", "process_impurities", "copy_number", "replication_competent_virus"})
LEAST = frozenset({"at_least", "more_than"})
MOST = frozenset({"at_most", "less_than"})


def warnings_of_specification(
    specification: SpecificationDefinition, before: SpecificationDefinition | None
) -> list[str]:
    """Give what may be wrong with the limits of a specification, one sentence each."""
    earlier = {each.code: each for each, _covers in _limited(before)} if before else {}
    found: dict[str, None] = {}
    for each, covers in _limited(specification):
        if each.code in earlier:
            found |= dict.fromkeys(warnings_of_change(each, earlier[each.code]))
        found |= dict.fromkeys(warnings_of_direction(each.where, each.limits, _wanted(each, covers)))
    return list(found)


def _wanted(each: Limited, covers: frozenset[str]) -> str:
    """Tell what a line wants, by its code or by what it answers for; nothing where that pulls both ways."""
    if wanted := wanted_direction(each):
        return wanted
    least, most = bool(covers & WANTS_LEAST), bool(covers & WANTS_MOST)
    return "" if least == most else "least" if least else "most"


def _limited(specification: SpecificationDefinition) -> Iterator[tuple[Limited, frozenset[str]]]:
    for line in specification.lines:
        covers = frozenset(line.covers)
        yield _of(f"Line {line.title}", line.code, line.criterion), covers
        for member in line.members:
            yield _of(f"Line {line.title}, {member.title}", f"{line.code}.{member.code}", member.criterion), covers


def _of(where: str, code: str, criterion: Mapping[str, object]) -> Limited:
    kind = str(criterion.get("kind", ""))
    low = _number(criterion, "limit" if kind in LEAST else "low")
    high = _number(criterion, "limit" if kind in MOST else "high")
    limits = None if low is None and high is None else Limits(low, high, Rounding.NONE)
    exponent = int(str(criterion.get("exponent", "0")))
    return Limited(where, code, "", str(criterion.get("unit", "")), exponent, limits, None)


def _number(criterion: Mapping[str, object], key: str) -> Decimal | None:
    typed = criterion.get(key)
    return None if typed is None or typed == TO_BE_SET else Decimal(str(typed))
