"""A common effect over tables or rates, with its tests: what Mantel-Haenszel and Peto share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import chdtrc, ndtr

from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.pooling.study_inputs import Floats, read_only
from cartwheel.stats.pooling.table_homogeneity import Homogeneity


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """A common effect pooled from tables or rates.

    Parameters
    ----------
    measure : str
        ``OR``, ``RR``, ``RD``, ``IRR``, ``IRD`` or ``PETO``.
    k : int
        Studies.
    estimate, std_error, low, high : float
        On the analysis scale: log for ratios, else as it is.
    statistic, p_value : float
        Of no effect, normal.
    level : float
        Of the interval.
    weights_percent : float array (k,)
        Share of each study; a study without information has 0.
    q, q_df, q_p_value : float
        Cochran's test, over the studies with an effect of their own.
    i2, h2 : float
        From Q; i2 in per cent.
    cmh, cmh_p_value : float or None
        Cochran-Mantel-Haenszel test (OR, IRR).
    correct : bool
        Whether that test was corrected for continuity.
    breslow_day, tarone, homogeneity_df, breslow_day_p_value, tarone_p_value : float or None
        Tests that the odds ratio is the same in all studies (OR); None for one study.
    """

    measure: str
    k: int
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    low: float
    high: float
    level: float
    weights_percent: Floats
    q: float
    q_df: int
    q_p_value: float
    i2: float
    h2: float
    cmh: float | None
    cmh_p_value: float | None
    correct: bool
    breslow_day: float | None
    tarone: float | None
    homogeneity_df: int | None
    breslow_day_p_value: float | None
    tarone_p_value: float | None


@dataclass(frozen=True, slots=True)
class PooledSum:
    """A pooled effect before its tests.

    Parameters
    ----------
    estimate, std_error : float
        On the analysis scale.
    weights : float array (k,)
        Of the studies, on any scale.
    """

    estimate: float
    std_error: float
    weights: Floats


def ratio_parts(above: Floats, below: Floats) -> tuple[float, float]:
    """Sum numerators and denominators of a pooled ratio.

    Parameters
    ----------
    above, below : float array (k,)
        Of the studies.

    Returns
    -------
    tuple of float

    Raises
    ------
    NotEstimable
        ``ratio_infinite``.
    """
    r, s = float(above.sum()), float(below.sum())
    if r <= 0.0 or s <= 0.0:
        raise refuse(
            NotEstimable,
            "ratio_infinite",
            "the pooled ratio is 0, infinite or undefined: a cell is zero in every study",
            mend="pool risk differences, or Peto odds ratios",
        )
    return r, s


Tests = tuple[float | None, bool, Homogeneity | None]


def pooled_result(
    measure: str, pooled: PooledSum, own: tuple[Floats, Floats], tests: Tests, level: float
) -> MantelHaenszel:
    """Put a pooled effect, its interval and its tests together.

    Parameters
    ----------
    measure : str
        What was pooled.
    pooled : PooledSum
        The effect.
    own : two float arrays
        Effects and variances of the studies that have one, for Q.
    tests : tuple
        Cochran-Mantel-Haenszel statistic or None, whether corrected, homogeneity or None.
    level : float
        Of the interval.

    Returns
    -------
    MantelHaenszel
    """
    cmh, correct, same = tests
    effects, variances = own
    half = normal_quantile(level) * pooled.std_error
    statistic = pooled.estimate / pooled.std_error
    df = max(effects.size - 1, 0)
    q = float(((effects - pooled.estimate) ** 2 / variances).sum()) if df else 0.0
    return MantelHaenszel(
        measure=measure,
        k=pooled.weights.size,
        estimate=pooled.estimate,
        std_error=pooled.std_error,
        statistic=statistic,
        p_value=2.0 * float(ndtr(-abs(statistic))),
        low=pooled.estimate - half,
        high=pooled.estimate + half,
        level=level,
        weights_percent=read_only(100.0 * pooled.weights / pooled.weights.sum()),
        q=q,
        q_df=df,
        q_p_value=float(chdtrc(df, q)) if df else 1.0,
        i2=max(0.0, 100.0 * (q - df) / q) if q > 0.0 else 0.0,
        h2=q / df if df else 1.0,
        cmh=cmh,
        cmh_p_value=None if cmh is None else float(chdtrc(1.0, cmh)),
        correct=correct,
        breslow_day=None if same is None else same.breslow_day,
        tarone=None if same is None else same.tarone,
        homogeneity_df=None if same is None else same.df,
        breslow_day_p_value=None if same is None else same.breslow_day_p_value,
        tarone_p_value=None if same is None else same.tarone_p_value,
    )


def unknown_measure(measure: str, known: Iterable[str]) -> Refused:
    """Build the refusal of a measure.

    Parameters
    ----------
    measure : str
        Asked for.
    known : iterable of str
        Those there are.

    Returns
    -------
    Refused
    """
    return refuse(
        NotEstimable,
        "measure_unknown",
        f"{measure} cannot be pooled this way",
        where="measure",
        mend="one of " + ", ".join(known),
    )


def no_events() -> Refused:
    """Build the refusal of tables that do not vary.

    Returns
    -------
    Refused
    """
    return refuse(
        NotEstimable,
        "no_events",
        "no study has both patients with and patients without the event",
        mend="nothing can be compared",
    )
