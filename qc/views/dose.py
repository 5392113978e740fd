"""The dose on the page of a batch: calculation as on paper, what is missing, the acts of two people; and their work."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.middleware import person_of
from accounts.models import Person
from accounts.offering import Offer, offer
from accounts.panels import Task
from accounts.roles import Permission
from batches.models import Batch, Weight
from qc.batch_act import READ_AT_ONCE, batch_called
from qc.dose import words as words
from qc.dose.determining import (
    dose_url,
    doses_of,
    is_outdated,
    newest_dose,
    objections_to_dose,
    verification_of,
    weight_words,
    what_is_missing,
)
from qc.dose.inputs import Calculation, calculation_of, rule_of
from qc.dose.rules import DoseVerdict, as_texts
from qc.models import BatchDose
from qc.release.pending import OPEN_DECISIONS

MOST_BATCHES = 50


def dose_panel(request: HttpRequest, number: str) -> str:
    """Render the dose of a batch: rule, inputs with their records, what is allowed, each infusion, who signed."""
    batch = batch_called(number)
    now = calculation_of(batch)
    if now is None:
        return render_to_string("qc/_dose.html", {"batch": batch, "rule": ""}, request=request)
    versions = doses_of(batch)
    dose = versions[-1] if versions else None
    context = {
        "batch": batch,
        "rule": words.rule_words(now.rule),
        "definition": batch.product,
        "now": now,
        "missing": what_is_missing(now),
        "objections": objections_to_dose(batch),
        "basis": words.basis_words(now.rule.basis),
        "counted_as": words.counted_as_words(now.rule),
        "calculated": _told(now.inputs, as_texts(now.dose), now),
        "dose": dose,
        "dose_count": words.count_words(dose.inputs["count"]) if dose else "",
        "dose_weight": _weight_used(dose) if dose else "",
        "outdated": dose is not None and is_outdated(dose, now),
        "verified": verification_of(dose) if dose else None,
        "earlier": versions[:-1],
        "determine": _determine(batch, by=person_of(request)),
        "verify": offer("dose.verify", dose, by=person_of(request)) if dose else None,
    }
    return render_to_string("qc/_dose.html", context, request=request)


def _determine(batch: Batch, *, by: Person) -> Offer:
    """Offer to determine the dose; whether the reason is long enough is said when it is sent."""
    offered = offer("dose.determine", batch, by=by, data={"reason": ""})
    left = [one for one in offered.objections if one.field != "reason"]
    return Offer(offered.act, offered.title, offered.verb, offered.url, left)


def _weight_used(dose: BatchDose) -> str:
    found = Weight.objects.filter(pk=dose.weight).select_related("verification") if dose.weight else None
    return weight_words(found.first() if found else None)


def _told(inputs: words.Plain, outcome: words.Plain, now: Calculation) -> dict[str, object]:
    weight: Weight | None = now.weight
    kilograms = inputs["weight"]["kilograms"] if inputs["weight"] else ""
    return {
        "count": words.count_words(inputs["count"]),
        "weight": weight_words(weight) if weight else _("no verified weight"),
        "containers": inputs["containers"],
        "allowed": words.allowed_words(outcome),
        "target": words.target_words(outcome),
        "lines": list(words.calculation_lines(outcome, kilograms)) if outcome["cells"] else [],
        "infusions": words.infusions(outcome),
        "verdict": words.verdict_words(outcome["verdict"]),
        "why": outcome["why"],
        "status": words.STATUS[DoseVerdict(outcome["verdict"])],
    }


def dose_work_of(person: Person) -> Iterable[Task]:
    """List the doses that this person could determine or verify."""
    if Permission.DOSE_DETERMINE not in person.permissions:
        return
    undecided = Batch.objects.filter(state__disposition__in=OPEN_DECISIONS).select_related(*READ_AT_ONCE)
    for batch in undecided.order_by("signed_at")[:MOST_BATCHES]:
        if rule_of(batch) is not None:
            yield from _tasks(batch, person)


def _tasks(batch: Batch, person: Person) -> Iterable[Task]:
    now = calculation_of(batch)
    if now is None or what_is_missing(now):
        return
    dose: BatchDose | None = newest_dose(batch)
    if dose is None or is_outdated(dose, now):
        again = dose is not None
        yield Task(
            title=_("Determine the dose again") if again else _("Determine the dose"),
            batch=batch.number,
            url=dose_url(batch),
            verb=_("Open"),
            detail=words.rule_words(now.rule),
            at_risk=now.dose.verdict is not DoseVerdict.WITHIN,
            icon="calculator",
        )
    elif verification_of(dose) is None and dose.signer_id != person.pk:
        yield Task(
            title=_("Verify the dose"),
            batch=batch.number,
            url=dose_url(batch),
            verb=_("Verify"),
            detail=dose.reported,
            needs=(_("second person"),),
            at_risk=dose.verdict != DoseVerdict.WITHIN,
            icon="calculator",
        )
