"""What had to be judged in a record, each with its judgement: facts, results out of specification, other exceptions.

A judged exception is stated here with its signature. A question, and a judgement of what the record no longer says, are
stated with the other acts of quality.
"""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.wording import record_time
from batches.models import Batch
from qc.laboratory.runs import Outcome, closure_of
from qc.models import FactAssessment, OutOfSpecification
from qc.out_of_specification.records import records_of
from qc.release.assessing import Fact, facts_of
from qc.review_by_exception.exceptions import Judgement, RecordException
from qc.review_by_exception.reviewing import every_exception
from reports import record_snapshot as stated
from reports.record_gathering.names import Names
from reports.snapshot import Evaluation, Sign

NO_IMPACT = "–"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Every exception as the record states it, and the ids of the judgements that are stated with one."""

    stated: tuple[stated.Exceptional, ...]
    judgements: frozenset[UUID]


def exceptions(batch: Batch, names: Names) -> Exceptions:
    """Give what had to be judged in a record: facts, results out of specification, and what other rules found."""
    facts, records = facts_of(batch), records_of(batch)
    told = {row.pk for row in (*(fact.row for fact in facts), *records)}
    others = [one for one in every_exception(batch) if one.row_id not in told or one.is_judged_here]
    closings = [closing for one in others if (closing := one.closing) is not None]
    names.look_up([*(one.found.row for one in others), *closings])
    found = (
        *(_exception(fact, names) for fact in facts),
        *(_out_of_specification(record, names) for record in records),
        *(_found_by_a_rule(one, names) for one in others),
    )
    return Exceptions(found, frozenset(row.pk for row in closings))


def _found_by_a_rule(one: RecordException, names: Names) -> stated.Exceptional:
    kind = _("%(kind)s, %(criticality)s") % {"kind": one.rule.kind, "criticality": one.criticality_words}
    recorded = f"{names.by_at(one.found.row.actor, one.at)}, {names.entry(one.found.row)}"
    judgement = one.judgement
    if judgement is None:
        waits = Evaluation("open", Sign.WARN, _("Not judged"))
        return stated.Exceptional(kind, _says(one), recorded, waits, conclusion=" ".join(_questions(one)))
    return stated.Exceptional(
        kind=kind,
        says=_says(one),
        recorded=recorded,
        evaluation=Evaluation("judged", Sign.NONE, judgement.words),
        impact=judgement.impact or NO_IMPACT,
        conclusion=" ".join([*_questions(one), *_judged(one, judgement)]),
        signature=names.signature(one.closing, _("Electronic signature, judgement")) if one.closing else None,
    )


def _says(one: RecordException) -> str:
    found = one.found
    changed = f"{found.old or '–'} → {found.new or '–'}." if found.old or found.new else ""
    reason = _("Reason stated: %(reason)s") % {"reason": found.reason} if found.reason else ""
    return " ".join(filter(None, (f"{found.where}:" if found.where else "", found.says, changed, reason)))


def _questions(one: RecordException) -> list[str]:
    said = _("Asked by %(name)s, %(time)s: %(what)s")
    return [
        said % {"name": row.signer_name, "time": record_time(row.signed_at), "what": row.reason}
        for row in one.questions
    ]


def _judged(one: RecordException, judgement: Judgement) -> list[str]:
    """Give a judgement in words; by whom, where it was made on another page."""
    if one.closing is not None:
        return [judgement.reason]
    return [judgement.reason, f"{judgement.by}, {record_time(judgement.at)}."]


def _out_of_specification(record: OutOfSpecification, names: Names) -> stated.Exceptional:
    closed = closure_of(record)
    kind = _("out of specification, %(number)s") % {"number": record.number}
    recorded = f"{names.by_at(record.actor, record.recorded_at)}, {names.entry(record)}"
    if closed is None:
        return stated.Exceptional(kind, record.says, recorded, Evaluation("open", Sign.FAIL, _("Open")))
    concerned = ", ".join(closed.concerned) or _("none")
    scope = _("Other batches concerned: %(numbers)s. %(scope)s") % {"numbers": concerned, "scope": closed.scope}
    conclusion = [
        f"{closed.get_outcome_display()}.",
        closed.conclusion,
        _("Root cause: %(what)s") % {"what": closed.root_cause},
    ]
    is_set_aside = closed.outcome == Outcome.INVALIDATED
    return stated.Exceptional(
        kind=kind,
        says=record.says,
        recorded=recorded,
        evaluation=Evaluation(closed.outcome, Sign.NONE if is_set_aside else Sign.FAIL, _("Closed")),
        impact=scope,
        conclusion=" ".join(conclusion),
        signature=names.signature(closed, _("Electronic signature, closure")),
    )


def _exception(fact: Fact, names: Names) -> stated.Exceptional:
    row, says = fact.assessment, fact.says.strip()
    recorded = f"{names.by_at(fact.row.actor, fact.row.recorded_at)}, {names.entry(fact.row)}"
    if row is None:
        waits = Evaluation("open", Sign.WARN, _("Not assessed"))
        return stated.Exceptional(fact.kind, says, recorded, waits)
    return stated.Exceptional(
        kind=fact.kind,
        says=says,
        recorded=recorded,
        evaluation=Evaluation("assessed", Sign.NONE, _("Assessed")),
        impact=row.impact,
        conclusion=_concluded(row),
        signature=names.signature(row, _("Electronic signature, assessment")),
    )


def _concluded(row: FactAssessment) -> str:
    """Give the conclusion with what else a deviation states."""
    if not row.number:
        return row.conclusion
    parts = [row.conclusion, f"{row.number}, {row.get_severity_display()}: {row.get_decision_display()}."]
    parts.append(_("Immediate action: %(what)s") % {"what": row.immediate_action})
    if row.root_cause:
        parts.append(_("Root cause: %(what)s") % {"what": row.root_cause})
    return " ".join(parts)
