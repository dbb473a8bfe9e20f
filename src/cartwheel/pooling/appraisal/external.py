"""What an external validation of a published model would show, before anybody makes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from cartwheel.errors import NotEstimable, PlanRefused, refuse
from cartwheel.pooling.appraisal.result import ModelAppraisal
from cartwheel.pooling.appraisal.result_external import ExternalRow, ExternalValidation
from cartwheel.pooling.appraisal.words import ValidationAsked
from cartwheel.stats.pooling.effect_sizes import logit_c_statistic
from cartwheel.stats.samplesize_validation import (
    RiskDistribution,
    linear_predictor_from_auc,
    validation_n_auc,
    validation_n_net_benefit,
    validation_n_observed_expected,
    validation_n_slope,
)

REFERENCE = (
    "Riley RD et al. Minimum sample size for external validation of a clinical prediction model "
    "with a binary outcome. Stat Med 2021. doi:10.1002/sim.9025"
)
# as printed by the authors, so that sizes agree with theirs
_Z = 1.96
# so narrow that rounding up to whole patients does not matter
_FINE = 1e-3
_AUC_WIDTH, _WIDTH = 0.1, 0.2


def external_validation(
    model: ModelAppraisal, asked: ValidationAsked | None = None
) -> ExternalValidation | None:
    """Say how wide the intervals of an external validation would be, or what size usual ones take.

    Parameters
    ----------
    model : ModelAppraisal
        A published model of a yes/no outcome.
    asked : ValidationAsked, optional
        Size, events and threshold.

    Returns
    -------
    ExternalValidation or None
        None for survival, or where no AUC above 0.5 is left once optimism is counted, unless it was
        asked for.

    Raises
    ------
    PlanRefused
        ``validation`` where sizes contradict each other, or nothing can be said of what was asked.

    Notes
    -----
    A well calibrated model with the expected AUC, normal linear predictor in either class. AUC:
    logit scale, Newcombe's standard error. Observed/expected: log scale, sqrt((1 - f) / (n f)).
    Slope and standardised net benefit: width shrinks with the root of n.

    References
    ----------
    Riley RD et al 2021, doi:10.1002/sim.9025. Newcombe RG 2006, doi:10.1002/sim.2324.
    """
    wanted = asked or ValidationAsked()
    _check(wanted)
    auc = model.auc_corrected
    if auc is None or not 0.5 < auc < 1.0:
        if asked is None or asked == ValidationAsked():
            return None
        raise refuse(
            PlanRefused,
            "validation",
            "what a validation would show takes a yes/no outcome and an AUC of which something is "
            "left once optimism is counted",
            where="--validation-n, --threshold",
            mend="give --n, --events, --parameters and --auc",
        )
    share = model.events / model.n
    if wanted.n is not None and wanted.events is not None:
        share = wanted.events / wanted.n
    rows = tuple(_rows(auc, share, wanted))
    events = None if wanted.n is None else float(wanted.n * share)
    return ExternalValidation(
        n=wanted.n,
        events=events,
        share=share,
        auc=auc,
        threshold=wanted.threshold,
        rows=rows,
        text=_text(wanted, events, share, auc),
    )


def _check(wanted: ValidationAsked) -> None:
    n, events, threshold = wanted.n, wanted.events, wanted.threshold
    fault, where = "", "--validation-n"
    if n is not None and n < 10:
        fault = "a validation has at least 10 patients"
    elif events is not None and (n is None or not 0 < events < n):
        fault, where = "there must be some with and some without the event", "--validation-events"
    elif threshold is not None and not 0.0 < threshold < 1.0:
        fault, where = "a threshold of risk lies between 0 and 1", "--threshold"
    if fault:
        raise refuse(PlanRefused, "validation", fault, where=where, mend="correct it")


def _rows(auc: float, share: float, wanted: ValidationAsked) -> Iterator[ExternalRow]:
    n, events = wanted.n, None if wanted.n is None else wanted.n * share
    low = high = width = None
    if n is not None and events is not None:
        centre, error = logit_c_statistic(auc, n=n, events=events)
        low, high = (_logistic(centre + sign * _Z * error) for sign in (-1.0, 1.0))
        width = high - low
    needed = validation_n_auc(auc, share, width=_AUC_WIDTH)
    yield _row("c_statistic", "AUC", (auc, low, high, width), (_AUC_WIDTH, needed), share)
    low = high = width = None
    if n is not None:
        error = math.sqrt((1.0 - share) / (n * share))
        low, high = math.exp(-_Z * error), math.exp(_Z * error)
        width = high - low
    needed = validation_n_observed_expected(share, width=_WIDTH)
    yield _row("observed_expected", "observed/expected", (1.0, low, high, width),
               (_WIDTH, needed), share)  # fmt: skip
    risks = linear_predictor_from_auc(auc, share)

    def slope(width: float) -> int:
        return validation_n_slope(risks, width=width)

    yield from _by_root("calibration_slope", "calibration slope", (1.0, share), slope, n)
    if wanted.threshold is not None:
        yield from _net_benefit(risks, share, wanted.threshold, n)


def _net_benefit(
    risks: RiskDistribution, share: float, threshold: float, n: int | None
) -> Iterator[ExternalRow]:
    hits, rest = risks.sensitivity(threshold), risks.specificity(threshold)
    odds = threshold / (1.0 - threshold)
    standardised = hits - (1.0 - rest) * (1.0 - share) / share * odds

    def needed(width: float) -> int:
        return validation_n_net_benefit(
            share, threshold, sensitivity=hits, specificity=rest, width=width
        )

    label = f"net benefit at {threshold:g}"
    yield from _by_root("net_benefit", label, (standardised, share), needed, n)


def _by_root(
    criterion: str,
    label: str,
    expected: tuple[float, float],
    needed: Callable[[float], int],
    n: int | None,
) -> Iterator[ExternalRow]:
    """A measure whose interval narrows with the root of n; none where it does not exist."""
    value, share = expected
    try:
        wanted = needed(_WIDTH)
        width = None if n is None else _FINE * math.sqrt(needed(_FINE) / n)
    except NotEstimable:
        return
    low, high = (None, None) if width is None else (value - width / 2.0, value + width / 2.0)
    yield _row(criterion, label, (value, low, high, width), (_WIDTH, wanted), share)


def _row(
    criterion: str,
    label: str,
    here: tuple[float, float | None, float | None, float | None],
    wanted: tuple[float, int],
    share: float,
) -> ExternalRow:
    value, low, high, width = here
    return ExternalRow(
        criterion, label, value, low, high, width, wanted[0], wanted[1], wanted[1] * share
    )


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def _text(wanted: ValidationAsked, events: float | None, share: float, auc: float) -> str:
    basis = (
        f"for a well calibrated model with the expected AUC of {auc:.3f}, and the event in "
        f"{100 * share:.1f} % of the patients"
    )
    if wanted.threshold is not None:
        basis += "; net benefit as a share of the largest possible"
    if wanted.n is None or events is None:
        return f"Patients that usual widths take, {basis}."
    return (
        f"{wanted.n} patients with {events:.0f} events would give these 95 % intervals, {basis}. "
        "An overfitted model has its slope around the expected one instead of 1."
    )
