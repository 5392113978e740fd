"""Puts this room's jobs, checks and panels on their lists."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from accounts.panels import register_work
        from reports import (  # noqa: F401  importing puts them on the lists
            checks,
            continuity,
            copying,
            inspecting,
            issuing,
            labels,
            panels,
        )

        panels.register()
        register_work(inspecting.work)
