"""How records are worded: times with their zone and offset, in the site's zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from ledger import clock

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def site_zone() -> ZoneInfo:
    """Give the zone in which people at the site live."""
    return ZoneInfo(settings.SITE_TIME_ZONE)


def local(moment: datetime) -> datetime:
    """Give a moment in the site's zone."""
    return moment.astimezone(site_zone())


def today() -> date:
    """Give the day that it is at the site, which is another one than in UTC for some hours of each night."""
    return local(clock.now()).date()


def offset(moment: datetime) -> str:
    """Give the offset of the site's zone at a moment, as UTC+01:00."""
    text = local(moment).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


def day(value: date | datetime) -> str:
    """Write a day as 14 Nov 2026; month names never depend on the reader's language, dates never look ambiguous."""
    on = local(value) if isinstance(value, datetime) else value
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def record_time(moment: datetime) -> str:
    """Write a time as records do: 14 Nov 2026 14:32:07 CET (UTC+01:00)."""
    here = local(moment)
    return f"{day(moment)} {here:%H:%M:%S} {here.tzname()} ({offset(moment)})"


def in_groups(text: str) -> str:
    """Write a digest as the eye compares it: in groups of four."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def short_time(moment: datetime) -> str:
    """Write a time as work lists do: 14 Nov 14:32."""
    here = local(moment)
    return f"{here.day} {_MONTHS[here.month - 1]} {here:%H:%M}"
