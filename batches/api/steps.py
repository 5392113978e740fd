"""Working a step through the API: begin, scan, record. Signing goes through challenges and acts."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import parsed
from accounts.refusal import BadInput, Objection
from batches.api import wording
from batches.api.shapes import (
    RecordedOutput,
    ScanInput,
    ScanOutput,
    StartInput,
    StartOutput,
    StepLineOutput,
    StepOutput,
    ValueInput,
)
from batches.api.views import reader
from batches.bench import field_called
from batches.identity import batch_numbered
from batches.judging import unit_words
from batches.models import Batch, Value
from batches.performing import correct_value, record_value, start_step
from batches.record import record_of
from batches.scanning import scan_slot


class StepsView(APIView):
    """The steps of a batch in the order of its master record."""

    @documented("List the steps of a batch", answers=StepLineOutput(many=True), tag="steps")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response([wording.step_line(step) for step in record_of(batch_numbered(number)).steps])


class StepView(APIView):
    """One step with its fields, limits, quantities and signatures."""

    @documented("Read a step", answers=StepOutput, tag="steps")
    def get(self, request: Request, number: str, step: str) -> Response:
        reader(request)
        found = record_of(batch_numbered(number)).step(step)
        if found is None:
            raise Http404
        return Response(wording.step(found))


class StartView(APIView):
    """The beginning of a step."""

    @documented("Begin a step", sends=StartInput, answers=StartOutput, status=201, tag="steps")
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(StartInput, request.data)
        batch = batch_numbered(number)
        return Response(wording.start(start_step(batch=batch, step=step, by=asker(request), **data)), status=201)


class ValuesView(APIView):
    """Values, one by one, as typed."""

    @documented("Record or correct a value", sends=ValueInput, answers=RecordedOutput, status=201, tag="steps")
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(ValueInput, request.data)
        by = asker(request)
        batch = batch_numbered(number)
        _refuse_other_unit(batch, step, data["field"], data.pop("unit"))
        corrected, reason = data.pop("supersedes"), data.pop("reason")
        if corrected is None:
            return Response(wording.recorded(record_value(batch=batch, step=step, by=by, **data)), status=201)
        before = get_object_or_404(Value, pk=corrected, batch=batch, step=step, field=data["field"])
        before.batch = batch
        stored = correct_value(
            value=before,
            typed=data["typed"],
            reason=reason,
            by=by,
            id=data["id"],
            confirmed=data["confirmed"],
            not_applicable=data["not_applicable"],
        )
        return Response(wording.recorded(stored), status=201)


def _refuse_other_unit(batch: Batch, step: str, field: str, unit: str) -> None:
    """Refuse a value that names another unit than its field; a value without one is in the field's own."""
    _step, wanted = field_called(batch, step, field)
    own = {wanted.unit, unit_words(wanted.unit, wanted.exponent)}
    if unit and unit not in own:
        says = _("%(title)s is recorded in %(unit)s. Convert the value, or leave the unit out.")
        words = {"title": wanted.title, "unit": unit_words(wanted.unit, wanted.exponent) or _("no unit")}
        raise BadInput(Objection(says % words, code="wrong_unit", field="unit"))


class ScansView(APIView):
    """Codes read into the slots of a step."""

    @documented("Scan into a slot", sends=ScanInput, answers=ScanOutput, status=201, tag="steps")
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(ScanInput, request.data)
        batch = batch_numbered(number)
        typed = data.pop("was_typed")
        stored = scan_slot(batch=batch, step=step, by=asker(request), typed=typed, **data)
        return Response(wording.scanned(stored), status=201)
