"""The page of a test: the sample, what was read, what it means on the server's terms, and the next signature."""

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.api.problems import log_refusal
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.sessions import station_of
from accounts.views.places import SeeOther
from batches.models import Batch
from batches.views.strip import Context, strip_of
from ledger import clock
from qc.batch_act import batch_called
from qc.contract_laboratory.certificates import certificates_behind
from qc.growth.bottles import Outcome
from qc.importing.by_method import targets_under
from qc.importing.plates import column_typed
from qc.importing.shipped import profiles_for
from qc.laboratory.entering import boxes_of
from qc.laboratory.inputs import reading_from
from qc.laboratory.recording import raised_by
from qc.laboratory.runs import is_in_doubt
from qc.laboratory.testing import final_opens, judgement_of, known_line, line_in
from qc.methods.shown import bench_shown
from qc.models import Reading, Result, Sample
from qc.out_of_specification.evidence import evidence_before, evidence_of
from qc.out_of_specification.invalidating import CAUSES, place_of_verdict
from qc.panel import PanelLine
from qc.record_read import RecordRead
from qc.values.verdicts import Verdict
from qc.views.beside_test import beside
from qc.views.contract_laboratory import contract_part
from qc.views.out_of_specification import claim_words, runs_shown
from qc.views.panels import open_among
from qc.views.values_judged import values_judged

UNREADABLE = 422


@require_safe
@needs(Permission.RECORD_READ)
def test(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Show one test of a batch."""
    batch = batch_called(number)
    return page_of_test(request, batch, line, [])


@require_POST
@needs(Permission.RESULT_ENTER)
def record(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Store what was typed and show it with its verdict; what cannot be read stays in the form with its reason."""
    batch = batch_called(number)
    try:
        row = reading_from(batch, line, request.POST.dict(), by=person_of(request), comma_allowed=True)
    except BadInput as refused:
        log_refusal(
            refused,
            person=person_of(request),
            station=station_of(request),
            method="POST",
            path=request.path,
        )
        return page_of_test(request, batch, line, refused.objections, status=UNREADABLE)
    if raised_by(row) is not None:
        return _stop(request, batch, known_line(batch, line), row)
    if request.headers.get("HX-Request"):
        return page_of_test(request, batch, line, [])
    return SeeOther(reverse("qc:test", args=[batch.number, line]))


def page_of_test(
    request: HttpRequest, batch: Batch, line: str, objections: list[Objection], *, status: int = 200
) -> HttpResponse:
    """Give the page of a test, or its part for a page that is open, with what was wrong with the last entry."""
    read = RecordRead(batch)
    panel = read.panel  # every line at once: the others stand beside this one
    found = line_or_404(batch, line, read)
    context = strip_of(batch) | about(read, found, panel, by=person_of(request))
    context |= {"objections": objections, "page_has_errors": bool(objections)}
    template = "qc/_test.html" if request.headers.get("HX-Request") else "qc/test.html"
    return render(request, template, context, status=status)


def line_or_404(batch: Batch, line: str, read: RecordRead | None = None) -> PanelLine:
    """Give a line of a batch as it stands; raise Refused (404) for a code that its specification does not have."""
    try:
        return line_in(read or RecordRead(batch), line)
    except BadInput as refused:
        raise Refused(refused.objections, status=404) from None


def about(read: RecordRead, found: PanelLine, panel: Sequence[PanelLine], *, by: Person) -> Context:
    """Give what the page of a test shows of one line."""
    batch = read.batch
    received = Sample.objects.filter(batch=batch, point=found.line.sample_point).select_related("container")
    samples = list(received.order_by("received_at", "pk"))
    judgement = judgement_of(batch, found)
    verdict = judgement.verdict
    boxes = boxes_of(found)
    opens = final_opens(found) if verdict is Verdict.PENDING else None
    elsewhere = bool(certificates_behind(found.readings))
    profiles = profiles_for(found.line, found.methods)
    given = {target.member for one in profiles for target in targets_under(one, found.line, found.methods)}
    return (
        {
            "found": found,
            "tab_counts": {"release-tests": open_among(panel)},
            "specification": batch.specification,
            "samples": samples,
            "boxes": boxes,
            "beside": beside(batch, found, judgement, panel),
            "opens": opens,
            "is_open": opens is not None and opens <= clock.now(),
            "may_enter": Permission.RESULT_ENTER in by.permissions,
            "submit": _submission(read, found, verdict, by, elsewhere=elsewhere),
            "review": offer("result.review", found.to_review, by=by) if found.to_review else None,
            "correct": _correction(found, by),
            "of_certificate": next(iter(found.readings), None) if elsewhere else None,
            "history": found.history,
            "imports": any(box.takes_more and box.code in given for box in boxes),
            "plates": any(column_typed(one, found.line, found.methods) for one in profiles),
            "reviews": _reviews(found),
        }
        | values_judged(batch, found, judgement)
        | _runs(read, found, by)
        | bench_shown(batch, found, samples, read.rows.methods)
        | contract_part(batch, found, by=by)
    )


def _correction(found: PanelLine, by: Person) -> Offer | None:
    if found.newest is None or found.runs.is_confirmed:
        return None
    return offer("result.correct", found.newest, by=by)


def _runs(read: RecordRead, found: PanelLine, by: Person) -> Context:
    """Give what the page shows of runs, of a claim that the open one is invalid, and of the records of the line."""
    batch, methods = read.batch, read.rows.methods
    claim = found.runs.claim_on(found.run)
    may_declare = bool(found.readings) and found.newest is None and claim is None
    declare = offer("measurement.invalidate", batch, by=by) if may_declare else None
    before = place_of_verdict(batch, found.line, found.run, methods) if declare and declare.possible else None
    return {
        "runs": runs_shown(found),
        "records": found.runs.records,
        "claim": claim,
        "claim_status": claim_words(found, found.run),
        "claim_evidence": evidence_of(claim, found.code) if claim else None,
        "decide_claim": offer("measurement.review_invalid", claim, by=by) if is_in_doubt(claim) and claim else None,
        "declare": declare,
        "causes": CAUSES,
        "evidence_choices": evidence_before(batch, found.code, before=before) if declare and declare.possible else [],
        "plan": found.runs.plan if found.newest is None else None,
    }


def _submission(read: RecordRead, found: PanelLine, verdict: Verdict, by: Person, *, elsewhere: bool) -> Offer | None:
    if found.newest is not None:
        return None
    act = "result.submit_contract" if elsewhere else "result.submit"
    offered = offer(act, read.batch, by=by, data={"line": found.code}, found=read)
    if verdict is Verdict.FAILS and found.decides:
        return replace(offered, verb=_("Sign and submit as out of specification"))
    return offered


def _reviews(found: PanelLine) -> list[Result]:
    return [one for one in found.history if hasattr(one, "review")]


def _stop(request: HttpRequest, batch: Batch, found: PanelLine, row: Reading) -> HttpResponse:
    """Show that growth, or a flag of the instrument, is recorded and raised, and what to do now."""
    flagged = row.typed == Outcome.FLAGGED.value
    look = (
        _("Look at the bottle now and record what you see. The test waits for that.")
        if flagged
        else _("Keep the bottle and everything that was used. Ask a second person to look at the bottle now.")
    )
    context = strip_of(batch) | {
        "heading": _("The flag is recorded") if flagged else _("Growth is recorded"),
        "codes": [
            {"label": _("Batch"), "code": batch.number},
            {"label": _("Test"), "code": found.title},
            {"label": _("Bottle"), "code": str(row.replicate)},
        ],
        "says": [
            look,
            _("Quality assurance has it on its list. Call the on-call contact; the cells stay in quarantine."),
        ],
        "next_steps": [{"url": found.url, "words": _("Back to the test")}],
    }
    response = render(request, "qc/stop.html", context)
    if request.headers.get("HX-Request"):
        response["HX-Retarget"] = "body"
    return response
