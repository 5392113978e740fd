"""The release panel: each line of the specification with its criterion, its result and where it stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from batches.models import Batch
from batches.weights import verified_weight
from qc.definitions.specification import Line, Release
from qc.models import Reading, Result, ResultReview
from qc.specifying import criterion_of, specification_of
from qc.verdicts import Verdict


class Standing(Enum):
    """How far a line has come."""

    NOTHING = "nothing"
    READINGS = "readings"
    ENTERED = "entered"
    REVIEWED = "reviewed"


PASSES = frozenset({Verdict.MEETS.value, Verdict.REPORT_ONLY.value, Verdict.NOT_APPLICABLE.value})
STATUS = {
    Verdict.MEETS.value: "pass",
    Verdict.REPORT_ONLY.value: "none",
    Verdict.NOT_APPLICABLE.value: "none",
    Verdict.FAILS.value: "fail",
    Verdict.INDETERMINATE.value: "warn",
    Verdict.PENDING.value: "wait",
}


def verdict_words(verdict: str) -> str:
    """Give the words of a verdict as pages and documents use them."""
    return {
        Verdict.MEETS.value: _("Conforms"),
        Verdict.FAILS.value: _("Out of specification"),
        Verdict.INDETERMINATE.value: _("Indeterminate"),
        Verdict.PENDING.value: _("Pending"),
        Verdict.REPORT_ONLY.value: _("Report only"),
        Verdict.NOT_APPLICABLE.value: _("Not applicable"),
    }[verdict]


LONGEST_BESIDE = 24


def value_words(reported: str, unrounded: str) -> str:
    """Give the reported value, and in brackets what was measured where rounding changed it and it is short to read."""
    if not unrounded or unrounded == reported or len(unrounded) > LONGEST_BESIDE:
        return reported
    return f"{reported} ({unrounded})"


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One line as it stands."""

    line: Line
    batch_number: str
    criterion_words: str
    sample_point: str
    sample_point_short: str
    readings: tuple[Reading, ...]
    result: Result | None
    review: ResultReview | None
    history: tuple[Result, ...]
    weight: UUID | None = None

    @property
    def code(self) -> str:
        return self.line.code

    @property
    def title(self) -> str:
        return self.line.title

    @property
    def standing(self) -> Standing:
        if self.result is not None:
            return Standing.REVIEWED if self.review is not None else Standing.ENTERED
        return Standing.READINGS if self.readings else Standing.NOTHING

    @property
    def is_open(self) -> bool:
        """Something is still to come; a line for information that nobody tested waits for nothing."""
        needed = self.line.release is not Release.INFORMATION or self.standing is not Standing.NOTHING
        return needed and self.standing is not Standing.REVIEWED

    @property
    def is_per_kilogram(self) -> bool:
        return self.line.criterion.get("per") == "kg"

    @property
    def is_outdated(self) -> bool:
        """The result in force rests on other readings, or on another weight, than those in force now."""
        if self.result is None:
            return False
        other_weight = self.is_per_kilogram and self.result.weight != self.weight
        return other_weight or set(self.result.readings) != {str(reading.pk) for reading in self.readings}

    @property
    def conforms(self) -> bool:
        """The result in force was reviewed and meets its criterion, or is one that never decides."""
        decides = self.line.release is not Release.INFORMATION
        if not decides and self.standing is Standing.NOTHING:
            return True
        passes = not decides or self.verdict in PASSES
        return self.standing is Standing.REVIEWED and passes and not self.is_outdated

    @property
    def may_follow(self) -> bool:
        return self.line.release is Release.MAY_FOLLOW

    @property
    def verdict(self) -> str:
        return self.result.verdict if self.result else Verdict.PENDING.value

    @property
    def status(self) -> str:
        """The status to show: an unreviewed result waits, however good it looks."""
        if self.result is None:
            return "wait" if self.readings else "none"
        if self.verdict == Verdict.FAILS.value:
            return "fail"
        return STATUS[self.verdict] if self.review else "wait"

    @property
    def status_words(self) -> str:
        if self.result is None:
            return _("In test") if self.readings else _("Not tested")
        if self.review is None and self.verdict != Verdict.FAILS.value:
            return _("In review")
        return verdict_words(self.verdict)

    @property
    def result_words(self) -> str:
        return value_words(self.result.reported, self.result.unrounded) if self.result else "–"

    @property
    def tested_on(self) -> date | None:
        return self.result.tested_on if self.result else None

    @property
    def url(self) -> str:
        return reverse("qc:test", args=[self.batch_number, self.code])

    def waits_for(self) -> str:
        """Say what this line still needs before it counts."""
        if self.is_outdated:
            return _(
                "%(title)s: a reading or the weight changed after the result was submitted. Correct the result."
            ) % {"title": self.title}
        if self.standing is Standing.ENTERED:
            return _("%(title)s: a second person has to review the result.") % {"title": self.title}
        if self.standing is Standing.READINGS:
            return _("%(title)s: readings are recorded, the analyst has not submitted a result.") % {
                "title": self.title
            }
        return _("%(title)s: no result yet.") % {"title": self.title}


def release_panel(batch: Batch) -> list[PanelLine]:
    """Give every line of the pinned specification as it stands, in its order; as many statements however many lines."""
    specification = specification_of(batch)
    readings = readings_in_force(batch)
    results: Mapping[str, list[Result]] = _by_line(Result.objects.filter(batch=batch).order_by("version"))
    reviews = {review.result_id: review for review in ResultReview.objects.filter(batch=batch)}
    weight = verified_weight(batch.order)
    panel = []
    for line in specification.lines:
        versions = results.get(line.code, [])
        newest = versions[-1] if versions else None
        point = specification.sample_point(line.sample_point)
        panel.append(
            PanelLine(
                line=line,
                batch_number=batch.number,
                criterion_words=criterion_of(specification, line).words(),
                sample_point=point.title if point else line.sample_point,
                sample_point_short=point.short_title if point else line.sample_point,
                readings=tuple(readings.get(line.code, [])),
                result=newest,
                review=reviews.get(newest.pk) if newest else None,
                history=tuple(versions[:-1]),
                weight=weight.pk if weight else None,
            )
        )
    return panel


def panel_line(batch: Batch, code: str) -> PanelLine | None:
    """Give one line of the panel."""
    return next((line for line in release_panel(batch) if line.code == code), None)


def readings_in_force(batch: Batch) -> dict[str, list[Reading]]:
    """Give the readings that no correction superseded, by line, in the order in which they were recorded."""
    found: dict[str, list[Reading]] = defaultdict(list)
    in_force = Reading.objects.filter(batch=batch, superseded_by=None).select_related("sample__container")
    for reading in in_force.order_by("recorded_at", "replicate"):
        found[reading.line].append(reading)
    return found


def _by_line(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        found[result.line].append(result)
    return found
