"""Pages that need a permission: asked once, in words, before anything is read."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from accounts.middleware import person_of
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def needs(permission: Permission) -> Callable[[View[P]], View[P]]:
    """Let a page be opened by people whose roles allow this, and refuse everybody else with the reason."""

    def decorate(view: View[P]) -> View[P]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            refuse_if(lacks(person_of(request), permission))
            return view(request, *args, **kwargs)

        update_wrapper(guarded, view)
        return guarded

    return decorate
