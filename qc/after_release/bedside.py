"""What is wrong with what was done at the bedside; rules over plain values, without a database or a clock.

(1) Bag and patient must be of this batch and of this chain of identity, and the hospital must have found them matching.
(2) What is infused is a final bag of a certified batch, in date, that nothing held, that had left this site, and that
    had not ended before.
(3) From the end of the thaw to the end of the infusion no more time passes than the product allows. Exactly at the
    limit it is kept; where a time is missing, it is not known to be kept.
(4) Between two fractions of a dose the time of its rule passes (qc/dose/intervals.py).
(5) Two people compare bag and patient.
(6) What was infused and what was left over are no more than the bag was filled with.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _


class Sort(StrEnum):
    """Of which sort something wrong is."""

    IDENTITY = "identity"
    STATE = "state"
    TIME = "time"
    INTERVAL = "interval"
    CHECK = "check"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is not as it should be, in a sentence."""

    sort: Sort
    says: str

    @property
    def is_critical(self) -> bool:
        """Whether people outside are told of it at once where something was infused."""
        return self.sort in (Sort.IDENTITY, Sort.STATE, Sort.TIME, Sort.INTERVAL)


@dataclass(frozen=True, slots=True)
class Bag:
    """What the record knows of the bag whose code was read, at the time of the infusion."""

    code: str
    batch: str  # empty where it belongs to none
    is_final: bool
    filled_ml: Decimal | None
    expires_at: datetime | None
    kept_by: tuple[str, ...]  # what stood against its leaving, one sentence each; empty where nothing did
    is_here: bool  # custody never let it go
    ended: str = ""  # how it had ended already


@dataclass(frozen=True, slots=True)
class Told:
    """What the hospital says."""

    read: str  # from the bag
    label_fits: bool  # it is a final bag of this batch
    label_says: str  # what it is otherwise
    patient_read: str
    patient_fits: bool
    matched: bool
    checkers: tuple[str, str]
    took_place: bool
    thaw_ended_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    volume_ml: Decimal | None
    remainder_ml: Decimal | None
    too_early: tuple[str, ...] = ()  # from which other fractions it is not far enough, one sentence each


def found_wrong(told: Told, bag: Bag | None, *, batch: str, minutes_from_thaw: int | None) -> list[Wrong]:
    """Give everything that is wrong with what is told of one bag, in the order in which it matters."""
    found = list(_identity(told, bag, batch))
    if told.took_place:
        found += _state(told, bag)
        found += _time(told, minutes_from_thaw)
        found += [Wrong(Sort.INTERVAL, says) for says in told.too_early]
        found += _quantity(told, bag)
    return found


def _identity(told: Told, bag: Bag | None, batch: str) -> Iterator[Wrong]:
    done = _("was infused") if told.took_place else _("was brought to the patient and not infused")
    words = {"read": told.read or "–", "batch": batch, "done": done, "patient": told.patient_read or "–"}
    if not told.label_fits:
        owner = _(" of batch %(number)s") % {"number": bag.batch} if bag and bag.batch else ""
        words |= {"what": told.label_says, "owner": owner}
        yield Wrong(
            Sort.IDENTITY,
            _("Wrong bag: %(read)s%(owner)s %(done)s where a bag of %(batch)s belongs. It %(what)s.") % words,
        )
    if not told.patient_fits:
        yield Wrong(
            Sort.IDENTITY,
            _("Wrong patient: %(read)s %(done)s, and what was read at the patient is %(patient)s.") % words,
        )
    if not told.matched:
        yield Wrong(Sort.IDENTITY, _("The hospital found that bag and patient don't match: %(read)s %(done)s.") % words)
    first, second = (name.strip().casefold() for name in told.checkers)
    if not first or not second or first == second:
        yield Wrong(Sort.CHECK, _("Bag and patient were compared by fewer than two people: %(read)s.") % words)


def _state(told: Told, bag: Bag | None) -> Iterator[Wrong]:
    if bag is None:
        return
    words = {"code": bag.code}
    if bag.ended:
        ended = _("%(code)s was infused, and the record says that it had ended: %(ended)s.")
        yield Wrong(Sort.STATE, ended % (words | {"ended": bag.ended}))
    if not bag.is_final:
        yield Wrong(Sort.STATE, _("%(code)s was infused, and it is no final bag.") % words)
    for reason in bag.kept_by:
        yield Wrong(Sort.STATE, _("%(code)s was infused although it had to stay: %(why)s") % (words | {"why": reason}))
    if bag.is_here:
        yield Wrong(Sort.STATE, _("%(code)s was infused, and by its chain of custody it never left this site.") % words)
    last = told.ended_at or told.started_at
    if bag.expires_at is not None and last is not None and last > bag.expires_at:
        yield Wrong(Sort.STATE, _("%(code)s was infused after it had expired.") % words)


def _time(told: Told, minutes: int | None) -> Iterator[Wrong]:
    if minutes is None:
        return
    words = {"code": told.read, "limit": minutes}
    if told.thaw_ended_at is None or told.ended_at is None:
        unknown = _("How long %(code)s was thawed isn't known; %(limit)s minutes are allowed.")
        yield Wrong(Sort.TIME, unknown % words)
        return
    passed = told.ended_at - told.thaw_ended_at
    if passed > timedelta(minutes=minutes):
        late = _("%(code)s was infused %(passed)s minutes after its thaw; %(limit)s are allowed.")
        yield Wrong(Sort.TIME, late % (words | {"passed": -(-passed // timedelta(minutes=1))}))


def _quantity(told: Told, bag: Bag | None) -> Iterator[Wrong]:
    if told.volume_ml is None:
        yield Wrong(Sort.QUANTITY, _("How much of %(code)s was infused isn't known.") % {"code": told.read})
    elif bag is not None and bag.filled_ml is not None:
        together = told.volume_ml + (told.remainder_ml or Decimal(0))
        if together > bag.filled_ml:
            words = {"code": bag.code, "together": f"{together:f}", "filled": f"{bag.filled_ml:f}"}
            says = _("%(together)s mL of %(code)s are accounted for, and it was filled with %(filled)s mL.")
            yield Wrong(Sort.QUANTITY, says % words)
