"""What the rules read of a batch: each part is read once, when the first rule asks for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from accounts.models import Person
from batches.clearing import premises_url
from batches.label_prints import PrintRecord, prints_of
from batches.models import Batch, SlotScan, ValueCorrected
from batches.people import PERSON
from batches.record import BatchRecord, record_of
from chain_of_custody.following import custody_record
from chain_of_custody.links import CustodyRecord
from chain_of_custody.models import IdentityCheck
from qc.models import ImportedReading, PlateReading
from qc.panel import PanelLine, release_panel
from qc.release.assessing import Fact, facts_of
from qc.review_by_exception.facts import rule_of


class RecordRead:
    """A batch and the parts of its record that rules look at."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._names: dict[str, str] = {}

    @cached_property
    def record(self) -> BatchRecord:
        return record_of(self.batch)

    @cached_property
    def panel(self) -> list[PanelLine]:
        return release_panel(self.batch)

    @cached_property
    def facts(self) -> Mapping[str, list[Fact]]:
        """The facts of the batch, by the code of the rule to which each belongs."""
        found: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts_of(self.batch):
            found[rule_of(fact)].append(fact)
        return found

    @cached_property
    def prints(self) -> list[PrintRecord]:
        return prints_of(self.batch)

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
        return f"/batches/{self.batch.number}/steps/{code}/" if code else f"/batches/{self.batch.number}/"

    def tab_url(self, code: str) -> str:
        """Give the page of one part of the batch."""
        return premises_url(self.batch.number) if code == "equipment" else f"/batches/{self.batch.number}/{code}/"

    def name_of(self, reference: str) -> str:
        """Give the name of who wrote a row; the machine is called so."""
        return self._names.get(reference, reference.partition("/")[0])

    def learn_names(self, references: Iterable[str]) -> None:
        """Look up the people of these references, in one statement."""
        wanted = {one.removeprefix(PERSON) for one in references if one.startswith(PERSON)}
        if wanted:
            self._names |= {one.reference: one.name for one in Person.objects.filter(pk__in=wanted)}
