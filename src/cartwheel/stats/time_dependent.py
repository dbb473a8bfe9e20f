"""Time-dependent AUC: how well a score tells early events from longer survival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.censoring import censoring_influence
from cartwheel.stats.columns import float_array
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.descriptive import finite_column, normal_quantile
from cartwheel.stats.roc import weighted_auc
from cartwheel.stats.survival import horizon_weights
from cartwheel.stats.times import Floats, Integers, SurvivalTimes

CONTROLS = ("event-free", "not-case")
AT_HORIZON = ("case", "neither")


@dataclass(frozen=True, slots=True, eq=False)
class TimeDependentAuc:
    """Cumulative/dynamic AUC of one score at several horizons.

    Parameters
    ----------
    horizon, auc, std_error, low, high : float array (h,)
        Horizons in the unit of the times; areas with pointwise limits cut to [0, 1].
    cases, controls, censored : int64 array (h,)
        Patients known to be either, and those censored before.
    influence : float array (h, n)
        Of each patient on each area, patient order.
    level : float
        Coverage.
    definition : str
        Who is a case, who a control.
    """

    horizon: Floats
    auc: Floats
    std_error: Floats
    low: Floats
    high: Floats
    cases: Integers
    controls: Integers
    censored: Integers
    influence: Floats
    level: float
    definition: str

    def estimate(self, index: int = 0) -> Estimate:
        """Area at one of the horizons.

        Parameters
        ----------
        index : int
            Which horizon.

        Returns
        -------
        Estimate
        """
        return Estimate(
            float(self.auc[index]),
            float(self.low[index]),
            float(self.high[index]),
            self.level,
            f"time-dependent AUC at {self.horizon[index]:g}, inverse-probability-of-censoring "
            f"weights, influence function; {self.definition}",
            int(self.influence.shape[1]),
            int(self.cases[index]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class AucDifference:
    """Differences between the areas of two scores, horizon by horizon.

    Parameters
    ----------
    horizon, difference, std_error, low, high, p_value : float array (h,)
        First minus second; p-values are two-sided and not adjusted for several horizons.
    level : float
        Coverage.
    """

    horizon: Floats
    difference: Floats
    std_error: Floats
    low: Floats
    high: Floats
    p_value: Floats
    level: float


def auc_at(
    times: SurvivalTimes,
    score: Floats,
    horizon: float,
    multiplicity: NDArray[np.generic] | None = None,
) -> float:
    """Time-dependent AUC at one horizon, without checks, for use in every resample.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    score : float array (n,), patient order
        Higher predicts the earlier event.
    horizon : float, unit of the times
        Cases have the event by it, controls are followed beyond it.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        nan where there is no case or no control.
    """
    return weighted_auc(score, *horizon_weights(times, horizon, multiplicity))


def time_dependent_auc(
    times: SurvivalTimes | CompetingTimes,
    score: ArrayLike,
    horizons: ArrayLike,
    *,
    cause: int = 1,
    controls: str = "event-free",
    at_horizon: str = "case",
    level: float = 0.95,
) -> TimeDependentAuc:
    """Estimate the cumulative/dynamic AUC at given horizons, with errors that allow for censoring.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample.
    score : array (n,), finite, patient order
        Higher predicts the earlier event.
    horizons : array (h,), unit of the times
        Within follow-up.
    cause : int
        With competing risks, the cause that makes a case.
    controls : {"event-free", "not-case"}
        With competing risks: followed beyond the horizon (definition i), or also with another
        event before (definition ii). The same without.
    at_horizon : {"case", "neither"}
        What an event exactly at the horizon makes: a case, or nobody.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    TimeDependentAuc

    Raises
    ------
    NotEstimable
        A score of another length or not finite, no case or no control at a horizon, an unknown
        convention, level outside (0, 1).

    Notes
    -----
    Weights 1 / G(T-) for events and 1 / G(horizon) for those followed beyond, G the Kaplan-Meier
    curve of censoring with events first; ties in the score count one half; intervals
    auc +- z se. With ``at_horizon="case"`` agrees with riskRegression 2022.11.28 ``Score``, with
    "neither" with timeROC 0.4.1, both to 1e-8 relative; timeROC's errors to 1e-5, as it takes tied
    times in the order of the rows and, in definition ii, one minus the cases' weight for that of
    the controls. Censoring must not depend on the score.

    References
    ----------
    Blanche, Dartigues and Jacqmin-Gadda 2013, doi 10.1002/sim.5958.
    """
    for kind, given, known in (
        ("controls", controls, CONTROLS),
        ("at_horizon", at_horizon, AT_HORIZON),
    ):
        if given not in known:
            raise refuse(
                NotEstimable,
                f"{kind}_unknown",
                f"{kind} {given!r} is unknown",
                mend="use " + " or ".join(known),
            )
    z = normal_quantile(level)
    followed = times.times if isinstance(times, CompetingTimes) else times
    codes = followed.event.astype(np.int64)
    if isinstance(times, CompetingTimes):
        codes = np.where(times.cause == checked_cause(times, cause), 1, 2 * (times.cause > 0))
    values = finite_column(score, "score")
    if values.shape != followed.time.shape:
        raise refuse(NotEstimable, "score_invalid", "one score a patient is needed", where="score")
    rank = np.unique(values, return_inverse=True)[1]
    wanted = finite_column(np.atleast_1d(float_array(horizons, "horizons")), "horizons")
    found = [
        _area(followed, codes, rank, t, controls == "not-case", at_horizon == "case")
        for t in wanted.tolist()
    ]
    auc = np.array([area.auc for area in found])
    influence = np.stack([area.influence for area in found])
    std_error = influence.std(axis=1, ddof=1) / np.sqrt(followed.n)
    counts = np.array([(area.cases, area.controls) for area in found], dtype=np.int64)
    censored = followed.n - counts.sum(axis=1)
    low, high = np.maximum(auc - z * std_error, 0.0), np.minimum(auc + z * std_error, 1.0)
    border = "at or before" if at_horizon == "case" else "before"
    kind = "event-free beyond" if controls == "event-free" else "not a case by"
    result = TimeDependentAuc(
        wanted,
        auc,
        std_error,
        low,
        high,
        np.ascontiguousarray(counts[:, 0]),
        np.ascontiguousarray(counts[:, 1]),
        censored,
        influence,
        level,
        f"cases: event {border} the horizon; controls: {kind} it",
    )
    for array in (wanted, auc, std_error, low, high, influence):
        array.setflags(write=False)
    for number in (result.cases, result.controls, result.censored):
        number.setflags(write=False)
    return result


class _Area(NamedTuple):
    auc: float
    influence: Floats
    cases: int
    controls: int


def _area(
    times: SurvivalTimes,
    codes: Integers,
    rank: Integers,
    horizon: float,
    not_case: bool,
    at_horizon: bool,
) -> _Area:
    event_weight, free_weight = horizon_weights(times, horizon)
    if not at_horizon:
        event_weight = np.where(times.time < horizon - times.tolerance, event_weight, 0.0)
    case = np.where(codes == 1, event_weight, 0.0)
    other = np.where(codes == 2, event_weight, 0.0)
    control = free_weight + other if not_case else free_weight
    cases, controls = int(np.count_nonzero(case)), int(np.count_nonzero(control))
    if cases == 0 or controls == 0:
        raise refuse(
            NotEstimable,
            "one_class",
            f"there is no case, or no control, at {horizon:g}",
            where="horizons",
            mend="choose a horizon by which some patients have the event and others are followed",
        )
    ranks = int(rank.max()) + 1
    case_total, control_total = float(case.sum()), float(control.sum())
    by_rank = np.bincount(rank, control, ranks)
    share_below = ((np.cumsum(by_rank) - by_rank / 2.0) / control_total)[rank]
    by_rank = np.bincount(rank, case, ranks)
    share_above = (1.0 - (np.cumsum(by_rank) - by_rank / 2.0) / case_total)[rank]
    auc = float(case @ share_below) / case_total
    of_case = case * (share_below - auc) / case_total
    of_control = control * (share_above - auc) / control_total
    at_event, beyond = of_case, 0.0
    if not_case:
        at_event = of_case + np.where(other > 0.0, of_control, 0.0)
        beyond = float(of_control[free_weight > 0.0].sum())
    influence = times.n * (of_case + of_control)
    influence += censoring_influence(times, at_event, beyond, horizon)
    return _Area(auc, influence, cases, controls)


def compare_time_dependent_auc(first: TimeDependentAuc, second: TimeDependentAuc) -> AucDifference:
    """Compare two scores' time-dependent AUC in the same patients.

    Parameters
    ----------
    first, second : TimeDependentAuc
        Of the same patients in the same order, horizons and definition.

    Returns
    -------
    AucDifference
        First minus second.

    Raises
    ------
    NotEstimable
        ``not_paired`` for other patients, horizons or definition; ``identical`` for scores that
        order all patients alike.

    Notes
    -----
    Agrees with timeROC 0.4.1 ``compare`` and riskRegression ``Score`` as far as their errors do.
    """
    if (
        first.influence.shape != second.influence.shape
        or not np.array_equal(first.horizon, second.horizon)
        or first.definition != second.definition
    ):
        raise refuse(
            NotEstimable,
            "not_paired",
            "the two were not computed from the same patients, horizons and definition",
        )
    n = first.influence.shape[1]
    std_error = (first.influence - second.influence).std(axis=1, ddof=1) / np.sqrt(n)
    if not (std_error > 1e-14).all():
        raise refuse(NotEstimable, "identical", "the two scores order the patients alike")
    difference = first.auc - second.auc
    z = normal_quantile(first.level)
    p_value = np.asarray(chdtrc(1.0, (difference / std_error) ** 2), dtype=np.float64)
    low, high = difference - z * std_error, difference + z * std_error
    for array in (difference, std_error, low, high, p_value):
        array.setflags(write=False)
    return AucDifference(first.horizon, difference, std_error, low, high, p_value, first.level)
