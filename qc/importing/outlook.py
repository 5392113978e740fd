"""What a test would say with the values of a file, worked out by what works out the page of the test.

Nothing is written: the readings that a file gives are laid beside those in force, and the line is asked as it would
stand then. What is still missing is named, and nothing that is missing is a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from batches.models import Batch
from qc.laboratory.testing import judgement_of
from qc.methods.asked_for import missing_replicates
from qc.methods.words import Told, as_told
from qc.models import Reading
from qc.panel import PanelLine, panel_line
from qc.values.criteria import Judgement


@dataclass(frozen=True, slots=True)
class Outlook:
    """A line as it would stand with further readings, and how it would be judged."""

    line: PanelLine
    judgement: Judgement
    workings: tuple[Told, ...]
    missing: tuple[str, ...]  # what is still to be entered, in words

    def told(self) -> dict[str, object]:
        """Give it in plain values, whole."""
        return {
            "verdict": self.judgement.verdict.value,
            "reported": self.judgement.reported,
            "unrounded": self.judgement.unrounded,
            "why": self.judgement.why,
            "missing": list(self.missing),
            "workings": list(self.workings),
        }


def outlook_of(batch: Batch, line: str, further: Sequence[Reading]) -> Outlook:
    """Give what the test of a line would say if these readings were recorded, too."""
    found = panel_line(batch, line)
    assert found is not None  # noqa: S101  whoever chose the line found it in the specification
    found = replace(found, readings=(*found.readings, *further))
    return Outlook(
        line=found,
        judgement=judgement_of(batch, found),
        workings=tuple(as_told(code, working) for code, working in found.workings.items()),
        missing=tuple(_missing(found)),
    )


def _missing(found: PanelLine) -> list[str]:
    """Name each value that is still to be entered once, with the replicates in which it is missing."""
    numbers: dict[str, list[str]] = {}
    for code, number in missing_replicates(found):
        numbers.setdefault(code, []).extend([str(number)] if number else [])
    titles = found.value_titles
    says = _("%(title)s, replicate %(numbers)s")
    return [
        says % {"title": titles.get(code, code), "numbers": ", ".join(which)} if which else titles.get(code, code)
        for code, which in numbers.items()
    ]
