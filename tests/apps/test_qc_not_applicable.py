"""A line that is not applicable to a product: it says why, asks for nothing, and takes no result."""

import re

import pytest

from accounts.refusal import Refused
from batches.models import Definition
from ledger import clock
from qc.models import Reading
from qc.work import work_of
from reports.stated_results import result_lines
from tests.batches_builders import FILES
from tests.qc_builders import Laboratory

LINE = "adventitious_viruses"
REASON = "no viral vector"


class WithoutTheLine(Laboratory):
    """A laboratory whose specification has a line that is not applicable."""

    def defined(self, kind: str, source: str = "") -> Definition:
        if kind == "specification":
            shipped = FILES[kind].read_text(encoding="utf-8")
            source, changed = re.subn(
                rf"(  - code: {LINE}\n.*?)criterion: {{kind: not_detected}}\n    release: before",
                rf"\1criterion: {{kind: not_applicable, reason: {REASON}}}\n    release: information",
                shipped,
                flags=re.S,
            )
            assert changed == 1
        return super().defined(kind, source)


@pytest.mark.django_db
def test_a_line_that_is_not_applicable_says_why_and_takes_no_result() -> None:
    laboratory = WithoutTheLine()
    line = laboratory.line(LINE)

    assert line.criterion_words == f"Not applicable: {REASON}"
    assert not line.is_open
    assert line.conforms

    laboratory.sample_for(LINE)
    waiting = {task.title for task in work_of(laboratory.analyst)}
    assert line.title not in waiting
    assert "Mycoplasma" in waiting  # of the same sample

    with pytest.raises(Refused, match=f"takes no result. Not applicable: {REASON}"):
        laboratory.read(LINE, "not_detected")
    assert not Reading.objects.filter(line=LINE).exists()
    with pytest.raises(Refused):
        laboratory.submitted(LINE)

    (printed,), _notes = result_lines([line], at=clock.now())
    assert (printed.result, printed.evaluation.code) == ("Not applicable", "not_applicable")
