"""Discrimination, calibration and overall error of one score, with intervals in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.computed import COMPUTED
from cartwheel.validation.judging.points import CALIBRATION, DISCRIMINATION, OVERALL
from cartwheel.validation.result_score import Measure

IDEAL = {"calibration_in_the_large": 0.0, "calibration_slope": 1.0, "observed_expected": 1.0}
SCALES = {
    "auc": "logit",
    "auc_at_horizon": "logit",
    "harrell_c": "logit",
    "uno_c": "logit",
    "observed_expected": "log",
}
LABELS = {
    "auc": "AUC",
    "calibration_in_the_large": "Calibration in the large",
    "calibration_slope": "Calibration slope",
    "observed_expected": "Observed / expected events",
    "scaled_brier": "Scaled Brier score",
}


def measure_label(name: str, target: Target) -> str:
    """Name a measure for the reader.

    Parameters
    ----------
    name : str
        As in ``Measure``.
    target : Target
        The outcome, for its horizon.

    Returns
    -------
    str
        Such as ``AUC at 12 months``.
    """
    if target.kind == "binary":
        return {"brier": "Brier score"}.get(name) or LABELS[name]
    when = f"{target.horizon:g} {target.time_unit or ''}".rstrip()
    timed_labels = {
        "auc_at_horizon": f"AUC at {when}",
        "harrell_c": "Wolbers' C" if target.kind == "competing" else "Harrell's C",
        "uno_c": f"Uno's C up to {when}",
        "observed_expected": f"Observed / expected risk at {when}",
        "brier": f"Brier score at {when}",
    }
    return timed_labels.get(name) or LABELS[name]


def discrimination(target: Target, predicted: Predicted, level: float) -> tuple[Measure, ...]:
    """How well the score tells patients with the event from those without.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of Measure
        Binary: AUC. Survival: Harrell's C, Uno's C up to the horizon, AUC at the horizon. Competing
        risks: AUC at the horizon, Wolbers' C. The value is None where one does not exist.

    Notes
    -----
    Standard errors by DeLong, by the infinitesimal jackknife and by influence functions, as in R
    ``pROC``, ``survival`` and ``riskRegression``; intervals are normal on the scale of log odds, so
    never beyond 0 and 1. With competing risks a patient who had another event by the horizon is a
    control (Blanche's definition ii), and stays at risk in Wolbers' C.

    References
    ----------
    DeLong et al. 1988, doi 10.2307/2531595. Harrell et al. 1982,
    doi 10.1001/jama.1982.03320430047030. Uno et al. 2011, doi 10.1002/sim.4154. Wolbers et al.
    2009, doi 10.1097/EDE.0b013e3181a39056. Blanche et al. 2013, doi 10.1002/sim.5958.
    """
    return _measures(DISCRIMINATION[target.kind], target, predicted, level)


def calibration(target: Target, predicted: Predicted, level: float) -> tuple[Measure, ...]:
    """How predicted and observed risk agree: in the large, slope, observed over expected.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of Measure
        Empty for a score without a risk; without calibration in the large for competing risks.

    Notes
    -----
    Binary: intercept with the linear predictor as offset, and slope, of the logistic recalibration
    (R ``glm``). Survival: log cumulative hazard by the horizon of the Kaplan-Meier risk minus that
    of the mean predicted risk; coefficient of log(-log(1 - risk)) in a Cox model (Efron).
    Competing risks: its coefficient in a Fine-Gray model. Observed over expected: interval on the
    log scale, predictions taken as given.

    References
    ----------
    Cox DR 1958, doi 10.1093/biomet/45.3-4.562. Debray et al. 2017, doi 10.1136/bmj.i6460. McLernon
    et al. 2023, doi 10.7326/M22-0844. van Geloven et al. 2022, doi 10.1136/bmj-2021-069249.
    """
    if predicted.risk is None:
        return ()
    return _measures(CALIBRATION[target.kind], target, predicted, level)


def overall(target: Target, predicted: Predicted, level: float) -> tuple[Measure, ...]:
    """How far predicted risk and outcome are apart: Brier score, and scaled.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of Measure
        Empty for a score without a risk. The scaled score has no interval in closed form.

    Notes
    -----
    At the horizon weighted for censoring. Value and standard error agree with R ``riskRegression``
    ``Score``. Scaled: 1 minus the score over that of the observed risk for everybody.

    References
    ----------
    Graf et al. 1999, doi 10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
    """
    if predicted.risk is None:
        return ()
    return _measures(OVERALL, target, predicted, level)


def core_measures(target: Target, predicted: Predicted, level: float) -> tuple[Measure, ...]:
    """Give the few measures that subgroups and centres are told by.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of Measure
        AUC, Harrell's C or (competing risks) AUC at the horizon; then, where there is a risk,
        observed over expected and the calibration slope.
    """
    names: tuple[str, ...] = DISCRIMINATION[target.kind][:1]
    if predicted.risk is not None:
        names += ("observed_expected", "calibration_slope")
    return _measures(names, target, predicted, level)


def _measures(
    names: Sequence[str], target: Target, predicted: Predicted, level: float
) -> tuple[Measure, ...]:
    rows = []
    for name in names:
        try:
            estimate, error = COMPUTED[name](target, predicted, level)
        except NotEstimable as reason:
            why = "; ".join(problem.what for problem in reason.problems)
            events = int(np.count_nonzero(target.event))
            estimate, error = Estimate(None, method=why, n=target.n, events=events), None
        scale = SCALES.get(name, "identity")
        rows.append(
            Measure(name, measure_label(name, target), estimate, IDEAL.get(name), error, scale)
        )
    return tuple(rows)
