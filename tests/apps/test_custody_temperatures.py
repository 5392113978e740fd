"""The file of a temperature logger reaches the record of custody: shown, confirmed, judged, held against a release."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Alarm
from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent, Stale
from accounts.roles import Role
from batches.models import BatchState
from chain_of_custody.following import custody_record
from chain_of_custody.models import Excursion, LoggerFile, LoggerTrace, TemperatureUnknown, TraceExcursion
from chain_of_custody.temperature import checks
from chain_of_custody.temperature.stays import known_of, stays_in
from chain_of_custody.temperature.storing import confirm_trace, state_no_file
from ledger import files
from ledger.models import StoredFile
from ledger.tables.texts import LARGEST
from ledger.verification import Verification
from qc.release.assessing import open_facts
from qc.release.disposition import objections_to_disposition
from reports.record_gathering import custody as gathered
from tests.guards_away import guards_away
from tests.kept import made_once
from tests.people import a_person, at_browser, do, nothing_written
from tests.temperature_builders import FIVE, HEAD, Shipped

pytestmark = pytest.mark.django_db
Why = TemperatureUnknown.Why
CERTIFIED = BatchState.Disposition.CERTIFIED


# A batch whose bag came in a shipper; nobody stored what its logger saw.
world = made_once(Shipped)


def findings() -> list[str]:
    both = (checks.times_are_those_of_the_custody_record, checks.traces_say_what_their_files_say)
    return [str(finding) for check in both for finding in check(Verification())]


def standing(world: Shipped) -> str:
    known = known_of(world.coi).get(world.stay)
    return known.standing if known else "nothing"


def facts(world: Shipped) -> list[str]:
    return [fact.kind for fact in open_facts(world.fresh())]


def test_a_time_without_a_file_is_not_available_and_never_within(world):
    assert standing(world) == "nothing"
    (said,) = gathered.temperatures(custody_record(world.coi, batch_number=world.batch.number))
    assert "Not available" in said


def test_a_trace_within_the_range_is_stored_with_its_file_and_nothing_stands_against_the_batch(world):
    before = facts(world)
    trace = world.stored(world.log("2.0", "8.0"))

    assert (trace.lowest_c, trace.highest_c, trace.total_outside_s, trace.is_within) == (
        Decimal("2.0"), Decimal("8.0"), 0, True,
    )  # fmt: skip
    assert files.read(trace.source.file) == world.log("2.0", "8.0").encode()
    assert (standing(world), facts(world), findings()) == ("within", before, [])
    assert not Alarm.objects.filter(about_id=trace.pk).exists()


def test_what_is_sent_says_nothing_in_custody_until_it_is_confirmed(world):
    world.sent(world.log("25"))

    assert (standing(world), Excursion.objects.count(), LoggerTrace.objects.count()) == ("nothing", 0, 0)


def test_each_time_outside_is_an_excursion_that_stands_against_the_release_until_it_is_assessed(world):
    trace = world.stored(world.log("5", "9.5", "24.6", "5", "1.0", "5"))

    rows = [one.excursion for one in trace.excursions.order_by("excursion__happened_at")]
    assert [row.observed_c for row in rows] == [Decimal("24.6"), Decimal("1.0")]
    assert [one.until - one.excursion.happened_at for one in trace.excursions.order_by("until")] == [2 * FIVE, FIVE]
    assert {tuple(row.containers) for row in rows} == {tuple(trace.source.containers)}
    assert (trace.longest_outside_s, trace.total_outside_s) == (600, 900)
    assert facts(world) == ["temperature excursion"] * 2
    assert sum("excursion" in one.says for one in objections_to_disposition(world.fresh(), CERTIFIED, world.qp)) == 2
    assert standing(world) == "outside"
    assert Alarm.objects.filter(about_id=trace.pk, kind=Alarm.Kind.EXCURSION).count() == 1
    assert findings() == []

    for row in rows:
        do("fact.assess", row, by=world.qa, severity="minor", immediate_action="None was needed.", decision="accept",
           impact="Stability data cover it.", conclusion="No effect on the cells.")  # fmt: skip
    assert facts(world) == []


@pytest.mark.parametrize(
    ("row", "whys"),
    [
        (["5", None, None, "5"], [Why.GAP]),
        ([None, None, "5"], [Why.BEGINS_LATE]),
        ([None, None, "5", None, "5"], [Why.BEGINS_LATE, Why.GAP]),
    ],
)
def test_a_time_without_readings_is_a_fact_that_quality_assesses(world, row, whys):
    trace = world.stored(world.log(*row))

    assert [one.why for one in trace.unknown.order_by("since")] == whys
    assert facts(world) == ["temperature not known"] * len(whys)
    assert (standing(world), findings()) == ("unknown", [])
    fact = open_facts(world.batch)[0]
    do("fact.assess", fact.id, by=world.qa, severity="minor", immediate_action="None was needed.", decision="accept",
       impact="The shipper is qualified for it.", conclusion="No effect on the cells.")  # fmt: skip
    assert len(facts(world)) == len(whys) - 1


def test_a_file_that_ends_before_the_time_does_is_said(world):
    lines = world.log().splitlines(keepends=True)
    trace = world.stored("".join(lines[:-3]))

    (gap,) = trace.unknown.all()
    assert (gap.why, gap.until) == (Why.ENDS_EARLY, world.trip.until)


@pytest.mark.parametrize("until", ["", "2020-01-31"])
def test_a_logger_that_is_not_known_to_be_calibrated_proves_nothing(world, until):
    head = HEAD.replace("Calibrated until,2199-12-31\n", f"Calibrated until,{until}\n")
    trace = world.stored(world.log(head=head))

    (gap,) = trace.unknown.all()
    assert (gap.why, gap.since, gap.until) == (Why.UNCALIBRATED, world.trip.since, world.trip.until)


def test_the_full_file_sent_later_shows_what_was_missing_and_the_fact_stays(world):
    world.stored(world.log("5", None, None))
    world.stored(world.log())

    assert (standing(world), facts(world)) == ("within", ["temperature not known"])


def test_where_there_is_no_file_that_is_a_fact_with_its_reason(world):
    row = state_no_file(id=uuid4(), coi=world.coi, stay=world.stay, says="The logger was lost on the way.",
                        by=world.technician)  # fmt: skip

    assert (row.since, row.until) == (world.trip.since, world.trip.until)
    assert facts(world) == ["temperature not known"]
    assert (standing(world), findings()) == ("unknown", [])
    assert Alarm.objects.filter(about_id=row.pk).count() == 1
    with pytest.raises(Refused, match="said already"):
        state_no_file(id=uuid4(), coi=world.coi, stay=world.stay, says="Lost once more.", by=world.technician)


def test_with_a_file_nobody_says_that_there_is_none(world):
    world.stored(world.log())

    with pytest.raises(Refused, match="a file is stored"):
        state_no_file(id=uuid4(), coi=world.coi, stay=world.stay, says="There is none.", by=world.technician)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("5.0\n", "OPEN\n"), "Line 5: Temperature must be a number"),
        (("LG-88", "LG-77"), "is of logger LG-77; the label that was read is LG-88"),
        (("Logger,", "Sensor,"), "names the logger"),
        (("°C", "°F"), "is in °F"),
        (("20", "19"), "no reading of this time|no time like"),
    ],
)
def test_a_file_with_a_problem_is_refused_and_nothing_is_stored(world, change, match):
    content = world.log().replace(*change)

    with nothing_written(), pytest.raises(Refused, match=match):
        world.sent(content)
    assert not LoggerFile.objects.exists()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "empty"),
        (b"x" * (LARGEST + 1), "larger than 5 MB"),
        (b"PK\x03\x04archive", "archive"),
        (b"\xff,\n", "UTF-8"),
    ],
)
def test_what_is_no_table_is_refused_before_it_is_read(world, content, match):
    with nothing_written(), pytest.raises(BadInput, match=match):
        world.sent(content)


def test_a_confirmation_confirms_what_was_shown_once(world):
    row = world.sent(world.log("9"))

    with nothing_written(), pytest.raises(Stale):
        confirm_trace(row, shown="0" * 64, by=world.technician)
    first = confirm_trace(row, shown=world.seen(row).digest, by=world.technician)
    assert confirm_trace(row, shown=world.seen(row).digest, by=world.technician) == first
    assert (LoggerTrace.objects.count(), Excursion.objects.count()) == (1, 1)


def test_the_same_file_is_stored_for_a_time_once(world):
    content = world.log("9")
    world.stored(content)

    with pytest.raises(Refused, match="stored for this time already"):
        world.stored(content)
    assert Excursion.objects.count() == 1


def test_a_form_that_is_sent_twice_is_one_file_and_with_other_content_none(world):
    key = uuid4()
    assert world.sent(world.log(), id=key) == world.sent(world.log(), id=key)

    with pytest.raises(SameIdOtherContent):
        world.sent(world.log("7"), id=key)


def test_only_who_records_custody_stores_a_trace(world):
    row = world.sent(world.log())
    for person in (world.qa, world.qp):
        with nothing_written(), pytest.raises(NotAllowed):
            world.sent(world.log(), by=person)
        with nothing_written(), pytest.raises(NotAllowed):
            confirm_trace(row, shown=world.seen(row).digest, by=person)
        with nothing_written(), pytest.raises(NotAllowed):
            state_no_file(id=uuid4(), coi=world.coi, stay=world.stay, says="There is no file.", by=person)


def test_a_time_that_goes_on_takes_no_file(world):
    record = custody_record(world.coi)
    kept = [*record.before, *(one for link in record.links for one in link.kept)]

    assert {one.until for one in kept if one.id is None and one.place is not None} == {None}
    assert all(one.until is not None for one in stays_in(record))


@pytest.mark.parametrize(
    ("table", "changes", "says"),
    [
        (LoggerTrace, {"highest_c": Decimal("5.0")}, "not what its file says"),
        (LoggerTrace, {"total_outside_s": 0}, "not what its file says"),
        (TraceExcursion, {"until": None}, "excursions are not those"),
        (Excursion, {"observed_c": Decimal("8.1")}, "excursions are not those"),
        (Excursion, {"containers": []}, "other containers"),
        (TemperatureUnknown, {"why": "ends_early"}, "nobody knows"),
        (TemperatureUnknown, {"containers": []}, "nobody knows"),
        (LoggerFile, {"containers": []}, "no such time"),
        (LoggerFile, {"stay": uuid4()}, "no such time"),
        (LoggerFile, {"profile_version": 9}, "cannot be read again"),
    ],
)
def test_a_changed_trace_is_found(world, table, changes, says):
    world.stored(world.log("9", None, None, "5"))
    row = table.objects.order_by("pk").first()
    changes = {name: row.until + timedelta(hours=1) if value is None else value for name, value in changes.items()}

    with guards_away():
        table.objects.filter(pk=row.pk).update(**changes)
    assert any(says in one for one in findings()), findings()


def test_the_record_of_the_batch_states_the_trace_and_keeps_its_file(world):
    trace = world.stored(world.log("9", None, None, "5"))
    record = custody_record(world.coi, batch_number=world.batch.number)

    (said,) = gathered.temperatures(record)
    for words in (
        "Outside the range",
        "9 °C",
        "LG-88",
        trace.source.file.sha256,
        "has no readings between",
        "longest 5 min",
    ):
        assert words in said
    assert [file for _words, file in gathered.logger_files(record)] == [trace.source.file]


# Doors


def upload(content: str | bytes, name: str = "LG-88.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def chosen(**more: object) -> dict[str, Any]:
    return {"id": str(uuid4()), "logger": "LG-88", "profile": "LOGGER-COMMA", "clock": "utc"} | more


@pytest.fixture
def browser(world: Shipped) -> Client:
    return at_browser(world.technician)


def test_a_person_sends_a_file_sees_what_it_says_and_stores_it(world, browser):
    custody = f"/custody/{world.coi.identifier}/"
    page = f"{custody}temperatures/{world.stay}/"
    assert f'href="{page}"' in browser.get(custody).content.decode()
    assert "never within" in browser.get(page).content.decode()

    answer = browser.post(page, chosen(file=upload(world.log("9.5", None, None, "5"))))
    assert answer.status_code == 303, answer.content.decode()
    preview = browser.get(answer["Location"]).content.decode()
    file = LoggerFile.objects.get()
    for words in (
        "LG-88.csv",
        file.file.sha256,
        "LG-88",
        "9.5 °C",
        "longest 5 min, together 5 min",
        "has no readings between",
    ):
        assert words in preview, words
    assert Excursion.objects.count() == 0

    shown = world.seen(file).digest
    assert browser.post(answer["Location"], {"shown": shown}).status_code == 303
    stored = browser.get(page).content.decode()
    assert "Outside the range" in stored
    record = browser.get(custody).content.decode()
    assert "9.5 °C at the farthest" in record
    assert "Temperatures that nobody knows" in record


def test_a_refused_file_leaves_the_form_with_its_lines(world, browser):
    page = f"/custody/{world.coi.identifier}/temperatures/{world.stay}/"

    answer = browser.post(page, chosen(file=upload(world.log().replace("5.0", "OPEN"))))
    told = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 5: " in told
    assert "And 1" in told or "more." in told
    assert 'value="LG-88"' in told
    assert StoredFile.objects.filter(original_name="LG-88.csv").count() == 0
    assert browser.post(page, chosen(logger="", file=upload(world.log()))).status_code == 422
    assert browser.post(page, chosen()).status_code == 422


def test_a_person_says_on_the_page_that_there_is_no_file(world, browser):
    page = f"/custody/{world.coi.identifier}/temperatures/{world.stay}/"

    assert browser.post(f"{page}no-file/", {"id": str(uuid4()), "says": "short"}).status_code == 422
    assert browser.post(f"{page}no-file/", {"id": str(uuid4()), "says": "The logger was lost."}).status_code == 303
    told = browser.get(page).content.decode()
    assert "The logger was lost." in told
    assert "Record that there is no file" not in told


def test_a_program_sends_reads_and_confirms(world, browser):
    base = f"/api/v1/chains/{world.coi.identifier}/"
    links = browser.get(f"{base}custody/").json()["links"]
    (kept,) = [one for link in links for one in link["kept"] if one["stay"] == str(world.stay)]
    assert kept["temperature"] == "nothing"

    answer = browser.post(f"{base}logger-files/", chosen(stay=str(world.stay), file=upload(world.log("9", None, None))))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["is_stored"], told["is_within"], told["longest_outside_s"]) == (False, False, 300)
    assert [one["why"] for one in told["unknown"]] == ["gap"]
    path = f"{base}logger-files/{told['id']}/"
    assert browser.get(path).json() == told
    wrong = browser.post(path, json.dumps({"shown": "0" * 64}), content_type="application/json")
    assert wrong.status_code == 409
    done = browser.post(path, json.dumps({"shown": told["shown"]}), content_type="application/json")
    assert (done.status_code, done.json()["is_stored"]) == (201, True)
    assert [one["id"] for one in browser.get(f"{base}logger-files/").json()["results"]] == [told["id"]]


def test_a_program_says_that_there_is_no_file(world, browser):
    path = f"/api/v1/chains/{world.coi.identifier}/temperatures/{world.stay}/no-file/"
    body = {"id": str(uuid4()), "says": "The logger was lost on the way."}

    first = browser.post(path, json.dumps(body), content_type="application/json")
    assert (first.status_code, first.json()["why"]) == (201, "no_file")
    assert browser.post(path, json.dumps(body), content_type="application/json").json() == first.json()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"\x00\x01", 400),
        (b"x" * (LARGEST + 1), 400),
        (b"Time,Temperature\n", 422),
        ("\N{DEGREE SIGN}".encode("utf-16"), 422),
    ],
)
def test_a_hostile_file_gets_a_sentence_and_changes_nothing(world, browser, content, status):
    path = f"/api/v1/chains/{world.coi.identifier}/logger-files/"

    with nothing_written():
        answer = browser.post(path, chosen(stay=str(world.stay), file=upload(content)))
    assert answer.status_code == status
    assert answer.json()["objections"][0]["says"]


def test_who_may_only_read_sees_the_page_without_its_forms(world):
    page = f"/custody/{world.coi.identifier}/temperatures/{world.stay}/"
    reader = at_browser(a_person(Role.QA))

    assert "Add the file of a logger" not in reader.get(page).content.decode()
    assert reader.post(page, chosen(file=upload(world.log()))).status_code == 403
