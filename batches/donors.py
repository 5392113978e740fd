"""What is known of the donor of a batch, and what it stops.

(1) The product tells which markers are asked for and when samples may be taken; the collections of the batch's own
    starting containers are looked at.
(2) Unknown blocks certification where the product requires the tests. Reactive blocks it for an allogeneic batch: a
    path for urgent need does not exist here. Either can still be decided against. An autologous reactive batch is never
    rejected for it; what is kept of it lies in isolation.
(3) A verified result that changes the status of a batch is a departure where it is reactive, or where labels were
    printed before.
"""

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, when
from batches.definitions.kinds import as_product
from batches.definitions.product import ProductDefinition
from batches.departures import raise_departure
from batches.models import Batch, Departure, LabelPrint, Order
from batches.pinned import product_of, reading_of
from chain_of_custody.donor_status import DonorStatus, Overall, Window
from chain_of_custody.donor_testing import (
    OVERALL_WORDS,
    Requirements,
    after_donor_change,
    requirements_from,
    status_of_all,
    status_words,
)
from chain_of_custody.models import ChainOfIdentity, Collection, Container, DonorTestVerified, Party, Place

# What is stored for a patient and must lie apart; samples are the laboratory's.
STORED = (Container.Kind.FINAL_BAG, Container.Kind.RETAIN_VIAL)


def requirements_for(product: ProductDefinition) -> Requirements:
    """Give what a product asks of a donor."""
    testing = product.donor_testing
    window = Window(testing.days_before, testing.days_after) if testing else None
    return Requirements(product.donor_markers, window, is_autologous=product.is_autologous)


def requirements_of_order(coi: ChainOfIdentity) -> Requirements | None:
    """Give what the newest order for a chain of identity asks of its donor; None where nothing was ordered."""
    order = Order.objects.filter(coi=coi).select_related("product").order_by("-recorded_at").first()
    return requirements_for(as_product(reading_of(order.product))) if order else None


def collections_of(batch: Batch) -> list[Collection]:
    """Give the collections whose containers a batch began with."""
    rows = Collection.objects.filter(containers__assignment__batch_number=batch.number).distinct()
    return list(rows.order_by("collected_at", "pk"))


def donor_of(
    batch: Batch, *, product: ProductDefinition | None = None, without: DonorTestVerified | None = None
) -> DonorStatus:
    """Give what is known of the donor of a batch; `without` tells what was known before a verification."""
    asked = requirements_for(product or product_of(batch))
    return status_of_all(collections_of(batch), asked, without=without)


def objections_to_donor(
    batch: Batch, status: DonorStatus | None = None, *, product: ProductDefinition | None = None
) -> list[Objection]:
    """Give what the donor's markers hold against certifying the batch."""
    product = product or product_of(batch)
    status = status or donor_of(batch, product=product)
    testing = product.donor_testing
    url = f"/custody/{batch.coi.identifier}/donor/"
    return [
        *when(
            testing is not None and testing.required and not status.is_evaluated,
            _("The donor's markers are not all known. %(words)s") % {"words": status_words(status)},
            code="donor_unknown",
            url=url,
        ),
        *when(
            not status.is_usable,
            _("The donor is not the patient and has reactive markers: %(markers)s. These cells cannot be used; there "
              "is no path for urgent need here.") % {"markers": ", ".join(status.reactive)},
            code="donor_reactive",
            url=url,
        ),
    ]  # fmt: skip


def objections_to_isolation(batch: Batch, donor: DonorStatus | None = None) -> list[Objection]:
    """Object to each container of a reactive donor that this site stores beside those of others."""
    if not (donor or donor_of(batch)).reactive:
        return []
    beside_others = Container.objects.filter(
        assignment__batch_number=batch.number,
        kind__in=STORED,
        fate=None,
        state__holder_party__kind=Party.Kind.OWN_SITE,
        state__place__kind=Place.Kind.STORE,
        state__place__is_isolated=False,
    )
    return [
        Objection(
            _("%(code)s of a donor with reactive markers is not in isolated storage: it is in %(place)s.")
            % {"code": container.code, "place": container.state.place.name if container.state.place else "–"},
            "not_isolated",
            url=f"/custody/containers/{container.code}/",
        )
        for container in beside_others.select_related("state__place").order_by("code")
    ]


def note_change(verified: DonorTestVerified, by: Person) -> None:
    """Raise a departure in each batch whose donor status a verified result changed."""
    numbers = verified.test.collection.containers.values_list("assignment__batch_number", flat=True)
    for batch in Batch.objects.filter(number__in=list(numbers)).select_related("order__coi", "product"):
        product = product_of(batch)
        before, after = donor_of(batch, product=product, without=verified), donor_of(batch, product=product)
        changed = (before.overall, before.reactive) != (after.overall, after.reactive)
        printed = LabelPrint.objects.filter(batch=batch).exists()
        if not changed or not (printed or after.overall is Overall.REACTIVE):
            continue
        words = {
            "marker": verified.test.marker,
            "result": verified.test.get_result_display(),
            "before": OVERALL_WORDS[before.overall],
            "after": OVERALL_WORDS[after.overall],
        }
        says = _("Donor status changed from %(before)s to %(after)s: %(marker)s is %(result)s.") % words
        if printed:
            says += " " + _("Labels printed before must be replaced.")
        raise_departure(batch=batch, kind=Departure.Kind.DONOR, says=says, by=by, about=verified)


def register() -> None:
    """Tell custody what is asked of donors, and be told of each result that was verified."""
    requirements_from(requirements_of_order)
    after_donor_change(note_change)
