"""What a product definition says, read and typed; the words of every field are in its JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from batches.definitions.dose import DoseRule
from batches.definitions.supply import SupplyRules, plain_rules
from batches.retention_rules import Rule


@dataclass(frozen=True, slots=True)
class ProfileStep:
    """One act of the decision on a batch, in the order of the profile."""

    code: str  # record_review, certification
    title: str
    role: str  # a role of the accounts: qa, qualified_person
    meaning: str  # a meaning of signatures: reviewed, certified
    words: str  # the sentence its signer reads and signs
    by_another_than: tuple[str, ...]  # codes of earlier steps whose signers are excluded


@dataclass(frozen=True, slots=True)
class Decision:
    """What a disposition is called in this profile, and what its signer states."""

    disposition: str  # certified_conditionally, certified, not_certified, withdrawn
    title: str
    statement: str


PLAIN_WORDS = (
    Decision(
        "certified_conditionally",
        "Certified conditionally",
        "I certify this batch on the results at hand, before those named as pending are there.",
    ),
    Decision(
        "withdrawn",
        "Certification withdrawn",
        "I withdraw the certification of this batch. Its containers that are still here stay here.",
    ),
)


@dataclass(frozen=True, slots=True)
class Notified:
    """Who is told of a result out of specification after certification, and within how many hours."""

    code: str
    title: str
    hours: int


# For a profile that names nobody: a result after certification never goes untold.
ALWAYS_NOTIFIED = (
    Notified("physician", "Treating physician", 24),
    Notified("sponsor", "Sponsor or holder of the authorisation", 24),
    Notified("authority", "Supervisory authority", 24),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Who decides on a batch, in which order and in which words."""

    code: str
    title: str
    steps: tuple[ProfileStep, ...]
    decisions: tuple[Decision, ...]
    notifications: tuple[Notified, ...] = ALWAYS_NOTIFIED
    sponsor_release: bool = False  # bags leave only after the sponsor of a trial released the batch
    supply: SupplyRules | None = None  # of a product out of specification, at a physician's request

    def step(self, code: str) -> ProfileStep:
        return next(each for each in self.steps if each.code == code)

    def decision(self, disposition: str) -> Decision:
        """Give the words of a decision; plain ones where the profile was approved before there was this decision."""
        return next(each for each in (*self.decisions, *PLAIN_WORDS) if each.disposition == disposition)

    @property
    def unworded(self) -> list[str]:
        """The decisions for which the profile has no words of its own."""
        return [word.disposition for word in PLAIN_WORDS if word.disposition not in self.worded]

    @property
    def worded(self) -> set[str]:
        return {each.disposition for each in self.decisions}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A planned number of the product that a calculation of the master record may use."""

    code: str
    title: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Under what the product is given to a patient."""

    kind: str
    number: str
    status: str
    regime: str = "trial"  # licensed, trial, hospital_exemption
    sponsor: str = ""
    protocol: str = ""
    cohort: str = ""
    label_text: str = ""


@dataclass(frozen=True, slots=True)
class DonorTesting:
    """When samples for the donor's markers may be taken, in days from the collection, and whether they are needed."""

    required: bool  # a batch cannot be certified while a marker is unknown
    days_before: int
    days_after: int


@dataclass(frozen=True, slots=True)
class Site:
    """Where something is done to the product or to its samples."""

    does: str
    name: str
    address: str
    licence: str


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How long the product keeps, counted from its fill."""

    amount: int
    unit: str  # hours, days, months
    words: str


@dataclass(frozen=True, slots=True)
class Bedside:
    """What the ward is told to do with a bag, and how long it keeps once it is thawed."""

    thaw: str
    infusion: str
    physician: str
    minutes_from_thaw: int | None = None  # from the end of the thaw to the end of the infusion


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something that the hospital reports after the infusion, on each of some days."""

    code: str
    title: str
    kind: str  # rcl_sample, crs_grade, icans_grade, persistence, other
    days: tuple[int, ...]  # after the infusion
    window_days: int  # before and after
    reference: str
    highest: int | None = None  # grade
    alarm_from: int | None = None  # the lowest grade of which people are told at once

    @property
    def is_graded(self) -> bool:
        return self.highest is not None


@dataclass(frozen=True, slots=True)
class WeightRange:
    """Recipient weights that are stored without asking again."""

    low_kg: Decimal
    high_kg: Decimal


@dataclass(frozen=True, slots=True)
class ProductDefinition:
    """One version of a product."""

    code: str
    version: int
    title: str
    short_title: str  # for strips and lists
    attributes: Mapping[str, str]
    profile: Profile
    dose: DoseRule
    parameters: tuple[Parameter, ...]
    storage: str
    shelf_life: ShelfLife
    use: str
    authorisation: Authorisation
    sites: tuple[Site, ...]
    plausible_weight: WeightRange
    donor_markers: tuple[str, ...]
    traceability_years: int
    retention: tuple[Rule, ...]  # empty where the definition says nothing of it
    description: str
    reference: str
    donor_testing: DonorTesting | None = None
    product_code: str = ""  # ISBT 128 product description code of the final container
    bedside: Bedside | None = None
    follow_up: tuple[FollowUp, ...] = ()

    def parameter(self, code: str) -> Parameter | None:
        return next((each for each in self.parameters if each.code == code), None)

    @property
    def is_genetically_modified(self) -> bool:
        return self.attributes.get("genetically_modified") == "yes"

    @property
    def is_autologous(self) -> bool:
        return self.attributes.get("donor_relation") == "autologous"

    @property
    def target_antigens(self) -> frozenset[str]:
        """The antigens that its receptor was made for; empty where it has none."""
        return frozenset(each.strip() for each in self.attributes.get("target_antigen", "").split("/") if each.strip())

    @property
    def supply_rules(self) -> SupplyRules:
        """The rules of a supply out of specification; plain ones where the profile says nothing of it."""
        return self.profile.supply or plain_rules(self.profile.code, self.authorisation.regime)

    @property
    def uses_a_viral_vector(self) -> bool:
        return self.attributes.get("gene_transfer", "").endswith("viral_vector")
