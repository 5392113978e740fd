"""Batches whose sterility test may follow: the published product with a specification that allows it.

The gate is a test of the harvest, at another sampling point; the shipment is planned for two days after the fill, so
that the last result comes twelve days too late for it.
"""

import re
from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import Person, Signed
from batches.models import Definition, PlannedTime
from batches.planning import plan_of, plan_time
from chain_of_custody.models import Container, Party
from ledger import clock, files
from ledger.models import StoredFile
from ledger.writing import writing
from qc.models import PhysicianAcceptance, SponsorRelease
from tests.batches_builders import FILES
from tests.people import do
from tests.qc_builders import CONFORMING, FOURTEEN_DAYS, STERILITY, Laboratory

GATE = "early_culture"
AUTHORISATION = "Example: trial EX-104, protocol section 7.4"
A_GATE = f"""\
  - code: {GATE}
    title: Early culture
    covers: []
    method: {{code: TM-QC-055, version: "1", words: Automated growth-based}}
    sample_point: harvest_before_wash
    result_type: detection
    criterion: {{kind: not_detected}}
    release: before
    reference: An example

"""
SAID = {
    "name": "Dr A. Berg", "role": "Haematologist, registration 44107", "said": "I accept that the test is pending.",
    "evidence_reference": "Letter L-2210",
}  # fmt: skip
JUSTIFIED = {
    "statement": "The patient cannot wait for the end of the sterility test.",
    "plan_if_positive": "Call the physician, begin antibiotics by the organism, inform the sponsor.",
}


def letting_follow(source: str, line: str, *, days: int, gates: str = "", physician: str = "no") -> str:
    """A specification in which a line may follow, under a named authorisation."""
    follows = f'    follows: {{latest_days: "{days}"{f", gates: [{gates}]" if gates else ""}}}\n'
    changed, times = re.subn(
        rf"(  - code: {line}\n.*?release: )before\n", rf"\1may_follow\n{follows}", source, count=1, flags=re.S
    )
    assert times == 1
    allowed = f'two_step:\n  authorisation: "{AUTHORISATION}"\n  physician_acceptance: "{physician}"\n\n'
    return changed.replace("sample_points:\n", f"{allowed}sample_points:\n", 1)


class TwoStepLaboratory(Laboratory):
    """A laboratory in which the sterility test may follow once its gate conforms."""

    PHYSICIAN = "yes"
    SPONSOR = "no"

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the specification and, where asked for, the profile allow the second step."""
        if kind == "specification" and not source:
            shipped = FILES[kind].read_text(encoding="utf-8")
            source = letting_follow(shipped, STERILITY, days=16, gates=GATE, physician=self.PHYSICIAN)
            source = source.replace("  - code: rcl\n", f"{A_GATE}  - code: rcl\n", 1)
        if kind == "product" and not source:
            source = FILES[kind].read_text(encoding="utf-8")
            source = source.replace("\nprofile:\n", f'\nprofile:\n  sponsor_release: "{self.SPONSOR}"\n', 1)
        return super().defined(kind, source)

    def shipment_planned(self, at: datetime, *, reason: str = "") -> PlannedTime:
        """The shipment planned for a time; another one has its reason."""
        order = self.batch.order
        again = plan_of(order).at("shipment") is not None
        why = reason or ("The ward asked for it" if again else "")
        return plan_time(order=order, kind="shipment", at=at, by=self.logistics, id=uuid4(), reason=why)

    def tested_but_sterility(self, *, gate: str = "not_detected") -> None:
        """Every line but the sterility test reviewed, its bottles inoculated, the shipment planned."""
        self.inoculated()
        for line in CONFORMING:
            self.reviewed(self.tested(line))
        self.reviewed(self.tested(GATE, early_culture=gate))
        self.shipment_planned(clock.now() + timedelta(days=2))

    def physician_accepts(self, *, by: Person | None = None, **said: str) -> PhysicianAcceptance:
        """The physician's acceptance, entered by quality assurance."""
        told = SAID | {"happened_at": clock.now().isoformat()} | said
        row = do("acceptance.record", self.batch, by=by or self.qa, **told)
        assert isinstance(row, PhysicianAcceptance)
        return row

    def sponsored(self, *, by: Person | None = None) -> SponsorRelease:
        """The sponsor's release, entered and not checked."""
        told = SAID | {"said": "Released for use in the trial.", "happened_at": clock.now().isoformat()}
        row = do("sponsor_release.record", self.batch, by=by or self.qa, **told)
        assert isinstance(row, SponsorRelease)
        return row

    def ready_conditionally(self) -> None:
        """Nothing stands against a conditional certification."""
        self.tested_but_sterility()
        if self.PHYSICIAN == "yes":
            self.physician_accepts()
        self.approved()
        self.record_reviewed()

    def conditional(self, *, by: Person | None = None, **said: str) -> Signed:
        """The conditional certification."""
        told = JUSTIFIED | said
        return do("batch.certify", self.batch, by=by or self.qp, decision="certified_conditionally", **told)

    def sterility_ends(self) -> None:
        """Both bottles read to their end, submitted and reviewed, fourteen days later."""
        clock.tell(clock.now() + FOURTEEN_DAYS + timedelta(minutes=1))
        for bottle in (1, 2):
            self.read(STERILITY, "no_growth", replicate=bottle)
        self.reviewed(self.submitted(STERILITY))

    def final(self) -> Signed:
        """The final certification, on results approved and a record reviewed anew."""
        self.approved()
        self.record_reviewed()
        return self.certified()

    def bags(self) -> list[Container]:
        """The final bags of the batch."""
        return list(Container.objects.filter(assignment__batch_number=self.batch.number, kind="final_bag"))

    def bags_leave(self) -> Signed:
        """The final bags offered to the courier by who holds them."""
        bags = self.bags()
        holder = bags[0].state.holder_person
        assert holder is not None
        taker = Party.objects.filter(kind=Party.Kind.COURIER).first()
        assert taker is not None
        return do("custody.offer", self.coi, by=holder, containers=[one.code for one in bags], taker=str(taker.pk))


class TrialLaboratory(TwoStepLaboratory):
    """The same, with a profile that asks for the release by the sponsor of the trial."""

    SPONSOR = "yes"


def two_step_laboratory(kind: type[TwoStepLaboratory] = TwoStepLaboratory) -> TwoStepLaboratory:
    """A batch made twenty days ago; the story goes on."""
    clock.tell(clock.machine_now() - timedelta(days=20))
    return kind()


def a_letter(by: Person) -> StoredFile:
    """A stored file that proves what somebody said."""
    with writing():
        return files.keep(b"%PDF-1.4\n" + uuid4().bytes, name="letter.pdf", actor=by.reference)
