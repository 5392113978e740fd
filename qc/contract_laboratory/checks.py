"""The checks of certificates of contract laboratories.

(1) the sample is one of the batch, taken where the line wants it; the party is a laboratory;
(2) another person compared than the one who entered;
(3) the stored differences are those between what both typed;
(4) where both agree each value has its reading, which says the same of the same sample; where they do not, none has;
(5) a number in force stands once for a laboratory and a line.
"""

from collections.abc import Iterator

from chain_of_custody.models import Party
from ledger.verification import Finding, Verification, check
from qc.contract_laboratory.certificates import first_statement
from qc.contract_laboratory.stated import differences, values_in
from qc.models import ContractCertificate, ContractCertificateCompared, Reading
from qc.specifying import specification_of

CERTIFICATES = "contract laboratories"


@check(CERTIFICATES)
def certificates_are_right(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    rows = ContractCertificate.objects.select_related("sample", "laboratory", "batch__specification")
    for row in rows.order_by("pk").iterator(500):
        verification.counted("certificates of contract laboratories", 1)
        line = specification_of(row.batch).line(row.line)
        here = line is not None and (row.sample.batch_id, row.sample.point) == (row.batch_id, line.sample_point)
        if not here:
            yield Finding(CERTIFICATES, _about(row), "its sample is none of this batch and sampling point")
        if row.laboratory.kind != Party.Kind.LABORATORY:
            yield Finding(CERTIFICATES, _about(row), "its party is no laboratory")


@check(CERTIFICATES)
def comparisons_are_right(_verification: Verification) -> Iterator[Finding]:
    """(2), (3), (4)"""
    rows = ContractCertificateCompared.objects.select_related("certificate__sample__container", "certificate__batch")
    for row in rows.order_by("pk").iterator(500):
        certificate = row.certificate
        if row.signer_id == certificate.signer_id:
            yield Finding(CERTIFICATES, _about(certificate), "one person entered and compared it")
        found = [one.as_plain() for one in differences(first_statement(certificate), row.stated)]
        if found != row.differences:
            yield Finding(CERTIFICATES, _about(certificate), "its differences are not those of what two people typed")
        if not _readings_agree(row):
            yield Finding(CERTIFICATES, _about(certificate), "its readings are not what two people typed")


def _readings_agree(row: ContractCertificateCompared) -> bool:
    if row.differences:
        return not row.readings
    certificate = row.certificate
    readings = Reading.objects.filter(pk__in=row.readings, batch=certificate.batch_id, line=certificate.line)
    said = sorted((one.member, one.replicate, one.typed, one.performed_at, one.began_at) for one in readings)
    told = [
        (one.member, one.replicate, one.typed, certificate.tested_at, certificate.began_at)
        for one in values_in(certificate.values)
    ]
    return said == told and all(one.sample_id == certificate.sample_id for one in readings)


@check(CERTIFICATES)
def numbers_stand_once(_verification: Verification) -> Iterator[Finding]:
    """(5)"""
    rows = ContractCertificate.objects.filter(superseded_by=None).select_related("batch").order_by("recorded_at", "pk")
    seen: set[tuple[object, ...]] = set()
    for row in rows.iterator(500):
        key = (row.laboratory_id, row.number.casefold(), row.line)
        if key in seen:
            yield Finding(CERTIFICATES, _about(row), "its number is entered twice for this test")
        seen.add(key)


def _about(row: ContractCertificate) -> str:
    return f"qc.contractcertificate {row.pk} ({row.batch.number}, {row.number})"
