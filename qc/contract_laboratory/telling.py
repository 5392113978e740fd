"""What was typed from a certificate, in words: times, values, and where two people differ."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.acts import Intent, Line
from accounts.wording import record_time
from qc.contract_laboratory.stated import Value, values_in
from qc.definitions.specification import Line as SpecificationLine
from qc.laboratory.entering import unit_of, words_of
from qc.laboratory.judging import entries_of
from qc.models import ContractCertificate, ContractCertificateCompared


def values_in_row(row: ContractCertificate) -> tuple[Value, ...]:
    """Give the values of an entry."""
    return values_in(row.values)


def moment(typed: str | None) -> datetime | None:
    """Give a point in time as an intent keeps it."""
    return datetime.fromisoformat(typed) if typed else None


def time_lines(intent: Intent) -> list[Line]:
    """Give when it was begun and tested, as a signer reads it."""
    began, tested = moment(intent["began_at"]), moment(intent["tested_at"])
    return [
        *([Line(_("Inoculated"), record_time(began))] if began else []),
        Line(_("Tested, or read for the last time"), record_time(tested) if tested else "–"),
    ]


def value_lines(line: SpecificationLine, values: Iterable[Value]) -> list[Line]:
    """Give values as a signer reads them: member, bottle, and the words of what was typed."""
    return [Line(name, words) for name, words in told_values(line, values)]


def told_values(line: SpecificationLine, values: Iterable[Value]) -> list[tuple[str, str]]:
    """Give each value with its name and its words."""
    entries = entries_of(line)
    titles = {member.code: member.title for member in line.members}
    told = []
    for one in values:
        entry = entries.get(one.member)
        words = words_of(entry).get(one.typed, one.typed) if entry else one.typed
        unit = unit_of(entry) if entry else ""
        name = titles.get(one.member, line.title)
        if line.growth_days:
            name = _("%(name)s, bottle %(bottle)s") % {"name": name, "bottle": one.replicate}
        told.append((name, f"{words} {unit}".strip()))
    return told


def differences_told(row: ContractCertificateCompared, line: SpecificationLine) -> list[tuple[str, str, str]]:
    """Give what two people typed differently, in words: what, the first, the second."""
    return [_difference(str(one["what"]), str(one["first"]), str(one["second"]), line) for one in row.differences]


def _difference(what: str, first: str, second: str, line: SpecificationLine) -> tuple[str, str, str]:
    member, _space, replicate = what.rpartition(" ")
    entry = entries_of(line).get(member)
    if entry is None:
        return _names()[what], _shown(what, first), _shown(what, second)
    words = words_of(entry)
    name = {each.code: each.title for each in line.members}.get(member, line.title)
    bottle = f", {replicate}" if line.growth_days else ""
    return name + bottle, words.get(first, first) or "–", words.get(second, second) or "–"


def _names() -> dict[str, str]:
    return {
        "number": _("Number of the certificate"),
        "sample": _("Our sample"),
        "began_at": _("Inoculated"),
        "tested_at": _("Tested"),
    }


def _shown(what: str, typed: str) -> str:
    return record_time(datetime.fromisoformat(typed)) if typed and what.endswith("_at") else typed or "–"
