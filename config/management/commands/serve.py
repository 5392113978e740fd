"""`./dev serve`: a site on this machine with nothing but Python; a training site is founded when there is none."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.models import Site

WEB_THREADS = 8


class Command(BaseCommand):
    help = "Serve this site: the web server and the embedded worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--empty", action="store_true", help="found the training site without its story")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        call_command("migrate", verbosity=0)
        if not Site.objects.exists():
            if not settings.TRAINING:
                raise CommandError("This site is not founded yet. Run ./dev found first.")
            from config.story.telling import found_training_site, tell_opening

            found_training_site()
            if not options["empty"]:
                tell_opening(say=self.stdout.write)
        address = f"http://127.0.0.1:{options['port']}"
        children = [
            subprocess.Popen(command, env=os.environ)  # noqa: S603  our own commands
            for command in (
                [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{options['port']}",
                 "--workers", "1", "--threads", str(WEB_THREADS), "--worker-class", "gthread",
                 "--log-level", "warning", "--no-control-socket"],
                [sys.executable, "manage.py", "worker"],
            )
        ]
        try:
            self._announce(address, children)
            _wait_for(children)
        except KeyboardInterrupt:
            self.stdout.write("Stopping.")
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=20)

    def _announce(self, address: str, children: list["subprocess.Popen[bytes]"]) -> None:
        """Wait until the site answers, then say where it is and who may sign in."""
        for _attempt in range(150):
            if any(child.poll() is not None for child in children):
                raise CommandError("The server ended while it was starting; the lines above say why.")
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310  our own address
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise CommandError(f"Nothing answers at {address} after 15 seconds.")
        self.stdout.write(f"Cellwright answers at {address}")
        if settings.TRAINING:
            from config.story.people import PEOPLE, SECRET

            self.stdout.write("Training site: invented people, one password for all: " + SECRET)
            for person in PEOPLE:
                self.stdout.write(f"  {person.username:<14} {person.words:<22} {person.name}")
        self.stdout.write("Stop with Ctrl-C.")
        self.stdout.flush()


def _wait_for(children: list["subprocess.Popen[bytes]"]) -> None:
    """Return when a child ends or somebody asks us to stop."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
