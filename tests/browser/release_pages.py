"""What people do on the way from a result to a decision, each on the page where it is done."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from accounts.models import Person
from accounts.wording import local
from ledger import clock
from tests.browser.hands import sign_here, sign_in
from tests.browser.watching import DESKTOP, NARROW, Desk, accessibility_faults, is_wider_than_the_window, picture

A_PERSON_TYPES = 60  # milliseconds between two keys; a scanner is faster
SAYS = "Compared by eye with the label."


def in_minutes() -> str:
    """The present as people type it into a field for a time."""
    return f"{local(clock.now()):%Y-%m-%dT%H:%M}"


def part(page: Page, heading: str) -> Locator:
    """The section of a page under this heading."""
    return page.locator("section", has=page.get_by_role("heading", name=heading, level=2))


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody before the pages of a batch."""

    desk: Desk
    page: Page
    person: Person
    number: str

    def opens(self, place: str) -> Page:
        """A page of the batch, as it is now."""
        self.page.goto(f"/batches/{self.number}/{place}")
        return self.page

    def signs(self, form: Locator, button: str = "") -> None:
        """What a form asks for is signed by this person."""
        buttons = form.get_by_role("button", name=button) if button else form.get_by_role("button")
        buttons.click()
        sign_here(self.page, self.person)

    def looks(self, name: str, *, narrow: bool = False) -> None:
        """Nobody is shut out of this page and nothing on it is cut off; it is looked at narrow as well, where asked."""
        assert accessibility_faults(self.page) == []
        picture(self.page, name)
        self.page.set_viewport_size(NARROW)
        assert not is_wider_than_the_window(self.page)
        if narrow:
            picture(self.page, f"{name}-narrow")
        self.page.set_viewport_size(DESKTOP)

    def reads(self, line: str, typed: str, *, says: str) -> None:
        """A number typed on the page of a test and stored as it is left; then the result is signed."""
        page = self.opens(f"tests/{line}/")
        entry = page.locator(f"#typed-{line}")
        entry.press_sequentially(typed, delay=A_PERSON_TYPES)
        entry.press("Tab")
        expect(page.locator(".verdict")).to_contain_text(says, ignore_case=True)
        self.submits(line)

    def submits(self, line: str) -> None:
        self.signs(self.opens(f"tests/{line}/").locator("main"), "Sign and submit")

    def reviews_result(self, line: str) -> None:
        self.signs(self.opens(f"tests/{line}/").locator("main"), "review")

    def approves_results(self) -> None:
        page = self.opens("release/")
        self.signs(page.locator("section", has=page.locator("#approval-title")))

    def reads_by_exception(self) -> None:
        """Every exception judged by itself, then what is new in the audit trail reviewed."""
        page = self.opens("review/")
        while page.locator("summary", has_text="Judge").count():
            page.locator("summary", has_text="Judge").first.click()
            page.get_by_role("radio", name="Accept").first.check()
            page.get_by_label("Reason, or the question").first.fill(SAYS)
            page.get_by_label("Product impact").first.fill("None: what counts was reviewed again.")
            page.get_by_role("button", name="Sign the judgement").first.click()
            sign_here(page, self.person)
        page = self.opens("review/trail/")
        while page.get_by_role("button", name="Sign the review of the trail").count():
            page.get_by_role("button", name="Sign the review of the trail").first.click()
            sign_here(page, self.person)
            self.opens("review/trail/")

    def reviews_record(self) -> None:
        page = self.opens("release/")
        self.signs(page.locator("section", has=page.locator("#review-title")))

    def decides(self, title: str, statement: str) -> None:
        """A decision under its title on the release page, with its statement."""
        page = self.opens("release/")
        choice = page.locator("aside .card__item").filter(has=page.get_by_role("heading", name=title, exact=True))
        choice.get_by_label("Statement").fill(statement)
        self.signs(choice)

    def destroys(self, bag: str, *, witness: Person) -> None:
        """A bag of the batch destroyed; somebody else says at the same station that they saw it."""
        page = self.opens("after-release/")
        page.locator(f"[id='bag-{bag}']").get_by_role("link", name="Destroy").click()
        ending = part(page, "What became of it")
        ending.get_by_label("What became of it").select_option("destroyed")
        ending.get_by_label("Volume").fill("65.0")
        ending.get_by_label("By what way").fill("GMO waste, autoclave AC-2")
        ending.get_by_label("Why, or who says so").fill("Quality assurance decided so")
        self.signs(ending)
        expect(page.locator("main")).to_contain_text("Waits for a second person")
        picture(page, "bag-waits-for-its-witness")
        page.get_by_role("button", name="Sign as witness").click()
        sign_here(page, witness)


def seated(desk: Desk, person: Person, number: str) -> Seat:
    """Somebody signed in, at a screen of their own."""
    page = desk.page(size=DESKTOP)
    sign_in(page, person)
    return Seat(desk, page, person, number)
