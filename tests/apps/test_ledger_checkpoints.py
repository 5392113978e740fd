"""Checkpoints: when they are issued, what they cover, and what the verification makes of lies about them."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from ledger import checkpoints, clock, high_water, outbox
from ledger.checkpoints import CHECKPOINT_JOB, DUE_JOB, OtherSignerError, issue, owe_if_due, root_of_first, rotate_key
from ledger.log_key import SignerRefused
from ledger.merkle import refuse_wrong_consistency
from ledger.models import Checkpoint, Entry, Head, LogKey, OutboxJob
from ledger.notes import opened_note
from ledger.signer import SignerAwayError, signer
from ledger.verification import verify_records
from ledger.writing import write, writing
from qc.models import ResultsApproval
from qc.release.approving import CERTIFICATE_JOB
from reports.models import Document
from reports.reading import in_preparation
from tests.documents_builders import with_approved_results
from tests.guards_away import as_owner
from tests.people import a_site

pytestmark = pytest.mark.django_db
really_committed = pytest.mark.django_db(transaction=True)
ASKED = Checkpoint.Why.ASKED


def more_entries(number=3):
    """Some rows of the site, whatever they say."""
    from chain_of_custody.models import Subject

    with writing():
        for at in range(number):
            write(Subject(pseudonym=f"S-{Entry.objects.count()}-{at}"), type="subject.registered", actor="machine")


def findings_of(check):
    """What one check says of the record."""
    return [str(one) for one in verify_records().findings if one.check == check]


def test_a_checkpoint_is_the_signed_root_of_all_entries():
    a_site()

    issued = issue(ASKED)

    head = opened_note(issued.note, name=issued.key.name, raw_public_key=bytes.fromhex(issued.key.public_key))
    assert head.root == root_of_first(issued.size)
    assert head.root.hex() == issued.root
    assert Entry.objects.get(seq=issued.size + 1).type == "checkpoint.issued"
    assert high_water.newest() == head == signer().head(head.origin)


def test_each_checkpoint_continues_the_one_before():
    a_site()
    first = issue(ASKED)
    more_entries()
    second = issue(ASKED)

    tree = checkpoints.all_leaves(second.size)
    proof = tree.consistency(first.size, second.size)
    old, new = bytes.fromhex(first.root), bytes.fromhex(second.root)
    refuse_wrong_consistency(first.size, old, second.size, new, proof)


def test_a_checkpoint_that_nothing_followed_is_given_again():
    a_site()

    assert issue(ASKED) == issue(ASKED)
    assert Checkpoint.objects.count() == 1


def test_a_decision_owes_its_checkpoint_and_that_its_document():
    laboratory = with_approved_results()
    approval = ResultsApproval.objects.get()
    owed = OutboxJob.objects.get(kind=CHECKPOINT_JOB)

    assert (owed.subject, owed.then) == (approval.pk, CERTIFICATE_JOB)
    assert not OutboxJob.objects.filter(kind=CERTIFICATE_JOB).exists()
    assert [one.kind for one in in_preparation(laboratory.batch.pk)] == [Document.Kind.CERTIFICATE_OF_ANALYSIS]

    assert outbox.deliver(owed.pk)

    entry = Entry.objects.get(rec_type=approval.record_type(), rec_id=approval.pk)
    assert checkpoints.covering(entry.seq) == Checkpoint.objects.get()
    assert OutboxJob.objects.get(kind=CERTIFICATE_JOB).subject == approval.pk
    assert [one.kind for one in in_preparation(laboratory.batch.pk)] == [Document.Kind.CERTIFICATE_OF_ANALYSIS]


def test_a_day_or_a_thousand_entries_make_a_checkpoint_due_once(monkeypatch):
    a_site()
    assert owe_if_due()
    assert outbox.sweep() == 1
    assert not owe_if_due()

    more_entries()
    assert not owe_if_due()
    monkeypatch.setattr(checkpoints, "MOST_ENTRIES", 3)
    assert owe_if_due()
    assert owe_if_due()
    assert OutboxJob.objects.filter(kind=DUE_JOB, done_at=None).count() == 1
    assert outbox.sweep() == 1
    assert Checkpoint.objects.latest("size").why == Checkpoint.Why.ENTRIES

    more_entries(1)
    monkeypatch.setattr(checkpoints, "LONGEST_WAIT", timedelta(0))
    assert owe_if_due()


def test_a_quiet_site_makes_no_checkpoints_of_checkpoints(monkeypatch):
    a_site()
    issue(ASKED)
    monkeypatch.setattr(checkpoints, "LONGEST_WAIT", timedelta(0))

    assert not owe_if_due()


@really_committed
def test_a_ledger_that_was_shortened_is_never_signed():
    a_site()
    more_entries()
    issue(ASKED)
    keep = Entry.objects.count() - 3
    as_owner(f"DELETE FROM ledger_payload WHERE entry_id > {keep}")
    as_owner(f"DELETE FROM ledger_entry WHERE seq > {keep}")
    Head.objects.filter(pk=1).update(seq=keep, leaf=Entry.objects.get(seq=keep).leaf)

    with pytest.raises(SignerRefused):
        issue(ASKED)
    assert any("only" in one for one in findings_of("signer"))


@really_committed
def test_a_rewritten_entry_shows_as_a_fork_against_every_checkpoint_after_it():
    a_site()
    more_entries()
    issued = issue(ASKED)
    as_owner(f"UPDATE ledger_entry SET leaf = '{'ab' * 32}' WHERE seq = {issued.size - 1}")

    assert any("FORK" in one for one in findings_of("checkpoints"))
    assert any("FORK" in one for one in findings_of("signer"))


@pytest.mark.parametrize(
    ("column", "value"),
    [("root", "'" + "00" * 32 + "'"), ("note", "'nothing'"), ("edge", "'[]'"), ("origin", "'elsewhere'")],
)
@really_committed
def test_a_changed_checkpoint_is_named(column, value):
    a_site()
    issued = issue(ASKED)
    as_owner(f"UPDATE ledger_checkpoint SET {column} = {value}")

    assert any(f"checkpoint {issued.size}" in one for one in findings_of("checkpoints"))


def test_a_new_key_of_the_log_is_entered_and_signs_from_then_on():
    a_site()
    before = issue(ASKED).key
    more_entries()
    after = rotate_key()

    assert issue(ASKED).key == after
    assert after.replaces == before
    assert Entry.objects.filter(type="log_key.rotated").count() == 1
    assert verify_records().is_clean


@really_committed
def test_a_key_that_nobody_vouched_for_is_found():
    a_site()
    issue(ASKED)
    rotate_key()
    as_owner("UPDATE ledger_logkey SET rotation = '{}' WHERE replaces_id IS NOT NULL")

    assert any("does not vouch" in one for one in findings_of("log keys"))


def test_a_ledger_whose_signer_was_exchanged_gets_no_checkpoint(settings, tmp_path):
    a_site()
    issue(ASKED)
    more_entries()
    settings.SIGNER_DIR = tmp_path / "another"

    with pytest.raises(OtherSignerError):
        issue(ASKED)


def test_a_checkpoint_that_was_signed_and_not_recorded_is_continued():
    a_site()
    first = issue(ASKED)
    more_entries()
    grown = checkpoints.all_leaves(Head.objects.get(pk=1).seq)
    lost = checkpoints.SignedHead(first.origin, grown.size, grown.root())
    proof = grown.consistency(first.size, grown.size)
    signer().sign_head(lost, continues=checkpoints.head_of(first), proof=proof)
    more_entries()

    assert issue(ASKED).size == Head.objects.get(pk=1).seq - 1


@really_committed
def test_workers_that_issue_at_once_sign_one_history():
    a_site()
    more_entries()

    def at_once(_number):
        try:
            return issue(ASKED).size
        except SignerRefused:
            return 0
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(at_once, range(8)))

    assert max(sizes) > 0
    assert verify_records().findings == []


@pytest.fixture
def separate_signer(tmp_path, settings):
    """The signer as a process of its own behind a socket, and no key in this one."""
    socket = tmp_path / "signer.socket"
    command = [
        sys.executable, "-m", "ledger.signer_process",
        "--name", settings.LEDGER_ORIGIN, "--folder", str(tmp_path / "kept"), "--socket", str(socket),
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env={"PATH": "/usr/bin:/bin"})
    deadline = time.monotonic() + 20
    while not socket.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    settings.SIGNER_SOCKET = str(socket)
    settings.SIGNER_DIR = tmp_path / "nobody"
    yield process
    process.terminate()
    process.wait(timeout=10)


def test_a_separate_signer_signs_without_a_way_to_the_database(separate_signer, settings):
    a_site()
    first = issue(ASKED)
    more_entries()
    second = issue(ASKED)
    rotate_key()

    assert signer().is_separate
    assert [one.size for one in signer().heads()] == [first.size, second.size]
    assert LogKey.objects.count() == 2
    assert not Path(settings.SIGNER_DIR).exists()
    assert verify_records().is_clean


def test_a_separate_signer_refuses_another_history_and_says_why(separate_signer):
    a_site()
    more_entries()
    issued = issue(ASKED)
    other = checkpoints.SignedHead(issued.origin, issued.size, bytes(32))

    with pytest.raises(SignerRefused, match="differ"):
        signer().sign_head(other, continues=checkpoints.head_of(issued), proof=[])


def test_without_its_signer_a_checkpoint_waits_and_people_go_on(separate_signer):
    with_approved_results()
    separate_signer.terminate()
    separate_signer.wait(timeout=10)
    job = OutboxJob.objects.get(kind=CHECKPOINT_JOB)

    with pytest.raises(SignerAwayError):
        issue(ASKED)
    assert not outbox.deliver(job.pk)
    job.refresh_from_db()
    assert job.done_at is None
    assert job.due_at > clock.machine_now()
    more_entries()
    assert any("signer" in one for one in verify_records().not_checked)
