"""The decision to supply named containers of a batch that is not certified, and taking it back.

(1) Everything that a supply needs is there; each thing alone stops it (qc/supply/items.py).
(2) Quality assurance evaluates, then another person of the role that the profile names decides. Nobody decides who
    worked on the batch, and an open incident of the record's integrity stops it, as it stops any decision.
(3) The batch stays what it is: not certified. Nothing but the named containers may go, and to the named party alone.
(4) It is taken back while a named container is still here; what has left is told of, and stays supplied.
EU GMP Part IV 11.53 and 11.54; the decision is never a certification.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.integrity import PAGE
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission, Role
from accounts.signature import Signature, sign
from accounts.wording import today
from batches.ended import objections_to_ended_order, order_end_of
from batches.holds import objections_to_held
from batches.identity import identity_lines
from batches.models import Batch
from batches.pinned import product_of
from chain_of_custody.states import ids
from chain_of_custody.words import party_words
from ledger import outbox
from ledger.anchoring import blocks_decisions
from ledger.checkpoints import CHECKPOINT_JOB
from ledger.numbering import next_number
from qc.batch_act import RowOfBatchAct, batch_with
from qc.models import ExceptionalSupply, SupplyRevoked
from qc.release.disposition import objections_to_facts
from qc.release.record_act import ActOnRecord
from qc.release.taking_part import objections_to_person
from qc.supply.asking import answer_lines, objections_to_asking
from qc.supply.items import items_of, missing
from qc.supply.lines import lines_to_sign, objections_to_ever_supplying, stated
from qc.supply.standing import Kind, is_here, named_containers
from qc.supply.stating import kinds_needed
from qc.supply.supply_read import SupplyRead
from qc.supply.telling import tell_of_decision

SUPPLY_JOB = "exceptional_supply"
NUMBER_KIND = "ES"


class SupplyIntent(StrictSerializer[Intent]):
    """Why the decider follows the physician's request."""

    statement = TextField(label=gettext_lazy("Why the request is followed"), min_length=10, max_length=2000)


@register
class DecideSupply(ActOnRecord[SupplyRead]):
    """Decide to supply the named containers; the batch stays not certified."""

    code = "supply.decide"
    title = gettext_lazy("Decide on the supply out of specification")
    verb = gettext_lazy("Sign the decision to supply")
    # Those who may decide are quality's: the profile names which role of theirs does (`decided_by`).
    permission = Permission.OUTSIDE_RECORD
    stopped_by_findings = True
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy(
        "I decide to supply these containers of an out-of-specification product at the physician's request."
    )
    asks = SupplyIntent

    def find(self, subject: UUID) -> SupplyRead:
        return SupplyRead(batch_with(subject))

    def to_sign(self, subject: SupplyRead, intent: Intent) -> ToSign:
        batch, standing = subject.batch, subject.standing
        naming, evaluation = standing.naming, standing.evaluation
        said = [row for kind in kinds_needed(batch) if (row := standing.statement(kind))]
        codes = [one.code for one in subject.named]
        rests_on = [one for one in (standing.answer, naming, evaluation, *said) if one is not None]
        return ToSign(
            title=str(self.title),
            identity=identity_lines(batch, containers=codes),
            lines=[
                Line(_("Batch"), str(batch.state.get_disposition_display()), "fail"),
                *lines_to_sign(subject.lines),
                Line(_("Physician"), f"{standing.answer.name}, {standing.answer.role}" if standing.answer else "–"),
                *(answer_lines(standing.answer) if standing.answer else []),
                Line(_("Taken by"), party_words(naming.recipient) if naming else "–"),
                Line(_("Carried by"), party_words(naming.carrier) if naming and naming.carrier else _("nobody else")),
                Line(_("Evaluation of the risk"), evaluation.conclusion if evaluation else "–"),
                *(Line(str(row.get_kind_display()).capitalize(), f"{row.name}: {row.said}") for row in said),
                Line(_("Statement"), intent["statement"]),
            ],
            version=" ".join(str(one.pk) for one in rests_on),
            earlier=[EarlierSignature.on(evaluation)] if evaluation else [],
        )

    def objections(self, subject: SupplyRead, intent: Intent, by: Person) -> list[Objection]:
        return objections_to_supply(subject.batch, by, subject)

    def carry_out(self, subject: SupplyRead, intent: Intent, signature: Signature) -> ExceptionalSupply:
        standing = subject.standing
        acceptance = standing.statement(Kind.ACCEPTANCE)
        said = [standing.statement(kind) for kind in kinds_needed(subject.batch)]
        others = [one for one in said if one is not None and one != acceptance]
        row = ExceptionalSupply(
            batch=subject.batch,
            number=next_number(NUMBER_KIND, today().year),
            decision=standing.refusal,
            answer=standing.answer,
            naming=standing.naming,
            evaluation=standing.evaluation,
            acceptance=acceptance,
            others=[str(one.pk) for one in others],
            lines=stated(subject.lines),
            statement=intent["statement"],
        )
        rests_on = (standing.refusal, standing.answer, standing.naming, standing.evaluation, acceptance, *others)
        sign(row, signature, type="supply.decided", earlier=[one for one in rests_on if one is not None])
        tell_of_decision(row, by=signature.signer)
        outbox.owe(CHECKPOINT_JOB, row.pk, then=SUPPLY_JOB)
        return row


def objections_to_supply(batch: Batch, by: Person, read: SupplyRead | None = None) -> list[Objection]:
    """Give the full list of what stands against this person deciding to supply a batch now."""
    read = read or SupplyRead(batch)
    standing = read.standing
    if standing.refusal is None or standing.supply is not None:
        return objections_to_asking(standing)
    return [
        *objections_to_ever_supplying(batch, read),
        *missing(items_of(batch, standing, read.lines)),
        *objections_to_ended_order(order_end_of(batch.order)),
        *(one for one in read.against_custody if one.code != "custody_contradiction"),
        *objections_to_facts(batch, read.facts),
        *objections_to_held(batch),
        *_objections_to_decider(read, by),
        *when(waiting := blocks_decisions(), waiting, code="not_anchored", url=PAGE),
    ]


def _objections_to_decider(read: SupplyRead, by: Person) -> list[Objection]:
    role = Role(product_of(read.batch).supply_rules.decided_by)
    evaluation, review = read.standing.evaluation, read.review
    return [
        *when(
            role not in by.state.roles,
            _("The profile of this product names who decides: %(role)s.") % {"role": role.label},
            code="lacks_permission",
        ),
        *when(
            evaluation is not None and evaluation.signer_id == by.pk,
            _("You signed the evaluation of the risk; another person decides."),
            code="same_person",
        ),
        *when(
            review is not None and review.signer_id == by.pk,
            _("You reviewed the record; another person decides."),
            code="same_person",
        ),
        *objections_to_person(read.batch, by),
    ]


class RevokeIntent(StrictSerializer[Intent]):
    """Why the decision is taken back."""

    reason = TextField(label=gettext_lazy("Reason"), min_length=10, max_length=2000)


@register
class RevokeSupply(RowOfBatchAct[ExceptionalSupply]):
    """Take the decision to supply back; what is still here stays here."""

    code = "supply.revoke"
    title = gettext_lazy("Take the supply back")
    verb = gettext_lazy("Sign that it is taken back")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.REJECTED
    meaning_text = gettext_lazy("I take this decision back. The containers that are still here stay here.")
    asks = RevokeIntent

    def rows(self) -> QuerySet[ExceptionalSupply]:
        return ExceptionalSupply.objects.select_related("naming__recipient", "answer")

    def streams(self, subject: ExceptionalSupply) -> Sequence[str]:
        return [subject.batch.stream_name()]

    def to_sign(self, subject: ExceptionalSupply, intent: Intent) -> ToSign:
        here = [one.code for one in named_containers(subject.naming) if is_here(one)]
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch, containers=here),
            lines=[
                Line(_("Supply"), subject.number),
                Line(_("Physician"), f"{subject.answer.name}, {subject.answer.role}"),
                Line(_("Still here"), ", ".join(here) or "–"),
                Line(_("Reason"), intent["reason"]),
            ],
            version=f"{subject.pk} {' '.join(here)}",
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: ExceptionalSupply, intent: Intent, by: Person) -> list[Objection]:
        here = [one for one in named_containers(subject.naming) if is_here(one)]
        return [
            *when(
                SupplyRevoked.objects.filter(supply=subject).exists(),
                _("This was taken back already."),
                code="already_done",
            ),
            *when(
                not here,
                _("Every named container has left. Tell the physician, and add to the record what was said."),
                code="all_left",
            ),
        ]

    def carry_out(self, subject: ExceptionalSupply, intent: Intent, signature: Signature) -> SupplyRevoked:
        here = [one for one in named_containers(subject.naming) if is_here(one)]
        row = SupplyRevoked(batch=subject.batch, supply=subject, reason=intent["reason"], stays=ids(here))
        sign(row, signature, type="supply.revoked", earlier=[subject])
        outbox.owe(CHECKPOINT_JOB, row.pk, then=SUPPLY_JOB)
        return row
