"""The groups of the audit trail of a batch, and the group and the words of each type of entry.

Critical are entries that change or set aside what was recorded, say that something was not as it should be, or change
the standing of what the batch rests on. An entry of a type that is not named here is a plain record.
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
RESTS_ON = Group("rests_on", _("Lots, equipment, definitions and people that it rests on"), True)
DECISIONS = Group("decisions", _("Reviews, approvals and decisions"), False)
CUSTODY = Group("custody", _("Order, chain of identity and custody"), False)
RECORDS = Group("records", _("Records"), False)
# The most critical first, as they are read.
GROUPS = (CORRECTIONS, SET_ASIDE, DEPARTURES, RESTS_ON, DECISIONS, CUSTODY, RECORDS)

# Changes of the standing of people, and of the things that a batch rests on, each in a stream of its own.
_OF_PEOPLE: Mapping[str, Text] = {
    "person.roles_changed": _("Roles changed"),
    "person.deactivated": _("Account closed"),
    "key.revoked": _("Key revoked"),
    "key.reset": _("Key reset"),
}
_OF_THINGS: Mapping[str, Text] = {
    "lot.decided": _("Lot decided on"),
    "equipment.held": _("Equipment put on hold"),
    "equipment.returned": _("Equipment returned to use"),
    "equipment.calibrated": _("Equipment calibrated"),
    "equipment.qualified": _("Equipment qualified"),
    "equipment.retired": _("Equipment retired"),
    "definition.approved": _("Version of a definition approved"),
    "definition.returned": _("Version of a definition returned"),
}
CHANGES_OF_PEOPLE = frozenset(_OF_PEOPLE)
CHANGES_OF_STANDING = CHANGES_OF_PEOPLE | frozenset(_OF_THINGS)

TYPES: Mapping[str, tuple[Group, Text]] = {
    **{code: (RESTS_ON, words) for code, words in (*_OF_THINGS.items(), *_OF_PEOPLE.items())},
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
    "container.ended": (SET_ASIDE, _("Container ended")),
    "container.end_witnessed": (SET_ASIDE, _("End of a container witnessed")),
    "order.ended": (SET_ASIDE, _("Order ended")),
    "excursion.found": (DEPARTURES, _("Excursion of temperature")),
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
    "chain.issued": (CUSTODY, _("Chain of identity issued")),
    "order.placed": (CUSTODY, _("Order placed")),
    "course.opened": (CUSTODY, _("Course opened")),
    "dose.planned": (CUSTODY, _("Dose planned")),
    "plan.time_set": (CUSTODY, _("Time planned")),
    "plan.suite_booked": (CUSTODY, _("Suite booked")),
    "plan.suite_given_free": (CUSTODY, _("Suite given free")),
    "weight.recorded": (CUSTODY, _("Weight of the recipient")),
    "weight.verified": (CUSTODY, _("Weight of the recipient verified")),
    "collection.registered": (CUSTODY, _("Collection registered")),
    "collection.verified": (CUSTODY, _("Collection verified")),
    "donor_test.recorded": (CUSTODY, _("Donor test")),
    "donor_test.verified": (CUSTODY, _("Donor test verified")),
    "container.made": (CUSTODY, _("Container made")),
    "container.assigned": (CUSTODY, _("Container given to its batch")),
    "container.placed": (CUSTODY, _("Container put in its place")),
    "identity.checked": (CUSTODY, _("Identity checked")),
    "custody.offered": (CUSTODY, _("Handed over")),
    "custody.accepted": (CUSTODY, _("Taken over")),
    "attestation.checked": (CUSTODY, _("Attestation checked")),
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
