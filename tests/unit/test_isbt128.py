"""Donation numbers, chains of identity and the other codes a scanner reads."""

import csv
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from chain_of_custody.isbt128 import (
    ChainOfIdentity,
    CheckCharacterMissingError,
    CheckCharacterWrongError,
    Din,
    Expiry,
    FlagUse,
    Isbt128Error,
    MalformedError,
    ProductCode,
    Unrecognised,
    chain_of_identity,
    check_character,
    checksum,
    din,
    din_from_keyboard,
    flag_use,
    new_chain_of_identity,
    parse,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "isbt128_check_characters.csv"
with VECTORS.open(encoding="utf-8", newline="") as file:
    PUBLISHED = [(r["din"], r["check_character_shown"], r["check_flag"], r["character"]) for r in csv.DictReader(file)]

facilities = st.from_regex(r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{2}", fullmatch=True)
dins = st.builds("{}{:02d}{:06d}".format, facilities, st.integers(min_value=0, max_value=99), st.integers(0, 999_999))
characters = st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize(("number", "shown", "flag", "character"), PUBLISHED)
def test_published_numbers_take_their_check_character_and_no_other(
    number: str, shown: str, flag: str, character: str
) -> None:
    assert parse(f"={number}{flag}") == din(number)
    if character == "right":
        assert din_from_keyboard(number + shown) == din(number)
    else:
        with pytest.raises(CheckCharacterWrongError):
            din_from_keyboard(number + shown)


@pytest.mark.parametrize(
    ("number", "expected"), [("A999916123456", "Q"), ("A999922654321", "S"), ("A999922012346", "*")]
)
def test_further_published_check_characters(number: str, expected: str) -> None:
    assert check_character(number) == expected


@given(dins)
def test_the_check_character_is_that_of_the_standard(number: str) -> None:
    assert check_character(number) == mod_37_2.calc_check_digit(number)


@given(dins, st.integers(0, 12), characters)
def test_no_single_wrong_character_goes_unseen(number: str, place: int, other: str) -> None:
    changed = number[:place] + other + number[place + 1 :]

    assert (checksum(changed) == checksum(number)) == (changed == number)


@given(dins, st.integers(0, 11))
def test_no_swap_of_neighbours_goes_unseen(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]

    assert (checksum(swapped) == checksum(number)) == (swapped == number)


@given(dins)
def test_a_number_survives_its_label_the_keyboard_and_the_eye(number: str) -> None:
    read = din(number)

    assert parse(read.for_the_scanner) == read
    assert din_from_keyboard(read.for_the_eye_with_check.lower()) == read
    assert str(read) == read.code == number


def test_a_number_is_shown_in_groups_with_its_check_character() -> None:
    number = din("A999926004217")

    assert number.for_the_eye == "A9999 26 004217"
    assert number.for_the_eye_with_check == f"A9999 26 004217 [{mod_37_2.calc_check_digit('A999926004217')}]"


def test_a_typed_number_without_its_check_character_is_refused() -> None:
    with pytest.raises(CheckCharacterMissingError, match="check character"):
        din_from_keyboard("A9999 26 004217")


@pytest.mark.parametrize("right", ["A9999 21 123456 3", "a9999211234563", "A9999 21 123456 [3]"])
def test_a_typed_number_may_have_spaces_small_letters_and_the_box(right: str) -> None:
    assert din_from_keyboard(right) == din("A999921123456")


@pytest.mark.parametrize(
    "wrong",
    ["", "3", "A99992112345", "A99992112345633", "O9999211234563", "A9999-21-123456-3", "ı9999211234563"],
)
def test_what_is_no_donation_number_is_refused_at_the_keyboard(wrong: str) -> None:
    with pytest.raises(MalformedError):
        din_from_keyboard(wrong)


@pytest.mark.parametrize(
    "wrong",
    ["O999921123456", "0999921123456", "AO99921123456", "A99A921123456", "A99992112345*", "A99992112345B",
     "a999921123456", "A999921123456\n", "A9999211234５6"],
)  # fmt: skip
def test_a_stored_number_has_the_form_of_the_standard(wrong: str) -> None:
    with pytest.raises(MalformedError):
        din(wrong)


def test_the_check_flag_of_a_scanned_number_is_verified() -> None:
    scanned = parse("=A99992112345663")

    assert scanned == Din("A9999", "21", "123456")
    assert isinstance(scanned, Din)
    assert (scanned.flag, scanned.flag_use) == ("63", FlagUse.CHECK)
    with pytest.raises(CheckCharacterWrongError):
        parse("=A99992112345664")


def test_numbers_scanned_from_different_labels_of_one_donation_are_the_same_number() -> None:
    assert parse("=A99992112345600") == parse("=A99992112345601") == parse("=A99992112345663")


@pytest.mark.parametrize(
    ("flag", "use"),
    [
        ("00", FlagUse.NONE),
        ("01", FlagUse.CONTAINER_OF_SET),
        ("04", FlagUse.CONTAINER_OF_SET),
        ("05", FlagUse.REPEATED_LABEL),
        ("06", FlagUse.TUBE),
        ("08", FlagUse.DONOR_RECORD),
        ("10", FlagUse.TEST_SAMPLE),
        ("11", FlagUse.MATCH_WITH_UNIT),
        ("12", FlagUse.RESERVED),
        ("14", FlagUse.RESERVED),
        ("15", FlagUse.CONTAINER_OF_SET),
        ("19", FlagUse.CONTAINER_OF_SET),
        ("20", FlagUse.LOCAL),
        ("59", FlagUse.LOCAL),
        ("60", FlagUse.CHECK),
        ("96", FlagUse.CHECK),
        ("97", FlagUse.RESERVED),
    ],
)
def test_flags_mean_what_the_standard_says(flag: str, use: FlagUse) -> None:
    assert flag_use(flag) is use


@pytest.mark.parametrize("cut", ["=A999921123456", "=A9999211234566", "=A999921123456633", "=O99992112345663", "=a"])
def test_a_donation_number_that_was_not_read_whole_is_an_error(cut: str) -> None:
    with pytest.raises(MalformedError):
        parse(cut)


def test_a_chain_of_identity_is_read_shown_and_encoded() -> None:
    chain = parse("&/CHA9999267F3K92")

    assert chain == ChainOfIdentity("A9999", "26", "7F3K92") == chain_of_identity("cha9999 26 7f3k92")
    assert chain.for_the_eye == "CHA9999 26 7F3K92"
    assert chain.for_the_scanner == "&/CHA9999267F3K92"
    assert len(str(chain)) == 15


@given(facilities, st.integers(2000, 2099), st.from_regex(r"[A-Z0-9]{6}", fullmatch=True))
def test_a_new_chain_of_identity_can_be_read_back(facility: str, year: int, serial: str) -> None:
    chain = new_chain_of_identity(facility, year, serial)

    assert parse(chain.for_the_scanner) == chain == chain_of_identity(chain.for_the_eye)


@pytest.mark.parametrize(
    ("facility", "year", "serial"),
    [
        ("O9999", 2026, "7F3K92"),
        ("A9999", 26, "7F3K92"),
        ("A9999", 2100, "7F3K92"),
        ("A9999", 2026, "7F3K9"),
        ("A9999", 2026, "7f3k92"),
        ("A9999", 2026, "7F3K9*"),
    ],
)
def test_a_chain_of_identity_of_another_form_is_never_issued(facility: str, year: int, serial: str) -> None:
    with pytest.raises(MalformedError):
        new_chain_of_identity(facility, year, serial)


@pytest.mark.parametrize(
    "wrong", ["&/A9999267F3K92", "&/CHA9999267F3K9", "&/CHA9999267F3K921", "&/", "&/cha9999267f3k92"]
)
def test_a_scanned_chain_of_identity_is_whole(wrong: str) -> None:
    with pytest.raises(Isbt128Error):
        parse(wrong)


def test_a_product_code_is_read_with_collection_and_division() -> None:
    code = parse("=<S12341Aa")

    assert code == ProductCode("S1234", "1", "Aa")
    assert isinstance(code, ProductCode)
    assert (code.code, code.collection) == ("S12341Aa", "autologous use only")
    with pytest.raises(MalformedError):
        parse("=<S12341A")


@pytest.mark.parametrize(
    ("raw", "expiry"),
    [
        ("&>0263182359", Expiry(date(2026, 11, 14), time(23, 59))),
        ("&>0260010000", Expiry(date(2026, 1, 1), time(0, 0))),
        ("&>0243661200", Expiry(date(2024, 12, 31), time(12, 0))),
        ("=>026318", Expiry(date(2026, 11, 14), time(23, 59))),
    ],
)
def test_an_expiry_is_a_day_of_the_year_and_a_minute(raw: str, expiry: Expiry) -> None:
    assert parse(raw) == expiry


@pytest.mark.parametrize(
    "wrong",
    [
        "&>0263661200",
        "&>0260001200",
        "&>0263182400",
        "&>0263182360",
        "&>026318",
        "&>1263182359",
        "=>0263182359",
    ],
)
def test_an_expiry_that_no_calendar_has_is_an_error(wrong: str) -> None:
    with pytest.raises(MalformedError):
        parse(wrong)


def test_an_expiry_is_meant_by_the_clock_of_the_place() -> None:
    expiry = parse("&>0263182359")

    assert isinstance(expiry, Expiry)
    assert expiry.at(ZoneInfo("Europe/Madrid")) == datetime(2026, 11, 14, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "other", ["", "=", "&", "hello", "&#123", "=,123456", "01034531200000111719112510ABCD1234", "&:x"]
)
def test_a_code_of_another_kind_is_kept_as_read(other: str) -> None:
    assert parse(other) == Unrecognised(other)


@given(st.text(max_size=40))
def test_whatever_is_scanned_is_read_kept_or_refused_with_a_sentence(raw: str) -> None:
    try:
        scanned = parse(raw)
    except Isbt128Error as error:
        said = str(error).endswith(".")
    else:
        said = scanned == Unrecognised(raw) or raw[:1] in {"=", "&"}
    assert said
