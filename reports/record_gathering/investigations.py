"""What was signed about results out of specification, in words: claims, investigations, plans and actions."""

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import day
from batches.models import Batch, SignedInBatch
from qc.models import (
    Capa,
    CapaChecked,
    CapaDone,
    LaboratoryInvestigation,
    MeasurementInvalid,
    MeasurementInvalidReviewed,
    RetestPlan,
    RetestPlanApproved,
)
from qc.models.out_of_specification import PointsToEvidence
from qc.out_of_specification.evidence import evidence_of
from qc.out_of_specification.investigating import ANSWERS, POINTS

OUT_OF_SPECIFICATION: tuple[type[SignedInBatch], ...] = (
    MeasurementInvalid,
    MeasurementInvalidReviewed,
    LaboratoryInvestigation,
    RetestPlan,
    RetestPlanApproved,
    Capa,
    CapaDone,
    CapaChecked,
)


def signed_about(batch: Batch) -> list[Signed]:
    """Give everything that was signed about results out of specification of a batch, closures left out."""
    return [row for model in OUT_OF_SPECIFICATION for row in model._default_manager.filter(batch=batch)]


def words_of(row: Signed) -> tuple[str, str]:
    """Give the title and the statement of a signed row about a result out of specification."""
    match row:
        case MeasurementInvalid() | MeasurementInvalidReviewed():
            return _of_claim(row)
        case LaboratoryInvestigation() | RetestPlan() | RetestPlanApproved():
            return _of_investigation(row)
        case Capa() | CapaDone() | CapaChecked():
            return _of_action(row)
        case _:
            raise TypeError(f"{row.record_type()} is nothing about a result out of specification.")


def _of_claim(row: MeasurementInvalid | MeasurementInvalidReviewed) -> tuple[str, str]:
    if isinstance(row, MeasurementInvalidReviewed):
        title = _("Run %(run)s of %(line)s: decided whether it is invalid")
        told = _("Invalid.") if row.is_confirmed else _("Not invalid; it counts.")
        return title % {"run": row.claim.run, "line": row.claim.line}, f"{told} {row.says}"
    title = _("Run %(run)s of %(line)s: declared invalid") % {"run": row.run, "line": row.line}
    return title, f"{row.get_cause_display()}. {row.says} {_evidence(row, row.line)}"


def _of_investigation(row: LaboratoryInvestigation | RetestPlan | RetestPlanApproved) -> tuple[str, str]:
    number = {"number": row.oos.number}
    match row:
        case LaboratoryInvestigation():
            answers = dict(ANSWERS)
            points = [
                f"{POINTS[one['item']]}: {answers[one['answer']]}. {one['remark']}".strip() for one in row.checklist
            ]
            cause = _("Cause in the laboratory.") if row.has_cause else _("No cause in the laboratory.")
            evidence = _evidence(row, row.oos.line) if row.has_cause else ""
            said = " ".join(filter(None, [*points, cause, evidence, row.conclusion]))
            return _("%(number)s: laboratory investigation") % number, said
        case RetestPlan():
            words = {
                "hypothesis": row.hypothesis,
                "tests": row.retests,
                "sample": row.sample.container.code,
                "who": _("another analyst") if row.other_analyst else _("any analyst"),
            }
            says = _("%(hypothesis)s Tests: %(tests)s, of sample %(sample)s, by %(who)s.") % words
            return _("%(number)s: plan to test again") % number, says
        case RetestPlanApproved():
            return _("%(number)s: plan to test again, approved") % number, ""


def _of_action(row: Capa | CapaDone | CapaChecked) -> tuple[str, str]:
    match row:
        case Capa():
            words = {"action": row.action, "owner": row.owner.name, "due": day(row.due_date), "source": row.source}
            return row.number, _("%(action)s Owner: %(owner)s, due %(due)s, out of %(source)s.") % words
        case CapaDone():
            return _("%(number)s: done") % {"number": row.capa.number}, row.says
        case CapaChecked():
            told = _("Effective.") if row.is_effective else _("Not effective.")
            return _("%(number)s: effect checked") % {"number": row.capa.number}, f"{told} {row.says}"


def _evidence(row: PointsToEvidence, line: str) -> str:
    evidence = evidence_of(row, line)
    if evidence is None:
        return _("Not proven.")
    digest = f" SHA-256 {evidence.sha256}." if evidence.sha256 else ""
    return _("Evidence, entry %(seq)s: %(says)s") % {"seq": evidence.seq, "says": evidence.says} + digest
