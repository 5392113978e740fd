"""Facts as exceptions: each belongs to one rule, and its deviation is its assessment."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.urls import reverse

from batches.models import Departure, MonitoringResult
from chain_of_custody.models import ContainerFate, Excursion, IdentityCheck, TemperatureUnknown
from ledger.models import Incident
from qc.models import ContractCertificate, FactAssessment, TimedEvent
from qc.release.assessing import Fact
from qc.review_by_exception.exceptions import Criticality, Found, Judgement

Kind = Departure.Kind
# The rule to which the departures of a kind belong.
OF_KIND: Mapping[Kind, str] = {
    Kind.LIMIT: "in_process",
    Kind.MISMATCH: "identity",
    Kind.MATERIAL: "materials",
    Kind.LATE: "late_entries",
    Kind.CORRECTION: "corrections",
    Kind.QUANTITY: "yields",
    Kind.ORDER: "overrides",
    Kind.HOLD: "hold_times",
    Kind.LAPSE: "lapses",
    Kind.LABEL: "labels",
    Kind.REDLINE: "redlines",
    Kind.YIELD: "yields",
    Kind.DONOR: "donor",
    Kind.PAPER: "transcribed",
    Kind.MISSED: "missed_readings",
    Kind.REPORTED: "departures",
}
CRITICAL_KINDS = frozenset({Kind.MISMATCH, Kind.CORRECTION, Kind.DONOR})
SEVERITY: Mapping[str, Criticality] = {
    FactAssessment.Severity.MINOR: Criticality.MINOR,
    FactAssessment.Severity.MAJOR: Criticality.MAJOR,
    FactAssessment.Severity.CRITICAL: Criticality.CRITICAL,
}


def rule_of(fact: Fact) -> str:
    """Give the code of the rule to which a fact belongs."""
    match fact.row:
        case Departure() as row if row.about_type == MonitoringResult.record_type():
            return "environment"
        case Departure() as row if row.about_type == TimedEvent.record_type():
            return "timed_conditions"
        case Departure() as row if row.about_type == ContractCertificate.record_type():
            return "contract_certificates"
        case Departure() as row if row.about_type == ContainerFate.record_type():
            return "departures"
        case Departure() as row:
            return OF_KIND[Kind(row.kind)]
        case IdentityCheck():
            return "identity"
        case Excursion() | TemperatureUnknown():
            return "custody"
        case Incident():
            return "integrity"
        case _:
            return "departures"


def facts_by_rule(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Give facts by the code of the rule to which each belongs."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[rule_of(fact)].append(fact)
    return found


def found_in(facts: Iterable[Fact]) -> Iterator[Found]:
    """Give each fact as what a rule found; it is judged as a deviation, on the release page."""
    for fact in facts:
        row, number = fact.row, fact.batch.number
        step = row.step if isinstance(row, Departure) else ""
        page = f"{reverse('qc:release', args=[number])}#fact-{fact.id}"
        yield Found(
            row=row,
            says=fact.says.strip(),
            told=(fact.says,),
            where=fact.kind,
            url=f"/batches/{number}/steps/{step}/" if step else page,
            criticality=_criticality(fact),
            elsewhere=page,
            judged=_judgement(fact.assessment) if fact.assessment else None,
        )


def _criticality(fact: Fact) -> Criticality | None:
    if fact.assessment is not None and fact.assessment.severity in SEVERITY:
        return SEVERITY[fact.assessment.severity]
    critical = isinstance(fact.row, Departure) and fact.row.kind in CRITICAL_KINDS
    return Criticality.CRITICAL if critical else None


def _judgement(row: FactAssessment) -> Judgement:
    words = f"{row.number}, {row.get_severity_display()}" if row.number else str(row.get_decision_display())
    url = reverse("qc:deviation", args=[row.number]) if row.number else ""
    return Judgement(words, row.conclusion, row.signer_name, row.signed_at, row.impact, url)
