"""After release: bags at the bedside, bags that come back, the follow-up, complaints."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.models import Alarm
from accounts.refusal import NotAllowed, Refused
from batches.fates import final_count
from batches.models import Departure
from chain_of_custody.models import ContainerFate, IdentityCheck
from ledger import clock
from ledger.verification import verify_records
from qc.models import NotificationDue
from qc.release.assessing import open_facts
from tests.after_release_builders import AfterRelease, certified_with_three_bags
from tests.people import do, nothing_written
from tests.qc_builders import kept_for_a_module

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def at_the_ward(django_db_setup: None, django_db_blocker: object) -> Iterator[AfterRelease]:
    """A certified batch whose three bags are in the ward's store, and another patient's batch beside it."""
    with kept_for_a_module(django_db_blocker):
        world = certified_with_three_bags()
        world.shipped()
        world.__dict__["now"] = clock.now()
        world.__dict__["other"] = world.beside()
        clock.end_story()
        yield world


@pytest.fixture
def ward(at_the_ward: AfterRelease, db: None) -> Iterator[AfterRelease]:
    """The same, in its story."""
    clock.tell(at_the_ward.__dict__["now"] + timedelta(hours=1))
    at_the_ward.fresh()
    yield at_the_ward
    clock.end_story()


def departures(world: AfterRelease) -> list[str]:
    return [row.says for row in Departure.objects.filter(batch=world.batch, about_type="qc.infusionreport")]


def test_an_infusion_that_went_well_ends_the_bag_when_a_second_person_confirms_it(ward):
    bag = ward.bags()[0]
    report = ward.reported(bag)

    assert (report.wrong, report.identity_check.outcome) == ([], IdentityCheck.Outcome.MATCH)
    assert not ContainerFate.objects.filter(container=bag).exists()
    for person, why in ((ward.logistics, "second person"), (ward.analyst, "roles")):
        with nothing_written(), pytest.raises(Refused, match=why):
            do("infusion.confirm", report, by=person)
    do("infusion.confirm", report, by=ward.qa)

    fate = ContainerFate.objects.get(container=bag)
    assert (fate.fate, fate.volume_ml, fate.happened_at) == ("infused", bag.volume_ml, report.ended_at)
    assert fate.infusion.report == report
    assert open_facts(ward.batch) == []
    with nothing_written(), pytest.raises(Refused, match="already"):
        do("infusion.confirm", report, by=ward.qp)
    assert verify_records().findings == []
