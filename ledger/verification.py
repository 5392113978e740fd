"""Verification: recomputes everything the record claims, and tells all it finds.

Each room adds its own checks to the list; `verify_records()` runs them all. A finding names the record it is about.
An empty or shortened ledger is never called good.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection, transaction

from ledger import clock
from ledger.models import Written


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    check: str
    about: str
    says: str

    def __str__(self) -> str:
        return f"{self.check}: {self.about}: {self.says}"


@dataclass(slots=True)
class Verification:
    """What was checked, how much of it, and everything that was found."""

    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing was found. Says nothing about what `not_checked` lists."""
        return not self.findings

    def counted(self, what: str, number: int) -> None:
        """Add to the number of things that were looked at."""
        self.counts[what] = self.counts.get(what, 0) + number


Check = Callable[[Verification], Iterable[Finding]]
_checks: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Add a check under a name that findings carry."""

    def register(function: Check) -> Check:
        _checks[name] = function
        return function

    return register


def check_names() -> list[str]:
    """Name every check in the order in which it runs."""
    return list(_checks)


def verify_records() -> Verification:
    """Run every check of every room over one unmoving view of the database; a check that breaks is a finding too."""
    verification = Verification()
    with unmoving_view():
        for name, function in _checks.items():
            verification.findings += _run(name, function, verification)
    verification.not_checked += [
        "whether what was typed and honestly signed was true",
        "entries newer than the last checkpoint that stands outside this site: a database owner could rewrite them",
    ]
    return verification


def run_check(name: str) -> list[Finding]:
    """Run one check over one unmoving view; none of that name finds nothing."""
    function = _checks.get(name)
    if function is None:
        return []
    with unmoving_view():
        return list(_run(name, function, Verification()))


@contextmanager
def unmoving_view() -> Iterator[None]:
    """Read everything as of one moment, without keeping anybody from writing meanwhile."""
    connection.ensure_connection()  # connecting sets SQLite's mode anew
    outermost = not connection.in_atomic_block
    mode = getattr(connection, "transaction_mode", None)
    if connection.vendor == "sqlite":
        # Writers take their lock at BEGIN; a reader must not.
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # SQLite's own wrapper has it
    try:
        with transaction.atomic():
            if outermost and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = mode  # type: ignore[attr-defined]  # as above


def _run(name: str, function: Check, verification: Verification) -> Iterator[Finding]:
    try:
        yield from function(verification)
    except Exception as error:
        yield Finding(name, "the check itself", f"it could not be finished: {type(error).__name__}: {error}")


def written_models() -> list[type[Written]]:
    """Give every table whose rows are witnessed."""
    return [model for model in apps.get_models() if issubclass(model, Written)]


def report(verification: Verification) -> str:
    """Say in lines what was counted, what was found and what was not checked."""
    lines = [f"Checked at {clock.machine_now().isoformat()}"]
    lines += [f"  {number:>9,} {what}" for what, number in verification.counts.items()]
    lines += [f"NOT CHECKED: {what}" for what in verification.not_checked]
    lines += [f"FOUND: {finding}" for finding in verification.findings]
    lines.append(
        "VERIFIED: nothing found" if verification.is_clean else f"NOT VERIFIED: {len(verification.findings)} found"
    )
    return "\n".join(lines)
