"""Certificates of contract laboratories, in words: what was typed from them, and what two people made of it."""

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import day, record_time
from batches.models import SignedInBatch
from chain_of_custody.attesting import evidence_words
from qc.contract_laboratory.certificates import comparison_of
from qc.contract_laboratory.telling import differences_told, told_values, values_in_row
from qc.laboratory.testing import known_line
from qc.models import ContractCertificate, ContractCertificateCompared
from qc.panel import PanelLine

CERTIFICATES: tuple[type[SignedInBatch], ...] = (ContractCertificate, ContractCertificateCompared)


def certificate_told(row: Signed) -> tuple[str, str]:
    """Give the title and the statement of a signed row about a contract laboratory's certificate."""
    match row:
        case ContractCertificate():
            title = _("Certificate %(number)s of %(laboratory)s") % {
                "number": row.number,
                "laboratory": row.laboratory.name,
            }
            return title, _entered(row)
        case ContractCertificateCompared():
            number = {"number": row.certificate.number, "laboratory": row.certificate.laboratory.name}
            title = _("Certificate %(number)s of %(laboratory)s, compared") % number
            if row.agrees:
                return title, _("Two people typed the same.")
            line = known_line(row.batch, row.certificate.line).line
            differ = [
                _("%(what)s: first %(first)s, second %(second)s.") % {"what": what, "first": first, "second": second}
                for what, first, second in differences_told(row, line)
            ]
            return title, " ".join([_("Two people typed different things."), *differ])
        case _:
            raise TypeError(f"{row.record_type()} is nothing of a contract laboratory.")


def _values(row: ContractCertificate, found: PanelLine) -> str:
    """Write the values; before a second person typed them they would tell that person what to type."""
    if comparison_of(row) is None and not hasattr(row, "superseded_by"):
        return _("The values are shown once a second person has typed them")
    return "; ".join(f"{name}: {value}" for name, value in told_values(found.line, values_in_row(row)))


def _entered(row: ContractCertificate) -> str:
    found = known_line(row.batch, row.line)
    words = {
        "line": found.title,
        "run": row.run,
        "day": day(row.reported_on),
        "sample": row.sample.container.code,
        "method": row.method,
        "tested": record_time(row.tested_at),
        "values": _values(row, found),
        "verdict": row.verdict_printed or "–",
        "evidence": evidence_words(row.evidence, ""),
    }
    says = _(
        "%(line)s, run %(run)s, of sample %(sample)s, dated %(day)s, tested %(tested)s by %(method)s. %(values)s. "
        "The laboratory's own verdict: %(verdict)s. Evidence: %(evidence)s."
    )
    began = _("Inoculated %(time)s.") % {"time": record_time(row.began_at)} if row.began_at else ""
    why = _("Corrected: %(reason)s") % {"reason": row.reason} if row.reason else ""
    return " ".join(filter(None, (says % words, began, row.custody, why)))
