"""Prints of labels as they stand: what was printed, applied, destroyed and counted, and what is still open.

(1) A label is on its container when it was applied there, fitted, and was not destroyed since; the newest counts.
(2) A print that was not counted stops the decision, and so does a container without the label its record asks for.
(3) What carries the statements of another donor status is labelled again. Samples that left for their tests are not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.refusal import Objection
from batches.definitions.master import MasterDefinition, Step
from batches.donors import donor_of
from batches.label_content import Label, donor_lines
from batches.models import Batch, LabelApplied, LabelPrint, LabelsDestroyed, LabelSpecimen, LabelsReconciled
from chain_of_custody.containers import of_batch
from chain_of_custody.donor_status import DonorStatus
from chain_of_custody.models import Container

# What becomes of them is told by the laboratory.
NOT_RELABELLED = (Container.Kind.SAMPLE, Container.Kind.QC_VIAL)


@dataclass(frozen=True, slots=True)
class PrintRecord:
    """A print of labels as it stands."""

    row: LabelPrint
    labels: tuple[Label, ...]
    applied: tuple[LabelApplied, ...]  # every label that was read onto a container, whether it fitted or not
    destroyed: tuple[LabelsDestroyed, ...]
    reconciled: LabelsReconciled | None
    specimen: LabelSpecimen | None

    @property
    def destroyed_serials(self) -> frozenset[str]:
        return frozenset(serial for row in self.destroyed for serial in row.serials)

    @property
    def applied_serials(self) -> frozenset[str]:
        """The labels that are on their container: applied where they belong, and not destroyed since."""
        return frozenset(row.serial for row in self.applied if row.fits) - self.destroyed_serials

    @property
    def left(self) -> tuple[str, ...]:
        """The serials that are neither on a container nor destroyed."""
        gone = self.applied_serials | self.destroyed_serials
        return tuple(label.serial for label in self.labels if label.serial not in gone)

    def label(self, serial: str) -> Label | None:
        return next((label for label in self.labels if label.serial == serial), None)


def labels_in(row: LabelPrint) -> tuple[Label, ...]:
    """Give the labels of a print as they were frozen."""
    return tuple(Label.from_plain(told) for told in row.labels)


def prints_of(batch: Batch) -> list[PrintRecord]:
    """Give the prints of a batch, the oldest first; the number of statements does not depend on how many there are."""
    rows = LabelPrint.objects.filter(batch=batch).select_related("specimen__file", "reconciled")
    applied = list(LabelApplied.objects.filter(print__batch=batch).select_related("container").order_by("recorded_at"))
    destroyed = list(LabelsDestroyed.objects.filter(batch=batch).order_by("recorded_at"))
    return [
        PrintRecord(
            row,
            labels_in(row),
            tuple(one for one in applied if one.print_id == row.pk),
            tuple(one for one in destroyed if one.print_id == row.pk),
            getattr(row, "reconciled", None),
            getattr(row, "specimen", None),
        )
        for row in rows.order_by("recorded_at", "pk")
    ]


def labels_on(prints: Iterable[PrintRecord]) -> dict[UUID, Label]:
    """Give the newest label on each container."""
    found: dict[UUID, tuple[datetime, Label]] = {}
    for each in prints:
        for row in each.applied:
            label = each.label(row.serial)
            if label is None or row.container_id is None or row.serial not in each.applied_serials or not row.fits:
                continue
            if row.container_id not in found or found[row.container_id][0] <= row.recorded_at:
                found[row.container_id] = (row.recorded_at, label)
    return {container: label for container, (_at, label) in found.items()}


def record_of_print(row: LabelPrint) -> PrintRecord:
    """Give a print as it stands."""
    return next(one for one in prints_of(row.batch) if one.row.pk == row.pk)


def objections_to_labels(
    batch: Batch,
    master: MasterDefinition,
    prints: Sequence[PrintRecord] | None = None,
    donor: DonorStatus | None = None,
) -> list[Objection]:
    """Give what the labels hold against a decision on the batch; prints and donor where the caller has read them."""
    prints = prints_of(batch) if prints is None else prints
    donor = donor or donor_of(batch)
    url = labels_url(batch.number)
    kinds = {kind for step in master.steps for kind in step.labels}
    return [
        *_open_prints(prints, url),
        *_unlabelled(batch, kinds, prints, url),
        *_to_relabel(donor, prints, url),
    ]


def objections_to_labelled(batch: Batch, step: Step) -> list[Objection]:
    """Give why a step in which labels are applied cannot be signed: a container without label, a print not counted."""
    if not step.labels:
        return []
    prints, kinds, url = prints_of(batch), frozenset(step.labels), labels_url(batch.number)
    codes = {one.code for one in of_batch(batch.number) if one.kind in kinds}
    of_these = [each for each in prints if any(label.container in codes for label in each.labels)]
    return [*_unlabelled(batch, kinds, prints, url), *_open_prints(of_these, url)]


def _open_prints(prints: Iterable[PrintRecord], url: str) -> list[Objection]:
    says = _("Labels %(number)s have not been counted: printed, applied, destroyed, kept.")
    return [
        Objection(says % {"number": each.row.number}, "label_open", url=url)
        for each in prints
        if each.reconciled is None
    ]


def _unlabelled(batch: Batch, kinds: Iterable[str], prints: Sequence[PrintRecord], url: str) -> list[Objection]:
    wanted, on = frozenset(kinds), labels_on(prints)
    there = of_batch(batch.number) if wanted else []
    return [
        Objection(_("%(code)s has no label yet.") % {"code": one.code}, "not_labelled", url=url)
        for one in there
        if one.kind in wanted and one.pk not in on and not hasattr(one, "fate")
    ]


def _to_relabel(donor: DonorStatus, prints: Sequence[PrintRecord], url: str) -> list[Objection]:
    on = labels_on(prints)
    if not on:
        return []
    now = {size: donor_lines(donor, small=size == "small") for size in ("large", "small")}
    says = _("%(code)s carries a label printed under another donor status. Print a new label, apply and count it.")
    told_otherwise = [key for key, label in on.items() if label.donor != now[label.size]]
    stale = Container.objects.filter(pk__in=told_otherwise, fate=None)
    return [
        Objection(says % {"code": one.code}, "relabel", url=url)
        for one in stale.exclude(kind__in=NOT_RELABELLED).order_by("code")
    ]


def labels_url(number: str) -> str:
    """Give the address of the labels of a batch."""
    return f"/batches/{number}/labels/"


def difference_of(printed: PrintRecord, kept: int) -> int:
    """Give how many labels are not accounted for; below zero where more are told of than were printed."""
    return len(printed.labels) - len(printed.applied_serials) - len(printed.destroyed_serials) - kept
