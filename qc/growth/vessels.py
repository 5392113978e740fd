"""Which bottles and subcultures a reading of a growth test may name."""

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from accounts.wording import record_time
from qc.definitions.growth import GrowthPlan
from qc.definitions.specification import Line
from qc.growth.bottles import BottleReading, Outcome, newest_of
from qc.laboratory.judging import bottle_readings
from qc.models import Reading


def objections_to_vessel(row: Reading, line: Line) -> list[Objection]:
    """Object to a bottle that the plan does not have, and to a subculture that its bottle does not ask for."""
    plan = line.growth
    objections = when(
        plan is not None and plan.bottle(row.replicate) is None,
        _("This test has no bottle %(bottle)s. Its bottles: %(all)s.")
        % {"bottle": row.replicate, "all": _bottles_of(plan)},
        code="no_such_bottle",
        field="replicate",
    )
    if objections or not row.is_subculture:
        return objections
    if plan is None or not plan.subculture_days:
        return when(True, _("The method of this test has no subculture."), code="no_subculture", field="is_subculture")
    return _objections_to_subculture(row, _own_newest(row), line.growth_days)


def _bottles_of(plan: GrowthPlan | None) -> str:
    return ", ".join(f"{one.number} ({one.title})" for one in plan.bottles) if plan else ""


def _own_newest(row: Reading) -> BottleReading | None:
    """Give the last look at the bottle itself."""
    own = Reading.objects.filter(
        batch=row.batch,
        line=row.line,
        member=row.member,
        run=row.run,
        replicate=row.replicate,
        is_subculture=False,
    )
    return newest_of(bottle_readings(own.filter(superseded_by=None))).get((row.replicate, False))


def _objections_to_subculture(row: Reading, own: BottleReading | None, days: int) -> list[Objection]:
    cannot = own is not None and own.outcome is Outcome.CANNOT_JUDGE and own.days >= days
    return [
        *when(
            not cannot,
            _("Bottle %(bottle)s has no subculture: one is made of a bottle that cannot be judged on day %(day)s.")
            % {"bottle": row.replicate, "day": days},
            code="no_subculture",
            field="is_subculture",
        ),
        *when(
            own is not None and cannot and row.began_at is not None and row.began_at < own.read_at,
            _("The subculture would have been made before bottle %(bottle)s was read, %(time)s.")
            % {"bottle": row.replicate, "time": record_time(own.read_at) if own else ""},
            code="too_early",
            field="began_at",
        ),
    ]
