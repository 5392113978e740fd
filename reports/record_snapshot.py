"""What a batch record says, frozen: the whole record of one batch in the order in which a regulator reads it.

(1) Nothing is left out silently: what the product does not hold is named, with who holds it (`absent`).
(2) A correction is open: the old value, the new one, who changed it, when and why stand beside each other.
(3) A signature has its five lines; what an outside party did is attested and has a shape of its own.
(4) No person's identity stands here: whose cells these are is said by the chain of identity and the pseudonym alone.
"""

from dataclasses import dataclass

from reports.snapshot import (
    AttestedBlock,
    DataMark,
    Donation,
    Evaluation,
    Identity,
    Issue,
    Line,
    Product,
    Proof,
    SignatureBlock,
    Site,
    SnapshotError,
    needs,
)


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with its name."""

    name: str
    text: str

    def __post_init__(self) -> None:
        needs(self, "name", "text")


@dataclass(frozen=True, slots=True)
class Summed:
    """A line of the summary: what was looked at, what was found, and its status."""

    name: str
    text: str
    evaluation: Evaluation

    def __post_init__(self) -> None:
        needs(self, "name", "text")


@dataclass(frozen=True, slots=True)
class RecordedSignature(SignatureBlock):
    """A signature as it stands in the record, with its comment and the entry that holds it."""

    comment: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """An act of quality on the whole batch: what it was, what was stated, who signed."""

    title: str
    evaluation: Evaluation
    statement: str
    signature: RecordedSignature


@dataclass(frozen=True, slots=True)
class DefinitionUsed:
    """A version of a definition by which the batch was made or judged: an exact copy, pinned by its digest."""

    kind: str
    code: str
    version: str
    title: str
    sha256: str
    signatures: tuple[RecordedSignature, ...]

    def __post_init__(self) -> None:
        needs(self, "kind", "code", "version", "sha256")


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry that another superseded: both, who made each, when, and why."""

    old: str
    old_by: str
    new: str
    new_by: str
    reason: str
    signature: RecordedSignature | None = None  # where the step had been signed before

    def __post_init__(self) -> None:
        needs(self, "old", "old_by", "new", "new_by", "reason")


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """A value in force with its limit and verdict, and everything it replaced."""

    title: str
    value: str
    limit: str
    evaluation: Evaluation
    recorded: str  # who and when, or the formula of a calculated quantity
    remarks: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "title", "value", "limit", "recorded")


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read into a slot of a step, whether it fitted or not."""

    slot: str
    code: str
    read: str
    says: str
    evaluation: Evaluation

    def __post_init__(self) -> None:
        needs(self, "slot", "code", "read")


@dataclass(frozen=True, slots=True)
class SignedVersion:
    """A version of a step and the people who signed it; one that no longer counts says why."""

    version: int
    counts: bool
    standing: str
    signatures: tuple[RecordedSignature, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the master record as it was carried out."""

    code: str
    title: str
    instruction: str
    demands: str  # "critical, witnessed, in forced order"
    evaluation: Evaluation
    began: str
    scans: tuple[Scan, ...] = ()
    values: tuple[RecordedValue, ...] = ()
    derived: tuple[RecordedValue, ...] = ()
    checks: tuple[RecordedSignature, ...] = ()
    versions: tuple[SignedVersion, ...] = ()
    made: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # notes, files, yields, hold times, what was left out

    def __post_init__(self) -> None:
        needs(self, "code", "title", "began")


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the process with its steps; the laboratory's own stage has none here."""

    title: str
    note: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LotUsed:
    """A lot of material with its certificate, and each use of it in this batch."""

    code: str
    name: str
    supplier: str
    certificate: str
    expires: str
    remarks: str
    uses: tuple[str, ...]
    approval: RecordedSignature

    def __post_init__(self) -> None:
        needs(self, "code", "name", "supplier", "certificate", "expires", "uses")


@dataclass(frozen=True, slots=True)
class Vessel:
    """A container of the batch: what it was made from, what it holds, and where that was stated."""

    code: str
    kind: str
    made: str
    made_from: str
    holds: str

    def __post_init__(self) -> None:
        needs(self, "code", "kind", "made", "made_from", "holds")


@dataclass(frozen=True, slots=True)
class LabelUsed:
    """One label: what it stated beside the identifiers, and what became of it."""

    serial: str
    statements: str
    standing: str

    def __post_init__(self) -> None:
        needs(self, "serial", "statements", "standing")


@dataclass(frozen=True, slots=True)
class LabelsPrinted:
    """A print of labels: its count, its specimen's digest, and each label."""

    number: str
    purpose: str
    printed: str
    count: str
    specimen: str
    labels: tuple[LabelUsed, ...]
    mismatches: tuple[str, ...] = ()
    signatures: tuple[RecordedSignature, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "number", "purpose", "printed", "count", "specimen", "labels")


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing as it was seen in the laboratory, and what it replaced."""

    what: str
    value: str
    times: str
    by: str
    sample: str
    corrections: tuple[Correction, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "what", "value", "times", "by")


@dataclass(frozen=True, slots=True)
class ResultVersion:
    """A version of a result: what it rests on, its value, its verdict, who signed and who reviewed it."""

    version: int
    reported: str
    unrounded: str
    rule: str
    why: str
    evaluation: Evaluation
    tested: str
    reason: str  # why it replaced the version before; empty for the first
    counts: bool
    readings: tuple[Reading, ...]
    members: tuple[Line, ...]
    signatures: tuple[RecordedSignature, ...]

    def __post_init__(self) -> None:
        needs(self, "reported", "rule", "tested")


@dataclass(frozen=True, slots=True)
class Assay:
    """A line of the specification with every version of its result, the oldest first."""

    code: str
    title: str
    method: str
    criterion: str
    sample_point: str
    evaluation: Evaluation
    result: str
    versions: tuple[ResultVersion, ...] = ()
    loose: tuple[Reading, ...] = ()  # readings that no result binds yet
    bench: tuple[Reading, ...] = ()  # what its method asked for: suitability, moments, complete data

    def __post_init__(self) -> None:
        needs(self, "title", "method", "criterion", "sample_point", "result")


@dataclass(frozen=True, slots=True)
class SampleReceived:
    """A sample as it reached the laboratory."""

    code: str
    point: str
    received: str
    condition: str
    by: str


@dataclass(frozen=True, slots=True)
class Collected:
    """One donation as its form states it, registered by one person and compared by another."""

    donation: Donation
    collected: str
    party: str
    volume: str
    donor_markers: str
    form: str
    signatures: tuple[RecordedSignature, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A time in which containers were kept in one place; a gap says that no place is stated."""

    containers: str
    place: str
    since: str
    until: str
    stated: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A hand-over: what went from whom to whom and in which state, each side signed or attested."""

    title: str  # "Link 3"
    containers: str
    giver: str
    taker: str
    conditions: tuple[Named, ...]
    evaluation: Evaluation
    signatures: tuple[RecordedSignature, ...]
    attested: tuple[AttestedBlock, ...]
    kept: tuple[Kept, ...]

    def __post_init__(self) -> None:
        needs(self, "title", "containers", "giver", "taker")


@dataclass(frozen=True, slots=True)
class IdentityChecked:
    """A label that was read where one of this batch was expected, whatever it turned out to be."""

    at: str
    expected: str
    scanned: str
    where: str
    by: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Custody:
    """Whose hands the cells were in, from the donation on."""

    collections: tuple[Collected, ...]
    before: tuple[Kept, ...]
    links: tuple[Link, ...]
    held: tuple[str, ...]
    checks: tuple[IdentityChecked, ...]
    gaps: tuple[str, ...]
    contradictions: tuple[str, ...]
    temperatures: tuple[str, ...] = ()  # of each time in a shipper, and of any that a logger saw


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Something that was not as it should be, and what quality assurance thinks of it."""

    kind: str
    says: str
    recorded: str
    evaluation: Evaluation
    impact: str = ""
    conclusion: str = ""
    signature: RecordedSignature | None = None

    def __post_init__(self) -> None:
        needs(self, "kind", "says", "recorded")
        if self.signature is not None:
            needs(self, "impact", "conclusion")


@dataclass(frozen=True, slots=True)
class TrueCopy:
    """A scan of a paper, certified by who compared it with the original."""

    title: str
    pages: str
    original_at: str
    step: str
    sha256: str
    signature: RecordedSignature


@dataclass(frozen=True, slots=True)
class DocumentIssued:
    """A document that was issued on the batch."""

    title: str
    number: str
    issued: str
    standing: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FileKept:
    """A file of the record with its digest."""

    name: str
    what: str
    size: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One entry of the ledger."""

    seq: int
    at: str
    who: str
    what: str
    says: str
    place: str  # stream and position in it

    def __post_init__(self) -> None:
        needs(self, "at", "who", "what", "says", "place")


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who worked on the batch: the key to names, initials and roles in this record."""

    name: str
    initials: str
    user: str
    roles: str
    signatures: int
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        needs(self, "name", "initials", "user", "roles")


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of the ledger that this record states whole, up to a position."""

    name: str
    entries: int
    first_seq: int
    last_seq: int
    leaf: str

    def __post_init__(self) -> None:
        needs(self, "name", "leaf")


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The whole record of one batch."""

    issue: Issue
    identity: Identity
    product: Product
    standing: Evaluation  # the decision on the batch
    statement: str
    certified_by: str
    pending: tuple[str, ...]  # what had no result that counts
    sites: tuple[Site, ...]
    summary: tuple[Summed, ...]
    answers: tuple[Named, ...]
    definitions: tuple[DefinitionUsed, ...]
    issued: RecordedSignature  # who issued the batch record for manufacture
    order: tuple[Named, ...]
    order_signatures: tuple[RecordedSignature, ...]
    lots: tuple[LotUsed, ...]
    equipment: tuple[Named, ...]
    vessels: tuple[Vessel, ...]
    stages: tuple[Stage, ...]
    account: tuple[Summed, ...]
    specification: str
    samples: tuple[SampleReceived, ...]
    tests: tuple[Assay, ...]
    exceptions: tuple[Exceptional, ...]
    custody: Custody
    decisions: tuple[Decided, ...]
    documents: tuple[DocumentIssued, ...]
    true_copies: tuple[TrueCopy, ...]
    trail: tuple[TrailEntry, ...]
    signers: tuple[Signer, ...]
    abbreviations: tuple[Named, ...]
    files: tuple[FileKept, ...]
    streams: tuple[Stream, ...]
    absent: tuple[Named, ...]
    proof: Proof
    data_marks: tuple[DataMark, ...] = ()
    labels: tuple[LabelsPrinted, ...] = ()
    clearances: tuple[Named, ...] = ()  # of areas, with their monitoring sessions

    def __post_init__(self) -> None:
        needs(
            self, "statement", "certified_by", "summary", "definitions", "specification", "trail", "streams", "absent"
        )
        stated = sum(stream.entries for stream in self.streams)
        if len(self.trail) != stated:
            raise SnapshotError(f"The streams have {stated} entries, the audit trail {len(self.trail)}.")

    def stream(self, name: str) -> Stream | None:
        """Give one of the streams."""
        return next((one for one in self.streams if one.name == name), None)
