"""A batch of each shipped family, from its order to release testing, over HTTP."""

import pytest

from batches.identity import batch_of
from batches.models import Departure
from ledger.verification import verify_records
from tests.journeys.over_http import over_http

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]
FAMILIES = ("cd19-car-t", "nonviral-car-t", "nk", "t-cells", "til", "cd34")


@pytest.mark.clause(
    "21 CFR 211.100", "makes a batch of each shipped family by its approved master record, step by step"
)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_is_made_from_its_order_to_release_testing(family):
    world = over_http(family)
    batch = world.issued()

    world.make(batch)
    told = world.get(f"batches/{batch.number}/")
    steps = world.get(f"batches/{batch.number}/steps/")

    assert told["objections"] == []
    assert {step["status"] for step in steps} == {"complete"}
    assert batch_of(batch.pk).state.stage == "release_testing"
    assert not Departure.objects.filter(batch=batch).exists()
    assert verify_records().findings == []
