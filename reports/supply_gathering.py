"""From the rows of a supply out of specification to the frozen snapshot of its document."""

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from batches.definitions.supply import INFUSION
from batches.label_content import OUT_OF_SPECIFICATION
from batches.pinned import product_of
from chain_of_custody.attesting import evidence_words
from chain_of_custody.words import party_words
from qc.models import ExceptionalSupply, NotificationDue, PhysicianAnswer, SupplyRevoked, SupplyStatement
from qc.supply.asking import SAID_OF_SUPPLY
from qc.supply.lines import ShownLine, as_shown
from qc.supply.standing import named_containers
from qc.supply.telling import OF_DECISION
from reports.gathering import (
    container_stated,
    identity_stated,
    issue_stated,
    marks_stated,
    product_stated,
    proof_stated,
    signature_stated,
)
from reports.models import Document
from reports.snapshot import AttestedBlock, Evaluation, Sign
from reports.stated_doses import stated_dose
from reports.supply_snapshot import Stated, SuppliedLine, SupplyDocument, Told


def supply_document(
    supply: ExceptionalSupply,
    revoked: SupplyRevoked | None,
    refusal: Document,
    certificate: Document,
    *,
    number: str,
    version: int,
    issued_at: datetime,
    supersedes: Document,
) -> SupplyDocument:
    """Give the snapshot of the document on a supply; on its end, where it was taken back."""
    batch, naming = supply.batch, supply.naming
    carrier = _("Carried by %(party)s, nobody else.") % {"party": party_words(naming.carrier)} if naming.carrier else ""
    taken_by = _("Taken by %(party)s alone.") % {"party": party_words(naming.recipient)}
    signatures = [
        signature_stated(supply.evaluation, _("Electronic signature, evaluation of the risk")),
        signature_stated(supply, _("Electronic signature, decision to supply")),
    ]
    if revoked is not None:
        signatures.append(signature_stated(revoked, _("Electronic signature, taken back")))
    weight = stated_dose(batch, supply.recorded_at, None).weight
    return SupplyDocument(
        issue=issue_stated(number, version, issued_at, interim=False, supersedes=supersedes),
        identity=identity_stated(batch),
        product=replace(product_stated(batch), weight=weight),
        legend=OUT_OF_SPECIFICATION,
        supply=supply.number,
        lines=tuple(_line(one) for one in as_shown(supply.lines)),
        batch_certificate=_named(refusal),
        certificate_of_analysis=_named(certificate),
        containers=tuple(container_stated(one) for one in named_containers(naming)),
        taken_by=f"{taken_by} {carrier}".strip(),
        request=_request(supply),
        evaluation=_evaluation(supply),
        attested=_attested(supply),
        told=_told(supply),
        signatures=tuple(signatures),
        proof=proof_stated(revoked or supply),
        taken_back=f"{record_time(revoked.signed_at)}, {revoked.signer_name}: {revoked.reason}" if revoked else "",
        data_marks=marks_stated(batch),
    )


def _named(document: Document) -> str:
    return _("%(number)s version %(version)s") % {"number": document.number, "version": document.version}


def _line(line: ShownLine) -> SuppliedLine:
    evaluation = Evaluation("fails", Sign.FAIL, line.standing) if line.is_failing else None
    unknown = Evaluation("not_known", Sign.WAIT, line.standing)
    return SuppliedLine(line.title, line.criterion, line.result, evaluation or unknown)


def _request(supply: ExceptionalSupply) -> tuple[Stated, ...]:
    answer = supply.answer
    who = f"{answer.name}, {answer.role}, {answer.registration}; {record_time(answer.happened_at)}"
    said = [Stated(str(words), getattr(answer, name)) for name, words in SAID_OF_SUPPLY.items()]
    return (Stated(_("Physician, registration number, time"), who), *said)


def _evaluation(supply: ExceptionalSupply) -> tuple[Stated, ...]:
    row = supply.evaluation
    document = f"{evidence_words(row.document, '')}; {row.author}, {day(row.written_on)}"
    return (
        Stated(_("Document, author, date"), document),
        Stated(_("Conclusion"), row.conclusion),
        Stated(_("Why the request is followed"), supply.statement),
    )


def _attested(supply: ExceptionalSupply) -> tuple[AttestedBlock, ...]:
    others = SupplyStatement.objects.filter(pk__in=supply.others).select_related("evidence", "check_of_it")
    rows: list[PhysicianAnswer | SupplyStatement] = [supply.answer, *others.order_by("recorded_at"), supply.acceptance]
    return tuple(_block(row) for row in rows)


def _block(row: PhysicianAnswer | SupplyStatement) -> AttestedBlock:
    if isinstance(row, PhysicianAnswer):
        title, reference = _("the physician's request"), ""
    else:
        title, reference = str(row.get_kind_display()), row.reference
    evidence = evidence_words(row.evidence, row.evidence_reference)
    return AttestedBlock(
        title=f"{title}, {reference}" if reference else title,
        party=f"{row.name}, {row.role}",
        statement=row.said,
        happened_at=record_time(row.happened_at),
        evidence=evidence,
        entered_by=f"{row.signer_name}, {record_time(row.signed_at)}",
        checked_by=f"{row.check_of_it.signer_name}, {record_time(row.check_of_it.signed_at)}",
    )


def _told(supply: ExceptionalSupply) -> tuple[Told, ...]:
    owed = NotificationDue.objects.filter(batch=supply.batch, line=f"{OF_DECISION}{supply.number}").order_by("due_at")
    rules = product_of(supply.batch).supply_rules
    within = _("within %(hours)s hours from the infusion")
    return (
        *(Told(due.title, record_time(due.due_at)) for due in owed),
        *(Told(each.title, within % {"hours": each.hours}) for each in rules.told_from(INFUSION)),
    )
