"""The labels of a story: printed where the master record asks for them, applied by both codes, counted by another."""

from uuid import uuid4

from batches.definitions.master import Step
from batches.label_prints import labels_in
from batches.labelling import apply_label, print_labels
from batches.models import LabelsDestroyed, LabelsReconciled
from config.story.acting import Story, act, after, somebody
from config.story.receiving import Cells


def labelled(cells: Cells, step: Step) -> Story:
    """Print the labels of a step with one specimen, apply each, keep the specimen with the paper file, count them."""
    crew, batch = cells.plan.crew, cells.made_in
    if not step.labels:
        return
    yield after(seconds=20)
    by = somebody(crew.performer)
    printed = print_labels(batch=batch, kinds=[str(kind) for kind in step.labels], specimens=2, by=by, id=uuid4())
    specimens = []
    for label in labels_in(printed):
        if label.bands and "SPECIMEN" in label.bands[0]:
            specimens.append(label.serial)
            continue
        yield after(seconds=12)
        apply_label(batch=batch, label=label.code, container=label.container, by=by, id=uuid4())
    yield after(seconds=15)
    act(
        "label.destroy",
        printed,
        LabelsDestroyed,
        by=crew.performer,
        serials=specimens[1:],
        reason="printed one too many",
    )
    yield after(seconds=20)
    act("label.reconcile", printed, LabelsReconciled, by=crew.witness, kept="1")
