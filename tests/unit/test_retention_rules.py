"""How long a record is kept: each rule at its boundaries, and the longest of them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.retention_rules import Facts, Missing, Rule, Term, longest, term, terms
from batches.spans import life_after, months_after, years_after

days = st.dates(date(2000, 1, 1), date(2150, 12, 31))
maybe = st.none() | days
facts = st.builds(Facts, expires=maybe, decided=maybe, administered=maybe, traceability_years=st.integers(1, 200))
rules = st.lists(st.sampled_from(Rule), max_size=6)


def known(expires: str = "", decided: str = "", administered: str = "", traceability_years: int = 30) -> Facts:
    first, second, third = (date.fromisoformat(text) if text else None for text in (expires, decided, administered))
    return Facts(first, second, third, traceability_years)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-11-12", 12, "2027-11-12"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2096-02-29", 48, "2100-02-28"),  # 2100 is no leap year
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-11-12", 0, "2026-11-12"),
    ],
)
def test_a_span_ends_on_the_same_day_or_on_the_last_of_its_month(start: str, months: int, end: str) -> None:
    assert months_after(date.fromisoformat(start), months).isoformat() == end


@pytest.mark.parametrize(
    ("amount", "unit", "end"),
    [
        (72, "hours", "2024-03-03T14:30:00+00:00"),
        (7, "days", "2024-03-07T14:30:00+00:00"),
        (12, "months", "2025-02-28T14:30:00+00:00"),
        (48, "months", "2028-02-29T14:30:00+00:00"),
    ],
)
def test_a_shelf_life_keeps_its_time_of_day(amount: int, unit: str, end: str) -> None:
    assert life_after(datetime(2024, 2, 29, 14, 30, tzinfo=UTC), amount, unit).isoformat() == end


@pytest.mark.parametrize(
    ("rule", "of", "until"),
    [
        (Rule.EU_TRACEABILITY, known(expires="2027-11-12"), "2057-11-12"),
        (Rule.EU_TRACEABILITY, known(expires="2028-02-29"), "2058-02-28"),
        (Rule.EU_TRACEABILITY, known(expires="2028-02-29", traceability_years=32), "2060-02-29"),
        (Rule.US_211_180, known(expires="2027-11-12"), "2028-11-12"),
        (Rule.US_211_180, known(expires="2028-02-29"), "2029-02-28"),
        # 21 CFR 600.12(b): the later of the two, a day before and after they meet
        (Rule.US_600_12, known(expires="2031-06-01", decided="2026-11-30"), "2031-12-01"),
        (Rule.US_600_12, known(expires="2031-05-30", decided="2026-11-30"), "2031-11-30"),
        (Rule.US_600_12, known(expires="2027-11-12", decided="2026-11-30"), "2031-11-30"),
        (Rule.US_600_12, known(expires="2031-08-31", decided="2026-11-30"), "2032-02-29"),
        (Rule.US_600_12, known(expires="2026-12-01", decided="2028-02-29"), "2033-02-28"),
        (Rule.US_1271_55, known(administered="2026-12-03"), "2036-12-03"),
        (Rule.US_1271_55, known(administered="2028-02-29"), "2038-02-28"),
    ],
)
def test_each_rule_gives_the_last_day(rule: Rule, of: Facts, until: str) -> None:
    assert term(rule, of) == Term(rule, date.fromisoformat(until))


@pytest.mark.parametrize(
    ("rule", "of", "missing"),
    [
        (Rule.EU_TRACEABILITY, known(decided="2026-11-30"), Missing.EXPIRY),
        (Rule.US_211_180, known(decided="2026-11-30"), Missing.EXPIRY),
        (Rule.US_600_12, known(expires="2027-11-12"), Missing.DECISION),
        (Rule.US_600_12, known(decided="2026-11-30"), Missing.EXPIRY),
        (Rule.US_1271_55, known(expires="2027-11-12", decided="2026-11-30"), Missing.ADMINISTRATION),
    ],
)
def test_a_rule_without_its_fact_has_not_ended(rule: Rule, of: Facts, missing: Missing) -> None:
    assert term(rule, of) == Term(rule, None, missing)


def test_without_rules_eu_traceability_asks() -> None:
    assert [one.rule for one in terms((), known(expires="2027-11-12"))] == [Rule.EU_TRACEABILITY]


def test_a_rule_that_gives_no_day_keeps_longer_than_every_one_that_does() -> None:
    found = terms((Rule.EU_TRACEABILITY, Rule.US_1271_55), known(expires="2027-11-12", traceability_years=200))
    assert longest(found).rule == Rule.US_1271_55


@given(rules, facts)
def test_nothing_keeps_longer_than_the_longest(named: list[Rule], of: Facts) -> None:
    found = terms(named, of)
    last = longest(found)
    assert last in found
    for one in found:
        assert last.until is None or (one.until is not None and one.until <= last.until)


@given(rules, facts, st.sampled_from(Rule))
def test_one_rule_more_never_shortens(named: list[Rule], of: Facts, more: Rule) -> None:
    before, after = (
        longest(terms(named or [Rule.EU_TRACEABILITY], of)),
        longest(terms([*(named or [Rule.EU_TRACEABILITY]), more], of)),
    )
    assert after.until is None or (before.until is not None and before.until <= after.until)


@given(days, st.integers(0, 200))
def test_years_are_twelve_months_and_never_end_in_another_month(start: date, years: int) -> None:
    end = years_after(start, years)
    assert (end.year, end.month) == (start.year + years, start.month)
    assert end.day == start.day or (start.month, start.day, end.day) == (2, 29, 28)


@given(st.sampled_from(Rule), facts, st.integers(1, 400))
def test_a_later_expiry_never_ends_earlier(rule: Rule, of: Facts, later: int) -> None:
    if of.expires is None or of.expires.toordinal() + later > date(2150, 12, 31).toordinal():
        return
    moved = Facts(date.fromordinal(of.expires.toordinal() + later), of.decided, of.administered, of.traceability_years)
    first, second = term(rule, of).until, term(rule, moved).until
    assert (first is None) == (second is None)
    assert first is None or second is None or first <= second
