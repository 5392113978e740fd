"""Which run of a line is worked on, as numbers alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """An approved plan: after which run, how many tests again, and whether its investigation is closed."""

    after: int
    retests: int
    is_closed: bool


def run_after(*, with_result: Collection[int], invalid: Collection[int], plans: Sequence[Planned]) -> int:
    """Give the run that is worked on: the first without a result, or the last one that nothing follows.

    A run that was invalid is replaced and uses up no test of a plan (21 CFR 211.192: a result is set aside for a cause
    alone). A plan whose investigation is closed opens no further run.

        run_after(with_result={1}, invalid={}, plans=[]) = 1
        run_after(with_result={1}, invalid={}, plans=[Planned(1, 1, False)]) = 2
    """
    run, left, is_open = 1, 0, False
    while True:
        if run in invalid:
            run += 1
            continue
        if run not in with_result:
            return run
        for plan in plans:
            if plan.after == run:
                left, is_open = plan.retests, not plan.is_closed
        if not left or not (is_open or any(one > run for one in with_result)):
            return run
        left, run = left - 1, run + 1
