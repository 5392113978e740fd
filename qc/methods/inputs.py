"""What pages and programs send of the bench, read in one way."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Person
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from accounts.refusal import BadInput, Objection
from batches.models import Batch
from ledger.models import StoredFile
from qc.definitions.method import CompleteDataKind
from qc.methods.recording import keep_complete_data, record_event, record_suitability
from qc.models import CompleteData, Sample, SuitabilityRecorded, TimedEvent

Plain = dict[str, Any]  # Any: as the fields read it
RowT = TypeVar("RowT", TimedEvent, SuitabilityRecorded)


class EventInput(StrictSerializer[Plain]):
    """A moment of a test; without a time it was now."""

    id = serializers.UUIDField()
    line = TextField(max_length=40)
    method = TextField(max_length=40, required=False, default="")
    event = TextField(max_length=40)
    sample = serializers.UUIDField()
    performed_at = MomentField(required=False, default=None, allow_null=True)
    corrects = serializers.UUIDField(required=False, default=None, allow_null=True)
    reason = TextField(max_length=1000, required=False, default="")


class SuitabilityInput(StrictSerializer[Plain]):
    """What showed that the system was fit, as typed: a number, or yes or no."""

    id = serializers.UUIDField()
    line = TextField(max_length=40)
    method = TextField(max_length=40, required=False, default="")
    check = TextField(max_length=40)
    typed = TextField(max_length=40)
    corrects = serializers.UUIDField(required=False, default=None, allow_null=True)
    reason = TextField(max_length=1000, required=False, default="")


class CompleteDataInput(StrictSerializer[Plain]):
    """A part of the complete data: a file that was stored before, or what is stated."""

    id = serializers.UUIDField()
    line = TextField(max_length=40)
    method = TextField(max_length=40, required=False, default="")
    kind = serializers.ChoiceField([one.value for one in CompleteDataKind])
    says = TextField(max_length=1000, required=False, default="")
    file = serializers.UUIDField(required=False, default=None, allow_null=True)


def event_from(batch: Batch, line: str, data: object, *, by: Person) -> TimedEvent:
    """Record a moment from what a form or a program sent; raise Refused with what to do. A page names its line."""
    values = parsed(EventInput, _sent(data, line))
    sample = Sample.objects.select_related("container").filter(pk=values.pop("sample")).first()
    corrects = _to_correct(TimedEvent, batch, values.pop("corrects"))
    return record_event(batch=batch, sample=sample, corrects=corrects, by=by, **values)


def suitability_from(batch: Batch, line: str, data: object, *, by: Person, comma_allowed: bool) -> SuitabilityRecorded:
    """Record a check of suitability from what a form or a program sent; raise Refused with what to do."""
    values = parsed(SuitabilityInput, _sent(data, line))
    corrects = _to_correct(SuitabilityRecorded, batch, values.pop("corrects"))
    return record_suitability(batch=batch, corrects=corrects, by=by, comma_allowed=comma_allowed, **values)


def complete_data_from(
    batch: Batch, line: str, data: object, *, by: Person, file: StoredFile | None = None
) -> CompleteData:
    """Keep complete data from what a form or a program sent; raise Refused with what to do."""
    values = parsed(CompleteDataInput, _sent(data, line))
    named = values.pop("file")
    stored = file or (StoredFile.objects.filter(pk=named).first() if named else None)
    return keep_complete_data(batch=batch, file=stored, by=by, **values)


def _sent(data: object, line: str) -> Plain:
    if not isinstance(data, Mapping):
        raise BadInput(Objection(_("Send one object with named fields."), code="bad_input"))
    sent = {name: value for name, value in data.items() if name != "csrfmiddlewaretoken" and value != ""}
    return sent | ({"line": line} if line else {})


def _to_correct(table: type[RowT], batch: Batch, wanted: UUID | None) -> RowT | None:
    if wanted is None:
        return None
    row = table._default_manager.filter(pk=wanted, batch=batch).first()
    if row is None:
        raise BadInput(Objection(_("What is to be corrected is not known."), code="bad_input", field="corrects"))
    return row
