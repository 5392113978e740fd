"""Final bags stay until their batch is certified."""

import pytest

from accounts.refusal import Refused
from chain_of_custody.models import Container, Party
from tests.batches_builders import BatchWorld
from tests.people import do

pytestmark = pytest.mark.django_db


def test_final_bags_do_not_leave_before_the_batch_is_certified():
    world = BatchWorld()
    batch = world.worked(world.issued())
    bags = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    holder = bags[0].state.holder_person
    courier = Party.objects.get(kind=Party.Kind.COURIER)

    with pytest.raises(Refused, match="not certified"):
        do(
            "custody.offer",
            batch.coi,
            by=holder,
            containers=[bag.code for bag in bags],
            taker=str(courier.pk),
        )
