"""How the text of a table is laid out, and numbers in it."""

import re
from dataclasses import dataclass

from ledger.typed_numbers import TypedNumberError

_WITH_COMMA = re.compile(r"(?:[<>≤≥]=? ?)?-?[0-9]+,[0-9]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text of a file is laid out."""

    delimiter: str
    decimal_comma: bool
    header_within: int


def with_point(text: str, name: str, *, decimal_comma: bool) -> str:
    """Give a number of a file with a decimal point; where decimals are parted by a comma, a point is refused.

    Raises TypedNumberError for a point in such a file.
    """
    if not decimal_comma:
        return text
    if "." in text:
        raise TypedNumberError(f"{name} has a decimal point; this profile reads a decimal comma.")
    return text.replace(",", ".") if _WITH_COMMA.fullmatch(text) else text
