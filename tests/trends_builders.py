"""Many batches with one reviewed line, and controls with their runs, made by the real acts."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import Person, Signed
from accounts.roles import Role
from batches.models import Batch
from ledger import clock
from ledger.models import Site
from qc.models import ControlLot, ControlMeasurement, Result, TrendLimits
from qc.trends.controlling import Measured, record_measurement
from tests.people import a_person, do, fresh
from tests.qc_builders import Laboratory

PRODUCT, LINE = "PROD-CD19", "viability_percent"
# Twelve values around 93 without a pattern: their limits lie at about 87 and 99.
CALM = ("93.1", "94.6", "92.0", "95.2", "93.9", "91.5", "92.8", "94.9", "93.3", "91.2", "94.1", "92.4")


class TrendWorld(Laboratory):
    """A laboratory whose batches have one line each, reviewed, in order."""

    def __init__(self, values: Sequence[str] = CALM) -> None:
        clock.tell(clock.machine_now() - timedelta(days=20))
        super().__init__()
        self.other_reviewer = a_person(Role.QC_REVIEWER)
        self.made: list[Batch] = []
        first, *others = values
        self.with_value(first, self)
        for value in others:
            self.another(value)
        clock.end_story()

    def another(self, value: str) -> Batch:
        """One more batch with its value of the line."""
        return self.with_value(value, self.beside())

    def with_value(self, value: str, laboratory: Laboratory) -> Batch:
        """The batch of a laboratory with its value of the line, reviewed."""
        laboratory.reviewed(laboratory.tested(LINE, **{LINE: value}))
        self.made.append(laboratory.batch)
        return laboratory.batch

    def result(self, batch: Batch) -> Result:
        """The newest result of a batch."""
        return Result.objects.filter(batch=batch, line=LINE).latest("version")

    def limits(self, batches: Sequence[Batch] | None = None, *, by: Person | None = None) -> TrendLimits:
        """Limits prepared by the reviewer from batches, all of them where none are named."""
        row = do(
            "trend_limits.prepare",
            Site.objects.get(),
            by=fresh(by or self.reviewer),
            product=PRODUCT,
            line=LINE,
            batches=[one.number for one in (self.made if batches is None else batches)],
        )
        assert isinstance(row, TrendLimits)
        return row

    def approved_limits(self, batches: Sequence[Batch] | None = None) -> TrendLimits:
        """Limits that quality assurance approved."""
        row = self.limits(batches)
        do("trend_limits.approve", row, by=fresh(self.qa))
        return TrendLimits.objects.get(pk=row.pk)


CONTROL: dict[str, Any] = {  # Any: an intent of plain values
    "code": "FC-01-2231",
    "title": "Control bead, viability",
    "method": "TM-QC-021",
    "material_lot": "CB-2231",
    "unit": "%",
    "mean": "90.0",
    "sd": "2.0",
    "n": 40,
    "reference": "Certificate of the maker, lot CB-2231",
}


def prepared_control(*, by: Person, **other: Any) -> ControlLot:
    """A control that waits for its approval."""
    row = do("control.prepare", Site.objects.get(), by=by, **(CONTROL | other))
    assert isinstance(row, ControlLot)
    return row


def approved_control(*, by: Person, approved_by: Person, **other: Any) -> ControlLot:
    """A control that decides on runs."""
    row = prepared_control(by=by, **other)
    do("control.approve", row, by=approved_by)
    return ControlLot.objects.select_related("approval").get(pk=row.pk)


def measured(lot: ControlLot, sds: str, *, by: Person, **options: object) -> Measured:
    """A measurement so many assigned standard deviations from the mean."""
    value = lot.spread.mean + lot.spread.sd * Decimal(sds)
    return record_measurement(
        lot=lot,
        typed=f"{value:.2f}",
        by=by,
        id=uuid4(),
        **options,  # type: ignore[arg-type]  # as given
    )


def decided(measurement: ControlMeasurement, decision: str, *, by: Person, reason: str = "") -> Signed:
    """A run that was decided on."""
    return do("control.decide", measurement, by=by, decision=decision, reason=reason)
