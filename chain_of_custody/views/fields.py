"""Fields of this room's forms: what the field component shows, with what was typed and what was wrong with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.refusal import Refused, Text
from chain_of_custody.models import Party, Place

Options = Sequence[tuple[str, Text]]


@dataclass(frozen=True, slots=True)
class Field:
    """One field."""

    name: str
    label: Text
    type: str = "text"
    hint: Text = ""
    optional: bool = False
    maxlength: int = 200
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


def choose(pairs: Iterable[tuple[str, str]]) -> Options:
    """Give the options of a list, an empty one first."""
    return [("", _("Choose")), *pairs]


def parties(*kinds: Party.Kind) -> Options:
    """Give the parties of some kinds to choose from."""
    rows = Party.objects.filter(kind__in=kinds).order_by("name") if kinds else Party.objects.order_by("name")
    return choose((str(row.pk), row.name) for row in rows)


def places(party: Party | None = None, *, also: Place | None = None) -> Options:
    """Give the places of a party to choose from, by their codes."""
    rows = list(Place.objects.filter(party=party) if party else Place.objects.all())
    if also is not None and also not in rows:
        rows.append(also)
    return choose((row.code, f"{row.code}, {row.name}") for row in sorted(rows, key=lambda one: one.code))


def shippers() -> Options:
    """Give the shippers to choose from."""
    rows = Place.objects.filter(kind=Place.Kind.SHIPPER).order_by("code")
    return choose((row.code, f"{row.code}, {row.name}") for row in rows)
