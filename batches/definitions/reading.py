"""Products and master batch records, from plain data to frozen dataclasses.

`read_product` and `read_master` take data as `ledger.safe_yaml.read` gives it, hold it against the JSON
Schema, build the dataclasses and make the checks a schema cannot make. They raise `FaultyDefinitionError`
with every fault they found, so that the author sees all of them at once.
"""

from decimal import Decimal
from pathlib import Path

from batches.definitions.dose import read_dose
from batches.definitions.master import (
    Amount,
    Choice,
    ContainerKind,
    Derived,
    Evidence,
    Field,
    FieldType,
    HoldTime,
    Limits,
    Made,
    MasterDefinition,
    Need,
    NeedKind,
    OnExceeding,
    Phase,
    Protects,
    Reconciliation,
    Rounding,
    Share,
    Stage,
    Step,
    StepKind,
    Training,
    When,
    Yield,
)
from batches.definitions.master_checks import faults_of_master
from batches.definitions.parts import (
    FaultyDefinitionError,
    Part,
    as_part,
    held_against,
    is_yes,
    number,
    optional_number,
    optional_text,
    optional_whole,
    part,
    parts,
    refuse,
    text,
    text_map,
    texts,
    whole,
)
from batches.definitions.product import (
    ALWAYS_NOTIFIED,
    Authorisation,
    Bedside,
    Decision,
    DonorTesting,
    FollowUp,
    Notified,
    Parameter,
    ProductDefinition,
    Profile,
    ProfileStep,
    ShelfLife,
    Site,
    WeightRange,
)
from batches.definitions.product_checks import faults_of_product
from batches.definitions.supply import SupplyNotified, SupplyRules
from batches.retention_rules import Rule

__all__ = [
    "MASTER_SCHEMA",
    "PRODUCT_SCHEMA",
    "FaultyDefinitionError",
    "MasterDefinition",
    "ProductDefinition",
    "master_from",
    "read_master",
    "read_product",
]

PRODUCT_SCHEMA = Path(__file__).parent / "schema" / "product.json"
TO_BE_SET = "to be set"
MASTER_SCHEMA = Path(__file__).parent / "schema" / "master.json"


def read_product(data: object) -> ProductDefinition:
    """The product the data define, or all that is wrong with them."""
    product = _product(held_against(PRODUCT_SCHEMA, data))
    refuse(faults_of_product(product))
    return product


def read_master(data: object) -> MasterDefinition:
    """The master batch record the data define, or all that is wrong with them."""
    master = master_from(data)
    refuse(faults_of_master(master))
    return master


def master_from(data: object) -> MasterDefinition:
    """The master batch record of data that have its shape; whether it holds, others ask."""
    return _master(held_against(MASTER_SCHEMA, data))


# Products


def _product(data: Part) -> ProductDefinition:
    authorisation = part(data, "authorisation")
    shelf_life = part(data, "shelf_life")
    weight = part(data, "plausible_weight_kg")
    return ProductDefinition(
        code=text(data, "code"),
        version=whole(data, "version"),
        title=text(data, "title"),
        short_title=text(data, "short_title"),
        attributes=text_map(data, "attributes"),
        profile=_profile(part(data, "profile")),
        dose=read_dose(part(data, "dose")),
        parameters=tuple(
            Parameter(text(each, "code"), text(each, "title"), number(each, "value"), text(each, "unit"))
            for each in parts(data, "parameters")
        ),
        storage=text(data, "storage"),
        shelf_life=ShelfLife(whole(shelf_life, "amount"), text(shelf_life, "unit"), text(shelf_life, "words")),
        use=text(data, "use"),
        authorisation=Authorisation(
            text(authorisation, "kind"),
            text(authorisation, "number"),
            text(authorisation, "status"),
            regime=text(authorisation, "regime", "trial"),
            sponsor=text(authorisation, "sponsor"),
            protocol=text(authorisation, "protocol"),
            cohort=text(authorisation, "cohort"),
            label_text=text(authorisation, "label_text"),
        ),
        sites=tuple(
            Site(text(each, "does"), text(each, "name"), text(each, "address"), text(each, "licence"))
            for each in parts(data, "sites")
        ),
        plausible_weight=WeightRange(number(weight, "low"), number(weight, "high")),
        donor_markers=texts(data, "donor_markers"),
        traceability_years=whole(data, "traceability_years"),
        retention=tuple(Rule(each) for each in texts(data, "retention")),
        description=text(data, "description"),
        reference=text(data, "reference"),
        donor_testing=_donor_testing(part(data, "donor_testing")) if "donor_testing" in data else None,
        product_code=text(data, "product_code"),
        bedside=_bedside(part(data, "bedside")) if "bedside" in data else None,
        follow_up=tuple(_follow_up(each) for each in parts(data, "follow_up")),
    )


def _bedside(data: Part) -> Bedside:
    minutes = optional_whole(data, "minutes_from_thaw")
    return Bedside(text(data, "thaw"), text(data, "infusion"), text(data, "physician"), minutes)


def _follow_up(data: Part) -> FollowUp:
    return FollowUp(
        code=text(data, "code"),
        title=text(data, "title"),
        kind=text(data, "kind"),
        days=tuple(int(day) for day in texts(data, "days")),
        window_days=whole(data, "window_days"),
        reference=text(data, "reference"),
        highest=optional_whole(data, "highest"),
        alarm_from=optional_whole(data, "alarm_from"),
    )


def _donor_testing(data: Part) -> DonorTesting:
    return DonorTesting(is_yes(data, "required"), whole(data, "days_before"), whole(data, "days_after"))


def _profile(data: Part) -> Profile:
    return Profile(
        code=text(data, "code"),
        title=text(data, "title"),
        steps=tuple(
            ProfileStep(
                code=text(each, "code"),
                title=text(each, "title"),
                role=text(each, "role"),
                meaning=text(each, "meaning"),
                words=text(each, "words"),
                by_another_than=texts(each, "by_another_than"),
            )
            for each in parts(data, "steps")
        ),
        decisions=tuple(
            Decision(text(each, "disposition"), text(each, "title"), text(each, "statement"))
            for each in parts(data, "decisions")
        ),
        notifications=tuple(
            Notified(text(each, "code"), text(each, "title"), whole(each, "hours"))
            for each in parts(data, "notifications")
        )
        or ALWAYS_NOTIFIED,
        sponsor_release=is_yes(data, "sponsor_release"),
        supply=_supply(part(data, "supply")) if "supply" in data else None,
    )


def _supply(data: Part) -> SupplyRules:
    told = tuple(
        SupplyNotified(text(each, "code"), text(each, "title"), whole(each, "hours"), text(each, "counted_from"))
        for each in parts(data, "notifications")
    )
    return SupplyRules(text(data, "decided_by"), texts(data, "needs"), told)


# Master batch records


def _master(data: Part) -> MasterDefinition:
    rounding = Rounding(text(data, "rounding"))
    training = _training(part(data, "training"))
    return MasterDefinition(
        code=text(data, "code"),
        version=whole(data, "version"),
        title=text(data, "title"),
        product=text(data, "product"),
        rounding=rounding,
        training=training,
        stages=tuple(_stage(each, rounding, training) for each in parts(data, "stages")),
        reconciliation=_reconciliation(part(data, "reconciliation")) if "reconciliation" in data else None,
        reference=text(data, "reference"),
        hold_times=tuple(_hold_time(each) for each in parts(data, "hold_times")),
        yields=tuple(_yield(each, rounding) for each in parts(data, "yields")),
        clearance_points=texts(data, "clearance_points"),
    )


def when_of(data: Part) -> When:
    """Give where a part holds, as `when` states it; nothing where it always does."""
    conditions = as_part(data.get("when", {}))
    return {attribute: texts(conditions, attribute) for attribute in conditions}


def _hold_time(data: Part) -> HoldTime:
    return HoldTime(
        code=text(data, "code"),
        title=text(data, "title"),
        start=text(data, "start"),
        end=text(data, "end"),
        limit_minutes=whole(data, "limit_minutes"),
        warn_minutes=whole(data, "warn_minutes", text(data, "limit_minutes")),
        on_exceeding=OnExceeding(text(data, "on_exceeding", "deviation")),
        when=when_of(data),
    )


def _yield(data: Part, rounding: Rounding) -> Yield:
    return Yield(
        code=text(data, "code"),
        title=text(data, "title"),
        phase=Phase(text(data, "phase")),
        step=text(data, "step"),
        actual=text(data, "actual"),
        theoretical=text(data, "theoretical"),
        limits=_limits(data, "low", "high", rounding),
        when=when_of(data),
    )


def _stage(data: Part, rounding: Rounding, training: Training) -> Stage:
    code = text(data, "code")
    return Stage(
        code=code,
        title=text(data, "title"),
        laboratory=is_yes(data, "laboratory"),
        steps=tuple(_step(each, code, rounding, training) for each in parts(data, "steps")),
        when=when_of(data),
    )


def _step(data: Part, stage: str, rounding: Rounding, training: Training) -> Step:
    return Step(
        code=text(data, "code"),
        title=text(data, "title"),
        stage=stage,
        instruction=text(data, "instruction"),
        kind=StepKind(text(data, "kind")),
        critical=is_yes(data, "critical"),
        witness=is_yes(data, "witness"),
        forced=is_yes(data, "forced"),
        confirms=texts(data, "confirms"),
        training=_training(part(data, "training")) if "training" in data else training,
        needs=tuple(_need(each) for each in parts(data, "needs")),
        creates=tuple(_made(each) for each in parts(data, "creates")),
        fields=tuple(_field(each, rounding) for each in parts(data, "fields")),
        derived=tuple(_derived(each, rounding) for each in parts(data, "derived")),
        operation=text(data, "operation"),
        protects=_protects(data),
        optional=is_yes(data, "optional"),
        pools=is_yes(data, "pools"),
        evidence=tuple(
            Evidence(text(each, "code"), text(each, "title"), is_yes(each, "required", default="yes"))
            for each in parts(data, "evidence")
        ),
        labels=tuple(ContainerKind(each) for each in texts(data, "labels")),
        when=when_of(data),
    )


def _protects(data: Part) -> Protects:
    """What the order protects; a forced step that does not say protects identity."""
    return Protects(text(data, "protects", "identity" if is_yes(data, "forced") else "record"))


def _training(data: Part) -> Training:
    return Training(text(data, "procedure"), whole(data, "version"))


def _need(data: Part) -> Need:
    return Need(
        code=text(data, "code"),
        title=text(data, "title"),
        kind=NeedKind(text(data, "kind")),
        of=text(data, "of"),
        many=is_yes(data, "many"),
        amount=_amount(part(data, "amount")) if "amount" in data else None,
        clearance=is_yes(data, "clearance"),
        some=is_yes(data, "some"),
        when=when_of(data),
    )


def _amount(data: Part) -> Amount:
    return Amount(
        unit=text(data, "unit"),
        actual=text(data, "actual"),
        planned=optional_text(data, "planned"),
        planned_number=optional_number(data, "planned_number"),
    )


def _made(data: Part) -> Made:
    return Made(
        kind=ContainerKind(text(data, "kind")),
        title=text(data, "title"),
        number=optional_whole(data, "number"),
        number_field=optional_text(data, "number_field"),
        volume_field=optional_text(data, "volume_field"),
        cells_from=optional_text(data, "cells_from"),
        sample_point=optional_text(data, "sample_point"),
        when=when_of(data),
    )


def _field(data: Part, rounding: Rounding) -> Field:
    kind = FieldType(text(data, "type"))
    choices = tuple(Choice(text(each, "code"), text(each, "words")) for each in parts(data, "choices"))
    if kind is FieldType.YES_NO:
        choices = (Choice("yes", "Yes"), Choice("no", "No"))
    return Field(
        code=text(data, "code"),
        title=text(data, "title"),
        type=kind,
        unit=text(data, "unit"),
        exponent=whole(data, "exponent"),
        decimals=whole(data, "decimals"),
        limits=_limits(data, "low", "high", rounding),
        plausible=_limits(data, "plausible_low", "plausible_high", Rounding.NONE),
        choices=choices,
        expected=texts(data, "expected"),
        critical=is_yes(data, "critical"),
        required=is_yes(data, "required", default="yes"),
        hint=text(data, "hint"),
        report_only=is_yes(data, "report_only"),
        to_be_set=_is_to_be_set(data),
        when=when_of(data),
    )


def _derived(data: Part, rounding: Rounding) -> Derived:
    formula = part(data, "formula")
    return Derived(
        code=text(data, "code"),
        title=text(data, "title"),
        formula=text(formula, "code"),
        version=whole(formula, "version"),
        inputs=text_map(data, "inputs"),
        unit=text(data, "unit"),
        exponent=whole(data, "exponent"),
        figures=optional_whole(data, "figures"),
        decimals=optional_whole(data, "decimals"),
        limits=_limits(data, "low", "high", rounding),
        to_be_set=_is_to_be_set(data),
        when=when_of(data),
    )


def _is_to_be_set(data: Part) -> bool:
    """Whether the site has still to say a limit: then the definition can be prepared and not approved."""
    return TO_BE_SET in (text(data, "low"), text(data, "high"))


def _limits(data: Part, low: str, high: str, rounding: Rounding) -> Limits | None:
    lowest: Decimal | None = None if text(data, low) == TO_BE_SET else optional_number(data, low)
    highest: Decimal | None = None if text(data, high) == TO_BE_SET else optional_number(data, high)
    if lowest is None and highest is None:
        return None
    return Limits(lowest, highest, rounding)


def _reconciliation(data: Part) -> Reconciliation:
    return Reconciliation(
        made=text(data, "made"),
        shares=tuple(
            Share(text(each, "kind"), text(each, "title"), text(each, "source")) for each in parts(data, "shares")
        ),
        tolerance=number(data, "tolerance"),
        exponent=whole(data, "exponent"),
        unit=text(data, "unit"),
    )
