"""The groups of the audit trail of a batch, and the group and the words of each type of entry.

Critical are entries that change or set aside what was recorded, or say that something was not as it should be. An
entry of a type that is not named here is a plain record.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.refusal import Text


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are reviewed together."""

    code: str
    title: Text
    is_critical: bool


CORRECTIONS = Group("corrections", _("Corrections and what supersedes"), True)
SET_ASIDE = Group("set_aside", _("Declared invalid, left out, destroyed"), True)
DEPARTURES = Group("departures", _("Departures, overrides and changes for this batch"), True)
DECISIONS = Group("decisions", _("Reviews, approvals and decisions"), False)
RECORDS = Group("records", _("Records"), False)
# The most critical first, as they are read.
GROUPS = (CORRECTIONS, SET_ASIDE, DEPARTURES, DECISIONS, RECORDS)

TYPES: Mapping[str, tuple[Group, Text]] = {
    "value.corrected": (CORRECTIONS, _("Value corrected")),
    "value.correction_signed": (CORRECTIONS, _("Correction signed")),
    "reading.corrected": (CORRECTIONS, _("Reading corrected")),
    "result.corrected": (CORRECTIONS, _("Result corrected")),
    "contract_certificate.corrected": (CORRECTIONS, _("Certificate of a contract laboratory entered again")),
    "test.moment_corrected": (CORRECTIONS, _("Moment of a test corrected")),
    "test.suitability_corrected": (CORRECTIONS, _("Suitability corrected")),
    "measurement.declared_invalid": (SET_ASIDE, _("Run declared invalid")),
    "measurement.invalid_reviewed": (SET_ASIDE, _("Invalid run decided on")),
    "step.left_out": (SET_ASIDE, _("Step left out")),
    "supply.revoked": (SET_ASIDE, _("Supply out of specification taken back")),
    "labels.destroyed": (SET_ASIDE, _("Labels destroyed")),
    "manufacture.ended": (SET_ASIDE, _("Manufacture ended")),
    "departure.raised": (DEPARTURES, _("Departure raised")),
    "departure.reported": (DEPARTURES, _("Departure reported")),
    "departure.growth": (DEPARTURES, _("Growth seen")),
    "departure.mismatch": (DEPARTURES, _("Mismatch in the laboratory")),
    "return.recorded": (DEPARTURES, _("Bag came back")),
    "complaint.recorded": (DEPARTURES, _("Complaint")),
    "redline.proposed": (DEPARTURES, _("Change for this batch proposed")),
    "redline.approved": (DEPARTURES, _("Change for this batch approved")),
    "step.on_paper": (DEPARTURES, _("Step worked on paper")),
    "batch.issued": (DECISIONS, _("Batch issued")),
    "starting_material.decided": (DECISIONS, _("Starting material decided on")),
    "fact.assessed": (DECISIONS, _("Fact assessed")),
    "oos.opened": (DECISIONS, _("Record out of specification opened")),
    "oos.investigated": (DECISIONS, _("Laboratory investigation")),
    "oos.retest_planned": (DECISIONS, _("Test again planned")),
    "oos.retest_approved": (DECISIONS, _("Test again approved")),
    "oos.closed": (DECISIONS, _("Record out of specification closed")),
    "result.reviewed": (DECISIONS, _("Result reviewed")),
    "results.approved": (DECISIONS, _("Results approved")),
    "dose.verified": (DECISIONS, _("Dose verified")),
    "yield.verified": (DECISIONS, _("Yield verified")),
    "transcription.compared": (DECISIONS, _("Transcription compared")),
    "acceptance.recorded": (DECISIONS, _("Acceptance of the physician")),
    "sponsor_release.recorded": (DECISIONS, _("Release by the sponsor")),
    "sponsor_release.checked": (DECISIONS, _("Release by the sponsor checked")),
    "batch.certified_conditionally": (DECISIONS, _("Certified conditionally")),
    "batch.withdrawn": (DECISIONS, _("Certification withdrawn")),
    "notification.due": (DECISIONS, _("Notification due")),
    "notification.done": (DECISIONS, _("Notification done")),
    "addendum.recorded": (DECISIONS, _("Addendum")),
    "decision.stands": (DECISIONS, _("Decision stands")),
    "batch.held": (DECISIONS, _("Put on hold")),
    "batch.hold_lifted": (DECISIONS, _("Hold lifted")),
    "contract_certificate.compared": (DECISIONS, _("Certificate of a contract laboratory compared")),
    "return.decided": (DECISIONS, _("Decided on a bag that came back")),
    "complaint.closed": (DECISIONS, _("Complaint closed")),
    "physician_answer.recorded": (DECISIONS, _("Answer of the physician")),
    "physician_answer.checked": (DECISIONS, _("Answer of the physician compared")),
    "supply.containers_named": (DECISIONS, _("Supply: containers named")),
    "supply.risk_evaluated": (DECISIONS, _("Supply: risk evaluated")),
    "supply.statement_recorded": (DECISIONS, _("Supply: statement entered")),
    "supply.statement_checked": (DECISIONS, _("Supply: statement compared")),
    "supply.decided": (DECISIONS, _("Supply out of specification decided")),
    "infusion.checked": (DECISIONS, _("Report from the bedside compared")),
    "infusion.confirmed": (DECISIONS, _("Report from the bedside confirmed")),
    "follow_up.checked": (DECISIONS, _("Follow-up compared")),
    "step.begun": (RECORDS, _("Step begun")),
    "step.checked_before": (RECORDS, _("Checked before the act")),
    "step.performed": (RECORDS, _("Step performed")),
    "step.witnessed": (RECORDS, _("Step witnessed")),
    "step.file_added": (RECORDS, _("File added")),
    "note.added": (RECORDS, _("Note")),
    "value.recorded": (RECORDS, _("Value recorded")),
    "slot.scanned": (RECORDS, _("Code scanned")),
    "lot.used": (RECORDS, _("Lot used")),
    "labels.printed": (RECORDS, _("Labels printed")),
    "labels.rendered": (RECORDS, _("Labels rendered")),
    "label.applied": (RECORDS, _("Label applied")),
    "labels.reconciled": (RECORDS, _("Labels counted")),
    "area.cleared": (RECORDS, _("Line cleared")),
    "area.clearance_verified": (RECORDS, _("Line clearance verified")),
    "monitoring.read": (RECORDS, _("Monitoring read")),
    "sample.received": (RECORDS, _("Sample received")),
    "reading.recorded": (RECORDS, _("Reading recorded")),
    "test.moment_recorded": (RECORDS, _("Moment of a test")),
    "test.suitability_recorded": (RECORDS, _("Suitability of a test")),
    "test.complete_data_kept": (RECORDS, _("Complete data of a test")),
    "instrument_file.kept": (RECORDS, _("File of an instrument kept")),
    "instrument_file.imported": (RECORDS, _("File of an instrument imported")),
    "reading.imported": (RECORDS, _("Reading traced to its file")),
    "plate.recorded": (RECORDS, _("Plate entered")),
    "reading.from_plate": (RECORDS, _("Reading traced to its wells")),
    "plate_well.recorded": (RECORDS, _("Well entered")),
    "contract_certificate.entered": (RECORDS, _("Certificate of a contract laboratory entered")),
    "result.submitted": (RECORDS, _("Result submitted")),
    "result.basis": (RECORDS, _("What a result rests on")),
    "infusion.reported": (RECORDS, _("Report from the bedside")),
    "follow_up.recorded": (RECORDS, _("Follow-up")),
    "dose.determined": (RECORDS, _("Dose determined")),
    "shift.handed_over": (RECORDS, _("Shift handed over")),
    "shift.taken_over": (RECORDS, _("Shift taken over")),
}
# A further version of these replaces one that was signed before.
VERSIONED = frozenset({"step.performed", "dose.determined", "yield.verified"})


def group_called(code: str) -> Group | None:
    """Give the group of a code, if there is one."""
    return next((group for group in GROUPS if group.code == code), None)


def group_of(entry_type: str, version: int) -> Group:
    """Give the group of an entry: by its type, or with the corrections where it replaces a signed version."""
    if version > 1 and entry_type in VERSIONED:
        return CORRECTIONS
    return TYPES[entry_type][0] if entry_type in TYPES else RECORDS


def type_words(entry_type: str) -> str:
    """Give a type of entry in words; the type itself where it has none."""
    return str(TYPES[entry_type][1]) if entry_type in TYPES else entry_type
