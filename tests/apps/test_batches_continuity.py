"""Working through an outage: editions, numbered copies, and what was entered back from them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import Person, SecurityEvent
from accounts.panels import work_for
from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from batches.completeness import objections_to_record
from batches.continuity import JOB, newest_edition, objections_to_copies, take_copy
from batches.identity import batch_of
from batches.models import (
    Batch,
    ContinuityCopy,
    ContinuityCopyAccounted,
    ContinuityRecord,
    Departure,
    StepPerformed,
    StepStart,
    Value,
)
from batches.performing import correct_value, start_step
from batches.record import Status
from batches.transcribing import begin_transcription, record_from_paper, scan_from_paper
from ledger import clock, files, outbox
from ledger.models import OutboxJob
from ledger.verification import verify_records
from reports.record_gathering.names import Names
from reports.record_gathering.steps import stages
from tests.batches_builders import step_of
from tests.documents_builders import pages_of, squeezed
from tests.guards_away import as_owner
from tests.kept import kept_for_a_module
from tests.paper_builders import PaperWorld, a_copy, a_scan, codes_of, compared, entered, read, said
from tests.people import a_person, administrators, at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[PaperWorld]:
    """A batch whose first step is complete, and a copy of what is left."""
    with kept_for_a_module(django_db_blocker):
        made = PaperWorld()
        made.batch = made.worked(made.issued(), before="1.2")  # type: ignore[attr-defined]  # kept with its world
        made.copy = a_copy(made.batch, by=made.technician)  # type: ignore[attr-defined]  # as above
        made.decided(made.batch)  # type: ignore[attr-defined]  # as above
        yield made


@pytest.fixture
def batch(world: PaperWorld) -> Batch:
    return batch_of(world.batch.pk)  # type: ignore[attr-defined]  # kept with its world


@pytest.fixture
def copy(world: PaperWorld) -> ContinuityCopy:
    return ContinuityCopy.objects.select_related("record", "file").get(
        pk=world.copy.pk  # type: ignore[attr-defined]  # kept with its world
    )


def start_of(batch: Batch, step: str = "1.2") -> StepStart:
    return StepStart.objects.get(batch=batch, step=step)


def departures(batch: Batch, kind: str) -> list[str]:
    return [row.says for row in Departure.objects.filter(batch=batch, kind=kind).order_by("recorded_at")]


def signed(world: PaperWorld, batch: Batch) -> StepPerformed:
    """The step entered back and compared, signed by the checker, the doer and the one who watched."""
    do("step.check_before", start_of(batch), by=fresh(world.checker))
    row = do("step.perform", start_of(batch), by=fresh(world.technician))
    assert isinstance(row, StepPerformed)
    do("step.witness", row, by=fresh(world.second))
    return row


class TestEditions:
    def test_one_is_owed_at_issue_and_after_each_signature(self, world: PaperWorld, batch: Batch) -> None:
        owed = set(OutboxJob.objects.filter(kind=JOB).values_list("subject", flat=True))
        step = step_of(batch, "1.1")
        assert step.performed is not None
        assert step.witnessed is not None
        assert {batch.pk, step.performed.pk, step.witnessed.pk} <= owed

    def test_of_several_that_are_owed_one_is_made_and_a_later_one_supersedes_it(
        self, world: PaperWorld, batch: Batch
    ) -> None:
        before = newest_edition(batch)
        outbox.deliver_all()
        assert ContinuityRecord.objects.filter(batch=batch).count() == 1
        assert OutboxJob.objects.filter(kind=JOB, done_at=None).count() == 0
        assert newest_edition(batch) == before
        assert before is not None
        assert before.number == batch.number.replace("CT-", "CR-") + "-01"

        world.do_step(batch, "1.2", vector_ml="15.0", cells_counted="150")
        outbox.deliver_all()
        newest = newest_edition(batch)
        assert newest is not None
        assert (newest.edition, newest.steps) == (2, ["1.3", "2.1"])
        assert newest.number.endswith("-02")
        assert squeezed(f"supersedes {before.number}") in "".join(pages_of(files.read(newest.file)))

    def test_none_is_made_once_no_step_is_left(self, world: PaperWorld, batch: Batch) -> None:
        world.worked(batch, after="1.1", vector_ml="15.0", cells_counted="150", incubator_c="37.0")
        outbox.deliver_all()
        assert ContinuityRecord.objects.filter(batch=batch).count() == 1
        with nothing_written(), pytest.raises(Refused, match="No step is left"):
            a_copy(batch, by=world.technician)

    def test_it_holds_every_step_that_is_left_with_its_limits(self, batch: Batch, copy: ContinuityCopy) -> None:
        text = squeezed(" ".join(pages_of(files.read(copy.record.file))))
        for says in ("1.2 Addition of vector", "1.3 Rest", "2.1 Samples and bags", "10–20", "36–38", "Incubator"):
            assert squeezed(says) in text
        assert squeezed("1.1 Identity of the apheresis bag") not in text
        assert squeezed("EDITION FOR READING") in text


class TestCopies:
    def test_each_has_the_next_number_on_every_page(self, world: PaperWorld, batch: Batch) -> None:
        second = a_copy(batch, by=world.qa, place="Suite B, second cabinet")
        assert (second.number, second.record.edition) == (2, 1)
        pages = pages_of(files.read(second.file))
        assert len(pages) > 1
        for page in pages:
            assert squeezed("CONTROLLED COPY 2, kept in: Suite B, second cabinet") in squeezed(page)
            assert squeezed(batch.number) in squeezed(page)
            assert "104-" in page
        assert [str(finding) for finding in verify_records().findings] == []

    def test_the_same_request_gives_the_same_copy(self, world: PaperWorld, batch: Batch) -> None:
        key = uuid4()
        first = take_copy(batch=batch, place="Suite C", by=world.technician, id=key)
        with nothing_written():
            assert take_copy(batch=batch, place="Suite C", by=world.technician, id=key) == first
            with pytest.raises(SameIdOtherContent):
                take_copy(batch=batch, place="Suite D", by=world.technician, id=key)

    @pytest.mark.parametrize("place", ["", "ab", "x" * 121])
    def test_says_where_it_is_kept(self, world: PaperWorld, batch: Batch, place: str) -> None:
        with nothing_written(), pytest.raises(BadInput, match="where the copy is kept"):
            a_copy(batch, by=world.technician, place=place)

    @pytest.mark.parametrize("role", [Role.QC_ANALYST, Role.LOGISTICS, Role.INSPECTOR, Role.ADMINISTRATOR])
    def test_only_the_bench_and_quality_take_one(self, batch: Batch, role: Role) -> None:
        person = administrators()[0] if role == Role.ADMINISTRATOR else a_person(role)
        with nothing_written(), pytest.raises(NotAllowed):
            a_copy(batch, by=person)

    def test_a_changed_file_is_not_given_out(self, world: PaperWorld, batch: Batch, copy: ContinuityCopy) -> None:
        client = at_browser(world.technician)
        place = f"/batches/{batch.number}/continuity/copies/{copy.pk}/file/"
        assert client.get(place)["Content-Type"] == "application/pdf"
        whole = files.path_of(copy.file.sha256).read_bytes()
        files.path_of(copy.file.sha256).write_bytes(whole + b" ")
        try:
            assert client.get(place).status_code == 409
            assert SecurityEvent.objects.filter(kind="continuity_record_damaged").exists()
        finally:
            files.path_of(copy.file.sha256).write_bytes(whole)


class TestAccounting:
    def test_an_open_copy_stands_against_every_decision(self, batch: Batch, copy: ContinuityCopy) -> None:
        [objection] = objections_to_copies(batch)
        assert copy.record.number in objection.says
        assert copy.place in objection.says
        assert objection in objections_to_record(batch)

    def test_unused_it_is_destroyed_and_stands_in_nobodys_way(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        row = do("continuity.account", copy, by=fresh(world.qa), fate="unused", says="Shredded in suite B.")
        assert isinstance(row, ContinuityCopyAccounted)
        assert "I destroy it now" in row.meaning_text
        assert objections_to_copies(batch) == []
        with nothing_written(), pytest.raises(Refused, match="accounted for already"):
            do("continuity.account", copy, by=fresh(world.qa), fate="unused")

    def test_used_it_needs_its_certified_scan_whole(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        with nothing_written(), pytest.raises(Refused, match="Choose the certified scan"):
            do("continuity.account", copy, by=fresh(world.technician), fate="used")
        short = a_scan(copy, by=world.technician, pages=1)
        with nothing_written(), pytest.raises(Refused, match="the scan must show all of them"):
            do("continuity.account", copy, by=fresh(world.technician), fate="used", scan=str(short.pk))
        scan = a_scan(copy, by=world.technician)
        do("continuity.account", copy, by=fresh(world.technician), fate="used", scan=str(scan.pk))
        other = a_copy(batch, by=world.technician)
        with nothing_written(), pytest.raises(Refused, match="accounts for another copy"):
            do("continuity.account", other, by=fresh(world.technician), fate="used", scan=str(scan.pk))

    def test_used_it_is_counted_from_its_own_file_and_a_changed_one_is_refused(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        scan = a_scan(copy, by=world.technician)
        kept = files.path_of(copy.file.sha256)
        whole = kept.read_bytes()
        kept.write_bytes(whole + b" ")
        try:
            with nothing_written(), pytest.raises(Refused, match="of this copy is gone or was changed"):
                do("continuity.account", copy, by=fresh(world.technician), fate="used", scan=str(scan.pk))
        finally:
            kept.write_bytes(whole)

    def test_what_was_entered_back_from_was_not_unused(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        read(copy, world)
        with nothing_written(), pytest.raises(Refused, match="It was used"):
            do("continuity.account", copy, by=fresh(world.qa), fate="unused")


class TestEnteringBack:
    @pytest.mark.clause(
        "EU Annex 11 16",
        "Work goes on with a numbered paper while the system is away and is entered back as transcribed.",
    )
    def test_from_the_paper_to_the_signatures_of_those_who_did_it(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        row = entered(copy, world, by=world.second)
        reader = a_person(Role.QA)
        for one in Value.objects.filter(batch=batch, step="1.2"):
            assert (one.copy, one.done_by, one.late_reason) == (copy, world.technician, "")
        [says] = departures(batch, "paper")
        assert "Step 1.2 was worked on paper" in says
        assert world.technician.name in says

        compared(row, a_scan(copy, by=world.second), by=reader)
        performed = signed(world, batch)
        step = step_of(batch, "1.2")
        assert (step.status, performed.copy, performed.signer) == (Status.COMPLETE, copy, world.technician)
        printed = next(
            one for stage in stages(_record(batch), Names(batch)) for one in stage.steps if one.code == "1.2"
        )
        assert "Transcribed from" in printed.began
        assert f"compared by {reader.name}" in printed.began
        assert all("on paper; entered by" in value.recorded for value in printed.values)
        assert [str(finding) for finding in verify_records().findings] == []

    def test_the_time_is_the_papers_and_no_reason_is_asked(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        with pytest.raises(Refused, match="when the batch was issued"):
            read(copy, world, happened_at=batch.signed_at - timedelta(minutes=1))
        with pytest.raises(Refused, match="future"):
            read(copy, world, happened_at=clock.now() + timedelta(minutes=1))
        moment = batch.signed_at + timedelta(milliseconds=1)
        read(copy, world, happened_at=moment)
        stored = record_from_paper(
            batch=batch, step="1.2", field="vector_ml", typed="15", performed_at=moment, by=world.second, id=uuid4()
        )
        assert stored.value.performed_at == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        assert start_of(batch).done_by == world.technician
        assert departures(batch, "late") == []

    def test_whoever_enters_it_needs_no_training_at_the_bench(self, world: PaperWorld, copy: ContinuityCopy) -> None:
        entered(copy, world, by=a_person(Role.TECHNICIAN))

    def test_what_was_not_as_it_should_be_is_told_with_it(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        read(copy, world, done_by=a_person(Role.TECHNICIAN), checked_by=None, watched_by=None)
        [says] = departures(batch, "paper")
        assert "aren't trained" in says
        assert "nobody who checked before the act" in says
        assert "nobody who watched" in says

    @pytest.mark.parametrize(
        ("other", "says"),
        [
            ({"step": "1.1"}, "does not stand in"),
            ({"step": "9.9"}, "has no step"),
            ({"checked_by": "doer"}, "Nobody checks or watches their own work"),
            ({"watched_by": "doer"}, "Nobody checks or watches their own work"),
            ({"step": "1.3"}, "has no check before it"),
            ({"by": "qa"}, "Your roles do not allow"),
        ],
    )
    def test_refuses_what_no_paper_can_say(
        self, world: PaperWorld, copy: ContinuityCopy, other: dict[str, Any], says: str
    ) -> None:
        people = {"doer": world.technician, "qa": world.qa}
        asked = said(copy, world) | {name: people.get(value, value) for name, value in other.items()}
        with nothing_written(), pytest.raises(Refused, match=says):
            begin_transcription(**asked)

    def test_a_copy_of_another_batch_or_one_returned_unused_is_none(
        self, world: PaperWorld, copy: ContinuityCopy
    ) -> None:
        do("continuity.account", copy, by=fresh(world.qa), fate="unused")
        with nothing_written(), pytest.raises(Refused, match="returned unused"):
            read(copy, world)

    def test_nothing_is_entered_before_it_is_said_who_did_it(self, world: PaperWorld, batch: Batch) -> None:
        for by in (world.technician, world.second):
            with nothing_written(), pytest.raises(Refused, match="Say first on which copy"):
                record_from_paper(
                    batch=batch, step="1.2", field="vector_ml", typed="15", performed_at=clock.now(), by=by, id=uuid4()
                )

    def test_it_can_be_read_otherwise_with_a_reason_until_it_is_signed(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        first = read(copy, world)
        with nothing_written(), pytest.raises(Refused, match="why it is read otherwise"):
            read(copy, world, done_by=fresh(world.checker), checked_by=None)
        again = read(copy, world, done_by=fresh(world.checker), checked_by=None, reason="The initials are JW, not MO.")
        assert again.supersedes == first
        paper = step_of(batch, "1.2").paper
        assert paper is not None
        assert paper.read.done_by == world.checker
        assert len(departures(batch, "paper")) == 1

    def test_outside_its_limit_it_is_a_departure_as_everywhere(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        entered(copy, world, by=world.second, vector_ml="21.0")
        assert ["21.0" in says for says in departures(batch, "limit")] == [True]

    def test_a_vial_that_does_not_fit_was_used_and_can_be_signed(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        row = read(copy, world)
        moment = clock.now()
        for slot, code in (("bag", codes_of(world, batch, "bag")[0]), ("vials", "NO-SUCH-VIAL")):
            scan_from_paper(
                batch=batch, step="1.2", slot=slot, code=code, performed_at=moment, by=world.second, id=uuid4()
            )
        for field, typed in (("vector_ml", "15"), ("cells_counted", "150")):
            record_from_paper(
                batch=batch, step="1.2", field=field, typed=typed, performed_at=moment, by=world.second, id=uuid4()
            )
        assert any("NO-SUCH-VIAL" in says for says in departures(batch, "material"))
        compared(row, a_scan(copy, by=world.second), by=world.checker)
        assert signed(world, batch).scans == [str(scan.pk) for scan in step_of(batch, "1.2").scans_in_force]

    def test_a_value_that_the_paper_lacks_is_said_to_be_missing(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        read(copy, world)
        record_from_paper(
            batch=batch, step="1.2", field="vector_ml", typed="The box is empty.", performed_at=clock.now(),
            by=world.second, id=uuid4(), not_applicable=True,
        )  # fmt: skip
        field = step_of(batch, "1.2").field("vector_ml")
        assert field is not None
        assert field.shown == "N/A: The box is empty."


class TestComparing:
    def test_is_not_done_by_who_entered_it_and_comes_before_every_signature(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        row = entered(copy, world, by=world.second)
        scan = a_scan(copy, by=world.second)
        with nothing_written(), pytest.raises(Refused, match="Somebody else than those who entered it"):
            compared(row, scan, by=world.second)
        for act, person in (("step.check_before", world.checker), ("step.perform", world.technician)):
            with nothing_written(), pytest.raises(Refused, match="A second person must compare"):
                do(act, start_of(batch), by=fresh(person))
        shown = compared(row, scan, by=world.technician)
        values = {str(value.pk) for value in Value.objects.filter(batch=batch, step="1.2")}
        assert set(shown.values) == values
        assert len(shown.scans) == 3
        with nothing_written(), pytest.raises(Refused, match="compared already"):
            compared(row, scan, by=world.technician)

    def test_needs_a_certified_scan_of_this_batch(self, world: PaperWorld, batch: Batch, copy: ContinuityCopy) -> None:
        row = entered(copy, world, by=world.second)
        with nothing_written(), pytest.raises(Refused, match="true copy of this batch"):
            do("transcription.compare", row, by=fresh(world.checker), scan=str(uuid4()))

    def test_a_change_asks_for_another_comparison(self, world: PaperWorld, batch: Batch, copy: ContinuityCopy) -> None:
        row = entered(copy, world, by=world.second)
        scan = a_scan(copy, by=world.second)
        compared(row, scan, by=world.checker)
        value = Value.objects.get(batch=batch, step="1.2", field="vector_ml")
        value.batch = batch
        fixed = correct_value(value=value, typed="15.5", reason="The 5 was read as 0.", by=world.second, id=uuid4())
        assert (fixed.value.copy, fixed.value.done_by) == (copy, world.technician)
        with nothing_written(), pytest.raises(Refused, match="A second person must compare"):
            do("step.perform", start_of(batch), by=fresh(world.technician))
        compared(row, scan, by=world.checker)
        assert signed(world, batch).copy == copy


class TestSigning:
    @pytest.fixture
    def ready(self, world: PaperWorld, batch: Batch, copy: ContinuityCopy) -> StepStart:
        """The step entered back by a fourth person and compared."""
        row = entered(copy, world, by=a_person(Role.TECHNICIAN))
        compared(row, a_scan(copy, by=world.second), by=world.qa)
        return start_of(batch)

    def test_is_for_those_whom_the_paper_names(self, world: PaperWorld, batch: Batch, ready: StepStart) -> None:
        with nothing_written(), pytest.raises(Refused, match="The paper names"):
            do("step.check_before", ready, by=fresh(world.second))
        do("step.check_before", ready, by=fresh(world.checker))
        with nothing_written(), pytest.raises(Refused, match="The paper names"):
            do("step.perform", ready, by=fresh(world.second))
        performed = do("step.perform", ready, by=fresh(world.technician))
        with nothing_written(), pytest.raises(Refused, match="The paper names"):
            do("step.witness", performed, by=fresh(world.checker))
        do("step.witness", performed, by=fresh(world.second))
        assert step_of(batch, "1.2").status is Status.COMPLETE

    def test_waits_in_the_work_of_each_in_turn(self, world: PaperWorld, batch: Batch, ready: StepStart) -> None:
        def waits_for(person: Person) -> list[str]:
            return [task.title for task in work_for(fresh(person)) if "on paper" in task.title]

        assert [len(waits_for(one)) for one in (world.technician, world.checker, world.second)] == [0, 1, 0]
        do("step.check_before", ready, by=fresh(world.checker))
        assert waits_for(world.technician) == [f"Sign what you did on paper: step 1.2 of {batch.number}"]
        do("step.perform", ready, by=fresh(world.technician))
        assert [len(waits_for(one)) for one in (world.technician, world.checker, world.second)] == [0, 0, 1]

    def test_somebody_who_has_left_is_signed_for_by_quality_with_the_reason(
        self, world: PaperWorld, batch: Batch, ready: StepStart
    ) -> None:
        do("step.check_before", ready, by=fresh(world.checker))
        with nothing_written(), pytest.raises(Refused, match="has not left"):
            do("step.perform_for_absent", ready, by=fresh(world.qa), reason="Left on Friday.")
        do("person.deactivate", world.technician, by=administrators()[0], reason="left the site")
        row = do("step.perform_for_absent", ready, by=fresh(world.qa), reason="Left on Friday.")
        assert isinstance(row, StepPerformed)
        assert row.signer == world.qa
        assert "Left on Friday." in departures(batch, "paper")[-1]

    def test_the_next_step_of_the_cells_does_not_wait_for_it(
        self, world: PaperWorld, batch: Batch, ready: StepStart
    ) -> None:
        assert step_of(batch, "1.2").status is Status.IN_PROGRESS
        assert start_step(batch=batch, step="1.3", by=world.second, id=uuid4()).step == "1.3"

    def test_but_it_waits_while_nobody_has_compared(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        entered(copy, world, by=world.second)
        with nothing_written(), pytest.raises(Refused, match=r"Step 1\.2 isn't finished"):
            start_step(batch=batch, step="1.3", by=world.second, id=uuid4())


class TestVerification:
    def test_finds_a_value_that_was_said_to_come_from_paper(
        self, world: PaperWorld, batch: Batch, copy: ContinuityCopy
    ) -> None:
        value = Value.objects.filter(batch=batch, step="1.1").first()
        assert value is not None
        table = Value._meta.db_table
        as_owner((f"UPDATE {table} SET copy_id = %s WHERE id = %s", [_key(copy.pk), _key(value.pk)]))
        found = {finding.says for finding in verify_records().findings if finding.check == "paper"}
        assert found == {"it names a copy on which its step does not stand", "nothing says who did it on paper"}


class TestWays:
    def test_the_pages_take_a_copy_and_enter_a_step_back(self, world: PaperWorld, batch: Batch) -> None:
        client = at_browser(world.second)
        number, tab = batch.number, f"/batches/{batch.number}/continuity/"
        sent = {"id": str(uuid4()), "place": "Suite B, drawer"}
        assert client.post(f"{tab}take/", sent).status_code == 303
        taken = ContinuityCopy.objects.get(batch=batch, place="Suite B, drawer")
        text = client.get(tab).content.decode()
        assert "Suite B, drawer" in text
        assert "not accounted for" in text
        band = client.get(f"/batches/{number}/").content.decode()
        assert f"go on with continuity record {taken.record.number}, copy 2" in band

        paper = f"/batches/{number}/steps/1.2/paper/"
        assert client.get(paper).status_code == 200
        bad = client.post(paper, {"id": str(uuid4()), "copy": str(taken.pk)})
        assert bad.status_code == 422
        assert "There is a problem" in bad.content.decode()
        who = {
            "id": str(uuid4()), "copy": str(taken.pk), "done_by": str(world.technician.pk),
            "checked_by": str(world.checker.pk), "watched_by": str(world.second.pk),
            "happened_at": clock.now().isoformat(),
        }  # fmt: skip
        assert client.post(paper, who).status_code == 303
        value = {
            "id": str(uuid4()), "field": "vector_ml", "typed": "500", "performed_at": clock.now().isoformat()
        }  # fmt: skip
        asked = client.post(f"{paper}value/", value)
        assert asked.status_code == 409
        assert "Confirm and store" in asked.content.decode()
        assert client.post(f"{paper}value/", value | {"confirmed": "yes"}).status_code == 303
        code = codes_of(world, batch, "bag")[0]
        scan = {"id": str(uuid4()), "slot": "bag", "code": code, "performed_at": clock.now().isoformat()}
        assert client.post(f"{paper}scan/", scan).status_code == 303
        assert code in client.get(paper).content.decode()
        page = client.get(f"/batches/{number}/steps/1.2/").content.decode()
        assert f"Transcribed from {taken.record.number}, copy 2" in page

    def test_the_programs_way_is_the_same(self, world: PaperWorld, batch: Batch) -> None:
        client = at_browser(world.second)
        base = f"/api/v1/batches/{batch.number}"
        taken = client.post(
            f"{base}/continuity/copies/", {"id": str(uuid4()), "place": "Suite B"}, content_type="application/json"
        ).json()
        assert client.get(f"{base}/continuity/").json()["copies"][-1]["id"] == taken["id"]
        file = client.get(f"{base}/continuity/copies/{taken['id']}/file/")
        assert file.content.startswith(b"%PDF-")
        assert file["X-Content-SHA256"] == taken["sha256"]
        who = {
            "id": str(uuid4()), "copy": taken["id"], "done_by": world.technician.username,
            "checked_by": "nobody.here", "happened_at": clock.now().isoformat(),
        }  # fmt: skip
        at = f"{base}/steps/1.2/paper/"
        refused = client.post(at, who, content_type="application/json")
        assert refused.status_code == 400
        assert refused.json()["objections"][0]["field"] == "checked_by"
        who["checked_by"] = world.checker.username
        answer = client.post(at, who, content_type="application/json")
        assert answer.status_code == 201
        assert answer.json()["done_by"] == world.technician.username
        value = {"id": str(uuid4()), "field": "vector_ml", "typed": "15", "performed_at": clock.now().isoformat()}
        stored = client.post(f"{at}values/", value, content_type="application/json").json()
        assert stored["value"]["from_copy"] == taken["id"]
        scan = {"id": str(uuid4()), "slot": "bag", "code": "X", "performed_at": clock.now().isoformat()}
        assert client.post(f"{at}scans/", scan, content_type="application/json").json()["fits"] is False
        read_back = client.get(f"{base}/steps/1.2/").json()
        assert read_back["paper"]["is_compared"] is False

    @pytest.mark.parametrize("bad", ["", "x", "00000000-0000-4000-8000-00000000abcd"])
    def test_bad_input_is_answered_with_a_sentence(self, world: PaperWorld, batch: Batch, bad: str) -> None:
        client = at_browser(world.second)
        at = f"/api/v1/batches/{batch.number}/steps/1.2/paper/"
        sent = {"id": str(uuid4()), "copy": bad, "done_by": "x", "happened_at": clock.now().isoformat()}
        with nothing_written():
            assert client.post(at, sent, content_type="application/json").status_code == 400
            assert client.post(f"{at}values/", {"id": bad}, content_type="application/json").status_code == 400


def _key(key: UUID) -> str:
    return key.hex if connection.vendor == "sqlite" else str(key)


def _record(batch: Batch) -> Any:  # Any: the record as it stands
    from batches.record import record_of

    return record_of(batch_of(batch.pk))
