"""Puts this room's acts, checks, panels and work on their lists, and its kind of definition among the kinds."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

REGISTER_THEMSELVES = (
    "release.addenda",
    "release.approving",
    "trends.approving_limits",
    "release.assessing",
    "checks",
    "out_of_specification.concluding",
    "trends.control_lots",
    "out_of_specification.correcting_actions",
    "trends.deciding_runs",
    "release.disposition",
    "dose.determining",
    "out_of_specification.invalidating",
    "out_of_specification.investigating",
    "release.leaving",
    "release.notifying",
    "out_of_specification.checks",
    "release.outside",
    "laboratory.reviewing",
    "review_by_exception.checks",
    "review_by_exception.judging_exceptions",
    "review_by_exception.reviewing_trail",
    "release.reviewing_record",
    "laboratory.testing",
    "trends.checks",
    "trends.limits",
    "trends.signals",
)


class QcConfig(AppConfig):
    name = "qc"

    def ready(self) -> None:
        from accounts.access import tell_moments
        from accounts.panels import Panel, register_panel, register_work
        from accounts.roles import Permission
        from batches.definitions.kinds import DefinitionKind, register_kind
        from qc.definitions.reading import read_specification
        from qc.release.deciders import decisions_signed
        from qc.specifying import disagreements_of, product_of, unfilled_of, warnings_of
        from qc.trends.work import trend_work_of
        from qc.views.dose import dose_panel, dose_work_of
        from qc.views.panels import disposition_panel, open_facts_of, open_lines, tests_panel
        from qc.work import work_of

        register_kind(
            DefinitionKind("specification", read_specification, product_of, disagreements_of, unfilled_of, warnings_of)
        )
        for module in REGISTER_THEMSELVES:
            import_module(f"qc.{module}")
        reads = Permission.RECORD_READ
        tests = Panel(_("QC results"), "release-tests", reads, tests_panel, open_lines, on_overview=True)
        decision = Panel(
            _("Disposition"), "disposition", reads, disposition_panel, open_facts_of, on_overview=True, beside=True
        )
        dose = Panel(_("Dose"), "dose", reads, dose_panel)
        register_panel("batch", tests)
        register_panel("batch", dose)
        register_panel("batch", decision)
        register_work(work_of)
        register_work(dose_work_of)
        register_work(trend_work_of)
        tell_moments(decisions_signed)
