"""Puts this room's acts and checks on their lists."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Importing them registers them.
        for module in (
            "access_review",
            "alarming",
            "alarms",
            "checks",
            "key_life",
            "incident_acts",
            "incident_checks",
            "people_acts",
            "station_acts",
            "token_acts",
            "training_acts",
        ):
            import_module(f"accounts.{module}")
        from accounts.access_asked import access_work_for
        from accounts.alarms import alarms_for
        from accounts.panels import register_work
        from accounts.work import approvals_for, incidents_for

        register_work(alarms_for)
        register_work(approvals_for)
        register_work(incidents_for)
        register_work(access_work_for)
