"""The files of a record package that follow from entries and payloads alone (FORMAT.md 6, 7 and 12); no database.

Whoever has the entries can make each of them anew and compare the bytes; the verifier in the package does.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.canonical import canonical

# What a spreadsheet would run or swallow at the beginning of a cell.
_NOT_FIRST = ("=", "+", "-", "@", "\t", "\r", "'")
COLUMNS = (
    "seq", "at", "stream", "type", "actor", "record", "version",
    "signer", "meaning", "signed_at", "reason", "supersedes", "fields",
)  # fmt: skip
_FIELDS = {
    "signer": "signer_name",
    "meaning": "meaning_text",
    "signed_at": "signed_at",
    "reason": "reason",
    "supersedes": "supersedes_id",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An entry of the record with the fields of its payload."""

    entry: Mapping[str, Any]  # Any: plain values of canonical JSON, here and below
    fields: Mapping[str, Any]


def told(entry: bytes, payload: bytes) -> Told:
    """Read an entry and its payload."""
    return Told(json.loads(entry), json.loads(payload)["fields"])


def record_json(batch: str, chain_of_identity: str, entries: Iterable[Told]) -> Iterator[bytes]:
    """Give `record.json` piece by piece: canonical JSON whose last field to close is the list of entries."""
    head = canonical({"batch": batch, "chain_of_identity": chain_of_identity})
    # Keys are in their order: batch, chain_of_identity, entries, format, version.
    yield head[:-1] + b',"entries":['
    first = True
    for one in entries:
        yield (b"" if first else b",") + canonical(_stated(one))
        first = False
    yield b'],"format":"cellwright-record","version":1}\n'


def _stated(one: Told) -> dict[str, object]:
    entry = one.entry
    return {
        "seq": entry["seq"],
        "at": entry["at"],
        "stream": entry["stream"],
        "type": entry["type"],
        "actor": entry["actor"],
        "record": entry["rec"],
        "fields": one.fields,
    }


def audit_trail(entries: Iterable[Told]) -> Iterator[bytes]:
    """Give `audit-trail.csv` piece by piece: RFC 4180, every cell quoted, none that a spreadsheet would run."""
    yield csv_line(COLUMNS)
    for one in entries:
        record = one.entry["rec"]
        yield csv_line(
            [
                str(one.entry["seq"]),
                one.entry["at"],
                one.entry["stream"],
                one.entry["type"],
                one.entry["actor"],
                f"{record['type']}/{record['id']}",
                str(record["version"]),
                *(_text(one.fields.get(name)) for name in _FIELDS.values()),
                canonical(one.fields).decode("utf-8"),
            ]
        )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def csv_line(cells: Iterable[str]) -> bytes:
    """Give one line of a file for spreadsheets: every cell quoted, none that would be run."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return written.getvalue().encode("utf-8")


def harmless(cell: str) -> str:
    """Give a cell that no spreadsheet runs; taking one leading apostrophe away gives the text back."""
    return f"'{cell}" if cell.startswith(_NOT_FIRST) else cell
