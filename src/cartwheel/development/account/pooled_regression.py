"""Regression tables where predictors were imputed: coefficients pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.design import Block, measure_name
from cartwheel.development.model.pooled_selection import complete_df
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.result import RegressionTable, TermRow
from cartwheel.estimate import Estimate
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.pooled_tests import pooled_wald_test
from cartwheel.stats.rubin import pool_estimates

Floats = NDArray[np.float64]

PENALISED = "logistic regression, Firth's penalised likelihood"
LIKELIHOOD = "logistic regression, maximum likelihood"
COX = "Cox regression, Efron's method for ties"


def pooled_table(
    name: str, blocks: Sequence[Block], target: Target, level: float
) -> RegressionTable:
    """Fit one model of all blocks in every copy and pool each effect.

    Parameters
    ----------
    name : str
        Name of the table.
    blocks : sequence of Block
        The variables; at least one has columns (m, n, k).
    target : Target
        The outcome.
    level : float
        Coverage of the intervals.

    Returns
    -------
    RegressionTable
        Odds or hazard ratios by Rubin's rules with the degrees of freedom of Barnard and Rubin, on
        Wald statistics also under Firth's penalty; a spline is tested by D1.

    Raises
    ------
    NotEstimable
        When a copy's model does not converge.

    References
    ----------
    Rubin DB 1987, doi:10.1002/9780470316696. Barnard J, Rubin DB 1999, doi:10.1093/biomet/86.4.948.
    """
    m = max(len(block.columns) for block in blocks if block.columns.ndim > 2)
    estimates, covariances, methods = [], [], set()
    for copy in range(m):
        x = np.hstack([_columns(block, copy) for block in blocks])
        found, covariance, method = _fitted(target, np.ascontiguousarray(x))
        estimates.append(found)
        covariances.append(covariance)
        methods.add(method)
    q, u = np.stack(estimates), np.stack(covariances)
    said = " or ".join(sorted(methods)) + f"; pooled over {m} imputations by Rubin's rules"
    rows = []
    start = 0
    for block in blocks:
        stop = start + block.columns.shape[-1]
        rows.append(_row(block, (q, u), (start, stop), target, level))
        start = stop
    return RegressionTable(
        name, measure_name(target), said, target.n, int(target.event.sum()), tuple(rows)
    )


def _columns(block: Block, copy: int) -> Floats:
    return block.columns[copy] if block.columns.ndim > 2 else block.columns


def _fitted(target: Target, x: Floats) -> tuple[Floats, Floats, str]:
    if isinstance(target, BinaryTarget):
        fit = target.logistic(x)
        method = PENALISED if fit.penalty == "firth" else LIKELIHOOD
        return fit.coefficients[1:], fit.covariance[1:, 1:], method
    assert isinstance(target, SurvivalTarget)
    cox = cox_fit(target.times, x)
    return cox.coefficients, cox.covariance, COX


def _row(
    block: Block,
    parts: tuple[Floats, Floats],
    span: tuple[int, int],
    target: Target,
    level: float,
) -> TermRow:
    q, u = parts
    columns = range(*span)
    weights = np.ones(1) if block.contrast is None else block.contrast
    values = q[:, columns] @ weights
    variances = np.einsum("i,mij,j->m", weights, u[:, columns][:, :, columns], weights)
    df = complete_df(target, q.shape[1])
    pooled = pool_estimates(values, variances, complete_df=df, level=level)
    p_value, test = float(pooled.p_values[0]), "Wald, Rubin's rules"
    if block.contrast is not None:
        joint = pooled_wald_test(q, u, columns, complete_df=df)
        p_value, test = joint.p_value, f"Wald, D1, {joint.df1} df"
    value, low, high = (float(array[0]) for array in (pooled.estimate, pooled.low, pooled.high))
    effect = Estimate(
        float(np.exp(value)),
        float(np.exp(low)),
        float(np.exp(high)),
        level,
        f"Rubin's rules over {len(q)} imputations, Barnard-Rubin degrees of freedom",
        target.n,
        int(target.event.sum()),
    )
    return TermRow(
        block.term,
        block.label,
        effect,
        value,
        float(pooled.std_error[0]),
        p_value,
        test,
        float(pooled.missing_information[0]),
    )
