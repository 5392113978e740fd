"""Growth tests by the clock: bottles of the plan, flags, subcultures, readings that were left out, the calendar."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from accounts.models import Alarm
from accounts.refusal import Refused
from accounts.signing import ask
from batches.models import Definition, Departure
from ledger import clock
from ledger.verification import verify_records
from qc.models import Reading
from qc.release.disposition import objections_to_facts
from tests.batches_builders import FILES
from tests.kept import kept_for_a_module
from tests.people import STATION, at_browser, nothing_written
from tests.qc_builders import STERILITY, Laboratory

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


class Strict(Laboratory):
    """A laboratory whose method asks for the reading of day 7."""

    def defined(self, kind: str, source: str = "") -> Definition:
        if kind == "specification":
            text = source or FILES["specification"].read_text(encoding="utf-8")
            source = text.replace('{day: "7", mandatory: "no"', '{day: "7", mandatory: "yes"')
        return super().defined(kind, source)


@pytest.fixture(scope="module")
def started(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A sterility test whose two bottles were inoculated eighteen days ago."""
    with kept_for_a_module(django_db_blocker):
        clock.tell(clock.machine_now() - timedelta(days=20))
        laboratory = Strict()
        laboratory.inoculated()
        clock.end_story()
        yield laboratory


def began(laboratory: Laboratory) -> datetime:
    first = Reading.objects.filter(batch=laboratory.batch, line=STERILITY).earliest("recorded_at")
    assert first.began_at is not None
    return first.began_at


def seen(
    laboratory: Laboratory, bottle: int, days: float, typed: str = "no_growth", **more: bool | datetime
) -> Reading:
    at = began(laboratory) + timedelta(days=days)
    return laboratory.read(STERILITY, typed, replicate=bottle, performed_at=at, **more)  # type: ignore[arg-type]  # as given


def why(laboratory: Laboratory) -> str:
    with nothing_written(), pytest.raises(Refused) as refused:
        laboratory.submitted(STERILITY)
    return str(refused.value)


def test_a_bottle_that_the_plan_does_not_have_is_refused(started):
    with nothing_written(), pytest.raises(Refused, match="no bottle 3"):
        seen(started, 3, 1, began_at=began(started))


def test_a_line_is_not_final_before_every_bottle_of_the_plan(started):
    seen(started, 1, 14)

    assert "Day 0 of 14" in why(started)

    seen(started, 2, 14)
    assert started.submitted(STERILITY).verdict == "meets"


def test_a_flag_is_raised_never_taken_back_and_waits_for_somebody_to_look(started):
    flag = seen(started, 1, 3, "flagged")

    departure = Departure.objects.get(about_id=flag.pk)
    assert "flagged bottle 1" in departure.says
    assert Alarm.objects.filter(kind=Alarm.Kind.GROWTH).exists()
    with nothing_written(), pytest.raises(Refused, match="never corrected away"):
        laboratory_corrects(started, flag)
    assert "flagged by the instrument on day 3" in why(started)

    seen(started, 1, 3.1)
    for bottle in (1, 2):
        seen(started, bottle, 7.5)
        seen(started, bottle, 14)
    assert started.submitted(STERILITY).verdict == "meets"
    assert [one.code for one in objections_to_facts(started.fresh())] == ["fact_open"]


def laboratory_corrects(laboratory: Laboratory, wrong: Reading) -> Reading:
    return laboratory.read(
        STERILITY, "no_growth", replicate=wrong.replicate, corrects=wrong, reason="The lamp was dirty",
        began_at=wrong.began_at, performed_at=wrong.performed_at,
    )  # fmt: skip


def test_a_turbid_bottle_is_subcultured_at_the_end_and_not_before(started):
    seen(started, 1, 14)
    seen(started, 2, 7, "cannot_judge")
    with nothing_written(), pytest.raises(Refused, match="cannot be judged on day 14"):
        seen(started, 2, 8, is_subculture=True, began_at=began(started) + 8 * A_DAY)

    seen(started, 2, 14, "cannot_judge")
    assert "Subculture it" in why(started)

    made = began(started) + 14 * A_DAY
    with nothing_written(), pytest.raises(Refused, match="before bottle 2 was read"):
        seen(started, 2, 14.5, is_subculture=True, began_at=made - A_DAY)
    seen(started, 2, 14.5, is_subculture=True, began_at=made)
    assert "Day 0 of 4 of the subculture" in why(started)

    last = seen(started, 2, 18, is_subculture=True)
    assert last.began_at == made
    assert started.submitted(STERILITY).verdict == "meets"


def test_growth_in_a_subculture_is_growth(started):
    seen(started, 1, 14)
    seen(started, 2, 14, "cannot_judge")
    grown = seen(started, 2, 15, "growth", is_subculture=True, began_at=began(started) + 14 * A_DAY)

    assert "subculture of bottle 2" in Departure.objects.get(about_id=grown.pk).says
    assert started.submitted(STERILITY).verdict == "fails"


def test_the_calendar_tells_what_is_read_and_when_for_people_and_programs(started):
    seen(started, 1, 14)

    listed = at_browser(started.analyst).get("/api/v1/growth-tests/").json()
    mine = [one for one in listed if one["batch"] == started.batch.number]
    shown = at_browser(started.analyst).get("/growth-tests/").content.decode()

    assert [(one["bottle"], one["day"], one["is_final"], one["standing"]) for one in mine] == [
        (1, 7, False, "missed"),
        (2, 7, False, "missed"),
        (2, 14, True, "late"),
    ]
    assert "2, Anaerobic" in shown
    assert "Left out" in shown


def test_a_flag_and_a_subculture_are_taken_over_http_and_bad_input_is_told(started):
    client = at_browser(started.analyst)
    address = f"/api/v1/batches/{started.batch.number}/readings/"
    body = {"line": STERILITY, "sample": str(started.sample_for(STERILITY).pk), "replicate": 1}

    flagged, early, neither = (
        client.post(address, body | sent | {"id": str(uuid4())}, "application/json", REMOTE_ADDR=STATION)
        for sent in (
            {"typed": "flagged"},
            {"typed": "no_growth", "is_subculture": True},
            {"typed": "no_growth", "is_subculture": "perhaps"},
        )
    )

    assert flagged.status_code == 201, flagged.content
    assert flagged.json()["departure"]
    assert flagged.json()["judgement"]["verdict"] == "pending"
    assert (early.status_code, neither.status_code) == (409, 400), (early.content, neither.content)


def test_the_record_verifies_with_flags_and_subcultures(started):
    seen(started, 1, 14)
    seen(started, 2, 14, "cannot_judge")
    seen(started, 2, 14.5, is_subculture=True, began_at=began(started) + 14 * A_DAY)
    seen(started, 2, 18.2, is_subculture=True)
    started.submitted(STERILITY)

    assert verify_records().findings == []


def test_a_mandatory_reading_that_was_left_out_is_told_before_signing_and_becomes_a_departure(started):
    seen(started, 1, 8)
    for bottle in (1, 2):
        seen(started, bottle, 14)

    _challenge, shown = ask("result.submit", started.batch.pk, {"line": STERILITY}, by=started.analyst)
    started.submitted(STERILITY)

    told = [line.value for line in shown.lines if line.label == "Left out"]
    departure = Departure.objects.get(batch=started.batch, kind=Departure.Kind.MISSED)
    assert told == [departure.says]
    assert "bottle 2" in departure.says
    assert "day 7" in departure.says
