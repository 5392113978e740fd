"""What a schema cannot see in a product definition."""

from collections.abc import Iterator

from batches.definitions.dose import faults_of_dose
from batches.definitions.parts import repeated
from batches.definitions.product import ProductDefinition
from batches.definitions.supply import faults_of_supply

LONGEST_TRACEABILITY_YEARS = 200


def faults_of_product(product: ProductDefinition) -> list[str]:
    """Every fault of the definition, one sentence each; empty where it can be used."""
    return [
        *repeated((each.code for each in product.parameters), "Parameter"),
        *repeated((each.code for each in product.profile.steps), "Profile step"),
        *repeated((each.disposition for each in product.profile.decisions), "The decision"),
        *repeated((each.code for each in product.profile.notifications), "The notification"),
        *repeated(product.retention, "Retention rule"),
        *repeated((each.code for each in product.follow_up), "The follow-up"),
        *_faults_of_follow_up(product),
        *_faults_of_profile(product),
        *repeated((each.code for each in product.supply_rules.notifications), "The notification of a supply"),
        *faults_of_supply(product.profile.supply, product.profile.code, product.authorisation.regime),
        *faults_of_dose(product.dose),
        *_faults_of_numbers(product),
        *_faults_of_attributes(product),
    ]


def _faults_of_profile(product: ProductDefinition) -> Iterator[str]:
    earlier: set[str] = set()
    for step in product.profile.steps:
        for other in step.by_another_than:
            if other not in earlier:
                yield f"Profile step {step.code}: {other} is not an earlier step."
        earlier.add(step.code)
    for needed in ("certified", "not_certified"):
        if needed not in {each.disposition for each in product.profile.decisions}:
            yield f"The profile has no words for the decision {needed}."
    if product.profile.steps[-1].meaning != "certified":
        yield "The last step of the profile must have the meaning certified."


GRADED = ("crs_grade", "icans_grade")
LATEST_DAY = 7300  # twenty years


def _faults_of_follow_up(product: ProductDefinition) -> Iterator[str]:
    for each in product.follow_up:
        if (each.kind in GRADED) != each.is_graded:
            yield f"Follow-up {each.code}: highest is stated exactly where it is a grade."
        if each.alarm_from is not None and not (each.is_graded and 1 <= each.alarm_from <= (each.highest or 0)):
            yield f"Follow-up {each.code}: alarm_from is a grade from 1 to the highest."
        if list(each.days) != sorted(set(each.days)) or each.days[-1] > LATEST_DAY:
            yield f"Follow-up {each.code}: the days rise, none twice, up to {LATEST_DAY}."


def _faults_of_numbers(product: ProductDefinition) -> Iterator[str]:
    if not 1 <= product.traceability_years <= LONGEST_TRACEABILITY_YEARS:
        yield f"Traceability: 1 to {LONGEST_TRACEABILITY_YEARS} years."
    if not product.plausible_weight.low_kg < product.plausible_weight.high_kg:
        yield "Plausible weight: low must be below high."


def _faults_of_attributes(product: ProductDefinition) -> Iterator[str]:
    transfer = product.attributes.get("gene_transfer", "")
    if product.is_genetically_modified == (transfer == "none"):
        yield "Attributes: gene_transfer is none exactly where genetically_modified is no."
