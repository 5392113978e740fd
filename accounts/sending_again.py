"""What somebody typed for an act that was refused: shown with the reasons, to be changed and sent again.

(1) Nothing typed is lost: each field stands as it was sent, also where it cannot be read.
(2) What was chosen on the page before, such as a container or a file, goes along unchanged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.acts import Act
from accounts.parsing import YesNoField
from accounts.refusal import Refused

SHORT = 200
NOT_OF_THE_ACT = ("csrfmiddlewaretoken", "next")


@dataclass(frozen=True, slots=True)
class Typed:
    """One field as it was sent, as the field component takes it."""

    name: str
    label: str
    value: str
    type: str = "text"
    hint: str = ""
    error: str = ""
    options: Sequence[tuple[str, str]] | None = None
    maxlength: int = SHORT

    @property
    def id(self) -> str:
        return f"again-{self.name}"


@dataclass(frozen=True, slots=True)
class Again:
    """A refused form: where it is sent, the words of its button, what can be changed and what goes along."""

    url: str
    verb: str
    typed: Sequence[Typed]
    along: Sequence[tuple[str, str]]


def sent_again(act: Act[object], sent: QueryDict, refused: Refused, *, url: str, back: str) -> Again | None:
    """Give the form that sends an act again; None where nobody typed anything for it."""
    errors = {one.field: one.says for one in refused.objections if one.field}
    fields = act.asks().fields
    typed, along = [], [("next", back)]
    for name, shape in fields.items():
        if one := _typed(name, shape, sent, errors.get(name, "")):
            typed.append(one)
        else:
            along += [(name, value) for value in sent.getlist(name)]
    known = {*NOT_OF_THE_ACT, *fields}
    along += [(name, value) for name in sent if name not in known for value in sent.getlist(name)]
    if not any(one.value and one.options is None for one in typed):
        return None
    return Again(url, str(act.verb), tuple(typed), tuple(along))


def _typed(name: str, shape: serializers.Field, sent: QueryDict, error: str) -> Typed | None:  # type: ignore[type-arg]  # fields of every kind
    """Give a field that can be changed here; None for one that was chosen on the page before."""
    if isinstance(shape, serializers.UUIDField | serializers.ListField | serializers.BaseSerializer):
        return None
    options = tuple(_options(shape)) or None
    longest = getattr(shape, "max_length", None) or SHORT
    return Typed(
        name=name,
        label=str(shape.label or name),
        value=sent.get(name, ""),
        type="textarea" if options is None and longest > SHORT else "text",
        hint=str(shape.help_text or ""),
        error=error,
        options=options,
        maxlength=longest,
    )


def _options(shape: object) -> Iterator[tuple[str, str]]:
    if isinstance(shape, serializers.ChoiceField):
        yield "", _("Choose")
        yield from ((str(value), str(words)) for value, words in shape.choices.items())
    elif isinstance(shape, YesNoField):
        yield from (("", _("Choose")), ("yes", _("yes")), ("no", _("no")))
