"""The fields of the forms after release, and the words of where something stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chain_of_custody.models import Container
from chain_of_custody.views.fields import Field, Options, choose
from qc.after_release.following_up import RCL, RCL_VALUES, value_words
from qc.after_release.schedule import Item
from qc.after_release.standing import is_set_aside
from qc.models import Complaint, ComplaintClosed, InfusionReport, ReturnDecided
from qc.models.releasing import SaidOutside

YES_NO = (("yes", _("yes")), ("no", _("no")))


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
    return [
        Field("evidence", _("Stored evidence"), options=files, optional=True, prefix=prefix),
        Field("evidence_reference", _("Number of the paper that is kept"), hint=_("Where nothing is stored."),
              optional=True, maxlength=120, prefix=prefix),
    ]  # fmt: skip


def said_fields(files: Options, prefix: str) -> list[Field]:
    """Give the fields that say who said it, when, and what proves it."""
    return [
        Field("name", _("Who says so"), maxlength=120, prefix=prefix),
        Field("role", _("Role and registration"), maxlength=120, prefix=prefix),
        Field("said", _("What was said"), "textarea", maxlength=2000, prefix=prefix),
        Field("happened_at", _("When it was said"), "datetime-local", prefix=prefix),
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
    moment = "datetime-local"
    p = "b"
    identity = [
        Field("bag_read", _("Read from the bag"), "identifier", _("Scan the label on the hospital's form, or type it."),
              maxlength=200, value=only, prefix=p),
        Field("patient_read", _("Read at the patient"), "identifier",
              _("Pseudonym or chain of identity. Never a name or a hospital number."), maxlength=40, prefix=p),
        Field("compared", _("The two identifiers that were compared"), maxlength=200, prefix=p),
        Field("matched", _("Bag and patient matched"), options=choose(YES_NO), prefix=p),
        Field("first_checker", _("First person at the bedside"), maxlength=120, prefix=p),
        Field("second_checker", _("Second person at the bedside"), hint=_("Leave it empty if there was none."),
              optional=True, maxlength=120, prefix=p),
    ]  # fmt: skip
    thaw = [
        Field("thaw_started_at", _("Thaw began"), moment, optional=True, prefix=p),
        Field("thaw_ended_at", _("Thaw ended"), moment, optional=True, prefix=p),
        Field("thaw_how", _("How it was thawed"), optional=True, maxlength=200, prefix=p),
    ]
    infusion = [
        Field("took_place", _("Was anything infused?"), options=choose(YES_NO), prefix=p),
        Field("started_at", _("Infusion began"), moment, optional=True, prefix=p),
        Field("ended_at", _("Infusion ended"), moment, optional=True, prefix=p),
        Field("volume_ml", _("Infused"), "number", optional=True, maxlength=24, unit="mL", prefix=p),
        Field("in_full", _("In full?"), options=choose((("yes", _("in full")), ("no", _("in part")))), optional=True,
              prefix=p),
        Field("remainder_ml", _("Left over"), "number", optional=True, maxlength=24, unit="mL", prefix=p),
        Field("remainder", _("What became of the rest, or of the bag"), optional=True, maxlength=300, prefix=p),
        Field("physician", _("Physician"), optional=True, maxlength=120, prefix=p),
        Field("reaction", _("Reaction that was noted"), "textarea", optional=True, maxlength=1000, prefix=p),
    ]  # fmt: skip
    return [
        FormPart(_("The check of identity"), identity),
        FormPart(_("Thaw"), thaw, _("A time that is left empty is not known; that is a departure.")),
        FormPart(_("Infusion"), infusion, _("Where anything was infused: when it began, and whether in full.")),
        FormPart(_("Who reported it"), said_fields(files, p)),
    ]


def compare_fields(row: SaidOutside) -> list[Field]:
    """Give the fields of the comparison of a row with its evidence."""
    p = f"c-{row.pk}"
    return [
        Field("agrees", _("It agrees with the evidence"), options=choose(YES_NO), prefix=p),
        Field("remark", _("Remark"), "textarea", _("What does not agree, in at least 10 characters."), optional=True,
              maxlength=1000, prefix=p),
    ]  # fmt: skip


def return_fields(bag: Container) -> list[Field]:
    """Give the fields of a bag that came back."""
    p = f"r-{bag.pk}"
    return [
        Field("reason", _("Why it came back"), "textarea", _("At least 10 characters."), maxlength=1000, prefix=p),
        Field("condition", _("Condition"), maxlength=300, prefix=p),
        Field("logger", _("What the logger says of the time away"), hint=_("Or that there is none."), maxlength=300,
              prefix=p),
    ]  # fmt: skip


def return_decision_fields(bag: Container) -> list[Field]:
    """Give the fields of the decision on a bag that came back."""
    p = f"d-{bag.pk}"
    decisions = [(one.value, str(one.label)) for one in ReturnDecided.Decision]
    return [
        Field("decision", _("The bag"), options=choose(decisions), prefix=p),
        Field("reason", _("Reason"), "textarea", _("At least 10 characters."), maxlength=2000, prefix=p),
    ]


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
    return [
        Field("done_on", _("Done on"), "date", prefix=p),
        Field("value", _("Outcome"), maxlength=200, options=choose(choices) if choices else None, prefix=p),
        Field("sample", _("Number of the sample"), optional=True, maxlength=40, prefix=p),
        *said_fields(files, p),
    ]


def complaint_fields(bags: Sequence[Container], files: Options) -> list[Field]:
    """Give the fields of a complaint."""
    grades = [(one.value, str(one.label)) for one in Complaint.Grade]
    codes = ", ".join(bag.code for bag in bags)
    p = "k"
    return [
        Field("name", _("Who complains"), maxlength=120, prefix=p),
        Field("role", _("Role"), maxlength=120, prefix=p),
        Field("channel", _("How it came"), hint=_("A letter, a call."), maxlength=120, prefix=p),
        Field("received_at", _("Received"), "datetime-local", prefix=p),
        Field("containers", _("Bags, one a line"), "textarea", codes, optional=True, prefix=p),
        Field("grade", _("Grade"), options=choose(grades), prefix=p),
        Field("text", _("Complaint"), "textarea", _("At least 10 characters. No name of a patient."), maxlength=4000,
              prefix=p),
        *evidence_fields(files, p),
    ]  # fmt: skip


def closing_fields() -> list[Field]:
    """Give the fields that close a complaint."""
    outcomes = [(one.value, str(one.label)) for one in ComplaintClosed.Outcome]
    return [
        Field("investigation", _("What was investigated"), "textarea", maxlength=4000, prefix="z"),
        Field("outcome", _("The complaint was"), options=choose(outcomes), prefix="z"),
        Field("conclusion", _("Conclusion, and what follows"), "textarea", maxlength=2000, prefix="z"),
    ]
