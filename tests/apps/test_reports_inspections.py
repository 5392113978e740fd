"""Inspections: quality opens records, the reader reads those and nothing else, and every way in ends in time."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import SecurityEvent
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from batches.models import Batch
from ledger import clock
from ledger.models import Entry
from ledger.verification import verify_records
from reports.inspecting import LONGEST, granted, may_read
from reports.models import Inspection
from tests.inspections_builders import an_inspection, an_inspector, issued_beside
from tests.kept import kept_for_a_module
from tests.people import a_person, administrators, at_browser, do, fresh
from tests.qc_builders import Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db
SECTIONS = ("custody", "materials", "exceptions", "disposition", "people", "trail", "stage-1", "stage-2", "results")


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        laboratory = in_the_laboratory()
        other, inspector = issued_beside(laboratory), an_inspector()
        clock.end_story()
        yield laboratory, other, inspector


@pytest.fixture
def laboratory(kept, db) -> Laboratory:
    return kept[0]


@pytest.fixture
def other(kept, db) -> Batch:
    return kept[1]


@pytest.fixture
def inspector(kept, db):
    return fresh(kept[2])


@pytest.fixture
def opened(laboratory, inspector) -> Inspection:
    return an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)


@pytest.fixture
def earlier(laboratory, inspector) -> Inspection:
    """An inspection of five days ago, while the story is told there; it lasted a day."""
    clock.tell(clock.machine_now() - timedelta(days=5))
    return an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)


def record(batch: str, section: str = "") -> str:
    return f"/records/{batch}/" + (f"{section}/" if section else "")


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_an_inspector_reads_what_was_opened_and_nothing_else(laboratory, other, inspector, opened):
    browser = at_browser(inspector)

    assert browser.get(record(laboratory.batch.number)).status_code == 200
    assert all(browser.get(record(laboratory.batch.number, one)).status_code == 200 for one in SECTIONS)
    assert browser.get(record(other.number)).status_code == 404
    for address in ("/batches/", "/certificates/", "/custody/", "/samples/", "/audit/", "/inspections/"):
        assert browser.get(address).status_code == 403, address
    assert browser.get(f"/batches/{laboratory.batch.number}/").status_code == 403
    for address in ("/api/v1/batches/", "/api/v1/documents/", "/api/v1/containers/", "/api/v1/collections/"):
        assert browser.get(address).status_code == 403, address


def test_what_one_may_not_see_and_what_is_not_there_answer_alike(other, inspector, opened):
    browser = at_browser(inspector)
    clock.tell(clock.machine_now())  # each page shows the time, and both are to be read in one second

    forbidden = browser.get(record(other.number))
    missing = browser.get(record("CT-99-9999"))

    assert forbidden.status_code == missing.status_code == 404
    assert words_of(forbidden.content.decode()) == words_of(missing.content.decode())


def test_the_list_shows_the_records_and_the_band_says_by_whose_leave(laboratory, other, inspector, opened):
    page = at_browser(inspector).get("/records/").content.decode()

    assert laboratory.batch.number in page
    assert other.number not in page
    assert "Read-only access" in page
    band = words_of(at_browser(inspector).get(record(laboratory.batch.number)).content.decode())
    assert f"Inspection {opened.number}. Granted by {laboratory.qa.name} for 1 batch, until" in band
    assert "What you open is logged." in band


def test_inspections_are_numbered_in_their_year(laboratory, inspector, opened):
    second = an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)

    year, serial = opened.number[4:6], int(opened.number[7:])
    assert re.fullmatch(r"INS-\d\d-\d{3}", opened.number)
    assert second.number == f"INS-{year}-{serial + 1:03d}"


def test_the_first_page_of_an_inspector_lists_the_records(laboratory, inspector, opened):
    page = at_browser(inspector).get("/").content.decode()

    assert reverse("reports:record", args=[laboratory.batch.number]) in page


def test_quality_reads_on_behalf_of_an_inspection_and_the_band_says_so(laboratory):
    an_inspection(laboratory.batch.number, reader=laboratory.qa, by=laboratory.qa)

    band = words_of(at_browser(laboratory.qa).get(record(laboratory.batch.number)).content.decode())

    assert f"Opened by {laboratory.qa.name} on behalf of Julie Moreau, Example Agency for Medicines." in band


def test_quality_without_an_inspection_has_no_reader(laboratory, other):
    assert at_browser(laboratory.qa).get(record(other.number)).status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reader": "nobody.here"}, "Nobody active"),
        ({"batches": ["CT-99-9999"]}, "CT-99-9999"),
        ({"until": -timedelta(days=1)}, "in the future"),
        ({"until": timedelta()}, "in the future"),
        ({"until": LONGEST + timedelta(minutes=1)}, "at most 90 days"),
    ],
)
def test_an_inspection_that_makes_no_sense_is_refused(laboratory, inspector, change, says):
    before = Entry.objects.count()
    asked: dict[str, object] = {"reader": inspector, "by": laboratory.qa} | change
    if "until" in change:
        asked["until"] = clock.now() + change["until"]

    with pytest.raises(Refused, match=says):
        an_inspection(laboratory.batch.number, **asked)

    assert Entry.objects.count() == before


def test_access_lasts_ninety_days_at_most(laboratory, inspector):
    row = an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa, until=clock.now() + LONGEST)

    assert row.until - row.signed_at <= LONGEST


@pytest.mark.parametrize("batches", [[], "CT-26-0001", [""], ["\x00"], ["x" * 21], [{"a": 1}]])
def test_what_cannot_be_read_is_refused(laboratory, inspector, batches):
    with pytest.raises(BadInput):
        an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa, batches=batches)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.QA, Role.ADMINISTRATOR}))
def test_only_quality_opens_records(laboratory, inspector, role):
    with pytest.raises(NotAllowed):
        an_inspection(laboratory.batch.number, reader=inspector, by=a_person(role))


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.QUALIFIED_PERSON, Role.QA])
def test_records_are_opened_to_inspectors_or_to_oneself(laboratory, role):
    with pytest.raises(Refused, match="account"):
        an_inspection(laboratory.batch.number, reader=a_person(role), by=laboratory.qa)


def test_access_ends_with_its_time_and_says_so(laboratory, inspector, earlier):
    browser = at_browser(inspector)
    assert may_read(inspector, laboratory.batch) == earlier
    assert browser.get(record(laboratory.batch.number)).status_code == 200

    clock.tell(earlier.until)
    over = browser.get(record(laboratory.batch.number))

    assert over.status_code == 403
    says = words_of(over.content.decode())
    assert f"Access under inspection {earlier.number} ended" in says
    assert laboratory.qa.name in says
    assert may_read(inspector, laboratory.batch) is None
    assert granted(inspector, clock.now()) == []
    assert "No record is open to you now" in browser.get("/records/").content.decode()


def test_access_is_there_until_its_very_end(inspector, earlier):
    clock.tell(earlier.until - timedelta(milliseconds=1))
    assert granted(inspector, clock.now()) == [earlier]

    clock.tell(earlier.until)
    assert granted(inspector, clock.now()) == []


def test_quality_ends_access_and_the_next_request_is_refused(laboratory, other, inspector, opened):
    browser = at_browser(inspector)
    assert browser.get(record(laboratory.batch.number, "trail")).status_code == 200

    do("inspection.end", opened, by=laboratory.qa, reason="The visit is over.")

    over = browser.get(record(laboratory.batch.number, "trail"))
    assert (over.status_code, browser.get(record(other.number)).status_code) == (403, 404)
    assert opened.number in words_of(over.content.decode())
    with pytest.raises(Refused, match="over already"):
        do("inspection.end", opened, by=laboratory.qa)


def test_another_inspection_goes_on_when_one_ends(laboratory, inspector, opened):
    second = an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)

    do("inspection.end", opened, by=laboratory.qa)

    page = at_browser(inspector).get(record(laboratory.batch.number))
    assert page.status_code == 200
    assert second.number in page.content.decode()


def test_a_closed_account_gets_no_further_than_the_door(laboratory, inspector, opened):
    browser = at_browser(inspector)

    do("person.deactivate", inspector, by=administrators()[0], reason="The inspection is over")

    assert browser.get(record(laboratory.batch.number)).headers["Location"].startswith("/sign-in/")
    assert granted(fresh(inspector), clock.now()) == []


def test_who_lost_the_role_reads_nothing(laboratory, inspector, opened):
    browser = at_browser(inspector)
    first, second = administrators()

    do("person.change_roles", inspector, by=first, roles=["technician"], reason="no inspector any more")
    do("person.approve_roles", inspector, by=second)

    assert browser.get(record(laboratory.batch.number)).status_code == 403
    assert browser.get("/records/").status_code == 403


def test_everything_that_is_opened_is_logged(laboratory, inspector, opened):
    browser = at_browser(inspector)
    for section in ("", "results", "custody", "nothing-of-that-name"):
        browser.get(record(laboratory.batch.number, section))

    logged = SecurityEvent.objects.filter(kind="record_opened", person=inspector).order_by("pk")

    number = laboratory.batch.number
    assert [row.about for row in logged] == [
        f"{opened.number} {number} {section}" for section in ("summary", "results", "custody")
    ]


def test_reading_writes_nothing_into_the_record(laboratory, inspector, opened):
    before = Entry.objects.count()
    browser = at_browser(inspector)

    for section in SECTIONS:
        browser.get(record(laboratory.batch.number, section))
        assert browser.post(record(laboratory.batch.number, section)).status_code == 405

    assert Entry.objects.count() == before


def test_the_page_of_quality_opens_and_ends(laboratory, inspector):
    browser = at_browser(laboratory.qa)

    page = browser.get("/inspections/").content.decode()
    assert inspector.username in page
    row = an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)
    after = words_of(browser.get("/inspections/").content.decode())

    assert row.number in after
    assert "End the access" in after
    do("inspection.end", row, by=laboratory.qa, reason="The visit is over.")
    assert "The visit is over." in browser.get("/inspections/").content.decode()


def test_programs_see_their_own_inspections_and_quality_sees_all(laboratory, inspector, opened):
    an_inspection(laboratory.batch.number, reader=laboratory.qa, by=laboratory.qa)

    own = at_browser(inspector).get("/api/v1/inspections/").json()["results"]
    every = at_browser(laboratory.qa).get("/api/v1/inspections/").json()["results"]

    assert [row["number"] for row in own] == [opened.number]
    assert own[0]["batches"] == [laboratory.batch.number]
    assert own[0]["in_force"] is True
    assert len(every) == 2
    assert at_browser(laboratory.technician).get("/api/v1/inspections/").status_code == 403


def test_the_site_verifies_with_inspections_in_it(laboratory, inspector, opened):
    do("inspection.end", opened, by=laboratory.qa, reason="The visit is over.")

    assert verify_records().findings == []
