"""From the rows of a batch to the snapshot of its certificate for infusion: what the ward reads, bag by bag.

It states the dose that was verified when the decision was signed, so the same decision gives the same certificate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.wording import record_time
from batches.calculating import NotCalculable
from batches.definitions.kinds import as_product
from batches.definitions.product import Bedside
from batches.fates import CERTIFIED
from batches.models import Batch
from batches.pinned import product_of, reading_of
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container
from ledger.typed_numbers import show_count
from qc.after_release.fractions import Fractions, fractions_of, next_fraction_words
from qc.dose import words as dose_words
from qc.dose.inputs import held_of
from qc.dose.rules import Held
from qc.models import BatchDose, Disposition
from qc.specifying import specification_of
from reports import snapshot
from reports.gathering import (
    dose_line,
    identity_stated,
    issue_stated,
    marks_stated,
    pending_stated,
    product_stated,
    proof_stated,
    sign_of_decision,
    signature_stated,
)
from reports.models import Document
from reports.stated_doses import stated_dose, verified_dose
from reports.stated_results import stated_results

VIABILITY = "viability"


def infusion_certificate(
    disposition: Disposition, stated: Document, *, number: str, issued_at: datetime, supersedes: Document | None
) -> snapshot.InfusionCertificate:
    """Give the snapshot of the certificate for infusion that belongs to a batch certificate."""
    batch, sign = disposition.batch, sign_of_decision(disposition.decision)
    product = product_of(batch)
    lines = stated_results(disposition.approval) if disposition.approval else []
    at = disposition.recorded_at
    dose = stated_dose(batch, at, dose_line(lines))
    version = supersedes.version + 1 if supersedes else 1
    conditional = sign is snapshot.Sign.CONDITIONAL
    verified = verified_dose(batch, at)
    may_be_given = disposition.decision in CERTIFIED
    return snapshot.InfusionCertificate(
        issue=issue_stated(number, version, issued_at, interim=conditional, supersedes=supersedes),
        identity=identity_stated(batch),
        product=replace(product_stated(batch), weight=dose.weight),
        decision=snapshot.Decision(
            code=disposition.decision,
            sign=sign,
            words=product.profile.decision(disposition.decision).title if may_be_given else _("Do not infuse"),
            statement=_("For the subject of this chain of identity alone.")
            if may_be_given
            else _("%(decision)s. No bag of this batch may be given.")
            % {"decision": product.profile.decision(disposition.decision).title},
            pending=tuple(pending_stated(each) for each in disposition.pending),
        ),
        batch_certificate=_("%(number)s version %(version)s") % {"number": stated.number, "version": stated.version},
        dose=dose.with_fractions if _is_measured(verified) else dose.cells,
        dose_per_kg=dose.per_kg,
        viability=next((one.result_words for one in lines if VIABILITY in one.line.covers), _("not stated")),
        counted_as=_counted_as(batch, verified),
        bags=tuple(_bags(batch, verified)),
        signatures=(signature_stated(disposition, _("Electronic signature, decision")),),
        proof=proof_stated(disposition),
        instructions=tuple(_instructions(product.bedside, fractions_of(batch, at))) if may_be_given else (),
        data_marks=marks_stated(batch),
    )


def _counted_as(batch: Batch, dose: BatchDose | None) -> str:
    """Give what the cells are by which the dose is stated, as the specification calls them."""
    counted_by = product_of(batch).dose.counted_by if dose else ""
    line = specification_of(batch).line(counted_by) if counted_by else None
    return line.title if line else _("Cells of the dose")


def _bags(batch: Batch, dose: BatchDose | None) -> Iterator[snapshot.InfusionBag]:
    held = _held(dose)
    given: Mapping[str, str] = _given(dose)
    for bag in of_batch(batch.number):
        if bag.kind != Container.Kind.FINAL_BAG:
            continue
        content = held.get(bag.code)
        yield snapshot.InfusionBag(
            code=bag.code,
            volume=f"{bag.volume_ml:f} mL" if bag.volume_ml is not None else _("not recorded"),
            viable_cells=show_count(bag.viable_cells) if bag.viable_cells is not None else _("not recorded"),
            counted_cells=show_count(content.cells) if content else _("not stated"),
            concentration=_concentration(content),
            infusion=given.get(bag.code, _("not assigned")),
            expires=record_time(bag.expires_at) if bag.expires_at else _("not stated"),
        )


def _held(dose: BatchDose | None) -> dict[str, Held]:
    """Give the cells of each bag as the verified dose rests on them; nothing where they cannot be calculated."""
    if dose is None:
        return {}
    held = held_of(as_product(reading_of(dose.product)).dose, dose.inputs)
    return {} if isinstance(held, NotCalculable) else {one.code: one for one in held}


def _given(dose: BatchDose | None) -> dict[str, str]:
    """Give for each bag the infusion for which it is handed out whole."""
    if dose is None:
        return {}
    parts = zip(dose.outcome["parts"], dose_words.infusions(dose.outcome), strict=True)
    return {code: one.title for part, one in parts for code in part["containers"]}


def _is_measured(dose: BatchDose | None) -> bool:
    """Tell whether volumes are handed out instead of whole bags, so that no bag says to which infusion it belongs."""
    return dose is not None and any(part["volume_ml"] for part in dose.outcome["parts"])


def _concentration(content: Held | None) -> str:
    if content is None or not content.volume_ml:
        return _("not stated")
    return show_count(content.cells / Decimal(content.volume_ml), unit=_("cells/mL"))


def _instructions(bedside: Bedside | None, fractions: Fractions | None) -> Iterator[snapshot.Instruction]:
    if says := next_fraction_words(fractions):
        yield snapshot.Instruction(_("Fractions"), says)
    if bedside is None:
        return
    yield snapshot.Instruction(_("Thaw"), bedside.thaw)
    if bedside.minutes_from_thaw is not None:
        within = _("At most %(minutes)s minutes from the end of the thaw to the end of the infusion.")
        yield snapshot.Instruction(_("Time"), within % {"minutes": bedside.minutes_from_thaw})
    yield snapshot.Instruction(_("Infusion"), bedside.infusion)
    yield snapshot.Instruction(_("Physician"), bedside.physician)
