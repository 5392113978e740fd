"""A batch by a short master record that has everything people do at the bench beside values: what need not be recorded,
a step that may be left out, evidence, hold times, a yield, and an act before which starting material is decided on.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import Person
from accounts.wording import local
from batches.identity import batch_of
from batches.models import Batch, Definition, StepFile, StepPerformed, Value
from batches.noting import add_file
from batches.performing import Recorded, record_value
from batches.record import StepRecord
from ledger import clock, files
from ledger.models import StoredFile
from ledger.writing import writing
from tests.batches_builders import BatchWorld, step_of
from tests.people import do, fresh
from tests.short_masters import begun

BENCH_MASTER = (
    begun("CD19 CAR-T cells, at the bench")
    + """\
      - code: "1.2"
        title: Count
        instruction: Draw a sample and count it.
        kind: record
        critical: "no"
        witness: "no"
        forced: "no"
        fields:
          - {code: drawn_at, title: Drawn, type: time}
          - {code: cells_received, title: Cells received, type: number, unit: cells, exponent: "6", decimals: "0"}
          - {code: concentration, title: Concentration, type: number, unit: cells/mL, exponent: "6", decimals: "1"}
          - {code: spare_ml, title: Spare volume, type: number, unit: mL, decimals: "1", required: "no"}
          - {code: colour, title: Colour, type: choice, required: "no", expected: [red],
             choices: [{code: red, words: red}, {code: brown, words: brown}]}
        derived:
          - code: spare_cells
            title: Spare cells
            formula: {code: viable_cells, version: "1"}
            inputs: {viable_concentration: concentration, volume_ml: spare_ml}
            unit: cells
            figures: "3"
        evidence:
          - {code: photo, title: Photograph of the bag}
          - {code: print, title: Print of the counter, required: "no"}
      - code: "1.3"
        title: Second wash
        instruction: Wash once more where the supernatant is red.
        kind: record
        critical: "no"
        witness: "no"
        forced: "no"
        optional: "yes"
        fields:
          - {code: wash_ml, title: Wash volume, type: number, unit: mL, decimals: "1"}
  - code: selection
    title: Selection
    steps:
      - code: "2.1"
        title: Opening the bag
        instruction: Open the bag.
        kind: check_before_act
        critical: "yes"
        witness: "yes"
        forced: "yes"
        protects: sterility
        needs:
          - {code: apheresis_bag, title: Apheresis bag, kind: container, of: apheresis_bag}
        fields:
          - {code: opened_at, title: Opened, type: time}
      - code: "2.2"
        title: Selected cells
        instruction: Count the selected cells.
        kind: record
        critical: "no"
        witness: "no"
        forced: "no"
        fields:
          - {code: selected_at, title: Selected, type: time}
          - {code: cells_selected, title: Cells selected, type: number, unit: cells, exponent: "6", decimals: "0"}
  - code: harvest
    title: Harvest
    steps:
      - code: "3.1"
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
          - {kind: final_bag, title: Final bag, number: "1"}
        fields:
          - {code: harvest_days, title: Days, type: number, unit: d, decimals: "1", low: "5"}
  - code: release_testing
    title: Release testing
    laboratory: "yes"
hold_times:
  - {code: before_opening, title: From draw to opening, start: drawn_at, end: opened_at,
     limit_minutes: "60", warn_minutes: "45"}
  - {code: open_cells, title: Open cells, start: opened_at, end: selected_at, limit_minutes: "120",
     on_exceeding: reject}
yields:
  - {code: selection, title: Selection, phase: enrichment, step: "2.2", actual: cells_selected,
     theoretical: cells_received, low: "40", high: "100"}
"""
)
VALUES = {
    "cells_received": "2000", "concentration": "20.0", "spare_ml": "2.5", "colour": "red", "wash_ml": "50.0",
    "cells_selected": "1000", "harvest_days": "9.0",
}  # fmt: skip
PHOTO = b"\x89PNG\r\n\x1a\n of a bag"


class Bench(BatchWorld):
    """A world whose master record is the short one, with an issued batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batch = self.issued()

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the master record is the short one."""
        return super().defined(kind, source or (BENCH_MASTER if kind == "master" else ""))

    def fresh(self) -> Batch:
        """The batch as the database has it now."""
        self.batch = batch_of(self.batch.pk)
        return self.batch

    def step(self, code: str) -> StepRecord:
        """A step as it stands."""
        return step_of(self.batch, code)

    def typed(self, step: str, field: str, typed: str, **options: object) -> Recorded:
        """One value, recorded by the technician."""
        given = {"by": fresh(self.technician), "id": uuid4(), "confirmed": True} | options
        return record_value(batch=self.fresh(), step=step, field=field, typed=typed, **given)  # type: ignore[arg-type]  # as given

    def not_applicable(self, step: str, field: str, why: str, **options: object) -> Recorded:
        """A field that is not applicable, and why."""
        return self.typed(step, field, why, not_applicable=True, **options)

    def at(self, step: str, field: str, moment: datetime, **options: object) -> Recorded:
        """A time, recorded by the technician."""
        return self.typed(step, field, local(moment).isoformat(timespec="seconds"), **options)

    def filled(self, code: str, **values: str) -> None:
        """Every value of a step that is not there yet; a time is the present one."""
        for each in self.step(code).fields:
            wanted = each.definition
            if each.current is None:
                now = local(clock.now()).isoformat(timespec="seconds")
                self.typed(
                    code, wanted.code, values.get(wanted.code) or VALUES.get(wanted.code) or _else(wanted.type, now)
                )

    def photographed(self, step: str = "1.2", evidence: str = "photo", *, by: Person | None = None) -> StepFile:
        """A file kept with a step."""
        by = by or fresh(self.technician)
        return add_file(
            batch=self.fresh(), step=step, file=self.stored(by=by), title="Bag", evidence=evidence, by=by, id=uuid4()
        )

    def stored(self, content: bytes = PHOTO, *, by: Person | None = None) -> StoredFile:
        """A file that somebody stored."""
        with writing():
            return files.keep(content, name="bag.png", actor=(by or self.technician).reference)

    def done(self, code: str, **values: str) -> StepPerformed:
        """A step, begun, scanned, recorded with its evidence, performed and witnessed."""
        self.begun(self.fresh(), code)
        self.filled(code, **values)
        for each in self.step(code).definition.evidence:
            self.photographed(code, each.code)
        performed = self.performed(self.batch, code)
        if self.step(code).definition.witness:
            do("step.witness", performed, by=fresh(self.second))
        return performed

    def left_out(self, reason: str = "The supernatant was clear.") -> None:
        """The optional step, left out."""
        do("step.leave_out", self.fresh(), by=fresh(self.technician), step="1.3", reason=reason)

    def selected(self, **values: str) -> None:
        """Everything up to the selected cells, counted."""
        if self.step("1.1").start is None:
            self.done("1.1")
        self.done("1.2", **values)
        self.left_out()
        self.done("2.1")
        self.done("2.2", **values)

    def value(self, field: str) -> Value:
        """The value of a field that is in force."""
        return Value.objects.get(batch=self.batch, field=field, superseded_by=None)


def _else(kind: str, now: str) -> str:
    return {"time": now, "yes_no": "yes"}.get(str(kind), "EQ-1")


def earlier(**span: float) -> datetime:
    """A moment before now, to the second."""
    return (clock.now() - timedelta(**span)).replace(microsecond=0)
