"""The continuity record as a file: everything that is left is printed, nothing is cut, the same bytes each time.

Everything in it is invented.
"""

from dataclasses import replace

import pytest

from reports.continuity_sheet import ContinuitySheet, Entry, PaperStep, Quantity, Slot
from reports.pdfa import attached_snapshot
from reports.record_snapshot import Named
from reports.render import file_name, render
from reports.snapshot import Donation, Identity, Issue, SnapshotError
from reports.snapshot_json import from_json, to_json
from tests.documents_builders import MARKUP, pages_of, squeezed

ISSUE = Issue(
    site="Example Cell Therapy Centre",
    address="GMP Facility, Building 4, 8000 Exampleby",
    licence="Manufacturing licence EX-MIA-0001",
    number="CR-26-0049-02",
    version=2,
    issued_at="12 Nov 2026 15:40:11 CET (UTC+01:00)",
    issued_at_utc="2026-11-12T14:40:11Z",
    interim=False,
    training=True,
    supersedes="CR-26-0049-01",
)
IDENTITY = Identity("CT-26-0049", "CHA9999 26 4M8R6T", (Donation("A9999 26 004388", "M"),), "104-019")
VECTOR = PaperStep(
    code="3.3",
    title="Addition of vector",
    stage="Transduction",
    demands="critical, a second person checks before the act, a second person watches",
    standing="Not begun.",
    instruction="Thaw the vials and add the vector slowly while the bag is moved.",
    confirms=(Named("Volume of vector to add", "24.6 mL"),),
    is_checked=True,
    is_witnessed=True,
    slots=(Slot("Culture bag of this batch", many=False), Slot("Vector vials", many=True)),
    entries=(
        Entry("Volume of vector added", "mL", "0.1–50 mL", "0.1–500 mL", critical=True),
        Entry("Appearance", "", "clear", "", choices=("clear", "cloudy")),
        Entry("Culture volume", "mL", "", "", stored="100.0 mL"),
    ),
    quantities=(
        Quantity("Volume of vector to add", "24.6 mL", "≤ 30 mL", "V = MOI · cells / titre"),
        Quantity("Multiplicity of infection", "", "2.0–4.0 TU/cell", "MOI = titre · V / cells"),
    ),
    makes=("Sample before transduction: 2",),
    clocks=("Thaw of the vector to its addition: at most 120 min.",),
    amounts=(Named("Planned amount of Vector vials", "24.6 mL"),),
    evidence=("Photograph of the vials",),
)
WAITS = PaperStep(
    code="3.2", title="Count", stage="Transduction", demands="critical", standing="It waits for its witness.",
    instruction="Count the cells.", is_performed=True, is_witnessed=True,
)  # fmt: skip
SHEET = ContinuitySheet(
    issue=ISSUE,
    identity=IDENTITY,
    product="CD19 CAR-T cells",
    master="MBR-CD19 version 7",
    position="2 of 34 steps are left, from step 3.2.",
    facts=(Named("Recipient's weight, verified", "70 kg"),),
    steps=(WAITS, VECTOR),
)
COPY = replace(SHEET, copy="2", kept="Suite B, cabinet 4", taken="Maya Okafor (maya.okafor), 12 Nov 2026 15:41:00 CET")


def printed(sheet: ContinuitySheet) -> str:
    return "".join(pages_of(render(sheet)))


def test_each_page_says_whose_cells_and_which_copy() -> None:
    pages = pages_of(render(COPY))
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        for says in (
            "CT-26-0049", "CHA9999 26 4M8R6T", "A9999 26 004388 [M]", "subject 104-019", "CONTROLLED COPY 2",
            "kept in: Suite B, cabinet 4", "Taken by Maya Okafor", "CR-26-0049-02", f"page {number} of {len(pages)}",
            "TRAINING SYSTEM. NOT FOR GMP RECORDS.",
        ):  # fmt: skip
            assert squeezed(says) in page, (number, says)


@pytest.mark.parametrize(
    "says",
    [
        "This document supersedes CR-26-0049-01", "2 of 34 steps are left", "3.2 Count", "3.3 Addition of vector",
        "Thaw the vials and add the vector slowly", "Culture bag of this batch", "Each by its own code", "24.6 mL",
        "Limit 0.1–50 mL", "Plausible 0.1–500 mL", "☐ clear", "☐ cloudy", "100.0 mL", "MOI = titre · V / cells",
        "Limit 2.0–4.0 TU/cell", "at most 120 min", "Photograph of the vials", "Sample before transduction: 2",
        "Checked by, second person", "Performed by", "Watched by, another person", "It waits for its witness.",
        "Account for this copy", "Recipient's weight, verified",
    ],
)  # fmt: skip
def test_everything_that_is_left_is_printed(says: str) -> None:
    assert squeezed(says) in printed(COPY)


def test_an_edition_says_that_nobody_works_on_it() -> None:
    assert squeezed("EDITION FOR READING") in printed(SHEET)
    assert squeezed("CONTROLLED COPY") not in printed(SHEET)


def test_the_same_snapshot_gives_the_same_bytes_and_carries_itself() -> None:
    content = render(COPY)
    assert content == render(COPY)
    assert from_json(attached_snapshot(content)) == COPY
    assert from_json(to_json(SHEET)) == SHEET
    assert file_name(COPY) == "CR-26-0049-02-v2-training.pdf"


def test_no_text_is_markup_and_none_is_cut() -> None:
    hostile = replace(
        COPY,
        kept=MARKUP[:120],
        steps=(replace(VECTOR, title=MARKUP, instruction=MARKUP * 20, entries=(Entry(MARKUP, MARKUP, MARKUP, ""),)),),
    )
    text = printed(hostile)
    assert text.count(squeezed(MARKUP)) >= 22
    assert squeezed(MARKUP[:120]) in text


def test_every_step_of_a_long_record_stands_in_it_in_order() -> None:
    steps = tuple(replace(VECTOR, code=f"9.{number}", title=f"Step called {number}") for number in range(40))
    text = printed(replace(COPY, steps=steps))
    places = [text.index(squeezed(f"9.{number} Step called {number}")) for number in range(40)]
    assert places == sorted(places)


@pytest.mark.parametrize("other", [{"kept": ""}, {"taken": ""}, {"steps": ()}, {"position": " "}])
def test_a_copy_that_does_not_say_what_it_is_is_none(other: dict[str, object]) -> None:
    with pytest.raises(SnapshotError):
        replace(COPY, **other)  # type: ignore[arg-type]  # any field
