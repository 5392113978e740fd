"""Putting containers somewhere: recorded by the one who holds them, as it happened."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, lacks, refuse_if, when
from accounts.repeats import once
from accounts.roles import Permission
from accounts.wording import short_time
from chain_of_custody import states
from chain_of_custody.fates import objections_to_ended
from chain_of_custody.lapsing import open_offer_of
from chain_of_custody.models import ChainOfIdentity, Container, ContainerState, Party, Place, Placement
from chain_of_custody.taking_over import note_excursion
from ledger.writing import write


def place_containers(
    *,
    id: UUID,  # noqa: A002  the row's own name for it
    coi: ChainOfIdentity,
    containers: Sequence[Container],
    place: Place,
    happened_at: datetime,
    by: Person,
    position: str = "",
    temperature_c: Decimal | None = None,
) -> Placement:
    """Record where the holder put containers.

    An intention as far as who, where and when are concerned. The temperature is a fact: outside the range of the
    place an `Excursion` is written with it, as `placement.excursion`.
    """
    refuse_if(lacks(by, Permission.CUSTODY_RECORD))
    said = {
        "coi_id": coi.pk,
        "containers": states.ids(containers),
        "place_id": place.pk,
        "position": position,
        "temperature_c": temperature_c,
        "happened_at": happened_at,
    }

    def record() -> Placement:
        held = states.lock(container.pk for container in containers)
        refuse_if(objections_to_placing(coi, containers, held, place=place, happened_at=happened_at, by=by))
        placement = write(Placement(id=id, **said), type="container.placed", actor=by.reference)
        states.after_placement(placement)
        note_excursion(placement, temperature_c, place, actor=by.reference)
        return placement

    return once(Placement, id, said, record)


def objections_to_placing(
    coi: ChainOfIdentity,
    containers: Sequence[Container],
    held: Sequence[ContainerState],
    *,
    place: Place,
    happened_at: datetime,
    by: Person,
) -> list[Objection]:
    """Give the reasons against placing containers: who holds them, whose place it is, what is later."""
    others = [state for state in held if state.holder_person_id != by.pk]
    waiting = [container.code for container in containers if open_offer_of(str(container.pk))]
    latest = max((state.latest_at for state in held), default=happened_at)
    return [
        *when(not containers, _("Name what is placed."), field="containers"),
        *objections_to_ended(containers),
        *when(
            any(container.coi_id != coi.pk for container in containers),
            _("These containers belong to several chains of identity. Place them one by one."),
            field="containers",
        ),
        *when(
            others,
            _("You don't hold this. Its holder places it, or hands it over to you first."),
            code="not_holder",
        ),
        *when(
            place.party.kind != Party.Kind.OWN_SITE,
            _("This place belongs to %(party)s. Choose a place of this site.") % {"party": place.party.name},
            field="place",
        ),
        *when(
            waiting,
            _("%(codes)s is offered to somebody. It is accepted first.") % {"codes": ", ".join(waiting)},
            code="offered_already",
        ),
        *when(
            happened_at < latest,
            _("Something later is recorded for these containers: %(time)s. Check the time.")
            % {"time": short_time(latest)},
            field="happened_at",
        ),
    ]
