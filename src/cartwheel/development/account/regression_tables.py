"""Regression tables: one variable at a time, all together, and the index adjusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from cartwheel.development.account.design import Block, measure_name
from cartwheel.development.account.pooled_regression import pooled_table
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.result import RegressionTable, TermRow
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.firth import firth_table, penalised_likelihood_ratio_test

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Fitted:
    coefficients: Floats
    covariance: Floats
    low: Floats
    high: Floats
    p_values: Floats
    method: str
    test: str
    interval: str
    penalised: bool = False


def regression_table(
    name: str, blocks: Sequence[Block], target: Target, level: float
) -> RegressionTable:
    """Fit one model of all blocks and say each effect.

    Parameters
    ----------
    name : str
        Name of the table.
    blocks : sequence of Block
        The variables.
    target : Target
        The outcome.
    level : float
        Coverage of the intervals.

    Returns
    -------
    RegressionTable
        Odds or hazard ratios. Where a block was imputed, by Rubin's rules. Else by Firth: profile
        penalised likelihood intervals and penalised likelihood-ratio tests for single columns.
        Otherwise Wald. Splines: Wald interval of the quartile contrast, and a test of all their
        columns.

    Raises
    ------
    NotEstimable
        When the model does not converge, in each copy where there are several.
    """
    if any(block.columns.ndim > 2 for block in blocks):
        return pooled_table(name, blocks, target, level)
    x = np.ascontiguousarray(np.hstack([block.columns for block in blocks]))
    fitted = _fit(x, target, level)
    rows = []
    start = 0
    for block in blocks:
        stop = start + block.columns.shape[1]
        rows.append(_row(block, fitted, (start, stop), (x, target, level)))
        start = stop
    return RegressionTable(
        name, measure_name(target), fitted.method, target.n, int(target.event.sum()), tuple(rows)
    )


def univariable_table(
    blocks: Sequence[Block], target: Target, level: float
) -> tuple[RegressionTable, tuple[str, ...]]:
    """Fit each block alone.

    Parameters
    ----------
    blocks : sequence of Block
        The variables.
    target : Target
        The outcome.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of (RegressionTable, names)
        The names are of blocks that could not be fitted alone; they are left out of the table.
    """
    rows: list[TermRow] = []
    failed: list[str] = []
    methods: list[str] = []
    for block in blocks:
        try:
            table = regression_table("univariable", [block], target, level)
        except NotEstimable:
            failed.append(block.term)
            continue
        rows.extend(table.rows)
        methods.append(table.method)
    # of a table in which some rows are pooled that is said, and each row says its own test
    pooled = [said for said in methods if "Rubin" in said]
    method = (pooled or methods or [""])[-1]
    table = RegressionTable(
        "univariable", measure_name(target), method, target.n, int(target.event.sum()), tuple(rows)
    )
    return table, tuple(failed)


def _fit(x: Floats, target: Target, level: float) -> _Fitted:
    if isinstance(target, BinaryTarget):
        return _firth(x, target, level) if target.firth else _logistic(x, target, level)
    assert isinstance(target, SurvivalTarget)
    fit = cox_fit(target.times, x)
    return _wald(fit.coefficients, fit.covariance, level, "Cox regression, Efron's method for ties")


def _logistic(x: Floats, target: BinaryTarget, level: float) -> _Fitted:
    fit = target.logistic(x)
    if fit.penalty == "firth":
        return _firth(x, target, level)
    return _wald(
        fit.coefficients[1:],
        fit.covariance[1:, 1:],
        level,
        "logistic regression, maximum likelihood",
    )


def _wald(coefficients: Floats, covariance: Floats, level: float, method: str) -> _Fitted:
    errors = np.sqrt(np.diag(covariance))
    margin = float(ndtri(0.5 + level / 2)) * errors
    p_values = chdtrc(1, (coefficients / errors) ** 2)
    return _Fitted(
        coefficients,
        covariance,
        coefficients - margin,
        coefficients + margin,
        p_values,
        method,
        "Wald",
        "Wald interval",
    )


def _firth(x: Floats, target: BinaryTarget, level: float) -> _Fitted:
    table = firth_table(x, target.event, level)
    fit = table.fit
    return _Fitted(
        fit.coefficients[1:],
        fit.covariance[1:, 1:],
        table.low[1:],
        table.high[1:],
        table.p_values[1:],
        "logistic regression, Firth's penalised likelihood",
        "penalised likelihood ratio",
        "profile penalised likelihood interval",
        penalised=True,
    )


def _row(
    block: Block, fitted: _Fitted, span: tuple[int, int], data: tuple[Floats, Target, float]
) -> TermRow:
    start, stop = span
    x, target, level = data
    n, events = target.n, int(target.event.sum())
    if block.contrast is None:
        value = float(fitted.coefficients[start])
        low, high = float(fitted.low[start]), float(fitted.high[start])
        error = float(np.sqrt(fitted.covariance[start, start]))
        p_value, test, interval = float(fitted.p_values[start]), fitted.test, fitted.interval
    else:
        part = fitted.covariance[start:stop, start:stop]
        beta = fitted.coefficients[start:stop]
        value = float(block.contrast @ beta)
        error = float(np.sqrt(block.contrast @ part @ block.contrast))
        margin = float(ndtri(0.5 + level / 2)) * error
        low, high, interval = value - margin, value + margin, "Wald interval"
        p_value, test = _joint(beta, part, span, (x, target), penalised=fitted.penalised)
    effect = Estimate(
        float(np.exp(value)), float(np.exp(low)), float(np.exp(high)), level, interval, n, events
    )
    return TermRow(block.term, block.label, effect, value, error, p_value, test)


def _joint(
    beta: Floats,
    covariance: Floats,
    span: tuple[int, int],
    data: tuple[Floats, Target],
    *,
    penalised: bool,
) -> tuple[float, str]:
    """Test all columns of a spline together."""
    x, target = data
    if isinstance(target, BinaryTarget) and penalised:
        found = penalised_likelihood_ratio_test(x, target.event, list(range(*span)))
        return float(found.p_value), f"penalised likelihood ratio, {len(beta)} df"
    statistic = float(beta @ np.linalg.solve(covariance, beta))
    return float(chdtrc(len(beta), statistic)), f"Wald, {len(beta)} df"
