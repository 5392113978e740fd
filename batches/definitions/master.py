"""What a master batch record says, read and typed; the words of every field are in its JSON Schema.

Values, limits and plausible ranges of a field stand at its own scale: a field in ×10⁶ cells/mL has the
unit "cells/mL", the exponent 6, and a limit of 0.5 where half a million is meant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as default
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


class StepKind(StrEnum):
    """What a step asks of the people at the bench."""

    RECORD = "record"  # work is done and written down
    CONTAINER_SCAN = "container_scan"  # containers are compared with the identity of the batch
    CHECK_BEFORE_ACT = "check_before_act"  # cannot be undone: entry opens after a second person has confirmed
    SAMPLING = "sampling"  # samples are taken and get codes of their own
    FILL = "fill"  # final containers are made, after the same confirmation


class NeedKind(StrEnum):
    """What a scan slot takes."""

    CONTAINER = "container"
    VECTOR_LOT = "vector_lot"
    MATERIAL_LOT = "material_lot"
    EQUIPMENT = "equipment"
    AREA = "area"


class ContainerKind(StrEnum):
    """Kinds of container, with the codes that custody knows them by."""

    APHERESIS_BAG = "apheresis_bag"
    TUMOUR_VESSEL = "tumour_vessel"
    CULTURE_BAG = "culture_bag"
    FORMULATION = "formulation"
    FINAL_BAG = "final_bag"
    QC_VIAL = "qc_vial"
    RETAIN_VIAL = "retain_vial"
    SAMPLE = "sample"


class Protects(StrEnum):
    """What the order of a step protects."""

    IDENTITY = "identity"  # hard: nothing before it may be open
    STERILITY = "sterility"  # hard, too
    RECORD = "record"  # the order of the record alone: one may go on with a reason


class Phase(StrEnum):
    """Where a yield is stated."""

    ENRICHMENT = "enrichment"
    HARVEST = "harvest"
    FILL = "fill"


class OnExceeding(StrEnum):
    """What an exceeded hold time asks for."""

    DEVIATION = "deviation"
    REJECT = "reject"


# Attributes of the product, and of the batch's start, and the values at which a part of the record holds; all must
# match. Empty where it holds always.
When = Mapping[str, tuple[str, ...]]


class FieldType(StrEnum):
    """What is entered."""

    NUMBER = "number"  # anything measured
    COUNT = "count"  # cells or things, never below zero
    TEXT = "text"
    CHOICE = "choice"
    TIME = "time"
    YES_NO = "yes_no"


class Rounding(StrEnum):
    """How a value is compared with an in-process limit."""

    USP = "USP"  # at the decimals of the limit, half up
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Limits:
    """A range with both ends in it; an end that is None is open."""

    low: Decimal | None
    high: Decimal | None
    rounding: Rounding

    @property
    def are_empty(self) -> bool:
        """Whether no value can lie within."""
        return self.low is not None and self.high is not None and not self.low < self.high

    def are_met_by(self, value: Decimal) -> bool:
        """Whether the value, at the scale of the limits, lies within them as their rounding rule compares it."""
        above = self.low is None or self._as_compared(value, self.low) >= self.low
        below = self.high is None or self._as_compared(value, self.high) <= self.high
        return above and below

    def _as_compared(self, value: Decimal, limit: Decimal) -> Decimal:
        if self.rounding is Rounding.NONE:
            return value
        return value.quantize(Decimal(1).scaleb(int(limit.as_tuple().exponent)), context=_WIDE)

    @property
    def words(self) -> str:
        """The range as on paper, without its unit: ≥ 70, ≤ 8, 2–8."""
        if self.low is not None and self.high is not None:
            dash = "–" if self.low >= 0 else " to "
            return f"{self.low}{dash}{self.high}".replace("-", "−")
        if self.low is not None:
            return f"≥ {self.low}".replace("-", "−")
        return f"≤ {self.high}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Training:
    """The procedure, and its version, one must be trained on."""

    procedure: str
    version: int


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a material a step takes, in the unit in which its lots are counted."""

    unit: str
    actual: str  # the number field of the same step that says how much was taken
    planned: str | None  # a field, a derived quantity or a parameter of the product, or
    planned_number: Decimal | None


@dataclass(frozen=True, slots=True)
class Need:
    """A scan slot: what must be at hand, each with its own code."""

    code: str
    title: str
    kind: NeedKind
    of: str  # kind of container or area, item code of the material, or type of the equipment
    many: bool  # one code, or one and more (each vial by its own)
    amount: Amount | None = None
    clearance: bool = False  # an area that two people have cleared for this batch before
    some: bool = False  # of many containers, only those that the step chooses; else every one of the kind
    when: When = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """Containers that come into being when the step is signed."""

    kind: ContainerKind
    title: str
    number: int | None  # fixed, or
    number_field: str | None  # the count field of the same step that says how many
    volume_field: str | None  # what one of them holds, in mL
    cells_from: str | None  # viable cells in one of them: a derived quantity
    sample_point: str | None  # a sampling point of the specification, for samples and vials
    when: When = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the words a choice field offers."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Field:
    """One value to record."""

    code: str
    title: str
    type: FieldType
    unit: str
    exponent: int
    decimals: int
    limits: Limits | None  # judged; recorded either way
    plausible: Limits | None  # outside it, asked again before it is stored
    choices: tuple[Choice, ...]
    expected: tuple[str, ...]  # codes that are as they should be; empty where any is
    critical: bool  # verified by a second person
    required: bool
    hint: str
    report_only: bool = False  # a finding that is reported and never judged
    to_be_set: bool = False  # the site has still to say its limits
    when: When = default(default_factory=dict)

    @property
    def is_numeric(self) -> bool:
        return self.type in (FieldType.NUMBER, FieldType.COUNT)


@dataclass(frozen=True, slots=True)
class Derived:
    """A quantity calculated by a formula of the table."""

    code: str
    title: str
    formula: str
    version: int
    inputs: Mapping[str, str]  # name of the formula's input → field, derived quantity, or outside source
    unit: str
    exponent: int
    figures: int | None  # significant figures shown, or
    decimals: int | None  # decimals shown
    limits: Limits | None  # at the scale of the exponent
    to_be_set: bool = False  # the site has still to say its limits
    when: When = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that the step asks for: a photograph, a print, a curve."""

    code: str
    title: str
    required: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction and what is recorded when it is followed."""

    code: str  # 3.4
    title: str
    stage: str
    instruction: str
    kind: StepKind
    critical: bool
    witness: bool
    forced: bool  # cannot be begun before the steps before it are signed
    confirms: tuple[str, ...]  # earlier values a second person confirms before the act, beside the scans
    training: Training
    needs: tuple[Need, ...]
    creates: tuple[Made, ...]
    fields: tuple[Field, ...]
    derived: tuple[Derived, ...]
    operation: str = ""  # the unit operation it belongs to
    protects: Protects = Protects.RECORD
    optional: bool = False  # may be left out with a reason
    pools: bool = False  # may bring the content of several containers together
    evidence: tuple[Evidence, ...] = ()
    labels: tuple[ContainerKind, ...] = ()  # of which containers labels are printed, applied and reconciled here
    when: When = default(default_factory=dict)

    @property
    def is_checked_before_the_act(self) -> bool:
        return self.kind in (StepKind.CHECK_BEFORE_ACT, StepKind.FILL)

    def field(self, code: str) -> Field | None:
        return next((each for each in self.fields if each.code == code), None)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the process."""

    code: str
    title: str
    laboratory: bool  # no production steps: the work is the laboratory's
    steps: tuple[Step, ...]
    when: When = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """One place to which harvested cells went."""

    kind: str  # filled, sampled, retained, lost, discarded
    title: str
    source: str  # a field or derived quantity, in cells


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was made and where all of it went; the shares add up to what was made within the tolerance."""

    made: str
    shares: tuple[Share, ...]
    tolerance: Decimal  # at the scale of the exponent
    exponent: int
    unit: str


@dataclass(frozen=True, slots=True)
class HoldTime:
    """How long may pass from one event to another; both are time fields of the record."""

    code: str
    title: str
    start: str
    end: str
    limit_minutes: int
    warn_minutes: int  # after so many it is warned
    on_exceeding: OnExceeding
    when: When = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Yield:
    """What was got, as a share of what could be got (21 CFR 211.103)."""

    code: str
    title: str
    phase: Phase
    step: str  # once this step is complete, the yield can be verified
    actual: str
    theoretical: str
    limits: Limits | None  # in percent
    when: When = default(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of the record that does not apply to this product or batch, and why."""

    step: str  # the step, or the step it belongs to
    title: str
    why: str  # "gene transfer is none"
    is_step: bool


@dataclass(frozen=True, slots=True)
class MasterDefinition:
    """One version of a master batch record."""

    code: str
    version: int
    title: str
    product: str
    rounding: Rounding
    training: Training
    stages: tuple[Stage, ...]
    reconciliation: Reconciliation | None
    reference: str
    hold_times: tuple[HoldTime, ...] = ()
    yields: tuple[Yield, ...] = ()
    clearance_points: tuple[str, ...] = ()  # what is looked at in a line clearance
    left_out: tuple[LeftOut, ...] = ()  # filled when the record is applied to a batch

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for stage in self.stages for step in stage.steps)

    def stage(self, code: str) -> Stage | None:
        return next((each for each in self.stages if each.code == code), None)

    def step(self, code: str) -> Step | None:
        return next((each for each in self.steps if each.code == code), None)

    def fields(self) -> Iterator[tuple[Step, Field]]:
        """Every field with its step, in the order of the record."""
        return ((step, field) for step in self.steps for field in step.fields)

    def derived(self) -> Iterator[tuple[Step, Derived]]:
        """Every derived quantity with its step, in the order of the record."""
        return ((step, derived) for step in self.steps for derived in step.derived)

    def derived_from(self, code: str) -> tuple[Derived, ...]:
        """Every quantity that changes when this field or derived quantity changes, in the order of the record."""
        touched = {code}
        found: list[Derived] = []
        for _step, derived in self.derived():
            if touched & set(derived.inputs.values()):
                touched.add(derived.code)
                found.append(derived)
        return tuple(found)
