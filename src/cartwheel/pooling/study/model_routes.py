"""Routes for the performance of a model: C-statistic, observed to expected events."""

from __future__ import annotations

from cartwheel.pooling.study.effect import Asked, Effect
from cartwheel.stats.pooling.effect_sizes import log_observed_expected, logit_c_statistic


def c_from_counts(asked: Asked) -> Effect | None:
    """Convert a C-statistic printed without an error, from patients and events.

    Parameters
    ----------
    asked : Asked
        Measure C.

    Returns
    -------
    Effect or None
    """
    row, estimate = asked.row, asked.reported.estimate
    if asked.measure != "C" or estimate is None or not 0.0 < estimate.value < 1.0:
        return None
    n, events = row.count_of("n"), row.count_of("events")
    if n is None or events is None:
        return None
    if not 0.0 < events < n:
        row.findings.fault(
            "events_over_n",
            f"{events:g} events among {n:g} patients: a C-statistic needs both kinds",
            "correct the counts",
        )
        return None
    effect, error = logit_c_statistic(estimate.value, n=n, events=events)
    return Effect(
        effect,
        error,
        "logit",
        "counts",
        "logit of the C-statistic; standard error from patients and events by Newcombe's method 4",
        f"C {estimate.text}, {events:g} events of {n:g}",
        ("the standard error of the paper is not known; it was computed from the counts",),
        None,
        n,
        events,
    )


def observed_expected(asked: Asked) -> Effect | None:
    """Convert observed and expected events to the log of their ratio.

    Parameters
    ----------
    asked : Asked
        Measure OE; a printed ratio with only observed events will do.

    Returns
    -------
    Effect or None
    """
    row, estimate = asked.row, asked.reported.estimate
    if asked.measure != "OE":
        return None
    observed = row.count_of("observed") if row.has("observed") else row.count_of("events")
    expected = row.count_of("expected", whole=False)
    n = row.count_of("n")
    if observed is None or (expected is None and estimate is None):
        return None
    if expected is None and estimate is not None and estimate.value > 0.0:
        expected = observed / estimate.value
    if observed <= 0.0 or expected is None or expected <= 0.0:
        row.findings.fault(
            "not_positive",
            "observed and expected events must be above 0: the ratio has no logarithm",
            "leave the row out, or give counts of a longer follow-up",
        )
        return None
    if n is not None and observed > n:
        row.findings.fault(
            "events_over_n",
            f"{observed:g} events among {n:g} patients",
            "exchange the two, or correct the count",
        )
        return None
    effect, error = log_observed_expected(observed, expected, n)
    formula = "(1 - O/n) / O" if n is not None else "1 / O (Poisson: n is not given)"
    return Effect(
        effect,
        error,
        "log",
        "counts",
        f"log(observed / expected), variance {formula}",
        f"{observed:g} observed, {expected:g} expected",
        ("the expected number is taken as known without error",),
        None,
        n,
        observed,
    )
