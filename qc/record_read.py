"""What the rules of this room read of a batch beside its own record: its tests, its facts, what was signed about it.

As in batches/record_read.py each part is read once, when the first rule asks for it; one is made for one page, or for
one asking or performing of an act.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from accounts.models import Person
from accounts.refusal import Objection
from batches.clearing import premises_url
from batches.completeness import objections_to_record
from batches.models import Batch, SlotScan, ValueCorrected
from batches.people import PERSON
from batches.record import step_url
from batches.record_read import BatchRead
from chain_of_custody.following import custody_record, objections_to_custody
from chain_of_custody.links import CustodyRecord
from chain_of_custody.models import IdentityCheck
from qc.laboratory.runs import records_among
from qc.methods.at_the_bench import moments_of
from qc.models import (
    Disposition,
    ImportedReading,
    OutOfSpecification,
    PlateReading,
    Reading,
    RecordReview,
    ResultsApproval,
    SuitabilityRecorded,
    TimedEvent,
    TrendLimits,
)
from qc.panel import PanelLine, PanelRows, panel_line, panel_rows, release_panel
from qc.release.assessing import Fact, facts_of
from qc.release.newest import newest_approval, newest_review
from qc.release.pending import decision_in_force
from qc.review_by_exception.trail import Part, trail_of
from qc.review_by_exception.trail_streams import stream_position


class RecordRead(BatchRead):
    """A batch with everything on which a decision about it rests."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self._lines: dict[str, PanelLine | None] = {}
        self._names: dict[str, str] = {}

    @cached_property
    def rows(self) -> PanelRows:
        return panel_rows(self.batch, self.verified_weight)

    @cached_property
    def panel(self) -> list[PanelLine]:
        return release_panel(self.batch, self.rows)

    def line(self, code: str) -> PanelLine | None:
        """Give one line of the panel; where the whole panel was not asked for, other lines are not read for it."""
        if "panel" in vars(self):
            return next((one for one in self.panel if one.code == code), None)
        if code not in self._lines:
            rows = panel_rows(self.batch, self.verified_weight, only=code)
            self._lines[code] = panel_line(self.batch, code, rows)
        return self._lines[code]

    @cached_property
    def records(self) -> list[OutOfSpecification]:
        """The records out of specification in their order."""
        return records_among(self.rows.runs.values())

    @cached_property
    def facts(self) -> list[Fact]:
        return facts_of(self.batch)

    @cached_property
    def approval(self) -> ResultsApproval | None:
        return newest_approval(self.batch)

    @cached_property
    def review(self) -> RecordReview | None:
        return newest_review(self.batch)

    @cached_property
    def decision(self) -> Disposition | None:
        """The decision in force, if anybody has decided."""
        return decision_in_force(self.batch)

    @cached_property
    def position(self) -> int:
        """The place in the batch's stream of the newest entry that a review of the record has to have seen."""
        return stream_position(self.batch)

    @property
    def is_review_outdated(self) -> bool:
        """Whether the record changed after quality assurance last reviewed it."""
        return self.review is not None and self.review.stream_position < self.position

    @cached_property
    def trail(self) -> list[Part]:
        return trail_of(self.batch, self.streams)

    @cached_property
    def against_record(self) -> Sequence[Objection]:
        return objections_to_record(self.batch, self)

    @cached_property
    def against_custody(self) -> Sequence[Objection]:
        return objections_to_custody(self.batch.number, self.custody)

    @cached_property
    def corrected_under_signature(self) -> frozenset[object]:
        """The ids of the values that were corrected after their step was signed; each is a departure."""
        return frozenset(ValueCorrected.objects.filter(batch=self.batch).values_list("value_id", flat=True))

    @cached_property
    def scans(self) -> list[SlotScan]:
        """Every scan that fits, with what is asked of lots and equipment at the time of use."""
        related = ("lot__decisions", "lot__openings", "equipment__events")
        found = SlotScan.objects.filter(batch=self.batch, fits=True).select_related("lot", "equipment", "area")
        return list(found.prefetch_related(*related).order_by("recorded_at", "pk"))

    @cached_property
    def identity_checks(self) -> list[IdentityCheck]:
        """The labels that were read outside a slot of a step: in custody and in the laboratory."""
        found = IdentityCheck.objects.filter(batch_number=self.batch.number, slot_scan=None)
        return list(found.select_related("coi").order_by("recorded_at", "pk"))

    @cached_property
    def custody(self) -> CustodyRecord:
        return custody_record(self.batch.coi, batch_number=self.batch.number)

    @cached_property
    def corrected_readings(self) -> list[Reading]:
        """The readings that supersede another, each with that one."""
        found = Reading.objects.filter(batch=self.batch).exclude(supersedes=None).select_related("supersedes")
        return list(found.order_by("recorded_at", "pk"))

    @cached_property
    def suitability(self) -> list[SuitabilityRecorded]:
        """Every check of suitability, each with its correction."""
        found = SuitabilityRecorded.objects.filter(batch=self.batch).select_related("method", "superseded_by")
        return list(found.order_by("recorded_at", "pk"))

    @cached_property
    def moments(self) -> list[TimedEvent]:
        """The moments of the tests that stand; nothing is read where no method is in force."""
        return moments_of(self.batch) if self.rows.methods.found else []

    @cached_property
    def limited(self) -> list[str]:
        """The codes of the lines that have approved trend limits, sorted."""
        limits = TrendLimits.objects.filter(product=self.batch.product.code, approval__isnull=False)
        return sorted(set(limits.values_list("line", flat=True)))

    @cached_property
    def measured(self) -> frozenset[object]:
        """The ids of the readings that an instrument gave, by a file or a plate."""
        kinds = (ImportedReading, PlateReading)
        found = [kind._default_manager.filter(batch=self.batch).values_list("reading", flat=True) for kind in kinds]
        return frozenset(pk for pks in found for pk in pks)

    def line_title(self, code: str) -> str:
        """Give what a line of the specification is called."""
        return next((line.title for line in self.panel if line.code == code), code)

    def step_url(self, code: str) -> str:
        """Give the page of a step; of the batch, where there is none."""
        return step_url(self.batch.number, code) if code else f"/batches/{self.batch.number}/"

    def tab_url(self, code: str) -> str:
        """Give the page of one part of the batch."""
        return premises_url(self.batch.number) if code == "equipment" else f"/batches/{self.batch.number}/{code}/"

    def name_of(self, reference: str) -> str:
        """Give the name of who wrote a row; the machine is called so."""
        return self._names.get(reference, reference.partition("/")[0])

    def learn_names(self, references: Iterable[str]) -> None:
        """Look up the people of these references that are not known yet, in one statement."""
        wanted = {one.removeprefix(PERSON) for one in references if one.startswith(PERSON) and one not in self._names}
        if wanted:
            self._names.update({one.reference: one.name for one in Person.objects.filter(pk__in=wanted)})
