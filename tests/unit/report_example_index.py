"""An invented result of an index for survival, complete in every part."""

from __future__ import annotations

from typing import Any

from report_parts import (
    calibration,
    column_note,
    curve,
    cutoff,
    estimate,
    measure,
    number_row,
    performance,
    provenance,
    roc_points,
    spline,
    term,
)

from cartwheel.development.result import (
    Association,
    Development,
    DevelopmentFile,
    FlowStep,
    GroupRow,
    GroupTest,
    GuardReport,
    Note,
    OutcomeSummary,
    ProportionalHazards,
    ProportionalTerm,
    RegressionTable,
    SampleSize,
    Summary,
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
        proportional_hazards=ProportionalHazards(
            "score test of scaled Schoenfeld residuals against time",
            ProportionalTerm("Index", 1.27, 1.0, 0.26),
            (
                ProportionalTerm("Neutrophils / lymphocytes", 0.83, 1.0, 0.362),
                ProportionalTerm("Monocytes / lymphocytes", 4.41, 1.0, 0.0357),
            ),
            0.098,
        ),
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
