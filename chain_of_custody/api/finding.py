"""Rows that an address or an input names; what does not exist and what may not be seen get the same answer."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.models import Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if
from accounts.roles import Permission
from chain_of_custody.api.shapes import Plain

RowT = TypeVar("RowT", bound=Model)


def reader(request: Request) -> Person:
    """Give the asker, who may read the record."""
    person = asker(request)
    refuse_if(lacks(person, Permission.RECORD_READ))
    return person


def sent(request: Request) -> Mapping[str, object]:
    """Give the object that a program sent; raise BadInput for anything else."""
    data: object = request.data
    if not isinstance(data, Mapping):
        raise BadInput(Objection(_("Send one object with named fields."), code="bad_input"))
    return data


def named(rows: "QuerySet[RowT]", field: str, **by: object) -> RowT:
    """Give the row that an input names; raise BadInput for its field where there is none."""
    found = rows.filter(**by).first()
    if found is None:
        raise BadInput(Objection(_("Not known here. Check the value."), code="unknown", field=field))
    return found


def listed(rows: "QuerySet[RowT]", request: Request, view: APIView, shown: Any) -> Response:  # Any: row to plain values
    """Give one page of rows, newest first."""
    pages = Pages.by("-recorded_at", "pk")()
    page = pages.paginate_queryset(rows, request, view=view)
    results: list[Plain] = [shown(row) for row in page or []]
    return pages.get_paginated_response(results)
