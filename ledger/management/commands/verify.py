"""`./dev verify`: recompute all the record claims, list all findings, exit 1 on any.

With a checkpoint from paper or from elsewhere, what is stored is compared with it: another history exits 4.
"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.checkpoints import leaves_between, origin_of
from ledger.merkle import root_of
from ledger.notes import NoteError, SignedHead, head_from
from ledger.selfcheck import epoch_of
from ledger.verification import Finding, report, verify_records

FORK = 4


class Command(BaseCommand):
    help = "Recompute everything the record claims and list every finding; exit 1 on any, 4 on another history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar='"ORIGIN SIZE ROOT"',
            help="a checkpoint as a certificate prints it; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        heads = [_head(text) for text in options["checkpoint"]]
        verification = verify_records()
        forks = [finding for head in heads for finding in _against(head)]
        verification.counted("checkpoints from outside", len(heads))
        verification.findings += forks
        self.stdout.write(report(verification))
        if forks:
            raise SystemExit(FORK)
        if not verification.is_clean:
            raise SystemExit(1)


def _head(text: str) -> SignedHead:
    parts = text.split()
    if len(parts) != 3:
        raise CommandError("A checkpoint is three words: origin, size and root, as a certificate prints them.")
    try:
        return head_from(*parts)
    except NoteError as error:
        raise CommandError(str(error)) from None


def _against(head: SignedHead) -> Iterator[Finding]:
    """Find in what the stored entries contradict a checkpoint."""
    about = f"checkpoint {head.size} of {head.origin}"
    if head.origin != origin_of(epoch_of(head.origin)):
        yield Finding("FORK", about, f"it is of another log; this one is {origin_of(1)}")
        return
    leaves = leaves_between(0, head.size)
    if len(leaves) < head.size:
        yield Finding("FORK", about, f"only {len(leaves)} of its entries are stored here: the others were taken away")
    elif root_of(leaves) != head.root:
        yield Finding("FORK", about, "the stored entries have another root: they are not the history that was signed")
