"""From the order to the issued batch: subject, chain of identity, order, weight, collection, transport, receipt."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from batches.models import Batch, Order, PlannedTime, WeightVerification
from batches.ordering import record_weight
from batches.planning import plan_time
from chain_of_custody import isbt128
from chain_of_custody.donor_testing import requirements_of
from chain_of_custody.models import (
    AttestationCheck,
    ChainOfIdentity,
    Collection,
    CollectionVerification,
    DonorTest,
    DonorTestVerified,
    HandOverAccepted,
    HandOverOffered,
)
from chain_of_custody.registering import issue_chain, own_party, register_subject
from config.story.acting import Story, act, at, somebody
from config.story.ari0001 import Plan
from config.story.in_process import in_process_values
from config.story.site import COURIER, FRIDGE, HOSPITAL, SHIPPER, WARD, party_id
from config.story.worked_batches import worked_batch


@dataclass(slots=True)
class Cells:
    """One patient's cells as their story goes: the plan, the rows that it made, what happened when."""

    plan: Plan
    coi: ChainOfIdentity
    order: Order
    batch: Batch | None = None
    values: dict[str, str] = field(default_factory=dict)
    happened: dict[str, datetime] = field(default_factory=dict)

    @property
    def made_in(self) -> Batch:
        """The batch, once it was issued."""
        if self.batch is None:
            raise LookupError("The batch of these cells is not issued yet.")
        return self.batch

    def on(self, day: int, clock_face: str) -> datetime:
        """Give a moment of a day after the collection."""
        moment = at(self.plan.collected_on + timedelta(days=day), clock_face)
        return moment + timedelta(minutes=self.plan.minutes_later)


Telling = Generator[datetime, None, Cells]
COLLECTED = 0, "11:40"
# What is planned around an order, as days after the collection and the time of day.
PLANNED = (
    (PlannedTime.Kind.SHIPMENT, 35, "09:00"),
    (PlannedTime.Kind.LYMPHODEPLETION, 33, "08:00"),
    (PlannedTime.Kind.INFUSION, 38, "10:00"),
)


def ordered(plan: Plan) -> Telling:
    """Register the subject, issue the chain of identity, place the order and record the weight."""
    day = plan.collected_on - timedelta(days=6)
    yield at(day, "10:05")
    by = somebody("jpark")
    subject = register_subject(
        id=uuid4(), pseudonym=plan.subject, by=by, hospital_reference=f"NUH-{40_000 + plan.number}"
    )
    coi = issue_chain(id=uuid4(), subject=subject, by=by)
    yield at(day, "10:20")
    order = act(
        "order.place",
        coi,
        Order,
        by="jpark",
        product=worked_batch(plan.family).product if plan.family else "PROD-CD19",
        prescriber="Dr E. Lindgren",
        prescription=f"RX-{1040 + plan.number}",
        sponsor_number=plan.sponsor_number,
    )
    yield at(day, "10:31")
    weight = record_weight(
        order=order,
        kilograms=plan.weight_kg,
        weighed_on=day - timedelta(days=1),
        source="Ward sheet of the day",
        by=by,
        id=uuid4(),
    )
    yield at(day, "14:10")
    act("weight.verify", weight, WeightVerification, by=plan.crew.witness)
    yield at(day, "14:30")
    for kind, days, clock_face in PLANNED:
        planned = at(plan.collected_on + timedelta(days=days), clock_face)
        plan_time(order=order, kind=kind, at=planned, by=by, id=uuid4())
    values = dict(worked_batch(plan.family).values) if plan.family else in_process_values(plan)
    return Cells(plan, coi, order, values=values)


def _donor_tested(cells: Cells, collection: Collection) -> Story:
    """Enter the hospital laboratory's report on the donor's markers, which came with the form, and compare it."""
    asked = requirements_of(cells.coi)
    for number, marker in enumerate(asked.markers if asked else (), start=1):
        yield cells.on(0, f"16:{22 + number}")
        test = act(
            "donor_test.record",
            collection,
            DonorTest,
            by="jpark",
            marker=marker,
            result=DonorTest.Result.NON_REACTIVE,
            laboratory="Nordhavn UH, virology",
            report=f"VIR-{40_000 + cells.plan.number}",
            sampled_on=(cells.plan.collected_on - timedelta(days=2)).isoformat(),
        )
        act("donor_test.verify", test, DonorTestVerified, by=cells.plan.crew.witness)


def collected(plan: Plan) -> Generator[datetime, None, tuple[Cells, HandOverOffered]]:
    """Tell everything up to the courier at the door: the bags are offered to this site and not accepted yet."""
    cells = yield from ordered(plan)
    coi, crew = cells.coi, plan.crew
    donation = isbt128.din(f"A9999{plan.collected_on.year % 100:02d}{104_200 + plan.number:06d}")
    yield cells.on(0, "16:00")
    collection = act(
        "collection.register",
        coi,
        Collection,
        by="jpark",
        din=donation.code + donation.check_character,
        collected_at=cells.on(*COLLECTED).isoformat(),
        party=str(party_id(HOSPITAL)),
        bag_volumes_ml=[plan.apheresis_ml],
        donor_markers="HIV, HBV, HCV, syphilis, HTLV: negative",
        form_reference=f"CF-{2200 + plan.number}",
        place=WARD,
        material=worked_batch(plan.family).material if plan.family else Collection.Material.APHERESIS,
    )
    yield cells.on(0, "16:20")
    act("collection.verify", collection, CollectionVerification, by=crew.witness)
    yield from _donor_tested(cells, collection)
    codes = [bag.code for bag in collection.containers.all()]
    yield cells.on(0, "16:40")
    given = act(
        "custody.offer_attested",
        coi,
        HandOverOffered,
        by="jpark",
        containers=codes,
        taker=str(party_id(COURIER)),
        shipper=SHIPPER,
        seal=f"8842{plan.number:02d}",
        happened_at=cells.on(0, "15:10").isoformat(),
        **_stated("Tuuli Virtanen", "apheresis nurse", plan),
    )
    yield cells.on(0, "16:45")
    taken = act(
        "custody.accept_attested",
        given,
        HandOverAccepted,
        by="jpark",
        place=SHIPPER,
        temperature_c="4.4",
        seal_intact="yes",
        condition="one bag, sealed in the shipper",
        happened_at=cells.on(0, "15:15").isoformat(),
        **_stated("Paul Meier", "driver", plan),
    )
    yield cells.on(0, "17:05")
    act("custody.check_attestation", given, AttestationCheck, by=crew.checker)
    act("custody.check_attestation", taken, AttestationCheck, by=crew.checker)
    yield cells.on(1, "07:40")
    brought = act(
        "custody.offer_attested",
        coi,
        HandOverOffered,
        by="jpark",
        containers=codes,
        taker=str(own_party().pk),
        shipper=SHIPPER,
        seal=f"8842{plan.number:02d}",
        happened_at=cells.on(1, "07:35").isoformat(),
        **_stated("Paul Meier", "driver", plan),
    )
    return cells, brought


def received(plan: Plan) -> Telling:
    """Tell everything up to the issued batch: the bag is here, held by the technician."""
    cells, brought = yield from collected(plan)
    yield cells.on(1, "07:44")
    act(
        "custody.accept",
        brought,
        HandOverAccepted,
        by=plan.crew.performer,
        place=FRIDGE,
        position=f"shelf {plan.number}",
        temperature_c=cells.values.get("receipt_temperature_c", "5.0"),
        seal_intact="yes",
        condition="one bag, intact",
    )
    yield cells.on(1, "07:52")
    act("custody.check_attestation", brought, AttestationCheck, by=plan.crew.checker)
    yield cells.on(1, "08:02")
    cells.batch = act("batch.issue", cells.order, Batch, by="tweiss", data_remark=plan.remark, data_source=plan.source)
    return cells


def arriving(plan: Plan) -> Story:
    """Tell everything up to the courier at the door."""
    yield from collected(plan)


def _stated(name: str, role: str, plan: Plan) -> dict[str, str]:
    """Give what somebody without an account stated, with the waybill that proves it."""
    return {
        "attested_name": name,
        "attested_role": role,
        "attested_statement": "Handed over as on the waybill",
        "evidence_reference": f"waybill WB-{5500 + plan.number}",
    }
