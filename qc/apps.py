"""Puts this room's acts, checks, panels and work on their lists, and its kind of definition among the kinds."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

REGISTER_THEMSELVES = (
    "after_release.checks",
    "after_release.comparing",
    "after_release.complaining",
    "after_release.following_up",
    "after_release.fractions",
    "after_release.missing",
    "after_release.reporting",
    "after_release.returning",
    "release.addenda",
    "release.approving",
    "trends.approving_limits",
    "release.assessing",
    "checks",
    "out_of_specification.concluding",
    "contract_laboratory.checks",
    "contract_laboratory.comparing",
    "contract_laboratory.entering",
    "contract_laboratory.submitting",
    "trends.control_lots",
    "out_of_specification.correcting_actions",
    "trends.deciding_runs",
    "release.disposition",
    "dose.determining",
    "out_of_specification.invalidating",
    "out_of_specification.investigating",
    "importing.checks",
    "release.leaving",
    "release.notifying",
    "out_of_specification.checks",
    "methods.checks",
    "release.outside",
    "laboratory.reviewing",
    "review_by_exception.checks",
    "review_by_exception.judging_exceptions",
    "review_by_exception.reviewing_trail",
    "release.reviewing_record",
    "supply.asking",
    "supply.checks",
    "supply.deciding",
    "supply.evaluating",
    "supply.labelling",
    "supply.naming",
    "supply.stating",
    "supply.telling",
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
        from qc.after_release.work import after_release_work_of
        from qc.contract_laboratory.work import certificate_work_of
        from qc.definitions.method_reading import read_method
        from qc.definitions.reading import read_specification
        from qc.release.deciders import decisions_signed
        from qc.specifying import (
            disagreements_of,
            methods_not_here,
            product_of,
            unfilled_of,
            unfilled_of_method,
            warnings_of,
        )
        from qc.supply.work import supply_work_of
        from qc.trends.work import trend_work_of
        from qc.views.after_release import after_release_panel, count_after_release
        from qc.views.dose import dose_panel, dose_work_of
        from qc.views.panels import disposition_panel, open_facts_of, open_lines, tests_panel
        from qc.work import work_of

        register_kind(
            DefinitionKind(
                "specification",
                read_specification,
                product_of,
                disagreements_of,
                unfilled_of,
                warnings_of,
                methods_not_here,
            )
        )
        # A method belongs to the site; specifications of any product name it.
        register_kind(DefinitionKind("method", read_method, lambda _method: "", unfilled=unfilled_of_method))
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
        afterwards = Panel(_("After release"), "after-release", reads, after_release_panel, count_after_release)
        register_panel("batch", afterwards)
        register_work(work_of)
        register_work(certificate_work_of)
        register_work(dose_work_of)
        register_work(supply_work_of)
        register_work(trend_work_of)
        register_work(after_release_work_of)
        tell_moments(decisions_signed)
