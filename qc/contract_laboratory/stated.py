"""What somebody typed from a certificate, and where two people typed different things.

(1) Digits are compared as they are printed: 95.1 and 95.10 are two statements.
(2) Spaces around a sign, and the case of letters in numbers of papers, are no difference.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Plain = dict[str, Any]  # Any: plain values of a JSON text
_SIGN = re.compile(r"^([<>≤≥])\s+")


@dataclass(frozen=True, slots=True)
class Value:
    """One value: of which member, of a growth test also of which bottle, and what was typed."""

    member: str
    replicate: int
    typed: str

    def as_plain(self) -> Plain:
        """Give it as a row keeps it."""
        return {"member": self.member, "replicate": self.replicate, "typed": self.typed}


@dataclass(frozen=True, slots=True)
class Difference:
    """What two people typed differently."""

    what: str
    first: str
    second: str

    def as_plain(self) -> Plain:
        """Give it as a row keeps it."""
        return {"what": self.what, "first": self.first, "second": self.second}


def values_in(told: Sequence[Mapping[str, Any]]) -> tuple[Value, ...]:  # Any: as a row keeps it
    """Give the values that a row or an intent holds, in the order of members and bottles."""
    found = [Value(str(one["member"]), int(one["replicate"]), as_printed(str(one["typed"]))) for one in told]
    return tuple(sorted(found, key=lambda one: (one.member, one.replicate)))


def as_printed(typed: str) -> str:
    """Give a typed value without the spaces around its sign.

    A comma stays, and is refused in a number: nobody can tell whether it stands for decimals or thousands.
    """
    return _SIGN.sub(r"\1", typed.strip())


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Difference, ...]:  # Any: as above
    """Give what two people typed differently: number, sample, times, each value; nothing where they agree."""
    return tuple(_differences(first, second))


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    for name in ("number", "sample"):
        if _paper(first[name]) != _paper(second[name]):
            yield Difference(name, str(first[name]), str(second[name]))
    for name in ("began_at", "tested_at"):
        if _moment(first[name]) != _moment(second[name]):
            yield Difference(name, str(first[name] or ""), str(second[name] or ""))
    ours = {(one.member, one.replicate): one.typed for one in values_in(first["values"])}
    theirs = {(one.member, one.replicate): one.typed for one in values_in(second["values"])}
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            member, replicate = key
            yield Difference(f"{member} {replicate}", ours.get(key, ""), theirs.get(key, ""))


def _moment(typed: object) -> datetime | None:
    return datetime.fromisoformat(str(typed)) if typed else None


def _paper(typed: object) -> str:
    return " ".join(str(typed).split()).casefold()
