"""What every shipped master batch record has."""

from pathlib import Path

import pytest

from batches.definitions.kinds import as_master, read_text
from batches.definitions.master import ContainerKind, MasterDefinition, NeedKind, StepKind

HOUSE = Path(__file__).parents[2]
MASTERS = sorted((HOUSE / "batches" / "definitions").glob("*.master.yaml"))
every_master = pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.name.split(".")[0])


def master_of(path: Path) -> MasterDefinition:
    return as_master(read_text("master", path.read_text(encoding="utf-8")))


def test_six_families_are_shipped() -> None:
    assert [path.name.split(".")[0] for path in MASTERS] == [
        "cd19-car-t",
        "cd34",
        "nk",
        "nonviral-car-t",
        "t-cells",
        "til",
    ]


@pytest.mark.clause("21 CFR 211.134", "asks in each master record for an inspection of every final container")
@every_master
def test_filled_containers_are_inspected_before_they_are_stored(path: Path) -> None:
    steps = master_of(path).steps
    codes = [step.code for step in steps]
    filled = next(step.code for step in steps if step.kind is StepKind.FILL)
    inspected = [step for step in steps if step.title.startswith("Inspection of the bags")]

    assert len(inspected) == 1
    assert codes.index(inspected[0].code) > codes.index(filled)
    assert inspected[0].code != codes[-1]


@pytest.mark.clause("21 CFR 211.188(b)(13)", "records what an inspection found as a choice with an expected answer")
@every_master
def test_what_an_inspection_finds_is_judged(path: Path) -> None:
    step = next(step for step in master_of(path).steps if step.title.startswith("Inspection of the bags"))

    assert any(field.expected and field.required for field in step.fields)


@every_master
def test_final_bags_are_labelled_with_a_witness(path: Path) -> None:
    labelled = [step for step in master_of(path).steps if ContainerKind.FINAL_BAG in step.labels]

    assert labelled
    assert all(step.witness for step in labelled)


@every_master
def test_the_first_step_reads_the_container_that_came(path: Path) -> None:
    first = master_of(path).steps[0]

    assert first.kind is StepKind.CONTAINER_SCAN
    assert first.witness
    assert any(need.kind is NeedKind.CONTAINER for need in first.needs)
