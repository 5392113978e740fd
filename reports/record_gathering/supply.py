"""What the physician wanted of a batch that is not certified, and its supply out of specification, for the record."""

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import day, record_time
from batches.models import SignedInBatch
from chain_of_custody.attesting import evidence_words
from chain_of_custody.words import party_words
from qc.models import (
    ExceptionalSupply,
    PhysicianAnswer,
    PhysicianAnswerChecked,
    RiskEvaluation,
    SupplyNaming,
    SupplyRevoked,
    SupplyStatement,
    SupplyStatementChecked,
)
from qc.supply.asking import SAID_OF_SUPPLY
from qc.supply.lines import as_shown
from qc.supply.standing import named_containers
from reports import record_snapshot as stated
from reports.record_gathering.names import Names
from reports.snapshot import Evaluation, Sign

SUPPLYING: tuple[type[SignedInBatch], ...] = (
    PhysicianAnswer, PhysicianAnswerChecked, SupplyNaming, RiskEvaluation, SupplyStatement, SupplyStatementChecked,
    ExceptionalSupply, SupplyRevoked,
)  # fmt: skip


def decided_on_supply(row: Signed, names: Names) -> stated.Decided:
    """Give one such row as an act of quality on the batch."""
    title, evaluation, said = _told(row)
    return stated.Decided(title, evaluation, said, names.signature(row, _("Electronic signature")))


def _told(row: Signed) -> tuple[str, Evaluation, str]:
    checked, signed = Evaluation("done", Sign.PASS, _("Checked")), Evaluation("done", Sign.NONE, _("Signed"))
    attested = Evaluation("attested", Sign.NONE, _("Attested"))
    match row:
        case PhysicianAnswer():
            why = [f"{words}: {getattr(row, name)}" for name, words in SAID_OF_SUPPLY.items() if getattr(row, name)]
            words = [f"{row.get_answer_display()}.", _said(row, row.registration), *why]
            return _("Answer of the physician"), attested, " ".join(words)
        case PhysicianAnswerChecked():
            return _("Answer of the physician, compared with its evidence"), checked, ""
        case SupplyStatement():
            words = [_said(row, row.reference)]
            if row.lines:
                words.append(_("Shown: %(lines)s.") % {"lines": _lines(row.lines)})
            return _for_supply(row.get_kind_display()), attested, " ".join(words)
        case SupplyStatementChecked():
            kind = row.statement.get_kind_display()
            return _("%(what)s, compared with its evidence") % {"what": _for_supply(kind)}, checked, ""
        case SupplyNaming():
            return _("Supply: containers and who takes them"), signed, _named(row)
        case RiskEvaluation():
            named = {
                "document": evidence_words(row.document, ""),
                "author": row.author,
                "day": day(row.written_on),
                "lines": _lines(row.lines),
            }
            says = _("%(document)s, %(author)s, %(day)s, for: %(lines)s.") % named
            return _("Supply: evaluation of the risk"), signed, f"{says} {row.conclusion}"
        case ExceptionalSupply():
            supplied = Evaluation("supplied", Sign.WARN, _("Supplied out of specification"))
            says = _("Not certified; does not conform: %(lines)s.") % {"lines": _lines(row.lines)}
            title = _("Supply at the physician's request, %(number)s") % {"number": row.number}
            return title, supplied, f"{says} {_named(row.naming)} {row.statement}"
        case SupplyRevoked():
            title = _("Supply %(number)s taken back") % {"number": row.supply.number}
            return title, Evaluation("revoked", Sign.FAIL, _("Taken back")), row.reason
        case _:
            raise TypeError(f"{row.record_type()} is nothing about a supply.")


def _lines(kept: list[dict[str, str | bool]]) -> str:
    return "; ".join(one.words for one in as_shown(kept))


def _for_supply(kind: str) -> str:
    return _("Supply: %(what)s") % {"what": kind}


def _named(row: SupplyNaming) -> str:
    codes = ", ".join(one.code for one in named_containers(row))
    carried = (
        _("carried by %(party)s") % {"party": party_words(row.carrier)} if row.carrier else _("carried by nobody else")
    )
    return _("%(codes)s for %(party)s, %(carried)s.") % {
        "codes": codes,
        "party": party_words(row.recipient),
        "carried": carried,
    }


def _said(row: PhysicianAnswer | SupplyStatement, reference: str) -> str:
    words = {
        "name": ", ".join(filter(None, (row.name, row.role, reference))),
        "said": row.said,
        "time": record_time(row.happened_at),
        "evidence": evidence_words(row.evidence, row.evidence_reference),
    }
    return _("%(name)s, %(time)s: %(said)s Evidence: %(evidence)s.") % words
