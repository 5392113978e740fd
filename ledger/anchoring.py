"""Anchors: authorities outside the site stamp each checkpoint, so that nobody can make another past later on.

(1) A checkpoint owes its anchor in the transaction that records it; the worker asks the authorities, never a web
    request, and no transaction is open while the network is waited for.
(2) A token is checked before it is stored, and again at each verification.
(3) An authority that is away, slow or wrong leaves nothing behind; it is asked again later, for as long as it takes.
(4) A site's policy says whether decisions wait for a recent anchor (block) or go on with a warning (warn).
"""

import base64
import logging
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from asn1crypto import x509
from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ledger import clock, outbox
from ledger.authorities import NAME, Authority
from ledger.failpoints import failpoint
from ledger.models import Anchor, Checkpoint, OutboxJob
from ledger.timestamps import NoStampError, Stamp, WrongStampError, ask, checked, roots_in, said_by
from ledger.verification import Finding, Verification, check
from ledger.writing import write, writing

ANCHOR_JOB = "anchor"
MACHINE = "machine"
CLOCKS_AGREE = timedelta(seconds=60)
CHUNK = 500
logger = logging.getLogger(__name__)


def owe_anchor(checkpoint: Checkpoint) -> None:
    """Owe a checkpoint's anchor in the open transaction, where the site has authorities."""
    if settings.TSA_AUTHORITIES:
        outbox.owe(ANCHOR_JOB, checkpoint.pk)


@outbox.handles(ANCHOR_JOB)
def anchor_checkpoint(job: OutboxJob) -> None:
    """Have each authority stamp a checkpoint that it has not stamped; tried again until all have."""
    checkpoint = Checkpoint.objects.get(pk=job.subject)
    stamped = set(Anchor.objects.filter(checkpoint=checkpoint).values_list("authority", flat=True))
    problems = []
    for authority in settings.TSA_AUTHORITIES:
        if authority.name in stamped:
            continue
        try:
            _anchor(checkpoint, authority)
        except NoStampError as error:
            logger.warning("Checkpoint %s is not stamped: %s", checkpoint.size, error)
            problems.append(str(error))
        except (WrongStampError, ValueError) as error:
            logger.error("Checkpoint %s is not stamped by %s: %s", checkpoint.size, authority.name, error)
            problems.append(f"{authority.name}: {error}")
    if problems:
        raise outbox.NotYetError(" ".join(problems))
    with writing():
        outbox.finish(job)


def _anchor(checkpoint: Checkpoint, authority: Authority) -> None:
    """Ask, check, and write the anchor in a transaction of its own."""
    content = checkpoint.note.encode("utf-8")
    roots = roots_in(authority.roots)
    token = ask(authority, content, timeout=settings.TSA_TIMEOUT_SECONDS)
    stamp = checked(token, content, roots)
    row = Anchor(
        checkpoint=checkpoint,
        size=checkpoint.size,
        authority=authority.name,
        token=base64.b64encode(token).decode("ascii"),
        stamped_at=stamp.time,
        serial=stamp.serial,
        remark=_remark(authority, stamp),
    )
    try:
        with writing():
            write(row, type="anchor.recorded", actor=MACHINE)
    except IntegrityError:
        # Another worker was first; one stamp of an authority is enough.
        if not Anchor.objects.filter(checkpoint=checkpoint, authority=authority.name).exists():
            raise
        return
    failpoint("token stored")


def _remark(authority: Authority, stamp: Stamp) -> str:
    """Give what a reader of the anchor should know; clocks that disagree are told to the operator too."""
    apart = abs(clock.machine_now() - stamp.time)
    if apart <= CLOCKS_AGREE:
        return stamp.remark
    said = f"the authority's clock and this site's are {int(apart.total_seconds())} s apart"
    logger.error("Time stamp of %s: %s", authority.name, said)
    return "; ".join(part for part in (stamp.remark, said) if part)


def newest_anchor() -> Anchor | None:
    """Give the anchor that was stamped last, if there is one."""
    return Anchor.objects.select_related("checkpoint").order_by("-stamped_at", "-size").first()


def age_of_newest() -> timedelta | None:
    """Give how long ago an authority stamped last; None where none ever did."""
    newest = newest_anchor()
    return None if newest is None else max(timedelta(0), clock.machine_now() - newest.stamped_at)


def is_overdue() -> bool:
    """Tell whether the site has authorities and none of them stamped anything for longer than it should be."""
    age = age_of_newest()
    return bool(settings.TSA_AUTHORITIES) and (age is None or age > timedelta(hours=settings.ANCHOR_MAX_AGE_HOURS))


def blocks_decisions() -> str:
    """Give the sentence that keeps decisions waiting for an anchor, or nothing where they need not wait."""
    if settings.ANCHOR_POLICY != "block" or not is_overdue():
        return ""
    return _(
        "This site decides only while its record is time-stamped from outside, and no authority has stamped it for "
        "%(hours)s hours. Look at the authorities on the page of the record's integrity, or wait for the next stamp."
    ) % {"hours": settings.ANCHOR_MAX_AGE_HOURS}


def anchor_words() -> list[tuple[str, str]]:
    """Give what pages say about the anchors: label and value, times in UTC."""
    if not settings.TSA_AUTHORITIES:
        return [(_("Time stamps from outside"), _("No authority is configured; the record is not anchored."))]
    newest, age = newest_anchor(), age_of_newest()
    waiting = OutboxJob.objects.filter(kind=ANCHOR_JOB, done_at=None).count()
    blocks = settings.ANCHOR_POLICY == "block"
    words = [(_("Authorities"), ", ".join(authority.name for authority in settings.TSA_AUTHORITIES))]
    if newest is None or age is None:
        words.append((_("Newest time stamp"), _("none yet")))
    else:
        over = _("%(authority)s, over the first %(size)s entries")
        words += [
            (_("Newest time stamp"), over % {"authority": newest.authority, "size": f"{newest.size:,}"}),
            (_("Stamped at"), f"{newest.stamped_at:%Y-%m-%d %H:%M:%S} UTC"),
            (_("Age"), _in_words(age)),
        ]
        if newest.remark:
            words.append((_("Remark"), newest.remark))
    words += [
        (_("Checkpoints waiting for a stamp"), str(waiting)),
        (_("Without a recent stamp"), _("decisions wait") if blocks else _("decisions go on, with a warning")),
    ]
    return words


def _in_words(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 72:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return ngettext("%(count)s day", "%(count)s days", age.days) % {"count": age.days}


@check("anchors")
def anchors_hold(verification: Verification) -> Iterator[Finding]:
    """Each token is of its checkpoint's note, says what its row says, and leads to a root that is trusted here."""
    trusted: dict[str, list[x509.Certificate]] = {}
    unknown: dict[str, int] = {}
    remarks: set[str] = set()
    for anchor in Anchor.objects.select_related("checkpoint").order_by("size", "authority").iterator(CHUNK):
        verification.counted("anchors", 1)
        about = f"anchor {anchor.size} by {anchor.authority}"
        content = anchor.checkpoint.note.encode("utf-8")
        try:
            if anchor.authority not in trusted:
                trusted[anchor.authority] = _roots_of(anchor.authority)
            roots = trusted[anchor.authority]
            token = base64.b64decode(anchor.token, validate=True)
            stamp = checked(token, content, roots) if roots else said_by(token, sha256(content).digest())
        except (WrongStampError, ValueError) as error:
            yield Finding("anchors", about, str(error))
            continue
        if not roots:
            unknown[anchor.authority] = unknown.get(anchor.authority, 0) + 1
        if stamp.remark:
            remarks.add(f"{anchor.authority}: {stamp.remark}")
        if (anchor.size, anchor.stamped_at, anchor.serial) != (anchor.checkpoint.size, stamp.time, stamp.serial):
            yield Finding("anchors", about, "the row does not repeat what its token and its checkpoint say")
    for name, number in sorted(unknown.items()):
        verification.not_checked.append(
            f"the signatures of {number} time stamps of {name}: its root certificates are not configured here"
        )
    for remark in sorted(remarks):
        verification.not_checked.append(f"what happened to a time stamp's certificate since ({remark})")
    if verification.counts.get("anchors"):
        verification.not_checked.append("whether an authority has revoked a certificate that it stamped with")


def _roots_of(name: str) -> list[x509.Certificate]:
    """Give the roots that this site trusts for an authority, also for one that it does not ask any more."""
    path = Path(settings.TSA_ROOTS) / f"{name}.pem"
    return roots_in(path) if NAME.fullmatch(name) and path.is_file() else []
