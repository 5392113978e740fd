"""Quality assurance says what a fact means for the product.

Facts are written where they happen: a departure in the batch, a mismatch, an excursion or a time without
temperatures in custody. Each counts against the batch until a person of quality assurance has assessed it; nothing
waits for a job to be safe.

An assessment is a deviation with a number: its severity, what was done at once, what it means for the product, why it
happened, and what is decided. A major or critical one is not closed without its root cause (21 CFR 211.192).

An incident of the record's integrity is a fact of each batch in which something was entered while it was open. It is
assessed once it has ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import Count, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.incident_acts import kind_words
from accounts.incident_spans import Span, spans
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local
from batches.identity import identity_lines
from batches.models import Batch, Departure
from batches.streams import streams_of
from chain_of_custody.models import Assignment, Excursion, IdentityCheck, TemperatureUnknown
from chain_of_custody.temperature.telling import excursion_words, unknown_words
from ledger import clock
from ledger.models import Entry, Incident, Written
from ledger.numbering import next_number
from qc.batch_act import lock_batch
from qc.models import FactAssessment


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened and has to be thought about."""

    id: UUID  # its row's; where one row concerns several batches, one of its own in each but the first
    row: Written
    batch: Batch
    kind: str
    says: str
    happened_at: datetime
    assessment: FactAssessment | None

    @property
    def type(self) -> str:
        return self.row.record_type()


def facts_of(batch: Batch) -> list[Fact]:
    """Give every fact of a batch that needs an assessment, in the order in which they were recorded."""
    assessed = {row.fact_id: row for row in FactAssessment.objects.filter(batch=batch)}
    rows = [*_departures(batch), *_mismatches(batch), *_temperatures(batch), *_incidents(batch)]
    facts = [Fact(pk, row, batch, kind, says, row.recorded_at, assessed.get(pk)) for pk, row, kind, says in rows]
    return sorted(facts, key=lambda fact: fact.happened_at)


def open_facts(batch: Batch, facts: Sequence[Fact] | None = None) -> list[Fact]:
    """Give the facts that nobody has assessed."""
    return [fact for fact in (facts_of(batch) if facts is None else facts) if fact.assessment is None]


def id_in(row: UUID, number: str) -> UUID:
    """Name a fact by its row and the batch, where one row concerns several batches and each is assessed on its own."""
    return uuid5(row, number)


def departures_to_assess() -> QuerySet[Departure]:
    """Give the departures that are facts: a mismatch that was read is assessed by its own row."""
    return Departure.objects.exclude(about_type=IdentityCheck.record_type())


def mismatches_to_assess() -> QuerySet[IdentityCheck]:
    """Give the identity checks that are facts: those that did not match.

    What was read into a slot of a step, or at the bedside, is judged there and is a departure where it has to be.
    """
    wrong = IdentityCheck.objects.filter(slot_scan=None, infusion_report=None)
    return wrong.exclude(outcome=IdentityCheck.Outcome.MATCH)


def entered_during(span: Span) -> QuerySet[Entry]:
    """Give the entries of batches that were made while an incident was open, but for what is no entry of the bench."""
    entered = Entry.objects.filter(stream__startswith="batch/", seq__gt=span.since).exclude(type__in=NOT_ENTERED)
    return entered if span.until is None else entered.filter(seq__lt=span.until)


Found = tuple[UUID, Written, str, str]


def _departures(batch: Batch) -> Iterator[Found]:
    for row in departures_to_assess().filter(batch=batch):
        where = _("Step %(step)s") % {"step": row.step} if row.step else ""
        says = row.says if row.says.startswith(where) else f"{where}: {row.says}"
        yield row.pk, row, str(row.get_kind_display()), says


def _mismatches(batch: Batch) -> Iterator[Found]:
    for row in mismatches_to_assess().filter(batch_number=batch.number):
        yield (
            row.pk,
            row,
            _("identity mismatch"),
            _("%(code)s was read where %(expected)s was expected: it %(outcome)s.")
            % {
                "code": row.scanned,
                "expected": row.expected,
                "outcome": row.get_outcome_display(),
            },
        )


def _temperatures(batch: Batch) -> Iterator[Found]:
    """Give the times outside or not known of the batch's containers.

    Two batches may have been made of bags that travelled together. The batch to which one of them was given first
    names the fact by its row, each other one by an id of its own: a later batch changes no id.
    """
    given = Assignment.objects.filter(container__coi=batch.coi).order_by("recorded_at", "pk")
    numbers = [(str(pk), number) for pk, number in given.values_list("container_id", "batch_number")]

    def named(row: Excursion | TemperatureUnknown) -> UUID | None:
        concerned = [number for pk, number in numbers if pk in row.containers]
        if batch.number not in concerned:
            return None
        return row.pk if concerned[0] == batch.number else id_in(row.pk, batch.number)

    for row in Excursion.objects.filter(coi=batch.coi).select_related("place", "seen_by_logger__trace__source"):
        if (pk := named(row)) is not None:
            yield pk, row, _("temperature excursion"), f"{excursion_words(row)}."
    for gap in TemperatureUnknown.objects.filter(coi=batch.coi).select_related("place"):
        if (pk := named(gap)) is not None:
            yield pk, gap, _("temperature not known"), f"{gap.place.name}: {unknown_words(gap)}"


def _incidents(batch: Batch) -> Iterator[Found]:
    for span in spans():
        entered = entered_during(span).filter(stream=batch.stream_name())
        if span.concerns(streams_of(batch)) and (number := entered.count()):
            words = {"number": number, "what": kind_words(span.incident.kind)}
            says = _("%(number)s entries were made in this batch while it was open. %(what)s.") % words
            yield id_in(span.incident.pk, batch.number), span.incident, _("incident of the record's integrity"), says


# What is no entry of bench or laboratory.
NOT_ENTERED = ("fact.assessed", "document.issued")
FACTS: tuple[type[Written], ...] = (Departure, IdentityCheck, Excursion, TemperatureUnknown)


def fact_with(pk: UUID) -> Fact:
    """Give the fact of an id; raise Http404 if there is none."""
    for model in FACTS:
        row = model._default_manager.filter(pk=pk).first()
        if row is not None:
            for batch in _batches_of(row):
                for fact in facts_of(batch):
                    if fact.id == pk:
                        return fact
    return _of_several_with(pk)


def _of_several_with(pk: UUID) -> Fact:
    """Give the fact of one batch whose row concerns several batches: an incident, or a temperature they share."""
    incidents = list(Incident.objects.values_list("pk", flat=True))
    temperatures = temperatures_shared()
    batches = Batch.objects.select_related("order__coi__subject", "state")
    for batch in batches if incidents else batches.filter(order__coi__in=temperatures):
        rows = [*incidents, *(row.pk for row in temperatures.get(batch.order.coi_id, ()))]
        if any(id_in(row, batch.number) == pk for row in rows):
            for fact in facts_of(batch):
                if fact.id == pk:
                    return fact
    raise Http404


def temperatures_shared() -> dict[UUID, list[Excursion | TemperatureUnknown]]:
    """Give, for each chain of identity of which several batches were made, its times outside or not known."""
    several = Batch.objects.values("order__coi").annotate(number=Count("pk")).filter(number__gt=1).values("order__coi")
    rows: list[Excursion | TemperatureUnknown] = [
        *Excursion.objects.filter(coi__in=several),
        *TemperatureUnknown.objects.filter(coi__in=several),
    ]
    found: dict[UUID, list[Excursion | TemperatureUnknown]] = {}
    for row in rows:
        found.setdefault(row.coi_id, []).append(row)
    return found


def _batches_of(row: Written) -> list[Batch]:
    """Give the batches that a fact counts against."""
    batches = Batch.objects.select_related("order__coi__subject", "state")
    match row:
        case Departure():
            return list(batches.filter(pk=row.batch_id))
        case IdentityCheck():
            return list(batches.filter(number=row.batch_number))
        case Excursion() | TemperatureUnknown():
            return list(batches.filter(order__coi=row.coi_id))
        case _:
            return []


Severity = FactAssessment.Severity
Decision = FactAssessment.Decision
SEVERITIES = [(one.value, one.label) for one in (Severity.MINOR, Severity.MAJOR, Severity.CRITICAL)]
DECISIONS = [(one.value, one.label) for one in (Decision.ACCEPT, Decision.FOLLOW_UP, Decision.REJECT)]
NEEDS_ROOT_CAUSE = (Severity.MAJOR, Severity.CRITICAL)


class AssessmentIntent(StrictSerializer[Intent]):
    """How severe it is, what was done at once, what it means for the product, why it happened, and the decision."""

    severity = serializers.ChoiceField(SEVERITIES, label=gettext_lazy("Severity"))
    immediate_action = TextField(label=gettext_lazy("Immediate action"), min_length=5, max_length=2000)
    root_cause = TextField(
        label=gettext_lazy("Root cause"), min_length=10, max_length=2000, required=False, allow_blank=True, default=""
    )
    decision = serializers.ChoiceField(DECISIONS, label=gettext_lazy("Decision"))
    impact = TextField(label=gettext_lazy("Product impact"), min_length=10, max_length=2000)
    conclusion = TextField(label=gettext_lazy("Conclusion"), min_length=10, max_length=2000)


@register
class AssessFact(Act[Fact]):
    """Assess a fact: its impact on the product and the conclusion, one fact at a time."""

    code = "fact.assess"
    title = gettext_lazy("Assess a fact")
    verb = gettext_lazy("Sign the assessment")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I assessed what this means for the product.")
    asks = AssessmentIntent

    def find(self, subject: UUID) -> Fact:
        return fact_with(subject)

    def lock(self, subject: Fact) -> None:
        lock_batch(subject.batch)

    def to_sign(self, subject: Fact, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Fact"), f"{subject.kind}. {subject.says}", "warn"),
                Line(_("Severity"), str(Severity(intent["severity"]).label)),
                Line(_("Immediate action"), intent["immediate_action"]),
                Line(_("Product impact"), intent["impact"]),
                *([Line(_("Root cause"), intent["root_cause"])] if intent["root_cause"] else []),
                Line(_("Conclusion"), intent["conclusion"]),
                Line(_("Decision"), str(Decision(intent["decision"]).label)),
            ],
            version=str(subject.id),
        )

    def objections(self, subject: Fact, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(subject.assessment, _("This fact was assessed already.")),
            *when(
                Severity(intent["severity"]) in NEEDS_ROOT_CAUSE and not intent["root_cause"].strip(),
                _("A major or critical deviation needs its root cause."),
                code="no_root_cause",
                field="root_cause",
            ),
            *when(
                isinstance(subject.row, Incident) and subject.row.state.is_open,
                _("The incident is open. When two people have closed it, say what it means for this batch."),
            ),
            *when(
                subject.row.actor == by.reference,
                _("You reported this yourself; somebody else assesses it."),
                code="same_person",
            ),
        ]

    def carry_out(self, subject: Fact, intent: Intent, signature: Signature) -> FactAssessment:
        row = FactAssessment(
            batch=subject.batch,
            fact_type=subject.type,
            fact_id=subject.id,
            impact=intent["impact"],
            conclusion=intent["conclusion"],
            number=next_number("DEV", local(clock.now()).year),
            severity=intent["severity"],
            immediate_action=intent["immediate_action"],
            root_cause=intent["root_cause"],
            decision=intent["decision"],
        )
        return sign(row, signature, type="fact.assessed")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, FactAssessment)  # noqa: S101  this act writes nothing else
        return reverse("qc:release", args=[row.batch.number])
