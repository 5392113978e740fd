"""Scans of papers: stored, compared with the paper, certified, and given out only as they were certified."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Person
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.signing import ask
from batches.identity import batch_of
from batches.models import Batch, TrueCopy
from batches.page_counting import UnreadableScanError, pages_in
from chain_of_custody.uploading import EVIDENCE, SCANS, keep_upload
from ledger import files
from ledger.models import StoredFile
from ledger.verification import verify_records
from ledger.writing import writing
from qc.review_by_exception.trail_streams import stream_position
from tests.batches_builders import BatchWorld
from tests.custody_builders import a_subject
from tests.kept import kept_for_a_module
from tests.people import a_person, administrators, at_browser, do, nothing_written
from tests.qc_builders import SHORT_MASTER

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40


def a_pdf(pages: int, *, password: str = "", title: str = "") -> bytes:
    """A PDF of empty pages."""
    document = pikepdf.new()
    for _page in range(pages):
        document.add_blank_page()
    document.docinfo["/Title"] = title or str(uuid4())
    locked = pikepdf.Encryption(owner=password, user=password) if password else None
    content = BytesIO()
    document.save(content, encryption=locked or False)
    return content.getvalue()


class Short(BatchWorld):
    """A world whose master record has two steps."""

    def defined(self, kind: str, source: str = ""):
        return super().defined(kind, source or (SHORT_MASTER if kind == "master" else ""))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[Short]:
    """A batch that was issued and not begun."""
    with kept_for_a_module(django_db_blocker):
        made = Short()
        made.batch = made.issued()  # type: ignore[attr-defined]  # kept with its world
        yield made


@pytest.fixture
def batch(world: Short) -> Batch:
    return batch_of(world.batch.pk)  # type: ignore[attr-defined]  # as above


def kept(content: bytes, *, by: Person, name: str = "scan.pdf") -> StoredFile:
    return keep_upload(SimpleUploadedFile(name, content), by=by)


def said(
    file: StoredFile | str, first: object = 1, last: object = 3, pages: object = 3, **more: object
) -> dict[str, object]:
    return {
        "file": str(file.pk if isinstance(file, StoredFile) else file),
        "title": "Logbook LB-12, freezing of CT-26-0001",
        "first_page": str(first),
        "last_page": str(last),
        "pages": str(pages),
        "original_at": "Archive B, cabinet 4, folder 12",
    } | more


def certified(batch: Batch, *, by: Person, **intent: Any) -> TrueCopy:  # Any: whatever somebody sends
    row = do("true_copy.certify", batch, by=by, **intent)
    assert isinstance(row, TrueCopy)
    return row


class TestCertifying:
    def test_says_which_pages_of_what_and_where_the_paper_lies(self, world: Short, batch: Batch) -> None:
        file = kept(a_pdf(3), by=world.technician)
        row = certified(batch, by=world.second, **said(file, 2, 4, 6, step="1.1"))

        assert (row.first_page, row.last_page, row.pages, row.step) == (2, 4, 6, "1.1")
        assert (row.file, row.signer, row.stream_name()) == (file, world.second, f"batch/{batch.number}")
        assert row.meaning_text == "I compared this copy with the paper original, page by page. It is a true copy."
        assert [str(finding) for finding in verify_records().findings] == []

    @pytest.mark.parametrize(
        ("in_file", "first", "last", "pages", "says"),
        [
            (3, 1, 3, 3, ""),
            (3, 4, 6, 6, ""),
            (1, 9, 9, 9, ""),
            (3, 1, 2, 3, "The file has 3 pages, but pages 1 to 2 are 2"),
            (3, 1, 4, 4, "The file has 3 pages, but pages 1 to 4 are 4"),
            (2, 1, 3, 3, "The file has 2 pages"),
            (3, 3, 1, 3, "Pages run from the first to the last"),
            (3, 2, 4, 3, "the paper has at least as many"),
        ],
    )
    def test_wants_as_many_pages_as_the_file_has(
        self, world: Short, batch: Batch, in_file: int, first: int, last: int, pages: int, says: str
    ) -> None:
        file = kept(a_pdf(in_file), by=world.technician)
        if not says:
            assert certified(batch, by=world.technician, **said(file, first, last, pages)).pages == pages
            return
        with nothing_written(), pytest.raises(Refused, match=says):
            certified(batch, by=world.technician, **said(file, first, last, pages))

    @pytest.mark.parametrize(("content", "name"), [(PNG, "a.png"), (JPEG, "a.jpg")])
    def test_a_picture_is_one_page(self, world: Short, batch: Batch, content: bytes, name: str) -> None:
        file = kept(content, by=world.technician, name=name)
        with nothing_written(), pytest.raises(Refused, match="The file has 1 pages"):
            certified(batch, by=world.technician, **said(file, 1, 2, 2))
        assert certified(batch, by=world.technician, **said(file, 2, 2, 2)).last_page == 2

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"only text", "A true copy is a PDF"),
            (b"PK\x03\x04" + b"\x00" * 40, "A true copy is a PDF"),
            (a_pdf(3, password="secret"), "locked by a password"),
            (a_pdf(3)[:200], "its pages cannot be counted"),
            (b"%PDF-1.7\n" + b"\x00\xff" * 400, "its pages cannot be counted"),
            (b"%PDF-1.7\n", "its pages cannot be counted"),
        ],
    )
    def test_a_file_that_is_no_scan_is_refused(self, world: Short, batch: Batch, content: bytes, says: str) -> None:
        with writing():
            file = files.keep(content, name="scan.pdf", actor=world.technician.reference)
        with nothing_written(), pytest.raises(Refused, match=says):
            certified(batch, by=world.technician, **said(file))

    def test_a_file_that_is_not_stored_or_that_the_machine_made_is_refused(self, world: Short, batch: Batch) -> None:
        with writing():
            made = files.keep(a_pdf(3), name="certificate.pdf", actor="machine")
        for file in (made, str(uuid4())):
            with nothing_written(), pytest.raises(Refused, match="isn't stored here"):
                certified(batch, by=world.technician, **said(file))

    def test_a_file_that_was_changed_meanwhile_is_refused(self, world: Short, batch: Batch) -> None:
        file = kept(a_pdf(3), by=world.technician)
        place = files.path_of(file.sha256)
        whole = place.read_bytes()
        try:
            place.write_bytes(a_pdf(3))
            with nothing_written(), pytest.raises(Refused, match="gone or was changed"):
                certified(batch, by=world.technician, **said(file))
            place.unlink()
            with nothing_written(), pytest.raises(Refused, match="gone or was changed"):
                certified(batch, by=world.technician, **said(file))
        finally:
            place.write_bytes(whole)

    def test_the_same_file_is_certified_once_in_a_record_and_shown_as_the_other_s_in_another(
        self, world: Short, batch: Batch
    ) -> None:
        file = kept(a_pdf(3), by=world.technician)
        certified(batch, by=world.technician, **said(file))
        again = kept(files.read(file), by=world.second)
        with nothing_written(), pytest.raises(Refused, match="a true copy in this record already"):
            certified(batch, by=world.second, **said(again))

        world.coi = a_subject(by=world.logistics)
        other = world.issued()
        _challenge, shown = ask("true_copy.certify", other.pk, said(again), by=world.second)
        told = [(line.value, line.status) for line in shown.lines if line.label == "Also in the record of"]
        assert told == [(batch.number, "warn")]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"first_page": "0"}, {"first_page": "-1"}, {"last_page": "1e3"}, {"pages": "10000"}, {"pages": "٣"},
            {"pages": ""}, {"title": "x"}, {"original_at": ""}, {"file": "nothing"}, {"step": "9.9"}, {"colour": "red"},
            {"title": "x\x00y"}, {"title": "x" * 201},
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_refused(self, world: Short, batch: Batch, wrong: dict[str, str]) -> None:
        file = kept(a_pdf(3), by=world.technician)
        with nothing_written(), pytest.raises((BadInput, Refused)):
            certified(batch, by=world.technician, **(said(file) | wrong))

    @pytest.mark.parametrize("role", [Role.QUALIFIED_PERSON, Role.INSPECTOR, Role.ADMINISTRATOR])
    def test_is_for_those_who_hold_the_paper(self, world: Short, batch: Batch, role: Role) -> None:
        file = kept(a_pdf(3), by=world.technician)
        by = administrators()[0] if role == Role.ADMINISTRATOR else a_person(role)
        with nothing_written(), pytest.raises(NotAllowed):
            ask("true_copy.certify", batch.pk, said(file), by=by)

    def test_changes_the_record_that_a_review_has_to_have_seen(self, world: Short, batch: Batch) -> None:
        before = stream_position(batch)
        certified(batch, by=world.technician, **said(kept(a_pdf(3), by=world.technician)))
        assert stream_position(batch) == before + 1


class TestOnThePages:
    def test_a_scan_goes_from_the_form_to_its_signature_page_and_into_the_record(
        self, world: Short, batch: Batch
    ) -> None:
        client, place = at_browser(world.technician), f"/batches/{batch.number}/papers/"
        empty = client.get(place).content.decode()
        assert "No paper was certified" in empty
        content = a_pdf(2)
        sent = client.post(f"{place}store/", {"file": SimpleUploadedFile("../log book.pdf", content)})
        assert sent.status_code == 303
        page = client.get(sent.headers["Location"])
        file = page.context["file"]
        assert "log book.pdf" in page.content.decode()

        started = client.post(page.context["act"].url, said(file, 1, 2, 2, step=""))
        shown = client.get(started.headers["Location"]).content.decode()
        assert file.sha256 in shown
        assert "1 to 2 of 2" in shown
        row = certified(batch, by=world.technician, **said(file, 1, 2, 2))
        told = client.get(place).content.decode()
        for words in ("Logbook LB-12", "1 to 2 of 2", "Archive B, cabinet 4", file.sha256, "Matches the record"):
            assert words in told
        answer = client.get(f"{place}{row.pk}/file/")
        assert (answer.content, answer.headers["X-Content-Type-Options"]) == (content, "nosniff")
        assert answer.headers["Content-Disposition"].startswith("attachment")

    def test_a_copy_that_was_changed_on_disk_is_told_and_not_given_out(self, world: Short, batch: Batch) -> None:
        row = certified(batch, by=world.technician, **said(kept(a_pdf(3), by=world.technician)))
        place = files.path_of(row.file.sha256)
        whole = place.read_bytes()
        client = at_browser(world.technician)
        try:
            place.write_bytes(whole[:-1] + b"X")
            page = client.get(f"/batches/{batch.number}/papers/").content.decode()
            answer = client.get(f"/batches/{batch.number}/papers/{row.pk}/file/")
        finally:
            place.write_bytes(whole)
        assert "Differs from the record" in page
        assert answer.status_code == 409
        assert "is not the one that was certified" in answer.content.decode()

    def test_a_copy_of_another_batch_is_not_found_under_this_one(self, world: Short, batch: Batch) -> None:
        row = certified(batch, by=world.technician, **said(kept(a_pdf(3), by=world.technician)))
        assert at_browser(world.technician).get(f"/batches/CT-26-9999/papers/{row.pk}/file/").status_code == 404

    @pytest.mark.parametrize("content", [b"", b"only text", b"<svg/>"])
    def test_what_is_no_scan_is_not_stored(self, world: Short, batch: Batch, content: bytes) -> None:
        client = at_browser(world.technician)
        before = StoredFile.objects.count()
        answer = client.post(f"/batches/{batch.number}/papers/store/", {"file": SimpleUploadedFile("a.pdf", content)})
        assert answer.status_code == 400
        assert StoredFile.objects.count() == before

    def test_the_qualified_person_reads_papers_and_stores_none(self, world: Short, batch: Batch) -> None:
        client = at_browser(world.qp)
        page = client.get(f"/batches/{batch.number}/papers/")
        assert page.status_code == 200
        assert "Store and describe it" not in page.content.decode()
        answer = client.post(f"/batches/{batch.number}/papers/store/", {"file": SimpleUploadedFile("a.pdf", a_pdf(1))})
        assert answer.status_code == 403


class TestThroughTheApi:
    def test_a_program_stores_a_file_and_acts_name_it(self, world: Short, batch: Batch) -> None:
        client, content = at_browser(world.technician), a_pdf(3)
        answer = client.post("/api/v1/files/", {"file": SimpleUploadedFile("scan.pdf", content)})
        assert answer.status_code == 201
        told = answer.json()
        assert (told["size"], told["media_type"], told["original_name"]) == (
            len(content),
            "application/pdf",
            "scan.pdf",
        )
        row = certified(batch, by=world.technician, **said(told["id"]))
        (listed,) = client.get(f"/api/v1/batches/{batch.number}/true-copies/").json()
        assert (listed["id"], listed["sha256"], listed["pages"]) == (str(row.pk), told["sha256"], 3)
        assert listed["certified"]["username"] == world.technician.username

    def test_what_is_not_one_file_is_refused(self, world: Short) -> None:
        client = at_browser(world.technician)
        two = [SimpleUploadedFile(name, PNG) for name in ("a.png", "b.png")]
        for body, status in (
            ({}, 400),
            ({"file": "a text"}, 400),
            ({"other": SimpleUploadedFile("a.png", PNG)}, 400),
            ({"file": two}, 400),
            ({"file": SimpleUploadedFile("a.png", PNG), "name": "x"}, 400),
            ({"file": SimpleUploadedFile("a.exe", b"MZ" + b"\x00" * 40)}, 400),
            ({"file": SimpleUploadedFile("a.png", b"")}, 400),
        ):
            with nothing_written():
                answer = client.post("/api/v1/files/", body)
            assert answer.status_code == status, body
            assert answer.headers["Content-Type"] == "application/problem+json"

    def test_another_form_of_body_and_a_length_that_is_too_large_are_refused(self, world: Short) -> None:
        client = at_browser(world.technician)
        with nothing_written():
            json = client.post("/api/v1/files/", {"file": "x"}, content_type="application/json")
            broken = client.post("/api/v1/files/", b"--x\r\nnothing", content_type="multipart/form-data; boundary=x")
            large = client.generic(
                "POST", "/api/v1/files/", b"--x--", content_type="multipart/form-data; boundary=x",
                CONTENT_LENGTH=str(files.MAXIMUM_BYTES + 10**6),
            )  # fmt: skip
        assert [json.status_code, broken.status_code, large.status_code] == [415, 400, 413]

    def test_only_those_who_bring_evidence_or_papers_store_files(self, world: Short) -> None:
        for by in (world.qp, administrators()[0], a_person(Role.INSPECTOR)):
            with nothing_written():
                answer = at_browser(by).post("/api/v1/files/", {"file": SimpleUploadedFile("a.png", PNG)})
            assert answer.status_code == 403


@pytest.mark.parametrize("media_type", ["text/plain", "application/zip", "application/octet-stream", ""])
def test_only_scans_have_pages(media_type: str) -> None:
    with pytest.raises(UnreadableScanError, match="neither a PDF"):
        pages_in(a_pdf(1), media_type)
    assert SCANS < EVIDENCE


def test_a_page_tree_that_refers_to_itself_is_not_counted(tmp_path: Path) -> None:
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.Pages.Kids.append(document.Root.Pages)
    content = BytesIO()
    document.save(content)
    with pytest.raises(UnreadableScanError):
        pages_in(content.getvalue(), "application/pdf")
