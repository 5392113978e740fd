"""Reading a label where a container of one batch is expected.

(1) A match is a container that is assigned to this very batch and is of the kind that is expected. The same chain
    of identity alone never matches: one chain may hold several batches.
(2) Whatever was read is written, and returned with its outcome; what was scanned is never refused.
(3) A donation number names a bag only where the donation has one bag, or where the label's flag says which.
"""

import unicodedata
from uuid import UUID

from accounts.models import Person
from accounts.refusal import lacks, refuse_if
from accounts.repeats import once
from accounts.roles import Permission
from chain_of_custody import isbt128
from chain_of_custody.label_message import container_in, serial_in
from chain_of_custody.models import ChainOfIdentity, Container, IdentityCheck
from ledger.writing import write

LONGEST_SCAN = 200
# What a collection fills: its cells or its tissue.
COLLECTED = (Container.Kind.APHERESIS_BAG, Container.Kind.TUMOUR_VESSEL)
_FLAGS_OF_A_SET = {"01": 1, "02": 2, "03": 3, "04": 4, "15": 5, "16": 6, "17": 7, "18": 8, "19": 9}


def check_identity(
    *,
    scanned: str,
    batch_number: str,
    coi: ChainOfIdentity,
    expected_kind: str,
    where: str,
    by: Person,
    typed: bool,
    id: UUID,  # noqa: A002  the row's own name for it
) -> IdentityCheck:
    """Write what was read where a container of a batch is expected; the outcome is a fact, whatever it is.

    `expected_kind` is one of `Container.Kind`, or empty where any container of the batch will do. `typed` tells
    that the code came from a keyboard. Sending the same id with the same content again gives the first row.
    """
    refuse_if(lacks(by, Permission.CUSTODY_RECORD))
    scanned = printable(scanned)
    said = {
        "coi_id": coi.pk,
        "batch_number": batch_number,
        "expected": expected_kind,
        "scanned": as_kept(scanned),
        "was_typed": typed,
        "where": where,
    }

    def record() -> IdentityCheck:
        row = judged_label(scanned, batch_number=batch_number, coi=coi, expected_kind=expected_kind, typed=typed)
        row.id, row.where = id, where
        return write(row, type="identity.checked", actor=by.reference)

    return once(IdentityCheck, id, said, record)


def judged_label(
    scanned: str, *, batch_number: str, coi: ChainOfIdentity, expected_kind: str, typed: bool
) -> IdentityCheck:
    """Give what a label proves where a container of a batch is expected, as a row that is not written yet."""
    container = container_read(scanned, typed=typed)
    return IdentityCheck(
        coi=coi,
        batch_number=batch_number,
        expected=expected_kind,
        scanned=as_kept(scanned),
        was_typed=typed,
        container=container,
        outcome=outcome_of(scanned, container, batch_number=batch_number, coi=coi, expected_kind=expected_kind),
    )


def as_kept(scanned: str) -> str:
    """Give what was scanned as far as it is kept."""
    return scanned if len(scanned) <= LONGEST_SCAN else scanned[: LONGEST_SCAN - 1] + "…"


def printable(scanned: str) -> str:
    """Give what was scanned with a visible sign for each control character, such as a separator in another code."""
    return "".join(_sign(character) for character in scanned)


def _sign(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return chr(0x2400 + ord(character)) if character < " " else "\N{SYMBOL FOR DELETE}"
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return character


def outcome_of(
    scanned: str, container: Container | None, *, batch_number: str, coi: ChainOfIdentity, expected_kind: str
) -> IdentityCheck.Outcome:
    """Say what a label proves about a container of a batch."""
    outcome = IdentityCheck.Outcome
    if container is None:
        chain = chain_read(scanned)
        if chain is None:
            return outcome.UNKNOWN
        return outcome.WRONG_KIND if chain == coi.identifier else outcome.OTHER_CHAIN
    assignment = getattr(container, "assignment", None)
    if container.coi_id != coi.pk:
        return outcome.OTHER_CHAIN
    if assignment is None:
        return outcome.NOT_ASSIGNED
    if assignment.batch_number != batch_number:
        return outcome.OTHER_BATCH
    if expected_kind and container.kind != expected_kind:
        return outcome.WRONG_KIND
    return outcome.MATCH


def container_read(code: str, *, typed: bool) -> Container | None:
    """Give the container that a label names: by its own code, or by the donation number of its only bag."""
    containers = Container.objects.select_related("assignment", "coi")
    serial = serial_in(code)
    if found := containers.filter(code__iexact=container_in(serial) if serial else code.strip()).first():
        return found
    din = din_read(code, typed=typed)
    if din is None:
        return None
    bags = containers.filter(collection__din=din.code, kind__in=COLLECTED).order_by("code")
    if din.flag in _FLAGS_OF_A_SET:
        return bags.filter(code=bag_code(din.code, _FLAGS_OF_A_SET[din.flag])).first()
    found_bags = list(bags[:2])
    return found_bags[0] if len(found_bags) == 1 else None


def bag_code(din: str, number: int) -> str:
    """Give the code of a bag of a donation."""
    return f"{din}-{number:02d}"


def din_read(code: str, *, typed: bool) -> isbt128.Din | None:
    """Give the donation number that was scanned, or typed with its check character; None where it is none."""
    try:
        if typed and not code.startswith("="):
            return isbt128.din_from_keyboard(code)
        read = isbt128.parse(code)
    except isbt128.Isbt128Error:
        return None
    return read if isinstance(read, isbt128.Din) else None


def chain_read(code: str) -> str | None:
    """Give the chain of identity that a label names, whether it is known here or not."""
    text = code.removeprefix("&/")
    try:
        return isbt128.chain_of_identity(text).code
    except isbt128.Isbt128Error:
        return None
