"""Formulas of what goes into cells and into patients: vector, dose, volume, containers."""

from collections.abc import Mapping
from decimal import Decimal

from batches.calculating import Answer, Effect, Formula, FormulaTable, Input, NotCalculable, divided

RAISES, LOWERS = Effect.RAISES, Effect.LOWERS
HUNDRED = Decimal(100)

_table = FormulaTable()


@_table.formula(
    "Multiplicity of infection",
    Input("titer", "TU/mL", "Titre of the vector lot", RAISES),
    Input("vector_volume_ml", "mL", "Volume of vector", RAISES),
    Input("cells", "cells", "Viable cells to transduce", LOWERS),
    unit="TU/cell",
)
def moi(*, titer: Decimal, vector_volume_ml: Decimal, cells: Decimal) -> Answer:
    """Transducing units offered to each viable cell.

    MOI = titre · V(vector) / cells
    """
    return divided(titer * vector_volume_ml, cells, by="The number of cells to transduce")


@_table.formula(
    "Volume of vector",
    Input("moi", "TU/cell", "Multiplicity of infection aimed at", RAISES),
    Input("cells", "cells", "Viable cells to transduce", RAISES),
    Input("titer", "TU/mL", "Titre of the vector lot", LOWERS),
    unit="mL",
)
def vector_volume_ml(*, moi: Decimal, cells: Decimal, titer: Decimal) -> Answer:
    """Volume of vector that reaches the multiplicity aimed at.

    V(vector) = MOI · cells / titre
    """
    return divided(moi * cells, titer, by="The titre of the vector lot")


@_table.formula(
    "Volume of nucleic acid",
    Input("micrograms_per_million", "µg/10⁶ cells", "Nucleic acid aimed at, for a million cells", RAISES),
    Input("cells", "cells", "Viable cells to electroporate", RAISES),
    Input("concentration", "µg/mL", "Concentration of the nucleic acid", LOWERS),
    unit="mL",
)
def nucleic_acid_volume_ml(*, micrograms_per_million: Decimal, cells: Decimal, concentration: Decimal) -> Answer:
    """Volume of a nucleic acid that gives each million of viable cells the mass aimed at.

    V = m(per 10⁶ cells) · cells / 10⁶ / c
    """
    return divided(micrograms_per_million * cells, concentration * 10**6, by="The concentration of the nucleic acid")


@_table.formula(
    "Nucleic acid for a million cells",
    Input("volume_ml", "mL", "Volume of nucleic acid", RAISES),
    Input("concentration", "µg/mL", "Concentration of the nucleic acid", RAISES),
    Input("cells", "cells", "Viable cells to electroporate", LOWERS),
    unit="µg/10⁶ cells",
)
def nucleic_acid_per_million(*, volume_ml: Decimal, concentration: Decimal, cells: Decimal) -> Answer:
    """Mass of a nucleic acid that was offered to each million of viable cells.

    m(per 10⁶ cells) = V · c · 10⁶ / cells
    """
    return divided(volume_ml * concentration * 10**6, cells, by="The number of cells to electroporate")


@_table.formula(
    "Cells per kilogram",
    Input("cells", "cells", "Cells of the dose", RAISES),
    Input("weight_kg", "kg", "Weight of the recipient", LOWERS),
    unit="cells/kg",
)
def dose_per_kg(*, cells: Decimal, weight_kg: Decimal) -> Answer:
    """Cells of the dose for each kilogram of the recipient.

    dose = cells / weight
    """
    return divided(cells, weight_kg, by="The weight of the recipient")


@_table.formula(
    "CAR+ cells per kilogram, from T cells per kilogram",
    Input("t_cells_per_kg", "cells/kg", "T cells per kilogram", RAISES),
    Input("car_percent_of_t_cells", "%", "CAR+ share of T cells", RAISES),
    unit="cells/kg",
)
def car_positive_per_kg(*, t_cells_per_kg: Decimal, car_percent_of_t_cells: Decimal) -> Answer:
    """CAR+ dose where the dose was set in T cells.

    CAR+ dose = T cells per kg · CAR % / 100
    """
    return t_cells_per_kg * car_percent_of_t_cells / HUNDRED


@_table.formula(
    "Dose with its cap",
    Input("cells_per_kg", "cells/kg", "Dose aimed at, per kilogram"),
    Input("weight_kg", "kg", "Weight of the recipient"),
    Input("cap_cells", "cells", "Highest dose allowed"),
    unit="cells",
)
def capped_dose(*, cells_per_kg: Decimal, weight_kg: Decimal, cap_cells: Decimal) -> Answer:
    """Dose by weight, never above the cap.

    dose = min(rate · weight, cap)
    """
    if weight_kg == 0:
        return NotCalculable("The weight of the recipient is zero.")
    return min(cells_per_kg * weight_kg, cap_cells)


@_table.formula(
    "Cells for a recipient",
    Input("cells_per_kg", "cells/kg", "Cells per kilogram", RAISES),
    Input("weight_kg", "kg", "Weight of the recipient", RAISES),
    unit="cells",
)
def dose_by_weight(*, cells_per_kg: Decimal, weight_kg: Decimal) -> Answer:
    """Cells that a rule per kilogram gives to a recipient.

    cells = rate · weight
    """
    if weight_kg == 0:
        return NotCalculable("The weight of the recipient is zero.")
    return cells_per_kg * weight_kg


@_table.formula(
    "Part of a dose",
    Input("cells", "cells", "Cells of the dose", RAISES),
    Input("percent", "%", "Share given at once", RAISES),
    unit="cells",
)
def fraction_of_dose(*, cells: Decimal, percent: Decimal) -> Answer:
    """Cells of one infusion of a dose that is given in fractions.

    cells(fraction) = cells · percent / 100
    """
    return cells * percent / HUNDRED


@_table.formula(
    "Cells of one container, by its volume",
    Input("cells", "cells", "Cells of all containers filled together", RAISES),
    Input("container_volume_ml", "mL", "Volume of one container", RAISES),
    Input("filled_volume_ml", "mL", "Volume of all containers", LOWERS),
    unit="cells",
)
def cells_by_volume(*, cells: Decimal, container_volume_ml: Decimal, filled_volume_ml: Decimal) -> Answer:
    """Cells of one of several containers that were filled from one well mixed suspension.

    cells(container) = cells · V(container) / V(all)
    """
    return divided(cells * container_volume_ml, filled_volume_ml, by="The volume of all containers")


@_table.formula(
    "Volume to infuse",
    Input("target_cells", "cells", "Cells to give", RAISES),
    Input("concentration", "cells/mL", "Viable target cells per millilitre in the container", LOWERS),
    unit="mL",
)
def volume_to_infuse_ml(*, target_cells: Decimal, concentration: Decimal) -> Answer:
    """Volume that holds the cells to give.

    V = target cells / c(container)
    """
    return divided(target_cells, concentration, by="The concentration in the container")


@_table.formula(
    "Containers to thaw",
    Input("volume_ml", "mL", "Volume to infuse"),
    Input("container_volume_ml", "mL", "Volume of one container"),
    unit="containers",
)
def containers_to_thaw(*, volume_ml: Decimal, container_volume_ml: Decimal) -> Answer:
    """Whole containers of equal volume that the dose needs.

    containers = ⌈V / V(container)⌉
    """
    if container_volume_ml == 0:
        return NotCalculable("The volume of one container is zero.")
    whole, rest = divmod(volume_ml, container_volume_ml)
    return whole + 1 if rest else whole


@_table.formula(
    "Concentration at fill",
    Input("cells_per_container", "cells", "Target cells in one container", RAISES),
    Input("fill_volume_ml", "mL", "Fill volume", LOWERS),
    unit="cells/mL",
)
def concentration_at_fill(*, cells_per_container: Decimal, fill_volume_ml: Decimal) -> Answer:
    """Living target cells in each millilitre of a filled container.

    c = cells per container / fill volume
    """
    return divided(cells_per_container, fill_volume_ml, by="The fill volume")


@_table.formula(
    "DMSO",
    Input("dmso_volume_ml", "mL", "Volume of DMSO", RAISES),
    Input("total_volume_ml", "mL", "Total volume", LOWERS),
    unit="%",
)
def dmso_percent(*, dmso_volume_ml: Decimal, total_volume_ml: Decimal) -> Answer:
    """Dimethyl sulfoxide in the final volume, volume by volume.

    DMSO = 100 · V(DMSO) / V(total)
    """
    return divided(HUNDRED * dmso_volume_ml, total_volume_ml, by="The total volume")


DOSE_FORMULAS: Mapping[tuple[str, int], Formula] = _table.read_only()
