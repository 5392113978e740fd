"""At the bench: what is not applicable, steps left out, notes, files and evidence, shifts, and who works on what."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.panels import work_for
from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from batches.completeness import objections_to_record
from batches.judging import Verdict
from batches.models import (
    BatchState,
    Departure,
    ShiftHandOver,
    ShiftTakenOver,
    StepFile,
    StepStart,
)
from batches.noting import add_file, add_note
from batches.performing import correct_value, start_step
from batches.record import Status, record_of
from ledger import clock, files
from ledger.verification import verify_records
from reports.record_gathering.names import Names
from reports.record_gathering.steps import stages
from tests.bench_builders import PHOTO, Bench
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db
WHY = "The whole volume was used."


@pytest.fixture(scope="module")
def issued(django_db_setup: None, django_db_blocker: object) -> Iterator[Bench]:
    """An issued batch whose identity step is done."""
    with kept_for_a_module(django_db_blocker):
        world = Bench()
        world.done("1.1")
        yield world


@pytest.fixture
def counting(issued: Bench) -> Bench:
    """The same batch with its count begun."""
    issued.begun(issued.fresh(), "1.2")
    return issued


# What is not applicable


def test_what_need_not_be_recorded_is_not_applicable_with_its_reason_and_never_a_number(counting):
    stored = counting.not_applicable("1.2", "spare_ml", WHY)

    assert stored.shown == f"N/A: {WHY}"
    assert stored.value.number is None
    assert stored.verdict is Verdict.NOT_JUDGED
    field = counting.step("1.2").field("spare_ml")
    assert field is not None
    assert (field.shown, field.verdict, field.number) == (f"N/A: {WHY}", Verdict.NOT_JUDGED, None)


def test_a_choice_that_is_not_applicable_is_not_judged_by_what_is_expected(counting):
    stored = counting.not_applicable("1.2", "colour", "The bag is opaque.")

    assert stored.departure is None
    assert Departure.objects.filter(batch=counting.batch).count() == 0


@pytest.mark.parametrize("why", ["", "   ", "too short", " nine char"])
def test_why_it_is_not_applicable_is_said_in_ten_characters(counting, why):
    with nothing_written(), pytest.raises(BadInput, match="10 to 1,000"):
        counting.not_applicable("1.2", "spare_ml", why)


def test_what_must_be_recorded_is_never_not_applicable(counting):
    with nothing_written(), pytest.raises(BadInput, match="must be recorded"):
        counting.not_applicable("1.2", "cells_received", WHY)


@pytest.mark.clause("21 CFR 211.188(b)", "no field is blank when its step is signed: it has a value or a reason")
def test_no_blank_survives_a_signature(counting):
    for field, typed in (("cells_received", "2000"), ("concentration", "20.0"), ("colour", "red")):
        counting.typed("1.2", field, typed)
    counting.at("1.2", "drawn_at", clock.now())
    counting.photographed()
    start = StepStart.objects.get(batch=counting.batch, step="1.2")

    with nothing_written(), pytest.raises(Refused) as refused:
        do("step.perform", start, by=fresh(counting.technician))
    assert [str(one) for one in refused.value.objections] == ["Enter: Spare volume, or say why it is not applicable."]

    counting.not_applicable("1.2", "spare_ml", WHY)
    counting.performed(counting.batch, "1.2")
    assert counting.step("1.2").status is Status.COMPLETE
    assert verify_records().findings == []


def test_a_quantity_that_rests_on_what_is_not_applicable_is_not_calculable_and_blocks_nothing(counting):
    counting.not_applicable("1.2", "spare_ml", WHY)
    counting.filled("1.2")
    counting.photographed()

    (spare,) = counting.step("1.2").derived
    assert spare.result is None
    assert spare.shown == "– (Volume is missing.)"
    performed = counting.performed(counting.batch, "1.2")
    assert performed.derived[0]["result"] is None


def test_what_was_not_applicable_becomes_a_value_and_back(counting):
    first = counting.not_applicable("1.2", "spare_ml", WHY).value
    by = fresh(counting.technician)
    second = correct_value(value=first, typed="2.5", reason="A rest was found.", by=by, id=uuid4()).value
    assert (second.is_not_applicable, str(second.number)) == (False, "2.5")

    third = correct_value(
        value=second, typed=WHY, reason="It was another bag's rest.", by=by, id=uuid4(), not_applicable=True
    ).value

    assert third.is_not_applicable
    field = counting.step("1.2").field("spare_ml")
    assert field is not None
    assert [field.words_of(value) for value in field.values] == [f"N/A: {WHY}", "2.5\u2009mL", f"N/A: {WHY}"]
    with nothing_written(), pytest.raises(Refused, match="same as the old one"):
        correct_value(value=third, typed=WHY, reason="It is the same.", by=by, id=uuid4(), not_applicable=True)


def test_a_signed_value_becomes_not_applicable_under_a_signature_and_the_step_is_signed_again(counting):
    counting.filled("1.2")
    counting.photographed()
    counting.performed(counting.batch, "1.2")

    do("value.correct", counting.value("spare_ml"), by=fresh(counting.technician), typed=WHY,
       reason="The rest was of another bag.", not_applicable=True)  # fmt: skip

    assert counting.step("1.2").status is Status.NEEDS_AGAIN
    departure = Departure.objects.get(batch=counting.batch)
    assert f"from 2.5\u2009mL to N/A: {WHY}" in departure.says
    counting.performed(counting.batch, "1.2")
    assert counting.step("1.2").status is Status.COMPLETE


def test_a_repeat_says_the_same_or_is_refused(counting):
    key = uuid4()
    first = counting.not_applicable("1.2", "spare_ml", "12345678901", id=key)
    with nothing_written():
        assert counting.not_applicable("1.2", "spare_ml", "12345678901", id=key).value == first.value
        with pytest.raises(SameIdOtherContent):
            counting.typed("1.2", "spare_ml", "12345678901"[:4], id=key)


# Steps that may be left out, and what order protects


def test_an_optional_step_is_left_out_with_its_reason_and_the_order_goes_on(issued):
    issued.done("1.2")
    issued.left_out("The supernatant was clear.")

    step = issued.step("1.3")
    assert step.status is Status.LEFT_OUT
    assert issued.fresh().state.stage == "selection"
    assert not any(one.field == "1.3" for one in objections_to_record(issued.batch))
    issued.begun(issued.batch, "2.1")
    with nothing_written(), pytest.raises(Refused, match="was left out"):
        start_step(batch=issued.fresh(), step="1.3", by=fresh(issued.technician), id=uuid4())
    assert verify_records().findings == []


@pytest.mark.parametrize(
    ("step", "done", "says"),
    [
        ("1.3", [], "Step 1.2 isn't finished"),
        ("2.2", ["1.2"], "can't be left out"),
        ("9.9", ["1.2"], "has no step 9.9"),
    ],
)
def test_what_is_not_left_out(issued, step, done, says):
    for code in done:
        issued.done(code)
    with nothing_written(), pytest.raises(Refused, match=says):
        do("step.leave_out", issued.fresh(), by=fresh(issued.technician), step=step, reason="It was not needed.")


def test_a_step_that_was_begun_is_not_left_out_nor_without_a_reason_nor_by_others(issued):
    issued.done("1.2")
    analyst = a_person(Role.QC_ANALYST)
    for by, reason, kind in ((issued.technician, "short", BadInput), (analyst, "It was not needed.", NotAllowed)):
        with nothing_written(), pytest.raises(kind):
            do("step.leave_out", issued.fresh(), by=fresh(by), step="1.3", reason=reason)
    issued.begun(issued.fresh(), "1.3")
    with nothing_written(), pytest.raises(Refused, match="was begun"):
        do("step.leave_out", issued.fresh(), by=fresh(issued.technician), step="1.3", reason="It was not needed.")


def test_order_is_hard_where_it_protects_cells_and_wants_a_reason_where_it_protects_the_record(issued):
    by = fresh(issued.technician)
    issued.decided(issued.fresh())
    with nothing_written(), pytest.raises(Refused) as refused:
        start_step(batch=issued.fresh(), step="2.1", by=by, id=uuid4(), reason="I want to go on now.")
    assert [str(one) for one in refused.value.objections] == [
        f"Step {code} isn't finished. Finish it first. The order protects the sterility of the cells."
        for code in ("1.2", "1.3")
    ]
    with nothing_written(), pytest.raises(Refused, match=r"Step 1\.2 is open. Finish it first, or go on with a reason"):
        start_step(batch=issued.fresh(), step="1.3", by=by, id=uuid4())

    start_step(batch=issued.fresh(), step="1.3", by=by, id=uuid4(), reason="The counter is busy.")

    assert issued.step("1.2").status is Status.NOT_STARTED
    assert Departure.objects.get(batch=issued.batch).kind == Departure.Kind.ORDER


# Starting material


@pytest.mark.parametrize(
    ("decision", "reason", "kinds"),
    [
        ("accepted", "", []),
        ("departure", "The volume was 4 mL too low.", ["material"]),
    ],
)
def test_cells_are_opened_once_starting_material_was_accepted(issued, decision, reason, kinds):
    issued.done("1.2")
    issued.left_out()
    by = fresh(issued.technician)
    with nothing_written(), pytest.raises(Refused, match="Nobody has decided on the starting material"):
        start_step(batch=issued.fresh(), step="2.1", by=by, id=uuid4())

    issued.decided(issued.fresh(), decision, reason)
    start_step(batch=issued.fresh(), step="2.1", by=by, id=uuid4())

    assert [row.kind for row in Departure.objects.filter(batch=issued.batch)] == kinds
    with nothing_written(), pytest.raises(Refused, match="decided on already"):
        do("starting_material.decide", issued.fresh(), by=fresh(issued.qa), decision="accepted")
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 211.110", "rejected starting material is not opened, and the rejection is assessed")
def test_rejected_starting_material_is_not_opened_and_is_a_departure(issued):
    issued.done("1.2")
    issued.left_out()
    row = issued.decided(issued.fresh(), "rejected", "The bag leaks at its port.")

    assert row.meaning == "rejected"
    assert "a new collection is asked for: The bag leaks at its port." in Departure.objects.get().says
    with nothing_written(), pytest.raises(Refused, match="Don't process it"):
        start_step(batch=issued.fresh(), step="2.1", by=fresh(issued.technician), id=uuid4())


@pytest.mark.parametrize(
    ("decision", "reason"), [("rejected", ""), ("departure", "too short"), ("accepted", "It is fine."), ("other", "")]
)
def test_a_decision_on_starting_material_has_a_reason_exactly_where_it_departs(issued, decision, reason):
    with nothing_written(), pytest.raises(Refused):
        do("starting_material.decide", issued.fresh(), by=fresh(issued.qa), decision=decision, reason=reason)
    with nothing_written(), pytest.raises(NotAllowed):
        do("starting_material.decide", issued.fresh(), by=fresh(issued.technician), decision="accepted")


# Notes, files, evidence


def test_a_note_is_taken_at_any_time_and_never_in_the_future(issued):
    by = fresh(issued.technician)
    key = uuid4()
    note = add_note(batch=issued.fresh(), step="1.1", says="The label is hard to read.", by=by, id=key)

    with nothing_written():
        assert add_note(batch=issued.fresh(), step="1.1", says="The label is hard to read.", by=by, id=key) == note
        with pytest.raises(SameIdOtherContent):
            add_note(batch=issued.fresh(), step="1.1", says="Another text", by=by, id=key)
        later = clock.now() + timedelta(minutes=5)
        with pytest.raises(Refused, match="future"):
            add_note(batch=issued.fresh(), step="1.1", says="Not yet.", by=by, id=uuid4(), happened_at=later)
        with pytest.raises(BadInput):
            add_note(batch=issued.fresh(), step="1.1", says=" x ", by=by, id=uuid4())
        with pytest.raises(NotAllowed):
            add_note(batch=issued.fresh(), step="1.1", says="Hello", by=fresh(issued.logistics), id=uuid4())
    assert [row.says for row in issued.step("1.1").notes] == ["The label is hard to read."]
    assert issued.step("1.1").status is Status.COMPLETE


def test_a_step_is_not_signed_before_its_evidence_is_there(counting):
    counting.filled("1.2")
    start = StepStart.objects.get(batch=counting.batch, step="1.2")
    counting.photographed(evidence="")
    with nothing_written(), pytest.raises(Refused, match="Add the file: Photograph of the bag"):
        do("step.perform", start, by=fresh(counting.technician))

    counting.photographed(evidence="photo")
    counting.performed(counting.batch, "1.2")

    assert counting.step("1.2").status is Status.COMPLETE


def test_only_ones_own_stored_file_is_kept_with_a_step_and_only_as_what_the_step_asks_for(counting):
    by = fresh(counting.technician)
    others = counting.stored(by=counting.logistics)
    mine = counting.stored(b"%PDF-1.4 a curve")
    batch = counting.fresh()
    with nothing_written():
        wrong = ((others, "", "isn't stored here"), (None, "", "isn't stored here"), (mine, "x", "no such file"))
        for file, evidence, says in wrong:
            with pytest.raises(BadInput, match=says):
                add_file(batch=batch, step="1.2", file=file, title="", evidence=evidence, by=by, id=uuid4())
    row = add_file(batch=batch, step="1.2", file=mine, title="", by=by, id=uuid4())
    assert row.title == "bag.png"


def test_pages_take_a_note_and_a_file_and_hand_the_file_out_only_as_it_was(counting):
    browser = at_browser(counting.technician)
    here = f"/batches/{counting.batch.number}/steps/1.2/"
    sent = {"id": str(uuid4()), "title": "Bag", "evidence": "photo", "file": SimpleUploadedFile("../bag.png", PHOTO)}
    assert browser.post(f"{here}files/", sent).status_code == 303
    assert browser.post(f"{here}notes/", {"id": str(uuid4()), "says": "<b>dark</b> drops"}).status_code == 303
    assert browser.post(f"{here}files/", {"id": str(uuid4())}).status_code == 400

    page = browser.get(here).content.decode()
    row = StepFile.objects.get()
    assert row.file.sha256 in page
    assert "&lt;b&gt;dark&lt;/b&gt; drops" in page
    answer = browser.get(f"{here}files/{row.pk}/")
    assert (answer.content, answer["X-Content-Type-Options"]) == (PHOTO, "nosniff")
    assert browser.get(f"/batches/{counting.batch.number}/steps/1.1/files/{row.pk}/").status_code == 404
    files.path_of(row.file.sha256).write_bytes(PHOTO + b"x")
    try:
        assert "Differs from the record" in browser.get(here).content.decode()
        assert browser.get(f"{here}files/{row.pk}/").status_code == 409
    finally:
        files.path_of(row.file.sha256).write_bytes(PHOTO)


# Who works on a step


def test_somebody_elses_step_is_for_reading_until_one_goes_on(counting):
    browser = at_browser(counting.second)
    here = f"/batches/{counting.batch.number}/steps/1.2/"
    page = browser.get(here).content.decode()

    name = counting.technician.name
    assert f"Someone else is working on this step: {name}, since" in page
    assert 'name="field" value="cells_received"' not in page
    assert 'name="field" value="cells_received"' in browser.get(f"{here}?go_on=yes").content.decode()
    sent = {"id": str(uuid4()), "field": "cells_received", "typed": "2000"}
    assert browser.post(f"{here}value/", sent).status_code == 303
    assert "Someone else is working" not in browser.get(here).content.decode()
    assert counting.value("cells_received").actor == counting.second.reference
    own = at_browser(counting.technician).get(here).content.decode()
    assert "Someone else is working" not in own


def test_the_step_at_hand_stays_readable_on_a_locked_screen_and_no_other(counting):
    browser = at_browser(counting.technician)
    here = f"/batches/{counting.batch.number}/steps"
    counting.typed("1.2", "cells_received", "2000")
    browser.get(f"{here}/1.2/")
    browser.post("/lock/", {"next": f"{here}/1.2/"})

    locked = browser.get("/unlock/").content.decode()
    assert "Draw a sample and count it." in locked
    assert counting.batch.number in locked
    assert "2000" in locked
    answer = browser.get(f"{here}/2.2/", follow=True)
    assert "Count the selected cells." not in answer.content.decode()
    assert 'name="typed"' not in locked


def test_a_finished_step_is_not_shown_on_a_locked_screen(issued):
    browser = at_browser(issued.technician)
    browser.get(f"/batches/{issued.batch.number}/steps/1.1/")
    browser.post("/lock/", {"next": "/"})

    assert "Scan the bag." not in browser.get("/unlock/").content.decode()


# Shifts


def test_a_shift_is_handed_over_and_taken_over_by_somebody_else_who_is_trained(counting):
    given = do("batch.hand_over_shift", counting.fresh(), by=fresh(counting.technician), says="The count is open.")
    assert isinstance(given, ShiftHandOver)
    assert given.open_steps == ["1.2"]
    stranger = a_person(Role.TECHNICIAN)
    for by, says in ((counting.technician, "Somebody else"), (stranger, "aren't trained")):
        with nothing_written(), pytest.raises(Refused, match=says):
            do("batch.take_over_shift", given, by=fresh(by))
    words = f"Take over {counting.batch.number}"
    assert words in [task.title for task in work_for(fresh(counting.second))]
    assert words not in [task.title for task in work_for(fresh(counting.technician))]
    assert words not in [task.title for task in work_for(stranger)]
    page = at_browser(counting.second).get(f"/batches/{counting.batch.number}/").content.decode()
    assert "The count is open." in page

    taken = do("batch.take_over_shift", given, by=fresh(counting.second))

    assert isinstance(taken, ShiftTakenOver)
    with nothing_written(), pytest.raises(Refused, match="taken over already"):
        do("batch.take_over_shift", given, by=fresh(counting.checker))
    assert words not in [task.title for task in work_for(fresh(counting.second))]
    assert verify_records().findings == []


def test_a_newer_hand_over_takes_the_place_of_one_that_nobody_took(counting):
    first = do("batch.hand_over_shift", counting.fresh(), by=fresh(counting.technician), says="The count is open.")
    second = do("batch.hand_over_shift", counting.fresh(), by=fresh(counting.checker), says="Still open, go on.")

    with nothing_written(), pytest.raises(Refused, match="newer hand-over"):
        do("batch.take_over_shift", first, by=fresh(counting.second))
    do("batch.take_over_shift", second, by=fresh(counting.second))
    BatchState.objects.filter(batch=counting.batch).update(disposition="certified")
    with nothing_written(), pytest.raises(Refused, match="decided on"):
        do("batch.hand_over_shift", counting.fresh(), by=fresh(counting.second), says="There is nothing.")


# Programs


def test_programs_read_and_write_all_of_it(counting):
    browser = at_browser(counting.technician)
    api = f"/api/v1/batches/{counting.batch.number}"
    sent = {"id": str(uuid4()), "field": "spare_ml", "typed": WHY, "not_applicable": True}
    answer = browser.post(f"{api}/steps/1.2/values/", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["shown"], answer.json()["verdict"]) == (201, f"N/A: {WHY}", "not_judged")
    stored = browser.post("/api/v1/files/", {"file": SimpleUploadedFile("bag.png", PHOTO)}).json()["id"]
    named = {"id": str(uuid4()), "file": stored, "evidence": "photo"}
    assert browser.post(f"{api}/steps/1.2/files/", named, content_type="application/json").status_code == 201
    note = {"id": str(uuid4()), "says": "It is dark."}
    assert browser.post(f"{api}/steps/1.2/notes/", note, content_type="application/json").status_code == 201

    step = browser.get(f"{api}/steps/1.2/").json()
    assert step["at_work"]["name"] == counting.technician.name
    assert [one["there"] for one in step["evidence"]] == [True, False]
    assert step["notes"][0]["says"] == "It is dark."
    assert step["files"][0]["evidence"] == "photo"
    bench = browser.get(f"{api}/bench/").json()
    assert bench["open_steps"] == ["1.2"]
    assert bench["starting_material"]["decision"] is None
    assert [one["state"] for one in bench["hold_times"]] == ["not_started", "not_started"]
    assert [one["status"] for one in browser.get(f"{api}/yields/").json()] == ["waiting"]
    for address in ("bench/", "yields/", "steps/1.2/"):
        assert at_browser(a_person(Role.ADMINISTRATOR)).get(f"{api}/{address}").status_code == 403


def test_the_pages_of_a_batch_show_what_stands_at_the_bench(issued):
    issued.selected()
    browser = at_browser(issued.reviewer)
    for tab, words in (
        ("", ["Starting material", "accepted", "From draw to opening", "Kept", "Shift"]),
        ("steps/", ["Left out", "The supernatant was clear."]),
        ("in-process/", ["Yields", "50.0\u2009%", "Waits to be verified"]),
        ("steps/1.3/", ["Left out:", "The supernatant was clear."]),
        ("steps/2.2/", ["Open cells"]),
    ):
        answer = browser.get(f"/batches/{issued.batch.number}/{tab}")
        assert answer.status_code == 200
        for word in words:
            assert word in answer.content.decode(), (tab, word)


def test_the_record_that_is_exported_says_all_of_it(counting):
    counting.not_applicable("1.2", "spare_ml", WHY)
    counting.filled("1.2")
    counting.photographed()
    add_note(batch=counting.fresh(), step="1.2", says="It is dark.", by=fresh(counting.technician), id=uuid4())
    given = do("batch.hand_over_shift", counting.fresh(), by=fresh(counting.technician), says="Go on with the wash.")
    do("batch.take_over_shift", given, by=fresh(counting.second))
    counting.performed(counting.batch, "1.2")
    counting.left_out("The supernatant was clear.")
    counting.done("2.1")
    counting.done("2.2")
    do("yield.verify", counting.fresh(), by=fresh(counting.checker), yield_code="selection")

    record = stages(record_of(counting.fresh()), Names(counting.batch))
    steps = {step.code: step for stage in record for step in stage.steps}
    said = {code: " ".join(step.remarks) for code, step in steps.items()}

    spare = next(value for value in steps["1.2"].values if value.title == "Spare volume")
    assert (spare.value, spare.evaluation.words) == (f"N/A: {WHY}", "Not applicable")
    assert "Note: It is dark." in said["1.2"]
    assert "SHA-256" in said["1.2"]
    assert "Left out: The supernatant was clear." in said["1.3"]
    assert "Starting material accepted." in said["2.1"]
    assert "Yield, Selection: 50.0\u2009%" in said["2.2"]
    assert f"{counting.checker.name} (" in said["2.2"]
    assert "Hold time, Open cells: Kept." in said["2.2"]
    assert "Go on with the wash." in record[0].note
