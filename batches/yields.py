"""Yields: what was got as a share of what could be got, at the phases that the master record names (21 CFR 211.103).

(1) A yield is calculated by the system, at full precision, from quantities of the record; nothing is taken for zero.
(2) One person verifies it once its step is complete (batches.verifying_yields). When a quantity it rests on changes,
    it waits to be verified again; what was verified before stays.
(3) An unverified yield stands between the record and a decision on the batch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import Objection, Text
from batches.calculating import Answer, NotCalculable
from batches.definitions.master import MasterDefinition, Yield
from batches.deriving import Known
from batches.formulas import FORMULAS
from batches.judging import Verdict, limit_words, verdict_within
from batches.models import Batch, YieldVerified
from ledger.typed_numbers import THIN_SPACE, show_count

FORMULA = FORMULAS["yield_percent", 1]
TENTH = Decimal("0.1")


class YieldStatus(StrEnum):
    """Where a yield stands."""

    WAITING = "waiting"  # its step is not complete
    TO_VERIFY = "to_verify"
    VERIFIED = "verified"
    CHANGED = "changed"  # verified, and a quantity changed since
    NONE = "none"  # its step was left out


STATUS_WORDS: dict[YieldStatus, Text] = {
    YieldStatus.WAITING: gettext_lazy("Waits for its step"),
    YieldStatus.TO_VERIFY: gettext_lazy("Waits to be verified"),
    YieldStatus.VERIFIED: gettext_lazy("Verified"),
    YieldStatus.CHANGED: gettext_lazy("Changed, must be verified again"),
    YieldStatus.NONE: gettext_lazy("Not applicable: its step was left out"),
}


def percent_of(actual: Decimal | None, theoretical: Decimal | None) -> Answer:
    """Give a yield in percent, unrounded, or why there is none."""
    return FORMULA.calculate({"actual": actual, "theoretical": theoretical})


@dataclass(frozen=True, slots=True)
class YieldRecord:
    """A yield as the record stands, with every version that was verified, the oldest first."""

    definition: Yield
    actual: Known
    theoretical: Known
    step_is_complete: bool
    step_was_left_out: bool
    versions: tuple[YieldVerified, ...]

    @property
    def answer(self) -> Answer:
        return percent_of(self.actual.value, self.theoretical.value)

    @property
    def percent(self) -> Decimal | None:
        """The share in percent, unrounded; None where it cannot be calculated."""
        return None if isinstance(self.answer, NotCalculable) else self.answer

    @property
    def why_not(self) -> str:
        """Why there is no number."""
        if not isinstance(self.answer, NotCalculable):
            return ""
        return self.actual.missing or self.theoretical.missing or self.answer.reason

    @property
    def verdict(self) -> Verdict:
        """Within its limits or not, in percent; what cannot be calculated is never within."""
        if self.percent is None:
            return Verdict.NOT_JUDGED if self.definition.limits is None else Verdict.FAILS
        return verdict_within(self.definition.limits, self.percent)

    @property
    def records(self) -> tuple[str, ...]:
        """The records on which it rests."""
        return tuple(sorted({*self.actual.records, *self.theoretical.records}))

    @property
    def verified(self) -> YieldVerified | None:
        """The newest verification, whether it still counts or not."""
        return self.versions[-1] if self.versions else None

    @property
    def status(self) -> YieldStatus:
        if self.step_was_left_out:
            return YieldStatus.NONE
        if not self.step_is_complete:
            return YieldStatus.WAITING
        if self.verified is None:
            return YieldStatus.TO_VERIFY
        return YieldStatus.VERIFIED if self._rests_on(self.verified) else YieldStatus.CHANGED

    def _rests_on(self, row: YieldVerified) -> bool:
        same = (row.actual, row.theoretical, row.percent) == (self.actual.value, self.theoretical.value, self.percent)
        return same and sorted(row.records) == list(self.records)

    @property
    def status_words(self) -> Text:
        return STATUS_WORDS[self.status]

    @property
    def shown(self) -> str:
        """The share at one decimal; the unrounded one is what is judged and kept."""
        if self.percent is None:
            return "–"
        with localcontext(prec=60):
            return f"{self.percent.quantize(TENTH, ROUND_HALF_UP):f}{THIN_SPACE}%"

    @property
    def actual_words(self) -> str:
        return "–" if self.actual.value is None else show_count(self.actual.value)

    @property
    def theoretical_words(self) -> str:
        return "–" if self.theoretical.value is None else show_count(self.theoretical.value)

    @property
    def limit(self) -> str:
        return limit_words(self.definition.limits, "%", 0)


def yields_of(
    batch: Batch,
    master: MasterDefinition,
    known: Mapping[str, Known],
    *,
    complete: Collection[str],
    left_out: Collection[str],
) -> tuple[YieldRecord, ...]:
    """Give every yield of a record; `complete` and `left_out` name the steps that are so."""
    if not master.yields:
        return ()
    rows = list(YieldVerified.objects.filter(batch=batch).order_by("version"))
    nothing = Known(None)
    return tuple(
        YieldRecord(
            definition=each,
            actual=known.get(each.actual, nothing),
            theoretical=known.get(each.theoretical, nothing),
            step_is_complete=each.step in complete,
            step_was_left_out=each.step in left_out,
            versions=tuple(row for row in rows if row.code == each.code),
        )
        for each in master.yields
    )


def objections_to_yields(yields: Collection[YieldRecord], url: str) -> list[Objection]:
    """Give what is open about the yields of a batch: those not verified, or changed since."""
    says = {
        YieldStatus.TO_VERIFY: _("The yield of %(title)s is not verified: %(shown)s."),
        YieldStatus.CHANGED: _("The yield of %(title)s changed after it was verified. It must be verified again."),
    }
    return [
        Objection(
            says[each.status] % {"title": each.definition.title, "shown": each.why_not or each.shown},
            code="unverified_yield",
            field=each.definition.code,
            url=url,
        )
        for each in yields
        if each.status in says
    ]
