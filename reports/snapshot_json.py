"""A snapshot as canonical JSON, and back; no framework.

The outer object names the document and the version of its form: {"document": …, "form": 1, "content": {…}}.
"""

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Union, get_args, get_origin, get_type_hints

from ledger.canonical import canonical
from reports.continuity_sheet import ContinuitySheet
from reports.record_snapshot import BatchRecord
from reports.snapshot import BatchCertificate, CertificateOfAnalysis, InfusionCertificate, SnapshotError
from reports.supply_snapshot import SupplyDocument

# What is issued under a number of its own, and what is kept for an outage.
Issued = CertificateOfAnalysis | BatchCertificate | InfusionCertificate | BatchRecord | SupplyDocument
Snapshot = Issued | ContinuitySheet

FORM = 1
DOCUMENTS: Mapping[str, type[Snapshot]] = {
    "certificate_of_analysis": CertificateOfAnalysis,
    "batch_certificate": BatchCertificate,
    "certificate_for_infusion": InfusionCertificate,
    "batch_record": BatchRecord,
    "continuity_record": ContinuitySheet,
    "exceptional_supply": SupplyDocument,
}


def to_json(snapshot: Snapshot) -> bytes:
    """Give the one sequence of bytes that stands for the snapshot."""
    name = next(name for name, kind in DOCUMENTS.items() if isinstance(snapshot, kind))
    return canonical({"document": name, "form": FORM, "content": _plain(snapshot)})


def from_json(stored: bytes) -> Snapshot:
    """Give the snapshot that was stored; raise SnapshotError for anything that is not one."""
    try:
        outer = json.loads(stored)
    except ValueError as error:
        raise SnapshotError("These bytes are not JSON.") from error
    if not isinstance(outer, dict) or set(outer) != {"document", "form", "content"}:
        raise SnapshotError("These bytes are not a document's snapshot.")
    if outer["form"] != FORM or outer["document"] not in DOCUMENTS:
        raise SnapshotError("This snapshot is of a form that this version does not know.")
    snapshot = _built(DOCUMENTS[outer["document"]], outer["content"], "content")
    if not isinstance(snapshot, Snapshot):
        raise SnapshotError("These bytes are not a document's snapshot.")
    return snapshot


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def _built(kind: object, value: object, where: str) -> object:
    """Give the value as the kind a field declares; raise SnapshotError where it is of another."""
    if get_origin(kind) in (Union, types.UnionType):
        if value is None:
            return None
        return _built(next(option for option in get_args(kind) if option is not type(None)), value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise SnapshotError(f"{where} is not a list.")
        return tuple(_built(get_args(kind)[0], item, f"{where}[{place}]") for place, item in enumerate(value))
    if not isinstance(kind, type):
        raise SnapshotError(f"{where} has no known kind.")
    if is_dataclass(kind):
        return _record(kind, value, where)
    if issubclass(kind, StrEnum):
        return _word(kind, value, where)
    # bool is a kind of int in Python, and a document's version is not a yes.
    if type(value) is not kind:
        raise SnapshotError(f"{where} is not a {kind.__name__}.")
    return value


def _record(kind: type, value: object, where: str) -> object:
    hints = get_type_hints(kind)
    if not isinstance(value, dict) or set(value) != set(hints):
        raise SnapshotError(f"{where} does not have the fields of a {kind.__name__}.")
    return kind(**{name: _built(hints[name], value[name], f"{where}.{name}") for name in hints})


def _word(kind: type[StrEnum], value: object, where: str) -> StrEnum:
    for word in kind:
        if value == word.value:
            return word
    raise SnapshotError(f"{where} is none of {', '.join(kind)}.")
