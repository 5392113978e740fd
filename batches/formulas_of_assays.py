"""Formulas of laboratory assays: from what an instrument counted to what a specification limits."""

from collections.abc import Mapping
from decimal import Decimal

from batches.calculating import Answer, Effect, Formula, FormulaTable, Input, NotCalculable, divided

RAISES, LOWERS = Effect.RAISES, Effect.LOWERS
HUNDRED = Decimal(100)

_table = FormulaTable()


@_table.formula(
    "Vector copies per cell",
    Input("transgene_copies", "copies", "Copies of the transgene", RAISES),
    Input("reference_copies", "copies", "Copies of the reference gene", LOWERS),
    unit="copies/cell",
)
def vcn_per_cell(*, transgene_copies: Decimal, reference_copies: Decimal) -> Answer:
    """Mean copies in each cell, by a reference gene that every diploid cell holds twice.

    VCN = 2 · transgene copies / reference copies
    """
    return divided(2 * transgene_copies, reference_copies, by="The number of reference copies")


@_table.formula(
    "Vector copies per cell, by digital PCR",
    Input("transgene_per_microlitre", "copies/µL", "Concentration of the transgene", RAISES),
    Input("reference_per_microlitre", "copies/µL", "Concentration of the reference gene", LOWERS),
    unit="copies/cell",
)
def vcn_by_digital_pcr(*, transgene_per_microlitre: Decimal, reference_per_microlitre: Decimal) -> Answer:
    """Mean copies in each diploid cell, both targets counted in the same well, so that its volume plays no part.

    VCN = 2 · c(transgene) / c(reference)
    """
    return divided(2 * transgene_per_microlitre, reference_per_microlitre, by="The concentration of the reference gene")


@_table.formula(
    "Vector copies per cell, by ΔCt",
    Input("delta_ct", "cycles", "Ct of the transgene less Ct of the reference gene", LOWERS, signed=True),
    unit="copies/cell",
)
def vcn_by_delta_ct(*, delta_ct: Decimal) -> Answer:
    """Mean copies in each diploid cell by real-time PCR, both reactions being equally efficient.

    VCN = 2 · 2^(-ΔCt)
    """
    if abs(delta_ct) > 60:
        return NotCalculable("The difference of the Ct values is beyond what a PCR can show.")
    result: Decimal = Decimal(2) ** (1 - delta_ct)
    return result


@_table.formula(
    "CAR+ share of the tested cells",
    Input("car_percent", "%", "CAR+ share of the parent gate", RAISES),
    Input("parent_percent", "%", "Parent gate, as a share of the tested cells", RAISES),
    unit="%",
)
def car_percent_of_tested(*, car_percent: Decimal, parent_percent: Decimal) -> Answer:
    """CAR+ share of all cells that were tested, its parent gate multiplied in.

    CAR % of tested = CAR % of parent · parent % / 100
    """
    return car_percent * parent_percent / HUNDRED


@_table.formula(
    "Vector copies per transduced cell",
    Input("vcn_per_cell", "copies/cell", "Vector copies per cell", RAISES),
    Input("car_percent_of_tested", "%", "CAR+ share of the tested cells", LOWERS),
    unit="copies/transduced cell",
)
def vcn_per_transduced_cell(*, vcn_per_cell: Decimal, car_percent_of_tested: Decimal) -> Answer:
    """Mean copies in each transduced cell; both inputs come from the same sample.

    VCN(transduced) = VCN / (CAR % of tested / 100)
    """
    return divided(HUNDRED * vcn_per_cell, car_percent_of_tested, by="The CAR+ share of the tested cells")


@_table.formula(
    "Vector copies per transduced cell, from copies",
    Input("transgene_copies", "copies", "Copies of the transgene", RAISES),
    Input("reference_copies", "copies", "Copies of the reference gene", LOWERS),
    Input("car_percent", "%", "CAR+ share of the parent gate", LOWERS),
    Input("parent_percent", "%", "Parent gate, as a share of the tested cells", LOWERS),
    unit="copies/transduced cell",
)
def vcn_per_transduced_cell_by_copies(
    *, transgene_copies: Decimal, reference_copies: Decimal, car_percent: Decimal, parent_percent: Decimal
) -> Answer:
    """Mean copies in each transduced cell, from copies counted and the gates of the same sample.

    VCN(transduced) = 2 · transgene copies / reference copies / (CAR % / 100 · parent % / 100)
    """
    copies = divided(2 * transgene_copies, reference_copies, by="The number of reference copies")
    return _per_transduced(copies, car_percent, parent_percent)


@_table.formula(
    "Vector copies per transduced cell, by ΔCt",
    Input("delta_ct", "cycles", "Ct of the transgene less Ct of the reference gene", LOWERS, signed=True),
    Input("car_percent", "%", "CAR+ share of the parent gate", LOWERS),
    Input("parent_percent", "%", "Parent gate, as a share of the tested cells", LOWERS),
    unit="copies/transduced cell",
)
def vcn_per_transduced_cell_by_delta_ct(*, delta_ct: Decimal, car_percent: Decimal, parent_percent: Decimal) -> Answer:
    """Mean copies in each transduced cell by real-time PCR, and the gates of the same sample.

    VCN(transduced) = 2 · 2^(-ΔCt) / (CAR % / 100 · parent % / 100)
    """
    return _per_transduced(vcn_by_delta_ct(delta_ct=delta_ct), car_percent, parent_percent)


def _per_transduced(copies: Answer, car_percent: Decimal, parent_percent: Decimal) -> Answer:
    if isinstance(copies, NotCalculable):
        return copies
    return divided(copies * HUNDRED * HUNDRED, car_percent * parent_percent, by="The CAR+ share of the tested cells")


@_table.formula(
    "Copies per microlitre, by digital PCR",
    Input("positive", "droplets", "Positive droplets", RAISES),
    Input("total", "droplets", "Accepted droplets"),
    Input("droplet_volume_nl", "nL", "Volume of one droplet", LOWERS),
    Input("dilution", "fold", "Dilution factor", RAISES),
    unit="copies/µL",
)
def ddpcr_copies_per_microlitre(
    *, positive: Decimal, total: Decimal, droplet_volume_nl: Decimal, dilution: Decimal
) -> Answer:
    """Concentration of the target, several copies in one droplet allowed for by Poisson's law.

    λ = -ln(1 - positive / total);  c = 1000 · λ / V(droplet, nL) · dilution
    """
    if total == 0:
        return NotCalculable("The number of accepted droplets is zero.")
    if positive >= total:
        return NotCalculable("Every droplet is positive; dilute the sample.")
    copies_per_droplet = -(1 - positive / total).ln()
    return divided(1000 * copies_per_droplet * dilution, droplet_volume_nl, by="The volume of one droplet")


@_table.formula(
    "Endotoxin infused",
    Input("endotoxin_eu_per_ml", "EU/mL", "Endotoxin", RAISES),
    Input("infused_volume_ml", "mL", "Volume infused", RAISES),
    unit="EU",
)
def endotoxin_infused(*, endotoxin_eu_per_ml: Decimal, infused_volume_ml: Decimal) -> Answer:
    """Endotoxin the recipient gets with the whole infusion; a line divides it by the recipient's weight.

    EU = EU/mL · V
    """
    return endotoxin_eu_per_ml * infused_volume_ml


@_table.formula(
    "Endotoxin infused in an hour",
    Input("endotoxin_eu_per_ml", "EU/mL", "Endotoxin", RAISES),
    Input("infused_volume_ml", "mL", "Volume infused", RAISES),
    Input("infusion_hours", "h", "Time of infusion", LOWERS),
    unit="EU/h",
)
def endotoxin_infused_per_hour(
    *, endotoxin_eu_per_ml: Decimal, infused_volume_ml: Decimal, infusion_hours: Decimal
) -> Answer:
    """Endotoxin the recipient gets in each hour; by the weight, the terms of K = 5 EU/kg/h (USP <85>).

    EU/h = EU/mL · V / time
    """
    return divided(endotoxin_eu_per_ml * infused_volume_ml, infusion_hours, by="The time of infusion")


@_table.formula(
    "Endotoxin per kilogram",
    Input("endotoxin_eu_per_ml", "EU/mL", "Endotoxin", RAISES),
    Input("infused_volume_ml", "mL", "Volume infused", RAISES),
    Input("weight_kg", "kg", "Weight of the recipient", LOWERS),
    unit="EU/kg",
)
def endotoxin_per_kg(*, endotoxin_eu_per_ml: Decimal, infused_volume_ml: Decimal, weight_kg: Decimal) -> Answer:
    """Endotoxin the recipient gets with the whole infusion, for each kilogram.

    EU/kg = EU/mL · V / weight
    """
    return divided(endotoxin_eu_per_ml * infused_volume_ml, weight_kg, by="The weight of the recipient")


@_table.formula(
    "Endotoxin per kilogram and hour",
    Input("endotoxin_eu_per_ml", "EU/mL", "Endotoxin", RAISES),
    Input("infused_volume_ml", "mL", "Volume infused", RAISES),
    Input("weight_kg", "kg", "Weight of the recipient", LOWERS),
    Input("infusion_hours", "h", "Time of infusion", LOWERS),
    unit="EU/kg/h",
)
def endotoxin_per_kg_per_hour(
    *, endotoxin_eu_per_ml: Decimal, infused_volume_ml: Decimal, weight_kg: Decimal, infusion_hours: Decimal
) -> Answer:
    """Endotoxin in the terms of the threshold pyrogenic dose, K = 5 EU/kg/h (USP <85>).

    EU/kg/h = EU/mL · V / (weight · time)
    """
    return divided(
        endotoxin_eu_per_ml * infused_volume_ml,
        weight_kg * infusion_hours,
        by="The weight of the recipient or the time of infusion",
    )


@_table.formula(
    "Maximum valid dilution",
    Input("limit_eu_per_ml", "EU/mL", "Endotoxin limit", RAISES),
    Input("concentration", "fold", "Concentration of the sample, 1 where the limit is by volume", RAISES),
    Input("sensitivity_eu_per_ml", "EU/mL", "Sensitivity of the lysate", LOWERS),
    unit="fold",
)
def maximum_valid_dilution(
    *, limit_eu_per_ml: Decimal, concentration: Decimal, sensitivity_eu_per_ml: Decimal
) -> Answer:
    """Highest dilution at which the lysate still sees the limit (USP <85>).

    MVD = limit · concentration / λ
    """
    return divided(limit_eu_per_ml * concentration, sensitivity_eu_per_ml, by="The sensitivity of the lysate")


@_table.formula(
    "Residual beads per 3 million cells",
    Input("beads_counted", "beads", "Beads counted", RAISES),
    Input("cells_examined", "cells", "Cells examined", LOWERS),
    unit="beads/3×10⁶ cells",
)
def beads_per_three_million(*, beads_counted: Decimal, cells_examined: Decimal) -> Answer:
    """Magnetic beads left for every three million cells.

    beads = beads counted / cells examined · 3 · 10⁶
    """
    return divided(beads_counted * 3 * 10**6, cells_examined, by="The number of cells examined")


@_table.formula(
    "Cytotoxicity",
    Input("experimental", "signal", "Release with effector cells", signed=True),
    Input("spontaneous", "signal", "Release of target cells alone", signed=True),
    Input("maximum", "signal", "Release of lysed target cells", signed=True),
    unit="%",
)
def cytotoxicity_percent(*, experimental: Decimal, spontaneous: Decimal, maximum: Decimal) -> Answer:
    """Specific lysis of target cells in a release assay.

    lysis = 100 · (experimental - spontaneous) / (maximum - spontaneous)
    """
    if maximum <= spontaneous:
        return NotCalculable("The maximum release is not above the spontaneous release.")
    return HUNDRED * (experimental - spontaneous) / (maximum - spontaneous)


@_table.formula(
    "CD4:CD8 ratio",
    Input("cd4_percent", "%", "CD4+ share", RAISES),
    Input("cd8_percent", "%", "CD8+ share of the same parent gate", LOWERS),
    unit="ratio",
)
def cd4_cd8_ratio(*, cd4_percent: Decimal, cd8_percent: Decimal) -> Answer:
    """CD4+ cells for each CD8+ cell, in this direction always.

    ratio = CD4 % / CD8 %
    """
    return divided(cd4_percent, cd8_percent, by="The CD8+ share")


ASSAY_FORMULAS: Mapping[tuple[str, int], Formula] = _table.read_only()
