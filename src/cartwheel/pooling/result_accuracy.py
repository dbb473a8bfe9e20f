"""Accuracy of a test, where the rows give true and false positives and negatives."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """Sensitivity and specificity of one study.

    Parameters
    ----------
    study : str
        Its label.
    row : int
        In the file.
    sensitivity, specificity : Estimate
        With Wilson's interval; n holds the patients with, and without, the condition.
    """

    study: str
    row: int
    sensitivity: Estimate
    specificity: Estimate


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Sensitivity and specificity pooled together (bivariate model).

    Parameters
    ----------
    studies : tuple of AccuracyRow
        In order of the file.
    sensitivity, specificity : Estimate
        Of the summary point; n holds the studies.
    positive_likelihood_ratio, negative_likelihood_ratio, diagnostic_odds_ratio : Estimate
        At the summary point.
    correlation : float or None
        Of true logit sensitivity and specificity over studies; None where one does not vary.
    tau2_sensitivity, tau2_specificity : float
        Between studies, on the logit scale.
    corrected : tuple of int
        Rows to which 1/2 was added.
    confidence_region, prediction_region : tuple of (float, float)
        Outlines of the regions as (1 - specificity, sensitivity).
    curve : tuple of (float, float)
        Summary curve over the false-positive rates of the studies, as (1 - specificity,
        sensitivity); empty where the model has none.
    """

    studies: tuple[AccuracyRow, ...]
    sensitivity: Estimate
    specificity: Estimate
    positive_likelihood_ratio: Estimate
    negative_likelihood_ratio: Estimate
    diagnostic_odds_ratio: Estimate
    correlation: float | None
    tau2_sensitivity: float
    tau2_specificity: float
    corrected: tuple[int, ...]
    confidence_region: tuple[tuple[float, float], ...]
    prediction_region: tuple[tuple[float, float], ...]
    curve: tuple[tuple[float, float], ...]
