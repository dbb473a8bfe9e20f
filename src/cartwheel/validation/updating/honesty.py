"""Apparent measures of updated scores beside those corrected for the whole update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from cartwheel.estimate import Estimate
from cartwheel.stats.resample import Optimism
from cartwheel.validation.analysed import Floats, Predicted, Target
from cartwheel.validation.judging.measures import calibration, discrimination, overall
from cartwheel.validation.judging.points import Prepared, prepared
from cartwheel.validation.result_update import UpdatedMeasure
from cartwheel.validation.updating.models import Ladder, RungFit, closed_test

# the fit sets them to their ideal in the sample it was made on, so their resamples in training
# have no width of their own
SET_BY_FIT = ("calibration_in_the_large", "calibration_slope", "observed_expected")
SHARES = ("auc", "auc_at_horizon", "harrell_c", "uno_c", "brier")
RANKED = ("auc", "auc_at_horizon", "harrell_c", "uno_c")
KEEP_ORDER = ("as is", "intercept")
_KEPT_ORDER = "nothing was fitted that puts patients in another order"
_FARTHEST = 700.0


@dataclass(frozen=True, slots=True, eq=False)
class Climbed:
    """A whole ladder in one sample.

    Parameters
    ----------
    fits : tuple of RungFit
        Rungs in order.
    chosen : int
        Place of the one that the closed test chose.
    ready : tuple of Prepared
        Each rung's risks of everybody, ready to be measured; None for the score as it is.
    """

    fits: tuple[RungFit, ...]
    chosen: int
    ready: tuple[Prepared | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LadderPipeline:
    """Fit every rung and choose one: what resampling repeats.

    Parameters
    ----------
    ladder : Ladder
        Score and outcome.
    target : Target
        The outcome.
    predicted : Predicted
        The score as it is.
    rungs : tuple of str
        Those that could be fitted on all patients, in order.
    alpha : float
        Of the closed test.
    names : tuple of str
        Measures of a score with a risk.
    """

    ladder: Ladder
    target: Target
    predicted: Predicted
    rungs: tuple[str, ...]
    alpha: float
    names: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure of every fitted rung, then of the strategy that chooses one."""
        fitted = [rung for rung in self.rungs if rung != "as is"]
        return tuple(f"{rung}:{name}" for rung in (*fitted, "chosen") for name in self.names)

    @property
    def traced(self) -> tuple[str, ...]:
        """The rung chosen."""
        return ("chosen",)

    def fit(self, multiplicity: Floats) -> Climbed:
        """Climb in one sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        Climbed

        Raises
        ------
        NotEstimable
            When a rung cannot be fitted in the sample.
        """
        fits = [self.ladder.fit(rung, multiplicity) for rung in self.rungs]
        chosen, _ = closed_test(self.ladder, fits, multiplicity, self.alpha)
        ready = tuple(
            None if fit.rung == "as is" else prepared(self.target, self.updated(fit))
            for fit in fits
        )
        return Climbed(tuple(fits), chosen, ready)

    def measure(self, model: Climbed, multiplicity: Floats) -> Floats:
        """Performance of every rung in a sample.

        Parameters
        ----------
        model : Climbed
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (m,)
            In the order of ``measures``.
        """
        found = [one.measure(multiplicity) for one in model.ready if one is not None]
        ready = model.ready[model.chosen]
        if ready is None:  # nothing was fitted, so nothing is too good
            found.append(np.zeros(len(self.names)))
        else:
            fitted = [place for place, one in enumerate(model.ready) if one is not None]
            found.append(found[fitted.index(model.chosen)])
        return np.concatenate(found)

    def trace(self, model: Climbed) -> Floats:
        """Record the place of the rung chosen.

        Parameters
        ----------
        model : Climbed
            As made on any sample.

        Returns
        -------
        float array (1,)
        """
        return np.array([float(model.chosen)])

    def updated(self, fit: RungFit) -> Predicted:
        """Give the score as a rung updates it.

        Parameters
        ----------
        fit : RungFit
            The rung.

        Returns
        -------
        Predicted
            Its value is the new linear predictor; no bands.
        """
        line = fit.predictor
        risk = expit(line)
        if self.target.kind != "binary":
            risk = -np.expm1(-np.exp(np.minimum(line, _FARTHEST)))
        none = np.full(len(line), -1, dtype=np.intp)
        old = self.predicted
        return Predicted(old.name, old.spec, line, "high", risk, "risk", none, ())


def apparent_measures(
    target: Target, predicted: Predicted, level: float
) -> dict[str, tuple[str, Estimate]]:
    """Measure a score with intervals in closed form.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score.
    level : float
        Coverage.

    Returns
    -------
    dict of str to (label, Estimate)
        By name.
    """
    rows = (
        *discrimination(target, predicted, level),
        *calibration(target, predicted, level),
        *overall(target, predicted, level),
    )
    return {row.name: (row.label, row.estimate) for row in rows}


def rung_measures(
    rung: str,
    apparent: dict[str, tuple[str, Estimate]],
    resampled: Optimism | None,
    level: float,
    *,
    chosen: bool,
    reordered: bool = True,
) -> tuple[UpdatedMeasure, ...]:
    """Put apparent and corrected measures of a rung side by side.

    Parameters
    ----------
    rung : str
        Its name.
    apparent : dict of str to (label, Estimate)
        On the patients it was fitted to.
    resampled : Optimism or None
        Of the ladder; None without resamples.
    level : float
        Coverage.
    chosen : bool
        Whether the closed test chose it: then the choice counts as part of the update.
    reordered : bool
        Whether a resample chose a rung that can put patients in another order.

    Returns
    -------
    tuple of UpdatedMeasure
        In the order of ``apparent``.
    """
    kept = rung == "intercept" and not (chosen and reordered)
    found = []
    for name, (label, estimate) in apparent.items():
        corrected: Estimate | None = None
        if rung == "as is":
            corrected = estimate
        elif resampled is not None and name in RANKED and kept:
            corrected = replace(estimate, method=f"{estimate.method}; {_KEPT_ORDER}")
        elif resampled is not None:
            key = "chosen" if chosen else rung
            corrected = _corrected(key, rung, name, estimate, resampled, level)
        found.append(UpdatedMeasure(name, label, estimate, corrected))
    return tuple(found)


def _corrected(
    key: str, rung: str, name: str, apparent: Estimate, resampled: Optimism, level: float
) -> Estimate | None:
    column = f"{key}:{name}"
    if apparent.value is None or column not in resampled.measures:
        return apparent
    optimism = resampled.optimism(column)
    if len(optimism) < 2:
        return None
    mean, over = _typical(name, optimism)
    value = apparent.value - mean
    if name in SET_BY_FIT:
        low, high = _percentiles(apparent.value - optimism, level)
        width = "percentiles over the resamples"
    else:
        low, high = _percentiles(value + resampled.spread(f"{rung}:{name}"), level)
        width = "bootstrap, centred on the corrected value"
    if name in SHARES:
        low, high = max(low, 0.0), min(high, 1.0)
    if high <= low:
        width = "none, every resample gives the same"
    what = "the whole ladder and its choice" if key == "chosen" else "the update"
    method = (
        f"apparent minus {over} optimism of {what}, repeated in {len(optimism)} resamples; "
        f"interval: {width}"
    )
    if high <= low:
        return Estimate(value, method=method, n=apparent.n, events=apparent.events)
    return Estimate(value, low, high, level, method, apparent.n, apparent.events)


def _typical(name: str, optimism: Floats) -> tuple[float, str]:
    """Mean; the median of calibration where a few resamples run away with the mean."""
    mean = float(optimism.mean())
    if name in SET_BY_FIT:
        low, high = np.percentile(optimism, [25, 75])
        if not low <= mean <= high:
            return float(np.median(optimism)), "median"
    return mean, "mean"


def _percentiles(values: Sequence[float] | Floats, level: float) -> tuple[float, float]:
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(values, [tail, 100.0 - tail])
    return float(low), float(high)


def order_changed(resampled: Optimism | None, rungs: Sequence[str]) -> bool:
    """Tell whether resamples chose a rung that can put patients in another order.

    Parameters
    ----------
    resampled : Optimism or None
        Of the ladder.
    rungs : sequence of str
        Those that were fitted.

    Returns
    -------
    bool
        False without resamples.
    """
    if resampled is None:
        return False
    kept = [place for place, rung in enumerate(rungs) if rung in KEEP_ORDER]
    return not bool(np.isin(resampled.trace[:, :1], kept).all())


def chosen_share(resampled: Optimism | None, rungs: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """How often each rung was chosen.

    Parameters
    ----------
    resampled : Optimism or None
        Of the ladder.
    rungs : sequence of str
        Those that were fitted.

    Returns
    -------
    tuple of (str, float)
        0-1 of the resamples that could be climbed; empty without.
    """
    if resampled is None or not len(resampled.trace):
        return ()
    picked = resampled.trace[:, 0]
    return tuple((rung, float((picked == place).mean())) for place, rung in enumerate(rungs))
