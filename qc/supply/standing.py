"""Where a batch stands after it was not certified: what the physician wants, what is there, what was decided.

(1) Of each kind the newest row counts. After a supply was taken back everything is said anew.
(2) All of it is about one decision on the batch, the one in force.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import QuerySet

from batches.models import Batch, BatchState
from chain_of_custody.models import Container, Party
from qc.models import (
    Disposition,
    ExceptionalSupply,
    PhysicianAnswer,
    RiskEvaluation,
    SupplyNaming,
    SupplyRevoked,
    SupplyStatement,
)
from qc.release.pending import decision_in_force

Kind = SupplyStatement.Kind
RowT = TypeVar("RowT", PhysicianAnswer, SupplyNaming, RiskEvaluation, SupplyStatement)


@dataclass(frozen=True, slots=True)
class SupplyStanding:
    """What counts now of everything that was said and signed since the batch was not certified."""

    refusal: Disposition | None = None
    newest: ExceptionalSupply | None = None
    answer: PhysicianAnswer | None = None
    naming: SupplyNaming | None = None
    evaluation: RiskEvaluation | None = None
    statements: dict[str, SupplyStatement] = field(default_factory=dict)

    @property
    def revoked(self) -> SupplyRevoked | None:
        """The row that took the newest decision to supply back, if there is one."""
        return getattr(self.newest, "revoked", None)

    @property
    def supply(self) -> ExceptionalSupply | None:
        """The decision to supply that nobody took back, if there is one."""
        return self.newest if self.revoked is None else None

    @property
    def is_asked_for(self) -> bool:
        """The physician wants the product although it is out of specification, checked or not."""
        return self.answer is not None and self.answer.answer == PhysicianAnswer.Answer.SUPPLY

    def statement(self, kind: Kind) -> SupplyStatement | None:
        return self.statements.get(kind.value)


def refusal_of(batch: Batch, in_force: Disposition | None = None) -> Disposition | None:
    """Give the decision not to certify a batch, where that is the one in force."""
    if batch.state.disposition != BatchState.Disposition.NOT_CERTIFIED:
        return None
    return in_force or decision_in_force(batch)


def newest_supply(batch: Batch, in_force: Disposition | None = None) -> ExceptionalSupply | None:
    """Give the newest decision to supply a batch, taken back or not."""
    refusal = refusal_of(batch, in_force)
    related = (
        "revoked", "naming__recipient", "naming__carrier", "answer__evidence", "evaluation__document",
        "acceptance__evidence", "decision",
    )  # fmt: skip
    found = ExceptionalSupply.objects.filter(batch=batch, decision=refusal) if refusal else None
    return None if found is None else found.select_related(*related).order_by("-recorded_at").first()


def standing_of(batch: Batch, in_force: Disposition | None = None) -> SupplyStanding:
    """Read where a batch stands; nothing is there while it may still be certified.

    `in_force` is the decision in force where the caller read it.
    """
    refusal = refusal_of(batch, in_force)
    if refusal is None:
        return SupplyStanding()
    newest = newest_supply(batch, refusal)
    since = getattr(newest, "revoked", None)

    def counts(rows: QuerySet[RowT]) -> QuerySet[RowT]:
        found = rows.filter(decision=refusal)
        return (found.filter(recorded_at__gt=since.recorded_at) if since else found).order_by("-recorded_at")

    statements: dict[str, SupplyStatement] = {}
    said = SupplyStatement.objects.select_related("check_of_it", "evidence", "evaluation")
    for row in counts(said):
        statements.setdefault(row.kind, row)
    return SupplyStanding(
        refusal=refusal,
        newest=newest,
        answer=counts(PhysicianAnswer.objects.select_related("check_of_it", "evidence")).first(),
        naming=counts(SupplyNaming.objects.select_related("recipient", "carrier")).first(),
        evaluation=counts(RiskEvaluation.objects.select_related("document")).first(),
        statements=statements,
    )


def is_checked(row: PhysicianAnswer | SupplyStatement) -> bool:
    """Tell whether a second person compared a statement with its evidence."""
    return hasattr(row, "check_of_it")


def named_containers(naming: SupplyNaming) -> list[Container]:
    """Give the containers that are named, with where each is and what became of it."""
    found = Container.objects.filter(pk__in=naming.containers)
    found = found.select_related("state__holder_party", "state__holder_person", "fate")
    return list(found.order_by("code"))


def final_bags(batch: Batch) -> list[Container]:
    """Give the final bags of a batch, with where each is and what became of it."""
    found = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    return list(found.select_related("state__holder_party", "fate").order_by("code"))


def is_here(container: Container) -> bool:
    """Tell whether this site holds a container that has not ended."""
    return container.state.holder_party.kind == Party.Kind.OWN_SITE and not hasattr(container, "fate")
