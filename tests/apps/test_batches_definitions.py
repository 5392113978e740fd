"""The life of a definition on pages and through the API: drafted, prepared, sent back, checked, approved, replaced."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from accounts.signing import ask
from accounts.wording import today
from batches import life
from batches.defining import unfilled_in, warnings_about
from batches.drafting import faults_of_draft, newest_drafts, save_draft
from batches.models import Definition, DefinitionDraft
from batches.pinned import in_force
from ledger.models import Site
from ledger.verification import verify_records
from tests.definitions_builders import DLI, DefinitionWorld
from tests.kept import made_once, taken_back
from tests.people import a_person, at_browser, do, nothing_written

pytestmark = pytest.mark.django_db
MASTER = DLI["master"]
SECOND = MASTER.replace('version: "1"\ntitle', 'version: "2"\ntitle', 1)


kept = made_once(DefinitionWorld)


@pytest.fixture
def world(kept: DefinitionWorld, db: None) -> Iterator[DefinitionWorld]:
    with taken_back():
        yield kept


def stands(row: Definition, *, in_days: int = 0) -> str:
    return life.status_of(Definition.objects.get(pk=row.pk), on=today() + timedelta(days=in_days))


@pytest.mark.clause(
    "21 CFR 211.186",
    "A master record is prepared, checked and approved by three people and shown with where it stands; one that was "
    "superseded stays to be read.",
)
def test_a_version_goes_from_prepared_to_superseded(world: DefinitionWorld) -> None:
    first = world.prepared()
    seen = [stands(first)]
    do("definition.check", first, by=world.qa)
    seen.append(stands(first))
    do("definition.approve", first, by=world.qp, effective_from=(today() + timedelta(days=1)).isoformat())
    seen += [stands(first), stands(first, in_days=1)]
    world.prepared(source=SECOND)
    second = Definition.objects.get(version=2)
    do("definition.check", second, by=world.qa)
    do("definition.approve", second, by=world.qp, effective_from=(today() + timedelta(days=2)).isoformat())
    seen += [stands(first, in_days=2), stands(second, in_days=2)]

    assert seen == ["prepared", "checked", "approved", "in_force", "superseded", "in_force"]
    assert life.before(second) == first
    assert verify_records().findings == []


class TestSendingBack:
    @pytest.mark.parametrize("checked", [False, True])
    def test_a_version_sent_back_never_comes_into_force_and_the_next_follows(
        self, world: DefinitionWorld, checked: bool
    ) -> None:
        row = world.prepared()
        if checked:
            do("definition.check", row, by=world.qa)
        do("definition.return", row, by=world.qp, reason="The limit of the volume is missing.")

        assert stands(row) == "returned"
        for act, by, intent in (
            ("definition.check", world.qa, {}),
            ("definition.approve", world.qp, {"effective_from": today().isoformat()}),
            ("definition.return", world.qp, {"reason": "Once more, with another reason."}),
        ):
            with nothing_written(), pytest.raises(Refused, match="was sent back"):
                do(act, row, by=by, **intent)
        assert in_force("master", code="MBR-DLI", on=today()) is None
        assert stands(world.prepared(source=SECOND)) == "prepared"

    def test_what_was_approved_is_not_sent_back(self, world: DefinitionWorld) -> None:
        row = world.in_force()
        with nothing_written(), pytest.raises(Refused, match="Prepare the next one"):
            do("definition.return", row, by=world.qp, reason="A limit was overlooked.")

    @pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.LOGISTICS])
    def test_who_neither_checks_nor_approves_sends_nothing_back(self, world: DefinitionWorld, role: Role) -> None:
        row, somebody = world.prepared(), a_person(role)
        with nothing_written(), pytest.raises(NotAllowed):
            do("definition.return", row, by=somebody, reason="I would have it otherwise.")


class TestLimitsStillToBeSet:
    TEXT = MASTER.replace('low: "70"', "low: to be set")

    def test_block_approval_by_name_and_nothing_before(self, world: DefinitionWorld) -> None:
        row = world.prepared(source=self.TEXT)
        do("definition.check", row, by=world.qa)

        assert unfilled_in(row) == ["Step 1.3, Viability"]
        with nothing_written(), pytest.raises(Refused, match=r"Step 1\.3, Viability is still to be set"):
            do("definition.approve", row, by=world.qp, effective_from=today().isoformat())

    def test_of_a_specification_too(self, world: DefinitionWorld) -> None:
        text = DLI["specification"].replace('limit: "70"', "limit: to be set")
        row = world.prepared("specification", text)
        do("definition.check", row, by=world.qa)
        with nothing_written(), pytest.raises(Refused, match="Line viability_percent, Viability is still to be set"):
            do("definition.approve", row, by=world.qp, effective_from=today().isoformat())


@pytest.mark.clause("21 CFR 211.68", "A limit that looks the wrong way round is warned of where the version is signed.")
def test_a_limit_with_its_sign_the_wrong_way_round_is_warned_of_where_it_is_signed(world: DefinitionWorld) -> None:
    world.in_force()
    row = world.prepared(source=SECOND.replace('low: "70"', 'high: "70"'))

    _challenge, shown = ask("definition.check", row.pk, {}, by=world.qa)
    do("definition.check", row, by=world.qa)
    _challenge, later = ask("definition.approve", row.pk, {"effective_from": today().isoformat()}, by=world.qp)
    page = at_browser(world.qp).get(f"/definitions/{row.pk}/").content.decode()

    assert len(warnings_about(row)) == 2
    for lines in (shown.lines, later.lines):
        assert [line.value for line in lines if line.status == "warn"] == warnings_about(row)
    assert "Is it the right way round?" in page
    do("definition.approve", row, by=world.qp, effective_from=today().isoformat())  # a warning, never a refusal


class TestDrafts:
    FAULTY = MASTER.replace('version: "1"\ntitle', "version: one\ntitle", 1)

    def test_a_faulty_text_is_kept_with_its_faults_and_saved_again(self, world: DefinitionWorld) -> None:
        first = save_draft(source=self.FAULTY, by=world.author, id=uuid4(), note="First try")
        second = save_draft(source=MASTER, by=world.qa, id=uuid4(), supersedes=first)

        assert (first.kind, first.code) == ("master", "MBR-DLI")
        assert any("version" in fault for fault in faults_of_draft(first))
        assert faults_of_draft(second) == []
        assert list(newest_drafts()) == [second]
        assert verify_records().findings == []

    @pytest.mark.parametrize(
        ("source", "says"),
        [
            ("", "empty"),
            ("kind: master", "code"),
            ("kind: recipe\ncode: X-1", "kind"),
            ("kind: master\ncode: '../x'", "code"),
            ("kind: master\ncode: &a X-1", "Line 2"),
            ("[1, 2]", "kind"),
            ("kind: [master]\ncode: X-1", "kind"),
            ("kind: master\ncode: X-1\n" + "# x" * 140_000, "too long"),
        ],
    )
    def test_what_nobody_would_find_again_is_not_kept(self, world: DefinitionWorld, source: str, says: str) -> None:
        with nothing_written(), pytest.raises(BadInput, match=says):
            save_draft(source=source, by=world.author, id=uuid4())

    def test_of_two_who_save_the_same_draft_again_the_second_is_told(self, world: DefinitionWorld) -> None:
        first = save_draft(source=self.FAULTY, by=world.author, id=uuid4())
        save_draft(source=MASTER, by=world.qa, id=uuid4(), supersedes=first)
        with nothing_written(), pytest.raises(Refused, match="Open the newer one"):
            save_draft(source=MASTER, by=world.author, id=uuid4(), supersedes=first)

    def test_sent_twice_it_is_kept_once(self, world: DefinitionWorld) -> None:
        key = uuid4()
        first = save_draft(source=MASTER, by=world.author, id=key)
        assert save_draft(source=MASTER, by=world.author, id=key) == first
        with nothing_written(), pytest.raises(SameIdOtherContent):
            save_draft(source=self.FAULTY, by=world.author, id=key)

    def test_a_draft_of_one_definition_is_not_saved_over_by_another(self, world: DefinitionWorld) -> None:
        first = save_draft(source=MASTER, by=world.author, id=uuid4())
        with nothing_written(), pytest.raises(Refused, match="about MBR-DLI"):
            save_draft(source=DLI["product"], by=world.author, id=uuid4(), supersedes=first)

    def test_who_may_not_prepare_keeps_no_draft(self, world: DefinitionWorld) -> None:
        with nothing_written(), pytest.raises(NotAllowed):
            save_draft(source=MASTER, by=world.technician, id=uuid4())


class TestOnPages:
    def test_a_file_becomes_a_draft_and_the_draft_a_version(self, world: DefinitionWorld) -> None:
        client = at_browser(world.author)
        file = SimpleUploadedFile("dli.master.yaml", TestDrafts.FAULTY.encode())
        kept = client.post("/definitions/drafts/", {"id": str(uuid4()), "file": file, "note": "First try"})
        faulty = client.get(kept.headers["Location"]).content.decode()
        sent = {"id": str(uuid4()), "source": MASTER.replace("\n", "\r\n"), "note": ""}
        again = client.post(kept.headers["Location"], sent)
        good = client.get(again.headers["Location"]).content.decode()
        draft = DefinitionDraft.objects.get(superseded_by=None)
        begun = client.post(
            f"/sign/definition.prepare/{Site.objects.get().pk}/",
            {"kind": "master", "source": draft.source, "change": "First version."},
        )

        assert "What is wrong" in faulty
        assert "does not have the form asked for" in faulty
        assert draft.source == MASTER
        assert "Sign as author" in good
        assert begun.status_code == 303, begun.content.decode()

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"kind: master", b"<script>alert(1)</script>", b""])
    def test_a_file_that_is_no_definition_comes_back_with_the_reason(
        self, world: DefinitionWorld, content: bytes
    ) -> None:
        client = at_browser(world.author)
        with nothing_written():
            answer = client.post(
                "/definitions/drafts/", {"id": str(uuid4()), "file": SimpleUploadedFile("x.yaml", content)}
            )
        assert answer.status_code == 400
        assert b"<script>alert" not in answer.content

    def test_the_whole_master_record_can_be_read_and_compared(self, world: DefinitionWorld) -> None:
        first = world.in_force()
        text = SECOND.replace("Mix the bag, take", "Mix the bag gently, take").replace('low: "70"', 'low: "75"')
        second = world.prepared(source=text)
        client = at_browser(world.technician)

        page = client.get(f"/definitions/{second.pk}/").content.decode()
        differs = client.get(f"/definitions/{second.pk}/compare/").content.decode()
        back = client.get(f"/definitions/{first.pk}/compare/{second.pk}/")

        for words in (
            "Safety cabinet", "cleared before", "planned product.planned_wash_ml", "witnessed by a second person",
            "only where start: frozen", "From the shipper to the bag", "Cells filled of those received", "≥ 75",
            "Picture of the chamber", "final bag × 1", "for information", "Waits for a check",
        ):  # fmt: skip
            assert words in page, words
        assert "step 1.3 (Count)" in differs
        assert "[+</span>" in differs
        assert "[−</span>" in differs
        assert "gently," in differs
        assert back.status_code == 200
        assert client.get(f"/definitions/{first.pk}/compare/").status_code == 404
        assert client.get(f"/definitions/{first.pk}/compare/{uuid4()}/").status_code == 404

    def test_only_versions_of_one_kind_are_compared(self, world: DefinitionWorld) -> None:
        master, product = world.in_force(), world.prepared("product")
        client = at_browser(world.technician)
        assert client.get(f"/definitions/{master.pk}/compare/{product.pk}/").status_code == 404


def sent(client: Client, place: str, **content: object) -> tuple[int, dict[str, object]]:
    answer = client.post(f"/api/v1{place}", json.dumps(content), content_type="application/json")
    return answer.status_code, answer.json()


def test_the_api_says_the_same(world: DefinitionWorld) -> None:
    world.in_force()
    row = world.prepared(source=SECOND.replace('low: "70"', 'high: "70"'))
    client = at_browser(world.author)

    listed = client.get("/api/v1/definitions/?kind=master").json()["results"]
    read = client.get(f"/api/v1/definitions/{row.pk}/").json()
    differs = client.get(f"/api/v1/definitions/{row.pk}/compare/").json()["differences"]
    status, draft = sent(client, "/definitions/drafts/", id=str(uuid4()), source=TestDrafts.FAULTY, note="x")

    assert {one["version"]: one["status"] for one in listed} == {1: "in_force", 2: "prepared"}
    assert read["warnings"] == warnings_about(row)
    assert read["unfilled"] == []
    assert {one["how"] for one in differs} == {"changed", "added", "removed"}
    assert status == 201
    assert draft["faults"]
    assert client.get(f"/api/v1/definitions/drafts/{draft['id']}/").json()["source"] == TestDrafts.FAULTY
    assert [one["id"] for one in client.get("/api/v1/definitions/drafts/").json()["results"]] == [draft["id"]]
    assert sent(client, "/definitions/drafts/", id=str(uuid4()), source="kind: master")[0] == 400
    assert sent(at_browser(world.technician), "/definitions/drafts/", id=str(uuid4()), source=MASTER)[0] == 403
