"""Batches for tests, walked through the real acts from the prescription to the tank.

The values conform to the master batch record and reconcile: 2,500 million cells harvested, all accounted for.
"""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from accounts.models import Person
from accounts.roles import Role
from accounts.wording import today
from batches.continuity import JOB as CONTINUITY
from batches.definitions.master import FieldType, Need, NeedKind, Step
from batches.identity import batch_of
from batches.models import (
    Batch,
    Definition,
    Order,
    StartingMaterialDecision,
    StepPerformed,
    StepStart,
    Value,
    Weight,
)
from batches.ordering import record_weight
from batches.performing import record_value, scan_slot, start_step
from batches.pinned import master_of
from batches.record import StepRecord, record_of
from batches.yields import YieldStatus
from chain_of_custody.containers import of_batch
from ledger import clock, outbox
from ledger.models import OutboxJob, Site
from tests.custody_builders import World
from tests.labels_builders import donor_tested, label_everything
from tests.materials_builders import Stocked
from tests.people import a_person, do, fresh

ROOT = Path(__file__).parent.parent
FILES = {
    "product": ROOT / "batches/definitions/cd19-car-t.product.yaml",
    "master": ROOT / "batches/definitions/cd19-car-t.master.yaml",
    "specification": ROOT / "qc/definitions/cd19-car-t.specification.yaml",
}

# What a conforming batch records, by field code; a field that is not here is filled by its type.
VALUES = {
    "receipt_appearance": "even_red", "receipt_temperature_c": "5.0", "receipt_volume_ml": "107.0",
    "receipt_viable_counted": "196", "receipt_dead_counted": "4", "receipt_squares": "4", "receipt_dilution": "20",
    "receipt_cd3_percent": "65.0", "receipt_decision": "accepted",
    "profile_t_percent": "65.0", "profile_nk_percent": "10.0", "profile_b_percent": "12.0",
    "profile_pd1_percent": "18.0", "profile_tim3_percent": "6.0", "profile_lag3_percent": "5.0",
    "profile_il6": "8.0", "profile_ifn_gamma": "12.0",
    "gradient_minutes": "20", "washed_viable_counted": "180", "washed_dead_counted": "10", "washed_squares": "4",
    "washed_dilution": "20", "washed_volume_ml": "100.0",
    "selected_viable_counted": "200", "selected_dead_counted": "6", "selected_squares": "4", "selected_dilution": "10",
    "selected_volume_ml": "60.0", "selected_cd3_percent": "95.0",
    "activated_cells_volume_ml": "20.0", "culture_volume_ml": "100.0",
    "transduction_viable_counted": "150", "transduction_dead_counted": "8", "transduction_squares": "4",
    "transduction_dilution": "4", "transduction_volume_ml": "100.0", "culture_volume_before_vector_ml": "100.0",
    "vector_thaw_minutes": "30", "vector_added_ml": "15.0", "vector_wash_cycles": "2",
    "seeded_viable_counted": "120", "seeded_dead_counted": "10", "seeded_squares": "4", "seeded_dilution": "4",
    "seeded_volume_ml": "100.0",
    "day3_viable_counted": "200", "day3_dead_counted": "10", "day3_squares": "4", "day3_dilution": "4",
    "day3_volume_ml": "200.0", "feed_glucose": "2.50", "feed_added_ml": "100.0", "feed_volume_after_ml": "300.0",
    "day5_viable_counted": "150", "day5_dead_counted": "8", "day5_squares": "4", "day5_dilution": "10",
    "day5_volume_ml": "300.0", "day5_car_percent": "38.0",
    "day7_viable_counted": "200", "day7_dead_counted": "8", "day7_squares": "4", "day7_dilution": "10",
    "day7_volume_ml": "400.0",
    "harvest_days": "9.0", "harvest_viable_counted": "250", "harvest_dead_counted": "10", "harvest_squares": "4",
    "harvest_dilution": "10", "harvest_volume_ml": "400.0", "harvest_samples": "2", "harvest_sampled_ml": "4.0",
    "harvest_retained_vials": "2", "harvest_retained_ml": "4.0", "harvest_discarded_ml": "0",
    "final_wash_cycles": "2", "dmso_ml": "15.0", "formulated_volume_ml": "150.0",
    "final_viable_counted": "290", "final_dead_counted": "12", "final_squares": "4", "final_dilution": "20",
    "final_cd3_percent": "97.6", "final_car_percent": "41.0",
    "bags_filled": "2", "bag_volume_ml": "65.0", "bags_volume_ml": "130.0", "qc_vials_filled": "4",
    "qc_vial_volume_ml": "2.0", "qc_volume_ml": "8.0", "retain_vials_filled": "3", "retain_vial_volume_ml": "2.0",
    "retain_volume_ml": "6.0", "fill_discarded_ml": "6.0",
    "bags_appearance": "cloudy", "bags_refused": "0", "minutes_in_cryoprotectant": "30",
    "freezing_end_temperature_c": "-100", "storage_temperature_c": "-180",
}  # fmt: skip


class BatchWorld(Stocked, World):
    """A custody world with definitions in force, approved lots, and people trained on the master record."""

    def __init__(self) -> None:
        super().__init__()
        self.reviewer = a_person(Role.QC_REVIEWER)
        self.qa = a_person(Role.QA)
        self.qp = a_person(Role.QUALIFIED_PERSON)
        self.checker = a_person(Role.TECHNICIAN)
        for kind in FILES:
            self.defined(kind)
        for person in (self.technician, self.second, self.checker):
            self.trained(person)
        for item in sorted({need.of for step in self.master_steps() for need in step.needs if _is_lot(need)}):
            self.a_lot(item)

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force today: prepared, checked and approved by three people."""
        site = Site.objects.get()
        source = source or FILES[kind].read_text(encoding="utf-8")
        row = do("definition.prepare", site, by=self.reviewer, kind=kind, source=source, change="First version.")
        assert isinstance(row, Definition)
        do("definition.check", row, by=self.qa)
        do("definition.approve", row, by=self.qp, effective_from=today().isoformat())
        return row

    def trained(self, person: Person, version: str = "1") -> None:
        """A person trained on the master batch record."""
        day = (today() - timedelta(days=2)).isoformat()
        do("person.record_training", person, by=self.qa, procedure="MBR-CD19", version=version, trained_on=day)

    def master_steps(self) -> tuple[Step, ...]:
        """The steps of the master record in force."""
        from batches.definitions.kinds import as_master
        from batches.pinned import reading_of

        return as_master(reading_of(Definition.objects.get(kind="master", version=1))).steps

    def ordered(self) -> Order:
        """An order for the world's chain of identity."""
        row = do(
            "order.place", self.coi, by=self.logistics, product="PROD-CD19", prescriber="Dr E. Lindgren",
            prescription="RX-104-017", planned_infusion=(today() + timedelta(days=30)).isoformat(),
        )  # fmt: skip
        assert isinstance(row, Order)
        return row

    def weighed(self, order: Order, kilograms: str = "70") -> Weight:
        """A weight that a second person verified."""
        day = today() - timedelta(days=3)
        weight = record_weight(
            order=order, kilograms=kilograms, weighed_on=day, source="Ward sheet", by=self.logistics, id=uuid4()
        )
        do("weight.verify", weight, by=self.technician)
        return weight

    def issued(self, *, weight: bool = True, donor_known: bool = True) -> Batch:
        """A batch issued for an order whose bag was accepted here, its donor tested without any finding."""
        order = self.ordered()
        if weight:
            self.weighed(order)
        collection = self.received()
        self.everything_checked()
        if donor_known:
            donor_tested(collection, by=self.technician, verified_by=self.second)
        row = do("batch.issue", order, by=self.qa)
        assert isinstance(row, Batch)
        return batch_of(row.pk)

    def worked(self, batch: Batch, *, before: str = "", after: str = "", **values: str) -> Batch:
        """The batch with every step complete; up to, not with, the step `before`; from behind the step `after`."""
        steps = master_of(batch).steps
        codes = [step.code for step in steps]
        first = codes.index(after) + 1 if after else 0
        last = codes.index(before) if before else len(codes)
        for step in steps[first:last]:
            self.do_step(batch, step.code, **values)
        if last == len(codes):
            nothing_left_on_paper()
        return batch_of(batch.pk)

    def do_step(self, batch: Batch, code: str, **values: str) -> StepPerformed:
        """One step, begun, scanned, checked, recorded, performed and witnessed."""
        self.begun(batch, code)
        self.recorded(batch, code, **values)
        step = master_of(batch).step(code)
        if step is not None and step.labels:
            kinds = [str(kind) for kind in step.labels]
            label_everything(batch, by=self.technician, counted_by=self.second, kinds=kinds)
        performed = self.performed(batch, code)
        if step is not None and step.witness:
            do("step.witness", performed, by=self.second)
        self.clear_what_is_done(batch, code)
        self.verify_yields(batch, code)
        return performed

    def verify_yields(self, batch: Batch, code: str) -> None:
        """The yields of a step that is complete, verified by somebody who did not perform it."""
        if any(each.step == code for each in master_of(batch).yields):
            for each in record_of(batch_of(batch.pk)).yields:
                if each.definition.step == code and each.status is YieldStatus.TO_VERIFY:
                    do("yield.verify", batch, by=fresh(self.second), yield_code=each.definition.code)

    def begun(self, batch: Batch, code: str, *, scanned: bool = True, checked: bool = True) -> StepStart:
        """A step that was begun, with its slots filled and, where there is one, its check signed."""
        step = master_of(batch).step(code)
        assert step is not None
        if step.is_checked_before_the_act:
            self.decided(batch)
        start = start_step(batch=batch, step=code, by=self.technician, id=uuid4())
        if scanned:
            for need in step.needs:
                for read in self.codes_for(batch, need):
                    scan_slot(batch=batch, step=code, slot=need.code, code=read, by=self.technician, id=uuid4())
            if checked and step.is_checked_before_the_act:
                do("step.check_before", start, by=self.checker)
        return start

    def decided(self, batch: Batch, decision: str = "accepted", reason: str = "") -> StartingMaterialDecision:
        """The decision on the starting material of a batch, the first one that was taken."""
        if known := StartingMaterialDecision.objects.filter(batch=batch).first():
            return known
        row = do("starting_material.decide", batch, by=fresh(self.reviewer), decision=decision, reason=reason)
        assert isinstance(row, StartingMaterialDecision)
        return row

    def recorded(self, batch: Batch, code: str, **values: str) -> None:
        """Every value of a step."""
        step = master_of(batch).step(code)
        assert step is not None
        for field in step.fields:
            typed = values.get(field.code) or VALUES.get(field.code) or _any(field.type)
            self.record(batch, code, field.code, typed)

    def record(self, batch: Batch, step: str, field: str, typed: str) -> Value:
        """One value, recorded by the technician now."""
        stored = record_value(
            batch=batch, step=step, field=field, typed=typed, by=self.technician, id=uuid4(), confirmed=True
        )
        return stored.value

    def performed(self, batch: Batch, code: str) -> StepPerformed:
        """The step signed by the technician."""
        row = do("step.perform", StepStart.objects.get(batch=batch, step=code), by=fresh(self.technician))
        assert isinstance(row, StepPerformed)
        return row

    def codes_for(self, batch: Batch, need: Need) -> list[str]:
        """The codes that fit a slot."""
        if need.kind is NeedKind.CONTAINER:
            there = [one.code for one in of_batch(batch.number) if one.kind == need.of]
            return there if need.many else there[:1]
        return self.thing_for(batch, need)


def nothing_left_on_paper() -> None:
    """The editions of continuity records that are owed, done: a batch without a step left needs none."""
    for job in OutboxJob.objects.filter(kind=CONTINUITY, done_at=None).order_by("owed_at"):
        outbox.deliver(job.pk)


def a_batch(**options: bool) -> tuple[BatchWorld, Batch]:
    """A world and its issued batch."""
    world = BatchWorld()
    return world, world.issued(**options)


def step_of(batch: Batch, code: str) -> StepRecord:
    """A step of a batch as it stands."""
    found = record_of(batch_of(batch.pk)).step(code)
    assert found is not None
    return found


def _is_lot(need: Need) -> bool:
    return need.kind in (NeedKind.VECTOR_LOT, NeedKind.MATERIAL_LOT)


def _any(kind: FieldType) -> str:
    return {FieldType.TIME: clock.now().isoformat(), FieldType.YES_NO: "yes"}.get(kind, "EQ-1")
