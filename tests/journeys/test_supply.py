"""A product out of specification over HTTP: not certified, asked for by the physician, supplied, infused, told.

Manufacture and testing go through the acts; from the decision on, every act, file and question goes over HTTP.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chain_of_custody.models import Party
from ledger import clock, outbox
from ledger.verification import verify_records
from tests.custody_builders import stated
from tests.documents_builders import pages_of, squeezed
from tests.journeys.over_http import OverHttp
from tests.people import fresh
from tests.supply_builders import PHYSICIAN, REQUEST, SAID, Trial

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]


class SupplyOverHttp(OverHttp, Trial):
    """A laboratory of a trial that is reached over HTTP alone, once its results are there."""

    @property
    def at(self) -> str:
        return f"batches/{self.batch.number}/"

    def stored(self) -> str:
        """The id of a letter that quality assurance uploaded."""
        upload = SimpleUploadedFile("letter.pdf", b"%PDF-1.4\n" + uuid4().bytes)
        kept = self.client(self.qa).post("/api/v1/files/", {"file": upload})
        assert kept.status_code == 201, kept.content
        return str(kept.json()["id"])

    def missing(self) -> list[str]:
        """What the supply still needs, as the API names it."""
        return [one["code"] for one in self.get(f"{self.at}supply/", self.qa)["items"] if not one["is_there"]]

    def states(self, kind: str) -> None:
        """A statement entered by quality assurance with its letter, and compared by the qualified person."""
        said = PHYSICIAN | SAID[kind] | {"kind": kind, "happened_at": clock.now().isoformat()}
        row = self.sign("supply.record_statement", self.batch, self.qa, **said, evidence=self.stored())
        self.sign("supply.check_statement", row, self.qp)

    def answer_to_offer(self, code: str, taker: Party) -> int:
        """The status with which the API answers the holder who wants to hand a bag to a party."""
        bag = next(one for one in self.bags() if one.code == code)
        holder = bag.state.holder_person
        assert holder is not None
        intent = {"containers": [code], "taker": str(taker.pk)}
        body = {"act": "custody.offer", "record": str(self.coi.pk), "intent": intent}
        asked = self.client(fresh(holder)).post("/api/v1/challenges/", body, content_type="application/json")
        return int(asked.status_code)

    def hands_over(self, code: str) -> None:
        bag = next(one for one in self.bags() if one.code == code)
        holder = bag.state.holder_person
        assert holder is not None
        offer = self.sign("custody.offer", self.coi, fresh(holder), containers=[code], taker=str(self.hospital.pk))
        told = stated("E. Lind", "ward nurse") | {"happened_at": clock.now().isoformat()}
        self.sign("custody.accept_attested", offer, self.logistics, place="H-2", condition="intact", **told)


@pytest.fixture
def world() -> SupplyOverHttp:
    clock.tell(clock.machine_now() - timedelta(days=20))
    laboratory = SupplyOverHttp()
    laboratory.out_of_specification()
    return laboratory


@pytest.mark.clause("EU GMP Part IV 11.54", "goes from a refusal to a supply that everybody was told of, over HTTP")
def test_out_of_specification_then_supplied(world):
    said = {"decision": "certified", "statement": ""}
    body = {"act": "batch.certify", "record": str(world.batch.pk), "intent": said}
    refused = world.client(world.qp).post("/api/v1/challenges/", body, content_type="application/json")
    assert (refused.status_code, "result_fails" in refused.content.decode()) == (409, True)
    why = "Viability is below its limit, confirmed."
    world.sign("batch.certify", world.batch, world.qp, decision="not_certified", statement=why)
    world.fresh()
    first, second = (bag.code for bag in world.bags())
    assert world.answer_to_offer(first, world.hospital) == 409

    clock.tell(clock.now() + timedelta(minutes=10))
    asked = PHYSICIAN | REQUEST | {"happened_at": clock.now().isoformat(), "evidence": world.stored()}
    world.sign(
        "physician_answer.check", world.sign("physician_answer.record", world.batch, world.qa, **asked), world.qp
    )
    assert world.missing() == ["containers", "evaluation", "consent", "sponsor", "acceptance"]
    hospital = str(world.hospital.pk)
    world.sign("supply.name_containers", world.batch, world.qa, containers=[first], recipient=hospital)
    world.sign(
        "supply.evaluate_risk", world.batch, world.qa, document=world.stored(), author="Dr M. Sorel",
        written_on=clock.now().date().isoformat(), conclusion="Fewer viable cells; no added risk.",
    )  # fmt: skip
    for kind in ("consent", "sponsor", "acceptance"):
        world.states(kind)
    assert world.missing() == []
    world.sign("supply.decide", world.batch, world.qp, statement="The physician's reasons outweigh the risk.")
    assert world.get(f"{world.at}disposition/", world.qp)["disposition"] == "not_certified"

    assert world.answer_to_offer(second, world.hospital) == 409
    assert world.answer_to_offer(first, world.courier) == 409
    clock.tell(clock.now() + timedelta(hours=3))
    vars(world).pop("_clients", None)  # everybody signs in again
    world.hands_over(first)
    bag = next(one for one in world.bags() if one.code == first)
    infused_at = clock.now()
    world.sign(
        "container.end", bag, world.technician, fate="infused", happened_at=infused_at.isoformat(), volume_ml="65.0",
        reason="Dr A. Berg, infusion form IF-17",
    )  # fmt: skip
    dues = {one["recipient"]: one for one in world.get(f"{world.at}after-release/", world.qa)["notifications"]}
    assert set(dues) == {"sponsor", "ethics_committee", "authority"}
    assert dues["authority"]["due_at"] == (infused_at + timedelta(hours=48)).isoformat().replace("+00:00", "Z")
    for due in dues.values():
        told = {
            "told": "On duty",
            "said": "Supplied out of specification and infused.",
            "happened_at": clock.now().isoformat(),
        }
        world.sign("notification.done", due["id"], world.qa, **told)

    outbox.deliver_all()
    rows = {one["kind"]: one for one in world.get(f"documents/?batch={world.batch.number}", world.qa)["results"]}
    assert (rows["es"]["is_superseded"], rows["bc"]["is_superseded"]) == (False, True)
    opened = world.client(world.qa).get(f"/certificates/{rows['es']['number']}/v1.pdf")
    assert opened.status_code == 200
    printed = "".join(pages_of(b"".join(opened) if opened.streaming else opened.content))
    for words in (
        "OUT OF SPECIFICATION – supplied at physician's request", "59 % (59.1 %)", "≥ 70 %", "Dr A. Berg", first,
        rows["coa"]["number"], rows["bc"]["number"], "within 48 hours from the infusion", "This document supersedes",
    ):  # fmt: skip
        assert squeezed(words) in printed, words
    assert printed.index(squeezed("59 % (59.1 %)")) < printed.index(squeezed("Containers that may be supplied"))
    assert squeezed("I certify") not in printed
    assert verify_records().findings == []
