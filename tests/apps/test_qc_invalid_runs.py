"""Growth, and runs that were declared invalid before their result; and that no order of acts tests a failure away."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from accounts.refusal import Refused
from accounts.roles import Role
from batches.models import Departure
from ledger import clock
from ledger.verification import verify_records
from qc.models import (
    MeasurementInvalid,
    OutOfSpecification,
    OutOfSpecificationClosed,
    Reading,
    Result,
)
from qc.out_of_specification.evidence import evidence_before
from tests.kept import kept_for_a_module, taken_back
from tests.oos_builders import (
    LINE,
    approved_plan,
    closed,
    corrects,
    failing,
    investigated,
    planned,
    shown_before,
)
from tests.people import a_person, do, nothing_written
from tests.qc_builders import STERILITY, Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A batch that was made twenty days ago; its samples wait for the laboratory."""
    with kept_for_a_module(django_db_blocker):
        made = in_the_laboratory()
        clock.end_story()
        yield made


# Growth


@pytest.mark.clause("21 CFR 610.12(f)", "a growth test is repeated once, where the growth is the laboratory's")
def test_growth_is_tested_again_once_and_only_for_a_cause_in_the_laboratory(laboratory):
    shown = shown_before(laboratory)
    record = grown(laboratory)
    laboratory.reviewed(record.result)
    other = OutOfSpecification.objects.get(pk=record.pk)
    with taken_back():
        investigated(laboratory, other)
        with pytest.raises(Refused, match="ascribes the growth to the laboratory"):
            planned(laboratory, other)
    investigated(laboratory, record, evidence=shown)
    with nothing_written(), pytest.raises(Refused, match="once at most"):
        planned(laboratory, record, retests=2)
    approved_plan(laboratory, record)

    began = clock.now() - timedelta(days=14, minutes=5)
    laboratory.read(STERILITY, "growth", began_at=began, performed_at=began + timedelta(days=3))
    laboratory.reviewed(laboratory.submitted(STERILITY))

    assert OutOfSpecification.objects.count() == 1
    with nothing_written(), pytest.raises(Refused, match="does not conform either"):
        closed(laboratory, record, "invalidated")
    closed(laboratory, record, "confirmed")
    assert verify_records().findings == []


def grown(laboratory: Laboratory) -> OutOfSpecification:
    began = laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)
    laboratory.read(STERILITY, "growth", began_at=began, performed_at=began + timedelta(days=3))
    laboratory.submitted(STERILITY)
    return OutOfSpecification.objects.get()


def test_growth_is_never_declared_invalid(laboratory):
    shown = shown_before(laboratory)
    began = laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)
    laboratory.read(STERILITY, "growth", began_at=began, performed_at=began + timedelta(days=3))

    with nothing_written(), pytest.raises(Refused, match="never declared invalid"):
        declared(laboratory, shown, line=STERILITY)


def test_growth_seen_after_the_claim_is_not_confirmed_to_be_invalid(laboratory):
    shown = shown_before(laboratory)
    began = laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)
    laboratory.read(STERILITY, "no_growth", began_at=began, performed_at=began + timedelta(days=2))
    claim = declared(laboratory, shown, line=STERILITY)
    laboratory.read(STERILITY, "growth", performed_at=began + timedelta(days=3))

    with nothing_written(), pytest.raises(Refused, match="never declared invalid"):
        confirmed(laboratory, claim)


# Invalid before the result


def declared(laboratory: Laboratory, evidence: Departure | None, *, line: str = LINE) -> MeasurementInvalid:
    row = do(
        "measurement.invalidate", laboratory.batch, by=laboratory.analyst, line=line, cause="sample",
        says="Stained twelve minutes after thaw, limit five.", evidence=str(evidence.pk) if evidence else None,
    )  # fmt: skip
    assert isinstance(row, MeasurementInvalid)
    return row


def confirmed(laboratory: Laboratory, claim: MeasurementInvalid, *, yes: str = "yes", by: Person | None = None) -> None:
    do(
        "measurement.review_invalid", claim, by=by or laboratory.reviewer, is_confirmed=yes,
        says="I looked at the times of the scans.",
    )  # fmt: skip


def test_a_proven_invalid_run_is_kept_never_judged_and_opens_the_next(laboratory):
    shown = shown_before(laboratory)
    laboratory.read(LINE, "95.1")
    claim = declared(laboratory, shown)
    assert claim.is_proven
    assert claim.evidence_id == shown.pk
    with nothing_written(), pytest.raises(Refused, match="A second person decides"):
        laboratory.submitted(LINE)
    confirmed(laboratory, claim)

    line = laboratory.line(LINE)
    assert (line.run, line.conforms, line.result) == (2, False, None)
    again = laboratory.tested(LINE)
    assert (again.run, again.version) == (2, 1)
    assert Reading.objects.filter(line=LINE, run=1).count() == 1
    assert not OutOfSpecification.objects.exists()
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 211.192", "a cause that nothing earlier shows is not proven, and the run counts")
@pytest.mark.parametrize("when", ["never", "after the reading"])
def test_a_cause_that_nothing_earlier_shows_is_not_proven(laboratory, when):
    laboratory.read(LINE, "59.1")
    evidence = shown_before(laboratory) if when == "after the reading" else None

    claim = declared(laboratory, evidence)

    assert not claim.is_proven
    with nothing_written(), pytest.raises(Refused, match="not proven"):
        confirmed(laboratory, claim)
    laboratory.submitted(LINE)
    assert OutOfSpecification.objects.get().result.run == 1


def test_what_may_prove_a_cause_is_read_kind_by_kind_and_joins_nothing_else(laboratory):
    with CaptureQueriesContext(connection) as asked:
        found = evidence_before(laboratory.batch, "viability_percent", before=None)

    assert len({one.type for one in found}) > 3
    about_rows = [one["sql"] for one in asked.captured_queries if 'FROM "ledger_entry"' not in one["sql"]]
    assert [sql for sql in about_rows if "JOIN" in sql and "SELECT DISTINCT" not in sql] == []


def test_a_claim_that_is_not_confirmed_lets_the_run_count(laboratory):
    both = a_person(Role.QC_ANALYST, Role.QC_REVIEWER, name="Ada Both")
    shown = shown_before(laboratory)
    laboratory.read(LINE, "59.1", by=both)
    claim = declared(laboratory, shown)
    with nothing_written(), pytest.raises(Refused, match="second person"):
        confirmed(laboratory, claim, by=both)
    confirmed(laboratory, claim, yes="no")

    laboratory.submitted(LINE)
    assert OutOfSpecification.objects.count() == 1


def test_nothing_is_declared_invalid_after_the_result(laboratory):
    shown = shown_before(laboratory)
    failing(laboratory)

    with nothing_written(), pytest.raises(Refused):
        declared(laboratory, shown)


# Whatever the order


ACTS = ("correct", "investigate", "plan", "approve", "read", "submit", "review", "invalidate", "confirm", "declare")


@pytest.mark.clause("21 CFR 211.194(a)(4)", "the first result stays in the record whatever follows")
@given(order=st.lists(st.sampled_from(ACTS), min_size=1, max_size=9), proven=st.booleans())
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_in_whatever_order_a_line_never_conforms_while_its_record_is_open(laboratory, order, proven):
    with taken_back():
        shown = shown_before(laboratory) if proven else None
        record = failing(laboratory)
        acts = {
            "correct": lambda: corrects(laboratory, newest(), "95.1"),
            "investigate": lambda: investigated(laboratory, record, evidence=shown),
            "plan": lambda: planned(laboratory, record),
            "approve": lambda: do("oos.approve_plan", record, by=laboratory.qa),
            "read": lambda: laboratory.read(LINE, "95.1"),
            "submit": lambda: laboratory.submitted(LINE),
            "review": lambda: laboratory.reviewed(newest()),
            "invalidate": lambda: closed(laboratory, record, "invalidated"),
            "confirm": lambda: closed(laboratory, record, "confirmed"),
            "declare": lambda: declared(laboratory, shown),
        }
        for one in order:
            try:
                acts[one]()
            except Refused:
                continue
            line = laboratory.line(LINE)
            ended = OutOfSpecificationClosed.objects.filter(oos=record).first()
            assert record.result_id in {version.pk for version in line.runs.results}
            if ended is None or ended.outcome == "confirmed":
                assert not line.conforms
                assert line.result is not None
                assert line.result.pk == record.result_id
            else:
                assert proven
                assert line.first_failing is not None


def newest() -> Result:
    return Result.objects.filter(line=LINE).order_by("-version")[0]
