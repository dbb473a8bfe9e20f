"""From form to plan and back, and the small drawings of the honest index."""

from __future__ import annotations

from typing import Any

import pytest

from cartwheel.errors import PlanRefused, Problem
from cartwheel.serve.honest.asked import (
    Offered,
    check_plan,
    chosen_of,
    marker_options,
    number_typed,
    offered,
    placed,
    plan_of,
)
from cartwheel.serve.honest.drawn import (
    Frame,
    bar_drawing,
    grid_bars,
    roc_drawing,
    spline_drawing,
    survival_drawing,
)


def column(name: str, **more: Any) -> dict[str, Any]:
    return {
        "column": name, "label": name, "unit": "", "day": None, "variable": None, "missing": 0,
        "kind": "number", "distinct": 50, **more,
    }  # fmt: skip


def count(name: str, variable: str, day: float | None, unit: str = "10*9/L") -> dict[str, Any]:
    return column(name, variable=variable, label=variable.capitalize(), day=day, unit=unit)


SHEET = {
    "columns": [
        column("patient", kind="id"),
        column("died", distinct=2),
        column("grade", distinct=5),
        column("months"),
        count("neut_day0", "neutrophils", 0.0),
        count("lymph_day0", "lymphocytes", 0.0),
        count("lymph_day7", "lymphocytes", 7.0),
        count("plt_day0", "platelets", 0.0, unit="10*3/uL"),
    ]
}
FORM = {
    "event": "died", "kind": "survival", "time": "months", "time_unit": "months", "horizon": "12",
    "marker-1": "ratio:nlr_day0", "direction-1": "high", "marker-2": "months", "direction-2": "low",
    "search": "max_log_rank", "resamples": "500", "label": "Death", "event_value": "",
}  # fmt: skip


def columns() -> Offered:
    return offered(SHEET)


def test_ratios_are_of_one_day_and_one_unit() -> None:
    found = columns()
    assert [one.name for one in found.ratios] == ["nlr_day0"]
    assert (found.ratios[0].numerator, found.ratios[0].denominator) == ("neut_day0", "lymph_day0")
    assert found.id == "patient"
    assert [name for name, _ in found.outcomes] == ["died", "grade"]
    assert marker_options(found)[0] == ("ratio:nlr_day0", "Neutrophils / lymphocytes, day 0")
    assert "died" not in dict(found.markers)


def test_a_form_becomes_a_plan_and_the_plan_the_form() -> None:
    data = plan_of({**FORM, "marker-2": "plt_day0"}, columns(), "sheet.csv")
    plan = check_plan(data)
    assert plan.outcome.horizon == 12.0
    assert plan.index.cutoff == "max_log_rank"
    assert plan.resampling.bootstrap == 500
    assert plan.cohort.id == "patient"
    assert [(one.column, one.direction) for one in plan.predictors] == [
        ("nlr_day0", "high"),
        ("plt_day0", "low"),
    ]
    assert plan.derived[0].zero == "refuse"
    again = chosen_of(data)
    assert plan_of(again, columns(), "sheet.csv") == data


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"direction-1": ""}, "direction-1", "no_direction"),
        ({"marker-1": "", "marker-2": ""}, "marker-1", "nothing_chosen"),
        ({"event": ""}, "event", "nothing_chosen"),
        ({"kind": ""}, "kind", "nothing_chosen"),
        ({"horizon": "soon"}, "horizon", "not_a_number"),
        ({"horizon": "nan"}, "horizon", "not_a_number"),
        ({"horizon": "1e999"}, "horizon", "not_a_number"),
        ({"resamples": "7"}, "resamples", "not_offered"),
    ],
)
def test_what_is_not_chosen_is_said_at_its_field(
    change: dict[str, str], field: str, code: str
) -> None:
    form = {**FORM, **change}
    with pytest.raises(PlanRefused) as refused:
        plan_of(form, columns(), "sheet.csv")
    found = placed(refused.value.problems, form)
    assert code in [one.code for one in found[field]]


def test_a_plan_without_time_is_refused_at_the_time() -> None:
    form = {**FORM, "time": "", "marker-2": "", "direction-2": ""}
    with pytest.raises(PlanRefused) as refused:
        check_plan(plan_of(form, columns(), "sheet.csv"))
    assert "time" in placed(refused.value.problems, form)


def test_a_problem_of_the_sheet_stands_at_the_column_that_was_chosen() -> None:
    problems = (
        Problem("unit", "no unit", "column 'months'"),
        Problem("odd", "odd", "row 7"),
        Problem("other", "other", "monthsly"),
    )
    found = placed(problems, {"marker-2": "months", "label": "odd"})
    assert [one.code for one in found["marker-2"]] == ["unit"]
    assert [one.code for one in found[""]] == ["odd", "other"]


@pytest.mark.parametrize(
    ("typed", "number"), [("2", 2.0), (" .5", 0.5), ("-3.25", -3.25), ("1e2", 100.0)]
)
def test_a_number_is_read(typed: str, number: float) -> None:
    problems: list[Problem] = []
    assert number_typed(typed, "cut-1", problems) == number
    assert problems == []


@pytest.mark.parametrize("typed", ["", "1,5", "true", "inf", "NaN", "0x10", "1_0", "1e999", "²"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    problems: list[Problem] = []
    assert number_typed(typed, "cut-1", problems) is None
    assert [one.where for one in problems] == ["cut-1"]


def test_a_curve_steps_down_where_it_says() -> None:
    curve = {"group": "low", "times": [0.0, 5.0, 10.0], "survival": [1.0, 0.5, 0.5]}
    drawing = survival_drawing([curve])
    assert drawing is not None
    frame = drawing.frame
    assert drawing.lines[0].path == (
        f"M{frame.x(0)} {frame.y(1)}H{frame.x(5)}V{frame.y(0.5)}H{frame.x(10)}V{frame.y(0.5)}"
    )
    # half of the way is half of the height
    assert frame.y(0.5) == pytest.approx((frame.y(0) + frame.y(1)) / 2, abs=0.06)
    assert survival_drawing([]) is None


def test_bars_are_as_tall_as_they_count() -> None:
    drawing = bar_drawing([(0.0, 1.0, 4), (1.0, 2.0, 0), (2.0, 3.0, 2)], [1.5])
    assert drawing is not None
    first, second = drawing.boxes
    assert first.height == pytest.approx(2 * second.height, abs=0.1)
    assert drawing.marks == (drawing.frame.x(1.5),)
    assert first.y + first.height == pytest.approx(drawing.frame.y(0.0), abs=0.1)
    assert bar_drawing([], [1.0]) is None


def test_ticks_are_round_and_inside() -> None:
    for low, high in [(0.0, 1.0), (0.31, 0.47), (-2.4, 3.1), (118.0, 2250.0), (0.0, 1e-6)]:
        ticks = Frame(low, high, 0.0, 1.0).across
        assert 2 <= len(ticks) <= 7
        assert all(34.0 <= tick.at <= 312.0 for tick in ticks)
    assert [tick.text for tick in Frame(0.0, 1.0, 0.0, 1.0).across] == [
        "0", "0.2", "0.4", "0.6", "0.8", "1",
    ]  # fmt: skip


def test_the_wander_stands_at_the_foot_of_the_uncut_curve() -> None:
    curve = {
        "label": "m", "x": [1.0, 2.0, 3.0], "log_effect": [0.0, 0.2, 0.4],
        "low": [-0.1, 0.1, 0.2], "high": [0.1, 0.3, 0.6], "cut": 2.0,
    }  # fmt: skip
    drawing = spline_drawing(curve, grid_bars([(0.5, 3), (2.0, 6)]))
    # a bar left of the curve widens the axis, and is not pushed to its edge
    assert drawing.frame.x0 < 0.5
    assert drawing.marks == (drawing.frame.x(2.0),)
    assert max(box.height for box in drawing.boxes) < 0.35 * drawing.frame.tall
    assert spline_drawing({**curve, "cut": None}).marks == ()


def test_the_cut_stands_on_the_roc_curve() -> None:
    curve = {
        "label": "m", "thresholds": [None, 3.0, 2.0, 1.0, None],
        "sensitivity": [0.0, 0.4, 0.8, 1.0, 1.0], "specificity": [1.0, 0.9, 0.6, 0.2, 0.0],
    }  # fmt: skip
    drawing = roc_drawing(curve, 1.5)
    assert drawing.lines[1].end == (drawing.frame.x(0.4), drawing.frame.y(0.8))
    assert len(roc_drawing(curve, None).lines) == 1
