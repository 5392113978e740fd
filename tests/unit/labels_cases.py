"""Labels for the tests of their content and their rendering."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from batches.definitions.kinds import as_product, read_text
from batches.definitions.product import ProductDefinition
from batches.label_content import Cells, Filled
from chain_of_custody import isbt128
from chain_of_custody.donor_status import DonorStatus, MarkerTest, donor_status

ROOT = Path(__file__).parent.parent.parent
COLLECTED = date(2026, 10, 26)


@cache
def a_product() -> ProductDefinition:
    """The shipped autologous product, with a product code of its own."""
    text = (ROOT / "batches/definitions/cd19-car-t.product.yaml").read_text(encoding="utf-8")
    return replace(as_product(read_text("product", text)), product_code="S1234")


def allogeneic() -> ProductDefinition:
    """The same for cells of somebody else."""
    product = a_product()
    return replace(product, attributes={**product.attributes, "donor_relation": "allogeneic"})


def a_donor(*reactive: str, known: bool = True, product: ProductDefinition | None = None) -> DonorStatus:
    """A donor with these reactive markers; the others non-reactive, or unknown."""
    product = product or a_product()
    others = [marker for marker in product.donor_markers if marker not in reactive] if known else []
    tests = [MarkerTest(marker, "reactive", COLLECTED, True) for marker in reactive]
    tests += [MarkerTest(marker, "non_reactive", COLLECTED, True) for marker in others]
    return donor_status(
        tests, product.donor_markers, collected_on=COLLECTED, window=None, is_autologous=product.is_autologous
    )


def some_cells(**changes: object) -> Cells:
    """Whose cells a batch holds."""
    product = changes.get("product", a_product())
    assert isinstance(product, ProductDefinition)
    cells = Cells(
        product=product,
        batch="CT-26-0042",
        chain=isbt128.chain_of_identity("CHA9999267F3K92"),
        subject="104-017",
        donations=(isbt128.din("A999926004217"),),
        donor=a_donor(product=product),
        site="Example Cell Therapy Centre",
        is_training=False,
    )
    return replace(cells, **changes)  # type: ignore[arg-type]  # named by the tests


def a_bag(number: int = 1, of: int = 2, **changes: object) -> Filled:
    """A final bag."""
    bag = Filled(
        code=f"CT-26-0042-FB-{number:02d}",
        kind="final_bag",
        kind_words="final bag",
        number=number,
        of_how_many=of,
        volume_ml=Decimal("65.0"),
        viable_cells=Decimal("1495000000"),
        sample_point="",
        made="6 Nov 2026 14:31 CET",
        expires="6 Nov 2027 14:31:00 CET (UTC+01:00)",
        expires_at=datetime(2027, 11, 6, 14, 31),
    )
    return replace(bag, **changes)  # type: ignore[arg-type]  # named by the tests


def a_vial(**changes: object) -> Filled:
    """A vial for the laboratory."""
    made: dict[str, object] = {"code": "CT-26-0042-QV-01", "kind": "qc_vial", "kind_words": "QC vial"}
    return a_bag(**(made | {"sample_point": "final_product", "expires": "", "expires_at": None} | changes))  # type: ignore[arg-type]  # as above
