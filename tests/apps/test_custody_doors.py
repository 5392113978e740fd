"""Custody through its doors: the API and the pages answer alike, refuse alike, and never break."""

import csv
import json
from copy import copy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import SecurityEvent
from accounts.roles import Role
from chain_of_custody.containers import assign
from chain_of_custody.models import Collection, HandOverOffered, IdentityCheck, Party, Placement, Subject
from ledger import files
from ledger.models import StoredFile
from tests.custody_builders import MARKERS, World, a_subject, ago, stated
from tests.kept import made_once
from tests.people import a_person, at_browser, nothing_written, secret_of

pytestmark = pytest.mark.django_db
VECTORS = Path(__file__).parents[1] / "vectors" / "isbt128_check_characters.csv"


kept = made_once(World)


@pytest.fixture
def world(kept: World, db: None) -> World:
    return copy(kept)


def send(client: Client, path: str, body: object) -> Any:  # Any: the test client's own response, which has json()
    data = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"/api/v1/{path}", data, content_type="application/json")


def read(client: Client, path: str) -> Any:  # Any: JSON
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


class TestApi:
    def test_a_subject_and_its_chain_are_registered_and_the_identity_is_never_given_back(self, world: World) -> None:
        client, key = at_browser(world.logistics), str(uuid4())
        body = {"id": key, "pseudonym": "104-900", "initials": "QZX", "birth_year": 1907,
                "hospital_reference": "MRN-88190432"}  # fmt: skip
        answer = send(client, "subjects/", body)
        assert answer.status_code == 201, answer.content
        chain = send(client, "chains/", {"id": str(uuid4()), "subject": key})
        assert chain.status_code == 201
        identifier = chain.json()["identifier"]
        assert send(client, "subjects/", body).status_code == 201
        assert send(client, "subjects/", body | {"initials": "AB"}).status_code == 422
        assert Subject.objects.filter(pseudonym="104-900").count() == 1

        pages = [f"subjects/{key}/", "subjects/", f"chains/{identifier}/", "chains/", f"chains/{identifier}/custody/"]
        told = answer.content.decode() + "".join(json.dumps(read(client, page)) for page in pages)
        assert not [word for word in ("QZX", "1907", "MRN-88190432") if word in told]
        assert identifier in told

    def test_donation_numbers_are_judged_by_the_published_vectors(self, world: World) -> None:
        client = at_browser(world.technician)
        intent = {
            "collected_at": ago(hours=3).isoformat(),
            "party": str(world.hospital.pk),
            "bag_volumes_ml": ["214"],
            "donor_markers": MARKERS,
            "form_reference": "CF-1",
        }
        seen = set()
        for row in csv.DictReader(VECTORS.open(encoding="utf-8")):
            typed = row["din"] + row["check_character_shown"]
            body = {"act": "collection.register", "record": str(world.coi.pk), "intent": intent | {"din": typed}}
            answer = send(client, "challenges/", body)
            assert answer.status_code == (201 if row["character"] == "right" else 400), (row, answer.content)
            seen.add(row["character"])
        assert "right" in seen
        assert len(seen) == 2
        assert not Collection.objects.exists()

    def test_a_hand_over_goes_through_challenge_and_act(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        client = at_browser(world.technician)
        intent = {"containers": [bag.code], "taker": str(world.site.pk)}
        asked = send(client, "challenges/", {"act": "custody.offer", "record": str(world.coi.pk), "intent": intent})
        assert asked.status_code == 201, asked.content
        signed = send(client, "acts/custody.offer/", {
            "challenge": asked.json()["challenge"], "username": world.technician.username,
            "secret": secret_of(world.technician),
        })  # fmt: skip
        assert signed.status_code == 201, signed.content
        record = read(client, f"chains/{world.coi.identifier}/custody/")
        assert [link["status"] for link in record["links"]] == ["attested", "attested", "offered"]
        assert record["held"][0]["person"] == world.technician.name
        assert len(read(client, f"chains/{world.coi.identifier}/hand-overs/")) == 3

    def test_an_identity_check_is_written_whatever_was_read(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        assign(container=bag, batch_number="CT-26-0042", by=world.technician)
        client = at_browser(world.technician)
        said = {"chain": world.coi.identifier, "batch_number": "CT-26-0042", "typed": False, "where": "step 3.3"}
        codes = {bag.code: True, "A\u001dB": False, "": False, " ": False, "<script>": False}
        for code, matches in codes.items():
            answer = send(client, "identity-checks/", said | {"id": str(uuid4()), "scanned": code})
            assert answer.status_code == 201, answer.content
            assert answer.json()["matches"] is matches
        assert IdentityCheck.objects.count() == len(codes)
        assert len(read(client, "identity-checks/?batch=CT-26-0042")["results"]) == len(codes)

    def test_a_placement_is_recorded_with_its_excursion(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        client = at_browser(world.technician)
        body = {"id": str(uuid4()), "chain": world.coi.identifier, "containers": [bag.code], "place": "LN2-04",
                "temperature_c": "-149.5", "happened_at": ago().isoformat()}  # fmt: skip
        first, again = send(client, "placements/", body), send(client, "placements/", body)
        assert (first.status_code, again.status_code) == (201, 201), first.content
        assert first.json() == again.json()
        assert first.json()["excursion"] is True
        assert send(client, "placements/", body | {"position": "rack 3"}).status_code == 422
        assert Placement.objects.filter(place=world.freezer).count() == 1
        assert read(client, f"containers/{bag.code}/")["place"] == "LN2-04"

    def test_lists_are_read(self, world: World) -> None:
        collection = world.received()
        client = at_browser(world.second)
        assert read(client, "parties/")["results"]
        assert {place["code"] for place in read(client, "places/")["results"]} >= {"Q-01", "SH-207"}
        (row,) = read(client, f"collections/?chain={world.coi.identifier}")["results"]
        assert row["din"] == collection.din
        assert row["verified_by"] == world.second.name
        assert read(client, f"collections/{collection.pk}/") == row
        assert len(read(client, f"containers/?chain={world.coi.identifier}")["results"]) == 1
        assert read(client, "containers/?batch=NONE")["results"] == []

    @pytest.mark.parametrize("body", ["[]", '"x"', "{}", "null", "{", '{"id": 1}', '{"id": NaN}'])
    def test_what_cannot_be_read_is_refused_in_words(self, body: str) -> None:
        client = at_browser(a_person(Role.LOGISTICS, Role.TECHNICIAN))
        for path in ("subjects/", "chains/", "parties/", "places/", "identity-checks/", "placements/"):
            with nothing_written():
                answer = send(client, path, body)
            assert answer.status_code == 400, (path, answer.content)
            assert answer["Content-Type"].startswith("application/problem+json")

    def test_wrong_values_are_refused_in_words(self, world: World) -> None:
        client = at_browser(a_person(Role.LOGISTICS, Role.TECHNICIAN))
        place = {"id": str(uuid4()), "code": "X-1", "name": "x", "kind": "store", "party": str(world.site.pk)}
        placement = {"id": str(uuid4()), "chain": world.coi.identifier, "containers": ["X"], "place": "Q-01",
                     "happened_at": ago().isoformat()}  # fmt: skip
        wrong: list[tuple[str, Any, int]] = [
            ("places/", place | {"low_c": "NaN"}, 400),
            ("places/", place | {"low_c": "1e400"}, 400),
            ("places/", place | {"low_c": "1_000"}, 400),
            ("places/", place | {"low_c": "-15O"}, 400),
            ("places/", place | {"low_c": True}, 400),
            ("places/", place | {"low_c": 2}, 400),
            ("places/", place | {"high_c": "8", "party": str(uuid4())}, 400),
            ("places/", place, 409),
            ("placements/", placement, 400),
            ("placements/", placement | {"chain": "CHA9999260000000"}, 400),
            ("placements/", placement | {"happened_at": "2999-01-01T00:00:00Z"}, 400),
            ("parties/", {"id": str(uuid4()), "name": "x", "kind": "own_site", "address": "x"}, 400),
            ("parties/", {"id": str(uuid4()), "name": "x" * 121, "kind": "courier", "address": "x"}, 400),
            ("subjects/", {"id": str(uuid4()), "pseudonym": "1\u0000"}, 400),
            ("subjects/", {"id": str(uuid4()), "pseudonym": "ANNA"}, 409),
        ]
        for path, body, status in wrong:
            with nothing_written():
                answer = send(client, path, body)
            assert answer.status_code == status, (path, body, answer.content)
            assert answer.json()["objections"]

    def test_people_without_the_permission_are_refused(self, world: World) -> None:
        administrator, analyst = a_person(Role.ADMINISTRATOR), a_person(Role.QC_ANALYST)
        client = at_browser(administrator)
        for path in ("subjects/", "chains/", "containers/", f"chains/{world.coi.identifier}/custody/"):
            assert client.get(f"/api/v1/{path}").status_code == 403
        party = {"id": str(uuid4()), "name": "x", "kind": "courier", "address": "x"}
        with nothing_written():
            assert send(at_browser(analyst), "parties/", party).status_code == 403
        assert Client().get("/api/v1/chains/").status_code == 401


class TestPages:
    def test_the_custody_page_shows_the_record(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        page = at_browser(world.second).get(f"/custody/{world.coi.identifier}/").content.decode()
        for words in (bag.code, "Tuuli Virtanen", "Paul Meier", world.technician.name, "0 signed", "2 attested",
                      "of 2 links, no gap", "not yet checked", "2–8 °C", "Fridge Q-01",
                      world.coi.subject.pseudonym):  # fmt: skip
            assert words in page, words

    def test_every_page_opens_for_those_who_may_and_for_nobody_else(self, world: World) -> None:
        collection = world.received()
        (bag,) = world.bags_of(collection)
        offer = HandOverOffered.objects.first()
        assert offer is not None
        chain = f"/custody/{world.coi.identifier}/"
        pages = [
            "/custody/", "/custody/subjects/new/", "/custody/parties/", "/custody/places/", "/custody/evidence/", chain,
            f"{chain}collection/", f"{chain}hand-over/", f"/custody/containers/{bag.code}/",
            f"/custody/hand-overs/{offer.pk}/",
        ]  # fmt: skip
        everywhere, nowhere = at_browser(world.logistics), at_browser(a_person(Role.ADMINISTRATOR))
        for page in pages:
            assert everywhere.get(page).status_code == 200, page
            assert nowhere.get(page).status_code == 403, page
            assert Client().get(page).status_code == 302, page
        for page in ("/custody/NOTHING/", "/custody/containers/NOTHING/", f"/custody/hand-overs/{uuid4()}/"):
            assert everywhere.get(page).status_code == 404

    def test_a_subject_is_registered_on_its_page_once(self, world: World) -> None:
        client, sent = at_browser(world.logistics), {"id": str(uuid4()), "pseudonym": "104-901", "initials": ""}
        first, again = client.post("/custody/subjects/new/", sent), client.post("/custody/subjects/new/", sent)
        assert first.status_code == 303
        assert first["Location"] == again["Location"]
        with nothing_written():
            refused = client.post("/custody/subjects/new/", sent | {"id": str(uuid4()), "pseudonym": "SCHMIDT"})
        assert refused.status_code == 409
        assert "There is a problem" in refused.content.decode()
        assert 'value="SCHMIDT"' in refused.content.decode()

    def test_parties_and_places_are_registered_on_their_pages(self, world: World) -> None:
        client = at_browser(world.logistics)
        party = {"id": str(uuid4()), "name": "Lab & Sons", "kind": "laboratory", "address": "x", "licence": ""}
        assert client.post("/custody/parties/", party).status_code == 303
        assert "Lab &amp; Sons" in client.get("/custody/parties/").content.decode()
        place = {"id": str(uuid4()), "code": "L-1", "name": "Fridge", "kind": "store", "low_c": "2", "high_c": "8",
                 "party": str(Party.objects.get(name="Lab & Sons").pk)}  # fmt: skip
        assert client.post("/custody/places/", place).status_code == 303
        with nothing_written():
            assert client.post("/custody/places/", place | {"id": str(uuid4()), "code": "L 1"}).status_code == 409
            assert client.post("/custody/places/", place | {"id": str(uuid4()), "low_c": "two"}).status_code == 400

    def test_a_collection_form_leads_to_its_signature_page(self, world: World) -> None:
        client = at_browser(world.technician)
        answer = client.post(f"/sign/collection.register/{world.coi.pk}/", {
            "din": "A9999 26 004217 [N]", "collected_at": f"{ago(hours=30):%Y-%m-%dT%H:%M}+00:00",
            "party": str(world.hospital.pk),
            "bag_volumes_ml": "107\r\n106.5", "donor_markers": MARKERS, "form_reference": "CF-1", "form": "",
            "place": "",
        })  # fmt: skip
        assert answer.status_code == 303, answer.content.decode()
        page = client.get(answer["Location"]).content.decode()
        assert "106.5 mL" in page
        signed = client.post(answer["Location"], {"secret": secret_of(world.technician)})
        assert signed["Location"] == f"/custody/{world.coi.identifier}/"
        assert Collection.objects.get().containers.count() == 2

    def test_a_hand_over_is_offered_and_accepted_on_its_pages(self, world: World) -> None:
        bags = world.bags_of(world.received(bags=2))
        giver = at_browser(world.technician)
        asked = giver.post(f"/sign/custody.offer/{world.coi.pk}/", {
            "containers": [bag.code for bag in bags], "taker": str(world.site.pk), "shipper": "", "seal": "",
            "happened_at": "",
        })  # fmt: skip
        assert asked.status_code == 303, asked.content.decode()
        giver.post(asked["Location"], {"secret": secret_of(world.technician)})
        offer = HandOverOffered.objects.get(person=world.technician)

        page = giver.get(f"/custody/hand-overs/{offer.pk}/").content.decode()
        assert "Can be accepted until" in page
        asked = giver.post(f"/sign/custody.accept/{offer.pk}/", {
            "place": "LN2-04", "position": "rack 3", "temperature_c": "-149", "seal_intact": "", "condition": "intact",
            "happened_at": "",
        })  # fmt: skip
        assert asked.status_code == 303, asked.content.decode()
        # The taker signs at the giver's station.
        done = giver.post(asked["Location"], {"username": world.second.username, "secret": secret_of(world.second)})
        assert done.status_code == 303, done.content.decode()
        page = giver.get(f"/custody/hand-overs/{offer.pk}/").content.decode()
        assert "Outside the range" in page
        assert "149" in giver.get(f"/custody/{world.coi.identifier}/").content.decode()

    def test_a_container_is_placed_on_its_page(self, world: World) -> None:
        (bag,) = world.bags_of(world.received())
        client, page = at_browser(world.technician), f"/custody/containers/{bag.code}/"
        sent = {"id": str(uuid4()), "place": "LN2-04", "position": "", "temperature_c": "", "happened_at": ""}
        assert client.post(page, sent).status_code == 303
        assert client.post(page, sent).status_code == 303
        assert Placement.objects.filter(place=world.freezer).count() == 1
        with nothing_written():
            wrong = client.post(page, sent | {"id": str(uuid4()), "place": ""})
            other = at_browser(world.second).post(page, sent | {"id": str(uuid4())})
            broken = client.post(page, sent | {"id": "x"})
        assert (wrong.status_code, other.status_code, broken.status_code) == (400, 409, 400)

    def test_evidence_is_stored_named_and_given_back_as_it_was(self, world: World) -> None:
        client = at_browser(world.technician)
        sent = {"file": SimpleUploadedFile("way<b>bill.pdf", b"%PDF-1.7 waybill")}
        assert client.post("/custody/evidence/", sent).status_code == 303
        stored = StoredFile.objects.get()
        listed = client.get("/custody/evidence/").content.decode()
        assert "way&lt;b&gt;bill.pdf" in listed
        given = client.get(f"/custody/evidence/{stored.pk}/")
        assert given.content == b"%PDF-1.7 waybill"
        assert given["Content-Disposition"].startswith("attachment")
        for name, content in (("empty.pdf", b""), ("program.exe", b"MZ\x00\x01\xff")):
            with nothing_written():
                answer = client.post("/custody/evidence/", {"file": SimpleUploadedFile(name, content)})
            assert answer.status_code == 400

    def test_evidence_that_was_changed_meanwhile_is_not_given_out(self, world: World) -> None:
        client = at_browser(world.technician)
        client.post("/custody/evidence/", {"file": SimpleUploadedFile("waybill.pdf", b"%PDF-1.7 to be changed")})
        stored = StoredFile.objects.get()
        kept = files.path_of(stored.sha256)
        whole = kept.read_bytes()
        kept.write_bytes(whole.replace(b"changed", b"CHANGED"))
        try:
            refused = client.get(f"/custody/evidence/{stored.pk}/")
            assert refused.status_code == 409
            assert "not the file that was stored" in refused.content.decode()
            assert SecurityEvent.objects.filter(kind="evidence_damaged", person=world.technician).exists()
        finally:
            kept.write_bytes(whole)

    def test_markup_in_what_was_stated_is_shown_as_text(self, world: World) -> None:
        bags = world.bags_of(world.verified())
        client = at_browser(world.technician)
        said = stated("<script>alert(1)</script>", "nurse")
        asked = client.post(f"/sign/custody.offer_attested/{world.coi.pk}/", said | {
            "containers": [bags[0].code], "taker": str(world.courier.pk),
            "happened_at": f"{ago(hours=2):%Y-%m-%dT%H:%M}+00:00",
        })  # fmt: skip
        client.post(asked["Location"], {"secret": secret_of(world.technician)})
        offer = HandOverOffered.objects.get()
        for page in (f"/custody/{world.coi.identifier}/", f"/custody/hand-overs/{offer.pk}/"):
            text = client.get(page).content.decode()
            assert "<script>alert" not in text
            assert "&lt;script&gt;alert" in text

    def test_identity_data_are_on_no_page(self, world: World) -> None:
        world.coi = a_subject("104-778", by=world.logistics, initials="QZX", hospital_reference="MRN-88190432")
        (bag,) = world.bags_of(world.received())
        client = at_browser(world.logistics)
        for page in ("/custody/", f"/custody/{world.coi.identifier}/", f"/custody/containers/{bag.code}/"):
            text = client.get(page).content.decode()
            assert "QZX" not in text
            assert "MRN-88190432" not in text
