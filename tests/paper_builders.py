"""Batches worked on paper for tests: a copy taken, a step entered back from it, its scan certified."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pikepdf
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Person
from batches.continuity import take_copy
from batches.identity import batch_of
from batches.models import Batch, ContinuityCopy, Definition, StepOnPaper, TranscriptionCompared, TrueCopy
from batches.page_counting import pages_in
from batches.transcribing import begin_transcription, record_from_paper, scan_from_paper
from chain_of_custody.uploading import keep_upload
from ledger import clock, files
from tests.batches_builders import BatchWorld
from tests.people import do, fresh
from tests.qc_builders import SHORT_MASTER

AFTER = """          - {code: receipt_labels_agree, title: Labels agree, type: yes_no, expected: ["yes"]}
"""
ON_PAPER = (
    AFTER
    + """      - code: "1.2"
        title: Addition of vector
        instruction: Thaw the vials and add the vector slowly.
        kind: check_before_act
        critical: "yes"
        witness: "yes"
        forced: "yes"
        needs:
          - {code: bag, title: Apheresis bag, kind: container, of: apheresis_bag}
          - {code: vials, title: Vector vials, kind: vector_lot, of: cd19_vector, many: "yes"}
        fields:
          - {code: vector_ml, title: Vector added, type: number, unit: mL, decimals: "1", low: "10", high: "20",
             critical: "yes", plausible_low: "1", plausible_high: "100"}
          - {code: cells_counted, title: Cells counted, type: number, unit: cells/mL, decimals: "0"}
        derived:
          - {code: cells_in_vector, title: Cells in it, formula: {code: total_nucleated_cells, version: "1"},
             inputs: {concentration: cells_counted, volume_ml: vector_ml}, unit: cells, exponent: "0", figures: "3"}
      - code: "1.3"
        title: Rest
        instruction: Put the bag back.
        kind: record
        critical: "no"
        witness: "no"
        forced: "yes"
        fields:
          - {code: incubator_c, title: Incubator, type: number, unit: "°C", decimals: "1", low: "36", high: "38"}
"""
)
MASTER = SHORT_MASTER.replace(AFTER, ON_PAPER)


class PaperWorld(BatchWorld):
    """A world whose master record has four steps, one of them with a check before the act."""

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the master record is the one above."""
        return super().defined(kind, source or (MASTER if kind == "master" else ""))


def a_copy(batch: Batch, *, by: Person, place: str = "Suite B, cabinet 4") -> ContinuityCopy:
    """The next copy of a batch's continuity record."""
    return take_copy(batch=batch_of(batch.pk), place=place, by=fresh(by), id=uuid4())


def said(copy: ContinuityCopy, world: BatchWorld, **other: Any) -> dict[str, Any]:  # Any: whatever somebody says
    """What the paper says of step 1.2: the technician did it, the checker checked, the second person watched."""
    return {
        "batch": batch_of(copy.batch_id),
        "step": "1.2",
        "copy": ContinuityCopy.objects.select_related("record").get(pk=copy.pk),
        "done_by": fresh(world.technician),
        "checked_by": fresh(world.checker),
        "watched_by": fresh(world.second),
        "happened_at": clock.now(),
        "by": fresh(world.second),
        "id": uuid4(),
    } | other


def read(copy: ContinuityCopy, world: BatchWorld, **other: Any) -> StepOnPaper:  # Any: as above
    """Who did step 1.2, as the paper says, entered by the second person."""
    return begin_transcription(**said(copy, world, **other))


def entered(copy: ContinuityCopy, world: BatchWorld, *, by: Person, vector_ml: str = "15.0") -> StepOnPaper:
    """Step 1.2 entered back whole by one person."""
    row = read(copy, world, by=fresh(by))
    batch = batch_of(copy.batch_id)
    for need in ("bag", "vials"):
        for code in codes_of(world, batch, need):
            scan_from_paper(
                batch=batch, step="1.2", slot=need, code=code, performed_at=clock.now(), by=fresh(by), id=uuid4()
            )
    for field, typed in (("vector_ml", vector_ml), ("cells_counted", "150")):
        record_from_paper(
            batch=batch, step="1.2", field=field, typed=typed, performed_at=clock.now(), by=fresh(by), id=uuid4()
        )
    return row


def codes_of(world: BatchWorld, batch: Batch, slot: str) -> list[str]:
    """The codes that stand on the paper for a slot of step 1.2."""
    from batches.pinned import master_of

    step = master_of(batch).step("1.2")
    assert step is not None
    return next(world.codes_for(batch, need) for need in step.needs if need.code == slot)


def a_scan(copy: ContinuityCopy, *, by: Person, pages: int | None = None) -> TrueCopy:
    """A certified scan of a copy, with as many pages as the copy has unless it is said otherwise."""
    count = pages or pages_in(files.read(copy.file), copy.file.media_type)
    document = pikepdf.new()
    for _page in range(count):
        document.add_blank_page()
    document.docinfo["/Title"] = str(uuid4())
    content = BytesIO()
    document.save(content)
    kept = keep_upload(SimpleUploadedFile("scan.pdf", content.getvalue()), by=fresh(by))
    row = do(
        "true_copy.certify", batch_of(copy.batch_id), by=fresh(by), file=str(kept.pk), title=f"Copy {copy.number}",
        first_page="1", last_page=str(count), pages=str(count), original_at="Archive B, cabinet 4",
    )  # fmt: skip
    assert isinstance(row, TrueCopy)
    return row


def compared(row: StepOnPaper, scan: TrueCopy, *, by: Person) -> TranscriptionCompared:
    """What was entered back of a step, compared by somebody."""
    found = do("transcription.compare", row, by=fresh(by), scan=str(scan.pk))
    assert isinstance(found, TranscriptionCompared)
    return found
