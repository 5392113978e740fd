"""Two batches at the same moment: one lot is not taken twice, one cabinet holds one batch."""

import pytest

from accounts.models import Person
from batches.areas import holder_of
from batches.models import AreaState, Batch, Departure, LotState, LotUse, SlotScan, StepStart
from ledger import clock
from ledger.verification import verify_records
from tests.at_once import at_once
from tests.people import do, fresh
from tests.stock_builders import Stock

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_batches_take_of_one_lot_and_ask_for_one_cabinet_at_the_same_moment():
    world = Stock()
    world.a_lot("wash_buffer", "B-1", quantity="150", unit="mL")
    other = world.another_batch()
    spare = world.an_area("cabinet", "BSC-02")
    batches = (world.batch, other)
    clock.end_story()
    for batch in batches:
        world.start(batch=batch)

    cleared = at_once(*(lambda batch=batch: world.clear(batch, world.cabinet, "before") for batch in batches))

    assert sorted(cleared) == ["done", "held"]
    holder = AreaState.objects.get(area=world.cabinet).batch
    assert holder is not None
    loser = next(batch for batch in batches if batch != holder)
    world.clear(loser, spare, "before")
    world.scan_all(holder, buffer="B-1", cabinet="BSC-01")
    world.scan_all(loser, buffer="B-1", cabinet="BSC-02", vials="L-cd19_vector-08")
    for batch in batches:
        world.typed(batch, buffer="100.0")

    def performs(batch: Batch) -> None:
        start = StepStart.objects.get(batch=batch, step="1.1")
        do("step.perform", start, by=fresh(world.technician))

    taken = at_once(*(lambda batch=batch: performs(batch) for batch in batches))

    assert taken == ["done", "done"]
    assert LotState.objects.get(lot__code="B-1").remaining == 0
    assert [use.actual for use in LotUse.objects.filter(lot__code="B-1")] == [100, 100]
    short = Departure.objects.get(kind="quantity")
    assert "took 100.0 mL of lot B-1; 50.0 mL were left" in short.says
    assert verify_records().findings == []


def test_two_batches_scan_one_free_cabinet_at_the_same_moment():
    """A step that asks for no clearance gives its area by the scan alone; here both batches ask at once."""
    world = Stock()
    other = world.another_batch()
    area = world.an_area("room", "CR-09")
    clock.end_story()
    for batch in (world.batch, other):
        world.start("1.2", batch)

    def scans(batch: Batch, by: Person) -> None:
        world.scan("room", "CR-09", step="1.2", batch=batch, by=by)

    outcomes = at_once(lambda: scans(world.batch, world.technician), lambda: scans(other, world.second))

    assert outcomes == ["done", "done"]
    read = SlotScan.objects.filter(code="CR-09")
    assert sorted(scan.fits for scan in read) == [False, True]
    winner = read.get(fits=True).batch
    assert AreaState.objects.get(area=area).batch == winner == holder_of(area)
    assert f"holds batch {winner.number}" in read.get(fits=False).says
    assert verify_records().findings == []
