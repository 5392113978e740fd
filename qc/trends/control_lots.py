"""Lots of control material: one person states the assigned limits, another compares them with their source.

(1) Mean and standard deviation are assigned by the maker or by a study of the laboratory, never computed from the
    runs that they judge; the row says from how many measurements and from where.
(2) A lot decides on no run before it is approved, and nobody approves what they prepared.
(3) Limits of a lot are never changed: other limits are another lot.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField, TypedNumberField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.turns import take_turn
from ledger.models import Site
from ledger.typed_numbers import show
from qc.models import ControlLot, ControlLotApproval

CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{1,29}\Z"
TURN = "CONTROL"  # whoever writes about controls waits for this turn
FEWEST = 2
MOST = 1_000_000


class ControlLotIntent(StrictSerializer[Intent]):
    """A lot of control material with its assigned limits."""

    code = serializers.RegexField(
        CODE, label=gettext_lazy("Code"), help_text="what the site calls this control and lot"
    )
    title = TextField(label=gettext_lazy("Name"), max_length=120)
    method = TextField(
        label=gettext_lazy("Method"), max_length=40, help_text="code of the method, as specifications name it"
    )
    material_lot = TextField(label=gettext_lazy("Lot of the material"), max_length=60)
    unit = TextField(label=gettext_lazy("Unit"), max_length=30, required=False, default="")
    mean = TypedNumberField(label=gettext_lazy("Assigned mean"))
    sd = TypedNumberField(
        label=gettext_lazy("Assigned standard deviation"), help_text="standard deviation, in the unit of the mean"
    )
    n = serializers.IntegerField(
        label=gettext_lazy("Measurements they rest on"),
        min_value=FEWEST,
        max_value=MOST,
        help_text="how many measurements the two rest on",
    )
    reference = TextField(label=gettext_lazy("Source"), min_length=5, max_length=300)


def lines_of(lot: ControlLot) -> list[Line]:
    """Give a lot of control material as a signer reads it."""
    return [
        Line(_("Control"), f"{lot.code}, {lot.title}"),
        Line(_("Method"), lot.method),
        Line(_("Lot of the material"), lot.material_lot),
        Line(_("Mean"), show(lot.spread.mean, unit=lot.unit)),
        Line(_("Standard deviation"), show(lot.spread.sd, unit=lot.unit)),
        Line(_("Measurements they rest on"), str(lot.n)),
        Line(_("Source"), lot.reference),
    ]


def _lot_from(intent: Intent) -> ControlLot:
    numbers = {"mean": Decimal(intent["mean"]), "sd": Decimal(intent["sd"])}
    return ControlLot(**(intent | numbers))


def control_url(code: str) -> str:
    """Give the page of a control."""
    return reverse("qc:control", args=[code])


@register
class PrepareControlLot(AboutSite):
    """State the assigned limits of a lot of control material."""

    code = "control.prepare"
    title = gettext_lazy("Prepare a control")
    verb = gettext_lazy("Sign and send for approval")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I took these limits from the source that is named.")
    asks = ControlLotIntent

    def lock(self, subject: Site) -> None:
        take_turn(TURN)

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        return ToSign(title=str(self.title), identity=[], lines=lines_of(_lot_from(intent)), version=intent["code"])

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                ControlLot.objects.filter(code=intent["code"]).exists(),
                _("There is a control called %(code)s. Other limits are another control.") % {"code": intent["code"]},
                code="code_used",
                field="code",
            ),
            *when(Decimal(intent["sd"]) <= 0, _("A standard deviation is above zero."), field="sd"),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> ControlLot:
        return sign(_lot_from(intent), signature, type="control.prepared")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ControlLot)  # noqa: S101  this act writes nothing else
        return control_url(row.code)


@register
class ApproveControlLot(Act[ControlLot]):
    """Approve the assigned limits of a lot that somebody else prepared."""

    code = "control.approve"
    title = gettext_lazy("Approve a control")
    verb = gettext_lazy("Sign the approval")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I compared these limits with their source and approve them.")
    stopped_by_findings = True

    def find(self, subject: UUID) -> ControlLot:
        lot = ControlLot.objects.select_related("approval").filter(pk=subject).first()
        if lot is None:
            raise Http404
        return lot

    def lock(self, subject: ControlLot) -> None:
        take_turn(TURN)

    def streams(self, subject: ControlLot) -> Sequence[str]:
        return (subject.stream_name(),)

    def to_sign(self, subject: ControlLot, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=[],
            lines=lines_of(subject),
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
            signatures=2,
        )

    def objections(self, subject: ControlLot, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(hasattr(subject, "approval"), _("This control was approved already."), code="approved"),
            *when(
                subject.signer_id == by.pk,
                _("A second person must approve what %(name)s prepared.") % {"name": subject.signer_name},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: ControlLot, intent: Intent, signature: Signature) -> ControlLotApproval:
        return sign(ControlLotApproval(lot=subject), signature, type="control.approved", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ControlLotApproval)  # noqa: S101  this act writes nothing else
        return control_url(row.lot.code)
