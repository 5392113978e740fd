"""Samples reach the laboratory: each is read by its own code and belongs to this very batch, or that is a fact."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.wording import record_time
from batches.models import Batch, Departure
from chain_of_custody.identity import check_identity
from chain_of_custody.models import Container, IdentityCheck
from ledger.writing import write, writing
from qc.batch_act import lock_batch
from qc.models import Sample
from qc.specifying import specification_of

SAMPLES = (Container.Kind.SAMPLE, Container.Kind.QC_VIAL)


@dataclass(frozen=True, slots=True)
class Received:
    """What came of reading a sample's label: the check, and the sample if it belongs here."""

    check: IdentityCheck
    sample: Sample | None


def objections_to_receiving(batch: Batch, container: Container, *, by: Person) -> list[Objection]:
    """Give the reasons against registering a sample, beyond a label that does not match (which is a fact)."""
    points = {point.code for point in specification_of(batch).sample_points}
    return [
        *lacks(by, Permission.SAMPLE_RECEIVE),
        *when(
            container.kind not in SAMPLES,
            _("%(code)s is no sample. Scan a sample or a QC vial.") % {"code": container.code},
        ),
        *when(Sample.objects.filter(container=container).exists(), _("This sample was received already.")),
        *when(
            container.sample_point not in points,
            _("No test of the specification takes a sample of this point (%(point)s).")
            % {"point": container.sample_point or "–"},
        ),
    ]


def objections_to_arrival(container: Container, received_at: datetime) -> list[Objection]:
    """Object to a time before the sample was taken; people enter times by the minute."""
    return when(
        received_at < container.made_at.replace(second=0, microsecond=0),
        _("The sample would have been received before it was taken, %(time)s.")
        % {"time": record_time(container.made_at)},
        code="too_early",
        field="received_at",
    )


def receive_sample(
    *,
    batch: Batch,
    scanned: str,
    was_typed: bool,
    received_at: datetime,
    condition: str,
    by: Person,
    id: UUID,  # noqa: A002
) -> Received:
    """Read a sample's label and register the sample; a label that does not match is written and returned as a fact."""
    with writing():
        refuse_if(lacks(by, Permission.SAMPLE_RECEIVE))
        lock_batch(batch)
        said = {
            "actor": by.reference,
            "batch_id": batch.pk,
            "received_at": received_at,
            "condition": condition,
        }
        known = recorded_before(Sample, id, said)
        check = check_identity(
            scanned=scanned,
            batch_number=batch.number,
            coi=batch.coi,
            expected_kind="",
            where=_("laboratory"),
            by=by,
            typed=was_typed,
            id=uuid5(id, "identity check"),
        )
        if known is not None:
            return Received(check, known)
        container = check.container
        if check.outcome != IdentityCheck.Outcome.MATCH or container is None:
            # The fact carries an id that the same request always makes, so a repeat records it once.
            departure_id = uuid5(id, "departure")
            if Departure.objects.filter(pk=departure_id).exists():
                return Received(check, None)
            departure = Departure(
                id=departure_id,
                batch=batch,
                kind=Departure.Kind.MISMATCH,
                says=_("%(code)s was brought to the laboratory as a sample of this batch: it %(outcome)s.")
                % {"code": check.scanned, "outcome": check.get_outcome_display()},
                about_type=IdentityCheck.record_type(),
                about_id=check.pk,
            )
            write(departure, type="departure.mismatch", actor=by.reference)
            return Received(check, None)
        refuse_if(
            [
                *objections_to_receiving(batch, container, by=by),
                *objections_to_arrival(container, received_at),
            ]
        )
        sample = Sample(
            id=id,
            batch=batch,
            container=container,
            point=container.sample_point,
            received_at=received_at,
            condition=condition,
        )
        return Received(check, write(sample, type="sample.received", actor=by.reference))
