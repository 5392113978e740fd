"""The verification as a command of its own: its last line, how it ends, and that it keeps nobody from writing."""

import pytest
from django.db import transaction

from accounts.models import PersonState
from accounts.roles import Role
from ledger.models import OutboxJob
from tests.journeys.processes import manage
from tests.people import a_person

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_command_ends_with_one_and_names_the_record(product_environment):
    person = a_person(Role.TECHNICIAN)
    clean = manage("verify", environment=product_environment)
    PersonState.objects.filter(person=person).update(roles=[Role.QA])
    changed = manage("verify", environment=product_environment)

    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert clean.stdout.splitlines()[-1] == "VERIFIED: nothing found"
    assert changed.returncode == 1
    assert f"accounts.personstate {person.username}" in changed.stdout
    assert changed.stdout.splitlines()[-1] == "NOT VERIFIED: 1 found"


def test_it_does_not_wait_for_somebody_who_is_writing(product_environment):
    person = a_person(Role.TECHNICIAN)
    with transaction.atomic():
        OutboxJob.objects.create(kind="nobody does this", subject=person.pk)
        verified = manage("verify", environment=product_environment)

    assert verified.returncode == 0, verified.stdout + verified.stderr
