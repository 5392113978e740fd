"""The published page of the rule set, written from the table of rules itself."""

from qc.review_by_exception.rules import RULES, RULES_VERSION
from qc.review_by_exception.trail_types import GROUPS, TYPES

OPENING = f"""# Rules of the review by exception

Version {RULES_VERSION}. Written from the code by `./dev review-rules`; a test compares the two.

Each check reads a part of the record. What it finds is an exception, which quality assurance judges; what it read
otherwise is shown as a list. A rule that finds departures shows their deviation as the judgement and asks for no other.
How it is used: [review by exception](../how-to/review-by-exception.md).

| Code | Check | It reads | It finds an exception where | Criticality |
|---|---|---|---|---|
"""
TRAIL = """
## Groups of the audit trail

A critical group is reviewed by itself, by somebody who wrote none of its entries; the others may be signed together.
An entry of a type that stands in no row is a plain record. A step, a dose or a yield that was signed again, as version
2 or later, counts among the corrections.

| Group | Critical | Types of entry |
|---|---|---|
"""


def page() -> str:
    """Give the page as Markdown."""
    rules = "".join(
        f"| `{rule.code}` | {rule.title} | {rule.reads} | {rule.asks_for} | {rule.criticality} |\n" for rule in RULES
    )
    groups = "".join(
        f"| {group.title} | {'yes' if group.is_critical else 'no'} | "
        f"{', '.join(f'`{code}`' for code, (of, _words) in TYPES.items() if of is group)} |\n"
        for group in GROUPS
    )
    return OPENING + rules + TRAIL + groups
