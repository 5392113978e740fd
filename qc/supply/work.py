"""What waits for somebody after a batch was not certified: the physician's answer, then what a supply still needs."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission, Role
from batches.ended import order_end_of
from batches.label_prints import labels_url
from batches.models import Batch, BatchState
from batches.pinned import product_of
from qc.batch_act import READ_AT_ONCE
from qc.models import Disposition, ExceptionalSupply
from qc.supply.items import REQUEST, items_of
from qc.supply.labelling import without_legend
from qc.supply.lines import objections_to_ever_supplying
from qc.supply.standing import is_checked
from qc.supply.supply_read import SupplyRead

MOST_BATCHES = 50
A_DAY = timedelta(days=1)
QUALITY = frozenset({Role.QA, Role.QUALIFIED_PERSON})


def supply_work_of(person: Person) -> Iterable[Task]:
    """List what this person may do next for batches that were not certified."""
    if Permission.STEP_WORK in person.permissions:
        yield from _to_label()
    if Permission.OUTSIDE_RECORD not in person.permissions:
        return
    refused = Batch.objects.filter(state__disposition=BatchState.Disposition.NOT_CERTIFIED)
    newest_first = Disposition.objects.filter(batch__in=refused).order_by("-signed_at").values_list("batch", flat=True)
    batches = refused.in_bulk(list(newest_first[:MOST_BATCHES]))
    for batch in Batch.objects.filter(pk__in=batches).select_related(*READ_AT_ONCE).order_by("number"):
        yield from _of_batch(batch, person)


def _to_label() -> Iterator[Task]:
    """List the named bags that are here and carry no label with the legend."""
    in_force = ExceptionalSupply.objects.filter(revoked=None).select_related("batch", "naming").order_by("-recorded_at")
    for supply in in_force[:MOST_BATCHES]:
        codes = [one.code for one in without_legend(supply)]
        if codes:
            yield Task(
                _("Label with the legend: %(codes)s") % {"codes": ", ".join(codes)}, supply.batch.number,
                labels_url(supply.batch.number), _("Print"), due_at=supply.signed_at + A_DAY, icon="tag",
            )  # fmt: skip


def _of_batch(batch: Batch, person: Person) -> Iterator[Task]:
    read = SupplyRead(batch)
    standing = read.standing
    if standing.refusal is None or standing.supply is not None or order_end_of(batch.order) is not None:
        return
    due = standing.refusal.signed_at + A_DAY
    if standing.answer is None:
        title = _("Ask the physician: %(batch)s is not certified") % {"batch": batch.number}
        yield Task(title, batch.number, _at(batch, REQUEST), _("Record the answer"), due_at=due, icon="stethoscope")
        return
    if not is_checked(standing.answer):
        if standing.answer.signer_id != person.pk:
            yield Task(
                _("Check the physician's answer"), batch.number, _at(batch, REQUEST), _("Check"),
                needs=(_("second person"),), due_at=standing.answer.recorded_at + A_DAY, icon="file-check",
            )  # fmt: skip
        return
    if standing.is_asked_for and not objections_to_ever_supplying(batch, read):
        yield from _of_supply(read, person)


def _of_supply(read: SupplyRead, person: Person) -> Iterator[Task]:
    """The first thing that is missing, for whose turn it is; when nothing is, the decision."""
    batch, standing = read.batch, read.standing
    assert standing.answer is not None  # noqa: S101  asked for above
    due = standing.answer.recorded_at + A_DAY
    following = next((one for one in items_of(batch, standing, read.lines) if not one.is_there), None)
    if following is None:
        if product_of(batch).supply_rules.decided_by in person.state.roles:
            yield Task(
                _("Decide on the supply out of specification"), batch.number, _at(batch, "decide"), _("Open"),
                due_at=due, at_risk=True, icon="shield-check",
            )  # fmt: skip
    elif following.owner in person.state.roles:
        title = _("Supply: %(what)s") % {"what": following.title}
        yield Task(
            title, batch.number, following.url, _("Open"), detail=following.waits, due_at=due, at_risk=True,
            icon="file-check",
        )  # fmt: skip


def _at(batch: Batch, part: str) -> str:
    return f"{reverse('qc:release', args=[batch.number])}#supply-{part}"
