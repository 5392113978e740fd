"""The page of the record's own integrity: what was found, how it ended, what is known outside, and what was looked at.

Everybody sees what is found about the whole site; what is found about one batch is shown to those who read batches.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.acts import Line
from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.incident_acts import incident_lines, kind_words, pending_closing
from accounts.middleware import person_of
from accounts.models import IncidentClosing, IncidentClosingApproval, Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from accounts.wording import record_time
from config.views import in_words
from ledger import clock, high_water, incidents, selfcheck, watching
from ledger.anchoring import anchor_words
from ledger.checkpoints import head_of, newest
from ledger.models import Head, Incident
from ledger.signer import signer

CLOSED_SHOWN = 50
Outcome = IncidentClosing.Outcome


@dataclass(frozen=True, slots=True)
class Shown:
    """An incident as the page shows it."""

    incident: Incident
    title: str
    lines: list[Line]
    proposed: IncidentClosing | None
    ended: IncidentClosingApproval | None
    outcomes: list[tuple[str, str]]
    close: Offer | None
    approve: Offer | None


@require_safe
@needs(Permission.OWN_ACCOUNT)
def integrity(request: HttpRequest) -> HttpResponse:
    """Show whether the record verifies, as far as the site itself can tell."""
    person = person_of(request)
    found = seen_by(person)
    context = {
        "open": [_shown(one, person) for one in found if _is_open(one)],
        "closed": [_shown(one, person) for one in found if not _is_open(one)][:CLOSED_SHOWN],
        "known": known_lines(),
        "anchors": anchor_words(),
        "looks": look_lines(),
        "not_checked": selfcheck.not_checked(),
    }
    return render(request, "config/integrity.html", context)


def seen_by(person: Person) -> list[Incident]:
    """Give the incidents that somebody may see, the newest first."""
    found = Incident.objects.select_related("state", "epoch").order_by("-recorded_at", "-pk")
    return list(found if Permission.RECORD_READ in person.permissions else found.filter(about=""))


def _is_open(incident: Incident) -> bool:
    return incident.state.is_open or incident.state.outcome == incidents.COPY_CLOSED


def _shown(incident: Incident, person: Person) -> Shown:
    approvals = IncidentClosingApproval.objects.select_related("closing").filter(closing__incident=incident)
    ended = approvals.first()
    proposed = None if ended else pending_closing(incident)
    may = ended is None and Permission.INCIDENT_CLOSE in person.permissions
    return Shown(
        incident=incident,
        title=kind_words(incident.kind),
        lines=incident_lines(incident)[1:],
        proposed=proposed,
        ended=ended,
        outcomes=[(one, str(Outcome(one).label)) for one in incidents.outcomes_of(incident)],
        close=offer("incident.close", incident, by=person) if may else None,
        approve=offer("incident.approve_closing", incident, by=person) if may and proposed else None,
    )


def known_lines() -> list[Line]:
    """Say what is known of the ledger inside and outside the database."""
    head = Head.objects.filter(pk=1).first() or Head()
    checkpoint, remembered = newest(), high_water.newest()
    lines = [
        Line(_("Entries"), f"{head.seq:,}"),
        Line(_("Epoch"), str(head.epoch)),
        Line(
            _("Signer of checkpoints"),
            _("a separate process, which this one cannot make sign another history")
            if signer().is_separate
            else _("this process itself: whoever has this machine has the key of the log"),
        ),
    ]
    if checkpoint is None:
        return [*lines, Line(_("Newest checkpoint"), _("none yet"))]
    age = clock.now() - checkpoint.recorded_at
    return [
        *lines,
        Line(_("Newest checkpoint"), _("over the first %(size)s entries") % {"size": f"{checkpoint.size:,}"}),
        Line(_("Its origin"), checkpoint.origin),
        Line(_("Its root"), head_of(checkpoint).root_base64),
        Line(_("Its age"), in_words(age)),
        Line(
            _("High-water file"),
            _("remembers %(size)s entries of %(origin)s")
            % {"size": f"{remembered.size:,}", "origin": remembered.origin}
            if remembered
            else _("remembers nothing"),
        ),
    ]


def look_lines() -> list[Line]:
    """Say when the site looked at its own record last, and what came of it."""
    words = {watching.QUICK_JOB: _("Hourly check"), watching.FULL_JOB: _("Nightly check")}
    return [Line(label, *_look(kind)) for kind, label in words.items()]


def _look(kind: str) -> tuple[str, str]:
    job = watching.last_check(kind)
    done: datetime | None = job.done_at if job else None
    if job is None or done is None:
        return _("not done yet"), "wait"
    found = job.progress if job.progress.isdecimal() else "0"
    said = _("nothing found") if found == "0" else _("%(number)s found") % {"number": found}
    return f"{record_time(done)}: {said}", "pass" if found == "0" else "fail"


class IncidentOutput(serializers.Serializer[Any]):  # Any: plain values
    """An incident of the record's integrity."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    about = serializers.CharField(help_text="a stream; empty where the whole site is concerned")
    says = serializers.CharField()
    found_at = serializers.DateTimeField()
    after_entry = serializers.IntegerField()
    is_open = serializers.BooleanField()
    outcome = serializers.CharField()


class LineOutput(serializers.Serializer[Any]):  # Any: plain values
    """One thing that is known."""

    says = serializers.CharField()
    value = serializers.CharField()


class IntegrityOutput(serializers.Serializer[Any]):  # Any: plain values
    """What the site itself can tell of its record's integrity."""

    stops_decisions = serializers.BooleanField(help_text="an incident about the whole site is open")
    incidents = IncidentOutput(many=True)
    known = LineOutput(many=True)
    anchors = LineOutput(many=True)
    checks = LineOutput(many=True)
    not_checked = serializers.ListField(child=serializers.CharField())


class IntegrityView(APIView):
    """The integrity of the record as programs read it."""

    @documented("Read the integrity of the record", answers=IntegrityOutput, tag="integrity")
    def get(self, request: Request) -> Response:
        person = asker(request)
        refuse_if(lacks(person, Permission.OWN_ACCOUNT))
        output = IntegrityOutput(
            {
                "stops_decisions": incidents.stops_site(),
                "incidents": [
                    {
                        "id": one.pk,
                        "kind": one.kind,
                        "about": one.about,
                        "says": one.says,
                        "found_at": one.recorded_at,
                        "after_entry": one.after_seq,
                        "is_open": one.state.is_open,
                        "outcome": one.state.outcome,
                    }
                    for one in seen_by(person)
                ],
                "known": [{"says": line.label, "value": line.value} for line in known_lines()],
                "anchors": [{"says": label, "value": value} for label, value in anchor_words()],
                "checks": [{"says": line.label, "value": line.value} for line in look_lines()],
                "not_checked": selfcheck.not_checked(),
            }
        )
        return Response(output.data)
