"""What was worked on paper: who did it, as the paper says, and what still stands between the paper and the signatures.

(1) What happened on paper is a fact: it is taken as it was, whatever the order, and what was not as the record asks is
    told in a departure. Only what would contradict the record itself is refused.
(2) A step from paper is signed by who did it, checked by who checked, witnessed by who watched; by nobody before a
    second person has compared what was entered with the certified scan. A change asks for another comparison.
(3) Where one of them has left, another person signs instead, and a departure says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, when
from accounts.wording import short_time
from batches.models import Batch, ContinuityCopy, SlotScan, StepOnPaper, StepStart, TranscriptionCompared, Value

if TYPE_CHECKING:
    from batches.record import StepRecord

# What is refused of paper, too: the record itself says otherwise. Everything else happened, and is told.
STILL_REFUSED = frozenset(
    {"lacks_permission", "begun_already", "left_out", "decided", "future", "not_begun", "signed", "recorded_already",
     "checked", "superseded", "same_value", "no_reason"}
)  # fmt: skip
READ_WITH = ("copy__record", "done_by__state", "checked_by__state", "watched_by__state")


@dataclass(frozen=True, slots=True)
class OnPaper:
    """What was done was done on paper: on which copy, and by whom; somebody enters it back."""

    copy: ContinuityCopy
    done_by: Person

    def put_on(self, row: StepStart | Value | SlotScan) -> None:
        """Let a row say for ever that it was transcribed, from where, and who did the thing."""
        row.copy, row.done_by = self.copy, self.done_by


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What the paper of one step says about people, and every comparison with it."""

    read: StepOnPaper
    comparisons: tuple[TranscriptionCompared, ...] = ()

    @property
    def copy(self) -> ContinuityCopy:
        return self.read.copy

    @property
    def newest(self) -> TranscriptionCompared | None:
        return self.comparisons[-1] if self.comparisons else None

    @property
    def on_paper(self) -> OnPaper:
        return OnPaper(self.read.copy, self.read.done_by)


def papers_of(batch: Batch) -> dict[str, PaperRecord]:
    """Give, by step, what was entered back from paper; one statement more than none where nothing was."""
    found = StepOnPaper.objects.filter(batch=batch, superseded_by=None).select_related(*READ_WITH)
    reads = {row.step: row for row in found}
    if not reads:
        return {}
    comparisons: dict[str, list[TranscriptionCompared]] = {code: [] for code in reads}
    for row in TranscriptionCompared.objects.filter(batch=batch).select_related("scan").order_by("recorded_at", "pk"):
        comparisons[row.step].append(row)
    return {code: PaperRecord(read, tuple(comparisons[code])) for code, read in reads.items()}


def paper_of(batch: Batch, step: str) -> StepOnPaper | None:
    """Give what the paper of a step says about people, if it was worked on paper."""
    found = StepOnPaper.objects.filter(batch=batch, step=step, superseded_by=None)
    return found.select_related(*READ_WITH).first()


def refused_of_paper(objections: Iterable[Objection]) -> list[Objection]:
    """Give what speaks against entering something back, of what would speak against doing it now."""
    return [one for one in objections if one.code in STILL_REFUSED]


def objections_to_time_on_paper(batch: Batch, moment: datetime, *, field: str) -> list[Objection]:
    """Object to a time on paper from before the batch was issued."""
    return when(
        moment < batch.signed_at,
        _("This is before %(time)s, when the batch was issued. Check the time on the paper.")
        % {"time": short_time(batch.signed_at)},
        code="too_early",
        field=field,
    )


def entered_of(step: "StepRecord") -> tuple[list[str], list[str]]:
    """Give the ids of the values in force and of the scans that came from paper, sorted."""
    values = sorted(str(value.pk) for value in step.values_in_force if value.copy_id)
    scans = sorted(str(scan.pk) for slot in step.slots for scan in slot.scans if scan.copy_id)
    return values, scans


def is_compared(step: "StepRecord") -> bool:
    """Tell whether a second person compared exactly what stands now with the paper."""
    compared = step.paper.newest if step.paper else None
    if step.paper is None or compared is None:
        return False
    return compared.read_id == step.paper.read.pk and (compared.values, compared.scans) == entered_of(step)


def finished_on_paper(step: "StepRecord") -> datetime | None:
    """Give the latest time that the paper of a step says; None for a step that was not worked on paper."""
    if step.paper is None:
        return None
    times = [step.start.happened_at] if step.start else []
    times += [value.performed_at for value in step.values_in_force]
    times += [scan.performed_at for scan in step.scans_in_force]
    return max(times, default=None)


def check_is_due(step: "StepRecord") -> bool:
    """Tell whether a step needs its check before the act; one of whose check the paper says nothing has none."""
    if not step.definition.is_checked_before_the_act or step.performed is not None:
        return False
    return step.paper is None or step.paper.read.checked_by_id is not None


def untouched_slots(step: "StepRecord") -> list[Objection]:
    """Object to each slot for which nothing at all was entered; what was used on paper was used, fit or not."""
    return [
        Objection(
            _("Nothing was entered for: %(title)s.") % {"title": slot.definition.title},
            code="empty_slot",
            field=slot.definition.code,
        )
        for slot in step.slots
        if not slot.scans
    ]


def objections_to_signing(step: "StepRecord", *, by: Person) -> list[Objection]:
    """Give what speaks against signing a step as its performer because it came from paper; nothing where it did not."""
    if step.paper is None:
        return []
    return [
        *objections_to_uncompared(step),
        *_not_the_one(step.paper.read.done_by, by, code="not_the_doer"),
        *(untouched_slots(step) if step.performed is None else []),
    ]


def objections_to_checking(step: "StepRecord", *, by: Person) -> list[Objection]:
    """Give what speaks against signing the check of a step from paper."""
    if step.paper is None:
        return []
    return [*objections_to_uncompared(step), *_not_the_one(step.paper.read.checked_by, by, code="not_the_checker")]


def objections_to_watching(step: "StepRecord", *, by: Person) -> list[Objection]:
    """Give what speaks against witnessing a step from paper."""
    return _not_the_one(step.paper.read.watched_by, by, code="not_the_witness") if step.paper else []


def objections_to_uncompared(step: "StepRecord") -> list[Objection]:
    """Object while nobody has compared what was entered back with the paper as it stands now."""
    return when(
        not is_compared(step),
        _("A second person must compare what was entered back with the certified scan first."),
        code="not_compared",
    )


def _not_the_one(named: Person | None, by: Person, *, code: str) -> list[Objection]:
    """Object unless this is the person whom the paper names; somebody who has left cannot sign any more."""
    if named is None or (code != "not_the_doer" and not named.state.active):
        return []
    return when(
        named.pk != by.pk,
        _("The paper names %(name)s (%(username)s). Only they sign this, at their next sign-in.")
        % {"name": named.name, "username": named.username},
        code=code,
    )


def transcribed_words(paper: PaperRecord, *, entered_by: str) -> str:
    """Write, for ever beside what came from paper: from which copy, who did it, who entered it, who compared it."""
    words = _("Transcribed from %(record)s, copy %(number)s: done by %(done)s, entered by %(entered)s, %(compared)s.")
    compared = paper.newest
    return words % {
        "record": paper.copy.record.number,
        "number": paper.copy.number,
        "done": paper.read.done_by.name,
        "entered": entered_by,
        "compared": _("compared by %(name)s") % {"name": compared.signer_name} if compared else _("not compared yet"),
    }
