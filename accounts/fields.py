"""Fields of forms: what the field component shows, with what was typed and what was wrong with it.

The words of a field are written once, in the shape that reads it: the page that asks, the page that gives a refused
form back and the description of the API take them from there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.parsing import LINES, LONGEST_LINES, DayField, GivenField, MomentField, YesNoField
from accounts.refusal import Refused, Text

Options = Sequence[tuple[str, Text]]
Shape = type[serializers.Serializer[Any]]  # Any: serializers are generic in what they read
SHORT = 200
ONE_LINE = 300  # what takes more characters is typed in several lines


@dataclass(frozen=True, slots=True)
class Field:
    """One field."""

    name: str
    label: Text
    type: str = "text"
    hint: Text = ""
    optional: bool = False
    maxlength: int = SHORT
    options: Options | None = None
    value: str = ""
    error: str = ""
    unit: str = ""
    prefix: str = "f"

    @property
    def id(self) -> str:
        return f"{self.prefix}-{self.name}"

    @property
    def required(self) -> bool:
        return not self.optional


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields that a shape of input asks for, in the words of the shape.

        asked = Asked(AcceptIntent)
        fields = [asked("place", options=places()), asked("position", hint=_("Rack, box, shelf."))]

    A field says its label, what it takes at most, whether it may be left out, and a choice its options; a page adds
    what only it knows: the options that stand in rows, the unit, its own hint.
    """

    shape: Shape
    prefix: str = "f"

    def __call__(
        self,
        name: str,
        type: str = "",  # noqa: A002  the word of the field
        hint: Text = "",
        **known: Any,  # Any: as the field takes them
    ) -> Field:
        """Give the field of a name; raise KeyError where the shape asks for none of this name."""
        field = field_asked(name, self.shape._declared_fields[name], self.prefix)
        return replace(field, type=type or field.type, hint=hint, **known)


def field_asked(name: str, shape: serializers.Field[Any, Any, Any, Any], prefix: str = "f") -> Field:  # Any: any kind
    """Give the field of a page for one field of a shape; its hint is what the API says of it."""
    options = list(_options(shape))
    longest = LONGEST_LINES if isinstance(shape, serializers.ListField) else getattr(shape, "max_length", None) or SHORT
    return Field(
        name=name,
        label=shape.label or name,
        type=_type(shape, longest),
        hint=shape.help_text or "",
        optional=not shape.required,
        maxlength=longest,
        options=choose(options) if options else None,
        prefix=prefix,
    )


def is_given(shape: object) -> bool:
    """Tell whether the page gives a field: what was chosen there, such as a file, a container or several of a list."""
    if isinstance(shape, serializers.ListField):
        return shape.style.get("base_template") != LINES["base_template"]
    return isinstance(shape, GivenField | serializers.UUIDField | serializers.BaseSerializer)


def filled(fields: Iterable[Field], typed: QueryDict, refused: Refused | None) -> list[Field]:
    """Give fields with what was typed and the objections that name them."""
    says = {one.field: one.says for one in refused.objections} if refused else {}
    return [
        replace(field, value=typed.get(field.name, field.value), error=says.get(field.name, "")) for field in fields
    ]


def loose(fields: Iterable[Field], refused: Refused | None) -> list[str]:
    """Give the objections that belong to no field."""
    names = {field.name for field in fields}
    return [one.says for one in refused.objections if one.field not in names] if refused else []


def choose(pairs: Iterable[tuple[str, Text]]) -> Options:
    """Give the options of a list, an empty one first."""
    return [("", _("Choose")), *pairs]


def _type(shape: object, longest: int) -> str:
    if isinstance(shape, MomentField):
        return "datetime-local"
    if isinstance(shape, DayField):
        return "date"
    lines = isinstance(shape, serializers.ListField) and not is_given(shape)
    return "textarea" if lines or longest > ONE_LINE else "text"


def _options(shape: object) -> Iterator[tuple[str, Text]]:
    if isinstance(shape, serializers.ChoiceField):
        yield from ((str(value), words) for value, words in shape.choices.items())
    elif isinstance(shape, YesNoField):
        yield from (("yes", _("yes")), ("no", _("no")))
