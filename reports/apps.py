"""Puts this room's jobs, checks and panels on their lists."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from reports import checks, issuing, panels  # noqa: F401  importing them has put them on the lists

        panels.register()
