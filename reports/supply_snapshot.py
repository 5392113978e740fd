"""What the document on a supply out of specification says, frozen: what fails stands first; it states no conformity.

It names the decision not to certify, which stays, and never calls what leaves certified or released.
"""

from dataclasses import dataclass

from reports.snapshot import (
    IDENTIFIER_LIMIT,
    AttestedBlock,
    Container,
    DataMark,
    Evaluation,
    Identity,
    Issue,
    Product,
    Proof,
    Sign,
    SignatureBlock,
    SnapshotError,
    needs,
)


@dataclass(frozen=True, slots=True)
class SuppliedLine:
    """A line that does not conform: its limit, what was found, and where it stands."""

    test: str
    criterion: str
    result: str
    evaluation: Evaluation

    def __post_init__(self) -> None:
        needs(self, "test", "criterion", "result")
        if self.evaluation.sign is Sign.PASS:
            raise SnapshotError("A line that conforms is none on which a supply out of specification rests.")


@dataclass(frozen=True, slots=True)
class Stated:
    """Something that is said, under its name."""

    title: str
    text: str

    def __post_init__(self) -> None:
        needs(self, "title", "text")


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of the supply, and by when."""

    who: str
    until: str  # a time, or the hours from an infusion

    def __post_init__(self) -> None:
        needs(self, "who", "until")


@dataclass(frozen=True, slots=True)
class SupplyDocument:
    """The supply of named containers of a batch that is not certified, at a physician's request."""

    issue: Issue
    identity: Identity
    product: Product
    legend: str
    supply: str  # its number
    lines: tuple[SuppliedLine, ...]
    batch_certificate: str  # of the decision not to certify, number and version
    certificate_of_analysis: str
    containers: tuple[Container, ...]
    taken_by: str
    request: tuple[Stated, ...]
    evaluation: tuple[Stated, ...]
    attested: tuple[AttestedBlock, ...]
    told: tuple[Told, ...]
    signatures: tuple[SignatureBlock, ...]
    proof: Proof
    taken_back: str = ""  # when and why, where the decision was taken back
    data_marks: tuple[DataMark, ...] = ()

    def __post_init__(self) -> None:
        needs(
            self, "legend", "supply", "lines", "batch_certificate", "certificate_of_analysis", "containers", "taken_by",
            "request", "evaluation", "attested", "told", "signatures",
        )  # fmt: skip
        if self.issue.interim:
            raise SnapshotError("A supply out of specification is never interim.")
        if len(self.supply) > IDENTIFIER_LIMIT:
            raise SnapshotError(f"SupplyDocument.supply is longer than {IDENTIFIER_LIMIT} characters.")
