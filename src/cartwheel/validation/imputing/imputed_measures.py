"""One measure over completed copies: Rubin's rules, or a bootstrap that imputes each resample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cartwheel.estimate import Estimate
from cartwheel.stats.rubin import pool_estimates
from cartwheel.validation.judging.measures import SCALES
from cartwheel.validation.result_score import Measure

Floats = NDArray[np.float64]

# fewer resamples than this have no percentiles to speak of
FEWEST = 40
# so that an area of exactly 1 in a resample has a place on the scale of log odds
_END = 30.0
ON_SCALE = {"identity": "", "logit": " on the scale of log odds", "log": " on the log scale"}


@dataclass(frozen=True, slots=True, eq=False)
class CopiedMeasure:
    """One measure of one score in each completed copy of all patients.

    Parameters
    ----------
    name : str
        As in ``Measure.name``.
    values : float array (m,)
        On the measure's own scale; nan where it does not exist.
    std_errors : float array (m,)
        On the scale on which it is pooled; nan where there is no closed form.
    n, events : int
        Patients and events.
    """

    name: str
    values: Floats
    std_errors: Floats
    n: int
    events: int

    @property
    def scale(self) -> str:
        """Scale on which it is pooled; its own where a copy lies at an end of that scale."""
        scale = SCALES.get(self.name, "identity")
        return scale if np.isfinite(on_scale(self.values, scale)).all() else "identity"


@dataclass(frozen=True, slots=True)
class PooledMeasure:
    """A measure pooled over completed copies.

    Parameters
    ----------
    estimate : Estimate
        Of all patients.
    monte_carlo_error : float
        On the measure's own scale; 0 for one that does not exist.
    missing_information : float or None
        0-1; None without standard errors.
    """

    estimate: Estimate
    monte_carlo_error: float
    missing_information: float | None


def on_scale(values: Floats, scale: str) -> Floats:
    """Put values of a measure on a scale.

    Parameters
    ----------
    values : float array
        On the measure's own scale.
    scale : {"identity", "logit", "log"}
        The scale.

    Returns
    -------
    float array
        Infinite at an end of the scale.
    """
    if scale == "identity":
        return values
    with np.errstate(divide="ignore"):
        return np.asarray(logit(values) if scale == "logit" else np.log(values))


def off_scale(value: float, scale: str) -> float:
    """Give a value on a scale back as the measure itself.

    Parameters
    ----------
    value : float
        On the scale.
    scale : {"identity", "logit", "log"}
        The scale.

    Returns
    -------
    float
    """
    if scale == "identity":
        return value
    return float(expit(value) if scale == "logit" else np.exp(value))


def closed_form(measures: Sequence[Measure], name: str) -> Measure | None:
    """Find a measure by its name.

    Parameters
    ----------
    measures : sequence of Measure
        Of one score.
    name : str
        Which.

    Returns
    -------
    Measure or None
    """
    return next((item for item in measures if item.name == name), None)


def pool_copies(
    copied: CopiedMeasure, resampled: Floats | None, *, drawn: int, level: float
) -> PooledMeasure:
    """Pool one measure over completed copies.

    Parameters
    ----------
    copied : CopiedMeasure
        In each copy of all patients.
    resampled : float array (B',) or None
        In each resample that could be imputed, averaged over its copies; nan where it does not
        exist. None where nothing was resampled: the interval is then Rubin's.
    drawn : int
        Resamples drawn, B.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    PooledMeasure

    Notes
    -----
    The estimate is the mean over the copies on the scale of log odds (areas under the curve and
    concordance), of logarithms (observed over expected), or the measure's own. Rubin's interval
    uses the large-sample degrees of freedom; as R ``mice::pool.scalar(n = Inf)`` to a relative
    1e-8. The bootstrap interval is the percentiles of the resamples on that scale, moved so that
    their median is the estimate. Monte-Carlo error: standard deviation over the copies divided by
    the root of their number.

    References
    ----------
    Rubin DB 1987, doi:10.1002/9780470316696. Marshall A et al 2009, doi:10.1186/1471-2288-9-57
    (scales). Schomaker M, Heumann C 2018, doi:10.1002/sim.7654 (imputation in each resample).
    """
    m, scale = len(copied.values), copied.scale
    if not np.isfinite(copied.values).all():
        lacking = int((~np.isfinite(copied.values)).sum())
        why = f"does not exist in {lacking} of {m} completed copies"
        return PooledMeasure(
            Estimate(None, method=why, n=copied.n, events=copied.events), 0.0, None
        )
    placed = on_scale(copied.values, scale)
    centre = float(placed.mean())
    error = float(copied.values.std(ddof=1)) / float(np.sqrt(m))
    words = f"mean of {m} completed copies{ON_SCALE[scale]}"
    rubin, information = _rubin(copied, placed, scale, level)
    low: float | None = None
    high: float | None = None
    how = "no interval: no standard error in a closed form, and nothing was resampled"
    if resampled is not None:
        low, high, how = _percentiles(resampled, centre, scale, drawn=drawn, level=level)
    elif rubin is not None:
        low, high, how = *rubin, "Rubin's rules"
    estimate = Estimate(
        off_scale(centre, scale),
        None if low is None else off_scale(low, scale),
        None if high is None else off_scale(high, scale),
        None if low is None else level,
        f"{words}; {how}",
        copied.n,
        copied.events,
    )
    return PooledMeasure(estimate, error, information)


def _rubin(
    copied: CopiedMeasure, placed: Floats, scale: str, level: float
) -> tuple[tuple[float, float] | None, float | None]:
    """Give the interval by Rubin's rules and the missing information, where there are errors."""
    errors = copied.std_errors
    usable = np.isfinite(errors) & (errors > 0.0)
    if not usable.all() or scale != SCALES.get(copied.name, "identity"):
        return None, None
    pooled = pool_estimates(placed, errors**2, level=level)
    limits = float(pooled.low[0]), float(pooled.high[0])
    return limits, float(pooled.missing_information[0])


def _percentiles(
    resampled: Floats, centre: float, scale: str, *, drawn: int, level: float
) -> tuple[float | None, float | None, str]:
    usable = resampled[np.isfinite(resampled)]
    if len(usable) < FEWEST:
        if drawn < FEWEST:
            why = f"{drawn} resamples are too few, at least {FEWEST} are needed"
        else:
            why = (
                f"only {len(usable)} of {drawn} resamples could be measured, at least {FEWEST} are "
                "needed"
            )
        return None, None, f"no interval: {why}"
    spread = np.clip(on_scale(usable, scale), -_END, _END) if scale != "identity" else usable
    tail = (1.0 - level) / 2.0
    low, middle, high = np.quantile(spread, [tail, 0.5, 1.0 - tail]).tolist()
    lost = "" if len(usable) == drawn else f" ({drawn - len(usable)} could not be measured)"
    how = (
        f"percentiles of {drawn} bootstrap resamples{lost}, everything imputed anew in each, "
        "centred on the estimate"
    )
    return centre + low - middle, centre + high - middle, how
