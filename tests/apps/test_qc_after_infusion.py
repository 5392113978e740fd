"""After release: bags at the bedside, bags that come back, the follow-up, complaints."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest

from accounts.models import Alarm
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from accounts.wording import local
from batches.fates import final_count
from batches.models import Departure
from chain_of_custody.models import ContainerFate, IdentityCheck
from ledger import clock, outbox
from ledger.models import OutboxJob
from ledger.verification import verify_records
from qc.after_release.missing import FOLLOW_UP_JOB
from qc.after_release.schedule import Due, infused_at, schedule_of
from qc.after_release.work import after_release_work_of
from qc.models import NotificationDue
from qc.release.assessing import open_facts
from qc.release.leaving import objections_to_bags
from qc.work import work_of
from reports.record_gathering.names import Names
from reports.record_gathering.quality import decisions
from tests.after_release_builders import AfterRelease, certified_with_three_bags
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, do, nothing_written
from tests.qc_builders import MINOR

pytestmark = pytest.mark.django_db
CLOSED = {
    "outcome": "justified", "investigation": "The label was compared with its specimen.",
    "conclusion": "The printer is adjusted.",
}  # fmt: skip


@pytest.fixture(scope="module")
def at_the_ward(django_db_setup: None, django_db_blocker: object) -> Iterator[AfterRelease]:
    """A certified batch whose three bags are in the ward's store, and another patient's batch beside it."""
    with kept_for_a_module(django_db_blocker):
        world = certified_with_three_bags()
        world.shipped()
        world.__dict__["now"] = clock.now()
        world.__dict__["other"] = world.beside()
        world.__dict__["second_qa"] = a_person(Role.QA)
        clock.end_story()
        yield world


@pytest.fixture
def ward(at_the_ward: AfterRelease, db: None) -> Iterator[AfterRelease]:
    """The same, in its story."""
    clock.tell(at_the_ward.__dict__["now"] + timedelta(hours=1))
    at_the_ward.fresh()
    yield at_the_ward
    clock.end_story()


def departures(world: AfterRelease) -> list[str]:
    return [row.says for row in Departure.objects.filter(batch=world.batch, about_type="qc.infusionreport")]


def test_an_infusion_that_went_well_ends_the_bag_when_a_second_person_confirms_it(ward):
    bag = ward.bags()[0]
    report = ward.reported(bag)

    assert (report.wrong, report.identity_check.outcome) == ([], IdentityCheck.Outcome.MATCH)
    assert not ContainerFate.objects.filter(container=bag).exists()
    for person, why in ((ward.logistics, "second person"), (ward.analyst, "roles")):
        with nothing_written(), pytest.raises(Refused, match=why):
            do("infusion.confirm", report, by=person)
    do("infusion.confirm", report, by=ward.qa)

    fate = ContainerFate.objects.get(container=bag)
    assert (fate.fate, fate.volume_ml, fate.happened_at) == ("infused", bag.volume_ml, report.ended_at)
    assert fate.infusion.report == report
    assert open_facts(ward.batch) == []
    with nothing_written(), pytest.raises(Refused, match="already"):
        do("infusion.confirm", report, by=ward.qp)
    assert verify_records().findings == []


WRONG = {
    "wrong patient": ({"patient_read": "104-0001"}, ["Wrong patient"]),
    "the hospital saw it": ({"matched": "no"}, ["don't match"]),
    "after expiry": ({}, ["after it had expired"]),
    "too long thawed": ({"thaw_ended_at": 31}, ["31 minutes after its thaw; 30 are allowed"]),
    "thaw not known": ({"thaw_started_at": "", "thaw_ended_at": ""}, ["thawed isn't known"]),
    "one person": ({"second_checker": ""}, ["fewer than two people"]),
    "more than there was": ({"remainder_ml": "0.5"}, ["are accounted for"]),
    "volume not known": ({"volume_ml": ""}, ["How much"]),
    "unknown bag": ({"bag_read": "CT-26-9999-FB-01"}, ["Wrong bag: CT-26-9999-FB-01 was infused", "is not known here"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_whatever_went_wrong_is_stored_named_and_told(ward, case):
    changes, says = WRONG[case]
    if case == "after expiry":
        clock.tell(clock.now() + timedelta(days=30))
    told = dict(changes)
    if case == "too long thawed":
        began = clock.now() - timedelta(minutes=40)
        told = {
            "thaw_started_at": (began - timedelta(minutes=20)).isoformat(),
            "thaw_ended_at": (began - timedelta(minutes=16)).isoformat(),
        }
    alarms = Alarm.objects.count()

    report = ward.reported(ward.bags()[0], **told)

    assert len(report.wrong) == 1
    assert all(one in report.wrong[0] for one in says)
    assert departures(ward) == report.wrong
    assert [fact.says for fact in open_facts(ward.batch)] == report.wrong
    assert Alarm.objects.count() > alarms
    critical = case not in {"one person", "more than there was", "volume not known"}
    assert NotificationDue.objects.filter(cause_id=report.pk).count() == (3 if critical else 0)


def test_thirty_minutes_after_the_thaw_are_in_time(ward):
    began = clock.now() - timedelta(minutes=40)
    thaw = {"thaw_started_at": began - timedelta(minutes=20), "thaw_ended_at": began - timedelta(minutes=15)}

    assert ward.reported(ward.bags()[0], **{name: at.isoformat() for name, at in thaw.items()}).wrong == []


def test_the_bag_of_another_patient_is_a_departure_of_both_batches(ward):
    other = ward.__dict__["other"]
    bag = other.bags()[0]

    report = ward.reported(bag)

    assert "Wrong bag" in report.wrong[0]
    assert f"of batch {other.batch.number} was infused where a bag of {ward.batch.number} belongs" in report.wrong[0]
    assert any("was not certified then: not decided" in says for says in report.wrong)
    assert any("never left this site" in says for says in report.wrong)
    assert Departure.objects.filter(batch=other.batch, about_id=report.pk).count() == len(report.wrong)
    do("infusion.confirm", report, by=ward.qa)
    assert ContainerFate.objects.get(container=bag).fate == "infused"
    assert final_count(other.batch).ended == {"infused": 1}
    assert verify_records().findings == []


def test_a_mismatch_that_was_seen_in_time_is_recorded_too(ward):
    nothing = dict.fromkeys(("thaw_started_at", "thaw_ended_at", "started_at", "ended_at", "volume_ml"), "")
    report = ward.reported(
        ward.bags()[0], **nothing, matched="no", took_place="no", in_full=None, remainder="Back in the ward's store"
    )

    assert "was brought to the patient and not infused" in report.wrong[0]
    assert not NotificationDue.objects.filter(cause_id=report.pk).exists()
    with nothing_written(), pytest.raises(Refused, match="Nothing was infused"):
        do("infusion.confirm", report, by=ward.qa)
    do("infusion.check", report, by=ward.qa, agrees="yes", remark="")
    assert not ContainerFate.objects.filter(container=ward.bags()[0]).exists()


def test_a_bag_that_the_record_says_was_destroyed_is_reported_all_the_same(ward):
    bag = ward.bags()[0]
    do(
        "container.end", bag, by=ward.technician, fate="destroyed", volume_ml="50", route="GMO waste",
        reason="Said to be broken", happened_at=clock.now().isoformat(),
    )  # fmt: skip
    ward.later(hours=1)

    report = ward.reported(bag)

    assert "the record says that it had ended: destroyed" in report.wrong[0]
    with nothing_written(), pytest.raises(Refused, match="has ended already"):
        do("infusion.confirm", report, by=ward.qa)
    do("infusion.check", report, by=ward.qa, agrees="yes", remark="The ward's form is signed.")
    assert ContainerFate.objects.get(container=bag).fate == "destroyed"


def test_a_report_that_does_not_agree_is_set_aside_and_what_it_raised_stays(ward):
    wrong = ward.reported(ward.bags()[0], patient_read="104-0001")
    with nothing_written(), pytest.raises(Refused, match="what does not agree"):
        do("infusion.check", wrong, by=ward.qa, agrees="no", remark="")
    do("infusion.check", wrong, by=ward.qa, agrees="no", remark="The pseudonym was mistyped here.")

    ward.infused(ward.bags()[0])

    assert departures(ward) == wrong.wrong
    assert final_count(ward.batch).ended == {"infused": 1}


def test_a_bag_that_is_reported_twice_is_said_so(ward):
    ward.reported(ward.bags()[0])

    assert "had ended: reported as infused" in ward.reported(ward.bags()[0]).wrong[0]


def test_what_is_whole_is_not_checked_but_confirmed(ward):
    report = ward.reported(ward.bags()[0])

    with nothing_written(), pytest.raises(Refused, match="sign that the bag was infused"):
        do("infusion.check", report, by=ward.qa, agrees="yes", remark="")


CANNOT_BE = {
    "no beginning": ({"started_at": ""}, "when the infusion began"),
    "backwards": ({"ended_at": -600}, "run backwards"),
    "before the bag": ({"thaw_started_at": -60 * 24 * 30}, "before the bag was made"),
    "ahead": ({"ended_at": 120}, "future"),
    "more than it holds": ({"volume_ml": "5000"}, "can't hold that much"),
    "nothing of it": ({"volume_ml": "0"}, "above zero"),
    "no rest": ({"in_full": "no"}, "what became of the rest"),
    "not said": ({"in_full": None}, "infused in full"),
    "both": ({"took_place": "no"}, "Check which is right"),
    "no proof": ({"evidence_reference": ""}, "Name the evidence"),
}


@pytest.mark.parametrize("case", CANNOT_BE)
def test_only_what_cannot_have_been_is_refused(ward, case):
    changes, why = CANNOT_BE[case]
    told = {
        name: (clock.now() + timedelta(minutes=value)).isoformat() if isinstance(value, int) else value
        for name, value in changes.items()
    }

    with nothing_written(), pytest.raises(Refused, match=why):
        ward.reported(ward.bags()[0], **told)


def test_a_wrong_infusion_before_the_certification_names_the_decision(ward):
    ward.certified("withdrawn", statement="A complaint of the ward.")
    ward.later(hours=2)

    report = ward.reported(ward.bags()[0])

    assert report.wrong == [
        f"{ward.bags()[0].code} was infused although it had to stay: {ward.batch.number} was not certified then: "
        "Certification withdrawn."
    ]


def test_what_happened_before_a_withdrawal_is_not_wrong_for_it(ward):
    infused = ward.said(ward.bags()[0])
    ward.certified("withdrawn", statement="A complaint of the ward.")

    report = do("infusion.report", ward.batch, by=ward.logistics, **infused)

    assert report.wrong == []


def test_a_bag_that_comes_back_stays_until_somebody_else_of_quality_decides(ward):
    bag = ward.bags()[1]
    ward.came_back(bag)
    with nothing_written(), pytest.raises(Refused, match="has not decided on it"):
        ward.leaves([ward.bags()[1]])
    row = do(
        "return.record", bag, by=ward.qa, reason="The patient had a fever.", condition="frozen", logger="No excursion"
    )
    for person, why in ((ward.technician, "roles"), (ward.qa, "another person")):
        with nothing_written(), pytest.raises(Refused, match=why):
            do("return.decide", row, by=person, decision="again", reason="The logger shows no excursion.")
    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        do("return.record", bag, by=ward.logistics, reason="The patient had a fever.", condition="a", logger="b")
    second = ward.__dict__["second_qa"]
    do("return.decide", row, by=second, decision="again", reason="The logger shows no excursion.")

    ward.shipped([ward.bags()[1]])
    report = ward.reported(ward.bags()[1])

    assert report.wrong == []


def test_a_bag_that_came_back_and_is_given_all_the_same_had_to_stay(ward):
    bag = ward.bags()[1]
    ward.returned(bag)
    ward.later(hours=2)

    wrong = ward.reported(bag).wrong

    assert wrong == [
        f"{bag.code} was infused although it had to stay: {bag.code} came back, and quality assurance has not decided "
        "on it."
    ]


def test_a_bag_that_never_left_does_not_come_back(ward):
    with nothing_written(), pytest.raises(Refused, match="has not come back"):
        do("return.record", ward.bags()[0], by=ward.qa, reason="It came back, they say.", condition="a", logger="b")


def test_the_follow_up_is_due_from_the_infusion_and_missed_items_are_listed(ward):
    assert schedule_of(ward.fresh()) == []
    with nothing_written(), pytest.raises(Refused, match="No infusion"):
        ward.followed_up("crs", "1", "0")
    ward.infused(ward.bags()[0])
    day_of = local(infused_at(ward.batch)).date()
    first = schedule_of(ward.batch)[0]
    assert (first.key, first.due_on, first.standing) == ("crs.1", day_of + timedelta(days=1), Due.OPEN)

    clock.tell(clock.now() + timedelta(days=8))
    standing = {item.key: item.standing for item in schedule_of(ward.batch)}
    assert {standing[f"crs.{day}"] for day in (1, 3)} == {Due.MISSED}
    assert (standing["crs.7"], standing["crs.14"], standing["persistence.28"]) == (Due.OPEN, Due.LATER, Due.LATER)

    late = ward.followed_up("crs", "1", "2")
    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        ward.followed_up("crs", "1", "1")
    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("follow_up.check", late, by=ward.qa, agrees="yes", remark="")
    do("follow_up.check", late, by=ward.qp, agrees="no", remark="The form says grade 1.")
    again = ward.followed_up("crs", "1", "1")
    do("follow_up.check", again, by=ward.qp, agrees="yes", remark="")

    assert {item.key: item.standing for item in schedule_of(ward.batch)}["crs.1"] == Due.DONE
    assert not NotificationDue.objects.exists()


def looked(world: AfterRelease) -> list[str]:
    """The worker looks at the follow-up; what it raised, newest last."""
    job = OutboxJob.objects.get(kind=FOLLOW_UP_JOB, subject=world.batch.pk)
    OutboxJob.objects.filter(pk=job.pk).update(due_at=clock.machine_now())
    outbox.deliver(job.pk)
    raised = Departure.objects.filter(batch=world.batch, kind="missed").order_by("recorded_at", "says")
    return [row.says for row in raised]


def test_an_item_that_nobody_records_in_its_window_becomes_a_departure_once(ward):
    ward.infused(ward.bags()[0])
    assert looked(ward) == []

    clock.tell(clock.now() + timedelta(days=2, hours=1))
    ward.followed_up("icans", "1", "0")
    assert looked(ward) == []  # the window of the first day is still open
    clock.tell(clock.now() + timedelta(days=1))
    (says,) = looked(ward)
    assert "Follow-up, day 1: Cytokine release, grade is not recorded" in says
    assert looked(ward) == [says]

    raised = Departure.objects.get(batch=ward.batch, kind="missed")
    assert (raised.actor, raised.about_id) == ("machine", ContainerFate.objects.get(container=ward.bags()[0]).pk)
    late = ward.followed_up("crs", "1", "1")
    assert looked(ward) == [says]
    do("follow_up.check", late, by=ward.qp, agrees="no", remark="The form is another patient's.")
    assert looked(ward) == [says]
    assert verify_records().findings == []


def test_what_was_missed_waits_for_quality_and_holds_nothing_that_was_decided(ward):
    ward.infused(ward.bags()[0])
    clock.tell(clock.now() + timedelta(days=4))
    looked(ward)

    raised = Departure.objects.filter(batch=ward.batch, kind="missed")
    waiting = {task.detail: task.url for task in work_of(ward.qa) if task.title.startswith("Assess")}
    assert {row.says: f"/batches/{ward.batch.number}/release/#fact-{row.pk}" for row in raised} == waiting
    assert objections_to_bags(ward.fresh(), ward.bags()[1:]) == []
    assert ward.batch.state.disposition == "certified"
    for row in raised:
        told = {"impact": "None: the patient was seen.", "conclusion": "The ward sends its forms late."} | MINOR
        do("fact.assess", row, by=ward.qa, **told)
    assert [task for task in work_of(ward.qa) if task.title.startswith("Assess")] == []


def test_the_follow_up_is_looked_at_until_its_last_window_has_closed(ward):
    ward.infused(ward.bags()[0])
    job = OutboxJob.objects.get(kind=FOLLOW_UP_JOB)
    first = min(item.closes_at for item in schedule_of(ward.batch))
    assert (job.due_at, local(first).time()) == (first, time.min)

    clock.tell(clock.now() + timedelta(days=45))
    items = schedule_of(ward.batch)
    missed = [item for item in items if item.standing is Due.MISSED]
    assert len(looked(ward)) == len(missed) > 3
    job.refresh_from_db()
    assert (job.done_at, job.due_at) == (None, min(item.closes_at for item in items if item not in missed))

    do(
        "order.end", ward.batch.order, by=ward.qp, how="died", happened_on=local(clock.now()).date().isoformat(),
        source="Letter of the ward, L-3", reason="",
    )  # fmt: skip
    assert len(looked(ward)) == len(missed)
    job.refresh_from_db()
    assert job.done_at is not None


@pytest.mark.parametrize(
    ("item", "day", "value", "is_told"),
    [("crs", "1", "2", False), ("crs", "1", "3", True), ("icans", "3", "4", True), ("rcl", "90", "detected", True),
     ("rcl", "90", "not_detected", False), ("persistence", "28", "1,200 copies/ug", False)],
)  # fmt: skip
def test_positive_virus_and_high_grades_are_told_at_once(ward, item, day, value, is_told):
    ward.infused(ward.bags()[0])

    row = ward.followed_up(item, day, value)

    assert row.alarms is is_told
    assert NotificationDue.objects.filter(cause_id=row.pk).count() == (3 if is_told else 0)
    assert Alarm.objects.filter(about_id=row.pk).count() == int(is_told)
    assert len(open_facts(ward.batch)) == int(is_told)


@pytest.mark.parametrize(
    ("item", "day", "value", "why"),
    [("crs", "1", "5", "grade from 0 to 4"), ("crs", "1", "high", "grade from 0 to 4"),
     ("crs", "2", "1", "no such item"), ("rcl", "90", "3", "whether virus was detected"),
     ("nothing", "1", "1", "no such item")],
)  # fmt: skip
def test_an_item_is_one_of_the_schedule_and_of_its_scale(ward, item, day, value, why):
    ward.infused(ward.bags()[0])

    with nothing_written(), pytest.raises(Refused, match=why):
        ward.followed_up(item, day, value)


def test_a_complaint_has_a_number_runs_the_rules_again_and_is_closed_by_somebody_else(ward):
    ward.reported(ward.bags()[0], matched="no")
    complaint = ward.complained()

    assert complaint.number.startswith("CMP-")
    assert complaint.addendum.kind == "complaint"
    assert any("don't match" in says for says in complaint.addendum.blocks)
    with nothing_written(), pytest.raises(Refused, match="another person"):
        do("complaint.close", complaint, by=ward.qa, **CLOSED)
    with nothing_written(), pytest.raises(NotAllowed):
        do("complaint.close", complaint, by=ward.technician, **CLOSED)
    do("complaint.close", complaint, by=ward.__dict__["second_qa"], **CLOSED)
    with nothing_written(), pytest.raises(Refused, match="closed already"):
        do("complaint.close", complaint, by=ward.__dict__["second_qa"], **CLOSED)
    with nothing_written(), pytest.raises(Refused, match="Not bags of this batch"):
        ward.complained(containers=["CT-26-9999-FB-01"])


def test_nobody_complains_of_what_nobody_decided_on(ward):
    other = ward.__dict__["other"]

    with nothing_written(), pytest.raises(Refused, match="Nobody has decided"):
        other.complained()


def test_the_page_shows_the_stop_who_is_told_next_and_how_the_bags_add_up(ward):
    first, second, third = ward.bags()
    ward.infused(first)
    ward.reported(second, patient_read="104-0001")
    ward.returned(third)
    ward.complained()

    browser = at_browser(ward.qa)
    page = browser.get(f"/batches/{ward.batch.number}/after-release/").content.decode()

    assert "Stop: something is wrong with an infusion" in page
    assert "Tell next:" in page
    assert "Treating physician" in page
    assert "1 infused" in page
    assert "2 not ended" in page
    assert "Decide on the bag:" in page
    assert "Cytokine release, grade" in page
    assert "CMP-26-" in page
    assert "The label of the bag was hard to read." in at_browser(ward.qp).get("/complaints/").content.decode()
    api = f"/api/v1/batches/{ward.batch.number}"
    bags = browser.get(f"{api}/bags/").json()
    assert (bags["filled"], bags["sum"]["infused"], bags["sum"]["open"]) == (3, 1, 2)
    assert bags["bags"][2]["stays_because"]
    reports = browser.get(f"{api}/infusion-reports/").json()
    assert {one["confirmed_by"] for one in reports} == {ward.qa.username, None}
    assert browser.get(f"{api}/follow-up/").json()["items"][0]["standing"] == "open"
    complaint = browser.get("/api/v1/complaints/").json()["results"][0]
    assert complaint["bags"] == [first.code]
    assert browser.get(f"/complaints/{complaint['number']}/").status_code == 200
    assert browser.get(f"/api/v1/complaints/{complaint['number']}/").json()["outcome"] is None
    waiting = {task.title for task in after_release_work_of(ward.qa)}
    assert f"Compare the report from the bedside: {second.code}" in waiting
    assert f"Decide on {third.code}, which came back" in waiting
    assert "Ask for the follow-up" in waiting
    assert verify_records().findings == []


def test_three_bags_with_three_fates_add_up(ward):
    first, second, third = ward.bags()
    ward.infused(first)
    ward.infused(
        second, volume_ml="40", in_full="no", remainder_ml="25.0", remainder="Destroyed on the ward, form WD-3",
        reaction="Fever of 38.4 degrees after two hours",
    )  # fmt: skip
    row = ward.returned(third)
    do("return.decide", row, by=ward.qa, decision="destroy", reason="The dose was given; nobody needs it.")
    with nothing_written(), pytest.raises(Refused, match="is to be destroyed"):
        ward.leaves([ward.bags()[2]])
    fate = do(
        "container.end", third, by=ward.technician, fate="destroyed", volume_ml="65", route="GMO waste, autoclave AC-2",
        reason="Quality assurance decided so", happened_at=clock.now().isoformat(),
    )  # fmt: skip
    do("container.end_witness", fate, by=ward.second)

    count = final_count(ward.batch)
    assert (count.filled, count.ended, count.open) == (3, {"infused": 2, "destroyed": 1}, 0)
    assert open_facts(ward.batch) == []
    assert ward.fresh().state.disposition == "certified"
    told = [one.title for one in decisions(ward.batch, Names(ward.batch))]
    assert told.count("Report from the bedside") == 2
    assert "Decision on a bag that came back" in told
    assert verify_records().findings == []


def test_the_patient_died_before_the_infusion(ward):
    do(
        "order.end", ward.batch.order, by=ward.qp, how="died", happened_on=local(clock.now()).date().isoformat(),
        source="Letter of the ward, L-3", reason="",
    )  # fmt: skip

    page = at_browser(ward.qa).get(f"/batches/{ward.batch.number}/after-release/").content.decode()
    assert "Say what became of 3 bags." in page
    assert ward.fresh().state.disposition == "certified"
    for bag in ward.bags():
        fate = do(
            "container.end", bag, by=ward.technician, fate="destroyed", volume_ml="65", route="GMO waste of the ward",
            reason="Destroyed on the ward, form WD-4", happened_at=clock.now().isoformat(),
        )  # fmt: skip
        do("container.end_witness", fate, by=ward.second)

    assert final_count(ward.batch).open == 0
    assert open_facts(ward.batch) == []
    assert "Say what became of" not in (
        at_browser(ward.qa).get(f"/batches/{ward.batch.number}/after-release/").content.decode()
    )


def test_after_a_death_nothing_further_of_the_follow_up_is_due(ward):
    ward.infused(ward.bags()[0])
    clock.tell(clock.now() + timedelta(days=2))
    do(
        "order.end", ward.batch.order, by=ward.qp, how="died", happened_on=local(clock.now()).date().isoformat(),
        source="Letter of the ward, L-3", reason="",
    )  # fmt: skip
    clock.tell(clock.now() + timedelta(days=20))

    standing = {item.key: item.standing for item in schedule_of(ward.batch)}

    assert (standing["crs.1"], standing["crs.7"], standing["persistence.28"]) == (Due.MISSED, Due.ENDED, Due.ENDED)


def test_what_has_expired_leaves_no_more(ward):
    bag = ward.bags()[1]
    row = ward.returned(bag)
    do("return.decide", row, by=ward.qa, decision="again", reason="The logger shows no excursion.")
    clock.tell(clock.now() + timedelta(days=30))

    with nothing_written(), pytest.raises(Refused, match="expired"):
        ward.leaves([ward.bags()[1]])
