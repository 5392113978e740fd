"""A form that is refused comes back with its reasons and with everything that was typed, to be sent again."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from tests.people import a_person, at_browser, nothing_written

pytestmark = pytest.mark.django_db
TYPED = {"procedure": "MBR-CD19 <b>7</b>", "version": "3", "trained_on": "31.12.2025"}


@pytest.fixture
def sending() -> tuple[Client, str]:
    """The browser of quality assurance, and where the training of a technician is sent."""
    trainee = a_person(Role.TECHNICIAN)
    return at_browser(a_person(Role.QA)), reverse("accounts:sign-start", args=["person.record_training", trainee.pk])


def form_on(page: str) -> dict[str, str]:
    """What the form of a refusal would send: its fields as they stand."""
    part = page[page.index('id="again-title"') :]
    return {
        re.findall(r'name="([^"]+)"', tag)[0]: unescape(re.findall(r'value="([^"]*)"', tag)[0])
        for tag in re.findall(r"<input [^>]+>", part)
    }


def test_what_was_typed_stands_beside_the_reason_as_it_was_typed(sending):
    browser, place = sending

    with nothing_written():
        answer = browser.post(place, TYPED | {"next": "/people/"})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "This is not a day. Write it like 2026-11-14." in page
    assert TYPED["procedure"] not in page  # it is text there, never markup
    assert form_on(page).items() >= (TYPED | {"next": "/people/"}).items()


def test_the_corrected_form_goes_on_to_its_signature(sending):
    browser, place = sending
    again = form_on(browser.post(place, TYPED).content.decode()) | {"trained_on": "2025-12-31"}

    answer = browser.post(place, again)

    assert answer.status_code == 303
    assert TYPED["procedure"] in unescape(browser.get(answer.headers["Location"]).content.decode())


def test_a_refusal_for_which_nobody_typed_anything_shows_no_form(sending):
    browser, place = sending

    answer = browser.post(place, {"procedure": "", "version": "", "trained_on": ""})

    assert answer.status_code == 400
    assert "again-title" not in answer.content.decode()


def test_who_may_not_act_is_told_so_and_shown_no_form():
    trainee = a_person(Role.TECHNICIAN)
    place = reverse("accounts:sign-start", args=["person.record_training", trainee.pk])

    answer = at_browser(trainee).post(place, TYPED | {"trained_on": "2025-12-31"})

    assert answer.status_code == 403
    assert "again-title" not in answer.content.decode()
