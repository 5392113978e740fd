"""The attributes by which parts of a master record hold or do not, and the values that each can have.

They are those of a product, as its schema lists them, and `start`, which every batch has of its own.
"""

from collections.abc import Mapping

START = "start"
YES_NO = ("no", "yes")
# Those that a product need not state can also have no value; it is written as the empty text.
POSSIBLE: Mapping[str, tuple[str, ...]] = {
    "donor_relation": ("autologous", "allogeneic"),
    "genetically_modified": YES_NO,
    "gene_transfer": ("none", "lentiviral_vector", "retroviral_vector", "non_viral"),
    "form": ("fresh", "cryopreserved", ""),
    "beads": (*YES_NO, ""),
    "feeders": (*YES_NO, ""),
    START: ("fresh", "frozen"),
}


def agree(modified: str, transfer: str) -> bool:
    """Tell whether two attributes can go together: no gene is transferred exactly where none is modified."""
    return (modified == "no") == (transfer == "none")
