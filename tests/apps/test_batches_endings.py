"""The ends of manufacture and of orders, further attempts, and the fate of containers as batches see it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.wording import today
from batches.completeness import objections_to_record
from batches.ended import manufacture_end_of, order_end_of
from batches.fates import final_count, open_containers
from batches.lineage import family_of
from batches.models import Batch, BatchState, Departure, OrderEnded, StepStart
from batches.performing import record_value, scan_slot, start_step
from batches.views.ends import work
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container, IdentityCheck
from chain_of_custody.temperature.storing import state_no_file
from ledger import clock
from ledger.verification import verify_records
from qc.after_release.late_facts import unassessed_after_decision
from qc.release.assessing import fact_with
from qc.release.disposition import objections_to_disposition
from reports.record_gathering.whole import batch_record
from tests.ends_builders import EndsWorld, bags_of, fresh_batch
from tests.kept import kept_for_a_module
from tests.people import at_browser, do, fresh, nothing_written
from tests.qc_builders import MINOR
from tests.review_builders import read_by_exception
from tests.temperature_builders import trip_of

pytestmark = pytest.mark.django_db
ASSESSED = {"impact": "None for the patient.", "conclusion": "Seen and understood."}


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        world = EndsWorld()
        batch = world.issued()
        world.do_step(batch, "1.1")
        complete = world.beside()
        yield world, batch, complete, complete.made()


@pytest.fixture
def world(kept, db) -> EndsWorld:
    """A world with a batch in its first step, and another patient's whose steps are complete."""
    found: EndsWorld = kept[0]
    return found


@pytest.fixture
def batch(kept, db) -> Batch:
    """A batch after its first step."""
    return fresh_batch(kept[1])


@pytest.fixture
def made(kept, db) -> Batch:
    """A batch whose steps are complete: two final bags, a QC vial, a sample."""
    return fresh_batch(kept[3])


def refused(world: EndsWorld, batch: Batch) -> None:
    """The decision that a batch whose manufacture ended is not certified."""
    do("results.approve", batch, by=world.reviewer)
    read_by_exception(batch, by=world.qa)
    do("record.review", batch, by=world.qa)
    do("batch.certify", batch, by=world.qp, decision="not_certified", statement="Manufacture was terminated.")


def codes(batch: Batch, decision: str, world: EndsWorld) -> list[str]:
    wanted = BatchState.Disposition(decision)
    return [one.code for one in objections_to_disposition(fresh_batch(batch), wanted, world.qp)]


def test_manufacture_ends_with_a_coded_reason_by_those_who_decide_on_starting_material(world, batch):
    with nothing_written(), pytest.raises(NotAllowed):
        do("manufacture.end", batch, by=world.technician, how="terminated", why="poor_growth", says="No expansion.")
    with nothing_written(), pytest.raises(BadInput):
        world.terminated(batch, why="bad_luck")
    for intent, says in (
        ({"how": "cancelled"}, "Say that it is terminated"),
        ({"why": "order_ended"}, "The order has not ended"),
        ({"says": "short"}, "at least 10 characters"),
    ):
        with nothing_written(), pytest.raises(Refused, match=says):
            world.terminated(batch, **intent)

    world.terminated(batch)

    ended = manufacture_end_of(batch)
    assert ended is not None
    assert (ended.how, ended.why) == ("terminated", "poor_growth")
    with nothing_written(), pytest.raises(Refused, match="ended already"):
        world.terminated(batch)


def test_a_batch_that_nobody_began_is_cancelled_and_a_whole_one_is_decided_on(world, made):
    other = world.beside()
    issued = other.issued()
    with nothing_written(), pytest.raises(Refused, match="cancelled before the start"):
        other.terminated(issued)
    other.terminated(issued, how="cancelled", why="starting_material")
    assert manufacture_end_of(issued) is not None

    with nothing_written(), pytest.raises(Refused, match="Every step is complete"):
        world.terminated(made)


def test_after_the_end_no_step_begins_and_what_was_begun_can_still_be_recorded(world, batch):
    start_step(batch=batch, step="1.2", by=world.technician, id=uuid4())
    world.terminated(batch)
    with nothing_written(), pytest.raises(Refused, match="Manufacture of this batch ended"):
        start_step(batch=fresh_batch(batch), step="2.1", by=world.technician, id=uuid4())

    world.record(batch, "1.2", "cultures", "1")
    open_codes = [one.code for one in objections_to_record(fresh_batch(batch))]
    assert "open_step" not in open_codes


@pytest.mark.clause(
    "21 CFR 211.192", "a batch whose manufacture ended before its last step is never certified and can be refused"
)
def test_a_terminated_batch_is_never_certified_and_can_be_refused(world, batch):
    world.terminated(batch)
    assert "manufacture_ended" in codes(batch, "certified", world)

    do("results.approve", batch, by=world.reviewer)
    read_by_exception(batch, by=world.qa)
    do("record.review", batch, by=world.qa)

    assert "manufacture_ended" in codes(batch, "certified", world)
    assert codes(batch, "not_certified", world) == []
    do("batch.certify", batch, by=world.qp, decision="not_certified", statement="Manufacture was terminated.")
    assert fresh_batch(batch).state.disposition == "not_certified"


def test_while_manufacture_runs_untested_results_are_not_approved(world, made):
    with nothing_written(), pytest.raises(Refused):
        do("results.approve", made, by=world.reviewer)


@pytest.mark.clause(
    "EU GMP Part IV 9", "a second attempt of an order treats the containers of the first as those of another batch"
)
def test_a_second_attempt_sees_the_first_one_s_containers_as_another_batch(world, batch):
    with nothing_written(), pytest.raises(Refused, match="not decided on yet"):
        do("batch.issue", batch.order, by=world.qa)
    world.terminated(batch)
    with nothing_written(), pytest.raises(Refused, match="belongs to a batch already"):
        do("batch.issue", batch.order, by=world.qa)
    world.another_collection()

    second = do("batch.issue", batch.order, by=world.qa)

    assert isinstance(second, Batch)
    second = fresh_batch(second)
    assert second.number != batch.number
    old = bags_of(batch, Container.Kind.APHERESIS_BAG)[0]
    start_step(batch=second, step="1.1", by=world.technician, id=uuid4())
    read = scan_slot(batch=second, step="1.1", slot="apheresis_bag", code=old.code, by=world.technician, id=uuid4())
    assert not read.fits
    assert read.is_a_stop
    assert read.scan.identity_check.outcome == IdentityCheck.Outcome.OTHER_BATCH
    assert old.coi_id == second.coi.pk


def test_bags_kept_back_are_there_for_another_attempt(world):
    other = world.beside()
    order = other.ordered()
    other.weighed(order)
    collection = other.received(bags=2)
    other.everything_checked()
    first, second = other.bags_of(collection)
    for kept, says in (([first.code, second.code], "at least one bag"), (["A999-NO-BAG"], "Not a free bag")):
        with nothing_written(), pytest.raises(Refused, match=says):
            do("batch.issue", order, by=world.qa, keep_back=kept)
    page = at_browser(fresh(world.qa)).get(f"/orders/{order.number}/").content.decode()
    assert "Keep back for another attempt" in page

    one = do("batch.issue", order, by=world.qa, keep_back=[second.code])
    other.terminated(one, how="cancelled", why="starting_material")
    again = do("batch.issue", order, by=world.qa)

    assert isinstance(one, Batch)
    assert isinstance(again, Batch)
    assert [bag.code for bag in of_batch(one.number)] == [first.code]
    assert [bag.code for bag in of_batch(again.number)] == [second.code]
    assert again.attempt == 2


def test_a_temperature_that_two_attempts_share_is_assessed_for_each_also_after_the_decision(world):
    other = world.beside()
    order = other.ordered()
    other.weighed(order)
    collection = other.received(bags=2)
    other.everything_checked()
    batches = []
    for kept_back in ([other.bags_of(collection)[1].code], []):
        batch = do("batch.issue", order, by=world.qa, keep_back=kept_back)
        other.terminated(batch, how="cancelled", why="starting_material")
        refused(world, batch)
        batches.append(fresh_batch(batch))
    trip = trip_of(order.coi).id
    assert trip is not None
    row = state_no_file(id=uuid4(), coi=order.coi, stay=trip, says="The logger was lost.", by=world.technician)

    first, second = (late.fact for late in sorted(unassessed_after_decision(), key=lambda late: late.fact.batch.number))
    assert [first.batch, second.batch] == batches
    assert (first.id, first.row, second.row) == (row.pk, row, row)
    assert second.id != row.pk
    for fact, still in ((first, [second.id]), (second, [])):
        assert fact_with(fact.id).batch == fact.batch
        do("fact.assess", fact.id, by=world.qa, impact="The shipper is qualified.", conclusion="No effect.", **MINOR)
        assert [late.fact.id for late in unassessed_after_decision()] == still
    assert verify_records().findings == []


def test_a_bag_that_ended_begins_no_batch(world):
    other = world.beside()
    order = other.ordered()
    collection = other.received()
    other.everything_checked()
    other.ended(other.bags_of(collection)[0], "destroyed")

    with nothing_written(), pytest.raises(Refused, match="belongs to a batch already"):
        do("batch.issue", order, by=world.qa)


def test_an_order_ends_once_with_its_source_and_its_batches_keep_their_decision(world, made):
    order = made.order
    with nothing_written(), pytest.raises(NotAllowed):
        do("order.end", order, by=world.technician, how="infused", happened_on=today().isoformat(), source="Ward")
    for intent, says in (
        ({"reason": ""}, "Give the reason"),
        ({"happened_on": (today() - timedelta(days=400)).isoformat()}, "before the order was placed"),
    ):
        with nothing_written(), pytest.raises(Refused, match=says):
            world.order_ended(order, **intent)
    with nothing_written(), pytest.raises(BadInput):
        world.order_ended(order, happened_on=(today() + timedelta(days=2)).isoformat())

    world.order_ended(order)

    ended = order_end_of(order)
    assert ended is not None
    assert ended.how == OrderEnded.How.WITHDREW
    assert fresh_batch(made).state.disposition == "none"
    with nothing_written(), pytest.raises(Refused, match="ended already"):
        world.order_ended(order, how="died")


def test_the_end_of_an_order_stops_planned_steps_and_asks_for_the_fate_of_every_container(world, batch):
    browser = at_browser(fresh(world.technician))
    assert "Scan the bag" not in browser.get(f"/orders/{batch.order.number}/").content.decode()
    world.order_ended(batch.order, how="died", reason="")

    with nothing_written(), pytest.raises(Refused, match="The order ended"):
        start_step(batch=fresh_batch(batch), step="1.2", by=world.technician, id=uuid4())
    with nothing_written(), pytest.raises(Refused, match="The order ended"):
        do("batch.issue", batch.order, by=world.qa)

    assert not StepStart.objects.filter(batch=batch, step="1.2").exists()
    left = open_containers(batch.order)
    assert [one.code for one in left] == [one.code for one in of_batch(batch.number)]
    assert any("became of 1 container" in task.title for task in work(fresh(world.technician)))
    page = browser.get(f"/orders/{batch.order.number}/").content.decode()
    assert left[0].code in page
    assert "the patient died" in page
    for one in left:
        world.ended(one, "destroyed")
    assert open_containers(batch.order) == []
    assert not any("became of" in task.title for task in work(fresh(world.technician)))


@pytest.mark.clause(
    "21 CFR 211.188(b)(9)", "each container has its kind, volume, source and end, and the final ones add up"
)
def test_each_final_bag_ends_in_one_way_and_the_sum_is_what_was_filled(world, made):
    first, second = bags_of(made)
    assert (final_count(made).filled, final_count(made).open) == (2, 2)

    world.ended(first, "infused")
    world.ended(second, "retained", route="LN2-04, rack 2")

    count = final_count(made)
    assert count.ended == {"infused": 1, "retained": 1}
    assert count.open == 0
    page = at_browser(fresh(world.qa)).get(f"/batches/{made.number}/containers/").content.decode()
    assert "2 final bags filled" in page
    assert "1 infused" in page
    assert "0 not ended" in " ".join(page.split())


def test_what_is_wrong_about_an_end_is_a_departure_of_the_batch(world, made):
    first, second = bags_of(made)
    sample = bags_of(made, Container.Kind.SAMPLE)[0]

    world.ended(first, "infused")
    world.ended(second, "lost", reason="Not found in its rack on two searches")
    world.ended(sample, "used_up", reason="")

    says = list(Departure.objects.filter(batch=made).order_by("recorded_at").values_list("says", flat=True))
    assert any(first.code in one and "not certified" in one for one in says)
    assert any(second.code in one and "lost" in one for one in says)
    assert not any(sample.code in one for one in says)


def test_a_bag_of_a_refused_batch_is_destroyed_without_a_departure(world, batch):
    world.terminated(batch)
    do("results.approve", batch, by=world.reviewer)
    read_by_exception(batch, by=world.qa)
    do("record.review", batch, by=world.qa)
    do("batch.certify", batch, by=world.qp, decision="not_certified", statement="Manufacture was terminated.")
    before = Departure.objects.filter(batch=batch).count()

    world.ended(bags_of(batch, Container.Kind.APHERESIS_BAG)[0], "destroyed")

    assert Departure.objects.filter(batch=batch).count() == before


def test_what_has_ended_no_longer_fits_a_slot_and_the_page_says_so(world, made):
    other = world.beside()
    batch = other.issued()
    bag = bags_of(batch, Container.Kind.APHERESIS_BAG)[0]
    other.ended(bag, "destroyed")
    start_step(batch=batch, step="1.1", by=world.technician, id=uuid4())

    read = scan_slot(batch=batch, step="1.1", slot="apheresis_bag", code=bag.code, by=world.technician, id=uuid4())

    assert not read.fits
    assert "has ended: destroyed" in read.scan.says
    assert read.scan.identity_check.outcome == IdentityCheck.Outcome.MATCH


def test_a_step_without_leave_to_pool_never_brings_two_bags_together(world, kept):
    other = world.beside()
    batch = other.issued()
    other.do_step(batch, "1.1")
    other.do_step(batch, "1.2", cultures="2")
    assert len(bags_of(batch, Container.Kind.CULTURE_BAG)) == 2
    other.begun(batch, "2.1")
    other.recorded(batch, "2.1", harvest_days="6.0")

    with nothing_written(), pytest.raises(Refused, match="would pool"):
        other.performed(batch, "2.1")


def test_containers_stand_under_what_they_were_made_from(world, made):
    members = {one.container.code: one for one in family_of(made)}
    bag, culture = bags_of(made)[0], bags_of(made, Container.Kind.CULTURE_BAG)[0]
    start = bags_of(made, Container.Kind.APHERESIS_BAG)[0]

    assert members[start.code].depth == 0
    assert members[culture.code].made_from == (start.code,)
    assert members[bag.code].made_from == (culture.code,)
    assert members[bag.code].depth == 2


def test_pages_and_api_show_the_ends(world, made, batch):
    first, second = bags_of(made)
    fate = world.ended(first, "destroyed")
    browser = at_browser(fresh(world.second))
    page = browser.get(f"/custody/containers/{first.code}/").content.decode()
    assert "Waits for a second person" in page
    assert "Sign as witness" in page
    told = browser.get(f"/api/v1/batches/{made.number}/containers/").json()
    line = next(one for one in told["containers"] if one["code"] == first.code)
    assert line["fate"]["waits_for_witness"] is True
    assert line["fate"]["id"] == str(fate.pk)
    assert (told["filled"], told["open"]) == (2, 1)
    assert second.code in {one["code"] for one in told["containers"]}
    assert browser.get(f"/api/v1/containers/{first.code}/").json()["fate"] == "destroyed"
    assert browser.get(f"/api/v1/containers/{second.code}/").json()["fate"] == ""
    assert "What became of it" in browser.get(f"/custody/containers/{second.code}/").content.decode()

    world.terminated(batch)
    page = browser.get(f"/batches/{batch.number}/attempts/").content.decode()
    assert "poor growth" in page
    world.order_ended(batch.order)
    told = browser.get(f"/api/v1/orders/{batch.order.number}/").json()
    assert told["ended"]["how"] == "withdrew"


def test_the_batch_record_states_each_end(world, batch):
    bag = bags_of(batch, Container.Kind.APHERESIS_BAG)[0]
    world.terminated(batch)
    world.order_ended(batch.order)
    world.ended(bag, "destroyed")

    stated = batch_record(fresh_batch(batch), number="BR-1", version=1, issued_at=clock.now(), supersedes=None)

    ends = {one.title: one for one in stated.decisions}
    assert "poor growth" in ends["End of manufacture"].statement
    assert "Withdrew consent" in ends["End of the order"].statement
    assert any(bag.code in one and "autoclave" in one for one in stated.custody.held)


def test_late_values_after_the_end_keep_their_times(world, batch):
    start_step(batch=batch, step="1.2", by=world.technician, id=uuid4())
    world.terminated(batch)

    stored = record_value(
        batch=batch, step="1.2", field="cultures", typed="1", by=world.technician, id=uuid4(), performed_at=clock.now()
    )

    assert stored.value.typed == "1"
