"""Copies of records as people take them: asked for, made by the worker, opened as a reader opens them."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from accounts.models import Person
from batches.models import Batch
from ledger import files, outbox
from reports import packaging
from reports.copying import ask_copy
from reports.models import CopyAsked, CopyMade

VERIFIER = packaging.SHIPPED / "verify.py"


def delivered(asked: CopyAsked) -> CopyMade:
    """A copy that was asked for, once the worker has made it."""
    outbox.deliver_all()
    return CopyMade.objects.get(asked=asked)


def a_package(batch: Batch, *, by: Person) -> Path:
    """The record package of a batch, made for somebody."""
    made = delivered(ask_copy(batch=batch, kind=CopyAsked.Kind.PACKAGE, by=by, id=uuid4()))
    return files.path_of(made.sha256)


def verified(package: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """What the verifier says of a package, as a reader runs it."""
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(package), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
