"""Deviations: a departure is assessed with severity, immediate action, impact, root cause and a decision."""

from uuid import uuid4

import pytest

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from batches.departures import report_departure
from batches.models import Departure
from ledger.verification import verify_records
from qc.models import FactAssessment
from qc.release.assessing import facts_of, open_facts
from tests.bench_builders import Bench
from tests.kept import made_once
from tests.people import a_person, at_browser, do, fresh, nothing_written
from tests.qc_builders import MINOR

pytestmark = pytest.mark.django_db
SAID = {"impact": "The line was closed all the time.", "conclusion": "No effect on the cells."}


# An issued batch.
issued = made_once(Bench)


@pytest.fixture
def reported(issued: Bench) -> Departure:
    """A departure that the technician reported."""
    says = "The alarm of the cabinet rang <b>twice</b>."
    return report_departure(batch=issued.batch, says=says, by=fresh(issued.technician), id=uuid4())


def assessed(world: Bench, departure: Departure, **said: str) -> FactAssessment:
    row = do("fact.assess", departure, by=fresh(world.qa), **(MINOR | SAID | said))
    assert isinstance(row, FactAssessment)
    return row


@pytest.mark.clause("21 CFR 211.192", "a departure is assessed in writing, with a number, a conclusion and a decision")
def test_an_assessed_departure_is_a_deviation_with_a_number(issued, reported):
    row = assessed(issued, reported)
    other = report_departure(batch=issued.batch, says="A second alarm.", by=fresh(issued.technician), id=uuid4())
    second = assessed(issued, other, severity="major", root_cause="The filter was full.", decision="follow_up")

    assert row.number.startswith("DEV-")
    assert int(second.number[-4:]) == int(row.number[-4:]) + 1
    assert (row.severity, row.decision, second.root_cause) == ("minor", "accept", "The filter was full.")
    assert open_facts(issued.batch) == []
    assert verify_records().findings == []


@pytest.mark.parametrize("severity", ["major", "critical"])
@pytest.mark.parametrize("cause", ["", "   "])
@pytest.mark.clause("21 CFR 211.192", "a major or critical deviation is not closed without its root cause")
def test_a_major_or_critical_deviation_needs_its_root_cause(issued, reported, severity, cause):
    with nothing_written(), pytest.raises(Refused):
        assessed(issued, reported, severity=severity, root_cause=cause)
    assert assessed(issued, reported, severity=severity, root_cause="The filter was full.").severity == severity


@pytest.mark.parametrize(
    "said",
    [
        {"severity": ""}, {"severity": "none"}, {"decision": ""}, {"decision": "perhaps"}, {"immediate_action": ""},
        {"impact": "none"}, {"conclusion": "fine"}, {"root_cause": "short"}, {"severity": "minor", "extra": "x"},
    ],
)  # fmt: skip
def test_an_assessment_says_everything_in_full(issued, reported, said):
    with nothing_written(), pytest.raises(BadInput):
        assessed(issued, reported, **said)


def test_who_reported_it_never_assesses_it_nor_does_anybody_but_quality(issued):
    own = report_departure(batch=issued.batch, says="I saw the alarm myself.", by=fresh(issued.qa), id=uuid4())
    with nothing_written(), pytest.raises(Refused, match="somebody else assesses it"):
        assessed(issued, own)
    for person in (issued.technician, issued.reviewer, issued.qp):
        with nothing_written(), pytest.raises(NotAllowed):
            do("fact.assess", own, by=fresh(person), **(MINOR | SAID))


def test_pages_and_programs_list_deviations_and_show_one_whole(issued, reported):
    browser = at_browser(issued.qa)
    assert f"/batches/{issued.batch.number}/release/" in browser.get("/deviations/").content.decode()
    form = browser.get(f"/batches/{issued.batch.number}/release/").content.decode()
    for name in ("severity", "immediate_action", "impact", "root_cause", "conclusion", "decision"):
        assert f'name="{name}"' in form
    row = assessed(issued, reported, severity="critical", root_cause="The filter was full.")

    listed = browser.get("/deviations/?severity=critical").content.decode()
    assert row.number in listed
    assert row.number not in browser.get("/deviations/?severity=minor").content.decode()
    shown = browser.get(f"/deviations/{row.number}/").content.decode()
    for words in (
        "&lt;b&gt;twice&lt;/b&gt;",
        "The filter was full.",
        "None was needed.",
        SAID["impact"],
        issued.qa.name,
    ):
        assert words in shown
    assert browser.get("/deviations/DEV-99-9999/").status_code == 404
    told = browser.get(f"/api/v1/deviations/{row.number}/").json()
    assert (told["severity"], told["batch"], told["fact"]) == ("critical", issued.batch.number, str(reported.pk))
    assert [one["number"] for one in browser.get("/api/v1/deviations/").json()["results"]] == [row.number]
    assert browser.get("/api/v1/deviations/?severity=minor").json()["results"] == []
    facts = browser.get(f"/api/v1/batches/{issued.batch.number}/facts/").json()
    assert [one["deviation"] for one in facts] == [row.number]
    assert at_browser(a_person(Role.ADMINISTRATOR)).get("/deviations/").status_code == 403


def test_a_fact_without_a_number_from_before_is_still_read(issued, reported):
    row = FactAssessment(batch=issued.batch, fact_type=reported.record_type(), fact_id=reported.pk, **SAID)
    assert (row.number, row.severity, row.decision) == ("", "", "")
    assert len(facts_of(issued.batch)) == 1
