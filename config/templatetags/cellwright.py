"""What templates say in one word: icons, status chips, times, identifiers.

(1) A status is always shown as shape and word together; `status_mark` is for a place where the word stands beside it.
(2) Times are shown in the site's zone; a record's time carries zone and offset.
(3) An identifier is never cut and never wrapped inside a group.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts import access, wording
from accounts.incident_spans import Span
from accounts.statuses import Status, status_called
from config import charts, drawings
from ledger.models import Entry
from qc.trends.charting import Chart, LaidOut

register = template.Library()

_WITH_CHECK = re.compile(r"(?P<number>.+) \[(?P<check>[0-9A-Z*])\]")


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """Draw an icon: `{% icon "truck" %}`, `{% icon "lock" size=24 %}`."""
    return drawings.icon(str(name), int(size))


@register.simple_tag
def house_mark() -> SafeString:
    """Draw the mark of the house."""
    return drawings.house_mark()


@register.simple_tag
def control_chart(chart: Chart, width: int = charts.WIDTH, height: int = charts.HEIGHT) -> SafeString:
    """Draw a control chart: `{% control_chart drawn.chart %}`; its table belongs below it."""
    return charts.chart_svg(chart, width=width, height=height)


@register.simple_tag
def small_chart(drawn: LaidOut) -> SafeString:
    """Draw what was laid out for a narrow column: `{% small_chart beside.ruler %}`."""
    return charts.drawing_svg(drawn, is_small=True)


@register.inclusion_tag("components/status_chip.html")
def status_chip(status: Status | str, word: object = "", size: str = "") -> dict[str, object]:
    """Show a status as shape and word: `{% status_chip status %}`, `{% status_chip "pass" word="14 conform" %}`.

    `size="large"` is for identity strips and the heads of pages.
    """
    told = _status(status)
    return {"status": told, "word": str(word or "") or status_word(told), "large": size == "large"}


@register.simple_tag
def status_mark(status: Status | str, size: int = 18) -> SafeString:
    """Draw the shape of a status in its colour, where the word stands beside it in the text."""
    told = _status(status)
    return format_html(
        '<span class="status-mark status-mark--{}">{}</span>', told.code, drawings.shape(told.shape, int(size))
    )


@register.filter
def status_code(status: Status | str) -> str:
    """Give the code of a status, for the names of classes."""
    return _status(status).code


@register.filter
def status_word(status: Status | str) -> str:
    """Give the word of a status where no other is given."""
    return gettext(_status(status).word)


@register.simple_tag
def status_shape(status: Status, large: bool = False) -> SafeString:
    """Draw the shape of a chip, in the chip's own colour."""
    return drawings.shape(status.shape, 20 if large else 17)


@register.simple_tag
def record_time(value: datetime | None) -> SafeString:
    """Write a time as records do: 14 Nov 2026 14:32:07 CET (UTC+01:00); nothing for none."""
    return _time(value, wording.record_time(value)) if value else SafeString("")


@register.simple_tag
def short_time(value: datetime | None) -> SafeString:
    """Write a time as work lists do: 14 Nov 14:32; nothing for none."""
    return _time(value, wording.short_time(value)) if value else SafeString("")


@register.filter
def identifier(value: object) -> SafeString:
    """Set an identifier in the platform's monospaced type, whole; nothing for nothing."""
    return format_html('<span class="identifier">{}</span>', value) if value not in (None, "") else SafeString("")


@register.filter
def made_during(entry: Entry, span: Span) -> bool:
    """Tell whether an entry was made while an incident was open."""
    return span.holds(entry.seq)


@register.filter
def role_words(roles: Iterable[str]) -> str:
    """Write roles in the words of the site."""
    return access.role_words(roles)


@register.filter
def boxed_check(value: object) -> SafeString:
    """Set an identifier; a check character that follows it in brackets stands in a box: A9999 26 004217 [N]."""
    if found := _WITH_CHECK.fullmatch(str(value)):
        return format_html(
            '<span class="din">{}<span class="din__check"><span class="visually-hidden">{} </span>{}</span></span>',
            found["number"],
            gettext("check character"),
            found["check"],
        )
    return format_html("{}", value)


@register.filter
def clock_time(value: datetime | None) -> str:
    """Write the hour and minute in the site's zone."""
    return f"{wording.local(value):%H:%M}" if value else ""


@register.filter
def clock_second(value: datetime | None) -> str:
    """Write the hour, minute and second in the site's zone, as a saved value shows them."""
    return f"{wording.local(value):%H:%M:%S}" if value else ""


@register.filter
def zone_name(value: datetime | None) -> str:
    """Write the short name of the site's zone at a time."""
    return wording.local(value).tzname() or "" if value else ""


@register.filter
def day(value: datetime | None) -> str:
    """Write the day in the site's zone, as 14 Nov 2026."""
    return wording.day(value) if value else ""


def _status(status: Status | str) -> Status:
    return status if isinstance(status, Status) else status_called(str(status))


def _time(value: datetime, shown: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)
