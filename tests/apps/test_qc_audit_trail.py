"""The review of the audit trail reads what concerns the batch, in whichever stream it stands, and each entry once."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Person
from accounts.refusal import Refused
from accounts.roles import Role
from batches.models import MaterialLot
from ledger import clock
from ledger.checkpoints import issue
from ledger.models import Checkpoint, Entry
from ledger.verification import run_check
from qc.models import AuditTrailReviewed
from qc.review_by_exception.checks import TRAIL
from qc.review_by_exception.trail import Part
from qc.review_by_exception.trail_types import CHANGES_OF_STANDING
from reports import packaging
from reports.package_contents import contents_of
from tests.batches_builders import FILES
from tests.guards_away import guards_away
from tests.kept import kept_for_a_module
from tests.package_builders import verify
from tests.people import a_person, administrators, at_browser, do, fresh, nothing_written
from tests.review_builders import new_parts, read_by_exception, trail_reviewed
from tests.second_verifier import QUALIFIED, verdict_on
from tests.stock_builders import Stock

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[Stock]:
    """A batch that took lots and equipment; somebody of quality assurance has read its trail."""
    with kept_for_a_module(django_db_blocker):
        world = Stock()
        world.people["other_qa"] = a_person(Role.QA)
        for code in ("B-1", "B-2"):
            world.a_lot("wash_buffer", code, quantity="900", unit="mL")
        world.start()
        world.scan_all(centrifuge="CF-01", buffer="B-1")
        read_by_exception(world.batch, by=world.people["other_qa"])
        clock.end_story()
        yield world


@pytest.fixture
def world(kept: Stock, db: None) -> Iterator[Stock]:
    yield kept.again()
    clock.end_story()


def a_lot_called(code: str) -> MaterialLot:
    return MaterialLot.objects.get(code=code)


def roles_changed(person: Person, *roles: str) -> None:
    first, second = administrators()
    do("person.change_roles", person, by=first, roles=list(roles), reason="Moves to another group.")
    do("person.approve_roles", person, by=second)


def new(world: Stock) -> dict[str, list[tuple[str, str]]]:
    """What is new in each group: stream and type of each entry."""
    return {part.group.code: [(one.stream, one.type) for one in part.entries] for part in new_parts(world.batch)}


def rests_on(world: Stock) -> Part:
    (part,) = [one for one in new_parts(world.batch) if one.group.code == "rests_on"]
    return part


def test_what_changes_of_the_things_and_people_of_a_batch_is_new_in_its_trail(world):
    assert new(world) == {}

    world.decide(a_lot_called("B-1"), "recalled", "Particles were seen.")
    world.event(world.centrifuge, "held")
    roles_changed(world.people["technician"], "technician", "logistics")
    text = FILES["specification"].read_text("utf-8").replace('version: "1"', 'version: "2"', 1)
    world.defined("specification", text)

    technician = world.people["technician"]
    assert new(world)["rests_on"] == [
        ("lot/B-1", "lot.decided"),
        ("equipment/CF-01", "equipment.held"),
        (technician.reference, "person.roles_changed"),
        (f"master/{world.batch.specification.code}", "definition.approved"),
    ]
    page = at_browser(world.people["other_qa"]).get(reverse("qc:review-trail", args=[world.batch.number]))
    for words in (
        "lot/B-1, position", "equipment/CF-01, position", f"{technician.name}, position", "Roles changed",
        "roles: logistics, technician", "kind: specification; code: SPEC-CD19; version: 2",
    ):  # fmt: skip
        assert words in page.content.decode(), words


def test_what_others_use_and_others_are_is_no_matter_of_the_batch(world):
    world.decide(a_lot_called("B-2"), "recalled", "Particles were seen.")
    world.event(world.spare_centrifuge, "held")
    world.event(world.centrifuge, "soiled")
    roles_changed(a_person(Role.TECHNICIAN), "logistics")

    assert new(world) == {}


def test_the_chain_of_identity_is_read_from_its_first_entry_and_then_only_what_is_new(world):
    stream = world.coi.stream_name()
    read = [each for row in AuditTrailReviewed.objects.all() for each in row.groups if each["stream"] == stream]
    assert {each["group"] for each in read} >= {"custody"}
    assert all(each["after"] == 0 for each in read)

    world.later(minutes=5)
    world.scan("bag", world.bag)

    (span,) = [span for part in new_parts(world.batch) for span in part.spans if span.stream == stream]
    assert [one.type for one in span.entries] == ["identity.checked"]
    assert span.after == max(each["upto"] for each in read if each["group"] == "custody")


def test_the_group_is_signed_by_itself_by_somebody_who_decided_none_of_it_and_each_stream_once(world):
    other = fresh(world.people["other_qa"])
    world.decide(a_lot_called("B-1"), "recalled", "Particles were seen.")
    world.event(world.centrifuge, "held", by=fresh(world.people["reviewer"]))

    with nothing_written(), pytest.raises(Refused, match="you wrote an entry in it"):
        trail_reviewed(world.batch, "rests_on", by=fresh(world.qa))
    row = trail_reviewed(world.batch, "rests_on", by=other)

    assert [(each["stream"], each["entries"]) for each in row.groups] == [("lot/B-1", 1), ("equipment/CF-01", 1)]
    assert "rests_on" not in new(world)
    world.event(world.centrifuge, "returned")
    assert [(span.stream, span.after) for span in rests_on(world).spans] == [("equipment/CF-01", row.groups[1]["upto"])]
    assert run_check(TRAIL) == []


def test_verification_names_a_review_of_a_stream_that_is_no_matter_of_the_batch(world):
    row = AuditTrailReviewed.objects.latest("recorded_at")
    other = Entry.objects.filter(stream="lot/B-2", type__in=CHANGES_OF_STANDING).latest("seq")
    said = {"group": "rests_on", "stream": "lot/B-2", "after": 0, "upto": other.sseq, "entries": 1, "sha256": "0" * 64}

    with guards_away():
        AuditTrailReviewed.objects.filter(pk=row.pk).update(groups=[*row.groups, said])

    assert [one.says for one in run_check(TRAIL)] == [
        "rests_on in lot/B-2 has nothing to do with the batch",
        "rests_on in lot/B-2 does not state what the stream holds",
    ]


def test_the_package_holds_what_the_reviews_covered_and_both_verifiers_make_its_digests_anew(world, tmp_path):
    roles_changed(world.people["technician"], "technician", "logistics")
    world.decide(a_lot_called("B-1"), "recalled", "Particles were seen.")
    part = rests_on(world)
    trail_reviewed(world.batch, "rests_on", by=fresh(world.people["other_qa"]))

    checkpoint = issue(Checkpoint.Why.DECISION)
    contents = contents_of(world.batch, checkpoint)

    assert {one.seq for one in part.entries} <= contents.entries
    of_lots = {one.seq for one in part.entries if one.stream.startswith("lot/")}
    assert of_lots <= contents.disclosed
    assert world.people["technician"].reference in contents.streams
    packaging.build(world.batch, checkpoint, tmp_path / "package.zip")
    answer = verify((tmp_path / "package.zip").read_bytes())
    statements = [each for row in AuditTrailReviewed.objects.all() for each in row.groups]
    assert {each["stream"].partition("/")[0] for each in statements} == {"batch", "coi", "equipment", "lot", "person"}
    assert f"{len(statements)} digests over what was read made anew" in answer.text
    assert not answer.said["findings"]
    assert "not contained" not in answer.text
    assert verdict_on(tmp_path / "package.zip")[0] == QUALIFIED


def test_reading_the_trail_costs_as_many_statements_however_much_changed(world):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert new_parts(world.batch)
        return len(asked)

    roles_changed(world.people["technician"], "technician", "logistics")
    few = statements()
    for kind in ("held", "returned", "held"):
        by = world.people["reviewer"] if kind == "held" else world.qa
        world.event(world.centrifuge, kind, by=fresh(by))
    world.decide(a_lot_called("B-1"), "recalled", "Looked at again.")
    roles_changed(world.people["second"], "technician", "logistics")

    assert statements() == few <= 12
