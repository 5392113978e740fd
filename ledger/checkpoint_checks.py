"""The checks of checkpoints and of the log's keys.

(1) each key of the log is no point of small order, is named by its digest, and is vouched for by the one before it;
(2) each checkpoint's note says what its row says, is signed by a key of this log, and its root and edge are those of
    the stored entries;
(3) the signer and the high-water file know no head that the stored entries do not continue.
"""

import base64
import json
from collections.abc import Iterator

from cryptography.exceptions import InvalidSignature
from django.conf import settings

from ledger import high_water
from ledger.canonical import digest
from ledger.checkpoints import all_leaves, head_of, origin_of
from ledger.dsse import EnvelopeError, public_key
from ledger.log_key import EPOCH_MARK, ROTATION, SignerRefused
from ledger.merkle import Leaves, parts
from ledger.models import Checkpoint, EpochOpened, Head, LogKey
from ledger.notes import NoteError, SignedHead, opened_note
from ledger.signer import SignerAwayError, signer
from ledger.verification import Finding, Verification, check


def register() -> None:
    """Put the checks of this module on the list; importing the module has done it."""


@check("log keys")
def log_keys_are_vouched_for(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    for key in LogKey.objects.select_related("replaces"):
        verification.counted("keys of the log", 1)
        about = f"ledger.logkey {key.key_id[:12]}"
        raw = bytes.fromhex(key.public_key)
        try:
            public_key(raw)
        except EnvelopeError as error:
            yield Finding("log keys", about, str(error))
        if digest(raw) != key.key_id:
            yield Finding("log keys", about, "it is not named by its own digest")
        if key.replaces is None and key.rotation:
            yield Finding("log keys", about, "the first key of the log replaces nothing")
        if key.replaces is not None and not _is_vouched_for(key, key.replaces):
            yield Finding("log keys", about, "the key before it does not vouch for it")
    if LogKey.objects.filter(replaces=None).count() > 1:
        yield Finding("log keys", "the log", "it has more than one first key")


def _is_vouched_for(key: LogKey, before: LogKey) -> bool:
    try:
        rotation = {name: base64.b64decode(value) for name, value in json.loads(key.rotation).items()}
        statement = json.loads(rotation["statement"])
        for signer_, name in ((before, "old"), (key, "new")):
            public = public_key(bytes.fromhex(signer_.public_key))
            public.verify(rotation[name], ROTATION + rotation["statement"])
    except (ValueError, KeyError, TypeError, InvalidSignature, EnvelopeError):
        return False
    named = (statement.get("old"), statement.get("new"), statement.get("new_public"))
    return named == (before.key_id, key.key_id, key.public_key)


@check("checkpoints")
def checkpoints_are_of_these_entries(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    newest = Head.objects.values_list("seq", flat=True).filter(pk=1).first() or 0
    tree = all_leaves(newest)
    for row in Checkpoint.objects.select_related("key").order_by("size"):
        verification.counted("checkpoints", 1)
        for says in _wrong_with(row, tree):
            yield Finding("checkpoints", f"checkpoint {row.size}", says)


def _wrong_with(row: Checkpoint, tree: Leaves) -> Iterator[str]:
    try:
        head = opened_note(row.note, name=row.key.name, raw_public_key=bytes.fromhex(row.key.public_key))
    except NoteError as error:
        yield f"its note does not hold: {error}"
        return
    if head != head_of(row) or head.origin != origin_of(row.epoch):
        yield "its note says something else than its row"
    if row.size > tree.size:
        yield f"it covers {row.size} entries, and only {tree.size} are here"
        return
    if tree.root(row.size) != head.root:
        yield "FORK: the entries are not those that it was signed for"
    elif [tree.subtree(*part).hex() for part in parts(row.size)] != row.edge:
        yield "its edge is not that of its tree"


@check("signer")
def nothing_else_was_signed(verification: Verification) -> Iterator[Finding]:
    """(3)"""
    newest = Head.objects.values_list("seq", flat=True).filter(pk=1).first() or 0
    tree = all_leaves(newest)
    holder = signer()
    try:
        known = [("the signer", head) for head in holder.heads()]
    except (SignerAwayError, SignerRefused) as error:
        verification.not_checked.append(f"what the signer has signed: {error}")
        known = []
    known += [("the high-water file", head) for head in high_water.heads()]
    declared = _declared_gaps()
    for knower, head in known:
        verification.counted("heads known outside the database", 1)
        says = contradiction(head, tree, declared)
        if says:
            yield Finding("signer", f"{knower}, {head.origin} {head.size}", says)
    if not holder.is_separate:
        verification.not_checked.append(
            "whether the log's key was kept from the site's own processes: this site signs in the process itself"
        )


def _declared_gaps() -> dict[str, EpochOpened]:
    """Give, for the origin of each epoch that was followed by another, the row that declares what was lost of it.

    A later epoch may follow one that was lost whole, so numbers may have gaps.
    """
    declared: dict[str, EpochOpened] = {}
    for row in EpochOpened.objects.order_by("-number"):
        declared |= {origin_of(before): row for before in range(1, row.number)}
    return declared


def contradiction(head: SignedHead, tree: Leaves, declared: dict[str, EpochOpened]) -> str:
    """Say how a head that was signed contradicts the stored entries; nothing where it does not."""
    if head.origin != settings.LEDGER_ORIGIN and not head.origin.startswith(settings.LEDGER_ORIGIN + EPOCH_MARK):
        return ""
    gap = declared.get(head.origin)
    if gap is not None and (head.size > gap.kept_to or head.root.hex() == gap.known_root):
        return ""  # it was lost by a restore, which a later epoch declares
    if head.size > tree.size:
        return f"it has seen {head.size} entries, and only {tree.size} are here"
    if tree.root(head.size) != head.root:
        return "FORK: it has seen other entries than are here"
    return ""
