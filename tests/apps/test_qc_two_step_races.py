"""A conditional decision at the same moment as another one, and as growth: once, and never against what is stored."""

from uuid import uuid4

import pytest

from accounts.models import Person
from accounts.roles import Role
from batches.identity import batch_of
from batches.models import BatchState
from ledger import clock
from ledger.verification import verify_records
from qc.laboratory.recording import record_reading
from qc.models import Disposition, Reading
from qc.release.notifying import positives_of
from tests.at_once import at_once
from tests.people import a_person, do
from tests.qc_builders import STERILITY
from tests.two_step_builders import JUSTIFIED, two_step_laboratory

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_conditional_decisions_and_growth_at_the_same_moment():
    laboratory = two_step_laboratory()
    laboratory.ready_conditionally()
    clock.end_story()
    other = a_person(Role.QUALIFIED_PERSON)
    batch, sample = laboratory.fresh(), laboratory.sample_for(STERILITY)

    def decides(by: Person) -> object:
        return do("batch.certify", batch, by=by, decision="certified_conditionally", **JUSTIFIED)

    def grows() -> object:
        return record_reading(
            batch=batch_of(batch.pk), line=STERILITY, member=STERILITY, sample=sample, typed="growth", replicate=1,
            by=laboratory.analyst, id=uuid4(),
        )  # fmt: skip

    outcomes = at_once(lambda: decides(laboratory.qp), lambda: decides(other), grows)

    decided = Disposition.objects.count()
    assert outcomes.count("done") == 1 + decided
    assert decided in (0, 1)
    assert Reading.objects.filter(typed="growth").count() == 1
    state = BatchState.objects.get(pk=batch.pk)
    # Either growth came first and nobody certified, or it came after, and then it is told.
    assert bool(positives_of(laboratory.fresh())) is bool(decided)
    assert state.after_release == ("sterility" if decided else "")
    assert verify_records().findings == []
