"""The continuity record: what a batch still has to go, as a controlled paper for the time without a computer.

(1) After the issue of a batch and after each signature on a step an edition is owed; a later one supersedes it. Its
    number is CR, the batch's year and serial, and the edition: CR-26-0042-03.
(2) Who takes a copy gets the batch's next copy number, which stands on each page, and says where the copy is kept.
(3) Each copy is accounted for: worked with, and then its scan is certified, or destroyed unused. Until then the batch
    is not decided on.
(4) What was done on a copy is entered back with who did it (batches.transcribing).

The papers are drawn elsewhere: whoever draws them says so with `drawn_by()`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.handing_out import damaged, intact_bytes
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, Refused, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines, locked
from batches.models import (
    Batch,
    BatchState,
    ContinuityCopy,
    ContinuityCopyAccounted,
    ContinuityRecord,
    StepOnPaper,
    TrueCopy,
)
from batches.page_counting import pages_in
from batches.true_copies import pages_words
from ledger import files, outbox
from ledger.models import StoredFile, Written
from ledger.writing import write, writing

JOB = "continuity"
MAY_TAKE = (Permission.STEP_WORK, Permission.RECORD_REVIEW)
SHORTEST_PLACE, LONGEST_PLACE = 3, 120
ATTEMPTS = 5
Fate = ContinuityCopyAccounted.Fate
DAMAGED = "continuity_record_damaged"
NOT_GIVEN_OUT = gettext_lazy("This continuity record is not given out: its file is not the one that was made. Call QA.")


@dataclass(frozen=True, slots=True)
class Drawing:
    """How editions and copies come to be drawn."""

    # Makes the edition that states the record as it stands, and gives it; None where no step is left.
    edition: Callable[[Batch], ContinuityRecord | None]
    # Gives the bytes of a copy: the edition, the copy's number, where it is kept, who takes it.
    copy: Callable[[ContinuityRecord, int, str, Person], bytes]


_drawing: list[Drawing] = []


def drawn_by(drawing: Drawing) -> None:
    """Set who draws editions and copies."""
    _drawing[:] = [drawing]


def owe_edition(row: Written) -> None:
    """Owe the edition that follows a signed row of a batch, in the open transaction."""
    outbox.owe(JOB, row.pk)


def number_of(batch: Batch, edition: int) -> str:
    """Give the number of an edition: that of the batch with another head, and the edition."""
    _head, _dash, serial = batch.number.partition("-")
    return f"CR-{serial}-{edition:02d}"


def newest_edition(batch: Batch) -> ContinuityRecord | None:
    """Give the newest edition of a batch, if one was made."""
    return ContinuityRecord.objects.filter(batch=batch).select_related("file").order_by("-edition").first()


def copies_of(batch: Batch) -> list[ContinuityCopy]:
    """Give the numbered copies of a batch, as they were taken, each with what became of it."""
    found = ContinuityCopy.objects.filter(batch=batch).order_by("number")
    return list(found.select_related("record", "file", "batch", "accounted__scan"))


def is_accounted(copy: ContinuityCopy) -> bool:
    """Tell whether somebody said what became of a copy."""
    return hasattr(copy, "accounted")


def copy_words(copy: ContinuityCopy) -> str:
    """Name a copy: CR-26-0042-03, copy 2."""
    return _("%(record)s, copy %(number)s") % {"record": copy.record.number, "number": copy.number}


def words_without_connection(batch: Batch) -> str:
    """Give what a page of the batch says when its connection is lost; empty where no copy is out."""
    open_copies = [copy for copy in copies_of(batch) if not is_accounted(copy)]
    if not open_copies:
        return ""
    newest = open_copies[-1]
    words = _("Keep the cells safe: go on with continuity record %(record)s, copy %(number)s, kept in: %(place)s.")
    return words % {"record": newest.record.number, "number": newest.number, "place": newest.place}


def objections_to_taking(batch: Batch, *, by: Person) -> list[Objection]:
    """Give the reasons against taking a copy now."""
    allowed = any(permission in by.permissions for permission in MAY_TAKE)
    return [
        *lacks(by, Permission.RECORD_READ),
        *([] if allowed else lacks(by, Permission.STEP_WORK)),
        *when(
            batch.state.disposition != BatchState.Disposition.NONE,
            _("This batch was decided on; nothing is left to do in it."),
            code="decided",
        ),
    ]


def take_copy(
    *,
    batch: Batch,
    place: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
) -> ContinuityCopy:
    """Draw the next numbered copy of the newest edition, which is brought up to date first, and keep its file."""
    place = place.strip()
    if not SHORTEST_PLACE <= len(place) <= LONGEST_PLACE:
        raise BadInput(Objection(_("Say in 3 to 120 characters where the copy is kept."), "bad_input", "place"))
    refuse_if(objections_to_taking(batch, by=by))
    said = {"batch_id": batch.pk, "place": place}
    if known := recorded_before(ContinuityCopy, id, said, by=by):
        return known
    for _attempt in range(ATTEMPTS):
        row = _taken(batch, place, by, id, said)
        if row is not None:
            return row
    raise Refused(Objection(_("Others take copies at this moment. Try again."), "taken_meanwhile"))


def _taken(batch: Batch, place: str, by: Person, row_id: UUID, said: dict[str, object]) -> ContinuityCopy | None:
    """Draw a copy outside any transaction, then record it; None where somebody else took its number meanwhile."""
    try:
        record = _drawing[0].edition(batch) if _drawing else None
    except outbox.NotYetError:  # a worker made the same edition at the same moment
        return None
    if record is None:
        raise Refused(Objection(_("No step is left in this batch; there is nothing to go on with."), "no_step_left"))
    number = _next_copy(batch)
    try:
        content = _drawing[0].copy(record, number, place, by)
    except files.FileChangedError as error:
        raise damaged(error, by=by, says=NOT_GIVEN_OUT, code="file_damaged", event=DAMAGED) from error
    with writing():
        batch.state = locked(batch.pk)
        if known := recorded_before(ContinuityCopy, row_id, said, by=by):
            return known
        refuse_if(objections_to_taking(batch, by=by))
        if _next_copy(batch) != number:
            return None
        file = files.keep(content, name=f"{record.number}-copy-{number}.pdf", actor=by.reference)
        row = ContinuityCopy(id=row_id, batch=batch, record=record, number=number, file=file, place=place)
        return write(row, type="continuity.copy_taken", actor=by.reference)


def _next_copy(batch: Batch) -> int:
    newest: int | None = ContinuityCopy.objects.filter(batch=batch).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def bytes_of(file: StoredFile, *, by: Person) -> bytes:
    """Give the bytes of an edition or a copy; refuse, and log it, if they are not those of the ledger any more."""
    return intact_bytes(file, by=by, says=NOT_GIVEN_OUT, code="file_damaged", event=DAMAGED)


def objections_to_copies(batch: Batch) -> list[Objection]:
    """Give the copies that nobody accounted for: they stand between the batch and a decision."""
    open_copies = ContinuityCopy.objects.filter(batch=batch, accounted=None).select_related("record").order_by("number")
    says = _("Copy %(number)s of the continuity record (%(record)s, kept in: %(place)s) is not accounted for.")
    return [
        Objection(
            says % {"number": copy.number, "record": copy.record.number, "place": copy.place},
            code="copy_not_accounted",
            url=f"/batches/{batch.number}/continuity/",
        )
        for copy in open_copies
    ]


class AccountIntent(StrictSerializer[Intent]):
    """What became of a copy."""

    fate = serializers.ChoiceField(Fate.choices, label=gettext_lazy("What became of it"))
    scan = serializers.UUIDField(
        label=gettext_lazy("Certified scan, if it was used"),
        required=False,
        allow_null=True,
        default=None,
        help_text="its certified scan, if used",
    )
    says = TextField(label=gettext_lazy("Remark"), max_length=1000, required=False, default="")


@register
class AccountForCopy(Act[ContinuityCopy]):
    """Account for a numbered copy of a continuity record."""

    code = "continuity.account"
    title = gettext_lazy("Account for a copy")
    verb = gettext_lazy("Sign what became of it")
    permission = Permission.TRUE_COPY
    meaning = Meaning.VERIFIED
    asks = AccountIntent

    def find(self, subject: UUID) -> ContinuityCopy:
        found = ContinuityCopy.objects.select_related("record", "file", "batch__order__coi__subject", "batch__product")
        copy = found.filter(pk=subject).first()
        if copy is None:
            raise Http404
        return copy

    def lock(self, subject: ContinuityCopy) -> None:
        locked(subject.batch_id)

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        if intent["fate"] == Fate.USED:
            return Meaning.VERIFIED, _("This copy was worked with. Its certified scan shows every page of it.")
        return Meaning.VERIFIED, _("I have this copy whole in my hands. Nothing was written on it. I destroy it now.")

    def to_sign(self, subject: ContinuityCopy, intent: Intent) -> ToSign:
        scan = _scan(subject, intent)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Copy"), copy_words(subject)),
                Line(_("Kept in"), subject.place),
                Line(_("What became of it"), str(Fate(intent["fate"]).label)),
                *_scan_lines(scan),
                *([Line(_("Remark"), intent["says"])] if intent["says"] else []),
            ],
        )

    def objections(self, subject: ContinuityCopy, intent: Intent, by: Person) -> list[Objection]:
        used = intent["fate"] == Fate.USED
        scan = _scan(subject, intent)
        changed = used and not files.is_whole(subject.file)
        counted = used and scan is not None and not changed
        wanted = pages_in(files.read(subject.file), subject.file.media_type) if counted else 0
        other = ContinuityCopyAccounted.objects.filter(scan=scan).first() if scan else None
        return [
            *when(is_accounted(subject), _("This copy was accounted for already."), code="accounted_already"),
            *when(
                changed,
                _("The stored file of this copy is gone or was changed. Call quality assurance."),
                code="copy_damaged",
            ),
            *when(
                used and scan is None,
                _("Choose the certified scan of this copy. Certify it as a true copy of this batch first."),
                code="no_scan",
                field="scan",
            ),
            *when(
                scan is not None and scan.last_page - scan.first_page + 1 < wanted,
                _("The copy has %(pages)s pages; the scan must show all of them.") % {"pages": wanted},
                code="scan_not_whole",
                field="scan",
            ),
            *when(
                other is not None,
                _("This scan accounts for another copy already."),
                code="scan_used",
                field="scan",
            ),
            *when(
                not used and StepOnPaper.objects.filter(copy=subject).exists(),
                _("Steps were entered back from this copy. It was used."),
                code="was_used",
                field="fate",
            ),
        ]

    def carry_out(self, subject: ContinuityCopy, intent: Intent, signature: Signature) -> ContinuityCopyAccounted:
        scan = _scan(subject, intent) if intent["fate"] == Fate.USED else None
        row = ContinuityCopyAccounted(
            batch=subject.batch, copy=subject, fate=intent["fate"], scan=scan, says=intent["says"]
        )
        return sign(row, signature, type="continuity.copy_accounted")

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/continuity/" if isinstance(row, ContinuityCopyAccounted) else "/batches/"


def _scan(copy: ContinuityCopy, intent: Intent) -> TrueCopy | None:
    return TrueCopy.objects.select_related("file").filter(pk=intent["scan"], batch=copy.batch_id).first()


def _scan_lines(scan: TrueCopy | None) -> list[Line]:
    if scan is None:
        return []
    return [
        Line(_("Certified scan"), scan.title),
        Line(_("Pages"), pages_words(scan.first_page, scan.last_page, scan.pages)),
        Line(_("SHA-256"), scan.file.sha256),
    ]
