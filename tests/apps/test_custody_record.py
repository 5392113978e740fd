"""The custody record as it is read: links, the times between, gaps, and what stands against a release."""

from copy import copy
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.panels import work_for
from accounts.roles import Role
from chain_of_custody.containers import assign, make_container
from chain_of_custody.following import custody_record, objections_to_custody
from chain_of_custody.models import Container, HandOverOffered
from chain_of_custody.placing import place_containers
from ledger import clock
from ledger.verification import verify_records
from tests.custody_builders import World, ago, stated
from tests.guards_away import guards_away
from tests.kept import made_once
from tests.people import a_person, do

pytestmark = pytest.mark.django_db
BATCH = "CT-26-0042"


kept = made_once(World)


@pytest.fixture
def world(kept: World, db: None) -> World:
    return copy(kept)


def started(world: World) -> Container:
    """The bag of a batch, received and with everything checked."""
    (bag,) = world.bags_of(world.received())
    assign(container=bag, batch_number=BATCH, by=world.technician)
    world.everything_checked()
    return bag


def final_bag(world: World, bag: Container, *, made_from: bool = True) -> Container:
    return make_container(
        kind=Container.Kind.FINAL_BAG,
        coi=world.coi,
        batch_number=BATCH,
        by=world.technician,
        made_at=clock.now(),
        made_from=[bag] if made_from else [],
    )


def codes_of(batch: str = BATCH) -> list[str]:
    return sorted({objection.code for objection in objections_to_custody(batch)})


def test_each_link_says_who_gave_who_took_and_where_it_was_until_the_next(world: World) -> None:
    bag = started(world)
    record = custody_record(world.coi, batch_number=BATCH)

    told = [(one.number, one.status, one.giver.name, one.taker.name if one.taker else "") for one in record.links]
    assert told == [
        (1, "attested", "Tuuli Virtanen", "Paul Meier"),
        (2, "attested", "Paul Meier", world.technician.name),
    ]
    assert [kept.place for kept in record.before] == [world.ward_fridge]
    first, second = record.links
    assert [(kept.place, kept.until) for kept in first.kept] == [(world.shipper, second.kept[0].since)]
    assert [(kept.place, kept.until) for kept in second.kept] == [(world.fridge, None)]
    assert [(held.containers, held.party, held.person, held.place) for held in record.held] == [
        ([bag], world.site, world.technician, world.fridge)
    ]
    assert (record.signed, record.attested) == (0, 2)
    assert record.gaps == []
    assert record.contradictions == []


def test_a_link_is_signed_only_when_both_sides_are(world: World) -> None:
    bag = started(world)
    given = do("custody.offer", world.coi, by=world.technician, containers=[bag.code], taker=str(world.site.pk))
    assert isinstance(given, HandOverOffered)
    world.accepted(given, by=world.second)
    record = custody_record(world.coi)
    assert (record.signed, record.attested) == (1, 2)


def test_things_that_part_are_kept_in_lines_of_their_own(world: World) -> None:
    bags = world.bags_of(world.received(bags=2))
    place_containers(
        id=uuid4(), coi=world.coi, containers=bags[:1], place=world.freezer, happened_at=ago(), by=world.technician
    )
    last = custody_record(world.coi).links[-1]
    told = [
        (kept.place.code if kept.place else "", [one.code[-2:] for one in kept.containers], kept.until is None)
        for kept in last.kept
    ]
    assert told == [("Q-01", ["01"], False), ("Q-01", ["02"], True), ("LN2-04", ["01"], True)]


def test_a_record_of_one_batch_leaves_out_the_containers_of_another(world: World) -> None:
    bag = started(world)
    other = make_container(
        kind=Container.Kind.SAMPLE, coi=world.coi, batch_number="CT-26-0049", by=world.technician, made_at=ago()
    )
    assert custody_record(world.coi, batch_number=BATCH).containers == [bag]
    assert set(custody_record(world.coi).containers) == {bag, other}


def test_a_time_without_a_place_is_shown_as_a_gap(world: World) -> None:
    bag = started(world)
    final = final_bag(world, bag, made_from=False)
    (gap,) = custody_record(world.coi, batch_number=BATCH).gaps
    assert final.code in gap
    assert "No place is stated" in gap


def test_nothing_stands_against_a_custody_that_is_whole(world: World) -> None:
    started(world)
    assert codes_of() == []


def test_a_batch_without_containers_has_no_custody(world: World) -> None:
    assert codes_of("CT-26-0001") == ["custody_missing"]


def test_an_unverified_collection_stands_against_a_release(world: World) -> None:
    (bag,) = world.bags_of(world.collected())
    assign(container=bag, batch_number=BATCH, by=world.technician)
    assert codes_of() == ["collection_unverified"]


def test_an_unchecked_attestation_stands_against_a_release(world: World) -> None:
    (bag,) = world.bags_of(world.received())
    assign(container=bag, batch_number=BATCH, by=world.technician)
    assert codes_of() == ["attestation_unchecked"]
    assert len(objections_to_custody(BATCH)) == 3
    world.everything_checked()
    assert codes_of() == []


def test_an_open_offer_stands_against_a_release_until_it_lapses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = started(world)
    do("custody.offer", world.coi, by=world.technician, containers=[bag.code], taker=str(world.site.pk))
    assert codes_of() == ["offer_open"]
    later = clock.now() + timedelta(minutes=16)
    monkeypatch.setattr("ledger.clock.now", lambda: later)
    assert codes_of() == []
    assert "not accepted" in custody_record(world.coi).gaps[0]


def test_what_was_given_away_and_never_received_stands_against_a_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = started(world)
    do("custody.offer", world.coi, by=world.technician, containers=[bag.code], taker=str(world.courier.pk))
    later = clock.now() + timedelta(hours=73)
    monkeypatch.setattr("ledger.clock.now", lambda: later)
    assert codes_of() == ["custody_gap"]


def test_a_final_bag_without_a_place_stands_against_a_release_until_it_is_placed(world: World) -> None:
    final = final_bag(world, started(world), made_from=False)
    assert codes_of() == ["custody_gap"]
    place_containers(
        id=uuid4(), coi=world.coi, containers=[final], place=world.freezer, happened_at=clock.now(), by=world.technician
    )
    assert codes_of() == []


def test_a_final_bag_made_from_one_that_is_placed_is_placed(world: World) -> None:
    final_bag(world, started(world))
    assert codes_of() == []


def test_a_giver_who_was_put_in_by_force_is_told_as_a_contradiction(world: World) -> None:
    bag = started(world)
    given = do("custody.offer", world.coi, by=world.technician, containers=[bag.code], taker=str(world.site.pk))
    with guards_away():
        HandOverOffered.objects.filter(pk=given.pk).update(person=world.second)

    assert "wasn't given by the one who held it" in custody_record(world.coi).contradictions[0]
    assert "custody_contradiction" in codes_of()
    assert any(finding.check == "custody" for finding in verify_records().findings)


def test_an_excursion_is_part_of_the_record(world: World) -> None:
    bags = world.bags_of(world.verified())
    world.to_courier(bags)
    world.accepted(world.offered_to_site(bags), temperature_c="8.6")
    (excursion,) = custody_record(world.coi).excursions
    assert excursion.observed_c == Decimal("8.6")


def test_work_waits_for_those_who_may_do_it_and_not_for_those_who_did_the_first_half(world: World) -> None:
    collection = world.collected()
    assert [task.title for task in work_for(world.technician)] == []
    assert [task.verb for task in work_for(world.second)] == ["Verify"]
    do("collection.verify", collection, by=world.second)

    world.to_courier(world.bags_of(collection))
    assert [task.verb for task in work_for(world.second)] == ["Check", "Check"]
    world.everything_checked()
    world.offered_to_site(world.bags_of(collection))
    assert [task.verb for task in work_for(world.technician)] == ["Take over"]
    assert [task.verb for task in work_for(world.second)] == ["Take over", "Check"]
    assert work_for(a_person(Role.ADMINISTRATOR)) == []


def test_a_story_told_in_one_moment_keeps_its_order(world: World) -> None:
    """Everything recorded in the same millisecond still follows the ledger."""
    clock.tell(clock.now())
    (bag,) = world.bags_of(world.received())
    for giver, taker in ((world.technician, world.second), (world.second, world.technician)):
        given = do("custody.offer", world.coi, by=giver, containers=[bag.code], taker=str(world.site.pk))
        assert isinstance(given, HandOverOffered)
        world.accepted(given, by=taker)
    record = custody_record(world.coi)
    assert record.contradictions == []
    assert record.held[0].person == world.technician
    clock.end_story()
    assert verify_records().findings == []


def test_the_other_side_of_an_attestation_names_its_evidence(world: World) -> None:
    accepted = world.to_courier(world.bags_of(world.verified()))
    assert accepted.evidence_reference == stated("", "")["evidence_reference"]
    assert accepted.is_attested
