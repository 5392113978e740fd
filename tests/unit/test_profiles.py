"""The shipped products of one therapy under three regimes: who decides, and in which words."""

from pathlib import Path

import pytest

from batches.definitions.kinds import as_master, as_product, read_text
from batches.definitions.product import ProductDefinition
from qc.definitions.agreement import faults_between_specification_and_product
from qc.specifying import as_specification

ROOT = Path(__file__).parents[2]
REGIMES = {"cd19-car-t": "EU", "cd19-car-t-us": "US", "cd19-car-t-trial": "TRIAL"}


def product(name: str) -> ProductDefinition:
    return as_product(read_text("product", (ROOT / f"batches/definitions/{name}.product.yaml").read_text("utf-8")))


@pytest.mark.parametrize(("name", "code"), REGIMES.items())
def test_each_regime_has_words_of_its_own_for_every_decision(name: str, code: str) -> None:
    profile = product(name).profile
    others = [product(other).profile for other in REGIMES if other != name]

    assert (profile.code, list(profile.unworded)) == (code, [])
    assert profile.step("certification").by_another_than == ("record_review",)
    assert all(profile.decision("certified").statement != other.decision("certified").statement for other in others)


@pytest.mark.parametrize("name", REGIMES)
def test_each_regime_goes_with_the_same_master_record_and_specification(name: str) -> None:
    source = (ROOT / "qc/definitions/cd19-car-t.specification.yaml").read_text("utf-8")
    specification = as_specification(read_text("specification", source))
    master = as_master(read_text("master", (ROOT / "batches/definitions/cd19-car-t.master.yaml").read_text("utf-8")))

    assert list(faults_between_specification_and_product(specification, product(name))) == []
    assert master.product == product(name).code
    assert product(name).attributes == product("cd19-car-t").attributes
    assert product(name).dose == product("cd19-car-t").dose


def test_a_trial_waits_for_its_sponsor_and_the_others_do_not() -> None:
    assert {name: product(name).profile.sponsor_release for name in REGIMES} == {
        "cd19-car-t": False,
        "cd19-car-t-us": False,
        "cd19-car-t-trial": True,
    }


def test_american_records_are_kept_by_american_rules() -> None:
    assert sorted(product("cd19-car-t-us").retention) == ["us_211_180", "us_600_12"]
    assert product("cd19-car-t-us").authorisation.regime == "licensed"
