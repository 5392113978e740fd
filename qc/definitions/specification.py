"""What a specification says, read and typed; the words of every field are in its JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from batches.definitions.master import When
from qc.definitions.growth import GrowthPlan


class ResultType(StrEnum):
    """What the laboratory enters for a line."""

    NUMBER = "number"
    COUNT = "count"
    CATEGORY = "category"
    DETECTION = "detection"
    GROWTH = "growth"
    GROUP = "group"  # its members are entered, each by itself


class Release(StrEnum):
    """What a line has to do with certification."""

    BEFORE = "before"  # needed before certification
    MAY_FOLLOW = "may_follow"  # may arrive after a conditional certification
    INFORMATION = "information"  # printed, never decides


@dataclass(frozen=True, slots=True)
class MethodReference:
    """The laboratory's procedure, its version, and what it is called on paper."""

    code: str
    version: int
    words: str


@dataclass(frozen=True, slots=True)
class SamplePoint:
    """Where in the process a sample is taken."""

    code: str
    title: str
    short_title: str


@dataclass(frozen=True, slots=True)
class Entry:
    """How a result is entered."""

    result_type: ResultType
    unit: str
    exponent: int
    decimals: int
    choices: tuple[str, ...]  # for categories: the words offered


@dataclass(frozen=True, slots=True)
class Member:
    """One test of a group."""

    code: str
    title: str
    method: MethodReference
    entry: Entry
    criterion: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Follows:
    """How late the result of a line that may follow is at the latest, and what must conform before it may."""

    latest_days: int  # from the receipt of its sample
    gates: tuple[str, ...]  # lines at other sampling points


@dataclass(frozen=True, slots=True)
class SampleNeed:
    """What a test takes of a sample; what a specification does not say is left to the site's procedure."""

    volume_ml: Decimal | None
    containers: int  # that it uses up; 0 where it is not said
    container: str  # the kind; empty where any will do


@dataclass(frozen=True, slots=True)
class TwoStep:
    """What allows a certification before the last result."""

    authorisation: str  # its reference; "to be set" while the site has not named it
    physician_acceptance: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One test with its criterion; a group of tests where the criterion is any-of or all-of."""

    code: str
    title: str
    covers: tuple[str, ...]  # characteristics this line answers for: sterility, identity, …
    method: MethodReference
    sample_point: str
    entry: Entry
    criterion: Mapping[str, object]  # as `qc.criteria.criterion_from_definition` reads it
    members: tuple[Member, ...]  # those of a group, in its order; empty otherwise
    release: Release
    basis: str  # of a count: fresh, pre_freeze, post_thaw; empty where none applies
    reference: str
    note: str
    growth: GrowthPlan | None = None  # how bottles are read; None where the specification says nothing of it
    follows: Follows | None = None  # of a line that may follow; older definitions do not say it
    needs: SampleNeed | None = None
    when: When = field(default_factory=dict)  # attributes of the specification; elsewhere it is not applicable

    @property
    def growth_days(self) -> int:
        """Give how many full days a growth test lasts; 0 for any other line."""
        return int(str(self.criterion["days"])) if self.criterion["kind"] == "no_growth" else 0

    @property
    def why_not_applicable(self) -> str:
        """Give the reason for which the line takes no result of this product; empty where it takes one."""
        return str(self.criterion["reason"]) if self.criterion["kind"] == "not_applicable" else ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a characteristic has no line, in writing and with its reference."""

    covers: str
    reason: str
    reference: str


@dataclass(frozen=True, slots=True)
class SpecificationDefinition:
    """One version of a specification."""

    code: str
    version: int
    title: str
    product: str
    attributes: Mapping[str, str]  # of the product, as far as they decide which lines are needed
    rounding: str  # USP, PH_EUR, NONE
    sample_points: tuple[SamplePoint, ...]
    lines: tuple[Line, ...]
    waivers: tuple[Waiver, ...]
    reference: str
    two_step: TwoStep | None = None

    def line(self, code: str) -> Line | None:
        return next((each for each in self.lines if each.code == code), None)

    def sample_point(self, code: str) -> SamplePoint | None:
        return next((each for each in self.sample_points if each.code == code), None)
