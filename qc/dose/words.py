"""A dose in the words of pages, signatures and certificates; numbers come from what was stored, digit by digit."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from batches.definitions.dose import ALL_CONTAINERS, PER_CONTAINER, PER_ML, DoseRule
from batches.judging import scale_words
from ledger.typed_numbers import scaled_up, show, show_count
from qc.dose.rules import DoseVerdict

Plain = Mapping[str, Any]  # Any: plain values of a JSON text
STATUS = {
    DoseVerdict.WITHIN: "pass",
    DoseVerdict.BELOW: "fail",
    DoseVerdict.ABOVE: "fail",
    DoseVerdict.NOT_CALCULABLE: "warn",
}
FIGURES_OF_A_LIMIT = 6
ONE_CELL = Decimal(1)


def verdict_words(verdict: str) -> str:
    """Give the words of a verdict on a dose."""
    return {
        DoseVerdict.WITHIN: _("Within the allowed dose"),
        DoseVerdict.BELOW: _("Below the allowed dose"),
        DoseVerdict.ABOVE: _("Above the allowed dose"),
        DoseVerdict.NOT_CALCULABLE: _("Not calculable"),
    }[DoseVerdict(verdict)]


def basis_words(basis: str) -> str:
    """Say in which state cells were counted."""
    known = {"fresh": _("fresh"), "pre_freeze": _("before freezing"), "post_thaw": _("after thawing")}
    return known.get(basis, basis)


def cells(text: str) -> str:
    """Write a number of cells as the dose reports it: three figures and a power of ten."""
    return show_count(Decimal(text), unit=_("cells")) if text else "–"


def cells_per_kg(text: str) -> str:
    """Write cells per kilogram in the same way."""
    return show_count(Decimal(text), unit=_("cells/kg")) if text else "–"


def _limit(text: str) -> str:
    """Write a limit with the digits it has; a product of weight and rate has more than three figures."""
    value = Decimal(text)
    figures = min(FIGURES_OF_A_LIMIT, max(3, len(value.normalize().as_tuple().digits)))
    return show_count(value, figures=figures, unit=_("cells"))


def allowed_words(outcome: Plain) -> str:
    """Write the range that this recipient may get."""
    least, most = outcome["least"], outcome["most"]
    words = []
    if least:
        words.append(f"{'≥' if least['included'] else '>'} {_limit(least['cells'])}")
    if most:
        words.append(f"{'≤' if most['included'] else '<'} {_limit(most['cells'])}")
    return _(" and ").join(words) or "–"


def target_words(outcome: Plain) -> str:
    """Write the number of cells aimed at."""
    return _limit(outcome["target"]) if outcome["target"] else _("none; all final containers together are the dose")


def count_words(count: Plain | None) -> str:
    """Write the count as it was typed, in its scale and unit, with its basis."""
    if not count:
        return "–"
    return f"{typed_words(count)}, {basis_words(count['basis'])}"


def typed_words(count: Plain) -> str:
    """Write the count as it was typed, in its scale and unit."""
    digits = re.sub(r"(\.\d{6})\d+", r"\1…", count["typed"])  # the record keeps all of an endless quotient
    return " ".join(filter(None, (digits, scale_words(count["exponent"]), count["unit"])))


def given_words(outcome: Plain, count: Plain) -> str:
    """Write the cells of a dose: with the digits of the count where all that was counted is given."""
    basis = basis_words(count["basis"])
    whole = scaled_up(Decimal(count["typed"]), count["exponent"])
    if count["unit"] == "cells" and abs(Decimal(outcome["cells"]) - whole) < ONE_CELL:
        return f"{typed_words(count)}, {basis}"
    of = _("of %(count)s counted") % {"count": typed_words(count)}
    return f"{cells(outcome['cells'])}, {basis}, {of}"


def counted_as_words(rule: DoseRule) -> str:
    """Say how the count becomes the content of a container, as on paper."""
    return {
        PER_ML: _("cells of a container = cells per mL × its volume"),
        PER_CONTAINER: _("cells of a container = the count"),
        ALL_CONTAINERS: _("cells of a container = cells of all × its volume ÷ volume of all"),
    }[rule.counted_as]


def rule_words(rule: DoseRule) -> str:
    """Write the rule of the product."""
    words = []
    for band in rule.bands:
        unit = _("cells/kg") if band.per_kg else _("cells")
        low, high = band.low, band.high
        numbers = [
            (_("more than") if low and not low.is_included else _("at least"), low.value if low else None),
            (_("target"), band.target),
            (_("less than") if high and not high.is_included else _("at most"), high.value if high else None),
        ]
        given = [f"{name} {_scaled(value, band.exponent)}" for name, value in numbers if value is not None]
        said = f"{', '.join(given)} {unit}"
        if band.up_to_kg is not None:
            said = _("up to %(kg)s kg: %(said)s") % {"kg": f"{band.up_to_kg:f}", "said": said}
        elif len(rule.bands) > 1:
            said = _("above: %(said)s") % {"said": said}
        words.append(said)
    if rule.cap_cells is not None:
        words.append(_("never more than %(cells)s") % {"cells": _limit(f"{rule.cap_cells:f}")})
    if rule.fractions:
        shares = " / ".join(f"{each:f} %" for each in rule.fractions)
        words.append(
            _("in fractions of %(shares)s, at least %(hours)s h apart")
            % {"shares": shares, "hours": rule.hours_between}
        )
    return "; ".join(words)


def _scaled(value: Decimal, exponent: int) -> str:
    return show(value.scaleb(exponent), exponent=exponent)


@dataclass(frozen=True, slots=True)
class Infusion:
    """One infusion of the dose, in words."""

    title: str
    wanted: str
    given: str  # the containers or the volume
    cells: str


def infusions(outcome: Plain) -> list[Infusion]:
    """Give each infusion of a dose: what it should hold and what is handed out for it."""
    parts: Sequence[Plain] = outcome["parts"]
    return [
        Infusion(
            title=_("Fraction %(number)s, %(percent)s %%") % {"number": part["number"], "percent": part["percent"]}
            if len(parts) > 1
            else _("Whole dose"),
            wanted=cells(part["wanted"]),
            given=f"{part['volume_ml']} mL" if part["volume_ml"] else ", ".join(part["containers"]) or _("nothing"),
            cells=cells(part["cells"]),
        )
        for part in parts
    ]


def fraction_words(outcome: Plain) -> str:
    """Write every infusion of a dose on one line."""
    return "; ".join(f"{one.title}: {one.given} ({one.cells})" for one in infusions(outcome)) or "–"


def calculation_lines(outcome: Plain, weight_kg: str) -> Iterator[tuple[str, str]]:
    """Give the calculation as on paper: cells of all infusions, and their number per kilogram."""
    parts: Sequence[Plain] = outcome["parts"]
    if len(parts) > 1:
        yield _("Cells, all fractions"), " + ".join(cells(part["cells"]) for part in parts)
    yield _("Cells"), _with_digits(cells(outcome["cells"]), outcome["cells"])
    if weight_kg and outcome["cells_per_kg"]:
        per_kg = _with_digits(cells_per_kg(outcome["cells_per_kg"]), outcome["cells_per_kg"])
        yield _("Cells per kilogram"), f"{cells(outcome['cells'])} ÷ {weight_kg} kg = {per_kg}"


def _with_digits(words: str, text: str) -> str:
    """Put the unrounded number beside the reported one; an endless quotient is cut here, never in the record."""
    digits = re.sub(r"(\.\d{3})\d+", r"\1…", text)
    return f"{words} ({digits})" if text else words
