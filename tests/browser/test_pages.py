"""Every page with something on it: nobody is shut out, nothing is cut off, nothing breaks the policy of contents.

Each person walks through the pages of their work. A page that no list names fails `test_every_page_is_visited`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from playwright.sync_api import Page, expect

from accounts.models import Person
from accounts.panels import panels_for
from accounts.roles import Role
from accounts.signing import ask
from batches.models import Definition, StepPerformed, StepStart
from chain_of_custody.models import HandOverAccepted
from ledger import outbox
from reports.models import Document
from tests.browser.hands import sign_here, sign_in
from tests.browser.watching import (
    DESKTOP,
    NARROW,
    TABLET,
    Desk,
    accessibility_faults,
    is_wider_than_the_window,
    picture,
)
from tests.browser.worlds import WholeSite
from tests.people import a_person, administrators, fresh

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Addresses that take a form, hand out a file or answer programs: nobody looks at them.
NO_PAGES = {
    "accounts:enrol", "accounts:lock", "accounts:person-link", "accounts:sign-out", "accounts:sign-start",
    "accounts:token-revoke", "batches:definition-file", "batches:report", "batches:step-begin",
    "batches:step-correct", "batches:step-scan", "batches:step-value", "chain_of_custody:evidence-file", "healthz",
    "qc:reading-record", "readyz", "reports:download", "scan",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """A page on somebody's walk; some are refusals and answer so."""

    name: str
    address: str
    status: int = 200


@pytest.fixture(scope="module")
def site(address: str) -> WholeSite:
    world = WholeSite()
    while outbox.sweep():
        pass
    return world


@pytest.fixture(scope="module")
def inspector(site: WholeSite) -> Person:
    return a_person(Role.INSPECTOR)


def technicians(site: WholeSite) -> list[Stop]:
    making, number, coi = site.making.number, site.batch.number, site.coi.identifier
    to_check, _ = ask("step.check_before", StepStart.objects.get(batch=site.making, step="3.3").pk, {}, by=site.technician)
    to_witness, _ = ask("step.witness", StepPerformed.objects.filter(batch=site.making, step="1.1").get().pk, {}, by=site.technician)
    link = HandOverAccepted.objects.first()
    assert link is not None
    return [
        Stop("work", "/"),
        Stop("batches", "/batches/"),
        Stop("batch-making", reverse("batch", args=[making])),
        Stop("step-done", reverse("batches:step", args=[making, "1.2"])),
        Stop("step-corrected", reverse("batches:step", args=[making, "3.2"])),
        Stop("step-before-the-act", reverse("batches:step", args=[making, "3.3"])),
        Stop("step-not-yet", reverse("batches:step", args=[making, "3.4"])),
        Stop("step-open", reverse("batches:step", args=[number, "2.2"])),
        Stop("sign-check", reverse("accounts:sign", args=[to_check.pk])),
        Stop("custody", "/custody/"),
        Stop("chain", reverse("chain_of_custody:chain", args=[coi])),
        Stop("collection-new", reverse("chain_of_custody:collection-new", args=[coi])),
        Stop("hand-over", reverse("chain_of_custody:hand-over", args=[link.offer_id])),
        Stop("hand-over-new", reverse("chain_of_custody:hand-over-new", args=[coi])),
        Stop("container", reverse("chain_of_custody:container", args=[site.containers_at("final_product")[0].code])),
        Stop("evidence", "/custody/evidence/"),
        Stop("samples", "/samples/"),
        Stop("lots", "/lots/"),
        Stop("account", "/account/"),
        Stop("roles", "/roles/"),
        Stop("not-found", "/batches/CT-26-9999/", 404),
        Stop("not-allowed", "/security/", 403),
        Stop("label-unknown", "/scan/?code=NOTHING", 404),
    ]
