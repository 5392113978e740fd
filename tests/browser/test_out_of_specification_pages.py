"""A failing result by people in Chromium: declared, investigated, planned, tested again, closed; and for ever there."""

import pytest
from playwright.sync_api import Page, expect

from ledger import clock
from ledger.verification import verify_records
from qc.models import OutOfSpecification
from tests.browser.hands import sign_here, sign_in
from tests.browser.watching import DESKTOP, NARROW, Desk, accessibility_faults, is_wider_than_the_window, picture
from tests.oos_builders import LINE, shown_before
from tests.qc_builders import Laboratory, in_the_laboratory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POINTS = ("method", "instrument", "reagents", "calculation", "interview")
SAYS = "The stain acted too long on the cells."


def test_a_failing_result_is_investigated_tested_again_and_stays(desk: Desk):
    laboratory = in_the_laboratory()
    shown = shown_before(laboratory)
    laboratory.sample_for(LINE)
    clock.end_story()
    analyst, reviewer, quality = (desk.page(size=DESKTOP) for _ in range(3))
    sign_in(analyst, laboratory.analyst)
    sign_in(reviewer, laboratory.reviewer)
    sign_in(quality, laboratory.qa)
    test = f"/batches/{laboratory.batch.number}/tests/{LINE}/"

    _is_submitted(analyst, laboratory, test, "59.1", says="out of specification")
    record = OutOfSpecification.objects.get()
    at = f"/oos/{record.number}/"
    _is_reviewed(reviewer, laboratory, test)

    reviewer.goto(at)
    picture(reviewer, "oos-investigate")
    assert accessibility_faults(reviewer) == []
    reviewer.locator("#point-sample").select_option("not_ok")
    reviewer.locator("#remark-sample").fill("Stained twelve minutes after thaw.")
    for point in POINTS:
        reviewer.locator(f"#point-{point}").select_option("ok")
    reviewer.get_by_label("Cause in the laboratory").select_option("yes")
    reviewer.locator("#investigation-evidence").select_option(str(shown.pk))
    reviewer.locator("#investigation-conclusion").fill(SAYS)
    reviewer.locator("section", has=reviewer.locator("#phase-1")).get_by_role("button").click()
    sign_here(reviewer, laboratory.reviewer)

    reviewer.goto(at)
    reviewer.get_by_label("Hypothesis").fill(SAYS)
    reviewer.get_by_label("By another analyst").select_option("no")
    reviewer.locator("section", has=reviewer.locator("#retest")).get_by_role("button").click()
    sign_here(reviewer, laboratory.reviewer)

    quality.goto(at)
    quality.locator("section", has=quality.locator("#retest")).get_by_role("button").click()
    sign_here(quality, laboratory.qa)

    _is_submitted(analyst, laboratory, test, "92.6", says="Conforms")
    _is_reviewed(reviewer, laboratory, test)

    quality.goto(at)
    picture(quality, "oos-close")
    assert accessibility_faults(quality) == []
    for label in ("Why these, or why none", "Root cause", "Conclusion"):
        quality.locator("section", has=quality.locator("#phase-2")).get_by_label(label).fill(SAYS)
    quality.get_by_label("Outcome").select_option("invalidated")
    quality.locator("section", has=quality.locator("#phase-2")).get_by_role("button").click()
    sign_here(quality, laboratory.qa)

    for size, name in ((DESKTOP, "oos-closed"), (NARROW, "oos-closed-narrow")):
        quality.set_viewport_size(size)
        quality.goto(at)
        expect(quality.locator("main")).to_contain_text("First result, out of specification")
        assert not is_wider_than_the_window(quality)
        picture(quality, name)
    quality.goto(test)
    expect(quality.locator("main")).to_contain_text("59")
    picture(quality, "test-after-oos")
    assert desk.faults == []
    assert verify_records().findings == []


def _is_submitted(page: Page, laboratory: Laboratory, test: str, typed: str, *, says: str) -> None:
    page.goto(test)
    entry = page.locator(f"#typed-{LINE}")
    entry.press_sequentially(typed, delay=60)
    entry.press("Tab")
    expect(page.locator(".verdict")).to_contain_text(says, ignore_case=True)
    page.get_by_role("button", name="Sign").click()
    sign_here(page, laboratory.analyst)


def _is_reviewed(page: Page, laboratory: Laboratory, test: str) -> None:
    page.goto(test)
    page.get_by_role("button", name="review").click()
    sign_here(page, laboratory.reviewer)
