"""`manage.py rotate_log_key`: the log's key and a new one sign for each other; later checkpoints bear the new one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger import checkpoints
from ledger.checkpoints import OtherSignerError
from ledger.log_key import SignerRefused
from ledger.models import Checkpoint
from ledger.signer import SignerAwayError


class Command(BaseCommand):
    help = "Replace the log's key and issue a checkpoint under the new one."

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        try:
            key = checkpoints.rotate_key()
            checkpoint = checkpoints.issue(Checkpoint.Why.ASKED)
        except (SignerAwayError, SignerRefused, OtherSignerError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The log's key is now {key.key_id}.")
        self.stdout.write(f"First checkpoint under it: {checkpoint.origin} {checkpoint.size}.")
        self.stdout.write("Publish the new fingerprint where the old one stands; the old one still vouches for it.")
