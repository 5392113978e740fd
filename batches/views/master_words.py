"""A master batch record for reading: every step with what is scanned, recorded, calculated and made, in words."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.definitions.master import Derived, Field, MasterDefinition, Need, Step, StepKind, When
from batches.judging import expected_words, limit_words, unit_words

Plain = dict[str, object]
Row = tuple[str, str, str, str]  # what kind of line, what, how, and what is wanted of it
KINDS = {
    StepKind.RECORD: gettext_lazy("Work is done and written down"),
    StepKind.CONTAINER_SCAN: gettext_lazy("Containers are compared with the identity of the batch"),
    StepKind.CHECK_BEFORE_ACT: gettext_lazy("A second person confirms before the act"),
    StepKind.SAMPLING: gettext_lazy("Samples are taken"),
    StepKind.FILL: gettext_lazy("Final containers are filled, after a second person confirmed"),
}


def stages_for_reading(master: MasterDefinition) -> list[Plain]:
    """Give every stage with its steps, each step with its rules and its lines."""
    return [
        {
            "stage": stage,
            "when": when_words(stage.when),
            "steps": [{"step": step, "rules": _rules(step), "rows": list(_rows(step))} for step in stage.steps],
        }
        for stage in master.stages
    ]


def times_and_yields(master: MasterDefinition) -> list[tuple[str, str]]:
    """Give what stands beside the steps: hold times, yields, the account of the cells, points of a line clearance."""
    times = [
        (
            each.title,
            _("from %(start)s to %(end)s at most %(limit)d minutes, warned after %(warn)d")
            % {"start": each.start, "end": each.end, "limit": each.limit_minutes, "warn": each.warn_minutes},
        )
        for each in master.hold_times
    ]
    yields = [
        (
            each.title,
            _("%(actual)s of %(theoretical)s, known with step %(step)s")
            % {"actual": each.actual, "theoretical": each.theoretical, "step": each.step}
            + (f", {each.limits.words} %" if each.limits else ""),
        )
        for each in master.yields
    ]
    account = master.reconciliation
    shares = [] if account is None else [(account.made, " + ".join(share.source for share in account.shares))]
    clearance = [(_("Line clearance"), point) for point in master.clearance_points]
    return [*times, *yields, *shares, *clearance]


def when_words(when: When) -> str:
    """Say where a part holds; nothing where it always does."""
    return ", ".join(
        f"{name.replace('_', ' ')}: {' / '.join(value.replace('_', ' ') for value in values)}"
        for name, values in when.items()
    )


def _rules(step: Step) -> list[str]:
    rules = [
        (True, str(KINDS[step.kind])),
        (step.operation, step.operation),
        (step.critical, _("critical")),
        (step.forced, _("the steps before it must be complete (protects %(what)s)") % {"what": step.protects}),
        (step.witness, _("witnessed by a second person")),
        (step.optional, _("may be left out with a reason")),
        (step.pools, _("several containers may become one")),
        (step.confirms, _("confirms %(values)s") % {"values": ", ".join(step.confirms)}),
        (step.when, _("only where %(when)s") % {"when": when_words(step.when)}),
        (True, _("training: %(code)s version %(version)d") % _training(step)),
    ]
    return [words for holds, words in rules if holds]


def _training(step: Step) -> dict[str, object]:
    return {"code": step.training.procedure, "version": step.training.version}


def _rows(step: Step) -> Iterator[Row]:
    for need in step.needs:
        yield _("Scanned"), need.title, _of_need(need), when_words(need.when)
    for field in step.fields:
        yield _("Recorded"), field.title, _of_field(field), _wanted(field, expected_words(field))
    for derived in step.derived:
        limit = limit_words(derived.limits, derived.unit, derived.exponent)
        how = f"{derived.formula} {_('version')} {derived.version}, {unit_words(derived.unit, derived.exponent)}"
        yield _("Calculated"), derived.title, how, _wanted(derived, limit)
    for made in step.creates:
        count = made.number_field or str(made.number)
        held = ", ".join(part for part in (made.volume_field, made.cells_from, made.sample_point) if part)
        yield _("Made"), made.title, f"{made.kind.replace('_', ' ')} × {count}{', ' + held if held else ''}", ""
    for each in step.evidence:
        yield _("File"), each.title, _("needed") if each.required else _("may be added"), ""
    for kind in step.labels:
        yield _("Labels"), kind.replace("_", " "), _("printed, applied and reconciled"), ""


def _of_need(need: Need) -> str:
    how_many = (_("those chosen") if need.some else _("each")) if need.many else ""
    words = f"{need.kind.replace('_', ' ')}: {need.of}" + (f", {how_many}" if how_many else "")
    if need.amount is not None:
        planned = need.amount.planned or need.amount.planned_number
        words += f"; {need.amount.actual} {need.amount.unit}" + (f", {_('planned')} {planned}" if planned else "")
    return words + (f"; {_('cleared before')}" if need.clearance else "")


def _of_field(field: Field) -> str:
    words = [field.type.replace("_", " "), unit_words(field.unit, field.exponent)]
    words += [_("critical")] if field.critical else []
    words += [] if field.required else [_("may stay empty")]
    words += [_("for information")] if field.report_only else []
    if field.plausible is not None:
        words.append(_("plausible %(range)s") % {"range": field.plausible.words})
    return ", ".join(word for word in words if word)


def _wanted(each: Field | Derived, words: str) -> str:
    parts = [words, _("still to be set") if each.to_be_set else "", when_words(each.when)]
    return "; ".join(part for part in parts if part)
