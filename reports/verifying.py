"""Checking a record package that somebody uploads, by the very verifier that every package carries.

(1) The verifier runs as a process of its own, as it would on anybody's machine: Python alone, isolated, with limits on
    time and memory. Nothing of this program judges the package, and nothing of the package is kept.
(2) One package at a time in each web process; whoever comes second is asked to wait.
(3) What the verifier cannot finish is never good: no verdict is INVALID.
"""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.refusal import BadInput, Objection, Refused

PACKAGE_FOLDER = Path(__file__).parent / "package"
VERIFIER = PACKAGE_FOLDER / "verify.py"
LARGEST_PACKAGE = 200 * 1024 * 1024
LONGEST_SECONDS = 120
MEMORY_KIB = 3 * 1024 * 1024
LARGEST_REPORT = 4 * 1024 * 1024
# The limits hold for the verifier alone: a shell sets them, and then becomes it.
LIMITED = 'ulimit -v "$1" 2>/dev/null; ulimit -c 0 2>/dev/null; shift; exec "$@"'
WORDS = {0: "VALID", 1: "INVALID", 2: "VALID", 3: "INCOMPLETE", 4: "FORK"}
UNREADABLE, NOT_YET_TRUSTED = 1, 2

_one_at_a_time = threading.BoundedSemaphore(1)


@dataclass(frozen=True, slots=True)
class Report:
    """What the verifier said of a package: its exit code, its report as data, and as the text that it prints."""

    code: int
    told: dict[str, Any]  # Any: the verifier's own report, read from JSON
    text: str

    @property
    def status(self) -> str:
        """The status to show; a package that is not anchored, or whose key nobody compared, is not simply valid."""
        return {0: "pass", 2: "warn", 3: "warn"}.get(self.code, "fail")

    @property
    def word(self) -> str:
        """The verdict in one word, or two."""
        if self.code != NOT_YET_TRUSTED:
            return WORDS[self.code]
        return "NOT ANCHORED" if self._told("key", "pinned") is True else "UNTRUSTED KEY"

    @property
    def verdict(self) -> str:
        """The verdict as the verifier prints it, last."""
        return str(self.told.get("verdict") or WORDS[self.code])

    @property
    def means(self) -> str:
        """What the verdict means, in a sentence."""
        return {
            0: _("This is the record that was signed. It does not say that the batch was good."),
            2: _("Everything that was checked holds. What is still to be compared stands in the verdict."),
            3: _("Nothing contradicts, but something that must be there is missing. Ask for a new package."),
            4: _(
                "The owner of the log signed two histories. Keep this package and your paper, and call the authority."
            ),
        }.get(self.code, _("This package is not what was signed, or cannot be read. Do not rely on it."))

    @property
    def checks(self) -> list[tuple[str, str, str]]:
        """What was checked: the status of each, in words, and the section of FORMAT.md that tells how."""
        found = []
        for one in self._list("checks"):
            state, section, says = [*str(one).split(None, 2), "", "", ""][:3]
            found.append(("pass" if state == "ok" else "fail", says, _("section %(n)s") % {"n": section}))
        return found

    @property
    def findings(self) -> list[str]:
        found = [one for one in self._list("findings") if isinstance(one, dict)]
        return [f"{one.get('kind')}: {one.get('part')}: {one.get('says')}" for one in found]

    @property
    def notes(self) -> list[str]:
        return [str(one) for one in self._list("notes")]

    @property
    def not_checked(self) -> list[str]:
        return [str(one) for one in self._list("not_checked")]

    def _list(self, name: str) -> list[object]:
        found = self.told.get(name)
        return found if isinstance(found, list) else []

    def _told(self, name: str, inner: str) -> object:
        found = self.told.get(name)
        return found.get(inner) if isinstance(found, dict) else None


@contextmanager
def alone() -> Iterator[None]:
    """Let one package be checked at a time; refuse a second one meanwhile."""
    if not _one_at_a_time.acquire(blocking=False):
        says = _("Another package is being checked at the moment. Try again in a minute; nothing was checked.")
        raise Refused(Objection(says, code="busy"), status=503)
    try:
        yield
    finally:
        _one_at_a_time.release()


def verify_package(path: Path, *, key: str = "", checkpoints: Sequence[str] = ()) -> Report:
    """Run the verifier on a package in a file and give its report.

    `key` pins the log's key; each of `checkpoints` is "ORIGIN SIZE ROOT" as a certificate prints it. Raises Refused
    while another package is being checked, and when this one takes longer than two minutes.
    """
    options = [f"--key={key}"] if key else []
    options += [f"--checkpoint={one}" for one in checkpoints]
    with alone():
        done = _run([*options, "--jobs=1", "--json", str(path)])
    try:
        told = json.loads(done.stdout[:LARGEST_REPORT])
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("code") != done.returncode or done.returncode not in WORDS:
        says = _("The package could not be checked to its end, so it counts as INVALID.")
        return Report(UNREADABLE, {}, says)
    return Report(done.returncode, told, str(told.get("text", "")))


def key_from(typed: str) -> str:
    """Give a fingerprint as the verifier takes it; nothing where nothing was typed; refuse what is none."""
    key = "".join(typed.split()).lower()
    if key and not re.fullmatch(r"[0-9a-f]{64}", key):
        says = _("A fingerprint is 64 characters of 0–9 and a–f. Compare it with the paper.")
        raise BadInput(Objection(says, field="key"))
    return key


def checkpoint_from(origin: str, size: str, root: str) -> list[str]:
    """Give a checkpoint from paper as the verifier takes it, none where nothing was typed; refuse half a one."""
    origin, size, root = origin.strip(), re.sub(r"[\s,]", "", size), "".join(root.split())
    if not origin and not size and not root:
        return []
    missing = [name for name, value in (("origin", origin), ("size", size), ("root_hash", root)) if not value]
    if missing:
        says = _("A checkpoint is three things: origin, size and root. Type all three as the paper shows them.")
        raise BadInput(Objection(says, field=missing[0]))
    if not re.fullmatch(r"[!-~]+", origin):
        raise BadInput(Objection(_("The origin has no spaces. Compare it with the paper."), field="origin"))
    if not re.fullmatch(r"[1-9][0-9]{0,15}", size):
        raise BadInput(Objection(_("The size is a whole number. Compare it with the paper."), field="size"))
    if not re.fullmatch(r"[A-Za-z0-9+/]{43}=", root):
        says = _("The root is 44 characters that end with an equals sign. Compare it with the paper.")
        raise BadInput(Objection(says, field="root_hash"))
    return [f"{origin} {size} {root}"]


def _run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", "-S", str(VERIFIER), *arguments]
    try:
        return subprocess.run(  # noqa: S603  our own verifier; what was uploaded is only a file's content
            ["/bin/sh", "-c", LIMITED, "sh", str(MEMORY_KIB), *command],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LONGEST_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        says = _("The package was not checked within two minutes. Check it with verify.py on your own machine.")
        raise Refused(Objection(says, code="too_slow"), status=503) from None


def refuse_no_package(start: bytes, size: int) -> None:
    """Raise BadInput for what is empty, too large or no zip file."""
    if not size:
        raise BadInput(Objection(_("Choose a record package. The file can't be empty."), field="package"))
    if size > LARGEST_PACKAGE:
        raise BadInput(Objection(too_large(), field="package"))
    if not start.startswith(b"PK\x03\x04"):
        raise BadInput(Objection(_("This is not a record package: a record package is a zip file."), field="package"))


def too_large() -> str:
    """Say how large a package may be here."""
    return _("The package is larger than 200 MiB. Check it with verify.py on your own machine.")
