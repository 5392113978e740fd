"""Two people at the same moment decide once; and what is changed behind the program's back is named.

(CC-01) Of two who decide at once one does, fifty times over. (CC-02) What speaks against a decision and is written at
the same moment is either seen by it or written after it. (CC-03) Of two who enter one value at once one does.
"""

from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Person
from accounts.roles import Role
from batches.departures import report_departure
from batches.identity import batch_of
from batches.models import BatchState, Departure
from ledger import guards
from ledger.models import OutboxJob
from ledger.verification import verify_records
from qc.laboratory.receiving import receive_sample
from qc.laboratory.recording import record_reading
from qc.models import Disposition, Reading, Result, Sample
from qc.release.disposition import BATCH_CERTIFICATE_JOB
from tests.at_once import at_once
from tests.people import a_person, do
from tests.qc_builders import CONFORMING, MINOR, in_the_laboratory, ready_to_certify

pytestmark = pytest.mark.django_db(transaction=True)


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


ROUNDS = 25  # of two decisions each


def test_of_two_qualified_people_one_decides_fifty_times_over():
    laboratory = ready_to_certify()
    other, batch = a_person(Role.QUALIFIED_PERSON), laboratory.batch

    def one_decides(decision: str) -> None:
        said = {"decision": decision, "statement": "Decided on what is known."}
        outcomes = at_once(*(lambda by=by: do("batch.certify", batch, by=by, **said) for by in (laboratory.qp, other)))
        # The other one asked after the decision, or before it and is told that what was shown has changed.
        assert outcomes in (["decided", "done"], ["done", "stale"])

    for number in range(ROUNDS):
        if number:
            laboratory.record_reviewed()
        one_decides("certified")
        one_decides("withdrawn")

    decisions = Disposition.objects.order_by("version").values_list("version", "decision")
    assert list(decisions) == list(enumerate(["certified", "withdrawn"] * ROUNDS, start=1))
    jobs = OutboxJob.objects.filter(then=BATCH_CERTIFICATE_JOB).values_list("subject", flat=True)
    assert len(set(jobs)) == len(jobs) == 2 * ROUNDS
    assert BatchState.objects.get(pk=batch.pk).disposition == "withdrawn"
    assert verify_records().findings == []


def test_what_speaks_against_a_certification_is_seen_by_it_or_written_after_it():
    """A departure that is reported, or a failing correction, at the very moment at which the batch is certified."""
    laboratory = ready_to_certify()
    batch, result = laboratory.batch, Result.objects.get(line="viability_percent")

    def certifies() -> object:
        return do("batch.certify", batch, by=laboratory.qp, decision="certified", statement="")

    def reports() -> object:
        says = "A glove was torn while the bags were filled."
        return report_departure(batch=batch, says=says, by=laboratory.technician, id=uuid4())

    def fails() -> object:
        said = {"member": result.line, "typed": "59.1", "reason": "Digits were swapped"}
        return do("result.correct", result, by=laboratory.analyst, **said)

    for number in range(6):
        if number:
            laboratory.record_reviewed()
        outcomes = at_once(certifies, reports)
        departure = Departure.objects.latest("recorded_at")
        certified = BatchState.objects.get(pk=batch.pk).disposition == "certified"
        # What is shown before signing is read without a lock: a departure that comes in between may name itself there
        # by the first of its consequences or by a later one. Signing reads again, under the lock.
        refused = {outcome for outcome in outcomes if outcome != "done"}
        assert len(outcomes) == 2
        assert bool(refused) is not certified
        assert refused <= {"fact_open", "trail_open", "review_outdated"}
        if certified:
            laboratory.certified("withdrawn", statement="A departure was reported.")
        do(
            "fact.assess",
            departure.pk,
            by=laboratory.qa,
            impact="None: outer glove.",
            conclusion="Seen by the lead.",
            **MINOR,
        )

    laboratory.record_reviewed()
    outcomes = at_once(certifies, fails)
    state = BatchState.objects.get(pk=batch.pk).disposition
    assert outcomes.count("done") == 1
    assert (state == "certified") is (Result.objects.filter(line=result.line).count() == 1)
    assert verify_records().findings == []


def test_two_analysts_enter_one_value_at_the_same_moment():
    laboratory = in_the_laboratory()
    batch = laboratory.fresh()
    samples = {line: laboratory.sample_for(line) for line in CONFORMING}

    def enters(line: str, member: str, typed: str, by: Person) -> object:
        sample = samples[line]
        return record_reading(
            batch=batch_of(batch.pk), line=line, member=member, sample=sample, typed=typed, by=by, id=uuid4()
        )

    for line in samples:
        member, typed = next(iter(CONFORMING[line].items()))
        analysts = (laboratory.analyst, laboratory.other_analyst)
        outcomes = at_once(*(partial(enters, line, member, typed, by) for by in analysts))
        assert outcomes == ["done", "recorded"]
        assert Reading.objects.filter(line=line, member=member).count() == 1


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
