"""From the rows of a batch to the frozen snapshot of a document: the last place where a document asks the database.

Everything is formatted here, in the site's zone and words; below the snapshot nothing is looked up.
"""

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.refusal import Text
from accounts.wording import day, record_time
from batches.definitions.product import ProductDefinition
from batches.models import Batch, BatchState
from batches.weights import verified_weight
from batches.pinned import product_of
from chain_of_custody import isbt128
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Collection, Container
from ledger.models import Entry, Site
from ledger.typed_numbers import show_count
from qc.definitions.specification import Line as SpecificationLine
from qc.models import Disposition, ResultsApproval
from qc.panel import PanelLine, Standing, release_panel, verdict_words
from qc.specifying import specification_of
from qc.verdicts import Verdict
from reports import snapshot
from reports.models import Document

SIGNS = {
    Verdict.MEETS.value: snapshot.Sign.PASS,
    Verdict.FAILS.value: snapshot.Sign.FAIL,
    Verdict.INDETERMINATE.value: snapshot.Sign.WARN,
    Verdict.PENDING.value: snapshot.Sign.WAIT,
    Verdict.REPORT_ONLY.value: snapshot.Sign.NONE,
    Verdict.NOT_APPLICABLE.value: snapshot.Sign.NONE,
}
PER_KILOGRAM = "kg"


def certificate_of_analysis(
    approval: ResultsApproval, *, number: str, version: int, issued_at: datetime, supersedes: Document | None
) -> snapshot.CertificateOfAnalysis:
    """Give the snapshot of the certificate of analysis that an approval asked for."""
    batch = approval.batch
    panel = release_panel(batch)
    pending = [line.title for line in panel if line.standing is not Standing.REVIEWED]
    lines, notes = _result_lines(panel, set(approval.results))
    specification = specification_of(batch)
    summary = _("%(pending)s of %(all)s results is pending.") if len(pending) == 1 else _("%(pending)s of %(all)s results are pending.")
    return snapshot.CertificateOfAnalysis(
        issue=_issue(number, version, issued_at, interim=approval.is_interim, supersedes=supersedes),
        identity=_identity(batch),
        product=_product(batch),
        dose_and_containers=_dose_and_containers(batch, panel),
        reconciliation=_counts(batch),
        specification=snapshot.Specification(
            code=specification.code,
            version=str(specification.version),
            rounding=specification.rounding,
            sampling=_sampling(panel),
        ),
        lines=lines,
        sites=_sites(product_of(batch), batch),
        signatures=(_signature(approval, _("Electronic signature, quality control")),),
        proof=_proof(approval),
        interim_summary=summary % {"pending": len(pending), "all": len(panel)} if approval.is_interim else "",
        interim_explanation=", ".join(pending) if approval.is_interim else "",
        footnotes=notes,
        data_marks=_data_marks(batch),
    )


def batch_certificate(
    disposition: Disposition,
    certificate: Document,
    *,
    number: str,
    version: int,
    issued_at: datetime,
    supersedes: Document | None,
) -> snapshot.BatchCertificate:
    """Give the snapshot of the batch certificate that states a decision."""
    batch = disposition.batch
    panel = release_panel(batch)
    words = product_of(batch).profile.decision(disposition.decision)
    certified = disposition.decision == BatchState.Disposition.CERTIFIED
    signatures = [_signature(disposition, _("Electronic signature, decision"))]
    if disposition.review is not None:
        signatures.insert(0, _signature(disposition.review, _("Electronic signature, review of the record")))
    dose = _dose_line(panel)
    return snapshot.BatchCertificate(
        issue=_issue(number, version, issued_at, interim=False, supersedes=supersedes),
        identity=_identity(batch),
        product=_product(batch),
        decision=snapshot.Decision(
            code=disposition.decision,
            sign=snapshot.Sign.PASS if certified else snapshot.Sign.FAIL,
            words=words.title,
            statement=words.statement,
        ),
        certificate_of_analysis=_("%(number)s version %(version)s")
        % {"number": certificate.number, "version": certificate.version},
        dose=_typed_dose(dose),
        dose_per_kg=dose.result_words if dose else _("no line per kilogram"),
        containers=tuple(_container(one) for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG),
        sites=_sites(product_of(batch), batch),
        signatures=tuple(signatures),
        proof=_proof(disposition),
        comments=(disposition.statement,) if disposition.statement else (),
        data_marks=_data_marks(batch),
    )


def _issue(
    number: str, version: int, issued_at: datetime, *, interim: bool, supersedes: Document | None
) -> snapshot.Issue:
    site = Site.objects.get()
    return snapshot.Issue(
        site=site.name,
        address=site.address,
        licence=site.licence or _("no licence"),
        number=number,
        version=version,
        issued_at=record_time(issued_at),
        issued_at_utc=issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        interim=interim,
        training=site.training,
        supersedes=f"{supersedes.number} v{supersedes.version}" if supersedes else "",
    )


def _identity(batch: Batch) -> snapshot.Identity:
    dins = [isbt128.din(collection.din) for collection in _collections(batch)]
    return snapshot.Identity(
        batch=batch.number,
        chain_of_identity=isbt128.chain_of_identity(batch.coi.identifier).for_the_eye,
        donations=tuple(snapshot.Donation(din.for_the_eye, din.check_character) for din in dins),
        subject=batch.coi.subject.pseudonym,
    )


def _collections(batch: Batch) -> list[Collection]:
    return list(batch.coi.collections.select_related("party").order_by("collected_at"))


def _product(batch: Batch) -> snapshot.Product:
    product = product_of(batch)
    weight = verified_weight(batch.order)
    made_at = _filled_at(batch)
    authorisation = product.authorisation
    return snapshot.Product(
        name=product.title,
        use=product.use,
        authorisation_title=authorisation.kind,
        authorisation=authorisation.number,
        authorisation_status=authorisation.status,
        donor_markers="; ".join(collection.donor_markers for collection in _collections(batch)),
        weight=_("%(kg)s kg, weighed %(day)s") % {"kg": weight.kilograms, "day": day(weight.weighed_on)}
        if weight
        else _("not verified"),
        manufactured=record_time(made_at) if made_at else _("not filled"),
        expires=record_time(_expires(product, made_at)) if made_at else _("not filled"),
        storage=product.storage,
    )


def _filled_at(batch: Batch) -> datetime | None:
    final = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    return final.order_by("made_at").values_list("made_at", flat=True).first()


def _expires(product: ProductDefinition, made_at: datetime) -> datetime:
    """Give when the product's shelf life, counted from its fill, is over."""
    life = product.shelf_life
    if life.unit == "months":
        months = made_at.month - 1 + life.amount
        year, month = made_at.year + months // 12, months % 12 + 1
        return made_at.replace(year=year, month=month, day=min(made_at.day, 28))
    return made_at + timedelta(**{life.unit: life.amount})


def _counts(batch: Batch) -> str:
    """Write how many containers of each kind were made."""
    containers = of_batch(batch.number)
    kinds = (Container.Kind.FINAL_BAG, Container.Kind.SAMPLE, Container.Kind.QC_VIAL, Container.Kind.RETAIN_VIAL)
    counted = [(kind, sum(one.kind == kind for one in containers)) for kind in kinds]
    return ", ".join(f"{number} × {kind.label}" for kind, number in counted if number) or _("none")


def _dose_line(panel: list[PanelLine]) -> PanelLine | None:
    return next((line for line in panel if line.line.criterion.get("per") == PER_KILOGRAM), None)


def _typed_dose(line: PanelLine | None) -> str:
    """Write the dose as it was entered, in its scale and unit."""
    if line is None or not line.readings:
        return _("not tested")
    reading = line.readings[-1]
    scale = f" ×10{str(reading.exponent).translate(_RAISED)}" if reading.exponent else ""
    return f"{reading.typed}{scale} {reading.unit}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _dose_and_containers(batch: Batch, panel: list[PanelLine]) -> str:
    final = [one.code for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG]
    codes = f"{final[0]} to {final[-1].rsplit('-', 1)[-1]}" if len(final) > 1 else "".join(final)
    return f"{_typed_dose(_dose_line(panel))}, {codes or _('no final container')}"


def _container(container: Container) -> snapshot.Container:
    cells = container.viable_cells
    return snapshot.Container(
        code=container.code,
        volume=f"{container.volume_ml} mL" if container.volume_ml is not None else _("not recorded"),
        dose=_("%(cells)s viable cells") % {"cells": show_count(cells)} if cells is not None else _("not recorded"),
        state=_("filled %(time)s") % {"time": record_time(container.made_at)},
    )


def _sampling(panel: list[PanelLine]) -> str:
    samples = {reading.sample for line in panel for reading in line.readings if reading.sample}
    if not samples:
        return _("No sample was received")
    taken = min(sample.container.made_at for sample in samples)
    received = max(sample.received_at for sample in samples)
    return _("Sampled %(taken)s, last received %(received)s") % {"taken": day(taken), "received": record_time(received)}


def _result_lines(
    panel: list[PanelLine], approved: set[str]
) -> tuple[tuple[snapshot.ResultLine, ...], tuple[snapshot.Footnote, ...]]:
    notes: list[snapshot.Footnote] = []
    lines = []
    for line in panel:
        marks = []
        for text in _notes_on(line):
            mark = "abcdefghijklmnopqrstuvwxyz"[len(notes) % 26]
            notes.append(snapshot.Footnote(mark, text))
            marks.append(mark)
        lines.append(_result_line(line, approved, tuple(marks)))
    return tuple(lines), tuple(notes)


def _notes_on(line: PanelLine) -> list[str]:
    """Give what a reader must know of a result beside its value: how it was calculated, and what it corrects."""
    result = line.result
    if result is None:
        return []
    notes = []
    if result.weight:
        notes.append(_("%(dose)s. %(rule)s Unrounded %(unrounded)s.") % {
            "dose": _typed_dose(line), "rule": result.rule, "unrounded": result.unrounded})
    notes += [
        _("Version %(version)s: %(value)s, corrected by %(name)s, %(time)s. Reason: %(reason)s")
        % {
            "version": old.version,
            "value": old.reported,
            "name": new.signer_name,
            "time": record_time(new.signed_at),
            "reason": new.reason,
        }
        for old, new in zip(line.history, [*line.history[1:], result], strict=True)
    ]
    return notes


def _result_line(line: PanelLine, approved: set[str], marks: tuple[str, ...]) -> snapshot.ResultLine:
    result = line.result if line.result and str(line.result.pk) in approved else None
    verdict = result.verdict if result else Verdict.PENDING.value
    titles = {member.code: member for member in line.line.members}
    members = tuple(
        snapshot.Line(
            test=str(inner["title"]),
            sample="",
            method=titles[inner["code"]].method.words if inner["code"] in titles else "",
            criterion=_member_criterion(line.line, inner["code"]),
            result=str(inner["reported"]),
            evaluation=_evaluation(str(inner["verdict"])),
            tested="",
        )
        for inner in (result.members if result else [])
    )
    group_words = _("see below") if members else ""
    return snapshot.ResultLine(
        test=line.title,
        sample=line.sample_point,
        method=f"{line.line.method.words}, {line.line.method.code} v{line.line.method.version}",
        criterion=line.criterion_words,
        result=(group_words or result.reported) if result else _("Pending"),
        evaluation=_evaluation(verdict),
        tested=day(result.tested_on) if result else "–",
        notes=marks,
        members=members,
    )


def _member_criterion(line: SpecificationLine, code: str) -> str:
    from qc.criteria import criterion_from_definition
    from qc.rounding import Rounding

    member = next((one for one in line.members if one.code == code), None)
    return criterion_from_definition(member.criterion, Rounding.NONE).words() if member else "–"


def _evaluation(verdict: str) -> snapshot.Evaluation:
    return snapshot.Evaluation(code=verdict, sign=SIGNS[verdict], words=verdict_words(verdict))


def _sites(product: ProductDefinition, batch: Batch) -> tuple[snapshot.Site, ...]:
    sites = [snapshot.Site(site.does, site.name, site.address, site.licence) for site in product.sites]
    collected = {one.party for one in _collections(batch)}
    sites += [snapshot.Site(_("Collection"), one.name, one.address, one.licence) for one in sorted(collected, key=str)]
    return tuple(sites)


def _signature(row: Signed, title: Text) -> snapshot.SignatureBlock:
    return snapshot.SignatureBlock(
        title=str(title),
        name=row.signer_name,
        user=row.signer_username,
        role=row.signer_role,
        organisation=Site.objects.get().name,
        meaning=row.meaning_text,
        signed_at=record_time(row.signed_at),
    )


def _proof(row: Signed) -> snapshot.Proof:
    """Give what ties the document to the record: the entry of the signature on which it rests."""
    entry = Entry.objects.get(rec_type=row.record_type(), rec_id=row.pk)
    return snapshot.Proof(fingerprint=entry.leaf, entry=f"{entry.seq:,}")


def _data_marks(batch: Batch) -> tuple[snapshot.DataMark, ...]:
    """Give what the batch itself says of where its data come from, as it was stated when it was issued."""
    if not batch.data_remark:
        return ()
    return (snapshot.DataMark(text=batch.data_remark, source=batch.data_source or _("not named")),)
