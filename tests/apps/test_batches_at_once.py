"""Two people at the same moment at the bench: one is stored, the other learns what stands there, nothing is lost."""

import pytest

from accounts.refusal import Refused
from batches.models import Value
from ledger.verification import verify_records
from tests.at_once import answers_of, errors
from tests.bench_builders import Bench
from tests.people import fresh

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_who_post_one_field_at_once_lose_nothing():
    world = Bench()
    world.done("1.1")
    world.begun(world.fresh(), "1.2")
    people = [fresh(world.technician), fresh(world.second)]

    answers = answers_of(*[
        lambda by=by, typed=typed: world.typed("1.2", "cells_received", typed, by=by)
        for by, typed in zip(people, ("2000", "2100"), strict=True)
    ])  # fmt: skip

    stored = Value.objects.get(batch=world.batch, field="cells_received")
    names = {person.reference: person.name for person in people}
    (refused,) = errors(answers)
    assert isinstance(refused, Refused)
    (objection,) = refused.objections
    assert objection.code == "recorded_already"
    assert f"{stored.typed}\u2009×10⁶\u2009cells, by {names[stored.actor]}" in str(objection)
    assert verify_records().findings == []
