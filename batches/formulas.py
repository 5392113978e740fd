"""The table of derived quantities: cells counted, grown and accounted for.

Each formula is pure, takes its inputs by name in the units shown, and answers unrounded; how it is
rounded is the business of the line that reports it. What goes into cells and patients stands in
`batches.formulas_of_doses`, laboratory assays in `batches.formulas_of_assays`; `FORMULAS` holds all three
and is what a definition names a formula from.

Two gates exist for the share of cells that carry the receptor, and they have two formulas: a share
of the T cells (`car_positive_viable_cells`) and a share of all viable cells (`car_positive_of_viable`).
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from batches.calculating import (
    Answer,
    Effect,
    Formula,
    FormulaTable,
    Input,
    NotCalculable,
    divided,
)
from batches.formulas_of_assays import ASSAY_FORMULAS
from batches.formulas_of_doses import DOSE_FORMULAS

__all__ = ["FORMULAS", "Answer", "Formula", "Input", "NotCalculable"]

RAISES, LOWERS = Effect.RAISES, Effect.LOWERS
HUNDRED = Decimal(100)

_table = FormulaTable()


# How many cells there are


@_table.formula(
    "Viability",
    Input("viable", "cells", "Viable cells counted", RAISES),
    Input("dead", "cells", "Dead cells counted", LOWERS),
    unit="%",
)
def viability_percent(*, viable: Decimal, dead: Decimal) -> Answer:
    """Share of counted cells that are alive.

    viability = 100 · viable / (viable + dead)
    """
    return divided(HUNDRED * viable, viable + dead, by="The number of cells counted")


@_table.formula(
    "Dead cells",
    Input("total", "cells", "Cells counted", RAISES),
    Input("viable", "cells", "Viable cells counted", LOWERS),
    unit="cells",
)
def dead_cells(*, total: Decimal, viable: Decimal) -> Answer:
    """Cells that are not alive, where an instrument counts all cells and those that are.

    dead = total - viable
    """
    if viable > total:
        return NotCalculable("More cells are viable than were counted.")
    return total - viable


@_table.formula(
    "Concentration by haemocytometer",
    Input("counted", "cells", "Cells counted in the large squares", RAISES),
    Input("squares", "squares", "Large squares counted", LOWERS),
    Input("dilution", "fold", "Dilution factor", RAISES),
    unit="cells/mL",
)
def haemocytometer_concentration(*, counted: Decimal, squares: Decimal, dilution: Decimal) -> Answer:
    """Concentration from an improved Neubauer chamber, whose large square of 1 mm² holds 10⁻⁴ mL.

    c = (counted / squares) · dilution · 10⁴
    """
    return divided(counted * dilution * 10**4, squares, by="The number of squares counted")


@_table.formula(
    "Total nucleated cells",
    Input("concentration", "cells/mL", "Concentration of nucleated cells", RAISES),
    Input("volume_ml", "mL", "Volume", RAISES),
    unit="cells",
)
def total_nucleated_cells(*, concentration: Decimal, volume_ml: Decimal) -> Answer:
    """All nucleated cells, alive or dead, in a volume.

    TNC = c · V
    """
    return concentration * volume_ml


@_table.formula(
    "Viable cells",
    Input("viable_concentration", "cells/mL", "Concentration of viable cells", RAISES),
    Input("volume_ml", "mL", "Volume", RAISES),
    unit="cells",
)
def viable_cells(*, viable_concentration: Decimal, volume_ml: Decimal) -> Answer:
    """Living cells in a volume, from their own concentration.

    viable cells = c(viable) · V
    """
    return viable_concentration * volume_ml


@_table.formula(
    "Viable cells, from total nucleated cells",
    Input("total_nucleated_cells", "cells", "Total nucleated cells", RAISES),
    Input("viability_percent", "%", "Viability", RAISES),
    unit="cells",
)
def viable_cells_from_tnc(*, total_nucleated_cells: Decimal, viability_percent: Decimal) -> Answer:
    """Living cells, where the total and its viability were measured.

    viable cells = TNC · viability / 100
    """
    return total_nucleated_cells * viability_percent / HUNDRED


@_table.formula(
    "Viable T cells",
    Input("viable_cells", "cells", "Viable cells", RAISES),
    Input("cd3_percent", "%", "CD3+ share of viable cells", RAISES),
    unit="cells",
)
def viable_t_cells(*, viable_cells: Decimal, cd3_percent: Decimal) -> Answer:
    """Living T cells; the CD3+ share must have been gated on viable cells.

    viable T cells = viable cells · CD3 % / 100
    """
    return viable_cells * cd3_percent / HUNDRED


@_table.formula(
    "CAR+ viable T cells",
    Input("viable_cells", "cells", "Viable cells", RAISES),
    Input("cd3_percent", "%", "CD3+ share of viable cells", RAISES),
    Input("car_percent_of_cd3", "%", "CAR+ share of viable CD3+ cells", RAISES),
    unit="cells",
)
def car_positive_viable_cells(*, viable_cells: Decimal, cd3_percent: Decimal, car_percent_of_cd3: Decimal) -> Answer:
    """Living T cells that carry the receptor, where CAR+ was gated on viable CD3+ cells.

    CAR+ = viable cells · CD3 % / 100 · CAR % / 100
    """
    return viable_cells * cd3_percent * car_percent_of_cd3 / (HUNDRED * HUNDRED)


@_table.formula(
    "CAR+ viable cells, share of all viable cells",
    Input("viable_cells", "cells", "Viable cells", RAISES),
    Input("car_percent_of_viable", "%", "CAR+ share of viable cells", RAISES),
    unit="cells",
)
def car_positive_of_viable(*, viable_cells: Decimal, car_percent_of_viable: Decimal) -> Answer:
    """Living cells that carry the receptor, where CAR+ was gated on all viable cells.

    CAR+ = viable cells · CAR % / 100

    The CD3+ share is in that gate already and is not multiplied in again.
    """
    return viable_cells * car_percent_of_viable / HUNDRED


@_table.formula(
    "Viable cells of one kind",
    Input("viable_cells", "cells", "Viable cells", RAISES),
    Input("share_percent", "%", "Share of viable cells", RAISES),
    unit="cells",
)
def viable_cells_of_kind(*, viable_cells: Decimal, share_percent: Decimal) -> Answer:
    """Living cells of one kind, such as CD56+CD3- or CD34+; their share must have been gated on viable cells.

    viable cells of the kind = viable cells · share % / 100
    """
    return viable_cells * share_percent / HUNDRED


@_table.formula(
    "Cells together",
    Input("first", "cells", "Cells in the one", RAISES),
    Input("second", "cells", "Cells in the other", RAISES),
    unit="cells",
)
def cells_together(*, first: Decimal, second: Decimal) -> Answer:
    """Cells of two containers together; more are joined one at a time.

    together = first + second
    """
    return first + second


@_table.formula(
    "Recovery",
    Input("cells_out", "cells", "Target cells after the step", RAISES),
    Input("cells_in", "cells", "Target cells before the step", LOWERS),
    unit="%",
)
def recovery_percent(*, cells_out: Decimal, cells_in: Decimal) -> Answer:
    """Share of the target cells a step gives back, thawing included.

    recovery = 100 · out / in
    """
    return divided(HUNDRED * cells_out, cells_in, by="The number of target cells before the step")


@_table.formula(
    "Log depletion",
    Input("cells_in", "cells", "Unwanted cells before the step", RAISES),
    Input("cells_out", "cells", "Unwanted cells after the step", LOWERS),
    unit="log10",
)
def log_depletion(*, cells_in: Decimal, cells_out: Decimal) -> Answer:
    """Powers of ten by which a step lessens an unwanted population.

    depletion = log10(in / out)
    """
    if cells_in == 0:
        return NotCalculable("The number of unwanted cells before the step is zero.")
    ratio = divided(cells_in, cells_out, by="The number of unwanted cells after the step")
    return ratio.log10() if isinstance(ratio, Decimal) else ratio


@_table.formula(
    "Yield against theory",
    Input("actual", "cells", "Actual yield", RAISES),
    Input("theoretical", "cells", "Theoretical yield", LOWERS),
    unit="%",
)
def yield_percent(*, actual: Decimal, theoretical: Decimal) -> Answer:
    """Share of the theoretical yield that was reached (21 CFR 211.103, 211.188(b)(7)).

    yield = 100 · actual / theoretical
    """
    return divided(HUNDRED * actual, theoretical, by="The theoretical yield")


@_table.formula(
    "Difference at reconciliation",
    Input("made", "cells", "Made", RAISES),
    Input("filled", "cells", "Filled", LOWERS),
    Input("sampled", "cells", "Sampled", LOWERS),
    Input("retained", "cells", "Retained", LOWERS),
    Input("discarded", "cells", "Discarded", LOWERS),
    unit="cells",
)
def reconciliation_difference(
    *, made: Decimal, filled: Decimal, sampled: Decimal, retained: Decimal, discarded: Decimal
) -> Answer:
    """What was made and is not accounted for; below zero, more is accounted for than was made.

    difference = made - (filled + sampled + retained + discarded)
    """
    return made - (filled + sampled + retained + discarded)


# How they grow


@_table.formula(
    "Fold expansion",
    Input("cells", "cells", "Viable cells now", RAISES),
    Input("seeded_cells", "cells", "Viable cells seeded", LOWERS),
    unit="fold",
)
def fold_expansion(*, cells: Decimal, seeded_cells: Decimal) -> Answer:
    """Times a population has multiplied since it was seeded; both counts are of the same population.

    fold = N(t) / N(0)

    Cells taken out for a sample or a split end the stage: the next one starts from those left, and
    the stages are joined by `cumulative_fold`.
    """
    return divided(cells, seeded_cells, by="The number of cells seeded")


@_table.formula(
    "Cells expected after expansion",
    Input("seeded_cells", "cells", "Viable cells seeded", RAISES),
    Input("planned_fold", "fold", "Fold expansion planned", RAISES),
    unit="cells",
)
def expected_cells(*, seeded_cells: Decimal, planned_fold: Decimal) -> Answer:
    """Theoretical yield of a culture: what the seeded cells give when they grow as planned (21 CFR 211.103).

    expected cells = N(0) · planned fold
    """
    return seeded_cells * planned_fold


@_table.formula(
    "Cumulative fold expansion",
    Input("fold_before", "fold", "Fold expansion up to this stage", RAISES),
    Input("fold_of_stage", "fold", "Fold expansion in this stage", RAISES),
    unit="fold",
)
def cumulative_fold(*, fold_before: Decimal, fold_of_stage: Decimal) -> Answer:
    """Fold expansion over several stages, one stage joined at a time.

    cumulative fold = fold up to the stage · fold in the stage
    """
    return fold_before * fold_of_stage


@_table.formula(
    "Population doublings",
    Input("cells", "cells", "Viable cells now", RAISES),
    Input("seeded_cells", "cells", "Viable cells seeded", LOWERS),
    unit="doublings",
)
def population_doublings(*, cells: Decimal, seeded_cells: Decimal) -> Answer:
    """How many times the population doubled; below zero where it shrank.

    PD = log2(N(t) / N(0)) = ln(N(t) / N(0)) / ln 2
    """
    if cells == 0:
        return NotCalculable("No viable cells are left.")
    fold = divided(cells, seeded_cells, by="The number of cells seeded")
    return fold.ln() / Decimal(2).ln() if isinstance(fold, Decimal) else fold


@_table.formula(
    "Doubling time",
    Input("days", "d", "Days in culture", RAISES),
    Input("cells", "cells", "Viable cells now"),
    Input("seeded_cells", "cells", "Viable cells seeded"),
    unit="d",
)
def doubling_time_days(*, days: Decimal, cells: Decimal, seeded_cells: Decimal) -> Answer:
    """Mean time in which the population doubled.

    doubling time = t · ln 2 / ln(N(t) / N(0))
    """
    if seeded_cells == 0:
        return NotCalculable("The number of cells seeded is zero.")
    if cells <= seeded_cells:
        return NotCalculable("The population did not grow.")
    return days * Decimal(2).ln() / (cells / seeded_cells).ln()


FORMULAS: Mapping[tuple[str, int], Formula] = MappingProxyType(
    {**_table.read_only(), **DOSE_FORMULAS, **ASSAY_FORMULAS}
)
