"""Every line of a batch that does not conform, as a physician and everybody who signs is shown it.

(1) They are computed from the release panel, never typed: value, limit and where the line stands.
(2) What is not known is listed like what fails: unknown is never a pass.
(3) A line that is a test of identity is never supplied with, and neither are cells whose chain of identity is broken.
"""

from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from accounts.acts import Line
from accounts.refusal import Objection, when
from batches.models import Batch, Departure
from chain_of_custody.models import Container, IdentityCheck
from qc.models import FactAssessment
from qc.panel import PanelLine
from qc.record_read import RecordRead
from qc.release.notifying import found_against
from qc.values.verdicts import Verdict

IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line that does not conform, as it is shown and stored."""

    line: str
    title: str
    criterion: str
    result: str
    standing: str
    is_failing: bool

    def stated(self) -> dict[str, str | bool]:
        """Give what a row keeps of it."""
        return asdict(self)

    @property
    def words(self) -> str:
        """Its name, its limit, and what was found."""
        return f"{self.title}, {self.criterion}: {self.result} ({self.standing})"

    @property
    def status(self) -> str:
        return "fail" if self.is_failing else "wait"


def shown_lines(batch: Batch, read: RecordRead | None = None) -> tuple[ShownLine, ...]:
    """Give every line that does not conform now, those that fail first, each in the order of the specification."""
    read = read or RecordRead(batch)
    against = found_against(batch, read.rows)
    found = [_shown(line, against) for line in read.panel if not line.conforms or line.code in against]
    return tuple(sorted(found, key=lambda one: not one.is_failing))


def _shown(line: PanelLine, against: dict[str, str]) -> ShownLine:
    fails = line.verdict == Verdict.FAILS.value
    grown = line.code in against and not fails
    return ShownLine(
        line=line.code,
        title=line.title,
        criterion=line.criterion_words,
        result=_("growth was seen") if grown else line.result_words,
        standing=_("Out of specification") if fails or grown else line.status_words,
        is_failing=fails or grown,
    )


def stated(lines: tuple[ShownLine, ...]) -> list[dict[str, str | bool]]:
    """Give lines as a row keeps them."""
    return [one.stated() for one in lines]


def as_shown(kept: list[dict[str, str | bool]]) -> tuple[ShownLine, ...]:
    """Give lines back as a row kept them."""
    return tuple(ShownLine(**each) for each in kept)  # type: ignore[arg-type]  # as `stated` wrote them


def lines_to_sign(lines: tuple[ShownLine, ...]) -> list[Line]:
    """Give the lines as a signer reads them."""
    return [Line(f"{one.title}, {one.criterion}", f"{one.result} ({one.standing})", one.status) for one in lines]


def objections_to_ever_supplying(batch: Batch, read: RecordRead | None = None) -> list[Objection]:
    """Give what nobody may supply in spite of: a failing test of identity, a broken chain of identity or custody."""
    read = read or RecordRead(batch)
    against = found_against(batch, read.rows)
    of_identity = [
        line for line in read.panel if IDENTITY in line.line.covers and (not line.conforms or line.code in against)
    ]
    others = Container.objects.filter(assignment__batch_number=batch.number).exclude(coi=batch.coi)
    return [
        *(
            Objection(
                _("%(title)s is a test of identity and does not conform. Cells of uncertain identity go to nobody.")
                % {"title": line.title},
                code="identity",
                field=line.code,
                url=line.url,
            )
            for line in of_identity
        ),
        *when(
            others.exists(),
            _("A container of this batch belongs to another chain of identity. It goes to nobody."),
            code="identity",
        ),
        *(one for one in read.against_custody if one.code == "custody_contradiction"),
        *(
            Objection(
                _("Quality assurance proposed to refuse the batch for a mismatch of identity: %(conclusion)s")
                % {"conclusion": row.conclusion},
                code="identity",
            )
            for row in _refused_for_identity(batch)
        ),
    ]


def _refused_for_identity(batch: Batch) -> list[FactAssessment]:
    mismatches = {
        str(pk)
        for pk in Departure.objects.filter(batch=batch, kind=Departure.Kind.MISMATCH).values_list("pk", flat=True)
    }
    refused = FactAssessment.objects.filter(batch=batch, decision=FactAssessment.Decision.REJECT)
    return [row for row in refused if row.fact_type == IdentityCheck.record_type() or str(row.fact_id) in mismatches]
