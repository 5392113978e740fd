"""The same rules through the API and through the pages: what is typed, what is shown, what it costs."""

import json
from copy import copy
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.panels import work_for
from accounts.roles import Role
from batches.identity import batch_of
from batches.models import Batch, Definition, Departure, SlotScan, StepStart, Value, Weight
from batches.performing import correct_value, start_step
from batches.pinned import master_of
from batches.record import Status
from ledger.models import Entry
from tests.batches_builders import BatchWorld, a_batch, step_of
from tests.custody_builders import a_subject
from tests.kept import made_once
from tests.people import a_person, at_browser, fresh, secret_of

pytestmark = pytest.mark.django_db


kept = made_once(a_batch)


@pytest.fixture
def made(kept: tuple[BatchWorld, Batch], db: None) -> tuple[BatchWorld, Batch]:
    """A world and its issued batch."""
    world, batch = kept
    return copy(world), batch_of(batch.pk)


# What is typed as a number, what a page makes of it, what the API makes of it: the stored number or nothing.
NUMBERS = [
    ("107", "107", "107"),
    ("107.0", "107.0", "107.0"),
    ("107,5", "107.5", None),
    ("NaN", None, None),
    ("Infinity", None, None),
    ("-Infinity", None, None),
    ("1e2", None, None),
    ("1e400", None, None),
    ("0x10", None, None),
    ("-0", None, None),
    ("1_07", None, None),
    ("1 07", None, None),
    ("１０７", None, None),  # full-width digits
    ("1,234", None, None),
    ("1.234,5", None, None),
    ("1'234", None, None),
    ("+107", None, None),
    (" 107", None, None),
    ("107.05", None, None),  # more decimals than the field takes
    ("1000000000000000000000000000000", None, None),
    ("", None, None),
    ("true", None, None),
    ("yes", None, None),
    ("<b>107</b>", None, None),
]


@pytest.fixture
def receipt(made: tuple[BatchWorld, Batch]) -> tuple[BatchWorld, Batch, Client]:
    """A batch whose step 1.2 has begun, and the technician's browser."""
    world, batch = made
    batch = world.worked(batch, before="1.2")
    world.begun(batch, "1.2")
    return world, batch, at_browser(world.technician)


def post(client: Client, path: str, **data: object):
    """What the API answers to a JSON text."""
    return client.post(f"/api/v1{path}", json.dumps(data), content_type="application/json")


def values_path(batch: Batch, step: str = "1.2") -> str:
    return f"/batches/{batch.number}/steps/{step}/values/"


def test_numbers_through_the_api_and_the_page_are_read_strictly_and_never_guessed(receipt):
    _world, batch, client = receipt
    page = f"/batches/{batch.number}/steps/1.2/value/"
    before = Entry.objects.count()
    for typed, on_page, in_api in NUMBERS:
        if in_api is None:
            answer = post(client, values_path(batch), id=str(uuid4()), field="receipt_volume_ml", typed=typed)
            assert answer.status_code == HTTPStatus.BAD_REQUEST, (typed, answer.content)
            assert answer["Content-Type"].startswith("application/problem+json")
        if on_page is None:
            answer = client.post(page, {"id": str(uuid4()), "field": "receipt_volume_ml", "typed": typed})
            assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, (typed, answer.content[:200])
            assert "There is a problem" in answer.content.decode()
    assert Entry.objects.count() == before
    assert not Value.objects.filter(field="receipt_volume_ml").exists()

    answer = client.post(page, {"id": str(uuid4()), "field": "receipt_volume_ml", "typed": "107,5"})

    assert answer.status_code == HTTPStatus.SEE_OTHER
    stored = Value.objects.get(field="receipt_volume_ml")
    assert (stored.typed, str(stored.number)) == ("107,5", "107.5")
    assert "107.5" in client.get(f"/batches/{batch.number}/steps/1.2/").content.decode()


NOT_TEXT = (True, 107, 107.5, None, ["107"], {"value": "107"})
NO_NUMBERS = ("NaN", "Infinity", "-Infinity", "1e400")


def test_a_number_that_is_not_text_and_a_literal_that_is_no_number_are_refused_by_the_api(receipt):
    _world, batch, client = receipt
    before = Entry.objects.count()
    for typed in NOT_TEXT:
        answer = post(client, values_path(batch), id=str(uuid4()), field="receipt_volume_ml", typed=typed)
        assert answer.status_code == HTTPStatus.BAD_REQUEST, typed
    for literal in NO_NUMBERS:
        text = f'{{"id": "{uuid4()}", "field": "receipt_volume_ml", "typed": {literal}}}'
        answer = client.post(f"/api/v1{values_path(batch)}", text, content_type="application/json")
        assert answer.status_code == HTTPStatus.BAD_REQUEST, literal
    assert Entry.objects.count() == before


# A change to a good value, the status of the answer, the code of its objection.
CANNOT_BE = [
    ({"unit": "L"}, 400, "wrong_unit"),
    ({"field": "no_such_field"}, 400, "bad_input"),
    ({"field": "receipt_appearance", "typed": "purple"}, 400, "bad_input"),
    ({"performed_at": "2199-01-01T00:00:00Z"}, 400, "bad_input"),
    ({"performed_at": "2020-01-01T00:00:00Z"}, 409, "too_early"),
    ({"status": "performed"}, 400, "bad_input"),
    ({"performed_by": "somebody"}, 400, "bad_input"),
    ({"id": "not-a-uuid"}, 400, "bad_input"),
    ({"typed": "-5"}, 409, "ask_again"),
    ({"typed": "0"}, 409, "ask_again"),
    ({"typed": "x" * 2000}, 400, "bad_input"),
]


def test_what_cannot_be_is_refused_with_its_reason_and_nothing_changes(receipt):
    _world, batch, client = receipt
    before = Entry.objects.count()
    for change, status, code in CANNOT_BE:
        sent = {"id": str(uuid4()), "field": "receipt_volume_ml", "typed": "107.0"} | change
        answer = post(client, values_path(batch), **sent)
        assert answer.status_code == status, (change, answer.content)
        assert code in {one["code"] for one in answer.json()["objections"]}, change
    assert Entry.objects.count() == before


def test_a_count_below_zero_and_a_share_above_hundred_are_refused_or_asked_again(made):
    world, batch = made
    batch = world.worked(batch, before="1.3")
    world.begun(batch, "1.3")
    client = at_browser(world.technician)
    path = values_path(batch, "1.3")

    below = post(client, path, id=str(uuid4()), field="receipt_dead_counted", typed="-1")
    above = post(client, path, id=str(uuid4()), field="receipt_cd3_percent", typed="101.0")

    assert below.status_code == HTTPStatus.BAD_REQUEST
    assert above.json()["objections"][0]["code"] == "ask_again"


def test_the_api_works_a_step_and_says_what_it_stored(receipt):
    _world, batch, client = receipt
    row_id = str(uuid4())
    sent = {"id": row_id, "field": "receipt_temperature_c", "typed": "8.6"}

    first = post(client, values_path(batch), **sent)
    again = post(client, values_path(batch), **sent)
    other = post(client, values_path(batch), **(sent | {"typed": "5.0"}))
    fixed = post(
        client, values_path(batch), id=str(uuid4()), field="receipt_temperature_c", typed="5.6", supersedes=row_id,
        reason="Read the wrong line",
    )  # fmt: skip

    assert first.status_code == HTTPStatus.CREATED
    told = first.json()
    assert (told["verdict"], told["value"]["typed"], told["departure"]["kind"]) == ("fails", "8.6", "limit")
    assert again.json()["value"]["id"] == row_id
    assert other.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert fixed.json()["verdict"] == "meets"
    step = client.get(f"/api/v1/batches/{batch.number}/steps/1.2/").json()
    found = next(each for each in step["values"] if each["code"] == "receipt_temperature_c")
    assert [each["typed"] for each in found["values"]] == ["8.6", "5.6"]
    departures = client.get(f"/api/v1/batches/{batch.number}/departures/").json()
    assert [each["kind"] for each in departures] == ["limit"]


def statements_of_a_value(batch: Batch, client: Client, field: str, typed: str) -> int:
    """How many statements one recorded value costs, transaction statements apart."""
    with CaptureQueriesContext(
        connection,
    ) as caught:
        answer = post(client, values_path(batch), id=str(uuid4()), field=field, typed=typed)
    assert answer.status_code == HTTPStatus.CREATED, answer.content
    return len(without_transactions(caught))


def without_transactions(caught: CaptureQueriesContext) -> list[str]:
    """The statements that were asked, those about transactions apart."""
    apart = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
    return [one["sql"] for one in caught.captured_queries if not one["sql"].startswith(apart)]


def test_a_value_costs_at_most_eighteen_statements_whatever_the_history(receipt):
    world, batch, client = receipt
    first = statements_of_a_value(batch, client, "receipt_seal_number", "884210")
    value = world.record(batch, "1.2", "receipt_volume_ml", "107.0")
    for number in range(30):
        value = correct_value(
            value=value,
            typed=f"10{number}.0",
            reason="Weighed once more",
            by=fresh(world.technician),
            id=uuid4(),
            confirmed=True,
        ).value

    later = statements_of_a_value(batch, client, "receipt_bag_intact", "yes")

    assert first <= 18
    assert later == first


# Pages


def test_a_step_is_worked_whole_on_its_page_without_javascript(made):
    world, batch = made
    client = at_browser(world.technician)
    at = f"/batches/{batch.number}/steps/1.1/"
    bag = world.codes_for(batch, step_of(batch, "1.1").slots[0].definition)[0]

    assert "Begin the step" in client.get(at).content.decode()
    assert client.post(f"{at}begin/", {"id": str(uuid4())}).status_code == HTTPStatus.SEE_OTHER
    sent = {"id": str(uuid4()), "slot": "apheresis_bag", "code": bag, "entered": "scanned"}
    assert client.post(f"{at}scan/", sent).status_code == HTTPStatus.SEE_OTHER
    assert SlotScan.objects.get().was_typed is False
    for field, typed in (("receipt_labels_agree", "yes"), ("receipt_unpacked_at", ""), ("collection_ended_at", "")):
        typed = typed or StepStart.objects.get().happened_at.isoformat()
        answer = client.post(f"{at}value/", {"id": str(uuid4()), "field": field, "typed": typed})
        assert answer.status_code == HTTPStatus.SEE_OTHER, answer.content.decode()[:2000]
    start = StepStart.objects.get()
    asked = client.post(f"/sign/step.perform/{start.pk}/", {})
    assert asked.status_code == HTTPStatus.SEE_OTHER, asked.content.decode()[:2000]
    shown = client.get(asked["Location"]).content.decode()
    assert batch.number in shown
    assert bag in shown
    signed = client.post(
        asked["Location"], {"username": world.technician.username, "secret": secret_of(world.technician)}
    )
    assert signed.status_code == HTTPStatus.SEE_OTHER
    assert step_of(batch, "1.1").status is Status.PERFORMED
    after = client.get(at).content.decode()
    assert "Waits for a witness" in after
    assert "Sign as witness" in after
    assert world.technician.name in after


def test_a_label_of_other_cells_fills_the_page_with_a_stop(made):
    world, batch = made
    start_step(batch=batch, step="1.1", by=fresh(world.technician), id=uuid4())
    client = at_browser(world.technician)
    sent = {"id": str(uuid4()), "slot": "apheresis_bag", "code": "A999926999999-01"}

    answer = client.post(f"/batches/{batch.number}/steps/1.1/scan/", sent)
    page = client.get(answer["Location"]).content.decode()

    assert "call QA" in page
    assert batch.number in page
    assert Departure.objects.get().kind == Departure.Kind.MISMATCH


def test_the_field_that_a_page_gets_back_reads_the_record_of_the_batch_once(receipt):
    _world, batch, client = receipt
    at, sent = f"/batches/{batch.number}/steps/1.2/value/", {"field": "receipt_seal_number", "typed": "884210"}

    with CaptureQueriesContext(
        connection,
    ) as caught:
        answer = client.post(at, {"id": str(uuid4()), **sent}, HTTP_HX_REQUEST="true")

    assert answer.status_code == HTTPStatus.OK
    page = answer.content.decode()
    assert "Saved" in page
    assert "884210" in page
    asked = without_transactions(caught)
    assert len(asked) <= 42
    assert len([sql for sql in asked if 'FROM "batches_stepnote"' in sql]) == 1


def test_an_implausible_value_is_asked_again_on_the_page_with_what_was_typed(receipt):
    _world, batch, client = receipt
    at = f"/batches/{batch.number}/steps/1.2/value/"

    asked = client.post(
        at, {"id": str(uuid4()), "field": "receipt_volume_ml", "typed": "1070.0"}, HTTP_HX_REQUEST="true"
    )

    assert asked.status_code == HTTPStatus.CONFLICT
    assert 'value="1070.0"' in asked.content.decode()
    assert "Confirm and store" in asked.content.decode()
    stored = client.post(
        at, {"id": str(uuid4()), "field": "receipt_volume_ml", "typed": "1070.0", "confirmed": "yes"},
        HTTP_HX_REQUEST="true",
    )  # fmt: skip
    assert stored.status_code == HTTPStatus.OK
    assert "Saved" in stored.content.decode()
    assert 'hx-swap-oob="true"' in stored.content.decode()  # what was calculated comes back in the same answer
    assert "<html" not in stored.content.decode()


def test_a_weight_is_recorded_asked_again_and_corrected_on_the_order_page(made):
    world, _batch = made
    world.coi = a_subject(by=fresh(world.logistics))
    order = world.ordered()
    client = at_browser(world.logistics)
    at = f"/orders/{order.number}/"
    form = {"weighed_on": "2026-01-05", "source": "Ward sheet"}

    future = client.post(at, form | {"id": str(uuid4()), "kilograms": "70", "weighed_on": "2199-01-01"})
    odd = client.post(at, form | {"id": str(uuid4()), "kilograms": "700"})
    taken = client.post(at, form | {"id": str(uuid4()), "kilograms": "70,5"})

    assert (future.status_code, odd.status_code, taken.status_code) == (400, 409, 303)
    assert "Confirm and store" in odd.content.decode()
    weight = Weight.objects.get(order=order)
    assert str(weight.kilograms) == "70.5"
    second = client.post(at, form | {"id": str(uuid4()), "kilograms": "71"})
    assert second.status_code == HTTPStatus.CONFLICT
    corrected = {"id": str(uuid4()), "kilograms": "71", "supersedes": str(weight.pk), "reason": "Weighed again today"}
    assert client.post(at, form | corrected).status_code == HTTPStatus.SEE_OTHER
    assert "70.5 kg" in client.get(at).content.decode()


def test_every_page_of_this_room_opens_for_who_may_read_and_for_nobody_else(receipt):
    world, batch, client = receipt
    definition = Definition.objects.filter(kind="master").get()
    pages = [
        "/batches/", f"/batches/{batch.number}/", f"/batches/{batch.number}/steps/",
        f"/batches/{batch.number}/in-process/", f"/batches/{batch.number}/departures/", "/orders/",
        f"/orders/{batch.order.number}/", "/lots/", "/definitions/",
        f"/definitions/{definition.pk}/", f"/definitions/{definition.pk}/file/",
    ]  # fmt: skip
    pages += [f"/batches/{batch.number}/steps/{step.code}/" for step in master_of(batch).steps]
    administrator = at_browser(a_person(Role.ADMINISTRATOR))
    inspector = at_browser(a_person(Role.INSPECTOR))
    for page in pages:
        assert client.get(page).status_code == HTTPStatus.OK, page
        assert inspector.get(page).status_code == HTTPStatus.FORBIDDEN, page
        assert administrator.get(page).status_code == HTTPStatus.FORBIDDEN, page
        assert Client().get(page).status_code in (302, 303), page
    assert client.get("/batches/CT-99-0001/steps/1.1/").status_code == HTTPStatus.NOT_FOUND
    assert client.get(f"/batches/{batch.number}/steps/9.9/").status_code == HTTPStatus.NOT_FOUND
    assert at_browser(world.logistics).get("/orders/new/").status_code == HTTPStatus.OK


def test_every_address_of_the_api_answers_those_who_may_read_and_refuses_the_others(receipt):
    _world, batch, client = receipt
    definition = Definition.objects.filter(kind="master").get()
    addresses = [
        "/definitions/", f"/definitions/{definition.pk}/", "/lots/", "/orders/", f"/orders/{batch.order.number}/",
        "/batches/", f"/batches/{batch.number}/", f"/batches/{batch.number}/departures/",
        f"/batches/{batch.number}/steps/", f"/batches/{batch.number}/steps/1.2/",
    ]  # fmt: skip
    administrator = at_browser(a_person(Role.ADMINISTRATOR))
    for address in addresses:
        assert client.get(f"/api/v1{address}").status_code == HTTPStatus.OK, address
        assert administrator.get(f"/api/v1{address}").status_code == HTTPStatus.FORBIDDEN, address
        assert Client().get(f"/api/v1{address}").status_code == HTTPStatus.UNAUTHORIZED, address
    told = client.get(f"/api/v1/batches/{batch.number}/").json()
    assert (told["stage"], told["disposition"]) == ("receipt", "none")
    assert "open_step" in {one["code"] for one in told["objections"]}
    assert client.get("/api/v1/definitions/").json()["results"][0]["signatures"]


def test_who_may_not_work_at_the_bench_records_nothing_by_any_way(receipt):
    world, batch, _client = receipt
    quality = at_browser(world.qa)
    before = Entry.objects.count()

    by_api = post(quality, values_path(batch), id=str(uuid4()), field="receipt_volume_ml", typed="107.0")
    by_page = quality.post(
        f"/batches/{batch.number}/steps/1.2/value/",
        {"id": str(uuid4()), "field": "receipt_volume_ml", "typed": "107.0"},
    )

    assert (by_api.status_code, by_page.status_code) == (403, 403)
    assert Entry.objects.count() == before


def test_the_work_of_a_technician_names_the_next_step_and_not_their_own_witness(receipt):
    world, batch, client = receipt
    mine = [task for task in work_for(fresh(world.technician)) if task.batch == batch.number and "steps" in task.url]
    assert [task.title.split()[0] for task in mine] == ["1.2"]
    assert work_for(fresh(world.qp)) == [] or all("steps" not in task.url for task in work_for(fresh(world.qp)))
    assert client.get("/").status_code == HTTPStatus.OK
