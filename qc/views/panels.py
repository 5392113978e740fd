"""What this room shows on the page of a batch."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.template.loader import render_to_string

from batches.models import Batch
from qc.batch_act import READ_AT_ONCE, batch_called
from qc.models import OutOfSpecification
from qc.out_of_specification.records import objections_to_out_of_specification, records_of
from qc.panel import PanelLine, release_panel
from qc.record_read import RecordRead
from qc.release.addenda import against_today
from qc.release.assessing import Fact, facts_of, open_facts
from qc.release.disposition import objections_to_certification


def tests_panel(request: HttpRequest, number: str) -> str:
    """Render the release tests of a batch, each limit beside its result."""
    batch = batch_called(number)
    panel = release_panel(batch)
    context = {
        "batch": batch,
        "panel": panel,
        "specification": batch.specification,
        "conform": sum(line.conforms for line in panel),
    }
    return render_to_string("qc/_release_tests.html", context, request=request)


def disposition_panel(request: HttpRequest, number: str) -> str:
    """Render the decision on a batch, or everything that stands against it."""
    batch = batch_called(number)
    read = RecordRead(batch)
    context = {
        "batch": batch,
        "decision": read.decision,
        "objections": against_today(batch, read) if read.decision else objections_to_certification(batch, read),
        "facts": read.facts,
        "approval": read.approval,
    }
    return render_to_string("qc/_disposition.html", context, request=request)


def open_lines(number: str) -> int | None:
    """Give how many lines of the specification still wait for something."""
    batch = _batch(number)
    return open_among(release_panel(batch)) if batch else None


def open_among(panel: Iterable[PanelLine]) -> int:
    """Count the lines that still wait for something."""
    return sum(line.is_open for line in panel)


def open_facts_of(number: str) -> int | None:
    """Give how many facts of a batch wait for an assessment, and how many records out of specification are open."""
    batch = _batch(number)
    return _open_points(batch, facts_of(batch), records_of(batch)) if batch else None


def tab_counts(read: RecordRead) -> dict[str, int | None]:
    """Give what stands beside the names of this room's tabs, for a page that reads the record anyway."""
    points = _open_points(read.batch, read.facts, read.records)
    return {"release-tests": open_among(read.panel), "disposition": points}


def _open_points(batch: Batch, facts: Sequence[Fact], records: Sequence[OutOfSpecification]) -> int:
    return len(open_facts(batch, facts)) + len(objections_to_out_of_specification(batch, records))


def _batch(number: str) -> Batch | None:
    return Batch.objects.select_related(*READ_AT_ONCE).filter(number=number).first()
