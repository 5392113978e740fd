"""In the laboratory: whose sample it is, what was typed, what it says, and who may sign what."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.refusal import BadInput, Refused, SameIdOtherContent
from accounts.roles import Role
from batches.models import Departure
from chain_of_custody.models import IdentityCheck
from ledger import clock
from ledger.models import Entry
from qc.laboratory.recording import record_reading
from qc.laboratory.testing import final_opens
from qc.models import Reading, Result, ResultReview, Sample
from qc.panel import Standing
from tests.kept import kept_for_a_module
from tests.people import STATION, a_person, at_browser, do, nothing_written
from tests.qc_builders import STERILITY, Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A batch that was made twenty days ago; its samples wait for the laboratory."""
    with kept_for_a_module(django_db_blocker):
        made = in_the_laboratory()
        clock.end_story()
        yield made


def posted(client: Client, place: str, data: object):
    return client.post(place, json.dumps(data), content_type="application/json", REMOTE_ADDR=STATION)


def reading_of(laboratory: Laboratory, line: str, typed: object, **more: object) -> dict[str, object]:
    sample = str(laboratory.sample_for(line).pk)
    return {"id": str(uuid4()), "line": line, "sample": sample, "typed": typed} | more


def api(laboratory: Laboratory, path: str) -> str:
    return f"/api/v1/batches/{laboratory.batch.number}/{path}/"


def page(laboratory: Laboratory, path: str) -> str:
    return f"/batches/{laboratory.batch.number}/{path}/"


def in_bottle(laboratory: Laboratory, typed: str, *, days: float, bottle: int = 1) -> Reading:
    """A reading of a bottle that was inoculated an hour after the sample was taken."""
    began = inoculated_at(laboratory)
    return laboratory.read(
        STERILITY, typed, replicate=bottle, began_at=began, performed_at=began + timedelta(days=days)
    )


def in_both_bottles(laboratory: Laboratory, typed: str, *, days: float) -> None:
    """The same seen in each bottle of the plan."""
    for bottle in (1, 2):
        in_bottle(laboratory, typed, days=days, bottle=bottle)


def inoculated_at(laboratory: Laboratory) -> datetime:
    return laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)


# Samples


def test_a_sample_of_this_batch_is_received_once(laboratory):
    code = laboratory.containers_at("final_product")[0].code

    received = laboratory.reads_label(code)

    assert received.check.outcome == IdentityCheck.Outcome.MATCH
    assert received.sample is not None
    assert received.sample.point == "final_product"
    with nothing_written(), pytest.raises(Refused, match="received already"):
        laboratory.reads_label(code)


@pytest.mark.parametrize("label", ["CT-99-9999-SA-01", "<b>nothing</b>", "A999926004217"])
def test_a_label_of_something_else_is_a_fact_and_no_sample(laboratory, label):
    received = laboratory.reads_label(label)

    assert received.sample is None
    assert received.check.outcome != IdentityCheck.Outcome.MATCH
    assert Departure.objects.get(about_id=received.check.pk).kind == Departure.Kind.MISMATCH


def test_a_final_bag_is_no_sample(laboratory):
    bag = next(one for one in laboratory.containers_at("") if one.kind == "final_bag")

    with nothing_written(), pytest.raises(Refused, match="is no sample"):
        laboratory.reads_label(bag.code)


def test_the_laboratory_page_stops_at_a_wrong_label(laboratory):
    form = {
        "id": str(uuid4()), "scanned": "CT-99-9999-SA-01", "was_typed": "yes",
        "received_at": clock.now().isoformat(), "condition": "4 °C",
    }  # fmt: skip
    browser = at_browser(laboratory.analyst)

    answer = browser.post(page(laboratory, "samples/receive"), form)
    again = browser.post(page(laboratory, "samples/receive"), form)

    assert answer.status_code == again.status_code == 200
    assert "Stop. This is no sample of this batch." in answer.content.decode()
    assert IdentityCheck.objects.filter(scanned="CT-99-9999-SA-01").count() == 1
    assert Departure.objects.filter(kind=Departure.Kind.MISMATCH).count() == 1


def test_a_result_belongs_to_a_sample_of_this_batch_and_point(laboratory):
    elsewhere = laboratory.sample_for("mycoplasma")

    with nothing_written(), pytest.raises(Refused, match="another point"):
        record_reading(
            batch=laboratory.batch, line="viability_percent", member="viability_percent", sample=elsewhere,
            typed="95.1", by=laboratory.analyst, id=uuid4(),
        )  # fmt: skip
    with nothing_written(), pytest.raises(Refused, match="Scan the sample first"):
        record_reading(
            batch=laboratory.batch, line="viability_percent", member="viability_percent", sample=None,
            typed="95.1", by=laboratory.analyst, id=uuid4(),
        )  # fmt: skip


def test_a_sample_of_another_batch_gives_no_result(laboratory):
    other = laboratory.beside()
    sample = other.sample_for("viability_percent")

    with nothing_written(), pytest.raises(Refused, match="another batch"):
        record_reading(
            batch=laboratory.fresh(), line="viability_percent", member="viability_percent", sample=sample,
            typed="95.1", by=laboratory.analyst, id=uuid4(),
        )  # fmt: skip
    received = laboratory.reads_label(other.containers_at("final_product")[1].code)
    assert received.sample is None


# What is typed

UNREADABLE = [
    "NaN", "Infinity", "-Infinity", "1e400", "1e3", "1,234", "1.234,5", "1_000", "９５", "95.123", "", " ", "abc",
    "nd", "na", "<", "<<1", "-0", "95%", "0x10", "9" * 60, "<script>alert(1)</script>",
]  # fmt: skip


@pytest.mark.parametrize("typed", [*UNREADABLE, "95,1", True, 95.1, 95, None, ["95"], {"a": 1}])
def test_the_api_refuses_what_is_no_number_and_stores_nothing(laboratory, typed):
    client = at_browser(laboratory.analyst)
    body = reading_of(laboratory, "viability_percent", typed)

    with nothing_written():
        answer = posted(client, api(laboratory, "readings"), body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["objections"]


@pytest.mark.parametrize("typed", [one for one in UNREADABLE if one != ""])
def test_the_page_keeps_the_form_and_says_why(laboratory, typed):
    browser = at_browser(laboratory.analyst)
    body = reading_of(laboratory, "viability_percent", typed)

    with nothing_written():
        answer = browser.post(page(laboratory, "tests/viability_percent/readings"), body)

    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert "<script>alert(1)" not in answer.content.decode()


def test_a_page_takes_one_comma_where_the_api_takes_a_point(laboratory):
    browser = at_browser(laboratory.analyst)

    answer = browser.post(
        page(laboratory, "tests/viability_percent/readings"), reading_of(laboratory, "viability_percent", "95,1")
    )

    assert answer.status_code == 303
    assert Reading.objects.get(line="viability_percent").typed == "95.1"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"performed_at": "2199-01-01T00:00:00+00:00"}, 400),
        ({"performed_at": "2001-01-01T00:00:00+00:00"}, 409),
        ({"performed_at": "yesterday"}, 400),
        ({"sample": str(uuid4())}, 400),
        ({"sample": "none"}, 400),
        ({"line": "nothing"}, 400),
        ({"member": "nothing"}, 400),
        ({"replicate": 0}, 400),
        ({"corrects": str(uuid4())}, 400),
        ({"id": "one"}, 400),
        ({"verdict": "meets"}, 400),
    ],
)
def test_the_api_refuses_what_cannot_be(laboratory, sent, status):
    client = at_browser(laboratory.analyst)
    body = reading_of(laboratory, "viability_percent", "95.1") | sent

    with nothing_written():
        answer = posted(client, api(laboratory, "readings"), body)

    assert answer.status_code == status, answer.content


VERDICTS = (
    ("viability_percent", "69.4", "fails"),
    ("viability_percent", "69.5", "meets"),
    ("viability_percent", "≥ 70", "meets"),
    ("viability_percent", "> 60", "indeterminate"),
    ("endotoxin", "0.549", "meets"),
    ("endotoxin", "0.550", "fails"),
    ("endotoxin", "< 0.5", "meets"),
    ("endotoxin", "< 0.6", "indeterminate"),
    ("endotoxin", "≥ 0.6", "fails"),
    ("car_positive_cells_total", "38.4", "fails"),
    ("car_positive_cells_total", "38.5", "meets"),
    ("appearance", "cloudy liquid solution", "meets"),
    ("appearance", "clear liquid", "fails"),
    ("mycoplasma", "cannot_judge", "indeterminate"),
    ("mycoplasma", "detected", "fails"),
)


@pytest.mark.parametrize(("line", "typed", "verdict"), VERDICTS)
def test_the_server_judges_at_the_limits_own_scale(laboratory, line, typed, verdict):
    answer = posted(at_browser(laboratory.analyst), api(laboratory, "readings"), reading_of(laboratory, line, typed))

    assert answer.status_code == 201, answer.content
    assert answer.json()["judgement"]["verdict"] == verdict
    assert answer.json()["reading"]["typed"] == typed


@pytest.mark.parametrize("typed", ["not_tested", "invalid"])
def test_no_result_never_passes_and_needs_a_reason(laboratory, typed):
    client = at_browser(laboratory.analyst)

    without = posted(client, api(laboratory, "readings"), reading_of(laboratory, "rcl", typed))
    with_reason = posted(
        client, api(laboratory, "readings"), reading_of(laboratory, "rcl", typed, reason="Control failed")
    )

    assert without.status_code == 400
    assert with_reason.json()["judgement"]["verdict"] == "indeterminate"


def test_the_same_reading_sent_twice_is_stored_once(laboratory):
    client = at_browser(laboratory.analyst)
    body = reading_of(laboratory, "viability_percent", "95.1")

    first, second = (posted(client, api(laboratory, "readings"), body) for _time in range(2))
    other = posted(client, api(laboratory, "readings"), body | {"typed": "95.2"})

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 422)
    assert first.json()["reading"] == second.json()["reading"]
    assert Reading.objects.filter(line="viability_percent").count() == 1


def test_an_id_belongs_to_one_person(laboratory):
    row = laboratory.read("viability_percent", "95.1")

    with nothing_written(), pytest.raises(SameIdOtherContent):
        record_reading(
            batch=laboratory.batch, line=row.line, member=row.member, sample=row.sample, typed=row.typed,
            by=laboratory.other_analyst, id=row.pk,
        )  # fmt: skip


def test_a_second_value_is_a_correction_with_a_reason_and_the_first_one_stays(laboratory):
    first = laboratory.read("viability_percent", "59.1")
    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        laboratory.read("viability_percent", "95.1")
    with nothing_written(), pytest.raises(Refused, match="at least 10 characters"):
        laboratory.read("viability_percent", "95.1", corrects=first, reason="typo")

    laboratory.read("viability_percent", "95.1", corrects=first, reason="Digits were swapped")

    shown = at_browser(laboratory.analyst).get(page(laboratory, "tests/viability_percent")).content.decode()
    assert [one.typed for one in laboratory.line("viability_percent").readings] == ["95.1"]
    assert "<del>59.1</del>" in shown
    assert "Digits were swapped" in shown


def test_a_reading_costs_few_statements_however_long_the_history_is(laboratory):
    client = at_browser(laboratory.analyst)
    counted = []
    for line, typed in (("viability_percent", "95.1"), ("endotoxin", "< 0.05"), ("cd3_positive_percent", "97.6")):
        body = reading_of(laboratory, line, typed)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert posted(client, api(laboratory, "readings"), body).status_code == 201
        kept = [one["sql"] for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        counted.append(len(kept))

    assert max(counted) <= 19, kept
    assert len(set(counted)) == 1


def test_the_page_of_a_test_asks_few_statements_however_many_lines_were_tested(laboratory):
    client = at_browser(laboratory.analyst)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page(laboratory, "tests/viability_percent")).status_code == 200
        return len(asked)

    laboratory.read("viability_percent", "95.1")
    laboratory.tested("endotoxin")
    few = statements()
    for line in ("cd3_positive_percent", "mycoplasma", "rcl"):
        laboratory.tested(line)

    assert statements() == few <= 70


# Growth


def test_no_growth_to_day_13_is_never_final_and_says_when_it_opens(laboratory):
    in_bottle(laboratory, "no_growth", days=13.99)
    opens = final_opens(laboratory.line(STERILITY))

    assert opens == inoculated_at(laboratory) + timedelta(days=14)
    with nothing_written(), pytest.raises(Refused, match="The final reading has been open since"):
        laboratory.submitted(STERILITY)

    in_both_bottles(laboratory, "no_growth", days=14)
    assert laboratory.submitted(STERILITY).verdict == "meets"


def test_the_line_is_final_only_when_every_bottle_is(laboratory):
    in_bottle(laboratory, "no_growth", days=14, bottle=1)
    in_bottle(laboratory, "no_growth", days=10, bottle=2)

    with nothing_written(), pytest.raises(Refused, match="Day 10 of 14"):
        laboratory.submitted(STERILITY)


def test_a_bottle_has_one_inoculation(laboratory):
    in_bottle(laboratory, "no_growth", days=1)

    with nothing_written(), pytest.raises(Refused, match="Use that time"):
        laboratory.read(STERILITY, "no_growth", began_at=inoculated_at(laboratory) + timedelta(hours=3))
    assert laboratory.read(STERILITY, "no_growth").began_at == inoculated_at(laboratory)


def test_growth_is_stored_raised_and_never_corrected_away(laboratory):
    grown = in_bottle(laboratory, "growth", days=3)

    departure = Departure.objects.get(about_id=grown.pk)
    with nothing_written(), pytest.raises(Refused, match="never corrected away"):
        laboratory.read(STERILITY, "no_growth", corrects=grown, reason="It was only foam", began_at=grown.began_at)
    result = laboratory.submitted(STERILITY)
    with nothing_written(), pytest.raises(Refused, match="never corrected away"):
        do(
            "result.correct",
            result,
            by=laboratory.analyst,
            member=STERILITY,
            typed="no_growth",
            reason="Only foam seen",
        )
    assert result.verdict == "fails"
    assert "Growth was seen in bottle 1" in departure.says


def test_growth_after_the_result_was_submitted_is_taken_and_opens_the_result_again(laboratory):
    in_both_bottles(laboratory, "no_growth", days=14)
    result = laboratory.submitted(STERILITY)
    with nothing_written(), pytest.raises(Refused, match="was submitted"):
        laboratory.read(STERILITY, "no_growth")

    laboratory.read(STERILITY, "growth")

    assert laboratory.line(STERILITY).is_outdated
    with nothing_written(), pytest.raises(Refused, match="Correct the result"):
        laboratory.reviewed(result)
    corrected = do(
        "result.correct", result, by=laboratory.analyst, member=STERILITY, typed="growth", reason="Growth seen later"
    )
    assert isinstance(corrected, Result)
    assert corrected.verdict == "fails"


def test_a_correction_to_growth_is_raised_too(laboratory):
    in_both_bottles(laboratory, "no_growth", days=14)
    result = laboratory.submitted(STERILITY)

    do("result.correct", result, by=laboratory.analyst, member=STERILITY, typed="growth", reason="Overlooked a colony")

    assert Departure.objects.get(batch=laboratory.batch).says.startswith("Growth was seen")


def test_the_page_stops_at_growth(laboratory):
    body = reading_of(laboratory, STERILITY, "growth") | {"began_at": inoculated_at(laboratory).isoformat()}

    answer = at_browser(laboratory.analyst).post(page(laboratory, f"tests/{STERILITY}/readings"), body)

    assert answer.status_code == 200
    assert "Growth is recorded" in answer.content.decode()
    assert Departure.objects.filter(batch=laboratory.batch).count() == 1


# Results


def test_any_one_of_the_potency_tests_will_do(laboratory):
    laboratory.read("potency", "80.0", member="potency_a")
    with nothing_written(), pytest.raises(Refused, match="Values are missing"):
        laboratory.submitted("potency")

    laboratory.read("potency", "50.6", member="potency_b")

    result = laboratory.submitted("potency")
    assert result.verdict == "meets"
    assert [member["verdict"] for member in result.members] == ["fails", "meets"]


def test_one_potency_test_that_conforms_needs_no_other(laboratory):
    assert laboratory.tested("potency", potency_a="20.0").verdict == "meets"


def test_nobody_reviews_what_they_entered_submitted_or_corrected(laboratory):
    first, second = (a_person(Role.QC_ANALYST, Role.QC_REVIEWER, name=name) for name in ("Ada First", "Bea Second"))
    laboratory.read("viability_percent", "95.1", by=first)
    result = laboratory.submitted("viability_percent", by=second)

    for person in (first, second):
        with nothing_written(), pytest.raises(Refused, match="second person"):
            laboratory.reviewed(result, by=person)
    assert isinstance(laboratory.reviewed(result), ResultReview)


def test_a_correction_supersedes_and_voids_the_review(laboratory):
    result = laboratory.tested("viability_percent")
    laboratory.reviewed(result)

    corrected = do(
        "result.correct", result, by=laboratory.other_analyst,
        member="viability_percent", typed="59.1", reason="Digits were swapped",
    )  # fmt: skip

    line = laboratory.line("viability_percent")
    assert isinstance(corrected, Result)
    assert (corrected.version, corrected.supersedes_id, corrected.verdict) == (2, result.pk, "fails")
    assert line.standing is Standing.ENTERED
    assert [old.reported for old in line.history] == [result.reported]
    with nothing_written(), pytest.raises(Refused, match="open the correction"):
        do(
            "result.correct", result, by=laboratory.analyst,
            member="viability_percent", typed="94.1", reason="Digits were swapped",
        )  # fmt: skip
    laboratory.reviewed(corrected)
    assert laboratory.line("viability_percent").standing is Standing.REVIEWED


def test_a_result_stores_the_value_before_and_after_rounding_with_its_rule(laboratory):
    result = laboratory.tested("car_positive_cells_total")

    assert result.unrounded.startswith("21357142.857")
    assert result.reported.startswith("21.4")
    assert "USP" in result.rule
    assert result.weight is not None


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.QA, Role.QUALIFIED_PERSON, Role.QC_REVIEWER, Role.INSPECTOR])
def test_only_an_analyst_records_and_submits(laboratory, role):
    somebody = a_person(role)
    laboratory.read("viability_percent", "95.1")

    with nothing_written(), pytest.raises(Refused, match="Your roles do not allow"):
        laboratory.read("endotoxin", "0.1", by=somebody)
    with nothing_written(), pytest.raises(Refused, match="Your roles do not allow"):
        laboratory.submitted("viability_percent", by=somebody)


def test_an_unreadable_value_is_refused_before_anything_is_locked(laboratory):
    laboratory.sample_for("appearance")

    with nothing_written(), pytest.raises(BadInput, match="Choose one of"):
        laboratory.read("appearance", "nd")


# Pages and lists


PAGES = ("tests/viability_percent", "tests/sterility", "tests/potency", "release", "release-tests", "disposition")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", [Role.QC_ANALYST, Role.QA, Role.QUALIFIED_PERSON])
def test_every_page_of_the_room_can_be_read(laboratory, path, role):
    laboratory.reads_label("CT-99-9999-SA-01")
    laboratory.tested("viability_percent", viability_percent="50.0")
    in_bottle(laboratory, "no_growth", days=3)

    answer = at_browser(a_person(role)).get(page(laboratory, path))

    assert answer.status_code == 200
    assert laboratory.batch.number in answer.content.decode()


@pytest.mark.parametrize("path", ["/samples/", "/specifications/", "/specifications/SPEC-CD19/1/", "/"])
def test_the_lists_can_be_read(laboratory, path):
    laboratory.sample_at("final_product")

    assert at_browser(laboratory.analyst).get(path).status_code == 200


@pytest.mark.parametrize("path", ["tests/nothing", "tests/%3Cb%3E"])
def test_an_unknown_line_is_not_found(laboratory, path):
    assert at_browser(laboratory.analyst).get(page(laboratory, path)).status_code == 404


def test_the_page_says_what_submitting_would_mean(laboratory):
    laboratory.read("viability_percent", "50.0")

    shown = at_browser(laboratory.analyst).get(page(laboratory, "tests/viability_percent")).content.decode()

    assert "Sign and submit as out of specification" in shown
    assert "Out of specification" in shown
    assert "below the limit" in shown


def test_work_leads_each_person_to_what_waits_for_them(laboratory):
    result = laboratory.tested("viability_percent")

    analyst = at_browser(laboratory.analyst).get("/").content.decode()
    reviewer = at_browser(laboratory.reviewer).get("/").content.decode()

    assert "Receive sample" in analyst
    assert "Review Viability" in reviewer
    assert "Review Viability" not in analyst
    laboratory.reviewed(result)
    assert "Review Viability" not in at_browser(laboratory.reviewer).get("/").content.decode()


def test_programs_read_panel_results_facts_and_objections(laboratory):
    laboratory.reads_label("CT-99-9999-SA-01")
    result = laboratory.tested("viability_percent")
    client = at_browser(laboratory.qa)

    panel, results, facts, decision, samples, readings = (
        client.get(api(laboratory, path)).json()
        for path in ("release-panel", "results", "facts", "disposition", "samples", "readings")
    )

    viability = next(line for line in panel["lines"] if line["line"] == "viability_percent")
    assert (viability["standing"], viability["result"]) == ("entered", str(result.pk))
    assert [one["id"] for one in results["results"]] == [str(result.pk)]
    assert [one["assessed_by"] for one in facts] == [None]
    assert decision["disposition"] == "none"
    assert {"lacks_permission", "fact_open", "no_review"} <= {
        one["code"] for one in decision["decisions"][0]["objections"]
    }
    assert len(samples["results"]) == Sample.objects.count()
    assert len(readings["results"]) == 1


def test_an_administrator_reads_nothing_of_a_batch(laboratory):
    from tests.people import administrators

    client = at_browser(administrators()[0])
    before = Entry.objects.count()

    answers = [client.get(api(laboratory, path)).status_code for path in ("release-panel", "results", "disposition")]
    answers += [client.get(page(laboratory, path)).status_code for path in ("release", "tests/sterility")]

    assert set(answers) == {403}
    assert Entry.objects.count() == before
