"""Permutation test of a meta-regression: how often chance alone would give as strong a slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.kernels import _random_effects_refits
from cartwheel.stats.pooling.choices import interval_code, method_code, pooled_studies
from cartwheel.stats.pooling.heterogeneity import mean_squared_deviation
from cartwheel.stats.pooling.study_design import Design, study_design
from cartwheel.stats.pooling.study_inputs import Floats, read_only

Places = NDArray[np.intp]

# as strong as observed, but for rounding; metafor's tolerance
_EQUAL = float(np.sqrt(np.finfo(np.float64).eps))
_ROWS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PermutationTest:
    """Shares of permutations at least as far from no association as the data.

    Parameters
    ----------
    p_values : float array (p,)
        Of each coefficient, the intercept's too.
    omnibus_p_value : float
        Of all moderators.
    permutations : int
        Looked at, the data themselves among them.
    exact : bool
        Whether these are all that differ.
    seed : int or None
        Of the random choice, where not exact.
    """

    p_values: Floats
    omnibus_p_value: float
    permutations: int
    exact: bool
    seed: int | None


def permutation_test(
    effects: ArrayLike,
    variances: ArrayLike,
    design: ArrayLike,
    *,
    permutations: int = 10_000,
    seed: int,
    method: str = "REML",
    interval: str = "knapp_hartung",
) -> PermutationTest:
    """Test moderators by giving the studies each other's rows, the model fitted anew each time.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale; variances > 0.
    design : float array (k, p)
        Columns, that of ones included where an intercept is wanted; not an intercept alone.
    permutations : int
        At most so many; where fewer differ, each of those once.
    seed : int
        Of the random choice; not used where the test is exact.
    method, interval : str
        As in ``meta_regression``.

    Returns
    -------
    PermutationTest

    Raises
    ------
    NotEstimable
        ``permutations`` below 2, ``no_moderators``, and what ``meta_regression`` refuses.

    Notes
    -----
    The statistics compared are |t| of each coefficient and that of all moderators, tau2 estimated
    anew. The data count as one permutation, so no p-value is 0. A permutation that cannot be fitted
    counts as being as far. Exact p-values agree with metafor 3.8 ``permutest`` (exact) to 1e-12.

    References
    ----------
    Higgins JPT, Thompson SG 2004, doi:10.1002/sim.1752.
    """
    method_code(method)
    y, v = pooled_studies(effects, variances)
    x = study_design(design, y.size)
    if x.alone:
        raise refuse(
            NotEstimable,
            "no_moderators",
            "an intercept alone has nothing to permute",
            where="design",
        )
    if permutations < 2:
        raise refuse(NotEstimable, "permutations", f"{permutations} permutations are too few")
    labels, kinds = _kinds(x.columns)
    exact = _differing(kinds) <= permutations
    rng = np.random.default_rng(seed)
    observed: Floats | None = None
    reached, done = np.zeros(x.columns.shape[1] + 1, dtype=np.int64), 0
    total = _differing(kinds) if exact else permutations
    while done < total:
        index = (
            _all_orders(labels)
            if exact
            else _some_orders(
                y.size, min(total - done, _ROWS_AT_ONCE // y.size + 1), rng, done == 0
            )
        )
        found = _statistics(y, v, x, index, method, interval)
        if observed is None:
            observed = found[0, :-1].copy()
        failed = found[:, -1:] != 0.0
        far = failed | (found[:, :-1] >= observed - _EQUAL * np.maximum(observed, 1.0))
        reached += far.sum(axis=0)
        done += index.shape[0]
    p_values = reached / total
    return PermutationTest(
        read_only(p_values[:-1]), float(p_values[-1]), total, exact, None if exact else seed
    )


def _statistics(
    y: Floats, v: Floats, x: Design, index: Places, method: str, interval: str
) -> Floats:
    """Statistics of a block of permutations, and the status of each fit."""
    return _random_effects_refits.permutations(
        y,
        v,
        x.basis,
        x.back,
        index,
        method_code(method),
        mean_squared_deviation(y),
        interval_code(interval),
        x.intercept is not None,
    )


def _kinds(columns: Floats) -> tuple[Places, Places]:
    """For each study the first study with the same row, and how many share each kind of row."""
    _, first, kind, count = np.unique(
        columns, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return first[kind.ravel()].astype(np.intp), count.astype(np.intp)


def _differing(kinds: Places) -> int:
    """How many permutations of the rows differ."""
    total = math.factorial(int(kinds.sum()))
    for count in kinds.tolist():
        total //= math.factorial(count)
    return total


def _all_orders(labels: Places) -> Places:
    """Every order of the labels that differs, one a row, that of the data first."""
    rest = sorted(labels.tolist())
    orders = [rest.copy()]
    while _advance(rest):
        orders.append(rest.copy())
    data = labels.tolist()
    orders.remove(data)
    return np.array([data, *orders], dtype=np.intp)


def _advance(order: list[int]) -> bool:
    """Step to the next order in the order of a dictionary; False after the last."""
    pivot = len(order) - 2
    while pivot >= 0 and order[pivot] >= order[pivot + 1]:
        pivot -= 1
    if pivot < 0:
        return False
    partner = len(order) - 1
    while order[partner] <= order[pivot]:
        partner -= 1
    order[pivot], order[partner] = order[partner], order[pivot]
    order[pivot + 1 :] = order[:pivot:-1]
    return True


def _some_orders(k: int, rows: int, rng: np.random.Generator, first: bool) -> Places:
    """Random orders of k studies, one a row; the very first is that of the data."""
    index = rng.permuted(np.tile(np.arange(k, dtype=np.intp), (rows, 1)), axis=1)
    if first:
        index[0] = np.arange(k)
    return index
