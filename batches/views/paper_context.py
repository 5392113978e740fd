"""What pages show of a step that was worked on paper: who did it, who entered and compared it, what comes next."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.offering import Offer, offer
from accounts.roles import Permission, permissions_of
from batches.continuity import copies_of, copy_words
from batches.models import Batch, ContinuityCopyAccounted, InBatch, StepOnPaper
from batches.paper import is_compared, transcribed_words
from batches.record import StepRecord

Plain = dict[str, object]
Options = list[tuple[str, str]]
PERSON = "person/"
AT_THE_BENCH = frozenset({Permission.STEP_WORK, Permission.STEP_WITNESS})


def on_paper(batch: Batch, step: StepRecord, by: Person) -> Plain:
    """Give what the page of a step shows of its paper; empty where it may not be entered back from any copy."""
    url = reverse("batches:step-paper", args=[batch.number, step.definition.code])
    may_enter = Permission.STEP_WORK in by.permissions
    if step.paper is None:
        could = may_enter and step.performed is None and bool(copies_with(batch, step.definition.code))
        return {"url": url, "is_read": False} if could else {}
    rows: list[InBatch] = [step.paper.read]
    rows += [value for each in step.fields for value in each.values if value.copy_id]
    names = names_of(rows)
    return {
        "url": url,
        "is_read": True,
        "says": transcribed_words(step.paper, entered_by=", ".join(sorted(set(names.values())))),
        "checked_by": step.paper.read.checked_by,
        "watched_by": step.paper.read.watched_by,
        "reason": step.paper.read.reason,
        "is_compared": is_compared(step),
        "may_enter": may_enter and step.performed is None,
        "absent": absent_offer(step, by),
    }


def names_of(rows: list[InBatch]) -> dict[str, str]:
    """Give the names of those who wrote rows, by their references."""
    ids = {row.actor.removeprefix(PERSON) for row in rows if row.actor.startswith(PERSON)}
    return {person.reference: person.name for person in Person.objects.filter(pk__in=ids)}


def absent_offer(step: StepRecord, by: Person) -> Offer | None:
    """Give quality the act of signing for somebody who has left, where that is what a step waits for."""
    read = step.paper.read if step.paper else None
    if read is None or read.done_by.state.active or step.performed is not None or step.start is None:
        return None
    return offer("step.perform_for_absent", step.start, by=by) if Permission.FACT_ASSESS in by.permissions else None


def copies_with(batch: Batch, step: str) -> Options:
    """Give the copies on which a step stands, but those that came back unused, to choose from."""
    unused = ContinuityCopyAccounted.Fate.UNUSED
    return [
        (str(copy.pk), f"{copy_words(copy)}, {copy.place}")
        for copy in copies_of(batch)
        if step in copy.record.steps and not (hasattr(copy, "accounted") and copy.accounted.fate == unused)
    ]


def people_at_the_bench() -> Options:
    """Give everybody who works or worked at the bench, those who have left as well, to choose from."""
    found = Person.objects.select_related("state").order_by("name", "username")
    return [
        (str(one.pk), f"{one.name} ({one.username})") for one in found if AT_THE_BENCH & permissions_of(one.state.roles)
    ]


def people_words(read: StepOnPaper) -> list[tuple[str, str]]:
    """Give the people whom a paper names, each with what they did."""
    named = ((_("Done by"), read.done_by), (_("Checked by"), read.checked_by), (_("Watched by"), read.watched_by))
    return [(title, f"{one.name} ({one.username})") for title, one in named if one is not None]
