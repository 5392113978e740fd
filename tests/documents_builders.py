"""Batches whose documents are owed or made, on top of the laboratory's own builders."""

import re
from datetime import timedelta
from uuid import uuid4

import pypdfium2

from batches.models import Batch, Definition
from chain_of_custody.models import Collection, Party
from chain_of_custody.registering import register_party
from ledger import clock, outbox
from ledger.checkpoints import CHECKPOINT_JOB
from ledger.models import Entry, OutboxJob
from qc.models import Result
from reports.models import Document
from tests.batches_builders import FILES
from tests.custody_builders import a_typed_din, ago
from tests.labels_builders import donor_tested
from tests.people import do
from tests.qc_builders import (
    CONFORMING,
    FOURTEEN_DAYS,
    STERILITY,
    Laboratory,
    in_the_laboratory,
    ready_to_certify,
)
from tests.two_step_builders import letting_follow

CERTIFICATES = (
    Document.Kind.CERTIFICATE_OF_ANALYSIS,
    Document.Kind.BATCH_CERTIFICATE,
    Document.Kind.INFUSION_CERTIFICATE,
)

# What somebody might type who wants the page to be read as something else than words.
MARKUP = '<b>Bold</b> <img src="file:///etc/passwd"/> <a href="javascript:alert(1)">x</a> &amp; <para> ${7*7} {{7*7}}'


def owed(kind: str) -> OutboxJob:
    """The one job of a kind; the checkpoint after which it is owed is made first where it is not."""
    checkpointed(kind)
    return OutboxJob.objects.get(kind=kind)


def checkpointed(kind: str) -> None:
    """Every checkpoint made after which a document of this kind is owed."""
    for job in OutboxJob.objects.filter(kind=CHECKPOINT_JOB, then=kind, done_at=None).order_by("owed_at"):
        assert outbox.deliver(job.pk)


def everything_made() -> None:
    """Every job done that is owed, and those that are owed when it is done."""
    outbox.deliver_all()


def documents_issued() -> int:
    """How many documents the ledger says were issued."""
    return Entry.objects.filter(type="document.issued").count()


def with_approved_results() -> Laboratory:
    """A batch whose certificate of analysis is owed and not made."""
    laboratory = in_the_laboratory()
    laboratory.all_tested()
    laboratory.approved()
    clock.end_story()
    return laboratory


def with_both_documents() -> Laboratory:
    """A certified batch whose two documents were made."""
    laboratory = ready_to_certify()
    laboratory.certified()
    everything_made()
    assert Document.objects.count() == len(CERTIFICATES)
    return laboratory


def squeezed(text: str) -> str:
    """A text without the spaces and line ends that the layout puts between its words."""
    return re.sub(r"\s+", "", text)


def pages_of(content: bytes) -> list[str]:
    """What is printed on each page of a PDF, squeezed."""
    document = pypdfium2.PdfDocument(content)
    return [squeezed(page.get_textpage().get_text_range()) for page in document]


def corrected(laboratory: Laboratory, line: str, typed: str, reason: str) -> Result:
    """Another version of a result, reviewed again."""
    result = laboratory.line(line).result
    assert result is not None
    row = do("result.correct", result, by=laboratory.analyst, member=line, typed=typed, reason=reason)
    assert isinstance(row, Result)
    laboratory.reviewed(row)
    return row


class HostileLaboratory(Laboratory):
    """A laboratory in which every text that reaches a page looks like markup, and in which one result may follow."""

    MAY_FOLLOW = "rcl"

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the specification lets the test for replication-competent virus follow."""
        if kind == "specification":
            shipped = FILES[kind].read_text(encoding="utf-8")
            source = letting_follow(shipped, self.MAY_FOLLOW, days=30)
        return super().defined(kind, source)

    def tested_but_one(self) -> None:
        """Every line reviewed but the one that may follow; the story comes to the present on the way."""
        self.inoculated()
        for line in CONFORMING:
            if line != self.MAY_FOLLOW:
                self.reviewed(self.tested(line))
        clock.tell(clock.now() + FOURTEEN_DAYS + timedelta(minutes=1))
        for bottle in (1, 2):
            self.read(STERILITY, "no_growth", replicate=bottle)
        self.reviewed(self.submitted(STERILITY))

    def collected(self, *, bags: int = 1, din: str = "", hours_ago: float = 20) -> Collection:
        """A collection of a hospital, with donor markers, that are all markup."""
        self.hospital = register_party(
            id=uuid4(), name=MARKUP, kind=Party.Kind.HOSPITAL, address=MARKUP, licence=MARKUP, by=self.logistics
        )
        self.ward_fridge.party = self.hospital
        row = do(
            "collection.register", self.coi, by=self.technician, din=din or a_typed_din(),
            collected_at=ago(hours=hours_ago).isoformat(), party=str(self.hospital.pk), bag_volumes_ml=["107"] * bags,
            donor_markers=MARKUP, form_reference="CF-2210", place="",
        )  # fmt: skip
        assert isinstance(row, Collection)
        return row

    def issued(self, *, weight: bool = True, donor_known: bool = True) -> Batch:
        """A batch whose remarks about its data are markup."""
        order = self.ordered()
        self.weighed(order)
        collection = self.received()
        self.everything_checked()
        if donor_known:
            donor_tested(collection, by=self.technician, verified_by=self.second)
        row = do("batch.issue", order, by=self.qa, data_remark=MARKUP, data_source=MARKUP)
        assert isinstance(row, Batch)
        return row
