"""`./dev demo OUT`: three published batches from order to certificate and to a record that proves itself, on a training
site made for this and removed.

(1) OUT is made, or is empty; nothing of anybody's is overwritten.
(2) The site lives in a temporary folder of its own, whatever folder and database the environment names.
(3) Each line that is printed is read from the record: criteria, values, decision, documents.
(4) OUT holds each batch's certificates, its batch record, its record package, and a verifier that needs nothing else.
(5) The end is 1 when a line does not conform, cells are not accounted for, a batch is not certified, a document is
    missing, a package does not verify, or the verification of the site finds anything.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.wording import in_groups
from batches.judging import Verdict
from batches.models import Batch, BatchState
from batches.record import record_of
from config.story.acting import somebody
from config.story.telling import found_training_site, tell_published
from ledger import files, outbox
from ledger.models import LogKey, Site
from ledger.verification import report, verify_records
from qc.laboratory.judging import entries_of
from qc.panel import release_panel
from reports import packaging
from reports.copying import ask_copy
from reports.models import CopyAsked, CopyMade, Document

COPIED_BY = "rcastellanos"
ELSEWHERE = "CELLWRIGHT_"  # what is set for another site does not reach the one that is made here


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch, as its record says, and what the verifier says of its package."""

    words: str
    verdict: str
    is_good: bool


# What is issued for a batch that is certified as it should be.
DOCUMENTS = {
    Document.Kind.CERTIFICATE_OF_ANALYSIS,
    Document.Kind.BATCH_CERTIFICATE,
    Document.Kind.BATCH_RECORD,
    Document.Kind.INFUSION_CERTIFICATE,
}


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
        found_training_site(families=())
        tell_published(say=self.stdout.write)
        batches = Batch.objects.select_related("state", "order__coi__subject").order_by("number")
        shutil.copyfile(packaging.SHIPPED / "verify.py", out / "verify.py")
        self.stdout.write("Making record packages ...")
        copies = [_copied(batch) for batch in batches]
        outcomes = [outcome_of(batch, copy, out) for batch, copy in zip(batches, copies, strict=True)]
        for outcome in outcomes:
            self.stdout.write(outcome.words)
            self.stdout.write(f"    {outcome.verdict}")
        key = LogKey.objects.get(replaced_by=None).key_id
        self.stdout.write(f'Verify them yourself: python3 -I -S verify.py PACKAGE --key "{in_groups(key)}"')
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


def _copied(batch: Batch) -> CopyMade:
    """Take a copy of a batch's record as quality assurance does, and have the worker make it."""
    asked = ask_copy(batch=batch, kind=CopyAsked.Kind.PACKAGE, by=somebody(COPIED_BY), id=uuid4())
    outbox.deliver_all()
    made = CopyMade.objects.filter(asked=asked).select_related("file").first()
    if made is None:
        raise CommandError(f"The record package of {batch.number} could not be made; the lines above say why.")
    return made


def outcome_of(batch: Batch, copy: CopyMade, out: Path) -> Outcome:
    """Write a batch's documents and its package into a folder and say what its record and the verifier say of it."""
    panel = release_panel(batch)
    conform = sum(line.conforms for line in panel)
    values = sum(len(entries_of(line.line)) for line in panel if line.readings)
    certified = batch.state.disposition == BatchState.Disposition.CERTIFIED
    documents = list(Document.objects.filter(batch=batch, superseded_by=None).order_by("-kind").select_related("file"))
    package = out / copy.file.original_name
    files.copy_out(copy.file, package)
    written = [*(_write(document, out) for document in documents), package.name]
    verdict, verifies = _verified(out / "verify.py", package)
    account = record_of(batch).account
    adds_up = account is not None and account.verdict is Verdict.MEETS
    everything_conforms = bool(panel) and conform == len(panel)
    is_complete = {document.kind for document in documents} == DOCUMENTS
    is_good = everything_conforms and adds_up and certified and is_complete and verifies
    words = [
        batch.order.sponsor_number or batch.coi.subject.pseudonym,
        batch.number,
        _("%(conform)d of %(all)d criteria conform from %(values)d values")
        % {"conform": conform, "all": len(panel), "values": values},
        str(batch.state.get_disposition_display()).lower(),
        " ".join(written) or _("no documents"),
    ]
    return Outcome("  ".join(words), verdict, is_good)


def _verified(verifier: Path, package: Path) -> tuple[str, bool]:
    """Give the verifier's last line on a package, pinned to the log's key, and whether every check held."""
    key = LogKey.objects.get(replaced_by=None).key_id
    command = [sys.executable, "-I", "-S", str(verifier), str(package), "--key", key]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own verifier
    told = ended.stdout.strip().splitlines() or ["The verifier said nothing."]
    return told[-1], ended.returncode in (0, 2)


def _write(document: Document, out: Path) -> str:
    """Write a document as it was issued and give the name of its file."""
    name = f"{document.number}.pdf"
    (out / name).write_bytes(files.read(document.file))
    return name
