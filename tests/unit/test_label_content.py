"""What stands on a label: identifiers, the statements the law asks for, and what its code holds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.label_content import (
    AUTOLOGOUS,
    HAZARD,
    MODIFIED,
    NOT_EVALUATED,
    SPECIMEN,
    TRAINING,
    UNKNOWN,
    WARNING,
    Label,
    LabelContentError,
    collection_type,
    division_of,
    donor_lines,
    label_of,
    labels_of,
)
from chain_of_custody import isbt128
from chain_of_custody.label_message import container_in, serial_in, structures_in
from tests.unit.labels_cases import a_bag, a_donor, a_product, a_vial, allogeneic, some_cells

SERIAL = "CT-26-0042-FB-01/26-0001"


def test_a_bag_states_whose_cells_it_holds_and_everything_about_them():
    label = label_of(some_cells(), a_bag(), serial=SERIAL)

    assert label.title == a_product().title
    assert dict(label.identity) == {
        "Batch": "CT-26-0042",
        "Container": "CT-26-0042-FB-01",
        "Chain of identity": "CHA9999 26 7F3K92",
        "Donation (DIN)": "A9999 26 004217 [N]",
        "Subject": "104-017",
    }
    facts = dict(label.facts)
    assert facts["Final bag"] == "1 of 2"
    assert facts["Volume"] == "65.0 mL"
    assert facts["Viable cells"] == "1.50×10⁹, counted before freezing"
    assert facts["Expires"] == "6 Nov 2027 14:31:00 CET (UTC+01:00)"
    assert facts["Storage"] == a_product().storage
    assert facts[a_product().authorisation.kind] == a_product().authorisation.number
    assert a_product().authorisation.label_text in label.statements
    assert MODIFIED in label.statements


@pytest.mark.clause(
    "21 CFR 1271.90(c)",
    "Labels of autologous cells say so; they say not evaluated unless every test is there, and name reactive tests",
)
@pytest.mark.parametrize(
    ("product", "reactive", "known", "statements"),
    [
        (a_product, (), True, ()),
        (a_product, (), False, (NOT_EVALUATED, UNKNOWN)),
        (a_product, ("Syphilis",), True, (HAZARD, f"{WARNING}Syphilis")),
        (a_product, ("HIV 1 and 2", "Syphilis"), False,
         (HAZARD, f"{WARNING}HIV 1 and 2, Syphilis", NOT_EVALUATED, UNKNOWN)),
        (allogeneic, (), True, ()),
        (allogeneic, (), False, (NOT_EVALUATED, UNKNOWN)),
        (allogeneic, ("Syphilis",), True, (HAZARD, f"{WARNING}Syphilis")),
    ],
)  # fmt: skip
def test_the_donor_decides_about_the_statements(product, reactive, known, statements):
    product = product()
    cells = some_cells(product=product, donor=a_donor(*reactive, known=known, product=product))

    label = label_of(cells, a_bag(), serial=SERIAL)

    assert label.donor == statements
    assert (AUTOLOGOUS in label.statements) == product.is_autologous


def test_a_small_label_says_what_is_hazardous_and_what_is_unknown():
    cells = some_cells(donor=a_donor("Syphilis", known=False))

    label = label_of(cells, a_vial(), serial="CT-26-0042-QV-01/26-0001")

    assert label.size == "small"
    assert label.donor == (HAZARD, f"{WARNING}Syphilis", UNKNOWN)
    assert [value for _name, value in label.identity] == ["CT-26-0042-QV-01", "CT-26-0042", "CHA9999 26 7F3K92"]
    assert dict(label.facts) == {"Point": "final product", "Taken": "6 Nov 2026 14:31 CET"}
    assert structures_in(label.code) == ["&/CHA9999267F3K92"]
    assert serial_in(label.code) == "CT-26-0042-QV-01/26-0001"


def test_the_code_holds_structures_that_are_read_back_one_by_one():
    label = label_of(some_cells(donor=a_donor("Syphilis")), a_bag(2, 2), serial="CT-26-0042-FB-02/26-0001")

    din, chain, product, expiry, lot = map(isbt128.parse, structures_in(label.code))

    assert isinstance(din, isbt128.Din)
    assert (din.code, din.flag_use) == ("A999926004217", isbt128.FlagUse.CHECK)
    assert chain == isbt128.chain_of_identity("CHA9999267F3K92")
    assert product == isbt128.ProductCode("S1234", "X", "B0")
    assert isinstance(expiry, isbt128.Expiry)
    assert (f"{expiry.day}", f"{expiry.minute}") == ("2027-11-06", "14:31:00")
    assert isinstance(lot, isbt128.Lot)
    assert lot.number == "CT260042"
    serial = serial_in(label.code)
    assert serial == "CT-26-0042-FB-02/26-0001"
    assert container_in(serial) == "CT-26-0042-FB-02"


def test_a_product_without_a_code_of_the_standard_has_none_in_its_label():
    label = label_of(some_cells(product=replace(a_product(), product_code="")), a_bag(), serial=SERIAL)

    assert not any(part.startswith("=<") for part in structures_in(label.code))


@pytest.mark.parametrize(
    ("relation", "hazard", "expected"),
    [("autologous", False, "1"), ("autologous", True, "X"), ("directed", True, "3"), ("allogeneic", False, "7"),
     ("somebody", False, "0")],
)  # fmt: skip
def test_the_collection_type_says_for_whom_and_whether_hazardous(relation, hazard, expected):
    assert collection_type(relation, is_hazard=hazard) == expected


@pytest.mark.parametrize(("number", "of", "expected"), [(1, 1, "00"), (1, 2, "A0"), (26, 30, "Z0"), (27, 30, "Aa")])
def test_parts_of_one_product_have_divisions_of_their_own(number, of, expected):
    assert division_of(number, of) == expected


def test_all_divisions_differ_until_none_are_left():
    assert len({division_of(number, 702) for number in range(1, 703)}) == 702
    with pytest.raises(LabelContentError, match="cannot be told apart"):
        division_of(703, 703)


def test_more_donations_than_a_code_holds_stand_there_for_the_eye():
    donations = tuple(isbt128.din(f"A99992600{number:04d}") for number in range(4217, 4223))

    label = label_of(some_cells(donations=donations), a_bag(), serial=SERIAL)

    assert sum(name == "Donation (DIN)" for name, _value in label.identity) == 6
    assert structures_in(label.code)[0] == "&/CHA9999267F3K92"


def test_a_code_that_no_scan_takes_is_an_error_and_nothing_is_cut():
    with pytest.raises(LabelContentError, match="does not fit a scan"):
        label_of(some_cells(), a_bag(code="X" * 160), serial=f"{'X' * 160}/26-0001")


def test_specimens_and_training_say_so_across_the_label():
    first, specimen = labels_of(some_cells(is_training=True), [a_bag(of=1)], number="LP-26-0001", specimens=1)

    assert first.serial == SERIAL
    assert first.bands == (TRAINING,)
    assert specimen.serial == f"{SERIAL}S1"
    assert specimen.bands == (SPECIMEN, TRAINING)


def test_a_label_is_the_same_after_it_was_frozen():
    for label in labels_of(some_cells(), [a_bag(1), a_bag(2), a_vial()], number="LP-26-0001", specimens=1):
        assert Label.from_plain(label.as_plain()) == label


@given(st.sets(st.sampled_from(a_product().donor_markers)), st.booleans())
def test_a_reactive_marker_is_never_missing_from_a_label(reactive, known):
    donor = a_donor(*sorted(reactive), known=known)
    for small in (False, True):
        text = " ".join(donor_lines(donor, small=small))
        assert all(marker in text for marker in reactive)
        assert (HAZARD in text) == bool(reactive)
        assert (UNKNOWN in text) == bool(donor.unknown)


@pytest.mark.parametrize(
    "code",
    ["", "CT-26-0042-FB-01", "CT-26-0042-FB-01/", "CT-26-0042-FB-01/26-1", "&/CHA9999267F3K92|", "a|b", "/26-0001",
     "CT-26-0042-FB-01/26-0001S", "CT-26-0042-FB-0１/26-0001", "CT 26/26-0001", "CT-26-0042-FB-01/26-0001|x"],
)  # fmt: skip
def test_what_names_no_label_gives_none(code):
    assert serial_in(code) is None


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_serial_or_as_none(text):
    serial = serial_in(text)
    assert serial is None or serial_in(serial) == serial
