"""Every address of the site, tried by nobody and by everybody: allowed, refused or missing, never a failure.

(1) An address that a stranger may open stands in OPEN; every other sends strangers to the door.
(2) The pages of people stand in a table with the roles that may read them; the rest refuse.
"""

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Person
from accounts.roles import Role
from ledger.models import Entry
from tests.people import a_person, a_site, administrators, at_browser

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]

OPEN = {"/healthz", "/readyz", "/sign-in/", "/enrol/nothing/"}
SAMPLES = {
    "uuid": "00000000-0000-4000-8000-00000000abcd",
    "str": "nothing",
    "slug": "nothing",
    "int": "999999",
    "path": "nothing",
}
# Signing out and locking change what the next request may do, so they are tried elsewhere.
LEFT_OUT = {"/sign-out/", "/lock/"}

READ_RECORDS = set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR}
READERS = {
    "accounts:people": {Role.QC_REVIEWER, Role.QA, Role.ADMINISTRATOR},
    "accounts:security": {Role.QA, Role.ADMINISTRATOR},
    "accounts:access": {Role.QA, Role.ADMINISTRATOR},
    "accounts:access-reviews": {Role.QA, Role.ADMINISTRATOR},
    "accounts:access-review-new": {Role.QA},
    "accounts:signers": {Role.QA, Role.ADMINISTRATOR},
    "reports:access-csv": {Role.QA, Role.ADMINISTRATOR},
    "reports:signers-csv": {Role.QA, Role.ADMINISTRATOR},
    "api-access": {Role.QA, Role.ADMINISTRATOR},
    "api-access-reviews": {Role.QA, Role.ADMINISTRATOR},
    "api-signers": {Role.QA, Role.ADMINISTRATOR},
    "inspection-day": set(Role),
    "api-inspection-day": set(Role),
    "accounts:roles": set(Role),
    "accounts:account": set(Role),
    "accounts:alarms": READ_RECORDS,
    "accounts:training": {Role.QC_REVIEWER, Role.QA, Role.ADMINISTRATOR},
    "api-alarms": READ_RECORDS,
    "api-on-call": READ_RECORDS,
    "api-training": {Role.QC_REVIEWER, Role.QA, Role.ADMINISTRATOR},
    "batches:courses": READ_RECORDS,
    "batches:plan": READ_RECORDS,
    "api-suites": READ_RECORDS,
    "batches:trace": READ_RECORDS,
    "qc:growth-tests": READ_RECORDS,
    "api-growth-tests": READ_RECORDS,
    "qc:out-of-specification-list": READ_RECORDS,
    "qc:capa": READ_RECORDS,
    "qc:complaints": READ_RECORDS,
    "api-complaints": READ_RECORDS,
    "api-late-facts": {Role.QA},
    "api-out-of-specification-list": READ_RECORDS,
    "api-capa": READ_RECORDS,
    "qc:controls": READ_RECORDS,
    "qc:trends": READ_RECORDS,
    "api-controls": READ_RECORDS,
    "api-trends": READ_RECORDS,
    "api-trend-signals": READ_RECORDS,
    "api-instrument-profiles": READ_RECORDS,
    "home": set(Role),
    "integrity": set(Role),
    "batches:materials": set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR},
    "batches:equipment-list": set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR},
    "batches:areas": set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR},
    "api-lots": set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR},
    "api-equipment-list": set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR},
    "api-areas": set(Role) - {Role.INSPECTOR, Role.ADMINISTRATOR},
    "api-integrity": set(Role),
    "api-courses": READ_RECORDS,
    "api-people": set(Role),
    "api-roles": set(Role),
    "api-account": set(Role),
    "api-acts": set(Role),
    "api-schema": set(Role),
    "api-docs": set(Role),
}


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Every address of the site, with something that does not exist where it takes something."""
    for pattern in patterns:
        here = before + str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            here = here.replace(f"<{kind}:{name}>", SAMPLES[kind]).replace(f"<{name}>", SAMPLES["str"])
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        else:
            yield here


def every_address() -> list[str]:
    found = sorted(set(addresses(get_resolver().url_patterns)))
    assert len(found) > 20
    assert all("<" not in address for address in found)
    return found


def somebody(role: Role) -> Person:
    a_site()
    return administrators()[0] if role == Role.ADMINISTRATOR else a_person(role)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_stranger_gets_no_further_than_the_door(method):
    a_site()
    before = Entry.objects.count()
    for address in every_address():
        answer = getattr(Client(), method)(address)
        if address in OPEN:
            assert answer.status_code in {200, 302, 303, 403, 404, 405}, address
        elif address.startswith("/api/"):
            assert answer.status_code == 401, address
            assert answer.headers["Content-Type"] == "application/problem+json", address
        else:
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith("/sign-in/?"), address
    assert Entry.objects.count() == before


@pytest.mark.parametrize("role", Role)
def test_nobody_meets_a_failure_anywhere(role):
    browser = at_browser(somebody(role))
    before = Entry.objects.count()
    for address in every_address():
        if address in LEFT_OUT:
            continue
        for method, content in (("get", {}), ("post", {"next": "//elsewhere.example", "reason": "\x00<b>"})):
            kind = {"content_type": "application/json"} if address.startswith("/api/") and content else {}
            answer = getattr(browser, method)(address, content, **kind)
            assert answer.status_code in {200, 302, 303, 400, 403, 404, 405, 409, 415, 422}, (method, address)
            assert "Traceback" not in answer.content.decode(errors="replace"), (method, address)
    assert Entry.objects.count() == before


@pytest.mark.parametrize("role", Role)
def test_pages_are_read_by_the_roles_of_the_table(role):
    browser = at_browser(somebody(role))
    for name, readers in READERS.items():
        expected = 200 if role in readers else 403
        assert browser.get(reverse(name)).status_code == expected, name


@pytest.mark.parametrize("role", Role)
def test_somebody_one_may_not_read_about_is_as_good_as_missing(role):
    reader, other = somebody(role), a_person(Role.LOGISTICS)
    browser = at_browser(reader)

    there = browser.get(reverse("accounts:person", args=[other.pk]))
    nowhere = browser.get(reverse("accounts:person", args=[uuid.uuid4()]))

    if role in READERS["accounts:people"]:
        assert (there.status_code, nowhere.status_code) == (200, 404)
    else:
        assert there.status_code == nowhere.status_code == 404
        assert other.name not in there.content.decode()


def test_an_unknown_label_says_what_to_do_with_the_thing_in_hand():
    browser = at_browser(a_person(Role.TECHNICIAN))

    answer = browser.get("/scan/", {"code": "A9999 26 004999 <b>"})

    assert answer.status_code == 404
    assert "This label isn&#x27;t known here: A9999 26 004999 &lt;b&gt;." in answer.content.decode()
    assert "call QA" in answer.content.decode()


def test_no_page_breaks_the_content_security_policy():
    browser = at_browser(somebody(Role.ADMINISTRATOR))
    for name in READERS:
        answer = browser.get(reverse(name))
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        if answer.headers["Content-Type"].startswith("text/html"):
            page = answer.content.decode()
            assert ' style="' not in page, name
            assert "<style" not in page, name
            assert "<script>" not in page, name
