"""Puts this room's acts and checks on their lists."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Importing them registers them.
        for module in ("checks", "people_acts", "station_acts", "token_acts", "training_acts"):
            import_module(f"accounts.{module}")
        from accounts.panels import register_work
        from accounts.work import approvals_for

        register_work(approvals_for)
