"""Custody passes from hand to hand: offered by its holder, accepted by somebody else, in the order of time."""

from copy import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from accounts.refusal import BadInput, NotAllowed, Objection, Refused, SameIdOtherContent
from accounts.roles import Role
from chain_of_custody import lapsing
from chain_of_custody.containers import make_container
from chain_of_custody.handing_over import _rules, bags_stay_while
from chain_of_custody.models import (
    Container,
    ContainerState,
    Excursion,
    HandOverAccepted,
    HandOverOffered,
    Party,
)
from chain_of_custody.placing import place_containers
from ledger.verification import verify_records
from tests.custody_builders import World, a_place, a_subject, ago, stated
from tests.kept import made_once
from tests.people import a_person, do, nothing_written

pytestmark = pytest.mark.django_db


kept = made_once(World)


@pytest.fixture
def world(kept: World, db: None) -> World:
    return copy(kept)


def state_of(bag: Container) -> ContainerState:
    return ContainerState.objects.select_related("holder_party", "place").get(container=bag)


def offer(world: World, bags: list[Container], **intent: object) -> HandOverOffered:
    asked: dict[str, Any] = {"containers": [bag.code for bag in bags], "taker": str(world.site.pk)} | intent
    by = asked.pop("by", world.technician)
    row = do("custody.offer", world.coi, by=by, **asked)
    assert isinstance(row, HandOverOffered)
    return row


def test_custody_moves_at_the_acceptance_and_not_before(world: World) -> None:
    collection = world.verified()
    (bag,) = world.bags_of(collection)
    assert state_of(bag).holder_party == world.hospital

    world.to_courier([bag])
    assert state_of(bag).holder_party == world.courier

    arriving = world.offered_to_site([bag])
    assert state_of(bag).holder_party == world.courier
    assert state_of(bag).offered_to == world.site

    world.accepted(arriving)
    after = state_of(bag)
    assert (after.holder_party, after.holder_person, after.place) == (world.site, world.technician, world.fridge)
    assert after.offered_to is None


def test_the_acceptance_names_the_offer_it_answers(world: World) -> None:
    collection = world.received()
    accepted = HandOverAccepted.objects.get(offered__containers=[str(world.bags_of(collection)[0].pk)],
                                            offered__taker_party=world.site)  # fmt: skip
    assert accepted.person == world.technician
    assert accepted.offered.is_attested
    assert accepted.offered.person is None


def test_only_the_person_who_holds_it_hands_it_over(world: World) -> None:
    bags = world.bags_of(world.received())

    with nothing_written(), pytest.raises(Refused, match=world.technician.name):
        offer(world, bags, by=world.second)

    assert state_of(bags[0]).offered_to is None


def test_what_a_hospital_holds_is_not_given_by_us(world: World) -> None:
    bags = world.bags_of(world.verified())

    with nothing_written(), pytest.raises(Refused, match="Nordhavn UH holds this"):
        offer(world, bags)


def test_what_we_hold_is_signed_and_never_attested(world: World) -> None:
    bags = world.bags_of(world.received())

    with nothing_written(), pytest.raises(Refused, match="This site holds this"):
        do(
            "custody.offer_attested",
            world.coi,
            by=world.technician,
            containers=[bags[0].code],
            taker=str(world.courier.pk),
            happened_at=ago(seconds=1).isoformat(),
            **stated("Paul Meier", "driver"),
        )


def test_giver_and_taker_are_two_people(world: World) -> None:
    bags = world.bags_of(world.received())
    given = offer(world, bags)

    with nothing_written(), pytest.raises(Refused, match="different person"):
        world.accepted(given, by=world.technician)

    assert world.accepted(given, by=world.second).person == world.second


def test_attested_giver_and_taker_are_two_people(world: World) -> None:
    bags = world.bags_of(world.verified())
    given = do(
        "custody.offer_attested",
        world.coi,
        by=world.technician,
        containers=[bags[0].code],
        taker=str(world.courier.pk),
        happened_at=ago(hours=2).isoformat(),
        **stated("Paul Meier", "driver"),
    )

    with nothing_written(), pytest.raises(Refused, match="different person"):
        do(
            "custody.accept_attested",
            given,
            by=world.technician,
            place="SH-207",
            condition="sealed",
            happened_at=ago(hours=2).isoformat(),
            **stated("paul meier", "driver"),
        )


def test_what_is_offered_is_offered_to_nobody_else(world: World) -> None:
    bags = world.bags_of(world.received(bags=2))
    offer(world, bags[:1])

    with nothing_written(), pytest.raises(Refused, match="is offered to"):
        offer(world, bags)


def test_what_is_offered_is_not_placed_meanwhile(world: World) -> None:
    bags = world.bags_of(world.received())
    offer(world, bags)

    with nothing_written(), pytest.raises(Refused, match="accepted first"):
        place_containers(
            id=uuid4(), coi=world.coi, containers=bags, place=world.fridge, happened_at=ago(), by=world.technician
        )


@pytest.mark.parametrize(
    ("carried", "after", "stands"),
    [
        (False, timedelta(minutes=14, seconds=50), True),
        (False, timedelta(minutes=15, seconds=1), False),
        (True, timedelta(hours=71, minutes=59), True),
        (True, timedelta(hours=72, seconds=1), False),
    ],
)
def test_an_offer_lapses_by_computation(
    world: World, monkeypatch: pytest.MonkeyPatch, carried: bool, after: timedelta, stands: bool
) -> None:
    bags = world.bags_of(world.verified())
    world.to_courier(bags)
    given = world.offered_to_site(bags)
    if not carried:
        world.accepted(given)
        given = offer(world, bags)
    later = given.recorded_at + after
    monkeypatch.setattr("ledger.clock.now", lambda: later)

    with nothing_written():
        assert lapsing.is_open(given) is stands


def test_a_lapsed_offer_cannot_be_accepted_and_the_giver_keeps_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bags = world.bags_of(world.received())
    given = offer(world, bags)
    later = given.recorded_at + timedelta(minutes=16)
    monkeypatch.setattr("ledger.clock.now", lambda: later)

    with nothing_written(), pytest.raises(Refused, match="lapsed"):
        world.accepted(given, by=world.second)

    assert state_of(bags[0]).holder_person == world.technician
    assert offer(world, bags).pk != given.pk


def test_nothing_is_accepted_before_it_was_offered(world: World) -> None:
    bags = world.bags_of(world.received())
    given = offer(world, bags)

    with nothing_written(), pytest.raises(Refused, match="before it was offered"):
        world.accepted(given, by=world.second, happened_at=(given.happened_at - timedelta(minutes=1)).isoformat())


def test_what_somebody_outside_took_happened_now_where_no_time_is_entered(world: World) -> None:
    given = offer(world, world.bags_of(world.received()), taker=str(world.courier.pk))
    said = {"place": "SH-207", "condition": "sealed", **stated("Paul Meier", "driver")}

    taken = do("custody.accept_attested", given, by=world.second, happened_at="", **said)

    assert isinstance(taken, HandOverAccepted)
    assert given.happened_at < taken.happened_at <= taken.signed_at + timedelta(seconds=1)


def test_nothing_is_offered_before_what_is_recorded_already(world: World) -> None:
    bags = world.bags_of(world.received())

    with nothing_written(), pytest.raises(Refused, match="Something later is recorded"):
        offer(world, bags, happened_at=ago(hours=3).isoformat())


def test_nothing_happens_in_the_future(world: World) -> None:
    bags = world.bags_of(world.received())

    with nothing_written(), pytest.raises(BadInput, match="future"):
        offer(world, bags, happened_at=ago(minutes=-5).isoformat())


def test_it_is_put_in_a_place_of_the_taker(world: World) -> None:
    bags = world.bags_of(world.received())
    given = offer(world, bags)

    with nothing_written(), pytest.raises(Refused, match="place of the taker"):
        world.accepted(given, by=world.second, place="H-2")
    with nothing_written(), pytest.raises(Refused, match="isn't known here"):
        world.accepted(given, by=world.second, place="NOWHERE")


def test_what_was_offered_to_a_courier_is_not_accepted_by_us(world: World) -> None:
    bags = world.bags_of(world.verified())
    given = do(
        "custody.offer_attested",
        world.coi,
        by=world.technician,
        containers=[bags[0].code],
        taker=str(world.courier.pk),
        happened_at=ago(hours=2).isoformat(),
        **stated("Tuuli Virtanen", "nurse"),
    )

    assert isinstance(given, HandOverOffered)
    with nothing_written(), pytest.raises(Refused, match="CryoLink takes this"):
        world.accepted(given)


def test_a_container_of_another_chain_is_not_known_here(world: World) -> None:
    bags = world.bags_of(world.received())
    world.coi = a_subject(by=world.logistics)

    with nothing_written(), pytest.raises(Refused, match="Not known in this chain"):
        offer(world, bags)


def test_an_attestation_needs_evidence(world: World) -> None:
    bags = world.bags_of(world.verified())
    said = stated("Tuuli Virtanen", "nurse") | {"evidence_reference": ""}

    with nothing_written(), pytest.raises(Refused, match="Name the evidence"):
        do(
            "custody.offer_attested",
            world.coi,
            by=world.technician,
            containers=[bags[0].code],
            taker=str(world.courier.pk),
            happened_at=ago(hours=2).isoformat(),
            **said,
        )


def test_an_attestation_is_checked_by_somebody_else_once(world: World) -> None:
    bags = world.bags_of(world.verified())
    accepted = world.to_courier(bags)
    third = a_person(Role.TECHNICIAN)

    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("custody.check_attestation", accepted, by=world.technician)
    do("custody.check_attestation", accepted, by=world.second)
    with nothing_written(), pytest.raises(Refused, match="checked already"):
        do("custody.check_attestation", accepted, by=third)


@pytest.mark.parametrize(
    ("typed", "is_excursion"), [("2", False), ("8", False), ("8.0", False), ("8.1", True), ("1.9", True)]
)
def test_a_temperature_outside_the_shipper_is_a_fact_and_the_receipt_stands(
    world: World, typed: str, is_excursion: bool
) -> None:
    bags = world.bags_of(world.verified())
    world.to_courier(bags)

    accepted = world.accepted(world.offered_to_site(bags), temperature_c=typed)

    assert state_of(bags[0]).holder_person == world.technician
    found = Excursion.objects.filter(accepted=accepted)
    assert found.exists() is is_excursion
    assert [one.observed_c for one in found] == ([Decimal(typed)] if is_excursion else [])
    assert all(one.place == world.shipper for one in found)


def test_a_temperature_outside_the_place_is_a_fact_when_placing(world: World) -> None:
    bags = world.bags_of(world.received())

    placed = place_containers(
        id=uuid4(),
        coi=world.coi,
        containers=bags,
        place=world.freezer,
        position="rack 3, box 12",
        temperature_c=Decimal("-149"),
        happened_at=ago(),
        by=world.technician,
    )

    assert placed.excursion.observed_c == Decimal("-149")
    assert state_of(bags[0]).place == world.freezer
    assert state_of(bags[0]).position == "rack 3, box 12"


def test_only_the_holder_places_and_only_at_this_site(world: World) -> None:
    bags = world.bags_of(world.received())
    said: dict[str, Any] = {"coi": world.coi, "containers": bags, "happened_at": ago()}
    quality = a_person(Role.QA)

    with nothing_written(), pytest.raises(Refused, match="You don't hold this"):
        place_containers(id=uuid4(), place=world.fridge, by=world.second, **said)
    with nothing_written(), pytest.raises(Refused, match="belongs to Nordhavn UH"):
        place_containers(id=uuid4(), place=world.ward_fridge, by=world.technician, **said)
    with nothing_written(), pytest.raises(NotAllowed):
        place_containers(id=uuid4(), place=world.fridge, by=quality, **said)


def test_a_placement_sent_twice_is_recorded_once(world: World) -> None:
    bags = world.bags_of(world.received())
    said: dict[str, Any] = {
        "id": uuid4(),
        "coi": world.coi,
        "containers": bags,
        "happened_at": ago(),
        "by": world.technician,
    }

    first = place_containers(place=world.freezer, **said)
    with nothing_written():
        assert place_containers(place=world.freezer, **said).pk == first.pk
    with nothing_written(), pytest.raises(SameIdOtherContent):
        place_containers(place=world.fridge, **said)


def test_final_bags_stay_while_a_room_above_says_so(world: World) -> None:
    (bag,) = world.bags_of(world.received())
    final = make_container(
        kind=Container.Kind.FINAL_BAG,
        coi=world.coi,
        batch_number="CT-26-0042",
        by=world.technician,
        made_at=ago(),
        made_from=[bag],
    )
    rule = bags_stay_while(lambda _bags, taker: [Objection(f"Not certified; not for {taker.name}.")])
    try:
        with nothing_written(), pytest.raises(Refused, match="not for CryoLink"):
            offer(world, [final], taker=str(world.courier.pk))
        offer(world, [final])  # within the site it moves freely
    finally:
        _rules.remove(rule)


def test_verification_names_a_changed_state(world: World) -> None:
    bags = world.bags_of(world.received())
    assert verify_records().findings == []

    ContainerState.objects.filter(container=bags[0]).update(holder_person=world.second)

    told = [str(finding) for finding in verify_records().findings]
    assert any(bags[0].code in one and "holder_person" in one for one in told)


def test_places_of_others_can_be_registered_for_their_parties(world: World) -> None:
    place = a_place("ZEB-1", by=world.logistics, party=world.hospital)
    assert place.party.kind == Party.Kind.HOSPITAL
