"""`./dev verify`: recompute all the record claims, list all findings, exit 1 on any."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.verification import report, verify_records


class Command(BaseCommand):
    help = "Recompute everything the record claims and list every finding; exit 1 on any."

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        verification = verify_records()
        self.stdout.write(report(verification))
        if not verification.is_clean:
            raise SystemExit(1)
