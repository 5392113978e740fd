"""What lapsed while a step ran: lots, equipment and training that were good at its start and are not at its end.

(1) Gates are hard at the start of a step. What lapses afterwards never keeps people from the cells: it is stored, and a
    departure stands beside the signed step.
(2) The end of a step is the signature of its first version; for one that was worked on paper, its last stated time. A
    step that is performed again later is not judged again, because what lapsed since has nothing to do with it.
(3) That equipment needs cleaning after use is no lapse.
"""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person, trained
from batches.definitions.master import Step
from batches.departures import raise_departure
from batches.equipment import STATUS_WORDS, standing_of
from batches.lot_states import why_unfit
from batches.models import Departure, SlotScan, StepPerformed, StepWitnessed
from batches.record import StepRecord


def raise_lapses(step: StepRecord, performed: StepPerformed, *, by: Person) -> list[Departure]:
    """Raise a departure for each thing that lapsed between its scan and the end of the step."""
    if performed.version != 1:
        return []
    times = [row.performed_at for row in step.values_in_force] + [row.performed_at for row in step.scans_in_force]
    end = max(times, default=performed.signed_at) if performed.copy_id else performed.signed_at
    says = [one for scan in step.scans_in_force for one in _lapses_of(scan, end)]
    says += _training_lapses(step.definition, by, end)
    return [
        raise_departure(
            batch=performed.batch,
            kind=Departure.Kind.LAPSE,
            says=_("While step %(step)s ran: %(says)s") % {"step": performed.step, "says": one},
            by=by,
            step=performed.step,
            about=performed,
        )
        for one in dict.fromkeys(says)
    ]


def raise_training_lapse(step: Step, witnessed: StepWitnessed, *, by: Person) -> None:
    """Raise a departure where the training of a witness lapsed since the step began."""
    for says in _training_lapses(step, by, witnessed.signed_at):
        raise_departure(
            batch=witnessed.batch,
            kind=Departure.Kind.LAPSE,
            says=_("While step %(step)s ran: %(says)s") % {"step": step.code, "says": says},
            by=by,
            step=step.code,
            about=witnessed,
        )


def _lapses_of(scan: SlotScan, end: datetime) -> Iterator[str]:
    if scan.lot is not None:
        unit = scan.code if scan.code in scan.lot.units else ""
        why = why_unfit(scan.lot, unit, end)
        if why and not why_unfit(scan.lot, unit, scan.performed_at):
            yield why
    if scan.equipment is not None:
        before = standing_of(scan.equipment, scan.performed_at, with_cleaning=False)
        after = standing_of(scan.equipment, end, with_cleaning=False)
        if before.is_ready and not after.is_ready:
            says = _("%(name)s %(code)s: %(status)s, %(why)s.")
            yield says % {
                "name": scan.equipment.name,
                "code": scan.equipment.code,
                "status": STATUS_WORDS[after.status],
                "why": after.why.rstrip("."),
            }


def _training_lapses(step: Step, by: Person, end: datetime) -> Iterator[str]:
    needed = step.training
    if not trained(by, needed.procedure, str(needed.version), at=end):
        yield _("the training of %(name)s on %(procedure)s version %(version)s lapsed.") % {
            "name": by.name,
            "procedure": needed.procedure,
            "version": needed.version,
        }
