"""Holds: what they stop, what they never stop, who sets and who lifts them."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from accounts.refusal import BadInput, Refused
from accounts.signing import ask
from batches.departures import report_departure
from batches.models import Hold, HoldLifted
from ledger.verification import verify_records
from qc.release.leaving import objections_to_bags
from tests.ends_builders import bags_of
from tests.kept import kept_for_a_module
from tests.people import at_browser, do, nothing_written
from tests.qc_builders import MINOR, Laboratory, ready_to_certify

pytestmark = pytest.mark.django_db

WHY = "The clean room alarm of the day of the fill is being looked at."


@pytest.fixture(scope="module")
def made(django_db_setup: object, django_db_blocker: object) -> Iterator[Laboratory]:
    with kept_for_a_module(django_db_blocker):
        yield ready_to_certify()


@pytest.fixture
def ready(made: Laboratory, db: None) -> Laboratory:
    made.fresh()
    return made


def held(laboratory: Laboratory, scope: str = "disposition", *codes: str, reason: str = WHY) -> Hold:
    row = do("batch.hold", laboratory.batch, by=laboratory.qa, scope=scope, containers=list(codes), reason=reason)
    assert isinstance(row, Hold)
    return row


def bag_codes(laboratory: Laboratory) -> list[str]:
    return [one.code for one in bags_of(laboratory.batch)]


def leaving(laboratory: Laboratory) -> list[str]:
    """The codes of what keeps the final bags here."""
    return [one.code for one in objections_to_bags(laboratory.fresh(), bags_of(laboratory.batch))]


def test_a_hold_on_the_disposition_alone_keeps_a_batch_from_being_certified(ready):
    hold = held(ready)

    with pytest.raises(Refused, match=WHY):
        ready.certified()
    assert ready.codes() == ["on_hold"]

    do("batch.lift_hold", hold, by=ready.qa, reason="The alarm was that of another suite.")
    ready.certified()
    assert ready.fresh().state.disposition == "certified"
    assert verify_records().findings == []


@pytest.mark.parametrize(("scope", "stops_certifying", "stops_bags"), [
    ("disposition", True, True), ("shipment", False, True), ("containers", False, True),
])  # fmt: skip
def test_what_each_scope_stops(ready, scope, stops_certifying, stops_bags):
    codes = bag_codes(ready)[:1] if scope == "containers" else []
    held(ready, scope, *codes)

    assert ("on_hold" in ready.codes()) is stops_certifying
    assert ("on_hold" in leaving(ready)) is stops_bags


def test_a_certified_batch_is_held_and_its_bags_do_not_leave(ready):
    ready.certified()
    assert leaving(ready) == []

    first = held(ready, "containers", *bag_codes(ready))
    second = held(ready, "shipment", reason="The courier's shipper is out of order.")

    assert leaving(ready) == ["on_hold", "on_hold"]
    do("batch.lift_hold", second, by=ready.qa, reason="Another shipper was brought.")
    assert leaving(ready) == ["on_hold"]
    do("batch.lift_hold", first, by=ready.qa, reason="The bags were looked at again.")
    assert leaving(ready) == []


def test_a_hold_on_a_container_lets_the_others_leave(ready):
    ready.certified()
    sample = ready.containers_at("final_product")[0]
    held(ready, "containers", sample.code)

    assert leaving(ready) == []


def test_a_hold_never_stops_recording_refusing_or_withdrawing(ready):
    held(ready)

    departure = report_departure(batch=ready.batch, says="The alarm went on.", by=ready.technician, id=uuid4())
    told = {"impact": "The fill was not under control.", "conclusion": "The batch is refused."}
    do("fact.assess", departure, by=ready.qa, **(MINOR | told))
    ready.record_reviewed()
    assert "on_hold" not in ready.codes("not_certified")
    ready.certified("not_certified", statement="The fill was not under control.")
    assert ready.fresh().state.disposition == "not_certified"


def test_a_hold_does_not_outdate_the_review_of_the_record(ready):
    do("batch.lift_hold", held(ready), by=ready.qa, reason="Nothing was found.")

    assert ready.codes() == []


@pytest.mark.parametrize(("said", "field"), [
    ({"scope": "containers"}, "containers"),
    ({"scope": "shipment", "containers": ["{bag}"]}, "containers"),
    ({"scope": "containers", "containers": ["CT-00-0000-F1"]}, "containers"),
    ({"reason": "too short"}, "reason"),
    ({"scope": "everything"}, "scope"),
])  # fmt: skip
def test_a_hold_says_what_and_why(ready, said, field):
    bag = bag_codes(ready)[0]
    told = {"scope": "disposition", "containers": [], "reason": WHY} | said
    told["containers"] = [one.format(bag=bag) for one in told["containers"]]

    with nothing_written(), pytest.raises((BadInput, Refused)) as refused:
        do("batch.hold", ready.batch, by=ready.qa, **told)
    assert [one.field for one in refused.value.objections] == [field]


def test_a_hold_is_lifted_once_and_by_quality_assurance(ready):
    hold = held(ready)
    for by in (ready.technician, ready.reviewer, ready.qp):
        with pytest.raises(Refused):
            ask("batch.lift_hold", hold.pk, {"reason": WHY}, by=by)
    do("batch.lift_hold", hold, by=ready.qa, reason=WHY)

    with pytest.raises(Refused, match="lifted already"):
        do("batch.lift_hold", hold, by=ready.qa, reason=WHY)
    assert HoldLifted.objects.count() == 1


def test_the_lead_and_the_qualified_person_may_stop_a_batch_and_the_bench_may_not(ready):
    for by in (ready.reviewer, ready.qp):
        do("batch.hold", ready.batch, by=by, scope="shipment", containers=[], reason=WHY)
    with pytest.raises(Refused):
        ask("batch.hold", ready.batch.pk, {"scope": "shipment", "reason": WHY}, by=ready.technician)


def test_the_page_and_the_api_say_what_stands(ready):
    do("batch.lift_hold", held(ready, "shipment", reason="The shipper is out of order."), by=ready.qa, reason=WHY)
    held(ready, "containers", *bag_codes(ready))
    browser = at_browser(ready.qa)

    page = browser.get(f"/batches/{ready.batch.number}/holds/").content.decode()
    told = browser.get(f"/api/v1/batches/{ready.batch.number}/holds/").json()
    form = {"scope": "shipment", "containers": "", "reason": WHY}
    asked = browser.post(f"/sign/batch.hold/{ready.batch.pk}/", form)
    signing = browser.get(asked.headers["Location"]).content.decode()

    assert "The shipper is out of order." in page
    assert bag_codes(ready)[0] in page
    assert [(one["scope"], one["lifted"] is None) for one in told] == [("containers", True), ("shipment", False)]
    assert "everything that leaves" in signing
