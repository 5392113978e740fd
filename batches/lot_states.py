"""Whether a lot may be used, at a moment: what quality decided, its last day, and how long it has been open.

(1) A lot that was received into quarantine waits for quality. One that was approved as it was registered counts as
    approved from then on.
(2) The last decision counts; none is taken back. What was approved keeps to the end of the day that stands on it.
(3) Once opened or thawed it keeps for its in-use time: a single unit from its first opening and its last thaw, a lot
    without single units from its last opening, because each opening is that of another bottle.
(4) A unit that was thawed more often than its maker allows is never used again.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import Text
from accounts.wording import day, local, short_time
from batches.models import LotDecision, LotOpened, MaterialLot


class LotStatus(StrEnum):
    """Where a lot stands."""

    QUARANTINE = "quarantine"
    APPROVED = "approved"
    EXPIRED = "expired"
    REJECTED = "rejected"
    RECALLED = "recalled"


STATUS_WORDS: Mapping[LotStatus, Text] = {
    LotStatus.QUARANTINE: gettext_lazy("Quarantine"),
    LotStatus.APPROVED: gettext_lazy("Approved"),
    LotStatus.EXPIRED: gettext_lazy("Expired"),
    LotStatus.REJECTED: gettext_lazy("Rejected"),
    LotStatus.RECALLED: gettext_lazy("Recalled"),
}
# The status that is shown beside a lot.
SHOWN: Mapping[LotStatus, str] = {
    LotStatus.QUARANTINE: "hold",
    LotStatus.APPROVED: "pass",
    LotStatus.EXPIRED: "warn",
    LotStatus.REJECTED: "fail",
    LotStatus.RECALLED: "fail",
}
DECIDED: Mapping[str, LotStatus] = {
    LotDecision.Decision.REJECTED: LotStatus.REJECTED,
    LotDecision.Decision.RECALLED: LotStatus.RECALLED,
}


def has_expired(lot: MaterialLot, on: date) -> bool:
    """A lot is good to the end of the day that stands on it."""
    return lot.expires_on < on


def decision_on(lot: MaterialLot, at: datetime) -> LotDecision | None:
    """Give what quality had decided last at a moment: a recall follows an approval, and nothing follows a recall."""
    made = [one for one in lot.decisions.all() if one.signed_at <= at]
    return max(made, key=lambda one: list(LotDecision.Decision).index(LotDecision.Decision(one.decision)), default=None)


def approval_of(lot: MaterialLot) -> MaterialLot | LotDecision:
    """Give the signed row by which a lot was approved first, or the lot itself where its receipt is all there is."""
    approved = [one for one in lot.decisions.all() if one.decision == LotDecision.Decision.APPROVED]
    return min(approved, key=lambda one: one.signed_at, default=lot)


def status_of(lot: MaterialLot, at: datetime) -> LotStatus:
    """Give where a lot stood at a moment."""
    decision = decision_on(lot, at)
    if decision is not None and decision.decision in DECIDED:
        return DECIDED[decision.decision]
    if has_expired(lot, local(at).date()):
        return LotStatus.EXPIRED
    if decision is None and lot.is_quarantined_first:
        return LotStatus.QUARANTINE
    return LotStatus.APPROVED


def in_use_until(lot: MaterialLot, unit: str, at: datetime) -> datetime | None:
    """Give until when an opened or thawed unit keeps; None where it was not opened, or no time is set."""
    opened = [one for one in _openings(lot, unit, at) if one.use_until is not None]
    if not opened:
        return None
    if not unit:
        return opened[-1].use_until
    kinds = LotOpened.How
    first = [one.use_until for one in opened if one.how == kinds.OPENED][:1]
    last = [one.use_until for one in opened if one.how == kinds.THAWED][-1:]
    return min(until for until in (*first, *last) if until is not None)


def thaws_of(lot: MaterialLot, unit: str, at: datetime) -> int:
    """Give how often a unit of a lot, or the lot where it has no units, had been thawed at a moment."""
    return sum(one.how == LotOpened.How.THAWED for one in _openings(lot, unit, at))


def _openings(lot: MaterialLot, unit: str, at: datetime) -> list[LotOpened]:
    rows = [one for one in lot.openings.all() if one.unit == unit and one.happened_at <= at]
    return sorted(rows, key=lambda one: (one.happened_at, one.recorded_at))


def why_unfit(lot: MaterialLot, unit: str, at: datetime) -> str:
    """Say why a lot, or one unit of it, was not fit for use at a moment; empty where it was."""
    words = {"lot": lot.code, "code": unit or lot.code}
    match status_of(lot, at):
        case LotStatus.QUARANTINE:
            return _("Lot %(lot)s is in quarantine: quality has not approved it.") % words
        case LotStatus.REJECTED:
            return _("Lot %(lot)s was rejected.") % words
        case LotStatus.RECALLED:
            return _("Lot %(lot)s was recalled.") % words
        case LotStatus.EXPIRED:
            return _("Lot %(lot)s expired on %(day)s.") % (words | {"day": day(lot.expires_on)})
        case LotStatus.APPROVED:
            pass
    until = in_use_until(lot, unit, at)
    if until is not None and until < at:
        return _("%(code)s was opened or thawed, and could be used until %(time)s.") % (
            words | {"time": short_time(until)}
        )
    if lot.most_thaws is not None and thaws_of(lot, unit, at) > lot.most_thaws:
        return _("%(code)s was thawed more often than allowed (%(most)d).") % (words | {"most": lot.most_thaws})
    return ""
