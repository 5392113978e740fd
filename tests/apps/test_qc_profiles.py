"""Pages speak of a decision in the words of the product's profile."""

import pytest

from batches.models import Definition
from tests.batches_builders import ROOT, BatchWorld
from tests.people import at_browser

pytestmark = pytest.mark.django_db


class InTheUnitedStates(BatchWorld):
    """A site that brought the American profile of the product into force."""

    def defined(self, kind: str, source: str = "") -> Definition:
        """A definition in force; the product is the American one."""
        american = ROOT / "batches/definitions/cd19-car-t-us.product.yaml"
        return super().defined(kind, source or (american.read_text("utf-8") if kind == "product" else ""))


def test_the_release_page_uses_the_words_of_the_profile():
    world = InTheUnitedStates()
    batch = world.issued()

    shown = at_browser(world.qp).get(f"/batches/{batch.number}/release/").content.decode()

    assert "Approved by the quality unit" in shown
    assert "Rejected by the quality unit" in shown
