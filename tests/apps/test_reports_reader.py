"""The reader: the whole record in the order of reading, open corrections, whole signatures, and its integrity now."""

import html
import re
from copy import copy
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import SecurityEvent, Signed
from accounts.wording import record_time
from batches.departures import report_departure
from batches.models import StepPerformed, Value
from ledger import files, outbox
from ledger.models import Entry, Envelope, Payload, StoredFile
from qc.models import Result
from qc.release.assessing import open_facts
from reports import reading_room
from reports.inspecting import may_read
from reports.integrity_of_batch import Integrity, check_now
from reports.models import Document
from tests.custody_builders import a_subject
from tests.documents_builders import corrected, with_approved_results
from tests.guards_away import guards_away
from tests.inspections_builders import an_inspection, an_inspector, issued_beside
from tests.kept import kept_for_a_module
from tests.people import at_browser, do, fresh
from tests.qc_builders import MINOR, Laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]
REASON = "The dilution was entered twice."
MOST_STATEMENTS = 20
UNASSESSED = "Nobody has assessed this yet."


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        laboratory = with_approved_results()
        corrected(laboratory, "viability_percent", "94.2", REASON)
        value = Value.objects.get(batch=laboratory.batch, field="harvest_days")
        do(
            "value.correct", value, by=laboratory.technician, typed="11", kind="transcription",
            reason="Digits swapped on entry", confirmed="yes",
        )  # fmt: skip
        report_departure(
            batch=laboratory.fresh(), says="The incubator's alarm sounded for a minute.", by=laboratory.technician,
            id=uuid4(),
        )  # fmt: skip
        outbox.deliver_all()
        inspector = an_inspector()
        an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)
        yield laboratory, inspector


@pytest.fixture
def laboratory(kept, db) -> Laboratory:
    reading_room._kept.clear()
    kept[0].fresh()
    return kept[0]


@pytest.fixture
def inspector(kept, db):
    return fresh(kept[1])


@pytest.fixture
def browser(laboratory, inspector):
    return at_browser(inspector)


def words_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", content.decode())))


def page(browser, laboratory, section: str = "") -> str:
    answer = browser.get(address(laboratory, section))
    assert answer.status_code == 200
    return words_of(answer.content)


def address(laboratory, section: str = "") -> str:
    return f"/records/{laboratory.batch.number}/" + (f"{section}/" if section else "")


def stage_of(laboratory, step: str) -> str:
    return f"stage-{step.split('.', maxsplit=1)[0]}"


def integrity(laboratory) -> Integrity:
    return check_now(laboratory.fresh())


def test_the_outline_names_each_part_in_the_order_of_reading(browser, laboratory):
    found = browser.get(address(laboratory)).content.decode()

    parts = re.findall(r'<a class="outline__item" href="([^"]+)"', found)
    assert [part.removeprefix(address(laboratory)) for part in parts] == [
        "", "stage-1/", "stage-2/", "results/", "custody/", "materials/", "exceptions/", "disposition/", "people/",
        "trail/",
    ]  # fmt: skip
    assert all(browser.get(part).status_code == 200 for part in parts)


def test_what_is_not_in_the_record_is_said_on_every_page(browser, laboratory):
    for section in ("", "results", "trail"):
        shown = page(browser, laboratory, section)
        assert "What is not in this record" in shown
        assert "Paper originals" in shown
        assert "Environmental monitoring" in shown


def test_every_value_stands_beside_its_limit(browser, laboratory):
    shown = page(browser, laboratory, "stage-2")

    assert "limit ≥ 5" in shown
    for value in Value.objects.filter(batch=laboratory.batch, step__startswith="2."):
        assert value.typed in shown


def test_a_correction_is_open_with_both_values_and_its_reason(browser, laboratory):
    raw = browser.get(address(laboratory, "stage-2")).content.decode()
    shown = words_of(raw.encode())

    assert "<details" not in raw.split("<main")[1]
    assert "Digits swapped on entry" in shown
    assert re.search(r"<del>[^<]+</del>.*<ins>11", raw, re.DOTALL)
    assert laboratory.technician.name in shown
    assert "1 correction" in shown


def test_a_step_that_no_longer_counts_shows_its_signatures_as_superseded(browser, laboratory):
    raw = browser.get(address(laboratory, "stage-2")).content.decode()

    assert "signature--superseded" in raw
    assert "Must be performed again" in words_of(raw.encode())


def test_each_signature_is_shown_in_full(browser, laboratory):
    rows: list[tuple[str, Signed]] = [
        *((stage_of(laboratory, row.step), row) for row in StepPerformed.objects.filter(batch=laboratory.batch)),
        *(("results", row) for row in Result.objects.filter(batch=laboratory.batch)),
        ("", laboratory.batch),
    ]
    pages = {section: page(browser, laboratory, section) for section, _row in rows}
    for section, row in rows:
        for words in (row.signer_name, row.signer_username, row.signer_role, row.meaning_text):
            assert words in pages[section], (section, words)
        assert record_time(row.signed_at) in pages[section]


def test_what_an_outside_party_did_has_its_own_shape(browser, laboratory):
    raw = browser.get(address(laboratory, "custody")).content.decode()

    assert raw.count('class="attested"') >= 2
    assert "Attested, not signed" in raw
    assert "Entered by" in raw


def test_every_version_of_a_result_is_there(browser, laboratory):
    shown = page(browser, laboratory, "results")

    assert REASON in shown
    assert "95" in shown
    assert "94.2" in shown
    assert all(line.title in shown for line in [laboratory.line("viability_percent"), laboratory.line("sterility")])


def test_a_fact_without_an_assessment_is_open_until_it_has_one(browser, laboratory):
    before, facts = page(browser, laboratory, "exceptions").count(UNASSESSED), open_facts(laboratory.batch)
    assert before >= len(facts) > 0

    for fact in facts:
        if fact.row.actor != laboratory.qa.reference:
            do(
                "fact.assess",
                fact.row,
                by=laboratory.qa,
                **MINOR,
                impact="None, it was closed.",
                conclusion="No further action.",
            )
    shown = page(browser, laboratory, "exceptions")

    assert shown.count(UNASSESSED) == before - len(facts)
    assert "None, it was closed." in shown


def test_the_trail_has_every_entry_of_both_streams(browser, laboratory):
    streams = [laboratory.batch.stream_name(), f"coi/{laboratory.batch.coi.identifier}"]
    wanted = set(Entry.objects.filter(stream__in=streams).values_list("seq", flat=True))
    found: set[int] = set()
    number = 1
    while True:
        raw = browser.get(address(laboratory, "trail"), {"page": number}).content.decode()
        found |= {int(seq) for seq in re.findall(r'<tr><th scope="row">(\d+)</th>', raw)}
        if f"?page={number + 1}" not in raw:
            break
        number += 1

    assert found == wanted


@pytest.mark.parametrize("number", ["0", "-1", "9999999999999", "x", "\x00"])
def test_any_page_number_is_answered(browser, laboratory, number):
    assert browser.get(address(laboratory, "trail"), {"page": number}).status_code == 200


@pytest.mark.parametrize("section", ["stage-0", "stage-9", "stage-x", "stage-", "Summary", "record", "stage--1"])
def test_a_section_that_is_none_is_not_found(browser, laboratory, section):
    assert browser.get(address(laboratory, section)).status_code == 404


def test_nothing_in_the_reader_changes_anything_but_asking_for_a_copy(browser, laboratory):
    for section in ("", "stage-1", "results", "custody", "exceptions", "disposition"):
        raw = browser.get(address(laboratory, section)).content.decode()
        posts = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', raw)
        posts += re.findall(r'<form action="([^"]+)" method="post"', raw)
        assert set(posts) == {"/lock/", f"{address(laboratory)}copies/"}, section
        assert "hx-post" not in raw


def test_the_addresses_in_the_reader_are_open_to_its_reader(browser, laboratory):
    for section in ("", "stage-1", "results", "custody", "materials", "disposition"):
        main = browser.get(address(laboratory, section)).content.decode().split("<main")[1]
        for link in set(re.findall(r'href="(/[^"]+)"', main)):
            assert browser.get(link).status_code == 200, (section, link)


def test_a_document_is_given_out_as_it_was_issued_and_logged(browser, laboratory):
    document = Document.objects.filter(batch=laboratory.batch).order_by("version").first()
    assert document is not None
    place = f"{address(laboratory)}documents/{document.number}/v{document.version}.pdf"

    given = browser.get(place)

    assert b"".join(given.streaming_content) == files.read(document.file)
    assert given["X-Content-SHA256"] == document.sha256
    assert given["X-Content-Type-Options"] == "nosniff"
    assert SecurityEvent.objects.filter(kind="record_opened", about__contains=f"document {document.number}").exists()


def test_a_damaged_document_is_not_given_out(browser, laboratory):
    document = Document.objects.filter(batch=laboratory.batch).order_by("version").first()
    assert document is not None
    kept = files.path_of(document.sha256)
    before = kept.read_bytes()
    kept.write_bytes(before[:-1])
    try:
        refused = browser.get(f"{address(laboratory)}documents/{document.number}/v{document.version}.pdf")
        assert refused.status_code == 409
        assert "not the file that was kept" in words_of(refused.content)
        assert SecurityEvent.objects.filter(kind="file_damaged", about=document.sha256).exists()
        assert "Not verified" in page(browser, laboratory)
    finally:
        kept.write_bytes(before)


def test_files_of_nobody_and_of_other_records_are_not_found(browser, laboratory):
    elsewhere = StoredFile.objects.exclude(sha256__in=[one.sha256 for one in Document.objects.all()]).first()
    strange = ["0" * 64, "../../etc/passwd", "x", *([elsewhere.sha256] if elsewhere else [])]
    own = {one.sha256 for one in reading_room.read(laboratory.batch).record.files}

    for sha256 in set(strange) - own:
        assert browser.get(f"{address(laboratory)}files/{sha256}/").status_code == 404


def test_another_batchs_document_is_not_found_under_this_record(browser, laboratory, inspector):
    other = issued_beside(laboratory)
    an_inspection(other.number, reader=inspector, by=laboratory.qa)
    document = Document.objects.filter(batch=laboratory.batch).order_by("version").first()
    assert document is not None

    assert browser.get(f"/records/{other.number}/").status_code == 200
    assert browser.get(f"/records/{other.number}/documents/{document.number}/v1.pdf").status_code == 404


def test_an_untouched_record_verifies_with_all_its_numbers(browser, laboratory):
    found = integrity(laboratory)

    assert (found.findings, found.gaps) == ([], 0)
    streams = [laboratory.batch.stream_name(), f"coi/{laboratory.batch.coi.identifier}"]
    assert found.entries == Entry.objects.filter(stream__in=streams).count()
    assert found.signatures == Envelope.objects.filter(entry__stream__in=streams).count()
    assert found.files >= Document.objects.filter(batch=laboratory.batch).count()
    shown = page(browser, laboratory)
    assert f"Entries in order {found.entries:,}" in shown
    assert f"Signatures valid {found.signatures:,}" in shown
    assert "Gaps or deletions 0" in shown
    assert re.search(r"Verified \d\d:\d\d", shown)


def tamper_row(laboratory) -> str:
    row = Value.objects.filter(batch=laboratory.batch, step="1.1").first()
    assert row is not None
    Value.objects.filter(pk=row.pk).update(typed="no")
    return "not as it was written"


def tamper_payload(laboratory) -> str:
    payload = Payload.objects.filter(entry__stream=laboratory.batch.stream_name()).first()
    assert payload is not None
    Payload.objects.filter(pk=payload.pk).update(bytes=bytes(payload.bytes).replace(b"fields", b"fieldz"))
    return "its content was changed"


def tamper_entry(laboratory) -> str:
    entry = Entry.objects.filter(stream=laboratory.batch.stream_name()).first()
    assert entry is not None
    Entry.objects.filter(pk=entry.pk).update(bytes=bytes(entry.bytes).replace(b'"v":1', b'"v":2'))
    return "was changed"


def tamper_signature(laboratory) -> str:
    envelope = Envelope.objects.filter(entry__rec_type="batches.stepperformed").order_by("entry__seq").first()
    assert envelope is not None
    broken = bytes(envelope.bytes).replace(b'"sig":"', b'"sig":"AAAA')
    Envelope.objects.filter(pk=envelope.pk).update(bytes=broken)
    return "signature"


def tamper_middle(laboratory) -> str:
    entries = Entry.objects.filter(stream=laboratory.batch.stream_name()).order_by("sseq")
    middle = entries[entries.count() // 2]
    Payload.objects.filter(pk=middle.pk).delete()
    Envelope.objects.filter(entry=middle).delete()
    Entry.objects.filter(pk=middle.pk).delete()
    return "the entry before it is missing"


@pytest.mark.parametrize("tamper", [tamper_row, tamper_payload, tamper_entry, tamper_signature, tamper_middle])
def test_a_record_that_was_changed_behind_our_back_says_so(browser, laboratory, tamper):
    assert "Verified" in page(browser, laboratory)
    connection.check_constraints()
    with guards_away():
        says = tamper(laboratory)
    reading_room._kept.clear()

    found = integrity(laboratory)

    assert any(says in one for one in found.findings), found.findings
    if tamper is not tamper_middle:
        shown = page(browser, laboratory)
        assert "Not verified" in shown
        assert "This is not the record that was signed." in shown
        assert says in shown


def test_a_broken_signature_is_marked_where_it_stands(browser, laboratory):
    connection.check_constraints()
    with guards_away():
        tamper_signature(laboratory)
    reading_room._kept.clear()

    raw = browser.get(address(laboratory, "stage-1")).content.decode()

    assert raw.count("signature--broken") == 1
    assert "This signature does not verify. Call QA." in raw


def test_no_number_of_entries_makes_a_page_ask_more(browser, laboratory):
    def statements(section: str, *, cold: bool = False) -> int:
        if cold:
            reading_room._kept.clear()
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address(laboratory, section)).status_code == 200
        return len(asked)

    before = statements("stage-1", cold=True)
    warm = [statements(section) for section in ("stage-1", "results", "custody", "trail", "")]
    for number in range(12):
        says = f"The incubator's alarm sounded again, {number}."
        report_departure(batch=laboratory.fresh(), says=says, by=laboratory.technician, id=uuid4())

    assert max(warm) <= MOST_STATEMENTS, warm
    assert statements("stage-1", cold=True) == before


def test_what_is_written_is_read_at_once(browser, laboratory):
    page(browser, laboratory, "exceptions")
    says = "A glove tore while the bag was spiked."

    report_departure(batch=laboratory.fresh(), says=says, by=laboratory.technician, id=uuid4())

    assert says in page(browser, laboratory, "exceptions")


def test_no_word_of_who_the_patient_is_stands_in_the_reader(browser, laboratory, inspector):
    other = copy(laboratory)
    other.coi = a_subject(by=laboratory.logistics, initials="QXZ", birth_year=1911, hospital_reference="MRN-778812")
    number = other.issued().number
    an_inspection(number, reader=inspector, by=laboratory.qa)

    for section in ("", "custody/", "materials/", "trail/"):
        shown = words_of(browser.get(f"/records/{number}/{section}").content)
        assert other.coi.subject.pseudonym in shown
        assert not any(word in shown for word in ("QXZ", "1911", "MRN-778812")), section


def test_may_read_names_the_inspection_that_opens_a_batch(laboratory, inspector):
    found = may_read(inspector, laboratory.batch)

    assert found is not None
    assert laboratory.batch.number in found.batches
    assert may_read(laboratory.qa, laboratory.batch) is None
