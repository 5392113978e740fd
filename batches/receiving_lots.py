"""Receiving lots of material: what stands on the label and the certificate, in quarantine until quality decides.

(1) Every code means one thing: a lot, a single unit of one, a piece of equipment, an area, a container.
(2) A vector lot states construct, target antigens, titer with its method, and the result of its test for replication
    competent virus; whether it fits a batch is judged when it is scanned.
(3) A lot that is counted names its unit; what is left of it is kept in that unit.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, today
from batches.codes import CODE, TURN, objections_to_new_codes
from batches.lot_uses import begin_counting
from batches.models import MaterialLot
from batches.turns import take_turn
from chain_of_custody.shapes import MaybeNumber
from ledger.models import Site


class LotIntent(StrictSerializer[Intent]):
    """What stands on the lot and on its supplier's certificate."""

    code = serializers.RegexField(CODE, label=gettext_lazy("Lot code"))
    kind = serializers.ChoiceField(MaterialLot.Kind.choices, label=gettext_lazy("Kind"))
    item = TextField(
        label=gettext_lazy("Item, as definitions call it"),
        max_length=60,
        help_text="the code by which definitions call this material",
    )
    name = TextField(label=gettext_lazy("Name"), max_length=120)
    supplier = TextField(label=gettext_lazy("Supplier"), max_length=120)
    certificate = TextField(label=gettext_lazy("Certificate"), max_length=120)
    expires_on = DayField(label=gettext_lazy("Expires on"), future_allowed=True)
    received_on = DayField(label=gettext_lazy("Received on"), required=False, default=today)
    quantity = MaybeNumber(label=gettext_lazy("Quantity"), help_text="left out where the lot is not counted")
    unit = TextField(label=gettext_lazy("Counted in"), max_length=20, required=False, default="")
    storage = TextField(label=gettext_lazy("Storage"), max_length=120, required=False, default="")
    grade = TextField(label=gettext_lazy("Grade"), max_length=60, required=False, default="")
    animal_origin = TextField(
        label=gettext_lazy("Animal origin, TSE/BSE"),
        max_length=200,
        required=False,
        default="",
        help_text="the TSE/BSE statement",
    )
    in_use_hours = serializers.IntegerField(label=gettext_lazy("Keeps once opened or thawed"),
        min_value=1, max_value=17_520, required=False, allow_null=True, default=None,
        help_text="how long it keeps once opened or thawed",
    )  # fmt: skip
    construct = TextField(label=gettext_lazy("Construct"), max_length=60, required=False, default="")
    target_antigen = TextField(
        label=gettext_lazy("Target antigen"),
        max_length=60,
        required=False,
        default="",
        help_text="several are joined by a slash, such as CD19/CD22",
    )
    titer_tu_per_ml = MaybeNumber(label=gettext_lazy("Titer"))
    titer_method = TextField(label=gettext_lazy("Method of the titer"), max_length=120, required=False, default="")
    replication_competent = TextField(
        label=gettext_lazy("Test for replication competent virus"),
        max_length=200,
        required=False,
        default="",
        help_text="result of the test for replication competent virus",
    )
    bank = TextField(
        label=gettext_lazy("Cell bank"),
        max_length=60,
        required=False,
        default="",
        help_text="cell bank that it was made from",
    )
    most_thaws = serializers.IntegerField(label=gettext_lazy("Thaws of one vial, at most"),
        min_value=1, max_value=20, required=False, allow_null=True, default=None,
        help_text="how often one unit may be thawed",
    )  # fmt: skip
    units = serializers.ListField(
        label=gettext_lazy("Code of a vial"),
        child=serializers.RegexField(CODE),
        max_length=200,
        required=False,
        default=list,
    )


def lot_lines(row: MaterialLot) -> list[Line]:
    """Give what a lot states, one line each; what it does not state is left out."""
    counted = "" if row.quantity is None else f"{row.quantity:f} {row.unit}"
    titer = "" if row.titer_tu_per_ml is None else f"{row.titer_tu_per_ml:f}"
    lines = [
        Line(_("Material"), f"{row.name} ({row.item})"),
        Line(_("Kind"), str(MaterialLot.Kind(row.kind).label)),
        Line(_("Supplier"), row.supplier),
        Line(_("Certificate"), row.certificate),
        Line(_("Received on"), day(row.received_on) if row.received_on else ""),
        Line(_("Expires on"), day(row.expires_on)),
        Line(_("Quantity"), counted),
        Line(_("Storage"), row.storage),
        Line(_("Grade"), row.grade),
        Line(_("Animal origin, TSE/BSE"), row.animal_origin),
        Line(_("Keeps once opened or thawed, hours"), "" if row.in_use_hours is None else str(row.in_use_hours)),
        Line(_("Construct"), row.construct),
        Line(_("Target antigen"), row.target_antigen),
        Line(_("Titer, TU/mL"), titer),
        Line(_("Method of the titer"), row.titer_method),
        Line(_("Replication competent virus"), row.replication_competent),
        Line(_("Cell bank"), row.bank),
        Line(_("Thaws of one unit, at most"), "" if row.most_thaws is None else str(row.most_thaws)),
        *(Line(_("Unit"), code) for code in row.units),
    ]
    return [line for line in lines if line.value]


def _row(intent: Intent) -> MaterialLot:
    numbers = ("quantity", "titer_tu_per_ml")
    days = ("expires_on", "received_on")
    said = {name: value for name, value in intent.items() if name not in (*numbers, *days, "units", "target_antigen")}
    return MaterialLot(
        **said,
        **{name: None if intent[name] is None else Decimal(intent[name]) for name in numbers},
        **{name: date.fromisoformat(intent[name]) for name in days},
        target_antigen="/".join(antigens_of(intent["target_antigen"])),
        units=list(intent["units"]),
        is_quarantined_first=True,
    )


def antigens_of(text: str) -> list[str]:
    """Give the antigens of a text in which a slash joins them, as they stand."""
    return [one.strip() for one in text.split("/") if one.strip()]


@register
class ReceiveLot(AboutSite):
    """Receive a lot of material into quarantine."""

    code = "lot.receive"
    title = gettext_lazy("Receive a lot of material")
    verb = gettext_lazy("Sign the receipt")
    permission = Permission.MATERIAL_RECEIVE
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I entered this from the label and the certificate. The lot is in quarantine.")
    asks = LotIntent

    def lock(self, subject: Site) -> None:
        take_turn(TURN)

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        return ToSign(title=str(self.title), identity=[Line(_("Lot"), intent["code"])], lines=lot_lines(_row(intent)))

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        codes = [intent["code"], *intent["units"]]
        row = _row(intent)
        return [
            *when(len(set(codes)) != len(codes), _("Each code may stand here once."), field="units"),
            *objections_to_new_codes(codes),
            *_objections_to_numbers(row),
            *_objections_to_vector(row),
            *when(
                row.expires_on < today(),
                _("Lot %(lot)s expired on %(day)s. Send it back.") % {"lot": row.code, "day": day(row.expires_on)},
                code="expired",
                field="expires_on",
            ),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> MaterialLot:
        row = sign(_row(intent), signature, type="lot.received")
        begin_counting(row)
        return row

    def done_url(self, row: Signed) -> str:
        return lot_url(row.code) if isinstance(row, MaterialLot) else "/lots/"


def _objections_to_numbers(row: MaterialLot) -> list[Objection]:
    counted = row.quantity is not None
    return [
        *when(row.quantity is not None and row.quantity <= 0, _("The quantity must be above zero."), field="quantity"),
        *when(counted and not row.unit, _("Say in which unit the lot is counted."), field="unit"),
        *when(row.unit and not counted, _("Enter the quantity, or leave the unit out."), field="quantity"),
    ]


def _objections_to_vector(row: MaterialLot) -> list[Objection]:
    if row.kind != MaterialLot.Kind.VECTOR:
        return when(row.titer_tu_per_ml is not None, _("Only a vector lot has a titer."), field="titer_tu_per_ml")
    return [
        *when(
            row.titer_tu_per_ml is None or row.titer_tu_per_ml <= 0,
            _("Enter the titer of the vector lot. It must be above zero."),
            field="titer_tu_per_ml",
        ),
        *when(not row.target_antigen, _("Enter the target antigen."), field="target_antigen"),
        *when(not row.construct, _("Enter the construct."), field="construct"),
        *when(not row.titer_method, _("Enter the method of the titer."), field="titer_method"),
        *when(
            not row.replication_competent,
            _("Enter the result of the test for replication competent virus."),
            field="replication_competent",
        ),
    ]


def lot_url(code: str) -> str:
    """Give the address of a lot's page."""
    return f"/lots/{code}/"


def lot_called(subject: UUID) -> MaterialLot | None:
    """Give a lot by its id, with what was decided on it."""
    return MaterialLot.objects.prefetch_related("decisions", "openings").filter(pk=subject).first()
