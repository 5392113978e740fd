"""Who of an inspection reads which records, until when; and what quality handed over to somebody outside.

(1) An inspection opens named batches to one reader, read-only, until a time. The reader is the inspector's own
    account, or somebody of quality who opens the records on the inspection's behalf.
(2) Access ends by the time, by an act of quality, and with the reader's account or role; the next request sees it.
(3) What was never opened to a reader is as good as missing to them. What is no longer open says so in words.
(4) That a copy was handed over is a signed act: to whom, on which medium.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, PersonState, Signed
from accounts.panels import Task
from accounts.parsing import MomentField, StrictSerializer, TextField
from accounts.refusal import NotAllowed, Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local, record_time
from batches.identity import batch_numbered, identity_lines
from batches.models import Batch
from ledger import clock
from ledger.models import Site
from ledger.numbering import next_serial
from reports.models import CopyHandedOver, CopyMade, Inspection, InspectionEnded

LONGEST = timedelta(days=90)
MOST_BATCHES = 100
NUMBER_KIND = "INS"


def granted(person: Person, at: datetime) -> list[Inspection]:
    """Give the inspections in force for a reader at a time, the one that ends last first."""
    if Permission.RECORD_READ_GRANTED not in person.permissions:
        return []
    found = Inspection.objects.filter(reader=person, until__gt=at, ended=None)
    return list(found.select_related("signer", "reader").order_by("-until", "number"))


def may_read(person: Person, batch: Batch) -> Inspection | None:
    """Give the inspection that opens a batch to a person now; None where there is none."""
    return next((one for one in granted(person, clock.now()) if batch.number in one.batches), None)


def opened(person: Person, number: str) -> tuple[Batch, Inspection]:
    """Give a batch and the inspection that opens it to a person now.

    Raises NotAllowed, with the reason, where access is over; Http404 where there never was one or no such batch.
    """
    known = [
        one
        for one in Inspection.objects.filter(reader=person).select_related("signer", "reader", "ended")
        if number in one.batches
    ]
    inspection = max((one for one in known if is_in_force(one)), key=lambda one: one.until, default=None)
    if inspection is None:
        if not known:
            raise Http404
        raise NotAllowed(Objection(why_over(max(known, key=lambda one: one.until)), code="access_over"))
    return batch_numbered(number), inspection


def is_in_force(inspection: Inspection) -> bool:
    """Tell whether an inspection still opens anything to its reader."""
    return not hasattr(inspection, "ended") and inspection.until > clock.now()


def why_over(inspection: Inspection) -> str:
    """Say since when an inspection opens nothing any more, and whom to ask."""
    ended: InspectionEnded | None = getattr(inspection, "ended", None)
    since = ended.signed_at if ended else inspection.until
    return _("Access under inspection %(number)s ended %(time)s. Ask %(name)s to open the records again.") % {
        "number": inspection.number,
        "time": record_time(since),
        "name": inspection.signer_name,
    }


class InspectionIntent(StrictSerializer[Intent]):
    """Who inspects, which account reads, which batches, until when."""

    authority = TextField(
        label=gettext_lazy("Authority"), max_length=120, help_text="the authority or company that inspects"
    )
    inspector = TextField(label=gettext_lazy("Inspector"), max_length=120, help_text="the inspector's own name")
    reader = TextField(
        label=gettext_lazy("Account that reads"),
        max_length=40,
        help_text="the user ID that reads: the inspector's, or your own on their behalf",
    )
    batches = serializers.ListField(child=TextField(max_length=20), min_length=1, max_length=MOST_BATCHES)
    until = MomentField(
        label=gettext_lazy("Until"), future_allowed=True, help_text="in the future, at most 90 days ahead"
    )


@register
class OpenInspection(AboutSite):
    """Open the records of named batches to an inspection, read-only, until a time."""

    code = "inspection.open"
    title = gettext_lazy("Open records to an inspection")
    verb = gettext_lazy("Sign and open the records")
    permission = Permission.INSPECTION_MANAGE
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I open these records to this inspection, read-only, until this time.")
    asks = InspectionIntent

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        reader = _reader(intent)
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Batch"), number) for number in _numbers(intent)],
            lines=[
                Line(_("Authority"), intent["authority"]),
                Line(_("Inspector"), intent["inspector"]),
                Line(_("Reads with the account of"), f"{reader.name} ({reader.username})" if reader else "–"),
                Line(_("Until"), record_time(_until(intent))),
            ],
        )

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        reader, until = _reader(intent), _until(intent)
        known = set(Batch.objects.filter(number__in=_numbers(intent)).values_list("number", flat=True))
        unknown = [number for number in _numbers(intent) if number not in known]
        return [
            *when(reader is None, _("Nobody active here has this user ID."), code="unknown", field="reader"),
            *when(
                reader is not None and Permission.RECORD_READ_GRANTED not in reader.permissions,
                _("This account is neither an inspector's nor quality's. Ask an administrator for the role."),
                field="reader",
            ),
            *when(
                reader is not None and reader.pk != by.pk and Permission.RECORD_READ in reader.permissions,
                _("Open records on an inspection's behalf with your own account, not with a colleague's."),
                field="reader",
            ),
            *when(
                unknown,
                _("Not known here: %(numbers)s.") % {"numbers": ", ".join(unknown)},
                code="unknown",
                field="batches",
            ),
            *when(until <= clock.now(), _("Access must end in the future."), field="until"),
            *when(until > clock.now() + LONGEST, _("Access lasts at most 90 days."), field="until"),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> Inspection:
        reader = _reader(intent)
        assert reader is not None  # noqa: S101  objections() has asked
        PersonState.objects.select_for_update().filter(pk=reader.pk).first()
        year = local(clock.now()).year
        row = Inspection(
            number=f"{NUMBER_KIND}-{year % 100:02d}-{next_serial(NUMBER_KIND, year):03d}",
            authority=intent["authority"],
            inspector=intent["inspector"],
            reader=reader,
            batches=_numbers(intent),
            until=_until(intent),
        )
        return sign(row, signature, type="inspection.opened")

    def done_url(self, row: Signed) -> str:
        return reverse("reports:inspections")


def _reader(intent: Intent) -> Person | None:
    found = Person.objects.select_related("state").filter(username__iexact=intent["reader"].strip()).first()
    return found if found is not None and found.state.active else None


def _numbers(intent: Intent) -> list[str]:
    return sorted({number.strip().upper() for number in intent["batches"]})


def _until(intent: Intent) -> datetime:
    return datetime.fromisoformat(intent["until"])


class EndIntent(StrictSerializer[Intent]):
    """Why, where there is something to say."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, required=False, default="")


@register
class EndInspection(Act[Inspection]):
    """End the access of an inspection before its time; its reader's next request is refused."""

    code = "inspection.end"
    title = gettext_lazy("End the access of an inspection")
    verb = gettext_lazy("End the access")
    permission = Permission.INSPECTION_MANAGE
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I end the access of this inspection.")
    asks = EndIntent

    def find(self, subject: UUID) -> Inspection:
        found = Inspection.objects.select_related("reader").filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def lock(self, subject: Inspection) -> None:
        PersonState.objects.select_for_update().filter(pk=subject.reader_id).first()

    def to_sign(self, subject: Inspection, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Inspection"), subject.number)],
            lines=[
                Line(_("Authority"), subject.authority),
                Line(_("Inspector"), subject.inspector),
                Line(_("Reads with the account of"), subject.reader.name),
                Line(_("Batches"), ", ".join(subject.batches)),
                Line(_("Until"), record_time(subject.until)),
                Line(_("Reason"), intent["reason"] or "–"),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: Inspection, intent: Intent, by: Person) -> list[Objection]:
        return when(not is_in_force(subject), _("This access is over already."))

    def carry_out(self, subject: Inspection, intent: Intent, signature: Signature) -> InspectionEnded:
        row = InspectionEnded(inspection=subject, reason=intent["reason"])
        return sign(row, signature, type="inspection.ended")

    def done_url(self, row: Signed) -> str:
        return reverse("reports:inspections")


class HandOverIntent(StrictSerializer[Intent]):
    """To whom, and on what."""

    to = TextField(
        label=gettext_lazy("Given to"), max_length=200, min_length=3, help_text="name and authority of who got it"
    )
    medium = TextField(
        label=gettext_lazy("On"),
        max_length=120,
        min_length=3,
        help_text="how it was given: a stick with its number, a portal",
    )


@register
class HandOverCopy(Act[CopyMade]):
    """State that a copy was given to somebody outside."""

    code = "copy.hand_over"
    title = gettext_lazy("Hand over a copy")
    verb = gettext_lazy("Sign the hand-over")
    permission = Permission.INSPECTION_MANAGE
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I gave this copy, with this digest, to this person.")
    asks = HandOverIntent

    def find(self, subject: UUID) -> CopyMade:
        found = CopyMade.objects.select_related("asked__batch__order__coi__subject", "asked__inspection", "file")
        copy = found.filter(pk=subject).first()
        if copy is None:
            raise Http404
        return copy

    def to_sign(self, subject: CopyMade, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.asked.batch),
            lines=[
                Line(_("Copy"), str(subject.asked.get_kind_display())),
                Line(_("File"), subject.file.original_name),
                Line(_("Made"), record_time(subject.recorded_at)),
                Line(_("SHA-256"), subject.sha256),
                Line(_("Given to"), intent["to"]),
                Line(_("On"), intent["medium"]),
            ],
            version=str(subject.pk),
        )

    def carry_out(self, subject: CopyMade, intent: Intent, signature: Signature) -> CopyHandedOver:
        row = CopyHandedOver(copy=subject, to=intent["to"], medium=intent["medium"])
        return sign(row, signature, type="copy.handed_over")

    def done_url(self, row: Signed) -> str:
        return reverse("reports:copies")


def work(person: Person) -> list[Task]:
    """Give the records that inspections open to a person, as what waits for them."""
    tasks: dict[str, Task] = {}
    for inspection in granted(person, clock.now()):
        for number in inspection.batches:
            detail = _("%(number)s, until %(time)s") % {
                "number": inspection.number,
                "time": record_time(inspection.until),
            }
            url = reverse("reports:record", args=[number])
            tasks.setdefault(number, Task(_("Read the record"), number, url, _("Open"), detail, icon="book-open"))
    return list(tasks.values())
