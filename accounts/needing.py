"""Pages that need a permission: asked once, in words, before anything is read."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.middleware import person_of
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, P], R]


def needs(permission: Permission) -> Callable[[View[P, R]], View[P, R]]:
    """Let a page be opened by people whose roles allow this, and refuse everybody else with the reason."""

    def decorate(view: View[P, R]) -> View[P, R]:
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            refuse_if(lacks(person_of(request), permission))
            return view(request, *args, **kwargs)

        update_wrapper(guarded, view)
        return guarded

    return decorate
