"""The certificates of contract laboratories for one test: entered by one person, compared blindly by another."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.roles import Permission
from accounts.views.places import SeeOther
from accounts.wording import short_time
from batches.models import Batch
from batches.views.strip import Context, strip_of
from chain_of_custody.uploading import keep_upload
from chain_of_custody.views.evidence import recent_files
from qc.batch_act import batch_called
from qc.contract_laboratory.certificates import (
    certificates_of,
    certificates_url,
    comparison_of,
    is_settled,
    laboratories,
)
from qc.contract_laboratory.intents import VALUE, wanted_values
from qc.contract_laboratory.telling import differences_told, told_values, values_in_row
from qc.laboratory.entering import unit_of, words_of
from qc.laboratory.judging import NO_RESULT, entries_of
from qc.laboratory.testing import known_line
from qc.models import ContractCertificate, Sample
from qc.panel import PanelLine


@require_safe
@needs(Permission.RECORD_READ)
def certificates(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Show every certificate of a test, and the form that is next."""
    batch, by = batch_called(number), person_of(request)
    found = known_line(batch, line)
    entered = list(certificates_of(batch).filter(line=line))
    comparisons = {row.pk: _comparing(row, by=by) for row in entered}
    rows = [_shown(row, found, by=by) | {"compare": comparisons[row.pk]} for row in entered]
    context = strip_of(batch) | {
        "found": found,
        "specification": batch.specification,
        "certificates": rows,
        "is_asked": any(each is not None and each.possible for each in comparisons.values()),
        "boxes": _boxes(found),
        "is_growth": bool(found.line.growth_days),
        "may_enter": Permission.RESULT_ENTER in by.permissions,
        "enter": _entering(batch, found, entered, by=by),
        "corrects_alone": found.newest is not None,
        "laboratories": laboratories(),
        "samples": Sample.objects.filter(batch=batch, point=found.line.sample_point).select_related("container"),
        "files": recent_files(by),
    }
    return render(request, "qc/contract_certificates.html", context)


@require_POST
@needs(Permission.RESULT_ENTER)
def store_file(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Keep the file of a certificate, and go back to the form that names it."""
    batch = batch_called(number)
    found = known_line(batch, line)
    keep_upload(request.FILES.get("file"), by=person_of(request))
    return SeeOther(f"{certificates_url(batch.number, found.code)}#certificate-file")


def contract_part(batch: Batch, found: PanelLine, *, by: Person) -> Context:
    """Give what the page of a test says of contract laboratories, in a few words."""
    rows = certificates_of(batch).filter(line=found.code, superseded_by=None)
    return {
        "contract_rows": [_shown(row, found, by=by) for row in rows],
        "contract_url": certificates_url(batch.number, found.code),
        "contract_possible": bool(laboratories()) and not found.line.why_not_applicable and found.newest is None,
    }


def _entering(batch: Batch, found: PanelLine, rows: Iterable[ContractCertificate], *, by: Person) -> Offer | None:
    """Offer an entry, after a result a correction alone; what it says is judged when it is sent."""
    corrects_alone = found.newest is not None and not any(_may_correct(row, found) for row in rows)
    if corrects_alone or found.line.why_not_applicable:
        return None
    return offer("contract_certificate.enter", batch, by=by)


def _comparing(row: ContractCertificate, *, by: Person) -> Offer | None:
    """Offer the comparison to everybody but the one who entered it, while it waits."""
    if comparison_of(row) is not None or hasattr(row, "superseded_by") or row.signer_id == by.pk:
        return None
    return offer("contract_certificate.compare", row, by=by)


def _may_correct(row: ContractCertificate, found: PanelLine) -> bool:
    """Tell whether an entry is one that a correction may name: of the run that is worked on, corrected by none."""
    return not hasattr(row, "superseded_by") and row.run == found.run and not found.runs.is_confirmed


def _shown(row: ContractCertificate, found: PanelLine, *, by: Person) -> Context:
    """Give a certificate as it stands. Before it is compared only the one who entered it sees its values."""
    compared = comparison_of(row)
    is_corrected = hasattr(row, "superseded_by")
    sees = compared is not None or is_corrected or row.signer_id == by.pk
    return {
        "row": row,
        "signed": short_time(row.signed_at),
        "values": told_values(found.line, values_in_row(row)) if sees else [],
        "is_blind": not sees,
        "compared": compared,
        "differences": differences_told(compared, found.line) if compared else [],
        "is_corrected": is_corrected,
        "is_settled": is_settled(row),
        "may_correct": _may_correct(row, found),
    }


def _boxes(found: PanelLine) -> list[Context]:
    """Give the field of each value that a certificate states."""
    entries = entries_of(found.line)
    titles = {member.code: member.title for member in found.line.members}
    bottles = {each.number: each for each in found.line.growth.bottles} if found.line.growth else {}
    boxes: list[Context] = []
    for member, replicate in wanted_values(found.line):
        title = titles.get(member, found.title)
        bottle = bottles.get(replicate)
        choices = [(code, words) for code, words in words_of(entries[member]).items() if code not in NO_RESULT]
        boxes.append(
            {
                "name": f"{VALUE}{member}:{replicate}",
                "title": f"{title}, {bottle.number} {bottle.title}" if bottle else title,
                "unit": unit_of(entries[member]),
                "choices": choices,
            }
        )
    return boxes
