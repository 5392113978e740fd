"""Worked batches: what one conforming batch of a family records, as files in `worked/`. No framework.

Such a file holds the typed values by field code, the typed results by line and member, and the lots it needs. Times
and the codes of containers, equipment and areas are not in it: whoever works through the batch fills them in. Where a
family leaves limits for the site, it also holds what a site might write there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from batches.definitions.parts import as_part, part, parts, text, text_map, texts
from ledger.safe_yaml import read

FOLDER = Path(__file__).parent / "worked"

Limits = Mapping[str, Mapping[str, str]]

_CODE = re.compile(r"^\s*- code: (?P<code>\w+)$")
_TO_BE_SET = re.compile(r"(?P<end>\b(?:low|high|limit)): to be set\b")


@dataclass(frozen=True, slots=True)
class Result:
    """What the laboratory types for a line, or for one member of it."""

    line: str
    member: str
    typed: str


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot that the batch needs; the quantity is empty where the lot is not counted."""

    item: str
    kind: str
    name: str
    quantity: str
    unit: str
    target_antigen: str
    construct: str = ""


@dataclass(frozen=True, slots=True)
class Scans:
    """Which containers go into a slot that takes some of many."""

    step: str
    slot: str
    only: tuple[int, ...]  # counted from 1 in the order of their codes


@dataclass(frozen=True, slots=True)
class WorkedBatch:
    """One conforming batch of a family, begun with fresh material."""

    product: str
    weight_kg: str
    material: str  # apheresis or tumour
    values: Mapping[str, str]
    results: tuple[Result, ...]
    lots: tuple[Lot, ...]
    scans: tuple[Scans, ...]
    set_limits: Mapping[str, Limits]  # master or specification → code → end → number


class LimitsError(ValueError):
    """Limits that a definition leaves open and those that are to be filled in do not match."""


@cache
def worked_batch(family: str) -> WorkedBatch:
    """Read the worked batch of a family, called as its files are: nk, til, cd34, t-cells …"""
    data = as_part(read((FOLDER / f"{family}.yaml").read_bytes()))
    limits = as_part(data.get("set_limits", {}))
    return WorkedBatch(
        product=text(data, "product"),
        weight_kg=text(data, "weight_kg", "70"),
        material=text(data, "material", "apheresis"),
        values=text_map(data, "values"),
        results=tuple(
            Result(text(each, "line"), text(each, "member"), text(each, "typed")) for each in parts(data, "results")
        ),
        lots=tuple(
            Lot(
                text(each, "item"),
                text(each, "kind"),
                text(each, "name"),
                text(each, "quantity"),
                text(each, "unit"),
                text(each, "target_antigen"),
                text(each, "construct"),
            )
            for each in parts(data, "lots")
        ),
        scans=tuple(
            Scans(
                text(each, "step"),
                text(each, "slot"),
                tuple(int(number) for number in texts(each, "only")),
            )
            for each in parts(data, "scans")
        ),
        set_limits={kind: {code: text_map(part(limits, kind), code) for code in part(limits, kind)} for kind in limits},
    )


def with_limits(source: str, limits: Limits) -> str:
    """Give a definition's text with a number in place of each "to be set".

    `limits` gives, by the code of the field, quantity or line, each end: low, high or limit. Raises LimitsError when an
    end that is open has no number, or a number has no open end.
    """
    used: set[tuple[str, str]] = set()
    code = ""

    def number(found: re.Match[str]) -> str:
        end = found["end"]
        if end not in limits.get(code, {}):
            raise LimitsError(f"There is no number for {code}, {end}.")
        used.add((code, end))
        return f'{end}: "{limits[code][end]}"'

    lines = []
    for line in source.splitlines(keepends=True):
        named = _CODE.match(line.rstrip("\n"))
        code = named["code"] if named else code
        lines.append(line if line.lstrip().startswith("#") else _TO_BE_SET.sub(number, line))
    wanted = {(each, end) for each, ends in limits.items() for end in ends}
    if left := sorted(wanted - used):
        raise LimitsError(f"Nothing is to be set at {', '.join(f'{each}, {end}' for each, end in left)}.")
    return "".join(lines)
