"""Puts this room's acts and checks on their lists."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, people_acts, station_acts, token_acts

        assert checks and people_acts and station_acts and token_acts  # noqa: S101  importing them has registered them
