"""Laboratories with instruments, the files that they write, and plates, for tests."""

import re
from uuid import uuid4

from batches.models import Definition
from qc.importing.importing import file_called, import_file, keep_file
from qc.importing.plates import record_plate
from qc.importing.previewing import preview_of
from qc.models import InstrumentFile, InstrumentImport, PlateEntry
from tests.batches_builders import FILES
from tests.qc_builders import Laboratory

VIABILITY = "viability_percent"
COUNTER = "Sample ID,Viability (%),Viable cells (10^6 cells/mL)\n"
POTENCY = """  - code: potency
    title: Interferon gamma
    covers: [potency]
    method: {code: TM-QC-041, version: "1", words: ELISA}
    sample_point: final_product
    result_type: number
    unit: pg/mL
    decimals: "0"
    criterion: {kind: more_than, limit: "200", unit: pg/mL}
    release: before
    reference: For these tests

waivers:"""


class WithInstruments(Laboratory):
    """A laboratory with a counter, a plate reader and a centrifuge; its potency test is one number."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = self.some_equipment("cell_counter", "CC-01")
        self.reader = self.some_equipment("plate_reader", "PR-01")
        self.centrifuge = self.some_equipment("centrifuge", "CF-01")

    def defined(self, kind: str, source: str = "") -> Definition:
        if kind == "specification" and not source:
            text = FILES[kind].read_text(encoding="utf-8")
            source = re.sub(r"  - code: potency\n.*?waivers:", POTENCY, text, count=1, flags=re.DOTALL)
        return super().defined(kind, source)

    def counted(self, *values: str, sample: str = "") -> str:
        """The file of the counter with a row for each value."""
        code = sample or self.sample_for(VIABILITY).container.code
        return COUNTER + "".join(f"{code},{value},1.20\n" for value in values)

    def file_kept(self, content: str, **chosen: object) -> InstrumentFile:
        """A file of the counter, kept for the viability."""
        asked: dict[str, object] = {
            "line": VIABILITY,
            "sample": self.sample_for(VIABILITY).pk,
            "profile": "CELL-COUNTER",
            "instrument": self.counter.code,
            "by": self.analyst,
            "id": uuid4(),
            "name": "count.csv",
        }
        row = keep_file(batch=self.fresh(), content=content.encode(), **(asked | chosen))  # type: ignore[arg-type]  # as given
        return file_called(self.batch, row.pk)

    def imported(self, row: InstrumentFile, *, shown: str = "") -> InstrumentImport:
        """That file imported as it was shown."""
        return import_file(row=row, shown=shown or preview_of(row).digest, by=self.analyst)

    def typed(self, wells: dict[str, str], **chosen: object) -> PlateEntry:
        """A plate of the ELISA, typed for the potency."""
        asked: dict[str, object] = {
            "line": "potency",
            "sample": self.sample_for("potency").pk,
            "profile": "PLATE-ELISA",
            "instrument": self.reader.code,
            "by": self.analyst,
            "id": uuid4(),
        }
        return record_plate(batch=self.fresh(), wells=wells, **(asked | chosen))  # type: ignore[arg-type]  # as given


WELLS = {f"{row}{column}": "10" for row in "ABCDEFGH" for column in ("01", "02")} | {
    "A03": "250.5",
    "B03": "249",
    "C03": "252.4",
}
