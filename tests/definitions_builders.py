"""The small product of docs/how-to/define-a-product.md, for tests that change definitions: files and a first batch."""

import copy
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from accounts.models import Person
from accounts.roles import Role
from accounts.wording import today
from batches.identity import batch_of
from batches.models import Batch, Definition, Order, StepPerformed, StepStart
from batches.performing import record_value, scan_slot, start_step
from ledger import clock
from ledger.models import Site
from ledger.safe_yaml import read
from tests.custody_builders import World
from tests.people import a_person, do, fresh

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "define-a-product.md"
DLI: dict[str, str] = {
    name.split(".")[1]: text
    for name, text in re.findall(r"`(dli\.\w+\.yaml)`:\n\n```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
}
# Plain data of any depth, changed in place by the tests.
Data = Any


def dli(kind: str = "master") -> Data:
    """One of the files as plain data, free to be changed."""
    return copy.deepcopy(read(DLI[kind].encode("utf-8")))


def step_in(data: Data, code: str) -> Data:
    """A step of a master record in plain data."""
    return next(each for stage in data["stages"] for each in stage.get("steps", []) if each["code"] == code)


def value_in(data: Data, code: str) -> Data:
    """A field or derived quantity of a master record in plain data."""
    steps = [step for stage in data["stages"] for step in stage.get("steps", [])]
    return next(
        each for step in steps for each in [*step.get("fields", []), *step.get("derived", [])] if each["code"] == code
    )


def named(parts: list[Data], code: str) -> Data:
    """The part of a list that has this code."""
    return next(each for each in parts if each["code"] == code)


class DefinitionWorld(World):
    """People who define, and the small product in force once `defined` was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.author = a_person(Role.QC_REVIEWER)
        self.qa = a_person(Role.QA)
        self.qp = a_person(Role.QUALIFIED_PERSON)

    def prepared(self, kind: str = "master", source: str = "", *, by: Person | None = None) -> Definition:
        """A version that its author signed."""
        row = do(
            "definition.prepare",
            Site.objects.get(),
            by=by or self.author,
            kind=kind,
            source=source or DLI[kind],
            change="First version.",
        )
        assert isinstance(row, Definition)
        return row

    def in_force(self, kind: str = "master", source: str = "") -> Definition:
        """A version in force today."""
        row = self.prepared(kind, source)
        do("definition.check", row, by=self.qa)
        do("definition.approve", row, by=self.qp, effective_from=today().isoformat())
        return Definition.objects.get(pk=row.pk)

    def issued(self, **files: str) -> Batch:
        """The first batch of the small product, with other files where they are given; the technician is trained."""
        for kind in DLI:
            self.in_force(kind, files.get(kind, ""))
        day = (today() - timedelta(days=2)).isoformat()
        do("person.record_training", self.technician, by=self.qa, procedure="MBR-DLI", version="1", trained_on=day)
        do("person.record_training", self.second, by=self.qa, procedure="MBR-DLI", version="1", trained_on=day)
        order = do(
            "order.place", self.coi, by=self.logistics, product="PROD-DLI", prescriber="Dr E", prescription="RX-1"
        )
        assert isinstance(order, Order)
        self.received()
        self.everything_checked()
        row = do("batch.issue", order, by=self.qa)
        return batch_of(row.pk)

    def first_step_begun(self, batch: Batch) -> StepStart:
        """Step 1.1 with its bag scanned."""
        start = start_step(batch=batch, step="1.1", by=self.technician, id=uuid4())
        bag = self.bags_of(self.coi.collections.get())[0].code
        scan_slot(batch=batch, step="1.1", slot="bag", code=bag, by=self.technician, id=uuid4())
        return start

    def first_step_done(self, batch: Batch) -> StepPerformed:
        """Step 1.1 complete, with its witness."""
        start = self.first_step_begun(batch)
        for field, typed in (("labels_agree", "yes"), ("unpacked_at", clock.now().isoformat())):
            record_value(batch=batch, step="1.1", field=field, typed=typed, by=self.technician, id=uuid4())
        row = do("step.perform", start, by=fresh(self.technician))
        assert isinstance(row, StepPerformed)
        do("step.witness", row, by=self.second)
        return row
