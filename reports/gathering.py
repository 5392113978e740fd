"""From the rows of a batch to the frozen snapshot of a document: the last place where a document asks the database.

Everything is formatted here, in the site's zone and words; below the snapshot nothing is looked up.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.refusal import Text
from accounts.wording import day, record_time
from batches.definitions.product import ProductDefinition
from batches.donors import donor_of
from batches.models import Batch, BatchState
from batches.pinned import product_of
from batches.spans import life_after
from batches.weights import verified_weight
from chain_of_custody import isbt128
from chain_of_custody.containers import of_batch
from chain_of_custody.donor_testing import status_words
from chain_of_custody.models import Collection, Container
from ledger import checkpoints
from ledger.models import Entry, Site
from ledger.typed_numbers import show_count
from qc.contract_laboratory.certificates import laboratories_of
from qc.models import Disposition, ResultsApproval
from qc.panel import PanelLine
from qc.specifying import specification_of
from reports import snapshot
from reports.models import Document
from reports.stated_doses import StatedDose, stated_dose
from reports.stated_results import is_waited_for, result_lines, stated_results


def certificate_of_analysis(
    approval: ResultsApproval, *, number: str, version: int, issued_at: datetime, supersedes: Document | None
) -> snapshot.CertificateOfAnalysis:
    """Give the snapshot of the certificate of analysis that an approval asked for."""
    batch = approval.batch
    stated = stated_results(approval)
    pending = [line.title for line in stated if is_waited_for(line)]
    lines, notes = result_lines(stated, at=approval.recorded_at)
    dose = stated_dose(batch, approval.recorded_at, dose_line(stated))
    specification = specification_of(batch)
    one, several = _("%(pending)s of %(all)s results is pending."), _("%(pending)s of %(all)s results are pending.")
    summary = (one if len(pending) == 1 else several) % {"pending": len(pending), "all": len(stated)}
    return snapshot.CertificateOfAnalysis(
        issue=issue_stated(number, version, issued_at, interim=approval.is_interim, supersedes=supersedes),
        identity=identity_stated(batch),
        product=replace(product_stated(batch), weight=dose.weight),
        dose_and_containers=_dose_and_containers(batch, dose),
        reconciliation=_counts(batch),
        specification=snapshot.Specification(
            code=specification.code,
            version=str(specification.version),
            rounding=specification.rounding,
            sampling=_sampling(stated),
        ),
        lines=lines,
        sites=sites_stated(product_of(batch), batch),
        signatures=(signature_stated(approval, _("Electronic signature, quality control")),),
        proof=proof_stated(approval),
        interim_summary=summary if approval.is_interim else "",
        interim_explanation=", ".join(pending) if approval.is_interim else "",
        footnotes=notes,
        data_marks=marks_stated(batch),
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
    words = product_of(batch).profile.decision(disposition.decision)
    sign = sign_of_decision(disposition.decision)
    conditional = sign is snapshot.Sign.CONDITIONAL
    signatures = [signature_stated(disposition, _("Electronic signature, decision"))]
    if disposition.review is not None:
        signatures.insert(0, signature_stated(disposition.review, _("Electronic signature, review of the record")))
    line = dose_line(stated_results(disposition.approval) if disposition.approval else [])
    dose = stated_dose(batch, disposition.recorded_at, line)
    return snapshot.BatchCertificate(
        issue=issue_stated(number, version, issued_at, interim=conditional, supersedes=supersedes),
        identity=identity_stated(batch),
        product=replace(product_stated(batch), weight=dose.weight),
        decision=snapshot.Decision(
            code=disposition.decision,
            sign=sign,
            words=words.title,
            statement=words.statement,
            pending=tuple(pending_stated(each) for each in disposition.pending),
        ),
        certificate_of_analysis=_("%(number)s version %(version)s")
        % {"number": certificate.number, "version": certificate.version},
        dose=dose.with_fractions,
        dose_per_kg=dose.per_kg,
        containers=tuple(
            container_stated(one) for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG
        ),
        sites=sites_stated(product_of(batch), batch),
        signatures=tuple(signatures),
        proof=proof_stated(disposition),
        comments=_comments(disposition),
        data_marks=marks_stated(batch),
    )


def sign_of_decision(decision: str) -> snapshot.Sign:
    """Give the shape with which a decision is shown on paper."""
    match BatchState.Disposition(decision):
        case BatchState.Disposition.CERTIFIED:
            return snapshot.Sign.PASS
        case BatchState.Disposition.CERTIFIED_CONDITIONALLY:
            return snapshot.Sign.CONDITIONAL
        case _:
            return snapshot.Sign.FAIL


def pending_stated(line: Mapping[str, str]) -> str:
    """Write a line that a conditional decision left pending, with the latest time of its result."""
    if not line["due_at"]:
        return line["title"]
    due = record_time(datetime.fromisoformat(line["due_at"]))
    return _("%(title)s, due %(due)s") % {"title": line["title"], "due": due}


def _comments(disposition: Disposition) -> tuple[str, ...]:
    """Give what the certifier said, and for a conditional decision what is done next and who accepted it."""
    said = [disposition.statement] if disposition.statement else []
    if disposition.plan_if_positive:
        said.append(_("If a late result is positive: %(plan)s") % {"plan": disposition.plan_if_positive})
    if disposition.decision == BatchState.Disposition.CERTIFIED_CONDITIONALLY:
        rule = specification_of(disposition.batch).two_step
        said.append(_("Allowed by: %(authorisation)s") % {"authorisation": rule.authorisation if rule else "–"})
    if accepted := disposition.acceptance:
        words = {"name": accepted.name, "role": accepted.role, "time": record_time(accepted.happened_at)}
        said.append(_("Accepted before the last result by %(name)s, %(role)s, %(time)s.") % words)
    return tuple(said)


def issue_stated(
    number: str, version: int, issued_at: datetime, *, interim: bool, supersedes: Document | None
) -> snapshot.Issue:
    """Give who issues which document when, and what it replaces."""
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


def identity_stated(batch: Batch) -> snapshot.Identity:
    """Give whose cells a batch is made of, by number alone."""
    dins = [isbt128.din(collection.din) for collection in _collections(batch)]
    return snapshot.Identity(
        batch=batch.number,
        chain_of_identity=isbt128.chain_of_identity(batch.coi.identifier).for_the_eye,
        donations=tuple(snapshot.Donation(din.for_the_eye, din.check_character) for din in dins),
        subject=batch.coi.subject.pseudonym,
    )


def _collections(batch: Batch) -> list[Collection]:
    return list(batch.coi.collections.select_related("party").order_by("collected_at"))


def product_stated(batch: Batch) -> snapshot.Product:
    """Give what was made, under which authorisation, for what."""
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
        donor_markers=donor_stated(batch, product),
        weight=_("%(kg)s kg, weighed %(day)s") % {"kg": weight.kilograms, "day": day(weight.weighed_on)}
        if weight
        else _("not verified"),
        manufactured=record_time(made_at) if made_at else _("not filled"),
        expires=record_time(_expires(product, made_at)) if made_at else _("not filled"),
        storage=product.storage,
    )


def donor_stated(batch: Batch, product: ProductDefinition) -> str:
    """Write what is known of the donor's markers, marker by marker, and what the collection forms say of them."""
    forms = "; ".join(one.donor_markers for one in _collections(batch) if one.donor_markers)
    known = status_words(donor_of(batch, product=product))
    return _("%(known)s Collection form: %(forms)s") % {"known": known, "forms": forms} if forms else known


def _filled_at(batch: Batch) -> datetime | None:
    final = Container.objects.filter(assignment__batch_number=batch.number, kind=Container.Kind.FINAL_BAG)
    return final.order_by("made_at").values_list("made_at", flat=True).first()


def _expires(product: ProductDefinition, made_at: datetime) -> datetime:
    """Give when the product's shelf life, counted from its fill, is over."""
    return life_after(made_at, product.shelf_life.amount, product.shelf_life.unit)


def _counts(batch: Batch) -> str:
    """Write how many containers of each kind were made."""
    containers = of_batch(batch.number)
    kinds = (Container.Kind.FINAL_BAG, Container.Kind.SAMPLE, Container.Kind.QC_VIAL, Container.Kind.RETAIN_VIAL)
    counted = [(kind, sum(one.kind == kind for one in containers)) for kind in kinds]
    return ", ".join(f"{number} × {kind.label}" for kind, number in counted if number) or _("none")


def dose_line(stated: list[PanelLine]) -> PanelLine | None:
    """Give the line of the specification that states the dose per kilogram."""
    return next((line for line in stated if line.is_per_kilogram), None)


def _dose_and_containers(batch: Batch, dose: StatedDose) -> str:
    if dose.fractions:
        return f"{dose.with_fractions}. {dose.per_kg}"
    final = [one.code for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG]
    codes = f"{final[0]} to {final[-1].rsplit('-', 1)[-1]}" if len(final) > 1 else "".join(final)
    return f"{dose.cells}, {codes or _('no final container')}"


def container_stated(container: Container) -> snapshot.Container:
    """Give one final container, with what is in it."""
    cells = container.viable_cells
    return snapshot.Container(
        code=container.code,
        volume=f"{container.volume_ml} mL" if container.volume_ml is not None else _("not recorded"),
        dose=_("%(cells)s viable cells") % {"cells": show_count(cells)} if cells is not None else _("not recorded"),
        state=_("filled %(time)s") % {"time": record_time(container.made_at)},
    )


def _sampling(stated: list[PanelLine]) -> str:
    samples = {reading.sample for line in stated for reading in line.readings if reading.sample}
    if not samples:
        return _("No sample was received")
    taken = min(sample.container.made_at for sample in samples)
    received = max(sample.received_at for sample in samples)
    return _("Sampled %(taken)s, last received %(received)s") % {"taken": day(taken), "received": record_time(received)}


def sites_stated(product: ProductDefinition, batch: Batch) -> tuple[snapshot.Site, ...]:
    """Give the places of manufacture, testing and collection."""
    sites = [snapshot.Site(site.does, site.name, site.address, site.licence) for site in product.sites]
    collected = {one.party for one in _collections(batch)}
    known = {site.name for site in product.sites}
    sites += [
        snapshot.Site(_("Release tests"), one.name, one.address or _("address not stated"), one.licence)
        for one in laboratories_of(batch)
        if one.name not in known
    ]
    sites += [
        snapshot.Site(_("Collection"), one.name, one.address or _("address not stated"), one.licence)
        for one in sorted(collected, key=lambda party: party.name)
    ]
    return tuple(sites)


def signature_stated(row: Signed, title: Text) -> snapshot.SignatureBlock:
    """Give one electronic signature with all that makes it one."""
    return snapshot.SignatureBlock(
        title=str(title),
        name=row.signer_name,
        user=row.signer_username,
        role=row.signer_role,
        organisation=Site.objects.get().name,
        meaning=row.meaning_text,
        signed_at=record_time(row.signed_at),
    )


def proof_stated(row: Signed) -> snapshot.Proof:
    """Give what ties the document to the record: the entry of the signature on which it rests."""
    return proof_of(Entry.objects.get(rec_type=row.record_type(), rec_id=row.pk))


def proof_of(entry: Entry) -> snapshot.Proof:
    """Give an entry's fingerprint and the first checkpoint that covers it, whole; none where none was issued."""
    covering = checkpoints.covering(entry.seq)
    point = None
    if covering is not None:
        root = b64encode(bytes.fromhex(covering.root)).decode("ascii")
        point = snapshot.Checkpoint(covering.origin, covering.size, root, covering.key.key_id)
    return snapshot.Proof(fingerprint=entry.leaf, entry=f"{entry.seq:,}", checkpoint=point)


def marks_stated(batch: Batch) -> tuple[snapshot.DataMark, ...]:
    """Give what the batch itself says of where its data come from, as it was stated when it was issued."""
    if not batch.data_remark:
        return ()
    return (snapshot.DataMark(text=batch.data_remark, source=batch.data_source or _("not named")),)
