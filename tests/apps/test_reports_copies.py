"""Copies: asked for once, made by the worker in sight of who waits, given out whole, handed over under signature."""

import hashlib
import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import SecurityEvent
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from accounts.sessions import ACTIVE, POLLING_HEADER
from ledger import clock, files, outbox
from ledger.models import Entry, OutboxJob
from ledger.verification import verify_records
from reports.copying import COPY_JOB, ask_copy
from reports.models import CopyAsked, CopyHandedOver, CopyMade
from tests.inspections_builders import an_inspection, an_inspector, issued_beside
from tests.kept import kept_for_a_module
from tests.package_builders import verify
from tests.people import a_person, at_browser, do, fresh
from tests.qc_builders import Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db


def swept() -> None:
    outbox.deliver_all()


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        laboratory = in_the_laboratory()
        inspector, other = an_inspector(), issued_beside(laboratory)
        clock.end_story()
        inspection = an_inspection(laboratory.batch.number, reader=inspector, by=laboratory.qa)
        asked = ask_copy(
            batch=laboratory.batch, kind=CopyAsked.Kind.PACKAGE, by=inspector, inspection=inspection, id=uuid4()
        )
        swept()
        yield laboratory, fresh(inspector), inspection, asked, other


@pytest.fixture
def laboratory(kept, db) -> Laboratory:
    return kept[0]


@pytest.fixture
def inspector(kept, db):
    return kept[1]


@pytest.fixture
def inspection(kept, db):
    return kept[2]


@pytest.fixture
def package(kept, db) -> CopyAsked:
    """A record package that the inspector took, made."""
    return CopyAsked.objects.get(pk=kept[3].pk)


@pytest.fixture
def other(kept, db):
    return kept[4]


def words_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", content.decode())))


def asked_from_reader(client: Client, number: str, kind: str = "record", key: str = ""):
    return client.post(f"/records/{number}/copies/", {"id": key or str(uuid4()), "kind": kind})


def test_an_inspector_asks_from_the_reader_and_sees_how_far_it_is(laboratory, inspector, inspection):
    browser = at_browser(inspector)

    answer = asked_from_reader(browser, laboratory.batch.number)

    asked = CopyAsked.objects.latest("recorded_at")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/exports/{asked.pk}/")
    assert (asked.by, asked.inspection, asked.kind) == (inspector, inspection, CopyAsked.Kind.RECORD)
    page = browser.get(f"/exports/{asked.pk}/").content.decode()
    assert "Waits for the worker" in page
    assert 'hx-trigger="every 2s"' in page
    OutboxJob.objects.filter(kind=COPY_JOB, subject=asked.pk).update(progress="Packing")
    part = browser.get(f"/exports/{asked.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "Packing" in part
    assert "<html" not in part


def test_asking_again_by_itself_is_nobodys_activity(inspector, package):
    browser = at_browser(inspector)
    session = browser.session
    session[ACTIVE] = before = (clock.machine_now() - timedelta(minutes=5)).isoformat()
    session.save()

    browser.get(f"/exports/{package.pk}/", headers={"HX-Request": "true", POLLING_HEADER: "1"})
    assert browser.session[ACTIVE] == before
    browser.get(f"/exports/{package.pk}/")
    assert browser.session[ACTIVE] > before


def test_sending_the_form_twice_asks_once(laboratory, inspector):
    browser, key = at_browser(inspector), str(uuid4())

    first = asked_from_reader(browser, laboratory.batch.number, key=key)
    second = asked_from_reader(browser, laboratory.batch.number, key=key)

    assert first.headers["Location"] == second.headers["Location"]
    assert CopyAsked.objects.filter(pk=key).count() == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"id": "x", "kind": "package"}, {"kind": "package"}, {"id": str(uuid4()), "kind": "everything"},
     {"id": str(uuid4()), "kind": "package", "more": "x"}, {"id": "\x00", "kind": "\x00"}],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_asks_nothing(laboratory, inspector, form):
    before = Entry.objects.count()

    answer = at_browser(inspector).post(f"/records/{laboratory.batch.number}/copies/", form)

    assert answer.status_code == 400
    assert Entry.objects.count() == before


def test_a_copy_needs_an_open_record(other, inspector):
    answer = asked_from_reader(at_browser(inspector), other.number)

    assert answer.status_code == 404
    assert not CopyAsked.objects.filter(batch=other).exists()


def test_quality_and_the_qualified_person_ask_from_the_batch(laboratory):
    for person in (laboratory.qa, laboratory.qp):
        browser = at_browser(person)
        tab = browser.get(f"/batches/{laboratory.batch.number}/documents/").content.decode()
        assert f"/batches/{laboratory.batch.number}/copies/" in tab
        answer = browser.post(f"/batches/{laboratory.batch.number}/copies/", {"id": str(uuid4()), "kind": "record"})
        assert answer.status_code == 303
        assert browser.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.QC_ANALYST, Role.QC_REVIEWER, Role.LOGISTICS])
def test_others_take_no_copies(laboratory, role):
    browser = at_browser(a_person(role))

    answer = browser.post(f"/batches/{laboratory.batch.number}/copies/", {"id": str(uuid4()), "kind": "package"})

    assert answer.status_code == 403
    assert browser.get("/copies/").status_code == 403
    tab = browser.get(f"/batches/{laboratory.batch.number}/documents/").content.decode()
    assert f"/batches/{laboratory.batch.number}/copies/" not in tab


def test_an_inspector_has_no_way_around_the_reader(laboratory, inspector):
    answer = at_browser(inspector).post(
        f"/batches/{laboratory.batch.number}/copies/", {"id": str(uuid4()), "kind": "package"}
    )

    assert answer.status_code == 403


def test_a_made_copy_is_given_out_whole_with_its_digest(inspector, package):
    browser = at_browser(inspector)

    page = words_of(browser.get(f"/exports/{package.pk}/").content)
    given = browser.get(f"/exports/{package.pk}/file/")
    content = b"".join(given.streaming_content)

    assert given.streaming
    assert package.made.sha256 in page
    assert hashlib.sha256(content).hexdigest() == given["X-Content-SHA256"] == package.made.sha256
    assert len(content) == package.made.size
    assert given["Content-Type"] == "application/zip"
    assert "attachment" in given["Content-Disposition"]
    assert verify(content).code == 2
    assert SecurityEvent.objects.filter(kind="copy_downloaded", person=inspector).count() == 1


def test_a_copy_in_the_making_is_not_given_out(laboratory, inspector):
    browser = at_browser(inspector)
    place = asked_from_reader(browser, laboratory.batch.number).headers["Location"]

    refused = browser.get(f"{place}file/")

    assert refused.status_code == 409
    assert "still being made" in words_of(refused.content)


def test_a_damaged_copy_is_not_given_out(inspector, package):
    place = files.path_of(package.made.sha256)
    before = place.read_bytes()
    place.write_bytes(before[:-1] + b"\x01")
    try:
        for address in (f"/exports/{package.pk}/file/", f"/api/v1/copies/{package.pk}/file/"):
            refused = at_browser(inspector).get(address)
            assert refused.status_code == 409, address
            assert "not the one that was made" in refused.content.decode()
        assert SecurityEvent.objects.filter(kind="copy_damaged").count() == 2
    finally:
        place.write_bytes(before)


def test_somebody_elses_copy_is_as_good_as_missing(laboratory, package):
    stranger = an_inspector()
    an_inspection(laboratory.batch.number, reader=stranger, by=laboratory.qa)
    for person in (stranger, laboratory.qp):
        browser = at_browser(person)
        for key in (package.pk, uuid4()):
            for address in (f"/exports/{key}/", f"/exports/{key}/file/", f"/api/v1/copies/{key}/"):
                assert browser.get(address).status_code == 404, address
        assert package.made.sha256 not in browser.get("/copies/").content.decode()


def test_a_copy_is_closed_to_its_inspector_with_the_inspection(laboratory, inspector, inspection, package):
    browser = at_browser(inspector)
    do("inspection.end", inspection, by=laboratory.qa)

    for address in (f"/exports/{package.pk}/", f"/exports/{package.pk}/file/", f"/api/v1/copies/{package.pk}/file/"):
        refused = browser.get(address)
        assert refused.status_code == 403
        assert f"Access under inspection {inspection.number} ended" in refused.content.decode()
    assert at_browser(laboratory.qa).get(f"/exports/{package.pk}/").status_code == 200


def test_the_list_shows_my_copies_and_quality_sees_all(laboratory, inspector, package):
    own = words_of(at_browser(inspector).get("/copies/").content)
    every = words_of(at_browser(laboratory.qa).get("/copies/").content)

    assert "Copies I took" in own
    assert "Hand over a copy" not in own
    assert package.made.sha256 in own
    assert package.made.sha256 in every
    assert "Hand over a copy" in every
    assert inspector.name in every


def test_who_was_given_a_copy_is_signed_and_shown(laboratory, inspector, package):
    row = do("copy.hand_over", package.made, by=laboratory.qa, to="Julie Moreau, the agency", medium="stick no. 14")

    assert isinstance(row, CopyHandedOver)
    shown = words_of(at_browser(inspector).get("/copies/").content)
    assert "Julie Moreau, the agency, stick no. 14" in shown
    assert laboratory.qa.name in shown
    with pytest.raises(NotAllowed):
        do("copy.hand_over", package.made, by=laboratory.qp, to="Somebody else", medium="stick no. 15")


@pytest.mark.parametrize(
    "intent",
    [
        {"to": "", "medium": "paper"},
        {"to": "Julie Moreau", "medium": ""},
        {"to": "x" * 201, "medium": "paper"},
        {"to": "Julie Moreau", "medium": "x" * 121},
    ],
)
def test_a_hand_over_says_to_whom_and_on_what(laboratory, package, intent):
    with pytest.raises(Refused):
        do("copy.hand_over", package.made, by=laboratory.qa, **intent)
    assert CopyHandedOver.objects.count() == 0


def test_programs_ask_follow_and_fetch(laboratory, inspector, package):
    program = at_browser(inspector)

    asked = program.post(
        "/api/v1/copies/",
        {"id": str(uuid4()), "batch": laboratory.batch.number, "kind": "record"},
        content_type="application/json",
    )
    assert asked.status_code == 201
    assert asked.json()["progress"] == "Waits for the worker"
    swept()
    made = program.get(f"/api/v1/copies/{asked.json()['id']}/").json()
    content = b"".join(program.get(f"/api/v1/copies/{made['id']}/file/").streaming_content)

    assert made["progress"] == "Ready"
    assert hashlib.sha256(content).hexdigest() == made["sha256"]
    assert len(content) == made["size"]
    listed = program.get("/api/v1/copies/").json()["results"]
    assert [row["id"] for row in listed] == [made["id"], str(package.pk)]
    assert listed[0]["inspection"].startswith("INS-")


@pytest.mark.parametrize("batch", ["CT-99-0001", "", "\\u0000", "x" * 30])
def test_programs_are_refused_what_is_not_open(inspector, batch):
    answer = at_browser(inspector).post(
        "/api/v1/copies/",
        f'{{"id": "{uuid4()}", "batch": "{batch}", "kind": "record"}}',
        content_type="application/json",
    )

    assert answer.status_code in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_copy_does_not_change_the_record_that_is_copied(laboratory, inspector, package):
    streams = [laboratory.batch.stream_name(), f"coi/{laboratory.batch.coi.identifier}"]
    asked_from_reader(at_browser(inspector), laboratory.batch.number, "package")
    swept()
    first, second = CopyMade.objects.order_by("recorded_at")

    assert first.sha256 == second.sha256, "the same record gives the same package"
    assert Entry.objects.filter(stream__in=streams, type__startswith="copy.").count() == 0
    assert Entry.objects.filter(stream="site", type="copy.made").count() == 2
    assert verify_records().findings == []
