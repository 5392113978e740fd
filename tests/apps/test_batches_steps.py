"""From the order to the tank: each step in its order, by trained people, every rule refused alone."""

from copy import copy
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from accounts.signing import ask, perform
from batches.completeness import objections_to_record
from batches.departures import report_departure
from batches.identity import batch_of
from batches.judging import Verdict
from batches.models import (
    Batch,
    BatchState,
    CheckBeforeAct,
    Departure,
    StepPerformed,
    StepStart,
    StepWitnessed,
    Value,
)
from batches.ordering import correct_weight
from batches.performing import correct_value, record_value, scan_slot, start_step
from batches.pinned import master_of
from batches.record import Status, record_of
from batches.weights import weight_in_force
from chain_of_custody.containers import of_batch
from chain_of_custody.models import IdentityCheck
from ledger import clock
from ledger.models import Entry
from ledger.verification import verify_records
from tests.batches_builders import BatchWorld, a_batch, step_of
from tests.guards_away import as_owner
from tests.kept import made_once
from tests.people import a_person, do, fresh, secret_of

pytestmark = pytest.mark.django_db


kept = made_once(a_batch)


@pytest.fixture
def made(kept: tuple[BatchWorld, Batch], db: None) -> tuple[BatchWorld, Batch]:
    """A world and its issued batch."""
    world, batch = kept
    return copy(world), batch_of(batch.pk)


def entries() -> int:
    """How many entries the ledger has; a refused intention leaves this number as it was."""
    return Entry.objects.count()


def test_a_whole_batch_is_made_reconciles_and_verifies(made):
    world, batch = made

    batch = world.worked(batch)

    record = record_of(batch)
    assert {step.status for step in record.steps} == {Status.COMPLETE}
    assert objections_to_record(batch) == []
    assert [row.says for row in Departure.objects.filter(batch=batch)] == []
    assert record.account is not None
    assert record.account.difference == 0
    assert BatchState.objects.get(batch=batch).stage == "release_testing"
    assert {one.kind for one in of_batch(batch.number)} >= {"final_bag", "qc_vial", "retain_vial", "sample"}
    # After the decision no step is begun and no value corrected, but what happened is still taken down.
    BatchState.objects.filter(batch=batch).update(disposition="certified")
    value = Value.objects.filter(batch=batch, field="bag_volume_ml").get()
    before = entries()
    with pytest.raises(Refused, match="decided on"):
        ask("value.correct", value.pk, {"typed": "64.0", "reason": "misread the scale"}, by=fresh(world.technician))
    assert entries() == before
    row = report_departure(
        batch=batch, says="A bag was dropped in the corridor.", by=fresh(world.technician), id=uuid4()
    )
    assert row.kind == Departure.Kind.REPORTED
    BatchState.objects.filter(batch=batch).update(disposition="none")
    assert verify_records().findings == []


# Order of steps


def test_each_step_waits_for_the_forced_order_before_it_and_others_want_a_reason(made):
    world, batch = made
    steps = master_of(batch).steps
    technician = fresh(world.technician)
    world.decided(batch)
    before = entries()

    for step in steps[1:]:
        with pytest.raises(Refused) as refused:
            start_step(batch=batch, step=step.code, by=technician, id=uuid4())
        codes = {one.code for one in refused.value.objections}
        assert codes == ({"forced_order"} if step.forced else {"order"}), step.code
        assert len(refused.value.objections) == steps.index(step), step.code

    assert entries() == before
    assert not StepStart.objects.exists()


def test_a_forced_step_waits_for_the_witness_too(made):
    world, batch = made
    world.begun(batch, "1.1")
    world.recorded(batch, "1.1")
    performed = world.performed(batch, "1.1")
    assert step_of(batch, "1.1").status is Status.PERFORMED

    with pytest.raises(Refused, match=r"Step 1\.1 isn't finished"):
        start_step(batch=batch, step="1.2", by=fresh(world.technician), id=uuid4())

    do("step.witness", performed, by=world.second)
    start_step(batch=batch, step="1.2", by=fresh(world.technician), id=uuid4())
    assert step_of(batch, "1.2").status is Status.IN_PROGRESS


def test_a_step_out_of_order_is_begun_with_a_reason_and_becomes_a_departure(made):
    world, batch = made
    batch = world.worked(batch, before="1.2")

    start_step(batch=batch, step="1.3", by=fresh(world.technician), id=uuid4(), reason="The counter was free earlier")

    assert Departure.objects.get(batch=batch).kind == Departure.Kind.ORDER


@pytest.mark.clause(
    "21 CFR 211.25", "lets a step be begun only by somebody trained on exactly its procedure and version"
)
def test_who_is_not_trained_on_this_version_begins_nothing(made):
    world, batch = made
    untrained = a_person(Role.TECHNICIAN)
    before = entries()
    with pytest.raises(Refused, match="aren't trained on MBR-CD19 version 1"):
        start_step(batch=batch, step="1.1", by=untrained, id=uuid4())
    assert entries() == before

    world.trained(untrained, version="2")
    with pytest.raises(Refused, match="aren't trained"):
        start_step(batch=batch, step="1.1", by=fresh(untrained), id=uuid4())


def test_who_does_not_work_at_the_bench_begins_nothing(made):
    world, batch = made
    with pytest.raises(NotAllowed):
        start_step(batch=batch, step="1.1", by=world.qa, id=uuid4())


def test_a_step_begins_neither_in_the_future_nor_before_its_batch(made):
    world, batch = made
    before = entries()
    for shift, code in ((timedelta(minutes=5), "future"), (-timedelta(days=2), "too_early")):
        with pytest.raises(Refused) as refused:
            start_step(batch=batch, step="1.1", by=fresh(world.technician), id=uuid4(), happened_at=clock.now() + shift)
        assert code in {one.code for one in refused.value.objections}
    assert entries() == before


# Values


@pytest.fixture
def receipt(made: tuple[BatchWorld, Batch]) -> tuple[BatchWorld, Batch]:
    """A batch whose step 1.2, with limits and plausible ranges, has begun."""
    world, batch = made
    batch = world.worked(batch, before="1.2")
    world.begun(batch, "1.2")
    world.technician = fresh(world.technician)
    return world, batch


def test_a_value_outside_its_limit_is_stored_flagged_and_a_departure(receipt):
    world, batch = receipt

    stored = record_value(
        batch=batch, step="1.2", field="receipt_temperature_c", typed="8.6", by=world.technician, id=uuid4()
    )

    assert stored.verdict is Verdict.FAILS
    assert stored.value.typed == "8.6"
    assert stored.departure is not None
    assert stored.departure.about_id == stored.value.pk
    assert "8.6" in stored.departure.says


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [("1.94", "bad"), ("1.9", Verdict.FAILS), ("2.0", Verdict.MEETS), ("8.0", Verdict.MEETS), ("8.1", Verdict.FAILS)],
)
def test_limits_hold_at_their_own_edge(receipt, typed, verdict):
    world, batch = receipt

    def store():
        return record_value(
            batch=batch, step="1.2", field="receipt_temperature_c", typed=typed, by=world.technician, id=uuid4()
        )

    if verdict == "bad":
        with pytest.raises(BadInput, match="at most 1 decimal"):
            store()
    else:
        assert store().verdict is verdict


def test_an_implausible_value_is_asked_again_and_then_stored_as_confirmed(receipt):
    world, batch = receipt
    row_id = uuid4()
    said = {"batch": batch, "step": "1.2", "field": "receipt_volume_ml", "typed": "1070.0", "by": world.technician}
    before = entries()
    with pytest.raises(Refused) as refused:
        record_value(**said, id=row_id)
    assert [one.code for one in refused.value.objections] == ["ask_again"]
    assert entries() == before

    stored = record_value(**said, id=row_id, confirmed=True)

    assert stored.value.was_asked_again


def test_the_same_value_sent_twice_is_stored_once_and_other_content_is_refused(receipt):
    world, batch = receipt
    row_id = uuid4()
    said = {"batch": batch, "step": "1.2", "field": "receipt_volume_ml", "by": world.technician, "id": row_id}
    first = record_value(**said, typed="107.0")
    before = entries()

    assert record_value(**said, typed="107.0").value == first.value
    with pytest.raises(SameIdOtherContent):
        record_value(**said, typed="117.0")

    assert entries() == before


def test_a_stored_value_is_never_overwritten_but_corrected_with_a_reason(receipt):
    world, batch = receipt
    first = world.record(batch, "1.2", "receipt_volume_ml", "107.0")
    with pytest.raises(Refused, match="recorded already"):
        world.record(batch, "1.2", "receipt_volume_ml", "117.0")
    with pytest.raises(Refused, match="at least 10 characters"):
        correct_value(value=first, typed="117.0", reason="oops", by=world.technician, id=uuid4())

    correct_value(value=first, typed="117.0", reason="Misread the scale", by=world.technician, id=uuid4())

    field = step_of(batch, "1.2").field("receipt_volume_ml")
    assert field is not None
    assert [value.typed for value in field.values] == ["107.0", "117.0"]
    with pytest.raises(Refused, match="corrected already"):
        correct_value(value=first, typed="118.0", reason="Misread the scale", by=world.technician, id=uuid4())


def test_a_value_is_dated_between_the_beginning_of_its_step_and_now(receipt):
    world, batch = receipt
    before = entries()
    for shift, reason, code in (
        (timedelta(minutes=5), "", "future"),
        (-timedelta(days=1), "", "late"),
        (-timedelta(days=1), "Power cut in the suite", "too_early"),
    ):
        with pytest.raises(Refused) as refused:
            record_value(
                batch=batch,
                step="1.2",
                field="receipt_volume_ml",
                typed="107.0",
                by=world.technician,
                id=uuid4(),
                performed_at=clock.now() + shift,
                late_reason=reason,
            )
        assert code in {one.code for one in refused.value.objections}
    assert entries() == before


def test_a_value_of_a_step_that_has_not_begun_is_refused(made):
    world, batch = made
    with pytest.raises(Refused, match="has not begun"):
        world.record(batch, "1.1", "receipt_labels_agree", "yes")
    assert not Value.objects.exists()


def test_a_step_is_not_signed_before_everything_is_there(receipt):
    world, batch = receipt
    world.record(batch, "1.2", "receipt_volume_ml", "107.0")
    start = StepStart.objects.get(batch=batch, step="1.2")
    before = entries()

    with pytest.raises(Refused) as refused:
        ask("step.perform", start.pk, {}, by=world.technician)

    missing = {one.field for one in refused.value.objections}
    assert missing == {
        "receipt_seal_number", "receipt_seal_intact", "receipt_bag_intact", "receipt_appearance",
        "receipt_temperature_c",
    }  # fmt: skip
    assert entries() == before


# Scans


def test_a_bag_of_another_chain_is_stored_flagged_and_stops_the_step(made):
    world, batch = made
    other = BatchWorldOfAnother(world)
    start_step(batch=batch, step="1.1", by=fresh(world.technician), id=uuid4())

    scanned = scan_slot(
        batch=batch, step="1.1", slot="apheresis_bag", code=other.bag, by=fresh(world.technician), id=uuid4()
    )

    assert not scanned.fits
    assert scanned.is_a_stop
    assert scanned.scan.identity_check is not None
    assert scanned.scan.identity_check.outcome == IdentityCheck.Outcome.OTHER_CHAIN
    assert "Don't process" in scanned.scan.says
    assert scanned.departure is not None
    assert scanned.departure.kind == Departure.Kind.MISMATCH
    world.recorded(batch, "1.1")
    with pytest.raises(Refused, match="doesn't fit"):
        ask("step.perform", StepStart.objects.get(batch=batch).pk, {}, by=fresh(world.technician))


class BatchWorldOfAnother:
    """A bag of another patient at the same site."""

    def __init__(self, world: BatchWorld) -> None:
        from tests.custody_builders import a_subject

        own, world.coi = world.coi, a_subject(by=fresh(world.logistics))
        collection = world.verified()
        self.bag = world.bags_of(collection)[0].code
        world.coi = own


@pytest.fixture
def gradient(made: tuple[BatchWorld, Batch]) -> tuple[BatchWorld, Batch]:
    """A batch whose step 2.2, with slots for two lots, has begun and nothing is scanned."""
    world, batch = made
    batch = world.worked(batch, before="2.2")
    world.begun(batch, "2.2", scanned=False)
    world.technician = fresh(world.technician)
    return world, batch


# What is read where wash buffer is wanted, what the slot says, and whether it is a departure.
LOTS = [
    ("NOT-A-LOT", "No approved lot has the code", True),
    ("L-culture_medium", "belongs to culture medium", False),
    ("L-cd19_vector", "belongs to cd19 vector", False),
    ("L-wash_buffer", "", False),
]


def test_a_lot_fits_or_says_why_not(gradient):
    world, batch = gradient
    for code, says, is_departure in LOTS:
        scanned = scan_slot(batch=batch, step="2.2", slot="wash_buffer", code=code, by=world.technician, id=uuid4())
        assert scanned.fits == (says == ""), code
        assert says in scanned.scan.says
        assert (scanned.departure is not None) == is_departure, code


# The check before the act


@pytest.fixture
def opening(made: tuple[BatchWorld, Batch]) -> tuple[BatchWorld, Batch, StepStart]:
    """A batch before the apheresis is opened: step 2.1 has begun, its bag is scanned, nobody has checked."""
    world, batch = made
    batch = world.worked(batch, before="2.1")
    start = world.begun(batch, "2.1", checked=False)
    world.technician = fresh(world.technician)
    return world, batch, start


@pytest.mark.clause(
    "21 CFR 211.101", "opens the entry of an addition only after a second person has checked container, lot and amount"
)
def test_entry_opens_only_after_a_second_person_checked(opening):
    world, batch, start = opening
    with pytest.raises(Refused, match="second person must check"):
        world.record(batch, "2.1", "line_is_cleared", "yes")

    do("step.check_before", start, by=world.checker)

    assert world.record(batch, "2.1", "line_is_cleared", "yes").typed == "yes"


def test_nobody_checks_their_own_act_and_the_checker_does_not_perform_it(opening):
    world, batch, start = opening
    before = entries()
    with pytest.raises(Refused, match="Somebody else"):
        do("step.check_before", start, by=world.technician)
    assert entries() == before

    do("step.check_before", start, by=world.checker)
    world.recorded(batch, "2.1")
    with pytest.raises(Refused, match="who checked before the act"):
        ask("step.perform", start.pk, {}, by=fresh(world.checker))


def test_a_check_needs_what_it_checks(made):
    world, batch = made
    batch = world.worked(batch, before="2.1")
    start = world.begun(batch, "2.1", scanned=False)

    with pytest.raises(Refused, match="has not been scanned"):
        do("step.check_before", start, by=world.checker)

    assert not CheckBeforeAct.objects.exists()


# Signatures and corrections


@pytest.fixture
def counted(made: tuple[BatchWorld, Batch]) -> tuple[BatchWorld, Batch]:
    """A batch that was begun and whose first count is signed: steps 1.1 to 1.4 and 2.1 are complete."""
    world, batch = made
    batch = world.worked(batch, before="2.2")
    world.technician = fresh(world.technician)
    return world, batch


@pytest.mark.clause("21 CFR 211.101", "never lets the performer of a step be its witness, by rule and by the database")
def test_the_performer_never_witnesses_not_even_past_the_rules(receipt):
    world, batch = receipt
    world.recorded(batch, "1.2")
    world.performed(batch, "1.2")
    world.do_step(batch, "1.3")
    world.begun(batch, "1.4")
    world.recorded(batch, "1.4")
    performed = world.performed(batch, "1.4")

    with pytest.raises(Refused, match="must be a different person from"):
        do("step.witness", performed, by=world.technician)
    row = StepWitnessed(
        batch=batch, performed=performed, performer=performed.signer, signer=performed.signer, recorded_at=clock.now(),
        signed_at=clock.now(), challenge=uuid4(), actor="person/x",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_value_that_changes_between_page_and_signature_stops_the_signature(receipt):
    world, batch = receipt
    world.recorded(batch, "1.2")
    start = StepStart.objects.get(batch=batch, step="1.2")
    challenge, _shown = ask("step.perform", start.pk, {}, by=world.technician)
    value = Value.objects.get(batch=batch, field="receipt_volume_ml")
    correct_value(value=value, typed="117.0", reason="Misread the scale", by=fresh(world.second), id=uuid4())

    with pytest.raises(Refused, match="changed after you opened this"):
        perform(challenge.pk, username=world.technician.username, secret=secret_of(world.technician), at_hand=None)

    assert not StepPerformed.objects.filter(batch=batch, step="1.2").exists()


def test_a_signed_correction_voids_the_signatures_and_reopens_what_was_derived(counted):
    world, batch = counted
    value = Value.objects.get(batch=batch, field="receipt_volume_ml")
    with pytest.raises(Refused, match="under your signature"):
        correct_value(value=value, typed="117.0", reason="Misread the scale", by=world.technician, id=uuid4())

    do("value.correct", value, by=world.technician, typed="117.0", kind="transcription", reason="Misread the scale")

    assert step_of(batch, "1.2").status is Status.NEEDS_AGAIN
    assert step_of(batch, "1.3").status is Status.NEEDS_AGAIN  # its viable cells used the volume
    assert step_of(batch, "1.1").status is Status.COMPLETE
    assert BatchState.objects.get(batch=batch).stage == "receipt"
    kinds = list(Departure.objects.filter(batch=batch).values_list("kind", flat=True))
    assert kinds == [Departure.Kind.CORRECTION]
    codes = [one.code for one in objections_to_record(batch)]
    assert codes.count("needs_again") == 2

    world.performed(batch, "1.2")
    again = world.performed(batch, "1.3")

    assert (again.version, again.supersedes.version if again.supersedes else None) == (2, 1)
    assert again.containers == again.supersedes.containers if again.supersedes else False
    derived = {each["code"]: each["result"] for each in again.derived}
    assert Decimal(derived["receipt_viable_cells"]) == 1_146_600_000
    assert step_of(batch, "1.3").status is Status.COMPLETE
    assert verify_records().findings == []


def test_a_weight_that_changes_reopens_the_dose(made):
    world, batch = made
    batch = world.worked(batch, before="5.7")
    assert step_of(batch, "5.6").status is Status.COMPLETE
    weight = weight_in_force(batch.order)
    assert weight is not None

    correct_weight(
        weight=weight, kilograms="64", weighed_on=weight.weighed_on, source="Ward sheet",
        reason="Weighed again before infusion", by=fresh(world.logistics), id=uuid4(),
    )  # fmt: skip

    assert step_of(batch, "5.6").status is Status.NEEDS_AGAIN
    assert "unverified_weight" in {one.code for one in objections_to_record(batch)}
    assert BatchState.objects.get(batch=batch).stage == "harvest_fill"


def test_cells_that_are_not_accounted_for_stand_in_the_way(made):
    world, batch = made

    batch = world.worked(batch, before="5.7", fill_discarded_ml="0")

    assert {row.kind for row in Departure.objects.filter(batch=batch)} == {
        Departure.Kind.LIMIT,
        Departure.Kind.QUANTITY,
    }
    assert "not_reconciled" in {one.code for one in objections_to_record(batch)}


def test_each_final_bag_is_scanned_before_its_labels_are_signed(made):
    world, batch = made
    batch = world.worked(batch, before="5.7")
    world.begun(batch, "5.7", scanned=False)
    bags = [one.code for one in of_batch(batch.number) if one.kind == "final_bag"]
    scan_slot(batch=batch, step="5.7", slot="final_bags", code=bags[0], by=fresh(world.technician), id=uuid4())
    world.recorded(batch, "5.7")

    with pytest.raises(Refused, match=f"{bags[1]} has not been scanned"):
        ask("step.perform", StepStart.objects.get(batch=batch, step="5.7").pk, {}, by=fresh(world.technician))


def test_verification_names_a_changed_number_a_changed_quantity_and_a_changed_stage(counted):
    _world, batch = counted
    value = Value.objects.get(batch=batch, field="receipt_volume_ml")
    as_owner(
        "UPDATE batches_value SET number = '118.0' WHERE field = 'receipt_volume_ml'",
        "UPDATE batches_batchstate SET stage = 'expansion'",
    )

    found = {(one.check, one.about) for one in verify_records().findings}

    assert ("values", f"batches.value {value.pk}") in found
    assert ("records", f"batches.value {value.pk}") in found
    assert ("stages", f"batches.batchstate {batch.number}") in found
