"""Batches in the laboratory for tests: samples received, tests read, results signed, decisions reached.

The steps of manufacture are a few here, by a master record of its own, so that a test gets to the laboratory at once;
product and specification are the ones that ship. A story begins twenty days ago, because a bottle is read for fourteen.
"""

from copy import copy
from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import Person, Signed
from accounts.roles import Role
from batches.identity import batch_of
from batches.models import Batch, BatchState, Definition
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container
from ledger import clock
from qc.dose.determining import is_outdated, newest_dose, what_is_missing
from qc.dose.inputs import calculation_of
from qc.laboratory.receiving import Received, receive_sample
from qc.laboratory.recording import record_reading
from qc.models import BatchDose, Reading, Result, Sample
from qc.panel import PanelLine, panel_line
from qc.release.disposition import objections_to_disposition
from qc.specifying import specification_of
from tests.batches_builders import BatchWorld
from tests.custody_builders import a_subject
from tests.people import a_person, do
from tests.review_builders import read_by_exception
from tests.short_masters import begun

SHORT_MASTER = (
    begun("CD19 CAR-T cells, in two steps")
    + """\
  - code: harvest
    title: Harvest
    steps:
      - code: "2.1"
        title: Samples and bags
        instruction: Take the samples.
        kind: sampling
        critical: "yes"
        witness: "yes"
        forced: "yes"
        needs:
          - {code: apheresis_bag, title: Apheresis bag, kind: container, of: apheresis_bag}
        creates:
          - {kind: sample, title: Before the wash, number: "2", sample_point: harvest_before_wash}
          - {kind: qc_vial, title: Final product, number: "2", sample_point: final_product}
          - {kind: final_bag, title: Final bag, number: "1", volume_field: bag_volume_ml}
        fields:
          - {code: bag_volume_ml, title: Volume of each bag, type: number, unit: mL, decimals: "1", low: "50"}
          - {code: harvest_days, title: Days, type: number, unit: d, decimals: "1", low: "5"}
  - code: release_testing
    title: Release testing
    laboratory: "yes"
"""
)

CONFORMING = {
    "appearance": {"appearance": "cloudy liquid solution"},
    "car_positive_cells_total": {"car_positive_cells_total": "1495.0"},
    "car_positive_percent": {"car_positive_percent": "39.7"},
    "cd3_positive_percent": {"cd3_positive_percent": "97.6"},
    "viability_percent": {"viability_percent": "95.1"},
    "mycoplasma": {"mycoplasma": "not_detected"},
    "endotoxin": {"endotoxin": "< 0.05"},
    "adventitious_viruses": {"adventitious_viruses": "not_detected"},
    "vector_copy_number": {"vector_copy_number": "1.30"},
    "rcl": {"rcl": "not_detected"},
    "potency": {"potency_a": "20.0", "potency_b": "60.0"},
}
# How a fact of no weight is assessed, beside its impact and conclusion.
MINOR = {"severity": "minor", "immediate_action": "None was needed.", "decision": "accept"}
STERILITY = "sterility"
FOURTEEN_DAYS = timedelta(days=14)


class Laboratory(BatchWorld):
    """A world with a laboratory, and a batch whose two steps of manufacture are complete."""

    def __init__(self) -> None:
        super().__init__()
        self.analyst = a_person(Role.QC_ANALYST)
        self.other_analyst = a_person(Role.QC_ANALYST)
        self.second_reviewer = a_person(Role.QC_REVIEWER)
        self.batch = self.worked(self.issued())

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the master record is the short one."""
        return super().defined(kind, source or (SHORT_MASTER if kind == "master" else ""))

    def beside(self) -> "Laboratory":
        """The same world with another patient's batch, as far as its two steps."""
        other = copy(self)
        other.coi = a_subject(by=self.logistics)
        other.batch = other.worked(other.issued())
        return other

    def fresh(self) -> Batch:
        """The batch as the database has it now."""
        self.batch = batch_of(self.batch.pk)
        return self.batch

    def containers_at(self, point: str) -> list[Container]:
        """The containers of the batch that were taken at a point."""
        return [one for one in of_batch(self.batch.number) if one.sample_point == point]

    def reads_label(self, code: str, *, by: Person | None = None, batch: Batch | None = None) -> Received:
        """Whatever comes of reading a label in the laboratory."""
        return receive_sample(
            batch=batch or self.batch,
            scanned=code,
            was_typed=False,
            received_at=clock.now(),
            condition="sealed, 4 °C",
            by=by or self.analyst,
            id=uuid4(),
        )

    def sample_at(self, point: str) -> Sample:
        """A received sample of a point."""
        if known := Sample.objects.filter(batch=self.batch, point=point).order_by("recorded_at").first():
            return known
        sample = self.reads_label(self.containers_at(point)[0].code).sample
        assert sample is not None
        return sample

    def sample_for(self, line: str) -> Sample:
        """A received sample as a line wants it."""
        definition = specification_of(self.batch).line(line)
        assert definition is not None
        return self.sample_at(definition.sample_point)

    def read(self, line: str, typed: str, *, member: str = "", by: Person | None = None, **options: object) -> Reading:
        """One reading, recorded by the analyst now."""
        return record_reading(
            batch=self.fresh(),
            line=line,
            member=member or line,
            sample=self.sample_for(line),
            typed=typed,
            by=by or self.analyst,
            id=uuid4(),
            **options,  # type: ignore[arg-type]  # as given
        )

    def submitted(self, line: str, *, by: Person | None = None) -> Result:
        """The result of a line, signed by the analyst."""
        row = do("result.submit", self.batch, by=by or self.analyst, line=line)
        assert isinstance(row, Result)
        return row

    def tested(self, line: str, **typed: str) -> Result:
        """A line that was read and submitted; conforming unless other values are given by member."""
        for member, value in (typed or CONFORMING[line]).items():
            self.read(line, value, member=member)
        return self.submitted(line)

    def reviewed(self, result: Result, *, by: Person | None = None) -> Signed:
        """The review of a result by the QC reviewer."""
        return do("result.review", result, by=by or self.reviewer)

    def inoculated(self, *bottles: int) -> datetime:
        """Bottles of the sterility test, read once on the day of inoculation."""
        began = clock.now()
        for bottle in bottles or (1, 2):
            self.read(STERILITY, "no_growth", replicate=bottle, began_at=began, performed_at=began)
        return began

    def all_tested(self, *, but: tuple[str, ...] = ()) -> None:
        """Every line read, submitted and reviewed; the story comes to the present on the way."""
        self.inoculated()
        for line in CONFORMING:
            if line not in but:
                self.reviewed(self.tested(line))
        clock.tell(clock.now() + FOURTEEN_DAYS + timedelta(minutes=1))
        for bottle in (1, 2):
            self.read(STERILITY, "no_growth", replicate=bottle)
        self.reviewed(self.submitted(STERILITY))
        self.dosed_as_it_stands()

    def dosed(self, *, reason: str = "") -> BatchDose:
        """The dose determined by one reviewer of quality control and verified by another."""
        dose = do("dose.determine", self.batch, by=self.reviewer, reason=reason)
        assert isinstance(dose, BatchDose)
        do("dose.verify", dose, by=self.second_reviewer)
        return dose

    def dosed_as_it_stands(self) -> None:
        """The dose determined and verified wherever it can be calculated and is not that of what is in force."""
        now, dose = calculation_of(self.fresh()), newest_dose(self.batch)
        if now is not None and not what_is_missing(now) and (dose is None or is_outdated(dose, now)):
            self.dosed(reason="What feeds the dose was corrected" if dose else "")

    def approved(self) -> Signed:
        """The results approved for a certificate of analysis, with the dose that follows from them."""
        self.dosed_as_it_stands()
        return do("results.approve", self.batch, by=self.reviewer)

    def record_reviewed(self, *, by: Person | None = None) -> Signed:
        """The record reviewed by quality assurance, its exceptions and its audit trail first."""
        read_by_exception(self.batch, by=by or self.qa)
        return do("record.review", self.batch, by=by or self.qa)

    def certified(self, decision: str = "certified", *, by: Person | None = None, statement: str = "") -> Signed:
        """The decision on the batch."""
        return do("batch.certify", self.batch, by=by or self.qp, decision=decision, statement=statement)

    def codes(self, decision: str = "certified", *, by: Person | None = None) -> list[str]:
        """The codes of everything that stands against a decision."""
        wanted = BatchState.Disposition(decision)
        return [one.code for one in objections_to_disposition(self.fresh(), wanted, by or self.qp)]

    def line(self, code: str) -> PanelLine:
        """A line of the release panel as it stands."""
        found = panel_line(self.fresh(), code)
        assert found is not None
        return found


def in_the_laboratory() -> Laboratory:
    """A batch that was made twenty days ago and whose samples wait for the laboratory; the story goes on."""
    clock.tell(clock.machine_now() - timedelta(days=20))
    return Laboratory()


def ready_to_certify() -> Laboratory:
    """A batch against whose certification nothing stands."""
    laboratory = in_the_laboratory()
    laboratory.all_tested()
    laboratory.approved()
    laboratory.record_reviewed()
    clock.end_story()
    return laboratory
