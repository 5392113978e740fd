"""Batches out of specification that a physician asks for all the same, walked with the acts of the product."""

from copy import copy
from datetime import timedelta
from typing import Any

from accounts.models import Person
from accounts.roles import Role
from batches.models import Definition
from chain_of_custody.models import Container, ContainerFate, HandOverAccepted, Party
from ledger import clock
from qc.models import (
    ExceptionalSupply,
    PhysicianAnswer,
    RiskEvaluation,
    SupplyNaming,
    SupplyRevoked,
    SupplyStatement,
)
from qc.supply.stating import kinds_needed
from tests.batches_builders import FILES
from tests.custody_builders import a_subject, stated
from tests.oos_builders import closed, failing, investigated
from tests.people import a_person, do, fresh
from tests.qc_builders import CONFORMING, FOURTEEN_DAYS, SHORT_MASTER, STERILITY, Laboratory
from tests.two_step_builders import a_letter

VIABILITY = "viability_percent"
TWO_BAGS = SHORT_MASTER.replace(
    '{kind: final_bag, title: Final bag, number: "1"', '{kind: final_bag, title: Final bag, number: "2"'
)
PHYSICIAN = {"name": "Dr A. Berg", "role": "Haematologist", "evidence_reference": "Letter L-2210"}
REQUEST = {
    "answer": "supply",
    "registration": "44107",
    "said": "I ask for this product although its viability is low.",
    "reason": "Relapse in progress, no other product can be made.",
    "alternatives": "A new collection is not possible, lymphocytes 80/µL.",
    "consequence": "The disease progresses within days.",
}
SAID: dict[str, dict[str, str]] = {
    "consent": {"said": "The patient was informed and agrees.", "reference": "ICF-104-017"},
    "protocol": {"said": "Given under a single-patient IND.", "reference": "IND 29107"},
    "sponsor": {"said": "We agree to the supply of this product."},
    "acceptance": {"said": "I have read the evaluation and accept the product."},
}


class SupplyLaboratory(Laboratory):
    """A laboratory of a licensed product under the profile EU; its master record fills two bags."""

    CODE, REGIME, NEEDS, DECIDES, VERSION = "EU", "licensed", "", "qualified_person", "1"

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the profile is the one that this class is for."""
        if kind == "master" and not source:
            source = TWO_BAGS
        if kind == "product" and not source:
            source = FILES[kind].read_text(encoding="utf-8")
            for old, new in (
                ('\nversion: "1"\n', f'\nversion: "{self.VERSION}"\n'),
                ("\n  code: EU\n", f"\n  code: {self.CODE}\n"),
                ("\n  regime: trial\n", f"\n  regime: {self.REGIME}\n"),
                ("    needs: [sponsor]\n", f"    needs: [{self.NEEDS}]\n"),
                ("    decided_by: qualified_person\n", f"    decided_by: {self.DECIDES}\n"),
            ):
                assert source.count(old) == 1, old
                source = source.replace(old, new)
        return super().defined(kind, source)

    def for_another_patient(self, kind: "type[SupplyLaboratory] | None" = None) -> "SupplyLaboratory":
        """The same site with another patient and no batch yet, under another profile where one is given."""
        other = copy(self)
        other.__class__ = kind or type(self)
        other.coi = a_subject(by=self.logistics)
        return other

    @property
    def decider(self) -> Person:
        """Somebody of the role that the profile names."""
        if self.DECIDES == "qualified_person":
            return self.qp
        if "another_quality" not in vars(self):
            self.another_quality = a_person(Role.QA)
        return self.another_quality

    def out_of_specification(self) -> None:
        """Viability fails and is confirmed; everything else is tested and conforms, up to the review of the record."""
        self.inoculated()
        record = failing(self)
        self.reviewed(record.result)
        investigated(self, record)
        closed(self, record, "confirmed")
        for line in CONFORMING:
            if line != VIABILITY:
                self.reviewed(self.tested(line))
        clock.tell(clock.now() + FOURTEEN_DAYS + timedelta(minutes=1))
        for bottle in (1, 2):
            self.read(STERILITY, "no_growth", replicate=bottle)
        self.reviewed(self.submitted(STERILITY))
        self.approved()
        self.record_reviewed()

    def refused(self) -> None:
        """The batch is not certified; quality assurance has stored a document."""
        self.letter = a_letter(self.qa)
        self.out_of_specification()
        self.certified("not_certified", statement="Viability is below its limit, confirmed.")
        self.fresh()

    def answered(self, *, by: Person | None = None, check: bool = True, **said: str) -> PhysicianAnswer:
        """What the physician wants, entered by quality assurance and compared by the qualified person."""
        told = PHYSICIAN | REQUEST | {"happened_at": clock.now().isoformat()} | said
        row = do("physician_answer.record", self.batch, by=by or self.qa, **told)
        assert isinstance(row, PhysicianAnswer)
        if check:
            do("physician_answer.check", row, by=self.qp)
        return row

    def bags(self) -> list[Container]:
        """The final bags of the batch."""
        found = Container.objects.filter(assignment__batch_number=self.batch.number, kind="final_bag")
        return list(found.select_related("state__holder_person").order_by("code"))

    def named(self, *codes: str, recipient: Party | None = None, carrier: Party | None = None) -> SupplyNaming:
        """The first bag named for the hospital, unless others are."""
        row = do(
            "supply.name_containers",
            self.batch,
            by=self.qa,
            containers=list(codes) or [self.bags()[0].code],
            recipient=str((recipient or self.hospital).pk),
            carrier=str(carrier.pk) if carrier else None,
        )
        assert isinstance(row, SupplyNaming)
        return row

    def evaluated(self, *, by: Person | None = None, **said: str) -> RiskEvaluation:
        """The evaluation of the risk, signed by quality assurance."""
        told = {
            "document": str(self.letter.pk),
            "author": "Dr M. Sorel",
            "written_on": clock.now().date().isoformat(),
            "conclusion": "Fewer viable cells; no added risk of contamination.",
        }
        row = do("supply.evaluate_risk", self.batch, by=by or self.qa, **(told | said))
        assert isinstance(row, RiskEvaluation)
        return row

    def said(self, kind: str, *, check: bool = True, **more: str) -> SupplyStatement:
        """A statement for the supply, entered by quality assurance and compared by the qualified person."""
        told = PHYSICIAN | {"happened_at": clock.now().isoformat(), "kind": kind} | SAID[kind] | more
        row = do("supply.record_statement", self.batch, by=self.qa, **told)
        assert isinstance(row, SupplyStatement)
        if check:
            do("supply.check_statement", row, by=self.qp)
        return row

    def prepared(self, *, but: str = "") -> None:
        """Everything that a supply needs, but one thing."""
        if but != "request":
            self.answered()
        if but != "containers":
            self.named()
        if but != "evaluation":
            self.evaluated()
        for kind in kinds_needed(self.fresh()):
            if kind != but:
                self.said(kind.value)

    def supply_decided(self, *, by: Person | None = None) -> ExceptionalSupply:
        """The decision to supply."""
        statement = "The physician's reasons outweigh the risk that was evaluated."
        row = do("supply.decide", self.batch, by=by or self.decider, statement=statement)
        assert isinstance(row, ExceptionalSupply)
        return row

    def revoked(self, supply: ExceptionalSupply, *, by: Person | None = None) -> SupplyRevoked:
        """The decision taken back."""
        row = do("supply.revoke", supply, by=by or self.qp, reason="The patient's condition changed.")
        assert isinstance(row, SupplyRevoked)
        return row

    def offered(self, *bags: Container, taker: Party | None = None) -> Any:  # Any: a signed row
        """Bags offered to a party by who holds them."""
        holder = bags[0].state.holder_person
        assert holder is not None
        return do(
            "custody.offer",
            self.coi,
            by=fresh(holder),
            containers=[one.code for one in bags],
            taker=str((taker or self.hospital).pk),
        )

    def handed_over(self, *bags: Container) -> HandOverAccepted:
        """Bags offered to the hospital, which took them."""
        row = do(
            "custody.accept_attested",
            self.offered(*bags),
            by=self.logistics,
            place="H-2",
            condition="intact",
            happened_at=clock.now().isoformat(),
            **stated("E. Lind", "ward nurse"),
        )
        assert isinstance(row, HandOverAccepted)
        return row

    def infused(self, bag: Container, *, hours_ago: float = 0) -> ContainerFate:
        """A bag given to the patient."""
        row = do(
            "container.end",
            bag,
            by=fresh(self.technician),
            fate="infused",
            happened_at=(clock.now() - timedelta(hours=hours_ago)).isoformat(),
            volume_ml="50.0",
            reason="Dr A. Berg, infusion form IF-17",
        )
        assert isinstance(row, ContainerFate)
        return row


class UnitedStates(SupplyLaboratory):
    """A later version of the product under a US profile: the protocol is needed, and quality assurance decides."""

    CODE, NEEDS, DECIDES, VERSION = "US", "protocol", "qa", "2"


class Trial(SupplyLaboratory):
    """The same in a trial: the sponsor agrees."""

    REGIME, NEEDS = "trial", "sponsor"


def in_supply(kind: type[SupplyLaboratory] = SupplyLaboratory, *, days: int = 20) -> SupplyLaboratory:
    """A batch made some days ago that was not certified; the story goes on."""
    clock.tell(clock.machine_now() - timedelta(days=days))
    laboratory = kind()
    laboratory.refused()
    return laboratory
