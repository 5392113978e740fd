"""Readings of a logger over a time in one place: how long outside, what nobody knows, and what a file may be."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.temperature.judging import MOST_SPANS, Judged, Range, Reading, Why, judge
from chain_of_custody.temperature.logger_files import COLDEST, MOST_READINGS, FileRead, read_logger_file
from chain_of_custody.temperature.profiles import PROFILES, newest_profiles

BEGAN = datetime(2026, 11, 14, 2, 0, tzinfo=UTC)
FRIDGE = Range(Decimal(2), Decimal(8))
FIVE = timedelta(minutes=5)
LATER = BEGAN + timedelta(days=400)


def readings(*celsius: str | None, every: timedelta = FIVE, first: datetime = BEGAN) -> list[Reading]:
    """One reading an interval; None stands for one that is missing."""
    return [Reading(first + every * at, Decimal(one)) for at, one in enumerate(celsius) if one is not None]


def judged(
    found: list[Reading], *, minutes: int, kept: Range = FRIDGE, calibrated_until: datetime | None = LATER
) -> Judged:
    seen = judge(found, interval=FIVE, since=BEGAN, until=BEGAN + timedelta(minutes=minutes), kept=kept,
                 calibrated_until=calibrated_until)  # fmt: skip
    assert seen is not None
    return seen


def minutes_of(spans: object) -> list[tuple[int, int]]:
    assert isinstance(spans, tuple)
    return [tuple(int((at - BEGAN).total_seconds() // 60) for at in (one.since, one.until)) for one in spans]  # type: ignore[misc]  # pairs


@pytest.mark.parametrize(
    ("celsius", "is_within"),
    [("2", True), ("2.0", True), ("8", True), ("8.00", True), ("1.9", False), ("8.1", False), ("-150", False)],
)
def test_a_reading_at_a_limit_is_within(celsius: str, is_within: bool) -> None:
    assert judged(readings("5", celsius, "5"), minutes=10).is_within is is_within


@pytest.mark.parametrize(
    ("kept", "celsius", "is_within"),
    [
        (Range(None, Decimal(-150)), "-150", True),
        (Range(None, Decimal(-150)), "-149.9", False),
        (Range(None, Decimal(-150)), "-196", True),
        (Range(Decimal(15), None), "90", True),
        (Range(Decimal(15), None), "14.9", False),
    ],
)
def test_a_side_without_a_limit_has_none(kept: Range, celsius: str, is_within: bool) -> None:
    assert judged(readings(celsius, celsius), minutes=5, kept=kept).is_within is is_within


def test_a_mean_within_the_range_saves_no_trace() -> None:
    # A real case: mean 5.3 °C, readings from 4.0 to 24.6 °C against 2–8 °C.
    seen = judged(readings(*["4.0"] * 30, "24.6", *["4.6"] * 20), minutes=250)

    assert not seen.is_within
    assert (seen.lowest, seen.highest) == (Decimal("4.0"), Decimal("24.6"))
    assert [(one.peak, one.lasted) for one in seen.outside] == [(Decimal("24.6"), FIVE)]


def test_times_outside_are_told_one_by_one_with_the_longest_and_the_sum() -> None:
    seen = judged(readings("5", "9", "12.5", "9", "5", "1.5", "9", "5"), minutes=35)

    assert minutes_of(seen.outside) == [(5, 20), (25, 30), (30, 35)]
    assert [one.peak for one in seen.outside] == [Decimal("12.5"), Decimal("1.5"), Decimal(9)]
    assert (seen.longest_outside, seen.total_outside) == (timedelta(minutes=15), timedelta(minutes=25))


def test_a_time_without_readings_is_unknown_and_never_within() -> None:
    seen = judged(readings("5", "5", None, "5", "5"), minutes=20)

    assert [(one.why, *pair) for one, pair in zip(seen.unknown, minutes_of(seen.unknown), strict=True)] == [
        (Why.GAP, 5, 15)
    ]
    assert (seen.longest_gap, seen.is_within) == (2 * FIVE, False)


def test_outside_before_a_gap_is_not_known_to_last_through_it() -> None:
    seen = judged(readings("9", None, None, "9", "5"), minutes=20)

    assert minutes_of(seen.outside) == [(0, 5), (15, 20)]
    assert minutes_of(seen.unknown) == [(0, 15)]


@pytest.mark.parametrize(
    ("first", "minutes", "whys"),
    [
        (0, 20, []),
        (5, 25, []),  # within an interval of the beginning
        (6, 26, [Why.BEGINS_LATE]),
        (0, 25, []),  # within an interval of the end
        (0, 26, [Why.ENDS_EARLY]),
        (6, 32, [Why.BEGINS_LATE, Why.ENDS_EARLY]),
    ],
)
def test_a_file_that_does_not_cover_the_time_leaves_it_unknown(first: int, minutes: int, whys: list[Why]) -> None:
    found = readings(*["5"] * 5, first=BEGAN + timedelta(minutes=first))

    assert [one.why for one in judged(found, minutes=minutes).unknown] == whys


@pytest.mark.parametrize(("seconds", "is_gap"), [(300, False), (330, False), (331, True), (600, True)])
def test_a_tenth_of_the_interval_is_left_to_the_loggers_clock(seconds: int, is_gap: bool) -> None:
    found = [Reading(BEGAN, Decimal(5)), Reading(BEGAN + timedelta(seconds=seconds), Decimal(5))]
    seen = judge(found, interval=FIVE, since=BEGAN, until=found[-1].at, kept=FRIDGE, calibrated_until=LATER)

    assert seen is not None
    assert bool(seen.unknown) is is_gap


@pytest.mark.parametrize(
    ("until", "unknown"), [(None, [(0, 10)]), (5, [(5, 10)]), (-60, [(0, 10)]), (10, []), (11, [])]
)
def test_a_logger_counts_while_it_is_known_to_be_calibrated(until: int | None, unknown: list[tuple[int, int]]) -> None:
    day = None if until is None else BEGAN + timedelta(minutes=until)

    assert minutes_of(judged(readings("5", "5", "5"), minutes=10, calibrated_until=day).unknown) == unknown


def test_what_was_read_before_and_after_says_nothing_of_the_time() -> None:
    found = readings("22", "22", "5", "5", "5", "22", first=BEGAN - 2 * FIVE)

    seen = judged(found, minutes=10)
    assert (seen.is_within, seen.readings, seen.highest) == (True, 3, Decimal(5))


def test_the_file_of_another_trip_has_no_reading_of_this_time() -> None:
    found = readings("5", "5", first=BEGAN + timedelta(days=3))

    assert judge(found, interval=FIVE, since=BEGAN, until=BEGAN + FIVE, kept=FRIDGE, calibrated_until=LATER) is None


def test_very_many_times_outside_become_one_a_side() -> None:
    found = readings(*["5", "9", "5", "1"] * (MOST_SPANS // 2 + 1))

    seen = judged(found, minutes=5 * (len(found) - 1))
    assert [one.peak for one in seen.outside] == [Decimal(1), Decimal(9)]
    assert seen.longest_outside == FIVE


celsius = st.integers(-20, 160).map(lambda tenths: Decimal(tenths) / 10)


@given(st.lists(st.none() | celsius, min_size=1, max_size=40).filter(lambda row: any(one is not None for one in row)))
def test_every_moment_is_within_or_outside_or_unknown(row: list[Decimal | None]) -> None:
    found = [Reading(BEGAN + FIVE * at, one) for at, one in enumerate(row) if one is not None]
    seen = judged(found, minutes=5 * len(row))

    is_whole = None not in row[1:]  # the first may be an interval late
    all_within = all(FRIDGE.beyond(one) == 0 for one in row if one is not None)
    assert seen.is_within is (is_whole and all_within)
    assert sum((one.lasted for one in seen.outside), timedelta(0)) >= seen.longest_outside
    told = {one.at for one in found if any(span.since <= one.at <= span.until for span in seen.outside)}
    assert {one.at for one in found if FRIDGE.beyond(one.celsius)} <= told


COMMA = newest_profiles()["LOGGER-COMMA"]
HEAD = "Logger,LG-88\nCalibrated until,2027-03-31\nInterval (s),300\n\nTime,Temperature (°C)\n"
ROWS = "2026-11-14 02:00:00,5.0\n2026-11-14 02:05:00,5.1\n"


def read(text: str | bytes, profile: object = COMMA, *, clock: str = "utc") -> FileRead:
    assert profile in PROFILES
    content = text if isinstance(text, bytes) else text.encode()
    return read_logger_file(content, profile, clock=clock)


def test_a_file_says_its_logger_its_calibration_its_interval_and_its_readings() -> None:
    log = read(HEAD + ROWS).log

    assert log is not None
    assert (log.logger, log.calibrated_until, log.interval) == ("LG-88", date(2027, 3, 31), FIVE)
    assert log.readings == (Reading(BEGAN, Decimal("5.0")), Reading(BEGAN + FIVE, Decimal("5.1")))


@pytest.mark.parametrize(
    ("code", "head", "row"),
    [
        ("LOGGER-SEMICOLON", "Logger;LG-88\nTime;Temperature [°C]\n", "2026-11-14T{};5,0\n"),
        ("LOGGER-TAB", "Logger\tLG-88\nTime\tTemperature (°C)\n", "2026-11-14 {}Z\t5.0\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_is_read_whatever_its_encoding_and_line_ends(
    code: str, head: str, row: str, encoding: str, ends: str
) -> None:
    text = (head + row.format("02:00:00") + row.format("02:05:00")).replace("\n", ends)
    log = read(text.encode(encoding), newest_profiles()[code]).log

    assert log is not None
    assert [one.celsius for one in log.readings] == [Decimal("5.0")] * 2
    assert (log.interval, log.calibrated_until) == (FIVE, None)


def test_times_without_an_offset_are_of_the_clock_that_was_chosen() -> None:
    log = read(HEAD + ROWS, clock="site").log

    assert log is not None
    assert log.readings[0].at == datetime(2026, 11, 14, 1, 0, tzinfo=UTC)  # the tests' site is in Berlin


def test_a_time_that_the_sites_clock_never_showed_is_refused() -> None:
    rows = "2026-03-29 01:55:00,5\n2026-03-29 02:30:00,5\n2026-03-29 03:10:00,5\n"

    assert [(one.line, "clock" in str(one)) for one in read(HEAD + rows, clock="site").problems] == [(8, True)]
    assert read(HEAD + rows, clock="utc").log is not None


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 0, "empty"),
        (b"\x89PNG\r\n\x1a\n rest", 0, "picture"),
        (b"Logger,\xff\n", 0, "UTF-8"),
        (HEAD, 5, "no row follows"),
        (HEAD.replace("Logger,LG-88", "Sensor,LG-88") + ROWS, 0, "names the logger"),
        (HEAD.replace("Logger,LG-88\n", "Logger,LG-88\nLogger,LG-89\n") + ROWS, 2, "stands on line 1 already"),
        (HEAD.replace("2027-03-31", "31.3.2027") + ROWS, 2, "no day like"),
        (HEAD.replace("2027-03-31", "9999-12-31") + ROWS, 2, "no day like"),
        (HEAD.replace("300", "five") + ROWS, 3, "no interval"),
        (HEAD.replace("300", "0") + ROWS, 3, "no interval"),
        (HEAD.replace("300", "90000") + ROWS, 3, "no interval"),
        (HEAD.replace("LG-88", "L" * 41) + ROWS, 1, "more than 40 characters"),
        (HEAD.replace("(°C)", "(°F)") + ROWS, 5, "is in °F; this profile reads °C"),
        (HEAD.replace("Temperature", "Humidity") + ROWS, 5, "missing: Temperature"),
        (HEAD + "2026-11-14 02:00:00,5.0,1\n", 6, "3 fields"),
        (HEAD + "14.11.2026 02:00,5.0\n", 6, "no time like"),
        (HEAD + ROWS + "2026-11-14 02:05:00,5.0\n", 8, "that of line 7"),
        (HEAD + ROWS + "2026-11-14 01:05:00,5.0\n", 8, "before that of line 7"),
        (HEAD + ROWS + "2026-11-14 02:10:00,OPEN\n", 8, "Temperature must be a number"),
        (HEAD + ROWS + "2026-11-14 02:10:00,\n", 8, "Enter a number"),
        (HEAD + ROWS + "2026-11-14 02:10:00,5,0\n", 8, "3 fields"),
        (HEAD + ROWS + "2026-11-14 02:10:00,-273.16\n", 8, "no temperature"),
        (HEAD + ROWS + "2026-11-14 02:10:00,999\n", 8, "no temperature"),
        (HEAD.replace("Interval (s),300\n", "") + ROWS[: len(ROWS) // 2], 0, "One reading tells no interval"),
    ],
)
def test_a_file_with_a_problem_gives_no_reading_and_says_where(text: str | bytes, line: int, says: str) -> None:
    seen = read(text)

    assert seen.log is None
    assert any(one.line == line and says in str(one) for one in seen.problems), [str(one) for one in seen.problems]


def test_the_coldest_there_is_is_a_temperature() -> None:
    assert read(HEAD + ROWS + f"2026-11-14 02:10:00,{COLDEST}\n").log is not None


def test_a_file_stops_being_read_at_its_most_rows() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = "".join(f"{start + timedelta(seconds=at):%Y-%m-%d %H:%M:%S},5\n" for at in range(MOST_READINGS))

    assert any("more than 50,000 rows" in str(one) for one in read(HEAD + rows).problems)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for profile in PROFILES:
        for before in (b"", HEAD.encode()):
            seen = read(before + content, profile)
            assert (seen.log is None) is bool(seen.problems)


@given(
    st.lists(st.tuples(st.integers(1, 4000), st.integers(-2000, 500)), min_size=2, max_size=60),
    st.sampled_from(PROFILES),
)
def test_what_was_written_is_what_is_read(steps: list[tuple[int, int]], profile: object) -> None:
    assert profile in PROFILES
    layout = profile.layout  # one of the table
    at, lines = BEGAN, [layout.delimiter.join(("Logger", "LG-1")), layout.delimiter.join(("Time", "Temperature (°C)"))]
    wrote = []
    for seconds, tenths in steps:
        at += timedelta(seconds=seconds)
        celsius = Decimal(tenths) / 10
        wrote.append(Reading(at, celsius))
        text = f"{celsius:f}".replace(".", "," if layout.decimal_comma else ".")
        lines.append(layout.delimiter.join((f"{at:%Y-%m-%dT%H:%M:%SZ}", text)))

    log = read("\n".join(lines), profile).log
    assert log is not None
    assert list(log.readings) == wrote
