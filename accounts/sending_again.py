"""What somebody typed for an act that was refused: shown with the reasons, to be changed and sent again.

(1) Nothing typed is lost: each field stands as it was sent, also where it cannot be read.
(2) What was chosen on the page before, such as a container or a file, goes along unchanged.
(3) It speaks in the words of the page before: the labels and choices of the act's own shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from accounts.acts import Act
from accounts.fields import Field, field_asked, is_given
from accounts.refusal import Refused

NOT_OF_THE_ACT = ("csrfmiddlewaretoken", "next")


@dataclass(frozen=True, slots=True)
class Again:
    """A refused form: where it is sent, the words of its button, what can be changed and what goes along."""

    url: str
    verb: str
    fields: Sequence[Field]
    along: Sequence[tuple[str, str]]


def sent_again(act: Act[object], sent: QueryDict, refused: Refused, *, url: str, back: str) -> Again | None:
    """Give the form that sends an act again; None where nobody typed anything for it."""
    errors = {one.field.partition(".")[0]: one.says for one in refused.objections if one.field}
    shapes = act.asks().fields
    typed = [
        _as_sent(field_asked(name, shape, "again"), sent, errors.get(name, ""))
        for name, shape in shapes.items()
        if not is_given(shape)
    ]
    if not any(one.value and one.options is None for one in typed):
        return None
    changed = {*NOT_OF_THE_ACT, *(one.name for one in typed)}
    along = [(name, value) for name in sent if name not in changed for value in sent.getlist(name)]
    return Again(url, str(act.verb), typed, [("next", back), *along])


def _as_sent(field: Field, sent: QueryDict, error: str) -> Field:
    """Give a field that shows any text: a browser's own field for days would show nothing that is none."""
    lines = field.type == "textarea" and field.options is None
    value = "\n".join(sent.getlist(field.name)) if lines else sent.get(field.name, "")
    return replace(field, type="textarea" if lines else "text", value=value, error=error)
