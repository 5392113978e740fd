"""Methods at the bench: what is asked for, what is judged, what is signed, and what is never a pass."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Person
from accounts.offering import offer
from accounts.refusal import BadInput, Refused, Stale
from accounts.roles import Role
from batches.defining import warnings_about
from batches.models import Definition, Departure
from ledger import clock, guards
from ledger.models import Site
from ledger.verification import Verification, verify_records
from qc.dose.inputs import calculation_of
from qc.dose.rules import DoseVerdict
from qc.importing.checks import imports_say_what_their_files_say, plates_say_what_their_wells_say
from qc.importing.importing import import_file
from qc.importing.previewing import preview_of
from qc.laboratory.reviewing import people_who_entered
from qc.methods.in_force import methods_of
from qc.models import (
    CompleteData,
    OutOfSpecification,
    PlateWell,
    Reading,
    Result,
    ResultBasis,
    SuitabilityRecorded,
    TimedEvent,
)
from qc.release.taking_part import took_part
from qc.review_by_exception.exceptions import Criticality, Passed, RecordException
from qc.review_by_exception.reviewing import review_of
from qc.specifying import specification_of
from qc.values.verdicts import Verdict
from reports.record_gathering.measured import origin_of
from reports.record_gathering.names import Names
from reports.record_gathering.results import tests as gathered_tests
from reports.stated_results import typed_dose
from tests.guards_away import guards_away
from tests.importing_builders import WELLS
from tests.kept import kept_for_a_module
from tests.method_builders import (
    CAR,
    CAR_IS_FIT,
    DOSE,
    MYCOPLASMA,
    SET_BY_SITE,
    VIABILITY,
    MeasuringLaboratory,
    MethodLaboratory,
    methods_in_force,
    set_by_site,
    shipped,
)
from tests.people import STATION, a_person, at_browser, do, nothing_written
from tests.review_builders import exceptions_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[MeasuringLaboratory]:
    """A batch that was made under methods twenty days ago; its samples wait for the laboratory."""
    with kept_for_a_module(django_db_blocker):
        made = methods_in_force()
        clock.end_story()
        yield made


def objections(laboratory: MethodLaboratory, line: str, *, by: Person | None = None) -> list[str]:
    """The codes of everything that stands against the result of a line."""
    offered = offer("result.submit", laboratory.fresh(), by=by or laboratory.analyst, data={"line": line})
    return [one.code for one in offered.objections]


def posted(client: Client, place: str, data: object):
    return client.post(place, json.dumps(data), content_type="application/json", REMOTE_ADDR=STATION)


# A method comes into force


def test_a_method_belongs_to_the_site_and_comes_into_force_by_three_people(laboratory):
    row = Definition.objects.get(kind="method", code="TM-QC-027")

    assert row.product == ""
    assert len({row.signer_id, row.checked.signer_id, row.approval.signer_id}) == 3
    with nothing_written(), pytest.raises(Refused, match="version"):
        do(
            "definition.prepare", Site.objects.get(), by=laboratory.reviewer, kind="method",
            source=set_by_site("TM-QC-027"), change="The same again.",
        )  # fmt: skip


def test_a_method_with_a_limit_to_be_set_is_prepared_and_never_approved(laboratory):
    row = do(
        "definition.prepare", Site.objects.get(), by=laboratory.reviewer, kind="method",
        source=shipped("TM-QC-052"), change="First version.",
    )  # fmt: skip
    do("definition.check", row, by=laboratory.qa)

    with nothing_written(), pytest.raises(Refused, match="still to be set"):
        do("definition.approve", row, by=laboratory.qp, effective_from=clock.now().date().isoformat())


def test_whoever_approves_a_specification_reads_which_methods_are_not_approved_here(laboratory):
    warnings = warnings_about(laboratory.batch.specification)

    assert "TM-QC-052 version 1 is not approved here; its lines take values as typed." in warnings
    assert not any(code in says for code in SET_BY_SITE for says in warnings)


def test_a_method_approved_after_the_issue_changes_nothing_for_the_batch(laboratory):
    laboratory.defined("method", shipped("TM-QC-010"))

    batch = laboratory.fresh()
    found = methods_of(batch, specification_of(batch)).found

    assert ("TM-QC-027", 1) in found
    assert ("TM-QC-010", 1) not in found


def test_a_line_without_a_method_takes_its_value_as_before_and_the_page_says_so(laboratory):
    result = laboratory.tested("cd3_positive_percent")
    shown = at_browser(laboratory.analyst).get(laboratory.line("cd3_positive_percent").url).content.decode()

    assert result.verdict == Verdict.MEETS.value
    assert not ResultBasis.objects.filter(result=result).exists()
    assert "No method definition in force: TM-QC-022 version 1" in shown


# Replicates


def test_a_result_is_the_mean_of_all_replicates_at_full_precision(laboratory):
    laboratory.car_read("78.2", "79.1", "79.4")

    result = laboratory.submitted(CAR)

    basis = ResultBasis.objects.get(result=result)
    assert result.unrounded.startswith("78.9")
    assert len(result.readings) == 3
    (told,) = basis.workings
    assert Decimal(told["cv_percent"]).quantize(Decimal("0.01")) == Decimal("0.79")
    assert [one["value"] for one in told["replicates"]] == ["78.2\u2009%", "79.1\u2009%", "79.4\u2009%"]
    assert basis.flags == []


def test_a_replicate_is_recorded_once_and_no_more_than_the_method_reads(laboratory):
    laboratory.read(CAR, "39.5", replicate=1)

    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        laboratory.read(CAR, "39.6", replicate=1)
    with nothing_written(), pytest.raises(Refused, match="reads this value 3 times"):
        laboratory.read(CAR, "39.6", replicate=4)


def test_a_missing_replicate_keeps_the_result_pending(laboratory):
    for number, typed in enumerate(("39.5", "39.7"), 1):
        laboratory.read(CAR, typed, replicate=number)

    with nothing_written(), pytest.raises(Refused, match="car_positive_percent 3"):
        laboratory.submitted(CAR)


def test_replicates_too_far_apart_give_no_result(laboratory):
    laboratory.car_read("30.0", "39.7", "49.0")

    assert objections(laboratory, CAR) == ["replicates_apart"]
    with nothing_written(), pytest.raises(Refused, match=r"CV of at most 5 %\. Declare the measurement invalid"):
        laboratory.submitted(CAR)


def test_a_bound_among_the_replicates_is_never_averaged_away(laboratory):
    laboratory.car_read("< 10", "< 10", "< 10")

    result = laboratory.submitted(CAR)

    assert result.verdict == Verdict.FAILS.value
    assert result.reported.startswith("<")


def test_a_replicate_that_was_not_tested_leaves_no_number(laboratory):
    laboratory.read(CAR, "39.5", replicate=1)
    laboratory.read(CAR, "39.7", replicate=2)
    laboratory.read(CAR, "not_tested", replicate=3, reason="The well was spilled")

    result = laboratory.submitted(CAR)

    assert result.verdict == Verdict.INDETERMINATE.value


@pytest.mark.clause("21 CFR 211.194(a)(5)", "a result keeps how it was calculated, with formula, version and inputs")
def test_what_is_entered_is_calculated_by_the_formula_of_the_method(laboratory):
    laboratory.check(VIABILITY, "blank", "yes")
    laboratory.moment(VIABILITY, "stained")
    laboratory.moment(VIABILITY, "read")
    with nothing_written(), pytest.raises(BadInput, match="no value called viability_percent"):
        laboratory.read(VIABILITY, "95.0")
    for number, (viable, dead) in enumerate((("196", "4"), ("194", "6")), 1):
        laboratory.read(VIABILITY, viable, member="viable_counted", replicate=number)
        laboratory.read(VIABILITY, dead, member="dead_counted", replicate=number)

    result = laboratory.submitted(VIABILITY)

    (told,) = ResultBasis.objects.get(result=result).workings
    assert result.reported.startswith("98")
    assert told["formula"] == "viability_percent version 1"
    assert told["mean"].startswith("97.5")
    assert verify_records().findings == []


def dose_read(laboratory: MethodLaboratory, *replicates: tuple[str, str, str]) -> Result:
    """The CAR+ cells counted as their method asks for: viable cells, CD3+ and CAR+ shares of each replicate."""
    laboratory.check(DOSE, "compensation", "yes")
    for event in ("stained", "read"):
        laboratory.moment(DOSE, event)
    for number, typed in enumerate(replicates, 1):
        for member, value in zip(("viable_cells", "cd3_percent", "car_percent_of_cd3"), typed, strict=True):
            reason = "The tube was spilled" if value == "not_tested" else ""
            laboratory.read(DOSE, value, member=member, replicate=number, reason=reason)
    laboratory.kept(DOSE)
    result = laboratory.submitted(DOSE)
    laboratory.reviewed(result)
    return result


def test_the_dose_is_counted_from_the_mean_and_never_from_the_last_thing_that_was_read(laboratory):
    dose_read(laboratory, ("1500.00", "97.6", "41.0"), ("1510.00", "97.6", "41.0"))

    now = calculation_of(laboratory.fresh())

    assert now is not None
    assert Decimal(now.inputs["count"]["typed"]) == Decimal("602.2408")
    assert now.dose.verdict is not DoseVerdict.NOT_CALCULABLE
    assert typed_dose(laboratory.line(DOSE)).startswith("602.2408")


def test_there_is_no_dose_where_one_replicate_was_not_tested(laboratory):
    dose_read(laboratory, ("not_tested", "97.6", "41.0"), ("1510.00", "97.6", "41.0"))

    now = calculation_of(laboratory.fresh())

    assert now is not None
    assert now.inputs["count"]["typed"] == ""
    assert now.dose.verdict is DoseVerdict.NOT_CALCULABLE


def test_a_correction_after_submission_calculates_anew(laboratory):
    laboratory.car_read()
    result = laboratory.submitted(CAR)

    corrected = do(
        "result.correct", result, by=laboratory.analyst, member=CAR, replicate=2, typed="39.9",
        reason="Digits were swapped on paper",
    )  # fmt: skip

    (told,) = ResultBasis.objects.get(result=corrected).workings
    assert told["replicates"][1]["value"] == "39.9\u2009%"
    assert len(corrected.readings) == 3


# Suitability


def test_a_check_is_judged_as_it_is_entered_and_the_first_entry_stays(laboratory):
    first = laboratory.check(CAR, "untransduced", "2.4")
    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        laboratory.check(CAR, "untransduced", "0.4")

    second = laboratory.check(CAR, "untransduced", "0.4", corrects=first, reason="The gate of another sample was read")

    assert (first.verdict, second.verdict) == (Verdict.FAILS.value, Verdict.MEETS.value)
    shown = at_browser(laboratory.analyst).get(laboratory.line(CAR).url).content.decode()
    assert "The gate of another sample was read" in shown


@pytest.mark.parametrize(("check", "typed"), [("untransduced", "low"), ("instrument", "perhaps"), ("nothing", "1")])
def test_a_check_that_cannot_be_read_is_not_stored(laboratory, check, typed):
    with nothing_written(), pytest.raises(BadInput):
        laboratory.check(CAR, check, typed)


def test_a_run_whose_suitability_failed_can_only_be_declared_invalid(laboratory):
    laboratory.car_read(fit=CAR_IS_FIT | {"instrument": "no"})
    failed = SuitabilityRecorded.objects.get(check_code="instrument")

    with nothing_written(), pytest.raises(Refused, match="declare the measurement invalid"):
        laboratory.submitted(CAR)
    claim = do(
        "measurement.invalidate", laboratory.batch, by=laboratory.analyst, line=CAR, cause="control",
        says="The daily check of the instrument failed.", evidence=str(failed.pk),
    )  # fmt: skip
    do(
        "measurement.review_invalid", claim, by=laboratory.reviewer, is_confirmed="yes",
        says="The check failed before anything was read.",
    )  # fmt: skip

    assert claim.is_proven
    assert laboratory.line(CAR).run == 2
    assert not OutOfSpecification.objects.filter(line=CAR).exists()


def test_a_suitability_that_failed_after_the_reading_proves_nothing_and_never_lets_a_result_conform(laboratory):
    laboratory.car_read(fit={one: typed for one, typed in CAR_IS_FIT.items() if one != "instrument"})
    failed = laboratory.check(CAR, "instrument", "no")
    claim = do(
        "measurement.invalidate", laboratory.batch, by=laboratory.analyst, line=CAR, cause="control",
        says="The daily check of the instrument failed.", evidence=str(failed.pk),
    )  # fmt: skip

    assert not claim.is_proven
    assert objections(laboratory, CAR) == ["suitability_failed"]


def test_a_failing_run_whose_cause_is_not_proven_goes_the_way_of_a_result_out_of_specification(laboratory):
    laboratory.car_read("11.0", "11.1", "11.2", fit={"untransduced": "0.4", "events": "25000"})
    laboratory.check(CAR, "instrument", "no")
    do(
        "measurement.invalidate", laboratory.batch, by=laboratory.analyst, line=CAR, cause="control",
        says="The daily check of the instrument failed.", evidence=None,
    )  # fmt: skip

    result = laboratory.submitted(CAR)

    assert OutOfSpecification.objects.get(line=CAR).result == result
    assert ResultBasis.objects.get(result=result).flags


# Timed conditions


@pytest.mark.parametrize(("seconds", "beyond"), [(1799, False), (1800, False), (1801, True)])
def test_a_time_is_beyond_its_limit_from_the_first_second_after_it(laboratory, seconds, beyond):
    laboratory.sample_for(CAR)
    now = clock.now()
    laboratory.moment(CAR, "stained", performed_at=now - timedelta(seconds=seconds))

    read = laboratory.moment(CAR, "read", performed_at=now)

    assert Departure.objects.filter(about_id=read.pk).exists() is beyond


def test_a_time_beyond_its_limit_is_a_fact_that_is_raised_once_signed_and_proof_of_what_comes_after(laboratory):
    laboratory.car_read(minutes=42)
    departure = Departure.objects.get(about_type="qc.timedevent")
    read = TimedEvent.objects.get(event="read")

    again = laboratory.moment(
        CAR, "read", performed_at=clock.now(), corrects=read, reason="The clock of the cytometer was read"
    )
    result = laboratory.submitted(CAR)

    assert "42 min 0 s, limit 30 min" in departure.says
    assert Departure.objects.filter(about_type="qc.timedevent").count() == 1
    assert str(again.pk) in ResultBasis.objects.get(result=result).bench
    assert any("limit 30 min" in flag for flag in ResultBasis.objects.get(result=result).flags)


def test_a_moment_is_recorded_once_for_a_sample_and_never_in_the_future(laboratory):
    laboratory.moment(CAR, "stained")

    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        laboratory.moment(CAR, "stained")
    with nothing_written(), pytest.raises(Refused, match="future"):
        laboratory.moment(CAR, "read", performed_at=clock.now() + timedelta(minutes=5))


# Complete data


@pytest.mark.clause("21 CFR 211.194(a)(4)", "a result is signed once the complete data of its method are there")
def test_everything_that_the_method_asks_for_is_asked_for_before_a_result_is_signed(laboratory):
    for number, typed in enumerate(("39.5", "39.7", "39.9"), 1):
        laboratory.read(CAR, typed, replicate=number)

    codes = objections(laboratory, CAR)

    assert codes == ["suitability_missing"] * 3 + ["time_missing"] * 2 + ["complete_data_missing"]


def test_complete_data_are_the_file_of_the_person_who_keeps_them(laboratory):
    laboratory.sample_for(MYCOPLASMA)
    for check in ("positive_control", "negative_control", "inhibition_control"):
        laboratory.check(MYCOPLASMA, check, "yes")
    laboratory.read(MYCOPLASMA, "not_detected")
    with nothing_written(), pytest.raises(BadInput, match="does not ask for that"):
        laboratory.kept(MYCOPLASMA, "observation", says="Nothing was seen.")

    kept = laboratory.kept(MYCOPLASMA)
    result = laboratory.submitted(MYCOPLASMA)

    assert kept.file is not None
    assert ResultBasis.objects.get(result=result).bench[-1] == str(kept.pk)
    with pytest.raises(Refused, match="Correct the result instead"):
        laboratory.kept(MYCOPLASMA)
    assert CompleteData.objects.get() == kept


# Who reads what


def test_nobody_reviews_what_they_recorded_at_the_bench(laboratory):
    laboratory.car_read()
    laboratory.kept(CAR, by=laboratory.other_analyst)
    result = laboratory.submitted(CAR)

    assert {laboratory.analyst.reference, laboratory.other_analyst.reference} <= people_who_entered(result)
    assert took_part(laboratory.fresh(), laboratory.other_analyst) == ["recorded at the bench of a test"]


def test_the_reviewer_reads_what_the_result_rests_on(laboratory):
    laboratory.car_read(minutes=42)
    result = laboratory.submitted(CAR)

    shown = offer("result.review", result, by=laboratory.reviewer)
    lines = {line.label: line for line in signed_view(result).lines}

    assert shown.possible
    assert lines["CAR+ share of untransduced cells"].value.startswith("0.4 %")
    assert "CV 0.50 %" in lines["Mean"].value
    assert any(line.status == "warn" and "limit 30 min" in line.value for line in lines.values())


def signed_view(result):
    from qc.laboratory.reviewing import ReviewResult

    act = ReviewResult()
    return act.to_sign(act.find(result.pk), {})


def test_the_record_of_the_batch_carries_the_bench(laboratory):
    laboratory.car_read(minutes=42)
    laboratory.submitted(CAR)

    batch = laboratory.fresh()
    (assay,) = [one for one in gathered_tests(batch, Names(batch)) if one.code == CAR]

    told = " ".join([assay.versions[0].why, *(f"{one.what} {one.value}" for one in assay.bench)])
    assert "Complete data" in told
    assert "limit 30 min" in told
    assert "CV 0.50 %" in told


def test_the_checks_find_a_ledger_in_order(laboratory):
    laboratory.car_read(minutes=42)
    laboratory.submitted(CAR)

    assert verify_records().findings == []


@pytest.mark.sqlite_alone  # the guards are taken away inside the transaction of the test
def test_verification_names_what_was_changed_at_the_bench(laboratory):
    laboratory.car_read(minutes=42, fit=CAR_IS_FIT)
    result = laboratory.submitted(CAR)

    guards.remove(connection)
    try:
        SuitabilityRecorded.objects.filter(check_code="untransduced").update(typed="9.9")
        ResultBasis.objects.filter(result=result).update(workings=[])
        Departure.objects.filter(about_type="qc.timedevent").delete()
    finally:
        guards.install(connection)
    said = {one.says for one in verify_records().findings}

    assert "its verdict is not what was typed gives under its method" in said
    assert "its workings are not what its readings give" in said
    assert "stain_to_read is beyond its limit and raised nothing" in said


# What instruments give


def findings() -> list[str]:
    checks = (imports_say_what_their_files_say, plates_say_what_their_wells_say)
    return [str(finding) for check in checks for finding in check(Verification())]


def replicates(line: str) -> list[tuple[int, str]]:
    return list(Reading.objects.filter(line=line).order_by("replicate").values_list("replicate", "typed"))


@pytest.mark.clause("21 CFR 211.194(a)(4)", "what an instrument gave is kept replicate by replicate, as it gave it")
def test_each_row_of_a_file_is_a_replicate_and_the_mean_is_the_methods(laboratory):
    laboratory.car_prepared()
    row = laboratory.tubes("78.2", "79.1", "79.4")
    url = f"{laboratory.line(CAR).url}import/{row.pk}/"
    shown = at_browser(laboratory.analyst).get(url).content.decode()

    imported = laboratory.imported(row)
    result = laboratory.submitted(CAR)

    assert "replicate 2: as it stands: CAR+ of viable CD3+ (%)" in shown
    assert "TM-QC-027 version 1 takes their mean" in shown
    assert replicates(CAR) == [(1, "78.2"), (2, "79.1"), (3, "79.4")]
    assert {link.reading.replicate: link.rows for link in imported.readings.all()} == {1: [2], 2: [3], 3: [4]}
    assert [one["replicate"] for one in imported.calculated] == [1, 2, 3]
    assert result.unrounded.startswith("78.9")
    assert "replicate 2: as it stands: CAR+ of viable CD3+ (%); 3: 79.1" in origin_of(
        Reading.objects.get(line=CAR, replicate=2)
    )
    assert findings() == []
    with guards_away():
        Reading.objects.filter(line=CAR, replicate=2).update(replicate=9)
    assert any("its readings are not what its file says" in one for one in findings())


def test_replicates_that_a_file_does_not_have_are_typed(laboratory):
    row = laboratory.tubes("78.2", "79.1")
    words = preview_of(row).method_words

    laboratory.imported(row)
    laboratory.read(CAR, "79.4", replicate=3)

    assert words[0].startswith("TM-QC-027 version 1 asks for 3 replicates and takes their mean; the file has 2.")
    assert [number for number, _typed in replicates(CAR)] == [1, 2, 3]
    assert findings() == []
    (says,) = preview_of(laboratory.tubes("79.5")).sentences
    assert "reads this value 3 times" in says


def test_a_file_goes_on_behind_the_replicates_that_are_recorded(laboratory):
    laboratory.car_prepared()
    laboratory.read(CAR, "78.2")
    row = laboratory.tubes("79.1", "79.4")
    (words,) = preview_of(row).method_words
    page = at_browser(laboratory.analyst).get(laboratory.line(CAR).url).content.decode()

    imported = laboratory.imported(row)

    assert words.startswith("It goes on at replicate 2; those before are recorded.")
    assert f"{laboratory.line(CAR).url}import/" in page
    assert replicates(CAR) == [(1, "78.2"), (2, "79.1"), (3, "79.4")]
    assert {link.reading.replicate: link.rows for link in imported.readings.all()} == {2: [2], 3: [3]}
    assert laboratory.submitted(CAR).unrounded.startswith("78.9")
    assert findings() == []
    with guards_away():
        Reading.objects.filter(line=CAR, replicate=3).update(replicate=9)
    assert any("its readings are not what its file says" in one for one in findings())


def test_what_was_there_when_a_file_came_stays_what_it_was_read_beside(laboratory):
    laboratory.read(CAR, "78.2")
    laboratory.imported(laboratory.tubes("79.1"))
    laboratory.read(CAR, "79.4", replicate=3)
    first = Reading.objects.get(line=CAR, replicate=1)

    laboratory.read(CAR, "78.3", corrects=first, reason="Digits were swapped.")

    assert findings() == []


def test_a_value_that_was_typed_while_a_file_was_looked_at_changes_where_it_goes_on(laboratory):
    row = laboratory.tubes("79.1")
    shown = preview_of(row).digest
    laboratory.read(CAR, "78.2")

    with nothing_written(), pytest.raises(Stale):
        import_file(row=row, shown=shown, by=laboratory.analyst)


def test_the_same_file_is_not_counted_twice_in_a_run(laboratory):
    laboratory.imported(laboratory.tubes("79.1"))
    again = laboratory.tubes("79.1")

    with nothing_written(), pytest.raises(Refused, match="not counted twice"):
        laboratory.imported(again)


def test_a_plate_goes_on_behind_replicates_that_lie_too_far_apart(laboratory):
    laboratory.read("potency", "100")
    laboratory.typed(WELLS)

    assert replicates("potency") == [(1, "100"), (2, "251"), (3, "249"), (4, "252")]
    assert findings() == []


def test_a_plate_with_more_than_the_method_reads_behind_a_replicate_records_none(laboratory):
    laboratory.read("potency", "251")

    with nothing_written(), pytest.raises(Refused, match="further replicates only where"):
        laboratory.typed(WELLS)


def test_a_plate_that_is_recorded_already_says_so(laboratory):
    laboratory.typed(WELLS)

    with nothing_written(), pytest.raises(Refused, match="a plate that is recorded already"):
        laboratory.typed(WELLS)


def test_a_file_with_more_replicates_than_the_method_reads_records_none(laboratory):
    row = laboratory.tubes("78.2", "79.1", "79.4", "79.5")

    with nothing_written(), pytest.raises(Refused, match=r"Line 5: .* reads this value 3 times") as refused:
        laboratory.imported(row)
    assert refused.value.status == 422


def test_each_sample_well_of_a_plate_is_a_replicate(laboratory):
    plate = laboratory.typed(WELLS)

    wells = {one.reading.replicate: one.wells for one in plate.readings.all()}
    assert replicates("potency") == [(1, "251"), (2, "249"), (3, "252")]
    assert wells == {1: ["A03"], 2: ["B03"], 3: ["C03"]}
    assert verify_records().findings == []
    with nothing_written():
        assert laboratory.typed(WELLS, id=plate.pk) == plate
    with guards_away():
        PlateWell.objects.filter(plate=plate, well="B03").update(typed="999")
    assert any("its value is not what its wells say" in one for one in findings())


# What a reviewer of exceptions sees


def the_only(laboratory: MethodLaboratory, rule: str) -> RecordException:
    (one,) = exceptions_of(laboratory.batch, rule)
    return one


def test_a_time_beyond_its_limit_is_an_exception_of_its_own_rule_that_a_deviation_judges(laboratory):
    laboratory.car_read(minutes=42)

    one = the_only(laboratory, "timed_conditions")

    assert (one.is_open, one.is_judged_here) == (True, False)
    assert "limit 30 min" in one.found.says
    assert passed(laboratory, "timed_conditions").count == "0 of 1"


def test_a_suitability_that_failed_is_an_exception_also_where_it_was_corrected(laboratory):
    first = laboratory.check(CAR, "untransduced", "2.4")
    before = the_only(laboratory, "suitability")
    laboratory.check(CAR, "untransduced", "0.4", corrects=first, reason="The gate of another sample was read")

    after = the_only(laboratory, "suitability")

    assert (after.row_id, after.is_open, after.is_judged_here) == (first.pk, True, True)
    assert after.key != before.key
    assert (after.found.old[:3], after.found.new[:3]) == ("2.4", "0.4")
    assert after.found.reason == "The gate of another sample was read"
    assert passed(laboratory, "suitability").count == "1 of 1"


def test_further_replicates_are_an_exception(laboratory):
    laboratory.typed(WELLS | {"A03": "100", "C03": "300"})
    assert exceptions_of(laboratory.batch, "further_replicates") == []

    laboratory.read("potency", "255", replicate=4)

    one = the_only(laboratory, "further_replicates")
    assert one.found.new == "potency 4: 255"
    assert "asks for 3" in one.found.says
    assert passed(laboratory, "further_replicates").count == "0 of 1"


def test_a_value_of_an_instrument_that_was_replaced_by_hand_is_a_critical_exception(laboratory):
    laboratory.imported(laboratory.tubes("78.2", "79.1", "79.4"))
    wrong = Reading.objects.get(line=CAR, replicate=2)

    laboratory.read(CAR, "97.1", replicate=2, corrects=wrong, reason="Digits were swapped in the file")

    one = the_only(laboratory, "corrected_results")
    assert (one.criticality, one.found.old, one.found.new) == (Criticality.CRITICAL, "79.1", "97.1")
    assert one.found.says == "A value that an instrument gave was replaced by one that was typed."


def test_a_submitted_value_of_an_instrument_that_was_replaced_says_so(laboratory):
    laboratory.car_prepared()
    laboratory.imported(laboratory.tubes("78.2", "79.1", "79.4"))
    result = laboratory.submitted(CAR)
    do(
        "result.correct", result, by=laboratory.analyst, member=CAR, replicate=2, typed="79.2",
        reason="Digits were swapped in the file",
    )  # fmt: skip

    assert "an instrument gave" in the_only(laboratory, "corrected_results").found.says


def passed(laboratory: MethodLaboratory, rule: str) -> Passed:
    return next(check.passed for check in review_of(laboratory.fresh()).checks if check.rule.code == rule)


# Pages and programs


def test_the_page_records_moments_suitability_and_files_and_shows_them(laboratory):
    browser, url = at_browser(laboratory.analyst), laboratory.line(CAR).url
    sample = str(laboratory.sample_for(CAR).pk)

    moment = {"id": str(uuid4()), "event": "stained", "sample": sample, "method": "TM-QC-027"}
    check = {"id": str(uuid4()), "check": "untransduced", "typed": "0,4", "method": "TM-QC-027"}
    file = {"id": str(uuid4()), "kind": "file", "method": "TM-QC-027"}
    upload = BytesIO(b"replicate;value\n1;39.5\n")
    upload.name = "FC-01_0042.csv"
    answers = [
        browser.post(f"{url}moments/", moment),
        browser.post(f"{url}suitability/", check),
        browser.post(f"{url}complete-data/", file | {"file": upload}),
    ]
    shown = browser.get(url).content.decode()

    assert [one.status_code for one in answers] == [303, 303, 303]
    assert "Method in force: TM-QC-027 version 1" in shown
    assert "0.4 %" in shown
    assert "FC-01_0042.csv" in shown


def test_the_page_keeps_what_cannot_be_read_with_its_reason(laboratory):
    browser, url = at_browser(laboratory.analyst), laboratory.line(CAR).url

    with nothing_written():
        answer = browser.post(f"{url}suitability/", {"id": str(uuid4()), "check": "untransduced", "typed": "low"})

    assert answer.status_code == 422
    assert "must be a number" in answer.content.decode()


def test_a_program_records_and_reads_the_same(laboratory):
    client, number = at_browser(laboratory.analyst), laboratory.batch.number
    sample = str(laboratory.sample_for(CAR).pk)
    base, long_ago = f"/api/v1/batches/{number}", (clock.now() - timedelta(minutes=42)).isoformat()

    posted(client, f"{base}/test-moments/", {"id": str(uuid4()), "line": CAR, "event": "stained", "sample": sample, "performed_at": long_ago})  # fmt: skip  # noqa: E501
    read = posted(client, f"{base}/test-moments/", {"id": str(uuid4()), "line": CAR, "event": "read", "sample": sample})
    check = posted(client, f"{base}/suitability/", {"id": str(uuid4()), "line": CAR, "check": "events", "typed": "90"})
    data = posted(client, f"{base}/complete-data/", {"id": str(uuid4()), "line": CAR, "kind": "file", "file": str(uuid4())})  # fmt: skip  # noqa: E501

    assert read.json()["departure"] is not None
    assert check.json()["verdict"] == "fails"
    assert data.status_code == 409
    for path, table in (
        ("test-moments", TimedEvent),
        ("suitability", SuitabilityRecorded),
        ("complete-data", CompleteData),
    ):
        listed = client.get(f"{base}/{path}/", REMOTE_ADDR=STATION).json()["results"]
        assert len(listed) == table.objects.count()


def test_only_an_analyst_records_at_the_bench(laboratory):
    client = at_browser(a_person(Role.LOGISTICS))
    body = {"id": str(uuid4()), "line": CAR, "check": "events", "typed": "90000"}

    with nothing_written():
        answer = posted(client, f"/api/v1/batches/{laboratory.batch.number}/suitability/", body)

    assert answer.status_code == 403
    assert not Reading.objects.filter(line=CAR).exists()
