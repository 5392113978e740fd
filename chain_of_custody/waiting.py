"""What waits for somebody in custody: offers to accept, attestations to check, collections to verify."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission
from chain_of_custody.attesting import offer_of
from chain_of_custody.lapsing import CARRIED, is_open, lapses_at
from chain_of_custody.models import (
    ChainOfIdentity,
    Collection,
    Container,
    DonorTest,
    HandOverAccepted,
    HandOverHalf,
    HandOverOffered,
    Party,
)
from ledger import clock

FEW = 50


def work_of(person: Person) -> Iterable[Task]:
    """List what waits in custody for this person."""
    may = person.permissions
    if Permission.CUSTODY_RECORD in may:
        yield from chain(_to_accept(person), _to_check(person))
    if Permission.COLLECTION_REGISTER in may:
        yield from _to_verify(person)
        yield from _donor_tests_to_verify(person)


def chain_page(coi: ChainOfIdentity) -> str:
    """Give the address of the custody page of a chain of identity."""
    return reverse("chain_of_custody:chain", args=[coi.identifier])


def _to_accept(person: Person) -> Iterator[Task]:
    offers = HandOverOffered.objects.filter(accepted=None, recorded_at__gte=clock.now() - CARRIED)
    waiting = offers.exclude(person=person).select_related("coi", "giver_party", "taker_party")
    for offer in waiting.order_by("recorded_at"):
        if not is_open(offer):
            continue
        attested = offer.taker_party.kind != Party.Kind.OWN_SITE
        codes = ", ".join(_codes(offer))
        yield Task(
            title=_("Enter the receipt of %(codes)s") % {"codes": codes} if attested
            else _("Take over %(codes)s") % {"codes": codes},
            batch=_batch_of(offer),
            url=reverse("chain_of_custody:hand-over", args=[offer.pk]),
            verb=_("Enter") if attested else _("Take over"),
            detail=_("from %(giver)s to %(taker)s")
            % {"giver": offer.attested_name or offer.signer_name, "taker": offer.taker_party.name},
            due_at=lapses_at(offer),
            at_risk=True,
            icon="truck",
        )  # fmt: skip


def _to_check(person: Person) -> Iterator[Task]:
    unchecked = Q(check_of_attestation=None) & ~Q(attested_name="") & ~Q(signer=person)
    offered = HandOverOffered.objects.filter(unchecked).select_related("coi")
    accepted = HandOverAccepted.objects.filter(unchecked).select_related("offered__coi")
    halves: list[HandOverHalf] = [*offered.order_by("recorded_at")[:FEW], *accepted.order_by("recorded_at")[:FEW]]
    for half in halves:
        offer = offer_of(half)
        yield Task(
            title=_("Check what %(name)s stated") % {"name": half.attested_name},
            batch=_batch_of(offer),
            url=reverse("chain_of_custody:hand-over", args=[offer.pk]),
            verb=_("Check"),
            detail=_("entered by %(name)s") % {"name": half.signer_name},
            needs=(_("second person"),),
            due_at=half.recorded_at + timedelta(days=1),
            icon="file-check",
        )


def _to_verify(person: Person) -> Iterator[Task]:
    waiting = Collection.objects.filter(verification=None).exclude(signer=person).select_related("coi")
    for collection in waiting.order_by("recorded_at")[:FEW]:
        yield Task(
            title=_("Verify collection %(din)s") % {"din": collection.din},
            batch=collection.coi.identifier,
            url=chain_page(collection.coi),
            verb=_("Verify"),
            detail=_("registered by %(name)s") % {"name": collection.signer_name},
            needs=(_("second person"),),
            due_at=collection.recorded_at + timedelta(days=1),
            icon="file-check",
        )


def _donor_tests_to_verify(person: Person) -> Iterator[Task]:
    waiting = DonorTest.objects.filter(verification=None, superseded_by=None).exclude(signer=person)
    for test in waiting.select_related("collection__coi").order_by("recorded_at")[:FEW]:
        coi = test.collection.coi
        yield Task(
            title=_("Verify donor test %(marker)s") % {"marker": test.marker},
            batch=coi.identifier,
            url=reverse("chain_of_custody:donor", args=[coi.identifier]),
            verb=_("Verify"),
            detail=_("recorded by %(name)s") % {"name": test.signer_name},
            needs=(_("second person"),),
            due_at=test.recorded_at + timedelta(days=1),
            icon="file-check",
        )


def _codes(offer: HandOverOffered) -> list[str]:
    return list(Container.objects.filter(pk__in=offer.containers).order_by("code").values_list("code", flat=True))


def _batch_of(offer: HandOverOffered) -> str:
    """Give the batch of the containers, or their chain of identity while they belong to none."""
    batches = Container.objects.filter(pk__in=offer.containers).values_list("assignment__batch_number", flat=True)
    numbers = sorted({number for number in batches if number})
    return ", ".join(numbers) or offer.coi.identifier
