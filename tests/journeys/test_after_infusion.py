"""What becomes of the bags of a certified batch, over HTTP: three fates that add up, and a patient who died before.

Manufacture, testing and certification go through the acts; from the certified batch on, every act and question goes
over HTTP, as a tablet in the store or a program of the hospital's coordinator sends it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from accounts.models import Person
from accounts.wording import local
from ledger import clock
from ledger.models import Entry
from ledger.verification import verify_records
from tests.after_release_builders import AfterRelease, certified_with_three_bags
from tests.journeys.laboratory_over_http import LaboratoryOverHttp
from tests.kept import kept_for_a_module

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]


class WardOverHttp(LaboratoryOverHttp, AfterRelease):
    """A certified batch of three bags and a ward, reached over HTTP alone."""

    here: datetime  # the time of the story at which each test begins

    def acts(self, act: str, subject: Any, *, by: Person, **intent: Any) -> Any:  # Any: a row, and what it is given
        """The row of an act that was asked for and carried out over HTTP."""
        row = self.sign(act, subject, by, **intent)
        written = Entry.objects.filter(rec_id=row).order_by("seq").first()
        assert written is not None
        return apps.get_model(written.rec_type).objects.get(pk=row)

    def told(self, what: str) -> Any:  # Any: a JSON text
        return self.get(f"{self.at}{what}/", self.qa)

    def adds_up(self) -> dict[str, int]:
        """How the bags add up, without what is none."""
        told = self.told("bags")
        assert sum(told["sum"].values()) == told["filled"] == len(told["bags"])
        return {fate: number for fate, number in told["sum"].items() if number}

    def bag(self, code: str) -> Any:  # Any: a JSON text
        return next(one for one in self.told("bags")["bags"] if one["code"] == code)

    def answer_to_offer(self, code: str) -> tuple[int, str]:
        """How the API answers the holder who wants to send a bag to the hospital again, and its words."""
        holder = next(one for one in self.bags() if one.code == code).state.holder_person
        assert holder is not None
        intent = {"containers": [code], "taker": str(self.hospital.pk)}
        body = {"act": "custody.offer", "record": str(self.coi.pk), "intent": intent}
        asked = self.client(holder).post("/api/v1/challenges/", body, content_type="application/json")
        return asked.status_code, asked.content.decode()

    def destroys(self, bag: str, *, why: str) -> None:
        """A bag destroyed by one person; it waits until another says that they saw it."""
        one = self.bag(bag)
        fate = self.sign(
            "container.end", one["id"], self.technician, fate="destroyed", volume_ml=one["filled_ml"],
            route="GMO waste, autoclave AC-2", reason=why, happened_at=clock.now().isoformat(),
        )  # fmt: skip
        assert self.bag(bag)["waits_for_witness"]
        self.sign("container.end_witness", fate, self.second)
        assert not self.bag(bag)["waits_for_witness"]


@pytest.fixture(scope="module")
def certified(django_db_setup: object, django_db_blocker: object) -> Iterator[WardOverHttp]:
    with kept_for_a_module(django_db_blocker):
        world = certified_with_three_bags(WardOverHttp)
        assert isinstance(world, WardOverHttp)
        world.here = clock.now()
        yield world


@pytest.fixture
def ward(certified: WardOverHttp, db: None) -> WardOverHttp:
    """The three bags in the ward's store, sent there in each test over HTTP."""
    clock.tell(certified.here)
    certified.days_pass(timedelta())
    certified.fresh()
    certified.shipped()
    return certified


@pytest.mark.clause(
    "21 CFR 211.204", "a bag that came back stays, is decided on and ends; over the interface all bags add up"
)
def test_three_bags_with_three_fates(ward):
    first, second, third = (one["code"] for one in ward.told("bags")["bags"])
    assert ward.adds_up() == {"open": 3}

    told = ward.reported(ward.bags()[0])
    assert (told.wrong, ward.bag(first)["fate"]) == ([], None)
    ward.sign("infusion.confirm", told, ward.qa)
    part = ward.reported(
        ward.bags()[1], volume_ml="40", in_full="no", remainder_ml="25.0",
        remainder="Destroyed on the ward, form WD-3", reaction="Fever of 38.4 degrees after two hours",
    )  # fmt: skip
    ward.sign("infusion.confirm", part, ward.qa)
    assert ward.adds_up() == {"infused": 2, "open": 1}

    ward.came_back(ward.bags()[2])
    status, words = ward.answer_to_offer(third)
    assert (status, "has not decided on it" in words, ward.bag(third)["came_back_unreported"]) == (409, True, True)
    back = ward.sign(
        "return.record", ward.bag(third)["id"], ward.logistics, reason="The patient had a fever.",
        condition="intact, frozen", logger="Never above -150 degrees",
    )  # fmt: skip
    ward.sign("return.decide", back, ward.qa, decision="destroy", reason="The dose was given; nobody needs it.")
    assert "is to be destroyed" in ward.answer_to_offer(third)[1]
    ward.destroys(third, why="Quality assurance decided so")

    assert ward.adds_up() == {"infused": 2, "destroyed": 1}
    fates = {one["code"]: (one["fate"], one["fate_ml"]) for one in ward.told("bags")["bags"]}
    assert fates == {first: ("infused", "65.0"), second: ("infused", "40"), third: ("destroyed", "65.0")}
    reports = {one["bag_read"]: one for one in ward.told("infusion-reports")}
    assert (reports[second]["in_full"], reports[second]["remainder_ml"]) == (False, "25.0")
    assert {one["confirmed_by"] for one in reports.values()} == {ward.qa.username}
    assert "Fever" in reports[second]["reaction"]

    due = {(one["item"], one["day"]): one for one in ward.told("follow-up")["items"]}
    assert due["crs", 1]["standing"] == "open"
    ward.later(days=1)
    entered = ward.followed_up("crs", "1", "1")
    ward.sign("follow_up.check", entered, ward.qp, agrees="yes", remark="")
    due = {(one["item"], one["day"]): one for one in ward.told("follow-up")["items"]}
    assert (due["crs", 1]["standing"], due["crs", 1]["value"], due["crs", 3]["standing"]) == ("done", "1", "later")
    assert ward.disposition()["disposition"] == "certified"
    assert verify_records().findings == []


def test_the_patient_died_before_the_infusion(ward):
    day = local(clock.now()).date().isoformat()
    said = {"how": "died", "happened_on": day, "source": "Letter of the ward, L-3", "reason": ""}
    ward.sign("order.end", ward.batch.order, ward.qp, **said)
    assert ward.adds_up() == {"open": 3}

    for bag in ward.told("bags")["bags"]:
        ward.destroys(bag["code"], why="Destroyed on the ward, form WD-4")

    assert ward.adds_up() == {"destroyed": 3}
    assert ward.told("follow-up") == {"infused_at": None, "items": []}
    assert ward.told("after-release")["notifications"] == []
    assert ward.get(f"{ward.at}facts/", ward.qa) == []
    assert ward.disposition()["disposition"] == "certified"  # a death takes back no decision
    assert verify_records().findings == []
