"""The doors: wrong passwords, sessions, locks, forms from elsewhere, and signing at the station of another."""

import re
import time
from datetime import timedelta
from statistics import median
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts import security
from accounts.admission import change_secret
from accounts.keys import OpenKey, WrongSecretError, key_id_of, new_key, unlock, wrapped
from accounts.models import FailureCounter, SecurityEvent, Training
from accounts.refusal import TooManyTries
from accounts.roles import Role
from accounts.sessions import POLLING_HEADER
from accounts.signing import WrongSecret, ask, confirm, perform
from ledger import clock
from ledger.dsse import SMALL_ORDER_KEYS, EnvelopeError
from ledger.verification import verify_records
from ledger.writing import writing
from tests.people import STATION, a_person, a_site, administrators, approved, at_browser, do, fresh, secret_of

pytestmark = pytest.mark.django_db

TRAINED = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05"}
POLLING = {"HTTP_" + POLLING_HEADER.upper().replace("-", "_"): "1"}


def later(**span: float):
    """The machine's clock, moved on."""
    moment = clock.machine_now() + timedelta(**span)
    return mock.patch("ledger.clock.machine_now", return_value=moment)


def sign_in(client: Client, username: str, secret: str, **options):
    return client.post("/sign-in/", {"username": username, "secret": secret}, REMOTE_ADDR=STATION, **options)


def started(client: Client, act: str, subject, form: dict[str, object]) -> str:
    answer = client.post(reverse("accounts:sign-start", args=[act, subject.pk]), form)
    assert answer.status_code == 303, answer.content.decode()
    return answer.headers["Location"]


class TestWrongPasswords:
    def test_the_wait_grows_from_the_third_and_stops_at_five_minutes(self):
        waits = [security.wait_after(failures).total_seconds() for failures in range(12)]

        assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300]

    def test_one_counter_serves_sign_in_signing_and_the_api(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(quality)
        place = started(browser, "person.record_training", trainee, TRAINED)

        browser.post(place, {"secret": "wrong"})
        sign_in(Client(), quality.username, "wrong")
        browser.post(
            "/api/v1/acts/person.record_training/",
            {"challenge": place.split("/")[2], "username": quality.username, "secret": "wrong"},
            content_type="application/json",
        )

        assert FailureCounter.objects.get(username=quality.username, station=STATION).failures == 3
        right = browser.post(place, {"secret": secret_of(quality)})
        assert right.status_code == 429
        assert "Try again in" in right.content.decode()
        with later(seconds=3):
            assert browser.post(place, {"secret": secret_of(quality)}).status_code == 303
        assert not FailureCounter.objects.filter(username=quality.username).exists()

    def test_the_tenth_blocks_and_the_right_password_does_not_help(self):
        person = a_person(Role.QA)
        for _ in range(security.BLOCKED_AT):
            security.count_failure(person.username, STATION, about="signing in")

        with later(hours=5):
            answer = sign_in(Client(), person.username, secret_of(person))

        assert answer.status_code == 429
        assert "A shift lead at this station" in answer.content.decode()

    def test_a_block_holds_at_its_station_and_after_thirty_failures_everywhere(self):
        person = a_person(Role.QA)
        for _ in range(security.BLOCKED_AT):
            security.count_failure(person.username, "192.0.2.1", about="signing in")
        security.refuse_while_blocked(person.username, "192.0.2.2")
        for _ in range(security.BLOCKED_AT):
            security.count_failure(person.username, "192.0.2.3", about="signing in")
            security.count_failure(person.username, "192.0.2.4", about="signing in")

        with pytest.raises(TooManyTries):
            security.refuse_while_blocked(person.username, "192.0.2.2")

    @pytest.mark.parametrize("role", [Role.QC_REVIEWER, Role.QA])
    def test_a_shift_lead_lifts_it_under_their_own_signature(self, role):
        person, lead = a_person(Role.TECHNICIAN), a_person(role)
        for _ in range(security.BLOCKED_AT):
            security.count_failure(person.username, STATION, about="signing in")

        row = do("person.lift_block", person, by=lead, reason="spoke to the person")

        assert row.station == STATION
        assert sign_in(Client(), person.username, secret_of(person)).status_code == 303
        assert verify_records().findings == []

    def test_values_can_be_recorded_while_a_name_is_blocked(self):
        person = a_person(Role.TECHNICIAN)
        browser = at_browser(person)
        for _ in range(security.BLOCKED_AT):
            security.count_failure(person.username, STATION, about="signing")

        assert browser.get("/").status_code == 200

    def test_the_failure_stays_counted_whatever_the_act_does(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        challenge, _shown = ask("person.record_training", trainee.pk, TRAINED, by=quality)
        with pytest.raises(WrongSecret):
            perform(challenge.pk, username=quality.username, secret="wrong", station=STATION, at_hand=quality)

        assert FailureCounter.objects.get().failures == 1
        assert SecurityEvent.objects.filter(kind="wrong_secret", username=quality.username).count() == 1
        assert not Training.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_password_is_checked_inside_a_writing_transaction():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    challenge, _shown = ask("person.record_training", trainee.pk, TRAINED, by=quality)
    with pytest.raises(RuntimeError, match="durable"), writing():
        confirm(challenge, username=quality.username, secret="wrong", station=STATION, at_hand=quality)


class TestNamesAreNotTold:
    def test_unknown_unfinished_closed_and_wrong_get_the_same_answer(self):
        closed, keyless, known = a_person(Role.QA), approved(Role.QA), a_person(Role.QA)
        do("person.deactivate", closed, by=administrators()[0], reason="left the site")
        answers = [
            sign_in(Client(), username, secret_of(closed))
            for username in ("nobody.here", keyless.username, closed.username, known.username)
        ]

        pages = {re.sub(r'value="[^"]*"', "", answer.content.decode()) for answer in answers}
        assert {answer.status_code for answer in answers} == {403}
        assert len({re.sub(r">[0-9: ]*<", "><", page) for page in pages}) == 1

    def test_somebody_unknown_costs_the_same_derivation(self, settings):
        settings.KEY_DERIVATION_LOG2N = 12
        wrap = wrapped(new_key(), person=a_site() and administrators()[0], secret="violet tractor one")

        def cost(one) -> float:
            times = []
            for _ in range(7):
                begun = time.perf_counter()
                with pytest.raises(WrongSecretError):
                    unlock(one, "wrong")
                times.append(time.perf_counter() - begun)
            return median(times)

        known, unknown = cost(wrap), cost(None)
        assert 1 / 3 < known / unknown < 3


class TestSessions:
    def test_signing_in_changes_the_session_and_the_old_id_opens_nothing(self):
        person = a_person(Role.QA)
        client = Client()
        client.get("/sign-in/")
        session = client.session
        session["planted"] = "by somebody else"
        session.save()
        client.cookies["cellwright-session"] = session.session_key
        planted = session.session_key

        sign_in(client, person.username, secret_of(person))

        assert client.session.session_key != planted
        assert "planted" not in client.session
        old = Client()
        old.cookies["cellwright-session"] = planted
        assert old.get("/account/").status_code == 302

    def test_an_old_id_is_dead_after_signing_out(self):
        browser = at_browser(a_person(Role.QA))
        key = browser.session.session_key
        assert browser.post("/sign-out/").status_code == 303

        again = Client()
        again.cookies["cellwright-session"] = key
        assert again.get("/account/").status_code == 302
        assert not Session.objects.filter(pk=key).exists()

    def test_a_changed_password_ends_every_session(self):
        person = a_person(Role.QA)
        here, there = at_browser(person), at_browser(person)
        form = {
            "secret": secret_of(person),
            "new_secret": "orange bicycle nine",
            "new_secret_again": "orange bicycle nine",
        }

        assert here.post("/account/", form).status_code == 303

        assert here.get("/account/").status_code == there.get("/account/").status_code == 302
        assert sign_in(Client(), person.username, secret_of(person)).status_code == 403
        assert sign_in(Client(), person.username, "orange bicycle nine").status_code == 303
        assert verify_records().findings == []

    def test_a_changed_password_keeps_the_key(self):
        person = a_person(Role.QA)
        before = person.state.key_id
        change_secret(person, secret=secret_of(person), new_secret="orange bicycle nine", station=STATION)

        assert fresh(person).state.key_id == before

    @pytest.mark.parametrize("new", ["short", "violet tractor "])
    def test_a_new_password_follows_the_same_rules(self, new):
        person = a_person(Role.QA)
        form = {"secret": secret_of(person), "new_secret": new.strip(), "new_secret_again": new.strip()}

        assert at_browser(person).post("/account/", form).status_code == 400

    def test_a_session_ends_after_twelve_hours_of_work(self):
        browser = at_browser(a_person(Role.QA))
        start = clock.machine_now()
        for minutes in range(9, 12 * 60, 9):
            with mock.patch("ledger.clock.machine_now", return_value=start + timedelta(minutes=minutes)):
                assert browser.get("/account/").status_code == 200
        with mock.patch("ledger.clock.machine_now", return_value=start + timedelta(hours=12, seconds=1)):
            answer = browser.get("/account/")

        assert answer.headers["Location"].startswith("/sign-in/")


class TestTheLock:
    def test_falls_after_ten_minutes_and_the_posted_form_is_not_carried_out(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(quality)
        place = started(browser, "person.record_training", trainee, TRAINED)
        with later(minutes=10, seconds=1):
            answer = browser.post(place, {"secret": secret_of(quality)})
            page = browser.get(answer.headers["Location"])

        assert answer.headers["Location"] == "/unlock/?not_saved=1"
        assert f"Locked by {quality.name}" in page.content.decode()
        assert "was not saved" in page.content.decode()
        assert not Training.objects.exists()

    def test_is_not_kept_away_by_a_page_that_asks_by_itself(self):
        browser = at_browser(a_person(Role.QA))
        start = clock.machine_now()
        for minutes in range(1, 10):
            with mock.patch("ledger.clock.machine_now", return_value=start + timedelta(minutes=minutes)):
                assert browser.get("/", **POLLING).status_code == 200
        with mock.patch("ledger.clock.machine_now", return_value=start + timedelta(minutes=10, seconds=1)):
            answer = browser.get("/account/")

        assert answer.headers["Location"].startswith("/unlock/")

    def test_is_kept_away_by_somebody_who_works(self):
        browser = at_browser(a_person(Role.QA))
        start = clock.machine_now()
        for minutes in range(1, 30, 5):
            with mock.patch("ledger.clock.machine_now", return_value=start + timedelta(minutes=minutes)):
                assert browser.get("/account/").status_code == 200

    def test_opens_for_its_own_person_alone_and_returns_to_the_page(self):
        person, other = a_person(Role.QA), a_person(Role.QA)
        browser = at_browser(person)
        browser.post("/lock/", {"next": "/account/"})

        assert browser.get("/account/").headers["Location"].startswith("/unlock/")
        assert browser.post("/unlock/", {"secret": secret_of(other)}).status_code == 403
        with later(seconds=5):
            answer = browser.post("/unlock/", {"secret": secret_of(person)})

        assert answer.headers["Location"] == "/account/"
        assert browser.get("/account/").status_code == 200

    def test_closes_the_api_too(self):
        browser = at_browser(a_person(Role.QA))
        browser.post("/lock/")

        assert browser.get("/api/v1/account/").status_code == 401

    @pytest.mark.parametrize(
        "place",
        ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", "/\\elsewhere.example", ""],
    )
    def test_sends_nobody_to_another_site(self, place):
        person = a_person(Role.QA)
        browser = at_browser(person)
        browser.post("/lock/", {"next": place})
        assert browser.post("/unlock/", {"secret": secret_of(person)}).headers["Location"] == "/"
        form = {"username": person.username, "secret": secret_of(person), "next": place}
        assert Client().post("/sign-in/", form).headers["Location"] == "/"


class TestFormsFromElsewhere:
    @pytest.mark.parametrize("place", ["/sign-in/", "/sign-out/", "/lock/", "/unlock/", "/account/"])
    def test_are_refused(self, place):
        browser = at_browser(a_person(Role.QA))
        browser.handler.enforce_csrf_checks = True
        before = browser.session.session_key

        answer = browser.post(place, {"secret": "x"}, HTTP_ORIGIN="https://elsewhere.example")

        assert answer.status_code == 403
        assert browser.session.session_key == before
        assert browser.get("/account/").status_code == 200

    def test_are_refused_when_they_sign(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(quality)
        place = started(browser, "person.record_training", trainee, TRAINED)
        browser.handler.enforce_csrf_checks = True

        assert browser.post(place, {"secret": secret_of(quality)}).status_code == 403
        assert not Training.objects.exists()

    def test_cookies_are_told_to_no_script_and_no_other_site(self):
        a_site()
        browser = Client()
        sign_in(browser, administrators()[0].username, secret_of(administrators()[0]))

        for name in ("cellwright-session", "cellwright-csrf"):
            browser.get("/account/")
            assert browser.cookies[name]["httponly"]
            assert browser.cookies[name]["samesite"] == "Strict"

    def test_a_plant_sends_its_cookies_over_tls_alone(self):
        import os
        import subprocess
        import sys

        environment = {k: v for k, v in os.environ.items() if not k.startswith("CELLWRIGHT_")}
        environment |= {
            "CELLWRIGHT_MODE": "plant", "CELLWRIGHT_ORIGIN": "https://records.example.org",
            "CELLWRIGHT_DATA_DIR": os.environ["CELLWRIGHT_DATA_DIR"],
        }  # fmt: skip
        program = "from config import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
        told = subprocess.run(
            [sys.executable, "-c", program],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert told.stdout.split() == ["True", "True"]


class TestTheSignaturePage:
    def test_a_wrong_password_leaves_it_as_it_was(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(quality)
        place = started(browser, "person.record_training", trainee, TRAINED)

        answer = browser.post(place, {"secret": "wrong", "comment": "kept <b>as typed</b>"})

        assert answer.status_code == 403
        assert "Nothing was signed" in answer.content.decode()
        assert "kept &lt;b&gt;as typed&lt;/b&gt;" in answer.content.decode()
        assert "wrong" not in re.sub("Wrong user name", "", answer.content.decode())
        assert browser.post(place, {"secret": secret_of(quality)}).status_code == 303

    def test_a_user_name_sent_from_the_page_changes_nothing(self):
        quality, other, trainee = a_person(Role.QA), a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(quality)
        place = started(browser, "person.record_training", trainee, TRAINED)

        answer = browser.post(place, {"username": other.username, "secret": secret_of(other)})

        assert answer.status_code == 403
        assert not Training.objects.exists()

    def test_fields_sent_with_the_password_are_never_signed(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        browser = at_browser(quality)
        place = started(browser, "person.record_training", trainee, TRAINED)

        browser.post(
            place, {"secret": secret_of(quality), "procedure": "FORGED", "meaning": "approved", "version": "9"}
        )

        row = Training.objects.get()
        assert (row.procedure, row.version, row.meaning) == ("MBR-CD19", "1", "verified")

    def test_somebody_else_cannot_open_it(self):
        quality, other, trainee = a_person(Role.QA), a_person(Role.QA), a_person(Role.TECHNICIAN)
        place = started(at_browser(quality), "person.record_training", trainee, TRAINED)

        assert at_browser(other).get(place).status_code == 404

    def test_a_record_that_changed_is_said_before_anything_is_typed(self):
        first, second = a_site() and administrators()
        person = a_person(Role.TECHNICIAN)
        browser = at_browser(second)
        place = started(browser, "person.change_roles", person, {"roles": ["qa"], "reason": "moves on"})
        do("person.change_roles", person, by=first, roles=["logistics"], reason="moves to logistics")
        do("person.approve_roles", person, by=second)

        answer = browser.get(place)

        assert answer.status_code == 409
        assert "The record changed after you opened this" in answer.content.decode()

    def test_a_refusal_lists_every_reason(self):
        technician = a_person(Role.TECHNICIAN)
        place = reverse("accounts:sign-start", args=["person.deactivate", technician.pk])

        answer = at_browser(technician).post(place, {"reason": "I am tired"})

        assert answer.status_code == 403
        assert "Your roles do not allow you to" in answer.content.decode()
        assert "Nobody deactivates their own account." in answer.content.decode()

    def test_each_page_says_whose_session_it_is(self):
        person = a_person(Role.QA)
        browser = at_browser(person)

        for place in ("/", "/account/", "/people/", "/roles/", "/security/"):
            assert person.name in browser.get(place).content.decode()

    def test_a_new_token_is_shown_once_and_never_kept_by_the_browser(self):
        person = a_person(Role.QA)
        browser = at_browser(person)
        place = started(browser, "token.issue", person, {"program": "a scale", "scopes": ["read"], "days": "30"})

        answer = browser.post(place, {"secret": secret_of(person)})

        shown = re.search(r"cw_[\w-]{43}", answer.content.decode())
        assert shown is not None
        assert "no-store" in answer.headers["Cache-Control"]
        assert shown.group() not in browser.get("/account/").content.decode()


def test_the_whole_way_in_by_pages_alone():
    a_site()
    first, second = administrators()
    one, two = at_browser(first), at_browser(second)
    from ledger.models import Site

    form = {
        "name": "Maya Okafor", "username": "maya.okafor", "title": "", "roles": ["technician", "logistics"],
        "identity_document": "passport", "identity_checked_on": "2026-01-05",
    }  # fmt: skip
    one.post(started(one, "person.admit", Site.objects.get(), form), {"secret": secret_of(first)})
    from accounts.models import Person

    maya = Person.objects.get(username="maya.okafor")
    two.post(started(two, "person.approve", maya, {}), {"secret": secret_of(second)})
    page = one.post(reverse("accounts:person-link", args=[maya.pk])).content.decode()
    link = re.search(r"/enrol/[\w-]+/", page)
    assert link is not None
    newcomer = Client()
    asked = newcomer.get(link.group())
    assert asked.headers["Referrer-Policy"] == "no-referrer"
    assert newcomer.post(link.group(), {"secret": "short", "secret_again": "short"}).status_code == 400
    secret = {"secret": "orange bicycle nine", "secret_again": "orange bicycle nine"}
    assert newcomer.post(link.group(), secret).status_code == 303
    assert newcomer.get(link.group()).status_code == 404
    assert sign_in(newcomer, "maya.okafor", "orange bicycle nine").status_code == 303
    assert newcomer.get("/").headers["Location"] == "/account/"
    place = started(newcomer, "policy.accept", maya, {})
    assert newcomer.post(place, {"secret": "orange bicycle nine"}).status_code == 303
    assert newcomer.get("/").status_code == 200
    assert verify_records().findings == []


class TestKeys:
    @pytest.mark.parametrize("raw", sorted(SMALL_ORDER_KEYS), ids=lambda raw: raw.hex()[:6] + raw.hex()[-2:])
    def test_a_key_of_small_order_is_refused(self, raw):
        with pytest.raises(EnvelopeError, match="small order"):
            key_id_of(raw)

    def test_a_wrap_opens_only_for_its_person_and_its_key(self):
        first, second = a_site() and administrators()
        key = new_key()
        wrap = wrapped(key, person=first, secret="violet tractor one")
        assert isinstance(unlock(wrap, "violet tractor one"), OpenKey)
        wrap.person = second
        with pytest.raises(WrongSecretError):
            unlock(wrap, "violet tractor one")

    def test_a_signature_at_the_full_cost_of_a_plant(self, settings):
        settings.KEY_DERIVATION_LOG2N = 15
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        assert quality.key_wrap.log2_n == 15

        do("person.record_training", trainee, by=quality, **TRAINED)

        assert verify_records().findings == []
