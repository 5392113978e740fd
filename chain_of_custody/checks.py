"""The checks of this room.

(1) each container has a state, and it says what the rows add up to: who holds it, where, since when;
(2) a hand-over was given by its holder, to another person, in the order of time.
"""

from collections.abc import Iterator

from chain_of_custody.following import custody_record
from chain_of_custody.models import ChainOfIdentity, ContainerState
from chain_of_custody.states import standings_of
from ledger.verification import Finding, Verification, check

CACHED = ("holder_party_id", "holder_person_id", "place_id", "position", "since", "latest_at", "offered_to_id")


@check("containers")
def cached_states_are_right(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    for coi in ChainOfIdentity.objects.order_by("identifier"):
        standings = standings_of(coi)
        kept = {state.container_id: state for state in ContainerState.objects.filter(container__coi=coi)}
        codes = dict(coi.containers.values_list("pk", "code"))
        for key, standing in standings.items():
            verification.counted("containers", 1)
            about = f"chain_of_custody.containerstate {codes.get(key, key)}"
            state = kept.get(key)
            if state is None:
                yield Finding("containers", about, "its state is missing")
                continue
            for name in CACHED:
                if getattr(state, name) != getattr(standing, name):
                    yield Finding("containers", about, f"the cached {name} is not what the rows add up to")


@check("custody")
def custody_holds(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    for coi in ChainOfIdentity.objects.order_by("identifier"):
        record = custody_record(coi)
        verification.counted("hand-overs", len(record.links))
        for says in record.contradictions:
            yield Finding("custody", f"chain of identity {coi.identifier}", says)
