"""A second person signs at the station of the first; and many requests at once sign once."""

from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts import acts
from accounts.models import Challenge, Person, Signed, Training
from accounts.roles import Role
from accounts.signing import ask, perform
from accounts.training_acts import RecordTraining
from ledger.verification import verify_records
from tests.at_once import at_once
from tests.people import STATION, a_person, at_browser, secret_of

TRAINED = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05"}


class WitnessedTraining(RecordTraining):
    """An act that a second person signs at the station of the first."""

    code = "test.witnessed_training"
    second_person = True


@pytest.fixture
def witnessed() -> Iterator[str]:
    """The code of an act for a second person, listed for the length of a test."""
    acts.register(WitnessedTraining)
    yield WitnessedTraining.code
    del acts._acts[WitnessedTraining.code]


def page_at(browser, code: str, subject: Person) -> str:
    return browser.post(reverse("accounts:sign-start", args=[code, subject.pk]), TRAINED).headers["Location"]


@pytest.mark.django_db
class TestAtTheStationOfAnother:
    def test_the_second_person_signs_and_the_session_stays_the_firsts(self, witnessed):
        here, second, trainee = a_person(Role.TECHNICIAN), a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(here)
        place = page_at(browser, witnessed, trainee)

        assert f'value="{here.username}"' not in browser.get(place).content.decode()
        answer = browser.post(place, {"username": second.username, "secret": secret_of(second)})

        assert answer.status_code == 303
        assert Training.objects.get().signer == second
        assert here.name in browser.get("/account/").content.decode()
        assert verify_records().findings == []

    def test_the_second_persons_roles_count_not_the_firsts(self, witnessed):
        here, second, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN), a_person(Role.TECHNICIAN)
        browser = at_browser(here)
        place = page_at(browser, witnessed, trainee)

        answer = browser.post(place, {"username": second.username, "secret": secret_of(second)})

        assert answer.status_code == 403
        assert not Training.objects.exists()

    def test_the_names_do_not_swap_passwords(self, witnessed):
        here, second, trainee = a_person(Role.QA), a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(here)
        place = page_at(browser, witnessed, trainee)

        answer = browser.post(place, {"username": second.username, "secret": secret_of(here)})

        assert answer.status_code == 403
        assert f'value="{second.username}"' in answer.content.decode()
        assert not Training.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_sign_a_challenge_once():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    challenge, _shown = ask("person.record_training", trainee.pk, TRAINED, by=quality)

    outcomes = at_once(*[partial(_signs, challenge, quality)] * 6)

    assert outcomes == [*["already_signed"] * 5, "done"]
    assert Training.objects.count() == 1
    assert verify_records().findings == []


@pytest.mark.django_db(transaction=True)
def test_signing_at_once_about_different_things_forks_nothing():
    trainee = a_person(Role.TECHNICIAN)

    def sign_five(signer: Person) -> None:
        for _ in range(5):
            intent = TRAINED | {"procedure": f"SOP-{uuid4().hex[:8]}"}
            challenge, _shown = ask("person.record_training", trainee.pk, intent, by=signer)
            _signs(challenge, signer)

    outcomes = at_once(*(partial(sign_five, a_person(Role.QA)) for _ in range(4)))

    assert outcomes == ["done"] * 4
    assert Training.objects.count() == 20
    assert verify_records().findings == []


def _signs(challenge: Challenge, by: Person) -> Signed:
    return perform(challenge.pk, username=by.username, secret=secret_of(by), station=STATION, at_hand=by)
