"""Issuing a batch record: quality gives one order an exact copy of approved definitions and the cells to begin with.

(1) The versions of product, master batch record and specification in force on the day are pinned for ever.
(2) The cells are the bags of the order's own chain of identity: verified, accepted at this site, in no other batch.
    Some may be kept back for another attempt.
(3) An order has one batch at a time; a next one only after the one before was decided on, or its manufacture ended.
"""

from collections.abc import Sequence
from uuid import UUID

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
from batches.continuity import owe_edition
from batches.definitions.applying import START, applied
from batches.definitions.kinds import as_master, as_product, disagreements_among
from batches.ended import batch_in_the_way, objections_to_ended_order, order_end_of
from batches.identity import coi_for_the_eye
from batches.models import Batch, BatchState, Definition, Order
from batches.ordering import order_called
from batches.pinned import in_force, master_of, reading_of
from batches.turns import take_turn
from chain_of_custody.containers import assign, objections_to_starting, starting_containers
from chain_of_custody.models import Container
from chain_of_custody.shapes import TextListField
from ledger import clock
from ledger.canonical import digest
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

    data_remark = TextField(
        label=gettext_lazy("Remark on the data"), max_length=300, required=False, allow_blank=True, default=""
    )
    data_source = TextField(
        label=gettext_lazy("Source of the data"), max_length=300, required=False, allow_blank=True, default=""
    )
    keep_back = TextListField(required=False, default=list, help_text="codes of bags to keep for another attempt")


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
        return order_called(subject)

    def lock(self, subject: Order) -> None:
        take_turn("ISSUE")

    def to_sign(self, subject: Order, intent: Intent) -> ToSign:
        versions = versions_for(subject)
        bags = _bags(subject, intent)
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
                *[
                    Line(_("Fingerprint of the master batch record"), row.sha256)
                    for row in found
                    if row.kind == Definition.Kind.MASTER
                ],
                Line(_("Starting material"), str(Batch.StartingMaterial(starting_material(bags)).label)),
                *([Line(_("Kept back for another attempt"), ", ".join(kept))] if (kept := _kept_back(intent)) else []),
                *[Line(_("About the data"), intent[name]) for name in ("data_remark", "data_source") if intent[name]],
            ],
            version=",".join([*(str(row.pk) for row in found), *(str(bag.pk) for bag in bags)]),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Order, intent: Intent, by: Person) -> list[Objection]:
        versions = versions_for(subject)
        undecided = batch_in_the_way(subject)
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
            *_faults_between(versions, starting_material(_bags(subject, intent))),
            *when(
                undecided is not None,
                _("Batch %(number)s of this order is not decided on yet.")
                % {"number": undecided.number if undecided else ""},
                code="undecided_batch",
                url=f"/batches/{undecided.number}/" if undecided else "",
            ),
            *objections_to_ended_order(order_end_of(subject)),
            *objections_to_starting(subject.coi),
            *_objections_to_keeping_back(subject, intent),
        ]

    def carry_out(self, subject: Order, intent: Intent, signature: Signature) -> Batch:
        versions = versions_for(subject)
        bags = _bags(subject, intent)
        master = versions[Definition.Kind.MASTER]
        batch = Batch(
            number=next_number("CT", local(clock.now()).year),
            order=subject,
            product=versions[Definition.Kind.PRODUCT],
            master=master,
            specification=versions[Definition.Kind.SPECIFICATION],
            data_remark=intent["data_remark"],
            data_source=intent["data_source"],
            attempt=Batch.objects.filter(order=subject).count() + 1,
            starting_material=starting_material(bags),
            master_sha256=digest(master.source.encode("utf-8")) if master else "",
        )
        by = signature.signer
        sign(batch, signature, type="batch.issued", earlier=[subject])
        owe_edition(batch)
        first_stage = master_of(batch).stages[0].code
        BatchState.objects.create(batch=batch, stage=first_stage)
        for bag in bags:
            assign(container=bag, batch_number=batch.number, by=by)
        return batch

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.number}/" if isinstance(row, Batch) else "/batches/"


def _kept_back(intent: Intent) -> list[str]:
    return sorted({code.upper() for code in intent.get("keep_back", [])})


def _bags(order: Order, intent: Intent) -> list[Container]:
    """Give the bags with which a batch begins: those that are free, without the ones kept for another attempt."""
    kept = _kept_back(intent)
    return [bag for bag in starting_containers(order.coi) if bag.code not in kept]


def _objections_to_keeping_back(order: Order, intent: Intent) -> list[Objection]:
    free = {bag.code for bag in starting_containers(order.coi)}
    unknown = [code for code in _kept_back(intent) if code not in free]
    return [
        *when(
            unknown,
            _("Not a free bag of this chain of identity: %(codes)s.") % {"codes": ", ".join(unknown)},
            code="unknown_bag",
            field="keep_back",
        ),
        *when(
            free and free <= set(_kept_back(intent)),
            _("A batch begins with at least one bag. Keep fewer back."),
            code="no_bag",
            field="keep_back",
        ),
    ]


def starting_material(bags: Sequence[Container]) -> str:
    """Tell whether the cells arrived fresh or frozen; one frozen bag among them is enough to thaw."""
    frozen = any(bag.collection is not None and bag.collection.is_frozen for bag in bags)
    return Batch.StartingMaterial.FROZEN if frozen else Batch.StartingMaterial.FRESH


def _faults_between(versions: Pinned, start: str) -> list[Objection]:
    """Object to everything on which the definitions disagree, with the master record as it would apply."""
    definitions = {str(kind): reading_of(row) for kind, row in versions.items() if row is not None}
    if "product" in definitions and "master" in definitions:
        attributes = {**as_product(definitions["product"]).attributes, START: start}
        definitions["master"] = applied(as_master(definitions["master"]), attributes)
    return [Objection(fault, code="faulty_definition") for fault in disagreements_among(definitions)]
