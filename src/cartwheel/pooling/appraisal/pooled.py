"""What follows from a published pooled effect alone, and what cannot."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scipy.special import chdtrc, chdtri, ndtr, ndtri, stdtrit

from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.appraisal.claim import PooledClaim
from cartwheel.pooling.appraisal.result import Check, ImpliedHeterogeneity, PooledAppraisal
from cartwheel.pooling.result_analysis import EValue
from cartwheel.pooling.study.printed import Printed
from cartwheel.pooling.study.scales import null_value, off_scale, onto_scale, scale_of
from cartwheel.stats.pooling.e_value import e_value

REFERENCES = (
    "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002. "
    "doi:10.1002/sim.1186",
    "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a single "
    "covariate. Stat Med 2003. doi:10.1002/sim.1482",
    "VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing the "
    "E-value. Ann Intern Med 2017. doi:10.7326/M16-2607",
    "Schoenfeld DA. Sample-size formula for the proportional-hazards regression model. Biometrics "
    "1983. doi:10.2307/2531021",
)
UNKNOWN = (
    "whether one study carries the result: leave-one-out, influence and weights need the rows",
    "whether small studies differ: funnel plot and tests of asymmetry need the rows",
    "whether cohorts share patients, cut-offs differ, or effects were adjusted for the same things",
    "whether every printed ratio was taken over and turned the right way round",
    "the between-study variance itself: what is said of it here rests on equal precision",
    "subgroups and meta-regression",
)
_WIDEST = 700.0  # on a log or logit scale: what lies beyond is no number any more
_EQUAL = (
    "all k studies are equally precise: then tau2 + v = k SE2, and tau2 = I2 k SE2; unequal "
    "studies give other values",
    "I2 is (Q - df) / Q, as Higgins and Thompson define it; REML's own I2 can differ",
)
_NORMAL = (
    "the printed interval is estimate +- z SE on the {scale} scale; an interval by Knapp and "
    "Hartung would mean a smaller SE than is said here"
)


def appraise_pooled(claim: PooledClaim, *, rare: bool | None = None) -> PooledAppraisal:
    """Say what follows from a pooled effect without its study rows.

    Parameters
    ----------
    claim : PooledClaim
        As printed, checked.
    rare : bool, optional
        Whether fewer than about 15 % have the outcome, for the E-value of HR and OR; where not
        said, both E-values are given.

    Returns
    -------
    PooledAppraisal

    Notes
    -----
    SE is the interval's width over 2 z; rounding of the printed limits gives its range. The sum of
    weights is 1 / SE2, which is d / 4 for a hazard ratio of two equal groups with d events. Q is
    df / (1 - I2). For equally precise studies: tau2 = I2 k SE2, the Knapp-Hartung interval has the
    same SE with t(k - 1) (never narrower: the floor is kept where I2 is 0), the prediction interval
    is estimate +- t(k - 1) sqrt(SE2 + tau2), and the interval of I2 comes from Q (1 - I2), which is
    chi-square with k - 1 degrees of freedom.

    References
    ----------
    Higgins JPT, Thompson SG 2002, doi:10.1002/sim.1186. Knapp G, Hartung J 2003,
    doi:10.1002/sim.1482. Schoenfeld DA 1983, doi:10.2307/2531021.
    """
    scale = scale_of(claim.measure)
    effect, low, high = (
        onto_scale(one.value, scale) for one in (claim.estimate, claim.low, claim.high)
    )
    z_level = float(ndtri(0.5 + claim.level / 2.0))
    error = (high - low) / (2.0 * z_level)
    narrow, wide = (width / (2.0 * z_level) for width in _widths(claim, scale))
    null = null_value(claim.measure)
    z = None if null is None else (effect - onto_scale(null, scale)) / error
    spread = _heterogeneity(claim, error)
    t_interval = _t_interval(claim, (effect, error), scale)
    return PooledAppraisal(
        label=claim.label,
        outcome=claim.outcome,
        measure=claim.measure,
        scale=scale,
        reported=claim.reported,
        row=claim.row,
        source=claim.source,
        k=claim.k,
        n=claim.n,
        estimate=Estimate(
            claim.estimate.value, claim.low.value, claim.high.value, claim.level, "as printed"
        ),
        effect=effect,
        std_error=error,
        std_error_low=narrow,
        std_error_high=wide,
        z=z,
        p_value=None if z is None else float(2.0 * ndtr(-abs(z))),
        total_weight=1.0 / error**2,
        equivalent_events=4.0 / error**2 if claim.measure == "HR" else None,
        checks=tuple(_checks(claim, scale, null, (narrow, wide))),
        heterogeneity=spread,
        knapp_hartung=t_interval,
        prediction=_prediction(claim, (effect, error, scale), spread, wide=False),
        prediction_wide=_prediction(claim, (effect, error, scale), spread, wide=True),
        e_values=tuple(_e_values(claim, rare)),
        assumptions=(_NORMAL.format(scale=scale), *(_EQUAL if spread is not None else ())),
        unknown=UNKNOWN,
        notes=tuple(_notes(claim, spread, t_interval)),
    )


def _widths(claim: PooledClaim, scale: str) -> tuple[float, float]:
    """Narrowest and widest interval that rounds to the printed limits."""

    def on(value: float) -> float:
        # a limit printed as 0.0 may round down to nothing: it stays inside the scale
        inside = max(value, 1e-9) if scale != "identity" else value
        return onto_scale(min(inside, 1.0 - 1e-9) if scale == "logit" else inside, scale)

    low, high = claim.low, claim.high
    narrow = on(high.value - high.half) - on(low.value + low.half)
    return max(narrow, 0.0), on(high.value + high.half) - on(low.value - low.half)


def _checks(
    claim: PooledClaim,
    scale: str,
    null: float | None,
    errors: tuple[float, float],
) -> Iterator[Check]:
    yield _symmetric(claim, scale)
    if claim.p is not None and null is not None:
        yield _p_agrees(claim, claim.p, (scale, onto_scale(null, scale)), errors)
    least = {"HR": 4.0, "OR": 16.0}.get(claim.measure)
    if least is not None and claim.n is not None:
        needed = least / errors[1] ** 2
        what = "events" if claim.measure == "HR" else "patients"
        yield Check(
            "precision_possible",
            needed <= claim.n,
            f"for two groups so narrow an interval takes at least {math.ceil(needed)} {what}; "
            f"{claim.n:.0f} patients are said",
        )


def _symmetric(claim: PooledClaim, scale: str) -> Check:
    """Ask whether the estimate lies in the middle of its interval, as far as digits can tell."""
    low, high, estimate = claim.low, claim.high, claim.estimate

    def middle(sign: float) -> float:
        ends = (max(one.value + sign * one.half, 1e-12) for one in (low, high))
        if scale == "identity":
            ends = (one.value + sign * one.half for one in (low, high))
        return off_scale(sum(onto_scale(min(one, _top(scale)), scale) for one in ends) / 2.0, scale)

    least, most = middle(-1.0), middle(1.0)
    agrees = least <= estimate.value + estimate.half and most >= estimate.value - estimate.half
    text = f"the middle of the interval on the {scale} scale is {least:.4g} to {most:.4g}"
    return Check("symmetric", agrees, f"{text}, the estimate {estimate.text}")


def _top(scale: str) -> float:
    return 1.0 - 1e-12 if scale == "logit" else math.inf


def _p_agrees(
    claim: PooledClaim, p: Printed, at: tuple[str, float], errors: tuple[float, float]
) -> Check:
    """Hold the printed p against the range that estimate and interval allow."""
    (scale, centre), (narrow, wide), estimate = at, errors, claim.estimate
    ends = [estimate.value + sign * estimate.half for sign in (-1.0, 1.0)]
    if scale != "identity":
        ends = [onto_scale(min(max(end, 1e-12), _top(scale)), scale) for end in ends]
    near = 0.0 if ends[0] <= centre <= ends[1] else min(abs(end - centre) for end in ends)
    far = max(abs(end - centre) for end in ends)
    most = float(2.0 * ndtr(-near / wide))
    least = float(2.0 * ndtr(-far / narrow)) if narrow > 0.0 else 0.0
    below = p.bound == ">" or least <= p.value + p.half
    above = p.bound == "<" or most >= p.value - p.half
    text = f"estimate and interval give p from {least:.3g} to {most:.3g}, printed is "
    return Check("p_value", below and above, text + p.text.lstrip("pP ="))


def _heterogeneity(claim: PooledClaim, error: float) -> ImpliedHeterogeneity | None:
    if claim.k is None or claim.k < 2 or claim.i2 is None:
        return None
    df, i2 = claim.k - 1, claim.i2.value / 100.0
    low, high = (
        min(max(i2 + sign * claim.i2.half / 100.0, 0.0), 1.0 - 1e-9) for sign in (-1.0, 1.0)
    )
    q_low, q_high = (0.0 if low == 0.0 else df / (1.0 - low)), df / (1.0 - high)
    q = df / (1.0 - i2)  # for an I2 of 0 the largest Q that it allows
    tail = (1.0 - claim.level) / 2.0
    least, most = (max(0.0, 1.0 - float(chdtri(df, part)) / q) for part in (tail, 1.0 - tail))
    variance = (1.0 - i2) * claim.k * error**2
    return ImpliedHeterogeneity(
        i2=Estimate(
            claim.i2.value,
            100.0 * least,
            100.0 * most,
            claim.level,
            "from Q, studies of equal precision" + ("" if i2 else "; Q at its largest"),
        ),
        q=q if i2 > 0.0 else None,
        q_low=q_low,
        q_high=q_high,
        q_df=df,
        q_p_value_low=float(chdtrc(df, q_high)),
        q_p_value_high=float(chdtrc(df, q_low)),
        study_variance=variance,
        tau2=i2 * claim.k * error**2,
        tau2_high=variance * most / (1.0 - most),
    )


def _t_interval(claim: PooledClaim, at: tuple[float, float], scale: str) -> Estimate | None:
    if claim.k is None or claim.k < 2:
        return None
    effect, error = at
    half = float(stdtrit(claim.k - 1, 0.5 + claim.level / 2.0)) * error
    if scale != "identity" and abs(effect) + half > _WIDEST:
        return None
    return Estimate(
        claim.estimate.value,
        off_scale(effect - half, scale),
        off_scale(effect + half, scale),
        claim.level,
        f"Knapp-Hartung with floor, t({claim.k - 1}), studies of equal precision",
    )


def _prediction(
    claim: PooledClaim,
    at: tuple[float, float, str],
    spread: ImpliedHeterogeneity | None,
    *,
    wide: bool,
) -> Estimate | None:
    if spread is None or claim.k is None or claim.k < 3:
        return None
    effect, error, scale = at
    tau2 = spread.tau2_high if wide else spread.tau2
    variance = (spread.study_variance + tau2) / claim.k if wide else error**2
    half = float(stdtrit(claim.k - 1, 0.5 + claim.level / 2.0)) * math.sqrt(variance + tau2)
    if scale != "identity" and abs(effect) + half > _WIDEST:
        return None
    at_i2 = "at the upper limit of I2" if wide else "at the printed I2"
    return Estimate(
        claim.estimate.value,
        off_scale(effect - half, scale),
        off_scale(effect + half, scale),
        claim.level,
        f"prediction, t({claim.k - 1}), {at_i2}, studies of equal precision",
    )


def _e_values(claim: PooledClaim, rare: bool | None) -> Iterator[EValue]:
    if claim.measure not in {"HR", "OR", "RR", "IRR", "SMD"}:
        return
    measure = "RR" if claim.measure == "IRR" else claim.measure
    asked = (False, True) if rare is None and measure in {"HR", "OR"} else (rare,)
    # rounding may leave the estimate at a limit; it is never outside by more than that
    low, high = (
        min(claim.low.value, claim.estimate.value),
        max(claim.high.value, claim.estimate.value),
    )
    for one in asked:
        found = e_value(claim.estimate.value, low, high, measure=measure, rare=one)
        yield EValue(found.point, found.limit, found.method)


def _notes(
    claim: PooledClaim, spread: ImpliedHeterogeneity | None, t_interval: Estimate | None
) -> Iterator[Note]:
    null = null_value(claim.measure)
    if spread is not None and (spread.i2.high or 0.0) - (spread.i2.low or 0.0) > 50.0:
        yield Note(
            "i2_uncertain",
            "caution",
            f"I2 of {claim.i2.text.rstrip('% ') if claim.i2 else ''} % from {claim.k} studies says "
            f"little: the data allow {spread.i2.low:.0f} to {spread.i2.high:.0f} %.",
        )
    printed = _holds(null, claim.low.value, claim.high.value)
    if t_interval is not None and not printed and _holds(null, t_interval.low, t_interval.high):
        yield Note(
            "interval_method",
            "caution",
            "The printed interval leaves out no effect; Knapp and Hartung's would hold it.",
        )
    if claim.k is None:
        text = "The number of studies is not said, so heterogeneity and prediction are left open."
        yield Note("k_unknown", "caution", text)
    elif claim.k < 3:
        text = f"{claim.k} studies: no prediction interval is given for fewer than three."
        yield Note("no_prediction", "information", text)
    elif claim.k < 10:
        text = f"{claim.k} studies: too few to ask whether small studies are missing."
        yield Note("few_studies", "information", text)
    if claim.i2 is None and claim.k is not None:
        text = "I2 is not said, so heterogeneity and prediction are left open."
        yield Note("i2_unknown", "caution", text)


def _holds(null: float | None, low: float | None, high: float | None) -> bool:
    return null is not None and low is not None and high is not None and low <= null <= high
