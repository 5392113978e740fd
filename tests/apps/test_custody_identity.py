"""Whose cells these are: pseudonyms, chains of identity, collections, and each label that is read."""

from copy import copy
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.parsing import StrictSerializer, plain_intent
from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from accounts.scanning import place_of
from chain_of_custody import isbt128
from chain_of_custody.containers import assign, make_container, objections_to_starting, starting_containers
from chain_of_custody.identity import check_identity
from chain_of_custody.models import Collection, Container, IdentityCheck, Party, Place, Subject, SubjectIdentity
from chain_of_custody.registering import (
    SERIAL_LETTERS,
    issue_chain,
    own_party,
    register_party,
    register_place,
    register_subject,
    serial_of,
)
from chain_of_custody.shapes import DinField
from ledger.models import Entry, Payload, Site
from tests.custody_builders import MARKERS, World, a_party, a_subject, a_typed_din, ago
from tests.kept import made_once
from tests.people import a_person, a_site, do, nothing_written

pytestmark = pytest.mark.django_db
Outcome = IdentityCheck.Outcome


kept = made_once(World)


@pytest.fixture
def world(kept: World, db: None) -> World:
    return copy(kept)


class TestSubjects:
    def test_a_chain_of_identity_has_fifteen_characters_and_the_sites_facility(self) -> None:
        chain = a_subject()
        assert isbt128.chain_of_identity(chain.identifier).facility == Site.objects.get().facility
        assert len(chain.identifier) == 15

    def test_two_therapy_events_of_one_subject_have_two_chains(self) -> None:
        first, by = a_subject(), a_person(Role.LOGISTICS)
        second = issue_chain(id=uuid4(), subject=first.subject, by=by)
        assert second.identifier != first.identifier
        assert second.subject == first.subject

    def test_a_pseudonym_is_never_a_name(self) -> None:
        a_site()
        by = a_person(Role.LOGISTICS)
        own_party()
        for pseudonym in ("", "ANNA SCHMIDT", "SCHMIDT", "104/017", "1" * 21, "104\n017", "１０４"):
            with nothing_written(), pytest.raises(Refused, match="pseudonym"):
                register_subject(id=uuid4(), pseudonym=pseudonym, by=by)

    def test_a_pseudonym_is_given_once(self) -> None:
        a_subject("104-017")
        by = a_person(Role.LOGISTICS)
        with nothing_written(), pytest.raises(Refused, match="is taken"):
            register_subject(id=uuid4(), pseudonym="104-017", by=by)

    def test_the_same_form_sent_twice_registers_once(self) -> None:
        a_site()
        by, key = a_person(Role.LOGISTICS), uuid4()
        first = register_subject(id=key, pseudonym="104-017", by=by)
        with nothing_written():
            assert register_subject(id=key, pseudonym="104-017", by=by) == first
        with nothing_written(), pytest.raises(SameIdOtherContent):
            register_subject(id=key, pseudonym="104-018", by=by)

    def test_the_same_id_with_another_identity_is_refused(self) -> None:
        a_site()
        by, key = a_person(Role.LOGISTICS), uuid4()
        register_subject(id=key, pseudonym="104-017", by=by, initials="AS", birth_year=1961)
        with nothing_written(), pytest.raises(SameIdOtherContent):
            register_subject(id=key, pseudonym="104-017", by=by, initials="BT", birth_year=1961)

    def test_a_technician_registers_no_subject(self) -> None:
        a_site()
        by = a_person(Role.TECHNICIAN)
        with nothing_written(), pytest.raises(NotAllowed):
            register_subject(id=uuid4(), pseudonym="104-017", by=by)

    def test_identity_data_stand_in_the_identity_record_alone(self, world: World) -> None:
        world.coi = a_subject("104-777", by=world.logistics, initials="QZX", birth_year=1907,
                              hospital_reference="MRN-88190432")  # fmt: skip
        world.received()

        secret = ("QZX", "1907", "MRN-88190432")
        for payload in Payload.objects.select_related("entry"):
            text = bytes(payload.bytes).decode()
            told = [word for word in secret if f'"{word}"' in text or f":{word}" in text]
            assert bool(told) is (payload.entry.rec_type == "chain_of_custody.subjectidentity")
            assert payload.entry.stream.startswith("subject/") is (bool(told))
        assert not any(word in bytes(entry.bytes).decode() for entry in Entry.objects.all() for word in secret[:1])
        assert SubjectIdentity.objects.get().initials == "QZX"


class TestSerials:
    def test_neighbours_differ_in_two_characters_at_least(self) -> None:
        serials = [serial_of(number) for number in range(1, 400)]
        assert len(set(serials)) == len(serials)
        assert all(
            sum(a != b for a, b in zip(one, other, strict=True)) >= 2
            for position, one in enumerate(serials)
            for other in serials[:position]
        )

    @given(number=st.integers(1, 30_000_000), place=st.integers(0, 5), letter=st.sampled_from(SERIAL_LETTERS))
    def test_one_mistyped_character_never_gives_another_serial(self, number: int, place: int, letter: str) -> None:
        serial = serial_of(number)
        mistyped = serial[:place] + letter + serial[place + 1 :]
        values = [SERIAL_LETTERS.index(one) for one in mistyped]
        weighted = sum(w * v for w, v in zip((1, 3, 5, 7, 9), values[:5], strict=True)) % 32
        assert (weighted == values[5]) is (mistyped == serial)


class TestParties:
    def test_this_site_is_a_party_from_the_first_registration_and_only_once(self) -> None:
        a_subject()
        site = Site.objects.get()
        assert Party.objects.get(kind=Party.Kind.OWN_SITE).name == site.name
        with nothing_written():
            assert own_party().name == site.name

    def test_nobody_registers_this_site_or_a_name_twice(self) -> None:
        a_site()
        by = a_person(Role.LOGISTICS)
        a_party(by=by, name="Nordhavn Clinic")
        for name, kind, why in (("Other", Party.Kind.OWN_SITE, "a party already"),
                                ("nordhavn clinic", Party.Kind.COURIER, "called")):  # fmt: skip
            with nothing_written(), pytest.raises(Refused, match=why):
                register_party(id=uuid4(), name=name, kind=kind, address="x", by=by)

    def test_a_place_has_a_code_of_its_own_and_a_range(self, world: World) -> None:
        wrong = [
            ("Q 01", "2", "8", "place code"),
            ("", "2", "8", "place code"),
            ("Q-02", None, None, "Say which temperatures"),
            ("Q-02", "9", "8", "above the highest"),
            ("Q-01", "2", "8", "already"),
        ]
        for code, low, high, why in wrong:
            with nothing_written(), pytest.raises(Refused, match=why):
                register_place(
                    id=uuid4(),
                    code=code,
                    name="x",
                    kind=Place.Kind.STORE,
                    party=world.site,
                    by=world.logistics,
                    low_c=None if low is None else Decimal(low),
                    high_c=None if high is None else Decimal(high),
                )


class OnlyDin(StrictSerializer[dict[str, object]]):
    """An input that is a donation number."""

    din = DinField()


class TestCollections:
    def collect(self, world: World, **change: object) -> Collection:
        asked: dict[str, Any] = {
            "din": a_typed_din(),
            "collected_at": ago(hours=5).isoformat(),
            "party": str(world.hospital.pk),
            "bag_volumes_ml": ["214"],
            "donor_markers": MARKERS,
            "form_reference": "CF-2210",
        } | change
        row = do("collection.register", world.coi, by=world.technician, **asked)
        assert isinstance(row, Collection)
        return row

    @pytest.mark.parametrize(
        ("din", "why"),
        [
            ("A999926004217", "check character too"),
            ("A999926004217A", "doesn't belong"),
            ("A9999 26 004217 [A]", "doesn't belong"),
            ("=A99992600421760", "doesn't belong"),
            ("=A9999260042", "not read whole"),
            ("&/CHA9999267F3K92", "isn't a donation number"),
            ("O999926004217N", "never the letter O"),
            ("A9999260042*7N", "13 characters"),
            ("", "blank"),
        ],
    )
    def test_a_donation_number_is_proven_by_its_check_character(self, din: str, why: str) -> None:
        with pytest.raises(BadInput, match=why):
            plain_intent(OnlyDin, {"din": din})

    @pytest.mark.parametrize("din", ["A999926004217N", "a9999 26 004217 [n]", "=A99992600421783", "=A99992600421700"])
    def test_a_donation_number_is_taken_typed_or_scanned(self, din: str) -> None:
        assert plain_intent(OnlyDin, {"din": din}) == {"din": "A999926004217"}

    def test_a_donation_number_is_used_once(self, world: World) -> None:
        self.collect(world, din="A999926004217N")
        world.coi = a_subject(by=world.logistics)
        with nothing_written(), pytest.raises(Refused, match="registered already"):
            self.collect(world, din="A999926004217N")

    def test_what_the_form_cannot_say_is_refused(self, world: World) -> None:
        wrong: list[tuple[dict[str, object], str]] = [
            ({"collected_at": "2999-01-01T00:00:00Z"}, "cannot be right|future"),
            ({"collected_at": "yesterday"}, "not a time"),
            ({"bag_volumes_ml": ["0"]}, "above 0"),
            ({"bag_volumes_ml": ["1,234"]}, "point"),
            ({"bag_volumes_ml": ["NaN"]}, "number"),
            ({"bag_volumes_ml": ["1e400"]}, "number|exponent|like"),
            ({"bag_volumes_ml": []}, "empty|at least"),
            ({"bag_volumes_ml": ["1"] * 10}, "no more than 9"),
            ({"party": str(uuid4())}, "Choose who collected"),
            ({"party": "x"}, "valid UUID"),
            ({"place": "Q-01"}, "doesn't belong to the collecting party"),
            ({"form": str(uuid4())}, "isn't stored here"),
            ({"donor_markers": "x" * 301}, "300"),
            ({"patient_name": "x"}, "not known here"),
        ]
        for change, why in wrong:
            with nothing_written(), pytest.raises(Refused, match=why):
                self.collect(world, **change)

    def test_the_bags_come_into_being_with_the_collection_and_the_hospital_holds_them(self, world: World) -> None:
        collection = self.collect(world, bag_volumes_ml=["107", "106.5"])
        bags = world.bags_of(collection)
        assert [bag.code for bag in bags] == [f"{collection.din}-01", f"{collection.din}-02"]
        assert str(collection.volume_ml) == "213.5"
        assert {bag.state.holder_party for bag in bags} == {world.hospital}

    def test_a_second_person_verifies_it_once(self, world: World) -> None:
        collection = self.collect(world)
        third = a_person(Role.LOGISTICS)
        with nothing_written(), pytest.raises(Refused, match="second person"):
            do("collection.verify", collection, by=world.technician)
        do("collection.verify", collection, by=world.second)
        with nothing_written(), pytest.raises(Refused, match="verified already"):
            do("collection.verify", collection, by=third)


class TestStarting:
    def test_a_batch_starts_from_cells_that_are_collected_verified_and_here(self, world: World) -> None:
        coi = world.coi

        def says() -> str:
            return str(objections_to_starting(coi)[0])

        assert "No collection" in says()
        collection = world.collected()
        assert "isn't verified" in says()
        do("collection.verify", collection, by=world.second)
        assert "accepted at this site" in says()
        world.to_courier(world.bags_of(collection))
        world.accepted(world.offered_to_site(world.bags_of(collection)))
        assert objections_to_starting(world.coi) == []
        (bag,) = starting_containers(world.coi)
        assign(container=bag, batch_number="CT-26-0042", by=world.technician)
        assert "belongs to a batch already" in says()


class TestAssignments:
    def test_a_container_belongs_to_one_batch_for_ever(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        first = assign(container=bag, batch_number="CT-26-0042", by=world.technician)
        with nothing_written():
            assert assign(container=bag, batch_number="CT-26-0042", by=world.second) == first
        with nothing_written(), pytest.raises(Refused, match="belongs to batch CT-26-0042 already"):
            assign(container=bag, batch_number="CT-26-0049", by=world.technician)

    def test_containers_are_numbered_in_their_batch_by_kind(self, world: World) -> None:
        made = [
            make_container(kind=kind, coi=world.coi, batch_number=batch, by=world.technician, made_at=ago())
            for kind, batch in (
                (Container.Kind.FINAL_BAG, "CT-26-0042"),
                (Container.Kind.FINAL_BAG, "CT-26-0042"),
                (Container.Kind.QC_VIAL, "CT-26-0042"),
                (Container.Kind.FINAL_BAG, "CT-26-0049"),
            )
        ]
        assert [one.code for one in made] == [
            "CT-26-0042-FB-01",
            "CT-26-0042-FB-02",
            "CT-26-0042-QV-01",
            "CT-26-0049-FB-01",
        ]

    def test_what_is_made_of_a_bag_begins_where_the_bag_is(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        vial = make_container(
            kind=Container.Kind.SAMPLE,
            coi=world.coi,
            batch_number="CT-26-0042",
            by=world.second,
            made_at=ago(),
            made_from=[bag],
        )
        assert (vial.state.place, vial.state.holder_person) == (world.fridge, world.second)


class TestLabels:
    def labels(self, world: World) -> dict[str, str]:
        """One label of each kind that can turn up where a bag of CT-26-0042 is expected."""
        (bag,) = world.bags_of(world.received())
        assign(container=bag, batch_number="CT-26-0042", by=world.technician)
        made: dict[str, Any] = {"coi": world.coi, "by": world.technician, "made_at": ago()}
        sister = make_container(kind=Container.Kind.APHERESIS_BAG, batch_number="CT-26-0049", **made)
        sample = make_container(kind=Container.Kind.SAMPLE, batch_number="CT-26-0042", **made)
        own, world.coi = world.coi, a_subject(by=world.logistics)
        (foreign,) = world.bags_of(world.received())
        foreign_chain, world.coi = world.coi, own
        din = isbt128.din(bag.code[:13])
        return {
            "its bag": bag.code,
            "its bag in small letters": bag.code.lower(),
            "its donation number, scanned": din.for_the_scanner,
            "a bag of another batch of the same patient": sister.code,
            "a sample of this batch": sample.code,
            "a bag of another patient": foreign.code,
            "its chain of identity": f"&/{own.identifier}",
            "another chain of identity": f"&/{foreign_chain.identifier}",
            "its donation number with a wrong check": f"={din.code}60",
            "nothing known": "4006381333931",
            "nothing": "",
            "something long": "X" * 400,
            "control characters": "01\x1d10\x00\ud800",
        }

    def test_whatever_is_read_is_written_and_only_this_batchs_container_matches(self, world: World) -> None:
        proves = {
            "its bag": Outcome.MATCH,
            "its bag in small letters": Outcome.MATCH,
            "its donation number, scanned": Outcome.MATCH,
            "a bag of another batch of the same patient": Outcome.OTHER_BATCH,
            "a sample of this batch": Outcome.WRONG_KIND,
            "a bag of another patient": Outcome.OTHER_CHAIN,
            "its chain of identity": Outcome.WRONG_KIND,
            "another chain of identity": Outcome.OTHER_CHAIN,
            "its donation number with a wrong check": Outcome.UNKNOWN,
            "nothing known": Outcome.UNKNOWN,
            "nothing": Outcome.UNKNOWN,
            "something long": Outcome.UNKNOWN,
            "control characters": Outcome.UNKNOWN,
        }
        found = {
            label: check_identity(
                scanned=code,
                batch_number="CT-26-0042",
                coi=world.coi,
                expected_kind=Container.Kind.APHERESIS_BAG,
                where="step 3.3",
                by=world.technician,
                typed=False,
                id=uuid4(),
            ).outcome
            for label, code in self.labels(world).items()
        }
        assert found == proves
        assert IdentityCheck.objects.count() == len(proves)

    def test_a_bag_that_belongs_to_no_batch_never_matches(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        said: dict[str, Any] = {
            "scanned": bag.code,
            "batch_number": "CT-26-0042",
            "coi": world.coi,
            "expected_kind": "",
            "where": "step 1",
            "by": world.technician,
            "typed": True,
            "id": uuid4(),
        }
        first = check_identity(**said)
        assert first.outcome == Outcome.NOT_ASSIGNED
        assert first.was_typed

        with nothing_written():
            assert check_identity(**said) == first
        with nothing_written(), pytest.raises(SameIdOtherContent):
            check_identity(**(said | {"scanned": "other"}))

    def test_a_typed_donation_number_needs_its_check_character(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        assign(container=bag, batch_number="CT-26-0042", by=world.technician)
        din = isbt128.din(bag.code[:13])
        outcomes = [
            check_identity(scanned=typed, batch_number="CT-26-0042", coi=world.coi, expected_kind="", where="step 1",
                           by=world.technician, typed=True, id=uuid4()).outcome
            for typed in (din.code, din.code + din.check_character)
        ]  # fmt: skip
        assert outcomes == [Outcome.UNKNOWN, Outcome.MATCH]

    def test_of_two_bags_of_a_donation_the_number_alone_names_neither(self, world: World) -> None:
        bags = world.bags_of(world.received(bags=2))
        for bag in bags:
            assign(container=bag, batch_number="CT-26-0042", by=world.technician)
        din = bags[0].code[:13]

        def check(code: str) -> IdentityCheck:
            return check_identity(
                scanned=code,
                batch_number="CT-26-0042",
                coi=world.coi,
                expected_kind="",
                where="step 1",
                by=world.technician,
                typed=False,
                id=uuid4(),
            )

        assert check(f"={din}00").outcome == Outcome.UNKNOWN
        assert check(f"={din}02").container == bags[1]

    def test_a_scan_opens_the_page_of_what_it_names(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        din = isbt128.din(bag.code[:13])
        reader, administrator = world.technician, a_person(Role.ADMINISTRATOR)
        assert place_of(f"&/{world.coi.identifier}", reader) == f"/custody/{world.coi.identifier}/"
        assert place_of(bag.code, reader) == f"/custody/containers/{bag.code}/"
        assert place_of(din.for_the_scanner, reader) == f"/custody/containers/{bag.code}/"
        assert place_of("NOTHING", reader) is None
        assert place_of(bag.code, administrator) is None


def test_a_subject_row_holds_a_pseudonym_and_nothing_else() -> None:
    names = {field.name for field in Subject._meta.concrete_fields}
    assert names == {"id", "recorded_at", "actor", "pseudonym"}
