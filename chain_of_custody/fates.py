"""What became of a container in the end: its rules, its row and its words.

(1) A container ends once: infused, destroyed, retained, lost or used up. A final bag is never used up.
(2) Infusion and destruction state how much, destruction and retention by what way or where, and every end that
    takes cells away states who says so or why.
(3) Destruction is seen by a second person, who signs that.
(4) What has ended is neither handed over nor placed any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.refusal import Objection, when
from accounts.signature import Signature, sign
from accounts.wording import day, short_time
from chain_of_custody.lapsing import open_offer_of
from chain_of_custody.models import Container, ContainerFate, ContainerFateWitnessed, ContainerState

Fate = ContainerFate.Fate
SHORTEST_REASON = 10
WITH_VOLUME = (Fate.INFUSED, Fate.DESTROYED)
WITH_ROUTE = (Fate.DESTROYED, Fate.RETAINED)
WITH_REASON = (Fate.INFUSED, Fate.DESTROYED, Fate.LOST)


@dataclass(frozen=True, slots=True)
class End:
    """What is said of the end of a container; volumes in mL."""

    fate: ContainerFate.Fate
    happened_at: datetime
    volume_ml: Decimal | None = None
    route: str = ""
    reason: str = ""


def fate_of(container: Container) -> ContainerFate | None:
    """Give what became of a container, or None while it has not ended."""
    return ContainerFate.objects.select_related("witnessed").filter(container=container).first()


def fate_words(fate: ContainerFate) -> str:
    """Write how a container ended, and when: destroyed, 14 Nov 2026."""
    return f"{fate.get_fate_display()}, {day(fate.happened_at)}"


def waits_for_witness(fate: ContainerFate) -> bool:
    """Tell whether a destruction was not signed by a second person yet."""
    return fate.fate == Fate.DESTROYED and not hasattr(fate, "witnessed")


def objections_to_ended(containers: Iterable[Container]) -> list[Objection]:
    """Object to each container that has ended: nothing moves it any more."""
    found = ContainerFate.objects.filter(container__in=list(containers)).select_related("container")
    return [
        Objection(
            _("%(code)s has ended: %(fate)s. It can't be moved any more.")
            % {"code": one.container.code, "fate": fate_words(one)},
            code="container_ended",
            field="containers",
        )
        for one in found.order_by("container__code")
    ]


def objections_to_end(container: Container, end: End) -> list[Objection]:
    """Give the reasons against recording the end of a container: it ended already, or what is said is not whole."""
    known = fate_of(container)
    offered = open_offer_of(str(container.pk)) if end.fate != Fate.LOST else None
    state = ContainerState.objects.filter(container=container).first()
    latest = state.latest_at if state else container.made_at
    return [
        *when(
            known is not None,
            _("%(code)s has ended already: %(fate)s. If that is wrong, report a departure.")
            % {"code": container.code, "fate": fate_words(known) if known else ""},
            code="ended_already",
        ),
        *when(
            offered is not None,
            _("%(codes)s is offered to somebody. It is accepted first.") % {"codes": container.code},
            code="offered_already",
        ),
        *when(
            # People enter times by the minute.
            end.happened_at < latest.replace(second=0, microsecond=0),
            _("Something later is recorded for these containers: %(time)s. Check the time.")
            % {"time": short_time(latest)},
            code="too_early",
            field="happened_at",
        ),
        *when(
            end.fate == Fate.USED_UP and container.kind == Container.Kind.FINAL_BAG,
            _("A final bag is infused, destroyed, retained or lost. It is never used up."),
            field="fate",
        ),
        *_objections_to_what_is_said(end),
    ]


def _objections_to_what_is_said(end: End) -> list[Objection]:
    route_words = (
        _("Say by what way the waste went.") if end.fate == Fate.DESTROYED else _("Say where it is kept for good.")
    )
    return [
        *when(
            end.fate in WITH_VOLUME and (end.volume_ml is None or end.volume_ml <= 0),
            _("Enter the volume, in mL. It must be above zero."),
            field="volume_ml",
        ),
        *when(end.volume_ml is not None and end.volume_ml < 0, _("A volume is never below zero."), field="volume_ml"),
        *when(end.fate in WITH_ROUTE and not end.route.strip(), route_words, field="route"),
        *when(
            end.fate in WITH_REASON and len(end.reason.strip()) < SHORTEST_REASON,
            _("Say why, or who says so and where it stands written, in at least 10 characters."),
            code="no_reason",
            field="reason",
        ),
    ]


def end_container(
    container: Container, end: End, signature: Signature, *, earlier: Sequence[Signed] = ()
) -> ContainerFate:
    """Write how a container ended, under its signature; the caller holds the lock of its state.

    `earlier` are the signed rows on which it rests, such as a report that was compared with its evidence.
    """
    row = ContainerFate(
        container=container,
        fate=end.fate,
        happened_at=end.happened_at,
        volume_ml=end.volume_ml,
        route=end.route,
        reason=end.reason,
    )
    return sign(row, signature, type="container.ended", earlier=earlier)


def objections_to_witnessing(fate: ContainerFate, *, by_id: object) -> list[Objection]:
    """Give the reasons against signing as the second person who saw a destruction."""
    return [
        *when(
            fate.fate != Fate.DESTROYED,
            _("Only a destruction is seen by a second person."),
        ),
        *when(
            fate.signer_id == by_id,
            _("The witness must be a different person from %(name)s.") % {"name": fate.signer_name},
            code="same_person",
        ),
        *when(hasattr(fate, "witnessed"), _("This was witnessed already."), code="witnessed_already"),
    ]


def witness_destruction(fate: ContainerFate, signature: Signature) -> ContainerFateWitnessed:
    """Write that a second person saw a container destroyed."""
    return sign(ContainerFateWitnessed(fate=fate), signature, type="container.end_witnessed", earlier=[fate])


def fates_of(containers: Sequence[Container]) -> dict[object, ContainerFate]:
    """Give the ends of containers by the container's id, in one statement."""
    found = ContainerFate.objects.filter(container__in=list(containers)).select_related("witnessed")
    return {one.container_id: one for one in found}
