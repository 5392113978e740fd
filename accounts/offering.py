"""Offering an act on a page: the button that leads to its signature page, or the reasons why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.urls import reverse

from accounts.acts import Intent
from accounts.integrity import objections_to_integrity
from accounts.models import Person
from accounts.policy import must_accept_policy_first
from accounts.refusal import Objection, Text, lacks
from accounts.signing import known_act


@dataclass(frozen=True, slots=True)
class Offer:
    """An act as a page offers it."""

    act: str
    title: Text
    verb: Text
    url: str
    objections: Sequence[Objection]
    fields: Sequence[tuple[str, str]] = ()

    @property
    def possible(self) -> bool:
        """Nothing speaks against the act."""
        return not self.objections


def offer(
    code: str,
    subject: Model | UUID,
    *,
    by: Person,
    data: Mapping[str, object] | None = None,
    found: object | None = None,
) -> Offer:
    """Give an act as a button or as the reasons against it: the same list with which the act itself would refuse.

    An act that asks for something is judged whole when `data` is given; without it, only what does not depend on the
    answers is asked: roles, open incidents and the signature policy. The rest is said when the form is sent.
    `found` is what the act would find, for a page that has it: then what was read of it is not read again.
    """
    act = known_act(code)
    key = subject if isinstance(subject, UUID) else UUID(str(subject.pk))
    objections = must_accept_policy_first(by, act.code)
    if data is None and act.asks().fields:
        objections += lacks(by, act.permission)
        objections += objections_to_integrity(act, found or act.find(key)) if act.stopped_by_findings else []
    else:
        intent: Intent = act.read_intent(data or {})
        objections += act.all_objections(found or act.find(key), intent, by)
    url = reverse("accounts:sign-start", args=[act.code, key])
    return Offer(act.code, act.title, act.verb, url, objections, _hidden(data or {}))


def _hidden(data: Mapping[str, Any]) -> list[tuple[str, str]]:  # Any: text or a list of texts
    """Give the choices as the hidden fields of a form."""
    pairs: list[tuple[str, str]] = []
    for name, value in data.items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(one)) for one in values]
    return pairs
