"""One batch from its last step at the bench to the certificate in somebody's hand, by people in Chromium."""

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from accounts.wording import local
from ledger import clock, outbox
from ledger.models import Payload
from ledger.verification import verify_records
from qc.models import Result, Sample
from reports.models import Document
from tests.browser.hands import sign_here, sign_in
from tests.browser.watching import DESKTOP, Desk, accessibility_faults, picture
from tests.browser.worlds import LastDay

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def last_day(address: str) -> LastDay:
    return LastDay()


def test_a_batch_goes_from_the_bench_to_the_certificate(last_day: LastDay, desk: Desk, tmp_path: Path):
    number = last_day.batch.number

    technician = desk.page()
    sign_in(technician, last_day.technician)
    _the_last_step_is_recorded_signed_and_witnessed(technician, last_day, number)

    analyst = desk.page()
    sign_in(analyst, last_day.analyst)
    _a_second_vial_is_received(analyst, last_day, number)
    _the_missing_result_is_read_and_submitted(analyst, last_day, number)

    reviewer = desk.page(size=DESKTOP)
    sign_in(reviewer, last_day.reviewer)
    _the_result_is_reviewed(reviewer, last_day, number)
    second_reviewer = desk.page(size=DESKTOP)
    sign_in(second_reviewer, last_day.second_reviewer)
    _the_dose_is_determined_and_verified(reviewer, second_reviewer, last_day, number)
    _all_results_are_approved(reviewer, last_day, number)

    qa = desk.page(size=DESKTOP)
    sign_in(qa, last_day.qa)
    _the_record_is_read_by_exception(qa, last_day, number)
    _the_record_is_reviewed(qa, last_day, number)

    qualified_person = desk.page(size=DESKTOP)
    sign_in(qualified_person, last_day.qp)
    _the_batch_is_certified(qualified_person, last_day, number)
    outbox.deliver_all()
    _the_certificates_are_those_of_the_ledger(qualified_person, number, tmp_path)

    assert not verify_records().findings


def _the_last_step_is_recorded_signed_and_witnessed(page: Page, last_day: LastDay, number: str) -> None:
    page.goto(f"/batches/{number}/steps/2.2/")
    page.get_by_role("button", name="Begin the step").click()

    entry = page.get_by_label("Temperature of the tank")
    entry.press_sequentially("-180", delay=60)
    entry.press("Tab")
    field = page.locator("#tank_temperature_c-field")
    expect(field.get_by_text(re.compile(r"Saved \d\d:\d\d:\d\d"))).to_be_visible()
    expect(field).to_contain_text("-180")
    expect(field).to_contain_text("Conforms")

    picture(page, "step-recorded")
    page.get_by_role("button", name="Sign", exact=True).click()
    sign_here(page, last_day.technician)
    page.get_by_role("button", name="witness").click()
    sign_here(page, last_day.second)
    # The witness signed at the station of the one who performed the step, and did not take it over.
    expect(page.locator(".top-bar")).to_contain_text(last_day.technician.name)
    signatures = page.locator(".signatures")
    for person in (last_day.technician, last_day.second):
        expect(signatures).to_contain_text(person.name)


def _a_second_vial_is_received(page: Page, last_day: LastDay, number: str) -> None:
    received = set(Sample.objects.values_list("container__code", flat=True))
    vial = next(one.code for one in last_day.containers_at("final_product") if one.code not in received)
    page.goto(f"/batches/{number}/samples/receive/")
    page.get_by_label("Label of the sample").fill(vial)
    page.get_by_label("Received at").fill(f"{local(clock.now()):%Y-%m-%dT%H:%M}")
    page.get_by_label("Condition").fill("sealed, −160 °C")
    page.get_by_role("button", name="Receive").click()
    expect(page.locator("main")).to_contain_text("Release tests")
    assert Sample.objects.filter(container__code=vial).exists()


def _the_missing_result_is_read_and_submitted(page: Page, last_day: LastDay, number: str) -> None:
    page.goto(f"/batches/{number}/tests/viability_percent/")
    picture(page, "test-open")
    assert accessibility_faults(page) == []
    entry = page.locator("#typed-viability_percent")
    entry.press_sequentially("95.1", delay=60)
    entry.press("Tab")
    expect(page.get_by_text(re.compile(r"Saved \d\d:\d\d:\d\d")).first).to_be_visible()
    expect(page.locator(".verdict")).to_contain_text("Conforms")
    page.get_by_role("button", name="Sign").click()
    sign_here(page, last_day.analyst)
    assert Result.objects.filter(line="viability_percent", signer=last_day.analyst).exists()


def _the_result_is_reviewed(page: Page, last_day: LastDay, number: str) -> None:
    page.goto(f"/batches/{number}/tests/viability_percent/")
    page.get_by_role("button", name="review").click()
    sign_here(page, last_day.reviewer)


def _the_dose_is_determined_and_verified(first: Page, second: Page, last_day: LastDay, number: str) -> None:
    first.goto(f"/batches/{number}/dose/")
    picture(first, "dose-to-determine")
    assert accessibility_faults(first) == []
    first.get_by_role("button", name="Sign the dose").click()
    picture(first, "sign-dose")
    sign_here(first, last_day.reviewer)
    expect(first.locator("main")).to_contain_text("You determined this dose; a second person verifies it.")

    second.goto(f"/batches/{number}/dose/")
    second.get_by_role("button", name="Sign the verification").click()
    sign_here(second, last_day.second_reviewer)
    expect(second.locator("main")).to_contain_text("Within the allowed dose")
    picture(second, "dose-verified")
    assert accessibility_faults(second) == []


def _all_results_are_approved(page: Page, last_day: LastDay, number: str) -> None:
    page.goto(f"/batches/{number}/release/")
    page.locator("section", has=page.locator("#approval-title")).get_by_role("button").click()
    sign_here(page, last_day.reviewer)


def _the_record_is_read_by_exception(page: Page, last_day: LastDay, number: str) -> None:
    """The code that was typed is accepted with a reason; then the trail is read and signed."""
    page.goto(f"/batches/{number}/review/")
    picture(page, "review-by-exception")
    assert accessibility_faults(page) == []
    while page.locator("summary", has_text="Judge").count():
        page.locator("summary", has_text="Judge").first.click()
        page.get_by_role("radio", name="Accept").first.check()
        page.get_by_label("Reason, or the question").first.fill("The code was compared with the label by eye.")
        page.get_by_role("button", name="Sign the judgement").first.click()
        sign_here(page, last_day.qa)
    page.get_by_role("link", name="Review the audit trail").click()
    picture(page, "review-trail")
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="Sign the review of the trail").click()
    sign_here(page, last_day.qa)
    expect(page.locator("main")).to_contain_text("0 to judge")


def _the_record_is_reviewed(page: Page, last_day: LastDay, number: str) -> None:
    page.goto(f"/batches/{number}/release/")
    page.locator("section", has=page.locator("#review-title")).get_by_role("button").click()
    sign_here(page, last_day.qa)


def _the_batch_is_certified(page: Page, last_day: LastDay, number: str) -> None:
    page.goto(f"/batches/{number}/release/")
    page.locator("aside .button--primary").click()
    picture(page, "sign-certification")
    sign_here(page, last_day.qp)
    page.goto(f"/batches/{number}/")
    expect(page.locator(".identity-strip")).to_contain_text("Certified")


def _the_certificates_are_those_of_the_ledger(page: Page, number: str, folder: Path) -> None:
    page.goto(f"/batches/{number}/documents/")
    expect(page.get_by_text("In preparation")).to_have_count(0)
    links = page.get_by_role("link", name="Download")
    expect(links).to_have_count(3)  # of analysis, of the batch, for infusion
    for link in links.all():
        with page.expect_download() as downloading:
            link.click()
        saved = folder / downloading.value.suggested_filename
        downloading.value.save_as(saved)
        content = saved.read_bytes()
        assert content.startswith(b"%PDF-")
        document = Document.objects.get(file__original_name=downloading.value.suggested_filename)
        assert urlsplit(downloading.value.url).path.endswith(f"{document.number}/v{document.version}.pdf")
        stated = Payload.objects.get(entry__rec_type=document.record_type(), entry__rec_id=document.pk)
        assert json.loads(bytes(stated.bytes))["fields"]["sha256"] == hashlib.sha256(content).hexdigest()
