"""The snapshot of a batch record: everything that is known of one batch, gathered in one unmoving view.

What is stated of whom is read from the rows; where a reader will look for more, `absent` says who holds it.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import KeyEnrolment
from batches.models import Batch
from batches.pinned import product_of
from batches.record_read import BatchRead
from chain_of_custody.containers import LETTERS
from chain_of_custody.models import Container
from ledger.models import Entry
from qc.specifying import specification_of
from reports import gathering, record_snapshot
from reports.models import Document
from reports.record_gathering import (
    custody,
    exceptional,
    labels,
    materials,
    measured,
    methods,
    papers,
    quality,
    results,
    steps,
    summing,
    trail,
)
from reports.record_gathering.names import PERSON, Names


def batch_record(
    batch: Batch, *, number: str, version: int, issued_at: datetime, supersedes: Document | None
) -> record_snapshot.BatchRecord:
    """Give the snapshot of the whole record of a batch as it stands."""
    names = Names(batch)
    read = BatchRead(batch)
    record = read.record
    product = product_of(batch)
    specification = specification_of(batch)
    stages = steps.stages(record, names)
    tests = results.tests(batch, names)
    exceptions = exceptional.exceptions(batch, names)
    custody_stated, custody_read = custody.custody(batch, names)
    standing, statement, certified_by = quality.standing(batch, names)
    order, order_signatures = papers.order(batch, names)
    account = steps.account(record)
    streams = trail.streams(names)
    entries = trail.trail(names)
    lots = materials.lots(record, names)
    decisions = quality.decisions(batch, names, stated_already=exceptions.judgements)
    definitions = papers.definitions(batch, names)
    true_copies = papers.true_copies(batch, names)
    issued = names.signature(batch, _("Electronic signature, issue of the batch record"))
    pending = summing.pending(tests)
    return record_snapshot.BatchRecord(
        issue=gathering.issue_stated(number, version, issued_at, interim=False, supersedes=supersedes),
        identity=gathering.identity_stated(batch),
        product=gathering.product_stated(batch),
        standing=standing,
        statement=statement,
        certified_by=certified_by,
        pending=pending,
        sites=gathering.sites_stated(product, batch),
        summary=summing.summary(read, stages, tests, exceptions.stated, custody_stated, account),
        answers=summing.answers(record, stages, certified_by, pending, names),
        definitions=definitions,
        issued=issued,
        order=order,
        order_signatures=order_signatures,
        lots=lots,
        equipment=materials.equipment(record, names),
        vessels=materials.vessels(record, names),
        labels=labels.labels(batch, names),
        clearances=materials.clearances(record, names),
        stages=stages,
        account=account,
        specification=_("%(code)s version %(version)s, rounding %(rounding)s")
        % {"code": specification.code, "version": specification.version, "rounding": specification.rounding},
        samples=results.samples(batch, names),
        tests=tests,
        exceptions=exceptions.stated,
        custody=custody_stated,
        decisions=decisions,
        documents=papers.documents(batch),
        true_copies=true_copies,
        trail=entries,
        signers=_signers(names),
        abbreviations=_abbreviations(),
        files=papers.files(
            batch,
            [
                *custody.evidence_files(custody_read),
                *custody.logger_files(custody_read),
                *labels.specimen_files(batch),
                *measured.instrument_files(batch),
                *methods.complete_data_files(batch),
            ],
        ),
        streams=streams,
        absent=_absent(),
        proof=gathering.proof_of(Entry.objects.get(seq=max(stream.last_seq for stream in streams))),
        data_marks=gathering.marks_stated(batch),
    )


def _signers(names: Names) -> tuple[record_snapshot.Signer, ...]:
    """Give the key to everybody who wrote or signed something that this record states."""
    keys: dict[str, list[str]] = {}
    enrolled = KeyEnrolment.objects.filter(signer__in=list(names.roles)).order_by("recorded_at", "pk")
    for signer, key in enrolled.values_list("signer_id", "key_id"):
        keys.setdefault(str(signer), []).append(key)
    found = []
    for reference, roles in names.roles.items():
        person = names.people[reference.removeprefix(PERSON)]
        found.append(
            record_snapshot.Signer(
                name=person.name,
                initials=person.initials,
                user=person.username,
                roles="; ".join(sorted(roles)) or _("signed nothing here"),
                signatures=len(names.signed[reference]),
                keys=tuple(keys.get(reference, ())),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.name, one.user)))


def _abbreviations() -> tuple[record_snapshot.Named, ...]:
    fixed = [
        ("BC", _("batch certificate")),
        ("BR", _("batch record, this document")),
        ("COA", _("certificate of analysis")),
        ("CT", _("batch of this site")),
        ("DIN", _("donation identification number, ISBT 128, with its check character in a box")),
        ("MBR", _("master batch record")),
        ("SHA-256", _("a file's fingerprint: other content has another one")),
        ("UTC", _("coordinated universal time; each time here states the site's zone and its offset")),
    ]
    letters = [
        (LETTERS[kind], _("in a container's code: %(kind)s") % {"kind": kind.label})
        for kind in Container.Kind
        if kind in LETTERS
    ]
    return tuple(record_snapshot.Named(name, str(text)) for name, text in sorted([*fixed, *letters]))


def _absent() -> tuple[record_snapshot.Named, ...]:
    """Say what a reader may look for and does not find here, and who holds it."""
    found = (
        (
            _("Paper originals"),
            _("Waybills, collection forms, instrument prints and continuity copies lie where each true copy says."),
            _("A paper without a true copy is not in this record."),
        ),
        (
            _("Environmental monitoring"),
            _("Settle plates and particle counts are in the site's environmental monitoring system;"),
            _("the sessions named in line clearances, and what came of them, are here."),
        ),
        (
            _("Building system"),
            _("Air pressure, room temperature and storage temperature between readings are in the monitoring systems."),
        ),
        (_("Equipment"), _("Qualification, calibration and cleaning stand in the record of each piece of equipment.")),
        (
            _("Laboratory raw data"),
            _("Worksheets, and instrument files that were not sent in, stay in the laboratory;"),
            _("the readings as they were typed are here, and the hash of each instrument file that was sent in."),
        ),
        (
            _("Quality system"),
            _("Investigations, corrective and preventive actions and change control are in the quality system,"),
            _("beyond the assessments printed here."),
        ),
        (_("Training"), _("The trainings of the people in the key are in the record of each person.")),
        (
            _("Hospital"),
            _("Who the patient is, consent, the infusion and what followed are in the hospital's records."),
        ),
    )
    return tuple(record_snapshot.Named(name, " ".join(texts)) for name, *texts in found)
