"""How an incident of the record's integrity ends: one person proposes, another agrees.

What a ledger that was put back had lost stays lost: it goes on in its new epoch, with the gap declared, or this copy
is closed for ever. Everything else ends when its cause has, which is looked at again before anybody signs.
"""

import base64
from collections.abc import Sequence
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import IncidentClosing, IncidentClosingApproval, Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, Text, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from ledger import incidents, selfcheck
from ledger.models import Incident, IncidentState
from ledger.writing import is_writing

Outcome = IncidentClosing.Outcome
KINDS: dict[str, Text] = {
    "guards": gettext_lazy("The database's guards of the record are not all there"),
    "rights": gettext_lazy("The application could change the record in the database"),
    "durability": gettext_lazy("The database may lose what it acknowledged"),
    "clock": gettext_lazy("The clock is wrong"),
    "rollback": gettext_lazy("The ledger is shorter than what was signed of it"),
    "fork": gettext_lazy("Another history of this ledger was signed"),
    "memory": gettext_lazy("What remembers the signed ledger was replaced or put back"),
    "chain": gettext_lazy("Entries of the ledger were changed, removed or added"),
    "payloads": gettext_lazy("What entries stand for was changed or removed"),
    "envelopes": gettext_lazy("Signatures were changed, removed or added"),
    "signatures": gettext_lazy("Signatures do not verify"),
    "records": gettext_lazy("Rows of the record were changed, removed or added"),
    "files": gettext_lazy("Files were changed or removed"),
    "documents": gettext_lazy("Issued documents are not as they were issued"),
    "package": gettext_lazy("The record of a batch does not prove itself"),
}


def kind_words(kind: str) -> str:
    """Say what was found in words of the site."""
    return str(KINDS.get(kind, _("What is stored does not add up (%(kind)s)") % {"kind": kind}))


def pending_closing(incident: Incident) -> IncidentClosing | None:
    """Give the newest proposal to close an incident that nobody has approved."""
    return IncidentClosing.objects.filter(incident=incident, approval=None).order_by("-recorded_at", "-pk").first()


def incident_lines(incident: Incident) -> list[Line]:
    """Give the lines that say what was found, when, and what is lost of it."""
    lines = [
        Line(_("Found"), f"{kind_words(incident.kind)}. {incident.says}", "fail"),
        Line(_("About"), incident.about or _("the whole site")),
        Line(_("Found at"), record_time(incident.recorded_at)),
        Line(_("Newest entry then"), str(incident.after_seq)),
    ]
    epoch = getattr(incident, "epoch", None)
    if epoch is None:
        return lines
    lost = f"{epoch.kept_to + 1}–{epoch.known_size}" if epoch.known_size > epoch.kept_to else _("not known")
    return [
        *lines,
        Line(_("Provisional epoch"), str(epoch.number)),
        Line(
            _("Signed before"),
            _("%(size)s entries, root %(root)s, remembered by the %(who)s")
            % {"size": epoch.known_size, "root": _as_printed(epoch.known_root), "who": epoch.known_from},
        ),
        Line(_("Entries that are lost here"), lost),
    ]


def _as_printed(root: str) -> str:
    """Write a root as checkpoints and certificates print it."""
    return base64.b64encode(bytes.fromhex(root)).decode("ascii")


class AboutIncident(Act[Incident]):
    """An act whose subject is an incident; its state row is the lock."""

    permission = Permission.INCIDENT_CLOSE

    def find(self, subject: UUID) -> Incident:
        incident = Incident.objects.select_related("state").filter(pk=subject).first()
        if incident is None:
            raise Http404
        return incident

    def lock(self, subject: Incident) -> None:
        IncidentState.objects.select_for_update().filter(incident=subject).first()

    def shown(
        self,
        subject: Incident,
        outcome: str,
        reason: str,
        *,
        version: str,
        earlier: Sequence[EarlierSignature] = (),
    ) -> ToSign:
        """Give what both signers read: what was found, what is lost of it, and how it is to end."""
        found, about, at, *more = incident_lines(subject)
        ends = [Line(_("Outcome"), str(Outcome(outcome).label)), Line(_("Reason"), reason)]
        return ToSign(str(self.title), [about, at], [found, *more, *ends], version, earlier, signatures=2)

    def done_url(self, row: Signed) -> str:
        return reverse("integrity")


class ClosingIntent(StrictSerializer[Intent]):
    """How the incident ends, and what was done about its cause."""

    outcome = serializers.ChoiceField(Outcome.choices, label=gettext_lazy("How it ends"))
    reason = TextField(label=gettext_lazy("Cause, and what was done about it"), min_length=10, max_length=2000)


@register
class CloseIncident(AboutIncident):
    """Propose how an incident ends; it stays open until a second person agrees. A later proposal replaces this one."""

    code = "incident.close"
    title = gettext_lazy("Propose the end of an incident")
    verb = gettext_lazy("Sign the proposal")
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I looked into this incident and propose how it ends.")
    asks = ClosingIntent

    def to_sign(self, subject: Incident, intent: Intent) -> ToSign:
        return self.shown(subject, intent["outcome"], intent["reason"], version=str(subject.pk))

    def objections(self, subject: Incident, intent: Intent, by: Person) -> list[Objection]:
        wrong = intent["outcome"] not in incidents.outcomes_of(subject)
        return [
            *not_open(subject),
            *when(wrong, _("An incident of this kind does not end like this."), field="outcome"),
            *(still_there(subject) if subject.state.is_open and not wrong else []),
        ]

    def carry_out(self, subject: Incident, intent: Intent, signature: Signature) -> IncidentClosing:
        row = IncidentClosing(incident=subject, outcome=intent["outcome"], reason=intent["reason"])
        return sign(row, signature, type="incident.closing_proposed")


@register
class ApproveClosing(AboutIncident):
    """Agree how an incident ends; what it stopped goes on, unless this copy of the ledger is closed."""

    code = "incident.approve_closing"
    title = gettext_lazy("Agree to the end of an incident")
    verb = gettext_lazy("Agree and sign")
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I looked into this incident and agree how it ends.")

    def to_sign(self, subject: Incident, intent: Intent) -> ToSign:
        closing = pending_closing(subject)
        if closing is None:
            raise Http404
        earlier = [EarlierSignature.on(closing)]
        return self.shown(subject, closing.outcome, closing.reason, version=str(closing.pk), earlier=earlier)

    def objections(self, subject: Incident, intent: Intent, by: Person) -> list[Objection]:
        closing = pending_closing(subject)
        if closing is None or not subject.state.is_open:
            return not_open(subject) or when(True, _("Nobody has proposed how this incident ends."))
        return [
            *when(closing.signer_id == by.pk, _("A second person must agree to this."), code="same_person"),
            *(still_there(subject) if subject.kind in selfcheck.CHEAP else []),
        ]

    def carry_out(self, subject: Incident, intent: Intent, signature: Signature) -> IncidentClosingApproval:
        closing = pending_closing(subject)
        assert closing is not None  # noqa: S101  objected to above
        row = sign(IncidentClosingApproval(closing=closing), signature, type="incident.closed", earlier=[closing])
        incidents.close(subject, closing.outcome)
        return row


def not_open(incident: Incident) -> list[Objection]:
    """Object to an incident that was closed."""
    return when(not incident.state.is_open, _("This incident was closed already."))


def still_there(incident: Incident) -> list[Objection]:
    """Object while what was found can still be found; in a writing transaction only what is quickly looked at."""
    if incident.kind in incidents.DIVERGED or (is_writing() and incident.kind not in selfcheck.CHEAP):
        return []
    again = selfcheck.found_again(incident.kind, incident.about)
    return when(
        again is not None,
        _("It can still be found. End the cause first: %(says)s") % {"says": again.says[:500] if again else ""},
        code="still_found",
    )
