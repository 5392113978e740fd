"""A second person types from the certificate what the first typed, without seeing it.

(1) Where both typed the same, the readings are recorded in the same transaction, by the second person.
(2) Where they did not, nothing is recorded. Both statements stay, and a new entry with its reason follows.
(3) The entry is corrected, or right and entered again with that reason; another person than its signer compares it.
(4) What is corrected after its result was submitted goes the same way; the result stands against a decision until it is
    made anew of what both typed.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from chain_of_custody.attesting import evidence_words
from qc.batch_act import RowOfBatchAct
from qc.contract_laboratory.certificates import READ_AT_ONCE, certificates_url, comparison_of, first_statement
from qc.contract_laboratory.entering import says_growth
from qc.contract_laboratory.intents import StatedIntent, objections_to_values, values_of, with_values
from qc.contract_laboratory.stated import Value, differences
from qc.contract_laboratory.telling import time_lines, value_lines, values_in_row
from qc.laboratory.recording import objections_to_reading, record_reading
from qc.laboratory.testing import known_line
from qc.models import ContractCertificate, ContractCertificateCompared, Reading


@register
class CompareCertificate(RowOfBatchAct[ContractCertificate]):
    """Type from the certificate what another person typed, as a second person."""

    code = "contract_certificate.compare"
    title = gettext_lazy("Compare a contract laboratory's certificate")
    verb = gettext_lazy("Sign what I read")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I typed this from the certificate itself, without what was typed before.")
    asks = StatedIntent

    def read_intent(self, data: Mapping[str, object]) -> Intent:
        return super().read_intent(with_values(data))

    def rows(self) -> QuerySet[ContractCertificate]:
        return ContractCertificate.objects.select_related(*READ_AT_ONCE, "supersedes")

    def to_sign(self, subject: ContractCertificate, intent: Intent) -> ToSign:
        found = known_line(subject.batch, subject.line)
        return ToSign(
            title=f"{self.title}: {found.title}",
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Laboratory"), subject.laboratory.name, "attested"),
                Line(_("Evidence"), evidence_words(subject.evidence, "")),
                Line(_("Certificate"), intent["number"]),
                Line(_("Our sample"), intent["sample"]),
                *time_lines(intent),
                *value_lines(found.line, values_of(intent)),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: ContractCertificate, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject.batch, subject.line)
        grows = says_growth(found.line, values_in_row(subject))
        corrects = subject.supersedes_id is not None
        asked = objections_to_reading(
            subject.batch, found.line, subject.sample, by=by, runs=found.runs, growth=grows, of_certificate=corrects
        )
        return [
            *when(comparison_of(subject) is not None, _("This was compared already."), code="already_done"),
            *when(
                hasattr(subject, "superseded_by"),
                _("This entry was corrected; compare the correction."),
                code="superseded",
            ),
            *when(
                subject.signer_id == by.pk,
                _("A second person must compare this. %(name)s entered it.") % {"name": subject.signer_name},
                code="same_person",
            ),
            *when(
                found.runs.is_confirmed,
                _("This result was confirmed to be out of specification. It stands."),
                code="confirmed",
            ),
            *when(
                subject.run != found.run,
                _("This test is on another run now."),
                code="other_run",
            ),
            *(one for one in asked if one.code != "lacks_permission"),
            *objections_to_values(found.line, values_of(intent), began=bool(intent["began_at"])),
        ]

    def carry_out(
        self, subject: ContractCertificate, intent: Intent, signature: Signature
    ) -> ContractCertificateCompared:
        stated = _stated(intent)
        found = differences(first_statement(subject), stated)
        readings = [] if found else [_recorded(subject, one, signature.signer) for one in values_in_row(subject)]
        row = ContractCertificateCompared(
            batch=subject.batch,
            certificate=subject,
            stated=stated,
            differences=[one.as_plain() for one in found],
            readings=[str(reading.pk) for reading in readings],
        )
        return sign(row, signature, type="contract_certificate.compared", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ContractCertificateCompared)  # noqa: S101  this act writes nothing else
        return certificates_url(row.batch.number, row.certificate.line)


def _stated(intent: Intent) -> dict[str, Any]:  # Any: plain values of a JSON text
    return {
        "number": intent["number"],
        "sample": intent["sample"],
        "began_at": intent["began_at"],
        "tested_at": intent["tested_at"],
        "values": [one.as_plain() for one in values_of(intent)],
    }


def _recorded(row: ContractCertificate, value: Value, by: Person) -> Reading:
    """Record a value as a reading; one that an earlier entry of this certificate recorded is corrected, or stands."""
    before = _reading_before(row, value)
    same_time = before is not None and (before.performed_at, before.began_at) == (row.tested_at, row.began_at)
    if before is not None and before.typed == value.typed and before.sample_id == row.sample_id and same_time:
        return before
    return record_reading(
        batch=row.batch,
        line=row.line,
        member=value.member,
        sample=row.sample,
        typed=value.typed,
        by=by,
        id=uuid4(),
        performed_at=row.tested_at,
        replicate=value.replicate,
        began_at=row.began_at,
        corrects=before,
        reason=row.reason if before is not None else "",
        of_certificate=row.supersedes_id is not None,
    )


def _reading_before(row: ContractCertificate, value: Value) -> Reading | None:
    """Give the reading in force that an entry which this one corrects recorded for a value."""
    earlier = row.supersedes
    while earlier is not None:
        compared = comparison_of(earlier)
        if compared is not None and compared.readings:
            rows = Reading.objects.filter(pk__in=compared.readings, superseded_by=None)
            return rows.filter(member=value.member, replicate=value.replicate).first()
        earlier = earlier.supersedes
    return None
