"""The three published batches, and what has to be invented so that each can be told whole.

Published are the results of Table 2 in Castella M. et al. 2018; everything else about these batches is invented and
marked so on every document.
"""

import csv
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

PUBLISHED = Path(__file__).parent / "data" / "ari0001_three_batches.csv"
SOURCE = "Castella M. et al., Mol Ther Methods Clin Dev 2018;12:134-144, Table 2"
REMARK = "In-process values are invented; release results as published."
MILLION = Decimal(1_000_000)
DOSE = "car_positive_cells_total"
APART = timedelta(weeks=4)

# How a printed test is entered: by line and member of the specification.
ENTERED_AS = {
    "potency_a_surviving_fraction_ET_1_1": ("potency", "potency_a"),
    "potency_b_difference_vs_untransduced_ET_4_1": ("potency", "potency_b"),
}
ENTERED_WORDS = {"sterile": "no_growth", "absent": "not_detected"}


@dataclass(frozen=True, slots=True)
class Value:
    """One release value: its line and member in the specification, and how it is typed."""

    line: str
    member: str
    typed: str


@dataclass(frozen=True, slots=True)
class Release:
    """The release values of a batch, in the order of the specification."""

    values: tuple[Value, ...]

    def number(self, member: str) -> Decimal:
        """Give a value as the number that was typed."""
        return Decimal(next(value.typed for value in self.values if value.member == member))


@dataclass(frozen=True, slots=True)
class Crew:
    """Who makes a batch: one performs, one witnesses, one checks before acts that cannot be undone."""

    performer: str = "mokafor"
    witness: str = "shaddad"
    checker: str = "lnunes"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the story of one batch needs to know beside its master record: whose cells, when, how many."""

    number: int  # gives the batch its own subject, donation number and vials
    subject: str
    collected_on: date
    release: Release
    crew: Crew = field(default_factory=Crew)
    weight_kg: str = "70"
    apheresis_ml: str = "107.0"
    seeded_millions: int = 250
    glucose: str = "2.50"
    sponsor_number: str = ""
    remark: str = "This batch is invented."
    source: str = ""
    minutes_later: int = 0  # when two batches are worked on the same day
    family: str = ""  # of a shipped family, as its files are called; empty for the published product


@cache
def published() -> dict[str, Release]:
    """Read the published results of the three batches, by the sponsor's number."""
    found: dict[str, list[Value]] = {}
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            line, member = ENTERED_AS.get(row["test"], (row["test"], row["test"]))
            found.setdefault(row["batch"], []).append(Value(line, member, _typed(row)))
    return {batch: Release(tuple(values)) for batch, values in found.items()}


def _typed(row: dict[str, str]) -> str:
    """Give what an analyst types for a printed result: the number at the scale of its line, or its word."""
    if row["test"] == DOSE:
        return f"{Decimal(row['result_value']) / MILLION:f}"
    if row["result_value"]:
        return row["result_value"].replace("<=", "≤")
    return ENTERED_WORDS.get(row["result_as_printed"], row["result_as_printed"])


# Of each published batch, what had to be invented: its crew, the volume of the apheresis, the cells seeded in millions,
# and the glucose before feeding in g/L. That of the second is below its limit, which makes a departure to assess.
INVENTED = (
    (Crew(), "107.0", 250, "2.50"),
    (Crew(performer="shaddad", witness="lnunes", checker="mokafor"), "121.5", 236, "0.92"),
    (Crew(performer="lnunes", witness="mokafor", checker="shaddad"), "96.0", 244, "2.10"),
)


def three_batches(last_collected_on: date) -> list[Plan]:
    """Plan the three batches one after another, four weeks apart; the last begins on the given day."""
    return [
        Plan(
            number=number,
            subject=f"S-{number:04d}",
            collected_on=last_collected_on - APART * (len(INVENTED) - number),
            release=release,
            crew=crew,
            apheresis_ml=apheresis_ml,
            seeded_millions=seeded,
            glucose=glucose,
            sponsor_number=sponsor_number,
            remark=REMARK,
            source=SOURCE,
        )
        for number, ((sponsor_number, release), (crew, apheresis_ml, seeded, glucose)) in enumerate(
            zip(published().items(), INVENTED, strict=True), start=1
        )
    ]
