"""Files for methods that calculate: the inputs come from the file, and what they come to is shown before."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.refusal import Refused, Stale
from ledger import clock
from ledger.verification import Verification, verify_records
from qc.importing.checks import imports_say_what_their_files_say
from qc.importing.importing import import_file, objections_to_import
from qc.importing.planning import Reads
from qc.importing.previewing import Preview, preview_of
from qc.models import Reading, Result, ResultBasis
from reports.record_gathering.measured import origin_of
from tests.guards_away import guards_away
from tests.kept import kept_for_a_module, taken_back
from tests.method_builders import COPIES, DOSE, TUBES, VIABILITY, CalculatingLaboratory, methods_that_calculate
from tests.people import STATION, at_browser, nothing_written

pytestmark = pytest.mark.django_db
GATES = (("40.0", "90.0"), ("40.0", "90.0"))
WELLS = (("250.25", "401.5"), ("262", "410.75"))


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[CalculatingLaboratory]:
    """A batch whose methods calculate; its samples wait for the laboratory."""
    with kept_for_a_module(django_db_blocker):
        made = methods_that_calculate()
        clock.end_story()
        made.sample_for(COPIES)
        made.sample_for(VIABILITY)
        yield made


def entered(laboratory: CalculatingLaboratory, line: str) -> dict[tuple[str, int], str]:
    """What is recorded for a line of the batch, by value and replicate."""
    rows = Reading.objects.filter(batch=laboratory.batch, line=line, superseded_by=None)
    return {(one.member, one.replicate): one.typed for one in rows}


def findings() -> list[str]:
    return [str(finding) for finding in imports_say_what_their_files_say(Verification())]


def of_both(*wells: tuple[str, str], first: int = 1) -> dict[tuple[str, int], str]:
    return {
        (code, number): typed
        for number, pair in enumerate(wells, first)
        for code, typed in zip(("transgene_copies", "reference_copies"), pair, strict=True)
    }


# What is given, what is shown


@pytest.mark.clause("21 CFR 211.194(a)(4)", "what a result is calculated from is kept as the instrument gave it")
def test_a_file_gives_the_inputs_of_a_calculation_replicate_by_replicate(laboratory):
    row = laboratory.wells(*WELLS)

    imported = laboratory.imported(row)

    assert entered(laboratory, COPIES) == of_both(*WELLS)
    rows = {(one.reading.member, one.reading.replicate): one.rows for one in imported.readings.all()}
    assert rows == {
        ("transgene_copies", 1): [2], ("reference_copies", 1): [3],
        ("transgene_copies", 2): [4], ("reference_copies", 2): [5],
    }  # fmt: skip
    assert "SHA-256" in origin_of(Reading.objects.get(member="reference_copies", replicate=2))
    assert findings() == []


def test_what_the_file_does_not_give_is_named_and_typed_afterwards(laboratory):
    row = laboratory.wells(*WELLS)
    shown = preview_of(row)

    laboratory.imported(row)
    laboratory.gated(*GATES)

    assert shown.outlook is not None
    assert shown.outlook.judgement.verdict.value == "pending"
    assert shown.outlook.missing == (
        "CAR+ share of the parent gate, replicate 1, 2", "Parent gate, as a share of the tested cells, replicate 1, 2"
    )  # fmt: skip
    assert laboratory.line(COPIES).workings[COPIES].is_complete
    assert findings() == []


def test_the_preview_says_what_the_result_will_say(laboratory):
    laboratory.gated(*GATES)
    row = laboratory.wells(*WELLS)
    shown = preview_of(row)
    page = at_browser(laboratory.analyst).get(f"{laboratory.line(COPIES).url}import/{row.pk}/").content.decode()

    laboratory.imported(row)
    found = laboratory.line(COPIES)

    assert shown.outlook is not None
    assert shown.outlook.missing == ()
    told = shown.outlook.told()
    # 2 · 250.25 / 401.5 / 0.36 and 2 · 262 / 410.75 / 0.36
    assert (told["verdict"], str(told["reported"])[0]) == ("meets", "4")
    assert [one["value"][:6] for one in told["workings"][0]["replicates"]] == ["3.4627", "3.5436"]
    after = preview_of(laboratory.wells(*WELLS)).problems
    assert "reads this value 2 times" in str(after[0])
    assert found.workings[COPIES].mean.show() == told["workings"][0]["mean"]
    formula = "vcn_per_transduced_cell_by_copies version 1"
    for words in ("TM-QC-032 version 1", formula, "Conforms", "3.4627092…", "line 2: 250.25"):
        assert words in page


def test_a_file_and_typing_come_to_the_same_result(laboratory):
    laboratory.gated(*GATES)
    for check, what in {"negative_control": "yes", "reference_control": "1.00", "droplets": "15000"}.items():
        laboratory.check(COPIES, check, what)
    laboratory.kept(COPIES)
    with taken_back():
        for (member, replicate), value in of_both(*WELLS).items():
            laboratory.read(COPIES, value, member=member, replicate=replicate)
        typed = said_of(laboratory.submitted(COPIES))
    outlook = preview_of(row := laboratory.wells(*WELLS)).outlook

    laboratory.imported(row)
    result = laboratory.submitted(COPIES)

    assert said_of(result) == typed
    assert outlook is not None
    judged = outlook.judgement
    assert (judged.verdict.value, judged.reported, judged.unrounded, list(outlook.workings)) == typed
    assert (verify_records().findings, findings()) == ([], [])


def said_of(result: Result) -> tuple[object, ...]:
    """What a result says, and how it was worked out."""
    workings = ResultBasis.objects.get(result=result).workings
    return result.verdict, result.reported, result.unrounded, workings


def test_a_counter_gives_the_cells_that_its_method_calculates_the_viability_from(laboratory):
    row = laboratory.counts(("200", "130"), ("210", "135"))
    shown = preview_of(row)

    laboratory.imported(row)

    assert entered(laboratory, VIABILITY) == {
        ("viable_counted", 1): "130", ("dead_counted", 1): "70",
        ("viable_counted", 2): "135", ("dead_counted", 2): "75",
    }  # fmt: skip
    assert shown.outlook is not None
    assert (shown.outlook.judgement.verdict.value, shown.outlook.judgement.reported[:2]) == ("fails", "65")
    assert findings() == []


def test_two_files_give_what_one_calculation_takes(laboratory):
    sample = laboratory.sample_for(COPIES)
    code = sample.container.code
    laboratory.imported(laboratory.wells(*WELLS))
    tubes = laboratory.file_kept(
        TUBES + f"{code}\t97.6\t40.0\n{code}\t97.6\t41.0\n",
        line=COPIES, sample=sample.pk, profile="FLOW-STATISTICS", instrument="FC-01",
    )  # fmt: skip

    laboratory.imported(tubes)

    assert entered(laboratory, COPIES) == of_both(*WELLS) | {("car_percent", 1): "40.0", ("car_percent", 2): "41.0"}
    assert findings() == []


# What is recorded stays


def test_wells_are_never_paired_with_what_was_typed_of_another_well(laboratory):
    laboratory.read(COPIES, "250", member="transgene_copies")

    laboratory.imported(laboratory.wells(("262", "410.75")))

    assert entered(laboratory, COPIES) == {("transgene_copies", 1): "250"} | of_both(("262", "410.75"), first=2)
    assert laboratory.line(COPIES).workings[COPIES].begun == 2
    assert findings() == []


def test_what_was_corrected_while_the_value_was_looked_at_is_looked_at_again(laboratory):
    laboratory.gated(*GATES)
    shown = preview_of(row := laboratory.wells(*WELLS)).digest
    wrong = Reading.objects.get(member="car_percent", replicate=2)
    laboratory.read(
        COPIES, "4.0", member="car_percent", replicate=2, corrects=wrong, reason="A digit too many was typed."
    )

    with nothing_written(), pytest.raises(Stale):
        import_file(row=row, shown=shown, by=laboratory.analyst)


def test_a_correction_after_the_import_leaves_it_as_its_file_says(laboratory):
    laboratory.imported(laboratory.wells(*WELLS))
    wrong = Reading.objects.get(member="reference_copies", replicate=1)

    laboratory.read(
        COPIES, "40.15", member="reference_copies", corrects=wrong, reason="The reader's dilution was not set."
    )

    assert findings() == []
    with guards_away():
        Reading.objects.filter(member="transgene_copies", replicate=2).update(typed="226")
    assert any("its readings are not what its file says" in one for one in findings())


def test_one_well_that_cannot_be_read_and_none_is_recorded(laboratory):
    row = laboratory.wells(WELLS[0], ("262", "1_000"))

    with nothing_written(), pytest.raises(Refused, match=r"Line 5: Copies \(copies\) must be typed without"):
        laboratory.imported(row)


# Rounding


def test_rounding_that_would_turn_the_verdict_is_refused(laboratory):
    laboratory.gated(("100", "100"), ("100", "100"))
    # 2 · 899.996 / 400 is 4.49998 and conforms to less than 5; rounded to 900.00 it is 4.5, reported as 5.
    row = laboratory.wells(("899.996", "400"), ("899.996", "400"))

    (says,) = preview_of(row).sentences

    assert "would not be judged as they are without rounding" in says


def test_rounding_that_changes_nothing_is_done_and_told(laboratory):
    laboratory.gated(*GATES)
    row = laboratory.wells(("250.253", "401.5"), ("262", "410.75"))

    imported = laboratory.imported(row)

    assert entered(laboratory, COPIES)["transgene_copies", 1] == "250.25"
    assert (imported.calculated[0]["typed"], imported.calculated[0]["unrounded"]) == ("250.25", "250.253")
    assert findings() == []


def test_nothing_is_rounded_while_nobody_can_see_what_it_does_to_the_verdict(laboratory):
    row = laboratory.wells(("250.253", "401.5"), ("262", "410.75"))

    (says,) = preview_of(row).sentences

    assert says.startswith("Line 2: TM-QC-032 version 1 takes 2 decimals of it")
    assert "Enter the others first." in says


def test_roundings_of_two_files_do_not_add_up_unseen(laboratory):
    laboratory.gated(("100", "100"), ("100", "100"))
    # Beside 400 reference copies each, 1800 transgene copies together are a mean of 4.5, reported as 5. Rounded they
    # are 800.01 and 999.99; as the reader said it they are 1799.997 together, which conforms.
    laboratory.imported(laboratory.wells(("800.005", "400")))

    (says,) = preview_of(laboratory.wells(("999.992", "400"))).sentences

    assert "would not be judged as they are without rounding" in says
    assert findings() == []


def test_nothing_is_rounded_for_a_value_per_kilogram_before_the_weight_is_verified(laboratory):
    sample = laboratory.sample_for(DOSE)
    row = laboratory.file_kept(
        TUBES + f"{sample.container.code}\t97.6\t40.0\n",
        line=DOSE, sample=sample.pk, profile="FLOW-STATISTICS", instrument="FC-01",
    )  # fmt: skip
    shown = preview_of(row)
    first, *others = shown.reads.readings
    rounded = replace(shown, reads=Reads((replace(first, typed="98"), *others), ()))
    assert shown.outlook is not None
    no_weight = replace(shown.outlook, line=replace(shown.outlook.line, weight=None))

    def codes(preview: Preview) -> list[str]:
        return [one.code for one in objections_to_import(preview, by=laboratory.analyst)]

    assert codes(shown) == codes(rounded) == codes(replace(shown, outlook=no_weight)) == []
    assert codes(replace(rounded, outlook=no_weight)) == ["unverified_weight"]


# What no profile gives


def test_a_profile_that_gives_no_input_says_which_are_wanted(laboratory):
    with nothing_written(), pytest.raises(Refused) as refused:
        laboratory.file_kept(laboratory.counted("95.1"))

    (objection,) = refused.value.objections
    assert objection.field == "profile"
    assert str(objection.says).startswith(
        "TM-QC-021 version 1 calculates Viability from other values: Viable cells counted, Dead cells counted. "
        "Cell counter, example layout gives none of them."
    )


def test_only_profiles_that_give_an_input_are_offered(laboratory):
    browser = at_browser(laboratory.analyst)

    form = browser.get(f"{laboratory.line(VIABILITY).url}import/").content.decode()
    assert re.findall(r'<option value="([A-Z-]+)"', form) == ["CELL-COUNTS"]
    offered = browser.get(laboratory.line(DOSE).url).content.decode()
    assert "/import/" in offered


# Programs


def test_programs_read_the_outlook_and_confirm_it(laboratory):
    laboratory.gated(*GATES)
    client, sample = at_browser(laboratory.analyst), laboratory.sample_for(COPIES)
    place = f"/api/v1/batches/{laboratory.batch.number}/imports/"
    rows = "".join(
        f"A0{well},{sample.container.code},{target},{copies}\n"
        for well, pair in enumerate(WELLS, 1)
        for target, copies in zip(("Transgene", "Reference"), pair, strict=True)
    )
    fields = {
        "id": str(uuid4()), "line": COPIES, "sample": str(sample.pk), "profile": "DDPCR-COPIES", "instrument": "DD-01",
        "file": SimpleUploadedFile("wells.csv", f"Well,Sample,Target,Copies (copies)\n{rows}".encode()),
    }  # fmt: skip

    kept = client.post(place, fields).json()

    assert kept["outlook"]["verdict"] == "meets"
    assert kept["outlook"]["workings"][0]["formula"] == "vcn_per_transduced_cell_by_copies version 1"
    assert [(one["member"], one["replicate"]) for one in kept["readings"]] == list(of_both(*WELLS))
    answer = client.post(
        f"{place}{kept['id']}/",
        json.dumps({"shown": kept["shown"]}),
        content_type="application/json",
        REMOTE_ADDR=STATION,
    )
    assert answer.status_code == 201
    assert client.get(f"{place}{kept['id']}/").json()["outlook"] is None
    profiles = {one["code"]: one for one in client.get("/api/v1/instrument-profiles/").json()}
    assert profiles["DDPCR-COPIES"]["values"][0]["member"] == "transgene_copies"
