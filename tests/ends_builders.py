"""Batches of few steps for tests of ends and traces: cells, a vector, a reagent and a device, then two final bags."""

from copy import copy
from typing import Any

from accounts.models import Signed
from accounts.roles import Role
from accounts.wording import today
from batches.identity import batch_of
from batches.models import Batch, Course, Definition, Order
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container, ContainerFate
from tests.batches_builders import BatchWorld
from tests.custody_builders import a_subject
from tests.people import a_person, do, fresh
from tests.short_masters import begun

ENDS_MASTER = (
    begun("CD19 CAR-T cells, in three steps")
    + """\
      - code: "1.2"
        title: Vector and culture
        instruction: Add the vector and take the cells into culture.
        kind: record
        critical: "yes"
        witness: "yes"
        forced: "yes"
        needs:
          - {code: vector, title: Vector, kind: vector_lot, of: cd19_vector}
          - {code: buffer, title: Wash buffer, kind: material_lot, of: wash_buffer}
          - {code: incubator, title: Incubator, kind: equipment, of: incubator}
        creates:
          - {kind: culture_bag, title: Culture bag, number_field: cultures}
        fields:
          - {code: cultures, title: Culture bags, type: count, unit: bags, decimals: "0"}
  - code: harvest
    title: Harvest
    steps:
      - code: "2.1"
        title: Formulation and bags
        instruction: Fill the bags.
        kind: record
        critical: "yes"
        witness: "yes"
        forced: "yes"
        creates:
          - {kind: formulation, title: Formulation, number: "1"}
          - {kind: sample, title: Before the wash, number: "1", sample_point: harvest_before_wash}
          - {kind: qc_vial, title: Final product, number: "1", sample_point: final_product}
          - {kind: final_bag, title: Final bag, number: "2"}
        fields:
          - {code: harvest_days, title: Days, type: number, unit: d, decimals: "1", low: "5"}
  - code: release_testing
    title: Release testing
    laboratory: "yes"
"""
)
TYPED = {"cultures": "1", "harvest_days": "6.0"}


class EndsWorld(BatchWorld):
    """A world whose master record has three steps."""

    def __init__(self) -> None:
        super().__init__()
        self.lead = a_person(Role.QC_REVIEWER)

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the master record is the one above."""
        return super().defined(kind, source or (ENDS_MASTER if kind == "master" else ""))

    def do_step(self, batch: Batch, code: str, **values: str) -> Any:  # Any: as the builder gives it
        """One step with its values."""
        return super().do_step(batch, code, **(TYPED | values))

    def made(self, **values: str) -> Batch:
        """A batch whose three steps are complete."""
        return self.worked(self.issued(), **values)

    def beside(self) -> "EndsWorld":
        """The same world with another patient."""
        other = copy(self)
        other.coi = a_subject(by=self.logistics)
        return other

    def another_collection(self) -> None:
        """A new bag of the same chain of identity, accepted here."""
        self.received()
        self.everything_checked()

    def terminated(self, batch: Batch, **intent: object) -> Signed:
        """Manufacture ended for poor growth."""
        asked: dict[str, Any] = {"how": "terminated", "why": "poor_growth", "says": "No expansion until day 6."}
        return do("manufacture.end", batch, by=fresh(self.lead), **(asked | intent))

    def order_ended(self, order: Order, **intent: object) -> Signed:
        """The order ended: the patient withdrew."""
        asked: dict[str, Any] = {
            "how": "withdrew",
            "happened_on": today().isoformat(),
            "source": "Dr E. Lindgren, letter of today",
            "reason": "Withdrew consent to the trial",
        } | intent
        return do("order.end", order, by=fresh(self.qp), **asked)

    def ended(self, container: Container, fate: str, **intent: object) -> ContainerFate:
        """A container that ended, whole in what is said."""
        asked: dict[str, Any] = {"fate": fate, "reason": "Dr E. Lindgren, infusion form IF-17"}
        if fate in ("infused", "destroyed"):
            asked["volume_ml"] = "50.0"
        if fate in ("destroyed", "retained"):
            asked["route"] = "GMO waste, autoclave AC-2"
        row = do("container.end", container, by=fresh(self.technician), **(asked | intent))
        assert isinstance(row, ContainerFate)
        return row

    def course(self, title: str = "CAR-T and NK") -> Course:
        """A course of the world's chain of identity."""
        row = do("course.open", self.coi, by=fresh(self.logistics), title=title, plan="CAR-T first, NK cells later.")
        assert isinstance(row, Course)
        return row

    def ordered_in(self, course: Course) -> Order:
        """An order within a course."""
        row = do(
            "order.place", self.coi, by=fresh(self.logistics), product="PROD-CD19", prescriber="Dr E. Lindgren",
            prescription="RX-104-018", course=course.number,
        )  # fmt: skip
        assert isinstance(row, Order)
        return row


def bags_of(batch: Batch, kind: Container.Kind = Container.Kind.FINAL_BAG) -> list[Container]:
    """The containers of a kind in a batch."""
    return [one for one in of_batch(batch.number) if one.kind == kind]


def fresh_batch(batch: Batch) -> Batch:
    """The batch as the database has it now."""
    return batch_of(batch.pk)
