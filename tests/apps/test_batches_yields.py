"""Yields: calculated by the system from the record, verified by one person who did not perform the step."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from batches.calculating import NotCalculable
from batches.completeness import objections_to_record
from batches.judging import Verdict
from batches.models import Departure, YieldVerified
from batches.people import AT_WORK, ways_of
from batches.record import record_of
from batches.yields import YieldRecord, YieldStatus, percent_of
from ledger.verification import verify_records
from tests.bench_builders import Bench
from tests.guards_away import guards_away
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def counted(django_db_setup: None, django_db_blocker: object) -> Iterator[Bench]:
    """A batch whose received cells are counted and whose bag is opened; the selected ones are not counted yet."""
    with kept_for_a_module(django_db_blocker):
        world = Bench()
        world.done("1.1")
        world.done("1.2")
        world.left_out()
        world.done("2.1")
        yield world


def the_yield(world: Bench) -> YieldRecord:
    (found,) = record_of(world.fresh()).yields
    return found


def verified(world: Bench, by: object = None) -> YieldVerified:
    row = do("yield.verify", world.fresh(), by=fresh(by or world.second), yield_code="selection")  # type: ignore[arg-type]  # a person
    assert isinstance(row, YieldVerified)
    return row


@pytest.mark.clause("21 CFR 211.103", "a yield is calculated by the system and verified by one person under signature")
@pytest.mark.clause("21 CFR 211.188(b)(7)", "the record states actual and theoretical yield and the percentage")
def test_a_yield_is_calculated_when_its_step_is_complete_and_verified_by_one_person(counted):
    assert the_yield(counted).status is YieldStatus.WAITING
    with nothing_written(), pytest.raises(Refused, match="is not complete"):
        verified(counted)
    counted.done("2.2", cells_selected="1234")

    found = the_yield(counted)
    assert (found.percent, found.shown, found.verdict) == (Decimal("61.7"), "61.7\u2009%", Verdict.MEETS)
    assert [one.code for one in objections_to_record(counted.batch) if one.code == "unverified_yield"]
    row = verified(counted)

    assert (row.actual, row.theoretical, row.percent) == (Decimal("1234E6"), Decimal("2000E6"), Decimal("61.7"))
    assert row.verdict == "meets"
    assert row.meaning == "verified"
    assert the_yield(counted).status is YieldStatus.VERIFIED
    assert not [one for one in objections_to_record(counted.batch) if one.code == "unverified_yield"]
    assert Departure.objects.filter(batch=counted.batch).count() == 0
    assert "verified a yield" in ways_of(counted.second, counted.batch, AT_WORK)
    assert verify_records().findings == []
    with nothing_written(), pytest.raises(Refused, match="verified already"):
        verified(counted, counted.checker)


@pytest.mark.clause("21 CFR 211.103", "the one who performed the step does not verify its yield")
def test_who_performed_the_step_does_not_verify_its_yield_nor_do_others_without_the_permission(counted):
    counted.done("2.2")
    with nothing_written(), pytest.raises(Refused, match="Somebody else"):
        verified(counted, counted.technician)
    for person in [counted.qa, counted.logistics, a_person(Role.QC_ANALYST)]:
        with nothing_written(), pytest.raises(NotAllowed):
            verified(counted, person)
    with nothing_written(), pytest.raises(BadInput, match="has no yield"):
        do("yield.verify", counted.fresh(), by=fresh(counted.second), yield_code="another")


@pytest.mark.parametrize(
    ("cells", "shown", "departures"),
    [
        ("799", "40.0\u2009%", 0),
        ("790", "39.5\u2009%", 0),
        ("788", "39.4\u2009%", 1),
        ("2010", "100.5\u2009%", 1),
        ("2000", "100.0\u2009%", 0),
    ],
)
def test_a_yield_is_judged_at_the_decimals_of_its_limit_and_outside_is_a_departure(counted, cells, shown, departures):
    counted.done("2.2", cells_selected=cells)
    verified(counted)

    assert the_yield(counted).shown == shown
    raised = Departure.objects.filter(batch=counted.batch, kind=Departure.Kind.YIELD)
    assert raised.count() == departures
    assert all(shown in row.says and row.step == "2.2" for row in raised)


def test_a_yield_whose_quantities_changed_is_verified_again_and_the_first_version_stays(counted):
    counted.done("2.2")
    first = verified(counted)
    do("value.correct", counted.value("cells_received"), by=fresh(counted.technician), typed="1900",
       reason="The dilution was wrong.")  # fmt: skip

    found = the_yield(counted)
    assert found.status is YieldStatus.CHANGED
    assert [one for one in objections_to_record(counted.batch) if "verified again" in one.says]
    second = verified(counted, counted.checker)

    assert (second.version, second.supersedes_id) == (2, first.pk)
    assert the_yield(counted).status is YieldStatus.VERIFIED
    assert YieldVerified.objects.get(pk=first.pk).percent == Decimal(50)
    assert verify_records().findings == []


def test_the_yield_panel_offers_the_signature_to_those_who_may_give_it(counted):
    counted.done("2.2")
    place = f"/batches/{counted.batch.number}/in-process/"
    assert "/sign/yield.verify/" in at_browser(counted.second).get(place).content.decode()
    refused = at_browser(counted.technician).get(place).content.decode()
    assert "Somebody else than the one who performed step 2.2 verifies its yield." in refused
    assert "yield.verify" not in at_browser(counted.qa).get(place).content.decode()


def test_a_stored_yield_that_was_changed_is_named(counted):
    counted.done("2.2")
    row = verified(counted)

    with guards_away():
        YieldVerified.objects.filter(pk=row.pk).update(percent=Decimal("99.0"))

    assert any("its formula gives another share" in str(finding) for finding in verify_records().findings)


numbers = st.decimals(min_value=0, max_value=10**12, allow_nan=False, allow_infinity=False, places=3)


@given(actual=numbers, theoretical=numbers, more=st.decimals(min_value="0.001", max_value=1000, places=3))
def test_more_cells_never_lower_a_yield_and_nothing_is_divided_by_zero(actual, theoretical, more):
    before, after = percent_of(actual, theoretical), percent_of(actual + more, theoretical)
    if theoretical == 0:
        assert isinstance(before, NotCalculable)
    else:
        assert isinstance(before, Decimal)
        assert isinstance(after, Decimal)
        assert after > before
    assert isinstance(percent_of(None, theoretical), NotCalculable)
