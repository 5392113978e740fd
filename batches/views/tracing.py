"""The page of traces: scan or type a code, and see whom it reached, or what went into the cells."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.needing import needs
from accounts.refusal import Text
from accounts.roles import Permission
from batches.models import BatchState
from batches.recall import rehearse
from batches.trace_starts import starts_of
from batches.tracing import PART_WORDS, START_WORDS, Part, Source, Start, backward
from chain_of_custody import isbt128
from chain_of_custody.models import Container, ContainerFate

LONGEST = 60
# As what somebody worked on a step, by the row that they wrote.
DOING: dict[str, Text] = {
    "stepperformed": gettext_lazy("performed"),
    "stepwitnessed": gettext_lazy("witnessed"),
    "checkbeforeact": gettext_lazy("checked before an act"),
    "valuecorrected": gettext_lazy("corrected a value"),
    "yieldverified": gettext_lazy("verified a yield"),
    "lineclearance": gettext_lazy("cleared an area"),
    "lineclearanceverified": gettext_lazy("verified a line clearance"),
    "stepstart": gettext_lazy("began a step"),
    "slotscan": gettext_lazy("scanned"),
    "value": gettext_lazy("recorded a value"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a backward trace, in words."""

    code: str
    says: str
    batch: str
    step: str
    how: str
    at: datetime | None


@require_safe
@needs(Permission.RECORD_READ)
def trace(request: HttpRequest) -> HttpResponse:
    """Answer what a code reached, or what went into what it names; without a code, ask for one."""
    code = request.GET.get("code", "").strip()[:LONGEST]
    context: dict[str, object] = {"code": code, "starts": [], "rehearsal": None, "parts": []}
    if code:
        starts = starts_of(code)
        wanted = request.GET.get("from", "")
        start = next((one for one in starts if one.value == wanted), starts[0] if starts else None)
        context |= {"starts": [(one, START_WORDS[one]) for one in starts], "start": start}
        if start is None:
            context["parts"] = parts_of(backward(code))
        else:
            context |= _forward(start, code)
    return render(request, "batches/trace.html", context)


def _forward(start: Start, code: str) -> dict[str, object]:
    found = rehearse(start, code)
    kinds, fates = dict(Container.Kind.choices), dict(ContainerFate.Fate.choices)
    decisions = dict(BatchState.Disposition.choices)
    return {
        "rehearsal": found,
        "start_words": START_WORDS[start],
        "affected": [
            {
                "one": one,
                "chain": isbt128.chain_of_identity(one.chain).for_the_eye,
                "decision": decisions.get(one.disposition, one.disposition),
                "lines": [
                    {"reached": each, "kind": kinds.get(each.kind, each.kind), "fate": fates.get(each.fate, "")}
                    for each in one.containers
                ],
            }
            for one in found.affected
        ],
    }


def parts_of(sources: list[Source]) -> list[tuple[str, list[Shown]]]:
    """Put the lines of a backward trace together by what they are about, in the order in which one reads them."""
    return [
        (str(PART_WORDS[part]), found)
        for part in Part
        if (found := [_shown(one) for one in sources if one.part is part])
    ]


def _shown(one: Source) -> Shown:
    says = dict(Container.Kind.choices).get(one.says, one.says) if one.part is Part.CONTAINER else one.says
    how = f"{one.amount} {one.unit}" if one.amount else str(DOING.get(one.unit, ""))
    return Shown(one.code, str(says), one.batch, one.step, how, one.at)
