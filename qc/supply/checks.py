"""The checks of supplies out of specification.

(1) each supply rests on a decision not to certify, and on what was said and signed about that decision;
(2) everything from outside on which it rests was compared with its evidence by another person than entered it, before;
(3) it was decided by another person than evaluated the risk or reviewed the record, and after the acceptance of the
    lines that it states, which follows the evaluation of the same lines;
(4) whatever a profile asks for is among what it rests on;
(5) a final bag of a batch that is not certified was handed to nobody but whom a supply names.
"""

from collections.abc import Iterator

from batches.models import BatchState
from chain_of_custody.models import Assignment, Container, HandOverOffered, Party
from ledger.verification import Finding, Verification, check
from qc.models import (
    Disposition,
    ExceptionalSupply,
    PhysicianAnswer,
    RiskEvaluation,
    SupplyNaming,
    SupplyStatement,
)
from qc.models.releasing import SaidOutside
from qc.supply.stating import kinds_needed

SUPPLIES = "supplies"
RELATED = (
    "batch__product", "decision__review", "answer__check_of_it", "naming__recipient", "naming__carrier", "evaluation",
    "acceptance__check_of_it",
)  # fmt: skip


@check(SUPPLIES)
def supplies_are_whole(verification: Verification) -> Iterator[Finding]:
    """(1), (2), (3), (4)"""
    for supply in ExceptionalSupply.objects.select_related(*RELATED).order_by("recorded_at").iterator(500):
        verification.counted("supplies out of specification", 1)
        about = f"qc.exceptionalsupply {supply.pk} ({supply.number})"
        others = list(SupplyStatement.objects.filter(pk__in=supply.others).select_related("check_of_it"))
        if (
            supply.decision.decision != BatchState.Disposition.NOT_CERTIFIED
            or supply.decision.batch_id != supply.batch_id
        ):
            yield Finding(SUPPLIES, about, "it does not rest on a decision not to certify its batch")
        parts: tuple[PhysicianAnswer | SupplyNaming | RiskEvaluation | SupplyStatement, ...] = (
            supply.answer,
            supply.naming,
            supply.evaluation,
            supply.acceptance,
            *others,
        )
        if any(part.decision_id != supply.decision_id for part in parts):
            yield Finding(SUPPLIES, about, "it rests on something about another decision")
        if not all(_is_compared(row, supply) for row in (supply.answer, supply.acceptance, *others)):
            yield Finding(SUPPLIES, about, "a statement on which it rests was not compared by a second person before")
        review = supply.decision.review
        if supply.signer_id in {supply.evaluation.signer_id, review.signer_id if review else None}:
            yield Finding(SUPPLIES, about, "one person evaluated the risk or reviewed the record, and decided")
        accepted = supply.acceptance
        if accepted.evaluation_id != supply.evaluation_id or not (
            supply.lines == accepted.lines == supply.evaluation.lines
        ):
            yield Finding(SUPPLIES, about, "the physician did not accept the lines that it states")
        kinds = {row.kind for row in (accepted, *others)}
        if not kinds >= {kind.value for kind in kinds_needed(supply.batch)}:
            yield Finding(SUPPLIES, about, "something that the profile of its product asks for is missing")


def _is_compared(row: SaidOutside, supply: ExceptionalSupply) -> bool:
    checked = getattr(row, "check_of_it", None)
    return checked is not None and checked.signer_id != row.signer_id and checked.recorded_at <= supply.recorded_at


@check(SUPPLIES)
def nothing_else_left(_verification: Verification) -> Iterator[Finding]:
    """(5)"""
    for refusal in Disposition.objects.filter(decision=BatchState.Disposition.NOT_CERTIFIED).select_related("batch"):
        number = refusal.batch.number
        bags = {
            str(pk)
            for pk in Assignment.objects.filter(
                batch_number=number, container__kind=Container.Kind.FINAL_BAG
            ).values_list("container_id", flat=True)
        }
        left = HandOverOffered.objects.filter(
            coi=refusal.batch.coi,
            giver_party__kind=Party.Kind.OWN_SITE,
            taker_party__kind__in=(Party.Kind.HOSPITAL, Party.Kind.COURIER),
            recorded_at__gt=refusal.recorded_at,
        )
        supplies = list(ExceptionalSupply.objects.filter(decision=refusal).select_related("naming"))
        for offer in left:
            gone = bags & set(offer.containers)
            if gone and not any(_allows(supply, gone, offer) for supply in supplies):
                yield Finding(SUPPLIES, f"{number}, {offer.record_type()} {offer.pk}", "no supply names what left")


def _allows(supply: ExceptionalSupply, gone: set[str], offer: HandOverOffered) -> bool:
    naming = supply.naming
    return gone <= set(naming.containers) and offer.taker_party_id in (naming.recipient_id, naming.carrier_id)
