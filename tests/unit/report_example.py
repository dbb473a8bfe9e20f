"""Two complete example results with invented numbers: a points score and a survival index.

Nothing here was computed from patients; the numbers only have to look like results.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from cartwheel.canonical import plain
from cartwheel.development.result import (
    Association,
    Calibration,
    CalibrationPoint,
    ColumnNote,
    Cutoff,
    Development,
    DevelopmentFile,
    FlowStep,
    GroupRow,
    GroupTest,
    GuardReport,
    Measure,
    Note,
    OutcomeSummary,
    Performance,
    PointsRow,
    RegressionTable,
    RiskRow,
    RocPoints,
    RoundingLoss,
    SampleSize,
    SelectionRow,
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


def roc_points(name, label, auc, low, high, bend, method="DeLong"):
    across = [i / 24 for i in range(25)]
    up = [x**bend for x in across]
    thresholds = [None, *[round(12 - 0.5 * i, 2) for i in range(24)]]
    return RocPoints(
        name,
        label,
        estimate(auc, low, high, method, 118, 16),
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


def binary_points_example(simulated: bool = False) -> DevelopmentFile:
    """A points score for a binary outcome."""
    totals = (118, 16, 102)
    ferritin = term("log2_ferritin", "log2 ferritin (ug/L), day 0", 1.71, 1.18, 2.62, 0.0031)
    crp = term("log2_crp", "log2 C-reactive protein (mg/L), day 0", 1.46, 1.09, 2.07, 0.0098)
    aptt = term("aptt", "APTT (s), day 0, per 5 s", 1.34, 0.92, 1.98, 0.124)
    mrd = term("mrd", "MRD after lymphodepletion: positive", 6.21, 1.58, 38.4, 0.0074)
    il6 = term("log2_il6", "log2 interleukin-6 (pg/mL), day 0", 1.39, 1.11, 1.83, 0.00038)
    name = "Severe cytokine release syndrome (ASTCT grade 3 or more)"
    result = Development(
        title="Example: a points score for severe cytokine release syndrome",
        question="Can values known before day 3 tell which patients with B-ALL will have severe "
        "cytokine release syndrome after CAR-T infusion?",
        method="points",
        simulated=simulated,
        outcome=OutcomeSummary("binary", name, None, None, 3.0, 118, 16, None),
        columns=(
            column_note(
                "ferritin_ug_l_day0",
                "ferritin",
                "Ferritin",
                "ug/L",
                0.0,
                missing=2,
                above_limit=4,
                rule="values written >x stand as x",
            ),
            column_note(
                "crp_mg_l_day0",
                "crp",
                "C-reactive protein",
                "mg/L",
                0.0,
                below_limit=6,
                rule="values written <x stand as x",
            ),
            column_note(
                "il6_pg_ml_day0",
                "il6",
                "Interleukin-6",
                "pg/mL",
                0.0,
                missing=1,
                below_limit=9,
                rule="values written <x stand as x",
            ),
            column_note(
                "mrd_after_lymphodepletion",
                None,
                "MRD after lymphodepletion",
                "",
                None,
                kind="category",
            ),
        ),
        flow=flow(),
        guard=GuardReport(
            3.0,
            ("ferritin_ug_l_day0", "crp_mg_l_day0", "il6_pg_ml_day0"),
            ("mrd_after_lymphodepletion",),
            4,
            0,
            "Every predictor with a day was measured before the landmark; patients whose event "
            "came before the landmark were left out.",
        ),
        sample_size=SampleSize(
            118, 16, 7, 16 / 7, 0.41, "Too few events for this many candidates: expect shrinkage."
        ),
        notes=(
            Note(
                "few_events",
                "caution",
                "There are 16 events for 7 candidate parameters. The "
                "apparent performance flatters the score; read the corrected one.",
            ),
            Note("no_external", "caution", "The score has not been validated at another centre."),
            Note(
                "complete_case",
                "assumption",
                "Patients with a missing predictor were left out; "
                "this is unbiased only where values are missing at random.",
            ),
            Note("limits", "information", "13 values stood at a limit of detection."),
        ),
        table_one=(
            number_row(
                "ferritin_ug_l_day0",
                "Ferritin",
                "ug/L",
                [
                    (118, 842.0, 310.5, 2210.0),
                    (16, 2950.0, 1210.0, 6420.0),
                    (102, 702.5, 285.0, 1790.0),
                ],
                0.912,
                2,
            ),
            number_row(
                "crp_mg_l_day0",
                "C-reactive protein",
                "mg/L",
                [(118, 12.4, 3.1, 44.0), (16, 48.2, 19.9, 102.0), (102, 9.85, 2.7, 33.1)],
                0.774,
            ),
            number_row(
                "age_years",
                "Age",
                "years",
                [(118, 24.0, 11.0, 41.0), (16, 26.5, 14.0, 45.2), (102, 23.0, 11.0, 40.0)],
                0.121,
                0,
                False,
            ),
            *level_rows(
                "mrd_after_lymphodepletion",
                "MRD after lymphodepletion",
                [("positive", (52, 13, 39)), ("negative", (66, 3, 63))],
                totals,
                0.968,
            ),
        ),
        univariable=RegressionTable(
            "Univariable",
            "odds ratio",
            "Firth logistic regression, one predictor at a time",
            118,
            16,
            (ferritin, crp, il6, aptt, mrd),
        ),
        multivariable=RegressionTable(
            "Multivariable",
            "odds ratio",
            "Firth logistic regression, backward elimination",
            118,
            16,
            (
                replace(
                    ferritin,
                    effect=estimate(1.49, 1.02, 2.33, ferritin.effect.method, 118, 16),
                    p_value=0.041,
                ),
                replace(
                    mrd,
                    effect=estimate(5.04, 1.19, 31.7, ferritin.effect.method, 118, 16),
                    p_value=0.026,
                ),
                replace(
                    il6,
                    effect=estimate(1.28, 1.01, 1.7, ferritin.effect.method, 118, 16),
                    p_value=0.0468,
                ),
            ),
        ),
        index_model=None,
        adjusted_model=None,
        cutoffs=(
            cutoff(
                "ferritin_ug_l_day0",
                "Ferritin, day 0",
                "ug/L",
                1483.5,
                (1461.0, 1506.0),
                38.0,
                28900.0,
                0.42,
            ),
            cutoff(
                "il6_pg_ml_day0",
                "Interleukin-6, day 0",
                "pg/mL",
                18.35,
                (17.9, 18.8),
                1.2,
                940.0,
                0.5,
                p_naive=0.0021,
                p_adjusted=0.0612,
                points_given=47,
                statistic=0.3914,
            ),
        ),
        selection=(
            SelectionRow("ferritin_ug_l_day0", "Ferritin, day 0", True, 0.842),
            SelectionRow("mrd_after_lymphodepletion", "MRD after lymphodepletion", True, 0.917),
            SelectionRow("il6_pg_ml_day0", "Interleukin-6, day 0", True, 0.655),
            SelectionRow("crp_mg_l_day0", "C-reactive protein, day 0", False, 0.431),
            SelectionRow(
                "aptt_s_day0", "Activated partial thromboplastin time, day 0", False, 0.198
            ),
        ),
        score_card=(
            PointsRow("ferritin_ug_l_day0", "Ferritin, day 0", "below 1483.5 ug/L", 0, 0.0, 79),
            PointsRow("ferritin_ug_l_day0", "Ferritin, day 0", "1483.5 ug/L or more", 2, 1.83, 39),
            PointsRow(
                "mrd_after_lymphodepletion", "MRD after lymphodepletion", "negative", 0, 0.0, 66
            ),
            PointsRow(
                "mrd_after_lymphodepletion", "MRD after lymphodepletion", "positive", 3, 3.12, 52
            ),
            PointsRow("il6_pg_ml_day0", "Interleukin-6, day 0", "below 18.35 pg/mL", 0, 0.0, 71),
            PointsRow("il6_pg_ml_day0", "Interleukin-6, day 0", "18.35 pg/mL or more", 1, 1.0, 47),
        ),
        risk_table=tuple(
            RiskRow(t, n, e, r, b)
            for t, n, e, r, b in (
                (0, 38, 0, 0.0123, "low"),
                (1, 21, 1, 0.0271, "low"),
                (2, 9, 1, 0.0584, "low"),
                (3, 20, 2, 0.121, "intermediate"),
                (4, 11, 2, 0.233, "intermediate"),
                (5, 8, 3, 0.402, "high"),
                (6, 11, 7, 0.598, "high"),
            )
        ),
        rounding=(
            RoundingLoss("auc", "AUC", 0.8814, 0.8749),
            RoundingLoss("brier", "Brier score", 0.0811, 0.0836),
        ),
        groups=(
            GroupRow(
                "low",
                "0 to 2 points",
                68,
                2,
                estimate(2 / 68, 0.0081, 0.101, "Wilson", 68, 2),
                0.0238,
                None,
            ),
            GroupRow(
                "intermediate",
                "3 to 4 points",
                31,
                4,
                estimate(4 / 31, 0.0513, 0.289, "Wilson", 31, 4),
                0.162,
                estimate(4.42, 0.84, 29.1, "Firth logistic", 118, 16),
            ),
            GroupRow(
                "high",
                "5 to 6 points",
                19,
                10,
                estimate(10 / 19, 0.317, 0.727, "Wilson", 19, 10),
                0.515,
                estimate(31.2, 7.42, 190.0, "Firth logistic", 118, 16),
            ),
        ),
        group_tests=(GroupTest("chi-square for trend", 33.91, 1, 5.8e-9),),
        survival=(),
        roc=(
            roc_points("score", "Points score", 0.8749, 0.792, 0.958, 0.22),
            roc_points("ferritin", "Ferritin, day 0", 0.7711, 0.655, 0.887, 0.36),
            roc_points("il6", "Interleukin-6, day 0", 0.7082, 0.571, 0.845, 0.5),
        ),
        calibration=calibration(1.0),
        performance=performance(
            "Points score",
            (
                measure(
                    "auc",
                    "AUC",
                    "higher",
                    (0.8749, 0.7921, 0.9577),
                    (0.0817, 0.0795, 0.0839),
                    (0.7932, 0.7104, 0.876),
                ),
                measure(
                    "calibration_slope",
                    "Calibration slope",
                    "one",
                    (1.0, 0.58, 1.61),
                    (0.337, 0.318, 0.356),
                    (0.663, 0.243, 1.273),
                ),
                measure(
                    "calibration_in_the_large",
                    "Calibration in the large",
                    "zero",
                    (0.0, -0.59, 0.57),
                    (0.0213, 0.0032, 0.0394),
                    (-0.0213, -0.611, 0.549),
                ),
                measure(
                    "brier",
                    "Brier score",
                    "lower",
                    (0.0836, 0.0551, 0.114),
                    (-0.0174, -0.018, -0.0168),
                    (0.101, 0.0725, 0.1314),
                ),
            ),
        ),
        uncut=performance(
            "Same predictors, uncut (restricted cubic splines)",
            (
                measure(
                    "auc",
                    "AUC",
                    "higher",
                    (0.9013, 0.829, 0.9736),
                    (0.0702, 0.0683, 0.0721),
                    (0.8311, 0.7588, 0.9034),
                ),
                measure(
                    "brier",
                    "Brier score",
                    "lower",
                    (0.0771, 0.0498, 0.107),
                    (-0.0152, -0.016, -0.0144),
                    (0.0923, 0.065, 0.1222),
                ),
            ),
            0,
        ),
        splines=(
            spline("ferritin_ug_l_day0", "Ferritin, day 0", "ug/L", 38.0, 28900.0, 1.6, 1483.5),
            spline("il6_pg_ml_day0", "Interleukin-6, day 0", "pg/mL", 1.2, 940.0, 1.0, 18.35),
            spline("crp_mg_l_day0", "C-reactive protein, day 0", "mg/L", 0.6, 240.0, 0.7),
        ),
        associations=(),
        methods=(
            "Odds ratios were estimated by logistic regression with Firth's penalty; p values are "
            "from penalised likelihood ratio tests and intervals from the penalised profile.",
            "The whole development (cut-off search, selection, rounding to points) was repeated in "
            "1000 bootstrap resamples, and the mean optimism was taken off every measure.",
        ),
        score_id="example-severe-crs",
        score_sha256="sha256:" + "5c" * 32,
    )
    plan: dict[str, Any] = {
        "method": "points",
        "event": "severe_crs",
        "landmark_day": 3.0,
        "predictors": ["ferritin_ug_l_day0", "crp_mg_l_day0", "il6_pg_ml_day0"],
        "bootstrap": 1000,
        "missing": "complete",
        "cutoffs": {"method": "youden", "permutations": 2000},
    }
    return DevelopmentFile("develop", "cartwheel-develop/1", provenance(), plan, result)


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


def survival_index_example(simulated: bool = True) -> DevelopmentFile:
    """An index of three ratios for survival."""
    wald = "Wald"
    ratios = (
        ("nlr", "Neutrophil-to-lymphocyte ratio, day 0", 2.5486, (2.5401, 2.5571), 0.4, 19.0, 0.09),
        ("mlr", "Monocyte-to-lymphocyte ratio, day 0", 0.3519, (0.351, 0.353), 0.06, 2.4, 0.16),
        ("plr", "Platelet-to-lymphocyte ratio, day 0", 145.2, (144.8, 145.7), 18.0, 2300.0, 0.25),
    )
    rows = tuple(
        term(
            name,
            label,
            1.6 + 0.2 * i,
            1.1 + 0.1 * i,
            2.4 + 0.4 * i,
            0.0121 / (i + 1),
            wald,
            197,
            141,
        )
        for i, (name, label, *_rest) in enumerate(ratios)
    )
    not_reached = estimate(None, 17.9, None, "Brookmeyer-Crowley, log", 71, 32)
    result = Development(
        title="Example: an inflammatory index for progression-free survival",
        question="Do three blood-count ratios before infusion part patients with myeloma into "
        "groups of different progression-free survival?",
        method="index",
        simulated=simulated,
        outcome=OutcomeSummary(
            "survival",
            "Progression or death",
            "months",
            12.0,
            None,
            197,
            141,
            estimate(24.6, 21.9, 27.1, "reverse Kaplan-Meier", 197, 56),
        ),
        columns=tuple(
            column_note(f"{name}_day0", name, label, "", 0.0, n=197, rule="derived from two counts")
            for name, label, *_rest in ratios
        ),
        flow=(
            FlowStep("Rows in the file", 203, 144, 0, 0),
            FlowStep("Complete in every predictor", 197, 141, 6, 3),
        ),
        guard=GuardReport(
            None,
            tuple(f"{name}_day0" for name, *_rest in ratios),
            (),
            0,
            0,
            "All predictors were measured on day 0, before time starts to run.",
        ),
        sample_size=SampleSize(197, 141, 3, 47.0, 0.958, "Enough events for three candidates."),
        notes=(
            Note(
                "searched",
                "caution",
                "The cut-offs were searched in the same patients; the "
                "hazard ratios of the groups are therefore too large.",
            ),
            Note("ph", "assumption", "Hazards were taken to be proportional."),
        ),
        table_one=tuple(
            number_row(
                f"{name}_day0",
                label,
                "",
                [
                    (197, cut, cut * 0.6, cut * 1.7),
                    (141, cut * 1.2, cut * 0.7, cut * 1.9),
                    (56, cut * 0.8, cut * 0.5, cut * 1.2),
                ],
                0.31 + 0.1 * i,
            )
            for i, (name, label, cut, *_rest) in enumerate(ratios)
        ),
        univariable=RegressionTable(
            "Univariable",
            "hazard ratio",
            "Cox regression, Efron ties, one marker at a time",
            197,
            141,
            rows,
        ),
        multivariable=None,
        index_model=RegressionTable(
            "Index",
            "hazard ratio",
            "Cox regression on the groups",
            197,
            141,
            (
                term(
                    "intermediate",
                    "intermediate against low",
                    1.52,
                    1.01,
                    2.29,
                    0.0446,
                    wald,
                    197,
                    141,
                ),
                term("high", "high against low", 3.87, 2.41, 6.21, 2.2e-8, wald, 197, 141),
            ),
        ),
        adjusted_model=RegressionTable(
            "Index, adjusted",
            "hazard ratio",
            "Cox regression with age and extramedullary disease",
            197,
            141,
            (
                term(
                    "intermediate",
                    "intermediate against low",
                    1.47,
                    0.97,
                    2.22,
                    0.0671,
                    wald,
                    197,
                    141,
                ),
                term("high", "high against low", 3.41, 2.08, 5.6, 1.3e-6, wald, 197, 141),
                term(
                    "emd", "Extramedullary disease: yes", 1.83, 1.22, 2.75, 0.0036, wald, 197, 141
                ),
            ),
        ),
        cutoffs=tuple(
            cutoff(
                f"{name}_day0",
                label,
                "",
                cut,
                gap,
                low,
                high,
                spread,
                method="max_log_rank",
                statistic=3.21,
                p_naive=0.0013,
                p_adjusted=0.0274,
                points_given=88 + len(name),
            )
            for name, label, cut, gap, low, high, spread in ratios
        ),
        selection=(),
        score_card=(),
        risk_table=(),
        rounding=(),
        groups=(
            GroupRow(
                "low",
                "0 points",
                71,
                32,
                estimate(0.281, 0.19, 0.403, "Kaplan-Meier, log", 71, 32),
                0.304,
                None,
            ),
            GroupRow(
                "intermediate",
                "1 to 2 points",
                84,
                68,
                estimate(0.452, 0.352, 0.566, "Kaplan-Meier, log", 84, 68),
                0.437,
                estimate(1.52, 1.01, 2.29, "Cox, Efron", 197, 141),
            ),
            GroupRow(
                "high",
                "3 points",
                42,
                41,
                estimate(0.809, 0.681, 0.911, "Kaplan-Meier, log", 42, 41),
                0.786,
                estimate(3.87, 2.41, 6.21, "Cox, Efron", 197, 141),
            ),
        ),
        group_tests=(
            GroupTest("log-rank", 41.26, 2, 1.1e-9),
            GroupTest("log-rank for trend", 38.84, 1, 4.6e-10),
        ),
        survival=(
            curve("low", 71, 32, not_reached, estimate(0.719, 0.597, 0.81, "log", 71, 32), 0.014),
            curve(
                "intermediate",
                84,
                68,
                estimate(13.8, 11.2, 17.0, "Brookmeyer-Crowley", 84, 68),
                estimate(0.548, 0.434, 0.648, "log", 84, 68),
                0.045,
            ),
            curve(
                "high",
                42,
                41,
                estimate(5.1, 4.0, 6.9, "Brookmeyer-Crowley", 42, 41),
                estimate(0.191, 0.089, 0.319, "log", 42, 41),
                0.115,
            ),
        ),
        roc=(
            roc_points("nlr", "Neutrophil-to-lymphocyte ratio, day 0", 0.641, 0.556, 0.726, 0.6),
            roc_points("mlr", "Monocyte-to-lymphocyte ratio, day 0", 0.662, 0.578, 0.746, 0.55),
            roc_points("plr", "Platelet-to-lymphocyte ratio, day 0", 0.634, 0.549, 0.719, 0.62),
            roc_points("index", "Index", 0.701, 0.623, 0.779, 0.47),
        ),
        calibration=calibration(1.5),
        performance=performance(
            "Index",
            (
                measure(
                    "c_index",
                    "Harrell's C",
                    "higher",
                    (0.6612, 0.617, 0.7054),
                    (0.0339, 0.0329, 0.0349),
                    (0.6273, 0.5831, 0.6715),
                ),
                measure(
                    "calibration_slope",
                    "Calibration slope",
                    "one",
                    (1.0, 0.71, 1.31),
                    (0.186, 0.177, 0.195),
                    (0.814, 0.524, 1.124),
                ),
                measure(
                    "brier",
                    "Brier score at the horizon",
                    "lower",
                    (0.2041, 0.181, 0.227),
                    (-0.0093, -0.0099, -0.0087),
                    (0.2134, 0.1903, 0.2363),
                ),
            ),
            0,
        ),
        uncut=performance(
            "Same markers, uncut (restricted cubic splines)",
            (
                measure(
                    "c_index",
                    "Harrell's C",
                    "higher",
                    (0.6871, 0.645, 0.7292),
                    (0.0241, 0.0231, 0.0251),
                    (0.663, 0.6209, 0.7051),
                ),
            ),
            0,
        ),
        splines=tuple(
            spline(f"{name}_day0", label, "", low, high, 0.8, cut)
            for name, label, cut, _gap, low, high, _spread in ratios
        ),
        associations=(
            Association(
                "il6_pg_ml_peak",
                "Peak interleukin-6 (pg/mL)",
                "number",
                "Kruskal-Wallis",
                11.82,
                2.0,
                0.0027,
                0.0081,
                195,
                tuple(
                    (g, Summary(n, m, a, a * 0.4, a * 2.2, None, None))
                    for g, n, m, a in (
                        ("low", 71, 0, 61.0),
                        ("intermediate", 83, 1, 118.0),
                        ("high", 41, 1, 402.0),
                    )
                ),
            ),
            Association(
                "response",
                "Objective response",
                "category",
                "Fisher exact",
                0.0,
                None,
                0.021,
                0.042,
                197,
                tuple(
                    (g, Summary(n, 0, None, None, None, c, 100 * c / n))
                    for g, n, c in (("low", 71, 67), ("intermediate", 84, 73), ("high", 42, 33))
                ),
            ),
        ),
        methods=(
            "Cut-offs were searched by the maximal standardised log-rank statistic; p values were "
            "adjusted for the search by permutation.",
            "Survival was estimated by Kaplan-Meier with log-transformed intervals.",
        ),
        score_id="example-inflammatory-index",
        score_sha256="sha256:" + "9e" * 32,
    )
    plan: dict[str, Any] = {
        "method": "index",
        "event": "progression_or_death",
        "time": "pfs_months",
        "horizon": 12.0,
        "predictors": ["nlr", "mlr", "plr"],
        "bootstrap": 1000,
    }
    return DevelopmentFile("develop", "cartwheel-develop/1", provenance(), plan, result)


def documents() -> dict[str, dict[str, Any]]:
    """Both examples as their JSON reads back."""
    return {
        "points": plain(binary_points_example()),
        "index": plain(survival_index_example()),
    }
