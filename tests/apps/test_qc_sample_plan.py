"""The sample plan: what the tests want, what was taken, where it is, and whose sample satisfies which line."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from chain_of_custody.models import IdentityCheck
from ledger import clock
from qc.laboratory.sample_plan import PointPlan, SamplePlan, SampleStanding, sample_plan
from qc.models import Reading, Sample
from tests.contract_builders import ContractWorld, sent_away
from tests.kept import kept_for_a_module
from tests.people import at_browser, nothing_written

pytestmark = pytest.mark.django_db
FINAL, HARVEST = "final_product", "harvest_before_wash"


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: object) -> Iterator[ContractWorld]:
    """A batch whose samples were taken and wait."""
    with kept_for_a_module(django_db_blocker):
        world = sent_away()
        told = clock.now()
        clock.end_story()
        world.__dict__["told"] = told
        yield world


@pytest.fixture
def world(made: ContractWorld, db: None) -> Iterator[ContractWorld]:
    """The same, in its story."""
    clock.tell(made.__dict__["told"] + timedelta(minutes=1))
    made.fresh()
    yield made
    clock.end_story()


def plan_of(world: ContractWorld) -> SamplePlan:
    return sample_plan(world.fresh())


def point(world: ContractWorld, code: str) -> PointPlan:
    return next(each for each in plan_of(world).points if each.code == code)


def standing(world: ContractWorld, code: str) -> SampleStanding:
    return next(each.standing for one in plan_of(world).points for each in one.taken if each.code == code)


def test_each_point_names_its_lines_and_the_step_that_takes_its_samples(world):
    final = point(world, FINAL)

    assert {"sterility", "endotoxin", "viability_percent"} <= {line.code for line in final.lines}
    assert [(one.step, one.kind, one.number) for one in final.creations] == [("2.1", "QC vial", 2)]
    assert [one.code for one in final.taken] == [one.code for one in world.containers_at(FINAL)]
    assert (final.needed_containers, str(final.needed_ml)) == (2, "1.5")


def test_what_was_made_and_not_received_is_missing_and_nothing_once_it_is(world):
    before = point(world, HARVEST).missing()

    world.sample_at(HARVEST)

    assert len(before) == 1
    assert "made, not received. Wanted by: " in before[0]
    assert "Mycoplasma" in before[0]
    assert point(world, HARVEST).missing() == []


def test_a_sample_is_followed_from_its_step_to_the_contract_laboratory(world):
    container = world.containers_at(HARVEST)[0]
    seen = [standing(world, container.code)]
    world.reads_label(container.code)
    seen.append(standing(world, container.code))
    offer = world.offered_to_contract(container)
    seen.append(standing(world, container.code))
    world.taken_by_contract(offer)
    seen.append(standing(world, container.code))

    assert seen == [
        SampleStanding.MADE, SampleStanding.RECEIVED, SampleStanding.OFFERED, SampleStanding.OUTSIDE,
    ]  # fmt: skip
    taken = next(one for one in point(world, HARVEST).taken if one.code == container.code)
    assert (taken.holder, taken.place) == ("Example Virology Laboratory", "Fridge VL-1")


def test_an_offer_that_lapsed_leaves_the_sample_where_it_was(world):
    container = world.containers_at(HARVEST)[1]
    world.offered_to_contract(container)
    clock.tell(clock.now() + timedelta(hours=73))

    assert standing(world, container.code) is SampleStanding.MADE


def test_retained_vials_are_counted_with_their_place(world):
    retained = plan_of(world).retained

    assert [one.container.kind for one in retained] == ["retain_vial"] * 3
    assert {one.holder for one in retained} == {world.technician.name}
    assert {one.kept_until for one in retained} == {None}


@pytest.mark.parametrize(
    ("vial", "says"),
    [
        ("0.7", "use up 1.5 mL; 1.4 mL taken."),
        ("0.75", ""),
        (None, "use up 1.5 mL; how much was taken is not recorded."),
    ],
)
def test_a_volume_that_is_too_small_or_unknown_is_said(world, vial, says):
    final = point(world, FINAL)
    for one in final.taken:
        one.container.volume_ml = None if vial is None else Decimal(vial)
    told = [each for each in final.missing() if "mL" in each]

    assert [each.partition("Final product")[0] for each in told] == (["The tests at "] if says else [])
    assert all(each.endswith(says) for each in told)


def test_the_page_shows_what_is_missing_and_where_each_sample_is(world):
    world.sample_at(FINAL)
    shown = at_browser(world.qp).get(f"/batches/{world.batch.number}/samples/").content.decode()

    assert "made, not received" in shown
    assert all(one.code in shown.replace("<wbr>", "") for one in world.containers_at(FINAL))
    assert "In the laboratory" in shown
    assert "Retained" in shown


def test_a_program_reads_the_same_plan(world):
    answer = at_browser(world.analyst).get(f"/api/v1/batches/{world.batch.number}/sample-plan/").json()

    told = {each["point"]: each for each in answer["points"]}
    assert told[HARVEST]["missing"] == point(world, HARVEST).missing()
    assert [each["container"] for each in told[FINAL]["samples"]] == [one.code for one in world.containers_at(FINAL)]
    assert len(answer["retained"]) == 3


# Whose sample satisfies which line


def sent_reading(world: ContractWorld, sample: Sample, line: str, typed: str) -> dict[str, str]:
    return {"id": str(uuid4()), "line": line, "sample": str(sample.pk), "typed": typed}


@pytest.mark.parametrize(("line", "typed"), [("viability_percent", "95.1"), ("endotoxin", "<0.05")])
def test_a_sample_of_another_point_satisfies_no_line_through_page_or_api(world, line, typed):
    elsewhere = world.sample_at(HARVEST)
    body = sent_reading(world, elsewhere, line, typed)
    browser, number = at_browser(world.analyst), world.batch.number

    with nothing_written():
        page = browser.post(f"/batches/{number}/tests/{line}/readings/", body)
        api = browser.post(f"/api/v1/batches/{number}/readings/", body, content_type="application/json")

    assert page.status_code in (409, 422)
    assert api.status_code == 409
    assert [one["code"] for one in api.json()["objections"]] == ["other_point"]
    assert not Reading.objects.exists()


def test_a_sample_of_another_patient_with_the_same_initials_is_refused(world):
    other = world.with_initials("AB")
    mine = world.with_initials("AB")
    sample = other.sample_at(FINAL)
    browser, number = at_browser(mine.analyst), mine.batch.number

    received = mine.reads_label(other.containers_at(HARVEST)[0].code)
    with nothing_written():
        body = sent_reading(mine, sample, "viability_percent", "95.1")
        api = browser.post(f"/api/v1/batches/{number}/readings/", body, content_type="application/json")

    assert received.sample is None
    assert received.check.outcome == IdentityCheck.Outcome.OTHER_CHAIN
    assert api.status_code == 409
    assert "other_batch" in [one["code"] for one in api.json()["objections"]]
    assert all(one.code.startswith(number) for each in sample_plan(mine.fresh()).points for one in each.taken)
