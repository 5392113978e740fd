"""Containers that a step makes, and which batch each one belongs to.

(1) A container belongs to one batch, once and for ever.
(2) A container that this site makes is held by the person who made it, in the place of what it was made from,
    until it is placed or handed over.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, refuse_if, when
from chain_of_custody import states
from chain_of_custody.identity import COLLECTED
from chain_of_custody.models import Assignment, ChainOfIdentity, Container, ContainerState, Party, Place, Placement
from chain_of_custody.registering import own_party
from ledger.writing import write, writing

LETTERS = {
    Container.Kind.APHERESIS_BAG: "AP",
    Container.Kind.TUMOUR_VESSEL: "TV",
    Container.Kind.CULTURE_BAG: "CB",
    Container.Kind.FORMULATION: "FM",
    Container.Kind.FINAL_BAG: "FB",
    Container.Kind.QC_VIAL: "QV",
    Container.Kind.RETAIN_VIAL: "RV",
    Container.Kind.SAMPLE: "SA",
}


def make_container(
    *,
    kind: Container.Kind,
    coi: ChainOfIdentity,
    batch_number: str,
    by: Person,
    made_at: datetime,
    made_from: Sequence[Container] = (),
    volume_ml: Decimal | None = None,
    viable_cells: Decimal | None = None,
    sample_point: str = "",
    expires_at: datetime | None = None,
    place: Place | None = None,
    position: str = "",
    id: UUID | None = None,  # noqa: A002  the row's own name for it
) -> Container:
    """Make a container in a batch and assign it; its code names the batch, its kind and its number in the batch.

    The caller holds the lock of the batch, so that no two containers are given one number.
    """
    with writing():
        site = own_party()
        container = write(
            Container(
                id=id or uuid4(),
                code=next_code(batch_number, kind),
                kind=kind,
                coi=coi,
                made_from=[str(source.pk) for source in made_from],
                volume_ml=volume_ml,
                viable_cells=viable_cells,
                sample_point=sample_point,
                made_at=made_at,
                expires_at=expires_at,
            ),
            type="container.made",
            actor=by.reference,
        )
        states.begin(container, party=site, person=by)
        write(
            Assignment(container=container, batch_number=batch_number),
            type="container.assigned",
            actor=by.reference,
        )
        if place is not None:
            put_at_first(container, place=place, position=position, by=by)
        return container


def put_at_first(container: Container, *, place: Place, position: str, by: Person) -> Placement:
    """Say where a new container was put the moment it was made."""
    placement = Placement(
        coi=container.coi,
        containers=[str(container.pk)],
        place=place,
        position=position,
        happened_at=container.made_at,
    )
    write(placement, type="container.placed", actor=by.reference)
    states.after_placement(placement)
    return placement


def next_code(batch_number: str, kind: Container.Kind) -> str:
    """Give the code of the next container of a kind in a batch, such as CT-26-0042-FB-01."""
    made = Assignment.objects.filter(batch_number=batch_number, container__kind=kind, container__collection=None)
    return f"{batch_number}-{LETTERS[kind]}-{made.count() + 1:02d}"


def assign(*, container: Container, batch_number: str, by: Person) -> Assignment:
    """Say that a container belongs to a batch; asking the same again gives the first assignment."""
    with writing():
        ContainerState.objects.select_for_update().filter(container=container).first()
        known = Assignment.objects.filter(container=container).first()
        if known is not None and known.batch_number == batch_number:
            return known
        refuse_if(objections_to_assigning(known))
        row = Assignment(container=container, batch_number=batch_number)
        return write(row, type="container.assigned", actor=by.reference)


def objections_to_assigning(known: Assignment | None) -> list[Objection]:
    """Give the reasons against assigning a container that may have an assignment already."""
    return when(
        known is not None,
        _("%(code)s belongs to batch %(batch)s already. A container belongs to one batch.")
        % {"code": known.container.code if known else "", "batch": known.batch_number if known else ""},
    )


def of_batch(batch_number: str) -> list[Container]:
    """Give the containers of a batch, as they were made."""
    found = Container.objects.filter(assignment__batch_number=batch_number)
    return list(found.select_related("coi", "collection", "state").order_by("made_at", "code"))


def starting_containers(coi: ChainOfIdentity) -> list[Container]:
    """Give the bags of a chain of identity from which a batch can be issued: verified, here, in no batch yet."""
    bags = Container.objects.filter(
        coi=coi,
        kind__in=COLLECTED,
        assignment=None,
        fate=None,
        collection__verification__isnull=False,
        state__holder_party__kind=Party.Kind.OWN_SITE,
    )
    return list(bags.select_related("coi", "collection").order_by("code"))


def objections_to_starting(coi: ChainOfIdentity) -> list[Objection]:
    """Give the reasons why no batch can be issued from a chain of identity: what is missing of its starting cells."""
    if starting_containers(coi):
        return []
    bags = Container.objects.filter(coi=coi, kind__in=COLLECTED)
    free = bags.filter(assignment=None, fate=None)
    verified = free.filter(collection__verification__isnull=False)
    url = f"/custody/{coi.identifier}/"
    if not bags.exists():
        return when(True, _("No collection is registered for this chain of identity. Register it first."), url=url)
    if not free.exists():
        return when(True, _("Each bag of this chain of identity belongs to a batch already, or has ended."), url=url)
    if not verified.exists():
        return when(True, _("The collection isn't verified. A second person must compare it with its form."), url=url)
    return when(True, _("No bag of this chain of identity was accepted at this site yet. Accept it first."), url=url)
