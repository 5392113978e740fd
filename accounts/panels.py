"""Panels and work: how a page that joins several rooms learns what each room has to show.

A room registers a panel for a page (`batch`, `custody` …) and a function that lists the work waiting for a person.
The joined page calls them on the server; nothing here knows what they show.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from accounts.models import Person
from accounts.refusal import Text
from accounts.roles import Permission


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a joined page: its name, who may see it, and the function that renders it for a subject's number.

    One that is `beside` stands in the narrow column of the overview.
    """

    name: Text
    code: str
    permission: Permission
    render: Callable[[HttpRequest, str], str]
    count: Callable[[str], int | None] = lambda _subject: None
    on_overview: bool = False
    beside: bool = False


_panels: dict[str, list[Panel]] = {}
_work: list[Callable[[Person], Iterable["Task"]]] = []


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for a person: what, where, until when, what is at stake."""

    title: str
    batch: str
    url: str
    verb: str
    detail: str = ""
    needs: tuple[str, ...] = ()
    due_at: datetime | None = None
    at_risk: bool = False
    blocked: str = ""
    icon: str = "circle-dashed"
    stake: str = ""  # what is lost when it comes too late


def register_panel(page: str, panel: Panel) -> None:
    """Add a panel to a page, after those that are there."""
    panels = _panels.setdefault(page, [])
    if all(known.code != panel.code for known in panels):
        panels.append(panel)


def panels_for(page: str, person: Person) -> list[Panel]:
    """Give the panels of a page that a person may see."""
    return [panel for panel in _panels.get(page, []) if panel.permission in person.permissions]


def register_work(work: Callable[[Person], Iterable[Task]]) -> None:
    """Add a function that lists what waits for a person."""
    if work not in _work:
        _work.append(work)


def work_for(person: Person) -> list[Task]:
    """Give everything that waits for a person: what dies or expires first, then what is late, then by time."""
    tasks = [task for work in _work for task in work(person)]
    return sorted(tasks, key=_urgency)


def _urgency(task: Task) -> tuple[bool, bool, bool, float]:
    due = task.due_at.timestamp() if task.due_at else 0.0
    return not task.at_risk, bool(task.blocked), task.due_at is None, due
