"""What the batch rests on in writing: definitions, the order, documents, true copies of papers, files."""

from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from batches.continuity import copies_of, copy_words, is_accounted
from batches.models import Batch, ContinuityCopy, Definition, TrueCopy, Weight
from ledger.models import StoredFile
from reports import record_snapshot as stated
from reports.models import Document
from reports.record_gathering.names import Names


def definitions(batch: Batch, names: Names) -> tuple[stated.DefinitionUsed, ...]:
    """Give the pinned versions of product, master record and specification, each with the three who signed it."""
    pinned = Definition.objects.filter(pk__in=(batch.product_id, batch.master_id, batch.specification_id))
    rows = {row.pk: row for row in pinned.select_related("checked", "approval")}
    ordered = [rows[key] for key in (batch.master_id, batch.product_id, batch.specification_id)]
    names.look_up([*ordered, *(row.checked for row in ordered), *(row.approval for row in ordered)])
    words = _("Electronic signature, approved, in force from %(day)s")
    return tuple(
        stated.DefinitionUsed(
            kind=str(row.get_kind_display()),
            code=row.code,
            version=str(row.version),
            title=row.title,
            sha256=row.sha256,
            signatures=(
                names.signature(row, _("Electronic signature, author")),
                names.signature(row.checked, _("Electronic signature, checked")),
                names.signature(row.approval, words % {"day": day(row.approval.effective_from)}),
            ),
        )
        for row in ordered
    )


def order(batch: Batch, names: Names) -> tuple[tuple[stated.Named, ...], tuple[stated.RecordedSignature, ...]]:
    """Give the physician's order with every weight that was recorded for it, and who signed."""
    row = batch.order
    weights = Weight.objects.filter(order=row).select_related("verification").order_by("recorded_at", "pk")
    lines = [
        stated.Named(_("Order"), row.number),
        stated.Named(_("Prescriber"), row.prescriber),
        stated.Named(_("Prescription"), row.prescription or "–"),
        stated.Named(_("Sponsor's number"), row.sponsor_number or "–"),
        stated.Named(_("Planned infusion"), day(row.planned_infusion) if row.planned_infusion else _("not stated")),
    ]
    signatures = [names.signature(row, _("Electronic signature, order"))]
    for weight in weights:
        words = _("%(kg)s kg, weighed %(day)s, from %(source)s; %(who)s") % {
            "kg": format(weight.kilograms, "f"),
            "day": day(weight.weighed_on),
            "source": weight.source,
            "who": names.by_at(weight.actor, weight.recorded_at),
        }
        if weight.was_asked_again:
            words += "; " + _("outside the plausible range, asked again and confirmed")
        if weight.reason:
            words += "; " + _("replaces the weight before: %(reason)s") % {"reason": weight.reason}
        lines.append(stated.Named(_("Weight of the recipient"), words))
        if hasattr(weight, "verification"):
            signatures.append(names.signature(weight.verification, _("Electronic signature, weight verified")))
    return tuple(lines), tuple(signatures)


def documents(batch: Batch) -> tuple[stated.DocumentIssued, ...]:
    """Give every version of every document that was issued on the batch, then each numbered copy for an outage."""
    rows = Document.objects.filter(batch=batch).select_related("superseded_by", "file").order_by("issued_at", "pk")
    return tuple(
        stated.DocumentIssued(
            title=str(row.get_kind_display()),
            number=f"{row.number} v{row.version}",
            issued=record_time(row.issued_at),
            standing=_standing(row),
            sha256=row.sha256,
        )
        for row in rows
    ) + tuple(_paper_copy(copy) for copy in copies_of(batch))


def _paper_copy(copy: ContinuityCopy) -> stated.DocumentIssued:
    """Give a numbered copy of a continuity record with what became of it."""
    standing = copy.accounted.get_fate_display() if is_accounted(copy) else _("not accounted for")
    return stated.DocumentIssued(
        title=_("Continuity record"),
        number=copy_words(copy),
        issued=record_time(copy.recorded_at),
        standing=f"{standing} ({copy.place})",
        sha256=copy.file.sha256,
    )


def _standing(row: Document) -> str:
    if hasattr(row, "superseded_by"):
        return _("superseded by v%(version)s") % {"version": row.superseded_by.version}
    return _("in force, interim") if row.is_interim else _("in force")


def true_copies(batch: Batch, names: Names) -> tuple[stated.TrueCopy, ...]:
    """Give the certified scans of papers, with where each original lies."""
    rows = TrueCopy.objects.filter(batch=batch).select_related("file").order_by("recorded_at", "pk")
    return tuple(
        stated.TrueCopy(
            title=row.title,
            pages=_("pages %(first)s to %(last)s of %(all)s")
            % {"first": row.first_page, "last": row.last_page, "all": row.pages},
            original_at=row.original_at,
            step=row.step,
            sha256=row.file.sha256,
            signature=names.signature(row, _("Electronic signature, true copy")),
        )
        for row in rows
    )


def files(batch: Batch, evidence: list[tuple[str, StoredFile]]) -> tuple[stated.FileKept, ...]:
    """Give every file of the record, each once, with its digest."""
    found: dict[str, stated.FileKept] = {}
    issued = Document.objects.filter(batch=batch).select_related("file")
    copies = TrueCopy.objects.filter(batch=batch).select_related("file")
    rows = [
        *((str(row.get_kind_display()), row.file) for row in issued),
        *((_("true copy"), row.file) for row in copies),
        *evidence,
    ]
    for what, file in rows:
        found.setdefault(file.sha256, stated.FileKept(file.original_name, what, _size(file.size), file.sha256))
    return tuple(sorted(found.values(), key=lambda one: (one.name, one.sha256)))


def _size(size: int) -> str:
    return _("%(size)s bytes") % {"size": f"{size:,}"}
