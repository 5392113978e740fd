"""Specifications as people read them: each line with its method, sample point and criterion."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.needing import needs
from accounts.roles import Permission
from batches.models import Definition
from batches.pinned import reading_of
from qc.specifying import as_specification, criterion_of


@require_safe
@needs(Permission.RECORD_READ)
def specifications(request: HttpRequest) -> HttpResponse:
    """List every version of every specification."""
    found = Definition.objects.filter(kind=Definition.Kind.SPECIFICATION).select_related("approval")
    return render(request, "qc/specifications.html", {"specifications": found.order_by("code", "-version")})


@require_safe
@needs(Permission.RECORD_READ)
def specification(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Show one version of a specification, line by line."""
    found = Definition.objects.filter(kind=Definition.Kind.SPECIFICATION, code=code, version=version)
    row = found.select_related("approval").first()
    if row is None:
        raise Http404
    definition = as_specification(reading_of(row))
    lines = [
        (line, definition.sample_point(line.sample_point), criterion_of(definition, line).words())
        for line in definition.lines
    ]
    context = {"row": row, "specification": definition, "lines": lines}
    return render(request, "qc/specification.html", context)
