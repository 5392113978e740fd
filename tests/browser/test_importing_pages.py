"""A file of an instrument and a plate at the screen: sent, looked at, recorded; what is wrong stays in its field."""

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.hands import sign_in
from tests.browser.watching import DESKTOP, NARROW, Desk, accessibility_faults, is_wider_than_the_window, picture
from tests.importing_builders import VIABILITY, WELLS, WithInstruments

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_file_and_a_plate_are_looked_at_and_recorded(desk: Desk):
    laboratory = WithInstruments()
    laboratory.sample_for(VIABILITY)
    page = desk.page(size=DESKTOP)
    sign_in(page, laboratory.analyst)
    page.goto(f"/batches/{laboratory.batch.number}/tests/{VIABILITY}/")

    page.get_by_role("link", name="Import from an instrument").click()
    looked_at(page, "import")
    with desk.refusal(422):
        sent(page, laboratory.counted("95.1", "1_000"))
        expect(page.get_by_text("Line 3: Viability (%)")).to_be_visible()
    looked_at(page, "import-refused")
    page.get_by_role("link", name="Send another file").click()
    sent(page, laboratory.counted("95.1", "94.2", "96.4"))
    looked_at(page, "import-preview")
    page.get_by_role("button", name="Record this value").click()
    expect(page.get_by_text("Imported from count.csv, lines 2, 3, 4")).to_be_visible()

    page.goto(f"/batches/{laboratory.batch.number}/tests/potency/plate/")
    page.get_by_label("Instrument").fill("PR-01")
    for well, typed in WELLS.items():
        page.locator(f"#well-{well}").fill(typed)
    page.locator("#well-B03").fill("1.234,5")
    with desk.refusal(422):
        page.get_by_role("button", name="Record the whole plate").click()
        expect(page.locator(".error-summary")).to_be_visible()
    looked_at(page, "plate-refused")
    expect(page.locator("#well-A03")).to_have_value("250.5")
    page.locator("#well-B03").fill("249")
    page.get_by_role("button", name="Record the whole plate").click()
    expect(page.get_by_text("From the typed wells of a plate")).to_be_visible()


def sent(page: Page, content: str) -> None:
    page.get_by_label("Instrument", exact=True).fill("CC-01")
    page.locator("#file").set_input_files(FilePayload(name="count.csv", mimeType="text/csv", buffer=content.encode()))
    page.get_by_role("button", name="Show what it would become").click()


def looked_at(page: Page, name: str) -> None:
    """Nobody is shut out of this page and nothing on it is cut off."""
    assert accessibility_faults(page) == []
    picture(page, name)
    page.set_viewport_size(NARROW)
    assert not is_wider_than_the_window(page)
    page.set_viewport_size(DESKTOP)
