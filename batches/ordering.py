"""Orders, and the recipient's weight.

(1) An order names one product for one chain of identity; the product must be in force on the day. The same product is
    ordered again only within a course.
(2) A weight is recorded as measured, with its day and source. It may be older than the apheresis, never in the future.
(3) A second person verifies it against its source; until then it feeds nothing.
(4) A later weight supersedes it with a reason, and what was calculated from the old one must be done again.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, Refused, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches.courses import course_called, objections_to_ordering
from batches.definitions.kinds import as_product
from batches.identity import coi_for_the_eye, locked
from batches.models import Batch, Definition, Order, Weight, WeightVerification
from batches.pinned import in_force, reading_of
from batches.stages import refresh_stage
from batches.turns import take_turn
from batches.weights import weight_in_force
from chain_of_custody.collecting import chain_called
from chain_of_custody.models import ChainOfIdentity
from ledger import clock
from ledger.numbering import next_number
from ledger.typed_numbers import TypedNumberError, read_number
from ledger.writing import write, writing

DECIMALS = 3


class OrderIntent(StrictSerializer[Intent]):
    """What the physician asks for."""

    product = TextField(label=gettext_lazy("Product"), max_length=40)
    prescriber = TextField(label=gettext_lazy("Prescriber"), max_length=120)
    prescription = TextField(label=gettext_lazy("Prescription"), max_length=120)
    sponsor_number = TextField(label=gettext_lazy("Sponsor's number"), max_length=40, required=False, default="")
    planned_infusion = DayField(
        label=gettext_lazy("Planned infusion"), required=False, default=None, allow_null=True, future_allowed=True
    )
    course = TextField(
        label=gettext_lazy("Course"),
        max_length=20,
        required=False,
        default="",
        help_text="number of the course it belongs to",
    )


def product_in_force(code: str) -> Definition | None:
    """Give the version of a product that is in force today."""
    return in_force(Definition.Kind.PRODUCT, code=code, on=local(clock.now()).date())


def order_called(subject: UUID) -> Order:
    """Give an order with its chain of identity and product; raise Http404 if there is none."""
    order = Order.objects.select_related("coi__subject", "product").filter(pk=subject).first()
    if order is None:
        raise Http404
    return order


@register
class PlaceOrder(Act[ChainOfIdentity]):
    """Place a physician's order for a chain of identity."""

    code = "order.place"
    title = gettext_lazy("Place an order")
    verb = gettext_lazy("Sign the order")
    permission = Permission.ORDER_PLACE
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this order with the prescription.")
    asks = OrderIntent

    def find(self, subject: UUID) -> ChainOfIdentity:
        return chain_called(subject)

    def lock(self, subject: ChainOfIdentity) -> None:
        take_turn("ORDER")

    def to_sign(self, subject: ChainOfIdentity, intent: Intent) -> ToSign:
        product = product_in_force(intent["product"])
        planned = intent["planned_infusion"]
        return ToSign(
            title=str(self.title),
            identity=[
                Line(_("Chain of identity"), coi_for_the_eye(subject)),
                Line(_("Subject"), subject.subject.pseudonym),
            ],
            lines=[
                Line(
                    _("Product"),
                    f"{product.title} ({product.code} {_('version')} {product.version})" if product else "–",
                ),
                Line(_("Prescriber"), intent["prescriber"]),
                Line(_("Prescription"), intent["prescription"]),
                Line(_("Sponsor's number"), intent["sponsor_number"] or "–"),
                Line(_("Planned infusion"), day(date.fromisoformat(planned)) if planned else "–"),
                *([Line(_("Course"), intent["course"])] if intent["course"] else []),
            ],
            version=str(product.pk) if product else "",
        )

    def objections(self, subject: ChainOfIdentity, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                product_in_force(intent["product"]) is None,
                _("No version of product %(code)s is in force today.") % {"code": intent["product"]},
                code="unknown_product",
                field="product",
            ),
            *objections_to_ordering(subject, intent["product"], intent["course"]),
        ]

    def carry_out(self, subject: ChainOfIdentity, intent: Intent, signature: Signature) -> Order:
        product = product_in_force(intent["product"])
        planned = intent["planned_infusion"]
        row = Order(
            number=next_number("ORD", local(clock.now()).year),
            coi=subject,
            product=product,
            prescriber=intent["prescriber"],
            prescription=intent["prescription"],
            sponsor_number=intent["sponsor_number"],
            planned_infusion=date.fromisoformat(planned) if planned else None,
            course=course_called(intent["course"]),
        )
        return sign(row, signature, type="order.placed")

    def done_url(self, row: Signed) -> str:
        return f"/orders/{row.number}/" if isinstance(row, Order) else "/orders/"


def record_weight(
    *,
    order: Order,
    kilograms: str,
    weighed_on: date,
    source: str,
    by: Person,
    id: UUID,  # noqa: A002  the name of the row's own key
    comma_allowed: bool = False,
    confirmed: bool = False,
) -> Weight:
    """Store the first weight of an order's recipient; a weight that is implausible is asked again before."""
    return _store(order, None, kilograms, weighed_on, source, "", by, id, comma_allowed, confirmed)


def correct_weight(
    *,
    weight: Weight,
    kilograms: str,
    weighed_on: date,
    source: str,
    reason: str,
    by: Person,
    id: UUID,  # noqa: A002  as above
    comma_allowed: bool = False,
    confirmed: bool = False,
) -> Weight:
    """Store a weight that supersedes another, with the reason; what was calculated from the other is open again."""
    return _store(weight.order, weight, kilograms, weighed_on, source, reason, by, id, comma_allowed, confirmed)


def _store(
    order: Order,
    before: Weight | None,
    typed: str,
    weighed_on: date,
    source: str,
    reason: str,
    by: Person,
    row_id: UUID,
    comma_allowed: bool,
    confirmed: bool,
) -> Weight:
    kilograms = _kilograms(typed, comma_allowed)
    with writing():
        batches = list(Batch.objects.filter(order=order).order_by("pk"))
        for batch in batches:
            locked(batch.pk)
        take_turn("WEIGHT")
        said = {
            "order_id": order.pk,
            "kilograms": kilograms,
            "weighed_on": weighed_on,
            "source": source,
            "reason": reason,
        }
        said["supersedes_id"] = before.pk if before else None
        if earlier := recorded_before(Weight, row_id, said, by=by):
            return earlier
        refuse_if(lacks(by, Permission.ORDER_PLACE) + objections_to_weight(order, before, weighed_on, source, reason))
        asked_again = not _is_plausible(order, kilograms)
        if asked_again and not confirmed:
            raise Refused(
                Objection(
                    _("%(kg)s kg is outside the plausible range. Check it, then confirm it.") % {"kg": kilograms},
                    code="ask_again",
                    field="kilograms",
                )
            )
        row = Weight(
            id=row_id,
            order=order,
            kilograms=kilograms,
            weighed_on=weighed_on,
            source=source,
            was_asked_again=asked_again,
            supersedes=before,
            reason=reason,
        )
        write(row, type="weight.recorded" if before is None else "weight.corrected", actor=by.reference)
        for batch in batches:
            refresh_stage(batch)
        return row


def objections_to_weight(
    order: Order, before: Weight | None, weighed_on: date, source: str, reason: str
) -> list[Objection]:
    """Give the reasons against storing a weight."""
    current = weight_in_force(order)
    return [
        *when(
            weighed_on > local(clock.now()).date(),
            _("The day can't be in the future."),
            code="future",
            field="weighed_on",
        ),
        *when(not source.strip(), _("Say where the weight stands written."), field="source"),
        *when(
            before is None and current is not None,
            _("A weight is recorded already. Correct it with a reason."),
            code="recorded_already",
        ),
        *when(
            before is not None and (current is None or current.pk != before.pk),
            _("This weight was corrected already. Open the page again."),
            code="superseded",
        ),
        *when(
            before is not None and len(reason.strip()) < 10,
            _("Give the reason in at least 10 characters."),
            code="no_reason",
            field="reason",
        ),
    ]


def _kilograms(typed: str, comma_allowed: bool) -> Decimal:
    try:
        kilograms = read_number(typed, comma_allowed=comma_allowed, decimals=DECIMALS, name=_("The weight"))
    except TypedNumberError as error:
        raise BadInput(Objection(str(error), code="bad_input", field="kilograms")) from None
    if kilograms <= 0:
        raise BadInput(Objection(_("The weight must be above zero."), code="bad_input", field="kilograms"))
    return kilograms


def _is_plausible(order: Order, kilograms: Decimal) -> bool:
    usual = as_product(reading_of(order.product)).plausible_weight
    return usual.low_kg <= kilograms <= usual.high_kg


@register
class VerifyWeight(Act[Weight]):
    """Compare a weight with its source as a second person; from then on it may feed a dose."""

    code = "weight.verify"
    title = gettext_lazy("Verify a weight")
    verb = gettext_lazy("Sign the verification")
    permission = Permission.WEIGHT_VERIFY
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this weight with its source independently.")

    def find(self, subject: UUID) -> Weight:
        found = Weight.objects.select_related("order__coi__subject", "verification", "superseded_by")
        row = found.filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: Weight) -> None:
        take_turn("WEIGHT")

    def to_sign(self, subject: Weight, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=[
                Line(_("Chain of identity"), coi_for_the_eye(subject.order.coi)),
                Line(_("Subject"), subject.order.coi.subject.pseudonym),
                Line(_("Order"), subject.order.number),
            ],
            lines=[
                Line(_("Weight"), f"{subject.kilograms} kg"),
                Line(_("Weighed on"), day(subject.weighed_on)),
                Line(_("Source"), subject.source),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: Weight, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                subject.actor == by.reference,
                _("Somebody other than the one who recorded it must verify this weight."),
                code="same_person",
            ),
            *when(hasattr(subject, "verification"), _("This weight was verified already."), code="verified_already"),
            *when(
                hasattr(subject, "superseded_by"),
                _("This weight was corrected. Verify the newer one."),
                code="superseded",
            ),
        ]

    def carry_out(self, subject: Weight, intent: Intent, signature: Signature) -> WeightVerification:
        return sign(WeightVerification(weight=subject), signature, type="weight.verified")

    def done_url(self, row: Signed) -> str:
        return f"/orders/{row.weight.order.number}/" if isinstance(row, WeightVerification) else "/orders/"
