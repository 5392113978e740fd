"""A result keeps what it rests on besides its readings, in the transaction that writes it."""

from accounts.models import Person
from ledger.writing import write
from qc.methods.at_the_bench import Bench, at_the_bench
from qc.methods.words import as_told, beyond_words, check_title
from qc.models import Result, ResultBasis
from qc.panel import PanelLine


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
