"""A result keeps what it rests on besides its readings, in the transaction that writes it.

Whoever calculates on with the number of a line, such as the dose, takes it from here: a reading alone may be one of
several replicates, or one of several inputs.
"""

from dataclasses import dataclass
from uuid import UUID

from accounts.models import Person
from ledger.writing import write
from qc.methods.at_the_bench import Bench, at_the_bench
from qc.methods.words import as_told, beyond_words, check_title
from qc.models import Reading, Result, ResultBasis
from qc.panel import PanelLine
from qc.values.quantities import as_stored, from_stored


def write_basis(result: Result, found: PanelLine, *, by: Person) -> ResultBasis | None:
    """Write how the values of a result were worked out and what the bench recorded; nothing without a method."""
    bench = at_the_bench(result.batch, found)
    if not bench.methods:
        return None
    basis = ResultBasis(
        batch=result.batch,
        result=result,
        workings=[as_told(code, working) for code, working in found.workings.items()],
        bench=bench.ids,
        flags=flags_of(bench, found),
    )
    return write(basis, type="result.basis", actor=by.reference)


def flags_of(bench: Bench, found: PanelLine) -> list[str]:
    """Give everything of a run that was beyond a limit of its method, one sentence each."""
    methods = {method.row.pk: method.says for method in bench.methods}
    return [
        *(beyond_words(found.title, one) for one in bench.beyond),
        *(f"{check_title(methods[row.method_id], row)}: {row.why}" for row in bench.failed),
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """The number that a result gives for its line, at the scale of its readings; empty where it gives none."""

    typed: str
    unit: str
    exponent: int
    basis: UUID | None  # where it was worked out; None where it is a reading as typed


def given_by(result: Result, newest: Reading, *, exponent: int) -> Given:
    """Give the number of a result: the mean of its method where it has one, else its newest reading as typed."""
    basis = ResultBasis.objects.filter(result=result).first()
    if basis is None:
        return Given(newest.typed, newest.unit, newest.exponent, None)
    told = next((one for one in basis.workings if one["member"] == result.line), None)
    # Where one replicate gave no result there is no working, and no other replicate stands for the whole.
    mean = from_stored(told["number"], told["unit"]) if told else None
    return Given(as_stored(mean, exponent=exponent) if mean else "", mean.unit if mean else "", exponent, basis.pk)
