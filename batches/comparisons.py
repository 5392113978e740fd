"""Two texts of a definition compared, grouped by the part of the record in which they differ."""

from dataclasses import dataclass

from batches.definitions.comparing import Difference, differences
from ledger.safe_yaml import UnsafeYamlError, read


@dataclass(frozen=True, slots=True)
class Group:
    """The differences in one part: a step, a line, or what stands at the top of the definition."""

    heading: tuple[str, ...]
    differences: tuple[Difference, ...]


def compared(old: str, new: str) -> list[Group]:
    """Give the differences between two texts, the outermost two levels as headings, in the order of the new one."""
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for each in differences(_data(old), _data(new)):
        groups.setdefault(each.where[:2], []).append(each)
    return [Group(heading, tuple(found)) for heading, found in groups.items()]


def _data(source: str) -> object:
    """A text that was signed once is read as data; one that can't be any more counts as one long text."""
    try:
        return read(source)
    except UnsafeYamlError:
        return source
