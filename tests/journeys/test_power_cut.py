"""A power cut at transduction: worked through on paper, entered back, signed by those who did it, all over HTTP.

The promise: no value is lost, nobody signs for another, and the record says for ever what was transcribed.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Person
from batches.completeness import objections_to_record
from batches.identity import batch_of
from batches.models import Batch, ContinuityCopy, Departure, StepPerformed, StepStart, TrueCopy
from batches.record import Status, record_of
from ledger import clock, files, outbox
from ledger.verification import verify_records
from qc.release.disposition import objections_to_certification
from tests.documents_builders import pages_of, squeezed
from tests.paper_builders import PaperWorld, codes_of
from tests.people import at_browser, fresh, secret_of

pytestmark = pytest.mark.django_db
API = "/api/v1"


class Desk:
    """Somebody at a program of their own, who speaks to the API alone."""

    def __init__(self, person: Person, number: str) -> None:
        self.person, self.at = person, f"{API}/batches/{number}"
        self.client: Client = at_browser(person)

    def sends(self, to: str, /, **data: object) -> Any:  # Any: what the API answers
        """What the API says to a fact that carries an id of its own."""
        sent = {"id": str(uuid4())} | data
        answer = self.client.post(f"{self.at}/{to}", sent, content_type="application/json")
        assert answer.status_code == 201, answer.content.decode()
        return answer.json()

    def signs(self, act: str, subject: object, expected: int = 201, **intent: object) -> Any:  # Any: as above
        """What the API says to an act that is asked for and signed."""
        asked = self.client.post(
            f"{API}/challenges/",
            {"act": act, "record": str(subject), "intent": intent},
            content_type="application/json",
        )
        if asked.status_code == expected != 201:
            return asked.json()
        assert asked.status_code == 201, asked.content.decode()
        body = {
            "challenge": asked.json()["challenge"],
            "username": self.person.username,
            "secret": secret_of(self.person),
        }
        answer = self.client.post(f"{API}/acts/{act}/", body, content_type="application/json")
        assert answer.status_code == expected, answer.content.decode()
        return answer.json()


@pytest.mark.clause(
    "EU Annex 11 16", "A batch goes on through a power cut on a controlled paper and its record is complete afterwards."
)
def test_a_power_cut_at_transduction_loses_nothing() -> None:
    clock.tell(clock.now() - timedelta(hours=6))
    world = PaperWorld()
    batch = world.worked(world.issued(), before="1.2")
    world.decided(batch)
    doer, colleague, checker = (Desk(one, batch.number) for one in (world.technician, world.second, world.checker))
    quality = Desk(world.qa, batch.number)

    taken = doer.sends("continuity/copies/", place="Suite B, on the incubator")
    spare = quality.sends("continuity/copies/", place="Quality assurance, safe")
    paper = doer.client.get(f"{doer.at}/continuity/copies/{taken['id']}/file/")
    text = "".join(pages_of(paper.content))
    assert squeezed("1.2 Addition of vector") in text
    assert squeezed("10–20 mL") in text

    began = clock.now()
    the_lights_come_back(hours=3)
    scan = the_paper_is_scanned(colleague, batch, taken["id"])
    for step in ("1.2", "1.3"):
        it_is_entered_back(world, colleague, batch, step, taken["id"], began)
    nobody_signs_before_it_was_compared(doer, batch)
    for step in ("1.2", "1.3"):
        read = doer.client.get(f"{doer.at}/steps/{step}/").json()["paper"]["id"]
        colleague.signs("transcription.compare", read, expected=409, scan=scan)
        checker.signs("transcription.compare", read, scan=scan)
    the_doers_sign(doer, colleague, checker, batch)
    it_says_so_for_ever(doer, batch)

    world.worked(batch_of(batch.pk), after="1.3")
    only_the_copies_stand_in_the_way(batch)
    colleague.signs("continuity.account", taken["id"], fate="used", scan=scan)
    assert spare["record"] in the_blockers(batch)
    quality.signs("continuity.account", spare["id"], fate="unused", says="Shredded.")
    assert objections_to_record(batch_of(batch.pk)) == []
    outbox.deliver_all()
    assert [str(finding) for finding in verify_records().findings] == []


def the_lights_come_back(hours: int) -> None:
    clock.tell(clock.now() + timedelta(hours=hours))


def the_paper_is_scanned(desk: Desk, batch: Batch, copy_id: str) -> str:
    copy = ContinuityCopy.objects.select_related("file").get(pk=copy_id)
    scan = SimpleUploadedFile("scan.pdf", files.read(copy.file) + b"\n")
    kept = desk.client.post(f"/batches/{batch.number}/papers/store/", {"file": scan})
    file_id = kept.headers["Location"].rstrip("/").rpartition("/")[2]
    pages = str(len(pages_of(files.read(copy.file))))
    desk.signs(
        "true_copy.certify", batch.pk, file=file_id, title="Copy 1, worked on in suite B", first_page="1",
        last_page=pages, pages=pages, original_at="Archive B, cabinet 4",
    )  # fmt: skip
    return str(TrueCopy.objects.get(batch=batch).pk)


def it_is_entered_back(world: PaperWorld, desk: Desk, batch: Batch, step: str, copy_id: str, began: datetime) -> None:
    at = f"steps/{step}/paper/"
    who = {"copy": copy_id, "done_by": world.technician.username, "happened_at": began.isoformat()}
    if step == "1.2":
        who |= {"checked_by": world.checker.username, "watched_by": world.second.username}
    desk.sends(at, **who)
    later = (began + timedelta(minutes=10)).isoformat()
    if step == "1.3":
        desk.sends(f"{at}values/", field="incubator_c", typed="37.0", performed_at=later)
        return
    for slot in ("bag", "vials"):
        for code in codes_of(world, batch_of(batch.pk), slot):
            assert desk.sends(f"{at}scans/", slot=slot, code=code, performed_at=later)["fits"]
    for field, typed in (("vector_ml", "15.0"), ("cells_counted", "1500000")):
        stored = desk.sends(f"{at}values/", field=field, typed=typed, performed_at=later)
        assert stored["value"]["from_copy"] == copy_id


def nobody_signs_before_it_was_compared(desk: Desk, batch: Batch) -> None:
    start = StepStart.objects.get(batch=batch, step="1.3")
    refused = desk.signs("step.perform", start.pk, expected=409)
    assert "not_compared" in [one["code"] for one in refused["objections"]]


def the_doers_sign(doer: Desk, colleague: Desk, checker: Desk, batch: Batch) -> None:
    first, second = (StepStart.objects.get(batch=batch, step=step).pk for step in ("1.2", "1.3"))
    checker.signs("step.check_before", first)
    refused = colleague.signs("step.perform", first, expected=409)
    assert "not_the_doer" in [one["code"] for one in refused["objections"]]
    doer.signs("step.perform", first)
    colleague.signs("step.witness", StepPerformed.objects.get(batch=batch, step="1.2").pk)
    doer.signs("step.perform", second)
    steps = {step.definition.code: step.status for step in record_of(batch_of(batch.pk)).steps}
    assert (steps["1.2"], steps["1.3"]) == (Status.COMPLETE, Status.COMPLETE)


def it_says_so_for_ever(desk: Desk, batch: Batch) -> None:
    page = desk.client.get(f"/batches/{batch.number}/steps/1.2/").content.decode()
    assert "Transcribed from CR-" in page
    for word in (f"done by {fresh(desk.person).name}", "entered by", "compared by"):
        assert word in page
    told = Departure.objects.filter(batch=batch, kind=Departure.Kind.PAPER)
    assert sorted(told.values_list("step", flat=True)) == ["1.2", "1.3"]
    assert not Departure.objects.filter(batch=batch, kind=Departure.Kind.LATE).exists()


def the_blockers(batch: Batch) -> str:
    return " ".join(one.says for one in objections_to_certification(batch_of(batch.pk)) if "not accounted" in one.says)


def only_the_copies_stand_in_the_way(batch: Batch) -> None:
    codes = [one.code for one in objections_to_record(batch_of(batch.pk))]
    assert codes == ["copy_not_accounted", "copy_not_accounted"]
    assert "not accounted for" in the_blockers(batch)
