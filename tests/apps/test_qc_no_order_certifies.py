"""In whatever order people act, a batch is certified only while nothing stands against it.

What stands against it is counted here a second time, from the rows and their places in the ledger alone, and not with
the functions that refuse a certification.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.refusal import Refused
from batches.departures import report_departure
from batches.models import BatchState, Departure, Hold, HoldLifted
from ledger.models import Entry, Written
from qc.models import BatchDose, Disposition, DoseVerification, FactAssessment, RecordReview, Result, ResultReview
from qc.models import ResultsApproval as Approval
from tests.kept import kept_for_a_module, taken_back
from tests.people import do
from tests.qc_builders import MINOR, Laboratory, ready_to_certify
from tests.signer_state import forget_what_was_signed

pytestmark = pytest.mark.django_db

LINE = "viability_percent"
WHY = "Something was seen that is being looked at."


@pytest.fixture(scope="module")
def ready(django_db_setup: object, django_db_blocker: object) -> Iterator[Laboratory]:
    with kept_for_a_module(django_db_blocker):
        yield ready_to_certify()


def newest(kind: type[Written]) -> int:
    """Where the newest row of a kind stands; 0 where there is none."""
    entries = Entry.objects.filter(rec_type=kind.record_type())
    last = entries.order_by("-seq").first()
    return last.seq if last else 0


def stands_against(laboratory: Laboratory) -> list[str]:
    """What stands against a certification, counted from the rows."""
    batch = laboratory.batch
    assessed = set(FactAssessment.objects.filter(batch=batch).values_list("fact_id", flat=True))
    departures = set(Departure.objects.filter(batch=batch).values_list("pk", flat=True))
    held = set(Hold.objects.filter(batch=batch, scope="disposition").values_list("pk", flat=True))
    lifted = set(HoldLifted.objects.filter(batch=batch).values_list("hold_id", flat=True))
    in_force = {result.line: result for result in Result.objects.filter(batch=batch).order_by("version")}
    reviewed = set(ResultReview.objects.filter(batch=batch).values_list("result_id", flat=True))
    verified = set(DoseVerification.objects.filter(batch=batch).values_list("dose_id", flat=True))
    results, approval, review = newest(Result), newest(Approval), newest(RecordReview)
    found = {
        "a departure is not assessed": bool(departures - assessed),
        "a hold stands": bool(held - lifted),
        "a result does not conform": any(row.verdict != "meets" for row in in_force.values()),
        "a result is not reviewed": any(row.pk not in reviewed for row in in_force.values()),
        "results changed after the approval": results > approval,
        "the record changed after its review": max(results, approval, newest(Departure), newest(FactAssessment))
        > review,
        "the dose is not verified": BatchDose.objects.filter(batch=batch).latest("version").pk not in verified,
    }
    return [says for says, is_so in found.items() if is_so]


class Anything:
    """Whatever people may do with a batch; what is refused changes nothing."""

    def __init__(self, laboratory: Laboratory) -> None:
        self.here = laboratory

    def certify(self) -> None:
        before = stands_against(self.here)
        self.here.certified()
        assert before == [], before
        assert BatchState.objects.get(pk=self.here.batch.pk).disposition == "certified"

    def withdraw(self) -> None:
        self.here.certified("withdrawn", statement=WHY)

    def depart(self) -> None:
        report_departure(batch=self.here.batch, says=WHY, by=self.here.technician, id=uuid4())

    def assess(self) -> None:
        departure = Departure.objects.filter(batch=self.here.batch).latest("recorded_at")
        do("fact.assess", departure, by=self.here.qa, **MINOR, impact="None on the product.", conclusion="Looked at.")

    def hold(self) -> None:
        do("batch.hold", self.here.batch, by=self.here.qa, scope="disposition", containers=[], reason=WHY)

    def lift(self) -> None:
        do("batch.lift_hold", Hold.objects.latest("recorded_at"), by=self.here.qa, reason=WHY)

    def correct(self) -> None:
        self._corrected("91.5")

    def fail(self) -> None:
        self._corrected("59.1")

    def _corrected(self, typed: str) -> None:
        result = Result.objects.filter(batch=self.here.batch, line=LINE).latest("version")
        do("result.correct", result, by=self.here.analyst, member=LINE, typed=typed, reason="Digits were swapped")

    def review_result(self) -> None:
        self.here.reviewed(Result.objects.filter(batch=self.here.batch, line=LINE).latest("version"))

    def approve(self) -> None:
        self.here.approved()

    def review(self) -> None:
        self.here.record_reviewed()


DEEDS = sorted(name for name in vars(Anything) if not name.startswith("_"))
REPAIRS = ["assess", "lift", "review_result", "approve", "review"]


@given(order=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=7), repaired=st.booleans())
@example(order=["correct", "review_result", "approve"], repaired=True)
@example(order=["depart", "assess", "review", "certify", "withdraw", "hold", "review"], repaired=True)
@example(order=["fail", "review_result"], repaired=True)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_order_of_deeds_certifies_a_batch_against_which_something_stands(ready, order, repaired):
    with taken_back():
        anything = Anything(ready)
        for name in [*order, "certify", *(REPAIRS if repaired else []), "certify"]:
            deed: Callable[[], None] = getattr(anything, name)
            with suppress(Refused, Departure.DoesNotExist, Hold.DoesNotExist):
                deed()
        certified = Disposition.objects.filter(batch=ready.batch, decision="certified").exists()
        # Whatever can be repaired was repaired, so that the property is not kept by certifying nothing at all.
        assert certified or not repaired or "fail" in order or "withdraw" in order or order.count("depart") > 1
    forget_what_was_signed()
    ready.fresh()
