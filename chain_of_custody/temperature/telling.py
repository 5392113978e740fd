"""What is known of temperatures, in words."""

from datetime import timedelta

from django.utils.translation import gettext as _

from accounts.wording import local, short_time
from chain_of_custody.models import Excursion, LoggerTrace, TemperatureUnknown
from chain_of_custody.temperature.judging import Outside, Unknown
from chain_of_custody.words import celsius, place_words, range_words

Why = TemperatureUnknown.Why
STANDINGS = {"within": "pass", "outside": "warn", "unknown": "warn", "nothing": "none"}


def lasted_words(lasted: timedelta) -> str:
    """Write how long something lasted: 45 min, 2 h 05 min, 30 s."""
    seconds = int(lasted.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def standing_words(standing: str) -> str:
    """Name what is known of a stay; nothing is never within."""
    return {
        "within": _("Within the range"),
        "outside": _("Outside the range"),
        "unknown": _("Not known throughout"),
        "nothing": _("Not available"),
    }[standing]


def excursion_words(row: Excursion) -> str:
    """Write an excursion: what was read and where; from a logger also from when to when and for how long."""
    seen = getattr(row, "seen_by_logger", None)
    if seen is None:
        words = _("%(found)s at %(time)s in %(place)s")
        return words % {"found": celsius(row.observed_c), "time": short_time(row.happened_at), **_where(row)}
    words = _("%(found)s at the farthest in %(place)s, %(since)s to %(until)s (%(lasted)s), by logger %(logger)s")
    return words % {
        "found": celsius(row.observed_c),
        "since": short_time(row.happened_at),
        "until": short_time(seen.until),
        "lasted": lasted_words(seen.until - row.happened_at),
        "logger": seen.trace.source.logger,
        **_where(row),
    }


def outside_words(one: Outside) -> str:
    """Write a time outside that a file shows: from when to when, for how long, how far."""
    words = _("%(since)s to %(until)s (%(lasted)s), %(found)s at the farthest")
    return words % {
        "since": short_time(one.since),
        "until": short_time(one.until),
        "lasted": lasted_words(one.lasted),
        "found": celsius(one.peak),
    }


def _where(row: Excursion) -> dict[str, str]:
    return {"place": place_words(row.place)}


def unknown_words(row: TemperatureUnknown | Unknown) -> str:
    """Write of which time no temperature is known, and why (UX E15)."""
    times = {"since": short_time(row.since), "until": f"{local(row.until):%H:%M}"}
    if local(row.since).date() != local(row.until).date():
        times["until"] = short_time(row.until)
    words = {
        Why.GAP: _("The logger's file has no readings between %(since)s and %(until)s."),
        Why.BEGINS_LATE: _("The logger's file begins late: it has no readings between %(since)s and %(until)s."),
        Why.ENDS_EARLY: _("The logger's file ends early: it has no readings between %(since)s and %(until)s."),
        Why.UNCALIBRATED: _("The logger is not known to be calibrated between %(since)s and %(until)s."),
        Why.NO_FILE: _("No file of a logger says what it was between %(since)s and %(until)s."),
    }[Why(row.why)]
    said = getattr(row, "says", "")
    return f"{words % times} {said}".strip()


def trace_words(trace: LoggerTrace) -> str:
    """Write what a trace says in one line: lowest to highest, the range, and how long outside."""
    words = _("%(lowest)s to %(highest)s, allowed %(range)s; outside %(total)s, longest %(longest)s")
    return words % {
        "lowest": celsius(trace.lowest_c),
        "highest": celsius(trace.highest_c),
        "range": range_words(trace.source.place),
        "total": lasted_words(timedelta(seconds=trace.total_outside_s)),
        "longest": lasted_words(timedelta(seconds=trace.longest_outside_s)),
    }
