"""What stands on a label, and what its code holds; no framework.

(1) Whose cells: batch, chain of identity, donation numbers with their check characters, subject under its pseudonym.
(2) "FOR AUTOLOGOUS USE ONLY" for the patient's own cells; "NOT EVALUATED FOR INFECTIOUS SUBSTANCES" unless every test
    of the donor is there; "BIOHAZARD" and "WARNING: Reactive test results for" with the markers' names where one is
    reactive (21 CFR 1271.90(c)), "BIOLOGICAL HAZARD" with it (2006/86/EC Annex II E). A donor of whom not everything
    is known is called so.
(3) A container that is supplied out of specification says so before everything else that is said of it.
(4) The code holds ISBT 128 structures: donations (001), chain of identity (040), product code (003), expiry (005), lot
    (035), and the serial of the label. A sample carries the chain of identity and its serial alone.
(5) Nothing is cut: what is too long for the code is an error.

ISBT 128 is a licensed standard: its product codes come from the site's own definition, none are shipped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from batches.definitions.product import ProductDefinition
from chain_of_custody import isbt128
from chain_of_custody.donor_status import DonorStatus
from chain_of_custody.label_message import composed
from ledger.typed_numbers import show_count

AUTOLOGOUS = "FOR AUTOLOGOUS USE ONLY"
NOT_EVALUATED = "NOT EVALUATED FOR INFECTIOUS SUBSTANCES"
UNKNOWN = "Donor status unknown"
HAZARD = "BIOHAZARD / BIOLOGICAL HAZARD"
WARNING = "WARNING: Reactive test results for "
MODIFIED = "Contains genetically modified cells"
OUT_OF_SPECIFICATION = "OUT OF SPECIFICATION – supplied at physician's request"
SPECIMEN = "SPECIMEN. NOT FOR USE ON A CONTAINER."
TRAINING = "TRAINING SYSTEM. NOT FOR GMP RECORDS."
BASIS = {"fresh": "counted fresh", "pre_freeze": "counted before freezing", "post_thaw": "counted after thawing"}

LONGEST_CODE = 200  # a scan of more characters is not taken
MOST_DONATIONS = 4  # in the code; for the eye each one stands there, and the chain of identity joins them all
SMALL = frozenset({"sample", "qc_vial", "retain_vial"})
RELATIONS = {"autologous": ("1", "X"), "directed": ("2", "3"), "allogeneic": ("7", "7")}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Pairs = tuple[tuple[str, str], ...]


class LabelContentError(ValueError):
    """A label cannot hold what has to stand on it."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Whose cells a batch holds, and what is known of them."""

    product: ProductDefinition
    batch: str
    chain: isbt128.ChainOfIdentity
    subject: str
    donations: tuple[isbt128.Din, ...]
    donor: DonorStatus
    site: str
    is_training: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """A container as it was filled. Times come in words, and as the clock of the site showed them."""

    code: str
    kind: str
    kind_words: str
    number: int  # its place among those of its kind, from 1
    of_how_many: int
    volume_ml: Decimal | None
    viable_cells: Decimal | None
    sample_point: str
    made: str
    expires: str
    expires_at: datetime | None
    legend: str = ""  # what else has to stand on it because of what was decided on it


@dataclass(frozen=True, slots=True)
class Label:
    """One label: everything that stands on it."""

    serial: str
    container: str
    kind: str
    size: str  # large: 100 × 60 mm; small: 50 × 25 mm
    code: str  # what the two-dimensional code holds
    title: str
    identity: Pairs
    facts: Pairs
    statements: tuple[str, ...]
    donor: tuple[str, ...]  # statements that follow from the donor's tests
    bands: tuple[str, ...]  # across the label: specimen, training

    def as_plain(self) -> dict[str, Any]:  # Any: plain values of a JSON text
        """Give the label as it is frozen with its print."""
        return {
            "serial": self.serial,
            "container": self.container,
            "kind": self.kind,
            "size": self.size,
            "code": self.code,
            "title": self.title,
            "identity": [list(pair) for pair in self.identity],
            "facts": [list(pair) for pair in self.facts],
            "statements": list(self.statements),
            "donor": list(self.donor),
            "bands": list(self.bands),
        }

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> "Label":  # Any: as above
        """Give a label as it was frozen."""
        return cls(
            serial=told["serial"],
            container=told["container"],
            kind=told["kind"],
            size=told["size"],
            code=told["code"],
            title=told["title"],
            identity=tuple((name, text) for name, text in told["identity"]),
            facts=tuple((name, text) for name, text in told["facts"]),
            statements=tuple(told["statements"]),
            donor=tuple(told["donor"]),
            bands=tuple(told["bands"]),
        )


def label_of(cells: Cells, filled: Filled, *, serial: str, is_specimen: bool = False) -> Label:
    """Give the label of a container; a specimen says across itself that it is none."""
    small = filled.kind in SMALL
    code = composed(_structures(cells, filled, small=small), serial)
    if len(code) > LONGEST_CODE or not code.isascii():
        raise LabelContentError(f"The code of label {serial} does not fit a scan: it has {len(code)} characters.")
    return Label(
        serial=serial,
        container=filled.code,
        kind=filled.kind,
        size="small" if small else "large",
        code=code,
        title=filled.kind_words if small else cells.product.title,
        identity=_small_identity(cells, filled) if small else _identity(cells, filled),
        facts=_small_facts(filled) if small else _facts(cells, filled),
        statements=(*((filled.legend,) if filled.legend else ()), *(() if small else _statements(cells))),
        donor=donor_lines(cells.donor, small=small),
        bands=(*((SPECIMEN,) if is_specimen else ()), *((TRAINING,) if cells.is_training else ())),
    )


def donor_lines(donor: DonorStatus, *, small: bool = False) -> tuple[str, ...]:
    """Give the statements that follow from what is known of the donor (21 CFR 1271.90(c); 2006/86/EC Annex II E).

    A sample is not given to anybody: its small label says what is hazardous and what is unknown.
    """
    lines: list[str] = []
    if donor.reactive:
        lines += [HAZARD, f"{WARNING}{', '.join(donor.reactive)}"]
    if not donor.is_evaluated:
        lines += [UNKNOWN] if small else [NOT_EVALUATED, UNKNOWN]
    return tuple(lines)


def division_of(number: int, of_how_many: int) -> str:
    """Give the division of an ISBT 128 product code, which tells the parts of one product: 00, or A0, B0, … Aa."""
    if of_how_many == 1:
        return "00"
    first, second = (number - 1) % 26, (number - 1) // 26
    if second > 26:
        raise LabelContentError(f"{of_how_many} containers of one product cannot be told apart by division codes.")
    return _LETTERS[first] + ("0" if second == 0 else _LETTERS[second - 1].lower())


def collection_type(relation: str, *, is_hazard: bool) -> str:
    """Give the ISBT 128 collection type: for the donor, for a named recipient or for others, and whether hazardous."""
    clear, hazard = RELATIONS.get(relation, ("0", "0"))
    return hazard if is_hazard else clear


def _structures(cells: Cells, filled: Filled, *, small: bool) -> list[str]:
    if small:
        return [cells.chain.for_the_scanner]
    found = [din.for_the_scanner for din in cells.donations] if len(cells.donations) <= MOST_DONATIONS else []
    found.append(cells.chain.for_the_scanner)
    if cells.product.product_code:
        relation = cells.product.attributes.get("donor_relation", "")
        kind = collection_type(relation, is_hazard=bool(cells.donor.reactive))
        division = division_of(filled.number, filled.of_how_many)
        found.append(isbt128.product_code(cells.product.product_code, kind, division).for_the_scanner)
    if filled.expires_at is not None:
        found.append(isbt128.expiry_at(filled.expires_at).for_the_scanner)
    found.append(isbt128.lot_of(cells.batch).for_the_scanner)
    return found


def _identity(cells: Cells, filled: Filled) -> Pairs:
    return (
        ("Batch", cells.batch),
        ("Container", filled.code),
        ("Chain of identity", cells.chain.for_the_eye),
        *(("Donation (DIN)", din.for_the_eye_with_check) for din in cells.donations),
        ("Subject", cells.subject),
    )


def _small_identity(cells: Cells, filled: Filled) -> Pairs:
    return (("", filled.code), ("Batch", cells.batch), ("", cells.chain.for_the_eye))


def _facts(cells: Cells, filled: Filled) -> Pairs:
    product, found = cells.product, list[tuple[str, str]]()
    if filled.of_how_many > 1:
        found.append((filled.kind_words.capitalize(), f"{filled.number} of {filled.of_how_many}"))
    if filled.volume_ml is not None:
        found.append(("Volume", f"{filled.volume_ml:f} mL"))
    if filled.viable_cells is not None:
        basis = BASIS.get(product.dose.basis, product.dose.basis)
        found.append(("Viable cells", f"{show_count(filled.viable_cells)}, {basis}"))
    found += [("Filled", filled.made)]
    found += [("Expires", filled.expires)] if filled.expires else []
    found += [("Storage", product.storage), ("Made by", cells.site)]
    authorisation = product.authorisation
    found.append((authorisation.kind, authorisation.number))
    trial = [authorisation.sponsor, authorisation.protocol, authorisation.cohort]
    if authorisation.regime == "trial" and any(trial):
        found.append(("Trial", ", ".join(each for each in trial if each)))
    return tuple(found)


def _small_facts(filled: Filled) -> Pairs:
    point = (("Point", filled.sample_point.replace("_", " ")),) if filled.sample_point else ()
    return (*point, ("Taken", filled.made))


def _statements(cells: Cells) -> tuple[str, ...]:
    product = cells.product
    return (
        *((AUTOLOGOUS,) if product.is_autologous else ()),
        *((MODIFIED,) if product.is_genetically_modified else ()),
        *((product.authorisation.label_text,) if product.authorisation.label_text else ()),
    )


def labels_of(cells: Cells, containers: Sequence[Filled], *, number: str, specimens: int = 0) -> tuple[Label, ...]:
    """Give one label for each container, then specimens of the first: what tells a print apart ends each serial."""
    suffix = number.split("-", 1)[1]
    found = [label_of(cells, each, serial=f"{each.code}/{suffix}") for each in containers]
    found += [
        label_of(cells, containers[0], serial=f"{containers[0].code}/{suffix}S{each}", is_specimen=True)
        for each in range(1, specimens + 1)
    ]
    return tuple(found)
