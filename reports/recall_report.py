"""The list of a rehearsed recall as a file: one line a container, and the sums that must add up at the end.

RFC 4180, every cell quoted, none that a spreadsheet would run.
"""

from collections.abc import Iterator

from accounts.wording import record_time
from batches.recall import Rehearsal, Tally
from reports.package_data import csv_line

COLUMNS = (
    "from", "code", "batch", "order", "product", "prescriber", "disposition", "chain of identity", "subject",
    "container", "kind", "volume mL", "made at", "made before it was used", "holder", "holder's address", "person",
    "place", "position", "what became of it", "since",
)  # fmt: skip


def recall_csv(found: Rehearsal) -> Iterator[bytes]:
    """Give the list piece by piece."""
    yield csv_line(COLUMNS)
    for batch in found.affected:
        for one in batch.containers:
            yield csv_line(
                [
                    found.start.value,
                    found.code,
                    one.batch,
                    one.order,
                    one.product,
                    one.prescriber,
                    one.disposition,
                    one.chain,
                    one.subject,
                    one.container,
                    one.kind,
                    "" if one.volume_ml is None else f"{one.volume_ml:f}",
                    record_time(one.made_at),
                    "yes" if one.was_there_before else "no",
                    one.holder,
                    one.holder_address,
                    one.person,
                    one.place,
                    one.position,
                    one.fate,
                    record_time(one.fate_at) if one.fate_at else "",
                ]
            )
        yield _sum(f"sum of {batch.batch}", batch.tally, batch.reconciles)
        for says in batch.contradictions:
            yield csv_line([f"contradiction in {batch.batch}", says])
    yield _sum("sum of all", found.tally, found.reconciles)
    yield csv_line(["asked at", record_time(found.asked_at)])


def _sum(what: str, tally: Tally, reconciles: bool) -> bytes:
    return csv_line(
        [
            what,
            f"made {tally.made}",
            f"here {tally.here}",
            f"elsewhere {tally.elsewhere}",
            f"ended {tally.ended}",
            "adds up with custody" if reconciles else "does not add up",
        ]
    )
