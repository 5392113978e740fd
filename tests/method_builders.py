"""A laboratory whose methods are defined: the shipped ones, with what they leave for the site to set."""

import re
from datetime import timedelta
from uuid import uuid4

from accounts.models import Person
from batches.models import Definition
from ledger import clock, files
from ledger.models import StoredFile
from ledger.writing import writing
from qc.methods.recording import keep_complete_data, record_event, record_suitability
from qc.models import CompleteData, InstrumentFile, SuitabilityRecorded, TimedEvent
from tests.batches_builders import FILES, ROOT
from tests.importing_builders import WithInstruments
from tests.qc_builders import Laboratory

SHIPPED = ROOT / "qc" / "definitions" / "methods"
DOSE = "car_positive_cells_total"
CAR, VIABILITY, MYCOPLASMA = "car_positive_percent", "viability_percent", "mycoplasma"
# What the site sets in each, in the order of the file.
SET_BY_SITE = {
    "TM-QC-020": ("2", "10", "30"),  # as below
    "TM-QC-021": ("2", "10", "30"),  # replicates, CV in percent, minutes from stain to reading
    "TM-QC-027": ("3", "5", "30", "2.0", "10000"),  # … untransduced in percent, cells acquired
    "TM-QC-051": (),
}
TUBES = "Sample\tCD3+ of viable (%)\tCAR+ of viable CD3+ (%)\n"
CAR_IS_FIT = {"instrument": "yes", "untransduced": "0.4", "events": "25000"}


def shipped(code: str) -> str:
    """The text of a shipped method."""
    return (SHIPPED / f"{code}.method.yaml").read_text(encoding="utf-8")


def set_by_site(code: str, *values: str) -> str:
    """A shipped method in which the site has set everything that was to be set."""
    text = shipped(code)
    for value in values or SET_BY_SITE[code]:
        head, found, tail = text.partition(": to be set")
        assert found
        text = f'{head}: "{value}"{tail}'
    assert ": to be set" not in text
    return text


def a_file(*, by: Person, content: bytes = b"replicate;value\n1;78.2\n") -> StoredFile:
    """A file of an instrument that somebody stored."""
    with writing():
        return files.keep(content, name="FC-01_0042.csv", actor=by.reference)


class MethodLaboratory(Laboratory):
    """A laboratory in which some methods were in force when its batch was issued; the other lines have none."""

    texts: dict[str, str] = {}

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the methods before the specification that names them."""
        if kind == "specification":
            for code in dict.fromkeys([*SET_BY_SITE, *self.texts]):
                super().defined("method", self.texts.get(code) or set_by_site(code))
        return super().defined(kind, source)

    def moment(self, line: str, event: str, **more: object) -> TimedEvent:
        """A moment of a test, recorded by the analyst now."""
        return record_event(
            batch=self.fresh(),
            line=line,
            event=event,
            sample=self.sample_for(line),
            by=self.analyst,
            id=uuid4(),
            **more,  # type: ignore[arg-type]  # as given
        )

    def check(self, line: str, check: str, typed: str, **more: object) -> SuitabilityRecorded:
        """A check of suitability, recorded by the analyst now."""
        return record_suitability(
            batch=self.fresh(),
            line=line,
            check=check,
            typed=typed,
            by=self.analyst,
            id=uuid4(),
            **more,  # type: ignore[arg-type]  # as given
        )

    def kept(self, line: str, kind: str = "file", *, says: str = "", by: Person | None = None) -> CompleteData:
        """A part of the complete data, kept by the analyst now."""
        by = by or self.analyst
        file = a_file(by=by) if kind == "file" else None
        return keep_complete_data(batch=self.fresh(), line=line, kind=kind, says=says, file=file, by=by, id=uuid4())

    def car_read(self, *values: str, fit: dict[str, str] | None = None, minutes: int = 10) -> None:
        """The CAR expression read as its method asks for: fit system, timed, three replicates, with its file."""
        self.car_prepared(fit=fit, minutes=minutes)
        for number, value in enumerate(values or ("39.5", "39.7", "39.9"), 1):
            self.read(CAR, value, replicate=number)

    def car_prepared(self, *, fit: dict[str, str] | None = None, minutes: int = 10) -> None:
        """Everything that the method of the CAR expression asks for besides its readings."""
        for check, typed in (CAR_IS_FIT if fit is None else fit).items():
            self.check(CAR, check, typed)
        self.sample_for(CAR)
        now = clock.now()
        self.moment(CAR, "stained", performed_at=now - timedelta(minutes=minutes))
        self.moment(CAR, "read", performed_at=now)
        self.kept(CAR)


# The ELISA of the potency, in pg/mL: three replicates, a fourth where they lie too far apart.
ELISA = set_by_site("TM-QC-041", "3", "10", "240", "80").replace('unit: "%"', "unit: pg/mL", 1)
ELISA = ELISA.replace("when_beyond: invalid", 'most: "4"\n  when_beyond: further')


class MeasuringLaboratory(WithInstruments, MethodLaboratory):
    """That laboratory with its instruments; its potency is the ELISA of a plate."""

    texts = {"TM-QC-041": ELISA}

    def __init__(self) -> None:
        super().__init__()
        self.cytometer = self.some_equipment("flow_cytometer", "FC-01")

    def tubes(self, *values: str) -> InstrumentFile:
        """The statistics of the cytometer, a row for each tube, kept for the CAR expression."""
        sample = self.sample_for(CAR)
        content = TUBES + "".join(f"{sample.container.code}\t97.6\t{value}\n" for value in values)
        chosen = {"line": CAR, "sample": sample.pk, "profile": "FLOW-STATISTICS", "instrument": self.cytometer.code}
        return self.file_kept(content, **chosen)


COPIES = "vector_copy_number"
COPIES_HEAD = "Well,Sample,Target,Copies (copies)\n"
# Vector copies per transduced cell by digital PCR: two wells, a CV of 20 %, controls from 0.9 to 1.1, 10000 droplets.
DROPLETS = set_by_site("TM-QC-032", "2", "20", "0.90", "1.10", "10000")
PER_TRANSDUCED = """\
    method: {code: TM-QC-032, version: "1", words: Digital PCR}
    sample_point: harvest_before_wash
    result_type: number
    unit: copies/transduced cell
    decimals: "2"
    criterion: {kind: less_than, limit: "5", unit: copies/transduced cell, figures: "1"}
"""


class CalculatingLaboratory(MeasuringLaboratory):
    """That laboratory where methods calculate: copies per transduced cell, viability from counts, CAR+ cells."""

    texts = {"TM-QC-032": DROPLETS}

    def __init__(self) -> None:
        super().__init__()
        self.droplet_reader = self.some_equipment("ddpcr_reader", "DD-01")

    def defined(self, kind: str, source: str = "") -> Definition:
        if kind == "specification" and not source:
            text = FILES[kind].read_text(encoding="utf-8")
            head, tail = text.split("  - code: vector_copy_number\n")
            stated = re.sub(r"    method:.*?(?=    release:)", PER_TRANSDUCED, tail, count=1, flags=re.DOTALL)
            source = f"{head}  - code: vector_copy_number\n{stated}"
        return super().defined(kind, source)

    def wells(self, *copies: tuple[str, str]) -> InstrumentFile:
        """The copies of transgene and reference gene in each well, kept for the vector copies."""
        sample = self.sample_for(COPIES)
        content = COPIES_HEAD + "".join(
            f"A{well:02d},{sample.container.code},{target},{number}\n"
            for well, pair in enumerate(copies, 1)
            for target, number in zip(("Transgene", "Reference"), pair, strict=True)
        )
        reader = self.droplet_reader.code
        return self.file_kept(content, line=COPIES, sample=sample.pk, profile="DDPCR-COPIES", instrument=reader)

    def gated(self, *replicates: tuple[str, str]) -> None:
        """The CAR+ share and its parent gate of each replicate of the vector copies, typed."""
        for number, (car, parent) in enumerate(replicates, 1):
            self.read(COPIES, car, member="car_percent", replicate=number)
            self.read(COPIES, parent, member="parent_percent", replicate=number)

    def counts(self, *counted: tuple[str, str]) -> InstrumentFile:
        """All cells and the viable ones of each count, kept for the viability."""
        code = self.sample_for(VIABILITY).container.code
        rows = "".join(f"{code},{total},{viable}\n" for total, viable in counted)
        content = "Sample ID,Cells counted (cells),Viable cells counted (cells)\n" + rows
        return self.file_kept(content, profile="CELL-COUNTS")


def methods_in_force() -> MeasuringLaboratory:
    """A batch that was made twenty days ago under methods, and whose samples wait for the laboratory."""
    clock.tell(clock.machine_now() - timedelta(days=20))
    return MeasuringLaboratory()


def methods_that_calculate() -> CalculatingLaboratory:
    """The same where methods calculate vector copies per transduced cell and the viability."""
    clock.tell(clock.machine_now() - timedelta(days=20))
    return CalculatingLaboratory()
