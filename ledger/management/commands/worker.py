"""The embedded worker: delivers what is owed and sees to the site's own checks, for sites without a broker."""

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from ledger import outbox, watching

WATCH_SECONDS = 60.0


class Command(BaseCommand):
    help = "Deliver owed work until stopped (the worker of a site without a broker)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is due now, then stop")
        parser.add_argument("--pause", type=float, default=1.0, help="seconds between two looks (default 1)")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watched = -WATCH_SECONDS
        while not stop.is_set():
            close_old_connections()
            if not options["once"] and time.monotonic() - watched >= WATCH_SECONDS:
                watched = time.monotonic()
                watching.watch()
            done = outbox.sweep()
            if options["once"] and not done:
                return
            if not done:
                stop.wait(options["pause"])
