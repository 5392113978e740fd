"""What programs send to this room, and what they read."""

from typing import Any

from rest_framework import serializers

from accounts.parsing import MomentField, StrictSerializer, TextField, TypedNumberField, YesNoField
from chain_of_custody.models import Collection, Container, IdentityCheck, Party, Place, TemperatureUnknown
from chain_of_custody.models.temperature import CLOCKS
from chain_of_custody.shapes import ContainersField, MaybeNumber, ScanField

Plain = dict[str, Any]  # Any: plain values of a JSON text


class SubjectInput(StrictSerializer[Plain]):
    """A subject; the three fields of identity are optional and never given back."""

    id = serializers.UUIDField()
    pseudonym = TextField(max_length=20)
    initials = TextField(max_length=6, required=False, default="")
    birth_year = serializers.IntegerField(min_value=1900, max_value=2100, required=False, allow_null=True, default=None)
    hospital_reference = TextField(max_length=60, required=False, default="")


class ChainInput(StrictSerializer[Plain]):
    """A chain of identity to issue for a subject."""

    id = serializers.UUIDField()
    subject = serializers.UUIDField()


class PartyInput(StrictSerializer[Plain]):
    """An organisation outside this site."""

    id = serializers.UUIDField()
    name = TextField(max_length=120)
    kind = serializers.ChoiceField([kind for kind in Party.Kind.choices if kind[0] != Party.Kind.OWN_SITE])
    address = TextField(max_length=240)
    licence = TextField(max_length=120, required=False, default="")


class PlaceInput(StrictSerializer[Plain]):
    """A place with the temperatures it keeps, in °C."""

    id = serializers.UUIDField()
    code = TextField(max_length=20)
    name = TextField(max_length=120)
    kind = serializers.ChoiceField(Place.Kind.choices)
    party = serializers.UUIDField()
    low_c = MaybeNumber()
    high_c = MaybeNumber()
    is_isolated = YesNoField(required=False, default=False)


class IdentityCheckInput(StrictSerializer[Plain]):
    """A label that was read where a container of a batch is expected."""

    id = serializers.UUIDField()
    chain = TextField(max_length=20)
    batch_number = TextField(max_length=20)
    expected_kind = serializers.ChoiceField(Container.Kind.choices, required=False, allow_blank=True, default="")
    scanned = ScanField()
    typed = YesNoField()
    where = TextField(max_length=60)


class PlacementInput(StrictSerializer[Plain]):
    """Where the holder put containers."""

    id = serializers.UUIDField()
    chain = TextField(max_length=20)
    containers = ContainersField()
    place = TextField(max_length=20)
    position = TextField(max_length=60, required=False, default="")
    temperature_c = MaybeNumber()
    happened_at = MomentField()


class LoggerFileInput(StrictSerializer[Plain]):
    """What is chosen with the file of a logger."""

    id = serializers.UUIDField()
    logger = TextField(max_length=40, help_text="as read from the logger's label; the file must name the same")
    profile = TextField(max_length=30, help_text="code of the layout of the file")
    clock = serializers.ChoiceField(CLOCKS, help_text="of times without an offset")


class SentLoggerFileInput(LoggerFileInput):
    """The file of a logger with the time that it is for."""

    stay = serializers.UUIDField(help_text="`stay` of a time in one place, from the custody record")
    file = serializers.FileField(help_text="a table as text, at most 5 MB")


class ConfirmInput(StrictSerializer[Plain]):
    """What was looked at: the digest that came with the preview."""

    shown = serializers.CharField(max_length=64)


class NoFileInput(StrictSerializer[Plain]):
    """Why there is no file of a logger."""

    id = serializers.UUIDField()
    says = TextField(min_length=10, max_length=1000)


class SubjectOutput(serializers.Serializer[Plain]):
    """A subject under its pseudonym, with its chains of identity."""

    id = serializers.UUIDField()
    pseudonym = serializers.CharField()
    chains = serializers.ListField(child=serializers.CharField())


class ChainOutput(serializers.Serializer[Plain]):
    """A chain of identity."""

    id = serializers.UUIDField()
    identifier = serializers.CharField()
    subject = serializers.UUIDField()
    pseudonym = serializers.CharField()
    donations = serializers.ListField(child=serializers.CharField())


class PartyOutput(serializers.Serializer[Plain]):
    """An organisation."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Party.Kind.choices)
    address = serializers.CharField()
    licence = serializers.CharField(allow_blank=True)


class PlaceOutput(serializers.Serializer[Plain]):
    """A place."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Place.Kind.choices)
    party = serializers.UUIDField()
    low_c = TypedNumberField(allow_null=True)
    high_c = TypedNumberField(allow_null=True)
    is_isolated = serializers.BooleanField()


class CollectionOutput(serializers.Serializer[Plain]):
    """A donation as its form states it."""

    id = serializers.UUIDField()
    chain = serializers.CharField()
    din = serializers.CharField()
    check_character = serializers.CharField()
    collected_at = serializers.DateTimeField()
    party = serializers.UUIDField()
    volume_ml = serializers.CharField()
    donor_markers = serializers.CharField()
    material = serializers.ChoiceField(Collection.Material.choices)
    is_frozen = serializers.BooleanField()
    form_reference = serializers.CharField()
    registered_by = serializers.CharField()
    verified_by = serializers.CharField(allow_null=True)
    containers = serializers.ListField(child=serializers.CharField())


class ContainerOutput(serializers.Serializer[Plain]):
    """A container: what it is, whose, who holds it and where."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(Container.Kind.choices)
    chain = serializers.CharField()
    batch_number = serializers.CharField(allow_null=True)
    made_from = serializers.ListField(child=serializers.UUIDField())
    volume_ml = serializers.CharField(allow_null=True)
    viable_cells = serializers.CharField(allow_null=True)
    sample_point = serializers.CharField(allow_blank=True)
    made_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    holder_party = serializers.CharField()
    holder_person = serializers.CharField(allow_null=True)
    place = serializers.CharField(allow_null=True)
    position = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    fate = serializers.CharField(allow_blank=True, help_text="what became of it; empty while it has not ended")


class IdentityCheckOutput(serializers.Serializer[Plain]):
    """What a label proved."""

    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(IdentityCheck.Outcome.choices)
    says = serializers.CharField()
    matches = serializers.BooleanField()
    container = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class PlacementOutput(serializers.Serializer[Plain]):
    """Where containers are now, and whether the temperature was outside the range of the place."""

    id = serializers.UUIDField()
    place = serializers.CharField()
    position = serializers.CharField(allow_blank=True)
    happened_at = serializers.DateTimeField()
    excursion = serializers.BooleanField()


class SideOutput(serializers.Serializer[Plain]):
    """One side of a hand-over; an attested side is no signature."""

    party = serializers.CharField()
    name = serializers.CharField()
    attested = serializers.BooleanField()
    checked_by = serializers.CharField(allow_null=True)
    happened_at = serializers.DateTimeField()


class KeptOutput(serializers.Serializer[Plain]):
    """A time in one place, and what is known of its temperature; `stay` names it once it has ended."""

    stay = serializers.UUIDField(allow_null=True)
    temperature = serializers.ChoiceField(["within", "outside", "unknown", "nothing"])
    containers = serializers.ListField(child=serializers.CharField())
    place = serializers.CharField(allow_null=True)
    position = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)


class OutsideOutput(serializers.Serializer[Plain]):
    """A time outside the range, with the temperature that was farthest outside, in °C."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    peak_c = serializers.CharField()


class UnknownOutput(serializers.Serializer[Plain]):
    """A time of which nobody knows the temperature, and why."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    why = serializers.ChoiceField(TemperatureUnknown.Why.choices)
    says = serializers.CharField()


class LoggerFileOutput(serializers.Serializer[Plain]):
    """The file of a logger and what it says of its time; `shown` is what confirms it, while it is not stored."""

    id = serializers.UUIDField()
    stay = serializers.UUIDField()
    containers = serializers.ListField(child=serializers.UUIDField())
    place = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    logger = serializers.CharField()
    calibrated_until = serializers.DateField(allow_null=True)
    name = serializers.CharField()
    sha256 = serializers.CharField()
    readings = serializers.IntegerField(help_text="of this time; the file may hold others")
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    interval_s = serializers.IntegerField()
    longest_gap_s = serializers.IntegerField()
    lowest_c = serializers.CharField()
    highest_c = serializers.CharField()
    longest_outside_s = serializers.IntegerField()
    total_outside_s = serializers.IntegerField()
    outside = OutsideOutput(many=True)
    unknown = UnknownOutput(many=True)
    is_within = serializers.BooleanField()
    is_stored = serializers.BooleanField()
    shown = serializers.CharField()


class NoFileOutput(UnknownOutput):
    """A time for which it was said that there is no file of a logger."""

    id = serializers.UUIDField()
    stay = serializers.UUIDField()


class LinkOutput(serializers.Serializer[Plain]):
    """A hand-over, and where things were kept until the next one."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(["signed", "attested", "offered", "lapsed"])
    containers = serializers.ListField(child=serializers.CharField())
    giver = SideOutput()
    taker = SideOutput(allow_null=True)
    taker_party = serializers.CharField()
    shipper = serializers.CharField(allow_null=True)
    seal = serializers.CharField(allow_blank=True)
    lapses_at = serializers.DateTimeField()
    kept = KeptOutput(many=True)


class HeldOutput(serializers.Serializer[Plain]):
    """Who holds which containers now."""

    containers = serializers.ListField(child=serializers.CharField())
    party = serializers.CharField()
    person = serializers.CharField(allow_null=True)
    place = serializers.CharField(allow_null=True)
    position = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()


class CustodyOutput(serializers.Serializer[Plain]):
    """The custody record of a chain of identity, or of one of its batches."""

    chain = serializers.CharField()
    signed = serializers.IntegerField()
    attested = serializers.IntegerField()
    held = HeldOutput(many=True)
    before = KeptOutput(many=True)
    links = LinkOutput(many=True)
    gaps = serializers.ListField(child=serializers.CharField())
    contradictions = serializers.ListField(child=serializers.CharField())


def page_of(shape: type[serializers.Serializer[Plain]]) -> serializers.Serializer[Plain]:
    """Give the shape of one page of a list."""
    name = shape.__name__.replace("Output", "Page")
    fields = {
        "__doc__": f"One page: {(shape.__doc__ or '').strip()}",
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": shape(many=True),
    }
    made: type[serializers.Serializer[Plain]] = type(name, (serializers.Serializer,), fields)
    return made()
