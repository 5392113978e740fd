"""Two reports from the bedside that name each other's bags at the same moment: both are stored."""

from datetime import timedelta

import pytest

from accounts.roles import Role
from batches.models import Departure
from ledger import clock
from ledger.verification import verify_records
from qc.models import InfusionReport
from tests.after_release_builders import AfterRelease
from tests.at_once import at_once
from tests.people import a_person

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


@pytest.mark.postgresql
def test_reports_that_cross_are_both_stored():
    """Only a mix-up of two bags at two wards names two batches from both sides, and that one must not be lost."""
    clock.tell(clock.machine_now() - timedelta(days=2))
    one = AfterRelease()
    other = one.beside()
    clock.end_story()
    second = a_person(Role.LOGISTICS)
    ours, theirs = one.bags()[0], other.bags()[0]

    for _round in range(ROUNDS):
        outcomes = at_once(
            lambda: one.reported(theirs),
            lambda: other.reported(ours, by=second),
        )
        assert outcomes == ["done", "done"]

    reports = list(InfusionReport.objects.all())
    assert len(reports) == 2 * ROUNDS
    raised = Departure.objects.filter(about_type="qc.infusionreport")
    for report in reports:
        of_each = [raised.filter(batch=batch, about_id=report.pk).count() for batch in (one.batch, other.batch)]
        assert of_each == [len(report.wrong)] * 2
    assert verify_records().findings == []
