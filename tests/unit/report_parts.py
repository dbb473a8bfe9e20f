"""Two complete example results with invented numbers: a points score and a survival index.

Nothing here was computed from patients; the numbers only have to look like results.
"""

from __future__ import annotations

import math

from cartwheel.development.result import (
    Calibration,
    CalibrationPoint,
    ColumnNote,
    Cutoff,
    FlowStep,
    Measure,
    Performance,
    RocPoints,
    SplineCurve,
    Summary,
    SurvivalCurve,
    TableOneRow,
    TermRow,
)
from cartwheel.estimate import Estimate
from cartwheel.provenance import Provenance


def estimate(value, low=None, high=None, method="", n=None, events=None):
    level = None if low is None and high is None else 0.95
    return Estimate(value, low, high, level, method, n, events)


def provenance() -> Provenance:
    return Provenance(
        "0.1.0",
        "sha256:" + "3f" * 32,
        "example_cohort.csv",
        "sha256:" + "a7" * 32,
        20261121,
        {"numpy": "2.4.0", "pandas": "3.1.0", "scipy": "1.17.0"},
    )


def measure(name, label, better, apparent, optimism, corrected):
    return Measure(
        name,
        label,
        better,
        estimate(*apparent, method="DeLong" if name == "auc" else "bootstrap percentile"),
        estimate(*optimism, method="mean over resamples, Monte-Carlo interval"),
        estimate(*corrected, method="location-shifted bootstrap"),
    )


def number_row(column, label, unit, cells, smd, missing=0, predictor=True):
    summaries = [
        Summary(n - (missing if i == 0 else 0), missing if i == 0 else 0, m, lo, hi, None, None)
        for i, (n, m, lo, hi) in enumerate(cells)
    ]
    return TableOneRow(column, label, unit, "number", None, predictor, *summaries, smd)


def level_rows(column, label, levels, totals, smd):
    rows = []
    for level, counts in levels:
        cells = [
            Summary(n, 0, None, None, None, c, 100 * c / n)
            for c, n in zip(counts, totals, strict=True)
        ]
        rows.append(TableOneRow(column, label, "", "level", level, True, *cells, smd))
    return rows


def term(  # noqa: PLR0917
    term_, label, ratio, low, high, p, test="penalised likelihood ratio", n=118, events=16
):
    effect = estimate(ratio, low, high, "profile penalised likelihood", n, events)
    beta = math.log(ratio)
    return TermRow(term_, label, effect, beta, (math.log(high) - math.log(low)) / 3.92, p, test)


def roc_points(name, label, auc, low, high, bend, *, corrected=None):
    across = [i / 24 for i in range(25)]
    up = [x**bend for x in across]
    thresholds = [None, *[round(12 - 0.5 * i, 2) for i in range(24)]]
    return RocPoints(
        name,
        label,
        estimate(auc, low, high, "DeLong", 118, 16),
        corrected,
        tuple(thresholds),
        tuple(up),
        tuple(1 - x for x in across),
    )


def deciles(low, high):
    return tuple(round(low * (high / low) ** (i / 10), 4) for i in range(11))


def cutoff(column, label, unit, cut, gap, low, high, spread, **more):  # noqa: PLR0917
    grid = []
    for i in range(40):
        z = (i - 20) / 7
        count = round(90 * math.exp(-(z**2)) + 38 * math.exp(-((z - 1.7) ** 2) / 0.1))
        if count:
            grid.append((round(cut * math.exp(spread * z), 6), count))
    base = {
        "rule": ">=",
        "method": "youden",
        "statistic": 0.4821,
        "p_naive": 0.00042,
        "p_adjusted": 0.0119,
        "permutations": 2000,
        "points_given": 51,
    }
    base.update(more)
    return Cutoff(
        column=column,
        label=label,
        unit=unit,
        cut=cut,
        gap_low=gap[0],
        gap_high=gap[1],
        wander=estimate(
            cut * math.exp(0.1 * spread),
            cut * math.exp(-1.9 * spread),
            cut * math.exp(2.1 * spread),
            "median and range over resamples",
        ),
        wander_grid=tuple(grid),
        values=deciles(low, high),
        **base,
    )


def spline(column, label, unit, low, high, slope, cut=None):
    xs = [low * (high / low) ** (i / 50) for i in range(51)]
    mid = math.log(math.sqrt(low * high))
    logs = [slope * math.tanh(1.1 * (math.log(x) - mid)) for x in xs]
    wide = [0.15 + 0.35 * abs(math.log(x) - mid) for x in xs]
    return SplineCurve(
        column,
        label,
        unit,
        tuple(xs),
        tuple(logs),
        tuple(v - 1.96 * w for v, w in zip(logs, wide, strict=True)),
        tuple(v + 1.96 * w for v, w in zip(logs, wide, strict=True)),
        (xs[5], xs[25], xs[45]),
        cut,
    )


def calibration(top):
    risks = [(0.02 + 0.06 * i) * top for i in range(9)]
    points = tuple(
        CalibrationPoint(
            r,
            estimate(
                min(1.0, r * 1.08 + 0.01 * (-1) ** i),
                max(0.0, r * 0.7 - 0.04),
                min(1.0, r * 1.4 + 0.09),
                "Wilson",
                14,
                round(14 * r),
            ),
            14,
        )
        for i, r in enumerate(risks)
    )
    line = [i / 40 * 0.6 * top for i in range(41)]
    return Calibration(
        points,
        tuple((x, min(1.0, x * 1.0 + 0.0)) for x in line),
        tuple((x, 0.045 * top + 0.74 * x) for x in line),
        tuple(
            (round(0.03 * i * top, 4), max(0, round(30 * math.exp(-0.25 * i)))) for i in range(19)
        ),
    )


def column_note(column, variable, label, unit, day, **more):
    base = {
        "kind": "number",
        "n": 125,
        "missing": 0,
        "below_limit": 0,
        "above_limit": 0,
        "rule": "",
    }
    base.update(more)
    return ColumnNote(column, variable, label, unit, day, **base)


def performance(model, measures, failed=3):
    reasons = (("no event in one of the groups", 2), ("the model did not converge", failed - 2))
    return Performance(model, measures, 1000, failed, reasons if failed else ())


def flow():
    return (
        FlowStep("Rows in the file", 125, 17, 0, 0),
        FlowStep("Event-free at the landmark, day 3", 121, 17, 4, 0),
        FlowStep(
            "Complete in every predictor of the plan (missing values were not imputed)",
            118,
            16,
            3,
            1,
        ),
        FlowStep("Analysed", 118, 16, 0, 0),
    )


def curve(group, n, events, median, horizon, rate, end=36.0):
    times = [round(0.4 + i * end / 46, 2) for i in range(45)]
    survival = [math.exp(-rate * t * (1 + 0.015 * t)) for t in times]
    wide = [0.02 + 0.11 * math.sqrt(t / end) * math.sqrt(60 / n) for t in times]
    low: list[float | None] = [max(0.0, s - w) for s, w in zip(survival, wide, strict=True)]
    high: list[float | None] = [min(1.0, s + w) for s, w in zip(survival, wide, strict=True)]
    if group == "high":
        low[-6:] = [None] * 6
        high[-6:] = [None] * 6
    risk_times = tuple(float(t) for t in range(0, 37, 6))
    return SurvivalCurve(
        group,
        n,
        events,
        median,
        horizon,
        tuple(times),
        tuple(survival),
        tuple(low),
        tuple(high),
        tuple(7.1 + 2.6 * i for i in range(9)),
        risk_times,
        tuple(round(n * math.exp(-rate * t * 1.5)) for t in risk_times),
    )
