"""`manage.py checkpoint`: issue a checkpoint now and print it whole, to be kept outside the site."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger import checkpoints
from ledger.checkpoints import OtherSignerError
from ledger.log_key import SignerRefused
from ledger.models import Checkpoint
from ledger.signer import SignerAwayError


class Command(BaseCommand):
    help = "Issue a checkpoint over everything written so far and print it with the fingerprint of the log's key."

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        try:
            checkpoint = checkpoints.issue(Checkpoint.Why.ASKED)
        except (SignerAwayError, SignerRefused, OtherSignerError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(checkpoint.note, ending="")
        self.stdout.write(f"Key of the log: {checkpoint.key.key_id}")
