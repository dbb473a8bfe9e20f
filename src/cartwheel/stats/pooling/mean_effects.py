"""Effects and variances from the means of two groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from cartwheel.stats.descriptive import same_length
from cartwheel.stats.pooling.count_effects import Converted, converted
from cartwheel.stats.pooling.study_inputs import Floats, refuse_studies, study_column


def _two_groups(
    first: tuple[ArrayLike, ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike, ArrayLike]
) -> tuple[Floats, ...]:
    """Means, standard deviations and sizes of two groups, checked."""
    names = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
    columns = [
        study_column(values, name) for name, values in zip(names, first + second, strict=True)
    ]
    same_length(**dict(zip(names, columns, strict=True)))
    for place in (1, 4):
        refuse_studies(
            "sd_not_positive",
            "a standard deviation is not above 0",
            columns[place] <= 0.0,
            names[place],
        )
    for place in (2, 5):
        refuse_studies(
            "too_few_patients",
            "a group has fewer than 2 patients",
            columns[place] < 2.0,
            names[place],
        )
    return tuple(columns)


def mean_difference(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Converted:
    """Turn means of two groups into their difference, first less second.

    Parameters
    ----------
    m1, sd1, n1 : array_like (k,)
        Mean, standard deviation > 0 and patients >= 2 of the first group.
    m2, sd2, n2 : array_like (k,)
        Of the second.

    Returns
    -------
    Converted
        Variance sd1^2 / n1 + sd2^2 / n2.

    Raises
    ------
    NotEstimable
        ``sd_not_positive``, ``too_few_patients``, ``not_finite`` or ``length_mismatch``.

    Notes
    -----
    Equal to metafor 3.8 ``escalc(measure = "MD")`` (1e-12).

    References
    ----------
    Higgins JPT et al. 2023, Cochrane handbook, ch. 6.
    """
    a, s, n, b, t, m = _two_groups((m1, sd1, n1), (m2, sd2, n2))
    return converted(a - b, s * s / n + t * t / m)


def standardised_mean_difference(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Converted:
    """Turn means of two groups into their difference in standard deviations (Hedges' g).

    Parameters
    ----------
    m1, sd1, n1 : array_like (k,)
        Mean, standard deviation > 0 and patients >= 2 of the first group.
    m2, sd2, n2 : array_like (k,)
        Of the second.

    Returns
    -------
    Converted

    Raises
    ------
    NotEstimable
        As ``mean_difference``.

    Notes
    -----
    Pooled standard deviation, exact correction for bias, variance 1 / n1 + 1 / n2 + g^2 / (2 (n1 +
    n2)). Equal to metafor 3.8 ``escalc(measure = "SMD")`` with its defaults (1e-12).

    References
    ----------
    Hedges LV 1981, doi:10.3102/10769986006002107.
    """
    a, s, n, b, t, m = _two_groups((m1, sd1, n1), (m2, sd2, n2))
    df = n + m - 2.0
    pooled = np.sqrt(((n - 1.0) * s * s + (m - 1.0) * t * t) / df)
    exact = np.exp(gammaln(0.5 * df) - 0.5 * np.log(0.5 * df) - gammaln(0.5 * (df - 1.0)))
    g = exact * (a - b) / pooled
    return converted(g, 1.0 / n + 1.0 / m + g * g / (2.0 * (n + m)))
