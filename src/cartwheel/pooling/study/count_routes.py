"""Routes from counts: two-by-two tables, rates, one-group proportions, means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cartwheel.pooling.result_studies import Counts
from cartwheel.pooling.study.effect import Asked, Effect
from cartwheel.pooling.study.printed import Printed
from cartwheel.pooling.study.row import Row
from cartwheel.stats.pooling.effect_sizes import (
    incidence_rates,
    mean_difference,
    proportions,
    standardised_mean_difference,
    two_by_two,
)

_FORMULA = {
    "OR": "log(a d / (b c)), variance 1/a + 1/b + 1/c + 1/d",
    "RR": "log((a / n1) / (c / n2)), variance 1/a - 1/n1 + 1/c - 1/n2",
    "RD": "a / n1 - c / n2, variance a b / n1^3 + c d / n2^3",
}
_PROPORTION = {
    "logit": ("PLO", "log(x / (n - x)), variance 1/x + 1/(n - x)"),
    "log": ("PLN", "log(x / n), variance 1/x - 1/n"),
    "identity": ("PR", "x / n, variance x (n - x) / n^3"),
    "arcsine": ("PAS", "arcsine of the root of x / n, variance 1 / (4 n)"),
    "double_arcsine": ("PFT", "Freeman and Tukey's double arcsine, variance 1 / (4 n + 2)"),
}


def table_of(row: Row) -> Counts | None:
    """Read a two-by-two table: events and patients, or events and non-events, by group.

    Parameters
    ----------
    row : Row
        True and false positives and negatives are read as test positives among those with, and
        among those without, the condition.

    Returns
    -------
    Counts or None
        None where a cell is missing or at fault.
    """
    if row.has("tp", "fn", "fp", "tn"):
        tp, fn = row.count_of("tp"), row.count_of("fn")
        fp, tn = row.count_of("fp"), row.count_of("tn")
        if tp is None or fn is None or fp is None or tn is None:
            return None
        return _filled(row, Counts(tp, tp + fn, fp, fp + tn))
    groups = []
    for which in ("1", "0"):
        events = row.count_of(f"events_{which}")
        n = row.count_of(f"n_{which}")
        without = row.count_of(f"no_events_{which}")
        if n is None and events is not None and without is not None:
            n = events + without
        if events is None or n is None:
            return None
        if events > n:
            row.findings.fault(
                "events_over_n",
                f"{events:g} events among {n:g} patients",
                "exchange the two, or correct the count",
            )
            return None
        groups += [events, n]
    return _filled(row, Counts(*groups))


def _filled(row: Row, counts: Counts) -> Counts | None:
    if counts.n <= 0 or not counts.reference_n:
        row.findings.fault(
            "empty_group", "a group has no patients", "a ratio needs patients in both groups"
        )
        return None
    return counts


def table_effect(asked: Asked) -> Effect | None:
    """Convert a two-by-two table to an odds ratio, risk ratio or risk difference.

    Parameters
    ----------
    asked : Asked
        Measure OR, RR or RD.

    Returns
    -------
    Effect or None
    """
    if asked.measure not in _FORMULA:
        return None
    counts = table_of(asked.row)
    if counts is None:
        return None
    a, n1, c, n2 = counts.events, counts.n, counts.reference_events, counts.reference_n
    effect, variance, corrected = two_by_two(
        [a], [n1], [float(c or 0.0)], [float(n2 or 0.0)], asked.measure,
        add=asked.add, where=asked.add_to,
    )  # fmt: skip
    findings = asked.row.findings
    if not np.isfinite(effect[0]) or not np.isfinite(variance[0]) or variance[0] <= 0.0:
        findings.fault(
            "zero_cells",
            f"{a:g}/{n1:g} against {c:g}/{n2:g}: a cell of zero leaves no {asked.measure} and no "
            "error",
            "let a constant be added (add_to = 'zero_cells_only'), or pool by Mantel-Haenszel, Peto"
            " or GLMM",
        )
        return None
    assumptions: tuple[str, ...] = ()
    if corrected[0]:
        assumptions = (f"{asked.add:g} added to each of the four cells",)
        findings.flag("zero_cells", f"{asked.add:g} to each of the four cells", "information")
    if asked.measure != "RD" and ((a == 0 and c == 0) or (a == n1 and c == n2)):
        findings.flag("no_information", f"{a:g}/{n1:g} against {c:g}/{n2:g}")
    accuracy = asked.row.has("tp", "fn", "fp", "tn")
    letters = "a of n1 against c of n2"
    if accuracy:
        letters = "test positive: a of n1 with, c of n2 without the condition"
    return Effect(
        float(effect[0]),
        float(np.sqrt(variance[0])),
        asked.scale,
        "accuracy" if accuracy else "two_by_two",
        f"{letters}: {_FORMULA[asked.measure]}",
        f"{a:g}/{n1:g} against {c:g}/{n2:g}",
        assumptions,
        counts,
        n1 + float(n2 or 0.0),
        a + float(c or 0.0),
    )


def rate_effect(asked: Asked) -> Effect | None:
    """Convert events and person-time of two groups to an incidence rate ratio.

    Parameters
    ----------
    asked : Asked
        Measure IRR.

    Returns
    -------
    Effect or None
    """
    row = asked.row
    events = [
        row.count_of(f"rate_events_{which}")
        if row.has(f"rate_events_{which}")
        else row.count_of(f"events_{which}")
        for which in ("1", "0")
    ]
    times = [row.count_of(f"time_{which}", whole=False) for which in ("1", "0")]
    if asked.measure != "IRR" or None in events or None in times:
        return None
    x1, x2 = (float(value) for value in events if value is not None)
    t1, t2 = (float(value) for value in times if value is not None)
    if t1 <= 0.0 or t2 <= 0.0:
        row.findings.fault("not_positive", "person-time must be above 0", "correct it")
        return None
    found = incidence_rates([x1], [t1], [x2], [t2], add=asked.add, where=asked.add_to)
    effect, variance = found.effect, found.variance
    if not np.isfinite(effect[0]) or not np.isfinite(variance[0]):
        row.findings.fault(
            "zero_cells",
            "no events in a group: no rate ratio",
            "let a constant be added (add_to = 'zero_cells_only')",
        )
        return None
    assumptions: tuple[str, ...] = ()
    if found.corrected[0]:
        assumptions = (f"{asked.add:g} added to the events of both groups",)
        row.findings.flag("zero_cells", f"{asked.add:g} to both counts", "information")
    return Effect(
        float(effect[0]),
        float(np.sqrt(variance[0])),
        "log",
        "rates",
        "log((x1 / t1) / (x2 / t2)), variance 1/x1 + 1/x2",
        f"{x1:g} in {t1:g} against {x2:g} in {t2:g} person-time",
        assumptions,
        Counts(x1, t1, x2, t2, t1, t2),
        None,
        x1 + x2,
    )


def mean_effect(asked: Asked) -> Effect | None:
    """Convert means and standard deviations of two groups to a mean difference.

    Parameters
    ----------
    asked : Asked
        Measure MD or SMD.

    Returns
    -------
    Effect or None
    """
    row = asked.row
    roles = ("n_1", "mean_1", "sd_1", "n_0", "mean_0", "sd_0")
    if asked.measure not in ("MD", "SMD") or not row.has(*roles):
        return None
    counts = [row.count_of(role) for role in ("n_1", "n_0")]
    values = [row.number_of(role) for role in ("mean_1", "sd_1", "mean_0", "sd_0")]
    if None in counts or None in values:
        return None
    n1, n0 = (float(value) for value in counts if value is not None)
    m1, s1, m0, s0 = (value.value for value in values if value is not None)
    if min(n1, n0) < 2.0 or min(s1, s0) <= 0.0:
        row.findings.fault(
            "zero_variance",
            "two patients or more and a standard deviation above 0 are needed in both groups",
            "correct them",
        )
        return None
    convert = mean_difference if asked.measure == "MD" else standardised_mean_difference
    effect, variance = convert([m1], [s1], [n1], [m0], [s0], [n0])[:2]
    sentence = (
        "m1 - m2, variance sd1^2/n1 + sd2^2/n2"
        if asked.measure == "MD"
        else "(m1 - m2) / pooled SD, times the exact small-sample factor J (Hedges); variance "
        "1/n1 + 1/n2 + g^2 / (2 (n1 + n2))"
    )
    return Effect(
        float(effect[0]),
        float(np.sqrt(variance[0])),
        "identity",
        "means",
        sentence,
        f"{m1:g} (SD {s1:g}, n {n1:g}) against {m0:g} (SD {s0:g}, n {n0:g})",
        (),
        None,
        n1 + n0,
    )


def proportion_effect(asked: Asked) -> Effect | None:
    """Convert events of patients to a proportion; the printed percentage is held against them.

    Parameters
    ----------
    asked : Asked
        Measure proportion; the estimate is already a fraction.

    Returns
    -------
    Effect or None
        None where events or patients are not there.
    """
    row, estimate = asked.row, asked.reported.estimate
    events, n = row.count_of("events"), row.count_of("n")
    if n is None or (events is None and (estimate is None or asked.reported.whole_interval)):
        return None
    assumptions: tuple[str, ...] = ()
    shown = ""
    if n <= 0.0:
        row.findings.fault("empty_group", "there are no patients", "correct n")
        return None
    if events is None and estimate is not None:
        if not 0.0 <= estimate.value <= 1.0:
            return None
        events = float(round(estimate.value * n))
        if not _fits(estimate, events, n) and _unfit(row, estimate, n):
            return None
        assumptions = (f"{events:g} events = printed proportion x {n:g} patients, rounded",)
        shown = f"{estimate.text} of {n:g}"
        row.findings.flag("counts_from_percent", shown, "assumption")
    elif estimate is not None and events is not None and not _fits(estimate, events, n):
        shown = f"{events:g}/{n:g}, {estimate.text} printed"
        hint = " (a fraction among per cent?)" if _is_fraction(estimate, events, n) else ""
        share = f"{100 * events / n:.1f}%" if "%" in estimate.text else f"{events / n:.3f}"
        row.findings.flag("percent_disagrees", f"{shown}{hint}, but it is {share}")
    if events is None:
        return None
    if events > n:
        return None
    return _of_counts(asked, (events, n), assumptions, shown or f"{events:g}/{n:g}")


def _fits(estimate: Printed, events: float, n: float) -> bool:
    return abs(events / n - estimate.value) <= estimate.half + 1e-9


def _is_fraction(estimate: Printed, events: float, n: float) -> bool:
    """Whether a printed percentage would be right without its per cent."""
    bare = replace(estimate, value=100.0 * estimate.value, half=100.0 * estimate.half)
    return "%" in estimate.text and bare.value <= 1.0 and _fits(bare, events, n)


def _unfit(row: Row, estimate: Printed, n: float) -> bool:
    """Say that no count gives a printed percentage; tell whether that is a fault."""
    if _is_fraction(estimate, float(round(100.0 * estimate.value * n)), n):
        row.findings.fault(
            "percent_fraction",
            f"no whole number of {n:g} patients is {estimate.text}, but some would be "
            f"{100.0 * estimate.value:g}: a fraction among per cent",
            "multiply it by 100, or give events and n",
        )
        return True
    row.findings.flag("percent_count", f"{estimate.text} of {n:g}")
    return False


def _of_counts(
    asked: Asked, counts: tuple[float, float], before: tuple[str, ...], shown: str
) -> Effect | None:
    events, n = counts
    code, formula = _PROPORTION[asked.scale]
    findings = asked.row.findings
    found = proportions([events], [n], code, add=asked.add, where=asked.add_to)
    effect, variance = float(found.effect[0]), float(found.variance[0])
    if not np.isfinite(effect) or not np.isfinite(variance) or variance <= 0.0:
        findings.fault(
            "zero_cells",
            f"{events:g} of {n:g} leaves no error on the {asked.scale} scale",
            "let a constant be added (add_to = 'zero_cells_only'), or pool by GLMM",
        )
        return None
    if found.corrected[0]:
        before = (*before, f"{asked.add:g} added to events and to non-events")
        findings.flag("zero_cells", f"{asked.add:g} to events and to non-events", "information")
    return Effect(
        effect,
        float(np.sqrt(variance)),
        asked.scale,
        "counts",
        f"x events of n: {formula}",
        shown,
        before,
        Counts(events, n),
        n,
        events,
    )


def with_counts(effect: Effect, counts: Counts | None) -> Effect:
    """Keep counts beside an effect that came by another route.

    Parameters
    ----------
    effect : Effect
        From a printed ratio.
    counts : Counts or None
        Of the same row.
    """
    return effect if counts is None or effect.counts is not None else replace(effect, counts=counts)
