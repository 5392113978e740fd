"""Lots of material: quality approves each before use; a vector lot names its titer, its target and its vials.

(1) Every code means one thing: a lot, a single unit of a lot, never two.
(2) A vector lot states titer and target antigen; whether it fits a batch is judged when it is scanned.
(3) An expired lot is not approved. One that expires later stays approved; the scan says that it expired.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.db.models import TextField as TextColumn
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField, TypedNumberField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches.models import MaterialLot
from batches.turns import take_turn
from ledger import clock
from ledger.models import Site

CODE = r"^[A-Za-z0-9][A-Za-z0-9./_-]{1,29}\Z"


@dataclass(frozen=True, slots=True)
class FoundLot:
    """A lot that a code names, and whether the code is that of one of its units."""

    lot: MaterialLot
    is_unit: bool


def lot_of(code: str) -> FoundLot | None:
    """Give the lot that a code names, as a whole or by one of its units."""
    lot = MaterialLot.objects.filter(code=code).first()
    if lot is not None:
        return FoundLot(lot, is_unit=False)
    # A JSON column is searched as text so that both engines find a unit the same way; equality decides afterwards.
    told = MaterialLot.objects.annotate(told=Cast("units", TextColumn())).filter(told__contains=f'"{code}"')
    for found in told:
        if code in found.units:
            return FoundLot(found, is_unit=True)
    return None


def has_expired(lot: MaterialLot, on: date) -> bool:
    """A lot is good to the end of the day that stands on it."""
    return lot.expires_on < on


class LotIntent(StrictSerializer[Intent]):
    """What stands on the lot and on its supplier's certificate."""

    code = serializers.RegexField(CODE)
    kind = serializers.ChoiceField(MaterialLot.Kind.choices)
    item = TextField(max_length=60)
    name = TextField(max_length=120)
    supplier = TextField(max_length=120)
    certificate = TextField(max_length=120)
    expires_on = DayField(future_allowed=True)
    target_antigen = TextField(max_length=20, required=False, default="")
    titer_tu_per_ml = TypedNumberField(required=False, default=None, allow_null=True)
    units = serializers.ListField(child=serializers.RegexField(CODE), max_length=200, required=False, default=list)


@register
class ApproveLot(AboutSite):
    """Approve a lot of material for use."""

    code = "lot.approve"
    title = gettext_lazy("Approve a lot of material")
    verb = gettext_lazy("Sign the approval")
    stopped_by_findings = True
    permission = Permission.DEFINITION_APPROVE
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I compared this lot with its certificate and approve it for use.")
    asks = LotIntent

    def lock(self, subject: Site) -> None:
        take_turn("LOT")

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        lines = [
            Line(_("Material"), f"{intent['name']} ({intent['item']})"),
            Line(_("Kind"), str(MaterialLot.Kind(intent["kind"]).label)),
            Line(_("Supplier"), intent["supplier"]),
            Line(_("Certificate"), intent["certificate"]),
            Line(_("Expires on"), day(date.fromisoformat(intent["expires_on"]))),
        ]
        if intent["target_antigen"]:
            lines.append(Line(_("Target antigen"), intent["target_antigen"]))
        if intent["titer_tu_per_ml"]:
            lines.append(Line(_("Titer, TU/mL"), intent["titer_tu_per_ml"]))
        lines += [Line(_("Unit"), code) for code in intent["units"]]
        return ToSign(title=str(self.title), identity=[Line(_("Lot"), intent["code"])], lines=lines)

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        codes = [intent["code"], *intent["units"]]
        titer = intent["titer_tu_per_ml"]
        is_vector = intent["kind"] == MaterialLot.Kind.VECTOR
        today = local(clock.now()).date()
        return [
            *when(len(set(codes)) != len(codes), _("Each code may stand here once."), field="units"),
            *[
                Objection(_("The code %(code)s belongs to a lot already.") % {"code": code}, field="code")
                for code in codes
                if lot_of(code) is not None
            ],
            *when(
                is_vector and (titer is None or Decimal(titer) <= 0),
                _("Enter the titer of the vector lot. It must be above zero."),
                field="titer_tu_per_ml",
            ),
            *when(is_vector and not intent["target_antigen"], _("Enter the target antigen."), field="target_antigen"),
            *when(not is_vector and titer is not None, _("Only a vector lot has a titer."), field="titer_tu_per_ml"),
            *when(
                date.fromisoformat(intent["expires_on"]) < today,
                _("Lot %(lot)s expired on %(day)s. It can't be approved.")
                % {"lot": intent["code"], "day": day(date.fromisoformat(intent["expires_on"]))},
                code="expired",
                field="expires_on",
            ),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> MaterialLot:
        titer = intent["titer_tu_per_ml"]
        row = MaterialLot(
            code=intent["code"],
            kind=intent["kind"],
            item=intent["item"],
            name=intent["name"],
            supplier=intent["supplier"],
            certificate=intent["certificate"],
            expires_on=date.fromisoformat(intent["expires_on"]),
            target_antigen=intent["target_antigen"],
            titer_tu_per_ml=None if titer is None else Decimal(titer),
            units=list(intent["units"]),
        )
        return sign(row, signature, type="lot.approved")

    def done_url(self, row: Signed) -> str:
        return "/lots/"


def lots_matching(text: str = "") -> list[MaterialLot]:
    """Give the approved lots, newest first, whose code, item or name holds a text."""
    found = MaterialLot.objects.order_by("-recorded_at")
    if text:
        found = found.filter(Q(code__icontains=text) | Q(item__icontains=text) | Q(name__icontains=text))
    return list(found[:200])
