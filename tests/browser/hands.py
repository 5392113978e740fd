"""What people do at a screen: find the door, sign in, sign."""

from playwright.sync_api import Page, expect

from accounts.models import Person
from tests.people import secret_of


def sign_in(page: Page, person: Person, secret: str = "") -> None:
    """Leave the page where this person begins, signed in by the real door."""
    page.goto("/sign-in/")
    page.get_by_label("User ID").fill(person.username)
    page.get_by_label("Password").fill(secret or secret_of(person))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Lock")).to_be_visible()


def sign_here(page: Page, person: Person, secret: str = "") -> None:
    """Sign what the signature page shows, as this person."""
    expect(page.get_by_text("Meaning of your signature")).to_be_visible()
    user = page.locator("#username")
    if user.is_editable():
        user.fill(person.username)
    page.locator("#secret").fill(secret or secret_of(person))
    page.locator(".signing button[type=submit]").click()
    expect(page.locator(".signing")).to_have_count(0)
