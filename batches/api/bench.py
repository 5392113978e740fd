"""What stands at the bench beside the steps: starting material, hold times, shift, parts left out; notes and files.

Decisions and hand-overs go through challenges and acts: `starting_material.decide`, `step.leave_out`,
`batch.hand_over_shift`, `batch.take_over_shift`, `yield.verify`.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from batches.accepting import decision_on
from batches.api import wording
from batches.api.shapes import NoteOutput, Plain, SignedByOutput, StepFileOutput
from batches.api.views import reader
from batches.hold_times import Clock, clocks_of
from batches.identity import batch_numbered
from batches.models import StartingMaterialDecision
from batches.noting import add_file, add_note
from batches.record import record_of
from batches.shifts import is_waiting, newest_hand_over, open_steps
from batches.yields import YieldRecord
from ledger import clock
from ledger.models import StoredFile, plain


class NoteInput(StrictSerializer[Plain]):
    """A note to a step."""

    id = serializers.UUIDField()
    says = TextField(max_length=2000)
    happened_at = MomentField(required=False, default=None)


class StepFileInput(StrictSerializer[Plain]):
    """A file that the sender stored before; `evidence` where it is what the step asks for."""

    id = serializers.UUIDField()
    file = serializers.UUIDField()
    title = TextField(max_length=200, required=False, allow_blank=True, default="")
    evidence = TextField(max_length=40, required=False, allow_blank=True, default="")


class HoldTimeOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """A hold time as a clock; minutes are whole ones."""

    code = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    limit_minutes = serializers.IntegerField()
    warn_minutes = serializers.IntegerField()
    on_exceeding = serializers.CharField()
    started_at = serializers.CharField(allow_null=True)
    ended_at = serializers.CharField(allow_null=True)
    warn_at = serializers.CharField(allow_null=True)
    limit_at = serializers.CharField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)


class StartingMaterialOutput(serializers.Serializer[Any]):
    """What was decided on the starting material; nothing before."""

    kind = serializers.CharField()
    decision = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    signed = SignedByOutput(allow_null=True)


class HandOverOutput(serializers.Serializer[Any]):
    """The newest hand-over; its id is the subject of `batch.take_over_shift`."""

    id = serializers.UUIDField()
    open_steps = serializers.ListField(child=serializers.CharField())
    says = serializers.CharField()
    waits = serializers.BooleanField()
    given = SignedByOutput()
    taken = SignedByOutput(allow_null=True)


class LeftOutOutput(serializers.Serializer[Any]):
    """A part of the master record that does not apply to this batch, and why."""

    step = serializers.CharField()
    title = serializers.CharField()
    why = serializers.CharField()
    is_step = serializers.BooleanField()


class BenchOutput(serializers.Serializer[Any]):
    """What stands at the bench beside the steps."""

    starting_material = StartingMaterialOutput()
    hold_times = HoldTimeOutput(many=True)
    open_steps = serializers.ListField(child=serializers.CharField())
    hand_over = HandOverOutput(allow_null=True)
    left_out = LeftOutOutput(many=True)


class YieldOutput(serializers.Serializer[Any]):
    """A yield as it stands, unrounded, with every version that was verified."""

    code = serializers.CharField()
    title = serializers.CharField()
    phase = serializers.CharField()
    step = serializers.CharField()
    status = serializers.CharField()
    actual = serializers.CharField(allow_null=True)
    theoretical = serializers.CharField(allow_null=True)
    percent = serializers.CharField(allow_null=True)
    why_not = serializers.CharField()
    limit = serializers.CharField()
    verdict = serializers.CharField()
    verified = SignedByOutput(many=True)


class BenchView(APIView):
    """Starting material, hold times, shift and the parts left out of a batch."""

    @documented("Read what stands at the bench of a batch", answers=BenchOutput, tag="steps")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        batch = batch_numbered(number)
        record = record_of(batch)
        decided, hand_over = decision_on(batch), newest_hand_over(batch)
        told: Plain = {
            "starting_material": _decision(str(batch.starting_material), decided),
            "hold_times": [_clock(each) for each in clocks_of(batch, clock.now(), record.master)],
            "open_steps": [step.definition.code for step in open_steps(batch)],
            "hand_over": None,
            "left_out": [
                {"step": each.step, "title": each.title, "why": each.why, "is_step": each.is_step}
                for each in record.master.left_out
            ],
        }
        if hand_over is not None:
            waits = is_waiting(hand_over)
            told["hand_over"] = {
                "id": hand_over.pk,
                "open_steps": hand_over.open_steps,
                "says": hand_over.says,
                "waits": waits,
                "given": wording.signature(hand_over),
                "taken": None if waits else wording.signature(hand_over.taken),
            }
        return Response(told)


def _decision(kind: str, decided: StartingMaterialDecision | None) -> Plain:
    return {
        "kind": kind,
        "decision": decided.decision if decided else None,
        "reason": decided.reason if decided else "",
        "signed": wording.signature(decided),
    }


def _clock(each: Clock) -> Plain:
    moments = {name: getattr(each, name) for name in ("started_at", "ended_at", "warn_at", "limit_at")}
    return {
        "code": each.definition.code,
        "title": each.definition.title,
        "state": str(each.state),
        "limit_minutes": each.definition.limit_minutes,
        "warn_minutes": each.definition.warn_minutes,
        "on_exceeding": str(each.definition.on_exceeding),
        "minutes": each.minutes,
    } | {name: None if moment is None else str(plain(moment)) for name, moment in moments.items()}


class YieldsView(APIView):
    """The yields of a batch; one person verifies each by the act `yield.verify` on the batch."""

    @documented("Read the yields of a batch", answers=YieldOutput(many=True), tag="steps")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response([_yield(each) for each in record_of(batch_numbered(number)).yields])


def _yield(each: YieldRecord) -> Plain:
    numbers = {"actual": each.actual.value, "theoretical": each.theoretical.value, "percent": each.percent}
    return {
        "code": each.definition.code,
        "title": each.definition.title,
        "phase": str(each.definition.phase),
        "step": each.definition.step,
        "status": str(each.status),
        "why_not": each.why_not,
        "limit": each.limit,
        "verdict": str(each.verdict),
        "verified": [wording.signature(row) for row in each.versions],
    } | {name: None if value is None else f"{value:f}" for name, value in numbers.items()}


class NotesView(APIView):
    """Notes to a step; taken at any time."""

    @documented("Add a note to a step", sends=NoteInput, answers=NoteOutput, status=201, tag="steps")
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(NoteInput, request.data)
        row = add_note(batch=batch_numbered(number), step=step, by=asker(request), **data)
        return Response(wording.note(row), status=201)


class StepFilesView(APIView):
    """Files kept with a step; the bytes are stored before, at `files/`."""

    @documented("Keep a file with a step", sends=StepFileInput, answers=StepFileOutput, status=201, tag="steps")
    def post(self, request: Request, number: str, step: str) -> Response:
        data = parsed(StepFileInput, request.data)
        file = StoredFile.objects.filter(pk=data.pop("file")).first()
        row = add_file(batch=batch_numbered(number), step=step, file=file, by=asker(request), **data)
        return Response(wording.step_file(row), status=201)
