"""What programs send to this room, and what they read. Numbers are text, so that no digit is lost."""

from typing import Any

from rest_framework import serializers

from accounts.api.schema import ObjectionOutput
from accounts.parsing import DayField, MomentField, StrictSerializer, TextField, TypedNumberField, YesNoField

Plain = dict[str, Any]  # Any: plain values of a JSON text


class WeightInput(StrictSerializer[Plain]):
    """A recipient's weight; `supersedes` and `reason` where it corrects another."""

    id = serializers.UUIDField()
    kilograms = TypedNumberField()
    weighed_on = DayField()
    source = TextField(max_length=120)  # type: ignore[assignment]  # DRF has an attribute of this name
    supersedes = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = TextField(max_length=1000, required=False, default="")
    confirmed = YesNoField(required=False, default=False)


class StartInput(StrictSerializer[Plain]):
    """The beginning of a step; `reason` where an earlier step is still open."""

    id = serializers.UUIDField()
    happened_at = MomentField(required=False, default=None)
    reason = TextField(max_length=900, required=False, default="")


class ValueInput(StrictSerializer[Plain]):
    """One value as typed; `supersedes` and `reason` where it corrects another before the step is signed."""

    id = serializers.UUIDField()
    field = TextField(max_length=40)
    typed = TextField(max_length=1000, trim_whitespace=False)
    unit = TextField(max_length=30, required=False, default="")
    performed_at = MomentField(required=False, default=None)
    late_reason = TextField(max_length=900, required=False, default="")
    supersedes = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = TextField(max_length=900, required=False, default="")
    confirmed = YesNoField(required=False, default=False)
    not_applicable = YesNoField(required=False, default=False, help_text="then `typed` is why")


class ScanInput(StrictSerializer[Plain]):
    """A code that was read into a slot; `was_typed` where it came from a keyboard."""

    id = serializers.UUIDField()
    slot = TextField(max_length=40)
    code = TextField(max_length=200)
    was_typed = YesNoField(required=False, default=False)
    performed_at = MomentField(required=False, default=None)


class DepartureInput(StrictSerializer[Plain]):
    """What somebody reports to have gone wrong."""

    id = serializers.UUIDField()
    says = TextField(max_length=1000)
    step = TextField(max_length=10, required=False, default="")


class SignedByOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """Who signed, as what, meaning what, when."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    username = serializers.CharField()
    role = serializers.CharField()
    meaning = serializers.CharField()
    meaning_text = serializers.CharField()
    signed_at = serializers.CharField()


class DefinitionOutput(serializers.Serializer[Any]):
    """A version of a definition; `source`, `warnings` and `unfilled` in the detail alone."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    code = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    product = serializers.CharField()
    sha256 = serializers.CharField()
    change = serializers.CharField()
    status = serializers.ChoiceField(["prepared", "checked", "returned", "approved", "in_force", "superseded"])
    effective_from = serializers.CharField(allow_null=True)
    returned = serializers.CharField(help_text="why it was sent back; empty where it was not")
    signatures = SignedByOutput(many=True)
    warnings = serializers.ListField(child=serializers.CharField(), required=False)
    unfilled = serializers.ListField(child=serializers.CharField(), required=False)
    source = serializers.CharField(required=False)  # type: ignore[assignment]  # DRF has an attribute of this name


class WeightOutput(serializers.Serializer[Any]):
    """A weight with its day, and whether a second person verified it."""

    id = serializers.UUIDField()
    kilograms = serializers.CharField()
    weighed_on = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    reason = serializers.CharField()
    supersedes = serializers.UUIDField(allow_null=True)
    in_force = serializers.BooleanField()
    verified = SignedByOutput(allow_null=True)


class EndedOutput(serializers.Serializer[Any]):
    """How an order ended, and who says so."""

    how = serializers.CharField()
    happened_on = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    reason = serializers.CharField()
    signed = SignedByOutput()


class OrderOutput(serializers.Serializer[Any]):
    """An order; how it `ended`, its `weights` and `batches` in the detail alone."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    chain = serializers.CharField()
    product = serializers.CharField()
    product_version = serializers.IntegerField()
    prescriber = serializers.CharField()
    prescription = serializers.CharField()
    sponsor_number = serializers.CharField()
    planned_infusion = serializers.CharField(allow_null=True)
    course = serializers.CharField(allow_blank=True)
    ended = EndedOutput(required=False, allow_null=True)
    weights = WeightOutput(many=True, required=False)
    batches = serializers.ListField(child=serializers.CharField(), required=False)


class PinnedOutput(serializers.Serializer[Any]):
    """A definition that a batch is pinned to."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    version = serializers.IntegerField()


class DepartureOutput(serializers.Serializer[Any]):
    """Something that was not as the master record says."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    step = serializers.CharField()
    says = serializers.CharField()
    recorded_at = serializers.CharField()
    about_type = serializers.CharField()
    about_id = serializers.UUIDField(allow_null=True)


class BatchOutput(serializers.Serializer[Any]):
    """A batch with its stage and disposition; `objections` in the detail alone."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    order = serializers.CharField()
    chain = serializers.CharField()
    stage = serializers.CharField()
    disposition = serializers.CharField()
    product = PinnedOutput()
    master = PinnedOutput()
    specification = PinnedOutput()
    issued = SignedByOutput()
    objections = ObjectionOutput(many=True, required=False)


class ValueOutput(serializers.Serializer[Any]):
    """A stored value, as typed and at its plain scale."""

    id = serializers.UUIDField()
    typed = serializers.CharField()
    number = serializers.CharField(allow_null=True)
    exponent = serializers.IntegerField()
    unit = serializers.CharField()
    performed_at = serializers.CharField()
    recorded_at = serializers.CharField()
    was_asked_again = serializers.BooleanField()
    is_not_applicable = serializers.BooleanField()
    supersedes = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    from_copy = serializers.UUIDField(allow_null=True)


class RecordedOutput(serializers.Serializer[Any]):
    """A value as it was stored, and what it says; a departure where it is outside its limits."""

    value = ValueOutput()
    shown = serializers.CharField()
    limit = serializers.CharField()
    verdict = serializers.CharField()
    departure = DepartureOutput(allow_null=True)


class ScanOutput(serializers.Serializer[Any]):
    """A code as it was stored, whether it fits, and what to do where it does not."""

    id = serializers.UUIDField()
    slot = serializers.CharField()
    code = serializers.CharField()
    was_typed = serializers.BooleanField()
    fits = serializers.BooleanField()
    says = serializers.CharField()
    performed_at = serializers.CharField()
    from_copy = serializers.UUIDField(allow_null=True)
    departure = DepartureOutput(allow_null=True)


class StartOutput(serializers.Serializer[Any]):
    """The beginning of a step; its id is the subject of `step.check_before` and `step.perform`."""

    id = serializers.UUIDField()
    step = serializers.CharField()
    happened_at = serializers.CharField()
    reason = serializers.CharField()


class FieldOutput(serializers.Serializer[Any]):
    """A field with its limit and every value that it had."""

    code = serializers.CharField()
    title = serializers.CharField()
    type = serializers.CharField()
    unit = serializers.CharField()
    exponent = serializers.IntegerField()
    decimals = serializers.IntegerField()
    limit = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField())
    required = serializers.BooleanField()  # type: ignore[assignment]  # DRF has an attribute of this name
    shown = serializers.CharField()
    verdict = serializers.CharField()
    values = ValueOutput(many=True)


class DerivedOutput(serializers.Serializer[Any]):
    """A derived quantity as it stands."""

    code = serializers.CharField()
    title = serializers.CharField()
    formula = serializers.CharField()
    version = serializers.IntegerField()
    result = serializers.CharField(allow_null=True)
    why_not = serializers.CharField()
    shown = serializers.CharField()
    unit = serializers.CharField()
    limit = serializers.CharField()
    verdict = serializers.CharField()
    inputs = serializers.ListField(child=serializers.DictField())


class SlotOutput(serializers.Serializer[Any]):
    """A scan slot and what was read into it."""

    code = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    of = serializers.CharField()
    many = serializers.BooleanField()  # type: ignore[assignment]  # DRF has an attribute of this name
    scans = ScanOutput(many=True)


class StepLineOutput(serializers.Serializer[Any]):
    """A step of a batch and where it stands."""

    code = serializers.CharField()
    title = serializers.CharField()
    stage = serializers.CharField()
    kind = serializers.CharField()
    critical = serializers.BooleanField()
    witness = serializers.BooleanField()
    forced = serializers.BooleanField()
    optional = serializers.BooleanField()
    protects = serializers.CharField()
    status = serializers.CharField()
    again = serializers.CharField()


class NoteOutput(serializers.Serializer[Any]):
    """A note to a step."""

    id = serializers.UUIDField()
    step = serializers.CharField()
    says = serializers.CharField()
    happened_at = serializers.CharField()
    by = serializers.CharField()


class StepFileOutput(serializers.Serializer[Any]):
    """A file kept with a step."""

    id = serializers.UUIDField()
    step = serializers.CharField()
    title = serializers.CharField()
    evidence = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    media_type = serializers.CharField()
    by = serializers.CharField()


class EvidenceOutput(serializers.Serializer[Any]):
    """A file that a step asks for."""

    code = serializers.CharField()
    title = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]  # DRF has an attribute of this name
    there = serializers.BooleanField()


class AtWorkOutput(serializers.Serializer[Any]):
    """Who began a step that is not signed yet, and when; nobody is kept from going on."""

    name = serializers.CharField()
    since = serializers.CharField()


class StepLeftOutOutput(serializers.Serializer[Any]):
    """An optional step that was left out."""

    reason = serializers.CharField()
    signed = SignedByOutput()


class StepPaperOutput(serializers.Serializer[Any]):
    """That a step was worked on paper; its id is the subject of `transcription.compare`."""

    id = serializers.UUIDField()
    record = serializers.CharField()
    copy_number = serializers.IntegerField()
    done_by = serializers.CharField()
    checked_by = serializers.CharField()
    watched_by = serializers.CharField()
    is_compared = serializers.BooleanField()
    compared = SignedByOutput(allow_null=True)


class StepOutput(StepLineOutput):
    """A step with its instruction, slots, fields, quantities, signatures, notes and files."""

    instruction = serializers.CharField()
    start = StartOutput(allow_null=True)
    slots = SlotOutput(many=True)
    values = FieldOutput(many=True)
    derived = DerivedOutput(many=True)
    checked = SignedByOutput(allow_null=True)
    performed = SignedByOutput(allow_null=True)
    witnessed = SignedByOutput(allow_null=True)
    left_out = StepLeftOutOutput(allow_null=True)
    at_work = AtWorkOutput(allow_null=True)
    evidence = EvidenceOutput(many=True)
    notes = NoteOutput(many=True)
    files = StepFileOutput(many=True)
    paper = StepPaperOutput(allow_null=True)


def page_of(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Give the shape of one page of a list."""
    name = f"{shape.__name__}Page"
    parts: dict[str, Any] = {  # Any: serializer fields of any kind
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "results": shape(many=True),
    }
    page: type[serializers.Serializer[Any]] = type(name, (serializers.Serializer,), parts)
    return page()
