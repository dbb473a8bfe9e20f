"""Interval of a performance corrected for optimism."""

from __future__ import annotations

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.resample import Optimism


def location_shifted_interval(
    found: Optimism, name: str, *, level: float = 0.95, around: str = "published"
) -> Estimate:
    """Estimate a corrected performance with the location-shifted bootstrap interval.

    Parameters
    ----------
    found : Optimism
        From a bootstrap; some hundreds of resamples.
    name : str
        One of its measures. For a calibration slope or intercept it has no use: in training they
        are one and nought by construction.
    level : float
        Coverage, in (0, 1).
    around : {"published", "corrected"}
        ``published``: percentiles of the performance in training, moved by the mean optimism.
        ``corrected``: the same percentiles moved so that their mean lies on the corrected value,
        which takes away that a model made on a resample is optimistic on it a second time.

    Returns
    -------
    Estimate
        Apparent minus mean optimism; limits where two resamples or more have the measure.

    Raises
    ------
    NotEstimable
        An unknown measure or way, or a measure that does not exist on all patients or in any
        resample.

    Notes
    -----
    It takes the optimism as known, so it is a little too narrow in small samples.

    References
    ----------
    Noma H, Shinozaki T, Iba K, Teramukai S, Furukawa TA 2021, doi 10.1002/sim.9148.
    """
    if name not in found.measures:
        raise refuse(
            NotEstimable,
            "measure",
            f"no measure {name!r}",
            mend="one of: " + ", ".join(found.measures),
        )
    if around not in ("published", "corrected"):
        raise refuse(
            NotEstimable, "around", f"unknown way {around!r}", mend="published or corrected"
        )
    normal_quantile(level)  # refuses a level that is none
    place = found.measures.index(name)
    apparent, optimism = float(found.apparent[place]), found.optimism(name)
    if not (np.isfinite(apparent) and len(optimism)):
        raise refuse(NotEstimable, "no_resample", f"{name} does not exist in these resamples")
    mean = float(optimism.mean())
    corrected = apparent - mean
    if len(optimism) < 2:
        return Estimate(corrected, method="apparent minus optimism of one resample; no interval")
    both = np.isfinite(found.training[:, place]) & np.isfinite(found.test[:, place])
    training = found.training[both, place]
    move = -mean if around == "published" else corrected - float(training.mean())
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(training, [tail, 1.0 - tail]) + move
    return Estimate(
        corrected,
        float(low),
        float(high),
        level,
        f"apparent minus mean optimism, location-shifted percentiles of {len(optimism)} resamples",
    )
