"""Certificates from the approval to the download: made once, superseded and never edited, compared whenever given."""

from base64 import b64decode
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import SecurityEvent
from accounts.refusal import Refused
from ledger import clock, files, outbox
from ledger.canonical import digest
from ledger.models import Checkpoint, Entry, OutboxJob
from ledger.outbox import AlreadyDoneError
from ledger.verification import verify_records
from qc.models import ResultsApproval
from qc.panel import release_panel
from qc.release.approving import CERTIFICATE_JOB
from qc.release.disposition import BATCH_CERTIFICATE_JOB
from reports.certificate_parts import code_content
from reports.checks import without_rendering
from reports.issuing import issue_certificate_of_analysis
from reports.models import Document
from reports.page import TRAINING
from reports.pdfa import attached_snapshot
from reports.reading import bytes_of
from reports.render import render
from reports.snapshot import BatchCertificate, CertificateOfAnalysis
from reports.snapshot_json import from_json, to_json
from tests.documents_builders import (
    checkpointed,
    corrected,
    documents_issued,
    owed,
    pages_of,
    squeezed,
    with_approved_results,
)
from tests.kept import made_once
from tests.people import administrators, at_browser
from tests.qc_builders import Laboratory

pytestmark = pytest.mark.django_db
REASON = "The dilution was entered twice."


approved = made_once(with_approved_results)


@pytest.fixture
def laboratory(approved, db) -> Laboratory:
    """A batch whose certificate of analysis is owed and not made."""
    approved.fresh()
    return approved


@pytest.fixture
def issued(laboratory) -> Document:
    """Its certificate of analysis."""
    checkpointed(CERTIFICATE_JOB)
    assert outbox.sweep() == 1
    return Document.objects.select_related("file", "batch").get()


def content_of(document: Document) -> bytes:
    return files.read(document.file)


def snapshot_of(document: Document):
    return from_json(attached_snapshot(content_of(document)))


def lease_runs_out(job: OutboxJob) -> None:
    OutboxJob.objects.filter(pk=job.pk).update(claimed_until=clock.machine_now() - timedelta(seconds=1))


def made_due_again() -> None:
    OutboxJob.objects.filter(done_at=None).update(due_at=clock.machine_now() - timedelta(seconds=1))


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


def test_an_approval_owes_a_certificate_and_the_worker_makes_exactly_one(laboratory):
    assert Document.objects.count() == 0
    assert owed(CERTIFICATE_JOB).subject == ResultsApproval.objects.get().pk

    assert [outbox.sweep(), outbox.sweep()] == [1, 0]

    document = Document.objects.get()
    assert document.number == f"COA-{clock.now():%y}-0001"
    assert (document.version, document.kind, document.actor) == (1, "coa", "machine")
    assert documents_issued() == 1
    assert findings() == []


def test_what_the_certificate_says_is_what_was_approved(laboratory, issued):
    stated = snapshot_of(issued)

    assert isinstance(stated, CertificateOfAnalysis)
    assert stated.identity.batch == laboratory.batch.number
    assert [line.test for line in stated.lines] == [line.title for line in map(laboratory.line, all_lines(laboratory))]
    assert {line.evaluation.words for line in stated.lines} == {"Conforms"}
    assert sum(len(line.members) or 1 for line in stated.lines) == 13
    assert stated.proof.entry == str(Entry.objects.get(type="results.approved").seq)
    assert not stated.issue.interim


def test_the_certificate_prints_the_checkpoint_that_covers_it_and_its_code_carries_it(laboratory, issued):
    point = Checkpoint.objects.get()
    stated = snapshot_of(issued)

    assert stated.proof.checkpoint is not None
    assert (stated.proof.checkpoint.origin, stated.proof.checkpoint.size) == (point.origin, point.size)
    assert b64decode(stated.proof.checkpoint.root).hex() == point.root
    assert point.size >= Entry.objects.get(type="results.approved").seq
    for line in (point.origin, str(point.size), stated.proof.checkpoint.root):
        assert squeezed(line) in "".join(pages_of(content_of(issued)))
        assert line in code_content(stated.issue, stated.proof)


def test_a_stored_snapshot_renders_to_the_bytes_issued_and_a_change_of_either_is_found(laboratory, issued):
    content = content_of(issued)
    unsigned = content[: issued.unsigned_size] if issued.unsigned_size else content
    assert render(snapshot_of(issued)) == unsigned
    assert "documents rendered again" in verify_records().counts

    with without_rendering():
        assert any("laid out again" in line for line in verify_records().not_checked)


def all_lines(laboratory: Laboratory) -> list[str]:
    return [line.code for line in release_panel(laboratory.batch)]


def test_the_attached_snapshot_is_the_one_whose_digest_the_ledger_keeps(issued):
    attached = attached_snapshot(content_of(issued))

    assert digest(attached) == issued.snapshot_sha256
    assert to_json(from_json(attached)) == attached
    assert digest(content_of(issued)) == issued.sha256


def test_a_training_sites_document_says_so_on_each_page(issued):
    pages = pages_of(content_of(issued))

    assert pages
    assert all(squeezed(TRAINING) in page for page in pages)
    assert "training" in issued.file.original_name


def test_delivering_a_done_job_again_makes_nothing(issued):
    assert outbox.deliver(owed(CERTIFICATE_JOB).pk) is False

    assert documents_issued() == 1


def test_a_worker_that_is_late_throws_its_document_away(laboratory):
    slow = outbox.claim(owed(CERTIFICATE_JOB).pk)
    assert slow is not None
    assert outbox.claim(slow.pk) is None
    lease_runs_out(slow)
    assert outbox.deliver(slow.pk) is True
    first = Document.objects.get()

    with pytest.raises(AlreadyDoneError):
        issue_certificate_of_analysis(slow)

    assert Document.objects.get() == first
    assert documents_issued() == 1
    assert findings() == []


def test_a_corrected_result_and_a_new_approval_supersede_the_certificate(laboratory, issued):
    before = content_of(issued)
    corrected(laboratory, "viability_percent", "94.2", REASON)
    laboratory.approved()
    checkpointed(CERTIFICATE_JOB)
    assert outbox.sweep() == 1

    second = Document.objects.get(version=2)
    assert (second.number, second.supersedes) == (issued.number, issued)
    stated = snapshot_of(second)
    line = next(line for line in stated.lines if line.test == "Viability")
    assert "94" in line.result
    notes = {note.mark: note.text for note in stated.footnotes}
    assert sum(REASON in notes[mark] for mark in line.notes) == 1
    assert stated.issue.supersedes == f"{issued.number} v1"
    assert content_of(issued) == before
    assert findings() == []

    page = at_browser(laboratory.qa).get(reverse("reports:certificate", args=[issued.number])).content.decode()
    assert page.count("Superseded") == 1
    assert page.count("In force") == 1


def test_each_version_states_what_was_approved_for_it_however_late_it_is_made(laboratory):
    first, second_value = owed(CERTIFICATE_JOB), "94.2"
    corrected(laboratory, "viability_percent", second_value, REASON)
    laboratory.approved()
    checkpointed(CERTIFICATE_JOB)
    second = OutboxJob.objects.exclude(pk=first.pk).get(kind=CERTIFICATE_JOB)

    assert outbox.deliver(second.pk) is False, "the first version is not there yet"
    assert "not made yet" in OutboxJob.objects.get(pk=second.pk).last_error
    assert outbox.deliver(first.pk) is True
    made_due_again()
    assert outbox.deliver(second.pk) is True

    stated = [
        next(line.result for line in snapshot_of(document).lines if line.test == "Viability")
        for document in Document.objects.select_related("file").order_by("version")
    ]
    assert stated == ["95\u2009% (95.1\u2009%)", "94\u2009% (94.2\u2009%)"]
    assert findings() == []


def test_a_job_that_failed_waits_and_is_tried_again(laboratory):
    corrected(laboratory, "viability_percent", "94.2", REASON)
    laboratory.approved()
    checkpointed(CERTIFICATE_JOB)
    newest = ResultsApproval.objects.get(version=2)
    second = OutboxJob.objects.get(kind=CERTIFICATE_JOB, subject=newest.pk)

    outbox.deliver(second.pk)

    failed = OutboxJob.objects.get(pk=second.pk)
    assert (failed.attempts, failed.claimed_until, failed.done_at) == (1, None, None)
    assert failed.due_at > clock.machine_now()
    assert outbox.deliver(second.pk) is False, "it is not due yet"
    assert OutboxJob.objects.get(pk=second.pk).attempts == 1


def test_the_batch_certificate_waits_for_the_certificate_of_analysis_and_names_it(laboratory):
    laboratory.record_reviewed()
    laboratory.certified(statement="Nothing to remark.")

    assert outbox.deliver(owed(BATCH_CERTIFICATE_JOB).pk) is False
    assert outbox.deliver(owed(CERTIFICATE_JOB).pk) is True
    made_due_again()
    assert outbox.deliver(owed(BATCH_CERTIFICATE_JOB).pk) is True

    decision = Document.objects.get(kind=Document.Kind.BATCH_CERTIFICATE)
    stated = snapshot_of(decision)
    assert isinstance(stated, BatchCertificate)
    assert stated.certificate_of_analysis == f"COA-{clock.now():%y}-0001 version 1"
    assert stated.decision.code == "certified"
    assert stated.comments == ("Nothing to remark.",)
    assert [block.name for block in stated.signatures] == [laboratory.qa.name, laboratory.qp.name]
    assert findings() == []


def test_the_batch_page_shows_what_is_being_made_and_then_what_was_made(laboratory):
    page = reverse("batch-tab", args=[laboratory.batch.number, "documents"])
    browser = at_browser(laboratory.qa)

    assert "In preparation" in browser.get(page).content.decode()
    checkpointed(CERTIFICATE_JOB)
    assert "In preparation" in browser.get(page).content.decode()
    outbox.sweep()
    after = browser.get(page).content.decode()

    assert "In preparation" not in after
    assert f"COA-{clock.now():%y}-0001" in after


def test_the_pages_list_and_hand_out_the_document(laboratory, issued):
    browser = at_browser(laboratory.qp)

    listed = browser.get(reverse("reports:certificates"))
    shown = browser.get(reverse("reports:certificate", args=[issued.number]))
    given = browser.get(reverse("reports:download", args=[issued.number, 1]))

    assert issued.number in listed.content.decode()
    assert issued.sha256 in shown.content.decode()
    assert "Matches the record" in shown.content.decode()
    assert given.content == content_of(issued)
    assert given["Content-Type"] == "application/pdf"
    assert given["Content-Disposition"] == f'attachment; filename="{issued.number}-v1-training.pdf"'


@pytest.mark.parametrize("accept", ["*/*", "application/pdf", "application/json"])
def test_the_api_lists_and_hands_out_the_document(laboratory, issued, accept):
    program = at_browser(laboratory.qp)
    rows = program.get("/api/v1/documents/", {"batch": laboratory.batch.number}).json()["results"]
    given = program.get(f"/api/v1/documents/{issued.number}/v1.pdf", HTTP_ACCEPT=accept)

    assert [(row["number"], row["version"], row["sha256"], row["is_superseded"]) for row in rows] == [
        (issued.number, 1, issued.sha256, False)
    ]
    assert program.get("/api/v1/documents/", {"batch": "CT-99-0001"}).json()["results"] == []
    assert given.status_code == 200
    assert digest(given.content) == given["X-Content-SHA256"] == issued.sha256


def in_each_way(document: Document, version: int = 1) -> list[str]:
    return [
        reverse("reports:download", args=[document.number, version]),
        f"/api/v1/documents/{document.number}/v{version}.pdf",
    ]


def tamper_by_change(document: Document) -> None:
    place = files.path_of(document.sha256)
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


def tamper_by_removal(document: Document) -> None:
    files.path_of(document.sha256).unlink()


@pytest.mark.parametrize("tamper", [tamper_by_change, tamper_by_removal])
def test_a_file_that_is_not_the_one_issued_is_never_given_out(laboratory, issued, tamper):
    tamper(issued)
    browser = at_browser(laboratory.qa)

    for place in in_each_way(issued):
        refused = browser.get(place, HTTP_ACCEPT="application/pdf, */*")
        assert refused.status_code == 409
        assert "Call quality assurance" in refused.content.decode()
    assert (
        "Differs from the record" in browser.get(reverse("reports:certificate", args=[issued.number])).content.decode()
    )
    with pytest.raises(Refused, match="not the one that was issued"):
        bytes_of(issued, by=laboratory.qa)

    assert SecurityEvent.objects.filter(kind="document_damaged").count() == 3
    found = findings()
    assert any(f"{issued.number} v1" in finding for finding in found)
    assert all(issued.sha256 in finding for finding in found)


def test_an_administrator_sees_no_document(issued):
    browser = at_browser(administrators()[0])

    places = [reverse("reports:certificates"), reverse("reports:certificate", args=[issued.number])]
    for place in [*places, *in_each_way(issued), "/api/v1/documents/"]:
        refused = browser.get(place)
        assert refused.status_code == 403, place
        assert issued.sha256 not in refused.content.decode()


def test_nobody_signed_in_gets_nothing(issued):
    page, program = in_each_way(issued)

    assert Client().get(page).status_code == 302
    assert Client().get(program).status_code == 401
    assert Client().get("/api/v1/documents/").status_code == 401


@pytest.mark.parametrize("version", [2, 99999999999999999999])
def test_a_version_that_does_not_exist_is_not_found(laboratory, issued, version):
    browser = at_browser(laboratory.qa)

    assert [browser.get(place).status_code for place in in_each_way(issued, version)] == [404, 404]
    assert browser.get(reverse("reports:certificate", args=["COA-99-0001"])).status_code == 404


def test_reading_changes_nothing_and_writing_is_not_offered(laboratory, issued):
    browser = at_browser(laboratory.qa)

    assert {browser.post(place).status_code for place in in_each_way(issued)} == {405}
    assert browser.delete("/api/v1/documents/").status_code == 405
