"""Labels: printed with a serial each, and applied by reading both codes (21 CFR 211.125, 211.130).

(1) A print freezes what stands on each label; its specimen is rendered and kept (21 CFR 211.188(b)(8)).
(2) A label is applied when its own code and that of the container were read. Whether they belong together is a fact:
    one that does not fit is stored, and a departure stands beside it.
(3) Labels are printed and applied at any time, also after a decision: a late result of the donor asks for new ones.
(4) What else has to stand on the label of a container because of a decision, rooms above say (`legends_when`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, SameIdOtherContent, lacks, refuse_if, when
from accounts.repeats import other_content, recorded_before
from accounts.roles import Permission
from accounts.wording import day, local, record_time, today
from batches.bench import objections_to_time
from batches.definitions.product import ProductDefinition
from batches.departures import LONGEST, raise_departure
from batches.donors import collections_of, donor_of
from batches.identity import locked
from batches.label_content import Cells, Filled, LabelContentError, labels_of
from batches.label_prints import PrintRecord, labels_in, prints_of
from batches.models import Batch, Departure, LabelApplied, LabelPrint
from batches.pinned import product_of
from chain_of_custody import isbt128
from chain_of_custody.containers import of_batch
from chain_of_custody.identity import container_read, printable
from chain_of_custody.label_message import container_in, serial_in
from chain_of_custody.models import Container
from ledger import clock, outbox
from ledger.models import Site
from ledger.numbering import next_number
from ledger.writing import write, writing

LABEL_JOB = "label"
MOST_LABELS = 60
MOST_SPECIMENS = 9
SHORTEST_REASON = 10
LONGEST_CODE = 200

Legends = Callable[[Batch], Mapping[UUID, str]]
_legends: list[Legends] = []


def legends_when(rule: Legends) -> Legends:
    """Add a rule that gives the legends that labels of a batch carry, by container."""
    if rule not in _legends:
        _legends.append(rule)
    return rule


@dataclass(frozen=True, slots=True)
class Applied:
    """A label that was read onto a container; flagged, with its departure, when the two do not belong together."""

    row: LabelApplied | None  # None where the label itself is unknown here
    says: str
    departure: Departure | None = None

    @property
    def fits(self) -> bool:
        return self.departure is None


def print_labels(
    *,
    batch: Batch,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    containers: Sequence[str] = (),
    kinds: Sequence[str] = (),
    purpose: str = LabelPrint.Purpose.FIRST,
    reason: str = "",
    specimens: int = 0,
) -> LabelPrint:
    """Freeze labels for containers of the batch, named by code or by kind, and owe their rendering.

    `specimens` more labels, marked as such, are printed for the file. An intention: refused for containers that have
    labels already, unless it is a reprint or relabelling with a reason.
    """
    purpose, reason = LabelPrint.Purpose(purpose), reason.strip()
    with writing():
        batch.state = locked(batch.pk)
        there = of_batch(batch.number)
        chosen = [one for one in there if one.code in containers or one.kind in kinds]
        if known := recorded_before(
            LabelPrint, id, {"batch_id": batch.pk, "purpose": purpose, "reason": reason}, by=by
        ):
            if {label.container for label in labels_in(known)} != {one.code for one in chosen}:
                raise SameIdOtherContent(other_content())
            return known
        prints = prints_of(batch)
        refuse_if(_objections_to_print(prints, there, chosen, containers, purpose, reason, specimens, by=by))
        product = product_of(batch)
        number = next_number("LP", today().year)
        try:
            filled = _as_filled(there, chosen, _legends_of(batch))
            labels = labels_of(cells_of(batch, product), filled, number=number, specimens=specimens)
        except (LabelContentError, isbt128.MalformedError) as error:
            refuse_if(when(True, str(error), code="does_not_fit"))
            raise
        row = LabelPrint(
            id=id,
            batch=batch,
            number=number,
            purpose=purpose,
            reason=reason,
            labels=[label.as_plain() for label in labels],
            donor_status=donor_of(batch, product=product).overall,
        )
        write(row, type="labels.printed", actor=by.reference)
        outbox.owe(LABEL_JOB, row.pk)
        return row


def _objections_to_print(
    prints: Sequence[PrintRecord],
    there: Sequence[Container],
    chosen: Sequence[Container],
    named: Sequence[str],
    purpose: LabelPrint.Purpose,
    reason: str,
    specimens: int,
    *,
    by: Person,
) -> list[Objection]:
    codes = {one.code for one in there}
    strangers = sorted(code for code in named if code not in codes)
    printed = {label.container for each in prints for label in each.labels}
    again = sorted(one.code for one in chosen if one.code in printed)
    first = purpose is LabelPrint.Purpose.FIRST
    return [
        *lacks(by, Permission.STEP_WORK),
        *when(
            strangers,
            _("%(codes)s doesn't belong to this batch.") % {"codes": ", ".join(strangers)},
            field="containers",
        ),
        *when(not chosen, _("Choose the containers to label."), field="containers"),
        *when(
            len(chosen) > MOST_LABELS,
            _("Print at most %(number)d labels at once.") % {"number": MOST_LABELS},
            field="containers",
        ),
        *when(
            not 0 <= specimens <= MOST_SPECIMENS,
            _("Print at most %(number)d specimens for the file.") % {"number": MOST_SPECIMENS},
            field="specimens",
        ),
        *when(
            first and again,
            _("Labels were printed for %(codes)s. Print them again with a reason.") % {"codes": ", ".join(again)},
            code="printed_already",
            field="purpose",
        ),
        *when(
            not first and len(again) < len(chosen),
            _("No label was printed yet for %(codes)s. This is its first print.")
            % {"codes": ", ".join(sorted({one.code for one in chosen} - set(again)))},
            field="purpose",
        ),
        *when(
            not first and not SHORTEST_REASON <= len(reason) <= LONGEST,
            _("Say in 10 to 1,000 characters why the labels are printed again."),
            code="reason_missing",
            field="reason",
        ),
    ]


def cells_of(batch: Batch, product: ProductDefinition) -> Cells:
    """Give whose cells a batch holds, for its labels."""
    site = Site.objects.get()
    return Cells(
        product=product,
        batch=batch.number,
        chain=isbt128.chain_of_identity(batch.coi.identifier),
        subject=batch.coi.subject.pseudonym,
        donations=tuple(isbt128.din(one.din) for one in collections_of(batch)),
        donor=donor_of(batch, product=product),
        site=site.name,
        is_training=site.training,
    )


def _legends_of(batch: Batch) -> dict[UUID, str]:
    return {container: legend for rule in _legends for container, legend in rule(batch).items()}


def _as_filled(there: Sequence[Container], chosen: Sequence[Container], legends: Mapping[UUID, str]) -> list[Filled]:
    by_kind: dict[str, list[str]] = {}
    for one in sorted(there, key=lambda each: each.code):
        by_kind.setdefault(one.kind, []).append(one.code)
    return [
        Filled(
            code=one.code,
            kind=one.kind,
            kind_words=str(one.get_kind_display()),
            number=by_kind[one.kind].index(one.code) + 1,
            of_how_many=len(by_kind[one.kind]),
            volume_ml=one.volume_ml,
            viable_cells=one.viable_cells,
            sample_point=one.sample_point,
            made=f"{day(one.made_at)} {local(one.made_at):%H:%M %Z}",
            expires=record_time(one.expires_at) if one.expires_at else "",
            expires_at=local(one.expires_at) if one.expires_at else None,
            legend=legends.get(one.pk, ""),
        )
        for one in sorted(chosen, key=lambda each: each.code)
    ]


def apply_label(
    *,
    batch: Batch,
    label: str,
    container: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    typed: bool = False,
    performed_at: datetime | None = None,
) -> Applied:
    """Record that a label was put on a container, both codes read. Whatever was read is stored and given back."""
    label, container = printable(label.strip()), printable(container.strip())
    for name, code in (("label_code", label), ("container_code", container)):
        if not code or len(code) > LONGEST_CODE:
            raise BadInput(Objection(_("Scan a code of at most 200 characters."), code="bad_input", field=name))
    serial = serial_in(label)
    if serial is not None and serial_in(container) == serial:
        says = _("This is the same label again. Scan the container's own code.")
        raise BadInput(Objection(says, code="same_label", field="container_code"))
    with writing():
        batch.state = locked(batch.pk)
        if known := _applied_before(batch, id, serial, container, typed, by=by):
            return known
        moment = performed_at or clock.now()
        refuse_if([*lacks(by, Permission.STEP_WORK), *objections_to_time(moment, field="performed_at")])
        printed = _print_of(serial) if serial else None
        if serial is None or printed is None:
            says = _("This label wasn't printed here: %(code)s. Take it off. Don't process. Call QA.")
            return _unknown(batch, id, says % {"code": label[:80]}, by=by)
        found = container_read(container, typed=typed)
        says = _why_not(batch, printed, serial, found, container)
        row = LabelApplied(
            id=id,
            batch=batch,
            print=printed.row,
            serial=serial,
            container=found,
            code=container,
            was_typed=typed,
            fits=not says,
            says=says[:300],
            performed_at=moment,
        )
        write(row, type="label.applied", actor=by.reference)
        if not says:
            return Applied(row, "")
        raised = raise_departure(batch=batch, kind=Departure.Kind.LABEL, says=says, by=by, about=row)
        return Applied(row, says, raised)


def _applied_before(
    batch: Batch, row_id: UUID, serial: str | None, code: str, typed: bool, *, by: Person
) -> Applied | None:
    said = {"batch_id": batch.pk, "serial": serial, "code": code, "was_typed": typed}
    if known := recorded_before(LabelApplied, row_id, said, by=by):
        return Applied(known, known.says, Departure.objects.filter(about_id=known.pk).first())
    if unknown := recorded_before(Departure, row_id, {"batch_id": batch.pk}, by=by):
        return Applied(None, unknown.says, unknown)
    return None


def _unknown(batch: Batch, row_id: UUID, says: str, *, by: Person) -> Applied:
    """Store that a label was read which nobody printed here."""
    raised = raise_departure(batch=batch, kind=Departure.Kind.LABEL, says=says, by=by, id=row_id)
    return Applied(None, says, raised)


def _print_of(serial: str) -> PrintRecord | None:
    """Give the print in which a serial was printed: its suffix is the print's number."""
    number = "LP-" + serial.rsplit("/", 1)[1].split("S", 1)[0]
    row = LabelPrint.objects.select_related("batch").filter(number=number).first()
    if row is None:
        return None
    record = next(one for one in prints_of(row.batch) if one.row.pk == row.pk)
    return record if record.label(serial) else None


def _why_not(batch: Batch, printed: PrintRecord, serial: str, found: Container | None, code: str) -> str:
    """Say why a label and the container on which it was put do not belong together; empty where they do."""
    read = found.code if found else code[:80]
    words = {"serial": serial, "code": read, "batch": batch.number}
    if printed.row.batch_id != batch.pk:
        return _("Stop. Label %(serial)s belongs to another batch than %(batch)s. Take it off. Call QA.") % words
    if found is None:
        return _("Stop. No container is known by %(code)s. Take the label off. Call QA.") % words
    if found.code != container_in(serial):
        return _("Stop. Label %(serial)s doesn't belong to container %(code)s. Take it off. Call QA.") % words
    assignment = getattr(found, "assignment", None)
    if assignment is None or assignment.batch_number != batch.number:
        return _("Stop. %(code)s doesn't belong to batch %(batch)s. Take the label off. Call QA.") % words
    if "S" in serial.rsplit("/", 1)[1]:
        return _("Stop. Label %(serial)s is a specimen for the file. Take it off %(code)s. Call QA.") % words
    if any(row.serial == serial and row.fits for row in printed.applied):
        return _("Stop. Label %(serial)s was applied before. There are two of it. Call QA.") % words
    if serial in printed.destroyed_serials:
        return _("Stop. Label %(serial)s was recorded as destroyed. Take it off %(code)s. Call QA.") % words
    if printed.reconciled is not None:
        return _("Stop. Label %(serial)s is of a print that was counted and closed. Call QA.") % words
    return ""
