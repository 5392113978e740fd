"""Fields of this room's inputs: donation numbers, containers, and values that may be left empty in a form."""

import re
from datetime import date, datetime
from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.parsing import DayField, MomentField, TextField, TypedNumberField
from chain_of_custody import isbt128

MOST_CONTAINERS = 60


class MaybeMoment(MomentField):
    """A point in time, or nothing where the field is left empty."""

    def __init__(self, **options: Any) -> None:  # Any: DRF's own field options, here and below
        super().__init__(required=False, allow_null=True, default=None, **options)

    def run_validation(self, data: object = serializers.empty) -> datetime | None:
        moment: datetime | None = super().run_validation(None if data == "" else data)
        return moment


class MaybeDay(DayField):
    """A day, or nothing where the field is left empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, default=None, **options)

    def run_validation(self, data: object = serializers.empty) -> date | None:
        found: date | None = super().run_validation(None if data == "" else data)
        return found


class MaybeNumber(TypedNumberField):
    """A number as typed, or nothing where the field is left empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, default=None, **options)

    def run_validation(self, data: object = serializers.empty) -> str | None:
        number: str | None = super().run_validation(None if data == "" else data)
        return number


class MaybeId(serializers.UUIDField):
    """The id of a row, or nothing where the field is left empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, default=None, **options)

    def run_validation(self, data: object = serializers.empty) -> object:
        return super().run_validation(None if data == "" else data)


class PaperField(TextField):
    """The number of a paper that is kept, where no file of it is stored; it may be left empty."""

    def __init__(self, **options: Any) -> None:
        words = {"label": gettext_lazy("Number of the paper that is kept"), "help_text": "number of a kept paper"}
        super().__init__(max_length=120, required=False, default="", **(words | options))


class DinField(serializers.CharField):
    """A donation number, scanned or typed with its check character; gives its 13 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, **options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send text."))
        text = super().to_internal_value(data)
        try:
            if not text.startswith("="):
                return isbt128.din_from_keyboard(text).code
            read = isbt128.parse(text)
        except isbt128.Isbt128Error as error:
            raise serializers.ValidationError(str(error)) from None
        if not isinstance(read, isbt128.Din):
            raise serializers.ValidationError(_("This label isn't a donation number. Scan the donation number."))
        return read.code


class ScanField(serializers.CharField):
    """What a scanner read or somebody typed in its place: any text, because whatever was read is a fact."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=400, allow_blank=True, trim_whitespace=False, **options)
        # Scanners send separators that no form would; they are kept as visible signs.
        self.validators = [one for one in self.validators if isinstance(one, MaxLengthValidator)]

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send text."))
        return data


class TextListField(serializers.ListField):
    """Several short texts: a list, or texts in which lines part them; empty ones are left out."""

    parted_by = "\n"

    def __init__(self, **options: Any) -> None:
        options.setdefault("child", TextField(max_length=40))
        options.setdefault("max_length", MOST_CONTAINERS)
        super().__init__(**options)

    def run_validation(self, data: object = serializers.empty) -> list[str]:
        if isinstance(data, str):
            data = [data]
        if isinstance(data, list) and all(isinstance(one, str) for one in data):
            parts = re.split(f"[{self.parted_by}]", "\n".join(data))
            data = [part.strip() for part in parts if part.strip()]
        found: list[str] = super().run_validation(data)
        return found


class ContainersField(TextListField):
    """The codes of containers, sorted, none twice; commas part them too."""

    parted_by = "\n,"

    def __init__(self, **options: Any) -> None:
        super().__init__(min_length=1, **options)

    def run_validation(self, data: object = serializers.empty) -> list[str]:
        return sorted({code.upper() for code in super().run_validation(data)})
