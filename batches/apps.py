"""Puts this room's acts, checks, panels and work on their lists."""

from django.apps import AppConfig

REGISTER_THEMSELVES = (
    "checking", "checks", "correcting", "counting_labels", "courses", "end_checks", "ending", "fates",
    "defining", "issuing", "legal_holds", "ordering", "redlines", "true_copies",
    "witnessing", "continuity", "comparing_paper", "paper_checks",
    "clearing", "deciding_lots", "equipment", "receiving_lots",
    "accepting", "holding", "leaving_out", "shifts", "verifying_yields",
)  # fmt: skip


class BatchesConfig(AppConfig):
    name = "batches"

    def ready(self) -> None:
        from importlib import import_module

        from batches import donors
        from batches.retention import kept_for
        from batches.views import continuity, ends, keeping, labels, locked, materials, panels, premises, redlines
        from chain_of_custody.erasing import register_keeper

        for module in REGISTER_THEMSELVES:
            import_module(f"batches.{module}")
        panels.register()
        ends.register()
        locked.register()
        donors.register()
        labels.register()
        materials.register()
        premises.register()
        keeping.register()
        continuity.register()
        redlines.register()
        register_keeper(kept_for)
