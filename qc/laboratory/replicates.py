"""How often a value is recorded: once, or as often as its method reads it.

Further replicates are read only where the method says so and those before lie too far apart: a value is not measured
again until it pleases. None that was recorded is ever left out.
"""

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from qc.definitions.method import MethodDefinition
from qc.definitions.specification import Line
from qc.laboratory.judging import InForce, method_of, workings_of
from qc.models import Reading


def objections_to_another(row: Reading, line: Line, methods: InForce) -> list[Objection]:
    """Give the reasons against a value that is no growth test: it is there already, or a replicate too many."""
    readings = list(Reading.objects.filter(batch=row.batch_id, line=row.line, run=row.run, superseded_by=None))
    there = [one for one in readings if one.member == row.member]
    method = method_of(line, row.member, methods)
    if method is None:
        return when(bool(there), recorded_already(), code="recorded", field="typed")
    further = any(working.is_beyond for working in workings_of(line, readings, methods).values())
    begun = any(one.replicate == row.replicate for one in readings)
    return [
        *when(row.replicate in {one.replicate for one in there}, recorded_already(), code="recorded", field="typed"),
        *objections_to_number(row.replicate, method.says, further=further or begun),
    ]


def recorded_already() -> str:
    """Say that a value stands, and how it is changed."""
    return _("This value is recorded already. Correct it with a reason instead.")


def objections_to_number(number: int, method: MethodDefinition, *, further: bool) -> list[Objection]:
    """Give the reasons against a replicate of this number; `further` tells whether more than the first are read."""
    stated = method.replicates
    return [
        *when(
            number > stated.allowed,
            _("%(method)s reads this value %(number)s times. Correct a replicate with a reason instead.")
            % {"method": method.words, "number": stated.allowed},
            code="replicate",
            field="replicate",
        ),
        *when(
            stated.wanted < number <= stated.allowed and not further,
            _("%(method)s reads further replicates only where the first %(number)s lie too far apart.")
            % {"method": method.words, "number": stated.wanted},
            code="replicate",
            field="replicate",
        ),
    ]
