"""Three bags with three fates, by people in Chromium: infused whole, infused in part, come back and destroyed."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from accounts.wording import local
from ledger import clock, outbox
from ledger.verification import verify_records
from tests.after_release_builders import AfterRelease, certified_with_three_bags
from tests.browser.hands import sign_here
from tests.browser.release_pages import Seat, in_minutes, seated
from tests.browser.watching import Desk, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STATED = {
    "Name of the person": "M. Aalto", "Role of the person": "Ward nurse", "What was stated": "Given back as it came.",
    "Number of the paper": "WB-5522",
}  # fmt: skip
FORM = FilePayload(name="infusion-form.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4\n% a form of the ward\n")


def test_three_bags_have_three_fates_and_add_up(desk: Desk):
    laboratory = certified_with_three_bags(AfterRelease, days=16)
    laboratory.shipped()
    clock.end_story()
    number, chain = laboratory.batch.number, laboratory.coi.identifier
    whole, part_of_it, back = (bag.code for bag in laboratory.bags())
    patient = laboratory.coi.subject.pseudonym
    logistics, quality = (seated(desk, one, number) for one in (laboratory.logistics, laboratory.qa))

    _the_form_of_the_ward_is_stored(logistics)
    _a_bag_is_reported(logistics, whole, patient, volume="65.0", in_full="yes")
    _a_bag_is_reported(
        logistics, part_of_it, patient, volume="40", in_full="no", remainder_ml="25.0",
        remainder="Destroyed on the ward, form WD-3", reaction="Fever of 38.4 degrees after two hours",
    )  # fmt: skip
    for _bag in (whole, part_of_it):
        _a_report_is_confirmed(quality)

    _a_bag_comes_back(logistics, chain, back)
    _quality_decides_on_it(quality)
    technician = seated(desk, laboratory.technician, number)
    expect(technician.page.locator(".task", has_text=f"Destroy {back}")).to_be_visible()
    technician.destroys(back, witness=laboratory.second)

    qualified = seated(desk, laboratory.qp, number)
    _the_follow_up_is_entered(quality, qualified)
    _the_bags_add_up(qualified)
    outbox.deliver_all()
    assert verify_records().findings == []


def _the_form_of_the_ward_is_stored(logistics: Seat) -> None:
    page = logistics.opens("after-release/")
    logistics.looks("bags-at-the-ward", narrow=True)
    page.get_by_text("Store evidence first").click()
    page.get_by_label("File (PDF").set_input_files(FORM)
    page.get_by_role("button", name="Store the file").click()


def _a_bag_is_reported(logistics: Seat, bag: str, patient: str, **said: str) -> None:
    page = logistics.opens("after-release/")
    form = page.locator("details", has=page.get_by_text("Enter what the hospital reports of one bag"))
    if not form.locator("#b-bag_read").is_visible():
        form.locator("summary").click()
    began = local(clock.now()) - timedelta(minutes=40)
    typed = {
        "bag_read": bag, "patient_read": patient, "compared": "Pseudonym, chain of identity",
        "first_checker": "M. Aalto", "second_checker": "J. Nieminen", "thaw_how": "Dry thawing device",
        "thaw_started_at": _minutes(began - timedelta(minutes=8)), "thaw_ended_at": _minutes(began),
        "started_at": _minutes(began + timedelta(minutes=4)), "ended_at": _minutes(began + timedelta(minutes=19)),
        "volume_ml": said.pop("volume"), "physician": "Dr A. Berg", "name": "M. Aalto",
        "role": "Ward nurse, haematology", "said": "As on our infusion form.", "happened_at": in_minutes(),
    }  # fmt: skip
    form.locator("#b-in_full").select_option(said.pop("in_full"))
    for name, text in (typed | said).items():
        form.locator(f"#b-{name}").fill(text)
    for name in ("matched", "took_place"):
        form.locator(f"#b-{name}").select_option("yes")
    form.locator("#b-evidence").select_option(index=1)
    form.get_by_role("button").click()
    picture(page, "sign-infusion")
    sign_here(page, logistics.person)


def _minutes(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _a_report_is_confirmed(quality: Seat) -> None:
    page = quality.opens("after-release/")
    picture(page, "reports-to-confirm")
    waiting = page.locator("[id^='report-']", has=page.get_by_text("Waits for a second person")).first
    quality.signs(waiting.locator("form").first)


def _a_bag_comes_back(logistics: Seat, chain: str, bag: str) -> None:
    """The ward gives it back, this site takes it, and who took it writes in which condition."""
    page = logistics.page
    page.goto(f"/custody/{chain}/hand-over/")
    logistics.looks("hand-over-at-the-ward", narrow=True)
    giving = page.locator("section").filter(has=page.get_by_role("button", name="Sign the entry"))
    expect(giving.get_by_role("checkbox")).to_have_count(1)
    giving.get_by_label("Taken by").select_option(label="Test site")
    for label, typed in STATED.items():
        giving.get_by_label(label).fill(typed)
    logistics.signs(giving)

    page.goto("/")
    page.locator(".task", has=page.get_by_text(bag)).first.get_by_role("link").click()
    taking = page.locator("section", has=page.locator("#accept"))
    taking.get_by_label("Put in").select_option("Q-01")
    taking.get_by_label("Condition on arrival").fill("intact")
    logistics.signs(taking)

    page.goto("/")
    page.locator(".task", has_text=f"Say in which condition {bag} came back").get_by_role("link").click()
    logistics.looks("bag-came-back", narrow=True)
    back = page.locator(".card__item", has=page.get_by_label("Why it came back"))
    back.get_by_label("Why it came back").fill("The patient had a fever.")
    back.get_by_label("Condition").fill("intact, frozen")
    back.get_by_label("What the logger says").fill("Never above -150 degrees")
    logistics.signs(back)


def _quality_decides_on_it(quality: Seat) -> None:
    page = quality.opens("after-release/")
    deciding = page.locator(".card__item", has=page.get_by_role("heading", name="Decide on the bag"))
    deciding.get_by_label("The bag").select_option("destroy")
    deciding.get_by_label("Reason").fill("The dose was given; nobody needs it.")
    quality.signs(deciding)
    quality.looks("bag-to-be-destroyed", narrow=True)


def _the_follow_up_is_entered(quality: Seat, qualified: Seat) -> None:
    page = quality.page
    item = page.locator("details", has=page.get_by_text("Enter: Cytokine release", exact=False)).first
    item.locator("summary").click()
    item.get_by_label("Done on").fill(in_minutes()[:10])
    item.get_by_label("Outcome").select_option("1")
    item.get_by_label("Who says so").fill("M. Aalto")
    item.get_by_label("Role and registration").fill("Ward nurse, haematology")
    item.get_by_label("What was said").fill("Grade 1, resolved within a day.")
    item.get_by_label("When it was said").fill(in_minutes())
    item.get_by_label("Number of the paper").fill("Form FU-17")
    quality.signs(item)

    page = qualified.opens("after-release/")
    comparing = page.locator("details", has=page.get_by_text("Compare with the evidence")).first
    comparing.locator("summary").click()
    comparing.get_by_label("It agrees with the evidence").select_option("yes")
    qualified.signs(comparing)


def _the_bags_add_up(qualified: Seat) -> None:
    page = qualified.opens("after-release/")
    expect(page.locator("#bags ~ p, p.card__body").first).to_contain_text("3 bags filled = 2 infused + 1 destroyed")
    qualified.looks("bags-add-up", narrow=True)
