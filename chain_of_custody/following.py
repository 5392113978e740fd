"""The custody record of a chain of identity, and what in it stands against the release of a batch."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from accounts.wording import short_time
from chain_of_custody.fates import fates_of
from chain_of_custody.links import CustodyRecord, Link
from chain_of_custody.models import ChainOfIdentity, Container
from chain_of_custody.retracing import Retracing


def custody_record(coi: ChainOfIdentity, *, batch_number: str = "") -> CustodyRecord:
    """Read the custody record of a chain of identity, or of the containers of one batch in it."""
    return Retracing(coi, batch_number).record()


def objections_to_custody(batch_number: str, known: CustodyRecord | None = None) -> list[Objection]:
    """Give the reasons why the custody of a batch's containers doesn't allow its release.

    `known` is the record of the batch in one of its chains, where the caller has read it.
    """
    containers = Container.objects.filter(assignment__batch_number=batch_number).select_related("coi")
    chains = {container.coi_id: container.coi for container in containers}
    if not chains:
        return when(True, _("No container belongs to this batch."), code="custody_missing")
    return [
        objection
        for coi in chains.values()
        for objection in _objections(
            known if known is not None and known.coi == coi else custody_record(coi, batch_number=batch_number)
        )
    ]


def _objections(record: CustodyRecord) -> list[Objection]:
    url = f"/custody/{record.coi.identifier}/"
    unverified = [one for one in record.collections if not hasattr(one, "verification")]
    never_taken = [link for link in record.links if link.status == "lapsed" and _was_carried_away(link, record)]
    ended = fates_of(record.containers)
    loose = [
        container.code
        for held in record.held
        if held.place is None
        for container in held.containers
        if container.kind == Container.Kind.FINAL_BAG and container.pk not in ended
    ]
    return [
        *(Objection(says, "custody_contradiction", url=url) for says in record.contradictions),
        *(
            Objection(
                _("Collection %(din)s isn't verified. A second person must compare it with its form.")
                % {"din": one.din},
                "collection_unverified",
                url=url,
            )
            for one in unverified
        ),
        *(
            Objection(
                _("What %(name)s stated isn't checked. A second person must compare it with the evidence.")
                % {"name": side.name},
                "attestation_unchecked",
                url=url,
            )
            for side in record.sides_to_check
        ),
        *(
            Objection(
                _("%(codes)s: offered to %(party)s at %(time)s and not accepted yet.")
                % {"codes": _codes(link.containers), "party": link.offer.taker_party.name,
                   "time": short_time(link.offer.happened_at)},
                "offer_open",
                url=url,
            )
            for link in record.waiting
        ),
        *(
            Objection(
                _("%(codes)s: given to %(party)s at %(time)s and never received. Enter the receipt, or report it.")
                % {"codes": _codes(link.containers), "party": link.offer.taker_party.name,
                   "time": short_time(link.offer.happened_at)},
                "custody_gap",
                url=url,
            )
            for link in never_taken
        ),
        *when(
            loose,
            _("%(codes)s: no place is stated now. Say where it is kept.") % {"codes": ", ".join(loose)},
            code="custody_gap",
            url=url,
        ),
    ]  # fmt: skip


def _was_carried_away(link: Link, record: CustodyRecord) -> bool:
    """Tell whether a lapsed offer to another party is the newest of its containers: nobody says where they are."""
    if link.offer.giver_party_id == link.offer.taker_party_id:
        return False
    later = record.links[record.links.index(link) + 1 :]
    return not any(set(other.offer.containers) & set(link.offer.containers) for other in later)


def _codes(containers: Iterable[Container]) -> str:
    return ", ".join(container.code for container in containers)
