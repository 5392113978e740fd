"""Two people at the same moment at the bench: one is stored, the other learns what stands there, nothing is lost."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from accounts.refusal import Refused
from batches.models import Value
from ledger.verification import verify_records
from tests.bench_builders import Bench
from tests.people import fresh

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_who_post_one_field_at_once_lose_nothing():
    world = Bench()
    world.done("1.1")
    world.begun(world.fresh(), "1.2")
    people = [fresh(world.technician), fresh(world.second)]

    outcomes = _at_once(*[
        lambda by=by, typed=typed: world.typed("1.2", "cells_received", typed, by=by)
        for by, typed in zip(people, ("2000", "2100"), strict=True)
    ])  # fmt: skip

    stored = Value.objects.get(batch=world.batch, field="cells_received")
    names = {person.reference: person.name for person in people}
    assert sorted(code for code, _says in outcomes) == ["done", "recorded_already"]
    refusal = next(says for code, says in outcomes if code == "recorded_already")
    assert f"{stored.typed}\u2009×10⁶\u2009cells, by {names[stored.actor]}" in refusal
    assert verify_records().findings == []


def _at_once(*attempts: Callable[[], object]) -> list[tuple[str, str]]:
    """What came of each attempt, all begun at the same moment."""
    ready, outcomes = threading.Barrier(len(attempts)), []

    def attempt(act: Callable[[], object]) -> None:
        try:
            ready.wait(timeout=30)
            act()
            outcomes.append(("done", ""))
        except Refused as refused:
            outcomes.append((refused.objections[0].code, str(refused.objections[0])))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(act,)) for act in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes
