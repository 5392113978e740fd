"""Every account that ever was, and the review of access by quality."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access import Account, Moment, RolePeriod, Standing, _short_lived, listing, newest_entry, uses
from accounts.access_asked import asked, next_review_due
from accounts.access_events import Kind
from accounts.access_rows import rows_of, signers
from accounts.models import AccessReview, Person, RoleChange, TokenIssued
from accounts.panels import work_for
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from config.inspection_day import SECTIONS
from ledger import clock
from ledger.models import Site
from ledger.verification import run_check
from tests.guards_away import as_owner
from tests.people import a_person, a_site, administrators, admitted, approved, at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db

FOUND = "Every line was read with the list of staff beside it."
REASON = "as the head of department asks"


def account_of(person: Person) -> Account:
    return listing().by_person[person.pk]


def give_roles(person: Person, *roles: Role) -> None:
    first, second = administrators()
    do("person.change_roles", person, by=first, roles=[str(role) for role in roles], reason=REASON)
    do("person.approve_roles", person, by=second)


def review(by: Person, *decisions: dict[str, object], as_of: int | None = None) -> AccessReview:
    row = do(
        "access.review", a_site(), by=by, found=FOUND, decisions=list(decisions), as_of=as_of or newest_entry()
    )  # fmt: skip
    assert isinstance(row, AccessReview)
    return row


def wants(person: Person, decision: str, *roles: Role) -> dict[str, object]:
    return {"person": str(person.pk), "decision": decision, "roles": [str(role) for role in roles], "reason": REASON}


def objections_of(by: Person, *decisions: dict[str, object], as_of: int | None = None) -> str:
    with nothing_written(), pytest.raises(Refused) as refused:
        review(by, *decisions, as_of=as_of)
    return str(refused.value)


def tasks_of(person: Person) -> list[str]:
    return [task.title for task in work_for(fresh(person)) if "access" in task.url or "review of access" in task.detail]


# What the list says


@pytest.mark.clause("21 CFR 11.10(d)", "lists every account that ever was, who admitted it and each change of roles")
def test_an_account_is_told_from_its_admission_to_its_end():
    person = a_person(Role.TECHNICIAN)
    first, second = administrators()
    give_roles(person, Role.QC_ANALYST)
    do("person.deactivate", person, by=second, reason="left the site")

    account = account_of(person)

    assert [event.kind for event in account.events] == [
        Kind.ADMISSION_PROPOSED, Kind.ADMITTED, Kind.KEY_ENROLLED, Kind.ROLES_PROPOSED, Kind.ROLES_CHANGED,
        Kind.DEACTIVATED,
    ]  # fmt: skip
    assert account.admission.by.person == first.pk
    assert account.admission.approved_by.person == second.pk
    changed = account.events[4]
    assert (account.roles_before(changed.seq), changed.after) == (("technician",), ("qc_analyst",))
    assert [(one.role, one.until is None) for one in account.role_periods] == [
        ("technician", False), ("qc_analyst", False)
    ]  # fmt: skip
    assert (account.standing, account.roles, account.key_id) == (Standing.DEACTIVATED, (), "")


def test_the_founders_and_those_who_wait_are_told_as_what_they_are():
    proposed, keyless = admitted(Role.QA), approved(Role.QA)

    assert account_of(administrators()[0]).admission.kind == Kind.FOUNDED
    assert account_of(proposed).admission.kind == Kind.ADMISSION_PROPOSED
    assert account_of(proposed).roles == ()
    assert account_of(keyless).roles == ("qa",)
    assert {account_of(one).standing for one in (proposed, keyless)} == {Standing.WAITING}


@pytest.fixture
def somebody():
    return a_person(Role.TECHNICIAN)


STEPS = st.lists(
    st.one_of(
        st.sets(st.sampled_from([str(role) for role in Role]), max_size=3).map(sorted),
        st.sampled_from(["revoke", "proposed"]),
    ),
    max_size=4,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happened_the_history_ends_in_the_present(somebody, steps):
    first, second = administrators()
    for step in steps:
        person = fresh(somebody)
        if step == "revoke":
            if person.state.key_id:
                do("key.revoke", person, by=first, reason=REASON)
        elif person.state.active and not RoleChange.objects.filter(person=person, approval=None).exists():
            roles = ["qa"] if step == "proposed" else step
            do("person.change_roles", person, by=first, roles=roles, reason=REASON)
            if step != "proposed":
                do("person.approve_roles", person, by=second)

    account, state = account_of(somebody), fresh(somebody).state

    assert list(account.roles) == state.roles
    assert account.key_id == state.key_id
    assert (account.standing == Standing.ACTIVE) is state.active
    assert {one.role for one in account.role_periods if one.until is None} == set(state.roles)


def test_the_list_asks_as_much_of_the_database_for_many_people_as_for_few():
    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            found = listing()
            rows_of(found)
            signers(found)
            asked(found)
        return len(caught)

    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    review(quality, wants(other, "deactivate"))
    few = statements()
    for _each in range(4):
        person = a_person(Role.TECHNICIAN)
        give_roles(person, Role.QC_ANALYST)
        do("token.issue", person, by=person, program="a program", scopes=["read"], days="30")
    review(quality, wants(person, "deactivate"))

    assert statements() == few


# Last use


def test_last_use_is_the_newest_of_sign_in_signature_and_token():
    person = approved(Role.TECHNICIAN)
    assert person.pk not in uses()

    person = a_person(Role.QA)
    assert uses()[person.pk].signed_in_at is None
    assert uses()[person.pk].signed_at is not None, "accepting the policy is a signature"
    at_browser(person)
    issued = do("token.issue", person, by=person, program="a program", scopes=["read"], days="30")
    assert isinstance(issued, TokenIssued)
    assert uses()[person.pk].token_at is None

    answer = Client().get("/api/v1/account/", headers={"Authorization": f"Bearer {issued.shown_once}"})

    used = uses()[person.pk]
    assert answer.status_code == 200
    assert used.last_at == used.token_at >= used.signed_in_at
    row = next(row for row in rows_of(listing()) if row.account.person == person)
    assert [(token.label, token.scopes, token.last_at) for token in row.tokens] == [
        ("a program", ("read",), used.token_at)
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "unused"), [(89, False), (91, True)])
def test_an_account_is_pointed_to_when_nobody_used_it_for_ninety_days(days, unused):
    clock.tell(clock.machine_now() - timedelta(days=100))
    person = a_person(Role.TECHNICIAN)

    clock.tell(clock.now() + timedelta(days=days))

    row = next(row for row in rows_of(listing()) if row.account.person == person)
    assert row.is_unused is unused


# What is pointed out


def test_a_role_that_came_and_went_within_days_is_a_line_of_its_own():
    person = a_person(Role.TECHNICIAN)
    give_roles(person, Role.TECHNICIAN, Role.QA)
    assert account_of(person).pointed_out == ()

    give_roles(person, Role.TECHNICIAN)

    (line,) = account_of(person).pointed_out
    assert "Quality assurance" in line
    assert line in at_browser(administrators()[0]).get("/access/").content.decode()


@pytest.mark.parametrize(
    ("held", "decided", "pointed_out"),
    [
        (timedelta(days=7), None, True),
        (timedelta(days=8), None, False),
        (timedelta(days=60), timedelta(days=7), True),
        (timedelta(days=60), timedelta(days=53), True),
        (timedelta(days=60), timedelta(days=30), False),
        (timedelta(days=60), timedelta(days=61), False),
        (timedelta(days=60), -timedelta(days=1), False),
    ],
)
def test_a_role_held_around_a_decision_is_pointed_out(held, decided, pointed_out):
    since = datetime(2026, 1, 5, tzinfo=UTC)
    moments = [] if decided is None else [Moment(uuid4(), since + decided, "CT-26-0001, certified")]

    lines = list(_short_lived([RolePeriod("qa", since, 1, since + held)], moments))

    assert bool(lines) is pointed_out
    assert ("CT-26-0001" in "".join(lines)) is (pointed_out and decided is not None)


# The review


@pytest.mark.clause("21 CFR 11.300(b)", "has quality review every account, its roles and its last use periodically")
def test_quality_reviews_the_accounts_as_they_stand_at_an_entry():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    as_of = newest_entry()

    row = review(quality, wants(other, "keep"))

    assert (row.as_of_seq, row.counts["accounts"], row.counts["active"]) == (as_of, 4, 4)
    give_roles(other, Role.QC_ANALYST)
    assert listing(as_of).sha256() == row.list_sha256, "the list of then can be built again"
    assert listing().sha256() != row.list_sha256
    assert run_check("access reviews") == []


def test_a_digest_differs_when_one_role_does():
    person = a_person(Role.TECHNICIAN)
    before = listing()
    give_roles(person, Role.TECHNICIAN, Role.QC_ANALYST)

    assert before.sha256() != listing().sha256() != listing(before.as_of).sha256() == before.sha256()


def test_verification_finds_a_list_that_was_changed_behind_the_application():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    give_roles(other, Role.QC_ANALYST)
    row = review(quality)

    as_owner("UPDATE accounts_rolechange SET roles = '[\"qa\"]'")

    (finding,) = run_check("access reviews")
    assert finding.about == f"accounts.accessreview {row.pk}"
    assert "not those it signed" in finding.says


@pytest.mark.clause("EU GMP Annex 11, 12", "keeps whoever looks after accounts from reviewing them")
@pytest.mark.parametrize("roles", [(Role.ADMINISTRATOR,), (Role.QA, Role.ADMINISTRATOR)])
def test_whoever_looks_after_accounts_does_not_review_them(roles):
    a_person(Role.QA)
    by = a_person(*roles)

    assert "Another person of quality" in objections_of(by)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.QA])
def test_nobody_but_quality_reviews(role):
    by = administrators()[0] if (a_site() and role == Role.ADMINISTRATOR) else a_person(role)

    with nothing_written(), pytest.raises(NotAllowed):
        review(by)


def test_whoever_changed_an_account_as_an_administrator_does_not_review_that_list_as_quality():
    former, other, quality = a_person(Role.ADMINISTRATOR), a_person(Role.TECHNICIAN), a_person(Role.QA)
    do("person.change_roles", other, by=former, roles=["qc_analyst"], reason=REASON)
    give_roles(former, Role.QA)

    assert "You did something to an account since the last review" in objections_of(fresh(former))

    review(quality)
    review(fresh(former))
    assert run_check("access reviews") == []


def test_nobody_decides_about_their_own_account():
    quality = a_person(Role.QA)

    for decision in ("keep", "deactivate"):
        assert "Nobody decides about their own account." in objections_of(quality, wants(quality, decision))


def test_a_list_in_which_an_account_changed_is_read_again():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    read = newest_entry()
    do("person.record_training", other, by=quality, procedure="P", version="1", trained_on="2026-01-05")
    review(quality, as_of=read)

    give_roles(other, Role.QC_ANALYST)

    assert "An account changed after you opened this list." in objections_of(quality, as_of=read)


def test_what_cannot_be_asked_is_refused_with_the_reason():
    quality, other, gone = a_person(Role.QA), a_person(Role.TECHNICIAN), a_person(Role.TECHNICIAN)
    do("person.deactivate", gone, by=administrators()[0], reason="left the site")

    assert "exactly these roles" in objections_of(quality, wants(other, "change_roles", Role.TECHNICIAN))
    assert "closed already" in objections_of(quality, wants(gone, "deactivate"))
    assert "roles are not to change" in objections_of(quality, wants(other, "keep", Role.QA))
    assert "Decide once" in objections_of(quality, wants(other, "keep"), wants(other, "deactivate"))
    nobody = {"person": str(uuid4()), "decision": "keep", "reason": REASON}
    assert "has no account" in objections_of(quality, nobody)
    assert "no such entry" in objections_of(quality, as_of=newest_entry() + 1)


# What a review asked for


def test_a_change_that_was_asked_for_is_work_until_exactly_that_change_happened():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    first, second = administrators()
    review(quality, wants(other, "change_roles", Role.QC_ANALYST))

    assert len(tasks_of(first)) == len(tasks_of(second)) == 1
    assert tasks_of(quality) == []
    give_roles(other, Role.QC_REVIEWER)
    assert len(tasks_of(first)) == 1, "other roles are not the roles that were asked for"
    do("person.change_roles", other, by=first, roles=["qc_analyst"], reason=REASON)
    assert len([task for task in work_for(fresh(first)) if "review of access" in task.detail]) == 1, "proposed only"
    do("person.approve_roles", other, by=second)

    assert tasks_of(first) == tasks_of(second) == []
    (one,) = asked(listing())
    assert (one.is_open, one.done_by.kind) == (False, Kind.ROLES_CHANGED)


@pytest.mark.parametrize("decision", ["deactivate", "change_roles"])
def test_closing_the_account_answers_whatever_was_asked(decision):
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    roles = (Role.QA,) if decision == "change_roles" else ()
    review(quality, wants(other, decision, *roles))

    do("person.deactivate", other, by=administrators()[0], reason="left the site")

    assert [one.is_open for one in asked(listing())] == [False]


def test_a_change_before_the_review_answers_nothing():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    give_roles(other, Role.QC_ANALYST)
    give_roles(other, Role.TECHNICIAN)
    review(quality, wants(other, "change_roles", Role.QC_ANALYST))

    assert [one.is_open for one in asked(listing())] == [True]


def test_what_a_later_review_decides_takes_the_place_of_what_was_asked():
    quality, other, third = a_person(Role.QA), a_person(Role.TECHNICIAN), a_person(Role.TECHNICIAN)
    earlier = review(quality, wants(other, "deactivate"), wants(third, "deactivate"))
    later = review(quality, wants(other, "keep"))

    found = {(one.review, one.account.person): one for one in asked(listing())}

    assert found[earlier, other].replaced_by == later
    assert not found[earlier, other].is_open
    assert found[earlier, third].is_open, "what a later review does not name stays open"


@pytest.mark.parametrize(("days", "is_work"), [(75, False), (77, True), (91, True)])
def test_a_review_is_work_for_quality_before_and_after_it_is_due(days, is_work):
    clock.tell(clock.machine_now() - timedelta(days=100))
    quality = a_person(Role.QA)
    due = next_review_due()

    clock.tell(due + timedelta(days=days - 90))

    assert [task.due_at for task in work_for(quality) if task.url == "/access-reviews/new/"] == [due] * is_work
    assert tasks_of(administrators()[0]) == []
    review(quality)
    assert tasks_of(quality) == []


# Who signs


@pytest.mark.clause("21 CFR 11.100(c)", "lists who signs, since when and under which key")
def test_signers_are_told_with_their_keys_and_since_when():
    person = a_person(Role.TECHNICIAN)
    old = fresh(person).state.key_id
    do("key.revoke", person, by=administrators()[0], reason=REASON)

    told_of = [one for one in signers(listing()) if one.username == person.username]

    assert [(one.key_id, one.may_sign, one.until is not None, one.bound_at is not None) for one in told_of] == [
        (old, False, True, True)
    ]
    assert all(one.may_sign for one in signers(listing()) if one.until is None)


# Pages, files, programs


def test_quality_reviews_on_the_page_and_administrators_cannot():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN)
    browser = at_browser(quality)
    page = browser.get("/access-reviews/new/").content.decode()
    assert f"decision-{other.pk}" in page
    assert f"decision-{quality.pk}" not in page
    form = {
        "as_of": newest_entry(), "found": FOUND, f"decision-{other.pk}": "change_roles",
        f"roles-{other.pk}": ["qc_analyst"], f"reason-{other.pk}": REASON,
    }  # fmt: skip

    short = browser.post("/access-reviews/new/", form | {f"reason-{other.pk}": ""})
    assert short.status_code == 400
    assert "error-summary" in short.content.decode()
    there = browser.post("/access-reviews/new/", form)

    assert there.status_code == 303
    to_sign = browser.get(there.headers["Location"]).content.decode()
    assert "change the roles to: QC analyst" in to_sign
    assert AccessReview.objects.count() == 0, "nothing is signed by the form"
    administrator = at_browser(administrators()[0])
    assert administrator.get("/access-reviews/new/").status_code == 403
    assert administrator.post("/access-reviews/new/", form).status_code == 403
    assert administrator.post(f"/sign/access.review/{Site.objects.get().pk}/", form).status_code in {400, 403}


@pytest.mark.parametrize(
    "intent",
    [
        {"as_of": "x"}, {"as_of": 0}, {"as_of": 10**18}, {"found": "short"}, {"found": ["a list of texts"]},
        {"decisions": "none"}, {"decisions": [{"person": "nobody"}]}, {"decisions": [[]]}, {"list_sha256": "0" * 64},
        {"decisions": [{"person": str(uuid4()), "decision": "delete", "reason": REASON}]},
    ],
)  # fmt: skip
def test_hostile_reviews_get_a_sentence(intent):
    browser = at_browser(a_person(Role.QA))
    asks = {"act": "access.review", "record": str(Site.objects.get().pk)}
    sent = {"as_of": newest_entry(), "found": FOUND} | intent

    with nothing_written():
        answer = browser.post("/api/v1/challenges/", asks | {"intent": sent}, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["objections"]


def test_a_reader_of_accounts_finds_the_same_on_page_file_and_in_the_api():
    quality, other = a_person(Role.QA), a_person(Role.TECHNICIAN, name='=cmd|"x"!A1', username="other")
    row = review(quality, wants(other, "deactivate"))
    browser = at_browser(quality)

    api = browser.get("/api/v1/access/").json()
    listed = list(csv.reader(io.StringIO(browser.get("/access.csv").content.decode())))
    page = browser.get("/access/").content.decode()

    assert {one["username"] for one in api["accounts"]} == {cells[0] for cells in listed[1:-1]}
    assert api["sha256"] == listed[-1][3]
    assert api["sha256"] in page
    assert not any(cell.startswith("=") for cells in listed for cell in cells)
    assert "your own account" in page
    one = browser.get(f"/api/v1/access-reviews/{row.pk}/").json()
    assert [(each["username"], each["is_open"]) for each in one["decisions"]] == [(other.username, True)]
    assert browser.get(f"/access/{other.username}/").status_code == 200
    assert browser.get(f"/api/v1/access/{other.username}/").json()["standing"] == "active"
    assert browser.get("/access/nobody.here/").status_code == 404
    assert browser.get("/signers.csv").content.count(b"\r\n") == 1 + len(browser.get("/api/v1/signers/").json())


@pytest.mark.parametrize(
    ("shown", "names"),
    [("", {"quality", "gone", "keyless"}), ("active", {"quality"}), ("deactivated", {"gone"}), ("never", {"keyless"}),
     ("unused", set()), ("%00<b>", {"quality", "gone", "keyless"})],
)  # fmt: skip
def test_the_list_is_filtered(shown, names):
    people = {"quality": a_person(Role.QA), "gone": a_person(Role.TECHNICIAN), "keyless": approved(Role.TECHNICIAN)}
    do("person.deactivate", people["gone"], by=administrators()[0], reason="left the site")

    page = at_browser(people["quality"]).get(f"/access/?show={shown}").content.decode()

    assert {name for name, one in people.items() if f"/access/{one.username}/" in page} == names


@pytest.mark.parametrize("role", Role)
def test_the_day_of_inspection_links_exactly_what_this_role_opens(role):
    a_site()
    browser = at_browser(administrators()[0] if role == Role.ADMINISTRATOR else a_person(role))

    told_of = {one["title"]: one for one in browser.get("/api/v1/inspection-day/").json()}
    page = browser.get("/inspection-day/").content.decode()

    for _title, kept in SECTIONS:
        for one in kept:
            opens = browser.get(reverse(one.name)).status_code == 200
            assert bool(told_of[str(one.title)]["url"]) is opens, one.name
            assert (f'<a href="{reverse(one.name)}">{one.title}</a>' in page) is opens, one.name
            assert (role in told_of[str(one.title)]["shown_by"]) is opens, one.name
