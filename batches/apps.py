"""Puts this room's acts, checks, panels and work on their lists."""

from django.apps import AppConfig

REGISTER_THEMSELVES = (
    "checking", "checks", "correcting", "defining", "issuing", "legal_holds", "lots", "ordering", "true_copies",
    "witnessing",
)  # fmt: skip


class BatchesConfig(AppConfig):
    name = "batches"

    def ready(self) -> None:
        from importlib import import_module

        from batches.retention import kept_for
        from batches.views import keeping, panels
        from chain_of_custody.erasing import register_keeper

        for module in REGISTER_THEMSELVES:
            import_module(f"batches.{module}")
        panels.register()
        keeping.register()
        register_keeper(kept_for)
