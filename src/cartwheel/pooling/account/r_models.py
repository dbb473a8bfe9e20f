"""Calls of metafor for every model of a pool."""

from __future__ import annotations

from cartwheel.pooling.account.naming import ESTIMATORS
from cartwheel.pooling.account.r_data import Block
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_analysis import ModelRow

TESTS = {"normal": "z", "knapp_hartung": "knha", "knapp_hartung_floor": "adhoc"}
BACK = {
    "log": "exp(y)",
    "logit": "plogis(y)",
    "identity": "y",
    "arcsine": "transf.iarcsin(y)",
    "double_arcsine": "transf.ipft.hm(y, targs = list(ni = d$ni))",
}
TWO_STAGE = ("common", *ESTIMATORS)
_OTHER_SCALES = {"arcsine": "PAS", "double_arcsine": "PFT"}


def call_of(
    row: ModelRow, block: Block, plan: PoolPlan, *, code: str = "", data: str = "d"
) -> list[str]:
    """Write the call that fits a model.

    Parameters
    ----------
    row : ModelRow
        Which model, with which interval.
    block : Block
        The pool.
    plan : PoolPlan
        Level and correlation within clusters.
    code : str
        Another model than the row's.
    data : str
        Name of the data frame.

    Returns
    -------
    list of str
        Lines of one expression; empty where metafor has none.
    """
    model = code or row.code
    level = f"level = {100 * plan.level:.10g}"
    if model in TWO_STAGE:
        return [two_stage(model, row.interval, plan, data)]
    if model in _OTHER_SCALES:
        test = TESTS.get(row.interval, "z")
        return [
            f'rma(measure = "{_OTHER_SCALES[model]}", xi = xi, ni = ni, data = {data}, '
            f'method = "REML", test = "{test}", {level}, control = tight)'
        ]
    measure = block.analysis.measure
    if model == "MH" and measure == "IRR":
        return [
            f'rma.mh(measure = "IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, data = {data}, '
            f"{level})"
        ]
    cells = f"ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = {data}"
    return {
        "MH": [f'rma.mh(measure = "{measure}", {cells}, {level})'],
        "peto": [f"rma.peto({cells}, {level})"],
        "GLMM": [f'rma.glmm(measure = "PLO", xi = xi, ni = ni, data = {data}, nAGQ = 25, {level})'],
        "multilevel": _multilevel(plan, data, level),
        "bivariate": [f"both(subset({data}, select = c(ai, n1i, ci, n2i)))"],
    }.get(model, [])


def two_stage(code: str, interval: str, plan: PoolPlan, data: str = "d") -> str:
    """Write the call of a common effect or of an estimator of tau2.

    Parameters
    ----------
    code, interval : str
        As of a ``ModelRow``.
    plan : PoolPlan
        For the level.
    data : str
        Name of the data frame.

    Returns
    -------
    str
    """
    level = f"level = {100 * plan.level:.10g}"
    if code == "common":
        return f'rma(yi, sei = sei, data = {data}, slab = study, method = "FE", {level})'
    return (
        f'rma(yi, sei = sei, data = {data}, slab = study, method = "{code}", '
        f'test = "{TESTS[interval]}", {level}, control = tight)'
    )


def _multilevel(plan: PoolPlan, data: str, level: str) -> list[str]:
    rho = plan.sampling_correlation or 0.0
    matrix = f"{data}$sei^2"
    if rho:
        matrix = (
            f"vcalc(sei^2, cluster = cluster, obs = seq_along(yi), rho = {rho:g}, data = {data})"
        )
    return [
        f"robust(rma.mv(yi, {matrix}, random = ~ 1 | cluster/id, data = {data}, {level}), "
        f"cluster = {data}$cluster, clubSandwich = TRUE)"
    ]


def model_lines(block: Block, plan: PoolPlan) -> list[str]:
    """Write the main model, its heterogeneity, its prediction interval, and every other model.

    Parameters
    ----------
    block : Block
        The pool.
    plan : PoolPlan
        What was asked.

    Returns
    -------
    list of str
    """
    analysis, number = block.analysis, block.number
    main = analysis.main
    lines = [
        f"back <- function(y, d) {BACK[analysis.scale]}",
        f"pooled <- function(d) {_pooling(block, plan)}",
        "main <- pooled(d)",
        "print(main)",
        f'told("{number} main", ends(main, d))',
    ]
    # R tests against 0 on the analysis scale
    if main.p_value is not None and analysis.measure != "slope":
        lines.append(f'told("{number} main p", main$pval)')
    if main.prediction_low is not None:
        lines += _prediction(block, plan)
    lines += _spread(block)
    if not analysis.models:
        return lines
    lines += ["", comment_line("the same studies by other models")]
    for row in analysis.models:
        call = call_of(row, block, plan)
        scale = BACK.get(row.code, "")
        if not call:
            continue
        label = f'"{number} model {row.code} {row.interval}"'
        if row.code in _OTHER_SCALES:
            told = f"ends({call[0]}, d, function(y, d) {scale})"
        else:
            told = f"ends({call[0]}, d)"
        lines.append(f"told({label}, {told})")
    return lines


def _pooling(block: Block, plan: PoolPlan) -> str:
    main = block.analysis.main
    call = call_of(main, block, plan)[0]
    if main.code != "multilevel":
        return call
    # where no cluster has two rows, the model is the two-stage one
    alone = two_stage("REML", plan.interval, plan)
    return f"if (anyDuplicated(d$cluster)) {call} else {alone}"


def comment_line(text: str) -> str:
    """Write a heading inside a block.

    Parameters
    ----------
    text : str
        Without line breaks.

    Returns
    -------
    str
    """
    return f"# {text}"


def _prediction(block: Block, plan: PoolPlan) -> list[str]:
    number, code = block.number, block.analysis.main.code
    if code in TWO_STAGE and plan.prediction == "k_minus_2":
        reach = (
            f"c(-1, 1) * qt({(1 + plan.level) / 2:.12g}, {block.analysis.k - 2}) * "
            "sqrt(main$se^2 + main$tau2)"
        )
        return [f'told("{number} prediction", back(c(main$beta) + {reach}, d))']
    if code in TWO_STAGE or code == "GLMM":
        return [
            "ahead <- predict(main)",
            f'told("{number} prediction", back(c(ahead$pi.lb, ahead$pi.ub), d))',
        ]
    return []


def _spread(block: Block) -> list[str]:
    number, main = block.number, block.analysis.main
    if main.code not in TWO_STAGE:
        return []
    lines = [f'told("{number} Q", main$QE, main$QEp)', f'told("{number} I2", main$I2)']
    if main.code != "common":
        lines += [
            f'told("{number} tau2", main$tau2)',
            "wide <- confint(main, control = far)$random",
            f'told("{number} tau2 interval", wide["tau^2", c("ci.lb", "ci.ub")])',
        ]
    return lines
