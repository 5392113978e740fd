"""The files of instruments: what is read of them, what is refused and with which sentence, whatever the bytes are."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.definitions.parts import FaultyDefinitionError
from batches.models import Definition
from ledger.tables.rows import LONGEST_FIELD, MOST_COLUMNS, MOST_ROWS
from ledger.tables.texts import LARGEST, NotATableError, text_of
from qc.definitions.method import MethodDefinition, Replicates, WhenBeyond
from qc.definitions.specification import Entry, Line, MethodReference, Release, ResultType
from qc.importing.fitting import typed_for
from qc.importing.planning import Reads, reads_of, table_of
from qc.importing.profiles import Combine, FromColumn, Profile, Target
from qc.importing.reading_profiles import read_profile
from qc.importing.values import Found
from qc.methods.in_force import MethodInForce
from qc.values.criteria import Numeric, criterion_from_definition
from qc.values.quantities import Quantity
from qc.values.rounding import Rounding

FOLDER = Path(__file__).parent.parent.parent / "qc" / "definitions" / "instruments"
SHIPPED = {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.yaml"))}
SAMPLE = "CT-26-0042-QC-01"


def profile_of(name: str, *changes: tuple[str, str]) -> Profile:
    source = SHIPPED[name].decode()
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return read_profile(source.encode())


def a_line(code: str, unit: str, *, decimals: int = 1, limit: str = "70", exponent: int = 0) -> Line:
    kind = "at_most" if code == "vector_copy_number" else "at_least"
    return Line(
        code=code, title=code, covers=(), method=MethodReference("TM-1", 1, "by hand"), sample_point="final_product",
        entry=Entry(ResultType.NUMBER, unit, exponent, decimals, ()),
        criterion={"kind": kind, "limit": limit, "unit": unit}, members=(), release=Release.BEFORE,
        basis="", reference="", note="",
    )  # fmt: skip


VIABILITY = a_line("viability_percent", "%")
COUNTER = "Sample ID,Viability (%),Viable cells (10^6 cells/mL)\n"
A_COUNT = f"{SAMPLE},95.1,1.20\n"


def read(
    name: str,
    content: bytes | str,
    line: Line = VIABILITY,
    profile: Profile | None = None,
    method: MethodDefinition | None = None,
) -> Reads:
    used = profile or profile_of(name)
    raw = content.encode() if isinstance(content, str) else content
    methods = {line.code: MethodInForce(Definition(), method)} if method else {}
    return reads_of(table_of(raw, used), used, line, sample=SAMPLE, rounding=Rounding.USP, methods=methods)


def reading(number: str, **more: str) -> MethodDefinition:
    """A method that reads the viability so often."""
    further = {"when_beyond": WhenBeyond.FURTHER} if "most" in more else {}
    return MethodDefinition(
        code="TM-1", version=1, title="Viability", result_type=ResultType.NUMBER, unit="%", rounding="USP",
        replicates=Replicates(number=number, **more, **further), events=(), timed_conditions=(),  # type: ignore[arg-type]  # texts and one word
        suitability=(), calculation=None, complete_data=(), references=(), note="",
    )  # fmt: skip


def counted(*values: str) -> str:
    return COUNTER + "".join(f"{SAMPLE},{one},1.0\n" for one in values)


def sentences(reads: Reads) -> list[str]:
    assert reads.readings == ()
    return [str(one) for one in reads.problems]


# What is read


@pytest.mark.parametrize(
    "content",
    [
        (COUNTER + A_COUNT).encode(),
        (COUNTER + A_COUNT).encode("utf-8-sig"),
        (COUNTER + A_COUNT).encode("utf-16"),
        ("\ufeff" + COUNTER + A_COUNT).encode("utf-16-be"),
        (COUNTER + A_COUNT).replace("\n", "\r\n").encode(),
        (COUNTER + A_COUNT).replace("\n", "\r").encode(),
        (COUNTER.replace("\n", "\r\n") + A_COUNT + "\r" + "Beads,99.9,1.0\n").encode(),
        ("Instrument,CC-1\n\nOperator,M.O.\n" + COUNTER + A_COUNT).encode(),
        ("Extra [s],Viability [%],Viable cells (10^6 cells/mL), Sample ID \n" + f'1,95.1,1.2,"{SAMPLE}"\n').encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16-be", "crlf", "cr", "mixed", "preamble", "other order"],
)
def test_a_file_is_read_whatever_its_encoding_and_line_ends(content):
    (reading,) = read("cell-counter", content).readings

    assert (reading.member, reading.typed) == ("viability_percent", "95.1")
    assert reading.found.as_it_stands == "95.1"


def test_several_counts_are_averaged_and_their_texts_kept():
    reads = read("cell-counter", COUNTER + "".join(f"{SAMPLE},{one},1.0\n" for one in ("95.10", "94.20", "96.4")))

    (reading,) = reads.readings
    assert reading.typed == "95.2"
    assert reading.found.rows == [2, 3, 4]
    assert [one["text"] for one in reading.told()["inputs"]] == ["95.10", "94.20", "96.4"]
    assert reading.told()["unrounded"].startswith("95.2333333")


# Replicates of a method


@pytest.mark.parametrize(
    ("values", "typed"),
    [
        (("95.1", "94.2", "96.4"), ["95.1", "94.2", "96.4"]),
        (("96.4", "95.1"), ["96.4", "95.1"]),
        (("95.14", "94.26", "96.40"), ["95.1", "94.3", "96.4"]),
        (("< 10", "< 10", "12.0"), ["< 10", "< 10", "12.0"]),
    ],
    ids=["as they stand", "fewer than wanted", "fitted to the line", "bounds"],
)
def test_a_method_that_reads_several_times_gets_each_replicate_in_the_order_of_the_file(values, typed):
    reads = read("cell-counter", counted(*values), method=reading("3"))

    assert [(one.replicate, one.typed) for one in reads.readings] == list(enumerate(typed, 1))
    assert [one.found.rows for one in reads.readings] == [[at] for at, _value in enumerate(values, 2)]
    assert reads.readings[1].told()["rule"] == "replicate 2: as it stands: Viability (%)"


def test_a_method_that_reads_once_leaves_it_to_the_profile():
    (one,) = read("cell-counter", counted("95.10", "94.20", "96.4"), method=reading("1")).readings

    assert (one.replicate, one.typed, one.found.replicate) == (1, "95.2", None)


ONLY_FURTHER = "Line 4: TM-1 version 1 reads further replicates only where the first 2 lie too far apart."
TOO_MANY = "Line 5: TM-1 version 1 reads this value 3 times. Correct a replicate with a reason instead."


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (("95", "60", "70"), []),
        (("95", "95", "95"), [ONLY_FURTHER]),
        (("95", "60", "70", "80"), [TOO_MANY]),
        (("95", "95", "95", "95"), [ONLY_FURTHER, TOO_MANY]),
    ],
)
def test_a_further_replicate_of_a_file_is_taken_where_those_before_lie_too_far_apart(values, says):
    reads = read("cell-counter", counted(*values), method=reading("2", most="3", largest_spread="10"))

    assert [str(one) for one in reads.problems] == says


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        # Fitted one by one they are 70.3 and 68.7, whose mean of 69.5 meets "at least 70"; the mean of 69.495 does not.
        (("70.26", "68.73"), {}),
        # Fitted they lie 2.1 apart, unrounded 2.08.
        (("95.04", "97.12"), {"largest_spread": "2.09"}),
    ],
)
def test_replicates_whose_rounding_would_change_what_is_judged_are_refused(values, limit):
    (says,) = sentences(read("cell-counter", counted(*values), method=reading("2", **limit)))

    assert "would not be judged as they are without rounding" in says


def test_flow_statistics_give_one_line_each_from_the_same_file():
    content = f"Sample\tCD3+ of viable (%)\tCAR+ of viable CD3+ (%)\nFMO\t0.1\t0.2\n{SAMPLE}\t97.6\t39.7\n"

    assert read("flow-cytometer", content, a_line("cd3_positive_percent", "%")).readings[0].typed == "97.6"
    assert read("flow-cytometer", content, a_line("car_positive_percent", "%")).readings[0].typed == "39.7"


DROPLETS = "Well,Sample,Target,Accepted droplets,Positives\n"


def test_droplets_give_copies_per_cell_by_the_formulas_of_the_table():
    rows = [f"A01,{SAMPLE},Transgene,20000,5000", f"A01,{SAMPLE},Reference,20000,6500", "H12,NTC,Transgene,19000,0"]
    line = a_line("vector_copy_number", "copies/cell", decimals=2, limit="5")

    (reading,) = read("ddpcr", DROPLETS + "\n".join(rows) + "\n", line).readings

    # 2 · ln(1 - 5000/20000) / ln(1 - 6500/20000) = 2 · 0.287682 / 0.393043
    assert reading.typed == "1.46"
    assert reading.told()["unrounded"].startswith("1.46387")
    assert len(reading.found.inputs) == 4


def test_a_decimal_comma_of_the_profile_becomes_a_point_and_the_text_stays_as_it_was():
    layout = ("delimiter: comma, decimal_mark: point", "delimiter: semicolon, decimal_mark: comma")
    content = (COUNTER + A_COUNT).replace(",", ";").replace("95.1", "95,1")

    (reading,) = read("cell-counter", content, profile=profile_of("cell-counter", layout)).readings

    assert reading.typed == "95.1"
    assert reading.found.inputs[0].text == "95,1"


LOGGER = "Time;Sample;Temperature (°C)\n"


def test_a_logger_gives_its_highest_temperature():
    content = (
        LOGGER + f"2026-11-14 08:00;{SAMPLE};4,1\n2026-11-14 08:10:00;{SAMPLE};7,9\n2026-11-14T08:20;{SAMPLE};5,0\n"
    )
    line = a_line("highest_temperature_c", "°C")

    (reading,) = read("temperature-logger", content, line).readings
    assert (reading.typed, reading.found.rows) == ("7.9", [3])
    assert reading.found.rule == "highest of 3 replicates: Temperature (°C)"


# What is refused, with its line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "The file is empty."),
        (COUNTER, "Line 1: no row follows"),
        ("a,b\n1,2\n", "None of the first 20 rows names the columns"),
        ("Sample ID,Viability (%)\nx,1\n", "Line 1: these columns are missing: Viable cells"),
        (COUNTER.replace("\n", ",Viability (%)\n") + A_COUNT, "Line 1: the column Viability is there more than once"),
        (COUNTER.replace("%", "fraction") + A_COUNT, "Line 1: the column Viability is in fraction; this profile"),
        (COUNTER.replace(" (%)", "") + A_COUNT, "the column Viability is in no unit"),
        (COUNTER + A_COUNT.replace("\n", ",\n"), "Line 2: the row has 4 fields, the head has 3"),
        (COUNTER + f"{SAMPLE},95.1\n", "Line 2: the row has 2 fields"),
        (
            COUNTER + "\n\n" + A_COUNT + "CT-26-0043-QC-01,95.1,1.2\n",
            f"Line 5: this row is of sample CT-26-0043-QC-01; you chose {SAMPLE}",
        ),
        (COUNTER + f"{SAMPLE.lower()},95.1,1.2\n", "you chose"),
        (COUNTER + ",95.1,1.2\n", "this row is of sample –"),
        (COUNTER + "Beads,95.1,1.2\n", f"No row is of sample {SAMPLE}"),
        (COUNTER + f'"{SAMPLE},95.1,1.2\n', "the row cannot be read"),
        (COUNTER + f'"{SAMPLE}\n",95.1,1.2\n', "Line 2: a field holds a line break"),
        (COUNTER + f"{SAMPLE},95.1,{'1' * (LONGEST_FIELD + 1)}\n", "Line 2: a field has more than 200 characters"),
        (COUNTER + "," * MOST_COLUMNS + "1\n", "Line 2: the row has more than 200 columns"),
        ("\n" * (MOST_ROWS + 1), "Line 20001: the file has more than 20,000 rows"),
        (COUNTER + f"{SAMPLE},95.1,1.0\n" * 101, "Line 102: more than 100 replicates are not averaged"),
        (COUNTER + "Beads,1,1\n" * MOST_ROWS, f"Line {MOST_ROWS + 1}: the file has more than 20,000 rows"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_with_its_line(content, says):
    assert says in " ".join(sentences(read("cell-counter", content)))


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-Infinity", "1e400", "1_000", "９５.1", "0x10", "-0", "95,1", "1 000", " 95.1", "95.1%", "",
     "true", "=95", "95.1234567", "1234567890123", "−5", "<"],
)  # fmt: skip
def test_what_is_no_plain_number_is_refused_with_its_line(text):
    (says,) = sentences(read("cell-counter", COUNTER + f'{SAMPLE},"{text}",1.0\n'))

    assert says.startswith("Line 2: ")


@pytest.mark.parametrize("text", ["95.1", "1,234.5", "1.234,5", "1.234"])
def test_where_decimals_are_parted_by_a_comma_a_point_is_refused(text):
    layout = ("delimiter: comma, decimal_mark: point", "delimiter: semicolon, decimal_mark: comma")
    content = COUNTER.replace(",", ";") + f"{SAMPLE};{text};1,0\n"

    assert "decimal point" in sentences(read("", content, profile=profile_of("cell-counter", layout)))[0]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["A01,{s},Transgene,20000,5000"], "Line 2: no row of this replicate has Target Reference"),
        (["A01,{s},Transgene,20000,5000"] * 2, "Line 3: A01, Transgene stands on line 2 already"),
        (["A01,{s},GFP,20000,5000"], "Line 2: Target is GFP; this profile reads Reference, Transgene"),
        (["A01,{s},Transgene,20000,20000", "A01,{s},Reference,20000,9"], "Every droplet is positive"),
        (["A01,{s},Transgene,0,0", "A01,{s},Reference,20000,9"], "accepted droplets is zero"),
        (["A01,{s},Transgene,20000,9", "A01,{s},Reference,20000,0"], "concentration of the reference gene is zero"),
        ([",{s},Transgene,20000,9"], "Line 2: Well is empty"),
        (["A01,{s},Transgene,<20000,9", "A01,{s},Reference,20000,9"], "Not calculable from a censored value"),
    ],
)  # fmt: skip
def test_wells_that_give_no_number_say_why(rows, says):
    line = a_line("vector_copy_number", "copies/cell", decimals=2, limit="5")

    assert says in " ".join(sentences(read("ddpcr", DROPLETS + "\n".join(rows).format(s=SAMPLE) + "\n", line)))


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (("2026-11-14 08:00", "2026-11-14 08:00"), "Line 3: the time is that of line 2"),
        (("2026-11-14 08:00", "2026-11-14 07:59"), "Line 3: the time is before that of line 2"),
        (("14.11.2026 08:00",), "Line 2: 14.11.2026 08:00 is no time"),
        (("2026-02-30 08:00",), "is no time"),
        (("0001-01-01 00:00",), "is no time"),
        (("2026-11-14 23:59:60",), "is no time"),
        (("2026-11-14 08:00", "2026-11-14T08:10+01:00"), "one time has an offset"),
        (("",), "– is no time"),
    ],
)
def test_times_of_a_logger_that_cannot_be_are_refused(times, says):
    content = LOGGER + "".join(f"{time};{SAMPLE};5,0\n" for time in times)

    assert says in " ".join(sentences(read("temperature-logger", content, a_line("highest_temperature_c", "°C"))))


def test_one_value_is_one_row_and_a_bound_is_not_averaged():
    flow = f"Sample\tCD3+ of viable (%)\tCAR+ of viable CD3+ (%)\n{SAMPLE}\t97.6\t39.7\n{SAMPLE}\t97.8\t39.5\n"
    bounds = COUNTER + f"{SAMPLE},>99.0,1.0\n{SAMPLE},98.0,1.0\n"

    assert (
        "Line 3: this is a second row"
        in sentences(read("flow-cytometer", flow, a_line("cd3_positive_percent", "%")))[0]
    )
    assert "only known as a bound" in sentences(read("cell-counter", bounds))[0]
    assert read("cell-counter", COUNTER + f"{SAMPLE},> 99.0,1.0\n").readings[0].typed == "> 99.0"


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n" + b"0" * 20, b"PK\x03\x04" + b"0" * 20, b"%PDF-1.7\n", b"\xff\xd8\xff\xe0",
     b"\x1f\x8b\x08\x00", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"  <!DOCTYPE html><p>Sample ID",
     b"\xef\xbb\xbf<?xml version='1.0'?>",
     b"Sample ID,\x00Viability", b"Sample ID,\x1bViability", b"\xff\xfe\x00\x00a\x00\x00\x00", b"\xff\xfea",
     "Sample ID,Viabilité".encode("latin-1"), b"", b"a" * (LARGEST + 1)],
)  # fmt: skip
def test_what_is_no_text_is_refused_by_its_content(content):
    with pytest.raises(NotATableError):
        text_of(content)


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: (COUNTER + text).encode("utf-8", "replace")))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_rows_or_sentences(content):
    for name in ("cell-counter", "temperature-logger"):
        reads = read(name, content)
        assert bool(reads.readings) != bool(reads.problems)


@given(
    st.lists(
        st.sampled_from([SAMPLE, "Beads", "95.1", "1,0", '"', ",", ";", "\n", "\r", "A01", " ", "NaN", "٣"]),
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_rows_under_the_right_head_give_values_or_sentences(parts):
    reads = read("cell-counter", COUNTER + "".join(parts))

    assert bool(reads.readings) != bool(reads.problems)


WELL = [["A01", "A02", ""], [SAMPLE, "NTC", "x"], ["Transgene", "Reference", "GFP"], ["20000", "0", "<9"]]
wells = st.lists(st.tuples(*map(st.sampled_from, [*WELL, ["5000", "0", "20000", "NaN"]])), max_size=8)


@given(wells)
@settings(max_examples=150, deadline=None)
def test_any_wells_give_copies_or_sentences(rows):
    content = DROPLETS + "".join(",".join(row) + "\n" for row in rows)

    reads = read("ddpcr", content, a_line("vector_copy_number", "copies/cell", decimals=2, limit="5"))

    assert bool(reads.readings) != bool(reads.problems)


def test_a_plate_has_24_or_96_wells():
    moved = {"E01, E02": "A05, B05", "F01, F02": "C05, D05", "G01, G02": "A06, B06", "H01, H02": "C06, D06"}
    small = profile_of("plate-reader", ('wells: "96"', 'wells: "24"'), *moved.items())

    assert small.plate is not None
    assert [row[0] for row in small.plate.names] == ["A01", "B01", "C01", "D01"]
    assert [len(row) for row in small.plate.names] == [6, 6, 6, 6]


# As the line takes it


@given(st.decimals(min_value=60, max_value=80, places=6))
def test_rounding_to_the_decimals_of_the_line_never_changes_what_the_criterion_says(exact):
    target = Target("viability_percent", "viability_percent", "%", 0, FromColumn("Viability", "%"), Combine.MEAN)
    criterion = criterion_from_definition(
        {"kind": "at_least", "limit": "70", "unit": "%", "figures": "2"}, Rounding.USP
    )

    typed = typed_for(Found(target, Quantity(exact, "%"), "", ()), VIABILITY.entry, criterion)

    unrounded, rounded = (criterion.verdict(Numeric(Quantity(value, "%"))) for value in (exact, Decimal(typed)))
    assert (unrounded.verdict, unrounded.reported) == (rounded.verdict, rounded.reported)


def test_half_up_twice_would_have_passed_what_fails():
    assert read("cell-counter", COUNTER + f"{SAMPLE},69.46,1.0\n").readings[0].typed == "69.4"


def test_a_line_of_another_unit_or_scale_takes_nothing():
    content = COUNTER + A_COUNT

    assert "the line takes" in sentences(read("cell-counter", content, a_line("viability_percent", "cells")))[0]
    assert "×10⁶ %" in sentences(read("cell-counter", content, a_line("viability_percent", "%", exponent=6)))[0]
    flow = f"Sample\tCD3+ of viable (%)\tCAR+ of viable CD3+ (%)\n{SAMPLE}\t97.61\t39.7\n"
    assert "at most 1 decimal place" in sentences(read("flow-cytometer", flow, a_line("cd3_positive_percent", "%")))[0]


# Plates


PLATE_HEAD = "Well;Sample;Concentration (pg/mL)\n"


def a_plate(**changed: str) -> str:
    plate = profile_of("plate-reader").plate
    assert plate is not None
    rows = {well: SAMPLE if holds.title == "Sample" else holds.title for well, holds in plate.wells.items()} | changed
    return PLATE_HEAD + "".join(f"{well};{named};250,5\n" for well, named in rows.items() if named)


def test_the_wells_of_the_sample_are_averaged_and_the_others_stay_what_they_are():
    (reading,) = read("plate-reader", a_plate(), a_line("potency", "pg/mL", decimals=0, limit="200")).readings

    assert (reading.typed, len(reading.found.inputs)) == ("251", 3)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"A03": ""}, "These wells of the plate are missing: A03"),
        ({"D07": "Blank"}, "nothing in well D07"),
        ({"A03": "Blank"}, f"well A03 holds Blank; the plate of this profile has {SAMPLE} there"),
        ({"H01": SAMPLE}, f"well H01 holds {SAMPLE}; the plate of this profile has Blank there"),
        ({"A01": "Standard 2"}, "well A01 holds Standard 2"),
        ({"B03": "CT-26-0043-QC-01"}, "this row is of sample CT-26-0043-QC-01"),
    ],
)
def test_a_plate_that_is_not_laid_out_like_its_profile_is_refused(changed, says):
    assert says in " ".join(sentences(read("plate-reader", a_plate(**changed), a_line("potency", "pg/mL", decimals=0))))


# Profiles


@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_profile_is_one(name):
    profile = profile_of(name)

    assert profile.targets
    assert profile.sample in profile.columns


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("cell-counter", "kind: instrument", "kind: product", "kind"),
        ("cell-counter", "combine: mean", "combine: median", "median"),
        (
            "cell-counter",
            "delimiter: comma, decimal_mark: point",
            "delimiter: comma, decimal_mark: comma",
            "A comma cannot",
        ),
        ("cell-counter", 'unit: "%", from', "unit: ng/mL, from", "Viability must state ng/mL"),
        ("cell-counter", 'exponent: "6"', 'exponent: "3"', "Viable cells must state 10.3 cells/mL"),
        ("cell-counter", "controls: [Beads]", "controls: [Beads, Beads]", "twice"),
        ("cell-counter", "column: Viability,", "column: Sample ID,", "cannot be a number and a name"),
        ("cell-counter", "line: viable_cells_per_ml", "line: viability_percent", "twice"),
        ("cell-counts", "member: dead_counted", "member: viable_counted", "twice"),
        (
            "cell-counts",
            "unit: cells\n    combine",
            'unit: cells\n    exponent: "6"\n    combine',
            "dead_cells gives cells, not",
        ),
        ("ddpcr", "formula: vcn_by_digital_pcr", "formula: vcn_per_well", "There is no formula vcn_per_well version 1"),
        ("ddpcr", "total:", "accepted:", "needs positive, total"),
        ("ddpcr", "unit: copies/cell", "unit: copies", "gives copies/cell, not copies"),
        ("ddpcr", "formula: vcn_by_digital_pcr", "formula: vcn_per_cell", "needs transgene_copies, reference_copies"),
        (
            "ddpcr",
            "{column: Positives}",
            "{column: Positives, unit: copies}",
            "takes positive in droplets, not in copies",
        ),
        ("ddpcr", "replicate: Well", "note_: x", "not known here"),
        ("plate-reader", "[A03, B03, C03]", "[A03, A03]", "Well A03 is there twice"),
        ("plate-reader", 'wells: "96"', 'wells: "24"', "Well E01 is not on a plate of 4 rows"),
        ("plate-reader", "role: sample", "role: blank", "no well for a sample"),
        ("plate-reader", "Control, Blank]", "Control]", "Blank stands on the plate"),
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(name, old, new, says):
    with pytest.raises(FaultyDefinitionError, match=says):
        profile_of(name, (old, new))
