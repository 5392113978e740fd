"""The release panel: each line of the specification with its criterion, its result and where it stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from batches.models import Batch, Weight
from batches.weights import verified_weight
from qc.definitions.specification import Entry, Line, Release, SpecificationDefinition
from qc.laboratory.judging import entries_of, method_of, titles_of, workings_of
from qc.laboratory.runs import Runs, runs_by_line
from qc.methods.in_force import MethodInForce, Methods, methods_of
from qc.methods.working import Working
from qc.models import OutOfSpecification, Reading, Result, ResultReview
from qc.specifying import criterion_of, specification_of
from qc.values.verdicts import Verdict


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
    """One line as it stands.

    `result` is the one that counts, `history` every version before it; `readings` are those in force in the run that
    is worked on, `reported_readings` those of the run of the result. They are the same until a line is tested again.
    """

    line: Line
    batch_number: str
    criterion_words: str
    sample_point: str
    sample_point_short: str
    readings: tuple[Reading, ...]
    result: Result | None
    review: ResultReview | None
    history: tuple[Result, ...]
    weight: Weight | None = None  # the verified one
    runs: Runs = field(default_factory=Runs)
    newest_review: ResultReview | None = None
    reported_readings: tuple[Reading, ...] = ()
    methods: Mapping[str, MethodInForce] = field(default_factory=dict)  # by member; none where none is in force

    @property
    def code(self) -> str:
        return self.line.code

    @property
    def title(self) -> str:
        return self.line.title

    @property
    def run(self) -> int:
        return self.runs.run

    @property
    def entries(self) -> dict[str, Entry]:
        """How each value that is entered for the line is entered, by its code."""
        return entries_of(self.line, self.methods)

    @property
    def value_titles(self) -> dict[str, str]:
        """What each value that is entered for the line is called."""
        return titles_of(self.line, self.methods)

    def method_of(self, member: str) -> MethodInForce | None:
        """Give the method by which a value is read; None where none is in force."""
        return method_of(self.line, member, self.methods)

    @property
    def workings(self) -> dict[str, Working]:
        """How each number that has a method follows from the readings in force."""
        return workings_of(self.line, self.readings, self.methods)

    @property
    def newest(self) -> Result | None:
        """The newest version in the run that is worked on."""
        return self.runs.newest

    @property
    def later(self) -> tuple[Result, ...]:
        """The versions after the one that counts: they do not count, or not yet."""
        return tuple(one for one in self.runs.results if self.result is not None and one.version > self.result.version)

    @property
    def decides(self) -> bool:
        """Whether certification depends on this line."""
        return self.line.release is not Release.INFORMATION

    @property
    def open_record(self) -> OutOfSpecification | None:
        """The record out of specification that is open, if there is one."""
        return self.runs.open_record

    @property
    def first_failing(self) -> Result | None:
        """The first result of this line that was out of specification, where another one counts now."""
        first = self.runs.records[0].result if self.runs.records else None
        return first if first is not None and self.result is not None and first.pk != self.result.pk else None

    @property
    def to_review(self) -> Result | None:
        """The version that waits for a second person: the newest one, else the one that counts."""
        if self.newest is not None and self.newest_review is None:
            return self.newest
        return self.result if self.result is not None and self.review is None else None

    @property
    def standing(self) -> Standing:
        if self.result is not None:
            return Standing.REVIEWED if self.review is not None else Standing.ENTERED
        return Standing.READINGS if self.readings else Standing.NOTHING

    @property
    def is_open(self) -> bool:
        """Something is still to come; a line for information that nobody tested waits for nothing."""
        needed = self.decides or self.standing is not Standing.NOTHING
        return needed and self.standing is not Standing.REVIEWED

    @property
    def is_per_kilogram(self) -> bool:
        return self.line.criterion.get("per") == "kg"

    @property
    def is_outdated(self) -> bool:
        """A result in force rests on other readings, or on another weight, than those in force now.

        A failing result that was confirmed is never worked on again.
        """
        if self.runs.is_confirmed:
            return False
        if self.newest is not None and self._rests_on_others(self.newest, self.readings):
            return True
        counts = self.result if self.open_record is None else None
        return counts is not None and self._rests_on_others(counts, self.reported_readings)

    def _rests_on_others(self, result: Result, readings: Iterable[Reading]) -> bool:
        weight = self.weight.pk if self.weight else None
        other_weight = self.is_per_kilogram and result.weight != weight
        return other_weight or set(result.readings) != {str(reading.pk) for reading in readings}

    @property
    def conforms(self) -> bool:
        """The result in force was reviewed and meets its criterion, or is one that never decides."""
        if not self.decides and self.standing is Standing.NOTHING:
            return True
        passes = not self.decides or self.verdict in PASSES
        stands = self.standing is Standing.REVIEWED and not self.is_outdated and self.open_record is None
        return stands and passes

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


@dataclass(frozen=True, slots=True)
class PanelRows:
    """The rows in force of which lines are made, each kind read once."""

    specification: SpecificationDefinition
    readings: Mapping[str, list[Reading]]  # by line
    runs: Mapping[str, Runs]  # by line; none of a line that has neither result nor claim
    reviews: Mapping[UUID, ResultReview]  # by result
    weight: Weight | None  # the verified one
    methods: Methods


def panel_rows(batch: Batch, weight: Weight | None, *, only: str | None = None) -> PanelRows:
    """Read the rows of every line, or of one alone; `weight` is the verified one."""
    specification = specification_of(batch)
    of_line = {} if only is None else {"result__line": only}
    return PanelRows(
        specification=specification,
        readings=readings_in_force(batch, line=only),
        runs=runs_by_line(batch, line=only),
        reviews={review.result_id: review for review in ResultReview.objects.filter(batch=batch, **of_line)},
        weight=weight,
        methods=methods_of(batch, specification),
    )


def release_panel(batch: Batch, rows: PanelRows | None = None) -> list[PanelLine]:
    """Give every line of the pinned specification as it stands, in its order; as many statements however many lines."""
    rows = rows or panel_rows(batch, verified_weight(batch.order))
    return [_as_it_stands(batch, line, rows) for line in rows.specification.lines]


def panel_line(batch: Batch, code: str, rows: PanelRows | None = None) -> PanelLine | None:
    """Give one line of the panel; None for a code that the specification does not have."""
    line = specification_of(batch).line(code)
    if line is None:
        return None
    return _as_it_stands(batch, line, rows or panel_rows(batch, verified_weight(batch.order), only=code))


def _as_it_stands(batch: Batch, line: Line, rows: PanelRows) -> PanelLine:
    specification = rows.specification
    here = rows.runs.get(line.code, Runs())
    result, newest = here.reportable, here.newest
    in_force = rows.readings.get(line.code, [])
    point = specification.sample_point(line.sample_point)
    return PanelLine(
        line=line,
        batch_number=batch.number,
        criterion_words=criterion_of(specification, line).words(),
        sample_point=point.title if point else line.sample_point,
        sample_point_short=point.short_title if point else line.sample_point,
        readings=tuple(one for one in in_force if one.run == here.run),
        result=result,
        review=rows.reviews.get(result.pk) if result else None,
        history=tuple(one for one in here.results if result and one.version < result.version),
        weight=rows.weight,
        runs=here,
        newest_review=rows.reviews.get(newest.pk) if newest else None,
        reported_readings=tuple(one for one in in_force if result and one.run == result.run),
        methods=rows.methods.of_line(line, here.run),
    )


def readings_in_force(batch: Batch, *, line: str | None = None) -> dict[str, list[Reading]]:
    """Give the readings that no correction superseded, by line, in the order in which they were recorded."""
    found: dict[str, list[Reading]] = defaultdict(list)
    only = {} if line is None else {"line": line}
    in_force = Reading.objects.filter(batch=batch, superseded_by=None, **only).select_related("sample__container")
    for reading in in_force.order_by("recorded_at", "replicate"):
        found[reading.line].append(reading)
    return found
