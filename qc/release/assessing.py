"""Quality assurance says what a fact means for the product.

Facts are written where they happen: a departure in the batch, a mismatch, an excursion or a time without
temperatures in custody. Each counts against the batch until a person of quality assurance has assessed it; nothing
waits for a job to be safe.

An assessment is a deviation with a number: its severity, what was done at once, what it means for the product, why it
happened, and what is decided. A major or critical one is not closed without its root cause (21 CFR 211.192).

An incident of the record's integrity is a fact of each batch in which something was entered while it was open. It is
assessed once it has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.incident_acts import kind_words
from accounts.incident_spans import spans
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
from qc.release.pending import OPEN_DECISIONS


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened and has to be thought about."""

    row: Written
    batch: Batch
    kind: str
    says: str
    happened_at: datetime
    assessment: FactAssessment | None

    @property
    def id(self) -> UUID:
        """What names the fact: its row, and the batch too where one row concerns several."""
        return fact_id(self.row, self.batch)

    @property
    def type(self) -> str:
        return self.row.record_type()


def facts_of(batch: Batch) -> list[Fact]:
    """Give every fact of a batch that needs an assessment, in the order in which they were recorded."""
    assessed = {row.fact_id: row for row in FactAssessment.objects.filter(batch=batch)}
    rows = [*_departures(batch), *_mismatches(batch), *_temperatures(batch), *_incidents(batch)]
    facts = [
        Fact(row, batch, kind, says, row.recorded_at, assessed.get(fact_id(row, batch))) for row, kind, says in rows
    ]
    return sorted(facts, key=lambda fact: fact.happened_at)


def open_facts(batch: Batch) -> list[Fact]:
    """Give the facts that nobody has assessed."""
    return [fact for fact in facts_of(batch) if fact.assessment is None]


def unassessed_after_decision() -> QuerySet[Departure]:
    """Give the departures of batches on which everything was decided that nobody has assessed, the oldest first."""
    assessed = FactAssessment.objects.filter(fact_type=Departure.record_type()).values("fact_id")
    found = Departure.objects.exclude(batch__state__disposition__in=OPEN_DECISIONS).exclude(pk__in=assessed)
    # A mismatch that was read is assessed by its own row.
    found = found.exclude(about_type=IdentityCheck.record_type())
    return found.select_related("batch").order_by("recorded_at", "pk")


def fact_id(row: Written, batch: Batch) -> UUID:
    """Name a fact by its row; an incident counts in each batch that it overlaps, and each is assessed on its own."""
    return uuid5(row.pk, batch.number) if isinstance(row, Incident) else row.pk


def _departures(batch: Batch) -> Iterator[tuple[Written, str, str]]:
    for row in Departure.objects.filter(batch=batch).exclude(about_type=IdentityCheck.record_type()):
        where = _("Step %(step)s") % {"step": row.step} if row.step else ""
        says = row.says if row.says.startswith(where) else f"{where}: {row.says}"
        yield row, str(row.get_kind_display()), says


def _mismatches(batch: Batch) -> Iterator[tuple[Written, str, str]]:
    # What was read into a slot of a step, or at the bedside, is judged there and is a departure where it has to be.
    wrong = IdentityCheck.objects.filter(batch_number=batch.number, slot_scan=None, infusion_report=None).exclude(
        outcome=IdentityCheck.Outcome.MATCH
    )
    for row in wrong:
        yield (
            row,
            _("identity mismatch"),
            _("%(code)s was read where %(expected)s was expected: it %(outcome)s.")
            % {
                "code": row.scanned,
                "expected": row.expected,
                "outcome": row.get_outcome_display(),
            },
        )


def _temperatures(batch: Batch) -> Iterator[tuple[Written, str, str]]:
    ours = {
        str(pk) for pk in Assignment.objects.filter(batch_number=batch.number).values_list("container_id", flat=True)
    }
    for row in Excursion.objects.filter(coi=batch.coi).select_related("place", "seen_by_logger__trace__source"):
        if ours & set(row.containers):
            yield row, _("temperature excursion"), f"{excursion_words(row)}."
    for gap in TemperatureUnknown.objects.filter(coi=batch.coi).select_related("place"):
        if ours & set(gap.containers):
            yield gap, _("temperature not known"), f"{gap.place.name}: {unknown_words(gap)}"


def _incidents(batch: Batch) -> Iterator[tuple[Written, str, str]]:
    for span in spans():
        entered = Entry.objects.filter(stream=batch.stream_name(), seq__gt=span.since).exclude(type__in=NOT_ENTERED)
        if span.until is not None:
            entered = entered.filter(seq__lt=span.until)
        if span.concerns(streams_of(batch)) and (number := entered.count()):
            words = {"number": number, "what": kind_words(span.incident.kind)}
            says = _("%(number)s entries were made in this batch while it was open. %(what)s.") % words
            yield span.incident, _("incident of the record's integrity"), says


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
                    if fact.row.pk == pk:
                        return fact
    return _incident_with(pk)


def _incident_with(pk: UUID) -> Fact:
    incidents = list(Incident.objects.all())
    for batch in Batch.objects.select_related("order__coi__subject", "state") if incidents else ():
        if any(fact_id(one, batch) == pk for one in incidents):
            for fact in facts_of(batch):
                if fact.id == pk:
                    return fact
    raise Http404


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
