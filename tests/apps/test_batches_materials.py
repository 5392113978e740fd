"""Lots from receipt to the last drop: who decides, what fits, what is left, and whom a recall reaches."""

from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.wording import today
from batches.deciding_lots import MOVES, record_opening
from batches.lot_states import LotStatus, status_of, why_unfit
from batches.lot_uses import balance_of, remaining_of
from batches.lots import lots_matching
from batches.models import Departure, LotDecision, LotState, LotUse, MaterialLot
from ledger import clock, guards
from ledger.models import Site
from ledger.verification import verify_records
from tests.kept import made_once
from tests.people import at_browser, do, fresh, nothing_written
from tests.stock_builders import Stock, left_of

pytestmark = pytest.mark.django_db
WHY = "The maker recalls it: particles."


stock = made_once(Stock)


@pytest.fixture
def world(stock, db) -> Stock:
    """A batch by the short master record, with equipment and areas; nothing is begun."""
    return stock.again()


def kinds() -> list[str]:
    return list(Departure.objects.order_by("recorded_at", "pk").values_list("kind", flat=True))


# Where a lot stands


def in_quarantine(world: Stock) -> MaterialLot:
    return world.a_lot_received("wash_buffer", "B-1")


def approved(world: Stock) -> MaterialLot:
    return world.a_lot("wash_buffer", "B-1")


def rejected(world: Stock) -> MaterialLot:
    lot = in_quarantine(world)
    world.decide(lot, "rejected", WHY)
    return lot


def recalled(world: Stock) -> MaterialLot:
    lot = approved(world)
    world.decide(lot, "recalled", WHY)
    return lot


def expired(world: Stock) -> MaterialLot:
    lot = world.a_lot("wash_buffer", "B-1", expires_on=today().isoformat())
    world.later(days=1)
    return lot


def open_too_long(world: Stock) -> MaterialLot:
    lot = world.a_lot("wash_buffer", "B-1", in_use_hours=2)
    record_opening(lot=lot, how="opened", by=world.technician, id=uuid4())
    world.later(hours=2, seconds=1)
    return lot


def opened_in_time(world: Stock) -> MaterialLot:
    lot = world.a_lot("wash_buffer", "B-1", in_use_hours=2)
    record_opening(lot=lot, how="opened", by=world.technician, id=uuid4())
    world.later(hours=2)
    return lot


def thawed_twice(world: Stock) -> MaterialLot:
    lot = world.a_lot("wash_buffer", "B-1", most_thaws=1)
    for _time in range(2):
        record_opening(lot=lot, how="thawed", by=world.technician, id=uuid4())
    return lot


STANDS = [
    (in_quarantine, LotStatus.QUARANTINE, "is in quarantine"),
    (approved, LotStatus.APPROVED, ""),
    (rejected, LotStatus.REJECTED, "was rejected"),
    (recalled, LotStatus.RECALLED, "was recalled"),
    (expired, LotStatus.EXPIRED, "expired on"),
    (open_too_long, LotStatus.APPROVED, "could be used until"),
    (opened_in_time, LotStatus.APPROVED, ""),
    (thawed_twice, LotStatus.APPROVED, "thawed more often than allowed (1)"),
]


@pytest.mark.clause("EU GMP Part IV 7", "A lot that is not approved, or no longer good, never fits a step.")
@pytest.mark.parametrize(("lot_that_is", "status", "says"), STANDS, ids=[each[0].__name__ for each in STANDS])
def test_only_an_approved_lot_in_date_and_in_use_time_fits(world, lot_that_is, status, says):
    lot = lot_that_is(world)
    world.start()

    scanned = world.scan("buffer", lot.code)

    assert status_of(MaterialLot.objects.get(pk=lot.pk), clock.now()) is status
    assert scanned.fits is (says == "")
    assert says in scanned.scan.says
    assert kinds() == ([] if scanned.fits else ["material"])
    if not scanned.fits:
        assert scanned.scan.says.endswith("It can't be used. Scan another lot.")


def test_a_lot_approved_as_it_was_registered_stays_approved(world):
    assert status_of(MaterialLot(code="OLD-1", expires_on=today()), clock.now()) is LotStatus.APPROVED
    assert why_unfit(MaterialLot(code="OLD-1", expires_on=today() - timedelta(days=1)), "", clock.now())


def test_a_lot_recalled_after_it_was_used_on_paper_does_not_fit_either(world):
    """What is entered later is judged by what is known now, where that is worse."""
    lot = approved(world)
    world.start()
    at_that_time = clock.now()
    world.later(hours=1)
    world.decide(lot, "recalled", WHY)

    scanned = world.scan("buffer", "B-1", performed_at=at_that_time)

    assert not scanned.fits
    assert "was recalled" in scanned.scan.says


# What is read into which slot

NOTHING = "It can't be used. Scan another lot."
READ = [
    ("buffer", "CF-01", "belongs to Centrifuge. This step needs: Wash buffer.", []),
    ("buffer", "BSC-01", "belongs to Cabinet. This step needs: Wash buffer.", []),
    ("buffer", "L-culture_medium", "belongs to culture medium. This step needs: Wash buffer.", []),
    ("buffer", "L-cd19_vector-07", "belongs to cd19 vector. This step needs: Wash buffer.", []),
    ("buffer", "the bag", "belongs to apheresis bag. This step needs: Wash buffer.", []),
    ("buffer", "the batch", "belongs to batch CT-", []),
    ("buffer", "NO-SUCH-1", NOTHING, ["material"]),
    ("vials", "L-cd19_vector", "Each vial carries its own code.", []),
    ("vials", "L-wash_buffer", "belongs to wash buffer. This step needs: Vector vials.", []),
    ("centrifuge", "L-wash_buffer", "belongs to wash buffer. This step needs: Centrifuge.", []),
    ("centrifuge", "BSC-01", "belongs to Cabinet. This step needs: Centrifuge.", []),
    ("centrifuge", "NO-SUCH-1", "No equipment has the code NO-SUCH-1.", []),
    ("cabinet", "CF-01", "belongs to Centrifuge. This step needs: Safety cabinet.", []),
    ("cabinet", "CR-01", "belongs to Room. This step needs: Safety cabinet.", []),
    ("cabinet", "NO-SUCH-1", "No area has the code NO-SUCH-1.", []),
    ("bag", "L-wash_buffer", "belongs to wash buffer. This step needs: Apheresis bag.", []),
    ("bag", "CF-01", "belongs to Centrifuge. This step needs: Apheresis bag.", []),
]


def test_a_code_of_another_kind_of_thing_says_what_it_is_and_what_is_needed(world):
    world.start()
    for slot, read, says, departures in READ:
        code = {"the bag": world.bag, "the batch": world.batch.number}.get(read, read)
        before = len(kinds())

        scanned = world.scan(slot, code)

        assert not scanned.fits, (slot, read)
        assert says.lower() in scanned.scan.says.lower(), (slot, read, scanned.scan.says)
        assert kinds()[before:] == departures, (slot, read)


VECTORS = [
    ({"target_antigen": "CD19"}, ""),
    ({"target_antigen": "CD22"}, "is for CD22, this product for CD19"),
    ({"target_antigen": "CD19/CD22"}, "is for CD19/CD22, this product for CD19"),
]


@pytest.mark.parametrize(("stated", "says"), VECTORS)
def test_a_vector_is_for_exactly_the_antigens_of_the_product(world, stated, says):
    lot = world.a_lot("cd19_vector", "V-1", **stated)
    world.start()

    scanned = world.scan("vials", lot.units[0])

    assert scanned.fits is (says == "")
    assert says in scanned.scan.says
    assert kinds() == ([] if scanned.fits else ["material"])


def test_a_vial_that_another_batch_used_never_fits_again(world):
    other = world.another_batch()
    world.start(batch=other)
    assert world.scan("vials", "L-cd19_vector-07", batch=other).fits
    world.start()

    scanned = world.scan("vials", "L-cd19_vector-07")

    assert f"was used in batch {other.number}" in scanned.scan.says
    assert scanned.departure is not None


# What is received and decided


def test_the_one_who_received_a_lot_does_not_decide_on_it(world):
    lot = world.a_lot_received("wash_buffer", "B-1")
    with nothing_written(), pytest.raises(NotAllowed):
        do("lot.decide", lot, by=world.technician, decision="approved")
    with nothing_written(), pytest.raises(NotAllowed):
        do("lot.receive", Site.objects.get(), by=world.qa, code="B-2", kind="reagent", item="x", name="x",
           supplier="x", certificate="x", expires_on=today().isoformat())  # fmt: skip


@pytest.mark.sqlite_alone  # PostgreSQL changes no triggers while rows of the open transaction wait for theirs
def test_a_lot_of_which_one_person_did_both_is_found(world):
    lot = world.a_lot("wash_buffer", "B-1")
    guards.remove(connection)
    try:
        LotDecision.objects.filter(lot=lot).update(signer=lot.signer)
    finally:
        guards.install(connection)

    assert "second looks" in {finding.check for finding in verify_records().findings}


@pytest.mark.parametrize("decision", LotDecision.Decision)
@pytest.mark.parametrize(("lot_that_is", "status"), [each[:2] for each in STANDS[:5]])
def test_each_decision_is_taken_where_the_table_allows_it_and_with_a_reason(world, lot_that_is, status, decision):
    lot = lot_that_is(world)
    if decision not in MOVES[status]:
        with nothing_written(), pytest.raises(Refused, match="can't be"):
            world.decide(lot, decision, WHY)
        return
    if decision != "approved":
        with nothing_written(), pytest.raises(Refused, match="10 characters"):
            world.decide(lot, decision, "short")

    world.decide(lot, decision, WHY)

    stands = {"approved": LotStatus.APPROVED, "rejected": LotStatus.REJECTED, "recalled": LotStatus.RECALLED}
    assert status_of(MaterialLot.objects.get(pk=lot.pk), clock.now()) is stands[decision]


def test_only_what_was_approved_is_recalled(world):
    lot = world.a_lot_received("wash_buffer", "B-1", expires_on=today().isoformat())
    world.later(days=1)

    with nothing_written(), pytest.raises(Refused, match="Reject it"):
        world.decide(lot, "recalled", WHY)
    world.decide(lot, "rejected", WHY)


BAD_LOTS = [
    ({"quantity": "0", "unit": "mL"}, "quantity"),
    ({"quantity": "-1", "unit": "mL"}, "quantity"),
    ({"quantity": "5", "unit": ""}, "unit"),
    ({"titer_tu_per_ml": "5"}, "titer_tu_per_ml"),
    ({"expires_on": "2020-01-01"}, "expires_on"),
    ({"code": "CF-01"}, "code"),
    ({"code": "BSC-01"}, "code"),
    ({"code": "L-cd19_vector-07"}, "code"),
    ({"code": "B-1", "units": ["B-1"]}, "units"),
    ({"in_use_hours": 0}, "in_use_hours"),
    ({"most_thaws": -1}, "most_thaws"),
    ({"quantity": "1e400", "unit": "mL"}, "quantity"),
]


@pytest.mark.parametrize(("change", "field"), BAD_LOTS)
def test_a_lot_with_something_wrong_is_refused_by_name(world, change, field):
    with nothing_written(), pytest.raises(Refused) as refused:
        world.a_lot_received("wash_buffer", **({"code": "B-1"} | change))
    assert field in {one.field for one in refused.value.objections}


def test_a_recalled_lot_raises_a_departure_in_each_batch_that_used_it(world):
    lot = world.a_lot("wash_buffer", "B-1")
    other = world.another_batch()
    for batch in (world.batch, other):
        world.start(batch=batch)
        assert world.scan("buffer", "B-1", batch=batch).fits

    world.decide(lot, "recalled", WHY)

    raised = Departure.objects.filter(kind="material")
    assert {row.batch_id for row in raised} == {world.batch.pk, other.pk}
    assert all(WHY in row.says and "B-1" in row.says for row in raised)
    with pytest.raises(Refused, match="Recalled"):
        world.decide(lot, "recalled", WHY)


# Opened and thawed


def test_an_opening_is_a_fact_flagged_when_it_is_one_too_many(world):
    lot = world.a_lot("cd19_vector", "V-1", most_thaws=1, in_use_hours=4)
    key, unit = uuid4(), lot.units[0]

    first = record_opening(lot=lot, unit=unit, how="thawed", by=world.technician, id=key)
    again = record_opening(lot=lot, unit=unit, how="thawed", by=world.technician, id=key)
    second = record_opening(lot=lot, unit=unit, how="thawed", by=world.technician, id=uuid4())
    other = record_opening(lot=lot, unit=lot.units[1], how="thawed", by=world.technician, id=uuid4())

    assert first.row == again.row
    assert first.row.use_until == first.row.happened_at + timedelta(hours=4)
    assert [one.is_too_often for one in (first, second, other)] == [False, True, False]
    with nothing_written(), pytest.raises(BadInput, match="no unit"):
        record_opening(lot=lot, unit="V-9", how="thawed", by=world.technician, id=uuid4())
    with nothing_written(), pytest.raises(Refused, match="its own code"):
        record_opening(lot=lot, how="thawed", by=world.technician, id=uuid4())
    with nothing_written(), pytest.raises(NotAllowed):
        record_opening(lot=lot, unit=unit, how="thawed", by=world.qp, id=uuid4())
    soon = clock.now() + timedelta(hours=1)
    with nothing_written(), pytest.raises(Refused, match="in the future"):
        record_opening(lot=lot, unit=unit, how="thawed", by=world.technician, id=uuid4(), happened_at=soon)


def test_a_lot_that_lapses_while_a_step_runs_is_a_departure_and_no_refusal(world):
    world.a_lot("wash_buffer", "B-1", in_use_hours=2, quantity="500", unit="mL")
    record_opening(lot=MaterialLot.objects.get(code="B-1"), how="opened", by=world.technician, id=uuid4())
    world.start()
    world.scan_all(buffer="B-1")
    world.typed()
    world.later(hours=3)

    world.performed(world.batch, "1.1")

    lapse = Departure.objects.get(kind="lapse")
    assert "B-1 was opened or thawed, and could be used until" in lapse.says
    # Performed again weeks later, it is not judged again.
    world.later(days=5)
    world.corrected("buffer_ml", "91.0")
    assert Departure.objects.filter(kind="lapse").count() == 1


# How much is taken, and what is left


@pytest.mark.clause("21 CFR 211.188(b)(4)", "Planned and actual quantity of each lot are recorded with their unit.")
def test_a_performed_step_takes_what_it_measured_from_the_lot(world):
    world.a_lot("wash_buffer", "B-1", quantity="500", unit="mL")
    world.start()
    world.scan_all(buffer="B-1")
    world.typed(buffer="90.5")
    assert left_of("B-1") == "500"

    world.performed(world.batch, "1.1")

    use = LotUse.objects.get(slot="buffer")
    assert (use.planned, use.actual, use.unit) == (Decimal(100), Decimal("90.5"), "mL")
    assert left_of("B-1") == "409.5"
    vector = LotUse.objects.get(slot="vials")
    assert (vector.planned, vector.actual) == (Decimal("5.0"), Decimal("5.0"))
    assert kinds() == []

    world.corrected("buffer_ml", "70.5")
    assert left_of("B-1") == "429.5"
    assert LotUse.objects.get(slot="buffer", superseded_by=None).supersedes == use
    assert [one for one in verify_records().findings if one.check == "remainders"] == []


def test_a_lot_of_which_too_little_is_left_does_not_fit(world):
    world.a_lot("wash_buffer", "B-1", quantity="99", unit="mL")
    world.a_lot("wash_buffer", "B-2", quantity="100", unit="mL")
    world.start()

    short, enough = world.scan("buffer", "B-1"), world.scan("buffer", "B-2")

    assert not short.fits
    assert "99 mL of lot B-1 are left; this step takes 100 mL." in short.scan.says
    assert enough.fits
    assert kinds() == []


def test_a_lot_counted_in_another_unit_is_used_and_not_converted(world):
    world.a_lot("wash_buffer", "B-1", quantity="2", unit="bottles")
    world.added()
    other = world.another_batch()
    world.start(batch=other)
    world.scan_all(other, buffer="B-1")
    world.typed(other)

    world.performed(other, "1.1")

    assert LotUse.objects.get(batch=other, slot="buffer").unit == "mL"
    assert left_of("B-1") == "2"


def test_more_than_was_left_is_a_fact_nothing_is_left_and_a_departure_says_so(world):
    world.a_lot("wash_buffer", "B-1", quantity="120", unit="mL")
    world.start()
    world.scan_all(buffer="B-1")
    world.typed(buffer="130.0")

    world.performed(world.batch, "1.1")

    departure = Departure.objects.get(kind="quantity")
    assert "took 130.0 mL of lot B-1; 120.0 mL were left" in departure.says
    assert left_of("B-1") == "0"
    world.corrected("buffer_ml", "100.0")
    assert left_of("B-1") == "20.0"


def test_a_slot_that_counts_takes_the_vials_of_one_lot(world):
    world.a_lot("cd19_vector", "V-1")
    world.start()
    assert world.scan("vials", "V-1-07").fits

    other, same = world.scan("vials", "L-cd19_vector-07"), world.scan("vials", "V-1-08")

    assert "takes from one lot, and V-1 was scanned" in other.scan.says
    assert same.fits


def test_nobody_throws_away_more_than_is_left(world):
    lot = world.a_lot("wash_buffer", "B-1", quantity="10", unit="mL")
    do("lot.discard", lot, by=world.technician, quantity="4", reason="The bottle broke.")
    assert left_of("B-1") == "6"
    for quantity in ("6.01", "0", "-1"):
        with nothing_written(), pytest.raises(Refused):
            do("lot.discard", lot, by=world.technician, quantity=quantity, reason="The bottle broke.")
    uncounted = world.a_lot("culture_medium", "M-1")
    with nothing_written(), pytest.raises(Refused, match="not counted"):
        do("lot.discard", uncounted, by=world.technician, quantity="1", reason="The bottle broke.")


@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 90)), min_size=1, max_size=3))
def test_what_is_left_never_falls_below_zero_and_is_what_the_rows_leave(world, acts):
    """A step that took too much, was corrected, and discards in between, in any order."""
    code = f"B-{uuid4().hex[:8]}"
    lot = world.a_lot("wash_buffer", code, quantity="120", unit="mL")
    other = world.another_batch()
    world.start(batch=other)
    world.scan_all(other, buffer=code)
    world.typed(other, buffer="100.0")
    world.performed(other, "1.1")
    used, gone = Decimal("100.0"), Decimal(0)
    for is_discard, amount in acts:
        if not is_discard and Decimal(amount) != used:
            world.corrected("buffer_ml", f"{amount}.0", other)
            used = Decimal(f"{amount}.0")
        elif is_discard:
            try:
                do("lot.discard", lot, by=fresh(world.technician), quantity=str(amount), reason="It was spilt here.")
                gone += amount
            except Refused:
                assert amount > 120 - used - gone
        state = LotState.objects.get(lot=lot)
        assert state.remaining == remaining_of(lot) == max(120 - used - gone, Decimal(0))
        assert balance_of(lot) == 120 - used - gone


def test_a_remainder_changed_behind_the_programs_back_is_found(world):
    world.a_lot("wash_buffer", "B-1", quantity="500", unit="mL")
    assert [one for one in verify_records().findings if one.check == "remainders"] == []

    LotState.objects.filter(lot__code="B-1").update(remaining="600")

    found = {(one.check, one.about) for one in verify_records().findings}
    assert ("remainders", "batches.lotstate B-1") in found


# Pages and programs


def test_lots_are_found_by_their_status(world):
    world.a_lot_received("wash_buffer", "B-1")

    assert [lot.code for lot in lots_matching(status="quarantine")] == ["B-1"]
    assert "B-1" not in [lot.code for lot in lots_matching("wash", status="approved")]
    assert [lot.code for lot in lots_matching("B-1", status="nonsense")] == ["B-1"]


def test_a_lot_is_received_decided_on_opened_and_read_by_page_and_by_program(world):
    world.a_lot("wash_buffer", "B-1", quantity="500", unit="mL", in_use_hours=3)
    world.start()
    world.scan_all(buffer="B-1")
    world.typed()
    world.performed(world.batch, "1.1")
    client = at_browser(world.technician)

    sent = {"id": str(uuid4()), "how": "opened", "happened_at": ""}
    assert client.post("/lots/B-1/", sent).status_code == HTTPStatus.SEE_OTHER
    refused = client.post("/lots/B-1/", {"id": str(uuid4()), "how": "drunk"})
    page, listed = client.get("/lots/B-1/").content.decode(), client.get("/lots/?q=B-1").content.decode()
    answer = client.post(
        "/api/v1/lots/L-cd19_vector/openings/",
        {"id": str(uuid4()), "how": "thawed", "unit": "L-cd19_vector-07"}, content_type="application/json",
    )  # fmt: skip
    told = client.get("/api/v1/lots/B-1/").json()
    rows = client.get("/api/v1/lots/?status=approved&item=wash_buffer").json()["results"]

    assert refused.status_code == HTTPStatus.BAD_REQUEST
    assert "There is a problem" in refused.content.decode()
    assert "410.0 mL" in page
    assert world.batch.number in page
    assert "90.0 mL (planned 100)" in page
    assert "B-1" in listed
    assert answer.status_code == HTTPStatus.CREATED
    assert answer.json()["is_too_often"] is False
    assert told["status"] == "approved"
    assert told["remaining"] == "410.0"
    assert told["uses"][0] | {"scanned_at": ""} == {
        "batch": world.batch.number, "step": "1.1", "slot": "buffer", "codes": ["B-1"], "scanned_at": "",
        "planned": "100", "actual": "90.0", "unit": "mL",
    }  # fmt: skip
    assert {row["code"] for row in rows} == {"B-1", "L-wash_buffer"}
    tab = client.get(f"/batches/{world.batch.number}/materials/").content.decode()
    assert "B-1" in tab
    assert "90.0 mL" in tab
    assert client.get("/scan/?code=B-1").status_code in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}
