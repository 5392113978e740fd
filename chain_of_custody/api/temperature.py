"""Files of temperature loggers through the API: one is sent, answered with what it says, and confirmed."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import parsed
from chain_of_custody.api.files import TableFileParser, table_part
from chain_of_custody.api.finding import listed, reader, sent
from chain_of_custody.api.shapes import (
    ConfirmInput,
    LoggerFileInput,
    LoggerFileOutput,
    NoFileInput,
    NoFileOutput,
    Plain,
    SentLoggerFileInput,
    page_of,
)
from chain_of_custody.models import ChainOfIdentity, LoggerFile, TemperatureUnknown
from chain_of_custody.temperature.judging import Unknown
from chain_of_custody.temperature.seeing import seen_in, trace_columns
from chain_of_custody.temperature.storing import confirm_trace, keep_logger_file, logger_file_called, state_no_file
from chain_of_custody.temperature.telling import unknown_words
from ledger import files
from ledger.models import plain


class SentFileInput(LoggerFileInput):
    """What stands beside the file in the request."""

    stay = SentLoggerFileInput().fields["stay"]


class LoggerFilesView(APIView):
    """The files of loggers that were sent for a chain of identity."""

    parser_classes = (TableFileParser,)

    @documented("List the logger files of a chain", answers=page_of(LoggerFileOutput), tag="custody")
    def get(self, request: Request, identifier: str) -> Response:
        reader(request)
        coi = get_object_or_404(ChainOfIdentity, identifier=identifier)
        rows = LoggerFile.objects.filter(coi=coi).select_related("place", "file", "trace")
        return listed(rows, request, self, _file)

    @documented(
        "Keep the file of a logger and say what it shows; custody says nothing of it yet",
        sends=SentLoggerFileInput,
        answers=LoggerFileOutput,
        status=201,
        tag="custody",
    )
    def post(self, request: Request, identifier: str) -> Response:
        by = asker(request)
        coi = get_object_or_404(ChainOfIdentity, identifier=identifier)
        name, content = table_part(request)
        values = parsed(SentFileInput, request.POST.dict())
        row = keep_logger_file(coi=coi, content=content, name=name, by=by, **values)
        return Response(_file(row), status=201)


class LoggerFileView(APIView):
    """One file of a logger."""

    @documented("Read what a logger file says", answers=LoggerFileOutput, tag="custody")
    def get(self, request: Request, identifier: str, file: UUID) -> Response:
        reader(request)
        return Response(_file(_called(identifier, file)))

    @documented(
        "Confirm what a logger file says", sends=ConfirmInput, answers=LoggerFileOutput, status=201, tag="custody"
    )
    def post(self, request: Request, identifier: str, file: UUID) -> Response:
        by, shown = asker(request), parsed(ConfirmInput, sent(request))["shown"]
        confirm_trace(_called(identifier, file), shown=shown, by=by)
        return Response(_file(_called(identifier, file)), status=201)


class NoFileView(APIView):
    """The statement that there is no file of a logger for a time."""

    @documented("State that no logger file exists", sends=NoFileInput, answers=NoFileOutput, status=201, tag="custody")
    def post(self, request: Request, identifier: str, stay: UUID) -> Response:
        by, data = asker(request), parsed(NoFileInput, sent(request))
        coi = get_object_or_404(ChainOfIdentity, identifier=identifier)
        row = state_no_file(coi=coi, stay=stay, by=by, **data)
        return Response({"id": str(row.pk), "stay": str(row.stay)} | _unknown(row), status=201)


def _called(identifier: str, file: UUID) -> LoggerFile:
    return logger_file_called(get_object_or_404(ChainOfIdentity, identifier=identifier), file)


def _file(row: LoggerFile) -> Plain:
    seen = seen_in(row, files.read(row.file))
    judged, log = seen.judged, seen.log
    assert judged is not None  # noqa: S101  a file with problems is not kept
    assert log is not None  # noqa: S101  as above
    numbers = {name: plain(value) for name, value in trace_columns(log, judged).items()}
    return numbers | {
        "id": str(row.pk),
        "stay": str(row.stay),
        "containers": row.containers,
        "place": row.place.code,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "logger": row.logger,
        "name": row.file.original_name,
        "sha256": row.file.sha256,
        "outside": [
            {"since": one.since.isoformat(), "until": one.until.isoformat(), "peak_c": format(one.peak, "f")}
            for one in judged.outside
        ],
        "unknown": [_unknown(one) for one in judged.unknown],
        "is_within": judged.is_within,
        "is_stored": hasattr(row, "trace"),
        "shown": seen.digest,
    }


def _unknown(one: Unknown | TemperatureUnknown) -> Plain:
    times = {"since": one.since.isoformat(), "until": one.until.isoformat()}
    return times | {"why": str(one.why), "says": unknown_words(one)}
