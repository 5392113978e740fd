"""A worker may be killed anywhere, and the broker may be away: a certificate is made once, and never twice.

The workers are processes of their own on this test's database and files, as a site runs them.
"""

import socket
import time
from uuid import uuid4

import pytest

from config.apps import wake_a_worker
from config.celery import app
from ledger import clock, outbox
from ledger.models import Checkpoint, Entry, OutboxJob, StoredFile
from ledger.signer import signer
from ledger.verification import verify_records
from ledger.writing import writing
from qc.release.approving import CERTIFICATE_JOB
from reports.models import Document
from tests.documents_builders import checkpointed, documents_issued, owed, with_approved_results
from tests.journeys.processes import KILLED, celery, manage, soon
from tests.qc_builders import in_the_laboratory

pytestmark = pytest.mark.django_db(transaction=True)
LEASE_SECONDS = 2
AT_ONCE_SECONDS = 3
# A head is written down by the signer before the ledger knows of it; the first commit is that of the log's key.
WHILE_SIGNING = ("outbox claimed", "after commit", "checkpoint signed", "head updated")
# The first commit of a job is that of its document's number.
PLACES = ("outbox claimed", "after commit", "document rendered", "document written", "head updated")


@pytest.fixture
def environment(product_environment) -> dict[str, str]:
    """The product on this test's database, with leases that run out soon."""
    return product_environment | {"CELLWRIGHT_JOB_LEASE_SECONDS": str(LEASE_SECONDS)}


def exactly_one_document() -> Document:
    """The one document, after everything about it was looked at."""
    document = Document.objects.get()
    assert documents_issued() == 1
    assert StoredFile.objects.count() == 1
    assert Entry.objects.filter(type="file.kept").count() == 1
    assert OutboxJob.objects.filter(done_at=None).count() == 0
    assert [str(finding) for finding in verify_records().findings] == []
    return document


def nothing_was_made() -> bool:
    return not Document.objects.exists() and not StoredFile.objects.exists() and documents_issued() == 0


@pytest.mark.sqlite_alone
def test_a_worker_is_killed_while_it_makes_a_checkpoint_and_the_next_one_continues_what_was_signed(environment):
    with_approved_results()

    for place in WHILE_SIGNING:
        died = manage("worker", "--once", environment=environment, dies_at=place)
        assert died.returncode == KILLED, died.stderr
        assert not Checkpoint.objects.exists(), place
        time.sleep(LEASE_SECONDS)
    signed_by_the_dead = signer().heads()
    after = manage("worker", "--once", environment=environment)

    assert after.returncode == 0, after.stderr
    assert len(signed_by_the_dead) == 1
    assert Checkpoint.objects.get().size == signed_by_the_dead[0].size
    exactly_one_document()


@pytest.mark.sqlite_alone
def test_the_embedded_worker_is_killed_at_each_place_and_the_next_one_makes_one_document(environment):
    with_approved_results()
    checkpointed(CERTIFICATE_JOB)

    for place in PLACES:
        died = manage("worker", "--once", environment=environment, dies_at=place)
        assert died.returncode == KILLED, died.stderr
        if place == PLACES[0]:
            assert outbox.sweep() == 0, "its lease runs"
        assert nothing_was_made(), place
        time.sleep(LEASE_SECONDS)
    after = manage("worker", "--once", environment=environment)

    assert after.returncode == 0, after.stderr
    assert exactly_one_document().number.endswith("-0005"), "numbers that were drawn by the dead stay unused"
    assert owed(CERTIFICATE_JOB).attempts == len(PLACES) + 1


@pytest.mark.celery
@pytest.mark.postgresql
def test_celery_workers_are_killed_and_the_next_ones_make_one_document(environment, redis_url, tmp_path):
    with_approved_results()
    job = owed(CERTIFICATE_JOB)
    environment |= {"CELLWRIGHT_BROKER_URL": redis_url}
    beat_log, logs = tmp_path / "beat.log", [tmp_path / "worker-1.log", tmp_path / "worker-2.log"]
    solo = ("--pool", "solo")

    with celery("beat", "--schedule", str(tmp_path / "beat"), environment=environment, log=beat_log):
        for place in ("outbox claimed", "document rendered", "document written"):
            with celery("worker", *solo, environment=environment, log=logs[0], dies_at=place) as worker:
                soon(lambda: worker.poll() is not None, f"the worker dies at {place}", logs[0])
                assert worker.returncode == KILLED, logs[0].read_text(encoding="utf-8")
            assert nothing_was_made(), place
        # The messages of the dead are still there, and beat sends more: both workers hear of the job several times.
        with (
            celery("worker", *solo, environment=environment, log=logs[0]),
            celery("worker", *solo, environment=environment, log=logs[1]),
        ):
            soon(Document.objects.exists, "the document is made", logs[0])
            time.sleep(LEASE_SECONDS)

    assert exactly_one_document().basis_id == job.subject
    assert owed(CERTIFICATE_JOB).attempts == 4


@pytest.fixture
def broker_at():
    """Lets a test say where the broker should be; afterwards there is none, as before."""
    before = app.conf.broker_url

    def at(address: str) -> None:
        app.conf.broker_url = address
        vars(app).pop("amqp", None)  # it keeps connections to the broker before
        outbox.wake_by(wake_a_worker)

    yield at
    outbox.wake_nobody()
    app.conf.broker_url = before
    vars(app).pop("amqp", None)


def test_an_act_is_signed_at_once_while_the_broker_is_away_and_the_sweeper_makes_its_document(broker_at):
    laboratory = in_the_laboratory()
    laboratory.all_tested()
    clock.end_story()
    broker_at("redis+socket:///nonexistent/redis.sock")

    began = time.monotonic()
    laboratory.approved()
    took = time.monotonic() - began

    assert took < AT_ONCE_SECONDS
    assert outbox.sweep() == 1, "its checkpoint"
    assert outbox.sweep() == 1, "and then the document"
    exactly_one_document()


def test_neither_a_closed_door_nor_a_silent_broker_holds_anybody_up(broker_at):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for address in ("redis://127.0.0.1:1/0", f"redis://127.0.0.1:{port}/0"):
            broker_at(address)
            subject = uuid4()
            began = time.monotonic()
            with writing():
                outbox.owe("nobody does this", subject)
            assert time.monotonic() - began < AT_ONCE_SECONDS, address
            assert OutboxJob.objects.filter(subject=subject).exists()
