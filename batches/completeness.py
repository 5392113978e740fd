"""What is missing or open in the record of a batch: what a decision on it waits for."""

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.clearing import objections_to_premises
from batches.continuity import objections_to_copies
from batches.donors import objections_to_isolation
from batches.judging import Verdict
from batches.label_prints import objections_to_labels
from batches.models import Batch
from batches.record import Status, StepRecord, step_url
from batches.record_read import BatchRead
from batches.yields import objections_to_yields


def objections_to_record(batch: Batch, read: BatchRead | None = None) -> list[Objection]:
    """Give everything that is missing or open in the record of a batch: what a decision on it waits for."""
    read = read or BatchRead(batch)
    record = read.record
    return [
        *(one for step in record.steps for one in _against(batch, step, ended=read.ended is not None)),
        *_against_weight(read),
        *_against_account(read),
        *objections_to_copies(batch),
        *objections_to_premises(batch, record.master),
        *objections_to_isolation(batch, read.donor),
        *objections_to_labels(batch, record.master, read.prints, read.donor),
        *objections_to_yields(record.yields, f"/batches/{batch.number}/in-process/"),
    ]


def _against(batch: Batch, step: StepRecord, *, ended: bool) -> list[Objection]:
    code = step.definition.code
    url = step_url(batch.number, code)
    words = {"step": code, "title": step.definition.title, "why": step.again}
    match step.status:
        case Status.NOT_STARTED | Status.IN_PROGRESS if ended:
            return []  # manufacture ended before it; the end itself stands against certifying the batch
        case Status.NOT_STARTED | Status.IN_PROGRESS:
            return [Objection(_("Step %(step)s, %(title)s, isn't finished.") % words, "open_step", code, url)]
        case Status.PERFORMED:
            return [Objection(_("Step %(step)s, %(title)s, waits for its witness.") % words, "no_witness", code, url)]
        case Status.NEEDS_AGAIN:
            says = _("Step %(step)s, %(title)s, must be performed again: %(why)s") % words
            return [Objection(says, "needs_again", code, url)]
        case Status.COMPLETE | Status.LEFT_OUT:
            return []


def _against_weight(read: BatchRead) -> list[Objection]:
    weight, url = read.weight, f"/orders/{read.batch.order.number}/"
    return [
        *when(weight is None, _("The recipient's weight is not recorded."), code="no_weight", url=url),
        *when(
            weight is not None and not hasattr(weight, "verification"),
            _("The recipient's weight has not been verified by a second person."),
            code="unverified_weight",
            url=url,
        ),
    ]


def _against_account(read: BatchRead) -> list[Objection]:
    account = read.record.account
    return when(
        account is not None and account.verdict is Verdict.FAILS,
        _("The quantities do not reconcile: %(difference)s.")
        % {"difference": account.difference_words if account else ""},
        code="not_reconciled",
        url=f"/batches/{read.batch.number}/",
    )
