"""Two people at the same moment in custody: one takes what was offered, the other learns of it."""

import pytest

from accounts.models import Person
from accounts.roles import Role
from accounts.signing import ask, perform
from chain_of_custody.models import ContainerState, HandOverAccepted
from ledger.verification import verify_records
from tests.at_once import at_once
from tests.custody_builders import World
from tests.people import STATION, a_person, do, secret_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_accept_at_once_one_takes_it() -> None:
    world = World()
    (bag,) = world.bags_of(world.received())
    given = do("custody.offer", world.coi, by=world.technician, containers=[bag.code], taker=str(world.site.pk))
    takers = (world.second, a_person(Role.TECHNICIAN))
    intent = {"place": "Q-01", "condition": "intact"}
    asked = {taker: ask("custody.accept", given.pk, intent, by=taker)[0].pk for taker in takers}

    def accepts(taker: Person) -> None:
        perform(asked[taker], username=taker.username, secret=secret_of(taker), station=STATION, at_hand=taker)

    outcomes = at_once(*(lambda taker=taker: accepts(taker) for taker in takers))

    assert outcomes.count("done") == 1
    assert len(outcomes) == 2
    assert HandOverAccepted.objects.filter(offered_id=given.pk).count() == 1
    assert ContainerState.objects.get(container=bag).holder_person in takers
    assert verify_records().findings == []
