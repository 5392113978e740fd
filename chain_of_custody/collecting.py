"""Registering a collection, as the collection form states it, and comparing it with the form a second time.

(1) The donation number is proven by its check character, typed or scanned; it is never used twice.
(2) The bags come into being with the registration; the collecting party holds them.
(3) A second person compares what was registered with the form.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import LINES, MomentField, StrictSerializer, TextField, TypedNumberField, YesNoField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from chain_of_custody import isbt128, states
from chain_of_custody.containers import put_at_first
from chain_of_custody.identity import bag_code
from chain_of_custody.models import (
    ChainOfIdentity,
    Collection,
    CollectionVerification,
    Container,
    ContainerState,
    Party,
    Place,
)
from chain_of_custody.shapes import DinField, MaybeId, TextListField
from ledger.models import StoredFile
from ledger.writing import write

MOST_BAGS = 9


class CollectionIntent(StrictSerializer[Intent]):
    """What the collection form states."""

    din = DinField(
        label=gettext_lazy("Donation number (DIN)"),
        help_text="donation number, scanned, or typed with its check character",
    )
    collected_at = MomentField(label=gettext_lazy("Collected at"))
    party = serializers.UUIDField(label=gettext_lazy("Collected by"), help_text="the hospital or collection centre")
    bag_volumes_ml = TextListField(
        label=gettext_lazy("Volume of each bag"),
        style=LINES,
        child=TypedNumberField(),
        min_length=1,
        max_length=MOST_BAGS,
        help_text="one volume a bag, in mL",
    )
    donor_markers = TextField(
        label=gettext_lazy("Donor markers"),
        max_length=300,
        help_text="infectious disease markers of the donor, with their date",
    )
    form_reference = TextField(
        label=gettext_lazy("Number of the collection form"), max_length=60, help_text="number of the collection form"
    )
    form = MaybeId(label=gettext_lazy("Copy of the form"), help_text="the stored copy of the form")
    place = TextField(
        label=gettext_lazy("Kept at the hospital in"),
        max_length=20,
        required=False,
        default="",
        help_text="where the bags were kept, as its code",
    )
    material = serializers.ChoiceField(
        Collection.Material.choices,
        label=gettext_lazy("Material"),
        required=False,
        default=Collection.Material.APHERESIS,
        help_text="what was taken",
    )
    is_frozen = YesNoField(
        label=gettext_lazy("The cells arrive frozen"),
        required=False,
        default=False,
        help_text="the cells arrive cryopreserved",
    )


def identity_of(coi: ChainOfIdentity, *also: Line) -> list[Line]:
    """Give the lines by which a patient's cells are recognised."""
    chain = isbt128.chain_of_identity(coi.identifier)
    return [
        Line(_("Chain of identity"), chain.for_the_eye),
        Line(_("Subject"), coi.subject.pseudonym),
        *also,
    ]


def din_line(din: str) -> Line:
    """Give a donation number with its check character."""
    return Line(_("Donation no. (DIN)"), isbt128.din(din).for_the_eye_with_check)


def kind_for(material: str) -> Container.Kind:
    """Give the kind of container in which a material is collected."""
    return Container.Kind.TUMOUR_VESSEL if material == Collection.Material.TUMOUR else Container.Kind.APHERESIS_BAG


def material_words(material: str, *, is_frozen: bool) -> str:
    """Write what was collected and in which state it arrives."""
    return f"{Collection.Material(material).label}, {_('frozen') if is_frozen else _('fresh')}"


def chain_called(subject: UUID) -> ChainOfIdentity:
    """Give a chain of identity; raise Http404 if there is none."""
    found = ChainOfIdentity.objects.select_related("subject").filter(pk=subject).first()
    if found is None:
        raise Http404
    return found


def place_called(code: str) -> Place | None:
    """Give the place of a code."""
    return Place.objects.select_related("party").filter(code=code.strip().upper()).first() if code else None


@register
class RegisterCollection(Act[ChainOfIdentity]):
    """Register a collection from its form; its bags come into being, held by the collecting party."""

    code = "collection.register"
    title = gettext_lazy("Register a collection")
    verb = gettext_lazy("Sign the registration")
    permission = Permission.COLLECTION_REGISTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I entered this from the collection form and the label.")
    asks = CollectionIntent

    def find(self, subject: UUID) -> ChainOfIdentity:
        return chain_called(subject)

    def to_sign(self, subject: ChainOfIdentity, intent: Intent) -> ToSign:
        party = Party.objects.filter(pk=intent["party"]).first()
        form = StoredFile.objects.filter(pk=intent["form"]).first() if intent["form"] else None
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject, din_line(intent["din"])),
            lines=[
                Line(_("Collected"), record_time(datetime.fromisoformat(intent["collected_at"]))),
                Line(_("Collected by"), party.name if party else "–"),
                Line(_("Material"), material_words(intent["material"], is_frozen=intent["is_frozen"])),
                Line(_("Bags"), ", ".join(f"{volume} mL" for volume in intent["bag_volumes_ml"])),
                Line(_("Donor markers"), intent["donor_markers"]),
                Line(_("Collection form"), intent["form_reference"]),
                Line(_("Copy of the form"), f"{form.original_name}, SHA-256 {form.sha256[:12]}" if form else "–"),
                Line(_("Kept in"), intent["place"] or "–"),
            ],
        )

    def objections(self, subject: ChainOfIdentity, intent: Intent, by: Person) -> list[Objection]:
        party = Party.objects.filter(pk=intent["party"]).first()
        place = place_called(intent["place"])
        return [
            *when(
                Collection.objects.filter(din=intent["din"]).exists(),
                _("Donation number %(din)s is registered already. A number is used once.")
                % {"din": isbt128.din(intent["din"]).for_the_eye_with_check},
                code="din_used",
                field="din",
            ),
            *when(party is None, _("Choose who collected. This party isn't known here."), field="party"),
            *when(
                any(Decimal(volume) <= 0 for volume in intent["bag_volumes_ml"]),
                _("A volume must be above 0 mL."),
                field="bag_volumes_ml",
            ),
            *when(
                intent["form"] and not StoredFile.objects.filter(pk=intent["form"]).exists(),
                _("The copy of the form isn't stored here. Upload it again."),
                field="form",
            ),
            *when(
                intent["place"] and (place is None or party is None or place.party_id != party.pk),
                _("This place doesn't belong to the collecting party. Choose one of its places."),
                field="place",
            ),
        ]

    def carry_out(self, subject: ChainOfIdentity, intent: Intent, signature: Signature) -> Collection:
        volumes = [Decimal(volume) for volume in intent["bag_volumes_ml"]]
        party = Party.objects.get(pk=intent["party"])
        by = signature.signer
        collection = sign(
            Collection(
                coi=subject,
                din=intent["din"],
                collected_at=datetime.fromisoformat(intent["collected_at"]),
                party=party,
                volume_ml=sum(volumes, Decimal(0)),
                donor_markers=intent["donor_markers"],
                form_id=intent["form"],
                form_reference=intent["form_reference"],
                material=intent["material"],
                is_frozen=intent["is_frozen"],
            ),
            signature,
            type="collection.registered",
        )
        place = place_called(intent["place"])
        for number, volume in enumerate(volumes, start=1):
            bag = Container(
                code=bag_code(collection.din, number),
                kind=kind_for(collection.material),
                coi=subject,
                collection=collection,
                volume_ml=volume,
                made_at=collection.collected_at,
            )
            write(bag, type="container.made", actor=by.reference)
            states.begin(bag, party=party, person=None)
            if place is not None:
                put_at_first(bag, place=place, position="", by=by)
        return collection

    def done_url(self, row: Signed) -> str:
        return chain_url(row)


@register
class VerifyCollection(Act[Collection]):
    """Compare a registered collection with its form, as a second person."""

    code = "collection.verify"
    title = gettext_lazy("Verify a collection")
    verb = gettext_lazy("Sign the comparison")
    permission = Permission.COLLECTION_REGISTER
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this with the collection form and the label; they agree.")
    second_person = True

    def find(self, subject: UUID) -> Collection:
        found = Collection.objects.select_related("coi__subject", "party", "verification", "form").filter(pk=subject)
        collection = found.first()
        if collection is None:
            raise Http404
        return collection

    def lock(self, subject: Collection) -> None:
        states.lock(subject.containers.values_list("pk", flat=True))

    def to_sign(self, subject: Collection, intent: Intent) -> ToSign:
        bags = subject.containers.order_by("code")
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject.coi, din_line(subject.din)),
            lines=[
                Line(_("Collected"), record_time(subject.collected_at)),
                Line(_("Collected by"), subject.party.name),
                Line(_("Material"), material_words(subject.material, is_frozen=subject.is_frozen)),
                *(Line(bag.code, f"{bag.volume_ml:f} mL") for bag in bags if bag.volume_ml is not None),
                Line(_("Donor markers"), subject.donor_markers),
                Line(_("Collection form"), subject.form_reference),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Collection, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(hasattr(subject, "verification"), _("This collection is verified already."), code="already_done"),
            *when(
                subject.signer_id == by.pk,
                _("A second person must verify this. %(name)s registered it.") % {"name": subject.signer_name},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: Collection, intent: Intent, signature: Signature) -> CollectionVerification:
        row = CollectionVerification(collection=subject)
        return sign(row, signature, type="collection.verified", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return chain_url(row)


def chain_url(row: Any) -> str:  # Any: each act's own row; its stream names the chain
    """Give the custody page of the chain of identity in whose stream a row stands."""
    return f"/custody/{row.stream_name().removeprefix('coi/')}/"


def holds_states(coi: ChainOfIdentity) -> list[ContainerState]:
    """Lock the states of every container of a chain of identity and give them."""
    return states.lock(coi.containers.values_list("pk", flat=True))
