"""Batches by a short master record whose steps take lots by amount, equipment, a shared room and a cabinet."""

from datetime import datetime, timedelta
from uuid import uuid4

from batches.definitions.master import Need
from batches.identity import batch_of
from batches.models import Batch, Definition, LotState, StepPerformed, StepStart, Value
from batches.performing import record_value, scan_slot, start_step
from batches.scanning import Scanned
from ledger import clock
from tests.batches_builders import BatchWorld
from tests.custody_builders import a_subject
from tests.people import do, fresh

STOCK_MASTER = """
kind: master
code: MBR-CD19
version: "1"
title: CD19 CAR-T cells, what they are made with
product: PROD-CD19
reference: Example
rounding: USP
training: {procedure: MBR-CD19, version: "1"}
clearance_points: [No product of another batch, No labels of another batch, Clean and dry]
stages:
  - code: receipt
    title: Receipt
    steps:
      - code: "1.1"
        title: Addition
        instruction: Add buffer and vector.
        kind: record
        critical: "no"
        witness: "no"
        forced: "no"
        needs:
          - {code: buffer, title: Wash buffer, kind: material_lot, of: wash_buffer,
             amount: {unit: mL, actual: buffer_ml, planned_number: "100"}}
          - {code: vials, title: Vector vials, kind: vector_lot, of: cd19_vector, many: "yes",
             amount: {unit: mL, actual: vector_ml, planned: vector_planned_ml}}
          - {code: centrifuge, title: Centrifuge, kind: equipment, of: centrifuge}
          - {code: cabinet, title: Safety cabinet, kind: area, of: cabinet, clearance: "yes"}
          - {code: bag, title: Apheresis bag, kind: container, of: apheresis_bag}
        fields:
          - {code: vector_planned_ml, title: Vector planned, type: number, unit: mL, decimals: "1"}
          - {code: buffer_ml, title: Buffer added, type: number, unit: mL, decimals: "1"}
          - {code: vector_ml, title: Vector added, type: number, unit: mL, decimals: "1"}
      - code: "1.2"
        title: Rest
        instruction: Put the bag into the room.
        kind: record
        critical: "no"
        witness: "yes"
        forced: "no"
        needs:
          - {code: room, title: Clean room, kind: area, of: room}
          - {code: medium, title: Medium, kind: material_lot, of: culture_medium}
        fields:
          - {code: rested, title: Rested, type: yes_no, expected: ["yes"]}
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
          - {kind: final_bag, title: Final bag, number: "1"}
        fields:
          - {code: harvest_days, title: Days, type: number, unit: d, decimals: "1", low: "5"}
  - code: release_testing
    title: Release testing
    laboratory: "yes"
"""
DAYS_AGO = 20


class Stock(BatchWorld):
    """A world of some weeks ago, whose story goes on as the test tells; one batch is issued."""

    def __init__(self) -> None:
        self.began = clock.machine_now() - timedelta(days=DAYS_AGO)
        clock.tell(self.began)
        super().__init__()
        names = ("technician", "second", "checker", "qa", "qp", "logistics", "reviewer")
        self.people = {name: getattr(self, name) for name in names}
        self.batch = self.issued()
        self.centrifuge = self.some_equipment("centrifuge", "CF-01")
        self.spare_centrifuge = self.some_equipment("centrifuge", "CF-02")
        self.cabinet = self.an_area("cabinet", "BSC-01")
        self.room = self.an_area("room", "CR-01", is_exclusive=False)
        self.bag = self.codes_for(self.batch, self.need("bag"))[0]

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the master record is the short one."""
        return super().defined(kind, source or (STOCK_MASTER if kind == "master" else ""))

    def again(self) -> "Stock":
        """The world as a test finds it: its story stands where it began, its rows are read anew."""
        clock.end_story()
        clock.tell(self.began + timedelta(hours=1))
        self.batch = batch_of(self.batch.pk)
        for name, person in self.people.items():
            setattr(self, name, fresh(person))
        return self

    def later(self, **span: float) -> datetime:
        """The story goes on."""
        clock.tell(clock.now() + timedelta(**span))
        return clock.now()

    def need(self, slot: str) -> Need:
        """A slot of the short master record."""
        return next(need for step in self.master_steps() for need in step.needs if need.code == slot)

    def another_batch(self) -> Batch:
        """A second batch, of another patient."""
        own, self.coi = self.coi, a_subject(by=fresh(self.logistics))
        try:
            return self.issued()
        finally:
            self.coi = own

    def start(self, step: str = "1.1", batch: Batch | None = None) -> StepStart:
        """A step that was begun."""
        reason = "The order was changed." if step != "1.1" else ""
        return start_step(batch=batch or self.batch, step=step, by=fresh(self.technician), id=uuid4(), reason=reason)

    def scan(self, slot: str, code: str, *, step: str = "1.1", batch: Batch | None = None, **more: object) -> Scanned:
        """What was read into a slot."""
        given = {"by": fresh(self.technician), "id": uuid4()} | more
        return scan_slot(batch=batch or self.batch, step=step, slot=slot, code=code, **given)  # type: ignore[arg-type]  # as given

    def scan_all(self, batch: Batch | None = None, **codes: str) -> None:
        """Every slot of step 1.1 filled, with the codes that are named or such as fit."""
        batch = batch or self.batch
        for slot in ("buffer", "vials", "centrifuge", "cabinet", "bag"):
            for code in [codes[slot]] if slot in codes else self.codes_for(batch, self.need(slot))[:1]:
                assert self.scan(slot, code, batch=batch).fits, slot

    def typed(self, batch: Batch | None = None, *, buffer: str = "90.0", vector: str = "5.0") -> None:
        """The values of step 1.1."""
        for field, text in (("vector_planned_ml", "5.0"), ("buffer_ml", buffer), ("vector_ml", vector)):
            record_value(
                batch=batch or self.batch, step="1.1", field=field, typed=text, by=fresh(self.technician), id=uuid4(),
                confirmed=True,
            )  # fmt: skip

    def added(self, batch: Batch | None = None, *, buffer: str = "90.0", vector: str = "5.0") -> StepPerformed:
        """Step 1.1, performed: so much buffer and vector was taken."""
        batch = batch or self.batch
        self.start(batch=batch)
        self.scan_all(batch)
        self.typed(batch, buffer=buffer, vector=vector)
        return self.performed(batch, "1.1")

    def corrected(self, field: str, typed: str, batch: Batch | None = None) -> StepPerformed:
        """A value of the signed step 1.1 corrected, and the step performed again."""
        batch = batch or self.batch
        value = self.value_in_force(field, batch)
        do("value.correct", value, by=fresh(self.technician), typed=typed, reason="Digits were swapped")
        return self.performed(batch, "1.1")

    def value_in_force(self, field: str, batch: Batch) -> Value:
        """The value of a field that is in force."""
        return Value.objects.get(batch=batch, field=field, superseded_by=None)


def left_of(code: str) -> str:
    """What is left of a lot by its cached state."""
    left = LotState.objects.get(lot__code=code).remaining
    return "–" if left is None else f"{left:f}"
