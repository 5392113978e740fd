"""While the training story is told, the site is read and nothing is entered.

What people enter bears the present time, and the ledger's times only go forward: an entry made meanwhile would cut
the story off. A file in the data folder says that it is being told; a plant never has one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.refusal import Objection, Refused
from config.problems import problem_page

NAME = "story-is-being-told"
SAFE = ("GET", "HEAD", "OPTIONS")
ALLOWED = ("/sign-in/", "/sign-out/", "/lock/", "/unlock/")


def _sign() -> Path:
    return Path(settings.DATA_DIR) / NAME


def is_told() -> bool:
    """Tell whether the story is being told at this moment."""
    return bool(settings.TRAINING) and _sign().exists()


@contextmanager
def while_told() -> Iterator[None]:
    """Keep people from entering anything until the story is told."""
    _sign().touch(mode=0o600)
    try:
        yield
    finally:
        _sign().unlink(missing_ok=True)


def forget_interrupted() -> None:
    """Let people enter again after a story that was cut off; what was told of it stands."""
    _sign().unlink(missing_ok=True)


class ReadingMeanwhile:
    """Refuses whatever would enter something while the story is told; signing in and reading go on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE or request.path in ALLOWED or not is_told():
            return self.get_response(request)
        says = _("The training story is being written. Look around; entering and signing opens in about a minute.")
        return problem_page(request, Refused(Objection(says, code="story_is_told"), status=503))
