"""The pages of people and signatures, as a browser without scripts meets them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Training
from accounts.offering import offer
from accounts.roles import Role
from tests.people import a_person, a_site, administrators, admitted, at_browser, secret_of

pytestmark = pytest.mark.django_db


def test_the_signature_page_shows_what_is_signed_and_signs_it():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    browser = at_browser(quality)
    form = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05", "valid_until": ""}

    started = browser.post(reverse("accounts:sign-start", args=["person.record_training", trainee.pk]), form)
    page = browser.get(started.headers["Location"])
    signed = browser.post(started.headers["Location"], {"secret": secret_of(quality)})

    assert started.status_code == 303
    assert page.status_code == 200
    for words in (trainee.name, "MBR-CD19 version 1", "I verified that this person was trained.", quality.username):
        assert words in page.content.decode()
    assert signed.status_code == 303
    assert Training.objects.get().signer == quality


@pytest.mark.parametrize(
    "page", ["home", "accounts:account", "accounts:people", "accounts:roles", "accounts:security", "api-docs"]
)
def test_an_administrator_reads_every_page_of_this_room(page):
    a_site()
    answer = at_browser(administrators()[0]).get(reverse(page))

    assert answer.status_code == 200
    assert answer.content


def test_nobody_is_shown_a_page_without_signing_in():
    a_site()
    answer = Client().get(reverse("accounts:people"))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/?next=%2Fpeople%2F")
    assert re.search("Sign in", Client().get(answer.headers["Location"]).content.decode())


def test_what_one_administrator_proposed_waits_for_the_other_alone():
    a_site()
    first, second = administrators()
    person = admitted(Role.QA)

    assert f"Approve the admission of {person.name}" in at_browser(second).get("/").content.decode()
    assert person.name not in at_browser(first).get("/").content.decode()


def test_an_act_is_offered_as_a_button_or_as_the_reasons_against_it():
    a_site()
    first, second = administrators()
    person = admitted(Role.QA)

    assert offer("person.approve", person, by=second).possible
    refused = offer("person.approve", person, by=first)
    assert [str(objection) for objection in refused.objections] == ["A second administrator must approve this."]
    page = at_browser(first).get(reverse("accounts:person", args=[person.pk])).content.decode()
    assert "A second administrator must approve this." in page
    assert reverse("accounts:sign-start", args=["person.approve", person.pk]) not in page
