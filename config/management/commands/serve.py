"""`./dev serve`: a site on this machine with nothing but Python; a training site is founded when there is none.

A new training site answers as soon as its people are known; its story is written while one can look around already.
The worker starts afterwards, so that nothing is entered at the present time while the past is still being told.
"""

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.story import waiting
from config.story.people import PEOPLE, SECRET
from config.story.telling import found_training_site, tell_opening
from ledger.models import Site

WEB_THREADS = 8
GUNICORN = (
    "--workers", "1", "--threads", str(WEB_THREADS), "--worker-class", "gthread", "--log-level", "warning",
    "--no-control-socket",
)  # fmt: skip


LONGEST_START_SECONDS = 60


class Command(BaseCommand):
    help = "Serve this site: the web server and the embedded worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--empty", action="store_true", help="found the training site without its story")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        call_command("migrate", verbosity=0)
        waiting.forget_interrupted()
        is_new = not Site.objects.exists()
        if is_new:
            if not settings.TRAINING:
                raise CommandError("This site is not founded yet. Run ./dev found first.")
            self._say("Founding a training site ...")
            found_training_site()
        signal.signal(signal.SIGTERM, _stop)
        children: list[subprocess.Popen[bytes]] = []
        try:
            if is_new and not options["empty"]:
                with waiting.while_told():
                    self._start_web(options["port"], children)
                    self._say("You can look around already; entering and signing opens when the story is written.")
                    tell_opening(say=self._say)
            else:
                self._start_web(options["port"], children)
            children.append(_child("manage.py", "worker"))
            _wait_for(children)
            raise CommandError("A process of the site ended by itself; the lines above say why.")
        except KeyboardInterrupt:
            self._say("Stopping.")
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=20)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _start_web(self, port: int, children: list["subprocess.Popen[bytes]"]) -> None:
        """Start the web server and say where it answers, once it does."""
        bind = f"127.0.0.1:{port}"
        children.append(_child("-m", "gunicorn", "config.wsgi", "--bind", bind, *GUNICORN))
        self._announce(port, children)

    def _announce(self, port: int, children: list["subprocess.Popen[bytes]"]) -> None:
        """Wait until the site answers, then say where it is and who may sign in."""
        deadline = time.monotonic() + LONGEST_START_SECONDS
        while not _answers(port):
            if any(child.poll() is not None for child in children):
                raise CommandError("The server ended while it was starting; the lines above say why.")
            if time.monotonic() > deadline:
                raise CommandError(f"Nothing answers at port {port} after {LONGEST_START_SECONDS} seconds.")
            time.sleep(0.1)
        self.stdout.write(f"Cellwright answers at http://127.0.0.1:{port}")
        if settings.TRAINING:
            self.stdout.write("Training site: invented people, one password for all: " + SECRET)
            for person in PEOPLE:
                self.stdout.write(f"  {person.username:<14} {person.words:<22} {person.name}")
        self.stdout.write("Stop with Ctrl-C.")
        self.stdout.flush()


def _answers(port: int) -> bool:
    """Tell whether the site says that it is ready."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _child(*command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, *command], env=os.environ)  # noqa: S603  our own commands


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _wait_for(children: list["subprocess.Popen[bytes]"]) -> None:
    """Return when a child ends or somebody asks us to stop."""
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
