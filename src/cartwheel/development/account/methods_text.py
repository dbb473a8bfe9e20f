"""The methods paragraph: every choice that was made, in the words a journal expects."""

from __future__ import annotations

from cartwheel.development.account.verdicts import Findings
from cartwheel.development.model.target import BinaryTarget, Target
from cartwheel.development.planning.plan import Plan
from cartwheel.development.result import Imputation, OutcomeSummary

CRITERIA = {
    "fixed": "fixed beforehand",
    "youden": "chosen by Youden's J",
    "closest_corner": "chosen by the smallest distance to the corner of the ROC curve",
    "max_log_rank": "chosen by the maximally selected log-rank statistic",
}


ADJUSTMENTS = {
    "holm": "Holm",
    "benjamini_hochberg": "Benjamini and Hochberg (false discovery rate)",
    "bonferroni": "Bonferroni",
}


def methods_text(
    found: Findings, outcome: OutcomeSummary, *, splines: bool, version: str
) -> tuple[str, ...]:
    """Write the methods, a paragraph an item.

    Parameters
    ----------
    found : Findings
        What was done and found: plan, target (which says the regression) and imputation are read.
    outcome : OutcomeSummary
        The outcome as analysed.
    splines : bool
        Whether the uncut model has splines.
    version : str
        Of cartwheel.

    Returns
    -------
    tuple of str
    """
    plan, imputation = found.plan, found.imputation
    model = _model(plan, found.target)
    made = _index(plan, outcome, model) if plan.method == "index" else _points(plan, model)
    computed = f"Computed with cartwheel {version}."
    imputed = imputation is not None and imputation.imputations > 0
    filled = _imputed(plan, imputation) if imputation is not None else ()
    validated = _validation(plan, imputed=imputed, left_out=imputation is None)
    return (made, *filled, _uncut(splines, model), validated, *_further(plan), computed)


def _imputed(plan: Plan, found: Imputation) -> tuple[str, ...]:
    if not found.imputations:
        return ("Missing predictors were to be imputed; none was missing.",)
    ways = "; ".join(
        f"{item.label} ({item.missing} missing, {item.percent:.0f} %): {item.method}"
        for item in found.variables
    )
    one = "Searched cut-offs are the medians of the copies' cut-offs"
    if plan.method == "points":
        one = "Searched cut-offs, knots and quantile edges are medians over the copies"
        if plan.points.selection != "none":
            one += (
                "; candidates that were imputed were selected by pooled Wald tests instead "
                "(Rubin's rules, several columns by D1)"
            )
    return (
        f"Missing predictors of {found.patients} patients were imputed {found.imputations} times "
        f"by chained equations with {found.iterations} iterations, from all predictors and "
        f"{found.outcome} ({ways}); outcomes were not imputed. {one}; coefficients are pooled by "
        "Rubin's rules, with the degrees of freedom of Barnard and Rubin. Performance, observed "
        "risks, curves and counts are averages over the copies; p-values of cut-offs, groups and "
        "associations are medians over the copies (van de Wiel 2009).",
    )


def _further(plan: Plan) -> tuple[str, ...]:
    looked_at = len(plan.associations.columns)
    if not looked_at:
        return ()
    name = ADJUSTMENTS[plan.associations.multiplicity]
    return (
        f"The total was held against {looked_at} further columns: a yes or no by the "
        "Cochran-Armitage trend test, ordered grades by the Jonckheere-Terpstra test, numbers by "
        "Spearman's rank correlation, unordered categories by the Kruskal-Wallis test; p-values "
        f"were adjusted for the number of columns by the method of {name}.",
    )


def _model(plan: Plan, target: Target) -> str:
    if not isinstance(target, BinaryTarget):
        return "Cox regression (Efron's method for ties)"
    if target.firth and plan.points.penalty == "firth":
        return "logistic regression with Firth's penalty (as planned)"
    if target.firth:
        return "logistic regression with Firth's penalty (fewer than ten events per parameter)"
    return "logistic regression (maximum likelihood)"


def _index(plan: Plan, outcome: OutcomeSummary, model: str) -> str:
    ways = sorted(
        {(item.cutoff.method if item.cutoff else plan.index.cutoff) for item in plan.predictors}
    )
    said = " or ".join(CRITERIA[way] for way in ways)
    at = ""
    if outcome.kind == "survival" and {"youden", "closest_corner"} & set(ways):
        at = (
            f" The ROC curve is cumulative/dynamic at {outcome.horizon:.4g} {outcome.time_unit} "
            "with inverse probability of censoring weights."
        )
    searched = set(ways) != {"fixed"}
    limit = ""
    if searched:
        limit = (
            f", and a search leaves no group smaller than {100 * plan.index.min_fraction:.0f} % of "
            "the patients"
        )
    return (
        f"Each marker's cut-off was {said}, with the adverse direction stated beforehand{limit}; a "
        f"value beyond the cut-off gives one point, and the index is the sum.{at} The index "
        f"entered {model} as a number. {_cut_p_values(plan, outcome, searched=searched)}"
    )


def _cut_p_values(plan: Plan, outcome: OutcomeSummary, *, searched: bool) -> str:
    start = f"The p-value of a cut-off is that of the {_cut_test(outcome)}"
    if not searched:
        return start + "."
    if plan.index.permutations == 0:
        return "No p-values are given for searched cut-offs: no permutations were asked for."
    return (
        f"{start}; for a searched one it is adjusted by repeating search and test in "
        f"{plan.index.permutations} permutations of the marker against the outcome."
    )


def _cut_test(outcome: OutcomeSummary) -> str:
    return "log-rank test" if outcome.kind == "survival" else "chi-square test"


def _points(plan: Plan, model: str) -> str:
    chosen = {
        "none": "All candidates were kept.",
        "univariable": "Candidates were kept whose univariable likelihood-ratio test had "
        f"p < {plan.points.alpha:g}.",
        "backward": "Candidates were dropped one by one, largest Wald p-value first, until all had "
        f"p < {plan.points.alpha:g}.",
    }[plan.points.selection]
    return (
        f"{chosen} The kept candidates entered {model}. Each predictor was divided into ranges "
        f"(declared edges, else {plan.points.categories} quantile groups with edges rounded to two "
        "digits); the mean contribution of a range to the linear predictor, divided by that of one "
        "point and rounded, gives its points. One point is worth the smallest predictor's whole "
        f"effect, or more where the largest would otherwise exceed {plan.points.largest} "
        "points. The "
        "risk of a total comes from a regression on the total."
    )


def _uncut(splines: bool, model: str) -> str:
    form = (
        "as restricted cubic splines with three knots"
        if splines
        else "as straight lines, because the events could not carry splines"
    )
    return (
        f"Beside it the same predictors entered one {model.split(' (', maxsplit=1)[0]} uncut, "
        f"{form} "
        "(on the log2 scale for skewed laboratory values)."
    )


def _validation(plan: Plan, *, imputed: bool, left_out: bool) -> str:
    if plan.resampling.bootstrap == 0:
        return (
            "Nothing was resampled: all performance is apparent, and how far the predicted risks "
            "would move with another sample is not known."
        )
    whole = "cut-offs, selection, ranges, coefficients, rounding"
    ending = " Patients with a missing predictor were left out." if left_out else ""
    if imputed:
        whole = f"imputation, {whole}"
        ending = (
            " Each resample was imputed from itself alone; a score is measured on the resample's "
            "completed copies and on those of all patients, and the measures are averaged (Wahl "
            "2016). Intervals of apparent values are pooled by Rubin's rules."
        )
    return (
        f"The whole development ({whole}) was "
        "repeated in "
        f"{plan.resampling.bootstrap} bootstrap resamples (seed {plan.resampling.seed}). "
        "Optimism is "
        "the mean of a resample's performance in itself minus on all patients; corrected is "
        "apparent "
        "minus optimism (Harrell), with bootstrap intervals centred on it (after Noma 2021). AUC "
        f"intervals are DeLong's, those of Harrell's C by infinitesimal jackknife.{ending}"
    )
