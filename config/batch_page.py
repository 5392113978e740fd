"""The page of a batch: one strip, its tabs by what people do, and what each room has to show of it.

The overview shows every room's first panel; each other tab is one panel, whole without JavaScript.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.incident_spans import spans
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.panels import Panel, panels_for, register_panel
from accounts.refusal import Text
from accounts.roles import Permission
from batches.identity import batch_numbered
from batches.models import Batch, BatchState
from batches.pinned import master_of
from batches.record import Status, record_of
from batches.streams import streams_of
from batches.views.strip import strip_of
from config.audit import page_of_entries
from ledger.models import Entry

# By what people do with a batch: make it, know where its cells are, test it, release it, hear of it, keep its record.
GROUPS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (gettext_lazy("Make"), ("steps", "bench", "in-process", "materials", "equipment", "departures", "redlines")),
    (gettext_lazy("Cells"), ("containers", "labels", "custody", "attempts")),
    (gettext_lazy("Test"), ("release-tests", "dose")),
    (gettext_lazy("Release"), ("disposition", "holds")),
    (gettext_lazy("After release"), ("after-release",)),
    (gettext_lazy("Record"), ("documents", "papers", "continuity", "audit-trail", "retention")),
)
TABS = tuple(code for _name, codes in GROUPS for code in codes)
STAGE_OF_DECISION = {
    BatchState.Disposition.NONE: "progress",
    BatchState.Disposition.CERTIFIED: "pass",
    BatchState.Disposition.NOT_CERTIFIED: "fail",
    BatchState.Disposition.CERTIFIED_CONDITIONALLY: "conditional",
    BatchState.Disposition.WITHDRAWN: "fail",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as the line of stages draws it."""

    name: str
    status: str
    notes: tuple[str, ...]
    url: str
    current: bool


@require_safe
@needs(Permission.RECORD_READ)
def overview(request: HttpRequest, number: str) -> HttpResponse:
    """Show a batch whole: its stages, then every panel that belongs on the overview."""
    batch = batch_numbered(number)
    person = person_of(request)
    on_overview = sorted((panel for panel in panels_for("batch", person) if panel.on_overview), key=_place_of)
    context = strip_of(batch) | {
        "stages": stages_of(batch),
        "panels": [panel.render(request, number) for panel in on_overview if not panel.beside],
        "beside": [panel.render(request, number) for panel in on_overview if panel.beside],
    }
    return render(request, "config/batch.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def tab(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Show one part of a batch's record."""
    batch = batch_numbered(number)
    panel = next((one for one in panels_for("batch", person_of(request)) if one.code == code), None)
    if panel is None:
        raise Http404
    context = strip_of(batch) | {"panels": [panel.render(request, number)], "current": code, "heading": panel.name}
    return render(request, "config/batch.html", context)


def stages_of(batch: Batch) -> list[Stage]:
    """Give the stages of the pinned master record with how far each has come."""
    record = record_of(batch)
    stages = []
    for stage in master_of(batch).stages:
        steps = [step for step in record.steps if step.definition.stage == stage.code]
        done = sum(step.is_done for step in steps)
        begun = any(step.status is not Status.NOT_STARTED for step in steps)
        if stage.laboratory:
            disposition = BatchState.Disposition(batch.state.disposition)
            reached = batch.state.stage == stage.code
            status = STAGE_OF_DECISION[disposition] if reached else "none"
            note = str(disposition.label) if reached else ""
        else:
            status = "pass" if done == len(steps) else "progress" if begun else "none"
            note = _("%(done)s of %(all)s steps") % {"done": done, "all": len(steps)}
        url = "" if stage.laboratory else f"{reverse('batch-tab', args=[batch.number, 'steps'])}#{stage.code}"
        stages.append(Stage(stage.title, status, (note,) if note else (), url, batch.state.stage == stage.code))
    return stages


@dataclass(frozen=True, slots=True)
class Tab:
    """A link to one page of a batch."""

    title: Text
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class TabGroup:
    """Tabs that belong together; a tab that stands alone is a group without a name."""

    name: Text
    tabs: Sequence[Tab]

    @property
    def current(self) -> bool:
        return any(tab.current for tab in self.tabs)


def tab_groups(
    number: str, person: Person, current: str, counts: Mapping[str, int | None] | None = None
) -> list[TabGroup]:
    """Give the tabs of a batch: the overview, then each room's panels that this person may see, by what people do.

    A panel of which `GROUPS` knows nothing stands in the last group, so that none is lost. `counts` are those that the
    page knows from what it shows, by the code of the panel; they are not counted again.
    """
    known = counts or {}
    groups = [TabGroup("", [Tab(_("Overview"), reverse("batch", args=[number]), current=not current)])]
    panels = sorted(panels_for("batch", person), key=_place_of)
    for name, codes in GROUPS:
        is_last = codes == GROUPS[-1][1]
        tabs = [
            Tab(
                panel.name,
                reverse("batch-tab", args=[number, panel.code]),
                current == panel.code,
                known[panel.code] if panel.code in known else panel.count(number),
            )
            for panel in panels
            if panel.code in codes or (is_last and panel.code not in TABS)
        ]
        if tabs:
            groups.append(TabGroup(name if len(tabs) > 1 else "", tabs))
    return groups


def _place_of(panel: Panel) -> int:
    return TABS.index(panel.code) if panel.code in TABS else len(TABS)


def audit_trail(request: HttpRequest, number: str) -> str:
    """Render every entry of the batch and of its chain of identity, the newest first."""
    batch = batch_numbered(number)
    streams = Q(stream=batch.stream_name()) | Q(stream=f"coi/{batch.coi.identifier}")
    about = _("Entries of %(batch)s and its chain of identity, the newest first") % {"batch": batch.number}
    context = {
        "page": page_of_entries(request, Entry.objects.filter(streams)),
        "about": about,
        "spans": [one for one in spans() if one.concerns(streams_of(batch))],
    }
    return render_to_string("config/_audit_trail.html", context, request=request)


def count_entries(number: str) -> int:
    """Give how many entries stand in the batch's own stream."""
    return Entry.objects.filter(stream=f"batch/{number}").count()


def register() -> None:
    """Put the audit trail on the page of a batch, after every room's panels."""
    name = gettext_lazy("Audit trail")
    register_panel("batch", Panel(name, "audit-trail", Permission.RECORD_READ, audit_trail, count_entries))
