"""What is different between two versions: everything is named, nothing is invented, words are told apart."""

import copy
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.comparisons import compared
from batches.definitions.comparing import Difference, How, differences, words_apart
from tests.definitions_builders import DLI, Data, dli, named, step_in, value_in


def told(change: Callable[[Data], object], kind: str = "master") -> list[Difference]:
    new = dli(kind)
    change(new)
    return differences(dli(kind), new)


def plainly(each: Difference) -> str:
    """The sentence with plain spaces."""
    return each.sentence.replace("\N{THIN SPACE}", " ")


@pytest.mark.parametrize("kind", list(DLI))
def test_a_definition_is_no_different_from_itself(kind: str) -> None:
    assert differences(dli(kind), dli(kind)) == []
    assert compared(DLI[kind], DLI[kind].replace("# ", "#  ") + "\n# a remark\n") == []


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (
            lambda d: value_in(d, "viability").update(low="60"),
            ["stage receipt (Receipt) › step 1.3 (Count) › quantity viability (Viability) › lowest within the limit: "
             "70 % → 60 %"],
        ),
        (
            lambda d: value_in(d, "viability").update(high=value_in(d, "viability").pop("low")),
            ["highest within the limit: added 70 %", "lowest within the limit: removed 70 %"],
        ),
        (
            lambda d: value_in(d, "filled_per_kg").update(low="0.8"),
            ["lowest within the limit: 1.0 ×10⁶ cells/kg → 0.8 ×10⁶ cells/kg"],
        ),
        (lambda d: step_in(d, "2.1").update(witness="no"), ["step 2.1 (Fill one bag) › witness: yes → no"]),
        (
            lambda d: step_in(d, "1.3")["fields"].pop(),
            ["step 1.3 (Count) › value t_cell_percent (T cells): removed code: t_cell_percent"],
        ),
        (
            lambda d: step_in(d, "1.1")["fields"].reverse(),
            ["value unpacked_at (Shipper opened): moved, after labels_agree → first"],
        ),
        (lambda d: d["stages"][0]["steps"].pop(1), ["step 1.2 (Thaw): removed code: 1.2"]),
        (lambda d: d["hold_times"][0].update(limit_minutes="600"), ["limit minutes: 480 → 600"]),
        (
            lambda d: step_in(d, "1.2").update(when={"start": ["fresh", "frozen"]}),
            ["step 1.2 (Thaw) › holds where › start: frozen → fresh, frozen"],
        ),
        (lambda d: d.pop("yields"), ["yield fill_yield (Cells filled of those received): removed code: fill_yield"]),
        (lambda d: d["clearance_points"].append("Air in order"), ["clearance points: No material of another batch"]),
        (lambda d: d.update(version="2"), ["version: 1 → 2"]),
    ],
)  # fmt: skip
def test_each_change_is_named_with_its_place(change: Callable[[Data], object], sentences: list[str]) -> None:
    found = [plainly(each) for each in told(change)]

    assert len(found) == len(sentences)
    for says, sentence in zip(found, sentences, strict=True):
        assert sentence in says


def test_a_product_and_a_specification_are_compared_alike() -> None:
    dose = told(lambda d: d["dose"].update(limit="2"), "product")
    line = told(lambda d: named(d["lines"], "endotoxin")["criterion"].update(kind="at_least"), "specification")

    assert [plainly(each) for each in dose] == ["dose › limit: 1 ×10⁶ cells/kg → 2 ×10⁶ cells/kg"]
    assert [plainly(each) for each in line] == ["line endotoxin (Endotoxin) › criterion › kind: at_most → at_least"]


def test_an_instruction_is_told_apart_word_by_word() -> None:
    (one,) = told(lambda d: step_in(d, "1.3").update(instruction=step_in(d, "1.3")["instruction"] + " Count twice."))

    assert one.how is How.CHANGED
    assert [piece.text.strip() for piece in one.pieces if piece.kind == "inserted"] == ["Count twice."]
    assert not [piece for piece in one.pieces if piece.kind == "deleted"]


@given(old=st.text(alphabet="ab \n", max_size=40), new=st.text(alphabet="ab \n", max_size=40))
def test_both_texts_can_be_read_back_from_the_words_apart(old: str, new: str) -> None:
    pieces = words_apart(old, new)

    assert "".join(each.text for each in pieces if each.kind != "inserted") == old
    assert "".join(each.text for each in pieces if each.kind != "deleted") == new


def places(data: Data, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Where every text of plain data stands, but for what identifies a part."""
    if isinstance(data, dict):
        return [one for key, each in data.items() if key not in ("code", "kind") for one in places(each, (*at, key))]
    if isinstance(data, list):
        return [one for key, each in enumerate(data) for one in places(each, (*at, key))]
    return [at]


PLACES = [at for at in places(dli()) if at[-1] not in ("covers", "disposition")]


@given(chosen=st.sets(st.sampled_from(PLACES), min_size=1, max_size=6))
def test_a_difference_names_every_text_that_was_changed(chosen: set[tuple[object, ...]]) -> None:
    old, new = dli(), dli()
    for at in chosen:
        part = new
        for key in at[:-1]:
            part = part[key]
        part[at[-1]] = f"another {part[at[-1]]}"

    found = differences(old, new)

    # Texts of one list without codes are one property of it.
    properties = {at[:-1] if isinstance(at[-1], int) else at for at in chosen}
    assert len(found) == len(properties)
    assert all(each.how is How.CHANGED for each in found)


@pytest.mark.parametrize("other", [None, "text", [], {}, [{"code": "a"}, {"code": "a"}], {"stages": "none"}])
def test_data_of_any_shape_are_compared_without_a_failure(other: Data) -> None:
    assert differences(dli(), copy.deepcopy(other))
    assert differences(other, other) == []
