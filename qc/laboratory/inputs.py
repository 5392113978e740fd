"""What pages and programs send of samples and readings, read in one way."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Person
from accounts.parsing import MomentField, StrictSerializer, TextField, YesNoField, parsed
from accounts.refusal import BadInput, Objection, refuse_if
from batches.models import Batch
from qc.contract_laboratory.certificates import objections_beside_certificates
from qc.laboratory.judging import NEVER_TAKEN_BACK
from qc.laboratory.recording import record_reading
from qc.models import Reading, Sample

Plain = dict[str, Any]  # Any: as the fields read it
MOST_BOTTLES = 99


class SampleInput(StrictSerializer[Plain]):
    """A sample that reached the laboratory: its label as read, when, and how it looked."""

    id = serializers.UUIDField()
    scanned = TextField(max_length=200)
    was_typed = YesNoField(required=False, default=True)
    received_at = MomentField()
    condition = TextField(max_length=300)


class ReadingInput(StrictSerializer[Plain]):
    """One thing as it was seen or measured; without a time it was read now."""

    id = serializers.UUIDField()
    line = TextField(max_length=40)
    member = TextField(max_length=40, required=False, default="")
    sample = serializers.UUIDField()
    replicate = serializers.IntegerField(min_value=1, max_value=MOST_BOTTLES, required=False, default=1)
    is_subculture = YesNoField(required=False, default=False)
    typed = TextField(max_length=200)
    performed_at = MomentField(required=False, default=None, allow_null=True)
    began_at = MomentField(required=False, default=None, allow_null=True)
    corrects = serializers.UUIDField(required=False, default=None, allow_null=True)
    reason = TextField(max_length=1000, required=False, default="")


def reading_from(batch: Batch, line: str, data: object, *, by: Person, comma_allowed: bool) -> Reading:
    """Record a reading from what a form or a program sent; raise Refused with what to do. A page names its line."""
    if not isinstance(data, Mapping):
        raise BadInput(Objection(_("Send one object with named fields."), code="bad_input"))
    sent = {name: value for name, value in data.items() if name != "csrfmiddlewaretoken" and value != ""}
    values = parsed(ReadingInput, sent | ({"line": line} if line else {}))
    corrects = _in_batch(batch, values["corrects"])
    if values["typed"] not in NEVER_TAKEN_BACK:
        refuse_if(objections_beside_certificates(batch, values["line"], corrects))
    sample = Sample.objects.select_related("container").filter(pk=values["sample"]).first()
    if sample is None:
        raise BadInput(Objection(_("This sample is not known. Receive it first."), code="bad_input", field="sample"))
    return record_reading(
        batch=batch,
        line=values["line"],
        member=values["member"] or values["line"],
        sample=sample,
        typed=values["typed"],
        by=by,
        id=values["id"],
        performed_at=values["performed_at"],
        replicate=values["replicate"],
        is_subculture=values["is_subculture"],
        began_at=values["began_at"],
        corrects=corrects,
        reason=values["reason"],
        comma_allowed=comma_allowed,
    )


def _in_batch(batch: Batch, wanted: UUID | None) -> Reading | None:
    if wanted is None:
        return None
    reading = Reading.objects.filter(pk=wanted, batch=batch).first()
    if reading is None:
        raise BadInput(Objection(_("The reading to correct is not known."), code="bad_input", field="corrects"))
    return reading
