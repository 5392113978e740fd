"""Equipment: what is registered, what happened to it, and whether it may be used at a moment (21 CFR 211.68, 211.182).

(1) A piece may be used when it is qualified, calibrated and clean, neither held nor retired. What nobody recorded does
    not count as done: a new piece waits for its first qualification, calibration and cleaning.
(2) The last event of its kind counts, by the time at which it happened. Calibration and qualification count to the end
    of their last day.
(3) Who put a piece on hold does not return it to use. One that was retired stays so.
(4) The log of its use is read from the steps in which its code was scanned; nobody writes it by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, MomentField, StrictSerializer, TextField
from accounts.refusal import Objection, Text, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local, record_time
from batches.codes import TURN, objections_to_new_codes
from batches.models import Area, Equipment, EquipmentEvent, SlotScan
from batches.turns import take_turn
from ledger.writing import write, writing

Kind = EquipmentEvent.Kind
STOPPING = (Kind.HELD, Kind.SOILED)


class EquipmentStatus(StrEnum):
    """Where a piece of equipment stands."""

    READY = "ready"
    UNQUALIFIED = "unqualified"
    UNCALIBRATED = "uncalibrated"
    SOILED = "soiled"
    HELD = "held"
    RETIRED = "retired"


STATUS_WORDS: Mapping[EquipmentStatus, Text] = {
    EquipmentStatus.READY: gettext_lazy("Ready for use"),
    EquipmentStatus.UNQUALIFIED: gettext_lazy("Not qualified"),
    EquipmentStatus.UNCALIBRATED: gettext_lazy("Calibration due"),
    EquipmentStatus.SOILED: gettext_lazy("Needs cleaning"),
    EquipmentStatus.HELD: gettext_lazy("On hold"),
    EquipmentStatus.RETIRED: gettext_lazy("Retired"),
}
# The status that is shown beside a piece of equipment.
SHOWN: Mapping[EquipmentStatus, str] = {
    EquipmentStatus.READY: "pass",
    EquipmentStatus.UNQUALIFIED: "hold",
    EquipmentStatus.UNCALIBRATED: "warn",
    EquipmentStatus.SOILED: "warn",
    EquipmentStatus.HELD: "hold",
    EquipmentStatus.RETIRED: "none",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a piece of equipment stands at a moment, and why it may not be used where it may not."""

    status: EquipmentStatus
    why: str = ""

    @property
    def is_ready(self) -> bool:
        return self.status is EquipmentStatus.READY

    @property
    def words(self) -> Text:
        return STATUS_WORDS[self.status]

    @property
    def shown(self) -> str:
        return SHOWN[self.status]


def standing_of(equipment: Equipment, at: datetime, *, with_cleaning: bool = True) -> Standing:
    """Give where a piece of equipment stood at a moment; its cleaning left out where only a lapse is looked for."""
    events = [one for one in equipment.events.all() if one.happened_at <= at]
    if _last(events, Kind.RETIRED):
        return Standing(EquipmentStatus.RETIRED, _("it is retired"))
    hold = _last(events, Kind.HELD, Kind.RETURNED)
    if hold is not None and hold.kind == Kind.HELD:
        return Standing(EquipmentStatus.HELD, hold.says)
    on = local(at).date()
    for kind, status, missing, due in (
        (Kind.QUALIFIED, EquipmentStatus.UNQUALIFIED, _("it is not qualified"), _("qualification was due %(day)s")),
        (Kind.CALIBRATED, EquipmentStatus.UNCALIBRATED, _("it is not calibrated"), _("calibration was due %(day)s")),
    ):
        last = _last(events, kind)
        if last is None:
            return Standing(status, missing)
        if last.valid_until is not None and last.valid_until < on:
            return Standing(status, due % {"day": day(last.valid_until)})
    cleaning = _last(events, Kind.CLEANED, Kind.SOILED)
    if with_cleaning and (cleaning is None or cleaning.kind == Kind.SOILED):
        return Standing(EquipmentStatus.SOILED, _("it needs cleaning"))
    return Standing(EquipmentStatus.READY)


def _last(events: Iterable[EquipmentEvent], *kinds: str) -> EquipmentEvent | None:
    of_kind = [one for one in events if one.kind in kinds]
    # Of two at the same moment, the one that keeps the piece from use counts.
    return max(of_kind, key=lambda one: (one.happened_at, one.recorded_at, one.kind in STOPPING), default=None)


def ready_of_type(type_: str, at: datetime) -> list[Equipment]:
    """Give the pieces of a type that may be used at a moment, by their codes."""
    of_type = Equipment.objects.filter(type=type_).prefetch_related("events").order_by("code")
    return [one for one in of_type if standing_of(one, at).is_ready]


def why_unfit(equipment: Equipment, at: datetime) -> str:
    """Say why a piece of equipment may not be used at a moment, and which other may; empty where it may."""
    standing = standing_of(equipment, at)
    if standing.is_ready:
        return ""
    others = ready_of_type(equipment.type, at)
    instead = _("Use %(code)s.") % {"code": others[0].code} if others else _("No other may be used now. Ask your lead.")
    says = _("%(name)s %(code)s is on hold: %(why)s. %(instead)s")
    words = {"name": equipment.name, "code": equipment.code, "why": standing.why.rstrip("."), "instead": instead}
    return says % words


def register_equipment(
    *,
    code: str,
    type: str,  # noqa: A002  the row's own name for it
    name: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    model: str = "",
    serial: str = "",
    area: Area | None = None,
) -> Equipment:
    """Register a piece of equipment; it waits for its qualification, calibration and cleaning."""
    refuse_if(lacks(by, Permission.EQUIPMENT_MANAGE))
    with writing():
        take_turn(TURN)
        said = {"code": code, "type": type, "name": name, "model": model, "serial": serial}
        if known := recorded_before(Equipment, id, said, by=by):
            return known
        refuse_if(objections_to_new_codes([code]))
        row = Equipment(id=id, area=area, **said)
        return write(row, type="equipment.registered", actor=by.reference)


class EventIntent(StrictSerializer[Intent]):
    """What happened to a piece of equipment."""

    kind = serializers.ChoiceField(Kind.choices, label=gettext_lazy("What happened"))
    happened_at = MomentField(label=gettext_lazy("When"))
    valid_until = DayField(
        label=gettext_lazy("Counts until"),
        future_allowed=True,
        required=False,
        allow_null=True,
        default=None,
        help_text="the last day on which it counts",
    )
    reference = TextField(label=gettext_lazy("Reference"), max_length=120, required=False, default="")
    says = TextField(label=gettext_lazy("Remark"), max_length=1000, required=False, default="")


# What only those do who look after the registry, and what states until when it counts.
MANAGED = (Kind.CALIBRATED, Kind.QUALIFIED, Kind.RETIRED)
LASTING = (Kind.CALIBRATED, Kind.QUALIFIED)
EXPLAINED = (Kind.HELD, Kind.RETURNED, Kind.RETIRED)


@register
class RecordEvent(Act[Equipment]):
    """Record what happened to a piece of equipment."""

    code = "equipment.event"
    title = gettext_lazy("Record what happened to equipment")
    verb = gettext_lazy("Sign the event")
    permission = Permission.EQUIPMENT_CARE
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I did this or saw it done, and confirm what is recorded of it.")
    asks = EventIntent

    def find(self, subject: UUID) -> Equipment:
        found = Equipment.objects.prefetch_related("events").filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def lock(self, subject: Equipment) -> None:
        take_turn(TURN)

    def streams(self, subject: Equipment) -> Sequence[str]:
        return (subject.stream_name(),)

    def to_sign(self, subject: Equipment, intent: Intent) -> ToSign:
        until = day(date.fromisoformat(intent["valid_until"])) if intent["valid_until"] else ""
        lines = [
            Line(_("What happened"), str(Kind(intent["kind"]).label)),
            Line(_("When"), record_time(datetime.fromisoformat(intent["happened_at"]))),
            Line(_("Counts until"), until),
            Line(_("Reference"), intent["reference"]),
            Line(_("Remark"), intent["says"]),
        ]
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Equipment"), subject.code), Line(_("Name"), subject.name), Line(_("Type"), subject.type)],
            lines=[line for line in lines if line.value],
            version=" ".join([str(subject.pk), *sorted(str(one.pk) for one in subject.events.all())]),
        )

    def objections(self, subject: Equipment, intent: Intent, by: Person) -> list[Objection]:
        kind, moment = intent["kind"], datetime.fromisoformat(intent["happened_at"])
        events = list(subject.events.all())
        hold = _last(events, Kind.HELD, Kind.RETURNED)
        is_held = hold is not None and hold.kind == Kind.HELD
        until = date.fromisoformat(intent["valid_until"]) if intent["valid_until"] else None
        return [
            *(lacks(by, Permission.EQUIPMENT_MANAGE) if kind in MANAGED else []),
            *when(
                _last(events, Kind.RETIRED),
                _("%(code)s is retired. Nothing more is recorded of it.") % {"code": subject.code},
                code="retired",
            ),
            *when(kind in LASTING and until is None, _("Say until when it counts."), field="valid_until"),
            *when(kind not in LASTING and until is not None, _("This has no last day."), field="valid_until"),
            *when(
                until is not None and until < local(moment).date(),
                _("The last day is before the day on which it was done."),
                field="valid_until",
            ),
            *when(kind in EXPLAINED and not intent["says"].strip(), _("Say why."), field="says"),
            *when(
                kind == Kind.RETURNED and not is_held,
                _("%(code)s is not on hold.") % {"code": subject.code},
                code="not_in_this_state",
                field="kind",
            ),
            *when(
                kind == Kind.RETURNED and hold is not None and is_held and hold.signer_id == by.pk,
                _("Somebody else than %(name)s, who put it on hold, must return it to use.")
                % {"name": hold.signer_name if hold else ""},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: Equipment, intent: Intent, signature: Signature) -> EquipmentEvent:
        row = EquipmentEvent(
            equipment=subject,
            kind=intent["kind"],
            happened_at=datetime.fromisoformat(intent["happened_at"]),
            valid_until=date.fromisoformat(intent["valid_until"]) if intent["valid_until"] else None,
            reference=intent["reference"],
            says=intent["says"],
        )
        return sign(row, signature, type=f"equipment.{intent['kind']}")

    def done_url(self, row: Signed) -> str:
        return equipment_url(row.equipment.code) if isinstance(row, EquipmentEvent) else "/equipment/"


def use_log(**about: Any) -> list[SlotScan]:  # Any: the equipment or the area, by its column's name
    """Give each use of a piece of equipment or an area, in order: batch, step, time, who (21 CFR 211.182)."""
    rows = SlotScan.objects.filter(fits=True, **about).select_related("batch")
    return list(rows.order_by("performed_at", "recorded_at", "pk"))


def equipment_url(code: str) -> str:
    """Give the address of the page of a piece of equipment."""
    return f"/equipment/{code}/"
