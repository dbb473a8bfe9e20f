"""Harrell's concordance between a score and survival, with ties and its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.columns import float_array
from cartwheel.stats.kernels import _concordance
from cartwheel.stats.times import Floats, SurvivalTimes, kernel_counts


def concordance(
    times: SurvivalTimes, score: Floats, multiplicity: NDArray[np.generic] | None = None
) -> float:
    """Harrell's C, without checks, for use in every resample; nan without a comparable pair.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    score : float array (n,), patient order
        Higher predicts the earlier event; none missing.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        (concordant + tied / 2) / comparable, 0-1.

    Notes
    -----
    Definition and agreement: ``harrell_concordance``. Time grows as n log n.
    """
    score = np.ascontiguousarray(score, dtype=np.float64)
    concordant, discordant, tied = _concordance.count_pairs(
        times.order,
        times.block_start,
        times.event,
        score,
        score.argsort(),
        kernel_counts(multiplicity),
    )
    comparable = concordant + discordant + tied
    return (concordant + 0.5 * tied) / comparable if comparable > 0.0 else math.nan


@dataclass(frozen=True, slots=True)
class Concordance:
    """Harrell's C with its pairs.

    Parameters
    ----------
    c : float
        (concordant + tied_score / 2) / comparable.
    std_error : float
        Infinitesimal jackknife.
    concordant, discordant, tied_score : int
        Comparable pairs in which the higher score has the earlier event, the later one, and in
        which the scores are equal.
    tied_time, tied_both : int
        Pairs of events at the same time, with different and with equal scores; not comparable.
    n, events : int
        Patients and events.
    """

    c: float
    std_error: float
    concordant: int
    discordant: int
    tied_score: int
    tied_time: int
    tied_both: int
    n: int
    events: int

    def estimate(self, level: float = 0.95) -> Estimate:
        """C with its Wald interval, cut to [0, 1].

        Parameters
        ----------
        level : float in (0, 1)
            Coverage.

        Returns
        -------
        Estimate

        Raises
        ------
        NotEstimable
            Level outside (0, 1).
        """
        if not 0.0 < level < 1.0:
            raise refuse(NotEstimable, "level_range", f"level {level} is not between 0 and 1")
        half = float(ndtri(0.5 + level / 2.0)) * self.std_error
        return Estimate(
            self.c,
            max(self.c - half, 0.0),
            min(self.c + half, 1.0),
            level,
            "Harrell's C, ties in the score count one half; infinitesimal jackknife",
            self.n,
            self.events,
        )


def harrell_concordance(times: SurvivalTimes, score: ArrayLike) -> Concordance:
    """Estimate how well a score orders patients by time to the event.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    score : array (n,), finite, patient order
        Higher predicts the earlier event.

    Returns
    -------
    Concordance

    Raises
    ------
    NotEstimable
        Another length, a score that is missing or infinite, or no comparable pair.

    Notes
    -----
    A pair is comparable if the one with the shorter time has the event; a patient censored at the
    time of another's event counts as lasting longer; two events at one time are not comparable.
    Ties in the score count one half. The standard error is the root of the sum of squares of
    (c_i + t_i / 2 - C p_i) / P, with the concordant, tied and all p_i pairs of patient i, and P
    pairs overall. Depends on the censoring distribution. Agrees with R survival 3.5-3
    ``concordance(reverse = TRUE)``: counts exactly, C and standard error to 1e-10 relative.

    References
    ----------
    Harrell et al. 1982, doi 10.1001/jama.1982.03320430047030.
    Therneau and Atkinson 2023, R survival, vignette "Concordance".
    """
    scores = np.asarray(float_array(score, "score"), order="C")
    if scores.shape != times.time.shape or not np.isfinite(scores).all():
        raise refuse(
            NotEstimable,
            "score_invalid",
            "the score must be one finite number a patient",
            where="score",
            mend="leave out patients without a score",
        )
    pairs = np.empty((times.n, 3))
    by_score = scores.argsort()
    _concordance.pairs_by_patient(
        times.order, times.block_start, times.event, scores, by_score, pairs
    )
    # every pair was seen from both of its patients
    concordant, discordant, tied = (pairs.sum(axis=0) / 2.0).tolist()
    comparable = concordant + discordant + tied
    if comparable <= 0.0:
        raise refuse(
            NotEstimable,
            "no_comparable_pair",
            "no pair of patients can be ordered by time",
            mend="at least one event must precede the end of another patient's follow-up",
        )
    c = (concordant + 0.5 * tied) / comparable
    influence = (pairs[:, 0] + 0.5 * pairs[:, 2] - c * pairs.sum(axis=1)) / comparable
    tied_time, tied_both = _tied_events(times, scores)
    return Concordance(
        c,
        float(np.sqrt(influence @ influence)),
        round(concordant),
        round(discordant),
        round(tied),
        tied_time,
        tied_both,
        times.n,
        times.events,
    )


def _tied_events(times: SurvivalTimes, score: Floats) -> tuple[int, int]:
    """Pairs of events at one time: with different scores, and with equal ones."""
    died = times.event == 1
    at = np.searchsorted(times.block_time, times.time[died])
    of = np.unique(score[died], return_inverse=True)[1]
    alike = np.bincount(at, minlength=1).astype(object)
    same = np.unique(np.stack((at, of)), axis=1, return_counts=True)[1].astype(object)
    both = int((same * (same - 1)).sum()) // 2
    return int((alike * (alike - 1)).sum()) // 2 - both, both


def harrell_c(times: SurvivalTimes, score: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Estimate Harrell's C with its interval.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    score : array (n,), finite, patient order
        Higher predicts the earlier event.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    Estimate

    Raises
    ------
    NotEstimable
        As ``harrell_concordance``.
    """
    return harrell_concordance(times, score).estimate(level)
