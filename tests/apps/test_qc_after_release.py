"""After a certification: what turns out positive is told and stops what is still here; what is added is signed."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Alarm
from accounts.refusal import NotAllowed, Refused
from batches.departures import report_departure
from batches.models import BatchState
from ledger import clock
from ledger.verification import verify_records
from qc.models import Addendum, NotificationDue, OutOfSpecification, Result
from qc.release.addenda import would_block
from qc.work import work_of
from tests.kept import kept_for_a_module
from tests.oos_builders import closed, investigated, shown_before
from tests.people import at_browser, do, nothing_written
from tests.qc_builders import STERILITY
from tests.two_step_builders import TrialLaboratory, TwoStepLaboratory, two_step_laboratory

pytestmark = pytest.mark.django_db
Decision = BatchState.Disposition
TOLD = {"told": "Dr A. Berg", "said": "Growth in bottle 1, the organism follows."}


@pytest.fixture(scope="module")
def certified(django_db_setup: None, django_db_blocker: object) -> Iterator[TwoStepLaboratory]:
    """A batch of a trial that is certified conditionally; nobody recorded the sponsor's release."""
    with kept_for_a_module(django_db_blocker):
        laboratory = two_step_laboratory(TrialLaboratory)
        laboratory.ready_conditionally()
        laboratory.conditional()
        laboratory.__dict__["told"] = clock.now()
        clock.end_story()
        yield laboratory


@pytest.fixture
def waiting(certified: TwoStepLaboratory, db: None) -> Iterator[TwoStepLaboratory]:
    """The same batch, in its story."""
    clock.tell(certified.__dict__["told"] + timedelta(minutes=1))
    certified.fresh()
    yield certified
    clock.end_story()


@pytest.fixture
def released(waiting: TwoStepLaboratory) -> TwoStepLaboratory:
    """The batch with the sponsor's release: its bags may leave."""
    do("sponsor_release.check", waiting.sponsored(), by=waiting.qp)
    return waiting


def stay(laboratory: TwoStepLaboratory, why: str) -> None:
    """The bags do not leave, and the refusal says why."""
    laboratory.fresh()
    with nothing_written(), pytest.raises(Refused, match=why):
        laboratory.bags_leave()


def told(laboratory: TwoStepLaboratory, due: NotificationDue) -> None:
    do("notification.done", due, by=laboratory.qa, happened_at=clock.now().isoformat(), **TOLD)


def added(laboratory: TwoStepLaboratory) -> Addendum:
    row = do(
        "addendum.record", laboratory.batch, by=laboratory.qa, kind="complaint", about="Bag 1", text="The seal leaked."
    )
    assert isinstance(row, Addendum)
    return row


def test_the_bags_of_a_trial_wait_for_the_sponsor_and_for_a_second_person(waiting):
    stay(waiting, "waits for the sponsor")
    release = waiting.sponsored()
    stay(waiting, "waits for the sponsor")
    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("sponsor_release.check", release, by=waiting.qa)
    with nothing_written(), pytest.raises(Refused, match="already"):
        waiting.sponsored()
    do("sponsor_release.check", release, by=waiting.qp)

    waiting.bags_leave()


def test_the_sponsors_release_is_of_one_decision(released):
    released.sterility_ends()
    released.final()

    stay(released, "waits for the sponsor")


def test_growth_after_a_conditional_certification_is_told_and_stops_what_is_still_here(released):
    before = Alarm.objects.count()
    reading = released.read(STERILITY, "growth", replicate=1)

    dues = list(NotificationDue.objects.order_by("due_at"))
    assert [(due.recipient, due.due_at - reading.recorded_at) for due in dues] == [
        ("physician", timedelta(hours=2)), ("sponsor", timedelta(hours=24)), ("authority", timedelta(hours=48)),
    ]  # fmt: skip
    assert Alarm.objects.count() == before + 2
    assert released.fresh().state.after_release == "sterility"
    stay(released, "growth was seen")
    assert "positive" in released.codes("certified")
    page = at_browser(released.qa).get(f"/batches/{released.batch.number}/release/").content.decode()
    assert "Sterility positive after release" in at_browser(released.qa).get("/batches/").content.decode()
    assert "Treating physician" in page
    assert {task.title for task in work_of(released.qa)} >= {"Tell: Treating physician", "Tell: Supervisory authority"}
    assert verify_records().findings == []

    released.read(STERILITY, "growth", replicate=2)
    assert NotificationDue.objects.count() == len(dues)


def test_a_notification_is_recorded_once_and_never_before_it_was_known(released):
    released.read(STERILITY, "growth", replicate=1)
    due = NotificationDue.objects.get(recipient="physician")
    early = (clock.now() - timedelta(minutes=2)).isoformat()

    with nothing_written(), pytest.raises(Refused, match="before the result was known"):
        do("notification.done", due, by=released.qa, happened_at=early, **TOLD)
    with nothing_written(), pytest.raises(NotAllowed):
        do("notification.done", due, by=released.analyst, happened_at=clock.now().isoformat(), **TOLD)
    told(released, due)
    with nothing_written(), pytest.raises(Refused, match="told already"):
        told(released, due)

    assert "Tell: Treating physician" not in {task.title for task in work_of(released.qa)}


def test_after_growth_the_batch_is_refused_and_never_certified(released):
    released.read(STERILITY, "growth", replicate=1)
    released.certified("not_certified", statement="Growth in the sterility test.")

    assert released.fresh().state.disposition == Decision.NOT_CERTIFIED
    stay(released, "not certified")
    assert verify_records().findings == []


def test_growth_after_the_final_certification_is_positive_after_release_as_well(released):
    released.sterility_ends()
    released.final()
    assert released.fresh().state.after_release == ""

    released.read(STERILITY, "growth", replicate=1)

    assert released.fresh().state.after_release == "sterility"
    stay(released, "growth was seen")
    released.certified("withdrawn", statement="Growth in the sterility test.")
    assert "positive" in released.codes("certified")


def test_growth_before_any_certification_is_told_to_nobody_outside(waiting):
    other = waiting.beside()
    other.read(STERILITY, "growth", replicate=1, began_at=clock.now())

    assert NotificationDue.objects.count() == 0
    assert other.fresh().state.after_release == ""


def test_an_addendum_that_blocks_holds_the_bags_until_the_decision_stands(released):
    first = added(released)
    assert first.blocks == []

    report_departure(batch=released.batch, says="The door stood open.", by=released.technician, id=uuid4())
    second = added(released)

    assert second.blocks == [one.says for one in would_block(released.fresh())]
    stay(released, "An addendum to")
    for person in (released.qa, released.technician):
        with nothing_written(), pytest.raises(NotAllowed):
            do("decision.stands", second, by=person, reason="The bag was not touched.")
    with nothing_written(), pytest.raises(Refused, match="holds nothing"):
        do("decision.stands", first, by=released.qp, reason="The bag was not touched.")
    do("decision.stands", second, by=released.qp, reason="The bag was not touched.")

    released.fresh()
    released.bags_leave()
    assert verify_records().findings == []


def test_nothing_is_added_to_a_record_before_its_decision(waiting):
    other = waiting.beside()

    with nothing_written(), pytest.raises(Refused, match="Nobody has decided"):
        added(other)


def test_bags_leave_in_no_other_state(released):
    other = released.beside()
    stay(other, "not certified")
    released.sterility_ends()
    released.final()
    do("sponsor_release.check", released.sponsored(), by=released.qp)
    released.certified("withdrawn", statement="A complaint of the ward.")
    stay(released, "not certified")
    released.record_reviewed()
    released.certified("not_certified", statement="The complaint was right.")
    stay(released, "not certified")


def test_a_result_that_fails_after_certification_stands_until_its_record_is_closed_as_invalidated(released):
    released.sterility_ends()
    released.final()
    released.certified("withdrawn", statement="A complaint of the ward.")
    seen = shown_before(released)
    result = Result.objects.get(line="viability_percent")
    wrong = do("result.correct", result, by=released.analyst, member=result.line, typed="50.0", reason="Counted again")
    assert released.fresh().state.after_release == "result"
    assert NotificationDue.objects.filter(line=result.line).count() == 3

    right = do(
        "result.correct", wrong, by=released.analyst, member=result.line, typed="94.0", reason="Dilution was wrong"
    )
    assert isinstance(right, Result)
    assert isinstance(wrong, Result)
    released.reviewed(wrong)
    released.reviewed(right)
    assert released.fresh().state.after_release == "result"
    record = OutOfSpecification.objects.get(line=result.line)
    investigated(released, record, evidence=seen)
    closed(released, record, "invalidated")

    assert released.fresh().state.after_release == ""
    assert "positive" not in released.codes("certified")
    assert verify_records().findings == []


def test_the_api_tells_what_came_after_the_decision(released):
    released.read(STERILITY, "growth", replicate=1)
    told(released, NotificationDue.objects.get(recipient="physician"))
    added(released)

    answer = at_browser(released.qp).get(f"/api/v1/batches/{released.batch.number}/after-release/").json()

    assert answer["positive"] == ["Sterility: growth was seen."]
    assert {one["code"] for one in answer["bags_stay"]} == {"positive", "addendum"}
    assert [(one["recipient"], one["told"]) for one in answer["notifications"]] == [
        ("physician", "Dr A. Berg"), ("sponsor", None), ("authority", None),
    ]  # fmt: skip
    assert answer["acceptance"]["name"] == "Dr A. Berg"
    assert answer["sponsor_release"]["checked_by"] == released.qp.username
    assert [one["kind"] for one in answer["addenda"]] == ["complaint"]
