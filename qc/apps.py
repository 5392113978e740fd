"""Puts this room's acts, checks, panels and work on their lists, and its kind of definition among the kinds."""

from django.apps import AppConfig


class QcConfig(AppConfig):
    name = "qc"

    def ready(self) -> None:
        from batches.definitions.kinds import DefinitionKind, register_kind
        from qc import approving, assessing, checks, disposition, reviewing, testing
        from qc.definitions.reading import read_specification
        from qc.specifying import product_of

        register_kind(DefinitionKind("specification", read_specification, product_of))
        # Importing them has put their acts and checks on the lists.
        assert approving and assessing and checks and disposition and reviewing and testing  # noqa: S101
