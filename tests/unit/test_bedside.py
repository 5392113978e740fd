"""What is wrong with an infusion, at the boundaries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.after_release.bedside import Bag, Sort, Told, found_wrong

BEGAN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BAG = Bag(
    code="CT-26-0042-FB-01", batch="CT-26-0042", is_final=True, filled_ml=Decimal("65.0"),
    expires_at=BEGAN + timedelta(hours=1), kept_by=(), is_here=False,
)  # fmt: skip
TOLD = Told(
    read=BAG.code, label_fits=True, label_says="belongs to this batch", patient_read="104-4217", patient_fits=True,
    matched=True, checkers=("M. Aalto", "J. Nieminen"), took_place=True, thaw_ended_at=BEGAN - timedelta(minutes=10),
    started_at=BEGAN, ended_at=BEGAN + timedelta(minutes=20), volume_ml=Decimal("60"), remainder_ml=Decimal("5.0"),
)  # fmt: skip


def sorts(told: Told = TOLD, bag: Bag | None = BAG) -> list[Sort]:
    return [one.sort for one in found_wrong(told, bag, batch="CT-26-0042", minutes_from_thaw=30)]


def test_at_each_limit_nothing_is_wrong():
    assert sorts() == []
    assert sorts(bag=replace(BAG, expires_at=TOLD.ended_at)) == []


@pytest.mark.parametrize(
    ("told", "bag", "found"),
    [
        ({"ended_at": BEGAN + timedelta(minutes=20, seconds=1)}, {}, [Sort.TIME]),
        ({"thaw_ended_at": None}, {}, [Sort.TIME]),
        ({"ended_at": None}, {}, [Sort.TIME]),
        ({}, {"expires_at": BEGAN + timedelta(minutes=20) - timedelta(seconds=1)}, [Sort.STATE]),
        ({"remainder_ml": Decimal("5.01")}, {}, [Sort.QUANTITY]),
        ({"volume_ml": None}, {}, [Sort.QUANTITY]),
        ({"checkers": ("M. Aalto", " m. aalto ")}, {}, [Sort.CHECK]),
        ({"checkers": ("M. Aalto", "")}, {}, [Sort.CHECK]),
        ({"label_fits": False, "patient_fits": False, "matched": False}, {}, [Sort.IDENTITY] * 3),
        ({}, {"is_final": False, "is_here": True, "ended": "lost", "kept_by": ("a", "b")}, [Sort.STATE] * 5),
    ],
)
def test_beyond_each_limit_it_is_named(told, bag, found):
    assert sorts(replace(TOLD, **told), replace(BAG, **bag)) == found


@given(st.booleans(), st.booleans(), st.booleans())
def test_what_was_not_infused_is_wrong_by_its_identity_alone(label_fits, patient_fits, matched):
    told = replace(TOLD, took_place=False, label_fits=label_fits, patient_fits=patient_fits, matched=matched)
    worst = replace(BAG, kept_by=("not certified",), is_here=True, ended="destroyed", expires_at=BEGAN)

    assert sorts(told, worst) == [Sort.IDENTITY] * [label_fits, patient_fits, matched].count(False)


def test_a_bag_that_nobody_knows_is_wrong_by_what_is_told():
    assert sorts(replace(TOLD, label_fits=False), None) == [Sort.IDENTITY]
