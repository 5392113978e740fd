"""What was said outside of a batch, and what was told and added after the decision on it, for the record."""

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import record_time
from chain_of_custody.attesting import evidence_words
from qc.models import Addendum, DecisionStands, NotificationDone, PhysicianAcceptance, SponsorReleaseChecked
from qc.models.releasing import SaidOutside
from reports import record_snapshot as stated
from reports.record_gathering.names import Names
from reports.snapshot import Evaluation, Sign

DONE = "done"


def decided_outside(row: Signed, names: Names) -> stated.Decided:
    """Give one such row as an act of quality on the batch."""
    title, evaluation, said = _told(row)
    return stated.Decided(title, evaluation, said, names.signature(row, _("Electronic signature")))


def _told(row: Signed) -> tuple[str, Evaluation, str]:
    attested = Evaluation("attested", Sign.NONE, _("Attested"))
    match row:
        case PhysicianAcceptance():
            return _("Acceptance by the physician"), attested, _said(row)
        case SaidOutside():
            return _("Release by the sponsor"), attested, _said(row)
        case SponsorReleaseChecked():
            checked = Evaluation(DONE, Sign.PASS, _("Checked"))
            return _("Release by the sponsor, compared with its evidence"), checked, ""
        case NotificationDone():
            due = row.due
            words = {"who": row.told, "time": record_time(row.happened_at), "due": record_time(due.due_at)}
            late = row.happened_at > due.due_at
            kept = Evaluation("late", Sign.WARN, _("Late")) if late else Evaluation(DONE, Sign.PASS, _("In time"))
            says = _("%(who)s was told %(time)s; due %(due)s.") % words
            return _("Notification: %(title)s") % {"title": due.title}, kept, f"{due.says} {says} {row.said}"
        case Addendum():
            holds = Evaluation("blocks", Sign.WARN, _("Bags are held")) if row.blocks else None
            title = _("Addendum: %(kind)s") % {"kind": row.get_kind_display()}
            said = " ".join([f"{row.about}: {row.text}", *(str(one) for one in row.blocks)])
            return title, holds or Evaluation(DONE, Sign.NONE, _("Added")), said
        case DecisionStands():
            return _("The decision stands"), Evaluation(DONE, Sign.PASS, _("Stands")), row.reason
        case _:
            raise TypeError(f"{row.record_type()} was not said outside or after a decision.")


def _said(row: SaidOutside) -> str:
    """Write what somebody outside said, who it was, when, and what proves it."""
    words = {
        "name": row.name,
        "role": row.role,
        "said": row.said,
        "time": record_time(row.happened_at),
        "evidence": evidence_words(row.evidence, row.evidence_reference),
    }
    return _("%(name)s, %(role)s, %(time)s: %(said)s Evidence: %(evidence)s.") % words
