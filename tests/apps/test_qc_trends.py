"""Trends over batches: limits of two people, signals by rule, closed by a second person, never in the way."""

from uuid import uuid4

import pypdf
import pytest

from accounts.models import SecurityEvent
from accounts.panels import work_for
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.wording import today
from ledger.models import Site
from ledger.verification import run_check, verify_records
from qc.models import OutOfSpecification, Result, SignalAssessment, TrendLimits
from qc.trends.chart_statistics import individuals
from qc.trends.charts import trend_chart
from qc.trends.limits import limits_in_force
from qc.trends.series import Stratum, number_in, series_of
from qc.trends.signals import open_signals, signals_of
from tests.guards_away import guards_away
from tests.kept import made_once
from tests.oos_builders import closed, investigated, shown_before
from tests.people import a_person, at_browser, do, fresh, nothing_written
from tests.review_builders import exceptions_of
from tests.trends_builders import CALM, LINE, PRODUCT, TrendWorld

pytestmark = pytest.mark.django_db
SAID = {"cause": "Thaw log, analyst and reagents looked at; the bag was thawed late.", "conclusion": "One late thaw."}
PLACE = f"/trends/{PRODUCT}/{LINE}/"


kept = made_once(TrendWorld)


@pytest.fixture
def world(kept: TrendWorld, db) -> TrendWorld:
    kept.made = kept.made[: len(CALM)]
    return kept


def series():
    found = series_of(PRODUCT, LINE)
    assert found is not None
    return found


def assessed(world: TrendWorld, result: Result, rule: str = "nelson_1", **said: str) -> SignalAssessment:
    row = do("trend_signal.assess", result, by=fresh(world.reviewer), rule=rule, **(SAID | said))
    assert isinstance(row, SignalAssessment)
    return row


def test_the_row_holds_each_reviewed_value_in_the_order_of_the_batches(world):
    found = series()

    assert [point.batch.number for point in found.points] == [batch.number for batch in world.made]
    assert [str(value) for value in found.values] == list(CALM)
    assert found.unit == "%"
    assert [(str(one.value), one.is_floor) for one in found.limits] == [("70", True)]


def test_an_unreviewed_value_has_no_point(world):
    other = world.beside()
    other.tested(LINE, **{LINE: "90.5"})

    assert other.batch.number not in {point.batch.number for point in series().points}


def test_a_first_result_out_of_specification_stays_as_a_hollow_point(world):
    other = world.beside()
    seen = shown_before(other)
    first = other.reviewed(other.tested(LINE, **{LINE: "55.1"}))
    wrong = Result.objects.get(batch=other.batch, line=LINE)
    fixed = do("result.correct", wrong, by=other.analyst, member=LINE, typed="95.1", reason="Digits were swapped")
    other.reviewed(Result.objects.get(pk=fixed.pk))
    before = {point.batch.number: point for point in series().points}[other.batch.number]
    assert (str(before.exact), before.result, before.first_out) == ("55.1", wrong, None)
    record = OutOfSpecification.objects.get(batch=other.batch)
    investigated(other, record, evidence=seen)
    closed(other, record, "invalidated")

    point = {point.batch.number: point for point in series().points}[other.batch.number]

    assert first is not None
    assert (str(point.exact), point.first_out) == ("95.1", wrong)
    mark = trend_chart(series(), None).chart.marks[-1]
    assert (str(mark.value), str(mark.hollow)) == ("95.1", "55.1")
    page = at_browser(world.qa).get(PLACE).content.decode()
    assert "chart__dot--hollow" in page
    assert "first result 55.1" in page


@pytest.mark.parametrize(
    ("unrounded", "value", "bound"),
    [
        ("95.1\u2009%", "95.1", "exact"), ("< 0.05\u2009EU/mL", "0.05", "below"), ("≤ 5", "5", "below"),
        ("> 200\u2009pg/mL", "200", "above"), ("-1.5\u2009x", "-1.5", "exact"),
    ],
)  # fmt: skip
def test_the_number_of_a_result_is_read_as_it_was_stored(unrounded, value, bound):
    found = number_in(Result(unrounded=unrounded, verdict="meets"))

    assert found is not None
    assert (str(found.value), found.bound.value) == (value, bound)


@pytest.mark.parametrize("unrounded", ["Not detected", "", "95,1\u2009%", "Not tested: no sample", "1e9", "95.1 %\nx"])
def test_what_is_no_number_has_no_point(unrounded):
    assert number_in(Result(unrounded=unrounded, verdict="meets")) is None


def test_limits_rest_on_named_batches_and_are_approved_by_quality_assurance(world):
    row = world.limits()
    assert limits_in_force(PRODUCT, LINE) is None
    with nothing_written(), pytest.raises(NotAllowed):
        do("trend_limits.approve", row, by=fresh(world.reviewer))
    with nothing_written(), pytest.raises(Refused, match="wait for their approval"):
        world.limits()

    do("trend_limits.approve", row, by=fresh(world.qa))

    limits = limits_in_force(PRODUCT, LINE)
    assert limits is not None
    expected = individuals(series().values).kept()
    assert limits.spread == expected
    assert limits.batches == [batch.number for batch in world.made]
    assert verify_records().findings == []
    again = world.approved_limits(world.made[1:])
    assert again.version == 2
    assert again.supersedes_id == limits.pk


def test_whoever_prepared_limits_never_approves_them(world):
    both = a_person(Role.QC_REVIEWER, Role.QA)
    row = world.limits(by=both)

    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("trend_limits.approve", row, by=both)


def test_below_ten_batches_there_are_no_limits(world):
    with nothing_written(), pytest.raises(Refused, match="Too few batches: 9 of 10"):
        world.limits(world.made[:9])
    world.limits(world.made[:10])
    assert "Too few batches: 12 of 25" in at_browser(world.qa).get(PLACE).content.decode()


@pytest.mark.parametrize(
    "asked",
    [{"batches": []}, {"batches": ["CT-26-9999"] * 12}, {"line": "sterility"}, {"line": "x"}, {"product": "NONE"},
     {"batches": "all"}, {"extra": "x"}, {"batches": [None]}],
)  # fmt: skip
def test_limits_of_nothing_are_refused(world, asked):
    intent = {"product": PRODUCT, "line": LINE, "batches": [one.number for one in world.made]} | asked
    with nothing_written(), pytest.raises(Refused):
        do("trend_limits.prepare", Site.objects.get(), by=fresh(world.reviewer), **intent)


def test_limits_are_not_approved_over_a_result_that_was_corrected_since(world):
    row = world.limits()
    wrong = world.result(world.made[3])
    fixed = do("result.correct", wrong, by=world.analyst, member=LINE, typed="95.0", reason="Digits were swapped")
    with nothing_written(), pytest.raises(Refused, match="corrected since"):
        do("trend_limits.approve", row, by=fresh(world.qa))
    world.reviewed(Result.objects.get(pk=fixed.pk))
    with nothing_written(), pytest.raises(Refused, match="corrected since"):
        do("trend_limits.approve", row, by=fresh(world.qa))


@pytest.mark.clause("EU GMP Part I 6.9", "a result out of trend is noticed, assessed and closed by a second person")
def test_a_batch_beyond_the_limits_is_a_signal_that_two_people_close(world):
    world.approved_limits()
    assert signals_of(PRODUCT, LINE) == []
    low = world.another("75.5")
    result = world.result(low)

    (signal,) = open_signals(PRODUCT, LINE)
    assert (signal.batch_number, signal.rule.value) == (low.number, "nelson_1")
    assert any("Assess the signal" in task.title for task in work_for(fresh(world.reviewer)))
    with nothing_written(), pytest.raises(NotAllowed):
        do("trend_signal.assess", result, by=fresh(world.qa), rule="nelson_1", **SAID)
    with nothing_written(), pytest.raises(Refused, match="no signal by this rule"):
        assessed(world, result, "nelson_2")
    with nothing_written(), pytest.raises(Refused, match="no signal by this rule"):
        assessed(world, world.result(world.made[0]))

    row = assessed(world, result)

    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("trend_signal.close", row, by=fresh(world.reviewer))
    with nothing_written(), pytest.raises(Refused, match="assessed already"):
        assessed(world, result)
    assert not any("the signal of" in task.title for task in work_for(fresh(world.reviewer)))
    assert any("Close the signal" in task.title for task in work_for(fresh(world.other_reviewer)))
    do("trend_signal.close", row, by=fresh(world.other_reviewer))
    assert open_signals(PRODUCT, LINE) == []
    with nothing_written(), pytest.raises(Refused, match="closed already"):
        do("trend_signal.close", SignalAssessment.objects.get(pk=row.pk), by=fresh(world.qa))
    assert verify_records().findings == []


def test_newer_limits_make_no_open_signal_disappear_and_ask_nobody_twice(world):
    world.approved_limits()
    low = world.another("75.5")
    newer = world.limits(world.made)
    with nothing_written(), pytest.raises(Refused, match="Close them first"):
        do("trend_limits.approve", newer, by=fresh(world.qa))
    row = assessed(world, world.result(low))
    do("trend_signal.close", row, by=fresh(world.qa))

    do("trend_limits.approve", newer, by=fresh(world.qa))

    assert open_signals(PRODUCT, LINE) == []


def test_a_signal_blocks_no_decision_and_is_one_of_the_exceptions_to_judge(world):
    world.approved_limits()
    other = world.beside()
    before = other.codes()
    world.with_value("75.5", other)

    assert open_signals(PRODUCT, LINE)
    assert {code for code in other.codes() if "signal" in code or "trend" in code} == set()
    assert set(other.codes()) - set(before) == {"exception_open"}
    assert [one.found.row.line for one in exceptions_of(other.batch, "trends")] == [LINE]


def test_a_choice_of_batches_hides_points_and_changes_no_signal(world):
    world.approved_limits()
    world.another("75.5")
    limits = limits_in_force(PRODUCT, LINE)

    frozen = trend_chart(series(), limits, Stratum(starting_material="frozen").holds)
    fresh_ones = trend_chart(series(), limits, Stratum(product_version="1", starting_material="fresh").holds)

    assert frozen.chart.marks == ()
    assert len(fresh_ones.chart.marks) == 13
    assert fresh_ones.chart.marks[-1].status == "warn"
    page = at_browser(world.qa).get(PLACE, {"starting_material": "frozen"}).content.decode()
    assert "Nothing to draw yet" in page
    assert "Nelson 1" in page


def test_limits_that_were_changed_behind_the_guards_are_found(world):
    row = world.approved_limits()

    with guards_away():
        TrendLimits.objects.filter(pk=row.pk).update(mean="50")
    assert "are not what its results give" in str(run_check("trend limits"))
    with guards_away():
        TrendLimits.objects.filter(pk=row.pk).update(batches=row.batches[::-1], mean=row.mean)
    assert "of other batches" in str(run_check("trend limits"))


def test_pages_show_the_chart_its_table_and_what_can_be_done(world):
    world.approved_limits()
    low = world.another("75.5")
    reviewer = at_browser(fresh(world.reviewer))

    listed = reviewer.get("/trends/").content.decode()
    assert PLACE in listed
    assert low.number in listed
    page = reviewer.get(PLACE).content.decode()
    assert 'role="img"' in page
    assert "spec ≥" in page
    assert f"{low.number}, 75.5" in page
    assert "beyond 3 standard deviations" in page
    assert 'name="cause"' in page
    assert all(batch.number in page for batch in world.made)
    assert ' style="' not in page
    assert reviewer.get(f"/trends/{PRODUCT}/sterility/").status_code == 404
    assert reviewer.get(f"/trends/{PRODUCT}/{'x' * 200}/").status_code == 404
    assert reviewer.get(PLACE, {"version": "9" * 5000, "vector_lot": "<script>"}).status_code == 200
    row = assessed(world, world.result(low))
    assert "Close a signal" not in reviewer.get(PLACE).content.decode()
    assert str(row.pk) in at_browser(fresh(world.other_reviewer)).get(PLACE).content.decode()
    assert at_browser(a_person(Role.INSPECTOR)).get(PLACE).status_code == 403


def test_programs_read_trends_and_signals(world):
    limits = world.approved_limits()
    low = world.another("75.5")
    client = at_browser(fresh(world.qa))

    lines = client.get("/api/v1/trends/").json()
    assert {"product": PRODUCT, "line": LINE, "title": "Viability", "has_limits": True} in lines
    told = client.get(f"/api/v1{PLACE}").json()
    assert told["limits"]["id"] == str(limits.pk)
    assert [point["value"] for point in told["points"]] == [*CALM, "75.5"]
    assert told["capability"] == "Too few batches: 13 of 25"
    assert [(one["batch"], one["rule"]) for one in told["signals"]] == [(low.number, "nelson_1")]
    assert [one["batch"] for one in client.get("/api/v1/trends/signals/").json()] == [low.number]
    assert client.get(f"/api/v1/trends/{PRODUCT}/nothing/").status_code == 404
    assert at_browser(a_person(Role.ADMINISTRATOR)).get(f"/api/v1{PLACE}").status_code == 403


@pytest.mark.clause("21 CFR 211.180(e)", "a review of a product over a period is made from the record on request")
def test_the_review_of_a_product_is_a_pdf_with_charts_tables_and_signals(world, tmp_path):
    world.approved_limits()
    low = world.another("65.5")
    assessed(world, world.result(low))
    period = {"first": "2020-01-01", "last": today().isoformat()}
    assert at_browser(fresh(world.reviewer)).get(f"/trends/{PRODUCT}/review.pdf", period).status_code == 403
    browser = at_browser(fresh(world.qa))

    answer = browser.get(f"/trends/{PRODUCT}/review.pdf", period)

    assert answer.status_code == 200
    (tmp_path / "review.pdf").write_bytes(answer.content)
    pages = pypdf.PdfReader(tmp_path / "review.pdf").pages
    text = "\n".join(page.extract_text() for page in pages)
    for words in (low.number, "65.5", "Nelson 1", "One late thaw.", "Not an issued document", "mean 93", "Viability"):
        assert words in text, words
    assert "13" in text.split("Batches issued")[1][:30]
    assert not any(page.images for page in pages)
    assert SecurityEvent.objects.filter(kind="product_review").count() == 1
    for bad in ({}, {"first": "x", "last": "y"}, period | {"x": "1"}, {"first": "2026-02-01", "last": "2026-01-01"}):
        assert browser.get(f"/trends/{PRODUCT}/review.pdf", bad).status_code in {400, 409}, bad
    assert browser.get("/trends/NONE/review.pdf", period).status_code == 404


def test_a_reason_that_says_nothing_is_no_assessment(world):
    world.approved_limits()
    low = world.another("75.5")

    for said in ({"cause": "x"}, {"conclusion": ""}, {"rule": "1:3s"}, {"rule": ""}):
        with nothing_written(), pytest.raises(BadInput):
            do("trend_signal.assess", world.result(low), by=fresh(world.reviewer),
               **({"rule": "nelson_1"} | SAID | said))  # fmt: skip


# Beside a test


def test_a_test_shows_its_value_against_the_limit_and_the_batches_before_it(world):
    other = world.beside()
    other.read(LINE, "68.9")
    browser = at_browser(world.analyst)
    page = browser.get(f"/batches/{other.batch.number}/tests/{LINE}/").content.decode()

    assert 'aria-label="69\u2009% against ≥ 70\u2009%."' in page
    assert f"Last {len(CALM)} batches" in page
    assert f'href="{PLACE}"' in page
    assert "A record out of specification is opened" in page
    older = browser.get(f"/batches/{world.made[3].number}/tests/{LINE}/").content.decode()
    assert "Last 3 batches" in older
    assert world.made[0].number in older.split("Last 3 batches", 1)[1]
    first = browser.get(f"/batches/{world.made[0].number}/tests/{LINE}/").content.decode()
    assert "batches</strong>" not in first


def test_a_saved_value_brings_the_column_beside_it_anew(world):
    other = world.beside()
    sample = other.sample_for(LINE)
    body = {"id": str(uuid4()), "member": LINE, "sample": str(sample.pk), "typed": "93.4"}
    answer = at_browser(world.analyst).post(
        f"/batches/{other.batch.number}/tests/{LINE}/readings/", body, headers={"hx-request": "true"}
    )
    part = answer.content.decode()

    assert "<html" not in part
    assert 'aria-label="93\u2009% against ≥ 70\u2009%."' in part
    assert "A second person reviews the result" in part
    assert "A record out of specification is opened" not in part


def test_the_other_tests_of_the_sample_stand_beside_it_and_lead_there(world):
    batch = world.made[0]
    browser = at_browser(world.analyst)
    page = browser.get(f"/batches/{batch.number}/tests/endotoxin/").content.decode().split("<aside")[1]

    assert f"/batches/{batch.number}/tests/{LINE}/" in page
    assert "93\u2009% (93.1\u2009%), Conforms" in page
    assert f"/batches/{batch.number}/tests/endotoxin/" not in page
    assert f"/batches/{batch.number}/tests/mycoplasma/" not in page  # of another sample
