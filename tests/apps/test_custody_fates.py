"""What becomes of a container: once, said whole, seen by two where it is destroyed, and nothing moves it afterwards."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.signing import ask, perform
from chain_of_custody.fates import fate_of, waits_for_witness
from chain_of_custody.models import Container, ContainerFate
from chain_of_custody.placing import place_containers
from ledger import clock
from ledger.verification import verify_records
from tests.custody_builders import World
from tests.kept import kept_for_a_module
from tests.people import STATION, a_person, do, fresh, nothing_written, secret_of

pytestmark = pytest.mark.django_db
SAYS = {"reason": "Broken in the centrifuge", "volume_ml": "107", "route": "GMO waste, autoclave AC-2"}


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        world = World()
        world.received(bags=2)
        world.everything_checked()
        yield world


@pytest.fixture
def world(kept, db) -> World:
    """Two bags of one collection, held here by the technician."""
    found: World = kept
    return found


@pytest.fixture
def bag(world) -> Container:
    return Container.objects.order_by("code")[0]


def witnessed(world: World, fate: ContainerFate, by) -> object:
    challenge, _shown = ask("container.end_witness", fate.pk, {}, by=fresh(world.technician))
    return perform(
        challenge.pk, username=by.username, secret=secret_of(by), station=STATION, at_hand=fresh(world.technician)
    )


NOT_WHOLE = [
    ({"fate": "infused", "reason": "Ward, form IF-17"}, "volume_ml"),
    ({"fate": "infused", "volume_ml": "50"}, "reason"),
    ({"fate": "destroyed", "route": "autoclave", "reason": "Broken in the centrifuge"}, "volume_ml"),
    ({"fate": "destroyed", "volume_ml": "50", "reason": "Broken in the centrifuge"}, "route"),
    ({"fate": "destroyed", "volume_ml": "50", "route": "autoclave", "reason": "Broken"}, "reason"),
    ({"fate": "destroyed", "volume_ml": "0", "route": "autoclave", "reason": "Broken in the centrifuge"}, "volume_ml"),
    ({"fate": "retained"}, "route"),
    ({"fate": "lost", "reason": "gone"}, "reason"),
    ({"fate": "used_up", "volume_ml": "-1"}, "volume_ml"),
    ({"fate": "used_up", "happened_at": "2020-01-01T00:00:00+00:00"}, "happened_at"),
]


@pytest.mark.parametrize(("intent", "field"), NOT_WHOLE)
def test_an_end_that_is_not_said_whole_is_refused_at_its_field(world, bag, intent, field):
    with nothing_written(), pytest.raises(Refused) as refused:
        do("container.end", bag, by=world.technician, **intent)
    assert field in {one.field for one in refused.value.objections}


@pytest.mark.parametrize(
    "intent",
    [
        {"fate": "eaten"},
        {"fate": "lost", "reason": "\x00" * 12},
        {"fate": "lost", "volume_ml": "1e400", "reason": "Not found anywhere"},
        {"fate": "used_up", "happened_at": "tomorrow"},
        {"fate": "used_up", "colour": "red"},
    ],
)
def test_bad_input_changes_nothing(world, bag, intent):
    with nothing_written(), pytest.raises(BadInput):
        do("container.end", bag, by=world.technician, **intent)


def test_a_container_ends_once_and_only_by_those_who_may(world, bag):
    analyst = a_person(Role.QC_ANALYST)
    with nothing_written(), pytest.raises(NotAllowed):
        do("container.end", bag, by=analyst, fate="used_up")

    row = do("container.end", bag, by=world.technician, fate="used_up")

    assert fate_of(bag) == row
    for fate in ("lost", "destroyed", "used_up"):
        with nothing_written(), pytest.raises(Refused, match="has ended already"):
            do("container.end", bag, by=world.second, fate=fate, **SAYS)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContainerFate.objects.create(
            container=bag,
            fate="lost",
            happened_at=clock.now(),
            recorded_at=clock.now(),
            actor="machine",
            signer=world.technician,
            signed_at=clock.now(),
            challenge=uuid4(),
        )


@pytest.mark.clause("21 CFR 211.204", "a container that was destroyed has its quantity, way and two different people")
def test_a_destruction_is_seen_by_a_second_person(world, bag):
    fate = do("container.end", bag, by=world.technician, fate="destroyed", **SAYS)
    assert isinstance(fate, ContainerFate)
    assert waits_for_witness(fate_of(bag))
    with nothing_written(), pytest.raises(Refused, match="different person"):
        witnessed(world, fate, fresh(world.technician))
    analyst = a_person(Role.QC_ANALYST)
    with nothing_written(), pytest.raises(NotAllowed):
        witnessed(world, fate, analyst)

    witnessed(world, fate, fresh(world.second))

    assert not waits_for_witness(fate_of(bag))
    with nothing_written(), pytest.raises(Refused, match="witnessed already"):
        witnessed(world, fate, fresh(world.logistics))
    verification = verify_records()
    assert verification.findings == []


def test_only_a_destruction_asks_for_a_second_person(world, bag):
    fate = do("container.end", bag, by=world.technician, fate="lost", reason="Not found on two searches")
    with nothing_written(), pytest.raises(Refused, match="Only a destruction"):
        witnessed(world, fate, fresh(world.second))


def test_nothing_moves_a_container_that_has_ended(world, bag):
    do("container.end", bag, by=world.technician, fate="used_up")
    with nothing_written(), pytest.raises(Refused, match="can't be moved"):
        place_containers(
            id=uuid4(), coi=bag.coi, containers=[bag], place=world.freezer, happened_at=clock.now(),
            by=fresh(world.technician),
        )  # fmt: skip
    with nothing_written(), pytest.raises(Refused, match="can't be moved"):
        do("custody.offer", bag.coi, by=world.technician, containers=[bag.code], taker=str(world.courier.pk))


def test_what_is_offered_is_accepted_first_unless_it_was_lost(world, bag):
    do("custody.offer", bag.coi, by=world.technician, containers=[bag.code], taker=str(world.courier.pk))
    with nothing_written(), pytest.raises(Refused, match="offered to somebody"):
        do("container.end", bag, by=world.technician, fate="destroyed", **SAYS)

    do("container.end", bag, by=world.technician, fate="lost", reason="Never arrived, courier searched twice")

    assert fate_of(bag).fate == "lost"


def test_the_time_of_an_end_is_never_ahead(world, bag):
    ahead = (clock.now() + timedelta(hours=1)).isoformat()
    with nothing_written(), pytest.raises(BadInput):
        do("container.end", bag, by=world.technician, fate="used_up", happened_at=ahead)
