"""The identifiers by which everybody recognises a batch: on every page, in every signature."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.acts import Line
from batches.models import Batch, BatchState
from batches.pinned import product_of
from chain_of_custody import isbt128
from chain_of_custody.models import ChainOfIdentity, Collection

WITH_EVERYTHING = ("order__coi__subject", "product", "master", "state")


@dataclass(frozen=True, slots=True)
class Identity:
    """The identifiers of a batch, as they are shown."""

    batch: str
    product: str
    coi: str
    coi_for_the_eye: str
    subject: str
    din: str
    din_for_the_eye: str
    din_check: str


def batch_numbered(number: str) -> Batch:
    """Give the batch of a number with what its pages need; raise Http404 if there is none."""
    batch = Batch.objects.select_related(*WITH_EVERYTHING).filter(number=number).first()
    if batch is None:
        raise Http404
    return batch


def batch_with(batch_id: UUID) -> Batch:
    """Give the batch of an id with what its pages need; raise Http404 if there is none."""
    batch = Batch.objects.select_related(*WITH_EVERYTHING).filter(pk=batch_id).first()
    if batch is None:
        raise Http404
    return batch


def batch_of(batch_id: UUID) -> Batch:
    """Give a batch with what its pages need."""
    return Batch.objects.select_related(*WITH_EVERYTHING).get(pk=batch_id)


def locked(batch_id: UUID) -> BatchState:
    """Lock a batch: whoever writes into it waits for its turn here."""
    return BatchState.objects.select_for_update().get(pk=batch_id)


def identity_of(batch: Batch) -> Identity:
    """Give every identifier of a batch."""
    din, eye, check = _donation(batch.order.coi)
    return Identity(
        batch=batch.number,
        product=product_of(batch).short_title,
        coi=batch.order.coi.identifier,
        coi_for_the_eye=coi_for_the_eye(batch.order.coi),
        subject=batch.order.coi.subject.pseudonym,
        din=din,
        din_for_the_eye=eye,
        din_check=check,
    )


def identity_lines(batch: Batch, *, containers: list[str] | None = None) -> list[Line]:
    """Give the identifiers as lines of a signature page, the containers first."""
    identity = identity_of(batch)
    lines = [Line(_("Container"), code) for code in containers or []]
    lines += [Line(_("Batch"), identity.batch), Line(_("Subject"), identity.subject)]
    if identity.din:
        lines.append(Line(_("DIN"), f"{identity.din_for_the_eye} [{identity.din_check}]"))
    lines.append(Line(_("Chain of identity"), identity.coi_for_the_eye))
    return lines


def coi_for_the_eye(coi: ChainOfIdentity) -> str:
    """Write a chain of identity with its spaces."""
    return isbt128.chain_of_identity(coi.identifier).for_the_eye


def _donation(coi: ChainOfIdentity) -> tuple[str, str, str]:
    code = Collection.objects.filter(coi=coi).order_by("recorded_at").values_list("din", flat=True).first()
    if code is None:
        return "", "", ""
    din = isbt128.din(code)
    return din.code, din.for_the_eye, din.check_character
