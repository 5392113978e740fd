"""Importing what instruments measured, for programs: profiles, files, what a file would become, and plates."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.parsing import StrictSerializer, parsed
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from chain_of_custody.api.files import TableFileParser, table_part
from qc.batch_act import batch_called
from qc.importing.choosing import MeasuredInput
from qc.importing.importing import file_called, import_file, keep_file
from qc.importing.planning import Planned
from qc.importing.plates import LONGEST_WELL, record_plate
from qc.importing.previewing import Preview, preview_of
from qc.importing.reading_profiles import read_profile
from qc.importing.shipped import shipped
from qc.models import InstrumentFile, InstrumentImport, PlateEntry

Plain = dict[str, Any]  # Any: plain values of a JSON text


class InstrumentFileInput(MeasuredInput):
    """A file of an instrument with what is chosen for it."""

    file = serializers.FileField(help_text="a table as text, at most 5 MB")


class ConfirmInput(StrictSerializer[Plain]):
    """What was looked at: the digest that came with the preview."""

    shown = serializers.CharField(max_length=64)


class PlateInput(MeasuredInput):
    """Every well of a plate by its name, with a decimal point."""

    wells = serializers.DictField(child=serializers.CharField(max_length=LONGEST_WELL, trim_whitespace=False))


class GivenOutput(serializers.Serializer[Plain]):
    """A value that the files of a profile give; the member is the line, a member of it, or an input of its method."""

    line = serializers.CharField()
    member = serializers.CharField()
    unit = serializers.CharField()
    exponent = serializers.IntegerField()


class ProfileOutput(serializers.Serializer[Plain]):
    """A profile: its code, version and equipment, the columns with their units, the lines that it gives values of."""

    code = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    equipment = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    lines = serializers.ListField(child=serializers.CharField())
    values = GivenOutput(many=True)
    has_plate = serializers.BooleanField()


class PlannedOutput(serializers.Serializer[Plain]):
    """A value that would be recorded, or was, with the rows that it rests on."""

    member = serializers.CharField()
    replicate = serializers.IntegerField()
    typed = serializers.CharField()
    unit = serializers.CharField()
    unrounded = serializers.CharField()
    rule = serializers.CharField()
    rows = serializers.ListField(child=serializers.IntegerField())


class InstrumentFileOutput(serializers.Serializer[Plain]):
    """A file of an instrument as it was kept, with what was chosen for it."""

    id = serializers.UUIDField()
    line = serializers.CharField()
    sample = serializers.UUIDField()
    instrument = serializers.CharField()
    profile = serializers.CharField()
    profile_version = serializers.IntegerField()
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    is_imported = serializers.BooleanField()


class CalculatedReplicateOutput(serializers.Serializer[Plain]):
    """One replicate: what was entered for it, by code, and the value that follows, or why there is none."""

    number = serializers.IntegerField()
    entered = serializers.DictField(child=serializers.CharField())
    value = serializers.CharField()


class WorkingOutput(serializers.Serializer[Plain]):
    """How a value follows from its replicates under its method; the formula is empty where nothing is calculated."""

    member = serializers.CharField()
    method = serializers.CharField()
    formula = serializers.CharField()
    replicates = CalculatedReplicateOutput(many=True)
    mean = serializers.CharField()
    unit = serializers.CharField()
    cv_percent = serializers.CharField()
    spread = serializers.CharField()
    is_beyond = serializers.BooleanField()


class OutlookOutput(serializers.Serializer[Plain]):
    """What the test would say with these readings beside those in force, and what would still be missing."""

    verdict = serializers.CharField()
    reported = serializers.CharField()
    unrounded = serializers.CharField()
    why = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    workings = WorkingOutput(many=True)


class PreviewOutput(InstrumentFileOutput):
    """A kept file and what it would become; with one problem it becomes nothing. `shown` is what confirms it.

    There is an outlook only for what may still be imported.
    """

    rows = serializers.IntegerField()
    readings = PlannedOutput(many=True)
    outlook = OutlookOutput(allow_null=True)
    problems = serializers.ListField(child=serializers.CharField())
    shown = serializers.CharField()


class ImportedOutput(serializers.Serializer[Plain]):
    """An import and its readings."""

    id = serializers.UUIDField()
    file = serializers.UUIDField()
    run = serializers.IntegerField()
    readings = serializers.ListField(child=serializers.UUIDField())


class ImportsOutput(serializers.Serializer[Plain]):
    """One page of the files of a batch."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = InstrumentFileOutput(many=True)


class PlateReadingOutput(serializers.Serializer[Plain]):
    """A reading of a plate, with the number of its replicate."""

    id = serializers.UUIDField()
    replicate = serializers.IntegerField()
    typed = serializers.CharField()


class PlateOutput(serializers.Serializer[Plain]):
    """A plate that was recorded, and its readings."""

    id = serializers.UUIDField()
    readings = PlateReadingOutput(many=True)


def _planned(one: Planned) -> Plain:
    told = one.told()
    return {name: told[name] for name in ("member", "replicate", "typed", "unrounded", "rule")} | {
        "unit": one.unit,
        "rows": one.found.rows,
    }


def _file(row: InstrumentFile) -> Plain:
    return {
        "id": row.pk,
        "line": row.line,
        "sample": row.sample_id,
        "instrument": row.instrument.code,
        "profile": row.profile,
        "profile_version": row.profile_version,
        "name": row.file.original_name,
        "sha256": row.file.sha256,
        "size": row.file.size,
        "is_imported": hasattr(row, "imported"),
    }


def _preview(shown: Preview) -> Plain:
    return _file(shown.file) | {
        "rows": len(shown.table.rows),
        "readings": [_planned(one) for one in shown.reads.readings],
        "outlook": shown.outlook.told() if shown.outlook else None,
        "problems": shown.sentences,
        "shown": shown.digest,
    }


def _imported(row: InstrumentImport) -> Plain:
    readings = list(row.readings.order_by("reading__member", "reading__replicate").values_list("reading", flat=True))
    return {"id": row.pk, "file": row.source_id, "run": row.run, "readings": readings}


class ProfilesView(APIView):
    """The instrument profiles that ship."""

    @documented("List the instrument profiles", answers=ProfileOutput(many=True), tag="importing")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        profiles = [read_profile(source) for source in shipped().values()]
        told = [
            {
                "code": one.code,
                "version": one.version,
                "title": one.title,
                "equipment": one.equipment,
                "columns": [f"{name} ({unit})" if unit else name for name, unit in one.columns.items()],
                "lines": sorted({target.line for target in one.targets}),
                "values": [
                    {"line": each.line, "member": each.member, "unit": each.unit, "exponent": each.exponent}
                    for each in one.targets
                ],
                "has_plate": one.plate is not None,
            }
            for one in profiles
        ]
        return Response([ProfileOutput(one).data for one in told])


class ImportsView(APIView):
    """The files of instruments that were sent for a batch."""

    parser_classes = (TableFileParser,)

    @documented("List the instrument files of a batch", answers=ImportsOutput, tag="importing")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        found = InstrumentFile.objects.filter(batch=batch_called(number))
        pages = Pages.by("recorded_at", "pk")()
        page = pages.paginate_queryset(found.select_related("file", "instrument", "imported"), request, view=self) or []
        return pages.get_paginated_response([InstrumentFileOutput(_file(row)).data for row in page])

    @documented(
        "Keep a file of an instrument and say what it would become; nothing is recorded yet",
        sends=InstrumentFileInput,
        answers=PreviewOutput,
        status=201,
        tag="importing",
    )
    def post(self, request: Request, number: str) -> Response:
        by, batch = asker(request), batch_called(number)
        name, content = table_part(request)
        values = parsed(MeasuredInput, request.POST.dict())
        row = keep_file(batch=batch, content=content, name=name, by=by, **values)
        return Response(PreviewOutput(_preview(preview_of(file_called(batch, row.pk)))).data, status=201)


class ImportView(APIView):
    """One file of an instrument."""

    @documented("Read what an instrument file would become", answers=PreviewOutput, tag="importing")
    def get(self, request: Request, number: str, file: UUID) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response(PreviewOutput(_preview(preview_of(file_called(batch_called(number), file)))).data)

    @documented(
        "Import an instrument file as it was shown",
        sends=ConfirmInput,
        answers=ImportedOutput,
        status=201,
        tag="importing",
    )
    def post(self, request: Request, number: str, file: UUID) -> Response:
        by, row = asker(request), file_called(batch_called(number), file)
        imported = import_file(row=row, shown=parsed(ConfirmInput, request.data)["shown"], by=by)
        return Response(ImportedOutput(_imported(imported)).data, status=201)


class PlatesView(APIView):
    """Plates whose wells are typed."""

    @documented(
        "Record every well of a plate at once", sends=PlateInput, answers=PlateOutput, status=201, tag="importing"
    )
    def post(self, request: Request, number: str) -> Response:
        by = asker(request)
        plate: PlateEntry = record_plate(batch=batch_called(number), by=by, **parsed(PlateInput, request.data))
        links = plate.readings.select_related("reading").order_by("reading__replicate")
        readings = [
            {"id": one.pk, "replicate": one.replicate, "typed": one.typed} for one in (x.reading for x in links)
        ]
        return Response(PlateOutput({"id": plate.pk, "readings": readings}).data, status=201)
