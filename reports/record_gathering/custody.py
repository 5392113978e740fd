"""In whose hands the cells were: donations, hand-overs signed or attested, places between them, labels read."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from batches.models import Batch
from chain_of_custody import isbt128
from chain_of_custody.donor_testing import results_of
from chain_of_custody.fates import fate_words, fates_of
from chain_of_custody.following import custody_record
from chain_of_custody.links import CustodyRecord, HeldNow, Kept, Link, Side
from chain_of_custody.models import Collection, Container, DonorTest, HandOverOffered, IdentityCheck
from chain_of_custody.temperature.stays import is_logged, known_of, standing_of, stays_in
from chain_of_custody.temperature.telling import excursion_words, standing_words, trace_words, unknown_words
from chain_of_custody.words import celsius, party_words, place_words
from ledger.models import StoredFile
from reports import record_snapshot as stated
from reports.record_gathering.names import Names
from reports.snapshot import AttestedBlock, Donation, Evaluation, Sign


def custody(batch: Batch, names: Names) -> tuple[stated.Custody, CustodyRecord]:
    """Give the custody of the containers of a batch, and the record it was read from."""
    record = custody_record(batch.coi, batch_number=batch.number)
    return (
        stated.Custody(
            collections=tuple(_collection(one, names) for one in record.collections),
            before=tuple(_kept(one) for one in record.before),
            links=tuple(_link(link, names) for link in record.links),
            held=(*(_held(one) for one in record.held), *_ended(record)),
            checks=tuple(_check(one, names) for one in record.checks),
            gaps=tuple(record.gaps),
            contradictions=tuple(record.contradictions),
            temperatures=tuple(temperatures(record)),
        ),
        record,
    )


def _codes(containers: list[Container]) -> str:
    return ", ".join(container.code for container in containers)


def _collection(row: Collection, names: Names) -> stated.Collected:
    din = isbt128.din(row.din)
    signatures = [names.signature(row, _("Electronic signature, registration"))]
    if hasattr(row, "verification"):
        signatures.append(names.signature(row.verification, _("Electronic signature, compared with the form")))
    tests = results_of(row)
    for test in tests:
        words = _("Electronic signature, donor test: %(words)s") % {"words": _told(test)}
        signatures.append(names.signature(test, words))
        if hasattr(test, "verification"):
            words = _("Electronic signature, donor test verified: %(marker)s") % {"marker": test.marker}
            signatures.append(names.signature(test.verification, words))
    return stated.Collected(
        donation=Donation(din.for_the_eye, din.check_character),
        collected=record_time(row.collected_at),
        party=party_words(row.party),
        volume=f"{row.volume_ml:f} mL",
        donor_markers="; ".join([row.donor_markers or _("not stated"), *map(_told, tests)]),
        form=row.form_reference or _("not stated"),
        signatures=tuple(signatures),
    )


def _told(test: DonorTest) -> str:
    """Write one result of a donor test."""
    parts = [f"{test.marker}: {test.get_result_display()}", test.laboratory, test.report]
    if test.sampled_on is not None:
        parts.append(_("sampled %(day)s") % {"day": day(test.sampled_on)})
    if hasattr(test, "superseded_by"):
        parts.append(_("superseded"))
    return ", ".join(part for part in parts if part)


def _kept(kept: Kept) -> stated.Kept:
    return stated.Kept(
        containers=_codes(kept.containers),
        place=place_words(kept.place, kept.position) if kept.place else _("No place is stated"),
        since=record_time(kept.since),
        until=record_time(kept.until) if kept.until else _("now"),
        stated=kept.place is not None,
    )


def _link(link: Link, names: Names) -> stated.Link:
    sign, words = _standing(link.status)
    sides = [(link.giver, _("given"))] + ([(link.taker, _("taken"))] if link.taker else [])
    signed = [
        names.signature(side.half, _("Electronic signature, %(side)s") % {"side": word})
        for side, word in sides
        if not side.is_attested
    ]
    return stated.Link(
        title=_("Link %(number)s") % {"number": link.number} if link.number else _("No link"),
        containers=_codes(link.containers),
        giver=party_words(link.offer.giver_party),
        taker=party_words(link.offer.taker_party),
        conditions=tuple(_conditions(link)),
        evaluation=Evaluation(link.status, sign, words),
        signatures=tuple(signed),
        attested=tuple(_attested(side, word, names) for side, word in sides if side.is_attested),
        kept=tuple(_kept(one) for one in link.kept),
    )


def _standing(status: str) -> tuple[Sign, str]:
    match status:
        case "signed":
            return Sign.PASS, _("Signed on both sides")
        case "attested":
            return Sign.NONE, _("Attested")
        case "offered":
            return Sign.WAIT, _("Offered, not accepted yet")
        case _:
            return Sign.WARN, _("Lapsed, never accepted")


def _conditions(link: Link) -> list[stated.Named]:
    offer, accepted = link.offer, link.accepted
    found = [stated.Named(_("Given"), record_time(offer.happened_at))]
    if offer.shipper is not None:
        found.append(stated.Named(_("Shipper"), place_words(offer.shipper)))
    if offer.seal:
        found.append(stated.Named(_("Seal"), offer.seal))
    if accepted is not None:
        intact = {True: _("intact"), False: _("not intact"), None: _("not stated")}[accepted.seal_intact]
        temperature = celsius(accepted.temperature_c) if accepted.temperature_c is not None else _("not measured")
        found += [
            stated.Named(_("Taken"), record_time(accepted.happened_at)),
            stated.Named(_("Seal on arrival"), intact),
            stated.Named(_("Temperature on arrival"), temperature),
            stated.Named(_("Condition"), accepted.condition or _("not stated")),
            stated.Named(_("Put into"), place_words(accepted.place, accepted.position)),
        ]
    return found


def _attested(side: Side, word: str, names: Names) -> AttestedBlock:
    half, check = side.half, side.check
    evidence = [half.evidence_reference] if half.evidence_reference else []
    if half.evidence is not None:
        evidence.append(
            _("file %(name)s, SHA-256 %(sha256)s")
            % {"name": half.evidence.original_name, "sha256": half.evidence.sha256}
        )
    return AttestedBlock(
        title=word,
        party=f"{half.attested_name}, {half.attested_role}, {side.party.name}",
        statement=half.attested_statement or "–",
        happened_at=record_time(half.happened_at),
        evidence=", ".join(evidence) or _("none"),
        entered_by=_by(names.signature(half, word)),
        checked_by=_by(names.signature(check, word)) if check else _("nobody yet"),
    )


def _by(signature: stated.RecordedSignature) -> str:
    return (
        f"{signature.name} ({signature.user}), {signature.role}, “{signature.meaning}”, "
        f"{signature.signed_at}, {signature.organisation}"
    )


def _held(held: HeldNow) -> str:
    who = f"{held.person.name}, {party_words(held.party)}" if held.person else party_words(held.party)
    where = place_words(held.place, held.position) if held.place else _("no place is stated")
    words = _("%(codes)s: %(who)s, %(where)s, since %(time)s")
    return words % {"codes": _codes(held.containers), "who": who, "where": where, "time": record_time(held.since)}


def _ended(record: CustodyRecord) -> list[str]:
    """Say what became of each container that has ended, who signed that and who saw it."""
    ends = fates_of(record.containers)
    said = []
    for container in record.containers:
        end = ends.get(container.pk)
        if end is None:
            continue
        volume = f"{end.volume_ml:f} mL" if end.volume_ml is not None else ""
        seen = _("seen by %(name)s") % {"name": end.witnessed.signer_name} if hasattr(end, "witnessed") else ""
        parts = [fate_words(end), volume, end.route, end.reason, end.signer_name, seen]
        said.append(f"{container.code}: {', '.join(part for part in parts if part)}")
    return said


def _check(row: IdentityCheck, names: Names) -> stated.IdentityChecked:
    matches = row.outcome == IdentityCheck.Outcome.MATCH
    return stated.IdentityChecked(
        at=record_time(row.recorded_at),
        expected=row.expected or "–",
        scanned=f"{row.scanned} ({_('typed')})" if row.was_typed else row.scanned,
        where=row.where or "–",
        by=names.who(row.actor),
        evaluation=Evaluation(row.outcome, Sign.PASS if matches else Sign.FAIL, str(row.get_outcome_display())),
    )


def temperatures(record: CustodyRecord) -> Iterator[str]:
    """Say what is known of the temperature of each time in a shipper, and of any other that a logger saw."""
    known = known_of(record.coi)
    for kept in stays_in(record):
        found = known.get(kept.id) if kept.id else None
        if found is None and not is_logged(kept):
            continue
        says = [standing_words(standing_of(kept, known))]
        for trace in found.traces if found else ():
            source = trace.source
            says += [
                f"{trace_words(trace)}; {source.logger}, {source.file.original_name}, SHA-256 {source.file.sha256}"
            ]
            says += [excursion_words(one.excursion) for one in trace.excursions.all()]
            says += [unknown_words(one) for one in trace.unknown.all()]
        says += [unknown_words(one) for one in (found.no_file if found else ())]
        stated = _kept(kept)
        yield f"{stated.containers}: {stated.place}, {stated.since} – {stated.until}: {'. '.join(says)}"


def logger_files(record: CustodyRecord) -> list[tuple[str, StoredFile]]:
    """Give the files of loggers that were confirmed for the times of a record."""
    known, words = known_of(record.coi), _("file of a temperature logger")
    stays = [kept.id for kept in stays_in(record)]
    return [(words, trace.source.file) for stay in stays if stay in known for trace in known[stay].traces]


def evidence_files(record: CustodyRecord) -> list[tuple[str, StoredFile]]:
    """Give the files that stand behind collections and attested sides, each with what it is."""
    found: list[tuple[str, StoredFile]] = [
        (_("collection form %(reference)s") % {"reference": one.form_reference}, one.form)
        for one in record.collections
        if one.form is not None
    ]
    for link in record.links:
        for side in (link.giver, link.taker):
            if side is not None and side.half.evidence is not None:
                given = isinstance(side.half, HandOverOffered)
                words = _("evidence of what was given") if given else _("evidence of what was taken")
                found.append((words, side.half.evidence))
    return found
