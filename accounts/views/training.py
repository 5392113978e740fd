"""The training matrix: who may work by which procedure, and until when."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.people_reading import reads_people
from accounts.refusal import NotAllowed, Objection
from accounts.training_matrix import STATUS_OF, Cell, Standing, matrix
from accounts.wording import day


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the matrix to those who look after people."""
    if not reads_people(person_of(request)):
        raise NotAllowed(Objection(_("Your roles do not allow you to read about people."), code="lacks_permission"))
    found = matrix()
    context = {
        "procedures": [
            {"code": code, "version": version, "wanted": (code, version) in found.wanted}
            for code, version in found.procedures
        ],
        "rows": [{"person": row.person, "cells": [_shown(cell) for cell in row.cells]} for row in found.rows],
    }
    return render(request, "accounts/training.html", context)


def _shown(cell: Cell) -> dict[str, object]:
    return {"status": STATUS_OF[cell.standing], "word": words_of(cell)}


def words_of(cell: Cell) -> str:
    """Say how a person stands to a procedure."""
    until = {"day": day(cell.until) if cell.until else ""}
    match cell.standing:
        case Standing.NONE:
            return _("Not trained")
        case Standing.ENDED:
            return _("Ended %(day)s") % until
        case _:
            return _("Until %(day)s") % until if cell.until else _("Trained")
