"""The API: what it takes, what it refuses, and that a signature needs its signer's password every time."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Challenge, PolicyAcceptance, SecurityEvent, TokenIssued, Training
from accounts.roles import Role
from accounts.token_acts import revoke
from ledger import clock
from ledger.models import Entry
from ledger.verification import verify_records
from tests.people import STATION, a_person, a_site, administrators, at_browser, do, enrolled, fresh, secret_of

pytestmark = pytest.mark.django_db

TRAINED = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05"}


def sent(client: Client, place: str, data: object, **options):
    return client.post(place, json.dumps(data), content_type="application/json", REMOTE_ADDR=STATION, **options)


def challenge_for(client: Client, record, act: str = "person.record_training", intent: object = None, **options):
    data = {"act": act, "record": str(record.pk), "intent": TRAINED if intent is None else intent}
    return sent(client, "/api/v1/challenges/", data, **options)


def a_token(person, *scopes: str) -> tuple[TokenIssued, dict[str, str]]:
    row = do("token.issue", person, by=person, program="scale in suite B", scopes=list(scopes))
    assert isinstance(row, TokenIssued)
    return row, {"HTTP_AUTHORIZATION": f"Bearer {row.shown_once}"}


def codes(answer) -> list[str]:
    return [objection["code"] for objection in answer.json()["objections"]]


def test_an_act_is_asked_for_shown_and_signed():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    client = at_browser(quality)

    asked = challenge_for(client, trainee)
    body = {"challenge": asked.json()["challenge"], "username": quality.username, "secret": secret_of(quality)}
    signed = sent(client, "/api/v1/acts/person.record_training/", body)

    assert asked.status_code == 201
    assert asked.json()["to_sign"]["identity"][0] == {"label": "Name", "value": trainee.name, "status": ""}
    assert asked.json()["meaning"]["code"] == "verified"
    assert signed.status_code == 201
    row = Training.objects.get()
    assert signed.json()["record"] == {"type": "accounts.training", "id": str(row.pk), "version": 1}
    assert signed.json()["signature"]["username"] == quality.username
    assert signed.json()["signature"]["meaning_text"] == row.meaning_text
    entry = Entry.objects.get(rec_id=row.pk)
    assert signed.json()["entry"] == {"seq": entry.seq, "leaf": entry.leaf}
    assert row.view_sha256 == asked.json()["view_sha256"]
    assert verify_records().findings == []


def test_every_act_is_listed_with_the_shape_of_its_intent():
    client = at_browser(a_person(Role.INSPECTOR))

    acts = {act["code"]: act for act in client.get("/api/v1/acts/").json()}

    assert acts["person.admit"]["permission"] == "account.manage"
    assert acts["person.admit"]["intent"]["required"] == [
        "username", "name", "roles", "identity_document", "identity_checked_on"
    ]  # fmt: skip
    assert acts["person.approve"]["intent"] == {
        "type": "object", "properties": {}, "required": [], "additionalProperties": False
    }  # fmt: skip


class TestSigningTwice:
    def test_the_same_challenge_signs_once(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        client = at_browser(quality)
        asked = challenge_for(client, trainee).json()["challenge"]
        body = {"challenge": asked, "username": quality.username, "secret": secret_of(quality)}

        answers = [sent(client, "/api/v1/acts/person.record_training/", body) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [201, 409, 409]
        assert codes(answers[1]) == ["already_signed"]
        assert Training.objects.count() == 1

    def test_a_challenge_signs_no_other_act(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        client = at_browser(quality)
        asked = challenge_for(client, trainee).json()["challenge"]
        body = {"challenge": asked, "username": quality.username, "secret": secret_of(quality)}

        assert sent(client, "/api/v1/acts/policy.accept/", body).status_code == 404
        assert Training.objects.count() == 0

    def test_a_challenge_of_somebody_else_is_as_good_as_missing(self):
        quality, other, trainee = a_person(Role.QA), a_person(Role.QA), a_person(Role.TECHNICIAN)
        asked = challenge_for(at_browser(quality), trainee).json()["challenge"]
        there = {"challenge": asked, "username": other.username, "secret": secret_of(other)}
        nowhere = there | {"challenge": str(uuid4())}
        client = at_browser(other)

        first = sent(client, "/api/v1/acts/person.record_training/", there)
        second = sent(client, "/api/v1/acts/person.record_training/", nowhere)

        assert (first.status_code, second.status_code) == (404, 404)
        assert codes(first) == codes(second) == ["unknown_challenge"]

    def test_a_challenge_lives_five_minutes(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        client = at_browser(quality)
        asked = challenge_for(client, trainee).json()["challenge"]
        Challenge.objects.filter(pk=asked).update(made_at=clock.now() - timedelta(minutes=5, seconds=1))
        body = {"challenge": asked, "username": quality.username, "secret": secret_of(quality)}

        answer = sent(client, "/api/v1/acts/person.record_training/", body)

        assert (answer.status_code, codes(answer)) == (409, ["expired"])


class TestTheRecordChangedMeanwhile:
    def test_nothing_is_signed_and_the_challenge_is_used_up(self):
        first, second = a_site() and administrators()
        person = a_person(Role.TECHNICIAN)
        client = at_browser(second)
        intent = {"roles": ["qa"], "reason": "moves to quality assurance"}
        asked = challenge_for(client, person, "person.change_roles", intent).json()["challenge"]
        do("person.change_roles", person, by=first, roles=["logistics"], reason="moves to logistics")
        do("person.approve_roles", person, by=second)
        body = {"challenge": asked, "username": second.username, "secret": secret_of(second)}

        answers = [sent(client, "/api/v1/acts/person.change_roles/", body) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [409, 409]
        assert codes(answers[0]) == ["stale"]
        assert codes(answers[1]) == ["already_signed"]
        assert fresh(person).state.roles == ["logistics"]

    def test_a_refused_act_leaves_the_challenge(self):
        first, second = a_site() and administrators()
        person = a_person(Role.TECHNICIAN)
        client = at_browser(second)
        intent = {"roles": ["qa"], "reason": "moves to quality assurance"}
        asked = challenge_for(client, person, "person.change_roles", intent).json()["challenge"]
        do("person.change_roles", person, by=first, roles=["logistics"], reason="moves to logistics")
        body = {"challenge": asked, "username": second.username, "secret": secret_of(second)}

        answer = sent(client, "/api/v1/acts/person.change_roles/", body)

        assert answer.status_code == 409
        assert "Another change of roles waits for approval." in answer.json()["detail"]
        assert Challenge.objects.get(pk=asked).used_at is None


class TestWithoutThePassword:
    @pytest.mark.parametrize(
        "left_out", [["secret"], ["username"], ["username", "secret"]], ids=["secret", "username", "both"]
    )
    def test_a_session_does_not_sign(self, left_out):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        client = at_browser(quality)
        body = {
            "challenge": challenge_for(client, trainee).json()["challenge"],
            "username": quality.username,
            "secret": secret_of(quality),
        }

        answer = sent(
            client, "/api/v1/acts/person.record_training/", {k: v for k, v in body.items() if k not in left_out}
        )

        assert answer.status_code == 400
        assert sorted(one["field"] for one in answer.json()["objections"]) == sorted(left_out)
        assert not Training.objects.exists()

    def test_a_token_does_not_sign(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        row, token = a_token(quality, "read", "record")
        asked = challenge_for(Client(), trainee, **token)
        body = {"challenge": asked.json()["challenge"]}

        alone = sent(Client(), "/api/v1/acts/person.record_training/", body, **token)
        as_secret = sent(
            Client(),
            "/api/v1/acts/person.record_training/",
            body | {"username": quality.username, "secret": row.shown_once},
            **token,
        )

        assert (alone.status_code, as_secret.status_code) == (400, 403)
        assert not Training.objects.exists()

    def test_a_token_with_user_name_and_password_signs(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        _row, token = a_token(quality, "read", "record")
        asked = challenge_for(Client(), trainee, **token).json()["challenge"]
        body = {"challenge": asked, "username": quality.username, "secret": secret_of(quality)}

        assert sent(Client(), "/api/v1/acts/person.record_training/", body, **token).status_code == 201

    def test_somebody_elses_password_signs_nothing_in_this_session(self):
        quality, other, trainee = a_person(Role.QA), a_person(Role.QA), a_person(Role.TECHNICIAN)
        client = at_browser(quality)
        asked = challenge_for(client, trainee).json()["challenge"]
        body = {"challenge": asked, "username": other.username, "secret": secret_of(other)}

        answer = sent(client, "/api/v1/acts/person.record_training/", body)

        assert answer.status_code == 403
        assert f"This session is {quality.name}'s" in answer.json()["detail"]
        assert not Training.objects.exists()


class TestTokens:
    def test_a_token_that_only_reads_changes_nothing(self):
        quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
        _row, token = a_token(quality, "read")

        assert Client().get("/api/v1/account/", **token).status_code == 200
        assert challenge_for(Client(), trainee, **token).status_code == 403

    def test_a_token_that_only_records_reads_nothing(self):
        _row, token = a_token(a_person(Role.QA), "record")

        assert Client().get("/api/v1/account/", **token).status_code == 403

    def test_a_revoked_token_opens_nothing(self):
        person = a_person(Role.QA)
        row, token = a_token(person, "read")
        revoke(row, by=person)

        assert Client().get("/api/v1/account/", **token).status_code == 401

    def test_a_token_ends_by_itself(self):
        row, token = a_token(a_person(Role.QA), "read")
        assert row.expires_at - row.signed_at >= timedelta(days=89)

        client = Client()
        before = client.get("/api/v1/account/", **token).status_code
        from unittest import mock

        with mock.patch("ledger.clock.machine_now", return_value=row.expires_at):
            after = client.get("/api/v1/account/", **token).status_code

        assert (before, after) == (200, 401)

    def test_a_token_ends_with_its_issuers_account(self):
        person = a_person(Role.QA)
        _row, token = a_token(person, "read")
        do("person.deactivate", person, by=administrators()[0], reason="left the site")

        assert Client().get("/api/v1/account/", **token).status_code == 401

    def test_only_the_hash_of_a_token_is_stored(self):
        row, _token = a_token(a_person(Role.QA), "read")

        stored = TokenIssued.objects.get(pk=row.pk)
        payload = bytes(Entry.objects.get(rec_id=row.pk).payload.bytes)

        assert row.shown_once not in json.dumps(str(vars(stored)))
        assert row.shown_once.encode() not in payload

    @pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic eDp5", "Bearer " + "é" * 20, ""])
    def test_nonsense_is_nobody(self, header):
        a_site()
        assert Client().get("/api/v1/account/", HTTP_AUTHORIZATION=header).status_code == 401


REFUSED_TEXTS = {
    "NaN": b'{"act": NaN}',
    "Infinity": b'{"act": Infinity}',
    "beyond a double": b'{"act": 1e400}',
    "beyond 2^53": b'{"act": 9007199254740992}',
    "a very long number": b'{"act": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"act": "a", "act": "b"}',
    "a list": b"[]",
    "a text": b'"act"',
    "nothing": b"",
    "half": b'{"act": ',
    "Latin-1": '{"act": "é"}'.encode("latin-1"),
    "half a character": b'{"act": "\\ud800"}',
    "a NUL": b'{"act": "\\u0000"}',
    "nested too deeply": b"[" * 100_000,
    "an unknown field": b'{"act": "person.approve", "record": "' + str(uuid4()).encode() + b'", "status": "released"}',
    "an act that is none": b'{"act": "batch.fly", "record": "' + str(uuid4()).encode() + b'"}',
    "an id that is none": b'{"act": "person.approve", "record": "17"}',
}


@pytest.mark.parametrize("text", REFUSED_TEXTS.values(), ids=REFUSED_TEXTS.keys())
def test_what_could_be_read_in_two_ways_is_refused_with_a_sentence(text):
    a_site()
    client = at_browser(administrators()[0])
    before = Entry.objects.count(), Challenge.objects.count()

    answer = client.post("/api/v1/challenges/", text, content_type="application/json")

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["objections"][0]["says"]
    assert (Entry.objects.count(), Challenge.objects.count()) == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_only_json_in_utf_8_is_taken(kind):
    a_site()
    answer = at_browser(administrators()[0]).post("/api/v1/challenges/", b'{"act": "x"}', content_type=kind)

    assert answer.status_code == 415


def test_more_than_a_mebibyte_is_not_read():
    a_site()
    client = at_browser(administrators()[0])
    answer = client.post("/api/v1/challenges/", b'"' + b"a" * 1_048_576 + b'"', content_type="application/json")

    assert answer.status_code == 413


@pytest.mark.parametrize("field", ["meaning", "signed_at", "role", "user", "seq", "version", "view_sha256"])
def test_nobody_chooses_what_a_signature_says(field):
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    client = at_browser(quality)
    asked = challenge_for(client, trainee).json()["challenge"]
    body = {"challenge": asked, "username": quality.username, "secret": secret_of(quality), field: "released"}

    answer = sent(client, "/api/v1/acts/person.record_training/", body)

    assert answer.status_code == 400
    assert answer.json()["objections"][0]["field"] == field
    assert not Training.objects.exists()


def test_before_the_policy_is_accepted_nothing_else_is_signed():
    person = enrolled(Role.QA)
    trainee = a_person(Role.TECHNICIAN)

    answer = challenge_for(at_browser(person), trainee)

    assert (answer.status_code, codes(answer)) == (409, ["policy_not_accepted"])
    assert not PolicyAcceptance.objects.filter(signer=person).exists()


def test_missing_and_forbidden_people_get_the_same_answer():
    technician, other = a_person(Role.TECHNICIAN), a_person(Role.QA)
    client = at_browser(technician)

    there = client.get(reverse("api-person", args=[other.pk]))
    nowhere = client.get(reverse("api-person", args=[uuid4()]))

    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content
    assert client.get(reverse("api-person", args=[technician.pk])).json()["username"] == technician.username


def test_a_refusal_stands_in_the_security_log_without_its_content():
    technician = a_person(Role.TECHNICIAN)
    client = at_browser(technician)
    intent = {"reason": "a very private reason"}

    answer = challenge_for(client, administrators()[0], "person.deactivate", intent)

    assert answer.status_code == 403
    event = SecurityEvent.objects.filter(kind="refused").latest("pk")
    assert event.person == technician
    assert event.about == "403 POST /api/v1/challenges/: lacks_permission"


def test_the_schema_documents_the_refusals_of_every_operation():
    a_site()
    answer = at_browser(administrators()[0]).get("/api/v1/schema/")

    schema = json.loads(answer.content)
    assert schema["openapi"].startswith("3.1")
    for path, operations in schema["paths"].items():
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}:
            assert {"400", "401", "403", "404", "409", "422", "429"} <= operations[method]["responses"].keys(), path


def test_a_session_needs_its_csrf_token_to_change_anything():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    client = at_browser(quality)
    client.handler.enforce_csrf_checks = True

    answer = challenge_for(client, trainee)

    assert answer.status_code == 403
    assert Challenge.objects.filter(asked_by=quality, act="person.record_training").count() == 0
