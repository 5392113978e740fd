"""Charts as geometry: nothing leaves the picture, flagged points take the shape of their status, limits have words."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.charts import chart_svg
from qc.trends.charting import Area, Chart, Dot, Level, Look, Mark, Shape, Stroke, Words, laid_out, scale_of
from qc.trends.control_rules import Bound
from reports.charts import chart_drawn

values = st.decimals(min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=3)


def a_chart(*marks: Mark, levels: tuple[Level, ...] = ()) -> Chart:
    return Chart("Viability", "Viability of <some> batches.", "%", marks, levels)


def items(chart, kind):
    return [item for item in laid_out(chart, width=800, height=380).items if isinstance(item, kind)]


@given(numbers=st.lists(values, min_size=1, max_size=30), level=values)
def test_every_point_lies_inside_the_picture(numbers, level):
    marks = [Mark(f"CT-26-{at:04}", value) for at, value in enumerate(numbers)]
    chart = a_chart(*marks, levels=(Level(level, "mean", Look.MEAN),))

    for dot in items(chart, Dot):
        assert 0 <= dot.x <= 800
        assert 0 <= dot.y <= 380
    for stroke in items(chart, Stroke):
        assert all(0 <= x <= 800 and 0 <= y <= 380 for x, y in stroke.points)
    assert len(items(chart, Dot)) == len(numbers)


def test_a_flagged_point_takes_the_shape_of_its_status_and_is_named():
    chart = a_chart(Mark("A", Decimal(90)), Mark("B", Decimal(60), status="warn", words="B, 60 %", more="Nelson 1"))

    assert [shape.status for shape in items(chart, Shape)] == ["warn"]
    assert {"B, 60 %", "Nelson 1"} <= {words.text for words in items(chart, Words)}


def test_the_first_result_stays_as_a_hollow_point_with_its_words():
    chart = a_chart(Mark("A", Decimal(90)), Mark("B", Decimal(92), hollow=Decimal(78), hollow_words="first result 78"))

    hollow = [dot for dot in items(chart, Dot) if dot.look is Look.HOLLOW]
    assert len(hollow) == 1
    assert hollow[0].y > max(dot.y for dot in items(chart, Dot) if dot.look is Look.POINT)
    assert "first result 78" in {words.text for words in items(chart, Words)}


def test_a_bound_is_drawn_open_and_joins_no_line():
    chart = a_chart(Mark("A", Decimal(1)), Mark("B", Decimal(2), bound=Bound.BELOW), Mark("C", Decimal(3)))

    assert [dot.bound for dot in items(chart, Dot)] == [Bound.EXACT, Bound.BELOW, Bound.EXACT]
    trace = next(stroke for stroke in items(chart, Stroke) if stroke.look is Look.TRACE)
    assert len(trace.points) == 2


def test_a_limit_far_from_every_value_is_said_at_the_edge_instead_of_drawn():
    near = a_chart(Mark("A", Decimal(90)), Mark("B", Decimal(80)), levels=(Level(Decimal(70), "spec", Look.LIMIT),))
    far = a_chart(Mark("A", Decimal(90)), Mark("B", Decimal(89)), levels=(Level(Decimal(70), "spec", Look.LIMIT),))

    assert [one for one in items(near, Stroke) if one.look is Look.LIMIT]
    assert not [one for one in items(far, Stroke) if one.look is Look.LIMIT]
    assert "spec ↓" in {words.text for words in items(far, Words)}


def test_an_empty_chart_draws_nothing():
    assert laid_out(a_chart(), width=800, height=380).items == ()


@pytest.mark.parametrize(("value", "exponent"), [("99999", 0), ("100000", 3), ("1500000000", 9), ("0", 0), ("0.01", 0)])
def test_large_numbers_are_counted_in_powers_of_ten(value, exponent):
    assert scale_of([Decimal(value)]) == exponent


def test_the_drawing_of_the_page_is_one_image_with_a_sentence_and_no_style():
    marks = (
        Mark("A", Decimal(90)),
        Mark("B & <b>", Decimal(60), status="fail", words="B & <b>", hollow=Decimal(50), hollow_words="first"),
        Mark("C", Decimal(91), bound=Bound.ABOVE),
    )
    chart = a_chart(*marks, levels=(Level(Decimal(85), "mean 85", Look.MEAN), Level(Decimal(70), "s", Look.LIMIT)))
    drawn = chart_svg(chart)

    assert drawn.startswith('<svg class="chart" role="img" aria-label="Viability of &lt;some&gt; batches."')
    assert "style=" not in drawn
    assert "<b>" not in drawn
    assert not re.search(r'font-size="([0-9]|1[01])(\.[0-9]+)?"', drawn)
    assert "status-mark--fail" in drawn


def test_page_and_document_draw_the_same_points():
    chart = a_chart(*(Mark(f"CT-{at}", Decimal(90 + at % 3)) for at in range(12)))
    group = chart_drawn(chart).contents[0]

    circles = [part for part in group.contents if type(part).__name__ == "Circle"]
    assert len(circles) == chart_svg(chart).count("<circle") == 12


def test_a_band_is_an_area_behind_the_points():
    chart = Chart("V", "V.", "%", (Mark("A", Decimal(1)), Mark("B", Decimal(5))), band=(Decimal(2), Decimal(4)))

    (band,) = items(chart, Area)
    assert band.height > 0
