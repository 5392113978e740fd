"""Traces in both ways in one statement each, and the rehearsed recall whose figures are held against custody."""

import csv
import io
from uuid import uuid4

import pytest

from accounts.models import SecurityEvent
from accounts.roles import Role
from batches.models import SlotScan
from batches.performing import scan_slot, start_step
from batches.recall import rehearse
from batches.tracing import Part, Start, backward, forward
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container, ContainerState
from tests.ends_builders import EndsWorld, bags_of, fresh_batch
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, fresh

pytestmark = pytest.mark.django_db
VECTOR = "L-cd19_vector"


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        world = EndsWorld()
        first = world.made()
        other = world.beside()
        second = other.made()
        untouched = world.beside()
        third = untouched.issued()
        yield world, first, second, third


@pytest.fixture
def world(kept, db) -> EndsWorld:
    found: EndsWorld = kept[0]
    return found


@pytest.fixture
def batches(kept, db):
    """Two batches made with the same vector lot, and a third one that was only issued."""
    return [fresh_batch(one) for one in kept[1:]]


@pytest.mark.clause(
    "Reg. (EC) 1394/2007 art. 15", "from a vector lot to every batch, patient and container, in one statement"
)
def test_from_a_vector_lot_to_all_patients_in_one_statement(batches, django_assert_num_queries):
    first, second, third = batches

    with django_assert_num_queries(1):
        found = forward(Start.LOT, VECTOR)

    assert {one.batch for one in found} == {first.number, second.number}
    assert {one.subject for one in found} == {first.coi.subject.pseudonym, second.coi.subject.pseudonym}
    assert {one.container for one in found} == {one.code for batch in (first, second) for one in of_batch(batch.number)}
    assert third.number not in {one.batch for one in found}
    start = next(one for one in found if one.kind == "apheresis_bag")
    assert start.was_there_before
    assert not next(one for one in found if one.kind == "final_bag").was_there_before


def scanned(slot: str, what: str) -> str:
    """What the first scan of a slot says."""
    return str(SlotScan.objects.filter(slot=slot).values_list(what, flat=True)[0])


STARTS = [
    (Start.LOT, lambda world: scanned("buffer", "lot__code")),
    (Start.LOT, lambda world: scanned("vector", "code")),
    (Start.EQUIPMENT, lambda world: scanned("incubator", "equipment__code")),
    (Start.PERSON, lambda world: world.technician.username),
    (Start.PERSON, lambda world: world.second.username),
]


@pytest.mark.parametrize(("start", "code_of"), STARTS)
def test_every_start_leads_to_the_batches_it_touched(world, batches, django_assert_num_queries, start, code_of):
    code = code_of(world)

    with django_assert_num_queries(1):
        found = forward(start, code)

    assert {one.batch for one in found} >= {batches[0].number}
    assert batches[2].number not in {one.batch for one in found}


def test_a_person_who_did_nothing_reaches_nobody(world, batches):
    assert forward(Start.PERSON, world.hospital.name) == []
    assert forward(Start.PERSON, "nobody") == []


def test_what_was_read_and_did_not_fit_was_not_used(world, batches):
    third = batches[2]
    start_step(batch=third, step="1.1", by=world.technician, id=uuid4())
    wrong = scan_slot(
        batch=third, step="1.1", slot="apheresis_bag", code=f"{VECTOR}-07", by=world.technician, id=uuid4()
    )

    assert not wrong.fits
    assert third.number not in {one.batch for one in forward(Start.LOT, VECTOR)}


@pytest.mark.clause(
    "Reg. (EC) 1394/2007 art. 15",
    "from a patient back to collections, lots, equipment and people, in one statement",
)
@pytest.mark.clause("21 CFR 211.188(b)(3)", "each lot that went into a batch is named with step and batch")
@pytest.mark.clause("21 CFR 211.188(b)(11)", "the people who performed, witnessed and recorded are named for each step")
def test_from_a_patient_to_everything_in_one_statement(world, batches, django_assert_num_queries):
    first, second, _third = batches

    with django_assert_num_queries(1):
        found = backward(first.coi.subject.pseudonym)

    by_part = {part: [one for one in found if one.part is part] for part in Part}
    assert [one.code for one in by_part[Part.COLLECTION]] == [first.coi.collections.get().din]
    assert [one.code for one in by_part[Part.BATCH]] == [first.number]
    assert {one.code for one in by_part[Part.CONTAINER]} == {one.code for one in of_batch(first.number)}
    assert VECTOR in {one.code for one in by_part[Part.LOT]}
    assert all(one.step == "1.2" for one in by_part[Part.LOT])
    assert len(by_part[Part.EQUIPMENT]) == 1
    people = {(one.code, one.step) for one in by_part[Part.PERSON]}
    assert {(world.technician.username, "1.1"), (world.second.username, "2.1")} <= people
    assert all(one.says for one in by_part[Part.PERSON])
    assert all(one.at is not None for one in by_part[Part.COLLECTION])
    assert second.number not in {one.batch for one in found}


def test_chain_batch_and_container_lead_back_to_the_same(batches):
    first = batches[0]
    by_pseudonym = backward(first.coi.subject.pseudonym)

    for code in (first.coi.identifier, first.number, bags_of(first)[0].code):
        assert {(one.part, one.code, one.step) for one in backward(code)} == {
            (one.part, one.code, one.step) for one in by_pseudonym
        }


@pytest.mark.parametrize("code", ["nothing", "", "'; DROP TABLE batches_batch; --", "%", "\u202e"])
def test_a_code_that_names_nothing_leads_nowhere(batches, code):
    assert backward(code) == []
    assert forward(Start.LOT, code) == []


@pytest.mark.clause(
    "21 CFR 211.150(b)", "a rehearsed recall names each affected container, where it is and whom to reach, and adds up"
)
def test_a_rehearsed_recall_adds_up_with_custody(world, batches):
    first = batches[0]
    bag = bags_of(first)[0]
    world.ended(bag, "infused")

    found = rehearse(Start.LOT, VECTOR)

    assert found.reconciles
    assert found.tally.made == found.tally.here + found.tally.elsewhere + found.tally.ended
    assert (found.tally.ended, found.infused) == (1, 1)
    assert len(found.subjects) == 2


def test_a_recall_that_contradicts_custody_says_so(world, batches):
    bag = bags_of(batches[0])[0]
    ContainerState.objects.filter(container=bag).update(holder_party=world.courier)

    found = rehearse(Start.LOT, VECTOR)

    assert not found.reconciles
    wrong = next(one for one in found.affected if one.batch == batches[0].number)
    assert "Custody's events say" in wrong.contradictions[0]
    assert next(one for one in found.affected if one.batch == batches[1].number).reconciles


def test_the_page_traces_what_is_scanned(world, batches):
    first = batches[0]
    browser = at_browser(fresh(world.technician))

    page = browser.get("/trace/", {"code": VECTOR}).content.decode()
    assert first.coi.subject.pseudonym in page
    assert "Adds up with custody" in page
    page = browser.get("/trace/", {"code": first.number}).content.decode()
    assert VECTOR in page
    assert "Lots of material" in page
    assert "Nothing was used or made here" in browser.get("/trace/", {"code": "<script>"}).content.decode()
    assert browser.get("/trace/", {"code": "x" * 5000}).status_code == 200
    assert at_browser(a_person(Role.INSPECTOR)).get("/trace/", {"code": VECTOR}).status_code == 403


def test_the_api_traces_both_ways(world, batches):
    browser = at_browser(fresh(world.qa))

    told = browser.get("/api/v1/trace/", {"code": VECTOR}).json()
    assert told["direction"] == "forward"
    assert told["reconciles"] is True
    assert {one["batch"] for one in told["affected"]} == {batches[0].number, batches[1].number}
    told = browser.get("/api/v1/trace/", {"code": batches[0].coi.identifier}).json()
    assert told["direction"] == "backward"
    assert {"lot", "person", "container"} <= {one["part"] for one in told["sources"]}
    assert browser.get("/api/v1/trace/").status_code == 400
    assert browser.get("/api/v1/trace/", {"code": "x" * 61}).status_code == 400


def test_the_list_is_taken_by_those_who_may_copy_and_it_is_noted(world, batches):
    asked = {"code": VECTOR, "from": "lot"}
    assert at_browser(fresh(world.technician)).get("/trace/recall-list.csv", asked).status_code == 403
    browser = at_browser(fresh(world.qa))

    answer = browser.get("/trace/recall-list.csv", asked)

    assert answer.status_code == 200
    lines = list(csv.reader(io.StringIO(answer.content.decode())))
    codes = {line[9] for line in lines if len(line) > 9}
    assert {one.code for one in Container.objects.filter(assignment__batch_number=batches[0].number)} <= codes
    assert lines[-2][0] == "sum of all"
    assert lines[-2][-1] == "adds up with custody"
    assert SecurityEvent.objects.filter(kind="recall_list", about=f"lot {VECTOR}").count() == 1
    assert browser.get("/trace/recall-list.csv", {"code": VECTOR, "from": "moon"}).status_code == 404
