"""A batch of CAR-T cells from its first scan to release testing, by a technician in Chromium."""

import pytest

from batches.completeness import objections_to_record
from batches.identity import batch_of
from batches.models import Departure
from ledger.verification import verify_records
from tests.batches_builders import VALUES, BatchWorld
from tests.browser.at_the_bench import AtTheBench
from tests.browser.hands import sign_in
from tests.browser.watching import Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def world(address: str) -> BatchWorld:
    return BatchWorld()


def test_a_batch_of_car_t_cells_is_made_at_the_screen(world: BatchWorld, desk: Desk) -> None:
    batch = world.issued()
    page = desk.page()
    sign_in(page, world.technician)

    AtTheBench(page, world, batch, VALUES).work_through()
    world.clear_what_is_done(batch)

    assert objections_to_record(batch_of(batch.pk)) == []
    assert batch_of(batch.pk).state.stage == "release_testing"
    assert not Departure.objects.filter(batch=batch).exists()
    assert verify_records().findings == []
