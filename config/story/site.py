"""How the training site begins: its people, its places, its approved definitions and lots.

Everybody is admitted, approved and enrolled as at a plant, only the derivation of their keys costs the least there is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings

from accounts.admission import Founder, SiteFacts, enrol, found
from accounts.links import make_link
from accounts.models import Admission, AdmissionApproval, OnCallDuty, PolicyAcceptance, Training
from accounts.on_call import put_on_call
from accounts.policy import ACCEPTING
from accounts.wording import local
from batches.definitions.kinds import as_master
from batches.models import Definition, DefinitionApproval, DefinitionCheck
from batches.pinned import reading_of
from chain_of_custody.models import Party, Place
from chain_of_custody.registering import own_party, register_party, register_place
from config.story.acting import STATION, Story, act, after, somebody
from config.story.people import FOUNDERS, SECRET, STAFF, Invented
from config.story.stocking import stocked
from config.story.worked_batches import with_limits, worked_batch
from ledger import clock
from ledger.models import Site

HOUSE = Path(settings.BASE_DIR)
ROOM_OF = {
    Definition.Kind.PRODUCT: "batches",
    Definition.Kind.MASTER: "batches",
    Definition.Kind.SPECIFICATION: "qc",
}
PUBLISHED_FAMILY = "cd19-car-t"
FAMILIES = ("nonviral-car-t", "nk", "t-cells", "til", "cd34")
TECHNICIANS = ("mokafor", "shaddad", "lnunes")
LOWEST_COST = 1  # scrypt with N = 2

HOSPITAL, COURIER = "Nordhavn University Hospital", "CryoLink Couriers"
WARD, SHIPPER, FRIDGE, SUITE, TANK, LABORATORY = "H-2", "SH-207", "Q-01", "CR-02", "LN2-04", "QC-F1"


@dataclass(frozen=True, slots=True)
class _Location:
    code: str
    name: str
    kind: Place.Kind
    party: str
    low_c: str | None
    high_c: str | None


LOCATIONS = (
    _Location(WARD, "Ward refrigerator", Place.Kind.STORE, HOSPITAL, "2", "8"),
    _Location(SHIPPER, "Shipper 207", Place.Kind.SHIPPER, COURIER, "2", "8"),
    _Location(FRIDGE, "Quarantine refrigerator", Place.Kind.STORE, "", "2", "8"),
    _Location(SUITE, "Clean room 2", Place.Kind.STORE, "", "17", "25"),
    _Location(TANK, "Storage tank, vapour of liquid nitrogen", Place.Kind.STORE, "", None, "-150"),
    _Location(LABORATORY, "Laboratory refrigerator", Place.Kind.STORE, "", "2", "8"),
)


@contextmanager
def lowest_derivation_cost() -> Iterator[None]:
    """Give the keys that are made meanwhile the lowest cost; a plant refuses to start with such a key."""
    usual = settings.KEY_DERIVATION_LOG2N
    settings.KEY_DERIVATION_LOG2N = LOWEST_COST
    try:
        yield
    finally:
        settings.KEY_DERIVATION_LOG2N = usual


def found_site(today: date) -> None:
    """Begin the ledger of the training site with its two administrators, who accept the policy."""
    facts = SiteFacts(
        name="Example Cell Therapy Centre",
        address="Building 4, 8000 Exampleby",
        licence="EX-MIA-0001",
        facility="A9999",
    )
    founders = [
        Founder(
            username=one.username,
            name=one.name,
            identity_document="passport",
            identity_checked_on=today,
            secret=SECRET,
        )
        for one in FOUNDERS
    ]
    with lowest_derivation_cost():
        found(facts, founders=founders)
    for one in FOUNDERS:
        act(ACCEPTING, somebody(one.username), PolicyAcceptance, by=one.username)


def opening(families: tuple[str, ...]) -> Story:
    """Tell how the site gets its people, places, definitions and lots, over its first days.

    The published product is always there; `families` are the others that are brought into force.
    """
    for one in STAFF:
        yield after(minutes=20)
        _admit(one)
    yield after(hours=2)
    _register_places()
    put_on_call(
        person=somebody("rcastellanos"),
        level=1,
        channel=OnCallDuty.Channel.SCREEN,
        address="",
        starts_at=clock.now(),
        ends_at=clock.machine_now() + timedelta(days=60),
        by=somebody("tweiss"),
        id=uuid4(),
    )
    yield after(days=1)
    for family in (PUBLISHED_FAMILY, *families):
        master = _approve_definitions(family)
        yield after(hours=1)
        _train(master)
    yield after(hours=3)
    yield from stocked({family: worked_batch(family).lots for family in families})


def _admit(one: Invented) -> None:
    """Admit somebody: proposed by one administrator, approved by the other, enrolled by a one-time link."""
    first, second = FOUNDERS
    admission = act(
        "person.admit",
        Site.objects.get(),
        Admission,
        by=first.username,
        username=one.username,
        name=one.name,
        title=one.title,
        roles=[str(role) for role in one.roles],
        identity_document="passport",
        identity_checked_on=local(clock.now()).date().isoformat(),
    )
    act("person.approve", admission.person, AdmissionApproval, by=second.username)
    token = make_link(somebody(one.username), by=somebody(second.username), station=STATION)
    with lowest_derivation_cost():
        enrol(token, secret=SECRET, secret_again=SECRET)
    act(ACCEPTING, admission.person, PolicyAcceptance, by=one.username)


def _register_places() -> None:
    by = somebody("jpark")
    parties = {"": own_party()}
    for name, kind, address in (
        (HOSPITAL, Party.Kind.HOSPITAL, "2 Harbour Road, 8100 Exampleby"),
        (COURIER, Party.Kind.COURIER, "7 Dock Street, 8200 Exampleby"),
    ):
        parties[name] = register_party(id=uuid4(), name=name, kind=kind, address=address, by=by)
    for one in LOCATIONS:
        register_place(
            id=uuid4(),
            code=one.code,
            name=one.name,
            kind=one.kind,
            party=parties[one.party],
            low_c=None if one.low_c is None else Decimal(one.low_c),
            high_c=None if one.high_c is None else Decimal(one.high_c),
            by=by,
        )


def _approve_definitions(family: str) -> Definition:
    """Bring the definitions of a family into force, each by three people, and give its master batch record."""
    in_force: dict[str, Definition] = {}
    for kind in ROOM_OF:
        prepared = act(
            "definition.prepare",
            Site.objects.get(),
            Definition,
            by="alindqvist",
            kind=str(kind),
            source=source_of(family, kind),
            change="First version.",
        )
        act("definition.check", prepared, DefinitionCheck, by="rcastellanos")
        today = local(clock.now()).date().isoformat()
        act("definition.approve", prepared, DefinitionApproval, by="tweiss", effective_from=today)
        in_force[kind] = prepared
    return in_force[Definition.Kind.MASTER]


def source_of(family: str, kind: Definition.Kind) -> str:
    """Give the text of a definition of a family; what it leaves for the site to set is set as in its worked batch."""
    text = (HOUSE / ROOM_OF[kind] / "definitions" / f"{family}.{kind}.yaml").read_text(encoding="utf-8")
    limits = {} if family == PUBLISHED_FAMILY else worked_batch(family).set_limits.get(str(kind), {})
    return with_limits(text, limits) if limits else text


def _train(master: Definition) -> None:
    needed = as_master(reading_of(master)).training
    for username in TECHNICIANS:
        act(
            "person.record_training",
            somebody(username),
            Training,
            by="rcastellanos",
            procedure=needed.procedure,
            version=str(needed.version),
            trained_on=local(clock.now()).date().isoformat(),
        )


def place(code: str) -> Place:
    """Give a place of the site by its code."""
    return Place.objects.select_related("party").get(code=code)


def party_id(name: str) -> UUID:
    """Give the id of a party by its name."""
    return Party.objects.values_list("pk", flat=True).get(name=name)
