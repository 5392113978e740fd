"""People come and go by the acts of two administrators; each act is a signed row that verifies."""

import pytest

from accounts.admission import enrol, found, new_link
from accounts.links import make_link
from accounts.models import KeyEnrolment, OneTimeLink, Person, Training
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.signing import WrongSecret, ask, perform
from ledger import clock
from ledger.models import Entry
from ledger.verification import verify_records
from ledger.writing import writing
from tests.people import (
    STATION,
    a_person,
    a_site,
    administrators,
    admitted,
    approved,
    at_browser,
    do,
    enrolled,
    fresh,
    secret_of,
)

pytestmark = pytest.mark.django_db

REASON = "because of this test"
TRAINED = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05"}


def verified() -> bool:
    return verify_records().findings == []


class TestFounding:
    def test_two_administrators_begin_a_site(self):
        site = a_site()

        assert [person.state.roles for person in administrators()] == [["administrator"]] * 2
        assert Entry.objects.get(seq=1).rec_id == site.pk
        assert site.training
        assert verified()

    def test_a_site_is_founded_once(self):
        a_site()
        with pytest.raises(Refused, match="founded already"):
            found(None, founders=[])  # it is refused before anything is read

    def test_the_founding_command_asks_for_nothing_it_was_given(self, tmp_path, capsys):
        from django.core.management import CommandError, call_command

        (tmp_path / "one").write_text("violet tractor harmonica\n")
        (tmp_path / "two").write_text("orange bicycle accordion\n")
        options = {
            "name": "Plant", "address": "1 Road", "licence": "", "facility": "A9999",
            "first_username": "alma", "first_name": "Alma Frey", "first_identity_document": "passport",
            "first_identity_checked_on": "2026-01-05", "first_secret_file": str(tmp_path / "one"),
            "second_username": "boris", "second_name": "Boris Lang", "second_identity_document": "passport",
            "second_identity_checked_on": "2026-01-05", "second_secret_file": str(tmp_path / "two"),
        }  # fmt: skip
        with pytest.raises(CommandError, match="facility"):
            call_command("found", **options | {"facility": "O9999"})
        assert not Person.objects.exists()

        call_command("found", **options)

        assert "a training site, for ever" in capsys.readouterr().out
        assert verified()
        with pytest.raises(CommandError, match="founded already"):
            call_command("found", **options)


class TestAdmission:
    def test_one_administrator_alone_admits_nobody(self):
        first, second = a_site() and administrators()
        person = admitted(Role.QA)

        with pytest.raises(Refused, match="second administrator"):
            do("person.approve", person, by=first)
        assert not fresh(person).state.active
        do("person.approve", person, by=second)
        assert not fresh(person).state.active  # a key is still missing

    def test_a_user_id_is_never_given_twice(self):
        person = a_person(Role.QA, username="maya")
        do("person.deactivate", person, by=administrators()[0], reason=REASON)

        with pytest.raises(Refused, match="never given twice"):
            admitted(Role.QA, name="Another Maya", username="maya")

    @pytest.mark.parametrize("username", ["Maya", "ma", "1maya", "maya okafor", "ｍaya", "m" * 41, "../maya"])
    def test_a_user_id_is_plain(self, username):
        a_site()
        with pytest.raises(BadInput):
            admitted(Role.QA, name="Somebody", username=username)

    @pytest.mark.parametrize("roles", [[], ["superuser"], ["qa"] * 9, "qa"])
    def test_only_known_roles_are_given(self, roles):
        site = a_site()
        with pytest.raises(BadInput):
            do(
                "person.admit", site, by=administrators()[0], username="maya", name="Maya", roles=roles,
                identity_document="passport", identity_checked_on="2026-01-05",
            )  # fmt: skip


class TestTheOneTimeLink:
    def test_lets_its_person_set_a_password_once(self):
        person = approved(Role.QA)
        token = make_link(person, by=administrators()[0], station=STATION)

        enrol(token, secret=secret_of(person), secret_again=secret_of(person))

        assert fresh(person).state.active
        with pytest.raises(Refused, match="not valid any more"):
            enrol(token, secret="another password 2", secret_again="another password 2")
        assert verified()

    def test_is_stored_nowhere(self):
        token = make_link(approved(Role.QA), by=administrators()[0], station=STATION)

        assert token not in str(list(OneTimeLink.objects.values()))

    def test_is_made_by_an_administrator_alone(self):
        person, quality = approved(Role.QA), a_person(Role.QA)
        with pytest.raises(NotAllowed):
            make_link(person, by=quality, station=STATION)

    def test_is_not_made_before_the_approval_nor_for_somebody_with_a_key(self):
        first, _second = a_site() and administrators()
        with pytest.raises(Refused, match="approve the admission"):
            make_link(fresh(admitted(Role.QA)), by=first, station=STATION)
        with pytest.raises(Refused, match="has a key"):
            make_link(a_person(Role.QA), by=first, station=STATION)

    def test_is_not_made_for_oneself(self):
        first, _second = a_site() and administrators()
        with pytest.raises(Refused, match="Another administrator"):
            make_link(first, by=first, station=STATION)

    def test_ends_when_a_newer_one_is_made(self):
        person, first = approved(Role.QA), administrators()[0]
        older = make_link(person, by=first, station=STATION)
        make_link(person, by=first, station=STATION)

        with pytest.raises(Refused, match="not valid"):
            enrol(older, secret=secret_of(person), secret_again=secret_of(person))

    def test_ends_with_the_account(self):
        person, first = approved(Role.QA), administrators()[0]
        token = make_link(person, by=first, station=STATION)
        do("person.deactivate", person, by=first, reason=REASON)

        with pytest.raises(Refused, match="not valid"):
            enrol(token, secret=secret_of(person), secret_again=secret_of(person))

    def test_ends_by_itself(self):
        person = approved(Role.QA)
        token = make_link(person, by=administrators()[0], station=STATION)
        OneTimeLink.objects.update(expires_at=clock.machine_now())

        with pytest.raises(Refused, match="not valid"):
            enrol(token, secret=secret_of(person), secret_again=secret_of(person))


class TestPasswords:
    @pytest.mark.parametrize(
        ("secret", "says"),
        [
            ("fourteen chars", "at least 15"),
            ("passwordpassword", "too common"),
            ("aaaaaaaaaaaaaaaa", "too common"),
            ("maya.okafor is me, honestly", "your name"),
            ("everybody likes okafor here", "your name"),
            ("x1" * 513, "at most 1,024"),
            ("", "at least 15"),
        ],
    )
    def test_a_weak_one_is_refused(self, secret, says):
        person = approved(Role.QA, name="Maya Okafor", username="maya.okafor")
        with writing():
            token = new_link(person)
        with pytest.raises(BadInput, match=says):
            enrol(token, secret=secret, secret_again=secret)
        assert not KeyEnrolment.objects.filter(signer=person).exists()

    @pytest.mark.parametrize(
        "secret",
        [
            "exactly15 chars",
            "ünïcödé wörds ständ hère",
            "  spaces are kept  ",
            "long " * 200,
            "密码密码密码密码密码一二三四五六",
        ],
    )
    def test_a_long_one_is_taken_and_every_character_of_it_counts(self, secret):
        person = approved(Role.QA)
        with writing():
            token = new_link(person)
        enrol(token, secret=secret, secret_again=secret)

        challenge, _shown = ask("policy.accept", person.pk, {}, by=fresh(person))
        for wrong in (secret + "x", secret[:-1], secret[:72] if len(secret) > 72 else secret.upper() + "!"):
            with pytest.raises(Refused):
                perform(challenge.pk, username=person.username, secret=wrong, station=wrong[:50], at_hand=person)
        perform(challenge.pk, username=person.username, secret=secret, station=STATION, at_hand=person)

    def test_two_different_ones_are_refused(self):
        person = approved(Role.QA)
        with writing():
            token = new_link(person)
        with pytest.raises(BadInput, match="differ"):
            enrol(token, secret="violet tractor one", secret_again="violet tractor two")


class TestAReset:
    def test_makes_a_new_key_and_the_old_password_signs_nothing(self):
        first, second = a_site() and administrators()
        person, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
        before = do("person.record_training", other, by=person, **TRAINED)
        old_key = fresh(person).state.key_id
        do("person.reset_key", person, by=first, reason="lost the password")
        challenge, _shown = ask("person.record_training", other.pk, TRAINED, by=person)
        do("person.approve_reset", person, by=second)

        with pytest.raises(WrongSecret):
            perform(challenge.pk, username=person.username, secret=secret_of(person), station="", at_hand=person)
        token = make_link(fresh(person), by=first, station=STATION)
        enrol(token, secret="an entirely new one", secret_again="an entirely new one")

        assert fresh(person).state.key_id not in {"", old_key}
        assert KeyEnrolment.objects.get(key_id=old_key).replaced_by.key_id == fresh(person).state.key_id
        assert Training.objects.get(pk=before.pk)
        assert verified()  # what the old key signed stays valid

    def test_needs_a_second_administrator(self):
        first, _second = a_site() and administrators()
        person = a_person(Role.QA)
        do("person.reset_key", person, by=first, reason="lost the password")

        with pytest.raises(Refused, match="second administrator"):
            do("person.approve_reset", person, by=first)
        assert fresh(person).state.active

    def test_ends_the_live_sessions(self):
        first, second = a_site() and administrators()
        person = a_person(Role.QA)
        browser = at_browser(person)
        do("person.reset_key", person, by=first, reason="lost the password")
        assert browser.get("/account/").status_code == 200
        do("person.approve_reset", person, by=second)

        assert browser.get("/account/").status_code == 302


class TestRolesChange:
    def test_only_with_a_second_administrator(self):
        first, second = a_site() and administrators()
        person = a_person(Role.TECHNICIAN)
        do("person.change_roles", person, by=first, roles=["qa"], reason=REASON)
        assert fresh(person).state.roles == ["technician"]

        with pytest.raises(Refused, match="second administrator"):
            do("person.approve_roles", person, by=first)
        do("person.approve_roles", person, by=second)

        assert fresh(person).state.roles == ["qa"]
        assert verified()

    def test_nobody_changes_or_approves_their_own(self):
        first, second = a_site() and administrators()
        with pytest.raises(Refused, match="their own roles"):
            do("person.change_roles", first, by=first, roles=["qa"], reason=REASON)
        do("person.change_roles", second, by=first, roles=["administrator", "qa"], reason=REASON)
        with pytest.raises(Refused, match="about themselves"):
            do("person.approve_roles", second, by=second)

    def test_what_was_lost_is_lost_at_the_next_request(self):
        first, second = a_site() and administrators()
        person = a_person(Role.QA)
        browser = at_browser(person)
        assert browser.get("/security/").status_code == 200
        do("person.change_roles", person, by=first, roles=["technician"], reason=REASON)
        do("person.approve_roles", person, by=second)

        assert browser.get("/security/").status_code == 403

    def test_old_signatures_keep_the_role_of_their_time(self):
        first, second = a_site() and administrators()
        person, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
        row = do("person.record_training", other, by=person, **TRAINED)
        do("person.change_roles", person, by=first, roles=["technician"], reason=REASON)
        do("person.approve_roles", person, by=second)

        assert Training.objects.get(pk=row.pk).signer_role == "Quality assurance"
        assert verified()


class TestDeactivation:
    def test_ends_sessions_and_signatures_at_once_and_keeps_what_was_signed(self):
        first, _second = a_site() and administrators()
        person, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
        do("person.record_training", other, by=person, **TRAINED)
        browser = at_browser(person)
        challenge, _shown = ask("person.record_training", other.pk, TRAINED | {"version": "2"}, by=person)
        do("person.deactivate", person, by=first, reason="left the site")

        assert browser.get("/account/").status_code == 302
        with pytest.raises(WrongSecret):
            perform(challenge.pk, username=person.username, secret=secret_of(person), station="", at_hand=person)
        assert Training.objects.count() == 1
        assert fresh(person).permissions == frozenset()
        assert verified()

    def test_nobody_deactivates_themselves(self):
        first, _second = a_site() and administrators()
        with pytest.raises(Refused, match="their own account"):
            do("person.deactivate", first, by=first, reason=REASON)


def test_nobody_records_their_own_training():
    quality = a_person(Role.QA)
    with pytest.raises(Refused, match="Somebody else"):
        do("person.record_training", quality, by=quality, **TRAINED)


def test_a_title_is_printed_with_signatures_in_place_of_the_roles():
    quality, other = a_person(Role.QA, title="Head of quality"), a_person(Role.TECHNICIAN)

    assert do("person.record_training", other, by=quality, **TRAINED).signer_role == "Head of quality"


def test_nobody_accepts_the_policy_for_somebody_else():
    person, other = enrolled(Role.QA), a_person(Role.QA)
    with pytest.raises(Refused, match="for themselves"):
        do("policy.accept", person, by=other)
