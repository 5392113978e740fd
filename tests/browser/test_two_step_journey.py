"""A batch certified before its last result, in Chromium: read to its end, certified; then the patient dies."""

import pytest
from playwright.sync_api import expect

from batches.models import Definition
from ledger import clock, outbox
from ledger.verification import verify_records
from tests.browser.release_pages import Seat, in_minutes, part, seated
from tests.browser.watching import Desk, picture
from tests.qc_builders import STERILITY
from tests.supply_builders import TWO_BAGS
from tests.two_step_builders import TwoStepLaboratory, two_step_laboratory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TwoBags(TwoStepLaboratory):
    """A laboratory whose sterility test may follow, and whose batch fills two bags."""

    def defined(self, kind: str, source: str = "") -> Definition:
        return super().defined(kind, source or (TWO_BAGS if kind == "master" else ""))


def test_a_conditional_certification_becomes_final_and_the_patient_dies_before_the_infusion(desk: Desk):
    laboratory = two_step_laboratory(TwoBags)
    laboratory.ready_conditionally()
    laboratory.conditional()
    clock.end_story()
    number, bags = laboratory.batch.number, [bag.code for bag in laboratory.bags()]
    people = (laboratory.analyst, laboratory.reviewer, laboratory.qa, laboratory.qp)
    analyst, reviewer, quality, qualified = (seated(desk, one, number) for one in people)

    _the_pending_result_is_read(analyst)
    reviewer.reviews_result(STERILITY)
    reviewer.approves_results()
    quality.reads_by_exception()
    quality.reviews_record()
    _the_batch_is_certified_finally(qualified)

    _the_order_ends(qualified, laboratory.batch.order.number)
    technician = seated(desk, laboratory.technician, number)
    _what_is_left_is_shown(technician, len(bags))
    for bag in bags:
        technician.destroys(bag, witness=laboratory.second)
    _nothing_is_left(technician)
    outbox.deliver_all()
    assert verify_records().findings == []


def _the_pending_result_is_read(analyst: Seat) -> None:
    for bottle in ("1", "2"):
        page = analyst.opens(f"tests/{STERILITY}/")
        if bottle == "1":
            analyst.looks("sterility-last-reading", narrow=True)
        page.get_by_label("Bottle", exact=True).select_option(bottle)
        page.get_by_role("radio", name="No growth", exact=True).check()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("p[role=status]", has_text="Saved")).to_have_count(2 + int(bottle))
    expect(page.locator(".verdict")).to_contain_text("Conforms")
    picture(page, "sterility-to-submit")
    analyst.submits(STERILITY)


def _the_batch_is_certified_finally(qualified: Seat) -> None:
    page = qualified.opens("release/")
    expect(page.locator(".identity-strip")).to_contain_text("Certified conditionally")
    qualified.looks("release-final", narrow=True)
    qualified.decides("Certified", "The last result conforms.")
    expect(page.locator(".identity-strip")).not_to_contain_text("conditionally")
    expect(page.locator("aside")).to_contain_text("Decisions before, superseded")
    expect(page.locator("aside .button--primary")).to_have_count(0)  # nothing leads to a withdrawal
    picture(page, "release-final-decided")


def _the_order_ends(qualified: Seat, order: str) -> None:
    page = qualified.page
    page.goto(f"/orders/{order}/")
    qualified.looks("order-to-end", narrow=True)
    ending = part(page, "End of the order")
    ending.get_by_label("How it ended").select_option("died")
    ending.get_by_label("Day").fill(in_minutes()[:10])
    ending.get_by_label("Who says so").fill("Letter of the ward, L-3")
    qualified.signs(ending)


def _what_is_left_is_shown(technician: Seat, bags: int) -> None:
    page = technician.page
    picture(page, "technician-work-after-death")
    technician.opens("after-release/")
    expect(page.locator("main")).to_contain_text(f"Say what became of {bags} bags.")
    technician.looks("after-release-after-death", narrow=True)


def _nothing_is_left(technician: Seat) -> None:
    page = technician.opens("after-release/")
    expect(page.locator("main")).not_to_contain_text("Say what became of")
    expect(page.locator("main")).to_contain_text("2 destroyed")
    technician.looks("after-release-nothing-left", narrow=True)
