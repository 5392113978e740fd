"""Labels: printed with their specimen, applied by two codes, destroyed, counted; late results of the donor relabel."""

import io
from copy import copy
from uuid import uuid4

import pypdfium2
import pytest
import zxingcpp
from django.db import IntegrityError, transaction

from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from accounts.signing import ask
from batches.identity import batch_of
from batches.label_content import NOT_EVALUATED, UNKNOWN, WARNING
from batches.label_prints import (
    labels_in,
    labels_on,
    objections_to_labelled,
    objections_to_labels,
    prints_of,
)
from batches.labelling import Applied, apply_label, print_labels
from batches.models import (
    Batch,
    Departure,
    LabelApplied,
    LabelPrint,
    LabelsDestroyed,
    LabelSpecimen,
    LabelsReconciled,
)
from batches.pinned import master_of
from chain_of_custody.containers import make_container
from chain_of_custody.donor_testing import requirements_of
from chain_of_custody.identity import container_read
from chain_of_custody.models import Collection, Container
from ledger import clock, files, outbox
from ledger.verification import verify_records
from reports.record_gathering.labels import labels as labels_stated
from reports.record_gathering.names import Names
from tests.batches_builders import BatchWorld, a_batch
from tests.custody_builders import a_subject
from tests.kept import kept_for_a_module
from tests.labels_builders import applied_all, donor_test, donor_tested, label_everything, printed_for
from tests.people import a_person, at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db

HIV = "HIV 1 and 2"


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    """A batch with two bags and a vial, of whose donor nothing is known yet; what a test writes is taken back."""
    with kept_for_a_module(django_db_blocker):
        world, batch = a_batch(donor_known=False)
        for kind in (Container.Kind.FINAL_BAG, Container.Kind.FINAL_BAG, Container.Kind.QC_VIAL):
            make_container(
                kind=kind, coi=world.coi, batch_number=batch.number, by=fresh(world.technician), made_at=clock.now()
            )
        yield world, batch


@pytest.fixture
def made(kept, db) -> tuple[BatchWorld, Batch]:
    world, batch = kept
    return world, batch_of(batch.pk)


def codes(objections) -> list[str]:
    return sorted(one.code for one in objections)


def applied(batch: Batch, world: BatchWorld, label: str, container: str) -> Applied:
    """A label read onto a container by the technician."""
    by = fresh(world.technician)
    return apply_label(batch=batch, label=label, container=container, by=by, id=uuid4())


def first_bag(batch: Batch) -> str:
    return f"{batch.number}-FB-01"


def second_bag(batch: Batch) -> str:
    return f"{batch.number}-FB-02"


# Printing


@pytest.mark.clause("21 CFR 211.188(b)(8)", "A specimen of each print of labels is rendered and kept in the record")
def test_a_print_freezes_each_label_and_its_specimen_is_read_back(made):
    world, batch = made
    row = printed_for(batch, by=world.technician, specimens=1)

    labels = labels_in(row)
    assert [label.container for label in labels] == [first_bag(batch), second_bag(batch), first_bag(batch)]
    assert row.donor_status == "unknown"
    assert all(label.donor == (NOT_EVALUATED, UNKNOWN) for label in labels)
    outbox.deliver_all()
    specimen = LabelSpecimen.objects.select_related("file").get(print=row)
    content = files.read(specimen.file)
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    read = [zxingcpp.read_barcodes(page.render(scale=203 / 72).to_pil())[0].text for page in document]
    assert read == [label.code for label in labels]
    (stated,) = labels_stated(batch, Names(batch))
    assert stated.specimen == specimen.file.sha256
    assert [each.serial for each in stated.labels] == [label.serial for label in labels]
    # The bag is found by its label from now on, scanned whole.
    found = container_read(read[1], typed=False)
    assert found is not None
    assert found.code == second_bag(batch)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kinds": []}, "Choose the containers"),
        ({"containers": ["CT-99-0001-FB-01"]}, "doesn't belong to this batch"),
        ({"kinds": ["final_bag"], "specimens": 10}, "at most 9 specimens"),
        ({"kinds": ["final_bag"], "purpose": "reprint", "reason": "The printer jammed"}, "This is its first print"),
    ],
)
def test_what_cannot_be_printed_is_refused(made, options, says):
    world, batch = made
    with nothing_written(), pytest.raises(Refused, match=says):
        print_labels(batch=batch, by=fresh(world.technician), id=uuid4(), **options)


def test_labels_are_printed_again_with_a_reason_alone(made):
    world, batch = made
    printed_for(batch, by=world.technician)

    with nothing_written(), pytest.raises(Refused, match="Print them again with a reason"):
        printed_for(batch, by=world.technician)
    with nothing_written(), pytest.raises(Refused, match="10 to 1,000 characters"):
        printed_for(batch, by=world.technician, purpose="reprint", reason="again")
    row = printed_for(batch, by=world.technician, purpose="reprint", reason="The printer jammed and tore them")

    serials = [label.serial for each in prints_of(batch) for label in each.labels]
    assert len(set(serials)) == len(serials) == 4
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelPrint.objects.bulk_create(
            [LabelPrint(batch=batch, number="LP-1", purpose="relabel", labels=[], actor="x", recorded_at=clock.now())]
        )
    assert row.reason


def test_sending_a_print_twice_prints_once(made):
    world, batch = made
    key = uuid4()
    by = fresh(world.technician)
    first = print_labels(batch=batch, by=by, id=key, kinds=["final_bag"])

    with nothing_written():
        assert print_labels(batch=batch, by=by, id=key, kinds=["final_bag"]) == first
    with nothing_written(), pytest.raises(SameIdOtherContent):
        print_labels(batch=batch, by=by, id=key, kinds=["qc_vial"])


def test_those_who_do_no_steps_print_and_apply_nothing(made):
    world, batch = made
    row = printed_for(batch, by=world.technician)
    label = labels_in(row)[0]
    with nothing_written(), pytest.raises(NotAllowed):
        printed_for(batch, by=world.logistics, kinds=["qc_vial"])
    with nothing_written(), pytest.raises(NotAllowed):
        apply_label(batch=batch, label=label.code, container=label.container, by=fresh(world.qa), id=uuid4())


# Applying


@pytest.mark.clause(
    "21 CFR 211.130", "A label is put on by reading its own code and the container's; one that does not fit is stopped"
)
def test_a_label_is_on_its_container_when_both_codes_were_read(made):
    world, batch = made
    label = labels_in(printed_for(batch, by=world.technician))[0]

    done = applied(batch, world, label.code, first_bag(batch))

    assert done.fits
    assert done.row is not None
    bag = Container.objects.get(code=first_bag(batch))
    assert labels_on(prints_of(batch)) == {bag.pk: label}
    assert not Departure.objects.filter(batch=batch).exists()
    with nothing_written(), pytest.raises(BadInput, match="the same label again"):
        applied(batch, world, label.code, label.code)


def test_what_does_not_fit_is_stored_and_stands_as_a_departure(made):
    world, batch = made
    row = printed_for(batch, by=world.technician, specimens=1)
    first, second, specimen = labels_in(row)
    done = applied(batch, world, first.code, first_bag(batch))
    assert done.fits
    do("label.destroy", row, by=world.technician, serials=[second.serial], reason="smeared in the printer")

    cases = [
        (first.code, second_bag(batch), "doesn't belong to container"),
        (first.code, first_bag(batch), "was applied before"),
        (second.code, second_bag(batch), "recorded as destroyed"),
        (specimen.code, first_bag(batch), "is a specimen"),
        (specimen.serial, "CT-99-0001-FB-01", "No container is known"),
        (f"{batch.number}-FB-01/26-9999", first_bag(batch), "wasn't printed here"),
        ("LOT-7", first_bag(batch), "wasn't printed here"),
    ]
    for label, container, says in cases:
        wrong = applied(batch, world, label, container)
        assert not wrong.fits, says
        assert says in wrong.says
        assert wrong.departure is not None
        assert wrong.departure.kind == Departure.Kind.LABEL
    assert Departure.objects.filter(batch=batch).count() == len(cases)
    assert LabelApplied.objects.filter(batch=batch, fits=False).count() == len(cases) - 2  # two name no label at all


def test_a_label_of_another_batch_is_told_of_in_the_batch_at_hand(made):
    world, batch = made
    other_world = copy(world)
    other_world.coi = a_subject(by=world.logistics)
    other = other_world.issued(donor_known=False)
    foreign = labels_in(printed_for(other, by=world.technician, kinds=["apheresis_bag"]))[0]

    wrong = applied(batch, world, foreign.code, first_bag(batch))

    assert "belongs to another batch" in wrong.says
    assert [row.kind for row in Departure.objects.filter(batch=batch)] == [Departure.Kind.LABEL]
    assert not Departure.objects.filter(batch=other).exists()


def test_sending_an_application_twice_records_it_once(made):
    world, batch = made
    label = labels_in(printed_for(batch, by=world.technician))[0]
    by = fresh(world.technician)
    for code, container in ((label.code, first_bag(batch)), ("LOT-7", first_bag(batch))):
        key = uuid4()
        first = apply_label(batch=batch, label=code, container=container, by=by, id=key)
        with nothing_written():
            again = apply_label(batch=batch, label=code, container=container, by=by, id=key)
        assert (again.fits, again.says) == (first.fits, first.says)


@pytest.mark.parametrize("code", ["", " ", "x" * 201])
def test_codes_that_are_none_are_refused(made, code):
    world, batch = made
    with nothing_written(), pytest.raises(BadInput, match="at most 200"):
        applied(batch, world, code, first_bag(batch))


# Counting


@pytest.mark.clause(
    "21 CFR 211.125",
    "A second person counts the labels applied, destroyed and kept; a difference is a departure",
)
@pytest.mark.parametrize(("specimens", "missing"), [("1", 0), ("0", 1), ("2", -1)])
def test_a_count_that_does_not_match_is_signed_with_its_departure(made, specimens, missing):
    world, batch = made
    row = printed_for(batch, by=world.technician, specimens=1)
    first, second, _specimen = labels_in(row)
    applied(batch, world, first.code, first.container)
    do("label.destroy", row, by=world.technician, serials=[second.code], reason="smeared in the printer")
    assert "label_open" in codes(objections_to_labels(batch, master_of(batch)))

    counted = do("label.reconcile", row, by=world.second, kept=specimens)

    assert isinstance(counted, LabelsReconciled)
    assert (counted.printed, counted.applied, counted.destroyed) == (3, 1, 1)
    raised = list(Departure.objects.filter(batch=batch))
    assert len(raised) == (missing != 0)
    if raised:
        assert raised[0].kind == Departure.Kind.LABEL
        assert f"the difference is {missing}" in raised[0].says
    assert "label_open" not in codes(objections_to_labels(batch, master_of(batch)))
    late = applied(batch, world, labels_in(row)[1].code, second_bag(batch))
    assert not late.fits


def test_who_printed_does_not_count_and_a_print_is_counted_once(made):
    world, batch = made
    row = printed_for(batch, by=world.technician)

    with nothing_written(), pytest.raises(Refused, match="A second person counts"):
        do("label.reconcile", row, by=world.technician, kept="0")
    do("label.reconcile", row, by=world.second, kept="0")
    with nothing_written(), pytest.raises(Refused, match="counted and closed"):
        do("label.reconcile", row, by=world.checker, kept="0")
    with nothing_written(), pytest.raises(Refused, match="counted and closed"):
        do("label.destroy", row, by=world.technician, serials=[labels_in(row)[0].serial], reason="late")


@pytest.mark.parametrize("typed", ["", "-1", "1.0", "100", "two", "１"])
def test_a_count_is_a_number_of_labels(made, typed):
    world, batch = made
    row = printed_for(batch, by=world.technician)
    with nothing_written(), pytest.raises(Refused):
        ask("label.reconcile", row.pk, {"kept": typed}, by=fresh(world.second))


def test_only_labels_of_the_print_are_destroyed_and_each_once(made):
    world, batch = made
    row = printed_for(batch, by=world.technician)
    serial = labels_in(row)[0].serial
    for serials, says in ((["CT-99-0001-FB-01/26-0001"], "isn't a label of print"), (["rubbish"], "isn't a label of")):
        with nothing_written(), pytest.raises(Refused, match=says):
            do("label.destroy", row, by=world.technician, serials=serials, reason="smeared")
    do("label.destroy", row, by=world.technician, serials=[serial, serial.lower()], reason="smeared")
    assert LabelsDestroyed.objects.get().serials == [serial]
    with nothing_written(), pytest.raises(Refused, match="destroyed already"):
        do("label.destroy", row, by=world.technician, serials=[serial], reason="smeared")


# What labels hold against a decision


def test_a_step_in_which_labels_are_applied_waits_for_each_container_and_the_count(made):
    world, batch = made
    step = next(step for step in master_of(batch).steps if step.labels)
    assert step.labels == ("final_bag",)
    assert codes(objections_to_labelled(batch, step)) == ["not_labelled", "not_labelled"]
    row = printed_for(batch, by=world.technician)
    applied_all(row, by=world.technician)
    assert codes(objections_to_labelled(batch, step)) == ["label_open"]
    do("label.reconcile", row, by=world.second, kept="0")
    assert objections_to_labelled(batch, step) == []

    first = labels_in(row)[0]
    assert first.container == first_bag(batch)
    # The vial is labelled elsewhere; a print of it does not stop this step, but it stops the decision until counted.
    printed_for(batch, by=world.technician, kinds=["qc_vial"])
    assert objections_to_labelled(batch, step) == []
    assert codes(objections_to_labels(batch, master_of(batch))) == ["label_open"]


@pytest.mark.clause(
    "21 CFR 1271.90(c)",
    "A donor's result after labelling stops the decision until new labels are on and counted",
)
def test_a_late_result_asks_for_new_labels_on_what_is_still_here(made):
    world, batch = made
    collection = Collection.objects.get(coi=world.coi)
    label_everything(batch, by=world.technician, counted_by=world.second, kinds=["final_bag", "qc_vial"])
    assert objections_to_labels(batch, master_of(batch)) == []

    asked = requirements_of(world.coi)
    assert asked is not None
    for marker in asked.markers:
        result = "reactive" if marker == HIV else "non_reactive"
        donor_test(collection, marker, result, by=world.technician, verified_by=world.second)

    objections = objections_to_labels(batch, master_of(batch))
    assert [(one.code, one.says.split(" ")[0]) for one in objections] == [
        ("relabel", first_bag(batch)),
        ("relabel", second_bag(batch)),
    ]
    reason = "The donor is reactive for HIV"
    row = printed_for(batch, by=world.technician, purpose="relabel", reason=reason)
    assert row.donor_status == "reactive"
    assert all(f"{WARNING}{HIV}" in label.donor and NOT_EVALUATED not in label.donor for label in labels_in(row))
    applied_all(row, by=world.technician)
    assert codes(objections_to_labels(batch, master_of(batch))) == ["label_open"]
    do("label.reconcile", row, by=world.second, kept="0")
    assert objections_to_labels(batch, master_of(batch)) == []


def test_everything_that_was_done_with_labels_verifies(made):
    world, batch = made
    donor_tested(Collection.objects.get(coi=world.coi), by=world.technician, verified_by=world.second)
    row = printed_for(batch, by=world.technician, specimens=1)
    applied(batch, world, labels_in(row)[0].code, second_bag(batch))
    do("label.destroy", row, by=world.technician, serials=[labels_in(row)[1].serial], reason="smeared")
    do("label.reconcile", row, by=world.second, kept="1")
    outbox.deliver_all()

    assert [str(one) for one in verify_records().findings] == []


# Pages and API


def test_labels_go_through_the_page_from_print_to_stop(made):
    world, batch = made
    browser = at_browser(world.technician)
    base = f"/batches/{batch.number}/labels/"
    assert "No label was printed yet" in browser.get(base).content.decode()

    sent = {
        "id": str(uuid4()),
        "kind": "final_bag",
        "containers": "",
        "purpose": "first",
        "reason": "",
        "specimens": "0",
    }
    assert browser.post(f"{base}print/", sent).status_code == 303
    row = LabelPrint.objects.get(batch=batch)
    first, second = labels_in(row)
    read = {"label_code": first.code, "container_code": first.container}
    answer = browser.post(f"{base}apply/", read | {"id": str(uuid4())})
    assert answer.status_code == 303
    answer = browser.post(f"{base}apply/", read | {"id": str(uuid4()), "label_code": second.code})
    stop = browser.get(answer.headers["Location"]).content.decode()
    assert "Stop. Label" in stop
    page = browser.get(base).content.decode()
    assert first.serial in page
    assert "Being made" in page
    assert "label.destroy" in page
    outbox.deliver_all()
    got = browser.get(f"{base}{row.pk}/specimen/")
    assert got.headers["Content-Type"] == "application/pdf"
    assert got.content.startswith(b"%PDF-")
    assert browser.get(f"{base}{uuid4()}/specimen/").status_code == 404
    with nothing_written():
        assert browser.post(f"{base}print/", sent | {"id": "x"}).status_code in {400, 422}


def test_labels_go_through_the_api_from_print_to_count(made):
    world, batch = made
    client = at_browser(world.technician)
    base = f"/api/v1/batches/{batch.number}/labels/"
    answer = client.post(base, {"id": str(uuid4()), "kinds": ["final_bag"]}, content_type="application/json")
    assert answer.status_code == 201, answer.content
    label = answer.json()["labels"][0]
    assert NOT_EVALUATED in label["statements"]
    sent = {"id": str(uuid4()), "label_code": label["code"], "container_code": label["container"]}
    done = client.post(f"{base}applied/", sent, content_type="application/json")
    assert done.json()["fits"] is True
    wrong = client.post(f"{base}applied/", sent | {"id": str(uuid4())}, content_type="application/json")
    assert wrong.status_code == 201
    assert (wrong.json()["fits"], "was applied before" in wrong.json()["says"]) == (False, True)
    told = client.get(base).json()
    assert [one["standing"] for one in told[0]["labels"]] == ["applied", "not_used"]
    assert told[0]["reconciled"] is None
    assert at_browser(a_person(Role.INSPECTOR)).get(base).status_code == 403
    for body in ({}, {"id": str(uuid4()), "kinds": ["bottle"]}, {"id": str(uuid4()), "kinds": "final_bag", "x": 1}):
        with nothing_written():
            assert client.post(base, body, content_type="application/json").status_code == 400
