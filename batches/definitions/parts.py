"""The parts of a definition file, first held against its JSON Schema, then read with their types.

A definition is plain data: maps, lists and texts, as `ledger.safe_yaml` gives them and as the database
keeps them. All faults are reported together, each as a sentence that says where.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

Part = Mapping[str, object]

LONGEST_QUOTE = 60


class FaultyDefinitionError(ValueError):
    """A definition cannot be used; `faults` are the reasons, one sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@lru_cache(maxsize=8)
def _validator(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def held_against(schema: Path, data: object) -> Part:
    """The data, if it has the shape of the schema; else every fault of its shape."""
    faults = [_sentence(error) for error in _validator(schema).iter_errors(data)]
    if faults:
        raise FaultyDefinitionError(sorted(faults))
    return as_part(data)


def refuse(faults: Iterable[str]) -> None:
    """Raise the faults, if there are any."""
    found = list(faults)
    if found:
        raise FaultyDefinitionError(found)


def repeated(codes: Iterable[str], what: str) -> list[str]:
    """A sentence for each code that stands more than once."""
    seen: set[str] = set()
    twice: list[str] = []
    for code in codes:
        if code in seen and code not in twice:
            twice.append(code)
        seen.add(code)
    return [f"{what} {code} is there twice." for code in twice]


def as_part(data: object) -> Part:
    if isinstance(data, Mapping):
        return data
    raise FaultyDefinitionError(["A map was expected."])


def part(within: Part, key: str) -> Part:
    return as_part(within[key])


def parts(within: Part, key: str) -> list[Part]:
    return [as_part(each) for each in _list(within, key)]


def text(within: Part, key: str, default: str = "") -> str:
    """The text as people read it: folded lines have lost the line break at their end."""
    found = within.get(key, default)
    if isinstance(found, str):
        return found.strip()
    raise FaultyDefinitionError([f"{key} must be text."])


def texts(within: Part, key: str) -> tuple[str, ...]:
    return tuple(str(each) for each in _list(within, key))


def text_map(within: Part, key: str) -> dict[str, str]:
    return {name: str(value) for name, value in as_part(within.get(key, {})).items()}


def optional_text(within: Part, key: str) -> str | None:
    return text(within, key) or None


def whole(within: Part, key: str, default: str = "0") -> int:
    return int(text(within, key, default))


def optional_whole(within: Part, key: str) -> int | None:
    return whole(within, key) if key in within else None


def number(within: Part, key: str) -> Decimal:
    return Decimal(text(within, key))


def optional_number(within: Part, key: str) -> Decimal | None:
    return number(within, key) if key in within else None


def is_yes(within: Part, key: str, default: str = "no") -> bool:
    return text(within, key, default) == "yes"


def _list(within: Part, key: str) -> Sequence[object]:
    found = within.get(key, [])
    if isinstance(found, Sequence) and not isinstance(found, str):
        return found
    raise FaultyDefinitionError([f"{key} must be a list."])


def _sentence(error: ValidationError) -> str:
    """What is wrong and where, without the whole of the data in it."""
    where = _place(error)
    if error.validator == "required":
        missing = [key for key in _names(error.validator_value) if key not in as_part(error.instance)]
        return f"{where}: {', '.join(missing)} is missing."
    if error.validator == "additionalProperties":
        known = as_part(as_part(error.schema).get("properties", {}))
        unknown = [str(key) for key in as_part(error.instance) if key not in known]
        return f"{where}: {', '.join(unknown)} is not known here."
    if error.validator == "type":
        return f"{where}: must be {_type_words(error.validator_value)}, not {_quoted(error.instance)}."
    if error.validator == "enum":
        return f"{where}: {_quoted(error.instance)} is not one of {', '.join(_names(error.validator_value))}."
    if error.validator == "pattern":
        form = as_part(error.schema).get("description", error.validator_value)
        return f"{where}: {_quoted(error.instance)} does not have the form asked for ({form})"
    if error.validator in ("minLength", "minItems", "minProperties"):
        return f"{where}: must not be empty." if error.validator_value == 1 else f"{where}: has too few entries."
    if error.validator == "not":
        return f"{where}: {as_part(error.schema)['description']}."
    if error.validator in ("oneOf", "anyOf"):
        return f"{where}: fits none of the shapes allowed here, or more than one."
    return f"{where}: {error.message[:LONGEST_QUOTE]}"


def _place(error: ValidationError) -> str:
    steps = [str(step + 1) if isinstance(step, int) else str(step) for step in error.absolute_path]
    return " › ".join(steps) or "The definition"


def _names(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, Sequence) else [str(value)]


def _type_words(value: object) -> str:
    words = {"string": "text (numbers stand in quotation marks)", "object": "a map", "array": "a list"}
    return words.get(str(value), str(value))


def _quoted(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= LONGEST_QUOTE else f"{shown[:LONGEST_QUOTE]}…"
