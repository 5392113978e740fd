"""`./dev demo OUT`: three published batches from order to certificate, on a training site made for this and removed.

(1) OUT is made, or is empty; nothing of anybody's is overwritten.
(2) The site lives in a temporary folder of its own, whatever folder and database the environment names.
(3) Each line that is printed is read from the record: criteria, values, decision, documents.
(4) The end is 1 when a line does not conform, cells are not accounted for, a batch is not certified, a document is
    missing, or the verification finds anything.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from batches.judging import Verdict
from batches.models import Batch, BatchState
from batches.record import record_of
from config.story.telling import found_training_site, tell_published
from ledger import files
from ledger.models import Site
from ledger.verification import report, verify_records
from qc.judging import entries_of
from qc.panel import release_panel
from reports.models import Document

ELSEWHERE = "CELLWRIGHT_"  # what is set for another site does not reach the one that is made here


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch, as its record says."""

    words: str
    is_good: bool


class Command(BaseCommand):
    help = "Take three published batches from order to certificate; their documents go to a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out", type=Path, help="the folder for the documents; new, or empty")
        parser.add_argument(
            "--here", action="store_true", help="use the empty training site that the environment names"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        out = Path(options["out"]).absolute()
        _refuse_unless_empty(out)
        if not options["here"]:
            raise SystemExit(_on_a_site_of_its_own(out))
        if not settings.TRAINING:
            raise CommandError("The demo runs on a training site. Set CELLWRIGHT_MODE=training.")
        call_command("migrate", verbosity=0)
        if Site.objects.exists():
            raise CommandError("This site is founded already. Leave out --here, and the demo makes a site of its own.")
        out.mkdir(parents=True, exist_ok=True)
        found_training_site()
        tell_published(say=self.stdout.write)
        batches = Batch.objects.select_related("state", "order__coi__subject").order_by("number")
        outcomes = [outcome_of(batch, out) for batch in batches]
        for outcome in outcomes:
            self.stdout.write(outcome.words)
        verification = verify_records()
        for finding in verification.findings:
            self.stdout.write(f"FOUND: {finding}")
        self.stdout.write(report(verification).rsplit("\n", 1)[-1])
        if not outcomes or not all(outcome.is_good for outcome in outcomes) or not verification.is_clean:
            raise SystemExit(1)


def _refuse_unless_empty(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise CommandError(f"{out} is a file. Name a folder for the documents.")
    if out.exists() and any(out.iterdir()):
        raise CommandError(f"{out} is not empty. Name a new folder, so that nothing in it is overwritten.")


def _on_a_site_of_its_own(out: Path) -> int:
    """Run this command again on an empty training site in a temporary folder, and give how it ended."""
    with tempfile.TemporaryDirectory(prefix="cellwright-demo-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ELSEWHERE)}
        environment |= {"CELLWRIGHT_MODE": "training", "CELLWRIGHT_DATA_DIR": folder}
        command = [sys.executable, "manage.py", "demo", str(out), "--here"]
        return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=False).returncode  # noqa: S603


def outcome_of(batch: Batch, out: Path) -> Outcome:
    """Write a batch's documents into a folder and say what its record says of it."""
    panel = release_panel(batch)
    conform = sum(line.conforms for line in panel)
    values = sum(len(entries_of(line.line)) for line in panel if line.readings)
    certified = batch.state.disposition == BatchState.Disposition.CERTIFIED
    documents = list(Document.objects.filter(batch=batch, superseded_by=None).order_by("-kind").select_related("file"))
    written = [_write(document, out) for document in documents]
    account = record_of(batch).account
    adds_up = account is not None and account.verdict is Verdict.MEETS
    everything_conforms = bool(panel) and conform == len(panel)
    is_good = everything_conforms and adds_up and certified and len(written) == len(Document.Kind)
    words = [
        batch.order.sponsor_number or batch.coi.subject.pseudonym,
        batch.number,
        _("%(conform)d of %(all)d criteria conform from %(values)d values")
        % {"conform": conform, "all": len(panel), "values": values},
        str(batch.state.get_disposition_display()).lower(),
        " ".join(written) or _("no documents"),
    ]
    return Outcome("  ".join(words), is_good)


def _write(document: Document, out: Path) -> str:
    """Write a document as it was issued and give the name of its file."""
    name = f"{document.number}.pdf"
    (out / name).write_bytes(files.read(document.file))
    return name
