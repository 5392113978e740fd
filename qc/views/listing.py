"""A list of records by page, each with its status: what the lists of complaints, deviations and results share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.refusal import Text

A_PAGE = 50
RowT = TypeVar("RowT", bound=Model)
Standing = tuple[str, Text]  # of a row: its status, and the words of it


@dataclass(frozen=True, slots=True)
class Listed:
    """A record as a list shows it."""

    row: Model
    status: str
    words: Text


def listed(
    request: HttpRequest, rows: QuerySet[RowT], *, columns: Sequence[Text], standing: Callable[[RowT], Standing]
) -> dict[str, Any]:  # Any: what a template is given
    """Give one page of records for `qc/_records.html`: its lines, the heads of its columns, and the page itself."""
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return {"lines": [Listed(row, *standing(row)) for row in page], "columns": columns, "page": page}
