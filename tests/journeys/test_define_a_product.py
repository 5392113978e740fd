"""The page docs/how-to/define-a-product.md, followed literally: its files and its requests, sent as they stand there.

What stands in angle brackets on the page is what its reader has at hand: a new id, the site, today.
"""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.acts import all_acts
from accounts.models import Person
from accounts.roles import Role
from accounts.wording import today
from batches.models import Batch, Definition, Order, StepPerformed, StepStart
from batches.record import Status, record_of
from ledger import clock
from ledger.verification import verify_records
from tests.custody_builders import World
from tests.people import a_person, at_browser, secret_of

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "define-a-product.md").read_text("utf-8")
FILES = dict(re.findall(r"`(dli\.\w+\.yaml)`:\n\n```yaml\n(.*?)```", PAGE, re.DOTALL))
REQUESTS: list[dict[str, Any]] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


class Reader:
    """Somebody who does what the page says, as the people it names."""

    def __init__(self) -> None:
        self.world = World()
        self.people: dict[str, Person] = {
            "author": a_person(Role.QC_REVIEWER),
            "checker": a_person(Role.QA),
            "approver": a_person(Role.QUALIFIED_PERSON),
            "quality": a_person(Role.QA),
            "logistics": self.world.logistics,
            "technician": self.world.technician,
        }
        self.browsers: dict[str, Client] = {name: at_browser(person) for name, person in self.people.items()}
        acts = self.browsers["author"].get("/api/v1/acts/").json()
        self.has = {
            "the site": next(act["record"] for act in acts if act["code"] == "definition.prepare"),
            "the technician": str(self.world.technician.pk),
            "the chain of identity": str(self.world.coi.pk),
            "today": today().isoformat(),
        } | FILES

    def follow(self, request: dict[str, Any]) -> None:
        """Do one thing that the page says, for each of the three files where it says so."""
        if "act" in request:
            self.sign(request)
        else:
            method, _space, place = request["do"].partition(" ")
            assert method == "POST"
            answer = self.post(request["by"], self.filled(place), self.filled(request["send"]))
            assert answer.items() >= request.get("expect", {}).items()

    def sign(self, request: dict[str, Any]) -> None:
        record, person = self.filled(request["record"]), self.people[request["by"]]
        asked = self.post(
            request["by"],
            "/api/v1/challenges/",
            {"act": request["act"], "record": record, "intent": self.filled(request["intent"])},
        )
        signed = self.post(
            request["by"],
            f"/api/v1/acts/{request['act']}/",
            {"challenge": asked["challenge"], "username": person.username, "secret": secret_of(person)},
        )
        if "keep" in request:
            self.has[request["keep"]] = signed["record"]["id"]

    def post(self, by: str, place: str, content: object) -> dict[str, Any]:
        answer = self.browsers[by].post(place, json.dumps(content), content_type="application/json")
        assert answer.status_code == 201, (place, answer.content.decode())
        told: dict[str, Any] = answer.json()
        return told

    def filled(self, said: Any) -> Any:
        """What is said, with everything in angle brackets in its place."""
        if isinstance(said, dict):
            return {key: self.filled(each) for key, each in said.items()}
        return re.sub(r"<([^<>]+)>", lambda found: self.at_hand(found[1]), said)

    def at_hand(self, name: str) -> str:
        match name:
            case "a new id":
                return str(uuid4())
            case "now":
                return clock.now().isoformat()
            case "number of the batch":
                return Batch.objects.get(pk=self.has["the batch"]).number
            case "code of the bag":
                return self.world.bags_of(self.world.coi.collections.get())[0].code
            case "the beginning of step 1.1":
                return str(StepStart.objects.get(batch=self.has["the batch"], step="1.1").pk)
        return str(self.has[name])


@pytest.mark.clause(
    "21 CFR 211.188(a)",
    "A batch record is issued as an exact copy of the approved master record, whose digest is signed and kept with it.",
)
def test_the_page_leads_from_an_empty_text_to_the_first_step_of_the_first_batch():
    reader = Reader()
    assert list(FILES) == ["dli.product.yaml", "dli.master.yaml", "dli.specification.yaml"]
    each_file = [request for request in REQUESTS if request.get("for_each") == "file"]
    at = REQUESTS.index(each_file[0])

    for request in REQUESTS[:at]:
        reader.follow(request)
    for name, text in FILES.items():
        reader.has |= {"the file": text, "kind of the file": name.split(".")[1]}
        for request in each_file:
            reader.follow(request)
    for request in REQUESTS[at + len(each_file) :]:
        if request.get("act") == "batch.issue":  # "The cells are collected, verified and taken over at this site."
            reader.world.received()
            reader.world.everything_checked()
        reader.follow(request)

    batch = Batch.objects.select_related("order__coi", "master", "product", "state").get(pk=reader.has["the batch"])
    first = record_of(batch).step("1.1")
    assert first is not None
    assert first.status is Status.PERFORMED  # it waits for its witness
    assert StepPerformed.objects.get(batch=batch).signer == reader.people["technician"]
    assert batch.order == Order.objects.get(pk=reader.has["the order"])
    assert batch.master_sha256 == Definition.objects.get(kind="master").sha256
    assert [each.step for each in record_of(batch).master.left_out] == ["1.2"]
    assert verify_records().findings == []


def test_the_page_names_every_act_of_a_definition_and_of_a_redline():
    acts = {act.code for act in all_acts() if act.code.startswith(("definition.", "redline."))}

    assert {act for act in acts if f"`{act}`" not in PAGE and f'"{act}"' not in PAGE} == set()
