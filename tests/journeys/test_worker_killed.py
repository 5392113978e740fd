"""A worker may be killed anywhere, and the broker may be away: a certificate is made once, and never twice.

The workers are processes of their own on this test's database and files, as a site runs them.
"""

import time
from pathlib import Path

import pytest

from accounts.refusal import Refused
from accounts.roles import Role
from config.apps import wake_a_worker
from ledger import outbox
from ledger.models import Entry, OutboxJob, StoredFile
from ledger.verification import verify_records
from qc.approving import CERTIFICATE_JOB
from reports.models import Document
from tests.documents_builders import documents_issued, owed, with_approved_results
from tests.journeys.processes import KILLED, celery, manage, soon
from tests.people import a_person, do, enrolled
from tests.qc_builders import in_the_laboratory

pytestmark = pytest.mark.django_db(transaction=True)
LEASE_SECONDS = 2
PLACES = ("outbox claimed", "document rendered", "file renamed", "document written", "head updated", "before commit")


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


def test_the_embedded_worker_is_killed_at_each_place_and_the_next_one_makes_one_document(environment):
    with_approved_results()

    for place in PLACES:
        died = manage("worker", "--once", environment=environment, dies_at=place)
        assert died.returncode == KILLED, died.stderr
        assert nothing_was_made(), place
        time.sleep(LEASE_SECONDS)
    after = manage("worker", "--once", environment=environment)

    assert after.returncode == 0, after.stderr
    assert exactly_one_document().version == 1
    assert owed(CERTIFICATE_JOB).attempts == len(PLACES) + 1


def test_a_worker_that_dies_after_its_commit_has_made_its_document(environment):
    with_approved_results()

    # The first commit of a job is that of the document's number.
    died = manage("worker", "--once", environment=environment, dies_at="after commit")
    assert died.returncode == KILLED
    assert nothing_was_made()
    time.sleep(LEASE_SECONDS)
    manage("worker", "--once", environment=environment)

    assert exactly_one_document().number.endswith("-0002"), "a number that was drawn and not used stays unused"


def test_another_worker_leaves_a_job_alone_while_its_lease_runs(environment):
    with_approved_results()
    manage("worker", "--once", environment=environment, dies_at="document rendered")

    assert outbox.sweep() == 0
    assert nothing_was_made()
    time.sleep(LEASE_SECONDS)
    assert outbox.sweep() == 1
    exactly_one_document()


@pytest.mark.celery
def test_celery_workers_are_killed_and_the_next_one_finishes(environment, redis_url, tmp_path):
    with_approved_results()
    job = owed(CERTIFICATE_JOB)
    environment |= {"CELLWRIGHT_BROKER_URL": redis_url}
    beat_log, log = tmp_path / "beat.log", tmp_path / "worker.log"

    with celery("beat", "--schedule", str(tmp_path / "beat"), environment=environment, log=beat_log):
        for place in ("outbox claimed", "document rendered", "document written"):
            with celery("worker", "--pool", "solo", environment=environment, log=log, dies_at=place) as worker:
                soon(lambda: worker.poll() is not None, f"the worker dies at {place}", log)  # noqa: B023  waited for here
                assert worker.returncode == KILLED, log.read_text(encoding="utf-8")
            assert nothing_was_made(), place
        with celery("worker", "--pool", "solo", environment=environment, log=log):
            soon(Document.objects.exists, "the document is made", log)
            time.sleep(LEASE_SECONDS)

    assert exactly_one_document().basis_id == job.subject
    assert owed(CERTIFICATE_JOB).attempts == 4


@pytest.mark.celery
def test_a_message_that_comes_several_times_to_several_workers_makes_one_document(environment, redis_url, tmp_path):
    with_approved_results()
    job = owed(CERTIFICATE_JOB)
    environment |= {"CELLWRIGHT_BROKER_URL": redis_url}
    sends = "from config.celery import deliver; [deliver.delay(%r) for _ in range(4)]" % str(job.pk)
    assert manage("shell", "--no-imports", "--command", sends, environment=environment).returncode == 0

    with (
        celery("worker", "--pool", "solo", environment=environment, log=tmp_path / "one"),
        celery("worker", "--pool", "solo", environment=environment, log=tmp_path / "two"),
    ):
        soon(Document.objects.exists, "the document is made", tmp_path / "one")
        time.sleep(1)

    exactly_one_document()
    assert owed(CERTIFICATE_JOB).attempts == 1
