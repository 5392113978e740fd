"""How long the record of a batch must be kept: one rule a law, and the longest counts; no framework.

(1) A rule gives the last day on which the record must be there. It may be destroyed from the day after.
(2) A rule that needs a fact which is not known has not ended: it gives no day, and with it the record has none.
(3) Which rules apply is said by the product's definition. One that says nothing follows EU traceability alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from batches.spans import months_after, years_after

AFTER_ADMINISTRATION_YEARS = 10
AFTER_RECORD_YEARS = 5
AFTER_EXPIRY_MONTHS = 6
AFTER_EXPIRY_YEARS = 1


class Rule(StrEnum):
    """The rules that a product's definition can name."""

    EU_TRACEABILITY = "eu_traceability"
    US_211_180 = "us_211_180"
    US_600_12 = "us_600_12"
    US_1271_55 = "us_1271_55"


class Missing(StrEnum):
    """A fact without which a rule gives no day."""

    EXPIRY = "expiry"
    DECISION = "decision"
    ADMINISTRATION = "administration"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at. A day that is not known is None."""

    expires: date | None  # the latest expiry of any container of the batch
    decided: date | None  # when the decision on the batch completed its manufacturing record
    administered: date | None
    traceability_years: int


@dataclass(frozen=True, slots=True)
class Term:
    """What one rule asks: the last day on which the record must be there, or the fact that is missing."""

    rule: Rule
    until: date | None
    missing: Missing | None = None


def term(rule: Rule, facts: Facts) -> Term:
    """Give what one rule asks of a batch.

    - EU traceability: 30 years after expiry (Regulation (EC) No 1394/2007, Article 15(4)); the years are the product's.
    - 21 CFR 211.180(a): 1 year after expiry.
    - 21 CFR 600.12(b): 5 years after the manufacturing record was completed or 6 months after the latest expiry,
      whichever is later.
    - 21 CFR 1271.55(d)(4): 10 years after administration. Its substitute for an administration that is not known
      needs the day of distribution as well, which a batch's record does not hold; so it has not ended.
    """
    match rule:
        case Rule.EU_TRACEABILITY:
            return _after(rule, facts.expires, facts.traceability_years)
        case Rule.US_211_180:
            return _after(rule, facts.expires, AFTER_EXPIRY_YEARS)
        case Rule.US_600_12:
            if facts.decided is None:
                return Term(rule, None, Missing.DECISION)
            if facts.expires is None:
                return Term(rule, None, Missing.EXPIRY)
            by_record = years_after(facts.decided, AFTER_RECORD_YEARS)
            return Term(rule, max(by_record, months_after(facts.expires, AFTER_EXPIRY_MONTHS)))
        case Rule.US_1271_55:
            if facts.administered is None:
                return Term(rule, None, Missing.ADMINISTRATION)
            return Term(rule, years_after(facts.administered, AFTER_ADMINISTRATION_YEARS))


def _after(rule: Rule, expires: date | None, years: int) -> Term:
    return Term(rule, None, Missing.EXPIRY) if expires is None else Term(rule, years_after(expires, years))


def terms(rules: Iterable[Rule], facts: Facts) -> tuple[Term, ...]:
    """Give what each rule asks; without any rule, EU traceability asks."""
    return tuple(term(rule, facts) for rule in dict.fromkeys(rules)) or (term(Rule.EU_TRACEABILITY, facts),)


def longest(found: Sequence[Term]) -> Term:
    """Give the rule that keeps the record longest: one that gives no day before every one that does."""
    return max(found, key=lambda one: (one.until is None, one.until or date.min))
