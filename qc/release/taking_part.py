"""Who worked on a batch, and so may not decide on it: by person, not by account or role."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.refusal import Objection, when
from batches.models import Batch
from batches.people import AT_WORK, Way, ways_of
from qc import models

IN_THE_LABORATORY: Sequence[Way] = (
    (models.Result, gettext_lazy("tested")),
    (models.Reading, gettext_lazy("tested")),
    (models.TimedEvent, gettext_lazy("recorded at the bench of a test")),
    (models.SuitabilityRecorded, gettext_lazy("recorded at the bench of a test")),
    (models.CompleteData, gettext_lazy("recorded at the bench of a test")),
    (models.ResultReview, gettext_lazy("reviewed a result")),
    (models.ContractCertificate, gettext_lazy("typed a contract laboratory's certificate")),
    (models.ContractCertificateCompared, gettext_lazy("typed a contract laboratory's certificate")),
    (models.MeasurementInvalid, gettext_lazy("declared a measurement invalid")),
    (models.MeasurementInvalidReviewed, gettext_lazy("decided on an invalid measurement")),
    (models.Sample, gettext_lazy("received a sample")),
    (models.BatchDose, gettext_lazy("determined the dose")),
    (models.DoseVerification, gettext_lazy("verified the dose")),
)


def took_part(batch: Batch, person: Person) -> list[str]:
    """Name the ways in which somebody worked on a batch and so may not decide on it."""
    return ways_of(person, batch, (*AT_WORK, *IN_THE_LABORATORY))


def objections_to_person(batch: Batch, by: Person) -> list[Objection]:
    """Object to people who worked on a batch deciding on it; by person, not by account or role."""
    ways = took_part(batch, by)
    return when(
        ways,
        _("You worked on this batch (%(ways)s). Somebody who did not must decide.") % {"ways": ", ".join(ways)},
        code="same_person",
    )
