"""Keys come and go: replaced by their owners, revoked by administrators; what they signed before stays valid."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.admission import unstored_challenge
from accounts.api.authentication import token_in_force
from accounts.checks import findings_on, key_lives
from accounts.key_life import keys_of, rotate_key
from accounts.keys import unlock
from accounts.meanings import Meaning
from accounts.models import (
    FailureCounter,
    KeyEnrolment,
    KeyRevocation,
    KeyRotation,
    KeyWrap,
    Person,
    SecurityEvent,
    Signed,
    Training,
)
from accounts.own_signatures import signatures_of
from accounts.refusal import BadInput, NotAllowed, Refused, TooManyTries
from accounts.roles import Role
from accounts.signature import Signature, sign
from accounts.signing import WrongSecret, ask, perform
from ledger import clock
from ledger.dsse import opened
from ledger.models import Entry, Envelope, Payload
from ledger.verification import verify_records
from ledger.writing import writing
from tests.apps.test_ledger_attacks import table
from tests.guards_away import as_owner
from tests.people import STATION, a_person, a_site, administrators, at_browser, do, fresh, nothing_written, secret_of

pytestmark = pytest.mark.django_db
WHY = "the password was seen"


def trained(person: Person, *, by: Person) -> Signed:
    """Something that quality signs."""
    return do("person.record_training", person, by=by, procedure="MBR-CD19", version="1", trained_on="2026-01-05")


def rotated(person: Person) -> KeyEnrolment:
    return rotate_key(fresh(person), secret=secret_of(person), station=STATION)


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


def sequence_of(row: Signed) -> int:
    return Entry.objects.get(rec_id=row.pk).seq


@pytest.fixture
def quality() -> Person:
    a_site()
    return a_person(Role.QA)


@pytest.fixture
def somebody(quality: Person) -> Person:
    return administrators()[1]


class TestRotation:
    def test_the_old_key_signs_that_it_ends_and_the_new_one_signs_itself(self, quality: Person) -> None:
        old = quality.state.key_id
        enrolment = rotated(quality)

        rotation = KeyRotation.objects.get()
        signers = [
            opened(bytes(Envelope.objects.get(entry__rec_id=row.pk).bytes)).key_id for row in (rotation, enrolment)
        ]
        assert signers == [old, enrolment.key_id]
        assert sequence_of(rotation) + 1 == sequence_of(enrolment)
        assert (rotation.new_key_id, rotation.new_public_key) == (enrolment.key_id, enrolment.public_key)
        assert enrolment.replaces is not None
        assert enrolment.replaces.key_id == old
        assert fresh(quality).state.key_id == enrolment.key_id
        assert findings() == []

    def test_the_same_password_signs_with_the_new_key_and_what_the_old_one_signed_stays_valid(
        self, quality: Person, somebody: Person
    ) -> None:
        before = trained(somebody, by=quality)
        rotated(quality)
        after = trained(somebody, by=fresh(quality))

        assert [findings_on(row) for row in (before, after)] == [[], []]
        life = key_lives()
        assert life[fresh(quality).state.key_id].was_in_force_at(sequence_of(after))
        assert KeyWrap.objects.get(person=quality).key_id == fresh(quality).state.key_id

    def test_a_wrong_password_replaces_nothing_and_is_counted(self, quality: Person) -> None:
        with nothing_written(), pytest.raises(BadInput, match="not your present password"):
            rotate_key(quality, secret="not the password at all", station=STATION)
        assert FailureCounter.objects.get().failures == 1

    def test_somebody_who_is_blocked_waits(self, quality: Person) -> None:
        for _ in range(3):
            with pytest.raises(BadInput):
                rotate_key(quality, secret="not the password at all", station=STATION)
        with nothing_written(), pytest.raises(TooManyTries):
            rotated(quality)

    def test_a_revoked_key_replaces_itself_by_nothing(self, quality: Person) -> None:
        do("key.revoke", quality, by=administrators()[0], reason=WHY)
        with nothing_written(), pytest.raises(Refused, match="replaced or revoked"):
            rotated(quality)

    def test_a_page_that_was_open_meanwhile_signs_nothing_with_the_old_key(
        self, quality: Person, somebody: Person
    ) -> None:
        intent = {"procedure": "P", "version": "1", "trained_on": "2026-01-05"}
        challenge, _shown = ask("person.record_training", somebody.pk, intent, by=quality)
        rotated(quality)
        row = perform(
            challenge.pk, username=quality.username, secret=secret_of(quality), station=STATION, at_hand=quality
        )
        assert opened(bytes(Envelope.objects.get(entry__rec_id=row.pk).bytes)).key_id == fresh(quality).state.key_id

    def test_sessions_and_tokens_end(self, quality: Person) -> None:
        client = at_browser(quality)
        token = do("token.issue", quality, by=quality, program="a scale", scopes=["read"])
        assert token_in_force(token.shown_once)
        rotated(quality)
        assert client.get("/account/").status_code == 302
        assert token_in_force(token.shown_once) is None

    def test_the_page_asks_for_the_password_and_says_what_happened(self, quality: Person) -> None:
        client = at_browser(quality)
        with nothing_written():
            wrong = client.post("/account/key/", {"present_secret": "not the password at all"})
        assert wrong.status_code == 400
        assert "This is not your present password" in wrong.content.decode()

        right = client.post("/account/key/", {"present_secret": secret_of(quality)})
        assert (right.status_code, right.headers["Location"]) == (303, "/sign-in/?new_key=1")
        assert "You have a new key" in client.get("/sign-in/?new_key=1").content.decode()
        page = at_browser(quality).get("/account/").content.decode()
        assert page.count("replaced by its owner") == 1

    def test_a_program_does_the_same_with_the_password_in_its_body(self, quality: Person) -> None:
        client = at_browser(quality)
        bodies: list[object] = [
            {},
            {"present_secret": "x" * 20},
            {"present_secret": secret_of(quality), "key": "x"},
            [],
        ]
        for body in bodies:
            with nothing_written():
                answer = client.post("/api/v1/account/key/", body, content_type="application/json")
            assert answer.status_code == 400
        answer = client.post(
            "/api/v1/account/key/", {"present_secret": secret_of(quality)}, content_type="application/json"
        )
        assert answer.status_code == 201
        assert answer.json()["key_id"] == fresh(quality).state.key_id


class TestRevocation:
    def test_one_administrator_ends_a_key_at_once(self, quality: Person, somebody: Person) -> None:
        key, client = quality.state.key_id, at_browser(quality)
        token = do("token.issue", quality, by=quality, program="a scale", scopes=["read"])
        row = do("key.revoke", quality, by=administrators()[0], reason=WHY)

        assert isinstance(row, KeyRevocation)
        assert (row.key_id, row.stream_name()) == (key, f"person/{quality.pk}")
        assert not fresh(quality).is_active
        assert client.get("/account/").status_code == 302
        assert token_in_force(token.shown_once) is None
        assert (
            Client().post("/sign-in/", {"username": quality.username, "secret": secret_of(quality)}).status_code == 403
        )
        with nothing_written(), pytest.raises((WrongSecret, NotAllowed)):
            trained(somebody, by=quality)
        assert findings() == []

    def test_signatures_count_by_their_place_in_the_ledger_and_not_by_what_they_claim(
        self, quality: Person, somebody: Person
    ) -> None:
        before = trained(somebody, by=quality)
        do("key.revoke", quality, by=administrators()[0], reason=WHY)

        assert findings_on(before) == []
        (shown,) = [one for one in signatures_of(quality) if one.row.pk == before.pk]
        assert (shown.findings, shown.key_revoked) == ([], True)
        life = key_lives()[quality.state.key_id]
        revoked = Entry.objects.get(type="key.revoked").seq
        assert (life.until, life.ended_by) == (revoked, "accounts.keyrevocation")
        assert [life.was_in_force_at(seq) for seq in (revoked, revoked + 1)] == [True, False]

    def test_a_signature_that_a_thief_makes_afterwards_and_dates_back_is_found(
        self, quality: Person, somebody: Person
    ) -> None:
        stolen = unlock(KeyWrap.objects.get(person=quality), secret_of(quality))
        claimed = clock.now() - timedelta(days=1)
        do("key.revoke", quality, by=administrators()[0], reason=WHY)

        forged = Signature(quality, stolen, Meaning.APPROVED, "as it was", claimed, unstored_challenge())
        row = Training(person=somebody, procedure="P", version="1", trained_on=claimed.date())
        with writing():
            sign(row, forged, type="training.recorded")

        assert findings_on(row) == ["its key was not in force at this place in the ledger"]
        assert any(str(row.pk) in finding for finding in findings())

    def test_nobody_revokes_their_own_nor_a_key_that_is_not_there(self, quality: Person) -> None:
        first, second = administrators()
        with nothing_written(), pytest.raises(Refused, match="Another administrator"):
            ask("key.revoke", first.pk, {"reason": WHY}, by=first)
        do("key.revoke", quality, by=first, reason=WHY)
        with nothing_written(), pytest.raises(Refused, match="no key in force"):
            ask("key.revoke", quality.pk, {"reason": WHY}, by=second)

    def test_a_new_key_comes_by_two_administrators_and_leaves_the_old_one_ended(self, quality: Person) -> None:
        first, second = administrators()
        old = quality.state.key_id
        do("key.revoke", quality, by=first, reason=WHY)
        do("person.reset_key", quality, by=first, reason="after the revocation")
        do("person.approve_reset", quality, by=second)
        client = at_browser(first)
        link = client.post(f"/people/{quality.pk}/link/").context["secret"]
        secrets = {"secret": secret_of(quality), "secret_again": secret_of(quality)}
        assert Client().post(link.removeprefix("http://testserver"), secrets).status_code == 303

        shown = keys_of(quality)
        assert [(one.key_id == old, one.was_revoked, one.until is None) for one in shown] == [
            (False, False, True),
            (True, True, False),
        ]
        page = client.get(f"/people/{quality.pk}/").content.decode()
        assert old in page
        assert "revoked" in page
        assert findings() == []

    def test_a_revocation_is_signed_with_how_many_can_make_a_new_key(self, quality: Person) -> None:
        first, second = administrators()
        _challenge, shown = ask("key.revoke", second.pk, {"reason": WHY}, by=first)
        assert ("Other administrators who can sign", "1") in [(line.label, line.value) for line in shown.lines]


def test_an_administrator_who_resets_a_password_cannot_sign_as_its_owner(quality: Person) -> None:
    """The administrator gets a link that makes another key; both entries stand in the ledger, the old password dies."""
    first, second = administrators()
    old = quality.state.key_id
    do("person.reset_key", quality, by=first, reason="lost the password")
    do("person.approve_reset", quality, by=second)
    link = at_browser(first).post(f"/people/{quality.pk}/link/").context["secret"]
    theirs = {"secret": "chosen by the administrator", "secret_again": "chosen by the administrator"}
    Client().post(link.removeprefix("http://testserver"), theirs)

    types = list(
        Entry.objects.filter(stream=f"person/{quality.pk}").order_by("-sseq").values_list("type", flat=True)[:2]
    )
    assert types == ["key.enrolled", "key.reset"]
    lives = key_lives()
    assert lives[old].ended_by == "accounts.keyresetapproval"
    assert fresh(quality).state.key_id != old
    assert SecurityEvent.objects.filter(kind="key_enrolled", person=quality).count() == 2


def test_no_payload_of_keys_is_needed_to_know_whose_key_ended(quality: Person) -> None:
    """The format says it: what ends a key stands in its person's own stream, so a bare entry is enough."""
    do("key.revoke", quality, by=administrators()[0], reason=WHY)
    entry = Entry.objects.get(type="key.revoked")
    before = key_lives()
    as_owner((f"DELETE FROM {table(Payload)} WHERE entry_id = %s", [entry.seq]))
    assert key_lives() == before
