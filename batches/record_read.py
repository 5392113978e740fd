"""What the rules read of a batch: each part is read once, when the first rule asks for it.

(1) One is made for one page, or for one asking or performing of an act, and never outlives it.
(2) An act that is performed finds its subject, and so begins a new one, after it took its lock; nothing that was read
    before is in it. Whoever writes and then judges what stands after it begins another one.
"""

from functools import cached_property

from batches.donors import donor_of
from batches.ended import manufacture_end_of
from batches.label_prints import PrintRecord, prints_of
from batches.models import Batch, ManufactureEnded, Weight
from batches.record import BatchRecord, record_with
from batches.streams import streams_of
from batches.weights import if_verified, weight_in_force
from chain_of_custody.donor_status import DonorStatus


class BatchRead:
    """A batch and the parts of its record that rules look at."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @cached_property
    def weight(self) -> Weight | None:
        """The recipient's weight in force, verified or not."""
        return weight_in_force(self.batch.order)

    @property
    def verified_weight(self) -> Weight | None:
        """The weight that may feed a dose."""
        return if_verified(self.weight)

    @cached_property
    def record(self) -> BatchRecord:
        return record_with(self.batch, self.weight)

    @cached_property
    def ended(self) -> ManufactureEnded | None:
        """How manufacture ended before its last step, if it did."""
        return manufacture_end_of(self.batch)

    @cached_property
    def streams(self) -> list[str]:
        """The streams of the ledger on which the record rests."""
        return streams_of(self.batch)

    @cached_property
    def prints(self) -> list[PrintRecord]:
        return prints_of(self.batch)

    @cached_property
    def donor(self) -> DonorStatus:
        """What is known of the donor under the batch's own product."""
        return donor_of(self.batch)
