"""The fields of the forms after release, and the words of where something stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.fields import Asked, Field, Options, choose
from chain_of_custody.models import Container
from qc.after_release.comparing import ComparedIntent
from qc.after_release.complaining import ClosingIntent, ComplaintIntent
from qc.after_release.following_up import RCL, RCL_VALUES, FollowUpIntent, value_words
from qc.after_release.reporting import InfusionIntent
from qc.after_release.returning import ReturnDecisionIntent, ReturnIntent
from qc.after_release.schedule import Item
from qc.after_release.standing import is_set_aside
from qc.models import Complaint, ComplaintClosed, InfusionReport
from qc.models.releasing import SaidOutside
from qc.release.outside import SaidIntent


def standing_of(row: InfusionReport) -> tuple[str, str]:
    """Give the status of a report and its word."""
    if is_set_aside(row):
        return "none", _("Set aside: it does not agree with its evidence")
    if hasattr(row, "confirmed"):
        return ("fail", _("Infused, with something wrong")) if row.wrong else ("pass", _("Infused, confirmed"))
    if hasattr(row, "checked"):
        return ("fail", _("Compared, something is wrong")) if row.wrong else ("none", _("Compared"))
    return (
        ("fail", _("Something is wrong, not compared yet")) if row.wrong else ("wait", _("Waits for a second person"))
    )


def complaint_standing(row: Complaint) -> tuple[str, str]:
    """Give the status of a complaint and its word."""
    closed: ComplaintClosed | None = getattr(row, "closed", None)
    if closed is None:
        return "wait", _("Open")
    return ("fail" if closed.outcome == ComplaintClosed.Outcome.JUSTIFIED else "none"), closed.get_outcome_display()


def evidence_fields(files: Options, prefix: str) -> list[Field]:
    """Give the fields that say what proves it."""
    asked = Asked(SaidIntent, prefix)
    return [
        asked("evidence", options=files),
        asked("evidence_reference", hint=_("Where nothing is stored.")),
    ]


def said_fields(files: Options, prefix: str) -> list[Field]:
    """Give the fields that say who said it, when, and what proves it."""
    asked = Asked(SaidIntent, prefix)
    return [
        asked("name"),
        asked("role"),
        asked("said"),
        asked("happened_at"),
        *evidence_fields(files, prefix),
    ]


@dataclass(frozen=True, slots=True)
class FormPart:
    """Fields of a form that belong together, under their title."""

    title: str
    fields: Sequence[Field]
    says: str = ""


def report_parts(bags: Sequence[Container], files: Options) -> list[FormPart]:
    """Give the fields of a report from the bedside, in the order in which things happen there."""
    only = bags[0].code if len(bags) == 1 else ""
    p = "b"
    asked = Asked(InfusionIntent, p)
    identity = [
        asked("bag_read", "identifier", hint=_("Scan the label on the hospital's form, or type it."), value=only),
        asked(
            "patient_read", "identifier", hint=_("Pseudonym or chain of identity. Never a name or a hospital number.")
        ),
        asked("compared"),
        asked("matched"),
        asked("first_checker"),
        asked("second_checker", hint=_("Leave it empty if there was none.")),
    ]
    thaw = [
        asked("thaw_started_at"),
        asked("thaw_ended_at"),
        asked("thaw_how"),
    ]
    infusion = [
        asked("took_place"),
        asked("started_at"),
        asked("ended_at"),
        asked("volume_ml", "number", unit="mL"),
        asked("in_full", options=choose((("yes", _("in full")), ("no", _("in part"))))),
        asked("remainder_ml", "number", unit="mL"),
        asked("remainder"),
        asked("physician"),
        asked("reaction"),
    ]
    return [
        FormPart(_("The check of identity"), identity),
        FormPart(_("Thaw"), thaw, _("A time that is left empty is not known; that is a departure.")),
        FormPart(_("Infusion"), infusion, _("Where anything was infused: when it began, and whether in full.")),
        FormPart(_("Who reported it"), said_fields(files, p)),
    ]


def compare_fields(row: SaidOutside) -> list[Field]:
    """Give the fields of the comparison of a row with its evidence."""
    asked = Asked(ComparedIntent, f"c-{row.pk}")
    return [asked("agrees"), asked("remark", hint=_("What does not agree, in at least 10 characters."))]


def return_fields(bag: Container) -> list[Field]:
    """Give the fields of a bag that came back."""
    asked = Asked(ReturnIntent, f"r-{bag.pk}")
    return [
        asked("reason", hint=_("At least 10 characters.")),
        asked("condition"),
        asked("logger", hint=_("Or that there is none.")),
    ]


def return_decision_fields(bag: Container) -> list[Field]:
    """Give the fields of the decision on a bag that came back."""
    asked = Asked(ReturnDecisionIntent, f"d-{bag.pk}")
    return [asked("decision"), asked("reason", hint=_("At least 10 characters."))]


def follow_up_fields(items: Iterable[Item], files: Options) -> list[tuple[Item, list[Field]]]:
    """Give the form of each item that nobody recorded."""
    return [(item, _follow_up_form(item, files)) for item in items]


def _follow_up_form(item: Item, files: Options) -> list[Field]:
    p = f"u-{item.definition.code}-{item.day}"
    definition = item.definition
    choices: list[tuple[str, str]] = []
    if definition.is_graded:
        choices = [(str(grade), str(grade)) for grade in range((definition.highest or 0) + 1)]
    elif definition.kind == RCL:
        choices = [(value, value_words(definition, value)) for value in RCL_VALUES]
    asked = Asked(FollowUpIntent, p)
    return [
        asked("done_on"),
        asked("value", options=choose(choices) if choices else None),
        asked("sample"),
        *said_fields(files, p),
    ]


def complaint_fields(bags: Sequence[Container], files: Options) -> list[Field]:
    """Give the fields of a complaint."""
    codes = ", ".join(bag.code for bag in bags)
    p = "k"
    asked = Asked(ComplaintIntent, p)
    return [
        asked("name"),
        asked("role"),
        asked("channel", hint=_("A letter, a call.")),
        asked("received_at"),
        asked("containers", hint=codes),
        asked("grade"),
        asked("text", hint=_("At least 10 characters. No name of a patient.")),
        *evidence_fields(files, p),
    ]


def closing_fields() -> list[Field]:
    """Give the fields that close a complaint."""
    asked = Asked(ClosingIntent, "z")
    return [asked("investigation"), asked("outcome"), asked("conclusion")]
