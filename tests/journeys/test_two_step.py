"""A batch certified before its last result, over HTTP: to its final certificate, and to growth after release.

Manufacture goes through the acts; from the samples on, every reading, act, file and question goes over HTTP.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chain_of_custody.models import Party
from ledger import clock, outbox
from ledger.verification import verify_records
from tests.journeys.laboratory_over_http import LaboratoryOverHttp
from tests.qc_builders import CONFORMING, FOURTEEN_DAYS, STERILITY
from tests.two_step_builders import GATE, JUSTIFIED, SAID, TwoStepLaboratory, two_step_laboratory

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]


class TwoStepOverHttp(LaboratoryOverHttp, TwoStepLaboratory):
    """A laboratory that is reached over HTTP alone."""

    def tests_all_but_sterility(self) -> None:
        self.inoculates()
        for line, values in (CONFORMING | {GATE: {GATE: "not_detected"}}).items():
            for member, typed in values.items():
                self.reads(line, typed, member=member)
            self.concludes(line)

    def plans(self) -> None:
        order, at = self.batch.order.number, (clock.now() + timedelta(days=2)).isoformat()
        self.post(f"orders/{order}/plan/times/", self.logistics, id=str(uuid4()), kind="shipment", at=at)

    def certified_conditionally(self) -> None:
        self.tests_all_but_sterility()
        assert "two_step_not_offered" in self.against("certified_conditionally")
        self.dose_is_determined()
        self.plans()
        upload = SimpleUploadedFile("letter.pdf", b"%PDF-1.4\n" + uuid4().bytes)
        letter = self.client(self.qa).post("/api/v1/files/", {"file": upload}).json()["id"]
        assert self.against("certified_conditionally") == {
            "no_approval",
            "exception_open",
            "trail_open",
            "no_review",
            "no_acceptance",
        }
        said = SAID | {"happened_at": clock.now().isoformat(), "evidence": letter}
        self.sign("acceptance.record", self.batch, self.qa, **said)
        self.is_reviewed()
        assert self.against("certified_conditionally") == set()
        self.decides("certified_conditionally", **JUSTIFIED)
        outbox.deliver_all()

    def offers_bags(self) -> int:
        """The status with which the API answers somebody who wants to hand the final bags to the courier."""
        bags = self.bags()
        holder = bags[0].state.holder_person
        taker = Party.objects.filter(kind=Party.Kind.COURIER).first()
        assert holder is not None
        assert taker is not None
        intent = {"containers": [bag.code for bag in bags], "taker": str(taker.pk)}
        body = {"act": "custody.offer", "record": str(self.coi.pk), "intent": intent}
        asked = self.client(holder).post("/api/v1/challenges/", body, content_type="application/json")
        return int(asked.status_code)


@pytest.fixture
def world() -> TwoStepOverHttp:
    laboratory = two_step_laboratory(TwoStepOverHttp)
    assert isinstance(laboratory, TwoStepOverHttp)
    return laboratory


@pytest.mark.clause("EU GMP Part IV 11", "goes from a conditional certification to the final one over the interface")
def test_conditional_then_final(world):
    assert world.offers_bags() == 409
    world.certified_conditionally()
    told = world.get(f"{world.at}disposition/", world.qp)
    assert (told["disposition"], [one["line"] for one in told["pending"]]) == ("certified_conditionally", [STERILITY])
    assert world.offers_bags() == 201
    assert world.documents() == [("BC", 1, True, False), ("CO", 1, True, False)]

    world.days_pass(FOURTEEN_DAYS + timedelta(minutes=1))
    for bottle in (1, 2):
        world.reads(STERILITY, "no_growth", replicate=bottle)
    world.concludes(STERILITY)
    world.is_reviewed()
    world.decides("certified")
    outbox.deliver_all()

    assert world.get(f"{world.at}disposition/", world.qp)["disposition"] == "certified"
    assert world.documents() == [
        ("BC", 1, True, True), ("BC", 2, False, False), ("CO", 1, True, True), ("CO", 2, False, False),
    ]  # fmt: skip
    assert verify_records().findings == []


@pytest.mark.clause("EU GMP Part IV 14", "alerts, holds and notifies when a result is positive after release")
def test_conditional_then_growth_after_release(world):
    world.certified_conditionally()
    world.days_pass(timedelta(days=5))
    world.reads(STERILITY, "growth", replicate=1)

    after = world.get(f"{world.at}after-release/", world.qa)
    assert after["positive"] == ["Sterility: growth was seen."]
    assert [one["recipient"] for one in after["notifications"]] == ["physician", "sponsor", "authority"]
    assert world.offers_bags() == 409
    assert "positive" in world.against("certified")
    for due in after["notifications"]:
        said = {"told": "On call", "said": "Growth in bottle 1 of the sterility test."}
        world.sign("notification.done", due["id"], world.qa, happened_at=clock.now().isoformat(), **said)
    world.decides("not_certified", statement="Growth in the sterility test of the final product.")
    outbox.deliver_all()

    after = world.get(f"{world.at}after-release/", world.qa)
    assert {one["told"] for one in after["notifications"]} == {"On call"}
    assert ("BC", 2, False, False) in world.documents()
    assert verify_records().findings == []
