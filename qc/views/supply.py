"""What follows a batch that is not certified, on its page: the physician's answer, and a supply item by item."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.fields import Asked, Field, Options, choose
from accounts.models import Person
from accounts.offering import Offer, offer
from accounts.roles import Permission
from batches.ended import objections_to_ended_order, order_end_of
from batches.label_prints import labels_url
from batches.views.strip import Context
from chain_of_custody.models import Container, Party
from chain_of_custody.views.options import parties
from chain_of_custody.words import holder_words
from qc.models import PhysicianAnswer, SupplyStatement
from qc.models.releasing import SaidOutside
from qc.release.notifying import positives_after_supply
from qc.supply import items as supply_items
from qc.supply.asking import SAID_OF_SUPPLY, AnswerIntent
from qc.supply.evaluating import EvaluationIntent
from qc.supply.items import Item, items_of
from qc.supply.labelling import without_legend
from qc.supply.lines import objections_to_ever_supplying
from qc.supply.naming import NamingIntent
from qc.supply.standing import Kind, final_bags, is_checked, is_here, named_containers
from qc.supply.stating import REFERENCES
from qc.supply.supply_read import SupplyRead

LONG = 2000


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a supply needs, with what is there and the form that brings it."""

    item: Item
    said: SaidOutside | None = None
    check: Offer | None = None  # for what a second person has not compared yet
    enter: Offer | None = None
    fields: Sequence[Field] = ()
    is_next: bool = False


def about_supply(read: SupplyRead, *, by: Person, files: Options) -> Context:
    """Give what the release page shows of a batch that is not certified; nothing for any other."""
    batch, standing = read.batch, read.standing
    if standing.refusal is None:
        return {}
    supply, named = standing.supply, _named(read)
    never = [*objections_to_ever_supplying(batch, read), *objections_to_ended_order(order_end_of(batch.order))]
    asked_for = standing.is_asked_for and supply is None
    return {
        "physician": standing.answer,
        "physician_said": _request_words(standing.answer) if standing.answer else (),
        "physician_check": _check(standing.answer, "physician_answer.check", by),
        "physician_offer": None if supply else offer("physician_answer.record", batch, by=by),
        "physician_fields": _answer_fields(files),
        "may_upload": Permission.OUTSIDE_RECORD in by.permissions,
        "supply": supply,
        "supply_revoked": standing.revoked,
        "supply_never": never if asked_for else [],
        "supply_lines": read.lines if asked_for else (),
        "supply_parts": _parts(read, by, files) if asked_for and not never else [],
        "supply_bags": [one.code for one in final_bags(batch) if is_here(one)],
        "supply_named": [(one, _where(one)) for one in named],
        "without_legend": [one.code for one in without_legend(supply)] if supply else [],
        "labels_url": labels_url(batch.number),
        "supply_waits_here": any(is_here(one) for one in named),
        "chain_url": reverse("chain_of_custody:chain", args=[batch.coi.identifier]),
        "evaluation": standing.evaluation,
        "naming": standing.naming,
        "supply_later": list(positives_after_supply(batch, read.rows).values()) if supply else [],
        "supply_decide": _decide(read, by) if asked_for and not never else None,
        "supply_revoke": offer("supply.revoke", supply, by=by, data={"reason": _("as said here")}) if supply else None,
    }


def _decide(read: SupplyRead, by: Person) -> Offer:
    """Offer the decision; what its statement needs is said when it is sent."""
    return offer("supply.decide", read.batch, by=by, data={"statement": _("as said here")}, found=read)


def _named(read: SupplyRead) -> list[Container]:
    supply = read.standing.supply
    return named_containers(supply.naming) if supply else read.named


def _where(container: Container) -> str:
    if hasattr(container, "fate"):
        return str(container.fate.get_fate_display())
    return holder_words(container.state)


def _request_words(answer: PhysicianAnswer) -> list[tuple[str, str]]:
    return [(str(words), getattr(answer, name)) for name, words in SAID_OF_SUPPLY.items() if getattr(answer, name)]


def _check(row: PhysicianAnswer | SupplyStatement | None, act: str, by: Person) -> Offer | None:
    return offer(act, row, by=by) if row is not None and not is_checked(row) else None


def _parts(read: SupplyRead, by: Person, files: Options) -> list[Part]:
    """Give each thing that a supply needs with its form; the first that is missing comes next."""
    items = items_of(read.batch, read.standing, read.lines)
    following = next((one.code for one in items if not one.is_there), "")
    return [_part(read, one, by, files, is_next=one.code == following) for one in items]


def _part(read: SupplyRead, item: Item, by: Person, files: Options, *, is_next: bool) -> Part:
    batch = read.batch
    match item.code:
        case supply_items.LINES | supply_items.REQUEST:
            return Part(item, is_next=is_next)
        case supply_items.CONTAINERS:
            asked = Asked(NamingIntent, "supply")
            fields = [
                asked("recipient", options=parties(Party.Kind.HOSPITAL)),
                asked("carrier", options=_couriers()),
            ]
            return Part(item, enter=offer("supply.name_containers", batch, by=by), fields=fields, is_next=is_next)
        case supply_items.EVALUATION:
            fields = _evaluation_fields(files)
            return Part(item, enter=offer("supply.evaluate_risk", batch, by=by), fields=fields, is_next=is_next)
        case _:
            kind = Kind(item.code)
            said = read.standing.statement(kind)
            return Part(
                item,
                said=said,
                check=_check(said, "supply.check_statement", by),
                enter=offer("supply.record_statement", batch, by=by),
                fields=_statement_fields(kind, files),
                is_next=is_next,
            )


def _couriers() -> Options:
    return [("", _("nobody else")), *list(parties(Party.Kind.COURIER))[1:]]


def _answer_fields(files: Options) -> list[Field]:
    wants = [(code, str(words).capitalize()) for code, words in PhysicianAnswer.Answer.choices]
    asked = Asked(AnswerIntent, "answer")
    return [
        asked("answer", options=choose(wants)),
        *_who_said(files, "answer", registration=True),
        *(asked(name, hint=_("For a supply, at least 10 characters.")) for name in SAID_OF_SUPPLY),
    ]


def _statement_fields(kind: Kind, files: Options) -> list[Field]:
    prefix = kind.value
    reference = REFERENCES.get(kind)
    return [
        *([Field("reference", reference, maxlength=60, prefix=prefix)] if reference else []),
        *_who_said(files, prefix),
    ]


def _who_said(files: Options, prefix: str, *, registration: bool = False) -> list[Field]:
    asked = Asked(AnswerIntent, prefix)
    return [
        asked("name"),
        asked("role"),
        *([asked("registration")] if registration else []),
        asked("said"),
        asked("happened_at"),
        asked("evidence", options=files),
        asked("evidence_reference", hint=_("Where nothing is stored.")),
    ]


def _evaluation_fields(files: Options) -> list[Field]:
    asked = Asked(EvaluationIntent, "evaluation")
    return [
        asked("document", hint=_("Store it above first."), options=files),
        asked("author"),
        asked("written_on"),
        asked("conclusion", hint=_("At least 10 characters.")),
    ]
