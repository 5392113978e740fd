"""Definitions through the API: versions, comparisons, drafts; and the redlines of a batch.

What is signed goes through challenges and acts: `definition.prepare`, `definition.check`, `definition.approve`,
`definition.return`, `redline.propose`, `redline.approve`.
"""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import StrictSerializer, TextField, parsed
from batches import life
from batches.api import wording
from batches.api.shapes import DefinitionOutput, Plain, SignedByOutput, page_of
from batches.api.views import listed, reader
from batches.comparisons import compared
from batches.defining import LONGEST_SOURCE, unfilled_in, warnings_about
from batches.definitions.parts import FaultyDefinitionError
from batches.drafting import LONGEST_NOTE, faults_of_draft, newest_drafts, save_draft
from batches.identity import batch_numbered
from batches.models import Definition, DefinitionDraft, Redline
from batches.redlines import change_words, redlines_of
from ledger.models import plain


class DifferenceOutput(serializers.Serializer[Any]):  # Any: an output of plain values
    """One difference between two versions."""

    where = serializers.ListField(child=serializers.CharField())
    how = serializers.ChoiceField(["added", "removed", "moved", "changed"])
    what = serializers.CharField(allow_blank=True)
    old = serializers.CharField(allow_blank=True)
    new = serializers.CharField(allow_blank=True)
    says = serializers.CharField()


class ComparisonOutput(serializers.Serializer[Any]):  # Any: as above
    """What is different between two versions of a definition."""

    old = serializers.UUIDField()
    new = serializers.UUIDField()
    differences = DifferenceOutput(many=True)


class DraftInput(StrictSerializer[Plain]):
    """A text to keep as a draft; `id` is made by whoever sends it, so that sending twice keeps it once."""

    id = serializers.UUIDField()
    source = TextField(max_length=LONGEST_SOURCE, trim_whitespace=False)  # type: ignore[assignment]  # DRF has an attribute of this name
    note = TextField(max_length=LONGEST_NOTE, required=False, default="")
    supersedes = serializers.UUIDField(required=False, allow_null=True, default=None)


class DraftOutput(serializers.Serializer[Any]):  # Any: as above
    """A draft; its text and faults in the detail alone."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    code = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField()
    recorded_at = serializers.CharField()
    supersedes = serializers.UUIDField(allow_null=True)
    source = serializers.CharField(required=False)  # type: ignore[assignment]  # DRF has an attribute of this name
    faults = serializers.ListField(child=serializers.CharField(), required=False)


class RedlineOutput(serializers.Serializer[Any]):  # Any: as above
    """A redline of a batch; it holds once it is approved."""

    id = serializers.UUIDField()
    changes = serializers.ListField(child=serializers.DictField())
    says = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    impact = serializers.CharField()
    proposed = SignedByOutput()
    approved = SignedByOutput(allow_null=True)


class DefinitionsView(APIView):
    """Versions of products, master batch records and specifications."""

    @documented("List definitions", answers=page_of(DefinitionOutput), tag="definitions")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = Definition.objects.select_related(*life.WITH_LIFE)
        for name in ("kind", "code"):
            if wanted := request.query_params.get(name):
                rows = rows.filter(**{name: wanted[:40]})
        return listed(rows, request, self, wording.definition)


class DefinitionView(APIView):
    """One version, with its text and what may be wrong with it."""

    @documented("Read a definition", answers=DefinitionOutput, tag="definitions")
    def get(self, request: Request, definition_id: UUID) -> Response:
        reader(request)
        row = get_object_or_404(Definition.objects.select_related(*life.WITH_LIFE), pk=definition_id)
        told = wording.definition(row, whole=True)
        try:
            told |= {"warnings": warnings_about(row), "unfilled": unfilled_in(row)}
        except FaultyDefinitionError as error:
            told |= {"warnings": list(error.faults), "unfilled": []}
        return Response(told)


class CompareView(APIView):
    """What is different between a version and the one before it."""

    @documented("Compare a definition with the version before", answers=ComparisonOutput, tag="definitions")
    def get(self, request: Request, definition_id: UUID) -> Response:
        reader(request)
        row = get_object_or_404(Definition, pk=definition_id)
        other = life.before(row)
        if other is None:
            raise Http404
        return Response(_comparison(other, row))


class CompareWithView(APIView):
    """What is different between a version and another one of the same kind."""

    @documented("Compare two definitions", answers=ComparisonOutput, tag="definitions")
    def get(self, request: Request, definition_id: UUID, other_id: UUID) -> Response:
        reader(request)
        row = get_object_or_404(Definition, pk=definition_id)
        return Response(_comparison(get_object_or_404(Definition, pk=other_id, kind=row.kind), row))


def _comparison(old: Definition, new: Definition) -> Plain:
    found = [each for group in compared(old.source, new.source) for each in group.differences]
    told = [
        {
            "where": each.where,
            "how": each.how,
            "what": each.what,
            "old": each.old,
            "new": each.new,
            "says": each.sentence,
        }
        for each in found
    ]
    return {"old": old.pk, "new": new.pk, "differences": told}


class DraftsView(APIView):
    """Drafts that no other supersedes; a faulty text is kept with its faults."""

    @documented("List drafts", answers=page_of(DraftOutput), tag="definitions")
    def get(self, request: Request) -> Response:
        reader(request)
        return listed(newest_drafts(), request, self, _draft)

    @documented("Save a draft", sends=DraftInput, answers=DraftOutput, status=201, tag="definitions")
    def post(self, request: Request) -> Response:
        data = parsed(DraftInput, request.data)
        by = asker(request)
        key = data.pop("supersedes")
        before = None if key is None else get_object_or_404(DefinitionDraft, pk=key)
        row = save_draft(by=by, supersedes=before, **data)
        return Response(_draft(row, whole=True), status=201)


class DraftView(APIView):
    """One draft, with its text and everything that keeps it from being prepared."""

    @documented("Read a draft", answers=DraftOutput, tag="definitions")
    def get(self, request: Request, draft_id: UUID) -> Response:
        reader(request)
        return Response(_draft(get_object_or_404(DefinitionDraft, pk=draft_id), whole=True))


def _draft(row: DefinitionDraft, *, whole: bool = False) -> Plain:
    told: Plain = {
        "id": row.pk,
        "kind": row.kind,
        "code": row.code,
        "note": row.note,
        "sha256": row.sha256,
        "recorded_at": plain(row.recorded_at),
        "supersedes": row.supersedes_id,
    }
    return told | {"source": row.source, "faults": faults_of_draft(row)} if whole else told


class RedlinesView(APIView):
    """The one-off departures from the master record of a batch."""

    @documented("List the redlines of a batch", answers=RedlineOutput(many=True), tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response([_redline(row) for row in redlines_of(batch_numbered(number))])


def _redline(row: Redline) -> Plain:
    return {
        "id": row.pk,
        "changes": row.changes,
        "says": [change_words(change) for change in row.changes],
        "reason": row.reason,
        "impact": row.impact,
        "proposed": wording.signature(row),
        "approved": wording.signature(getattr(row, "approval", None)),
    }
