"""Rules about things: materials, equipment, areas, labels, quantities, custody, identity, the donor."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.wording import day, short_time
from batches.clearing import premises_url
from batches.equipment import standing_of
from batches.hold_times import HoldState, clocks_of
from batches.holds import hold_words, holds_of
from batches.label_prints import difference_of, labels_url
from batches.lot_states import why_unfit
from batches.models import LabelPrint, LegalHold, LineClearance, MonitoringResult
from batches.redlines import redlines_of, redlines_url
from batches.yields import YieldStatus
from chain_of_custody.models import IdentityCheck
from ledger import clock
from ledger.models import Entry
from qc.record_read import RecordRead
from qc.review_by_exception.exceptions import Evidence, Found, Passed, counted
from qc.review_by_exception.facts import rule_of


def lots_at_use(read: RecordRead) -> Passed:
    """Give each lot that was scanned, with whether it was approved and in date at the time of use."""
    used = [(one, one.lot) for one in read.scans if one.lot is not None]
    items, fit = [], 0
    for scan, lot in used:
        why = why_unfit(lot, scan.code if scan.code in lot.units else "", scan.performed_at)
        fit += not why
        words = {
            "step": scan.step,
            "lot": lot.code,
            "word": why or _("approved, to %(day)s") % {"day": day(lot.expires_on)},
        }
        items.append(Evidence(_("Step %(step)s, lot %(lot)s: %(word)s") % words, read.step_url(scan.step)))
    return counted(fit, len(used), items)


def equipment_at_use(read: RecordRead) -> Passed:
    """Give each device that was scanned, with where it stood at the time of use; what lapsed later is a departure."""
    used = [(one, one.equipment) for one in read.scans if one.equipment is not None]
    items, fit = [], 0
    for scan, device in used:
        standing = standing_of(device, scan.performed_at, with_cleaning=False)
        fit += standing.is_ready
        words = {"step": scan.step, "device": device.code, "word": standing.words}
        items.append(Evidence(_("Step %(step)s, %(device)s: %(word)s") % words, read.step_url(scan.step)))
    return counted(fit, len(used), items)


def clearances(read: RecordRead) -> Passed:
    """Give each line clearance with its second look."""
    made = list(
        LineClearance.objects.filter(batch=read.batch).select_related("area", "verification").order_by("signed_at")
    )
    items = tuple(
        Evidence(
            f"{one.area.code}, {one.get_when_display()}: {one.signer_name}, "
            f"{one.verification.signer_name if hasattr(one, 'verification') else '–'}",
            premises_url(read.batch.number),
        )
        for one in made
    )
    return counted(sum(hasattr(one, "verification") for one in made), len(made), items)


def environment(read: RecordRead) -> Passed:
    """Give each session of environmental monitoring that a clearance names, read or outstanding."""
    named = LineClearance.objects.filter(batch=read.batch).exclude(monitoring="").select_related("area")
    sessions = {(one.area.code, one.monitoring): one for one in named.order_by("signed_at")}
    results = MonitoringResult.objects.filter(batch=read.batch, superseded_by=None).select_related("area")
    known = {(one.area.code, one.session): one for one in results}
    items = tuple(
        Evidence(
            f"{code}, {session}: {known[code, session].get_result_display() if (code, session) in known else '–'}",
            premises_url(read.batch.number),
        )
        for code, session in sessions
    )
    words = {"read": len(known), "open": len(sessions.keys() - known.keys())}
    count = _("%(read)s read, %(open)s outstanding") % words
    return Passed(count, items, is_whole=not words["open"], is_empty=not sessions)


def labels_again(read: RecordRead) -> Iterator[Found]:
    """Find each print of labels that was not the first of its containers."""
    for row in (one.row for one in read.prints if one.row.purpose != LabelPrint.Purpose.FIRST):
        yield Found(
            row=row,
            says=_("Labels %(number)s were printed again: %(purpose)s.")
            % {"number": row.number, "purpose": row.get_purpose_display()},
            told=(row.number, row.purpose, row.reason),
            where=_("Labels"),
            url=labels_url(read.batch.number),
            reason=row.reason,
        )


def labels_counted(read: RecordRead) -> Passed:
    """Give each print of labels with its count."""
    items = []
    for one in read.prints:
        kept = one.reconciled.kept if one.reconciled else 0
        words = {
            "number": one.row.number,
            "printed": len(one.labels),
            "applied": len(one.applied_serials),
            "destroyed": len(one.destroyed_serials),
            "kept": kept,
            "difference": difference_of(one, kept),
        }
        says = _(
            "%(number)s: %(printed)s printed, %(applied)s applied, %(destroyed)s destroyed, %(kept)s kept, "
            "difference %(difference)s"
        )
        items.append(Evidence(says % words, labels_url(read.batch.number)))
    return counted(sum(one.reconciled is not None for one in read.prints), len(read.prints), items)


def yields_verified(read: RecordRead) -> Passed:
    """Give each yield, and where the cells went."""
    url, record = read.tab_url("in-process"), read.record
    due = [one for one in record.yields if one.status is not YieldStatus.NONE]
    items = [
        Evidence(f"{one.definition.title}: {one.shown} ({one.limit or '–'}), {one.status_words}", url) for one in due
    ]
    if record.account is not None:
        difference = _("Difference of quantities: %(what)s") % {"what": record.account.difference_words}
        items.append(Evidence(difference, read.tab_url("in-process")))
    return counted(sum(one.verified is not None for one in due), len(due), items)


def hold_times(read: RecordRead) -> Passed:
    """Give each hold time with the minutes that passed and its limit."""
    clocks = clocks_of(read.batch, clock.now(), read.record.master)
    items = tuple(
        Evidence(
            _("%(title)s: %(minutes)s of %(limit)s minutes, %(state)s")
            % {
                "title": one.definition.title,
                "minutes": "–" if one.minutes is None else one.minutes,
                "limit": one.definition.limit_minutes,
                "state": one.state_words,
            },
            read.step_url(one.started.step if one.started else ""),
        )
        for one in clocks
    )
    return counted(sum(one.state is HoldState.KEPT for one in clocks), len(clocks), items)


def identity_matched(read: RecordRead) -> Passed:
    """Give each container whose label was read, in steps and outside of them."""
    in_steps = [one for one in read.scans if one.identity_check_id is not None]
    others = read.identity_checks
    matched = [one for one in others if one.outcome == IdentityCheck.Outcome.MATCH]
    items = [Evidence(f"{one.step}: {one.code}", read.step_url(one.step)) for one in in_steps]
    items += [Evidence(f"{one.where}: {one.scanned}", f"/custody/{one.coi.identifier}/") for one in matched]
    return counted(len(items), len(in_steps) + len(others), items)


def custody_links(read: RecordRead) -> Passed:
    """Give each hand-over with whether both sides signed or one was attested."""
    record = read.custody
    url = f"/custody/{record.coi.identifier}/"
    items = tuple(
        Evidence(
            f"{one.number}. {one.giver.name} → {one.taker.name if one.taker else '–'}, "
            f"{short_time(one.happened_at)}: {_('attested') if one.status == 'attested' else _('signed')}",
            url,
        )
        for one in record.accepted
    )
    words = {"signed": record.signed, "attested": record.attested}
    return Passed(_("%(signed)s signed, %(attested)s attested") % words, items)


def donor_told(read: RecordRead) -> Passed:
    """Give the weight that doses rest on, and whether a second person verified it."""
    weight, url = read.weight, f"/orders/{read.batch.order.number}/"
    if weight is None:
        return Passed(_("not recorded"), is_whole=False)
    verified = hasattr(weight, "verification")
    says = _("Weight of the recipient: %(kg)s kg") % {"kg": f"{weight.kilograms:f}"}
    return Passed(_("verified") if verified else _("not verified"), (Evidence(says, url),), is_whole=verified)


def redlines_told(read: RecordRead) -> Passed:
    """Give each change of the master record for this batch, approved or only proposed."""
    rows = redlines_of(read.batch)
    approved = [one for one in rows if hasattr(one, "approval")]
    items = tuple(
        Evidence(f"{one.reason} ({_('approved') if one in approved else _('proposed')})", redlines_url(read.batch))
        for one in rows
    )
    return counted(len(approved), len(rows), items)


def holds_told(read: RecordRead) -> Passed:
    """Give every hold; one on the disposition stands against it by itself, a legal one says nothing of the product."""
    holds = list(holds_of(read.batch))
    legal = list(LegalHold.objects.filter(batch=read.batch).select_related("lifted").order_by("signed_at"))
    in_force = sum(not hasattr(one, "lifted") for one in (*holds, *legal))
    items = (
        *(Evidence(f"{hold_words(one)}: {one.reason}", read.tab_url("holds")) for one in holds),
        *(Evidence(one.reason, read.tab_url("retention")) for one in legal),
    )
    return Passed(_("%(number)s in force") % {"number": in_force}, items)


def entries_told(read: RecordRead) -> Passed:
    """Give how many entries the batch's stream has; an incident that overlaps them is a fact."""
    number = Entry.objects.filter(stream=read.batch.stream_name()).count()
    says = _("The stream of the batch")
    return Passed(_("%(number)s entries") % {"number": number}, (Evidence(says, read.tab_url("audit-trail")),))


def papers_told(read: RecordRead) -> Passed:
    """Give each step that was worked on paper, and how many were."""
    on_paper = [one for one in read.record.steps if one.paper is not None]
    items = tuple(
        Evidence(_("Step %(step)s") % {"step": one.definition.code}, read.step_url(one.definition.code))
        for one in on_paper
    )
    return Passed(_("%(number)s steps from paper") % {"number": len(on_paper)}, items)


def departures_told(read: RecordRead) -> Passed:
    """Give how many departures people reported."""
    return Passed(_("%(number)s reported") % {"number": sum(rule_of(one) == "departures" for one in read.facts)})
