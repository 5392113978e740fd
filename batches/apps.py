"""Puts this room's acts, checks, panels and work on their lists."""

from django.apps import AppConfig

REGISTER_THEMSELVES = (
    "accepting", "checking", "checks", "clearing", "comparing_paper", "continuity", "correcting", "counting_labels",
    "courses", "deciding_lots", "defining", "end_checks", "ending", "equipment", "fates", "hold_times", "holds",
    "issuing", "leaving_out", "legal_holds", "ordering", "paper_checks", "receiving_lots", "redlines", "shifts",
    "true_copies", "verifying_yields", "witnessing",
)  # fmt: skip


class BatchesConfig(AppConfig):
    name = "batches"

    def ready(self) -> None:
        from importlib import import_module

        from accounts.training_matrix import want_procedures
        from batches import donors
        from batches.pinned import procedures_in_force
        from batches.retention import kept_for
        from batches.views import (
            continuity,
            ends,
            holds,
            keeping,
            labels,
            locked,
            materials,
            panels,
            premises,
            redlines,
            work_panels,
        )
        from chain_of_custody.erasing import register_keeper

        for module in REGISTER_THEMSELVES:
            import_module(f"batches.{module}")
        donors.register()
        for shown in (
            panels, ends, holds, locked, labels, materials, premises, keeping, continuity, redlines, work_panels,
        ):  # fmt: skip
            shown.register()
        register_keeper(kept_for)
        want_procedures(procedures_in_force)
