"""What an inspector asks for first, and where it is: a link for whoever may open it, for others the roles that can."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.middleware import person_of
from accounts.models import Person
from accounts.people_reading import READS_PEOPLE
from accounts.refusal import Text
from accounts.roles import TABLE, Permission, Role

Plain = dict[str, Any]  # Any: plain values of a JSON text


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that the site keeps: where it is, what it shows, and which permissions open it, any one of them."""

    title: Text
    says: Text
    name: str
    opens: frozenset[Permission]

    def is_open_to(self, person: Person) -> bool:
        """Tell whether somebody's roles open the page."""
        return not self.opens.isdisjoint(person.permissions)

    @property
    def shown_by(self) -> list[Role]:
        """The roles that can show it."""
        return [role for role in Role if not self.opens.isdisjoint(TABLE[role])]


def _any_of(*permissions: Permission) -> frozenset[Permission]:
    return frozenset(permissions)


EVERYBODY = _any_of(Permission.OWN_ACCOUNT)
READ = _any_of(Permission.RECORD_READ)
SECURITY = _any_of(Permission.SECURITY_READ)
VERIFY = _any_of(Permission.LEDGER_VERIFY)
SECTIONS: tuple[tuple[Text, tuple[Kept, ...]], ...] = (
    (
        _("People"),
        (
            Kept(
                _("Accounts and access"),
                _("Every account that ever was: who checked the person, who approved, each change of roles, last use."),
                "accounts:access",
                SECURITY,
            ),
            Kept(
                _("Reviews of access"),
                _("When quality went through all accounts, what it found, and whether what it asked for was done."),
                "accounts:access-reviews",
                SECURITY,
            ),
            Kept(
                _("Who signs"),
                _("Everybody whose electronic signature counts, since when, under which key."),
                "accounts:signers",
                SECURITY,
            ),
            Kept(_("Roles"), _("What each role allows, in one table."), "accounts:roles", EVERYBODY),
            Kept(
                _("Training"),
                _("Who is trained on which version of which procedure, and until when."),
                "accounts:training",
                READS_PEOPLE,
            ),
            Kept(
                _("Security log"),
                _("Sign-ins, refusals, wrong passwords, and who opened or took away what."),
                "accounts:security",
                SECURITY,
            ),
        ),
    ),
    (
        _("Batches and what they are made with"),
        (
            Kept(
                _("Records that an inspection opened"),
                _("The batch records granted to one's own account, in the order of a batch record."),
                "reports:granted",
                _any_of(Permission.RECORD_READ_GRANTED),
            ),
            Kept(_("Batches"), _("Every batch, in the making or decided on."), "batches:batches", READ),
            Kept(
                _("Equipment"),
                _("Every piece with its calibration and qualification, cleaning and holds."),
                "batches:equipment-list",
                READ,
            ),
            Kept(
                _("Deviations"),
                _("What departed from the instructions, how it was assessed, and what still waits for that."),
                "qc:deviations",
                READ,
            ),
            Kept(
                _("Definitions"),
                _("Products and master batch records in force, every version, who prepared, checked and approved it."),
                "batches:definitions",
                READ,
            ),
            Kept(
                _("Specifications"),
                _("The criteria of release in force, by version."),
                "qc:specifications",
                READ,
            ),
            Kept(
                _("Alarms"),
                _("What somebody had to know at once, who was told, who took it on and what they did."),
                "accounts:alarms",
                _any_of(Permission.ALARM_ACKNOWLEDGE),
            ),
        ),
    ),
    (
        _("The record itself"),
        (
            Kept(
                _("Audit trail"),
                _("Every entry of the ledger: who wrote what and when."),
                "audit",
                VERIFY,
            ),
            Kept(
                _("Integrity"),
                _("Whether the stored record is the one that was written, checkpoints, and every incident about it."),
                "integrity",
                EVERYBODY,
            ),
            Kept(
                _("How to verify"),
                _("The verifier to take away, and how to check a record on a machine of one's own."),
                "reports:verify",
                EVERYBODY,
            ),
            Kept(
                _("Copies"),
                _("The copies that one took of records, each with its digest."),
                "reports:copies",
                _any_of(Permission.RECORD_COPY),
            ),
            Kept(
                _("Inspections"),
                _("Which records were opened to whom, until when, and which copies were handed over."),
                "reports:inspections",
                _any_of(Permission.INSPECTION_MANAGE),
            ),
        ),
    ),
)


@require_safe
def inspection_day(request: HttpRequest) -> HttpResponse:
    """List the records that are asked for first."""
    person = person_of(request)
    sections = [(title, [_shown(one, person) for one in kept]) for title, kept in SECTIONS]
    return render(request, "config/inspection_day.html", {"sections": sections})


def _shown(kept: Kept, person: Person) -> Plain:
    return {
        "title": kept.title,
        "says": kept.says,
        "url": reverse(kept.name) if kept.is_open_to(person) else "",
        "shown_by": ", ".join(str(role.label) for role in kept.shown_by),
    }


class KeptOutput(serializers.Serializer[Plain]):
    """A record that is asked for first; the address is empty for somebody who may not open it."""

    title = serializers.CharField()
    says = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    shown_by = serializers.ListField(child=serializers.ChoiceField(Role.choices))


class InspectionDayView(APIView):
    """The records that are asked for first."""

    @documented("List the records that an inspection asks for first", answers=KeptOutput(many=True), tag="records")
    def get(self, request: Request) -> Response:
        return Response(list(_told(asker(request))))


def _told(person: Person) -> Iterator[Plain]:
    for _title, kept in SECTIONS:
        for one in kept:
            shown_by = [str(role) for role in one.shown_by]
            yield _shown(one, person) | {"title": str(one.title), "says": str(one.says), "shown_by": shown_by}
