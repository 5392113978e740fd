"""The continuity record through the API: its copies, and entering a step back from paper.

Accounting for a copy, comparing and signing are acts: `continuity.account`, `transcription.compare`, `step.perform`,
`step.check_before`, `step.witness`, `step.perform_for_absent`.
"""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.models import Person
from accounts.parsing import MomentField, StrictSerializer, TextField, YesNoField, parsed
from accounts.refusal import BadInput, Objection
from batches.api import wording
from batches.api.shapes import Plain, RecordedOutput, ScanOutput, SignedByOutput, StepPaperOutput
from batches.api.views import BATCHES, reader
from batches.api.wording import signature
from batches.continuity import copies_of, is_accounted, newest_edition, take_copy
from batches.identity import batch_numbered
from batches.models import Batch, ContinuityCopy, ContinuityRecord
from batches.record import record_of
from batches.transcribing import begin_transcription, record_from_paper, scan_from_paper
from ledger.models import plain


class TakeInput(StrictSerializer[Plain]):
    """Where the copy is kept."""

    id = serializers.UUIDField()
    place = TextField(max_length=120, min_length=3)


class StepPaperInput(StrictSerializer[Plain]):
    """Who did a step on which copy, by user names, as the paper says; `reason` where it was read otherwise before."""

    id = serializers.UUIDField()
    copy = serializers.UUIDField()
    done_by = TextField(max_length=40)
    checked_by = TextField(max_length=40, required=False, default="")
    watched_by = TextField(max_length=40, required=False, default="")
    happened_at = MomentField()
    reason = TextField(max_length=900, required=False, default="")


class PaperValueInput(StrictSerializer[Plain]):
    """One value as it stands on the paper, with its time; where nothing stands there, `typed` says why."""

    id = serializers.UUIDField()
    field = TextField(max_length=40)
    typed = TextField(max_length=1000, trim_whitespace=False)
    performed_at = MomentField()
    confirmed = YesNoField(required=False, default=False)
    not_applicable = YesNoField(required=False, default=False)


class PaperScanInput(StrictSerializer[Plain]):
    """One code as it stands on the paper, with its time."""

    id = serializers.UUIDField()
    slot = TextField(max_length=40)
    code = TextField(max_length=200)
    performed_at = MomentField()


class ContinuityEditionOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """The newest edition of a continuity record."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    edition = serializers.IntegerField()
    steps = serializers.ListField(child=serializers.CharField())
    made_at = serializers.CharField()
    sha256 = serializers.CharField()


class ContinuityCopyOutput(serializers.Serializer[Any]):
    """A numbered copy; its id is the subject of `continuity.account`."""

    id = serializers.UUIDField()
    record = serializers.CharField()
    number = serializers.IntegerField()
    place = serializers.CharField()
    taken_at = serializers.CharField()
    sha256 = serializers.CharField()
    fate = serializers.CharField(allow_null=True)
    scan = serializers.UUIDField(allow_null=True)
    accounted = SignedByOutput(allow_null=True)


class ContinuityOutput(serializers.Serializer[Any]):
    """The newest edition and every copy."""

    edition = ContinuityEditionOutput(allow_null=True)
    copies = ContinuityCopyOutput(many=True)


class ContinuityView(APIView):
    """The continuity record of a batch."""

    @documented("Read the continuity record of a batch", answers=ContinuityOutput, tag="continuity")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        batch = get_object_or_404(BATCHES, number=number)
        edition = newest_edition(batch)
        return Response(
            {"edition": _edition(edition) if edition else None, "copies": [_copy(one) for one in copies_of(batch)]}
        )


class CopiesView(APIView):
    """Numbered copies."""

    @documented(
        "Take a copy of a continuity record",
        sends=TakeInput,
        answers=ContinuityCopyOutput,
        status=201,
        tag="continuity",
    )
    def post(self, request: Request, number: str) -> Response:
        by = reader(request)
        data = parsed(TakeInput, request.data)
        return Response(_copy(take_copy(batch=batch_numbered(number), by=by, **data)), status=201)


class StepPaperView(APIView):
    """Who did a step on paper."""

    @documented(
        "Begin to enter a step back from paper",
        sends=StepPaperInput,
        answers=StepPaperOutput,
        status=201,
        tag="continuity",
    )
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(StepPaperInput, request.data)
        batch = batch_numbered(number)
        begin_transcription(batch=batch, step=step, by=asker(request), **_named(batch, data))
        found = record_of(batch).step(step)
        if found is None:
            raise Http404
        return Response(wording.paper(found), status=201)


class PaperValuesView(APIView):
    """Values from paper, one by one."""

    @documented(
        "Enter a value back from paper", sends=PaperValueInput, answers=RecordedOutput, status=201, tag="continuity"
    )
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(PaperValueInput, request.data)
        stored = record_from_paper(batch=batch_numbered(number), step=step, by=asker(request), **data)
        return Response(wording.recorded(stored), status=201)


class PaperScansView(APIView):
    """Codes from paper, one by one."""

    @documented("Enter a code back from paper", sends=PaperScanInput, answers=ScanOutput, status=201, tag="continuity")
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(PaperScanInput, request.data)
        stored = scan_from_paper(batch=batch_numbered(number), step=step, by=asker(request), **data)
        return Response(wording.scanned(stored), status=201)


def _named(batch: Batch, data: dict[str, Any]) -> dict[str, Any]:  # Any: as a serializer read it
    """Give the copy of an id and the people of user names; raise BadInput for one that is none."""
    found = ContinuityCopy.objects.select_related("record", "accounted")
    copy = found.filter(pk=data["copy"], batch=batch).first()
    if copy is None:
        raise BadInput(Objection(_("Choose a copy of this batch."), code="bad_input", field="copy"))
    people: dict[str, Person | None] = {}
    for name in ("done_by", "checked_by", "watched_by"):
        username = str(data[name])
        person = Person.objects.select_related("state").filter(username__iexact=username).first() if username else None
        if username and person is None:
            raise BadInput(Objection(_("Nobody has this user name."), code="bad_input", field=name))
        people[name] = person
    return data | {"copy": copy} | people


def _edition(row: ContinuityRecord) -> Plain:
    return {
        "id": str(row.pk),
        "number": row.number,
        "edition": row.edition,
        "steps": row.steps,
        "made_at": plain(row.recorded_at),
        "sha256": row.file.sha256,
    }


def _copy(row: ContinuityCopy) -> Plain:
    accounted = row.accounted if is_accounted(row) else None
    return {
        "id": str(row.pk),
        "record": row.record.number,
        "number": row.number,
        "place": row.place,
        "taken_at": plain(row.recorded_at),
        "sha256": row.file.sha256,
        "fate": accounted.fate if accounted else None,
        "scan": str(accounted.scan_id) if accounted and accounted.scan_id else None,
        "accounted": signature(accounted),
    }
