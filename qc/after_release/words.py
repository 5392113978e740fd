"""A report from the bedside in the words of pages and signatures."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.acts import Line
from accounts.wording import record_time
from chain_of_custody.models import IdentityCheck
from qc.models import InfusionReport


def lines_of_report(report: InfusionReport) -> list[Line]:
    """Give a report as a signer reads it."""
    columns = {field.name: getattr(report, field.name) for field in InfusionReport._meta.concrete_fields}
    return bedside_lines(columns, report.identity_check)


def bedside_lines(said: dict[str, Any], label: IdentityCheck) -> list[Line]:  # Any: columns of a row
    """Give what was checked, thawed and infused, one line each; a mismatch stands out."""
    fits = label.outcome == IdentityCheck.Outcome.MATCH
    outcome, matched = str(label.get_outcome_display()), said["matched"]
    lines = [
        Line(_("Read from the bag"), f"{label.scanned}: {outcome}", "" if fits else "fail"),
        Line(_("Read at the patient"), said["patient_read"]),
        Line(_("Compared"), said["compared"]),
        Line(_("Bag and patient"), _("match") if matched else _("don't match"), "" if matched else "fail"),
        Line(_("Compared by"), f"{said['first_checker']}; {said['second_checker'] or '–'}"),
        Line(_("Thaw"), span(said["thaw_started_at"], said["thaw_ended_at"], said["thaw_how"])),
    ]
    if not said["took_place"]:
        return [
            *lines,
            Line(_("Infusion"), _("nothing was infused"), "warn"),
            Line(_("The bag"), said["remainder"] or "–"),
        ]
    full = {True: _("in full"), False: _("in part"), None: _("not said whether in full")}[said["in_full"]]
    return [
        *lines,
        Line(_("Infusion"), span(said["started_at"], said["ended_at"], full)),
        Line(_("Infused"), millilitres(said["volume_ml"])),
        Line(_("Left over"), f"{millilitres(said['remainder_ml'])} {said['remainder']}".strip()),
        Line(_("Physician"), said["physician"] or "–"),
        Line(_("Reaction"), said["reaction"] or _("none was reported")),
    ]


def span(start: datetime | None, end: datetime | None, how: str) -> str:
    """Write from when to when something was done, and how."""
    times = f"{record_time(start) if start else '–'} – {record_time(end) if end else '–'}"
    return f"{times}, {how}" if how else times


def millilitres(volume: Decimal | None) -> str:
    """Write a volume; a dash where it is not known."""
    return f"{volume:f} mL" if volume is not None else "–"
