"""The page that verifies: the verifier that ships, on whatever is uploaded; nothing is kept, nothing bad gets far."""

import html
import re
import tempfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.roles import Role
from ledger import checkpoints
from ledger.models import Checkpoint, Entry, StoredFile
from reports import verifying
from reports.verifying import VERIFIER, alone
from tests.kept import kept_for_a_module
from tests.package_builders import Key, packed, repaired, unpacked, verify
from tests.package_builders import a_site as a_paper_site
from tests.people import STATION, a_person, at_browser, secret_of

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        yield a_person(Role.TECHNICIAN)


@pytest.fixture
def person(kept, db):
    return kept


@pytest.fixture
def browser(person) -> Client:
    return at_browser(person)


@pytest.fixture(scope="module")
def paper():
    return a_paper_site()


@pytest.fixture(scope="module")
def package(paper) -> bytes:
    return bytes(paper.package())


def words_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", content.decode())))


def checked(browser: Client, content: bytes, **typed: str):
    upload = SimpleUploadedFile("record.zip", content, content_type="application/zip")
    return browser.post("/verify/", {"package": upload, **typed})


def test_an_honest_package_is_checked_and_its_key_has_to_be_compared(browser, package):
    page = checked(browser, package)

    assert page.status_code == 200
    words = words_of(page.content)
    assert "UNTRUSTED KEY" in words
    assert "verdict--warn" in page.content.decode()
    assert "Not checked" in words
    assert "whether what was typed was true" in words
    assert 'not "the batch was good"' in words


def test_a_pinned_key_is_compared(browser, paper, package):
    fingerprint = " ".join(re.findall("....", paper.log_key.id))

    page = words_of(checked(browser, package, key=fingerprint).content)

    assert "NOT ANCHORED" in page
    assert "INVALID: " not in page
    other = words_of(checked(browser, package, key="ab" * 32).content)
    assert "This package is not what was signed" in other


def test_a_checkpoint_from_paper_is_compared(browser, package):
    head = verify(package).said["checkpoint"]
    typed = {"origin": head["origin"], "size": f"{head['size']:,}"}

    same = words_of(checked(browser, package, root_hash=head["root"], **typed).content)
    fork = checked(browser, package, root_hash="A" * 43 + "=", **typed)

    assert "UNTRUSTED KEY" in same
    assert "FORK: " in words_of(fork.content)
    assert "verdict--fail" in fork.content.decode()


def test_a_changed_package_is_never_called_good(browser, package):
    files = unpacked(package)
    files["entries.jsonl"] = files["entries.jsonl"].replace(b'"v":1', b'"v":2', 1)

    page = checked(browser, packed(files))

    assert "verdict--fail" in page.content.decode()
    assert "INVALID: " in words_of(page.content)
    assert "entries.jsonl" in words_of(page.content)


def test_a_manifest_that_somebody_else_signed_is_never_called_good(browser, package):
    forged = packed(repaired(unpacked(package), Key("a stranger's log key")))

    assert "verdict--fail" in checked(browser, forged).content.decode()


def test_what_the_package_says_is_shown_as_words_and_never_run(browser, package):
    files = unpacked(package)
    files["<script>alert(1)</script>.txt"] = b"x"

    page = checked(browser, packed(files)).content.decode()

    assert "<script>alert(1)" not in page
    assert "verdict--fail" in page


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "can't be empty"),
        (b"%PDF-1.7 and so on", "a record package is a zip file"),
        (b"PK\x05\x06" + b"\x00" * 18, "a record package is a zip file"),
        (b"P", "a record package is a zip file"),
    ],
)
def test_what_is_no_package_is_refused_with_a_sentence(browser, content, says):
    page = checked(browser, content)

    assert page.status_code == 422
    assert says in words_of(page.content)


def test_a_form_without_a_file_says_what_to_do(browser):
    for form in ({}, {"package": "just words"}):
        answer = browser.post("/verify/", form)
        assert answer.status_code == 422
        assert "Choose a record package" in words_of(answer.content)


def test_a_zip_that_is_none_is_invalid(browser):
    page = checked(browser, b"PK\x03\x04" + b"\x00" * 4096)

    assert page.status_code == 200
    assert "INVALID" in words_of(page.content)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"key": "abc"}, "64 characters"),
        ({"key": "g" * 64}, "64 characters"),
        ({"key": "a" * 201}, "200"),
        ({"origin": "127.0.0.1"}, "three things"),
        ({"size": "12", "root_hash": "A" * 43 + "="}, "three things"),
        ({"origin": "a b", "size": "12", "root_hash": "A" * 43 + "="}, "no spaces"),
        ({"origin": "log", "size": "0", "root_hash": "A" * 43 + "="}, "whole number"),
        ({"origin": "log", "size": "1e3", "root_hash": "A" * 43 + "="}, "whole number"),
        ({"origin": "log", "size": "٣", "root_hash": "A" * 43 + "="}, "whole number"),
        ({"origin": "log", "size": "12", "root_hash": "--help"}, "44 characters"),
        ({"origin": "--json", "size": "12\x00", "root_hash": "A" * 43 + "="}, "cannot be printed"),
        ({"other": "x"}, "not known here"),
    ],
)
def test_what_was_typed_wrongly_is_said_at_its_field(browser, package, typed, says):
    page = checked(browser, package, **typed)

    assert page.status_code == 422
    assert says in words_of(page.content)


def test_too_large_an_upload_is_refused_before_it_is_read(person):
    browser = at_browser(person)

    answer = browser.generic(
        "POST", "/verify/", b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=str(201 * 1024 * 1024)
    )

    assert answer.status_code == 413
    assert "larger than 200 MiB" in words_of(answer.content)


@pytest.mark.parametrize("length", ["-1", "a lot", "1e9", "9" * 30])
def test_a_length_that_is_none_is_refused(person, length):
    answer = at_browser(person).generic(
        "POST", "/verify/", b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=length
    )

    assert answer.status_code == 413


def test_a_form_from_elsewhere_is_refused(person, package):
    browser = Client(enforce_csrf_checks=True, REMOTE_ADDR=STATION)
    browser.get("/sign-in/")
    token = browser.cookies["cellwright-csrf"].value
    signed_in = browser.post(
        "/sign-in/", {"username": person.username, "secret": secret_of(person), "csrfmiddlewaretoken": token}
    )
    assert signed_in.status_code == 303

    refused = checked(browser, package)
    browser.get("/verify/")
    taken = checked(browser, package, csrfmiddlewaretoken=browser.cookies["cellwright-csrf"].value)

    assert refused.status_code == 403
    assert taken.status_code == 200


def test_one_package_is_checked_at_a_time(browser, package):
    with alone():
        busy = checked(browser, package)
    after = checked(browser, package)

    assert busy.status_code == 503
    assert "Another package is being checked" in words_of(busy.content)
    assert after.status_code == 200


def test_a_package_that_takes_too_long_is_stopped_and_the_next_one_is_checked(browser, package, monkeypatch):
    monkeypatch.setattr(verifying, "LONGEST_SECONDS", 0.01)
    slow = checked(browser, package)
    monkeypatch.undo()

    assert slow.status_code == 503
    assert "within two minutes" in words_of(slow.content)
    assert checked(browser, package).status_code == 200


def test_a_verifier_without_memory_calls_nothing_good(browser, package, monkeypatch):
    monkeypatch.setattr(verifying, "MEMORY_KIB", 8 * 1024)

    page = checked(browser, package).content.decode()

    assert "verdict--fail" in page
    assert "INVALID" in page


def test_nothing_of_an_upload_is_kept(browser, package):
    before = (Entry.objects.count(), StoredFile.objects.count())
    left = set(Path(tempfile.gettempdir()).glob("*.zip")) | set(Path(tempfile.gettempdir()).glob("*.upload*"))

    checked(browser, package)

    after = set(Path(tempfile.gettempdir()).glob("*.zip")) | set(Path(tempfile.gettempdir()).glob("*.upload*"))
    assert (Entry.objects.count(), StoredFile.objects.count()) == before
    assert after - left == set()


def test_everybody_signed_in_may_verify_and_nobody_else():
    for role in (Role.INSPECTOR, Role.LOGISTICS):
        assert at_browser(a_person(role)).get("/verify/").status_code == 200
    assert Client().get("/verify/").status_code == 302
    assert Client().post("/verify/", {}).status_code == 302


def test_the_verifier_and_its_format_are_given_out(browser):
    given = browser.get("/verify/verify.py")

    assert b"".join(given.streaming_content) == VERIFIER.read_bytes()
    assert given["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in given["Content-Disposition"]
    assert browser.get("/verify/FORMAT.md").status_code == 200
    for name in ("README.txt", "..%2Fmodels.py", "__init__.py", "models.py"):
        assert browser.get(f"/verify/{name}").status_code == 404


def test_the_page_shows_the_fingerprint_that_is_to_be_compared(browser):
    assert "no key that anybody could compare" in words_of(browser.get("/verify/").content)

    key = checkpoints.issue(Checkpoint.Why.ASKED).key

    assert " ".join(re.findall("....", key.key_id)) in words_of(browser.get("/verify/").content)
