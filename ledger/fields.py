"""Columns that give back exactly what was put in."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models

# Fields are generic in what they take and give for the type checker alone.
if TYPE_CHECKING:
    _Text = models.CharField[Decimal | None, Decimal | None]
else:
    _Text = models.CharField


class ExactDecimalField(_Text):
    """A decimal number kept as text, so that both engines keep every digit and every trailing zero.

    SQLite would store a NUMERIC column as a binary fraction beyond 15 digits.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # Any: Django's own field options
        options.setdefault("max_length", 60)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:  # Any: Django's own shape
        name, path, args, options = super().deconstruct()
        if options.get("max_length") == 60:
            del options["max_length"]
        return name, path, args, options

    def from_db_value(self, value: str | None, *_: object) -> Decimal | None:
        return None if value is None else Decimal(value)

    def to_python(self, value: object) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    def get_prep_value(self, value: object) -> str | None:
        return None if value is None else format(Decimal(str(value)), "f")
