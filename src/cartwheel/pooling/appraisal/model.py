"""What follows from what a paper says about its prediction model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.special import ndtri

from cartwheel.errors import NotEstimable, PlanRefused, Problem
from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.appraisal.result import ModelAppraisal, PatientsNeeded
from cartwheel.pooling.appraisal.words import ValidationAsked
from cartwheel.stats.expected_optimism import expected_optimism, r2_cox_snell_from_d
from cartwheel.stats.pooling.effect_sizes import logit_c_statistic
from cartwheel.stats.samplesize import (
    events_per_parameter,
    expected_shrinkage,
    max_r2_cox_snell,
    riley_minimum_n_optimism,
    riley_minimum_n_shrinkage,
)
from cartwheel.stats.samplesize_development import (
    max_r2_cox_snell_survival,
    minimum_n_binary,
    minimum_n_survival,
)

REFERENCES = (
    "Van Houwelingen JC, le Cessie S. Predictive value of statistical models. Stat Med 1990. "
    "doi:10.1002/sim.4780091109",
    "Riley RD et al. Minimum sample size for developing a multivariable prediction model: Part II. "
    "Stat Med 2019. doi:10.1002/sim.7992",
    "Riley RD et al. Calculating the sample size required for developing a clinical prediction "
    "model. BMJ 2020. doi:10.1136/bmj.m441",
    "Riley RD, Van Calster B, Collins GS. A note on estimating the Cox-Snell R2 from a reported "
    "C statistic. Stat Med 2021. doi:10.1002/sim.8806",
)
GOOD_SLOPE = 0.9
_FIFTEEN = 0.15


@dataclass(frozen=True, slots=True)
class ModelClaim:
    """A prediction model as its paper describes it.

    Parameters
    ----------
    n, events, parameters : int
        Patients, events, and candidate parameters (those tried and dropped included).
    auc : float or None
        Apparent area under the ROC curve; binary outcome.
    r2 : float or None
        Apparent Cox-Snell R2.
    d : float or None
        Royston and Sauerbrei's D; survival.
    survival : bool
        Whether the outcome is a time.
    follow_up, horizon : float or None
        Mean follow-up, and the time at which risk is read; in one unit.
    validation : ValidationAsked or None
        An external validation that somebody plans.
    """

    n: int
    events: int
    parameters: int
    auc: float | None = None
    r2: float | None = None
    d: float | None = None
    survival: bool = False
    follow_up: float | None = None
    horizon: float | None = None
    validation: ValidationAsked | None = None


def appraise_model(claim: ModelClaim) -> ModelAppraisal:
    """Say what a paper's own numbers mean for its model in new patients.

    Parameters
    ----------
    claim : ModelClaim
        As printed; exactly one of ``auc``, ``r2`` and ``d``.

    Returns
    -------
    ModelAppraisal

    Raises
    ------
    PlanRefused
        ``counts``, ``parameters``, ``performance`` (none, several, or one that does not fit the
        outcome), ``out_of_range`` or ``follow_up``: all faults at once.

    Notes
    -----
    LR = -n log(1 - R2), shrinkage S = 1 - p / LR, corrected R2 = S R2, and back to the AUC under a
    linear predictor that is normal in either class. Patients needed by Riley's criteria, for the
    R2 as printed, for the corrected one, and for 15 % of the largest possible. For survival the
    overall risk is asked about only where follow-up and horizon are given.

    References
    ----------
    Van Houwelingen JC, le Cessie S 1990, doi:10.1002/sim.4780091109. Riley RD et al 2019,
    doi:10.1002/sim.7992. Riley RD, Van Calster B, Collins GS 2021, doi:10.1002/sim.8806.
    """
    problems = tuple(_faults(claim))
    if problems:
        raise PlanRefused(problems)
    survival = claim.survival or claim.d is not None
    strength = _survival(claim) if survival else _binary(claim)
    needed = tuple(_needed(claim, strength, survival))
    rarer = None if survival else claim.n
    return ModelAppraisal(
        outcome="survival" if survival else "binary",
        n=claim.n,
        events=claim.events,
        parameters=claim.parameters,
        events_per_parameter=events_per_parameter(claim.events, claim.parameters, n=rarer),
        given="auc" if claim.auc is not None else "r2" if claim.r2 is not None else "d",
        auc_apparent=strength.auc,
        auc_corrected=strength.auc_corrected,
        r2_apparent=strength.r2,
        r2_corrected=max(0.0, strength.shrinkage) * strength.r2,
        r2_largest=strength.largest,
        likelihood_ratio=strength.likelihood_ratio,
        shrinkage=strength.shrinkage,
        needed=needed,
        verdict=_verdict(claim, strength, needed),
        assumptions=tuple(_assumptions(claim)),
        unknown=(
            "whether predictors, cut-offs or time points were searched: each one tried counts as a "
            "parameter, and the number given may be too small",
            "calibration, which an AUC does not show",
            "what the paper's own internal or external validation found",
        ),
        notes=tuple(_notes(claim, strength)),
    )


@dataclass(frozen=True, slots=True)
class _Strength:
    r2: float
    largest: float
    likelihood_ratio: float
    shrinkage: float
    auc: Estimate | None = None
    auc_corrected: float | None = None


def _faults(claim: ModelClaim) -> Iterator[Problem]:
    if not 0 < claim.events < claim.n:
        what = f"{claim.events} events of {claim.n} patients: there must be some with and without"
        yield Problem("counts", what, "--n, --events", "correct one of them")
    if claim.parameters < 1:
        mend = "count every candidate that was tried"
        yield Problem("parameters", "a model has at least 1 parameter", "--parameters", mend)
    given = [name for name in ("auc", "r2", "d") if getattr(claim, name) is not None]
    if len(given) != 1:
        what = "give one measure of the model's apparent performance" + (
            f", not {len(given)}" if given else ""
        )
        mend = "--auc, or --r2 (Cox-Snell); for survival --r2 or --d (Royston and Sauerbrei)"
        yield Problem("performance", what, ", ".join(f"--{name}" for name in given), mend)
    if claim.survival and claim.auc is not None:
        what = "a concordance of survival times cannot be turned into R2 without the data"
        yield Problem("performance", what, "--auc", "give --r2 (Cox-Snell) or --d")
    yield from _ranges(claim)


def _ranges(claim: ModelClaim) -> Iterator[Problem]:
    if claim.auc is not None and not 0.5 < claim.auc < 1.0:
        mend = "an AUC below 0.5 belongs to the turned marker; 1 means complete separation"
        yield Problem("out_of_range", "the AUC lies between 0.5 and 1", "--auc", mend)
    if claim.d is not None and not 0.0 < claim.d < math.inf:
        yield Problem("out_of_range", "D is positive", "--d", "correct it")
    if claim.r2 is not None and 0 < claim.events < claim.n:
        survival = claim.survival or claim.d is not None
        most = _largest(claim, survival)
        if not 0.0 < claim.r2 < most:
            what = f"Cox-Snell R2 lies between 0 and {most:.3f} at this share of events"
            mend = "Nagelkerke's R2 is larger: multiply it by that value first"
            yield Problem("out_of_range", what, "--r2", mend)
    times = [one for one in (claim.follow_up, claim.horizon) if one is not None]
    if any(not 0.0 < one < math.inf for one in times):
        where = "--follow-up, --horizon"
        yield Problem("follow_up", "follow-up and horizon are positive", where, "correct them")
    elif times and not (claim.survival or claim.d is not None):
        mend = "add --survival, or leave them out"
        yield Problem("follow_up", "they belong to survival", "--follow-up, --horizon", mend)
    elif len(times) == 1:
        where, mend = "--follow-up, --horizon", "give both, in one unit"
        yield Problem("follow_up", "one of the two is missing", where, mend)


def _largest(claim: ModelClaim, survival: bool) -> float:
    share = claim.events / claim.n
    return max_r2_cox_snell_survival(share) if survival else max_r2_cox_snell(share)


def _binary(claim: ModelClaim) -> _Strength:
    found = expected_optimism(
        claim.n, claim.events, claim.parameters, auc=claim.auc, r2_cs=claim.r2
    )
    value = found.auc_apparent
    effect, error = logit_c_statistic(value, n=claim.n, events=claim.events)
    half = float(ndtri(0.975)) * error
    low, high = (1.0 / (1.0 + math.exp(-(effect + sign * half))) for sign in (-1.0, 1.0))
    method = "logit scale, standard error from n and events (Newcombe's method 4)"
    if claim.auc is None:
        method = "from R2; " + method
    return _Strength(
        r2=found.r2_apparent,
        largest=_largest(claim, survival=False),
        likelihood_ratio=found.likelihood_ratio,
        shrinkage=found.shrinkage,
        auc=Estimate(value, low, high, 0.95, method, claim.n, claim.events),
        auc_corrected=found.auc_adjusted,
    )


def _survival(claim: ModelClaim) -> _Strength:
    share = claim.events / claim.n
    r2 = claim.r2 if claim.r2 is not None else r2_cox_snell_from_d(claim.d or math.nan, share)
    ratio = -claim.n * math.log1p(-r2)
    return _Strength(
        r2=r2,
        largest=_largest(claim, survival=True),
        likelihood_ratio=ratio,
        shrinkage=expected_shrinkage(ratio, claim.parameters),
    )


def _needed(claim: ModelClaim, strength: _Strength, survival: bool) -> Iterator[PatientsNeeded]:
    strengths = {
        "apparent": strength.r2,
        "corrected": max(0.0, strength.shrinkage) * strength.r2,
        "fifteen_percent": _FIFTEEN * strength.largest,
    }
    for assumption, r2 in strengths.items():
        if not 0.0 < r2 < min(GOOD_SLOPE, strength.largest):
            continue
        try:
            criteria = _criteria(claim, r2, survival)
        except NotEstimable:  # so strong a model that a criterion has no answer
            continue
        n = max(size for _, size in criteria)
        yield PatientsNeeded(assumption, r2, criteria, n, n * claim.events / claim.n)


def _criteria(claim: ModelClaim, r2: float, survival: bool) -> tuple[tuple[str, int], ...]:
    if not survival:
        return minimum_n_binary(r2, claim.parameters, claim.events / claim.n).criteria
    if claim.follow_up is not None and claim.horizon is not None:
        return minimum_n_survival(
            r2,
            claim.parameters,
            rate=claim.events / (claim.n * claim.follow_up),
            mean_follow_up=claim.follow_up,
            horizon=claim.horizon,
        ).criteria
    most = _largest(claim, survival)
    return (
        ("shrinkage", riley_minimum_n_shrinkage(r2, claim.parameters)),
        ("optimism", riley_minimum_n_optimism(r2, claim.parameters, most)),
    )


def _verdict(claim: ModelClaim, strength: _Strength, needed: tuple[PatientsNeeded, ...]) -> str:
    slope = strength.shrinkage
    if slope <= 0.0:
        return (
            f"{claim.parameters} parameters on {claim.events} events would give this much by "
            "chance alone: nothing is left of the performance once that is counted."
        )
    words = f"Expect a calibration slope of {slope:.2f} in new patients"
    if strength.auc is not None and strength.auc_corrected is not None:
        words += f" and an AUC of {strength.auc_corrected:.3f} instead of {strength.auc.value:.3f}"
    by = {one.assumption: one for one in needed}
    least = by.get("corrected", by.get("apparent"))
    if least is None:
        return words + "."
    if least.n <= claim.n:
        return f"{words}; {claim.n} patients are enough by these criteria ({least.n} needed)."
    asked = next(name for name, size in least.criteria if size == least.n).replace("_", " ")
    return (
        f"{words}; {claim.n} patients are too few: {least.n} are needed (for the {asked}), "
        f"{least.n / claim.n:.1f} times as many."
    )


def _assumptions(claim: ModelClaim) -> Iterator[str]:
    yield "a model fitted by maximum likelihood, all parameters fixed in advance, no penalty"
    if claim.auc is not None:
        yield "a linear predictor that is normal, with equal variance, in patients with and without"
    if claim.d is not None:
        yield "R2 from D by Royston's approximations"
    yield (
        "Riley's targets: a slope of 0.9, optimism of Nagelkerke's R2 of 0.05, an overall risk "
        "known to 0.05"
    )


def _notes(claim: ModelClaim, strength: _Strength) -> Iterator[Note]:
    if 0.0 < strength.shrinkage < GOOD_SLOPE:
        text = (
            f"Overfitted: predictions will be too extreme (slope {strength.shrinkage:.2f}, wanted "
            f"{GOOD_SLOPE} or more)."
        )
        yield Note("overfitted", "caution", text)
    elif strength.shrinkage <= 0.0:
        yield Note(
            "no_signal", "caution", "No more signal than chance gives to so many parameters."
        )
    survival = claim.survival or claim.d is not None
    rarer = claim.events if survival else min(claim.events, claim.n - claim.events)
    if rarer < 10 * claim.parameters:
        text = (
            f"{rarer / claim.parameters:.1f} events for each candidate parameter. Ten is a rule of "
            "thumb, not a criterion."
        )
        yield Note("few_events", "caution", text)
    if survival and claim.horizon is None:
        text = "Follow-up and horizon were not given, so the overall risk is not asked about."
        yield Note("no_horizon", "information", text)
