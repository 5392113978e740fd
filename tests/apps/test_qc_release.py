"""The decision on a batch: each thing that stands against it blocks alone, and only the right people decide."""

import re
from collections.abc import Callable, Iterator
from itertools import product
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.meanings import Meaning
from accounts.models import Challenge, Person
from accounts.refusal import NotAllowed, Refused
from accounts.roles import TABLE, Role
from accounts.signing import ask, perform
from accounts.wording import local
from batches.departures import report_departure
from batches.models import BatchState, Departure
from batches.ordering import correct_weight
from batches.weights import weight_in_force
from chain_of_custody.models import IdentityCheck
from ledger import clock
from ledger.checkpoints import CHECKPOINT_JOB
from ledger.models import OutboxJob
from ledger.verification import verify_records
from qc.models import Disposition, FactAssessment, Reading, Result, ResultsApproval
from qc.panel import Standing, release_panel
from qc.release.approving import CERTIFICATE_JOB
from qc.release.disposition import BATCH_CERTIFICATE_JOB, MOVES, move, objections_to_disposition
from tests.kept import kept_for_a_module
from tests.people import STATION, a_person, administrators, at_browser, do, fresh, nothing_written, secret_of
from tests.qc_builders import MINOR, Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db
Decision = BatchState.Disposition
# What a page and an act may ask of the database; more of it than before is a rule that reads for itself again.
MOST_STATEMENTS, MOST_STATEMENTS_TO_ASK, MOST_STATEMENTS_TO_PERFORM = 125, 84, 110


@pytest.fixture(scope="module")
def tested(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A batch whose results are all reviewed and conform; nobody approved them yet."""
    with kept_for_a_module(django_db_blocker):
        laboratory = in_the_laboratory()
        laboratory.all_tested()
        clock.end_story()
        yield laboratory


@pytest.fixture
def ready(tested: Laboratory) -> Laboratory:
    """The same batch, approved and its record reviewed: nothing stands against its certification."""
    tested.approved()
    tested.record_reviewed()
    return tested


def with_role(person: Person, *roles: Role) -> Person:
    """The person with further roles, proposed by one administrator and approved by the other."""
    first, second = administrators()
    wanted = [*person.state.roles, *(str(role) for role in roles)]
    do("person.change_roles", person, by=first, roles=wanted, reason="Takes over a duty")
    do("person.approve_roles", person, by=second)
    return fresh(person)


def test_a_batch_is_certified_when_nothing_stands_against_it(ready):
    assert ready.codes() == []

    decision = ready.certified(statement="All as it should be.")

    assert isinstance(decision, Disposition)
    assert (decision.decision, decision.meaning) == ("certified", "certified")
    assert ready.fresh().state.disposition == Decision.CERTIFIED
    owed = OutboxJob.objects.filter(kind=CHECKPOINT_JOB).values_list("subject", "then")
    assert sorted(owed) == sorted([(decision.pk, BATCH_CERTIFICATE_JOB), (decision.approval_id, CERTIFICATE_JOB)])
    assert verify_records().findings == []


def test_without_an_approval_nobody_reviews_or_certifies(tested):
    assert tested.codes() == ["no_approval", "trail_open", "no_review"]
    with nothing_written(), pytest.raises(Refused, match="has not approved the results"):
        do("record.review", tested.batch, by=tested.qa)
    with nothing_written(), pytest.raises(Refused):
        tested.certified()


def test_without_a_review_of_the_record_nobody_certifies(tested):
    tested.approved()

    assert tested.codes() == ["trail_open", "no_review"]
    with nothing_written(), pytest.raises(Refused, match="not reviewed the record"):
        tested.certified()


def a_reported_departure(laboratory: Laboratory) -> None:
    report_departure(batch=laboratory.batch, says="The door stood open.", by=laboratory.technician, id=uuid4())


def a_label_of_nothing(laboratory: Laboratory) -> None:
    laboratory.reads_label("CT-99-9999-SA-01")


def a_corrected_result(laboratory: Laboratory) -> None:
    result = Result.objects.get(line="viability_percent")
    do(
        "result.correct", result, by=laboratory.analyst,
        member="viability_percent", typed="94.1", reason="Digits were swapped",
    )  # fmt: skip


def growth_seen_later(laboratory: Laboratory) -> None:
    laboratory.read("sterility", "growth", replicate=1)


def another_weight(laboratory: Laboratory) -> None:
    weight = weight_in_force(laboratory.batch.order)
    assert weight is not None
    correct_weight(
        weight=weight,
        kilograms="71",
        weighed_on=local(clock.now()).date(),
        source="Ward sheet 2",
        reason="Weighed again today",
        by=laboratory.logistics,
        id=uuid4(),
    )


def another_verified_weight(laboratory: Laboratory) -> None:
    another_weight(laboratory)
    weight = weight_in_force(laboratory.batch.order)
    assert weight is not None
    do("weight.verify", weight, by=laboratory.technician)


def a_vial_offered_and_not_taken(laboratory: Laboratory) -> None:
    vial = laboratory.containers_at("final_product")[-1]
    do(
        "custody.offer", laboratory.coi, by=laboratory.technician, containers=[vial.code],
        taker=str(laboratory.courier.pk), shipper="SH-207", seal="1",
    )  # fmt: skip


BLOCKED_BY = (
    (a_reported_departure, ["fact_open", "trail_open", "review_outdated"]),
    (a_label_of_nothing, ["fact_open", "trail_open", "review_outdated"]),
    (a_corrected_result, ["result_missing", "approval_outdated", "exception_open", "trail_open", "review_outdated"]),
    (growth_seen_later, ["fact_open", "result_missing", "trail_open", "review_outdated"]),
    (another_weight, ["unverified_weight", "result_missing", "dose_outdated", "trail_open"]),
    (another_verified_weight, ["result_missing", "dose_outdated", "trail_open"]),
    (a_vial_offered_and_not_taken, ["offer_open", "trail_open"]),
)


@pytest.mark.parametrize(("happens", "codes"), BLOCKED_BY, ids=[happens.__name__ for happens, _codes in BLOCKED_BY])
def test_each_thing_alone_blocks_the_certification(ready, happens: Callable[[Laboratory], None], codes: list[str]):
    happens(ready)

    assert ready.codes() == codes
    with nothing_written(), pytest.raises(Refused):
        ready.certified()
    assert ready.fresh().state.disposition == Decision.NONE


@pytest.mark.parametrize(
    ("typed", "codes"),
    [("69.4", ["result_fails", "oos_open"]), ("< 80", ["result_fails"]), ("69.5", [])],
    ids=["fails", "indeterminate", "rounds up to the limit"],
)
def test_a_reviewed_result_blocks_unless_it_conforms(tested, typed, codes):
    result = Result.objects.get(line="viability_percent")
    corrected = do(
        "result.correct", result, by=tested.analyst, member="viability_percent", typed=typed, reason="Digits swapped"
    )
    assert isinstance(corrected, Result)
    tested.reviewed(corrected)
    tested.approved()
    tested.record_reviewed()

    assert tested.codes() == codes


def test_a_result_that_was_not_tested_never_passes(tested):
    result = Result.objects.get(line="rcl")
    corrected = do(
        "result.correct", result, by=tested.analyst, member="rcl", typed="not_tested", reason="Sample was lost"
    )
    assert isinstance(corrected, Result)
    tested.reviewed(corrected)
    tested.approved()
    tested.record_reviewed()

    assert corrected.verdict == "indeterminate"
    assert tested.codes() == ["result_fails"]


def test_a_weight_that_changed_is_taken_by_correcting_the_result_with_the_same_value(ready):
    another_verified_weight(ready)
    before = Result.objects.get(line="car_positive_cells_total")

    after = do(
        "result.correct", before, by=ready.analyst,
        member="car_positive_cells_total", typed="1495.0", reason="The weight was corrected",
    )  # fmt: skip

    assert isinstance(after, Result)
    assert before.unrounded != after.unrounded
    assert after.readings == before.readings
    assert after.weight != before.weight
    assert not ready.line("car_positive_cells_total").is_outdated


def test_a_departure_that_was_assessed_blocks_no_more(tested):
    a_reported_departure(tested)
    departure = Departure.objects.get(says="The door stood open.")
    told = {"impact": "None: the line was closed.", "conclusion": "No effect on the product."} | MINOR

    with nothing_written(), pytest.raises(NotAllowed):
        do("fact.assess", departure, by=tested.qp, **told)
    do("fact.assess", departure, by=tested.qa, **told)
    with nothing_written(), pytest.raises(Refused, match="assessed already"):
        do("fact.assess", departure, by=tested.qa, **told)
    tested.approved()
    tested.record_reviewed()

    assert FactAssessment.objects.get().fact_id == departure.pk
    assert tested.codes() == []


def test_not_certifying_needs_a_statement_and_a_review_and_no_passing_results(ready):
    with nothing_written(), pytest.raises(Refused, match="Say why"):
        ready.certified("not_certified")
    a_corrected_result(ready)

    decision = ready.certified("not_certified", statement="The patient has withdrawn.")

    assert (decision.meaning, ready.fresh().state.disposition) == (Meaning.REJECTED, Decision.NOT_CERTIFIED)


def test_nobody_refuses_a_batch_whose_record_nobody_reviewed(tested):
    tested.approved()

    with nothing_written(), pytest.raises(Refused, match="not reviewed the record"):
        tested.certified("not_certified", statement="The patient has withdrawn.")


@pytest.mark.parametrize("name", ["technician", "second", "analyst", "reviewer"])
def test_whoever_worked_on_the_batch_does_not_decide_on_it(ready, name):
    person = with_role(getattr(ready, name), Role.QUALIFIED_PERSON)

    # A role that somebody gets who wrote in the record is new in its trail, too.
    assert ready.codes(by=person) == ["trail_open", "same_person"]
    with nothing_written(), pytest.raises(Refused, match="You worked on this batch"):
        ready.certified(by=person)


def test_the_reviewer_of_the_record_does_not_certify(ready):
    both = with_role(ready.qa, Role.QUALIFIED_PERSON)

    with nothing_written(), pytest.raises(Refused, match="another person certifies"):
        ready.certified(by=both)


def test_whoever_submitted_a_result_does_not_approve_it(tested):
    both = with_role(tested.analyst, Role.QC_REVIEWER)

    with nothing_written(), pytest.raises(Refused, match="Somebody else approves"):
        do("results.approve", tested.batch, by=both)


def test_a_changed_result_needs_a_new_version_of_the_approval(ready):
    a_corrected_result(ready)
    with nothing_written(), pytest.raises(Refused, match="second person has to review"):
        ready.approved()
    ready.reviewed(Result.objects.get(line="viability_percent", version=2))
    ready.approved()

    assert list(ResultsApproval.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    with nothing_written(), pytest.raises(Refused, match="approved already"):
        ready.approved()


def test_after_the_decision_facts_go_on_and_intentions_do_not(ready):
    ready.certified()

    with nothing_written(), pytest.raises(Refused, match="Report what you found as a departure"):
        a_corrected_result(ready)
    for again in ("certified", "not_certified"):
        with nothing_written(), pytest.raises(Refused, match="has been made"):
            ready.certified(again, statement="Once more, please.")
    a_reported_departure(ready)
    growth_seen_later(ready)

    assert Departure.objects.filter(batch=ready.batch).count() == 2
    assert {"fact_open", "result_missing"} <= set(ready.codes())
    assert ready.fresh().state.disposition == Decision.CERTIFIED


ALLOWED = {
    (Decision.NONE, Decision.CERTIFIED_CONDITIONALLY),
    (Decision.NONE, Decision.CERTIFIED),
    (Decision.NONE, Decision.NOT_CERTIFIED),
    (Decision.CERTIFIED_CONDITIONALLY, Decision.CERTIFIED),
    (Decision.CERTIFIED_CONDITIONALLY, Decision.NOT_CERTIFIED),
    (Decision.CERTIFIED, Decision.WITHDRAWN),
    (Decision.WITHDRAWN, Decision.CERTIFIED),
    (Decision.WITHDRAWN, Decision.NOT_CERTIFIED),
}


@pytest.mark.parametrize(("before", "after", "role"), list(product(Decision, Decision, Role)))
def test_decisions_move_as_the_table_says(before, after, role):
    step = move(before, after)

    may = step is not None and step.permission in TABLE[role]

    assert may == ((before, after) in ALLOWED and role is Role.QUALIFIED_PERSON)


def test_each_move_means_what_its_signature_says():
    words = {
        Decision.CERTIFIED_CONDITIONALLY: Meaning.CERTIFIED,
        Decision.CERTIFIED: Meaning.CERTIFIED,
        Decision.NOT_CERTIFIED: Meaning.REJECTED,
        Decision.WITHDRAWN: Meaning.REJECTED,
    }

    assert {(one.before, one.after): one.meaning for one in MOVES} == {pair: words[pair[1]] for pair in ALLOWED}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.QUALIFIED_PERSON])
def test_only_a_qualified_person_decides(ready, role):
    somebody = a_person(role)

    for decision in ("certified", "not_certified"):
        codes = [one.code for one in objections_to_disposition(ready.fresh(), Decision(decision), somebody)]
        assert "lacks_permission" in codes
        with nothing_written(), pytest.raises(NotAllowed):
            ready.certified(decision, by=somebody, statement="I would like to.")


def test_a_specification_that_lets_nothing_follow_offers_no_conditional_certification(ready):
    codes = ready.codes("certified_conditionally")

    assert codes == ["two_step_not_offered"]
    with nothing_written(), pytest.raises(Refused, match="no line of the specification may follow"):
        ready.certified("certified_conditionally", statement="x" * 20)


def test_a_mismatch_in_the_laboratory_counts_once_and_is_the_check_itself(tested):
    a_label_of_nothing(tested)

    assert tested.codes().count("fact_open") == 1
    assert IdentityCheck.objects.exclude(outcome="match").count() == 1
    assert Departure.objects.filter(batch=tested.batch).count() == 1


def test_every_line_stands_as_reviewed_and_conforms(tested):
    panel = release_panel(tested.fresh())

    assert {line.standing for line in panel} == {Standing.REVIEWED}
    assert all(line.conforms for line in panel)
    assert Reading.objects.filter(batch=tested.batch).count() == 16


# What a decision reads


def statements_in(work: Callable[[], object]) -> list[str]:
    """What is asked of the database while something is done, transaction statements apart."""
    with CaptureQueriesContext(connection) as asked:
        work()
    apart = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [one["sql"] for one in asked.captured_queries if not one["sql"].startswith(apart)]


def test_the_release_page_asks_few_statements_however_much_was_recorded(ready):
    browser = at_browser(ready.qp)

    def statements() -> int:
        return len(statements_in(lambda: browser.get(f"/batches/{ready.batch.number}/release/")))

    def goes_wrong(line: str, typed: str) -> None:
        report_departure(batch=ready.fresh(), says=f"A door stood open, {line}.", by=ready.technician, id=uuid4())
        said = {"member": line, "typed": typed, "reason": "Digits were swapped"}
        ready.reviewed(do("result.correct", Result.objects.get(line=line), by=ready.analyst, **said))

    assert statements() <= MOST_STATEMENTS
    goes_wrong("viability_percent", "94.1")
    few = statements()
    goes_wrong("cd3_positive_percent", "96.6")
    goes_wrong("endotoxin", "< 0.04")

    assert statements() == few <= MOST_STATEMENTS


def test_a_decision_reads_each_thing_once_and_after_its_lock(ready):
    intent = {"decision": "certified", "statement": ""}
    challenges: list[Challenge] = []

    asked = statements_in(
        lambda: challenges.append(ask("batch.certify", ready.batch.pk, intent, by=ready.qp)[0]),
    )
    performed = statements_in(
        lambda: perform(
            challenges[0].pk, username=ready.qp.username, secret=secret_of(ready.qp), station=STATION, at_hand=ready.qp
        )
    )

    of_the_record = [one for one in asked if re.search(r'FROM "(batches|qc|chain_of_custody)_', one)]
    assert len(of_the_record) == len(set(of_the_record))
    assert len(asked) <= MOST_STATEMENTS_TO_ASK
    assert len(performed) <= MOST_STATEMENTS_TO_PERFORM
    lock = next(at for at, one in enumerate(performed) if re.search(r'FROM "batches_batchstate" WHERE', one))
    before = {table for one in performed[:lock] for table in re.findall(r'FROM "((?:batches|qc|chain)_\w+)"', one)}
    assert before == {"batches_batch"}  # what is locked is found; everything else is read under the lock
    assert any('FROM "qc_result"' in one for one in performed[lock:])
