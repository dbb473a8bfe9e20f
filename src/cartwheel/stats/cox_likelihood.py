"""Log partial likelihood, score and information of a Cox model at given coefficients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cartwheel.stats.cox_design import SortedDesign
from cartwheel.stats.kernels import _cox_general
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats

Likelihood = Callable[[Floats], tuple[float, Floats, Floats]]


def likelihood_of(sets: RiskSets, rows: SortedDesign, ties: str) -> Likelihood:
    """Make the function that evaluates the likelihood of these rows.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    rows : SortedDesign
        Their predictors.
    ties : {"efron", "breslow"}
        Approximation where several events share a time.

    Returns
    -------
    function
        From coefficients (p,) on the scale of ``rows`` to log likelihood, score (p,) and
        information (p, p); minus infinity where the linear predictors go too far.
    """
    event = sets.event[sets.order]
    p = rows.x.shape[1]

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        score, information = np.zeros(p), np.zeros((p, p))
        reached = _cox_general.evaluate(
            rows.x,
            rows.weight,
            rows.offset,
            event,
            sets.block_start,
            sets.first,
            sets.entry,
            sets.entering,
            sets.entry_start,
            beta,
            ties == "efron",
            score,
            information,
        )
        return (reached if np.isfinite(reached) else -np.inf), score, information

    return evaluate
