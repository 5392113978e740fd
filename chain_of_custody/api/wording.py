"""Rows of this room as the plain values that programs read. No identity record is among them."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from chain_of_custody import isbt128
from chain_of_custody.api.shapes import Plain
from chain_of_custody.lapsing import lapses_at
from chain_of_custody.links import CustodyRecord, Kept, Link, Side
from chain_of_custody.models import (
    ChainOfIdentity,
    Collection,
    Container,
    IdentityCheck,
    Party,
    Place,
    Placement,
    Subject,
)
from chain_of_custody.temperature.stays import Known, known_of, standing_of


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def subject(row: Subject) -> Plain:
    """Give a subject."""
    chains = sorted(chain.identifier for chain in row.chains.all())
    return {"id": str(row.pk), "pseudonym": row.pseudonym, "chains": chains}


def chain(row: ChainOfIdentity) -> Plain:
    """Give a chain of identity."""
    return {
        "id": str(row.pk),
        "identifier": row.identifier,
        "subject": str(row.subject_id),
        "pseudonym": row.subject.pseudonym,
        "donations": sorted(one.din for one in row.collections.all()),
    }


def party(row: Party) -> Plain:
    """Give a party."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "kind": row.kind,
        "address": row.address,
        "licence": row.licence,
    }


def place(row: Place) -> Plain:
    """Give a place."""
    return {
        "id": str(row.pk),
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "party": str(row.party_id),
        "low_c": _number(row.low_c),
        "high_c": _number(row.high_c),
        "is_isolated": row.is_isolated,
    }


def collection(row: Collection) -> Plain:
    """Give a collection."""
    verification = getattr(row, "verification", None)
    return {
        "id": str(row.pk),
        "chain": row.coi.identifier,
        "din": row.din,
        "check_character": isbt128.check_character(row.din),
        "collected_at": row.collected_at.isoformat(),
        "party": str(row.party_id),
        "volume_ml": _number(row.volume_ml),
        "donor_markers": row.donor_markers,
        "material": row.material,
        "is_frozen": row.is_frozen,
        "form_reference": row.form_reference,
        "registered_by": row.signer_name,
        "verified_by": verification.signer_name if verification else None,
        "containers": sorted(one.code for one in row.containers.all()),
    }


def container(row: Container) -> Plain:
    """Give a container with where it is."""
    state, assignment = row.state, getattr(row, "assignment", None)
    return {
        "id": str(row.pk),
        "code": row.code,
        "kind": row.kind,
        "chain": row.coi.identifier,
        "batch_number": assignment.batch_number if assignment else None,
        "made_from": row.made_from,
        "volume_ml": _number(row.volume_ml),
        "viable_cells": _number(row.viable_cells),
        "sample_point": row.sample_point,
        "made_at": row.made_at.isoformat(),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "holder_party": state.holder_party.name,
        "holder_person": state.holder_person.name if state.holder_person else None,
        "place": state.place.code if state.place else None,
        "position": state.position,
        "since": state.since.isoformat(),
        "fate": row.fate.fate if hasattr(row, "fate") else "",
    }


def identity_check(row: IdentityCheck) -> Plain:
    """Give what a label proved."""
    outcome = IdentityCheck.Outcome(row.outcome)
    return {
        "id": str(row.pk),
        "outcome": str(outcome),
        "says": str(outcome.label),
        "matches": outcome == IdentityCheck.Outcome.MATCH,
        "container": row.container.code if row.container else None,
        "recorded_at": row.recorded_at.isoformat(),
    }


def placement(row: Placement) -> Plain:
    """Give a placement."""
    return {
        "id": str(row.pk),
        "place": row.place.code,
        "position": row.position,
        "happened_at": row.happened_at.isoformat(),
        "excursion": getattr(row, "excursion", None) is not None,
    }


def _codes(containers: list[Container]) -> list[str]:
    return [one.code for one in containers]


def _side(side: Side) -> Plain:
    return {
        "party": side.party.name,
        "name": side.name,
        "attested": side.is_attested,
        "checked_by": side.check.signer_name if side.check else None,
        "happened_at": side.half.happened_at.isoformat(),
    }


def _kept(kept: Kept, known: Mapping[UUID, Known]) -> Plain:
    return {
        "stay": str(kept.id) if kept.id else None,
        "temperature": standing_of(kept, known),
        "containers": _codes(kept.containers),
        "place": kept.place.code if kept.place else None,
        "position": kept.position,
        "since": kept.since.isoformat(),
        "until": kept.until.isoformat() if kept.until else None,
    }


def link(one: Link, known: Mapping[UUID, Known]) -> Plain:
    """Give a hand-over."""
    return {
        "id": str(one.offer.pk),
        "number": one.number,
        "status": one.status,
        "containers": _codes(one.containers),
        "giver": _side(one.giver),
        "taker": _side(one.taker) if one.taker else None,
        "taker_party": one.offer.taker_party.name,
        "shipper": one.offer.shipper.code if one.offer.shipper else None,
        "seal": one.offer.seal,
        "lapses_at": lapses_at(one.offer).isoformat(),
        "kept": [_kept(kept, known) for kept in one.kept],
    }


def custody(record: CustodyRecord) -> Plain:
    """Give a custody record."""
    known = known_of(record.coi)
    held = [
        {
            "containers": _codes(one.containers),
            "party": one.party.name,
            "person": one.person.name if one.person else None,
            "place": one.place.code if one.place else None,
            "position": one.position,
            "since": one.since.isoformat(),
        }
        for one in record.held
    ]
    return {
        "chain": record.coi.identifier,
        "signed": record.signed,
        "attested": record.attested,
        "held": held,
        "before": [_kept(kept, known) for kept in record.before],
        "links": [link(one, known) for one in record.links],
        "gaps": record.gaps,
        "contradictions": record.contradictions,
    }
