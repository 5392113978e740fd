"""How an operation is described: one line at each view, the same refusals everywhere."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers

from accounts.api.problems import MEDIA_TYPE

F = TypeVar("F", bound=Callable[..., Any])  # Any: views take and give what they like
REFUSALS = {
    400: _("What was sent cannot be read; each objection names its field."),
    401: _("Nobody is signed in, the screen is locked, or the token is not in force."),
    403: _("The person's roles, the token's scopes or the password do not allow this."),
    404: _("It does not exist, or this person may not see it."),
    409: _("Not possible now: the record changed, was signed already, or there are objections."),
    422: _("The same id was sent before with other content."),
    429: _("Wrong passwords were sent too often."),
}


class ObjectionOutput(serializers.Serializer[Any]):  # Any: an output of plain values
    """One reason against what was asked."""

    says = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True, required=False)


class ProblemOutput(serializers.Serializer[Any]):  # Any: an output of plain values
    """Problem details (RFC 9457) with every objection."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    objections = ObjectionOutput(many=True)


def documented(
    summary: str,
    *,
    answers: type[serializers.BaseSerializer[Any]] | serializers.BaseSerializer[Any] | None = None,  # Any: any shape
    sends: type[serializers.BaseSerializer[Any]] | None = None,  # Any: as above
    status: int = 200,
    tag: str = "",
) -> Callable[[F], F]:
    """Describe an operation: what it does, takes and gives, and the refusals that every operation can answer."""
    responses: dict[Any, Any] = {(status, "application/json") if answers else status: answers}  # Any: its own types
    for code, words in REFUSALS.items():
        responses[code, MEDIA_TYPE] = OpenApiResponse(ProblemOutput, description=str(words))
    return extend_schema(
        operation_id=slugify(summary).replace("-", "_"),
        summary=summary,
        request=sends,
        responses=responses,
        tags=[tag] if tag else None,
    )


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's registry
    """The session of a person who signed in at this browser."""

    target_class = "accounts.api.authentication.SessionPerson"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "cellwright-session"}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # as above
    """A token that a person issued to a program; it never signs by itself."""

    target_class = "accounts.api.authentication.BearerPerson"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class StrictFieldExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # as above
    """How the strict fields of `accounts.parsing` are written in JSON."""

    target_class = "accounts.parsing.MomentField"
    written: ClassVar[dict[str, object]] = {
        "type": "string",
        "description": "A time such as 2026-11-14T14:32:07+01:00; without an offset, the site's local time.",
    }

    def map_serializer_field(self, auto_schema: object, direction: object) -> dict[str, object]:
        return self.written


class DayFieldExtension(StrictFieldExtension):  # type: ignore[no-untyped-call]  # as above
    """A calendar day."""

    target_class = "accounts.parsing.DayField"
    written: ClassVar[dict[str, object]] = {"type": "string", "format": "date"}


class YesNoFieldExtension(StrictFieldExtension):  # type: ignore[no-untyped-call]  # as above
    """Yes or no, as a word or as JSON's own values."""

    target_class = "accounts.parsing.YesNoField"
    written: ClassVar[dict[str, object]] = {"oneOf": [{"type": "boolean"}, {"type": "string", "enum": ["yes", "no"]}]}
