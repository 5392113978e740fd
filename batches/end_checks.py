"""The checks of ends and courses.

(1) nobody witnessed the destruction of a container that they destroyed themselves;
(2) no step of a batch was begun after its manufacture or its order had ended, except on paper before that;
(3) the doses planned of one order never add up to more than 100 percent.
"""

from collections.abc import Iterator
from decimal import Decimal

from batches.courses import WHOLE
from batches.models import ManufactureEnded, OrderEnded, PlannedDose, StepStart
from chain_of_custody.models import ContainerFateWitnessed
from ledger.verification import Finding, Verification, check

CHUNK = 500


@check("destructions")
def destructions_were_seen_by_others(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    for row in ContainerFateWitnessed.objects.select_related("fate").order_by("pk").iterator(CHUNK):
        verification.counted("destructions", 1)
        if row.signer_id == row.fate.signer_id:
            about = f"{row.record_type()} {row.pk}"
            yield Finding("destructions", about, "it was witnessed by the one who destroyed the container")


@check("ends")
def nothing_begins_after_an_end(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    for ended in ManufactureEnded.objects.select_related("batch").order_by("pk").iterator(CHUNK):
        verification.counted("ends", 1)
        late = StepStart.objects.filter(batch=ended.batch, copy=None, recorded_at__gt=ended.recorded_at)
        for start in late.order_by("pk"):
            says = f"step {start.step} of {ended.batch.number} was begun after manufacture had ended"
            yield Finding("ends", f"{start.record_type()} {start.pk}", says)
    for closed in OrderEnded.objects.select_related("order").order_by("pk").iterator(CHUNK):
        verification.counted("ends", 1)
        late = StepStart.objects.filter(batch__order=closed.order, copy=None, recorded_at__gt=closed.recorded_at)
        for start in late.order_by("pk"):
            says = f"step {start.step} was begun after order {closed.order.number} had ended"
            yield Finding("ends", f"{start.record_type()} {start.pk}", says)


@check("doses")
def shares_add_up(verification: Verification) -> Iterator[Finding]:
    """(3)"""
    shares: dict[str, Decimal] = {}
    for dose in PlannedDose.objects.filter(superseded_by=None).select_related("order").order_by("pk").iterator(CHUNK):
        verification.counted("doses", 1)
        shares[dose.order.number] = shares.get(dose.order.number, Decimal(0)) + (dose.share_percent or Decimal(0))
    for number, share in sorted(shares.items()):
        if share > WHOLE:
            yield Finding("doses", f"order {number}", f"the planned doses add up to {share:f} %")
