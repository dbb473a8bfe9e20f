"""What a score file says was found elsewhere, beside the like measure here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from cartwheel.clinic.score_spec import Figure, PerformanceRow, ScoreSpec, TwoByTwo
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import exact_interval
from cartwheel.validation.result_score import BandEdge, Measure, PublishedFigure

# how files spell a measure, to the names of the like measures here, the likest first
_LIKE = {
    "auc": ("auc", "auc_at_horizon"),
    "auroc": ("auc", "auc_at_horizon"),
    "auc_at_horizon": ("auc_at_horizon",),
    "c": ("harrell_c", "auc"),
    "c_index": ("harrell_c", "auc"),
    "c_statistic": ("harrell_c", "auc"),
    "harrell_c": ("harrell_c",),
    "harrells_c": ("harrell_c",),
    "concordance": ("harrell_c", "auc"),
    "uno_c": ("uno_c",),
    "calibration_slope": ("calibration_slope",),
    "calibration_in_the_large": ("calibration_in_the_large",),
    "observed_expected": ("observed_expected",),
    "brier": ("brier",),
    "brier_score": ("brier",),
    "sensitivity": ("sensitivity",),
    "specificity": ("specificity",),
    "ppv": ("ppv",),
    "npv": ("npv",),
}
_ACCURACY = ("sensitivity", "specificity", "ppv", "npv")
_PERCENT = "(%)"


def found_here(measures: Iterable[Measure], edges: Iterable[BandEdge]) -> dict[str, Estimate]:
    """Gather what ``published_figures`` may lay beside published figures.

    Parameters
    ----------
    measures : iterable of Measure
        Of the score.
    edges : iterable of BandEdge
        Of its bands.

    Returns
    -------
    dict of str to Estimate
        Measure's name to estimate; ``sensitivity from A, B`` for the edge at which the bands A and
        B are positive, and plain ``sensitivity`` where there is but one edge.
    """
    found = {measure.name: measure.estimate for measure in measures}
    steps = tuple(edges)
    for edge in steps:
        for name in _ACCURACY:
            estimate: Estimate = getattr(edge, name)
            found[_at_edge(name, edge.positive)] = estimate
            if len(steps) == 1:
                found[name] = estimate
    return found


def _at_edge(name: str, positive: Iterable[str]) -> str:
    return f"{name} from {', '.join(sorted(positive))}"


def published_figures(
    spec: ScoreSpec, found: Mapping[str, Estimate]
) -> tuple[PublishedFigure, ...]:
    """Lay what the score file says was found elsewhere beside what is found here.

    Parameters
    ----------
    spec : ScoreSpec
        With parameters settled.
    found : mapping of str to Estimate
        As ``found_here`` gives it.

    Returns
    -------
    tuple of PublishedFigure
        Performance in the development (corrected where the file has that), published areas,
        concordances and accuracies, and the sensitivity and specificity of published two-by-two
        tables. Figures that have no like measure in a validation (a hazard ratio, a median) are
        left out.

    Notes
    -----
    A figure in percent is laid beside the percentage found here. Intervals of two-by-two tables are
    exact (Clopper-Pearson), at 95 % as papers print.
    """
    rows = [_of_development(row, found) for row in spec.performance]
    for entry in spec.published:
        if isinstance(entry, TwoByTwo):
            rows += _of_table(entry, found)
        elif _like(_plain(entry.measure)):
            rows.append(_of_figure(entry, found))
    return tuple(rows)


def _plain(measure: str) -> str:
    bare = measure.replace(_PERCENT, "").strip().lower()
    return bare.replace("'", "").replace("-", "_").replace(" ", "_")


def _like(measure: str) -> tuple[str, ...]:
    return _LIKE.get(measure, ())


def _nearest(measure: str, found: Mapping[str, Estimate]) -> Estimate | None:
    return next((found[name] for name in _like(measure) if name in found), None)


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _of_development(row: PerformanceRow, found: Mapping[str, Estimate]) -> PublishedFigure:
    if row.corrected is not None:
        numbers = row.corrected, row.corrected_low, row.corrected_high
        name = "development, corrected for optimism"
    else:
        numbers = row.apparent, row.apparent_low, row.apparent_high
        name = "development, apparent: not corrected for optimism"
    value, low, high = (_number(number) for number in numbers)
    method = row.source or "as the score file says"
    published = Estimate(value, low, high, None, method)
    return PublishedFigure(name, row.label or row.name, published, _nearest(row.name, found))


def _of_figure(entry: Figure, found: Mapping[str, Estimate]) -> PublishedFigure:
    published = Estimate(
        _number(entry.value),
        _number(entry.low),
        _number(entry.high),
        _number(entry.level),
        entry.source or "as the score file says",
        entry.n,
    )
    here = _nearest(_plain(entry.measure), found)
    if here is not None and _PERCENT in entry.measure:
        here = _in_percent(here)
    return PublishedFigure(entry.name, entry.measure, published, here)


def _in_percent(estimate: Estimate) -> Estimate:
    value, low, high = (
        None if number is None else 100.0 * number
        for number in (estimate.value, estimate.low, estimate.high)
    )
    method = f"{estimate.method}; in percent"
    return replace(estimate, value=value, low=low, high=high, method=method)


def _of_table(entry: TwoByTwo, found: Mapping[str, Estimate]) -> list[PublishedFigure]:
    quiet_positive = entry.n_positive - entry.events_positive
    quiet_negative = entry.n_negative - entry.events_negative
    rows = []
    for name, hits, misses in (
        ("sensitivity", entry.events_positive, entry.events_negative),
        ("specificity", quiet_negative, quiet_positive),
    ):
        total = hits + misses
        if not total:
            continue
        low, high = exact_interval(hits, total)
        method = "from the published table, exact (Clopper-Pearson) interval"
        if entry.source:
            method += f"; {entry.source}"
        published = Estimate(hits / total, low, high, 0.95, method, total, hits)
        here = found.get(_at_edge(name, entry.positive))
        measure = f"{name}, positive: {', '.join(entry.positive)}"
        rows.append(PublishedFigure(entry.name, measure, published, here))
    return rows
