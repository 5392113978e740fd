"""Cells in custody for tests, walked through the real acts from the pseudonym to the store."""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import Person
from accounts.roles import Role
from chain_of_custody import isbt128
from chain_of_custody.models import (
    ChainOfIdentity,
    Collection,
    Container,
    HandOverAccepted,
    HandOverOffered,
    Party,
    Place,
)
from chain_of_custody.registering import issue_chain, own_party, register_party, register_place, register_subject
from ledger import clock
from tests.people import a_person, a_site, do

_numbers = itertools.count(4217)
MARKERS = "HIV, HBV, HCV, syphilis negative, 20 Oct 2026"


def ago(**span: float) -> datetime:
    """A moment before now."""
    return clock.now() - timedelta(**span)


def a_subject(
    pseudonym: str = "",
    *,
    by: Person | None = None,
    initials: str = "",
    birth_year: int | None = None,
    hospital_reference: str = "",
) -> ChainOfIdentity:
    """A subject with a chain of identity; the pseudonym is new unless one is given."""
    a_site()
    by = by or a_person(Role.LOGISTICS)
    pseudonym = pseudonym or f"104-{next(_numbers)}"
    subject = register_subject(
        id=uuid4(),
        pseudonym=pseudonym,
        by=by,
        initials=initials,
        birth_year=birth_year,
        hospital_reference=hospital_reference,
    )
    return issue_chain(id=uuid4(), subject=subject, by=by)


def a_party(kind: Party.Kind = Party.Kind.HOSPITAL, *, by: Person, name: str = "") -> Party:
    """An organisation outside."""
    name = name or f"{kind.label} {next(_numbers)}"
    return register_party(id=uuid4(), name=name, kind=kind, address="2 Example Road", by=by)


def a_place(
    code: str,
    *,
    by: Person,
    party: Party | None = None,
    kind: Place.Kind = Place.Kind.STORE,
    low: str | None = "2",
    high: str | None = "8",
    is_isolated: bool = False,
) -> Place:
    """A place with its temperatures, of this site unless a party is given."""
    return register_place(
        id=uuid4(),
        code=code,
        name=f"Fridge {code}" if kind == Place.Kind.STORE else code,
        kind=kind,
        party=party or own_party(),
        low_c=None if low is None else Decimal(low),
        high_c=None if high is None else Decimal(high),
        is_isolated=is_isolated,
        by=by,
    )


def a_typed_din() -> str:
    """A donation number that nobody used, as it is typed: with its check character."""
    number = isbt128.din(f"A999926{next(_numbers):06d}")
    return number.code + number.check_character


class World:
    """A site with its people, a hospital, a courier and the places between them."""

    def __init__(self) -> None:
        a_site()
        self.logistics = a_person(Role.LOGISTICS)
        self.technician = a_person(Role.TECHNICIAN)
        self.second = a_person(Role.TECHNICIAN)
        self.hospital = a_party(Party.Kind.HOSPITAL, by=self.logistics, name="Nordhavn UH")
        self.courier = a_party(Party.Kind.COURIER, by=self.logistics, name="CryoLink")
        self.site = own_party()
        self.ward_fridge = a_place("H-2", by=self.logistics, party=self.hospital)
        self.shipper = a_place("SH-207", by=self.logistics, party=self.courier, kind=Place.Kind.SHIPPER)
        self.fridge = a_place("Q-01", by=self.logistics)
        self.freezer = a_place("LN2-04", by=self.logistics, low=None, high="-150")
        self.coi = a_subject(by=self.logistics)

    def collected(self, *, bags: int = 1, din: str = "", hours_ago: float = 20) -> Collection:
        """A registered collection; its bags are in the hospital's fridge."""
        row = do(
            "collection.register",
            self.coi,
            by=self.technician,
            din=din or a_typed_din(),
            collected_at=ago(hours=hours_ago).isoformat(),
            party=str(self.hospital.pk),
            bag_volumes_ml=["107"] * bags,
            donor_markers=MARKERS,
            form_reference="CF-2210",
            place="H-2",
        )
        assert isinstance(row, Collection)
        return row

    def verified(self, *, bags: int = 1) -> Collection:
        """A collection that a second person compared with its form."""
        collection = self.collected(bags=bags)
        do("collection.verify", collection, by=self.second)
        return collection

    def bags_of(self, collection: Collection) -> list[Container]:
        """The bags of a collection."""
        return list(collection.containers.order_by("code"))

    def to_courier(self, bags: list[Container], *, hours_ago: float = 18) -> HandOverAccepted:
        """Given by the hospital to the courier, both sides attested."""
        offer = do(
            "custody.offer_attested",
            self.coi,
            by=self.technician,
            containers=[bag.code for bag in bags],
            taker=str(self.courier.pk),
            shipper="SH-207",
            seal="884210",
            happened_at=ago(hours=hours_ago).isoformat(),
            **stated("Tuuli Virtanen", "apheresis nurse"),
        )
        row = do(
            "custody.accept_attested",
            offer,
            by=self.technician,
            place="SH-207",
            condition="sealed",
            happened_at=ago(hours=hours_ago).isoformat(),
            **stated("Paul Meier", "driver"),
        )
        assert isinstance(row, HandOverAccepted)
        return row

    def offered_to_site(self, bags: list[Container], *, hours_ago: float = 1) -> HandOverOffered:
        """Brought by the courier and not accepted yet."""
        row = do(
            "custody.offer_attested",
            self.coi,
            by=self.technician,
            containers=[bag.code for bag in bags],
            taker=str(self.site.pk),
            shipper="SH-207",
            happened_at=ago(hours=hours_ago).isoformat(),
            **stated("Paul Meier", "driver"),
        )
        assert isinstance(row, HandOverOffered)
        return row

    def accepted(self, offer: HandOverOffered, *, by: Person | None = None, **intent: object) -> HandOverAccepted:
        """Taken over at this site, into the fridge unless said otherwise."""
        asked: dict[str, Any] = {"place": "Q-01", "condition": "intact", "seal_intact": "yes"} | intent
        row = do("custody.accept", offer, by=by or self.technician, **asked)
        assert isinstance(row, HandOverAccepted)
        return row

    def received(self, *, bags: int = 1) -> Collection:
        """A verified collection whose bags came by courier; the technician holds them in the fridge."""
        collection = self.verified(bags=bags)
        found = self.bags_of(collection)
        self.to_courier(found)
        self.accepted(self.offered_to_site(found))
        return collection

    def everything_checked(self) -> None:
        """Each attested side compared with its evidence by a second person."""
        for table in (HandOverOffered, HandOverAccepted):
            for half in table.objects.exclude(attested_name="").filter(check_of_attestation=None):
                do("custody.check_attestation", half, by=self.second)


def stated(name: str, role: str) -> dict[str, str]:
    """What somebody without an account stated, with evidence."""
    return {
        "attested_name": name,
        "attested_role": role,
        "attested_statement": "Handed over as on the waybill",
        "evidence_reference": "waybill WB-5521",
    }
