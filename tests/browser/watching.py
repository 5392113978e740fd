"""Pages of Chromium, and the list of everything that went wrong on them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, ViewportSize

TABLET = ViewportSize(width=1280, height=800)
DESKTOP = ViewportSize(width=1440, height=900)
NARROW = ViewportSize(width=320, height=640)
PHONE = ViewportSize(width=360, height=740)
UPRIGHT_TABLET = ViewportSize(width=820, height=1180)
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What passed is not told: on a long page that is most of what Chromium would hand over.
RULES = {"runOnly": WCAG, "resultTypes": ["violations"]}
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


class Desk:
    """Opens pages of one site and keeps what went wrong on any of them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.faults: list[str] = []
        self._contexts: list[BrowserContext] = []

    def page(self, *, size: ViewportSize = TABLET, javascript: bool = True) -> Page:
        """Give a page in a browser of its own, with no cookie of another."""
        context = self.browser.new_context(
            base_url=self.address, viewport=size, java_script_enabled=javascript, reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        if javascript:
            context.add_init_script(TELL_VIOLATIONS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: uncaught: {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)
        return page

    @contextmanager
    def refusal(self, status: int) -> Iterator[None]:
        """Inside, an answer of this status is what the test wants: Chromium writes each of them to its console."""
        before = len(self.faults)
        yield
        wanted = re.compile(rf"(status of|Status Error Code) {status}\b")
        self.faults[before:] = [fault for fault in self.faults[before:] if not wanted.search(fault)]

    def leave(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{message.page.url if message.page else ''}: console: {message.text}")

    def _on_failure(self, request: Request) -> None:
        # A request that a newer one or a new page replaced was aborted on purpose, as is a navigation that downloads.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.method} {request.url} failed: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.request.method} {response.url} answered {response.status}")


def accessibility_faults(page: Page) -> list[str]:
    """Give each rule of WCAG 2.2 A and AA that axe finds broken, with the elements that break it."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def is_wider_than_the_window(page: Page) -> bool:
    """Tell whether the page would have to be scrolled sideways; a wide table scrolls inside its own box."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide


def picture(page: Page, name: str) -> None:
    """Keep a screenshot in the folder that CELLWRIGHT_TEST_SCREENSHOTS names; without one, nothing."""
    if folder := os.environ.get("CELLWRIGHT_TEST_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
