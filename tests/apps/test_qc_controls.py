"""Assay controls: assigned limits of two people, the verdict at once, and no acceptance against a rule."""

from uuid import uuid4

import pytest

from accounts.acts import act_called
from accounts.panels import work_for
from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from ledger import clock
from ledger.verification import run_check, verify_records
from qc.models import ControlLot, ControlMeasurement, Result, RunDecision
from qc.trends.controlling import record_measurement, runs_of
from tests.guards_away import guards_away
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, do, fresh, nothing_written
from tests.qc_builders import in_the_laboratory
from tests.trends_builders import CONTROL, approved_control, decided, measured, prepared_control

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(db):
    return a_person(Role.QC_ANALYST)


@pytest.fixture
def reviewer(db):
    return a_person(Role.QC_REVIEWER)


@pytest.fixture
def lot(analyst, reviewer) -> ControlLot:
    return approved_control(by=analyst, approved_by=reviewer)


def rules(lot: ControlLot) -> list[list[str]]:
    return [[rule.value for rule in run.rules] for run in runs_of(lot)]


def test_one_person_prepares_and_another_approves(analyst, reviewer):
    both = a_person(Role.QC_ANALYST, Role.QC_REVIEWER)
    row = prepared_control(by=both)

    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("control.approve", row, by=both)
    with nothing_written(), pytest.raises(NotAllowed):
        do("control.approve", row, by=analyst)
    do("control.approve", row, by=reviewer)
    with nothing_written(), pytest.raises(Refused, match="approved already"):
        do("control.approve", ControlLot.objects.get(pk=row.pk), by=reviewer)
    with nothing_written(), pytest.raises(Refused, match="Other limits are another control"):
        prepared_control(by=analyst)
    assert verify_records().findings == []


@pytest.mark.parametrize(
    "other",
    [
        {"sd": "0"}, {"sd": "-1"}, {"mean": "1e400"}, {"mean": "٣"}, {"n": 1}, {"n": True}, {"code": "a b"},
        {"code": "../x"}, {"code": "x" * 31}, {"reference": ""}, {"unknown": "x"}, {"title": "a\u202eb"},
    ],
)  # fmt: skip
def test_limits_that_say_nothing_are_refused(analyst, other):
    with nothing_written(), pytest.raises((BadInput, Refused)):
        prepared_control(by=analyst, **other)


def test_a_control_that_is_not_approved_judges_nothing(analyst):
    row = prepared_control(by=analyst)

    with nothing_written(), pytest.raises(Refused, match="not approved yet"):
        measured(row, "0", by=analyst)


def test_a_measurement_is_stored_whatever_it_says_and_its_verdict_comes_back(lot, analyst):
    calm, far = measured(lot, "0.5", by=analyst), measured(lot, "-3.5", by=analyst)

    assert calm.run.rules == ()
    assert [rule.value for rule in far.run.rules] == ["1:2s", "1:3s"]
    assert far.run.is_rejected_by_rule
    assert (far.run.measurement.run, far.run.measurement.typed) == (2, "83.00")
    assert ControlMeasurement.objects.count() == 2


def test_the_same_id_comes_again_and_never_with_other_content(lot, analyst):
    key = uuid4()
    first = record_measurement(lot=lot, typed="90.5", by=analyst, id=key)
    again = record_measurement(lot=lot, typed="90.5", by=analyst, id=key)

    assert first.run.measurement.pk == again.run.measurement.pk
    with nothing_written(), pytest.raises(SameIdOtherContent):
        record_measurement(lot=lot, typed="90.6", by=analyst, id=key)
    with nothing_written(), pytest.raises(BadInput):
        record_measurement(lot=lot, typed="ninety", by=analyst, id=uuid4())
    technician = a_person(Role.TECHNICIAN)
    with nothing_written(), pytest.raises(NotAllowed):
        record_measurement(lot=lot, typed="90.5", by=technician, id=uuid4())


@pytest.mark.clause("21 CFR 211.160(b)", "a run whose control is out of its limits is not accepted by anybody")
def test_a_run_that_breaks_a_rule_is_never_accepted(lot, analyst, reviewer):
    bad = measured(lot, "3.1", by=analyst).run.measurement

    for person in (analyst, reviewer):
        with nothing_written(), pytest.raises(Refused, match="can't be accepted"):
            decided(bad, "accepted", by=person)
        with nothing_written(), pytest.raises(Refused, match="can't be accepted"):
            decided(bad, "accepted", by=person, reason="The bead was mixed badly, I think")
    with nothing_written(), pytest.raises(Refused, match="at least 10 characters"):
        decided(bad, "rejected", by=analyst, reason="bad bead")
    row = decided(bad, "rejected", by=analyst, reason="Bead clumped in the tube")
    assert isinstance(row, RunDecision)
    assert row.rules == ["1:2s", "1:3s"]
    with nothing_written(), pytest.raises(Refused, match="already"):
        decided(bad, "rejected", by=reviewer, reason="Bead clumped in the tube")
    assert verify_records().findings == []


def test_a_warning_may_be_accepted_and_is_kept_with_the_decision(lot, analyst):
    warned = measured(lot, "2.1", by=analyst).run.measurement

    row = decided(warned, "accepted", by=analyst)

    assert isinstance(row, RunDecision)
    assert row.rules == ["1:2s"]
    assert runs_of(lot)[0].status == "warn"


def test_only_analysts_and_reviewers_decide(lot, analyst):
    row = measured(lot, "0.1", by=analyst).run.measurement

    for role in (Role.TECHNICIAN, Role.QA, Role.QUALIFIED_PERSON, Role.LOGISTICS):
        somebody = a_person(role)
        with nothing_written(), pytest.raises(NotAllowed):
            decided(row, "accepted", by=somebody)


def test_rows_of_the_rules_begin_anew_after_a_rejection_that_was_signed_before(lot, analyst):
    for sds in ("2.1", "2.2"):
        measured(lot, sds, by=analyst)
    assert rules(lot)[-1] == ["1:2s", "2:2s"]
    undecided = measured(lot, "2.3", by=analyst)
    assert [rule.value for rule in undecided.run.rules] == ["1:2s", "2:2s"]
    decided(undecided.run.measurement, "rejected", by=analyst, reason="The laser was out of line")

    after = measured(lot, "2.1", by=analyst)

    assert [rule.value for rule in after.run.rules] == ["1:2s"]
    assert rules(lot) == [["1:2s"], ["1:2s", "2:2s"], ["1:2s", "2:2s"], ["1:2s"]]


def test_a_run_without_a_decision_is_a_task(lot, analyst, reviewer):
    measured(lot, "0.1", by=analyst)

    for person in (analyst, reviewer):
        assert any("run 1 of FC-01-2231" in task.title for task in work_for(fresh(person)))
    assert not any("FC-01-2231" in task.title for task in work_for(a_person(Role.TECHNICIAN)))


def test_a_decision_that_was_changed_behind_the_guards_is_found(lot, analyst):
    bad = measured(lot, "3.1", by=analyst).run.measurement
    row = decided(bad, "rejected", by=analyst, reason="Bead clumped in the tube")

    with guards_away():
        RunDecision.objects.filter(pk=row.pk).update(decision="accepted")
    assert "a run was accepted that a rule rejects" in {one.says for one in run_check("control runs")}
    with guards_away():
        RunDecision.objects.filter(pk=row.pk).update(decision="rejected", rules=[])
    assert "the decision names other rules than its control broke" in {one.says for one in run_check("control runs")}


@pytest.fixture(scope="module")
def tested(django_db_setup, django_db_blocker):
    """A batch with a viability, tested while its control was in use, and an accepted run before it."""
    with kept_for_a_module(django_db_blocker):
        world = in_the_laboratory()
        lot = approved_control(by=world.analyst, approved_by=world.reviewer, code="FC-02-2231")
        first = measured(lot, "0.2", by=world.analyst).run.measurement
        decided(first, "accepted", by=world.analyst)
        clock.end_story()
        yield world, lot


@pytest.mark.clause("21 CFR 211.192", "results that rest on a failed control are listed for somebody to look at")
def test_a_rejected_run_lists_every_result_by_its_method_since_the_last_accepted_run(tested):
    world, lot = tested
    viability = world.tested("viability_percent")
    world.tested("cd3_positive_percent")  # by another method
    bad = measured(lot, "-4", by=world.analyst).run.measurement

    act = act_called("control.decide")
    assert act is not None
    intent = {"decision": "rejected", "reason": "Dye was too old"}
    shown = act.to_sign(act.find(bad.pk), intent)
    row = decided(bad, "rejected", by=world.analyst, reason="Dye was too old")

    assert isinstance(row, RunDecision)
    assert row.results == [str(viability.pk)]
    assert f"{world.batch.number} viability_percent v1" in str([line.value for line in shown.lines])
    page = at_browser(world.reviewer).get(f"/controls/{lot.code}/").content.decode()
    assert "1 result since the last accepted run" in page
    assert f"/batches/{world.batch.number}/tests/viability_percent/" in page
    assert run_check("control runs") == []
    with guards_away():
        RunDecision.objects.filter(pk=row.pk).update(results=[])
    assert "are others" in str(run_check("control runs"))


def test_results_before_the_last_accepted_run_are_not_listed(tested):
    world, lot = tested
    world.tested("viability_percent")
    good = measured(lot, "0.1", by=world.analyst).run.measurement
    decided(good, "accepted", by=world.analyst)
    bad = measured(lot, "-4", by=world.analyst).run.measurement

    row = decided(bad, "rejected", by=world.analyst, reason="Dye was too old")

    assert isinstance(row, RunDecision)
    assert row.results == []
    assert Result.objects.filter(line="viability_percent").count() == 1


def test_a_control_is_measured_and_judged_over_pages(lot, analyst):
    browser = at_browser(analyst)
    listed = browser.get("/controls/").content.decode()
    assert lot.code in listed
    assert 'name="material_lot"' in listed
    form = browser.get(f"/controls/{lot.code}/").content.decode()
    assert 'name="typed"' in form
    key = str(uuid4())

    answer = browser.post(f"/controls/{lot.code}/", {"id": key, "typed": "83,0", "equipment": "", "performed_at": ""})

    assert answer.status_code == 303
    page = browser.get(f"/controls/{lot.code}/").content.decode()
    assert "breaks 1:2s, 1:3s" in page
    assert 'role="img"' in page
    assert 'value="accepted"' not in page  # a choice that the rule forbids is not offered
    assert ' style="' not in page
    assert browser.post(f"/controls/{lot.code}/", {"id": str(uuid4()), "typed": "<b>"}).status_code == 400
    assert browser.post(f"/controls/{lot.code}/", {"id": "x", "typed": "90"}).status_code == 400
    bad = {"id": str(uuid4()), "typed": "90", "equipment": "NONE-1"}
    assert "No equipment has the code NONE-1" in browser.post(f"/controls/{lot.code}/", bad).content.decode()
    assert browser.get("/controls/NOTHING/").status_code == 404


def test_a_control_is_measured_and_judged_by_programs(lot, analyst, reviewer):
    client = at_browser(analyst)
    body = {"id": str(uuid4()), "typed": "95.0", "remark": "after the service"}

    told = client.post(f"/api/v1/controls/{lot.code}/runs/", body, content_type="application/json")

    assert told.status_code == 201
    assert told.json()["rules"] == ["1:2s"]
    assert told.json()["sds"] == "2.5000"
    assert told.json()["rejects"] is False
    again = client.post(f"/api/v1/controls/{lot.code}/runs/", body, content_type="application/json")
    assert again.json()["id"] == told.json()["id"]
    for bad in ({}, {"id": "x"}, {"id": str(uuid4()), "typed": 95}, body | {"typed": "96"}, [1], {**body, "x": 1}):
        answer = client.post(f"/api/v1/controls/{lot.code}/runs/", bad, content_type="application/json")
        assert answer.status_code in {400, 422}, bad
    assert [one["run"] for one in client.get(f"/api/v1/controls/{lot.code}/runs/").json()] == [1]
    one = client.get(f"/api/v1/controls/{lot.code}/").json()
    assert (one["mean"], one["approved_by"]) == ("90.0", reviewer.username)
    assert CONTROL["code"] in {row["code"] for row in client.get("/api/v1/controls/").json()["results"]}
    stranger = at_browser(a_person(Role.ADMINISTRATOR))
    assert stranger.get(f"/api/v1/controls/{lot.code}/runs/").status_code == 403
    technician = at_browser(a_person(Role.TECHNICIAN))
    fresh_body = body | {"id": str(uuid4())}
    answer = technician.post(f"/api/v1/controls/{lot.code}/runs/", fresh_body, content_type="application/json")
    assert answer.status_code == 403
