"""Checkpoints: signed heads of the tree over all entries, issued when something must be provable from outside.

(1) A checkpoint is made outside any transaction: the entries are read as of one moment, the signer signs only what
    continues its own newest head, and one transaction then records the note. It may be made twice; nothing breaks.
(2) A decision owes a checkpoint, and that owes its document, so a certificate can print a checkpoint that covers it.
(3) Each is noted in the high-water file and, where authorities are configured, stamped by them.
(4) Each row keeps its tree's edge, so that the next one reads new entries alone.
"""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet

from ledger import clock, high_water, outbox
from ledger.failpoints import failpoint
from ledger.log_key import EPOCH_MARK, LogKeyFacts, SignerRefused
from ledger.merkle import Growth, Leaves
from ledger.models import Checkpoint, Entry, Head, LogKey, OutboxJob
from ledger.notes import NoteError, SignedHead, opened_note
from ledger.signer import Signer, signer
from ledger.verification import unmoving_view
from ledger.writing import is_writing, stamp, write, writing

CHECKPOINT_JOB = "checkpoint"
DUE_JOB = "checkpoint_due"
MACHINE = "machine"
LONGEST_WAIT = timedelta(days=1)
MOST_ENTRIES = 1000
ITS_OWN = frozenset({"checkpoint.issued", "anchor.recorded"})
_DUE = UUID("5f1c6c1e-3c1f-4a43-9a59-0f4d1b9b5c55")
CHUNK = 5000


class KeyReplacedMeanwhileError(outbox.NotYetError):
    """The log's key was replaced while a checkpoint was being made; the next attempt enters the new key first."""


class OtherSignerError(RuntimeError):
    """The signer's keys are not those of this ledger: it was set up with another signer, or a key was lost."""


def origin_of(epoch: int) -> str:
    """Give the origin that checkpoints of an epoch name."""
    base: str = settings.LEDGER_ORIGIN
    return base if epoch == 1 else f"{base}{EPOCH_MARK}{epoch}"


def head_of(checkpoint: Checkpoint) -> SignedHead:
    """Give what a checkpoint says."""
    return SignedHead(checkpoint.origin, checkpoint.size, bytes.fromhex(checkpoint.root))


def newest() -> Checkpoint | None:
    """Give the newest checkpoint, if any was issued."""
    return Checkpoint.objects.order_by("-size").first()


def covering(seq: int, *, key_id: str = "") -> Checkpoint | None:
    """Give the first checkpoint that covers an entry, of one key where that is asked, if there is one."""
    found = Checkpoint.objects.filter(size__gte=seq)
    if key_id:
        found = found.filter(key__key_id=key_id)
    return found.order_by("size").first()


def leaves_between(first: int, last: int) -> list[bytes]:
    """Give the leaves of the stored entries after `first`, up to `last`."""
    found = Entry.objects.filter(seq__gt=first, seq__lte=last).order_by("seq").values_list("leaf", flat=True)
    return [bytes.fromhex(leaf) for leaf in found.iterator(CHUNK)]


def all_leaves(size: int) -> Leaves:
    """Give the leaves of the first `size` entries with every hash of their tree: 64 bytes an entry."""
    return Leaves(b"".join(leaves_between(0, size)))


def root_of_first(size: int) -> bytes:
    """Give the root over the first `size` stored entries, computed from their leaves."""
    return all_leaves(size).root()


def issue(why: Checkpoint.Why, *, job: OutboxJob | None = None) -> Checkpoint:
    """Issue a checkpoint over all entries there are, and finish the job that asked for it.

    Where the newest one already covers everything but itself and its like, that one is given. Raises SignerRefused
    when the ledger does not continue what was signed, SignerAwayError when the signer does not answer.
    """
    if is_writing():
        raise RuntimeError("A checkpoint is issued outside `ledger.writing()`.")
    holder = signer()
    key = _key_in_force(holder)
    with unmoving_view():
        before = newest()
        head_row = Head.objects.get(pk=1)
        known = before if before and _is_still_the_tree(before) else None
        size = known.size if known else 0
        nothing_new = known is not None and known.key_id == key.pk and not news_after(size).exists()
        fresh = leaves_between(size, head_row.seq)
    if known is not None and nothing_new:
        return _given_again(known, job)
    growth = Growth(size, [bytes.fromhex(one) for one in known.edge] if known else [], fresh)
    head = SignedHead(origin_of(head_row.epoch), growth.size, growth.root())
    continues, proof = _proof_for(holder, head, growth, known)
    note = holder.sign_head(head, continues=continues, proof=proof)
    high_water.note(head)
    failpoint("checkpoint signed")
    _refuse_other_key(note, key)
    return _recorded(head, head_row.epoch, note, key, why, growth, job)


def news_after(size: int) -> QuerySet[Entry]:
    """Give the entries after a place, without those that every checkpoint brings with it."""
    return Entry.objects.filter(seq__gt=size).exclude(type__in=ITS_OWN)


def _given_again(known: Checkpoint, job: OutboxJob | None) -> Checkpoint:
    if job is not None:
        with writing():
            outbox.finish(job)
    return known


def _refuse_other_key(note: str, key: LogKey) -> None:
    try:
        opened_note(note, name=key.name, raw_public_key=bytes.fromhex(key.public_key))
    except NoteError as error:
        raise KeyReplacedMeanwhileError("The log's key was replaced meanwhile; try again.") from error


def _is_still_the_tree(checkpoint: Checkpoint) -> bool:
    """Tell whether the entry at a checkpoint's end is there; a shortened ledger has lost it."""
    return Entry.objects.filter(seq=checkpoint.size).exists()


def _proof_for(
    holder: Signer, head: SignedHead, growth: Growth, known: Checkpoint | None
) -> tuple[SignedHead | None, list[bytes]]:
    """Give what the signer asks for: its own newest head, and the proof that ours continues it."""
    last = holder.head(head.origin)
    if last is None and head.origin != settings.LEDGER_ORIGIN:
        last = _shared_with_earlier_epochs(holder, head)
    if last is None:
        return None, []
    if last.size > head.size:
        raise SignerRefused(f"The signer has signed {last.size} entries, and only {head.size} are here.")
    if known is not None and last.size == known.size:
        return last, growth.continues()
    # The signer signed a head that was never recorded here; the whole tree shows that it is continued.
    return last, all_leaves(head.size).consistency(last.size, head.size)


def _shared_with_earlier_epochs(holder: Signer, head: SignedHead) -> SignedHead | None:
    """Give the newest head of earlier epochs that these entries still have; what came after it was lost."""
    earlier = [one for one in holder.heads() if one.origin != head.origin and one.size <= head.size]
    if not earlier:
        return None
    leaves = all_leaves(head.size)
    shared = [one for one in earlier if leaves.root(one.size) == one.root]
    return max(shared, key=lambda one: (one.size, one.origin), default=None)


def _recorded(
    head: SignedHead,
    epoch: int,
    note: str,
    key: LogKey,
    why: Checkpoint.Why,
    growth: Growth,
    job: OutboxJob | None,
) -> Checkpoint:
    from ledger import anchoring

    row = Checkpoint(
        origin=head.origin,
        epoch=epoch,
        size=head.size,
        root=head.root.hex(),
        note=note,
        key=key,
        why=why,
        edge=[one.hex() for one in growth.edge()],
    )
    try:
        with writing():
            if job is not None:
                outbox.finish(job)
            write(row, type="checkpoint.issued", actor=MACHINE)
            anchoring.owe_anchor(row)
    except IntegrityError:
        # Another worker recorded the same size meanwhile: one size has one root, so it is the same checkpoint.
        return _given_again(Checkpoint.objects.get(size=head.size, root=head.root.hex()), job)
    return row


def _key_in_force(holder: Signer) -> LogKey:
    """Give the row of the signer's present key; keys that the ledger does not know yet are entered first."""
    keys = holder.every_key()
    known = set(LogKey.objects.values_list("key_id", flat=True))
    if not known <= {one.key_id for one in keys}:
        raise OtherSignerError("The signer does not hold every key of this log. Put its own folder back.")
    for before, one in zip([None, *keys], keys, strict=False):
        if one.key_id not in known:
            # Another worker may enter the same key at the same time; one row of it is enough.
            with suppress(IntegrityError):
                enter_key(one, before)
    return LogKey.objects.get(key_id=keys[-1].key_id)


def enter_key(facts: LogKeyFacts, before: LogKeyFacts | None) -> LogKey:
    """Enter a key of the log into the ledger, after the key that vouches for it."""
    replaced = LogKey.objects.get(key_id=before.key_id) if before else None
    row = LogKey(
        key_id=facts.key_id,
        public_key=facts.public.hex(),
        name=facts.name,
        replaces=replaced,
        rotation=facts.rotation,
    )
    with writing():
        return write(row, type="log_key.rotated" if replaced else "log_key.enrolled", actor=MACHINE)


def rotate_key() -> LogKey:
    """Replace the log's key: the old and the new one sign for each other, and later checkpoints bear the new one."""
    holder = signer()
    _key_in_force(holder)
    holder.rotate(at=stamp(clock.machine_now()))
    return _key_in_force(holder)


@outbox.handles(CHECKPOINT_JOB)
def make_owed_checkpoint(job: OutboxJob) -> None:
    """Issue the checkpoint that a decision waits for; its document is owed then."""
    issue(Checkpoint.Why.DECISION, job=job)


@outbox.handles(DUE_JOB)
def make_due_checkpoint(job: OutboxJob) -> None:
    """Issue the checkpoint that is due by time or by number of entries."""
    before = newest()
    many = before is not None and Head.objects.get(pk=1).seq - before.size >= MOST_ENTRIES
    issue(Checkpoint.Why.ENTRIES if many else Checkpoint.Why.DAILY, job=job)


def owe_if_due() -> bool:
    """Owe a checkpoint when a day went by or many entries were written since the newest; owed once each time."""
    before = newest()
    size = before.size if before else 0
    if not news_after(size).exists():
        return False
    is_old = before is None or clock.now() - before.recorded_at >= LONGEST_WAIT
    if not is_old and Head.objects.get(pk=1).seq - size < MOST_ENTRIES:
        return False
    with writing():
        outbox.owe(DUE_JOB, uuid5(_DUE, f"{settings.LEDGER_ORIGIN} {size}"))
    return True
