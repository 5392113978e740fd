"""Erasing what links a subject to a human being: the identity record and nothing else.

(1) One person proposes, another approves, both under signature. Neither can while anything keeps the record: what
    does, and until when, is asked of every room that registered itself, computed anew each time, shown and signed.
(2) The approval names the entries whose payload goes and writes one `Erasure` for each: the database then lets these
    payloads and these identity rows be deleted, and nothing else. A job deletes them afterwards; it may run twice.
(3) Entries, their digests and every signature stay: the record of the batches verifies as before, under the pseudonym.
(4) Copies that left this database are not reached: backups, and what people wrote down. Packages never held it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import today
from chain_of_custody.identity import COLLECTED
from chain_of_custody.models import Container, ErasureApproved, ErasureProposed, Subject, SubjectIdentity
from ledger import outbox
from ledger.incidents import waits_for
from ledger.models import Counter, Entry, Erasure, OutboxJob, Payload
from ledger.writing import write, writing

ERASE_JOB = "erase"
ERASER = "eraser"
LONGEST_RETENTION = 2000
SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """Something for which the identity record of a subject is kept: in words, and the last day; None: no day known."""

    words: str
    until: date | None

    def still_runs(self, on: date) -> bool:
        """The last day still counts, and what has no day has not ended."""
        return self.until is None or on <= self.until


Keeper = Callable[[Subject], Sequence[Kept]]
_keepers: list[Keeper] = []


def register_keeper(keeper: Keeper) -> None:
    """Add a function that tells what in its room keeps the identity record of a subject."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def kept_for(subject: Subject) -> list[Kept]:
    """Give everything that keeps or kept the identity record of a subject, of every room, the longest first."""
    found = [*_cells_without_a_batch(subject), *(kept for keeper in _keepers for kept in keeper(subject))]
    return sorted(found, key=lambda kept: (kept.until is None, kept.until or date.min), reverse=True)


def _cells_without_a_batch(subject: Subject) -> list[Kept]:
    """Collected cells that went into no batch are traced as well; no rule here says when that has ended."""
    loose = Container.objects.filter(coi__subject=subject, kind__in=COLLECTED, assignment=None)
    return [
        Kept(_("Bag %(code)s: kept: it belongs to no batch") % {"code": bag.code}, None)
        for bag in loose.order_by("code")
    ]


def entries_of_identity(subject: Subject) -> list[Entry]:
    """Give the entries whose payload is an identity record of a subject that is still there, in their order."""
    rows = SubjectIdentity.objects.filter(subject=subject).values("pk")
    return list(Entry.objects.filter(rec_type=SubjectIdentity.record_type(), rec_id__in=rows).order_by("seq"))


def erasure_of(subject: Subject) -> ErasureApproved | None:
    """Give the newest approved erasure of a subject's identity record."""
    found = ErasureApproved.objects.filter(proposal__subject=subject).select_related("proposal")
    return found.order_by("-recorded_at").first()


def streams_of(subject: Subject) -> list[str]:
    """Name the streams of the record that are about a subject."""
    chains = subject.chains.order_by("identifier").values_list("identifier", flat=True)
    return [f"subject/{subject.pk}", *(f"coi/{chain}" for chain in chains)]


def pending_for(subject: Subject) -> ErasureProposed | None:
    """Give the proposal that waits for a second person."""
    return ErasureProposed.objects.filter(subject=subject, approval=None).order_by("-recorded_at").first()


def objections_to_erasure(subject: Subject) -> list[Objection]:
    """Give the reasons against erasing a subject's identity record, whoever asks: what keeps it, or that it is gone."""
    now = today()
    return [
        *when(not entries_to_erase(subject), _("No identity record of this subject is left."), code="nothing_to_erase"),
        *(
            Objection(_("The identity record must stay. %(kept)s.") % {"kept": kept.words}, code="retention")
            for kept in kept_for(subject)
            if kept.still_runs(now)
        ),
    ]


def entries_to_erase(subject: Subject) -> list[Entry]:
    """Give the entries of a subject's identity that no erasure names yet."""
    entries = entries_of_identity(subject)
    named = set(Erasure.objects.filter(seq__in=[one.seq for one in entries]).values_list("seq", flat=True))
    return [entry for entry in entries if entry.seq not in named]


class ErasureIntent(StrictSerializer[Intent]):
    """Why; never a name or anything else that tells who the subject is, because this sentence stays."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=SHORTEST_REASON)


def _identity_lines(subject: Subject) -> list[Line]:
    chains = subject.chains.order_by("identifier").values_list("identifier", flat=True)
    return [Line(_("Subject"), subject.pseudonym), *(Line(_("Chain of identity"), chain) for chain in chains)]


def _lines(subject: Subject, reason: str) -> list[Line]:
    """Say what goes, what stays, what kept it and what is not reached."""
    return [
        Line(_("Entries whose content is erased"), ", ".join(str(one.seq) for one in entries_to_erase(subject)) or "–"),
        Line(_("Retention"), retention_words(kept_for(subject))),
        Line(_("What goes"), _("initials, year of birth and the hospital's reference of this subject")),
        Line(_("What stays"), _("the whole record of batches and custody under the pseudonym; it verifies as before")),
        Line(_("What is not reached"), _("backups and copies that left this site, and what the hospital holds")),
        Line(_("Reason"), reason),
    ]


def retention_words(kept: Sequence[Kept]) -> str:
    """Write what kept the record, the longest first; what does not fit is counted, and ended earlier than the rest."""
    if not kept:
        return _("nothing here keeps it")
    told: list[str] = []
    for one in kept:
        rest = _("and %(n)s more that end earlier") % {"n": len(kept) - len(told)}
        if len("; ".join([*told, one.words, rest])) > LONGEST_RETENTION:
            return "; ".join([*told, rest])
        told.append(one.words)
    return "; ".join(told)


class _Erasing:
    """What proposing and approving share: one turn, in which nobody else proposes or approves."""

    permission = Permission.IDENTITY_ERASE
    meaning = Meaning.APPROVED
    # Nothing is destroyed while the record itself is in doubt.
    stopped_by_findings = True

    def lock(self, subject: object) -> None:
        Counter.objects.get_or_create(kind="ERASURE", year=0)
        Counter.objects.select_for_update().get(kind="ERASURE", year=0)

    def done_url(self, row: Signed) -> str:
        subject = row.subject if isinstance(row, ErasureProposed) else None
        if isinstance(row, ErasureApproved):
            subject = row.proposal.subject
        chain = subject.chains.order_by("identifier").first() if subject else None
        return f"/custody/{chain.identifier}/" if chain else "/custody/"


@register
class ProposeErasure(_Erasing, Act[Subject]):
    """Propose to erase the identity record of a subject; nothing is erased until a second person approves."""

    code = "identity.propose_erasure"
    title = gettext_lazy("Erase an identity record")
    verb = gettext_lazy("Sign the proposal")
    meaning_text = gettext_lazy("I ask that the identity record of this subject be erased.")
    asks = ErasureIntent

    def streams(self, subject: Subject) -> Sequence[str]:
        return streams_of(subject)

    def find(self, subject: UUID) -> Subject:
        found = Subject.objects.filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def to_sign(self, subject: Subject, intent: Intent) -> ToSign:
        lines = _lines(subject, intent["reason"])
        return ToSign(title=str(self.title), identity=_identity_lines(subject), lines=lines, signatures=2)

    def objections(self, subject: Subject, intent: Intent, by: Person) -> list[Objection]:
        return [
            *objections_to_erasure(subject),
            *when(pending_for(subject), _("An erasure of this identity record waits for a second person.")),
        ]

    def carry_out(self, subject: Subject, intent: Intent, signature: Signature) -> ErasureProposed:
        retention = retention_words(kept_for(subject))
        row = ErasureProposed(subject=subject, reason=intent["reason"], retention=retention)
        return sign(row, signature, type="identity.erasure_proposed")


@register
class ApproveErasure(_Erasing, Act[ErasureProposed]):
    """Approve an erasure as a second person: the identity record is erased by the next worker."""

    code = "identity.approve_erasure"
    title = gettext_lazy("Approve the erasure of an identity record")
    verb = gettext_lazy("Sign and erase")
    meaning_text = gettext_lazy("I approve that this identity record be erased. It cannot be brought back.")

    def streams(self, subject: ErasureProposed) -> Sequence[str]:
        return streams_of(subject.subject)

    def find(self, subject: UUID) -> ErasureProposed:
        found = ErasureProposed.objects.select_related("subject").filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def to_sign(self, subject: ErasureProposed, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=_identity_lines(subject.subject),
            lines=_lines(subject.subject, subject.reason),
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
            signatures=2,
        )

    def objections(self, subject: ErasureProposed, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(ErasureApproved.objects.filter(proposal=subject).exists(), _("This was approved already.")),
            *when(subject.signer_id == by.pk, _("Another person must approve this erasure."), code="same_person"),
            *objections_to_erasure(subject.subject),
        ]

    def carry_out(self, subject: ErasureProposed, intent: Intent, signature: Signature) -> ErasureApproved:
        entries = entries_to_erase(subject.subject)
        row = ErasureApproved(proposal=subject, entries=[entry.seq for entry in entries])
        sign(row, signature, type="identity.erasure_approved", earlier=[subject])
        for entry in entries:
            door = Erasure(
                seq=entry.seq,
                record_type_erased=entry.rec_type,
                record_id_erased=entry.rec_id,
                stream=entry.stream,
                reason=subject.reason,
            )
            write(door, type="payload.erased", actor=signature.signer.reference)
        outbox.owe(ERASE_JOB, row.pk)
        return row


@outbox.handles(ERASE_JOB)
def erase(job: OutboxJob) -> None:
    """Delete what an approved erasure names; doing it again changes nothing. It waits while the record is in doubt."""
    approval = ErasureApproved.objects.select_related("proposal__subject").get(pk=job.subject)
    if waiting := waits_for(streams_of(approval.proposal.subject)):
        raise outbox.NotYetError(waiting)
    delete_erased(approval)
    with writing():
        outbox.finish(job)


def delete_erased(approval: ErasureApproved) -> None:
    """Delete payloads and identity rows of an approval, under the database role that may do nothing else.

    Without a role of its own (SQLite, or a site that configured none) the application's own connection is used; the
    database's guards then are what keeps it from deleting more.
    """
    alias = ERASER if ERASER in settings.DATABASES else DEFAULT_DB_ALIAS
    named = Erasure.objects.filter(seq__in=approval.entries, record_type_erased=SubjectIdentity.record_type())
    doors = list(named.values_list("seq", "record_id_erased"))
    if connections[alias].vendor == "sqlite":
        with connections[alias].cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten in the file as well
    with transaction.atomic(using=alias):
        Payload.objects.using(alias).filter(pk__in=[seq for seq, _row in doors]).delete()
        SubjectIdentity.objects.using(alias).filter(pk__in=[row for _seq, row in doors]).delete()
