"""Sites with something on every page, walked to by the real acts."""

from datetime import timedelta
from uuid import uuid4

from batches.definitions.kinds import as_master
from batches.definitions.master import NeedKind
from batches.models import Batch, Definition, MaterialLot, Value
from batches.performing import correct_value
from batches.pinned import master_of, reading_of
from ledger import clock
from tests.batches_builders import FILES, VALUES
from tests.custody_builders import a_subject
from tests.inspections_builders import an_inspection, an_inspector
from tests.people import do
from tests.qc_builders import CONFORMING, FOURTEEN_DAYS, SHORT_MASTER, STERILITY, Laboratory

LAST_STEP = """
      - code: "2.2"
        title: Storage in the tank
        instruction: Place the bag in the tank and read its temperature.
        kind: record
        critical: "yes"
        witness: "yes"
        forced: "yes"
        fields:
          - {code: tank_temperature_c, title: Temperature of the tank, type: number,
             unit: "°C", decimals: "0", high: "-150"}
  - code: release_testing"""


class LastDay(Laboratory):
    """A batch that lacks its last step at the bench and one of its results."""

    def __init__(self) -> None:
        clock.tell(clock.machine_now() - timedelta(days=20))
        super().__init__()
        self.inoculated()
        for line in CONFORMING:
            if line != "viability_percent":
                self.reviewed(self.tested(line))
        clock.tell(clock.now() + FOURTEEN_DAYS + timedelta(minutes=1))
        for bottle in (1, 2):
            self.read(STERILITY, "no_growth", replicate=bottle)
        self.reviewed(self.submitted(STERILITY))
        clock.end_story()

    def defined(self, kind: str, source: str = "") -> Definition:
        longer = SHORT_MASTER.replace("\n  - code: release_testing", LAST_STEP)
        return super().defined(kind, source or (longer if kind == "master" else ""))

    def worked(self, batch: Batch, *, before: str = "2.2", after: str = "", **values: str) -> Batch:
        return super().worked(batch, before=before, after=after, **values)


class WholeSite(LastDay):
    """Beside that batch another one, made by the whole master record as far as the check before the vector is added.

    It has a value out of its limit and a corrected one. An inspector may read both.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reviewed(self.tested("viability_percent"))
        self.approved()
        self.begun(self.batch, "2.2")
        self.coi = a_subject(by=self.logistics)
        source = FILES["master"].read_text(encoding="utf-8").replace('version: "1"', 'version: "2"', 1)
        self.lots_for(self.defined("master", source))
        self.making = self.worked(self.issued(), before="3.2", receipt_temperature_c="12.0")
        self._corrected_step("3.2")
        self.begun(self.making, "3.3", checked=False)
        self.inspector = an_inspector()
        opened = (self.batch.number, self.making.number)
        self.inspection = an_inspection(*opened, reader=self.inspector, by=self.qa)

    def lots_for(self, master: Definition) -> None:
        """A lot of each material of a master record that has none yet."""
        for step in as_master(reading_of(master)).steps:
            for need in step.needs:
                is_lot = need.kind in (NeedKind.VECTOR_LOT, NeedKind.MATERIAL_LOT)
                if is_lot and not MaterialLot.objects.filter(item=need.of).exists():
                    self.a_lot(need.of)

    def _corrected_step(self, code: str) -> None:
        """A step whose first number was typed wrongly at first."""
        self.begun(self.making, code)
        step = master_of(self.making).step(code)
        assert step is not None
        number = next(field for field in step.fields if field.is_numeric)
        self.recorded(self.making, code, **{number.code: "10.0"})
        value = Value.objects.get(batch=self.making, step=code, field=number.code)
        correct_value(
            value=value, typed=VALUES[number.code], reason="Digits swapped on entry", by=self.technician, id=uuid4()
        )
        performed = self.performed(self.making, code)
        if step.witness:
            do("step.witness", performed, by=self.second)


def lacking(kind: type[Laboratory], line: str) -> Laboratory:
    """A batch that was made twenty days ago and lacks one of its results today."""
    clock.tell(clock.machine_now() - timedelta(days=20))
    laboratory = kind()
    laboratory.all_tested(but=(line,))
    clock.end_story()
    return laboratory
