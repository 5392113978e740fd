"""Anchors: what authorities outside the site stamp, and what a bad one can do to us, which is nothing."""

import base64
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings

from accounts.roles import Role
from ledger import anchoring, checkpoints, clock, outbox
from ledger.anchoring import age_of_newest, anchor_words, blocks_decisions, is_overdue, newest_anchor
from ledger.authorities import Authority
from ledger.models import Anchor, Checkpoint, Entry, OutboxJob
from ledger.numbering import next_number
from ledger.timestamps import Stamp, checked, roots_in
from ledger.verification import Verification, verify_records
from ledger.writing import is_writing, writing
from tests.guards_away import guards_away
from tests.kept import kept_for_a_module
from tests.people import a_person, a_site
from tests.time_authority import Behaviour, dead_address, make_certificates, time_authority, token_by_hand, token_over

pytestmark = pytest.mark.django_db

WRONG = [
    Behaviour.SLOW,
    Behaviour.RUBBISH,
    Behaviour.ENDLESS,
    Behaviour.REFUSING,
    Behaviour.FAILING,
    Behaviour.WRONG_NONCE,
    Behaviour.OTHER_HASH,
    Behaviour.CHANGED,
]


@pytest.fixture(scope="module")
def running():
    with time_authority(name="good") as tsa:
        yield tsa


@pytest.fixture
def tsa(running, settings):
    """The one authority of the site, honest until a test says otherwise."""
    running.behaves = Behaviour.HONEST
    settings.TSA_AUTHORITIES = (running.authority(),)
    settings.TSA_ROOTS = running.roots
    settings.TSA_TIMEOUT_SECONDS = 0.5
    return running


@pytest.fixture(scope="module")
def issued(running, django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker), override_settings(TSA_AUTHORITIES=(running.authority(),)):
        a_site()
        yield checkpoints.issue(Checkpoint.Why.ASKED)


@pytest.fixture
def checkpoint(issued, tsa, db) -> Checkpoint:
    """A checkpoint that is not anchored yet."""
    return issued


def job() -> OutboxJob:
    return OutboxJob.objects.get(kind=anchoring.ANCHOR_JOB)


def tried() -> bool:
    """Whether the worker finished the job when it took it up now."""
    OutboxJob.objects.filter(done_at=None).update(due_at=clock.machine_now() - timedelta(seconds=1))
    return outbox.deliver(job().pk)


def verified() -> Verification:
    return verify_records()


def found() -> list[str]:
    return [str(finding) for finding in verified().findings]


def test_a_checkpoint_owes_its_anchor_and_the_worker_gets_it(checkpoint):
    assert Anchor.objects.count() == 0
    assert job().subject == checkpoint.pk

    assert tried()

    anchor = Anchor.objects.get()
    assert (anchor.checkpoint, anchor.size, anchor.authority) == (checkpoint, checkpoint.size, "good")
    assert abs(anchor.stamped_at - clock.machine_now()) < timedelta(seconds=10)
    entry = Entry.objects.get(type="anchor.recorded")
    assert (entry.rec_id, entry.stream, anchor.actor) == (anchor.pk, "site", "machine")
    assert found() == []


def test_what_is_stamped_is_the_signed_note_as_it_is_printed_and_packed(checkpoint, tsa, tmp_path):
    tried()
    note, token = tmp_path / "note.txt", tmp_path / "token.tsr"
    note.write_bytes(checkpoint.note.encode("utf-8"))
    token.write_bytes(base64.b64decode(Anchor.objects.get().token))

    said = subprocess.run(
        ["openssl", "ts", "-verify", "-data", note, "-in", token, "-token_in", "-CAfile", tsa.roots / "good.pem"],
        capture_output=True,
        text=True,
    )

    assert "Verification: OK" in said.stdout, said.stderr


def test_a_site_without_authorities_owes_nothing_and_says_so(settings):
    settings.TSA_AUTHORITIES = ()
    a_site()
    a_person(Role.QA)
    OutboxJob.objects.filter(kind=anchoring.ANCHOR_JOB).delete()
    checkpoints.issue(Checkpoint.Why.ASKED)

    assert not OutboxJob.objects.filter(kind=anchoring.ANCHOR_JOB).exists()
    assert "not anchored" in dict(anchor_words())["Time stamps from outside"]
    assert (blocks_decisions(), newest_anchor(), age_of_newest(), is_overdue()) == ("", None, None, False)


@pytest.mark.parametrize("behaviour", WRONG)
def test_nothing_wrong_is_stored_nothing_waits_for_it_and_it_is_asked_again(checkpoint, tsa, behaviour):
    before = Entry.objects.count()
    tsa.behaves = behaviour
    begun = time.monotonic()

    assert not tried()

    assert time.monotonic() - begun < 5
    assert (Anchor.objects.count(), Entry.objects.count()) == (0, before)
    assert (job().done_at, job().claimed_until) == (None, None)
    assert job().due_at > clock.machine_now()
    assert "good" in job().last_error

    tsa.behaves = Behaviour.HONEST
    assert tried()
    assert Anchor.objects.get().checkpoint == checkpoint
    assert found() == []


def test_a_dead_authority_is_asked_again(checkpoint, tsa, settings):
    settings.TSA_AUTHORITIES = (Authority("good", dead_address(), tsa.authority().roots),)

    assert not tried()
    assert Anchor.objects.count() == 0

    settings.TSA_AUTHORITIES = (tsa.authority(),)
    assert tried()


def test_an_authority_whose_root_is_not_trusted_is_never_stored(checkpoint, tsa, settings, tmp_path):
    make_certificates(tmp_path)
    settings.TSA_AUTHORITIES = (Authority("good", tsa.url, tmp_path / "ca.pem"),)

    assert not tried()

    assert Anchor.objects.count() == 0
    assert "trusted root" in job().last_error


def test_of_two_authorities_the_good_one_counts_and_the_dead_one_is_still_owed(checkpoint, tsa, settings):
    dead = Authority("dead", dead_address(), tsa.authority().roots)
    settings.TSA_AUTHORITIES = (dead, tsa.authority())

    assert not tried()
    assert not tried()

    assert [anchor.authority for anchor in Anchor.objects.all()] == ["good"]
    assert len(tsa.asked) == len(set(tsa.asked))
    settings.TSA_AUTHORITIES = (Authority("dead", tsa.url, tsa.authority().roots), tsa.authority())
    assert tried()
    assert sorted(Anchor.objects.values_list("authority", flat=True)) == ["dead", "good"]
    assert len(tsa.asked) == len(set(tsa.asked))


def test_writing_goes_on_while_the_authority_is_away(checkpoint, tsa):
    tsa.behaves = Behaviour.SLOW
    tried()

    a_person(Role.QA)
    with writing():
        next_number("CT", 2026)

    assert not tried()
    assert found() == []


def test_no_transaction_is_open_while_the_network_is_waited_for(checkpoint, tsa, monkeypatch):
    """Shown where the authority is asked; whatever is asked there is passed on."""
    open_at_the_door = []
    real = anchoring.ask

    def watched(authority, content, *, timeout):
        open_at_the_door.append(is_writing())
        return real(authority, content, timeout=timeout)

    monkeypatch.setattr(anchoring, "ask", watched)

    assert tried()
    assert open_at_the_door == [False]


def test_a_worker_that_was_late_stores_no_second_stamp(checkpoint, tsa):
    first = outbox.claim(job().pk)
    assert first is not None
    anchoring._anchor(checkpoint, tsa.authority())

    anchoring._anchor(checkpoint, tsa.authority())
    anchoring.anchor_checkpoint(first)

    assert Anchor.objects.count() == 1
    assert Entry.objects.filter(type="anchor.recorded").count() == 1
    assert found() == []


def rewritten(anchor: Anchor, **values: object) -> None:
    """Change an anchor as a database owner can, who takes the guards away first and puts them back."""
    connection.check_constraints()  # PostgreSQL changes no table while checks of it are put off
    with guards_away():
        Anchor.objects.filter(pk=anchor.pk).update(**values)


def anchor_findings() -> list[str]:
    verification = Verification()
    return [str(finding) for finding in anchoring.anchors_hold(verification)]


def test_the_token_of_one_checkpoint_on_another_is_found(checkpoint):
    tried()
    OutboxJob.objects.all().delete()
    a_person(Role.QA)
    second = checkpoints.issue(Checkpoint.Why.ASKED)
    tried()
    older, newer = Anchor.objects.order_by("size")
    assert newer.checkpoint == second
    assert anchor_findings() == []

    rewritten(newer, token=older.token, stamped_at=older.stamped_at, serial=older.serial)

    assert anchor_findings() == [f"anchors: anchor {newer.size} by good: The time stamp is about another content."]
    assert any(says.startswith("records: ledger.anchor") for says in found())


def test_the_token_of_one_checkpoint_on_another_is_found_without_any_roots_too(checkpoint, settings, tmp_path):
    tried()
    token = token_over_other_note(tmp_path)
    settings.TSA_ROOTS = tmp_path

    rewritten(Anchor.objects.get(), token=token)

    assert "another content" in anchor_findings()[0]


def token_over_other_note(folder: Path) -> str:
    make_certificates(folder)
    return base64.b64encode(token_over(folder, b"another note")).decode()


def test_a_token_that_somebody_stamped_himself_is_found(checkpoint, tmp_path):
    tried()
    make_certificates(tmp_path)
    own = token_over(tmp_path, checkpoint.note.encode("utf-8"))

    rewritten(Anchor.objects.get(), token=base64.b64encode(own).decode())

    assert "trusted root" in anchor_findings()[0]


@pytest.mark.parametrize(
    "values",
    [
        {"serial": "17"},
        {"size": 1},
        {"stamped_at": clock.machine_now() - timedelta(days=400)},
        {"token": "no base64"},
        {"token": ""},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_row_that_does_not_repeat_its_token_is_found(checkpoint, values):
    tried()

    rewritten(Anchor.objects.get(), **values)

    assert len(anchor_findings()) == 1


def test_an_authority_that_is_not_asked_any_more_is_still_checked(checkpoint, tsa, settings):
    tried()
    settings.TSA_AUTHORITIES = ()

    verification = verified()

    assert verification.is_clean
    assert verification.counts["anchors"] == 1
    assert not any("of good" in said for said in verification.not_checked)
    assert any("revoked" in said for said in verification.not_checked)


@pytest.mark.parametrize("name", ["good", "../good", "good/../../good"])
def test_roots_that_are_not_here_are_said_and_never_looked_for_elsewhere(checkpoint, tsa, settings, tmp_path, name):
    tried()
    settings.TSA_ROOTS = tmp_path / "inner"
    settings.TSA_ROOTS.mkdir()
    if name != "good":
        rewritten(Anchor.objects.get(), authority=name)
        (tmp_path / "good.pem").write_bytes((tsa.roots / "good.pem").read_bytes())
    verification = Verification()

    assert list(anchoring.anchors_hold(verification)) == []

    assert f"the signatures of 1 time stamps of {name}: its root certificates are not configured here" in (
        verification.not_checked
    )


def test_a_certificate_that_expired_since_is_noted_and_no_finding(checkpoint, tsa, settings, tmp_path):
    tried()
    make_certificates(tmp_path, since=timedelta(days=-30), until=timedelta(days=-1), with_rsa=True)
    content, at = checkpoint.note.encode("utf-8"), clock.machine_now() - timedelta(days=2)
    token = token_by_hand(tmp_path, content, at=at)
    (tmp_path / "good.pem").write_bytes((tmp_path / "ca.pem").read_bytes())
    settings.TSA_ROOTS = tmp_path
    stamp = checked(token, content, roots_in(tmp_path / "good.pem"))
    rewritten(Anchor.objects.get(), token=base64.b64encode(token).decode(), stamped_at=stamp.time, serial=stamp.serial)
    verification = Verification()

    assert list(anchoring.anchors_hold(verification)) == []
    assert any("certificate expired on" in said for said in verification.not_checked)


def aged(hours: float) -> None:
    """The newest anchor, as if it had been stamped so long ago."""
    rewritten(Anchor.objects.get(), stamped_at=clock.machine_now() - timedelta(hours=hours))


def test_decisions_go_on_under_the_policy_warn(checkpoint, settings):
    settings.ANCHOR_POLICY = "warn"

    assert is_overdue()
    assert blocks_decisions() == ""


@pytest.mark.parametrize(("hours", "blocked"), [(0, False), (23.9, False), (24.1, True), (24 * 40, True)])
def test_decisions_wait_for_a_recent_anchor_under_the_policy_block(checkpoint, settings, hours, blocked):
    settings.ANCHOR_POLICY = "block"
    assert "no authority has stamped it for 24 hours" in blocks_decisions()
    tried()
    assert blocks_decisions() == ""

    aged(hours)

    assert bool(blocks_decisions()) is blocked
    assert is_overdue() is blocked


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "0 minutes"), (1.5, "90 minutes"), (2, "2 hours"), (71, "71 hours"), (72, "3 days")]
)
def test_pages_say_how_old_the_newest_anchor_is(checkpoint, hours, words):
    assert dict(anchor_words())["Newest time stamp"] == "none yet"
    assert dict(anchor_words())["Checkpoints waiting for a stamp"] == "1"
    tried()
    aged(hours)

    said = dict(anchor_words())

    assert said["Age"] == words
    assert said["Newest time stamp"] == f"good, over the first {checkpoint.size:,} entries"
    assert said["Authorities"] == "good"
    assert said["Checkpoints waiting for a stamp"] == "0"


def test_a_clock_that_differs_from_the_authoritys_is_remarked(checkpoint, tsa, settings, tmp_path):
    stamp = Stamp(clock.machine_now() - timedelta(seconds=95), "1")

    assert "95 s apart" in anchoring._remark(tsa.authority(), stamp)
    assert anchoring._remark(tsa.authority(), Stamp(clock.machine_now(), "1")) == ""
