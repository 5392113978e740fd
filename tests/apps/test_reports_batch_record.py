"""The batch record of a real batch: all of it and nothing of another patient; made anew when something changed."""

import subprocess
from uuid import uuid4

import pypdfium2
import pytest

from batches.departures import report_departure
from batches.models import Departure, Value
from chain_of_custody.placing import place_containers
from ledger import clock, files
from ledger.models import Checkpoint, Entry
from ledger.verification import verify_records
from qc.models import AuditTrailReviewed, ExceptionAssessed, Sample
from qc.release.assessing import open_facts
from reports.copying import ask_copy
from reports.models import CopyAsked, Document
from reports.pdfa import attached_snapshot
from reports.record_snapshot import BatchRecord
from reports.recording import batch_record_for, position_of
from reports.snapshot import Sign
from reports.snapshot_json import from_json
from tests import machine, verapdf
from tests.copies_builders import delivered
from tests.documents_builders import corrected, everything_made, squeezed
from tests.kept import kept_for_a_module
from tests.people import do
from tests.qc_builders import MINOR, Laboratory, in_the_laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]
MISREAD = "Misread the calendar, the log shows six."
TWICE = "The dilution was entered twice."
ALARM = "The alarm of the incubator rang for a minute."


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        laboratory = in_the_laboratory()
        beside = laboratory.beside()
        recorded_and_certified(laboratory)
        yield laboratory, beside


def recorded_and_certified(laboratory: Laboratory) -> None:
    """A corrected value and result, an assessed departure, and every document made."""
    batch = laboratory.fresh()
    days = Value.objects.get(batch=batch, field="harvest_days")
    do("value.correct", days, by=laboratory.technician, typed="6.0", kind="transcription", reason=MISREAD)
    do("step.witness", laboratory.performed(batch, "2.1"), by=laboratory.second)
    report_departure(batch=batch, says=ALARM, by=laboratory.technician, id=uuid4())
    for fact in open_facts(batch):
        told = {"impact": f"None for {fact.kind}.", "conclusion": "No influence on the cells."} | MINOR
        do("fact.assess", fact.row, by=laboratory.qa, **told)
    laboratory.all_tested()
    corrected(laboratory, "viability_percent", "94.2", TWICE)
    laboratory.approved()
    laboratory.record_reviewed()
    laboratory.certified(statement="Nothing to remark.")
    clock.end_story()
    everything_made()


@pytest.fixture
def laboratory(kept, db) -> Laboratory:
    """The batch with everything in it."""
    kept[0].fresh()
    found: Laboratory = kept[0]
    return found


@pytest.fixture
def other(kept, db) -> Laboratory:
    """Another patient's batch, whose laboratory has not begun."""
    kept[1].fresh()
    found: Laboratory = kept[1]
    return found


@pytest.fixture(scope="module")
def first(kept) -> Document:
    """The batch record, made once for every test that only reads it."""
    return recorded(kept[0])


def recorded(laboratory: Laboratory) -> Document:
    """The batch record as somebody of quality gets it who asks for a copy."""
    kind = CopyAsked.Kind.RECORD
    made = delivered(ask_copy(batch=laboratory.fresh(), kind=kind, by=laboratory.qa, id=uuid4()))
    assert made.document is not None
    return made.document


def stated(document: Document) -> BatchRecord:
    snapshot = from_json(attached_snapshot(files.read(document.file)))
    assert isinstance(snapshot, BatchRecord)
    return snapshot


def printed(document: Document) -> str:
    pdf = pypdfium2.PdfDocument(files.read(document.file))
    return squeezed(" ".join(page.get_textpage().get_text_range() for page in pdf)).replace("\ufffe", "")


def test_it_is_issued_with_a_number_of_its_own_and_a_checkpoint_that_covers_it(laboratory, first):
    snapshot = stated(first)

    assert (first.kind, first.number, first.version) == ("br", f"BR-{clock.now():%y}-0001", 1)
    assert first.basis_type == CopyAsked.record_type()
    newest = max(stream.last_seq for stream in snapshot.streams)
    assert snapshot.proof.checkpoint is not None
    assert snapshot.proof.checkpoint.size >= newest
    assert Checkpoint.objects.filter(size=snapshot.proof.checkpoint.size).exists()
    assert first.stream_position == position_of(laboratory.batch)


def test_every_entry_of_both_streams_stands_in_the_audit_trail(laboratory, first):
    snapshot, page = stated(first), printed(first)
    streams = (laboratory.batch.stream_name(), laboratory.coi.stream_name())
    before = Entry.objects.get(rec_id=first.pk).seq
    entries = Entry.objects.filter(stream__in=streams, seq__lt=before).order_by("seq")

    assert [one.seq for one in snapshot.trail] == list(entries.values_list("seq", flat=True))
    for entry in snapshot.trail:
        assert squeezed(entry.what) in page, entry
        assert squeezed(entry.says) in page, entry
    for stream in snapshot.streams:
        assert stream.leaf in page


@pytest.mark.clause(
    "21 CFR 211.188(b)(1)", "prints for each step when it began, when each value was recorded and when it was signed"
)
def test_every_value_limit_verdict_and_signature_is_on_the_paper(laboratory, first):
    snapshot, page = stated(first), printed(first)
    steps = [step for stage in snapshot.stages for step in stage.steps]
    titles = {"Labels agree", "Volume of each bag", "Days"}

    assert {value.title for step in steps for value in step.values} == titles
    for value in (value for step in steps for value in (*step.values, *step.derived)):
        for text in (value.title, value.value, value.limit, value.evaluation.words, value.recorded):
            assert squeezed(text) in page
    signatures = [one for step in steps for version in step.versions for one in version.signatures]
    signatures += [one for test in snapshot.tests for version in test.versions for one in version.signatures]
    signatures += [one.signature for one in snapshot.decisions]
    assert len(signatures) >= 2 * 3 + 2 * 13 + 3
    for one in signatures:
        for text in (one.name, one.user, one.role, one.meaning, one.signed_at, one.organisation):
            assert squeezed(text) in page
        assert "(UTC" in one.signed_at


def test_a_correction_is_open_old_and_new_who_when_and_why(laboratory, first):
    snapshot, page = stated(first), printed(first)
    steps = {step.code: step for stage in snapshot.stages for step in stage.steps}
    (correction,) = next(value for value in steps["2.1"].values if value.title == "Days").corrections

    assert correction.new.startswith("6.0")
    assert correction.old != correction.new
    assert laboratory.technician.name in correction.new_by
    assert correction.reason.endswith(MISREAD)
    assert correction.signature is not None
    for text in (correction.old, correction.old_by, correction.new_by, MISREAD, correction.signature.meaning):
        assert squeezed(text) in page
    assert [version.counts for version in steps["2.1"].versions] == [False, True]
    assert squeezed("Version 1 of step 2.1, superseded by version 2") in page


@pytest.mark.clause("21 CFR 211.188(b)(5)", "prints in-process and laboratory results, each version with its readings")
def test_every_version_of_a_result_stands_with_its_readings_and_why_it_was_replaced(laboratory, first):
    snapshot, page = stated(first), printed(first)
    viability = next(test for test in snapshot.tests if test.code == "viability_percent")

    assert [version.counts for version in viability.versions] == [False, True]
    assert [version.readings[0].value.split()[0] for version in viability.versions] == ["95.1", "94.2"]
    assert viability.versions[1].reason == TWICE
    assert squeezed(TWICE) in page
    for test in snapshot.tests:
        assert squeezed(test.criterion) in page
        for version in test.versions:
            assert squeezed(version.reported) in page
            assert all(squeezed(reading.value) in page for reading in version.readings)


@pytest.mark.clause("21 CFR 211.188(b)(12)", "prints each departure with the assessment by quality")
def test_exceptions_stand_with_their_assessment(laboratory, first):
    snapshot, page = stated(first), printed(first)

    departures = Departure.objects.filter(batch=laboratory.batch)
    judged = ExceptionAssessed.objects.filter(batch=laboratory.batch)
    assert len(snapshot.exceptions) == departures.count() + judged.count()
    assert departures.count() >= 2
    assert judged.exists()
    assert {row.reason for row in judged} <= {one.conclusion for one in snapshot.exceptions}
    assert not {"Exception"} & {one.title for one in snapshot.decisions}
    assert squeezed(ALARM) in page
    for one in snapshot.exceptions:
        assert one.signature is not None
        for text in (one.says, one.impact, one.conclusion, one.signature.signed_at):
            assert squeezed(text) in page


def test_each_review_of_the_audit_trail_stands_with_streams_positions_and_digests(laboratory, first):
    page, rows = printed(first), AuditTrailReviewed.objects.filter(batch=laboratory.batch)

    streams = {laboratory.batch.stream_name(), laboratory.coi.stream_name()}
    assert streams <= {each["stream"] for row in rows for each in row.groups}
    for each in (each for row in rows for each in row.groups):
        assert squeezed(f"{each['entries']} of {each['stream']}, position") in page
        assert squeezed(each["sha256"]) in page


def test_custody_is_whole_and_what_was_attested_is_no_signature(laboratory, first):
    custody, page = stated(first).custody, printed(first)

    assert [link.evaluation.code for link in custody.links] == ["attested", "attested"]
    attested = [one for link in custody.links for one in link.attested]
    assert {one.party.split(",")[0] for one in attested} == {"Tuuli Virtanen", "Paul Meier"}
    for one in attested:
        for text in ("Attested, not signed", one.party, one.statement, one.evidence, one.entered_by, one.checked_by):
            assert squeezed(text) in page
    signed = {one.name for link in custody.links for one in link.signatures}
    assert signed.isdisjoint({"Tuuli Virtanen", "Paul Meier"})
    assert all(squeezed(check.scanned) in page for check in custody.checks)


def test_a_reader_without_the_system_finds_the_answers(laboratory, first):
    """Who worked on it, with which lots, what changed after its entry, who released it, on which pending tests."""
    snapshot, page = stated(first), printed(first)
    answers = {answer.name: answer.text for answer in snapshot.answers}

    assert answers["Was a value changed after its entry?"] == "2.1 Days"
    assert laboratory.qp.name in answers["Who decided?"]
    assert answers["Which tests are pending?"] == "None is pending."
    assert snapshot.standing.sign is Sign.PASS
    assert {"Values corrected", "Results corrected", "Exceptions"} <= {
        line.name for line in snapshot.summary if line.evaluation.sign is Sign.WARN
    }
    names = {signer.name for signer in snapshot.signers}
    assert {laboratory.technician.name, laboratory.second.name, laboratory.analyst.name, laboratory.qp.name} <= names
    assert all(signer.keys and all(key in page for key in signer.keys) for signer in snapshot.signers)
    for kind in ("COA", "BC"):
        document = Document.objects.get(number__startswith=kind, batch=laboratory.batch)
        assert document.sha256 in page


@pytest.mark.clause("21 CFR 211.188(b)(10)", "prints each sample with its point, its code and who received it")
def test_every_sample_that_was_taken_is_on_the_paper(laboratory, first):
    snapshot, page = stated(first), printed(first)

    assert {sample.code for sample in snapshot.samples} == {
        one.container.code for one in Sample.objects.filter(batch=laboratory.batch)
    }
    for sample in snapshot.samples:
        for text in (sample.code, sample.point, sample.received, sample.by):
            assert squeezed(text) in page


def test_what_is_not_in_the_record_is_named(first):
    page = printed(first)

    for name in ("Environmental monitoring", "Paper originals", "Hospital"):
        assert squeezed(name) in page
    for number in range(1, 16):
        assert any(line.startswith(f"{number}  ") for line in chapters(first)), number


def chapters(document: Document) -> list[str]:
    """The entries of the file's outline, as a reader shows them beside the pages."""
    outline = pypdfium2.PdfDocument(files.read(document.file)).get_toc()
    return [item.get_title().replace(" ", "  ", 1) for item in outline]


def test_nothing_of_another_patient_and_no_identity_is_in_it(laboratory, other, first):
    content = attached_snapshot(files.read(first.file)).decode()

    for foreign in (other.batch.number, other.coi.identifier, other.coi.subject.pseudonym):
        assert foreign not in content
    assert laboratory.coi.subject.pseudonym in content
    assert "subject/" not in content


def test_asking_again_gives_the_same_version_until_the_record_changes(laboratory, first):
    assert recorded(laboratory) == first

    report_departure(batch=laboratory.batch, says="The label came off.", by=laboratory.technician, id=uuid4())
    second = recorded(laboratory)

    assert (second.number, second.version, second.supersedes) == (first.number, 2, first)
    assert squeezed("The label came off.") in printed(second)
    assert stated(second).issue.supersedes == f"{first.number} v1"
    assert f"{first.number} v1" in {one.number for one in stated(second).documents}
    assert recorded(laboratory) == second


def test_a_new_version_is_made_when_only_custody_changed(laboratory, first):
    place_containers(
        id=uuid4(), coi=laboratory.coi, containers=laboratory.containers_at("final_product")[:1],
        place=laboratory.fridge, happened_at=clock.now(), by=laboratory.technician,
    )  # fmt: skip

    assert recorded(laboratory).version == 2


def test_one_request_has_one_answer_however_often_it_is_worked_on(laboratory, first):
    report_departure(batch=laboratory.batch, says="The label came off.", by=laboratory.technician, id=uuid4())
    asked = ask_copy(batch=laboratory.batch, kind=CopyAsked.Kind.RECORD, by=laboratory.qa, id=uuid4())

    made = batch_record_for(asked)
    report_departure(batch=laboratory.batch, says="It came off again.", by=laboratory.technician, id=uuid4())

    assert batch_record_for(asked) == made


def test_the_record_verifies_and_renders_again_to_the_bytes_that_were_issued(laboratory, first):
    found = verify_records()

    assert [str(one) for one in found.findings] == []
    assert found.counts["documents rendered again"] == found.counts["documents"] == 4


def test_another_program_accepts_the_sites_signature(first):
    command = [machine.pdfsig(), "-nocert", files.path_of(first.sha256)]
    says = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    assert "Signature is Valid." in says
    assert "Total document signed" in says


def test_another_opinion_finds_the_signed_record_archivable(first):
    (judgement,) = verapdf.judged(files.read(first.file))

    assert first.signed_as
    assert (judgement.compliant, judgement.found) == (True, ())


def test_a_batch_in_work_says_that_nobody_decided_and_names_what_is_pending(other):
    document = recorded(other)
    snapshot, page = stated(document), printed(document)

    assert snapshot.standing.sign is Sign.WAIT
    assert len(snapshot.pending) == len(snapshot.tests)
    assert squeezed("Nobody has decided on this batch. It is not certified.") in page
    assert all(squeezed(one) in page for one in snapshot.pending)
    assert squeezed("Quality has approved, reviewed and decided nothing yet.") in page
