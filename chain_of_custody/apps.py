"""Puts this room's acts, checks, panels and work on their lists."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

REGISTER_THEMSELVES = (
    "attesting", "checks", "collecting", "donor_testing", "erasing", "handing_over", "taking_over",
    "temperature.checks",
)  # fmt: skip


class ChainOfCustodyConfig(AppConfig):
    name = "chain_of_custody"

    def ready(self) -> None:
        from accounts.panels import Panel, register_panel, register_work
        from accounts.roles import Permission
        from accounts.scanning import register_resolver
        from chain_of_custody.labels import page_of
        from chain_of_custody.views.custody import links_of_batch, panel
        from chain_of_custody.waiting import work_of

        for module in REGISTER_THEMSELVES:
            import_module(f"chain_of_custody.{module}")
        register_panel("batch", Panel(_("Custody"), "custody", Permission.RECORD_READ, panel, links_of_batch))
        register_work(work_of)
        register_resolver(page_of)
