"""Certificates of contract laboratories as they stand: which are in force, which wait, and what rests on which."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.acts import Line
from accounts.refusal import Objection, when
from accounts.wording import day
from batches.models import Batch
from chain_of_custody.models import HandOverAccepted, Party
from qc.models import ContractCertificate, ContractCertificateCompared, Reading, Sample

READ_AT_ONCE = ("laboratory", "evidence", "sample__container", "comparison", "superseded_by", "signer")


def certificates_of(batch: Batch) -> "QuerySet[ContractCertificate]":
    """Give every certificate of a batch as it was entered, the oldest first, with what is read of it at once."""
    rows = ContractCertificate.objects.filter(batch=batch).select_related(*READ_AT_ONCE)
    return rows.order_by("recorded_at", "pk")


def in_force(batch: Batch, line: str, *, run: int) -> list[ContractCertificate]:
    """Give the certificates of a run of a line that nobody corrected."""
    return list(certificates_of(batch).filter(line=line, run=run, superseded_by=None))


def comparison_of(row: ContractCertificate) -> ContractCertificateCompared | None:
    """Give what the second person typed, or None while nobody did."""
    found: ContractCertificateCompared | None = getattr(row, "comparison", None)
    return found


def is_settled(row: ContractCertificate) -> bool:
    """Tell whether two people typed the same, or the certificate was corrected."""
    compared = comparison_of(row)
    return hasattr(row, "superseded_by") or (compared is not None and compared.agrees)


def objections_to_certificates(batch: Batch) -> list[Objection]:
    """Object to a decision while a certificate waits for its second person, or two people typed different things.

    Its number is not named: the second person types it from the paper.
    """
    return [
        Objection(
            _("A certificate of %(laboratory)s for %(line)s is not settled: %(why)s")
            % {"laboratory": row.laboratory.name, "line": row.line, "why": _why_open(row)},
            code="certificate_open",
            url=certificates_url(batch.number, row.line),
        )
        for row in certificates_of(batch)
        if not is_settled(row)
    ]


def _why_open(row: ContractCertificate) -> str:
    if comparison_of(row) is None:
        return _("a second person has to compare it.")
    return _("two people typed different things. Correct it.")


def objections_beside_certificates(batch: Batch, line: str, corrects: Reading | None) -> list[Objection]:
    """Object to a reading of our own where a certificate waits, and to correcting by hand what stands on one."""
    waiting = certificates_of(batch).filter(line=line, superseded_by=None)
    return [
        *when(
            corrects is not None and certificates_behind([corrects]),
            _("This value is that of a certificate. Correct the certificate; another person types it too."),
            code="tested_elsewhere",
            url=certificates_url(batch.number, line),
        ),
        *when(
            any(not is_settled(row) for row in waiting),
            _("A certificate is entered for this test and not settled. That comes first."),
            code="certificate_open",
            url=certificates_url(batch.number, line),
        ),
    ]


def certificates_behind(readings: Iterable[Reading]) -> list[ContractCertificate]:
    """Give the certificates that readings, or what they correct, were recorded from; nothing for tests of our own."""
    wanted = list(readings)
    if not wanted:
        return []
    rows = ContractCertificate.objects.filter(batch=wanted[0].batch_id, line=wanted[0].line, comparison__isnull=False)
    keys = {str(one.pk) for one in wanted} | {str(one.supersedes_id) for one in wanted if one.supersedes_id}
    found = rows.select_related(*READ_AT_ONCE).order_by("recorded_at", "pk")
    return [row for row in found if keys & set(row.comparison.readings)]


def certificate_lines(readings: Iterable[Reading]) -> list[Line]:
    """Give who tested elsewhere, as a signer reads it."""
    return [Line(_("Tested by"), certificate_words(row), "attested") for row in certificates_behind(readings)]


def certificate_words(row: ContractCertificate) -> str:
    """Write which laboratory tested what, and under which certificate."""
    return _("%(laboratory)s, certificate %(number)s of %(day)s, sample %(sample)s") % {
        "laboratory": row.laboratory.name,
        "number": row.number,
        "day": day(row.reported_on),
        "sample": row.sample.container.code,
    }


def custody_against(sample: Sample, laboratory: Party) -> str:
    """Say that custody does not know of a sample at a laboratory; nothing where it was handed over to it."""
    container = sample.container
    if container.state.holder_party_id == laboratory.pk:
        return ""
    taken = HandOverAccepted.objects.filter(offered__coi=container.coi_id, offered__taker_party=laboratory)
    if any(str(container.pk) in one.offered.containers for one in taken.select_related("offered")):
        return ""
    return _("Custody never handed %(code)s to %(laboratory)s; it is with %(holder)s.") % {
        "code": container.code,
        "laboratory": laboratory.name,
        "holder": container.state.holder_party.name,
    }


def first_statement(row: ContractCertificate) -> dict[str, Any]:  # Any: plain values, as a comparison keeps its own
    """Give what the first person typed in the shape in which the second is asked for it."""
    return {
        "number": row.number,
        "sample": row.sample.container.code,
        "began_at": row.began_at.isoformat() if row.began_at else None,
        "tested_at": row.tested_at.isoformat(),
        "values": row.values,
    }


def laboratories_of(batch: Batch) -> list[Party]:
    """Give the laboratories whose certificates two people agreed on, by name."""
    settled = certificates_of(batch).filter(superseded_by=None, comparison__differences=[])
    return sorted({row.laboratory for row in settled}, key=lambda party: party.name)


def laboratories() -> Sequence[Party]:
    """Give the laboratories that tests may be sent to."""
    return list(Party.objects.filter(kind=Party.Kind.LABORATORY).order_by("name"))


def certificates_url(number: str, line: str) -> str:
    """Give the page on which the certificates of a test are entered and compared."""
    return reverse("qc:contract-certificates", args=[number, line])
