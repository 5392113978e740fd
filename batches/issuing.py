"""Issuing a batch record: quality gives one order an exact copy of approved definitions and the cells to begin with.

(1) The versions of product, master batch record and specification in force on the day are pinned for ever.
(2) The cells are the bags of the order's own chain of identity: verified, accepted at this site, in no other batch.
(3) An order has one batch at a time; a next one only after the one before was decided on.
"""

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local
from batches.definitions.kinds import as_master, disagreements_among
from batches.identity import coi_for_the_eye
from batches.models import Batch, BatchState, Definition, Order
from batches.pinned import in_force, reading_of
from batches.turns import take_turn
from chain_of_custody.containers import assign, objections_to_starting, starting_containers
from ledger import clock
from ledger.numbering import next_number

Pinned = dict[str, Definition | None]


def versions_for(order: Order) -> Pinned:
    """Give the versions of the three definitions that are in force today for an order's product."""
    today = local(clock.now()).date()
    code = order.product.code
    kinds = Definition.Kind
    return {
        kinds.PRODUCT: in_force(kinds.PRODUCT, on=today, code=code),
        kinds.MASTER: in_force(kinds.MASTER, on=today, product=code),
        kinds.SPECIFICATION: in_force(kinds.SPECIFICATION, on=today, product=code),
    }


class IssueIntent(StrictSerializer[Intent]):
    """What a reader must know of the data themselves, where that is not obvious: it is printed on every document."""

    data_remark = TextField(max_length=300, required=False, allow_blank=True, default="")
    data_source = TextField(max_length=300, required=False, allow_blank=True, default="")


@register
class IssueBatch(Act[Order]):
    """Issue a batch record for an order."""

    code = "batch.issue"
    title = gettext_lazy("Issue a batch record")
    verb = gettext_lazy("Issue")
    permission = Permission.BATCH_ISSUE
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I issue this batch record, an exact copy of the approved versions named here.")
    asks = IssueIntent

    def find(self, subject: UUID) -> Order:
        order = Order.objects.select_related("coi__subject", "product").filter(pk=subject).first()
        if order is None:
            raise Http404
        return order

    def lock(self, subject: Order) -> None:
        take_turn("ISSUE")

    def to_sign(self, subject: Order, intent: Intent) -> ToSign:
        versions = versions_for(subject)
        bags = starting_containers(subject.coi)
        found = [row for row in versions.values() if row is not None]
        return ToSign(
            title=str(self.title),
            identity=[
                *[Line(_("Container"), bag.code) for bag in bags],
                Line(_("Subject"), subject.coi.subject.pseudonym),
                Line(_("Chain of identity"), coi_for_the_eye(subject.coi)),
                Line(_("Order"), subject.number),
            ],
            lines=[
                *[
                    Line(str(Definition.Kind(row.kind).label), f"{row.title} ({row.code} {_('version')} {row.version})")
                    for row in found
                ],
                *[Line(_("About the data"), intent[name]) for name in ("data_remark", "data_source") if intent[name]],
            ],
            version=",".join([*(str(row.pk) for row in found), *(str(bag.pk) for bag in bags)]),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Order, intent: Intent, by: Person) -> list[Objection]:
        versions = versions_for(subject)
        undecided = Batch.objects.filter(order=subject, state__disposition=BatchState.Disposition.NONE).first()
        return [
            *[
                Objection(
                    _("No approved %(kind)s for %(product)s is in force today.")
                    % {"kind": Definition.Kind(kind).label, "product": subject.product.code},
                    code="not_in_force",
                    url="/definitions/",
                )
                for kind, row in versions.items()
                if row is None
            ],
            *_faults_between(versions),
            *when(
                undecided is not None,
                _("Batch %(number)s of this order is not decided on yet.")
                % {"number": undecided.number if undecided else ""},
                code="undecided_batch",
                url=f"/batches/{undecided.number}/" if undecided else "",
            ),
            *objections_to_starting(subject.coi),
        ]

    def carry_out(self, subject: Order, intent: Intent, signature: Signature) -> Batch:
        versions = versions_for(subject)
        batch = Batch(
            number=next_number("CT", local(clock.now()).year),
            order=subject,
            product=versions[Definition.Kind.PRODUCT],
            master=versions[Definition.Kind.MASTER],
            specification=versions[Definition.Kind.SPECIFICATION],
            data_remark=intent["data_remark"],
            data_source=intent["data_source"],
        )
        by = signature.signer
        sign(batch, signature, type="batch.issued", earlier=[subject])
        first_stage = as_master(reading_of(batch.master)).stages[0].code
        BatchState.objects.create(batch=batch, stage=first_stage)
        for bag in starting_containers(subject.coi):
            assign(container=bag, batch_number=batch.number, by=by)
        return batch

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.number}/" if isinstance(row, Batch) else "/batches/"


def _faults_between(versions: Pinned) -> list[Objection]:
    definitions = {str(kind): reading_of(row) for kind, row in versions.items() if row is not None}
    return [Objection(fault, code="faulty_definition") for fault in disagreements_among(definitions)]
