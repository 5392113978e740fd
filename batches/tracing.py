"""Traces: from a thing to every patient it reached, and from a patient to everything that went into the cells.

(1) Forward, from a lot, a unit of a lot, a device, an area or a person, gives every container of every batch that it
    touched, with its chain of identity and where it is now. Backward, from a chain of identity, a pseudonym, a batch
    or a container, gives collections, batches, containers, lots with amounts, equipment, areas and people.
(2) Each answer is one statement to the database (Regulation (EC) 1394/2007, article 15: at any time, in both ways).
(3) What was read into a slot and did not fit was not used, and is no part of a trace.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import (
    DateTimeField,
    F,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models import TextField as TextColumn
from django.db.models.functions import Cast, Coalesce, Replace
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.refusal import Text
from batches.models import (
    Batch,
    CheckBeforeAct,
    LineClearance,
    LineClearanceVerified,
    LotUse,
    SlotScan,
    StepPerformed,
    StepStart,
    StepWitnessed,
    ValueCorrected,
    YieldVerified,
)
from batches.models import Value as RecordedValue
from chain_of_custody.models import Assignment, ChainOfIdentity, Collection, Container

Rows = QuerySet[Any, Any]  # Any: rows of several tables, read as plain values
SIGNED = (
    StepPerformed,
    StepWitnessed,
    CheckBeforeAct,
    ValueCorrected,
    YieldVerified,
    LineClearance,
    LineClearanceVerified,
)
RECORDED = (StepStart, SlotScan, RecordedValue)


class Start(StrEnum):
    """What a forward trace begins at."""

    LOT = "lot"
    EQUIPMENT = "equipment"
    AREA = "area"
    PERSON = "person"


START_WORDS: dict[Start, Text] = {
    Start.LOT: gettext_lazy("Lot of material"),
    Start.EQUIPMENT: gettext_lazy("Equipment"),
    Start.AREA: gettext_lazy("Area"),
    Start.PERSON: gettext_lazy("Person"),
}


class Part(StrEnum):
    """What a line of a backward trace is about."""

    COLLECTION = "collection"
    BATCH = "batch"
    CONTAINER = "container"
    LOT = "lot"
    EQUIPMENT = "equipment"
    AREA = "area"
    PERSON = "person"


PART_WORDS: dict[Part, Text] = {
    Part.COLLECTION: gettext_lazy("Collections"),
    Part.BATCH: gettext_lazy("Batches"),
    Part.CONTAINER: gettext_lazy("Containers"),
    Part.LOT: gettext_lazy("Lots of material"),
    Part.EQUIPMENT: gettext_lazy("Equipment"),
    Part.AREA: gettext_lazy("Areas"),
    Part.PERSON: gettext_lazy("People"),
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A container that something reached: whose it is, who holds it, what became of it.

    `touched_at` is when the batch was first touched; a container made before that cannot hold what was added then.
    """

    batch: str
    order: str
    product: str
    prescriber: str
    disposition: str
    chain: str
    subject: str
    container: str
    kind: str
    volume_ml: Decimal | None
    made_at: datetime
    expires_at: datetime | None
    holder: str
    holder_address: str
    person: str
    place: str
    position: str
    fate: str
    fate_at: datetime | None
    touched_at: datetime | None

    @property
    def was_there_before(self) -> bool:
        """Whether it was closed before the batch was touched."""
        return self.touched_at is not None and self.made_at < self.touched_at


@dataclass(frozen=True, slots=True)
class Source:
    """One line of a backward trace: what, in which batch and step, how much, by whom or where, when."""

    part: Part
    batch: str
    step: str
    code: str
    says: str
    amount: str
    unit: str
    at: datetime | None


def forward(start: Start, code: str) -> list[Reached]:
    """Give every container of every batch that a lot, a device, an area or a person touched; one statement."""
    touched = _touches(start, code)
    batch = Batch.objects.filter(number=OuterRef("assignment__batch_number"))
    here = OuterRef("assignment__batch_number")
    first = None if touched is None else touched.filter(batch__number=here)
    found = Container.objects.filter(_in_batches(start, code)).annotate(
        order_number=Subquery(batch.values("order__number")),
        product_title=Subquery(batch.values("product__title")),
        prescriber=Subquery(batch.values("order__prescriber")),
        disposition=Subquery(batch.values("state__disposition")),
        touched_at=_first_time(first),
    )
    rows = found.order_by("assignment__batch_number", "made_at", "code").values_list(
        "assignment__batch_number",
        "order_number",
        "product_title",
        "prescriber",
        "disposition",
        "coi__identifier",
        "coi__subject__pseudonym",
        "code",
        "kind",
        "volume_ml",
        "made_at",
        "expires_at",
        "state__holder_party__name",
        "state__holder_party__address",
        "state__holder_person__name",
        "state__place__name",
        "state__position",
        "fate__fate",
        "fate__happened_at",
        "touched_at",
    )
    return [Reached(*[_told(value, at) for at, value in enumerate(row)]) for row in rows]


MAYBE_NOTHING = (9, 11, 18, 19)


def _told(value: Any, at: int) -> Any:  # Any: a column of any type; text is never None
    return "" if value is None and at not in MAYBE_NOTHING else value


def _touches(start: Start, code: str) -> Rows | None:
    """Give the scans by which a thing touched batches; nothing for a person, who touches in several tables."""
    fitting = SlotScan.objects.filter(fits=True)
    match start:
        case Start.LOT:
            # A unit carries its own code, and the scan names the lot that it belongs to.
            return fitting.filter(Q(lot__code=code) | Q(lot__isnull=False, code=code))
        case Start.EQUIPMENT:
            return fitting.filter(equipment__code=code)
        case Start.AREA:
            return fitting.filter(area__code=code)
        case _:
            return None


def _in_batches(start: Start, code: str) -> Q:
    touched = _touches(start, code)
    if touched is not None:
        return Q(assignment__batch_number__in=touched.values("batch__number"))
    among = Q()
    for table in SIGNED:
        among |= Q(assignment__batch_number__in=_rows(table).filter(signer_username=code).values("batch__number"))
    person = Person.objects.filter(username=code).annotate(key=_dashless(F("pk"))).values("key")[:1]
    for other in RECORDED:
        mine = _rows(other).annotate(key=_actor()).filter(key=Subquery(person))
        among |= Q(assignment__batch_number__in=mine.values("batch__number"))
    return among


def _first_time(touched: Rows | None) -> Any:  # Any: an expression of Django
    if touched is None:
        return Value(None, output_field=DateTimeField())
    return Subquery(touched.order_by().values("batch__number").annotate(at=Min("performed_at")).values("at"))


def backward(code: str) -> list[Source]:
    """Give everything that went into the cells of a chain of identity, subject, batch or container; one statement."""
    batches = Batch.objects.filter(
        Q(order__coi__identifier=code)
        | Q(order__coi__subject__pseudonym=code)
        | Q(number=code)
        | Q(number__in=Assignment.objects.filter(container__code=code).values("batch_number"))
    )
    chains = ChainOfIdentity.objects.filter(
        Q(identifier=code) | Q(subject__pseudonym=code) | Q(orders__batches__number=code) | Q(containers__code=code)
    )
    ids, numbers = batches.values("pk"), batches.values("number")
    scans = SlotScan.objects.filter(batch__in=ids, fits=True)
    parts: list[Rows] = [
        _part(Part.COLLECTION, Collection.objects.filter(coi__in=chains.values("pk")), code="din",
              says="party__name", amount="volume_ml", unit="mL", at="collected_at"),
        _part(Part.BATCH, batches, batch="number", code="number", says="product__title", at="signed_at"),
        _part(Part.CONTAINER, Container.objects.filter(assignment__batch_number__in=numbers),
              batch="assignment__batch_number", code="code", says="kind", amount="volume_ml", unit="mL", at="made_at"),
        _part(Part.LOT, scans.filter(lot__isnull=False), batch="batch__number", step="step", code="lot__code",
              says="lot__name", at="performed_at"),
        _part(Part.LOT, LotUse.objects.filter(batch__in=ids, superseded_by=None), batch="batch__number", step="step",
              code="lot__code", says="lot__name", amount="actual", unit=F("unit"), at="recorded_at"),
        _part(Part.EQUIPMENT, scans.filter(equipment__isnull=False), batch="batch__number", step="step",
              code="equipment__code", says="equipment__name", at="performed_at"),
        _part(Part.AREA, scans.filter(area__isnull=False), batch="batch__number", step="step", code="area__code",
              says="area__name", at="performed_at"),
        _part(Part.AREA, LineClearance.objects.filter(batch__in=ids), batch="batch__number", code="area__code",
              says="area__name", at="recorded_at"),
    ]  # fmt: skip
    parts += [
        _part(Part.PERSON, _rows(table).filter(batch__in=ids), batch="batch__number", step=_step_of(table),
              code="signer_username", says="signer_name", doing=str(table._meta.model_name))
        for table in SIGNED
    ]  # fmt: skip
    parts += [_recorders(table, ids) for table in RECORDED]
    first, *others = parts
    rows = first.union(*others).order_by("t_part", "t_batch", "t_step", "t_at", "t_code")
    return [
        Source(Part(part), batch, step, known_as, says, amount, unit, _moment(at))
        for part, batch, step, known_as, says, amount, unit, at in rows
    ]


def _moment(text: str) -> datetime | None:
    """Read a time as the database wrote it into text: SQLite leaves out the zone, which is UTC."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _part(
    part: Part,
    rows: Rows,
    *,
    code: str,
    says: str,
    batch: str = "",
    step: str = "",
    amount: str = "",
    unit: object = "",
    at: str = "",
    doing: str = "",
) -> Rows:
    """Give rows of one table in the columns that all parts share: text in every one, so that both engines join them."""
    annotated = rows.order_by().annotate(
        t_part=_constant(part.value),
        t_batch=_column(batch),
        t_step=_column(step),
        t_code=_column(code),
        t_says=_column(says),
        t_amount=_column(amount),
        t_unit=Cast(unit, TextColumn()) if isinstance(unit, F) else _constant(str(unit) if amount else doing),
        t_at=_column(at),
    )
    shown: Rows = annotated.values_list("t_part", "t_batch", "t_step", "t_code", "t_says", "t_amount", "t_unit", "t_at")
    return shown


def _recorders(table: type[Model], batches: Rows) -> Rows:
    """Give who recorded rows of a table: an entry names its author as text, not by a foreign key."""
    person = Person.objects.annotate(key=_dashless(F("pk"))).filter(key=OuterRef("key"))
    rows = _rows(table).filter(batch__in=batches).annotate(key=_actor()).annotate(
        username=Subquery(person.values("username")[:1]), name=Subquery(person.values("name")[:1])
    )  # fmt: skip
    return _part(Part.PERSON, rows.filter(username__isnull=False), batch="batch__number", step="step",
                 code="username", says="name", doing=str(table._meta.model_name))  # fmt: skip


def _rows(table: type[Model]) -> Rows:
    return table._default_manager.all()


def _step_of(table: type[Model]) -> str:
    """Give the path to the step of a signed row; some name it through what they sign."""
    paths: dict[type[Model], str] = {StepWitnessed: "performed__step", ValueCorrected: "value__step"}
    return paths.get(table, "step" if any(field.name == "step" for field in table._meta.fields) else "")


def _column(path: str) -> Any:  # Any: an expression of Django, here and below
    return Coalesce(Cast(F(path), TextColumn()), Value(""), output_field=TextColumn()) if path else _constant("")


def _constant(text: str) -> Any:
    # A bare parameter has no type of its own on PostgreSQL, and a union asks for one.
    return Cast(Value(text), TextColumn())


def _dashless(key: Any) -> Any:
    """Give an id as text without dashes, as neither engine's own form of it is that of the other."""
    return _without(Cast(key, TextColumn()), "-")


def _actor() -> Any:
    """Give the id in an entry's author, without dashes."""
    return _without(_without(Cast(F("actor"), TextColumn()), "person/"), "-")


def _without(text: Any, part: str) -> Any:
    nothing = Value("", output_field=TextColumn())
    return Replace(text, Value(part, output_field=TextColumn()), nothing, output_field=TextColumn())
