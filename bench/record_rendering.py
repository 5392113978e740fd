"""Making a batch record: a whole batch of which the audit trail has 1,500 rows, laid out and drawn.

Beside it a bare canvas draws the same words at the same places of the same pages. What makes the file archivable, and
the memory that the process grew by, are printed as well.
"""

import resource
import statistics
import sys
import time
from dataclasses import replace
from itertools import cycle, islice

from bench.measuring import compared, drawn, timed, words_of
from ledger import clock
from ledger.verification import unmoving_view
from reports.record_gathering.whole import batch_record
from reports.record_snapshot import BatchRecord
from reports.render import laid_out, render
from tests.batches_builders import BatchWorld

ROWS = 1_500
TIMES = 5


def recording_a_record() -> None:
    """Measure the making of a batch record."""
    world = BatchWorld()
    batch = world.worked(world.issued())
    began = time.perf_counter()
    with unmoving_view():
        gathered = batch_record(batch, number="BR-26-0001", version=1, issued_at=clock.now(), supersedes=None)
    sys.stdout.write(f"  gathered, {len(gathered.trail)} entries {(time.perf_counter() - began) * 1000:.0f} ms\n")
    measured(with_rows(gathered, ROWS))


def measured(record: BatchRecord) -> None:
    """Print what a record costs beside a bare canvas, whole, and in memory."""
    words = words_of(laid_out(record))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours: list[float] = []
    bare: list[float] = []
    whole: list[float] = []
    for _ in range(TIMES):
        timed(lambda: laid_out(record), ours)
        timed(lambda: drawn(words), bare)
    compared("batch record laid out and drawn", ours, "the same words, bare canvas", bare)
    timed(lambda: render(record), whole)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        f"  {len(words)} pages, {len(record.trail)} rows; with PDF/A {statistics.median(whole):.0f} ms; "
        f"memory grew by {(after - before) / 1024:.0f} MiB to {after / 1024:.0f} MiB\n"
    )


def with_rows(record: BatchRecord, number: int) -> BatchRecord:
    """Give the record with so many rows in its audit trail."""
    trail = tuple(replace(one, seq=place) for place, one in enumerate(islice(cycle(record.trail), number), start=1))
    stream = replace(record.streams[0], entries=number)
    return replace(record, trail=trail, streams=(stream,))
