"""What a document says, frozen: text that is already formatted, and nothing that needs asking for.

(1) A snapshot is the whole source of a document: the same snapshot gives the same bytes.
(2) It is attached to the document as canonical JSON, so a machine reads what a person reads.
(3) No required text is blank: where a thing does not exist, the snapshot says so in words.
(4) No verdict stands without a value, and nothing pending stands on a certificate that does not call itself interim.
"""

import re
from dataclasses import dataclass, fields
from enum import StrEnum

IDENTIFIER_LIMIT = 64
DOCUMENT_NUMBER_LIMIT = 24
HEADING_LIMIT = 300


class SnapshotError(ValueError):
    """A snapshot would print a document that misleads."""


class Sign(StrEnum):
    """The shape that stands beside a status word, so that it can be read without colour."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    FAIL = "fail"
    WARN = "warn"
    WAIT = "wait"
    CONDITIONAL = "conditional"
    NONE = "none"


def needs(record: object, *names: str) -> None:
    """Refuse a record in which one of the named texts is blank."""
    for name in names:
        value = getattr(record, name)
        if not (value.strip() if isinstance(value, str) else value):
            raise SnapshotError(f"{type(record).__name__}.{name} is blank; say in words that there is none.")


def _short(record: object, limit: int, *names: str) -> None:
    for name in names:
        if len(str(getattr(record, name))) > limit:
            raise SnapshotError(f"{type(record).__name__}.{name} is longer than {limit} characters.")


@dataclass(frozen=True, slots=True)
class Issue:
    """Who issued which document, when, and what it replaces."""

    site: str
    address: str
    licence: str
    number: str
    version: int
    issued_at: str  # as printed, with offset
    issued_at_utc: str  # 2026-11-12T16:02:11Z, for the file's own dates
    interim: bool
    training: bool
    supersedes: str = ""
    superseded_by: str = ""

    def __post_init__(self) -> None:
        needs(self, "site", "address", "licence", "number", "issued_at")
        _short(self, DOCUMENT_NUMBER_LIMIT, "number")
        _short(self, IDENTIFIER_LIMIT, "supersedes", "superseded_by")
        _short(self, HEADING_LIMIT, "site", "address", "licence", "issued_at")
        if self.version < 1:
            raise SnapshotError("A document's first version is 1.")
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", self.issued_at_utc, re.ASCII):
            raise SnapshotError("issued_at_utc is a time such as 2026-11-12T16:02:11Z.")


@dataclass(frozen=True, slots=True)
class Donation:
    """A donation identification number as the eye reads it, with its check character."""

    number: str
    check_character: str

    def __post_init__(self) -> None:
        needs(self, "number", "check_character")
        _short(self, IDENTIFIER_LIMIT, "number", "check_character")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose cells these are, by number alone."""

    batch: str
    chain_of_identity: str
    donations: tuple[Donation, ...]
    subject: str

    def __post_init__(self) -> None:
        needs(self, "batch", "chain_of_identity", "donations", "subject")
        _short(self, IDENTIFIER_LIMIT, "batch", "chain_of_identity", "subject")


@dataclass(frozen=True, slots=True)
class Product:
    """What was made, under which authorisation, and what it is for."""

    name: str
    use: str
    authorisation_title: str  # "Trial", "Marketing authorisation", "Hospital exemption"
    authorisation: str
    authorisation_status: str
    donor_markers: str
    weight: str
    manufactured: str
    expires: str
    storage: str

    def __post_init__(self) -> None:
        needs(self, *(field.name for field in fields(self)))
        _short(self, IDENTIFIER_LIMIT, "authorisation_title")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A verdict: its code for machines, its shape and its words for people."""

    code: str
    sign: Sign
    words: str

    def __post_init__(self) -> None:
        needs(self, "code", "words")


@dataclass(frozen=True, slots=True)
class Line:
    """One test, or one member of a group of tests, with its own verdict."""

    test: str
    sample: str
    method: str
    criterion: str
    result: str
    evaluation: Evaluation
    tested: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "test", "criterion")
        if self.evaluation.sign in (Sign.PASS, Sign.FAIL):
            needs(self, "result")


@dataclass(frozen=True, slots=True)
class ResultLine(Line):
    """A line of the specification; the members of a group stand below it."""

    members: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note below the results; `lead` is what must not be overlooked in it."""

    mark: str
    text: str
    lead: str = ""

    def __post_init__(self) -> None:
        needs(self, "mark", "text")


@dataclass(frozen=True, slots=True)
class Site:
    """A place of manufacture, testing or collection, by what was done there."""

    activity: str
    name: str
    address: str
    references: str = ""

    def __post_init__(self) -> None:
        needs(self, "activity", "name", "address")


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """One electronic signature with all that makes it one: who, in which role, meaning what, when."""

    title: str
    name: str
    user: str
    role: str
    organisation: str
    meaning: str
    signed_at: str

    def __post_init__(self) -> None:
        needs(self, *(field.name for field in fields(SignatureBlock)))


@dataclass(frozen=True, slots=True)
class AttestedBlock:
    """What an outside party did, on the word of the two of ours who entered and checked it."""

    title: str
    party: str
    statement: str
    happened_at: str
    evidence: str
    entered_by: str
    checked_by: str

    def __post_init__(self) -> None:
        needs(self, *(field.name for field in fields(self)))


@dataclass(frozen=True, slots=True)
class DataMark:
    """What a reader must know about the data themselves, and where they come from."""

    text: str
    source: str

    def __post_init__(self) -> None:
        needs(self, "text", "source")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed head of the ledger's tree, whole."""

    origin: str
    size: int
    root: str  # base64, 256 bits
    key: str  # the fingerprint of the log's key that signed it, 64 hexadecimal digits

    def __post_init__(self) -> None:
        needs(self, "origin", "root")
        _short(self, HEADING_LIMIT, "origin", "root")
        if not re.fullmatch(r"[0-9a-f]{64}", self.key):
            raise SnapshotError("The key of a checkpoint is named by 64 hexadecimal digits in lower case.")


@dataclass(frozen=True, slots=True)
class Proof:
    """What ties the printed document to the record."""

    fingerprint: str  # 64 hexadecimal digits
    entry: str
    checkpoint: Checkpoint | None = None

    def __post_init__(self) -> None:
        needs(self, "entry")
        _short(self, IDENTIFIER_LIMIT, "entry")
        if not re.fullmatch(r"[0-9a-f]{64}", self.fingerprint):
            raise SnapshotError("A fingerprint is 64 hexadecimal digits in lower case.")


@dataclass(frozen=True, slots=True)
class Specification:
    """What the results were judged by, and how they were rounded."""

    code: str
    version: str
    rounding: str
    sampling: str  # "Sampled 6 Nov 2026, received in QC 15:31"

    def __post_init__(self) -> None:
        needs(self, "code", "version", "rounding", "sampling")
        _short(self, IDENTIFIER_LIMIT, "code", "version")


@dataclass(frozen=True, slots=True)
class Container:
    """One final container, with what is in it."""

    code: str
    volume: str
    dose: str
    state: str

    def __post_init__(self) -> None:
        needs(self, "code", "volume", "dose", "state")
        _short(self, IDENTIFIER_LIMIT, "code")


@dataclass(frozen=True, slots=True)
class CertificateOfAnalysis:
    """Results alone, signed by quality control; no decision on the batch."""

    issue: Issue
    identity: Identity
    product: Product
    dose_and_containers: str
    reconciliation: str  # filled, sampled, retained, discarded
    specification: Specification
    lines: tuple[ResultLine, ...]
    sites: tuple[Site, ...]
    signatures: tuple[SignatureBlock, ...]
    proof: Proof
    interim_summary: str = ""  # "1 of 16 results is pending."
    interim_explanation: str = ""
    batch_certificate: str = ""  # its number, when known
    footnotes: tuple[Footnote, ...] = ()
    attested: tuple[AttestedBlock, ...] = ()
    data_marks: tuple[DataMark, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "dose_and_containers", "reconciliation", "lines", "sites", "signatures")
        _short(self, IDENTIFIER_LIMIT, "batch_certificate")
        every = [line for group in self.lines for line in (group, *group.members)]
        waiting = any(group.evaluation.sign is Sign.WAIT for group in self.lines)
        if self.issue.interim != bool(self.interim_summary):
            raise SnapshotError("An interim certificate says what is missing; a final one says nothing of it.")
        if waiting and not self.issue.interim:
            raise SnapshotError("A result is pending, so the certificate is interim.")
        marks = {note.mark for note in self.footnotes}
        missing = sorted({mark for line in every for mark in line.notes} - marks)
        if missing:
            raise SnapshotError(f"The results name footnotes that do not exist: {', '.join(missing)}.")


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision in the words of the product's profile, and the sentence that states it."""

    code: str
    sign: Sign
    words: str  # "Certified", "Not certified", "Certified conditionally"
    statement: str
    pending: tuple[str, ...] = ()  # what a conditional certification still waits for

    def __post_init__(self) -> None:
        needs(self, "code", "words", "statement")
        if self.sign is Sign.CONDITIONAL and not self.pending:
            raise SnapshotError("A conditional certification lists what it still waits for.")


@dataclass(frozen=True, slots=True)
class BatchCertificate:
    """The decision on one batch, with the signatures its profile asks for."""

    issue: Issue
    identity: Identity
    product: Product
    decision: Decision
    certificate_of_analysis: str  # number and version
    dose: str
    dose_per_kg: str
    containers: tuple[Container, ...]
    sites: tuple[Site, ...]
    signatures: tuple[SignatureBlock, ...]
    proof: Proof
    comments: tuple[str, ...] = ()
    attested: tuple[AttestedBlock, ...] = ()
    data_marks: tuple[DataMark, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "certificate_of_analysis", "dose", "dose_per_kg", "containers", "sites", "signatures")
        _short(self, IDENTIFIER_LIMIT, "certificate_of_analysis")
        if (self.decision.sign is Sign.CONDITIONAL) != self.issue.interim:
            raise SnapshotError("A conditional certification is interim, and nothing else is.")


@dataclass(frozen=True, slots=True)
class InfusionBag:
    """One bag as the ward has it in hand."""

    code: str
    volume: str
    viable_cells: str
    counted_cells: str  # the cells by which the dose is stated
    concentration: str  # of those
    infusion: str  # to which infusion of the dose it belongs
    expires: str

    def __post_init__(self) -> None:
        needs(self, *(field.name for field in fields(InfusionBag)))
        _short(self, IDENTIFIER_LIMIT, "code")


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the ward is told to do."""

    title: str
    text: str

    def __post_init__(self) -> None:
        needs(self, "title", "text")


@dataclass(frozen=True, slots=True)
class InfusionCertificate:
    """What travels with the bags: whose they are, what is in them, how they are given, and what is still pending."""

    issue: Issue
    identity: Identity
    product: Product
    decision: Decision
    batch_certificate: str  # number and version
    dose: str
    dose_per_kg: str
    viability: str
    counted_as: str  # what the cells of the dose are
    bags: tuple[InfusionBag, ...]
    signatures: tuple[SignatureBlock, ...]
    proof: Proof
    instructions: tuple[Instruction, ...] = ()
    data_marks: tuple[DataMark, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "batch_certificate", "dose", "dose_per_kg", "viability", "counted_as", "bags", "signatures")
        _short(self, IDENTIFIER_LIMIT, "batch_certificate")
        if (self.decision.sign is Sign.CONDITIONAL) != self.issue.interim:
            raise SnapshotError("A conditional certification is interim, and nothing else is.")


Certificate = CertificateOfAnalysis | BatchCertificate | InfusionCertificate
