"""What programs send: one JSON text, read so that it can mean only one thing.

(1) UTF-8 alone, at most 1 MiB, sent as application/json.
(2) No repeated names, no NaN or Infinity, no number that a double would turn into one, no whole number of 2^53 or more.
(3) No half characters and no NUL, which a database would refuse later.
"""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

LARGEST = 1_048_576


class TooLarge(APIException):
    """More was sent than is read."""

    status_code = 413
    default_detail = gettext_lazy("At most 1 MiB can be sent.")
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """Reads a JSON text; refuses everything that two readers could understand differently."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],  # Any: DRF's own signature
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,  # Any: as above
    ) -> Any:  # Any: what a JSON text says; DRF's own signature promises a mapping
        _refuse_other_encodings(media_type or "")
        content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise TooLarge
        return read_json(content)


def _refuse_other_encodings(media_type: str) -> None:
    for option in media_type.lower().split(";")[1:]:
        name, _equals, value = option.strip().partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type)


def read_json(content: bytes) -> object:
    """Give what a JSON text says; raise ParseError with a sentence for what is not one."""
    try:
        data: object = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_fraction,
            parse_int=_whole,
        )
    except UnicodeDecodeError:
        raise ParseError(_("Send the JSON text in UTF-8.")) from None
    except RecursionError:
        raise ParseError(_("The JSON text is nested too deeply.")) from None
    except ValueError as error:
        raise ParseError(_("This is not a JSON text: %(why)s.") % {"why": str(error)[:120]}) from None
    _refuse_unprintable(data)
    return data


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data: dict[str, object] = {}
    for name, value in pairs:
        if name in data:
            raise ParseError(_("The name %(name)s stands twice in one object.") % {"name": repr(name[:40])})
        data[name] = value
    return data


def _constant(text: str) -> object:
    raise ParseError(_("%(value)s is not a value.") % {"value": text})


def _fraction(text: str) -> Decimal:
    if math.isinf(float(text)) or len(text) > 40:
        raise ParseError(_("The number %(value)s is too large. Send numbers as text.") % {"value": text[:20]})
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= 2**53:
        raise ParseError(_("The number %(value)s is too large. Send numbers as text.") % {"value": text[:20]})
    return int(text)


def _refuse_unprintable(value: object) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise ParseError(_("A text holds half a character or a NUL."))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _refuse_unprintable(name)
            _refuse_unprintable(item)
    elif isinstance(value, Sequence):
        for item in value:
            _refuse_unprintable(item)
