"""Puts this room's jobs, checks and panels on their lists."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from reports import checks, issuing, panels

        panels.register()
        assert checks and issuing  # noqa: S101, PT018  importing them has put them on the lists
