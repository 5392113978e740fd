"""From the bytes of a logger's file to its readings, or every problem with its line.

(1) The lines above the table name the logger; they may state until when it was calibrated and its interval. A line
    that is there twice, or states something else than what its name says, is a problem.
(2) Each row is a time and a temperature in °C. Times rise; where they state no offset they are of the clock that was
    chosen: the site's, or UTC.
(3) Where no interval is stated it is the commonest time between two readings.
(4) At most 50,000 rows. With one problem there are no readings.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _

from accounts.wording import site_zone
from chain_of_custody.temperature.judging import Reading
from chain_of_custody.temperature.profiles import UNIT, LoggerProfile
from ledger.tables.layout import with_point
from ledger.tables.rows import SHOWN, Problem, Row, Table, moment_in, table_in
from ledger.tables.texts import NotATableError, text_of
from ledger.typed_numbers import TypedNumberError, read_number

MOST_READINGS = 50_000
COLDEST, HOTTEST = Decimal("-273.15"), Decimal(200)
LONGEST_NAME = 40
LONGEST_INTERVAL_S = 24 * 60 * 60
SITE_CLOCK, UTC_CLOCK = "site", "utc"


@dataclass(frozen=True, slots=True)
class LoggerLog:
    """What a file says: which logger, until when it was calibrated, how often it reads, and what it read."""

    logger: str
    calibrated_until: date | None
    interval: timedelta
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that was read: what it says, or the problems."""

    log: LoggerLog | None
    problems: tuple[Problem, ...]


def read_logger_file(content: bytes, profile: LoggerProfile, *, clock: str) -> FileRead:
    """Read the bytes of a logger's file under a profile."""
    try:
        text = text_of(content)
    except NotATableError as error:
        return FileRead(None, (Problem(0, str(error)),))
    table = table_in(text, profile.layout, profile.columns, time=profile.time, most_rows=MOST_READINGS)
    problems = list(table.problems)
    stated = _stated(table, profile, problems)
    readings = [] if table.problems else _readings(table.rows, profile, clock, problems)
    interval = _interval(stated.get(profile.interval), readings, problems) if not problems else None
    if problems or interval is None:
        return FileRead(None, tuple(problems))
    until = stated.get(profile.calibrated_until)
    log = LoggerLog(stated[profile.logger][1], _day(until[1]) if until else None, interval, tuple(readings))
    return FileRead(log, ())


def _stated(table: Table, profile: LoggerProfile, problems: list[Problem]) -> Mapping[str, tuple[int, str]]:
    """Give what the lines above the table state, with the line of each."""
    wanted = (profile.logger, profile.calibrated_until, profile.interval)
    found: dict[str, tuple[int, str]] = {}
    for line, fields in table.above:
        name, text = fields[0].strip(), fields[1].strip() if len(fields) > 1 else ""
        if name not in wanted or not text:
            continue
        if name in found:
            says = _("%(name)s stands on line %(line)s already.") % {"name": name, "line": found[name][0]}
            problems.append(Problem(line, says))
        found.setdefault(name, (line, text))
    if table.header_line and profile.logger not in found:
        says = _("No line above the table names the logger: %(name)s, then its number.") % {"name": profile.logger}
        problems.append(Problem(0, says))
    line, text = found.get(profile.logger, (0, ""))
    if len(text) > LONGEST_NAME:
        problems.append(Problem(line, _("the number of the logger has more than 40 characters.")))
    line, text = found.get(profile.calibrated_until, (0, ""))
    if text and _day(text) is None:
        problems.append(Problem(line, _("%(text)s is no day like 2027-03-31.") % {"text": text[:SHOWN]}))
    return found


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None
    return found if found and 2000 <= found.year <= 2200 else None


def _readings(rows: Sequence[Row], profile: LoggerProfile, clock: str, problems: list[Problem]) -> list[Reading]:
    zone = UTC if clock == UTC_CLOCK else site_zone()
    found: list[Reading] = []
    for row in rows:
        moment = moment_in(row.cells[profile.time])
        assert moment is not None  # noqa: S101  a table without problems has only times
        at = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        celsius = _celsius(row, profile, problems)
        if celsius is None:
            continue
        if found and at <= found[-1].at:
            problems.append(
                row.problem(_("this site's clock was put forward here. Export the times with their offset."))
            )
            continue
        found.append(Reading(at, celsius))
    return found


def _celsius(row: Row, profile: LoggerProfile, problems: list[Problem]) -> Decimal | None:
    text = row.cells[profile.temperature].strip()
    try:
        plain = with_point(text, profile.temperature, decimal_comma=profile.layout.decimal_comma)
        celsius = read_number(plain, comma_allowed=False, name=profile.temperature)
    except TypedNumberError as error:
        problems.append(row.problem(str(error)))
        return None
    if not COLDEST <= celsius <= HOTTEST:
        says = _("%(text)s %(unit)s is no temperature that a logger reads.") % {"text": text[:SHOWN], "unit": UNIT}
        problems.append(row.problem(says))
        return None
    return celsius


def _interval(stated: tuple[int, str] | None, readings: Sequence[Reading], problems: list[Problem]) -> timedelta | None:
    if stated is not None:
        line, text = stated
        if re.fullmatch(r"[1-9][0-9]{0,4}", text) and int(text) <= LONGEST_INTERVAL_S:
            return timedelta(seconds=int(text))
        says = _("%(text)s is no interval in whole seconds, up to a day.") % {"text": text[:SHOWN]}
        problems.append(Problem(line, says))
        return None
    steps = Counter(after.at - before.at for before, after in pairwise(readings))
    if not steps:
        problems.append(Problem(0, _("One reading tells no interval. The file must state it.")))
        return None
    most = max(steps.values())
    return min(step for step, count in steps.items() if count == most)
