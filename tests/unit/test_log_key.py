"""Whoever holds the log's key signs one history: each head continues the one before."""

import json
import multiprocessing

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.dsse import pre_authentication, public_key
from ledger.log_key import LogKeyHolder, SignerRefused
from ledger.merkle import Leaves
from ledger.notes import NoteError, SignedHead, head_from, opened_note, read_head, signed_note
from tests.unit.test_merkle import LEAVES

NAME = "records.example.org"
OTHER = [bytes([255 - byte for byte in leaf]) for leaf in LEAVES]


@pytest.fixture
def holder(tmp_path):
    return LogKeyHolder(tmp_path / "signer", name=NAME)


def head_at(size, leaves=LEAVES, origin=NAME):
    return SignedHead(origin, size, Leaves(b"".join(leaves[:size])).root())


def signed(holder, size, leaves=LEAVES):
    """A head signed as the ledger asks for it: with the proof from the newest one."""
    newest = holder.head(NAME)
    proof = Leaves(b"".join(leaves)).consistency(newest.size, size) if newest and newest.size <= size else []
    return holder.sign_head(head_at(size, leaves), continues=newest, proof=proof)


def test_a_head_that_continues_the_newest_is_signed(holder):
    for size in (1, 5, 6, 20):
        note = signed(holder, size)
        assert opened_note(note, name=NAME, raw_public_key=holder.every_key()[0].public) == head_at(size)

    assert [one.size for one in holder.heads()] == [1, 5, 6, 20]


def test_the_same_head_may_be_signed_again(holder):
    assert signed(holder, 5) == signed(holder, 5)
    assert len(holder.heads()) == 1


@pytest.mark.parametrize("size", [1, 4, 5, 6, 30])
def test_another_history_is_never_signed(holder, size):
    signed(holder, 5)

    with pytest.raises(SignerRefused):
        signed(holder, size, OTHER)
    assert holder.head(NAME) == head_at(5)


def test_a_shorter_ledger_is_never_signed(holder):
    signed(holder, 20)

    with pytest.raises(SignerRefused):
        signed(holder, 19)


def test_a_proof_that_begins_elsewhere_is_refused(holder):
    signed(holder, 5)
    signed(holder, 9)

    proof = Leaves(b"".join(LEAVES)).consistency(5, 12)

    with pytest.raises(SignerRefused, match="begins elsewhere"):
        holder.sign_head(head_at(12), continues=head_at(5), proof=proof)


def test_another_log_is_not_served(holder):
    with pytest.raises(SignerRefused, match="not an origin"):
        holder.sign_head(head_at(3, origin="elsewhere.example"), continues=None, proof=[])


def test_a_new_epoch_continues_the_one_before_from_what_was_kept(holder):
    signed(holder, 5)
    signed(holder, 20)
    kept = LEAVES[:8] + OTHER[8:]
    second = f"{NAME}/epoch-2"
    proof = Leaves(b"".join(kept)).consistency(5, 12)

    note = holder.sign_head(head_at(12, kept, second), continues=head_at(5), proof=proof)

    assert read_head(note).origin == second
    with pytest.raises(SignerRefused):
        holder.sign_head(head_at(12, OTHER, f"{NAME}/epoch-3"), continues=None, proof=[])


def test_a_state_that_a_power_cut_left_unfinished_is_what_was_acknowledged(holder):
    signed(holder, 5)
    with (holder.folder / "heads").open("a") as file:
        file.write('{"origin":"records.exa')

    signed(holder, 9)

    assert [one.size for one in LogKeyHolder(holder.folder, name=NAME).heads()] == [5, 9]


def test_a_new_key_and_the_old_one_sign_for_each_other(holder):
    old = holder.every_key()[0]
    new = holder.rotate(at="2026-11-14T10:00:00.000Z")

    assert [one.key_id for one in holder.every_key()] == [old.key_id, new.key_id]
    assert opened_note(signed(holder, 3), name=NAME, raw_public_key=new.public).size == 3
    with pytest.raises(NoteError):
        opened_note(signed(holder, 3), name=NAME, raw_public_key=old.public)


def test_a_statement_of_another_kind_is_never_signed(holder):
    kind = "application/vnd.cellwright.record-package+json"
    key_id, signature = holder.sign_statement(kind, b"{}")

    public_key(holder.every_key()[0].public).verify(signature, pre_authentication(b"{}", kind))
    assert key_id == holder.every_key()[0].key_id
    with pytest.raises(InvalidSignature):
        public_key(holder.every_key()[0].public).verify(signature, pre_authentication(b"{}"))
    with pytest.raises(SignerRefused):
        holder.sign_statement("application/vnd.in-toto+json", b"{}")


def test_what_the_signer_keeps_is_its_own(holder):
    signed(holder, 3)

    assert holder.folder.stat().st_mode & 0o077 == 0
    assert all((holder.folder / name).stat().st_mode & 0o077 == 0 for name in ("keys", "heads"))


def _sign_in_turn(folder, size, results):
    holder = LogKeyHolder(folder, name=NAME)
    try:
        results.put(signed(holder, size) and size)
    except SignerRefused:
        results.put(None)


def test_processes_that_sign_at_once_leave_one_history(holder):
    holder.every_key()
    results = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_sign_in_turn, args=(holder.folder, size, results)) for size in range(4, 12)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    signed_sizes = [size for size in (results.get() for _ in workers) if size]

    kept = [one.size for one in holder.heads()]
    assert kept == sorted(set(kept))
    assert set(signed_sizes) == set(kept)
    assert all(one == head_at(one.size) for one in holder.heads())


def test_a_note_reads_back_as_it_was_signed():
    key = Ed25519PrivateKey.generate()
    note = signed_note(head_at(7), name=NAME, key=key)

    assert note.count("\n") == 5
    assert note.splitlines()[:2] == [NAME, "7"]
    assert opened_note(note, name=NAME, raw_public_key=key.public_key().public_bytes_raw()) == head_at(7)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("\n7\n", "\n8\n"),
        lambda note: note.replace(NAME, "records.example.com"),
        lambda note: note.replace("\n7\n", "\n07\n"),
        lambda note: note.replace("\n\n", "\nmore\n\n"),
        lambda note: note.partition("\n\n")[0],
        lambda note: note[:-6] + "AAAA=\n",
        lambda _note: "",
    ],
)
def test_a_changed_note_is_not_taken(change):
    key = Ed25519PrivateKey.generate()
    note = change(signed_note(head_at(7), name=NAME, key=key))

    with pytest.raises(NoteError):
        opened_note(note, name=NAME, raw_public_key=key.public_key().public_bytes_raw())


@pytest.mark.parametrize(
    ("size", "root"),
    [("0", "x"), ("-1", "x"), ("1_0", "x"), ("٣", "x"), ("", "x"), ("9" * 25, "x"), ("3", "AAAA"), ("3", "not base64")],
)
def test_a_head_typed_from_paper_is_read_strictly(size, root):
    good = head_at(3).root_base64

    with pytest.raises(NoteError):
        head_from(NAME, size, good if root == "x" else root)


def test_the_kept_lines_hold_no_private_key(holder):
    signed(holder, 3)

    assert "seed" not in (holder.folder / "heads").read_text()
    assert set(json.loads((holder.folder / "keys").read_text())) == {"seed", "rotation"}
