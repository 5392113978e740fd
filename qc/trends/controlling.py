"""Assay controls: each measurement is stored as typed, then judged by the rules for controls.

(1) A measurement is a fact: it is stored whatever it says, and the verdict comes back with it. It isn't corrected; one
    that was typed wrongly is a run that is rejected for that reason, and the control is measured or typed anew.
(2) Runs count in the order in which they were recorded. The rows of the rules begin anew after a run whose rejection
    was signed before the next was recorded: what made it fail was looked for by then.
(3) The warning alone rejects nothing; each other rule does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Person
from accounts.parsing import MomentField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.equipment import why_unfit
from batches.models import Equipment
from batches.turns import take_turn
from ledger import clock
from ledger.typed_numbers import TypedNumberError, read_number
from ledger.writing import write, writing
from qc.models import ControlLot, ControlMeasurement, RunDecision
from qc.trends.chart_statistics import in_sds
from qc.trends.control_lots import TURN
from qc.trends.control_rules import Westgard, rejects, westgard


class MeasurementInput(StrictSerializer[dict[str, object]]):
    """One measurement of a control."""

    id = serializers.UUIDField()
    typed = TextField(max_length=40)
    equipment = TextField(max_length=30, required=False, default="", help_text="code of the instrument")
    performed_at = MomentField(required=False, allow_null=True, default=None)
    remark = TextField(max_length=300, required=False, default="")


@dataclass(frozen=True, slots=True)
class Run:
    """A measurement with what the rules say of it, and the decision where there is one."""

    measurement: ControlMeasurement
    sds: Decimal
    rules: tuple[Westgard, ...]
    decision: RunDecision | None

    @property
    def is_rejected_by_rule(self) -> bool:
        return rejects(self.rules)

    @property
    def rule_words(self) -> str:
        return ", ".join(rule.value for rule in self.rules)

    @property
    def status(self) -> str:
        """The status to show: a run without a decision waits, however good it looks."""
        if self.is_rejected_by_rule or (self.decision and self.decision.decision == RunDecision.Decision.REJECTED):
            return "fail"
        if self.decision is None:
            return "wait"
        return "warn" if self.rules else "pass"

    @property
    def status_words(self) -> str:
        if self.decision is not None:
            rejected = self.decision.decision == RunDecision.Decision.REJECTED
            return _("Run rejected") if rejected else _("Run accepted")
        return _("Reject the run") if self.is_rejected_by_rule else _("Waits for a decision")


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement that was stored, what the rules say of it, and why its instrument was not fit for use then."""

    run: Run
    unfit: str


def runs_of(lot: ControlLot) -> list[Run]:
    """Give every run of a control in order, each judged as it was when it was recorded."""
    rows = list(lot.measurements.select_related("decision", "equipment").order_by("run"))
    return judged_runs(lot, rows)


def judged_runs(lot: ControlLot, rows: Sequence[ControlMeasurement]) -> list[Run]:
    """Judge the measurements of a lot, given whole and in order."""
    places = [in_sds(row.number, mean=lot.spread.mean, sd=lot.spread.sd) for row in rows]
    runs = []
    for at, row in enumerate(rows):
        rules = westgard(places[min(row.counted_from - 1, at) : at + 1])
        runs.append(Run(row, places[at], rules, getattr(row, "decision", None)))
    return runs


def _counts_from(lot: ControlLot) -> int:
    """Give the first run that the rules look at now: the one after the last whose rejection was signed."""
    rejected = lot.measurements.filter(decision__decision=RunDecision.Decision.REJECTED).order_by("-run").first()
    return rejected.run + 1 if rejected else 1


def run_of(measurement: ControlMeasurement) -> Run:
    """Give one run as the rules judge it."""
    return next(run for run in runs_of(measurement.lot) if run.measurement.pk == measurement.pk)


def measurement_from(lot: ControlLot, data: dict[str, object], *, by: Person, comma_allowed: bool = False) -> Measured:
    """Store a measurement from what a form or a program sent, already parsed as MeasurementInput."""
    code = str(data["equipment"])
    equipment = Equipment.objects.prefetch_related("events").filter(code=code).first() if code else None
    if code and equipment is None:
        says = _("No equipment has the code %(code)s.") % {"code": code}
        raise BadInput(Objection(says, code="unknown_equipment", field="equipment"))
    return record_measurement(
        lot=lot,
        typed=str(data["typed"]),
        equipment=equipment,
        performed_at=data["performed_at"],  # type: ignore[arg-type]  # as MeasurementInput read it
        remark=str(data["remark"]),
        by=by,
        id=data["id"],  # type: ignore[arg-type]  # as above
        comma_allowed=comma_allowed,
    )


def record_measurement(
    *,
    lot: ControlLot,
    typed: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    equipment: Equipment | None = None,
    performed_at: datetime | None = None,
    remark: str = "",
    comma_allowed: bool = False,
) -> Measured:
    """Store one measurement as typed and give it with its verdict; the same id with the same content comes again."""
    refuse_if(lacks(by, Permission.RESULT_ENTER))
    try:
        value = read_number(typed, comma_allowed=comma_allowed)
    except TypedNumberError as error:
        raise BadInput(Objection(str(error), code="bad_input", field="typed")) from None
    said: dict[str, object] = {
        "lot_id": lot.pk,
        "typed": typed,
        "equipment_id": equipment.pk if equipment else None,
        "remark": remark,
    }
    said |= {"performed_at": performed_at} if performed_at else {}
    with writing():
        take_turn(TURN)
        row = recorded_before(ControlMeasurement, id, said, by=by)
        if row is None:
            lot = ControlLot.objects.select_related("approval").get(pk=lot.pk)
            refuse_if(
                when(
                    not hasattr(lot, "approval"),
                    _("The limits of %(code)s are not approved yet. A run needs an approved control.")
                    % {"code": lot.code},
                    code="not_approved",
                )
            )
            row = ControlMeasurement(
                id=id,
                lot=lot,
                run=lot.measurements.count() + 1,
                counted_from=_counts_from(lot),
                typed=typed,
                value=value,
                unit=lot.unit,
                equipment=equipment,
                performed_at=performed_at or clock.now(),
                remark=remark,
            )
            write(row, type="control.measured", actor=by.reference)
        return Measured(run_of(row), why_unfit(equipment, row.performed_at) if equipment else "")
