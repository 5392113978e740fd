"""Supply out of specification: each thing alone stops it, only what is named leaves, and everybody is told in time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.refusal import NotAllowed, Refused
from ledger import clock
from ledger.verification import verify_records
from tests.people import do, nothing_written
from tests.qc_builders import kept_for_a_module
from tests.supply_builders import SupplyLaboratory, in_supply

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[SupplyLaboratory]:
    """A batch of a licensed product that was not certified; nobody asked the physician yet."""
    with kept_for_a_module(django_db_blocker):
        laboratory = in_supply()
        laboratory.__dict__["told"] = clock.now()
        clock.end_story()
        yield laboratory


@pytest.fixture
def refused(kept: SupplyLaboratory, db: None) -> Iterator[SupplyLaboratory]:
    """The same batch, in its story."""
    clock.tell(kept.__dict__["told"] + timedelta(minutes=1))
    kept.fresh()
    yield kept
    clock.end_story()


def test_smoke(refused):
    refused.prepared()
    refused.decided()
    bag = refused.bags()[0]
    refused.handed_over(bag)
    refused.infused(bag)
    assert verify_records().findings == []
