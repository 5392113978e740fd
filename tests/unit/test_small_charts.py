"""The small charts beside a test: the limits part what conforms from what does not, and nothing leaves the picture."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.charts import drawing_svg
from qc.trends.charting import Area, Dot, LaidOut, Look, Shape, SpecificationLimit, Stroke, Words
from qc.trends.small_charts import Here, against_limit, newest_batches

values = st.decimals(min_value=Decimal("-1e9"), max_value=Decimal("1e9"), places=3)


def floor(value: object) -> SpecificationLimit:
    return SpecificationLimit(Decimal(str(value)), f"≥ {value}", True)


def ceiling(value: object) -> SpecificationLimit:
    return SpecificationLimit(Decimal(str(value)), f"≤ {value}", False)


def here(value: object, status: str = "pass") -> Here:
    return Here(Decimal(str(value)), f"{value} %", status)


def bar(*limits: SpecificationLimit, at: Here | None = None, unit: str = "%") -> LaidOut:
    return against_limit(limits, at, unit=unit, limit_word="limit", sentence="<78.9 %> against ≥ 80.0 %.")


def row(*earlier: str, at: Here | None = None, limits: tuple[SpecificationLimit, ...] = ()) -> LaidOut:
    named = [(f"CT-26-{number:04}", Decimal(value)) for number, value in enumerate(earlier, 1)]
    return newest_batches(named, at, limits, unit="cells", mean=None, this_words="this batch", sentence="Last batches.")


def words(drawn: LaidOut) -> list[str]:
    return [item.text for item in drawn.items if isinstance(item, Words)]


def all_inside(drawn: LaidOut) -> bool:
    for item in drawn.items:
        match item:
            case Area():
                places = [(item.x, item.y), (item.x + item.width, item.y + item.height)]
            case Stroke():
                places = list(item.points)
            case Dot() | Shape() | Words():
                places = [(item.x, item.y)]
        if not all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in places):
            return False
    return True


@pytest.mark.parametrize(
    ("limits", "looks"),
    [
        ((floor(80),), [Look.BAD, Look.GOOD]),
        ((ceiling(5),), [Look.GOOD, Look.BAD]),
        ((floor(2), ceiling(8)), [Look.BAD, Look.GOOD, Look.BAD]),
    ],
)
def test_the_limits_part_what_conforms_from_what_does_not(limits, looks):
    assert [item.look for item in bar(*limits).items if isinstance(item, Area)] == looks


@pytest.mark.parametrize(("value", "look"), [("78.9", Look.BAD), ("80.1", Look.GOOD)])
def test_the_value_stands_over_its_own_side_with_shape_and_words(value, look):
    drawn = bar(floor("80.0"), at=here(value, "fail" if look is Look.BAD else "pass"))

    (shape,) = [item for item in drawn.items if isinstance(item, Shape)]
    areas = [item for item in drawn.items if isinstance(item, Area)]
    assert [one.look for one in areas if one.x <= shape.x <= one.x + one.width] == [look]
    assert f"{value} %" in words(drawn)


def test_a_limit_is_written_whole():
    assert "limit 0.005" in words(bar(ceiling("0.005"), unit="EU/mL"))
    assert "limit 80.0" in words(bar(floor("80.0")))
    assert {"limit 40", "×10⁶ cells"} <= set(words(bar(floor(Decimal("4E+7")), unit="cells")))


def test_a_share_is_drawn_up_to_a_hundred():
    (top,) = {item.x + item.width for item in bar(floor(80), at=here(97)).items if isinstance(item, Area)} - {
        item.x for item in bar(floor(80), at=here(97)).items if isinstance(item, Area)
    }
    assert top == bar(floor(80)).width - 14
    assert "100" in words(bar(floor(80), at=here(97)))
    assert "120" not in words(bar(floor(80), at=here(97)))


@given(limit=values, value=values, is_floor=st.booleans())
def test_nothing_leaves_the_picture_of_a_limit(limit, value, is_floor):
    one = SpecificationLimit(limit, "words", is_floor)

    assert all_inside(bar(one, at=here(value), unit="cells"))


@given(st.lists(values, min_size=1, max_size=20), values, values)
def test_nothing_leaves_the_picture_of_the_newest_batches(earlier, value, limit):
    drawn = row(*(str(one) for one in earlier), at=here(value, "fail"), limits=(floor(limit),))

    assert all_inside(drawn)
    assert sum(isinstance(item, Dot) for item in drawn.items) == len(earlier)
    assert [item.status for item in drawn.items if isinstance(item, Shape)] == ["fail"]


def test_without_a_value_of_its_own_a_batch_is_not_drawn():
    drawn = row("92.0", "93.1")

    assert not [item for item in drawn.items if isinstance(item, Shape)]
    assert "this batch" not in words(drawn)


def test_a_limit_far_from_every_batch_does_not_press_them_into_a_line():
    near, far = row("92.0", "93.1", limits=(floor(90),)), row("92.0", "93.1", limits=(floor(10),))

    assert [item.look for item in near.items if isinstance(item, Stroke)] == [Look.LIMIT, Look.TRACE]
    assert [item.look for item in far.items if isinstance(item, Stroke)] == [Look.TRACE]


def test_what_it_says_is_escaped():
    drawn = drawing_svg(bar(floor(80)), is_small=True)

    assert "chart--small" in drawn
    assert 'aria-label="&lt;78.9 %&gt; against ≥ 80.0 %."' in drawn
