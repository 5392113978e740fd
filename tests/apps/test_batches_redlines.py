"""Redlines: what one running batch does otherwise, proposed by one, approved by another, and what no redline may do."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.refusal import BadInput, NotAllowed, Refused
from batches.definitions.master import FieldType
from batches.identity import batch_of
from batches.models import Batch, Departure, Redline, RedlineApproval
from batches.performing import record_value, start_step
from batches.pinned import master_of
from batches.record import record_of
from batches.redlines import redlines_on
from ledger.verification import verify_records
from tests.definitions_builders import DLI, DefinitionWorld
from tests.kept import kept_for_a_module, taken_back
from tests.people import at_browser, do, nothing_written

pytestmark = pytest.mark.django_db
WHY = {"reason": "The clinic sent a larger bag.", "impact": "None on the cells; more volume is filled."}
COUNT_AGAIN = """
      - code: "1.4"
        title: Count again
        instruction: Count the bag once more.
        kind: record
        critical: "no"
        witness: "no"
        forced: "no"
        fields:
          - {code: counted_again_at, title: Counted again, type: time}
  - code: fill
"""


class RedlineWorld(DefinitionWorld):
    """The small product with one step more that may be redlined away, and its batch with step 1.1 done."""

    batch: Batch

    def begun(self) -> "RedlineWorld":
        self.batch = self.issued(master=DLI["master"].replace("\n  - code: fill\n", COUNT_AGAIN, 1))
        self.first_step_done(self.batch)
        return self

    def proposed(self, *changes: Mapping[str, object]) -> Redline:
        row = do("redline.propose", self.batch, by=self.author, changes=list(changes), **WHY)
        assert isinstance(row, Redline)
        return row

    def redlined(self, *changes: Mapping[str, object]) -> RedlineApproval:
        row = do("redline.approve", self.proposed(*changes), by=self.qa)
        assert isinstance(row, RedlineApproval)
        return row

    def now(self) -> Batch:
        return batch_of(self.batch.pk)


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[RedlineWorld]:
    with kept_for_a_module(django_db_blocker):
        yield RedlineWorld().begun()


@pytest.fixture
def world(kept: RedlineWorld, db: None) -> Iterator[RedlineWorld]:
    with taken_back():
        yield kept


MIX = {"step": "1.3", "instruction": "Mix the bag for five minutes, then count it."}
CLOTS = {"code": "clots", "title": "Clots seen", "type": "yes_no", "expected": ["no"]}


@pytest.mark.clause(
    "21 CFR 211.100",
    "A planned departure from the master record of one batch is justified, approved by quality before it holds, and "
    "stands in the record.",
)
def test_a_redline_holds_from_its_approval_and_is_told_where_the_work_is_done(world: RedlineWorld) -> None:
    row = world.proposed(MIX, {"step": "1.3", "add_field": CLOTS}, {"step": "2.1", "field": "filled_ml", "high": "60"})
    before = master_of(world.now()).step("1.3")
    do("redline.approve", row, by=world.qa)
    after, fill = master_of(world.now()).step("1.3"), master_of(world.now()).step("2.1")
    page = at_browser(world.technician).get(f"/batches/{world.batch.number}/steps/1.3/").content.decode()

    assert before is not None
    assert after is not None
    assert fill is not None
    assert before.instruction.startswith("Mix the bag, take")
    assert after.instruction == MIX["instruction"]
    added, filled = after.field("clots"), fill.field("filled_ml")
    assert added is not None
    assert filled is not None
    assert added.type is FieldType.YES_NO
    assert filled.limits is not None
    assert filled.limits.high == Decimal("60")
    assert "approved by" in page
    assert "Mix the bag for five minutes" in page
    (departure,) = Departure.objects.filter(batch=world.batch, kind=Departure.Kind.REDLINE)
    assert (departure.step, departure.about_id) == ("1.3", row.pk)
    assert "The clinic sent a larger bag." in departure.says
    assert verify_records().findings == []


def test_a_step_left_out_by_a_redline_is_told_with_what_does_not_apply(world: RedlineWorld) -> None:
    world.redlined({"step": "1.4", "leave_out": "yes"})

    record = record_of(world.now())

    assert record.step("1.4") is None
    assert [(each.step, each.why) for each in record.master.left_out] == [
        ("1.2", "start: fresh"),
        ("1.4", "an approved redline"),
    ]


def test_a_later_redline_stands_on_the_earlier_ones(world: RedlineWorld) -> None:
    world.redlined({"step": "1.3", "add_field": CLOTS})
    world.redlined({"step": "1.3", "field": "clots", "expected": ["no", "yes"]})

    step = master_of(world.now()).step("1.3")

    assert step is not None
    assert [field.expected for field in step.fields if field.code == "clots"] == [("no", "yes")]
    assert len(redlines_on(world.now(), "1.3")) == 2
    assert redlines_on(world.now(), "2.1") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"step": "1.1", "instruction": "Do it otherwise."}, "was signed already"),
        ({"step": "9.9", "instruction": "Do it otherwise."}, "has no step 9.9"),
        ({"step": "1.2", "instruction": "Thaw slowly."}, "has no step 1.2"),
        ({"step": "2.1", "leave_out": "yes"}, "cannot leave it out"),
        ({"step": "1.1", "leave_out": "yes"}, "cannot leave it out"),
        ({"step": "1.3", "leave_out": "yes"}, "used before it is known|neither a field"),
        ({"step": "1.1", "field": "labels_agree", "expected": ["no"]}, "compares identities"),
        ({"step": "2.1", "need": "bag", "of": "culture_bag"}, "exchanges a material or a type of equipment alone"),
        ({"step": "2.1", "need": "cabinet", "of": "room"}, "exchanges a material or a type of equipment alone"),
        ({"step": "2.1", "need": "nothing", "of": "other"}, "has no slot nothing"),
        ({"step": "2.1", "field": "nothing", "high": "5"}, "has no value nothing"),
        ({"step": "2.1", "field": "filled_ml", "low": "9", "high": "5"}, "low 9 must be below high 5"),
        ({"step": "1.3", "add_field": CLOTS | {"code": "filled_ml"}}, "filled_ml is there twice"),
        ({"step": "1.3", "add_field": {"code": "x"}}, "title, type is missing"),
        ({"step": "1.3", "add_field": CLOTS | {"type": "picture"}}, "is not one of"),
        ({"step": "1.3"}, "instruction is missing"),
        ({"step": "1.3", "instruction": "x", "leave_out": "yes"}, "not known here"),
        ({"step": "1.3", "leave_out": "no"}, None),
        ({"step": "1.3", "witness": "no"}, None),
        ({"step": "2.1", "confirms": []}, None),
        ({"step": "1.3", "field": "viability"}, None),
        ({"step": 1, "instruction": "x"}, "must be text"),
        ("1.3: nothing", None),
    ],
)
def test_what_no_redline_may_do_is_refused_with_the_reason(
    world: RedlineWorld, change: object, says: str | None
) -> None:
    with nothing_written(), pytest.raises(Refused, match=says):
        do("redline.propose", world.batch, by=world.author, changes=[change], **WHY)


@pytest.mark.parametrize("changes", [[], "", "- [", "- {step: &a x}", [MIX] * 21, "x" * 40_001])
def test_changes_that_cannot_be_read_are_refused(world: RedlineWorld, changes: object) -> None:
    with nothing_written(), pytest.raises(BadInput):
        do("redline.propose", world.batch, by=world.author, changes=changes, **WHY)


def test_a_page_sends_the_same_changes_as_text(world: RedlineWorld) -> None:
    client = at_browser(world.author)
    asked = client.post(
        f"/sign/redline.propose/{world.batch.pk}/",
        {"changes": '- {step: "1.3", instruction: "Mix the bag well."}'} | WHY,
    )
    shown = client.get(asked.headers["Location"]).content.decode()

    assert asked.status_code == 303
    assert "Mix the bag well." in shown
    assert "→" in shown


class TestWho:
    def test_nobody_approves_their_own(self, world: RedlineWorld) -> None:
        row = do("redline.propose", world.batch, by=world.qa, changes=[MIX], **WHY)
        with nothing_written(), pytest.raises(Refused, match="Somebody other than"):
            do("redline.approve", row, by=world.qa)

    def test_the_bench_neither_proposes_nor_approves(self, world: RedlineWorld) -> None:
        row = world.proposed(MIX)
        with nothing_written(), pytest.raises(NotAllowed):
            do("redline.propose", world.batch, by=world.technician, changes=[MIX], **WHY)
        with nothing_written(), pytest.raises(NotAllowed):
            do("redline.approve", row, by=world.technician)

    def test_a_redline_is_approved_once(self, world: RedlineWorld) -> None:
        row = world.redlined(MIX).redline
        with nothing_written(), pytest.raises(Refused, match="approved already"):
            do("redline.approve", row, by=world.qp)


class TestWhatWasDoneMeanwhile:
    def test_a_step_begun_is_not_left_out_any_more(self, world: RedlineWorld) -> None:
        row = world.proposed({"step": "1.4", "leave_out": "yes"})
        reason = "The count is repeated at once."
        start_step(batch=world.now(), step="1.4", by=world.technician, id=uuid4(), reason=reason)
        with nothing_written(), pytest.raises(Refused, match="begun already"):
            do("redline.approve", row, by=world.qa)

    def test_a_value_recorded_stays_judged_as_it_was(self, world: RedlineWorld) -> None:
        row = world.proposed({"step": "1.3", "field": "received_ml", "low": "50"})
        start_step(batch=world.now(), step="1.3", by=world.technician, id=uuid4())
        record_value(
            batch=world.now(), step="1.3", field="received_ml", typed="40", by=world.technician, id=uuid4(),
            confirmed=True,
        )  # fmt: skip
        with nothing_written(), pytest.raises(Refused, match="was recorded already"):
            do("redline.approve", row, by=world.qa)

    def test_two_that_cannot_both_hold_are_not_both_approved(self, world: RedlineWorld) -> None:
        one, other = (world.proposed({"step": "1.3", "add_field": CLOTS}) for _ in range(2))
        do("redline.approve", one, by=world.qa)
        with nothing_written(), pytest.raises(Refused, match="clots is there twice"):
            do("redline.approve", other, by=world.qa)


def test_the_record_of_a_batch_costs_one_small_query_for_its_redlines(world: RedlineWorld) -> None:
    world.redlined(MIX)
    batch = world.now()
    master_of(batch)

    with CaptureQueriesContext(
        connection,
    ) as counted:
        master_of(batch)

    assert len(counted) == 1
    assert "changes" not in counted[0]["sql"]


def test_pages_and_the_api_list_them(world: RedlineWorld) -> None:
    world.redlined(MIX)
    world.proposed({"step": "2.1", "need": "wash", "of": "other_solution"})
    number = world.batch.number

    page = at_browser(world.qp).get(f"/batches/{number}/redlines/").content.decode()
    told = at_browser(world.technician).get(f"/api/v1/batches/{number}/redlines/").json()

    assert "Waits for approval" in page
    assert "wash takes other_solution." in page
    assert [bool(one["approved"]) for one in told] == [True, False]
    assert told[0]["changes"] == [MIX]
