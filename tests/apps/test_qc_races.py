"""Two people at the same moment decide once; and what is changed behind the program's back is named."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, connections

from accounts.refusal import Refused
from accounts.roles import Role
from batches.models import BatchState
from ledger import guards
from ledger.verification import verify_records
from qc.laboratory.receiving import receive_sample
from qc.models import Disposition, Result, Sample
from tests.people import a_person, do
from tests.qc_builders import in_the_laboratory, ready_to_certify

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*attempts: Callable[[], object]) -> list[str]:
    """What came of each attempt, all begun at the same moment: done, or why it was refused."""
    ready, outcomes = threading.Barrier(len(attempts)), []

    def attempt(act: Callable[[], object]) -> None:
        try:
            ready.wait(timeout=30)
            act()
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.objections[0].code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=attempt, args=(act,)) for act in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return sorted(outcomes)


def test_decisions_and_corrections_at_the_same_moment():
    laboratory = ready_to_certify()
    other = a_person(Role.QUALIFIED_PERSON)
    batch = laboratory.batch
    code = next(one.code for one in laboratory.containers_at("final_product") if not hasattr(one, "sample"))
    result = Result.objects.get(line="viability_percent")

    def receives() -> object:
        return receive_sample(
            batch=batch, scanned=code, was_typed=False, received_at=result.signed_at, condition="4 °C",
            by=laboratory.analyst, id=uuid4(),
        )  # fmt: skip

    received = at_once(receives, receives)
    laboratory.record_reviewed()
    decided = at_once(
        lambda: do("batch.certify", batch, by=laboratory.qp, decision="certified", statement=""),
        lambda: do("batch.certify", batch, by=other, decision="certified", statement=""),
        lambda: do(
            "result.correct", result, by=laboratory.analyst,
            member="viability_percent", typed="94.1", reason="Digits were swapped",
        ),
    )  # fmt: skip

    assert received == ["done", "not_possible"]
    assert Sample.objects.filter(batch=batch, container__code=code).count() == 1
    assert decided.count("done") == 1
    corrected = Result.objects.filter(line="viability_percent").count() == 2
    state = BatchState.objects.get(pk=batch.pk).disposition
    assert (Disposition.objects.count(), state) == ((0, "none") if corrected else (1, "certified"))
    assert verify_records().findings == []


def test_verification_names_a_verdict_and_a_disposition_that_were_changed():
    laboratory = in_the_laboratory()
    result = laboratory.tested("rcl")
    assert verify_records().findings == []

    guards.remove(connection)
    try:
        Result.objects.filter(pk=result.pk).update(verdict="fails")
        BatchState.objects.filter(pk=laboratory.batch.pk).update(disposition="certified")
    finally:
        guards.install(connection)
    named = {(finding.check, finding.about.split()[0]) for finding in verify_records().findings}

    assert {("results", "qc.result"), ("dispositions", "batches.batchstate")} <= named
