"""The models of a pool, as the methods section names them."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.pooling.account.naming import ESTIMATORS, INTERVALS
from cartwheel.pooling.account.numbers import counted, listed
from cartwheel.pooling.account.works import WORKS, Citations
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_analysis import Analysis


def main_model(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    """Name the model of the plan, its interval and its prediction interval.

    Parameters
    ----------
    pooled : sequence of Analysis
        Those of two studies or more.
    plan : PoolPlan
        What was asked.
    cited : Citations
        Collects what is cited.

    Returns
    -------
    str
    """
    text = _model(plan, cited)
    if plan.method in ESTIMATORS:
        text += " " + _interval(plan, cited)
    floored = [
        a.name
        for a in pooled
        if a.main.interval == "knapp_hartung_floor" and plan.interval == "knapp_hartung"
    ]
    if floored:
        text += (
            f" Where all effects were equal ({listed(floored)}) the Knapp-Hartung error was not "
            "let fall below the normal one" + cited.cite("knapp_hartung_floor") + "."
        )
    other = [a.name for a in pooled if a.main.code != plan.method]
    if other:
        used = listed(
            list(dict.fromkeys(a.main.name for a in pooled if a.main.code != plan.method))
        )
        text += f" {listed(other)}: {used} instead, which is the same model there."
    return text + _prediction(pooled, plan, cited) + _few(pooled)


def _model(plan: PoolPlan, cited: Citations) -> str:
    method = plan.method
    if method in ESTIMATORS:
        source = method if method in WORKS else "estimators"
        return (
            "Effects were pooled by inverse variances with random effects; the between-study "
            f"variance was estimated by {ESTIMATORS[method]}" + cited.cite(source) + "."
        )
    correlation = plan.sampling_correlation or 0.0
    return {
        "common": "Effects were pooled by inverse variances under one common effect, with normal "
        "intervals: the result is about these studies, and differences between them are not "
        "allowed for.",
        "MH": "Counts were pooled by Mantel and Haenszel's method, a common effect model"
        + (cited.cite("MH", "robins") if method == "MH" else ""),
        "peto": "Counts were pooled by Peto's one-step method, a common effect model"
        + (cited.cite("peto") if method == "peto" else ""),
        "GLMM": "Counts were pooled by a binomial-normal model (logistic regression with a random "
        "intercept), by maximum likelihood" + (cited.cite("GLMM") if method == "GLMM" else ""),
        "multilevel": "Effects of one cluster were taken as related: a three-level model by REML"
        + (cited.cite("multilevel", "CR2") if method == "multilevel" else "")
        + f" with cluster-robust (CR2) errors, Satterthwaite degrees of freedom, and a correlation "
        f"of {correlation:g} between the errors within a cluster",
        "bivariate": "Sensitivity and specificity were pooled together by the bivariate model"
        + (cited.cite("bivariate") if method == "bivariate" else "")
        + ", by REML; what is shown is the diagnostic odds ratio at their pooled point",
    }[method].rstrip(".") + "."


def _interval(plan: PoolPlan, cited: Citations) -> str:
    if plan.interval == "normal":
        return (
            "Intervals of the pooled effect are normal ones; with few studies they are too narrow"
            + cited.cite("inthout")
            + "."
        )
    text = (
        "Intervals and tests of the pooled effect follow Hartung and Knapp (t with k - 1 degrees "
        "of freedom)" + cited.cite("knapp_hartung", "inthout")
    )
    if plan.interval == "knapp_hartung_floor":
        text += ", and their error was never let fall below the normal one"
        text += cited.cite("knapp_hartung_floor")
    return text + "."


def _prediction(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    if plan.prediction == "none":
        return " No prediction intervals were computed, as planned."
    if all(a.main.prediction_low is None for a in pooled):
        return ""
    if plan.prediction == "k_minus_2":
        how = "t with k - 2 degrees of freedom"
    elif plan.method in ESTIMATORS and plan.interval != "normal":
        how = "t with k - 1 degrees of freedom"
    else:
        how = "the distribution of the pooled interval"
    return (
        f" Prediction intervals, by {how}, say where the true effect of a new study may lie"
        + cited.cite("prediction", "riley")
        + "."
    )


def _few(pooled: Sequence[Analysis]) -> str:
    two = sum(a.k == 2 and a.main.interval.startswith("knapp_hartung") for a in pooled)
    if not two:
        return ""
    return (
        f" {counted(two, 'pool has', 'pools have')} only two studies, and an interval that rests "
        "on one degree of freedom."
    )


def heterogeneity(pooled: Sequence[Analysis], plan: PoolPlan, cited: Citations) -> str:
    """Name the measures of heterogeneity.

    Parameters
    ----------
    pooled : sequence of Analysis
        Those of two studies or more.
    plan : PoolPlan
        What was asked.
    cited : Citations
        Collects what is cited.

    Returns
    -------
    str
    """
    text = "Heterogeneity was described by tau2, I2" + cited.cite("i2") + " and Cochran's Q"
    text += cited.cite("cochran")
    source = "Q" if plan.method in ("common", "MH", "peto") else "tau2"
    text += f"; I2 is computed from {source}"
    if any(a.heterogeneity.tau2.low is not None for a in pooled):
        text += ", and intervals of tau2 and I2 are by the Q-profile method"
        text += cited.cite("q_profile")
    return text + "."


def other_models(pooled: Sequence[Analysis], cited: Citations) -> str:
    """Name what was held beside the main model.

    Parameters
    ----------
    pooled : sequence of Analysis
        Those of two studies or more.
    cited : Citations
        Collects what is cited.

    Returns
    -------
    str
        Empty where nothing was.
    """
    codes = list(dict.fromkeys(row.code for a in pooled for row in a.models))
    if not codes:
        return ""
    kinds = []
    if "common" in codes:
        kinds.append("a common effect")
    estimators = [code for code in codes if code in ESTIMATORS]
    if estimators:
        number = counted(len(estimators), "estimator", "estimators")
        kinds.append(
            f"{number} of the between-study variance ({', '.join(estimators)})"
            + cited.cite("estimators")
        )
    intervals = {row.interval for a in pooled for row in a.models if row.code in ESTIMATORS}
    if len(intervals) > 1:
        named = [INTERVALS[name] for name in INTERVALS if name in intervals]
        kinds.append(f"intervals of each kind ({', '.join(named)})")
    others = {
        "MH": ("Mantel and Haenszel's method", ("MH",)),
        "peto": ("Peto's method", ("peto",)),
        "GLMM": ("a binomial-normal model", ("GLMM",)),
        "arcsine": ("the arcsine scale", ()),
        "double_arcsine": ("the double arcsine scale", ("double_arcsine", "miller")),
        "multilevel": ("a three-level model with cluster-robust errors", ("multilevel", "CR2")),
        "bivariate": ("the bivariate model", ("bivariate",)),
    }
    for code, (words, works) in others.items():
        if code in codes:
            kinds.append(words + (cited.cite(*works) if works else ""))
    return f"To see whether the choice matters, the same studies were pooled with {listed(kinds)}."
