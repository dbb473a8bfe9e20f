"""How often chance alone would find as good a cut-off: the search repeated under permutation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import refuse_vast
from cartwheel.stats.descriptive import finite_column, same_length
from cartwheel.stats.kernels import _scan, _scan_tested
from cartwheel.stats.sorted_marker import SortedMarker, candidate_cuts, case_and_control_weights

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
State = NDArray[np.uint64]
Count = Callable[[int], int]

ON_CURVE = {"youden": 0, "closest_corner": 1}
MAX_LOG_RANK = "max_log_rank"

# patients shuffled between two looks at the keyboard: about a tenth of a second
BLOCK = 20_000_000


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """How often a permuted outcome gave as good a cut.

    Parameters
    ----------
    p_value : float
        (1 + exceed) / (1 + permutations).
    std_error : float
        Monte-Carlo standard error of the p-value.
    exceed, permutations : int
        Permutations whose best cut was at least as good, and permutations drawn.
    """

    p_value: float
    std_error: float
    exceed: int
    permutations: int


def permutation_p(  # noqa: PLR0913 - one outcome is two columns of weights, the other one of scores
    marker: SortedMarker,
    *,
    criterion: str,
    min_fraction: float,
    seed: int,
    permutations: int = 9999,
    scores: ArrayLike | None = None,
    case_weight: ArrayLike | None = None,
    control_weight: ArrayLike | None = None,
) -> PermutationTest:
    """Test a searched cut-off: the whole search is repeated in every permutation.

    The null hypothesis is that marker and outcome (event time and censoring together) are
    independent. This is the honest p-value of a cut-off that was chosen from the data.

    Parameters
    ----------
    marker : SortedMarker
        The marker.
    criterion : {"max_log_rank", "youden", "closest_corner"}
        What the search maximised. Only ``max_log_rank`` looks at both directions.
    min_fraction : float
        The one the search used.
    seed : int
        Seed; the same seed gives the same p-value on every machine.
    permutations : int
        B >= 1.
    scores : array_like (n,)
        For ``max_log_rank``, patient order, as in ``best_log_rank_cut``. With the other criteria
        they give the test: the cut is searched on the ROC curve, and the squared standardised sum
        of the scores beyond it is compared (log-rank scores, or the event itself for chi-square).
    case_weight, control_weight : array_like (n,)
        For the other criteria, patient order, as in ``best_cut``.

    Returns
    -------
    PermutationTest
        p-value, its Monte-Carlo standard error, and counts.

    Raises
    ------
    NotEstimable
        ``no_cut`` where no cut can be searched; outcome, criterion or fraction as in the searches.

    Notes
    -----
    p = (1 + number of permutations at least as good) / (1 + B), never 0. Permutations by
    xoshiro256++ seeded from numpy's SeedSequence. Agrees with R ``maxstat`` (pmethod "condMC")
    within Monte-Carlo error.

    References
    ----------
    Hothorn T, Lausen B 2003, doi 10.1016/S0167-9473(02)00225-6. Phipson B, Smyth GK 2010,
    doi 10.2202/1544-6115.1585.
    """
    if permutations < 1:
        raise refuse(NotEstimable, "permutations", "at least one permutation is needed")
    sizes = candidate_cuts(marker, min_fraction=min_fraction).group_sizes
    if not sizes.size:
        raise refuse(NotEstimable, "no_cut", "no cut-off divides the patients as asked")
    # generate_state is typed as either width; the second argument decides
    state: State = np.random.SeedSequence(seed).generate_state(4, np.uint64).astype(np.uint64)
    if criterion == MAX_LOG_RANK and scores is not None:
        count = _permuted_ranks(marker, scores, sizes, state)
    elif criterion in ON_CURVE and case_weight is not None and control_weight is not None:
        weights = case_and_control_weights(marker, case_weight, control_weight)
        if scores is None:
            count = _permuted_curve(marker, weights, sizes, ON_CURVE[criterion], state)
        else:
            count = _permuted_test(marker, weights, scores, sizes, ON_CURVE[criterion], state)
    else:
        raise refuse(
            NotEstimable,
            "criterion",
            f"criterion {criterion!r} is unknown, or its outcome is not given",
            mend="max_log_rank with scores; youden or closest_corner with both weights",
        )
    block = max(1, BLOCK // marker.values.size)
    exceed = sum(count(min(block, permutations - done)) for done in range(0, permutations, block))
    p = (1 + exceed) / (1 + permutations)
    return PermutationTest(p, sqrt(p * (1.0 - p) / permutations), exceed, permutations)


def _centred_scores(
    marker: SortedMarker, scores: ArrayLike, sizes: Integers
) -> tuple[Floats, Floats]:
    """Scores in the marker's order with mean zero, and one over the variance of each sum."""
    ranks = finite_column(scores, "scores")
    n = same_length(marker=marker.values, scores=ranks)
    refuse_vast(ranks, "scores")
    centred = np.ascontiguousarray(ranks[marker.order] - ranks.mean())
    square = float(centred @ centred)
    if not square > n * 1e-28 * float(ranks.mean()) ** 2:
        raise refuse(NotEstimable, "no_cut", "all scores are equal")
    precision: Floats = (n * (n - 1.0) / (sizes * (n - sizes) * square)).astype(np.float64)
    return centred, precision


def _permuted_test(
    marker: SortedMarker,
    weights: tuple[Floats, Floats],
    scores: ArrayLike,
    sizes: Integers,
    criterion: int,
    state: State,
) -> Count:
    """Prepare the search on the ROC curve, and the test at the cut found, under permutation."""
    if min(weights[0].sum(), weights[1].sum()) <= 0.0:
        raise refuse(NotEstimable, "no_cut", "no case or no control has weight")
    centred, precision = _centred_scores(marker, scores, sizes)
    rows = np.column_stack([*(part[marker.order] for part in weights), centred]).ravel()
    observed = _scan_tested.exceedances_tested(rows, sizes, precision, criterion, 0.0, 0, state)
    return lambda times: int(
        _scan_tested.exceedances_tested(rows, sizes, precision, criterion, observed, times, state)
    )


def _permuted_ranks(
    marker: SortedMarker, scores: ArrayLike, sizes: Integers, state: State
) -> Count:
    """Prepare the search by rank statistic under permutation."""
    centred, precision = _centred_scores(marker, scores, sizes)
    observed = _scan.exceedances_rank(centred, sizes, precision, 0.0, 0, state)
    return lambda times: int(
        _scan.exceedances_rank(centred, sizes, precision, observed, times, state)
    )


def _permuted_curve(
    marker: SortedMarker,
    weights: tuple[Floats, Floats],
    sizes: Integers,
    criterion: int,
    state: State,
) -> Count:
    """Prepare the search on the ROC curve under permutation."""
    if min(weights[0].sum(), weights[1].sum()) <= 0.0:
        raise refuse(NotEstimable, "no_cut", "no case or no control has weight")
    pairs = np.column_stack(weights)[marker.order].ravel()
    observed = _scan.exceedances_roc(pairs, sizes, criterion, 0.0, 0, state)
    return lambda times: int(_scan.exceedances_roc(pairs, sizes, criterion, observed, times, state))
