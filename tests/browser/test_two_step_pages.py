"""The release page of a batch that may be certified before its last result, and of one that was positive afterwards."""

import pytest

from ledger import clock
from qc.models import Complaint
from tests.after_release_builders import COMPLAINT
from tests.browser.hands import sign_here, sign_in
from tests.browser.watching import DESKTOP, NARROW, Desk, accessibility_faults, is_wider_than_the_window, picture
from tests.people import do
from tests.qc_builders import STERILITY
from tests.two_step_builders import JUSTIFIED, TrialLaboratory, two_step_laboratory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_batch_is_certified_conditionally_on_its_page_and_growth_is_shown_on_it(desk: Desk):
    laboratory = two_step_laboratory(TrialLaboratory)
    laboratory.ready_conditionally()
    clock.end_story()
    address = f"/batches/{laboratory.batch.number}/release/"
    page = desk.page(size=DESKTOP)
    sign_in(page, laboratory.qp)

    page.goto(address)
    assert accessibility_faults(page) == []
    picture(page, "release-two-step-offered")
    page.get_by_label("Justification").fill(JUSTIFIED["statement"])
    page.get_by_label("What is done if a late result is positive").fill(JUSTIFIED["plan_if_positive"])
    page.get_by_role("button", name="Certified conditionally").click()
    picture(page, "sign-conditional")
    sign_here(page, laboratory.qp)
    laboratory.read(STERILITY, "growth", replicate=1)

    about = COMPLAINT | {"received_at": clock.now().isoformat(), "containers": [laboratory.bags()[0].code]}
    do("complaint.record", laboratory.batch, by=laboratory.qa, **about)
    complaint = f"/complaints/{Complaint.objects.get().number}/"

    for size, place, says, name in (
        (DESKTOP, address, "Notifications", "release-positive"),
        (NARROW, address, "Notifications", "release-positive-narrow"),
        (DESKTOP, complaint, "Complaint", "complaint"),
        (NARROW, complaint, "Complaint", "complaint-narrow"),
    ):
        page.set_viewport_size(size)
        page.goto(place)
        assert page.get_by_role("heading", name=says).first.is_visible()
        assert accessibility_faults(page) == []
        assert not is_wider_than_the_window(page)
        picture(page, name)
    assert desk.faults == []
