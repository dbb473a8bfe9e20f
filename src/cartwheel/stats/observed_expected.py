"""Observed and expected events of groups, weighted over time: what all log-rank tests rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.kernels import _log_rank
from cartwheel.stats.times import Floats, Integers, SurvivalTimes

# codes of the kernel
FAMILIES = {"fleming-harrington": 0, "gehan": 1, "tarone-ware": 2, "peto": 3}


@dataclass(frozen=True, slots=True)
class TimeWeights:
    """How much the events of each time count.

    Parameters
    ----------
    family : {"fleming-harrington", "gehan", "tarone-ware", "peto"}
        S(t-)^rho (1 - S(t-))^gamma; number at risk Y; its root; or Peto and Peto's product of
        1 - d / (Y + 1), the present time included. S is the curve of all groups together.
    rho, gamma : float, >= 0
        Exponents of the first family: (0, 0) is the log-rank test, (1, 0) the Peto-Peto-Prentice
        form of the Wilcoxon test (early differences), (0, 1) weights late differences.

    Raises
    ------
    NotEstimable
        An unknown family; an exponent negative or missing, or given to another family.
    """

    family: str = "fleming-harrington"
    rho: float = 0.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise refuse(
                NotEstimable,
                "weights_unknown",
                f"weights {self.family!r} are unknown",
                mend="use one of " + ", ".join(FAMILIES),
            )
        exponents = (self.rho, self.gamma)
        if not all(math.isfinite(one) and one >= 0.0 for one in exponents):
            raise refuse(
                NotEstimable, "exponent_range", "rho and gamma must be finite and not negative"
            )
        if self.family != "fleming-harrington" and any(exponents):
            raise refuse(
                NotEstimable,
                "exponent_unused",
                f"rho and gamma have no meaning for weights {self.family!r}",
                mend="leave them out, or use fleming-harrington",
            )


FLAT = TimeWeights()


def observed_expected(
    times: SurvivalTimes, member: Integers, stratum: Integers | None, weights: TimeWeights
) -> tuple[Floats, Floats, Floats]:
    """Weighted observed and expected events a group, and their covariance, added over strata.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    member : int64 array (n,)
        Each patient's group, 0 to k - 1.
    stratum : int64 array (n,), or None
        Each patient's stratum, from 0.
    weights : TimeWeights
        How much each time counts; the curve and the numbers at risk are those of the stratum.

    Returns
    -------
    observed, expected : float arrays (k,)
    variance : float array (k, k)
        Hypergeometric covariance of observed minus expected.

    Notes
    -----
    O(n log n) for strata, else O(n); memory linear in n.
    """
    order, block_start = times.order, times.block_start
    if stratum is None:
        first = np.zeros(times.block_time.size, dtype=np.int8)
        first[0] = 1
    else:
        order = order[np.argsort(stratum[order], kind="stable")]
        group, time = stratum[order], times.time[order]
        new_stratum = np.concatenate(([True], group[1:] != group[:-1]))
        starts = np.flatnonzero(new_stratum | np.concatenate(([True], time[1:] != time[:-1])))
        block_start = np.append(starts, times.n).astype(np.int64)
        first = new_stratum[starts].astype(np.int8)
    groups = int(member.max()) + 1
    observed, expected, variance = np.zeros(groups), np.zeros(groups), np.zeros((groups, groups))
    _log_rank.differences(
        order,
        block_start,
        first,
        times.event,
        member,
        FAMILIES[weights.family],
        weights.rho,
        weights.gamma,
        observed,
        expected,
        variance,
    )
    return observed, expected, variance
