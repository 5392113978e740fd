"""The checks of this room.

(1) each container has a state, and it says what the rows add up to: who holds it, where, since when;
(2) a hand-over was given by its holder, to another person, in the order of time;
(3) each erasure names the entry and the row of an identity record and was approved by two people; what it names is
    gone once its job is done.
"""

from collections.abc import Iterator

from chain_of_custody.erasing import ERASE_JOB
from chain_of_custody.following import custody_record
from chain_of_custody.models import ChainOfIdentity, ContainerState, ErasureApproved, SubjectIdentity
from chain_of_custody.states import standings_of
from ledger.models import Entry, Erasure, OutboxJob, Payload
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


@check("erasures")
def erasures_are_of_identity_alone(verification: Verification) -> Iterator[Finding]:
    """(3)"""
    approvals = {
        seq: row for row in ErasureApproved.objects.select_related("proposal").order_by("pk") for seq in row.entries
    }
    done = set(OutboxJob.objects.filter(kind=ERASE_JOB).exclude(done_at=None).values_list("subject", flat=True))
    for erasure in Erasure.objects.order_by("seq"):
        verification.counted("erasures", 1)
        about = f"ledger.erasure of entry {erasure.seq}"
        entry = Entry.objects.filter(seq=erasure.seq).first()
        named = (erasure.record_type_erased, erasure.record_id_erased, erasure.stream)
        if (
            entry is None
            or entry.rec_type != SubjectIdentity.record_type()
            or named != (entry.rec_type, entry.rec_id, entry.stream)
        ):
            yield Finding("erasures", about, "it names something else than an identity record and its entry")
        approval = approvals.get(erasure.seq)
        if approval is None or approval.signer_id == approval.proposal.signer_id:
            yield Finding("erasures", about, "two people did not approve it")
        elif approval.pk in done and _is_there(erasure):
            yield Finding("erasures", about, "what it names is still there, although it was erased")


def _is_there(erasure: Erasure) -> bool:
    row = SubjectIdentity.objects.filter(pk=erasure.record_id_erased)
    return Payload.objects.filter(pk=erasure.seq).exists() or row.exists()
