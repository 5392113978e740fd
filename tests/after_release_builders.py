"""Certified batches of three bags that leave for the hospital, for tests of what happens there and afterwards."""

import re
from datetime import timedelta
from typing import Any

from accounts.models import Person
from chain_of_custody.containers import of_batch
from chain_of_custody.models import ChainOfIdentity, Container, HandOverAccepted, HandOverOffered
from ledger import clock
from qc.models import Addendum, BagReturned, Complaint, FollowUpRecorded, InfusionReport
from tests.batches_builders import FILES
from tests.custody_builders import stated
from tests.people import do
from tests.qc_builders import SHORT_MASTER, Laboratory

THREE_BAGS = SHORT_MASTER.replace('title: Final bag, number: "1"', 'title: Final bag, number: "3"')
Told = dict[str, Any]  # Any: what an act is given
TOLD: Told = {
    "name": "M. Aalto", "role": "Ward nurse, haematology", "said": "As on our infusion form.",
    "evidence_reference": "Infusion form IF-17",
}  # fmt: skip
COMPLAINT: Told = {
    "name": "Dr A. Berg", "role": "Haematologist", "channel": "A letter", "grade": "minor",
    "text": "The label of the bag was hard to read.",
}  # fmt: skip
FRACTIONS = """\
dose:
  kind: per_kg
  target: "3"
  exponent: "6"
  of: viable CAR+ T cells
  basis: pre_freeze
  reference: ASH 2025, abstract 135
  fractions: {percent: ["10", "30", "60"], hours_between: "24"}

"""
RCL = """
  - code: rcl
    title: Replication-competent lentivirus
    kind: rcl_sample
    days: ["90"]
    window_days: "14"
    reference: An example
"""


def said_of(bag: Container | str, coi: ChainOfIdentity) -> Told:
    """What a hospital says of a bag that its patient was given as it should be, an hour ago."""
    began = clock.now() - timedelta(minutes=40)
    volume = bag.volume_ml if isinstance(bag, Container) else 50
    return TOLD | {
        "happened_at": clock.now().isoformat(),
        "bag_read": bag.code if isinstance(bag, Container) else bag,
        "patient_read": coi.subject.pseudonym,
        "matched": "yes",
        "compared": "Pseudonym, chain of identity",
        "first_checker": "M. Aalto",
        "second_checker": "J. Nieminen",
        "thaw_started_at": (began - timedelta(minutes=8)).isoformat(),
        "thaw_ended_at": (began - timedelta(minutes=4)).isoformat(),
        "thaw_how": "Dry thawing device",
        "took_place": "yes",
        "started_at": began.isoformat(),
        "ended_at": (began + timedelta(minutes=15)).isoformat(),
        "volume_ml": f"{volume:f}" if volume is not None else "50",
        "in_full": "yes",
        "physician": "Dr A. Berg",
    }


class AfterRelease(Laboratory):
    """A laboratory whose batch has three final bags, and a hospital to which they are sent."""

    def defined(self, kind: str, source: str = "") -> Any:  # Any: as the builder gives it
        """A definition in force; the master record fills three bags; they keep a month, and a sample is due later."""
        if kind == "master" and not source:
            source = THREE_BAGS
        if kind == "product" and not source:
            shipped = FILES[kind].read_text(encoding="utf-8").rstrip("\n")
            source = shipped.replace('amount: "12"', 'amount: "1"', 1) + RCL
        return super().defined(kind, source)

    def acts(self, act: str, subject: Any, *, by: Person, **intent: Any) -> Any:  # Any: a row, and what it is given
        """The signed row of an act, carried out however this laboratory is reached."""
        return do(act, subject, by=by, **intent)

    def bags(self) -> list[Container]:
        """The final bags of the batch."""
        return [one for one in of_batch(self.batch.number) if one.kind == Container.Kind.FINAL_BAG]

    def later(self, **span: float) -> None:
        """The story goes on by this much."""
        clock.tell(clock.now() + timedelta(**span))

    def leaves(self, bags: list[Container]) -> HandOverAccepted:
        """Bags handed by their holder to the courier, whose side is attested."""
        holder = bags[0].state.holder_person
        assert holder is not None
        offer = self.acts(
            "custody.offer", self.coi, by=holder, containers=[bag.code for bag in bags], taker=str(self.courier.pk),
            shipper="SH-207", seal="990017",
        )  # fmt: skip
        return self.attested_taking(offer, "SH-207", "Paul Meier", "driver")

    def attested_taking(self, offer: Any, place: str, name: str, role: str, **more: str) -> HandOverAccepted:
        """Somebody without an account accepted what was offered."""
        now = clock.now().isoformat()
        row = self.acts(
            "custody.accept_attested", offer, by=self.technician, place=place, condition="intact", seal_intact="yes",
            happened_at=now, **stated(name, role), **more,
        )  # fmt: skip
        assert isinstance(row, HandOverAccepted)
        return row

    def attested_giving(self, bags: list[Container], taker: str, name: str, role: str) -> HandOverOffered:
        """Somebody without an account gave bags up."""
        row = self.acts(
            "custody.offer_attested", self.coi, by=self.technician, containers=[bag.code for bag in bags], taker=taker,
            shipper="SH-207", seal="990017", happened_at=clock.now().isoformat(), **stated(name, role),
        )  # fmt: skip
        assert isinstance(row, HandOverOffered)
        return row

    def shipped(self, bags: list[Container] | None = None) -> None:
        """Bags in the ward's store: seal, condition and temperature were read there."""
        sent = bags or self.bags()
        self.leaves(sent)
        self.later(hours=5)
        offer = self.attested_giving(sent, str(self.hospital.pk), "Paul Meier", "driver")
        self.attested_taking(offer, "H-2", "M. Aalto", "ward nurse", temperature_c="4")
        self.later(hours=1)

    def came_back(self, bag: Container) -> HandOverAccepted:
        """A bag that the hospital gave back and this site accepted; nobody wrote in which condition."""
        offer = self.attested_giving([bag], str(self.courier.pk), "M. Aalto", "ward nurse")
        self.attested_taking(offer, "SH-207", "Paul Meier", "driver")
        offer = self.attested_giving([bag], str(self.site.pk), "Paul Meier", "driver")
        row = self.acts("custody.accept", offer, by=self.logistics, place="Q-01", condition="intact", seal_intact="yes")
        assert isinstance(row, HandOverAccepted)
        return row

    def returned(self, bag: Container) -> BagReturned:
        """A bag that came back, and what the logger says."""
        self.came_back(bag)
        row = self.acts(
            "return.record", bag, by=self.logistics, reason="The patient had a fever.", condition="intact, frozen",
            logger="Never above -150 degrees",
        )  # fmt: skip
        assert isinstance(row, BagReturned)
        return row

    def said(self, bag: Container | str, **changes: Any) -> Told:
        """What the hospital says of a bag that was infused as it should be, an hour ago."""
        return said_of(bag, self.coi) | changes

    def reported(self, bag: Container | str, *, by: Person | None = None, **changes: Any) -> InfusionReport:
        """A report from the bedside, entered by logistics."""
        row = self.acts("infusion.report", self.batch, by=by or self.logistics, **self.said(bag, **changes))
        assert isinstance(row, InfusionReport)
        return row

    def infused(self, bag: Container, **changes: Any) -> InfusionReport:
        """A report that a second person confirmed: the bag has ended."""
        row = self.reported(bag, **changes)
        self.acts("infusion.confirm", row, by=self.qa)
        return row

    def followed_up(self, item: str, day: str, value: str, **changes: Any) -> FollowUpRecorded:
        """An item of the follow-up, entered by quality assurance."""
        told = TOLD | {"happened_at": clock.now().isoformat(), "done_on": clock.now().date().isoformat()} | changes
        row = self.acts("follow_up.record", self.batch, by=self.qa, item=item, day=day, value=value, **told)
        assert isinstance(row, FollowUpRecorded)
        return row

    def complained(self, *, by: Person | None = None, **changes: Any) -> Complaint:
        """A complaint of the physician about the first bag."""
        asked = COMPLAINT | {"received_at": clock.now().isoformat(), "containers": [self.bags()[0].code]} | changes
        row = self.acts("complaint.record", self.batch, by=by or self.qa, **asked)
        assert isinstance(row, Addendum)
        return Complaint.objects.get(addendum=row)


class InFractions(AfterRelease):
    """The same with a dose that is given in three fractions, of which no count says which bag is which."""

    def defined(self, kind: str, source: str = "") -> Any:  # Any: as the builder gives it
        if kind == "product" and not source:
            shipped = FILES[kind].read_text(encoding="utf-8").rstrip("\n") + RCL
            source = re.sub(r"^dose:\n(?:  .*\n|\n)+", FRACTIONS, shipped, flags=re.MULTILINE)
        return super().defined(kind, source)


def certified_with_three_bags(kind: type[AfterRelease] = AfterRelease, *, days: int = 60) -> AfterRelease:
    """A certified batch that was begun so many days ago; the story goes on."""
    clock.tell(clock.machine_now() - timedelta(days=days))
    laboratory = kind()
    laboratory.all_tested()
    laboratory.approved()
    laboratory.record_reviewed()
    laboratory.certified()
    laboratory.later(minutes=1)
    laboratory.fresh()
    return laboratory
