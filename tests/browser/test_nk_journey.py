"""A batch of NK cells from its first scan to release testing, by a technician in Chromium."""

import pytest

from batches.completeness import objections_to_record
from batches.identity import batch_of
from batches.models import Departure
from ledger.verification import verify_records
from tests.browser.at_the_bench import AtTheBench
from tests.browser.hands import sign_in
from tests.browser.watching import Desk
from tests.families_builders import FamilyWorld

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def world(address: str) -> FamilyWorld:
    return FamilyWorld("nk")


def test_a_batch_of_nk_cells_is_made_at_the_screen(world: FamilyWorld, desk: Desk) -> None:
    batch = world.issued()
    page = desk.page()
    sign_in(page, world.technician)

    AtTheBench(page, world, batch, world.plan.values).work_through()
    world.clear_what_is_done(batch)

    assert objections_to_record(batch_of(batch.pk)) == []
    assert batch_of(batch.pk).state.stage == "release_testing"
    assert not Departure.objects.filter(batch=batch).exists()
    assert verify_records().findings == []
