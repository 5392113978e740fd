"""What a method asks for before a result can be submitted, as objections.

(1) Every replicate, every moment of a timed condition, every check of suitability and all complete data are there.
(2) A run whose suitability failed, or whose replicates lie too far apart, is no measurement: it is declared invalid.
    Where its cause was not proven or not confirmed, the run counts, but never as one that conforms.
(3) A timed condition beyond its limit is a fact: it keeps nobody from submitting, and stands in what is signed.
(4) A value that was not tested asks for nothing; growth that was seen is submitted whatever its controls say.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.models import Batch
from qc.definitions.method import WhenBeyond
from qc.laboratory.judging import NO_RESULT, seen_of_members
from qc.laboratory.runs import is_in_doubt
from qc.methods.at_the_bench import Bench, at_the_bench, readings_by_method, samples_read
from qc.methods.in_force import MethodInForce
from qc.methods.words import check_title, kind_words
from qc.methods.working import Working
from qc.models import Reading
from qc.panel import PASSES, PanelLine
from qc.values.criteria import Judgement
from qc.values.verdicts import Verdict

NO_MEASUREMENT = frozenset({"suitability_failed", "replicates_apart"})


def missing_values(found: PanelLine) -> list[str]:
    """Give the codes of the values that are still to be entered, with the number of the replicate where it has one."""
    return [f"{code} {number}" if number else code for code, number in missing_replicates(found)]


def missing_replicates(found: PanelLine) -> list[tuple[str, int]]:
    """Give each value that is still to be entered: its code, and the number of its replicate; 0 where it has none."""
    missing: list[tuple[str, int]] = []
    for code, seen in seen_of_members(found.line, found.readings, found.methods).items():
        if seen is None:
            missing += _missing_of(found, code)
    return missing


def _missing_of(found: PanelLine, member: str) -> list[tuple[str, int]]:
    method = found.methods.get(member)
    if method is None:
        return [(member, 0)]
    codes = [member] if found.line.members else list(found.entries)
    there = {(one.member, one.replicate) for one in found.readings if one.member in codes}
    most = max([method.says.replicates.wanted, *(number for _code, number in there)])
    named = [(code, number) for number in range(1, most + 1) for code in codes if (code, number) not in there]
    return named if most > 1 else [(code, 0) for code, _number in named]


def objections_of_methods(batch: Batch, found: PanelLine, judgement: Judgement) -> list[Objection]:
    """Give the reasons for which the methods of a line do not let its result be submitted."""
    bench = at_the_bench(batch, found)
    objections: list[Objection] = []
    for method, readings in readings_by_method(found).items():
        if not any(one.typed in NO_RESULT for one in readings):
            objections += [*_missing_at_the_bench(bench, method, readings), *_objections_to_run(found, bench, method)]
    if _may_count_as_it_is(found, judgement):
        return [one for one in objections if one.code not in NO_MEASUREMENT]
    return objections


def _may_count_as_it_is(found: PanelLine, judgement: Judgement) -> bool:
    """Tell whether a run that is no good measurement is submitted all the same, which never makes it conform."""
    if judgement.verdict.value in PASSES or judgement.verdict is Verdict.PENDING:
        return False
    claim = found.runs.claim_on(found.run)
    growth = found.line.growth_days > 0 and judgement.verdict is Verdict.FAILS
    return growth or (claim is not None and not is_in_doubt(claim))


def _missing_at_the_bench(bench: Bench, method: MethodInForce, readings: Sequence[Reading]) -> list[Objection]:
    checks = [one for one in method.says.suitability if bench.check_of(method, one.code) is None]
    events: dict[str, str] = {}
    for one in bench.timed_of(method, samples_read(readings)):
        condition, timed = one.timed.condition, one.timed
        for code, moment in ((condition.starts_with, timed.began_at), (condition.ends_with, timed.ended_at)):
            event = method.says.event(code)
            if moment is None and event is not None:
                events[code] = event.title
    data = [kind for kind in method.says.complete_data if not bench.has(method, kind)]
    return [
        *(
            Objection(
                _("%(method)s asks for a check of suitability that is not recorded: %(title)s.")
                % {"method": method.says.words, "title": one.title},
                code="suitability_missing",
                field="suitability",
            )
            for one in checks
        ),
        *(
            Objection(
                _("%(method)s asks when this was: %(title)s. Record it, with its time.")
                % {"method": method.says.words, "title": title},
                code="time_missing",
                field="event",
            )
            for title in events.values()
        ),
        *(
            Objection(
                _("The complete data of %(method)s are not all here. Add: %(what)s.")
                % {"method": method.says.words, "what": kind_words(kind)},
                code="complete_data_missing",
                field="complete_data",
            )
            for kind in data
        ),
    ]


def _objections_to_run(found: PanelLine, bench: Bench, method: MethodInForce) -> list[Objection]:
    failed = [row for row in bench.failed if row.method_id == method.row.pk]
    own = [one for code, one in found.workings.items() if found.methods[code] == method]
    return [
        *(
            Objection(
                _(
                    "System suitability failed: %(title)s. %(why)s "
                    "This run gives no result; declare the measurement invalid."
                )
                % {"title": check_title(method.says, row), "why": row.why},
                code="suitability_failed",
                field="suitability",
            )
            for row in failed
        ),
        *(objection for working in own for objection in _objections_to_spread(working)),
    ]


def _objections_to_spread(working: Working) -> list[Objection]:
    stated = working.method.replicates
    read_on = stated.when_beyond is WhenBeyond.FURTHER and len(working.replicates) < stated.allowed
    more = _("Read a further replicate, up to %(most)s.") % {"most": stated.allowed}
    next_step = more if read_on else _("Declare the measurement invalid.")
    return [
        *when(
            working.is_complete and working.cv_is_beyond,
            _("The replicates lie too far apart: the method allows a CV of at most %(limit)s %%.")
            % {"limit": stated.largest_cv_percent}
            + f" {next_step}",
            code="replicates_apart",
            field="replicate",
        ),
        *when(
            working.is_complete and working.spread_is_beyond,
            _("The replicates lie too far apart: the method allows a spread of at most %(limit)s %(unit)s.")
            % {"limit": stated.largest_spread, "unit": working.method.unit}
            + f" {next_step}",
            code="replicates_apart",
            field="replicate",
        ),
    ]
