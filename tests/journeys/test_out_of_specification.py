"""A failing viability over HTTP, to a retest that counts and to a batch that is not certified; and a clean batch.

Manufacture and the other lines of the specification are there before; from the failing line on, every reading, act and
question goes over HTTP, and documents are made by the worker.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from ledger import clock, outbox
from ledger.verification import verify_records
from qc.models import OutOfSpecification
from tests.journeys.laboratory_over_http import LaboratoryOverHttp
from tests.kept import kept_for_a_module
from tests.oos_builders import IN_ORDER, LINE

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]

SAYS = "The vial stood twelve minutes before it was stained."


class Investigating(LaboratoryOverHttp):
    """What laboratory and quality assurance say over HTTP of a result out of specification."""

    here: datetime  # the time of the story at which each test begins

    def reported(self) -> str:
        """Something that went wrong at the bench of the laboratory, reported before the result is known."""
        told = self.post(f"{self.at}departures/", self.technician, id=str(uuid4()), says=SAYS)
        fact = str(told["id"])
        said = {"severity": "minor", "immediate_action": "The vial was kept.", "decision": "accept"}
        said |= {"impact": "Of the laboratory alone, none on the cells.", "conclusion": "Part of the investigation."}
        self.sign("fact.assess", fact, self.qa, **said)
        return fact

    def fails(self) -> OutOfSpecification:
        """Viability out of specification, submitted and reviewed."""
        self.tests(LINE, **{LINE: "59.1"})
        self.concludes(LINE)
        return OutOfSpecification.objects.get()

    def told_of(self, record: OutOfSpecification) -> dict[str, object]:
        told: dict[str, object] = self.get(f"oos/{record.number}/", self.qa)
        return told

    def investigates(self, record: OutOfSpecification, *, evidence: str | None = None) -> None:
        points = dict(IN_ORDER)
        if evidence:
            points |= {"sample": "not_ok", "sample_remark": "Stained twelve minutes after thaw."}
        told = {"has_cause": "yes" if evidence else "no", "conclusion": "Found out point by point."}
        self.sign("oos.investigate", record, self.reviewer, **points, **told, evidence=evidence)

    def plans_a_retest(self, record: OutOfSpecification) -> None:
        told = {"hypothesis": "The stain acted too long on the cells.", "retests": 1, "other_analyst": "no"}
        self.sign("oos.plan", record, self.reviewer, **told, sample=self.sample(LINE))
        self.sign("oos.approve_plan", record, self.qa)

    def closes(self, record: OutOfSpecification, outcome: str) -> None:
        told = {"root_cause": "The stain was left on the cells too long.", "scope": "No other batch was stained."}
        self.sign("oos.close", record, self.qa, **told, outcome=outcome, conclusion="The analyst is trained again.")


@pytest.fixture(scope="module")
def tested(django_db_setup: object, django_db_blocker: object) -> Iterator[Investigating]:
    with kept_for_a_module(django_db_blocker):
        clock.tell(clock.machine_now() - timedelta(days=20))
        laboratory = Investigating()
        laboratory.tests_all(but=LINE)
        laboratory.dose_is_determined()
        laboratory.here = clock.now()
        yield laboratory


@pytest.fixture
def world(tested: Investigating, db: None) -> Investigating:
    clock.tell(tested.here)
    tested.days_pass(timedelta())
    return tested


def is_certified(world: Investigating) -> None:
    world.is_reviewed()
    assert world.against("certified") == set()
    world.decides("certified", statement="")
    outbox.deliver_all()
    assert world.disposition()["disposition"] == "certified"
    in_force = [(kind, is_interim) for kind, _version, is_interim, superseded in world.documents() if not superseded]
    assert in_force == [("BC", False), ("CO", False)]


@pytest.mark.clause("21 CFR 211.165", "certifies a batch over the interface when every line conforms")
def test_a_clean_batch_is_certified(world):
    world.tests(LINE)
    missing = {"result_missing", "no_approval", "no_review", "exception_open", "trail_open"}
    assert world.against("certified") == missing
    world.concludes(LINE)
    is_certified(world)

    assert world.get("oos/", world.qa)["results"] == []
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 211.192", "a retest counts after an assignable cause, an approved plan and the closure")
def test_an_assignable_cause_and_a_valid_retest(world):
    evidence = world.reported()
    record = world.fails()
    assert {"result_fails", "oos_open"} & world.against("certified")

    world.investigates(record, evidence=evidence)
    world.plans_a_retest(record)
    world.tests(LINE, **{LINE: "92.6"})
    world.concludes(LINE)
    assert "result_fails" in world.against("certified")  # the first one counts until the record is closed
    world.closes(record, "invalidated")
    is_certified(world)

    told = world.told_of(record)
    assert (told["has_cause"], told["retests_planned"], len(told["retests"])) == (True, 1, 1)
    lines = {line["line"]: line for line in world.get(f"{world.at}release-panel/", world.qa)["lines"]}
    assert lines[LINE]["reported"].startswith("93")
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 211.165", "a batch whose failing result is confirmed is not certified and stays here")
def test_a_confirmed_result_and_a_batch_that_is_not_certified(world):
    record = world.fails()
    world.investigates(record)
    world.closes(record, "confirmed")
    world.is_reviewed()
    assert "result_fails" in world.against("certified")

    assert world.against("not_certified") == set()
    world.decides("not_certified", statement="Viability of 59.1 % was confirmed.")
    outbox.deliver_all()

    assert world.disposition()["disposition"] == "not_certified"
    assert "not_certified" in {one["code"] for one in world.get(f"{world.at}after-release/", world.qa)["bags_stay"]}
    assert ("CO", 1, False, False) in world.documents()
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 11.10(e)", "a correction after the review voids it, and what followed is done again")
def test_a_correction_after_review(world):
    world.tests(LINE, **{LINE: "95.1"})
    world.concludes(LINE)
    world.is_reviewed()
    assert world.against("certified") == set()

    result = next(one for one in world.get(f"{world.at}results/", world.qa)["results"] if one["line"] == LINE)
    corrected = world.sign(
        "result.correct", result["id"], world.analyst, member=LINE, typed="91.5", reason="Digits were swapped"
    )
    assert {"result_missing", "approval_outdated", "review_outdated"} <= world.against("certified")

    world.sign("result.review", corrected, world.reviewer)
    is_certified(world)
    assert verify_records().findings == []
