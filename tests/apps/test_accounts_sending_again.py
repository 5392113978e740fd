"""A form that is refused comes back with its reasons and with everything that was typed, to be sent again."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.functional import Promise
from rest_framework import serializers

from accounts.acts import Act, all_acts
from accounts.fields import is_given
from accounts.roles import Role
from ledger.models import Site
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


def test_every_act_names_what_people_type_for_it_in_words_of_its_own():
    unnamed = [
        f"{act.code}: {name}"
        for act in all_acts()
        for name, shape in typed(act)
        if not isinstance(shape.label, Promise)
    ]

    assert unnamed == []


def test_no_choice_of_an_act_is_shown_by_its_code():
    codes = [
        f"{act.code}: {name}: {code}"
        for act in all_acts()
        for name, shape in typed(act)
        if isinstance(shape, serializers.ChoiceField)
        for code, words in shape.choices.items()
        if not isinstance(words, Promise) and not words.isdecimal()
    ]

    assert codes == []


def typed(act: Act[object]) -> Iterator[tuple[str, serializers.Field]]:  # type: ignore[type-arg]  # of every kind
    """What people type or choose for an act, as its shape declares it: DRF makes up labels only for a shape in use."""
    declared = act.asks._declared_fields
    yield from ((name, shape) for name, shape in declared.items() if not is_given(shape))


def test_a_refused_form_asks_in_the_words_of_its_page():
    browser = at_browser(a_person(Role.LOGISTICS))
    asked = labels_on(browser.get(reverse("batches:materials")).content.decode())

    refused = browser.post(
        reverse("accounts:sign-start", args=["lot.receive", Site.objects.get().pk]), {"item": "BEAD"}
    )

    again = labels_on(refused.content.decode())
    assert again["most_thaws"] == "Thaws of one vial, at most"
    assert {name: asked.get(name) for name in again} == again


def test_a_refused_form_offers_its_choices_in_words():
    browser = at_browser(a_person(Role.LOGISTICS))
    place = reverse("accounts:sign-start", args=["lot.receive", Site.objects.get().pk])

    page = browser.post(place, {"item": "BEAD", "kind": "consumable"}).content.decode()

    assert '<option value="consumable" selected>single-use set</option>' in page


def labels_on(page: str) -> dict[str, str]:
    """The label of each field of a page that has one, by the field's name."""
    names = {
        re.findall(r' id="([^"]+)"', tag)[0]: re.findall(r' name="([^"]+)"', tag)[0]
        for tag in re.findall(r"<(?:input|select|textarea) [^>]*>", page)
        if ' id="' in tag and ' name="' in tag
    }
    labels = re.findall(r'<label class="field__label" for="([^"]+)">([^<]+)', page)
    return {names[place]: unescape(label).strip() for place, label in labels if place in names}
