"""In-process values that lead to a given release: invented, derived from the release results, and adding up.

The release results are given. Everything before them is calculated backwards:

    viable cells in the bags   = CAR+ cells / (CD3+ share · CAR+ share)
    formulated suspension      = bags + QC vials + retained vials + remainder, all of one concentration
    viable cells at harvest    = viable cells formulated / 0.90 (a tenth is lost in the wash), and the samples
    growth                     cells(d) = seeded · (harvest / seeded)^(d/9), nine days of culture after seeding
    cells transduced           = seeded · 1.12;  activated = transduced / 1.05
    T cells at receipt         = selected T cells / 0.40

Each quantity then becomes a count as it is read in a chamber: whole cells in eight large squares at a dilution. What
the record derives from these counts is therefore near the plan, and exact where it has to be: the bags are filled to
the tenth of a millilitre that gives the published number of CAR+ cells within its last printed digit. No framework.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from config.story.ari0001 import DOSE, MILLION, Plan

PER_SQUARE = Decimal(10_000)  # a large square of a Neubauer chamber holds a ten-thousandth of a millilitre
SQUARES = 8
DILUTIONS = (2, 4, 5, 10, 20, 50, 100, 200)
MOST_COUNTED = 600
BAGS = 3
FINAL_DILUTION = 50
QC_VIALS, QC_VIAL_ML = 4, Decimal("2.0")
RETAINED_VIALS, RETAINED_VIAL_ML = 3, Decimal("2.0")
LEFT_OVER_ML = Decimal("2.0")
CULTURE_DAYS = 9
WASH_YIELD = Decimal("0.90")
TITER = Decimal(210_000_000)
MOI = 10
HUNDRED = Decimal(100)
# Reported and never judged, so one invented profile serves every batch.
IMMUNE_PROFILE = {
    "profile_t_percent": "62.4", "profile_nk_percent": "9.8", "profile_b_percent": "11.2",
    "profile_pd1_percent": "18.5", "profile_tim3_percent": "6.1", "profile_lag3_percent": "4.7",
    "profile_il6": "7.9", "profile_ifn_gamma": "12.4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Count:
    """A count in a chamber, and the volume of the suspension that it was taken from."""

    viable: int
    dead: int
    dilution: int
    volume_ml: Decimal

    @property
    def concentration(self) -> Decimal:
        """Viable cells per millilitre, as the record derives them."""
        return Decimal(self.viable) / SQUARES * self.dilution * PER_SQUARE

    @property
    def cells(self) -> Decimal:
        """Viable cells in the whole suspension."""
        return self.concentration * self.volume_ml

    def fields(self, prefix: str, *, with_volume: bool = True) -> dict[str, str]:
        """Give the count as the fields of a step take it."""
        typed = {
            f"{prefix}_viable_counted": str(self.viable),
            f"{prefix}_dead_counted": str(self.dead),
            f"{prefix}_squares": str(SQUARES),
            f"{prefix}_dilution": str(self.dilution),
        }
        return typed | ({f"{prefix}_volume_ml": tenths(self.volume_ml)} if with_volume else {})


@dataclass(frozen=True, slots=True)
class Fill:
    """How the bags were filled so that they hold the wanted number of CAR+ cells."""

    count: Count
    bag_ml: Decimal

    @property
    def bags_ml(self) -> Decimal:
        return self.bag_ml * BAGS


def tenths(value: Decimal) -> str:
    """Write a number with one decimal."""
    return f"{value.quantize(Decimal('0.1'), ROUND_HALF_UP):f}"


def dead_beside(viable: int, viability: Decimal) -> int:
    """Give how many dead cells stand beside so many living ones at a viability in percent."""
    return int((viable * (HUNDRED - viability) / viability).to_integral_value(ROUND_HALF_UP))


def count_of(cells: Decimal, volume_ml: Decimal, viability: Decimal) -> Count:
    """Give the count that comes nearest to a number of viable cells, at the smallest dilution that can be counted."""
    for dilution in DILUTIONS:
        viable = int((cells / volume_ml / PER_SQUARE / dilution * SQUARES).to_integral_value(ROUND_HALF_UP))
        if viable <= MOST_COUNTED:
            return Count(viable, dead_beside(viable, viability), dilution, volume_ml)
    raise ValueError(f"{cells} cells in {volume_ml} mL are too many to be counted.")


def fill_for(plan: Plan) -> Fill:
    """Find the count and the bag volume that give the released number of CAR+ cells best.

    Tries every count from 300 to 899 with the volume, to the tenth of a millilitre, that comes nearest; of those whose
    viability rounds to the released one, the smallest difference wins. Raises ValueError if the best is off by half of
    the last printed digit or more.
    """
    release = plan.release
    wanted = release.number(DOSE) * MILLION
    viability = release.number("viability_percent")
    share = release.number("cd3_positive_percent") * release.number("car_positive_percent") / HUNDRED / HUNDRED
    best: Fill | None = None
    smallest = MILLION / 2
    for viable in range(300, 900):
        dead = dead_beside(viable, viability)
        if tenths(HUNDRED * viable / (viable + dead)) != tenths(viability):
            continue
        count = Count(viable, dead, FINAL_DILUTION, Decimal(0))
        bag_ml = Decimal(tenths(wanted / share / count.concentration / BAGS))
        off = abs(count.concentration * bag_ml * BAGS * share - wanted)
        if 40 <= bag_ml <= 70 and off < smallest:
            best, smallest = Fill(count, bag_ml), off
    if best is None:
        raise ValueError(f"No fill gives {wanted} CAR+ cells within their last printed digit.")
    return best


def in_process_values(plan: Plan) -> dict[str, str]:
    """Give every number and choice that the batch's record takes before release testing, by field code."""
    fill = fill_for(plan)
    left_ml = QC_VIALS * QC_VIAL_ML + RETAINED_VIALS * RETAINED_VIAL_ML + LEFT_OVER_ML
    formulated_ml = fill.bags_ml + left_ml
    harvest = count_of(fill.count.concentration * formulated_ml / WASH_YIELD, Decimal("970.0"), Decimal("96.0"))
    return {
        **_before_expansion(plan),
        **_expansion(plan, harvest),
        **harvest.fields("harvest"),
        "harvest_samples": "2",
        "harvest_sampled_ml": "4.0",
        "harvest_retained_vials": "2",
        "harvest_retained_ml": "4.0",
        "harvest_discarded_ml": "0.0",
        "final_wash_cycles": "2",
        "dmso_ml": tenths(formulated_ml * Decimal("0.075")),
        "formulated_volume_ml": tenths(formulated_ml),
        **fill.count.fields("final", with_volume=False),
        "final_cd3_percent": str(plan.release.number("cd3_positive_percent")),
        "final_car_percent": str(plan.release.number("car_positive_percent")),
        "bags_filled": str(BAGS),
        "bag_volume_ml": tenths(fill.bag_ml),
        "bags_volume_ml": tenths(fill.bags_ml),
        "qc_vials_filled": str(QC_VIALS),
        "qc_vial_volume_ml": tenths(QC_VIAL_ML),
        "qc_volume_ml": tenths(QC_VIALS * QC_VIAL_ML),
        "retain_vials_filled": str(RETAINED_VIALS),
        "retain_vial_volume_ml": tenths(RETAINED_VIAL_ML),
        "retain_volume_ml": tenths(RETAINED_VIALS * RETAINED_VIAL_ML),
        "fill_discarded_ml": tenths(LEFT_OVER_ML),
        "bags_appearance": "cloudy",
        "bags_refused": "0",
        "freezing_end_temperature_c": "-100",
        "storage_position": f"LN2-04, rack {plan.number}, position 3",
        "storage_temperature_c": "-181",
    }


def _before_expansion(plan: Plan) -> dict[str, str]:
    """Give the values from receipt to seeding, calculated backwards from the cells that were seeded."""
    seeded = plan.seeded_millions * MILLION
    transduced = count_of(seeded * Decimal("1.12"), Decimal("250.0"), Decimal("95.0"))
    activated = transduced.cells / Decimal("1.05")
    selected = count_of(activated / Decimal("0.95"), Decimal("60.0"), Decimal("97.5"))
    t_cells = selected.cells * Decimal("0.952") / Decimal("0.40")
    receipt = count_of(t_cells / Decimal("0.624"), Decimal(plan.apheresis_ml), Decimal("98.6"))
    washed = count_of(receipt.cells * Decimal("0.87"), Decimal("100.0"), Decimal("97.2"))
    vector_ml = tenths(MOI * transduced.cells / TITER)
    return {
        "receipt_seal_number": f"8842{plan.number:02d}",
        "receipt_appearance": "even_red",
        "receipt_temperature_c": "4.8",
        **receipt.fields("receipt"),
        "receipt_cd3_percent": "62.4",
        **IMMUNE_PROFILE,
        "receipt_decision": "accepted",
        **washed.fields("washed"),
        **selected.fields("selected"),
        "selected_cd3_percent": "95.2",
        "activated_cells_volume_ml": "57.0",
        "culture_volume_ml": "250.0",
        **transduced.fields("transduction"),
        "culture_volume_before_vector_ml": "249.0",
        "vector_added_ml": vector_ml,
        "vector_wash_cycles": "2",
        **count_of(seeded, Decimal("250.0"), Decimal("92.0")).fields("seeded"),
        "freezer_run": f"CRF-01-{plan.number:04d}",
    }


def _expansion(plan: Plan, harvest: Count) -> dict[str, str]:
    """Give the counts of days 3, 5 and 7: even growth from the cells seeded to those harvested."""
    seeded = plan.seeded_millions * MILLION
    growth = harvest.cells / seeded

    def grown(day: int, volume_ml: str) -> dict[str, str]:
        cells = seeded * growth ** (Decimal(day) / CULTURE_DAYS)
        return count_of(cells, Decimal(volume_ml), Decimal("95.5")).fields(f"day{day}")

    return {
        **grown(3, "248.0"),
        "feed_glucose": plan.glucose,
        "feed_added_ml": "750.0",
        "feed_volume_after_ml": "998.0",
        **grown(5, "996.0"),
        "day5_car_percent": str(plan.release.number("car_positive_percent")),
        **grown(7, "985.0"),
    }


def vials_for(values: dict[str, str], vial_ml: Decimal) -> int:
    """Give how many vials of vector the added volume takes."""
    return -int(-Decimal(values["vector_added_ml"]) // vial_ml)
