"""Donor tests: recorded by one, verified by another, superseded with a reason; what follows for storage and batch."""

from copy import copy
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.signing import ask
from accounts.wording import today
from batches.completeness import objections_to_record
from batches.donors import donor_of, objections_to_donor, objections_to_isolation
from batches.identity import batch_of
from batches.models import Batch, Departure
from batches.pinned import product_of
from chain_of_custody.containers import make_container, starting_containers
from chain_of_custody.donor_status import Found, Overall
from chain_of_custody.donor_testing import (
    NOTHING_KNOWN,
    Requirements,
    isolation_words,
    requirements_of,
    results_of,
    status_of,
    status_words,
)
from chain_of_custody.models import Collection, Container, DonorTest, DonorTestVerified
from chain_of_custody.placing import place_containers
from ledger import clock
from ledger.verification import verify_records
from qc.release.disposition import objections_to_certification
from tests.batches_builders import BatchWorld, a_batch
from tests.custody_builders import MARKERS, a_place, a_subject, a_typed_din, ago
from tests.kept import kept_for_a_module
from tests.labels_builders import donor_test, donor_tested, printed_for
from tests.people import a_person, at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db

HIV = "HIV 1 and 2"
ASKED = Requirements((HIV,), None, is_autologous=True)


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    """One world with a batch of whose donor nothing is known; what a test writes is taken back after it."""
    with kept_for_a_module(django_db_blocker):
        world, batch = a_batch(donor_known=False)
        yield world, batch


@pytest.fixture
def world(kept, db) -> BatchWorld:
    """The same world with another patient, whose cells nobody ordered anything of."""
    other = copy(kept[0])
    other.coi = a_subject(by=other.logistics)
    return other


@pytest.fixture
def made(kept, db) -> tuple[BatchWorld, Batch, Collection]:
    """The world with its batch and the collection that the batch began with."""
    world, batch = kept
    return world, batch_of(batch.pk), Collection.objects.get(coi=world.coi)


def codes(objections) -> set[str]:
    return {one.code for one in objections}


def test_a_result_counts_when_a_second_person_has_compared_it(world):
    collection = world.collected()
    row = donor_test(collection, HIV, by=world.technician)
    assert status_of(collection, ASKED).markers[0].found is Found.UNKNOWN

    with nothing_written(), pytest.raises(Refused, match=f"{world.technician.name} recorded it"):
        do("donor_test.verify", row, by=fresh(world.technician))
    do("donor_test.verify", row, by=world.second)

    assert status_of(collection, ASKED).overall is Overall.COMPLETE
    with nothing_written(), pytest.raises(Refused, match="verified already"):
        do("donor_test.verify", row, by=fresh(world.logistics))


def test_a_later_result_supersedes_with_a_reason_and_the_first_one_stays(world):
    collection = world.collected()
    first = donor_test(collection, HIV, "reactive", by=world.technician, verified_by=world.second)

    with nothing_written(), pytest.raises(Refused, match="why this one replaces it"):
        donor_test(collection, HIV, by=world.technician)
    second = donor_test(collection, "hiv 1 AND 2", by=world.technician, reason="Confirmed by a second method")

    assert second.supersedes == first
    assert [row.pk for row in results_of(collection)] == [first.pk, second.pk]
    asked = NOTHING_KNOWN
    assert status_of(collection, asked).reactive == (HIV,)  # until the later one is verified
    do("donor_test.verify", second, by=world.second)
    assert status_of(collection, asked).reactive == ()
    with nothing_written(), pytest.raises(Refused, match="A later result replaces this one"):
        do("donor_test.verify", first, by=fresh(world.logistics))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"laboratory": ""}, "laboratory"),
        ({"report": ""}, "report"),
        ({"sampled_on": ""}, "sampled_on"),
        ({"sampled_on": (today() + timedelta(days=2)).isoformat()}, "sampled_on"),
        ({"sampled_on": "yesterday"}, "sampled_on"),
        ({"result": "negative"}, "result"),
        ({"marker": "x" * 61}, "marker"),
        ({"marker": ""}, "marker"),
        ({"reason": "There is nothing to replace"}, "reason"),
        ({"unknown": "field"}, "unknown"),
    ],
)
def test_bad_input_changes_nothing(world, changes, field):
    collection = world.collected()
    intent = {"marker": HIV, "result": "non_reactive", "laboratory": "V", "report": "1", "sampled_on": "2026-01-05"}
    with nothing_written(), pytest.raises(Refused) as refused:
        ask("donor_test.record", collection.pk, intent | changes, by=fresh(world.technician))
    assert field in {one.field for one in refused.value.objections}


def test_not_tested_needs_no_report_and_is_no_pass(world):
    collection = world.collected()
    donor_test(collection, HIV, "not_tested", by=world.technician, verified_by=world.second)

    assert status_of(collection, ASKED).overall is Overall.UNKNOWN
    assert status_words(status_of(collection, ASKED)) == f"Unknown: {HIV} (not tested)."


def test_only_those_who_register_collections_record_and_verify(world):
    collection = world.collected()
    analyst = a_person(Role.QC_ANALYST)
    row = donor_test(collection, HIV, by=world.technician)
    with nothing_written(), pytest.raises(NotAllowed):
        donor_test(collection, "CMV", by=analyst)
    with nothing_written(), pytest.raises(NotAllowed):
        do("donor_test.verify", row, by=analyst)


def test_the_database_keeps_one_first_result_a_marker_and_reasons(world):
    collection = world.collected()
    row = donor_test(collection, HIV, by=world.technician)
    for change in (lambda rows: rows.update(result="reactive"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(DonorTest.objects.filter(pk=row.pk))
    for changes in ({}, {"supersedes": row, "reason": ""}):
        copy = DonorTest.objects.get(pk=row.pk)
        copy.pk, copy.challenge = uuid4(), uuid4()
        for name, value in changes.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            DonorTest.objects.bulk_create([copy])


# What the product asks for


def test_markers_and_window_come_from_the_ordered_product(world):
    assert requirements_of(world.coi) is None
    world.ordered()
    asked = requirements_of(world.coi)
    assert asked is not None
    assert HIV in asked.markers
    assert asked.window is not None
    collection = world.collected()
    donor_test(collection, HIV, by=world.technician, verified_by=world.second, days_before=asked.window.days_before + 1)
    assert status_of(collection, asked).markers[0].found is Found.OUTSIDE_WINDOW


@pytest.mark.clause(
    "Directive 2006/17/EC Annex I",
    "A batch whose product requires the donor's tests is not certified while a marker is unknown",
)
def test_an_unknown_donor_stops_certification_until_the_last_marker_is_verified(made):
    world, batch, collection = made
    assert "donor_unknown" in codes(objections_to_certification(batch))
    asked = requirements_of(world.coi)
    assert asked is not None
    *most, last = asked.markers
    for marker in most:
        donor_test(collection, marker, by=world.technician, verified_by=world.second)
    row = donor_test(collection, last, by=world.technician)

    assert last in next(one.says for one in objections_to_donor(batch) if one.code == "donor_unknown")
    do("donor_test.verify", row, by=world.second)

    assert objections_to_donor(batch) == []
    assert donor_of(batch).overall is Overall.COMPLETE


@pytest.mark.clause(
    "Directive 2006/86/EC Annex II E",
    "The patient's own cells are never rejected for a reactive marker; they are stored in isolation",
)
def test_a_reactive_patient_is_told_of_and_stored_in_isolation(made):
    world, batch, collection = made
    donor_tested(collection, by=world.technician, verified_by=world.second)
    assert objections_to_donor(batch) == []
    bag = make_container(
        kind=Container.Kind.FINAL_BAG, coi=world.coi, batch_number=batch.number, by=fresh(world.technician),
        made_at=clock.now(), place=world.freezer,
    )  # fmt: skip

    donor_test(
        collection, HIV, "reactive", by=world.technician, verified_by=world.second, reason="The repeat test is reactive"
    )

    assert objections_to_donor(batch) == []
    assert [row.kind for row in Departure.objects.filter(batch=batch)] == [Departure.Kind.DONOR]
    (objection,) = objections_to_isolation(batch)
    assert f"{bag.code} of a donor with reactive markers is not in isolated storage" in objection.says
    assert "not_isolated" in codes(objections_to_record(batch))
    assert "Choose an isolated place" in isolation_words(world.coi)
    isolated = a_place("LN2-ISO", by=world.logistics, low=None, high="-150", is_isolated=True)
    place_containers(
        id=uuid4(), coi=world.coi, containers=[bag], place=isolated, happened_at=clock.now(), by=fresh(world.technician)
    )
    assert objections_to_isolation(batch) == []
    findings = [one for one in verify_records().findings if one.check != "checkpoints"]
    assert findings == []


def test_a_reactive_donor_of_others_stops_certification_for_good(made):
    world, batch, collection = made
    own = product_of(batch)
    product = replace(own, attributes={**own.attributes, "donor_relation": "allogeneic"})
    donor_tested(collection, by=world.technician, verified_by=world.second)
    assert objections_to_donor(batch, product=product) == []

    reason = "The repeat test is reactive"
    donor_test(collection, HIV, "reactive", by=world.technician, verified_by=world.second, reason=reason)

    (objection,) = objections_to_donor(batch, product=product)
    assert objection.code == "donor_reactive"
    assert "there is no path for urgent need here" in objection.says
    assert objections_to_donor(batch) == []  # the patient's own cells are never rejected for it


def test_a_result_that_comes_after_labels_were_printed_is_a_departure(made):
    world, batch, collection = made
    asked = requirements_of(world.coi)
    assert asked is not None
    *most, last = asked.markers
    for marker in most:
        donor_test(collection, marker, by=world.technician, verified_by=world.second)
    assert not Departure.objects.filter(batch=batch).exists()
    printed_for(batch, by=world.technician, kinds=["apheresis_bag"])

    donor_test(collection, last, by=world.technician, verified_by=world.second)

    row = Departure.objects.get(batch=batch)
    assert row.kind == Departure.Kind.DONOR
    assert "Labels printed before must be replaced" in row.says
    assert DonorTestVerified.objects.count() == len(asked.markers)


# Material


@pytest.mark.parametrize(("material", "kind"), [("tumour", "tumour_vessel"), ("apheresis", "apheresis_bag")])
def test_tissue_and_cells_come_in_their_own_kind_of_container(world, material, kind):
    row = do(
        "collection.register", world.coi, by=world.technician, din=a_typed_din(),
        collected_at=ago(hours=20).isoformat(), party=str(world.hospital.pk), bag_volumes_ml=["20"],
        donor_markers=MARKERS, form_reference="CF-1", material=material, is_frozen="yes",
    )  # fmt: skip
    assert isinstance(row, Collection)
    assert (row.material, row.is_frozen) == (material, True)
    assert [one.kind for one in row.containers.all()] == [kind]
    do("collection.verify", row, by=world.second)
    bags = world.bags_of(row)
    world.to_courier(bags)
    world.accepted(world.offered_to_site(bags))
    assert [one.code for one in starting_containers(world.coi)] == [one.code for one in bags]


# Pages and API


def test_the_donor_page_shows_status_and_form_and_the_results_go_through_it(world):
    collection = world.collected()
    donor_test(collection, HIV, "reactive", by=world.technician)
    second = at_browser(world.second)

    page = second.get(f"/custody/{world.coi.identifier}/donor/").content.decode()

    assert "Nothing is ordered for these cells yet" in page
    assert "VIR-4711" in page
    assert "donor_test.verify" in page
    assert "not verified" in page
    answer = second.post(
        f"/sign/donor_test.record/{collection.pk}/",
        {"marker": "CMV", "result": "not_tested", "laboratory": "", "report": "", "sampled_on": "", "reason": ""},
    )
    assert answer.status_code in {302, 303}, answer.content.decode()[:2000]


def test_the_api_tells_the_status_and_refuses_those_who_may_not_read(world):
    collection = world.collected()
    donor_test(collection, HIV, "reactive", by=world.technician, verified_by=world.second)
    path = f"/api/v1/collections/{collection.pk}/donor-tests/"

    told = at_browser(world.technician).get(path).json()

    assert told["status"] == "reactive"
    assert told["markers"] == [{"marker": HIV, "found": "reactive"}]
    assert [(one["marker"], one["verified_by"], one["superseded"]) for one in told["tests"]] == [
        (HIV, world.second.name, False)
    ]
    assert at_browser(a_person(Role.INSPECTOR)).get(path).status_code == 403
    assert at_browser(world.technician).get(f"/api/v1/collections/{uuid4()}/donor-tests/").status_code == 404


def test_an_isolated_place_is_registered_through_the_api_and_the_page(world):
    client = at_browser(world.logistics)
    sent = {"id": str(uuid4()), "code": "ISO-1", "name": "Isolated tank", "kind": "store", "party": str(world.site.pk),
            "high_c": "-150", "is_isolated": "yes"}  # fmt: skip
    answer = client.post("/api/v1/places/", sent, content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["is_isolated"] is True
    form = sent | {"id": str(uuid4()), "code": "ISO-2", "low_c": "", "is_isolated": "no"}
    assert client.post("/custody/places/", form).status_code == 303
    assert "Isolated" in client.get("/custody/places/").content.decode()
    assert (
        BadInput.status
        == client.post(
            "/api/v1/places/", sent | {"id": str(uuid4()), "is_isolated": "perhaps"}, content_type="application/json"
        ).status_code
    )
