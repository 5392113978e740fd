"""Who worked on a batch, and so may not decide on it: by person, not by account or role."""

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, when
from batches.models import Batch
from batches.people import people_at_work
from qc.dose.determining import took_part_in_dose
from qc.models import (
    CompleteData,
    ContractCertificate,
    ContractCertificateCompared,
    MeasurementInvalid,
    MeasurementInvalidReviewed,
    Reading,
    Result,
    ResultReview,
    Sample,
    SuitabilityRecorded,
    TimedEvent,
)

CERTIFICATES = (ContractCertificate, ContractCertificateCompared)


def took_part(batch: Batch, person: Person) -> list[str]:
    """Name the ways in which somebody worked on a batch and so may not decide on it."""
    ways = list(people_at_work(batch).get(person.pk, []))
    results = Result.objects.filter(batch=batch, signer=person)
    if results.exists() or Reading.objects.filter(batch=batch, actor=person.reference).exists():
        ways.append(_("tested"))
    at_the_bench = (TimedEvent, SuitabilityRecorded, CompleteData)
    if any(model._default_manager.filter(batch=batch, actor=person.reference).exists() for model in at_the_bench):
        ways.append(_("recorded at the bench of a test"))
    if ResultReview.objects.filter(batch=batch, signer=person).exists():
        ways.append(_("reviewed a result"))
    if any(rows.objects.filter(batch=batch, signer=person).exists() for rows in CERTIFICATES):
        ways.append(_("typed a contract laboratory's certificate"))
    if MeasurementInvalid.objects.filter(batch=batch, signer=person).exists():
        ways.append(_("declared a measurement invalid"))
    if MeasurementInvalidReviewed.objects.filter(batch=batch, signer=person).exists():
        ways.append(_("decided on an invalid measurement"))
    if Sample.objects.filter(batch=batch, actor=person.reference).exists():
        ways.append(_("received a sample"))
    return ways + took_part_in_dose(batch, person)


def objections_to_person(batch: Batch, by: Person) -> list[Objection]:
    """Object to people who worked on a batch deciding on it; by person, not by account or role."""
    ways = took_part(batch, by)
    return when(
        ways,
        _("You worked on this batch (%(ways)s). Somebody who did not must decide.") % {"ways": ", ".join(ways)},
        code="same_person",
    )
