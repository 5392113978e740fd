"""What is different between two versions of a definition, named by stage, step and field.

Both are compared as data: comments and the layout of the file say nothing, everything else does. Parts of a list that
have a code (a kind, where they have none) are the same part wherever they stand; one that changed its place among
the others is moved. No difference means: both say the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from batches.judging import unit_words

# What identifies a part of a list, the first that it has.
KEYS = ("code", "kind", "covers", "disposition", "does", "source")
# What a key is called where people read it; other keys are written with spaces.
WORDS = {
    "low": "lowest within the limit", "high": "highest within the limit", "plausible_low": "lowest plausible",
    "plausible_high": "highest plausible", "when": "holds where", "needs": "slot", "creates": "container made",
    "fields": "value", "derived": "quantity", "stages": "stage", "steps": "step", "lines": "line",
    "members": "member", "hold_times": "hold time", "yields": "yield", "parameters": "parameter",
    "decisions": "decision", "sites": "site", "waivers": "waiver", "sample_points": "sampling point",
    "choices": "choice", "shares": "share",
    "events": "event", "timed_conditions": "timed condition", "inputs": "input",
    "follows": "how it follows", "two_step": "two-step certification", "notifications": "notification",
    "supply": "supply out of specification",
    "follow_up": "follow-up",
}  # fmt: skip
# Texts long enough that one reads them word by word.
A_SENTENCE = 40
HAS_UNIT = frozenset({"low", "high", "plausible_low", "plausible_high", "limit", "planned_number", "value", "nominal"})


class How(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text: in both versions, only in the new one, or only in the old one."""

    kind: str  # same, inserted, deleted
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two versions."""

    where: tuple[str, ...]  # from the outermost part inwards: stage transduction, step 3.3, value …
    how: How
    what: str  # the property, or empty where it is the whole part
    old: str  # as it was; empty where it was not there
    new: str
    pieces: tuple[Piece, ...] = ()  # word by word, for sentences

    @property
    def sentence(self) -> str:
        """The difference on one line, for those who read no colours: where › what: old → new."""
        place = " › ".join([*self.where, *([self.what] if self.what else [])]) or "definition"
        match self.how:
            case How.ADDED:
                return f"{place}: added {self.new}".rstrip()
            case How.REMOVED:
                return f"{place}: removed {self.old}".rstrip()
            case How.MOVED:
                return f"{place}: moved, {self.old} → {self.new}"
            case _:
                return f"{place}: {self.old} → {self.new}"


def differences(old: object, new: object) -> list[Difference]:
    """Give every difference between two definitions as plain data, in the order of the new one."""
    return list(_of_values((), "", old, new, {}))


def words_apart(old: str, new: str) -> tuple[Piece, ...]:
    """Give two texts as one, word by word; without the inserted pieces it is the old text, and the reverse."""
    before, after = _tokens(old), _tokens(new)
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(after[c:d])))
            continue
        if b > a:
            pieces.append(Piece("deleted", "".join(before[a:b])))
        if d > c:
            pieces.append(Piece("inserted", "".join(after[c:d])))
    return tuple(pieces)


def _tokens(text: str) -> list[str]:
    return re.findall(r"\S+|\s+", text)


def _of_values(
    where: tuple[str, ...], what: str, old: object, new: object, around: Mapping[str, object]
) -> Iterator[Difference]:
    """Compare two values of one property; `around` is the part in which the new one stands."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        inside = (*where, _words(what)) if what else where
        yield from _of_maps(inside, old, new)
    elif _is_list(old) and _is_list(new) and _have_keys((*_items(old), *_items(new))):
        yield from _of_parts(where, what, _items(old), _items(new))
    elif _plain(old) != _plain(new):
        before, after = _shown(what, old, around), _shown(what, new, around)
        pieces = words_apart(before, after) if max(len(before), len(after)) > A_SENTENCE else ()
        yield Difference(where, How.CHANGED, _words(what), before, after, pieces)


def _of_maps(where: tuple[str, ...], old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Difference]:
    for key in (*new, *(each for each in old if each not in new)):
        if key not in old:
            yield from _whole(where, key, How.ADDED, new[key], new)
        elif key not in new:
            yield from _whole(where, key, How.REMOVED, old[key], old)
        else:
            yield from _of_values(where, key, old[key], new[key], new)


def _whole(
    where: tuple[str, ...], key: str, how: How, value: object, around: Mapping[str, object]
) -> Iterator[Difference]:
    """Tell of a property that only one version has: part by part where it is a list of parts."""
    if _is_list(value) and _items(value) and _have_keys(_items(value)):
        for name, part in _by_key(_items(value)).items():
            yield _part(where, key, name, how, part)
        return
    shown = _shown(key, value, around)
    yield Difference(where, how, _words(key), *(("", shown) if how is How.ADDED else (shown, "")))


def _of_parts(where: tuple[str, ...], what: str, old: Sequence[object], new: Sequence[object]) -> Iterator[Difference]:
    before, after = _by_key(old), _by_key(new)
    stay = [name for name in before if name in after]
    for name, part in after.items():
        if name not in before:
            yield _part(where, what, name, How.ADDED, part)
            continue
        inside = (*where, _named(what, name, part))
        if name in _moved(stay, [each for each in after if each in before]):
            yield Difference(inside, How.MOVED, "", _place(name, list(before)), _place(name, list(after)))
        yield from _of_values(inside, "", before[name], part, {})
    for name, part in before.items():
        if name not in after:
            yield _part(where, what, name, How.REMOVED, part)


def _part(where: tuple[str, ...], what: str, name: str, how: How, part: object) -> Difference:
    shown = _written(part)
    inside = (*where, _named(what, name, part))
    return Difference(inside, how, "", *(("", shown) if how is How.ADDED else (shown, "")))


def _moved(before: list[str], after: list[str]) -> set[str]:
    """Give the fewest parts that must be taken out so that the others stand in the same order."""
    kept = {
        name
        for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        for name in before[block.a : block.a + block.size]
    }
    return {name for name in after if name not in kept}


def _place(name: str, order: list[str]) -> str:
    at = order.index(name)
    return f"after {order[at - 1].split('#')[0]}" if at else "first"


def _by_key(parts: Sequence[object]) -> dict[str, object]:
    """Give parts by what identifies them; one that stands a second time has its number behind it."""
    found: dict[str, object] = {}
    for part in parts:
        name, number = _key_of(part), 1
        while (name if number == 1 else f"{name}#{number}") in found:
            number += 1
        found[name if number == 1 else f"{name}#{number}"] = part
    return found


def _key_of(part: object) -> str:
    if not isinstance(part, Mapping):
        return ""
    return next((str(part[key]) for key in KEYS if isinstance(part.get(key), str)), "")


def _have_keys(parts: Sequence[object]) -> bool:
    return bool(parts) and all(_key_of(part) for part in parts)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _plain(value: object) -> object:
    """Folded lines lose the line break at their end, as where they are read."""
    return value.strip() if isinstance(value, str) else value


def _named(what: str, name: str, part: object) -> str:
    title = part.get("title") if isinstance(part, Mapping) else None
    shown = name.replace("#", " no. ")
    return f"{_words(what)} {shown}" + (f" ({str(title).strip()})" if title else "")


def _words(key: str) -> str:
    return WORDS.get(key, key.replace("_", " "))


def _shown(key: str, value: object, around: Mapping[str, object]) -> str:
    """Write a value for the eye, a number with its scale and unit."""
    text = _written(value)
    unit, exponent = around.get("unit"), around.get("exponent", "0")
    if key in HAS_UNIT and isinstance(unit, str) and isinstance(exponent, str) and exponent.isdigit():
        return f"{text} {unit_words(unit, int(exponent))}"
    return text


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{_words(str(key))}: {_written(each)}" for key, each in value.items())
    if _is_list(value):
        return ", ".join(
            f"({_written(each)})" if isinstance(each, Mapping) else _written(each) for each in _items(value)
        )
    return str(value).strip()
