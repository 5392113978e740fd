"""The tabs of a batch: by what people do, the group of the page open, every page one or two taps away."""

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse

from accounts.models import Person
from accounts.panels import panels_for
from config.batch_page import GROUPS, tab_groups
from tests.batches_builders import BatchWorld
from tests.kept import kept_for_a_module
from tests.people import at_browser

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def made(django_db_setup: object, django_db_blocker: object) -> Iterator[tuple[Person, str]]:
    with kept_for_a_module(django_db_blocker):
        world = BatchWorld()
        yield world.technician, world.issued().number


@pytest.fixture
def reader(made: tuple[Person, str], db: None) -> Person:
    return made[0]


@pytest.fixture
def number(made: tuple[Person, str]) -> str:
    return made[1]


def tabs_on(page: str) -> str:
    """The part of a page that holds its tabs."""
    return re.findall(r'<nav class="tabs.*?</nav>', page, re.DOTALL)[0]


def test_every_page_of_a_batch_has_one_tab(reader, number):
    groups = tab_groups(number, reader, "")

    urls = [tab.url for group in groups for tab in group.tabs]
    pages = {reverse("batch-tab", args=[number, panel.code]) for panel in panels_for("batch", reader)}
    assert sorted(urls) == sorted(pages | {reverse("batch", args=[number])})


def test_every_page_of_a_batch_belongs_to_a_group(reader):
    known = {code for _name, codes in GROUPS for code in codes}

    assert {panel.code for panel in panels_for("batch", reader)} == known


@pytest.mark.parametrize(("code", "group"), [("steps", "Make"), ("custody", "Cells"), ("holds", "Release")])
def test_the_group_of_a_page_is_the_one_that_stands_open(reader, number, code, group):
    page = at_browser(reader).get(reverse("batch-tab", args=[number, code])).content.decode()

    opened = re.findall(r'<ul class="tabs__list tabs__list--open" role="list" aria-label="([^"]+)">', tabs_on(page))
    closed = re.findall(r"<summary[^>]*>([^<]+)<", tabs_on(page))
    assert opened == [group]
    assert group not in closed
    assert "<details open" not in tabs_on(page)


@pytest.mark.parametrize("code", ["", "bench", "after-release", "audit-trail"])
def test_the_tab_of_a_page_is_marked_once_and_needs_no_tap(reader, number, code):
    place = reverse("batch-tab", args=[number, code]) if code else reverse("batch", args=[number])

    tabs = tabs_on(at_browser(reader).get(place).content.decode())

    at_hand = re.sub(r"<details.*?</details>", "", tabs, flags=re.DOTALL)
    assert re.findall(r'href="([^"]+)" aria-current="page"', at_hand) == [place]
    assert tabs.count("aria-current") == 1


def test_a_page_that_is_alone_in_its_group_is_a_link_and_no_group(reader, number):
    place = reverse("batch-tab", args=[number, "after-release"])

    (alone,) = (group for group in tab_groups(number, reader, "") if place in {tab.url for tab in group.tabs})

    assert (alone.name, len(alone.tabs)) == ("", 1)
