"""What people and programs send, read strictly: one way for pages and for the API.

Frameworks are lenient where a record cannot be: they take "1_000", full-width digits and `true` for numbers, and let
1e400 through as infinity. These fields take what a person means and refuse the rest with a sentence.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.refusal import BadInput, Objection
from accounts.wording import local, site_zone
from ledger import clock
from ledger.models import plain
from ledger.typed_numbers import TypedNumberError, read_number

T = TypeVar("T")
if TYPE_CHECKING:
    _YesNo = serializers.Field[bool, Any, str, Any]  # Any: DRF's own inner parameters, here and below
    _Moment = serializers.Field[datetime, Any, str, Any]
    _Day = serializers.Field[date, Any, str, Any]
else:  # the parameters exist for the type checker alone
    _YesNo = _Moment = _Day = serializers.Field
LONGEST_TEXT = 4000
# The style of a list that people type, one a line; any other list is ticked or scanned on its page.
LINES = {"base_template": "textarea.html"}
LONGEST_LINES = 40_000
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


class StrictSerializer(serializers.Serializer[T]):
    """A shape of input: it refuses fields that it does not know."""

    def to_internal_value(self, data: Any) -> Any:  # Any: DRF's own signature
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": [_("Send one object with named fields.")]})
        if unknown := [str(key) for key in data if key not in self.fields]:
            raise serializers.ValidationError({name: [_("This field is not known here.")] for name in unknown})
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """Plain text of at most 4,000 characters, without control characters or marks that turn the reading direction."""

    def __init__(self, **options: Any) -> None:  # Any: DRF's own field options
        options.setdefault("max_length", LONGEST_TEXT)
        options.setdefault("allow_blank", options.get("required", True) is False)
        super().__init__(**options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send text."))
        text = unicodedata.normalize("NFC", super().to_internal_value(data))
        if any((unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t\r") or c in _BIDI for c in text):
            raise serializers.ValidationError(_("The text holds characters that cannot be printed. Type it again."))
        return text


class GivenField(TextField):
    """Text that the page gives, such as the code of a line: nobody types it, so it needs no label."""


class TypedNumberField(serializers.CharField):
    """A number exactly as typed; gives the text back after having proved that it reads as a number."""

    def __init__(self, *, comma_allowed: bool = False, **options: Any) -> None:  # Any: DRF's own field options
        self.comma_allowed = comma_allowed
        options.setdefault("max_length", 24)
        super().__init__(**options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_('Send the number as text, such as "1.15", so that no digit is lost.'))
        try:
            return format(read_number(data, comma_allowed=self.comma_allowed), "f")
        except TypedNumberError as error:
            raise serializers.ValidationError(str(error)) from None


class YesNoField(_YesNo):
    """Yes or no; nothing else is guessed to be one of them."""

    def to_internal_value(self, data: object) -> bool:
        if data is True or data == "yes":
            return True
        if data is False or data == "no":
            return False
        raise serializers.ValidationError(_("Answer yes or no."))

    def to_representation(self, value: bool) -> str:
        return "yes" if value else "no"


class MomentField(_Moment):
    """A point in time that is not in the future, unless that is allowed. Without an offset it is site time."""

    def __init__(self, *, future_allowed: bool = False, **options: Any) -> None:  # Any: DRF's own field options
        self.future_allowed = future_allowed
        super().__init__(**options)

    def to_internal_value(self, data: object) -> datetime:
        if not isinstance(data, str) or len(data) > 40 or not data.isascii():
            raise serializers.ValidationError(_("Send the time as text, such as 2026-11-14T14:32:07+01:00."))
        try:
            moment = datetime.fromisoformat(data.replace("Z", "+00:00") if data.endswith("Z") else data)
        except ValueError:
            raise serializers.ValidationError(
                _("This is not a time. Write it like 2026-11-14T14:32:07+01:00.")
            ) from None
        if "T" not in data and " " not in data:
            raise serializers.ValidationError(_("The time of day is missing. Write it like 2026-11-14T14:32."))
        if moment.tzinfo is None:
            moment = unambiguous(moment, site_zone())
        if not 2000 <= moment.year <= 2200:
            raise serializers.ValidationError(_("This year cannot be right."))
        now = clock.now()
        if not self.future_allowed and moment > now + timedelta(seconds=2):
            raise serializers.ValidationError(
                _("The time can't be in the future. The server time is %(now)s.") % {"now": f"{local(now):%H:%M}"}
            )
        return moment

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


def unambiguous(moment: datetime, zone: ZoneInfo) -> datetime:
    """Give a local time its zone; refuse an hour that the clocks skip, and ask which one where they repeat it."""
    first, second = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.utcoffset() < second.utcoffset():  # type: ignore[operator]  # a zone always has an offset
        raise serializers.ValidationError(_("The clocks went forward: this local time did not exist."))
    raise serializers.ValidationError(
        _("The clocks went back: this local time came twice. Add the offset, such as +02:00 or +01:00.")
    )


class DayField(_Day):
    """A calendar day, by default not after today."""

    def __init__(self, *, future_allowed: bool = False, **options: Any) -> None:  # Any: DRF's own field options
        self.future_allowed = future_allowed
        super().__init__(**options)

    def to_internal_value(self, data: object) -> date:
        if not isinstance(data, str) or len(data) != 10 or not data.isascii():
            raise serializers.ValidationError(_("Write the day like 2026-11-14."))
        try:
            value = date.fromisoformat(data)
        except ValueError:
            raise serializers.ValidationError(_("This is not a day. Write it like 2026-11-14.")) from None
        if not 1900 <= value.year <= 2200:
            raise serializers.ValidationError(_("This year cannot be right."))
        if not self.future_allowed and value > local(clock.now()).date():
            raise serializers.ValidationError(_("The day can't be in the future."))
        return value

    def to_representation(self, value: date) -> str:
        return value.isoformat()


def parsed(shape: type[serializers.Serializer[Any]], data: object) -> dict[str, Any]:  # Any: as read
    """Give what a serializer reads, or raise BadInput with one objection a field."""
    serializer = shape(data=data)
    if not serializer.is_valid():
        raise BadInput(_objections(serializer.errors, ""))
    values: dict[str, Any] = dict(serializer.validated_data)  # Any: as read
    return values


def _objections(errors: object, field: str) -> list[Objection]:
    if isinstance(errors, Mapping):
        inner = [
            (f"{field}.{key}" if field and key != "non_field_errors" else field or str(key), value)
            for key, value in errors.items()
        ]
        return [objection for name, value in inner for objection in _objections(value, name)]
    if isinstance(errors, list):
        return [objection for value in errors for objection in _objections(value, field)]
    return [Objection(str(errors), code="bad_input", field="" if field == "non_field_errors" else field)]


def plain_intent(
    shape: type[serializers.Serializer[Any]], data: Mapping[str, object]
) -> dict[str, Any]:  # Any: as read
    """Read an act's intent and give it in plain values that can be stored and hashed."""
    values = parsed(shape, data)
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, UUID | datetime | date | Decimal):
        return plain(value)
    return value
