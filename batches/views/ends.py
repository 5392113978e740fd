"""Containers of a batch and what became of them; the end of manufacture and of an order."""

from collections.abc import Iterator

from django.db.models import TextChoices
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import Asked, Field, choose
from accounts.middleware import person_of
from accounts.models import Person
from accounts.offering import offer
from accounts.panels import Panel, Task, register_panel, register_work
from accounts.roles import Permission
from batches.ended import manufacture_end_of, order_end_of
from batches.ending import ManufactureEndIntent, OrderEndIntent
from batches.fates import FINAL_FATES, EndIntent, final_count, open_containers
from batches.identity import batch_numbered
from batches.lineage import Member, family_of
from batches.models import Batch, Order, OrderEnded
from batches.views.step_context import offer_second
from chain_of_custody.fates import fate_of, fate_words, waits_for_witness
from chain_of_custody.models import Assignment, Container, ContainerFate
from chain_of_custody.words import holder_words
from ledger.typed_numbers import show_count

Context = dict[str, object]


def containers_panel(request: HttpRequest, number: str) -> str:
    """Render every container of a batch under what it was made from, and how the final bags add up."""
    batch = batch_numbered(number)
    count = final_count(batch)
    context = {
        "number": number,
        "members": [_member(one) for one in family_of(batch)],
        "filled": count.filled,
        "open": count.open,
        "ended": [(ContainerFate.Fate(fate).label, count.ended.get(fate, 0)) for fate in FINAL_FATES],
    }
    return render_to_string("batches/_containers.html", context, request=request)


def _member(one: Member) -> Context:
    cells = one.container.viable_cells
    status = "wait" if one.waits_for_witness else "none" if one.fate else "progress"
    waits = _("%(end)s, waits for a second person") % {"end": one.ended}
    word = waits if one.waits_for_witness else one.ended or _("Not ended")
    return {"one": one, "cells": show_count(cells) if cells is not None else "", "status": status, "word": word}


def count_containers(number: str) -> int:
    """Give how many containers a batch has."""
    return Assignment.objects.filter(batch_number=number).count()


def ends_panel(request: HttpRequest, number: str) -> str:
    """Render where order and manufacture of a batch stand, its other attempts, and the form that ends manufacture."""
    batch = batch_numbered(number)
    person = person_of(request)
    ended = manufacture_end_of(batch)
    others = Batch.objects.filter(order=batch.order).exclude(pk=batch.pk).select_related("state").order_by("number")
    context = {
        "batch": batch,
        "ended": ended,
        "order": batch.order,
        "order_ended": order_end_of(batch.order),
        "others": [(one, manufacture_end_of(one)) for one in others],
        "act": offer("manufacture.end", batch, by=person) if ended is None else None,
        "fields": _manufacture_fields(),
    }
    return render_to_string("batches/_ends.html", context, request=request)


def _manufacture_fields() -> list[Field]:
    asked = Asked(ManufactureEndIntent, "m")
    return [asked("how"), asked("why"), asked("says", hint=_("At least 10 characters."))]


def container_panel(request: HttpRequest, code: str) -> str:
    """Render what became of a container, with the form to say it, or the second signature of a destruction."""
    container = Container.objects.select_related("coi", "state").get(code=code)
    person = person_of(request)
    fate = fate_of(container)
    waits = fate is not None and waits_for_witness(fate)
    context = {
        "one": container,
        "fate": fate,
        "words": fate_words(fate) if fate else "",
        "witnessed": getattr(fate, "witnessed", None),
        "witness": offer_second("container.end_witness", fate.pk, person) if fate and waits else None,
        "act": offer("container.end", container, by=person) if fate is None else None,
        "fields": _fate_fields(container),
    }
    return render_to_string("batches/_container_end.html", context, request=request)


def _fate_fields(container: Container) -> list[Field]:
    fates = [(fate.value, str(fate.label)) for fate in ContainerFate.Fate if _may_end(container, fate)]
    asked = Asked(EndIntent, "e")
    return [
        asked("fate", options=choose(fates)),
        asked("happened_at", hint=_("Now, if left empty.")),
        asked("volume_ml", hint=_("Where it was infused or destroyed."), unit="mL"),
        asked("route", hint=_("Way of the waste, or where it is kept for good.")),
        asked("reason", hint=_("Not needed where it is retained or used up.")),
    ]


def _may_end(container: Container, fate: ContainerFate.Fate) -> bool:
    return not (fate == ContainerFate.Fate.USED_UP and container.kind == Container.Kind.FINAL_BAG)


def order_context(order: Order, by: Person) -> Context:
    """Give what the page of an order shows of its end: how it ended, or the form; containers that have no fate yet."""
    ended = order_end_of(order)
    left = open_containers(order)
    asked = Asked(OrderEndIntent, "o")
    return {
        "order_ended": ended,
        "left": [(one, holder_words(one.state)) for one in left],
        "end_order": offer("order.end", order, by=by) if ended is None else None,
        "end_fields": [
            asked("how"),
            asked("happened_on"),
            asked("source"),
            asked("reason", hint=_("Needed unless it was infused or the patient died.")),
        ],
    }


def _pairs(choices: type[TextChoices]) -> list[tuple[str, str]]:
    return [(str(one.value), str(one.label)) for one in choices]


def work(person: Person) -> Iterator[Task]:
    """Give what waits for the fate of containers: orders that ended, and destructions without a second person."""
    if Permission.CONTAINER_END not in person.permissions:
        return
    for ended in OrderEnded.objects.select_related("order").order_by("-recorded_at")[:50]:
        left = len(open_containers(ended.order))
        if left:
            title = ngettext("Say what became of %(n)d container", "Say what became of %(n)d containers", left)
            url = reverse("batches:order", args=[ended.order.number])
            yield Task(title % {"n": left}, "", url, _("Open"), f"{ended.order.number}: {ended.get_how_display()}")
    unseen = ContainerFate.objects.filter(fate=ContainerFate.Fate.DESTROYED, witnessed=None)
    for fate in unseen.select_related("container__assignment").order_by("recorded_at")[:50]:
        own = fate.signer_id == person.pk
        blocked = _("You destroyed it. Somebody else must witness it.") if own else ""
        url = reverse("chain_of_custody:container", args=[fate.container.code])
        title = _("Witness the destruction of %(code)s") % {"code": fate.container.code}
        yield Task(title, _batch_number(fate.container), url, _("Witness"), "", blocked=blocked, icon="users")


def _batch_number(container: Container) -> str:
    assignment: Assignment | None = getattr(container, "assignment", None)
    return assignment.batch_number if assignment else ""


def register() -> None:
    """Put this room's containers and ends on their pages."""
    read = Permission.RECORD_READ
    name = gettext_lazy("Containers")
    register_panel("batch", Panel(name, "containers", read, containers_panel, count_containers))
    register_panel("batch", Panel(gettext_lazy("Order and attempts"), "attempts", read, ends_panel))
    register_panel("container", Panel(gettext_lazy("What became of it"), "end", read, container_panel))
    register_work(work)
