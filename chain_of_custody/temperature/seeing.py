"""What the file of a logger says of the time that it was sent for: read from its bytes, and judged, whenever asked."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _

from accounts.wording import site_zone
from chain_of_custody.models import LoggerFile
from chain_of_custody.temperature.judging import Judged, Range, judge
from chain_of_custody.temperature.logger_files import LoggerLog, read_logger_file
from chain_of_custody.temperature.profiles import profile_called
from ledger.canonical import canonical, digest
from ledger.models import plain

MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file says of the time that it was sent for, or the problems."""

    file: LoggerFile
    log: LoggerLog | None
    judged: Judged | None
    problems: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Give what a confirmation names, so that it confirms this and nothing that changed since."""
        judged, log = self.judged, self.log
        told: list[object] = [self.file.pk, self.file.stay, self.file.logger]
        if judged is not None and log is not None:
            told += trace_columns(log, judged).values()
            told += [x for one in judged.outside for x in (one.since, one.until, one.peak)]
            told += [x for one in judged.unknown for x in (one.since, one.until, one.why.value)]
        return digest(canonical([plain(one) for one in told]))


def seen_in(row: LoggerFile, content: bytes) -> Seen:
    """Read a file for the time that it was sent for, and judge its readings over it."""
    read = read_logger_file(content, profile_called(row.profile, row.profile_version), clock=row.clock)
    log = read.log
    if log is None:
        sentences = [str(one) for one in read.problems[:MOST_PROBLEMS]]
        more = len(read.problems) - len(sentences)
        return Seen(row, None, None, (*sentences, *([_("And %(number)s more.") % {"number": more}] if more else [])))
    judged = judge(
        log.readings,
        interval=log.interval,
        since=row.since,
        until=row.until,
        kept=Range(row.place.low_c, row.place.high_c),
        calibrated_until=_end_of_day(log),
    )
    problems = []
    if log.logger.casefold() != row.logger.casefold():
        says = _("The file is of logger %(named)s; the label that was read is %(label)s.")
        problems.append(says % {"named": log.logger, "label": row.logger})
    if judged is None:
        problems.append(_("The file has no reading of this time. Check the file, its clock and the time."))
    return Seen(row, log, judged, tuple(problems))


def trace_columns(log: LoggerLog, judged: Judged) -> dict[str, object]:
    """Give what a trace keeps of a log and of what it was judged to say."""
    return {
        "readings": judged.readings,
        "first_at": judged.first_at,
        "last_at": judged.last_at,
        "interval_s": _seconds(log.interval),
        "longest_gap_s": _seconds(judged.longest_gap),
        "calibrated_until": log.calibrated_until,
        "lowest_c": judged.lowest,
        "highest_c": judged.highest,
        "longest_outside_s": _seconds(judged.longest_outside),
        "total_outside_s": _seconds(judged.total_outside),
    }


def _end_of_day(log: LoggerLog) -> datetime | None:
    """Give the moment until which the logger was calibrated: the end of the day that it states."""
    if log.calibrated_until is None:
        return None
    return datetime.combine(log.calibrated_until + timedelta(days=1), time(), tzinfo=site_zone())


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
