"""Puts this room's acts, checks, panels and work on their lists."""

from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "batches"

    def ready(self) -> None:
        from batches import checking, checks, correcting, defining, issuing, lots, ordering, witnessing
        from batches.views import panels

        modules = (checking, checks, correcting, defining, issuing, lots, ordering, witnessing)
        assert all(modules)  # noqa: S101  importing them has registered them
        panels.register()
