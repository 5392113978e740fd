"""The measurements, by name: recording, rendering, record_rendering, verifying.

(1) Recording a value: the POST of the API for every value of a whole batch, each beside the POST of a row of the same
    size to a view that inserts it and does nothing else. Both go through the same middleware, session and parser.
(2) Making a certificate of analysis: from its frozen snapshot to checked PDF/A bytes, beside a bare canvas that draws
    the same words at the same places of the same pages.
"""

import io
import statistics
import sys
import time
from collections.abc import Callable
from uuid import uuid4

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import override_settings, setup_test_environment
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from batches.models import Batch, Value
from ledger import files
from reports.models import Document
from reports.pdfa import attached_snapshot
from reports.render import render
from reports.snapshot_json import from_json
from tests.batches_builders import BatchWorld
from tests.documents_builders import with_both_documents
from tests.people import at_browser

RENDERINGS = 15
ROW = "(id varchar(36) PRIMARY KEY, typed varchar(1000) NOT NULL, recorded_at varchar(40) NOT NULL)"


def timed(job: Callable[[], object], into: list[float]) -> None:
    """Do a job once and add how many milliseconds it took."""
    began = time.perf_counter()
    job()
    into.append((time.perf_counter() - began) * 1000)


def compared(title: str, ours: list[float], reference: str, bare: list[float]) -> None:
    """Print both medians and how many times the one is the other."""
    first, second = statistics.median(ours), statistics.median(bare)
    sys.stdout.write(
        f"  {title:<34} {first:8.2f} ms   {reference:<26} {second:8.2f} ms   ratio {first / second:6.2f}"
        f"   ({len(ours)} times)\n"
    )
    sys.stdout.flush()


class RecordingWorld(BatchWorld):
    """A batch whose every value comes through the API, each followed by a bare insert."""

    def __init__(self) -> None:
        super().__init__()
        self.ours: list[float] = []
        self.bare: list[float] = []
        self.browser: Client | None = None

    def record(self, batch: Batch, step: str, field: str, typed: str) -> Value:
        """One value, posted as a program posts it."""
        browser = self.browser = self.browser or at_browser(self.technician)
        place = f"/api/v1/batches/{batch.number}/steps/{step}/values/"
        key = uuid4()
        value = {"id": str(key), "field": field, "typed": typed, "confirmed": True}
        row = {"id": str(uuid4()), "typed": typed}
        timed(lambda: posted(browser, place, value), self.ours)
        timed(lambda: posted(browser, "/bare/", row), self.bare)
        return Value.objects.get(pk=key)


def posted(browser: Client, place: str, data: dict[str, object] | dict[str, str]) -> None:
    """Post and insist that a row was made."""
    answer = browser.post(place, data, content_type="application/json")
    if answer.status_code != 201:
        raise RuntimeError(f"{place} answered {answer.status_code}: {answer.content[:500]!r}")


def recording() -> None:
    """Measure the recording of every value of a batch."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_bare {ROW}")
    with override_settings(ROOT_URLCONF="bench.bare"):
        world = RecordingWorld()
        world.worked(world.issued())
    tenth = len(world.ours) // 10
    compared("value recorded through the API", world.ours, "one bare insert, same way", world.bare)
    compared("  the last tenth of the batch", world.ours[-tenth:], "the first tenth", world.ours[:tenth])


def rendering() -> None:
    """Measure the making of a certificate."""
    laboratory = with_both_documents()
    document = Document.objects.select_related("file").get(
        batch=laboratory.batch, kind=Document.Kind.CERTIFICATE_OF_ANALYSIS
    )
    content = files.read(document.file)
    snapshot, words = from_json(attached_snapshot(content)), words_of(content)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(RENDERINGS):
        timed(lambda: render(snapshot), ours)
        timed(lambda: drawn(words), bare)
    compared("certificate of analysis rendered", ours, "the same words, bare canvas", bare)


Word = tuple[float, float, float, str]


def words_of(content: bytes) -> list[list[Word]]:
    """Give what each page shows: left, bottom, height and text of each run of words."""
    import pypdfium2

    pages = []
    for page in pypdfium2.PdfDocument(content):
        text = page.get_textpage()
        places = [text.get_rect(number) for number in range(text.count_rects())]
        pages.append(
            [
                (left, low, high - low, text.get_text_bounded(left, low, right, high))
                for left, low, right, high in places
            ]
        )
    return pages


def drawn(pages: list[list[Word]]) -> bytes:
    """Draw the words with nothing around them."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=A4)
    for page in pages:
        for left, low, height, text in page:
            canvas.setFont("DejaVuSans", max(height, 1))
            canvas.drawString(left, low, text)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def record_rendering() -> None:
    """Measure the making of a batch record."""
    from bench.record_rendering import recording_a_record

    recording_a_record()


def verifying() -> None:
    """Measure the offline verifier."""
    from bench.verifying import verifying as measured

    measured()


MEASUREMENTS = {
    "recording": recording,
    "rendering": rendering,
    "record_rendering": record_rendering,
    "verifying": verifying,
}


def measure(what: str) -> None:
    """Found a scratch site and measure what was asked for."""
    setup_test_environment()
    call_command("migrate", verbosity=0)
    MEASUREMENTS[what]()
