"""The review of a record as it stands: every check with its exceptions, and what is open of it.

Only what rules find and what was judged about it is read where something is refused; what passed is read where it is
shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.refusal import Objection
from batches.donors import objections_to_donor
from batches.holds import objections_to_held
from batches.models import Batch
from batches.record import StepRecord
from qc.models import ExceptionAssessed
from qc.panel import PanelLine
from qc.record_read import RecordRead
from qc.review_by_exception.exceptions import Check, Found, RecordException, Rule, said_sha256
from qc.review_by_exception.facts import facts_by_rule, found_in
from qc.review_by_exception.rules import RULES

Answers = dict[tuple[str, UUID, str], list[ExceptionAssessed]]


@dataclass(frozen=True, slots=True)
class Review:
    """Every check of a record."""

    checks: tuple[Check, ...]
    steps: tuple[StepRecord, ...]
    panel: tuple[PanelLine, ...]

    @property
    def exceptions(self) -> list[RecordException]:
        """Every exception: what is open first, the most critical first, then in the order of the record."""
        order = ["critical", "major", "minor"]
        found = [one for check in self.checks for one in check.exceptions]
        return sorted(found, key=lambda one: (not one.is_open, order.index(one.criticality), one.at))

    @property
    def open(self) -> list[RecordException]:
        return [one for one in self.exceptions if one.is_open]

    @property
    def passed(self) -> int:
        """How many checks have neither an exception nor anything outstanding."""
        return sum(check.status == "pass" for check in self.checks)


def review_of(batch: Batch, read: RecordRead | None = None) -> Review:
    """Give the review of a record whole, with what each check read."""
    read = read or RecordRead(batch)
    exceptions = _exceptions_of(read, with_facts=True)
    against = [
        *read.against_record,
        *read.against_custody,
        *objections_to_donor(batch, read.donor),
        *objections_to_held(batch),
    ]
    return Review(
        tuple(
            Check(
                rule=rule,
                exceptions=tuple(one for one in exceptions if one.rule.code == rule.code),
                passed=rule.passed(read),
                outstanding=tuple(one for one in against if one.code in rule.outstanding),
            )
            for rule in RULES
        ),
        steps=read.record.steps,
        panel=tuple(read.panel),
    )


def every_exception(batch: Batch) -> list[RecordException]:
    """Give every exception of a record, judged or not, here or elsewhere, without what its checks read."""
    return _exceptions_of(RecordRead(batch), with_facts=True)


def open_exceptions(batch: Batch, read: RecordRead | None = None) -> list[RecordException]:
    """Give the exceptions that are judged here and that nobody has judged; what is judged elsewhere blocks there."""
    found = _exceptions_of(read or RecordRead(batch), with_facts=False)
    return [one for one in found if one.is_judged_here and one.is_open]


def exception_called(batch: Batch, key: str) -> RecordException | None:
    """Give the exception of a key as the record says it now; None where it says something else."""
    found = _exceptions_of(RecordRead(batch), with_facts=False)
    return next((one for one in found if one.is_judged_here and one.key == key), None)


def objections_to_exceptions(batch: Batch, read: RecordRead | None = None) -> list[Objection]:
    """Give each exception that quality assurance has still to judge, and each question that waits for its answer."""
    return [
        Objection(
            (_("A question is open: %(where)s. %(says)s") if one.questions else _("Not judged: %(where)s. %(says)s"))
            % {"where": one.found.where or one.rule.title, "says": one.found.says},
            code="exception_open",
            url=exception_url(batch, one),
        )
        for one in open_exceptions(batch, read)
    ]


def review_url(batch: Batch) -> str:
    """Give the page of the review by exception of a batch."""
    return reverse("qc:review", args=[batch.number])


def exception_url(batch: Batch, one: RecordException) -> str:
    """Give where an exception stands on the page of its batch."""
    return f"{review_url(batch)}#{one.key}"


def _exceptions_of(read: RecordRead, *, with_facts: bool) -> list[RecordException]:
    found = list(_found(read, with_facts=with_facts))
    answers: Answers = defaultdict(list)
    for row in ExceptionAssessed.objects.filter(batch=read.batch).select_related("departure").order_by("recorded_at"):
        answers[row.rule, row.row_id, row.says_sha256].append(row)
    read.learn_names(one.row.actor for _rule, one in found)
    return [
        RecordException(
            rule=rule,
            found=one,
            by=read.name_of(one.row.actor),
            answers=tuple(answers[rule.code, one.row.pk, said_sha256(rule.code, one)]),
        )
        for rule, one in found
    ]


def _found(read: RecordRead, *, with_facts: bool) -> Iterator[tuple[Rule, Found]]:
    facts = facts_by_rule(read.facts) if with_facts else {}
    for rule in RULES:
        rows: Iterable[Found] = rule.look(read) if rule.look is not None else ()
        yield from ((rule, one) for one in rows)
        yield from ((rule, one) for one in found_in(facts.get(rule.code, [])))
