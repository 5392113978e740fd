"""A site behind a real server, and pages of Chromium that fail a test for anything that goes wrong on them.

(1) The database is written for real, kept from test to test of a module, and emptied after the last.
(2) Console errors, uncaught errors, failed requests, answers of 500 and above and violations of the
    Content-Security-Policy end the test, whatever the page looks like.
"""

import os
from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase
from playwright.sync_api import Browser, sync_playwright
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from tests.browser.watching import Desk
from tests.machine import CHROMIUM_ARGUMENTS, chromium
from tests.signer_state import forget_what_was_signed


@pytest.fixture
def _django_db_helper(kept_database: None) -> None:
    """What pytest-django would do around each test is done around the module."""


@pytest.fixture(scope="module")
def kept_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database for every test of a module."""
    forget_what_was_signed()  # for the ledger of another module
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]  # Django's own, without a stub


@pytest.fixture(scope="module")
def address(kept_database: None) -> Iterator[str]:
    """Where the site answers."""
    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It drives its own event loop in this thread, which Django would take for asynchronous code of ours."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
            yield launched
            launched.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Desk]:
    """A place to sit down: opens pages of the site, and fails the test for whatever went wrong on them."""
    made = Desk(browser, address)
    yield made
    made.leave()
    assert not made.faults, "\n".join(made.faults)
