"""Storing a file through the API, so that acts can name it as evidence or as the copy of a paper.

This is the one address that takes no JSON: a file is sent as `multipart/form-data` with one part called `file`.
"""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.parsers import DataAndFiles, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.parsing import TooLarge
from accounts.api.schema import documented
from accounts.refusal import BadInput, Objection
from chain_of_custody.api.shapes import Plain
from chain_of_custody.uploading import keep_upload, table_sent
from ledger import files
from ledger.tables.texts import LARGEST

# Besides the file itself: the names, boundaries and headers of its part.
AROUND_IT = 64 * 1024


class FileParser(MultiPartParser):
    """Reads one file of at most 50 MB; what says that it is larger is refused before it is read."""

    largest = files.MAXIMUM_BYTES
    too_large = gettext_lazy("A file has at most 50 MB, and its length must be told.")

    def parse(
        self,
        stream: IO[Any],  # Any: DRF's own signature
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,  # Any: as above
    ) -> "DataAndFiles[Any, Any]":
        request = (parser_context or {}).get("request")
        length = request.META.get("CONTENT_LENGTH", "") if request is not None else ""
        if not str(length).isdigit() or int(length) > self.largest + AROUND_IT:
            raise TooLarge(self.too_large)
        return super().parse(stream, media_type, parser_context)


class TableFileParser(FileParser):
    """Reads a table of at most 5 MB with the fields beside it."""

    largest = LARGEST
    too_large = gettext_lazy("A file of an instrument has at most 5 MB, and its length must be told.")


def table_part(request: Request) -> tuple[str, bytes]:
    """Give the name and the bytes of the one part of a request that is called file; raise BadInput for others."""
    sent = request.FILES.getlist("file")
    if len(sent) > 1 or set(request.FILES) - {"file"}:
        raise BadInput(Objection(_("Send one part called file."), code="bad_input", field="file"))
    return table_sent(sent[0] if sent else None)


class FileInput(serializers.Serializer[Plain]):
    """One file: PDF, PNG, JPEG or plain text."""

    file = serializers.FileField(help_text="at most 50 MB; its kind is what its content shows")


class FileOutput(serializers.Serializer[Plain]):
    """The file as it is kept. `id` is what acts name."""

    id = serializers.UUIDField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    media_type = serializers.CharField()
    original_name = serializers.CharField()


class FilesView(APIView):
    """Files that people and programs store."""

    parser_classes = (FileParser,)

    @documented("Store a file", sends=FileInput, answers=FileOutput, status=201, tag="files")
    def post(self, request: Request) -> Response:
        sent = request.FILES.getlist("file")
        others = [name for name in (*request.FILES, *request.data) if name != "file"]
        if len(sent) > 1 or others:
            raise BadInput(Objection(_("Send one part, called file, and nothing else."), field="file"))
        row = keep_upload(sent[0] if sent else None, by=asker(request))
        told = {name: getattr(row, name) for name in ("sha256", "size", "media_type", "original_name")}
        return Response({"id": str(row.pk)} | told, status=201)
