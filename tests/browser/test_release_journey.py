"""One batch from its last step at the bench to the certificate in somebody's hand, by people in Chromium.

On the way a result is corrected after the record was reviewed: the page says what that voids, and it is done again.
"""

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
from qc.models import Sample
from reports.models import Document
from tests.browser.hands import sign_here, sign_in
from tests.browser.release_pages import Seat, part, seated
from tests.browser.watching import Desk, picture
from tests.browser.worlds import LastDay
from tests.oos_builders import LINE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def last_day(address: str) -> LastDay:
    return LastDay()


def test_a_batch_goes_from_the_bench_to_the_certificate(last_day: LastDay, desk: Desk, tmp_path: Path):
    number = last_day.batch.number

    technician = desk.page()
    sign_in(technician, last_day.technician)
    _the_last_step_is_recorded_signed_and_witnessed(technician, last_day, number)

    analyst, reviewer, second_reviewer, qa = (
        seated(desk, one, number)
        for one in (last_day.analyst, last_day.reviewer, last_day.second_reviewer, last_day.qa)
    )
    _a_second_vial_is_received(analyst.page, last_day, number)
    analyst.opens(f"tests/{LINE}/")
    analyst.looks("test-open")
    analyst.reads(LINE, "95.1", says="Conforms")
    reviewer.reviews_result(LINE)
    _the_dose_is_determined_and_verified(reviewer, second_reviewer)
    reviewer.approves_results()
    qa.reads_by_exception()
    qa.reviews_record()

    qualified_person = seated(desk, last_day.qp, number)
    _a_result_is_corrected_after_the_review(analyst, qualified_person)
    reviewer.reviews_result(LINE)
    reviewer.approves_results()
    qa.reads_by_exception()
    qa.reviews_record()

    qualified_person.decides("Certified", "")
    expect(qualified_person.page.locator(".identity-strip")).to_contain_text("Certified")
    outbox.deliver_all()
    _the_certificates_are_those_of_the_ledger(qualified_person.page, number, tmp_path)

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


def _the_dose_is_determined_and_verified(first: Seat, second: Seat) -> None:
    page = first.opens("dose/")
    first.looks("dose-to-determine")
    first.signs(page.locator("main"), "Sign the dose")
    expect(page.locator("main")).to_contain_text("You determined this dose; a second person verifies it.")

    page = second.opens("dose/")
    second.signs(page.locator("main"), "Sign the verification")
    expect(page.locator("main")).to_contain_text("Within the allowed dose")


def _a_result_is_corrected_after_the_review(analyst: Seat, qualified_person: Seat) -> None:
    """What rested on the result is void, and the page of the test and the release page say so."""
    page = qualified_person.opens("release/")
    deciding = page.locator("aside .card__item").filter(has=page.get_by_role("heading", name="Certified", exact=True))
    expect(deciding.get_by_role("button", name="Sign the decision")).to_be_visible()

    page = analyst.opens(f"tests/{LINE}/")
    page.locator("summary", has_text="Correct a result").click()
    correcting = page.locator("details", has=page.locator("#correct-typed"))
    correcting.get_by_label("New value").fill("91.5")
    correcting.get_by_label("Reason").fill("Digits were swapped on the sheet of the counter")
    analyst.signs(correcting)
    result = part(page, "Result")
    expect(result).to_contain_text("Version 1: 95 %")
    expect(result).to_contain_text("Superseded")
    analyst.looks("result-corrected", narrow=True)

    page = qualified_person.opens("release/")
    for says in ("Viability", "approve the results again", "review it again"):
        expect(deciding).to_contain_text(says)
    expect(deciding.get_by_role("button", name="Sign the decision")).to_have_count(0)
    for what in ("#approval-title", "#review-title"):
        expect(page.locator("section", has=page.locator(what))).to_contain_text("Superseded")
    qualified_person.looks("release-after-a-correction", narrow=True)


def _the_certificates_are_those_of_the_ledger(page: Page, number: str, folder: Path) -> None:
    page.goto(f"/batches/{number}/documents/")
    expect(page.get_by_text("In preparation")).to_have_count(0)
    links = page.get_by_role("link", name="Download")
    expect(links).to_have_count(4)  # of analysis before and after the correction, of the batch, for infusion
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
