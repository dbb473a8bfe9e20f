"""An invented result of a points score for a yes/no outcome, complete in every part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from report_parts import (
    calibration,
    column_note,
    cutoff,
    estimate,
    flow,
    level_rows,
    measure,
    number_row,
    performance,
    provenance,
    roc_points,
    spline,
    term,
)

from cartwheel.development.result import (
    Development,
    DevelopmentFile,
    GroupRow,
    GroupTest,
    GuardReport,
    InstabilityBand,
    Note,
    OutcomeSummary,
    PointsRow,
    PredictionInstability,
    RegressionTable,
    RiskRow,
    RoundingLoss,
    SampleSize,
    SelectionRow,
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
            roc_points(
                "score",
                "Points score",
                0.8749,
                0.792,
                0.958,
                0.22,
                corrected=estimate(0.8012, 0.69, 0.91, "bootstrap", 118, 16),
            ),
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
        instability=PredictionInstability(
            988,
            estimate(0.0614, 0.0602, 0.0626, "mean over patients and 988 resamples", *totals[:2]),
            estimate(0.173, 0.168, 0.178, "mean over patients and 988 resamples", *totals[:2]),
            0.95,
            (
                InstabilityBand(0.021, 61, 0.002, 0.024, 0.093),
                InstabilityBand(0.087, 34, 0.019, 0.081, 0.262),
                InstabilityBand(0.284, 15, 0.061, 0.241, 0.573),
                InstabilityBand(0.617, 8, 0.184, 0.552, 0.893),
            ),
            "the whole development repeated in bootstrap resamples",
        ),
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
