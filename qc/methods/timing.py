"""Timed conditions of a run, judged against their limits from the moments that were recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from qc.definitions.method import MethodDefinition, TimedLimit
from qc.definitions.unfilled import TO_BE_SET


@dataclass(frozen=True, slots=True)
class Timed:
    """One timed condition of one sample: when it began and ended, as far as that was recorded."""

    condition: TimedLimit
    began_at: datetime | None
    ended_at: datetime | None

    @property
    def elapsed(self) -> timedelta | None:
        """How long it lasted; None while one of its moments is missing."""
        return None if self.began_at is None or self.ended_at is None else self.ended_at - self.began_at

    @property
    def is_beyond(self) -> bool:
        """It lasted longer than its limit, or its moments stand in the wrong order; at the limit it is within."""
        elapsed, limit = self.elapsed, self.condition.limit_minutes
        if elapsed is None:
            return False
        return elapsed < timedelta(0) or limit == TO_BE_SET or _seconds(elapsed) > Decimal(limit) * 60


def timed(method: MethodDefinition, moments: Mapping[str, datetime]) -> list[Timed]:
    """Give each timed condition of a method with its moments, by the code of the event."""
    return [Timed(each, moments.get(each.starts_with), moments.get(each.ends_with)) for each in method.timed_conditions]


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span.days) * 86400 + span.seconds + Decimal(span.microseconds) / 1_000_000
