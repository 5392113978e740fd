"""People come and go by the acts of two administrators; each act is a signed row that verifies."""

import pytest

from accounts.roles import Role
from ledger.verification import verify_records
from tests.people import a_person, a_site, administrators, do

pytestmark = pytest.mark.django_db


def test_a_site_is_founded_and_everything_in_it_verifies():
    a_site()

    assert verify_records().findings == []


def test_a_person_is_admitted_enrolled_and_signs():
    a_site()
    person = a_person(Role.TECHNICIAN)
    other = a_person(Role.QA)

    row = do(
        "person.record_training", person, by=other, procedure="MBR-CD19", version="1", trained_on="2026-01-05"
    )

    assert row.signer == other
    assert verify_records().findings == []
    assert administrators()[0].state.roles == ["administrator"]
