"""A batch of any shipped family for tests, walked through the real acts with the values of its worked batch."""

from pathlib import Path
from uuid import uuid4

from accounts.models import Person
from accounts.roles import Role
from accounts.wording import today
from batches.definitions.kinds import as_master
from batches.definitions.master import FieldType, MasterDefinition, Need, NeedKind
from batches.models import Batch, Definition, Order, StepPerformed
from batches.noting import add_file
from batches.performing import scan_slot
from batches.pinned import master_of, reading_of
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Collection
from config.story.worked_batches import with_limits, worked_batch
from ledger import clock, files
from ledger.models import Site
from ledger.writing import writing
from tests.batches_builders import BatchWorld
from tests.custody_builders import MARKERS, World, a_typed_din, ago
from tests.people import a_person, do

ROOT = Path(__file__).parent.parent
ROOM = {"product": "batches", "master": "batches", "specification": "qc"}


def source_of(family: str, kind: str) -> str:
    """A definition file of a family, as it is shipped."""
    return (ROOT / ROOM[kind] / "definitions" / f"{family}.{kind}.yaml").read_text(encoding="utf-8")


def filled(family: str, kind: str) -> str:
    """A definition file of a family with every limit set that it leaves for the site."""
    return with_limits(source_of(family, kind), worked_batch(family).set_limits.get(kind, {}))


class FamilyWorld(BatchWorld):
    """A world with the definitions of one family in force, and people trained on its master batch record."""

    def __init__(self, family: str, *, in_force: bool = True) -> None:
        World.__init__(self)
        self.plan = worked_batch(family)
        self.family = family
        self.reviewer = a_person(Role.QC_REVIEWER)
        self.qa = a_person(Role.QA)
        self.qp = a_person(Role.QUALIFIED_PERSON)
        self.checker = a_person(Role.TECHNICIAN)
        if in_force:
            self.define()

    def define(self) -> None:
        """Bring the three definitions into force, and train who works by them."""
        for kind in ROOM:
            self.defined(kind, filled(self.family, kind))
        for person in (self.technician, self.second, self.checker):
            self.trained(person)

    def prepared(self, kind: str, source: str) -> Definition:
        """A definition prepared by one person and checked by another."""
        row = do("definition.prepare", Site.objects.get(), by=self.reviewer, kind=kind, source=source, change="First.")
        assert isinstance(row, Definition)
        do("definition.check", row, by=self.qa)
        return row

    @property
    def master(self) -> MasterDefinition:
        """The master batch record in force."""
        return as_master(reading_of(Definition.objects.filter(kind="master").latest("version")))

    def trained(self, person: Person, version: str = "1") -> None:
        """A person trained on the master batch record of the family."""
        procedure, day = self.master.training.procedure, today().isoformat()
        do("person.record_training", person, by=self.qa, procedure=procedure, version=version, trained_on=day)

    def collected(self, *, bags: int = 1, din: str = "", hours_ago: float = 20) -> Collection:
        """A registered collection of what the family is made from."""
        row = do(
            "collection.register", self.coi, by=self.technician, din=din or a_typed_din(),
            collected_at=ago(hours=hours_ago).isoformat(), party=str(self.hospital.pk), bag_volumes_ml=["100"] * bags,
            donor_markers=MARKERS, form_reference="CF-2210", place="H-2", material=self.plan.material,
        )  # fmt: skip
        assert isinstance(row, Collection)
        return row

    def ordered(self) -> Order:
        """An order of the family's product."""
        row = do(
            "order.place", self.coi, by=self.logistics, product=self.plan.product, prescriber="Dr E. Lindgren",
            prescription="RX-104-017", planned_infusion=today().isoformat(),
        )  # fmt: skip
        assert isinstance(row, Order)
        return row

    def recorded(self, batch: Batch, code: str, **values: str) -> None:
        """Every value of a step, as the worked batch has it; times are now."""
        step = master_of(batch).step(code)
        assert step is not None
        for field in step.fields:
            now = clock.now().isoformat() if field.type is FieldType.TIME else ""
            self.record(batch, code, field.code, values.get(field.code) or now or self.plan.values[field.code])

    def performed(self, batch: Batch, code: str) -> StepPerformed:
        """The step signed by the technician, with the files that it asks for."""
        step = master_of(batch).step(code)
        assert step is not None
        for each in step.evidence:
            if each.required:
                self._shown(batch, code, each.code)
        return super().performed(batch, code)

    def _shown(self, batch: Batch, code: str, evidence: str) -> None:
        with writing():
            file = files.keep(b"%PDF-1.4\n" + uuid4().bytes, name="curve.pdf", actor=self.technician.reference)
        add_file(batch=batch, step=code, file=file, title="", by=self.technician, id=uuid4(), evidence=evidence)

    def scanned(self, batch: Batch, code: str) -> None:
        """Every slot of a step that was begun, filled."""
        step = master_of(batch).step(code)
        assert step is not None
        for need in step.needs:
            for read in self.codes_for(batch, need):
                scan_slot(batch=batch, step=code, slot=need.code, code=read, by=self.technician, id=uuid4())

    def codes_for(self, batch: Batch, need: Need) -> list[str]:
        """The codes that fit a slot: the containers of the kind that were made last, or the newest one of them."""
        if need.kind is not NeedKind.CONTAINER:
            return super().codes_for(batch, need)
        there = [one for one in of_batch(batch.number) if one.kind == need.of]
        newest = sorted(one.code for one in there if one.made_at == there[-1].made_at)
        if not need.many:
            return newest[-1:]
        chosen = next((each.only for each in self.plan.scans if each.slot == need.code), ())
        return [code for n, code in enumerate(newest, start=1) if not chosen or n in chosen]
