"""The story of the training site: founded some months ago, alive until yesterday, told through the real acts.

The story is told before anybody can enter anything: its times are older than whatever people write afterwards, and
the ledger's times only go forward.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta

from accounts.wording import local
from config.story.acting import Story, at, tell_together
from config.story.ari0001 import APART
from config.story.site import FAMILIES, found_site, opening
from config.story.stages import LAST_PUBLISHED, published_stories, stories_of_stages
from ledger import clock

Say = Callable[[str], object]
# The first order is placed six days before the first of three collections; the site needs some days to begin.
DAYS_BEFORE = LAST_PUBLISHED + 2 * APART.days + 12


def found_training_site(families: tuple[str, ...] = FAMILIES) -> None:
    """Found the training site with its people, places, definitions and lots, as it was some months ago."""
    begins = _today() - timedelta(days=DAYS_BEFORE)
    try:
        clock.tell(at(begins, "08:00"))
        found_site(begins)
        tell_together([opening(families)])
    finally:
        clock.end_story()


def tell_published(*, say: Say) -> None:
    """Tell the three published batches from order to certificate."""
    _tell("three published batches, from order to certificate", published_stories(_today()), say)


def tell_opening(*, say: Say) -> None:
    """Tell everything that the training site shows: the published batches, and one in each earlier stage."""
    stories = published_stories(_today()) + stories_of_stages(_today())
    _tell("three published batches and one in each earlier stage", stories, say)


def _tell(what: str, stories: list[Story], say: Say) -> None:
    say(f"Writing the training story: {what} ...")
    began = time.monotonic()
    try:
        tell_together(stories)
    finally:
        clock.end_story()
    say(f"Written in {time.monotonic() - began:.0f} seconds.")


def _today() -> date:
    return local(clock.machine_now()).date()
