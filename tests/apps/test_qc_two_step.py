"""Certification before the last result: offered where it is needed, blocked by each thing alone, then final."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from batches.departures import departures_about, report_departure
from batches.models import BatchState
from ledger import clock
from ledger.verification import verify_records
from qc.models import Disposition, Result, ResultsApproval
from qc.panel import release_panel
from qc.release.disposition import next_decisions
from qc.release.two_step import TwoStepNeed, two_step_of
from tests.apps.test_qc_release import with_role
from tests.kept import kept_for_a_module, taken_back
from tests.people import at_browser, do, nothing_written
from tests.qc_builders import MINOR, STERILITY, Laboratory
from tests.signer_state import forget_what_was_signed
from tests.two_step_builders import GATE, JUSTIFIED, TwoStepLaboratory, two_step_laboratory

pytestmark = pytest.mark.django_db
Decision = BatchState.Disposition
CONDITIONALLY = "certified_conditionally"


@pytest.fixture(scope="module")
def tested(django_db_setup: None, django_db_blocker: object) -> Iterator[TwoStepLaboratory]:
    """A batch of which only the sterility test is pending; nothing is accepted, approved or reviewed."""
    with kept_for_a_module(django_db_blocker):
        laboratory = two_step_laboratory()
        laboratory.tested_but_sterility()
        told = clock.now()
        clock.end_story()
        laboratory.__dict__["told"] = told
        yield laboratory


@pytest.fixture
def laboratory(tested: TwoStepLaboratory, db: None) -> Iterator[TwoStepLaboratory]:
    """The same batch, in its story."""
    clock.tell(tested.__dict__["told"] + timedelta(minutes=1))
    tested.fresh()
    yield tested
    clock.end_story()


@pytest.fixture
def ready(laboratory: TwoStepLaboratory) -> TwoStepLaboratory:
    """Nothing stands against its conditional certification."""
    laboratory.physician_accepts()
    laboratory.approved()
    laboratory.record_reviewed()
    return laboratory


@pytest.fixture
def conditional(ready: TwoStepLaboratory) -> TwoStepLaboratory:
    """The batch, certified conditionally."""
    ready.conditional()
    ready.fresh()
    return ready


def need_of(laboratory: Laboratory) -> TwoStepNeed:
    return two_step_of(laboratory.fresh(), release_panel(laboratory.batch))


@pytest.mark.clause("EU GMP Part IV 11", "certifies in two steps where results come after the shipment")
def test_a_batch_is_certified_conditionally_and_then_finally(ready):
    assert ready.codes(CONDITIONALLY) == []
    first = ready.conditional()

    assert isinstance(first, Disposition)
    assert [each["line"] for each in first.pending] == [STERILITY]
    assert first.plan_if_positive == JUSTIFIED["plan_if_positive"]
    assert (first.acceptance.name, first.approval.is_interim) == ("Dr A. Berg", True)
    assert ready.fresh().state.disposition == Decision.CERTIFIED_CONDITIONALLY

    ready.sterility_ends()
    final = ready.final()

    assert isinstance(final, Disposition)
    assert (final.decision, final.version, final.supersedes) == ("certified", 2, first)
    assert final.pending == []
    assert not ResultsApproval.objects.get(version=2).is_interim
    assert ready.fresh().state.disposition == Decision.CERTIFIED
    assert verify_records().findings == []


def no_shipment_is_planned(laboratory: TwoStepLaboratory) -> None:
    laboratory.shipment_planned(clock.now() + timedelta(days=40))


def a_gate_corrected_to_fail(laboratory: TwoStepLaboratory) -> None:
    result = Result.objects.get(line=GATE)
    row = do("result.correct", result, by=laboratory.analyst, member=GATE, typed="detected", reason="Read again")
    assert isinstance(row, Result)
    laboratory.reviewed(row)


def a_needed_result_fails(laboratory: TwoStepLaboratory) -> None:
    result, line = Result.objects.get(line="viability_percent"), "viability_percent"
    row = do("result.correct", result, by=laboratory.analyst, member=line, typed="50.0", reason="Digits swapped")
    assert isinstance(row, Result)
    laboratory.reviewed(row)


def growth_was_seen(laboratory: TwoStepLaboratory) -> None:
    laboratory.read(STERILITY, "growth", replicate=1)


def growth_was_seen_and_assessed(laboratory: TwoStepLaboratory) -> None:
    reading = laboratory.read(STERILITY, "growth", replicate=1)
    told = {"impact": "Growth in one bottle of two.", "conclusion": "Waits for the organism."}
    do("fact.assess", departures_about(reading).get(), by=laboratory.qa, **told, **MINOR)


def a_departure_nobody_assessed(laboratory: TwoStepLaboratory) -> None:
    report_departure(batch=laboratory.batch, says="The door stood open.", by=laboratory.technician, id=uuid4())


ALONE = (
    (no_shipment_is_planned, {"two_step_not_offered"}),
    (a_gate_corrected_to_fail, {"gate", "result_fails", "oos_open", "exception_open"}),
    (a_needed_result_fails, {"result_fails", "oos_open", "exception_open"}),
    (growth_was_seen, {"fact_open", "reading_fails"}),
    (growth_was_seen_and_assessed, {"reading_fails"}),
    (a_departure_nobody_assessed, {"fact_open"}),
)
# What follows from any change of the record, and says nothing of the change itself.
OUTDATED = {"review_outdated", "approval_outdated", "trail_open"}


@pytest.mark.parametrize(("happens", "codes"), ALONE, ids=[happens.__name__ for happens, _codes in ALONE])
def test_each_thing_alone_blocks_a_conditional_certification(ready, happens: Callable[..., None], codes: set[str]):
    happens(ready)

    assert set(ready.codes(CONDITIONALLY)) - OUTDATED == codes
    with nothing_written(), pytest.raises(Refused):
        ready.conditional()


def test_without_acceptance_approval_or_review_nobody_certifies_conditionally(laboratory):
    unread = ["trail_open", "no_review"]
    assert laboratory.codes(CONDITIONALLY) == ["no_approval", "no_acceptance", "dose_missing", *unread]
    laboratory.approved()
    assert laboratory.codes(CONDITIONALLY) == ["no_acceptance", *unread]
    laboratory.physician_accepts()
    assert laboratory.codes(CONDITIONALLY) == unread
    laboratory.record_reviewed()
    assert laboratory.codes(CONDITIONALLY) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"statement": "Nineteen characters"}, "no_justification"),
        ({"statement": ""}, "no_justification"),
        ({"plan_if_positive": "Call the physician"}, "no_plan_if_positive"),
    ],
)
def test_a_conditional_decision_is_justified_and_has_a_plan(ready, said, code):
    with nothing_written(), pytest.raises(Refused) as refused:
        ready.conditional(**said)

    assert [one.code for one in refused.value.objections] == [code]


def test_twenty_characters_justify(ready):
    ready.conditional(statement="x" * 20, plan_if_positive="y" * 20)

    assert ready.fresh().state.disposition == Decision.CERTIFIED_CONDITIONALLY


@pytest.mark.parametrize(
    ("minutes", "offered"), [(-1, True), (0, False), (1, False)], ids=["a minute before", "at the result", "after it"]
)
def test_it_is_offered_only_where_the_result_is_due_after_the_shipment(laboratory, minutes, offered):
    due = need_of(laboratory).pending[0].due_at
    assert due is not None
    laboratory.shipment_planned(due + timedelta(minutes=minutes))

    need = need_of(laboratory)

    assert need.is_offered is offered
    assert need.says.startswith("Needed: last result" if offered else "Not needed: last result")
    assert (Decision.CERTIFIED_CONDITIONALLY in next_decisions(laboratory.batch)) is True
    assert ("two_step_not_offered" in laboratory.codes(CONDITIONALLY)) is not offered


def test_without_a_plan_it_is_not_offered_and_says_so(laboratory):
    other = laboratory.beside()
    other.inoculated()

    need = need_of(other)

    assert not need.is_offered
    assert "no shipment is planned" in need.says
    assert need.url == f"/orders/{other.batch.order.number}/plan/"


def test_without_a_sample_nobody_knows_when_its_result_is_due(laboratory):
    other = laboratory.beside()
    other.shipment_planned(clock.now() + timedelta(days=2))

    need = need_of(other)

    assert not need.is_offered
    assert "no sample for" in need.says
    assert "no_sample" in other.codes(CONDITIONALLY)
    sample = other.sample_for(STERILITY)
    assert need_of(other).pending[0].due_at == sample.received_at + timedelta(days=16)


def test_after_the_last_result_it_is_not_needed(ready):
    ready.sterility_ends()

    assert need_of(ready).says == "Not needed: every result that may follow is there."
    assert "two_step_not_offered" in ready.codes(CONDITIONALLY)


def test_an_acceptance_is_proven_and_recorded_once(laboratory):
    with nothing_written(), pytest.raises(Refused, match="Name the evidence"):
        laboratory.physician_accepts(evidence_reference="")
    with nothing_written(), pytest.raises(NotAllowed):
        laboratory.physician_accepts(by=laboratory.technician)
    laboratory.physician_accepts()
    with nothing_written(), pytest.raises(Refused, match="already"):
        laboratory.physician_accepts()


def test_the_laboratory_goes_on_with_what_is_pending_and_with_nothing_else(conditional):
    conditional.read(STERILITY, "no_growth", replicate=1)
    with nothing_written(), pytest.raises(Refused, match="Report what you found as a departure"):
        do(
            "result.correct", Result.objects.get(line="viability_percent"), by=conditional.analyst,
            member="viability_percent", typed="94.1", reason="Digits swapped",
        )  # fmt: skip
    conditional.sterility_ends()
    result = Result.objects.get(line=STERILITY)

    assert result.verdict == "meets"
    conditional.final()
    with nothing_written(), pytest.raises(Refused, match="Report what you found as a departure"):
        conditional.read(STERILITY, "no_growth", replicate=1)


def test_the_final_certification_needs_results_approved_and_a_record_reviewed_anew(conditional):
    assert "result_missing" in conditional.codes("certified")
    conditional.sterility_ends()
    assert conditional.codes("certified") == ["approval_outdated", "trail_open", "review_outdated"]
    conditional.approved()
    assert conditional.codes("certified") == ["trail_open", "review_outdated"]
    conditional.record_reviewed()
    assert conditional.codes("certified") == []


def test_a_conditional_certification_is_refused_a_second_time(conditional):
    with nothing_written(), pytest.raises(Refused, match="has been made"):
        conditional.conditional()


def test_a_certification_is_withdrawn_with_a_reason_and_decided_on_again_after_a_fresh_review(conditional):
    conditional.sterility_ends()
    conditional.final()
    assert next_decisions(conditional.fresh()) == (Decision.WITHDRAWN,)
    with nothing_written(), pytest.raises(Refused, match="Say why"):
        conditional.certified("withdrawn")
    for person in (conditional.qa, conditional.reviewer, conditional.technician):
        with nothing_written(), pytest.raises(NotAllowed):
            conditional.certified("withdrawn", by=person, statement="A complaint of the ward.")

    conditional.certified("withdrawn", statement="A complaint of the ward.")

    assert conditional.fresh().state.disposition == Decision.WITHDRAWN
    assert conditional.codes("certified") == ["trail_open", "review_outdated"]
    assert conditional.codes("not_certified") == ["review_outdated"]
    conditional.record_reviewed()
    assert conditional.codes("not_certified") == []
    conditional.certified()
    assert list(Disposition.objects.order_by("version").values_list("decision", flat=True)) == [
        "certified_conditionally", "certified", "withdrawn", "certified",
    ]  # fmt: skip
    assert verify_records().findings == []


def test_who_worked_on_the_batch_neither_certifies_conditionally_nor_withdraws(conditional):
    both = with_role(conditional.analyst, Role.QUALIFIED_PERSON)

    assert "same_person" in conditional.codes("certified", by=both)


def test_the_page_offers_what_is_possible_and_says_what_is_pending(ready):
    browser = at_browser(ready.qp)
    address = f"/batches/{ready.batch.number}/release/"

    before = browser.get(address).content.decode()
    assert "Needed: last result" in before
    assert "What is done if a late result is positive" in before
    ready.conditional()
    after = browser.get(address).content.decode()

    assert "Still pending at this decision" in after
    assert "status--conditional" in after
    overview = browser.get(f"/batches/{ready.batch.number}/").content.decode()
    assert "Certified conditionally" in overview


def test_the_api_says_whether_it_is_offered_and_why(ready):
    program = at_browser(ready.qp)
    address = f"/api/v1/batches/{ready.batch.number}/disposition/"

    before = program.get(address).json()
    ready.conditional()
    after = program.get(address).json()

    assert before["conditional"]["is_offered"] is True
    assert [one["line"] for one in before["conditional"]["would_be_pending"]] == [STERILITY]
    assert {one["decision"]: one["objections"] for one in before["decisions"]}[CONDITIONALLY] == []
    assert (after["disposition"], [one["line"] for one in after["pending"]]) == (CONDITIONALLY, [STERILITY])
    assert [one["decision"] for one in after["decisions"]] == ["certified", "not_certified"]


class Anything:
    """Whatever people may try with a batch, in any order; what is refused changes nothing."""

    def __init__(self, laboratory: TwoStepLaboratory) -> None:
        self.laboratory = laboratory

    def tries(self, name: str) -> None:
        """One try; before each certification nothing may stand against it."""
        laboratory = self.laboratory
        open_blockers = laboratory.codes(name) if name in (CONDITIONALLY, "certified") else []
        before = Disposition.objects.filter(batch=laboratory.batch).count()
        try:
            getattr(self, name)()
        except Refused:
            return
        decided = Disposition.objects.filter(batch=laboratory.batch).count() > before
        assert not (decided and open_blockers), (name, open_blockers)

    def certified_conditionally(self) -> None:
        self.laboratory.conditional()

    def certified(self) -> None:
        self.laboratory.certified()

    def withdrawn(self) -> None:
        self.laboratory.certified("withdrawn", statement="A complaint of the ward.")

    def accept(self) -> None:
        self.laboratory.physician_accepts()

    def approve(self) -> None:
        self.laboratory.approved()

    def review(self) -> None:
        self.laboratory.record_reviewed()

    def grow(self) -> None:
        self.laboratory.read(STERILITY, "growth", replicate=1)

    def depart(self) -> None:
        a_departure_nobody_assessed(self.laboratory)

    def plan_later(self) -> None:
        self.laboratory.shipment_planned(clock.now() + timedelta(days=40))


TRIES = [
    CONDITIONALLY, "certified", "withdrawn", "accept", "approve", "review", "grow", "depart", "plan_later",
]  # fmt: skip
ONE_BY_ONE = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@ONE_BY_ONE
@given(order=st.lists(st.sampled_from(TRIES), min_size=3, max_size=8))
@example(order=["accept", "approve", "review", CONDITIONALLY, "grow", "approve", "review", "certified"])
@example(order=["accept", "approve", "review", "depart", CONDITIONALLY, "review", CONDITIONALLY])
def test_no_order_of_tries_certifies_a_batch_against_which_something_stands(laboratory, order):
    with taken_back():
        anything = Anything(laboratory)
        for name in order:
            anything.tries(name)
    forget_what_was_signed()
    laboratory.fresh()
