"""Labels and donor tests for tests, through the real acts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from accounts.models import Person
from accounts.wording import local
from batches.label_content import Label
from batches.label_prints import labels_in, labels_on, prints_of
from batches.labelling import apply_label, print_labels
from batches.models import Batch, LabelPrint
from chain_of_custody.containers import of_batch
from chain_of_custody.donor_testing import requirements_of
from chain_of_custody.models import Collection, DonorTest
from tests.people import do, fresh


def donor_test(
    collection: Collection,
    marker: str,
    result: str = DonorTest.Result.NON_REACTIVE,
    *,
    by: Person,
    verified_by: Person | None = None,
    reason: str = "",
    days_before: int = 2,
) -> DonorTest:
    """One result for one marker, sampled some days before the collection; verified where a second person is given."""
    intent: dict[str, object] = {"marker": marker, "result": result}
    if result != DonorTest.Result.NOT_TESTED:
        sampled_on = local(collection.collected_at).date() - timedelta(days=days_before)
        intent |= {"laboratory": "Virology", "report": "VIR-4711", "sampled_on": sampled_on.isoformat()}
    if reason:
        intent["reason"] = reason
    row = do("donor_test.record", collection, by=by, **intent)  # type: ignore[arg-type]  # the intent's own names
    assert isinstance(row, DonorTest)
    if verified_by is not None:
        do("donor_test.verify", row, by=verified_by)
    return row


def donor_tested(collection: Collection, *, by: Person, verified_by: Person) -> None:
    """Every marker that the ordered product asks for, non-reactive and verified."""
    asked = requirements_of(collection.coi)
    for marker in asked.markers if asked else ():
        donor_test(collection, marker, by=by, verified_by=verified_by)


def printed_for(batch: Batch, *, by: Person, kinds: Sequence[str] = ("final_bag",), **options: object) -> LabelPrint:
    """Labels printed for containers of these kinds."""
    return print_labels(batch=batch, kinds=kinds, by=fresh(by), id=uuid4(), **options)  # type: ignore[arg-type]  # as typed


def applied_all(row: LabelPrint, *, by: Person) -> list[Label]:
    """Every label of a print that is no specimen put on its container, both codes read."""
    labels = [label for label in labels_in(row) if not label.serial.rsplit("/", 1)[1].count("S")]
    for label in labels:
        applied = apply_label(batch=row.batch, label=label.code, container=label.container, by=fresh(by), id=uuid4())
        assert applied.fits, applied.says
    return labels


def label_everything(batch: Batch, *, by: Person, counted_by: Person, kinds: Sequence[str] = ()) -> None:
    """Every container of these kinds that has no label labelled, and the print counted by a second person."""
    on = labels_on(prints_of(batch))
    bare = [one.code for one in of_batch(batch.number) if one.pk not in on and (not kinds or one.kind in kinds)]
    if not bare:
        return
    row = print_labels(batch=batch, containers=bare, by=fresh(by), id=uuid4())
    applied_all(row, by=by)
    do("label.reconcile", row, by=counted_by, kept="0")
