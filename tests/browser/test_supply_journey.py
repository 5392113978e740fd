"""A batch that fails, in Chromium: confirmed, not certified, asked for by the physician, supplied, infused, told."""

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from ledger import outbox
from ledger.verification import verify_records
from qc.models import NotificationDue, OutOfSpecification
from tests.browser.release_pages import Seat, in_minutes, part, seated
from tests.browser.watching import Desk, picture
from tests.browser.worlds import lacking
from tests.oos_builders import IN_ORDER, LINE
from tests.supply_builders import PHYSICIAN, REQUEST, SAID, Trial

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LETTER = FilePayload(name="letter.pdf", mimeType="application/pdf", buffer=b"%PDF-1.4\n% a letter\n")
SAYS = "Nothing was found that would explain the low viability."


def test_a_confirmed_failure_is_not_certified_and_supplied_at_a_physicians_request(desk: Desk):
    laboratory = lacking(Trial, LINE)
    assert isinstance(laboratory, Trial)
    number, first, second = laboratory.batch.number, *(bag.code for bag in laboratory.bags())
    people = (laboratory.analyst, laboratory.reviewer, laboratory.qa, laboratory.qp)
    analyst, reviewer, quality, qualified = (seated(desk, one, number) for one in people)

    analyst.reads(LINE, "59.1", says="out of specification")
    reviewer.reviews_result(LINE)
    _the_failure_is_confirmed(reviewer, quality)
    laboratory.approved()  # by their acts: the journey to a certificate goes through these pages
    laboratory.record_reviewed()
    _the_batch_is_not_certified(qualified)

    _the_physician_asks(quality, qualified)
    laboratory.fresh()
    laboratory.said("sponsor")  # by its act; consent and acceptance are entered in the same form below
    _everything_that_a_supply_needs_is_entered(quality, qualified, first)
    _it_is_supplied(qualified)

    technician = seated(desk, laboratory.technician, number)
    logistics = seated(desk, laboratory.logistics, number)
    chain = laboratory.coi.identifier
    _only_the_named_bag_goes_to_the_hospital(technician, logistics, chain, first, second)
    _it_is_infused(technician, first)
    _everybody_is_told(quality)
    outbox.deliver_all()
    assert verify_records().findings == []


def _the_failure_is_confirmed(reviewer: Seat, quality: Seat) -> None:
    at = f"/oos/{OutOfSpecification.objects.get().number}/"
    page = reviewer.page
    page.goto(at)
    for point in IN_ORDER:
        page.locator(f"#point-{point}").select_option("ok")
    page.get_by_label("Cause in the laboratory").select_option("no")
    page.locator("#investigation-conclusion").fill(SAYS)
    reviewer.signs(part(page, "Phase 1: laboratory investigation"))

    page = quality.page
    page.goto(at)
    closing = part(page, "Phase 2 and closure")
    for label in ("Why these, or why none", "Root cause", "Conclusion"):
        closing.get_by_label(label).fill(SAYS)
    closing.get_by_label("Outcome").select_option("confirmed")
    quality.signs(closing)
    expect(page.locator("main")).to_contain_text("Confirmed")


def _the_batch_is_not_certified(qualified: Seat) -> None:
    page = qualified.opens("release/")
    expect(page.locator("aside")).to_contain_text("does not meet")
    qualified.decides("Not certified", "Viability of 59.1 % was confirmed.")
    expect(page.locator(".identity-strip")).to_contain_text("Not certified")


def _the_physician_asks(quality: Seat, qualified: Seat) -> None:
    page = quality.opens("release/")
    page.locator("#evidence-upload").set_input_files(LETTER)
    page.get_by_role("button", name="Store the file").click()
    asking = part(page, "What the physician wants")
    asking.locator("#answer-answer").select_option("supply")
    _said(asking, "answer", PHYSICIAN | {key: said for key, said in REQUEST.items() if key != "answer"})
    quality.signs(asking)
    qualified.opens("release/")
    qualified.signs(part(qualified.page, "What the physician wants"))


def _said(form: Locator, prefix: str, said: dict[str, str]) -> None:
    """What somebody outside said, with the letter that was stored."""
    for name, typed in said.items():
        if name != "evidence_reference":
            form.locator(f"#{prefix}-{name}").fill(typed)
    form.locator(f"#{prefix}-happened_at").fill(in_minutes())
    form.locator(f"#{prefix}-evidence").select_option(index=1)


def _everything_that_a_supply_needs_is_entered(quality: Seat, qualified: Seat, bag: str) -> None:
    page = quality.opens("release/")
    quality.looks("supply-first-item", narrow=True)
    containers = page.locator("#supply-containers")
    containers.get_by_text(bag).click()
    containers.locator("#supply-recipient").select_option(label="Nordhavn UH")
    quality.signs(containers)

    evaluation = page.locator("#supply-evaluation")
    evaluation.locator("#evaluation-document").select_option(index=1)
    evaluation.locator("#evaluation-author").fill("Dr M. Sorel")
    evaluation.locator("#evaluation-written_on").fill(in_minutes()[:10])
    evaluation.locator("#evaluation-conclusion").fill("Fewer viable cells; no added risk of contamination.")
    quality.signs(evaluation)

    for kind in ("consent", "acceptance"):
        statement = page.locator(f"#supply-{kind}")
        if not statement.locator(f"#{kind}-name").is_visible():
            statement.locator("summary").click()
        _said(statement, kind, PHYSICIAN | SAID[kind])
        quality.signs(statement.locator("form"))
    qualified.opens("release/")
    for kind in ("consent", "acceptance"):
        qualified.signs(qualified.page.locator(f"#supply-{kind}"), "Sign the comparison")


def _it_is_supplied(qualified: Seat) -> None:
    deciding = qualified.page.locator("#supply-decide")
    deciding.get_by_label("Why the request is followed").fill("The physician's reasons outweigh the risk.")
    qualified.signs(deciding)
    qualified.looks("supply-decided", narrow=True)


def _only_the_named_bag_goes_to_the_hospital(technician: Seat, logistics: Seat, chain: str, *bags: str) -> None:
    page = technician.page
    named, other = bags
    for bag in (other, named):
        page.goto(f"/custody/{chain}/hand-over/")
        page.get_by_text(bag).click()
        page.get_by_label("Taken by").select_option(label="Nordhavn UH")
        if bag == other:
            with technician.desk.refusal(409):
                page.get_by_role("button", name="Sign released").click()
                expect(page.locator("main")).to_contain_text(f"{other}: not named in the supply")
    technician.signs(page.locator("main"), "Sign released")

    page = logistics.page
    page.goto("/")
    page.locator(".task", has=page.get_by_text(f"Enter the receipt of {named}")).get_by_role("link").click()
    logistics.looks("hand-over-to-accept", narrow=True)
    accepting = page.locator("section", has=page.locator("#accept"))
    accepting.get_by_label("Put in").select_option(index=1)
    accepting.get_by_label("Condition on arrival").fill("intact")
    accepting.get_by_label("Name of the person").fill("E. Lind")
    accepting.get_by_label("Role of the person").fill("ward nurse")
    accepting.get_by_label("What was stated").fill("Taken over at the ward")
    accepting.get_by_label("Number of the paper").fill("WB-5521")
    logistics.signs(accepting)


def _it_is_infused(technician: Seat, bag: str) -> None:
    page = technician.page
    page.goto(f"/custody/containers/{bag}/")
    ending = part(page, "What became of it")
    ending.get_by_label("What became of it").select_option("infused")
    ending.get_by_label("Volume").fill("65.0")
    ending.get_by_label("Why, or who says so").fill("Dr A. Berg, infusion form IF-17")
    technician.signs(ending)
    expect(page.locator("main")).to_contain_text("infused, ")
    picture(page, "supply-infused")


def _everybody_is_told(quality: Seat) -> None:
    page = quality.opens("release/")
    while page.get_by_label("Who was told").count():
        due = part(page, "Notifications").locator(".card__item", has=page.get_by_label("Who was told")).first
        due.get_by_label("Who was told").fill("On duty")
        due.get_by_label("When").fill(in_minutes())
        due.get_by_label("What was said").fill("Supplied out of specification and infused.")
        quality.signs(due)
    assert NotificationDue.objects.filter(done=None).count() == 0
    assert NotificationDue.objects.count() == 3
    picture(page, "supply-told")
