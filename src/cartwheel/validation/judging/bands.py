"""Bands of a score: how many patients are in each, how they fared, and whether bands differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.score_spec import Observed
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.association import chi_square_test, fisher_test, trend_test
from cartwheel.stats.descriptive import wilson_interval
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.gray import gray_test
from cartwheel.stats.log_rank import log_rank, log_rank_trend
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.edges import band_edges
from cartwheel.validation.judging.observed import observed_risk
from cartwheel.validation.judging.published import found_here, published_figures
from cartwheel.validation.judging.timed_points import EVENT
from cartwheel.validation.result_score import BandRow, BandTest

__all__ = [
    "band_edges",
    "band_rows",
    "band_tests",
    "found_here",
    "published_figures",
]

Floats = NDArray[np.float64]


def band_rows(target: Target, predicted: Predicted, level: float) -> tuple[BandRow, ...]:
    """Tell the observed risk of each band beside what the score says of it.

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
    tuple of BandRow
        In rising order of the score's value; empty for a score without bands.

    Notes
    -----
    Observed risk: see ``observed.observed_risk``. Observed minus published: Newcombe's interval
    from Wilson's where both are proportions with counts; the same square-and-add from the limits
    told where the published risk has limits of the same level; else the published risk is taken as
    known.

    References
    ----------
    Newcombe 1998, doi 10.1002/(sici)1097-0258(19980430)17:8<873::aid-sim779>3.0.co;2-i (method 10).
    Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404.
    """
    said = {band.name: band.observed for band in predicted.spec.bands} if predicted.bands else {}
    rows = []
    for place, name in enumerate(predicted.bands):
        members = predicted.band == place
        patients = int(np.count_nonzero(members))
        observed = observed_risk(target, members, level)
        mean = None
        if predicted.risk is not None and patients:
            mean = float(predicted.risk[members].mean())
        printed = said.get(name)
        published = None if printed is None else _published(printed)
        counted = target.kind == "binary"
        rows.append(
            BandRow(
                band=name,
                patients=patients,
                events=0 if observed is None or observed.events is None else observed.events,
                observed=observed,
                predicted=mean,
                published=published,
                difference=_difference(observed, published, level, counted=counted),
            )
        )
    return tuple(rows)


def _published(printed: Observed) -> Estimate:
    def number(value: object) -> float | None:
        return None if value is None else float(str(value))

    return Estimate(
        number(printed.risk),
        number(printed.low),
        number(printed.high),
        number(printed.level),
        printed.source,
        printed.n,
        printed.events,
    )


def _difference(
    observed: Estimate | None, published: Estimate | None, level: float, *, counted: bool
) -> Estimate | None:
    if observed is None or published is None or observed.value is None or published.value is None:
        return None
    ours, theirs, how = _limits(observed, published, level, counted=counted)
    gap = observed.value - published.value
    method = f"observed minus published risk; {how}"
    if ours is None:
        return Estimate(gap, method=method, n=observed.n, events=observed.events)
    low = gap - sqrt((observed.value - ours[0]) ** 2 + (theirs[1] - published.value) ** 2)
    high = gap + sqrt((ours[1] - observed.value) ** 2 + (published.value - theirs[0]) ** 2)
    return Estimate(gap, low, high, level, method, observed.n, observed.events)


def _limits(
    observed: Estimate, published: Estimate, level: float, *, counted: bool
) -> tuple[tuple[float, float] | None, tuple[float, float], str]:
    """Limits of both risks, and how the difference gets its own."""
    assert published.value is not None
    if counted and published.n and published.events is not None:
        assert observed.n is not None
        assert observed.events is not None
        here = wilson_interval(observed.events, observed.n, level)
        there = wilson_interval(published.events, published.n, level)
        # the printed risk may be rounded, so may lie outside
        there = min(there[0], published.value), max(there[1], published.value)
        return here, there, "Newcombe's interval"
    known = published.value, published.value
    if observed.low is None or observed.high is None:
        return None, known, "no interval: the observed risk has none"
    here = observed.low, observed.high
    if published.low is not None and published.high is not None and published.level == level:
        return here, (published.low, published.high), "limits of both, square and add"
    return here, known, "published risk taken as known"


def band_tests(target: Target, predicted: Predicted) -> tuple[BandTest, ...]:
    """Test whether the bands differ, and, of three or more, whether risk goes one way.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score, of the same patients.

    Returns
    -------
    tuple of BandTest
        Binary: chi-square test (Fisher's for two bands) and Cochran-Armitage trend test. Survival:
        log-rank test and its trend. Competing risks: Gray's test, and Fine-Gray regression on the
        place of the band. Empty where fewer than two bands have patients; a test that does not
        exist for these numbers is left out.

    References
    ----------
    Armitage 1955, doi 10.2307/3001775. Tarone 1975, doi 10.1093/biomet/62.3.679. Gray 1988,
    doi 10.1214/aos/1176350951. Fine and Gray 1999, doi 10.1080/01621459.1999.10474144.
    """
    rows = np.flatnonzero(predicted.band >= 0)
    filled, place = np.unique(predicted.band[rows], return_inverse=True)
    if len(filled) < 2:
        return ()
    try:
        part = target if len(rows) == target.n else target.subset(rows)
    except NotEstimable:
        return ()
    # the place among all bands, so that an empty band between two keeps them apart
    scores = filled[place].astype(np.float64)
    tests = _TESTS[target.kind](part, place, scores)
    found: list[BandTest] = []
    for number, test in enumerate(tests):
        if number and len(filled) < 3:
            break
        try:
            found.append(test())
        except NotEstimable:
            continue
    return tuple(found)


_Test = Callable[[], BandTest]


def _binary_tests(target: Target, place: NDArray[np.intp], scores: Floats) -> Iterator[_Test]:
    def differ() -> BandTest:
        happened = np.bincount(place, target.event)
        table = np.stack((happened, np.bincount(place) - happened))
        if table.shape[1] == 2:
            return BandTest("Fisher's exact test", None, None, fisher_test(table).p_value)
        found = chi_square_test(table)
        return BandTest("chi-square test", found.statistic, found.df, found.p_value)

    def rise() -> BandTest:
        found = trend_test(target.event, scores)
        return BandTest("Cochran-Armitage trend test", found.statistic, found.df, found.p_value)

    yield differ
    yield rise


def _survival_tests(target: Target, place: NDArray[np.intp], scores: Floats) -> Iterator[_Test]:
    times = target.times
    assert times is not None

    def differ() -> BandTest:
        found = log_rank(times, place)
        return BandTest("log-rank test", found.statistic, float(found.df), found.p_value)

    def rise() -> BandTest:
        found = log_rank_trend(times, scores)
        return BandTest("log-rank test for trend", found.statistic, 1.0, found.p_value)

    yield differ
    yield rise


def _competing_tests(target: Target, place: NDArray[np.intp], scores: Floats) -> Iterator[_Test]:
    competing = target.competing
    assert competing is not None

    def differ() -> BandTest:
        found = gray_test(competing, place, cause=EVENT)
        return BandTest("Gray's test", found.statistic, float(found.df), found.p_value)

    def rise() -> BandTest:
        found = fine_gray(competing, scores, cause=EVENT)
        statistic, p_value = float(found.z[0] ** 2), float(found.p_values[0])
        return BandTest("Fine-Gray test for trend", statistic, 1.0, p_value)

    yield differ
    yield rise


_TESTS = {"binary": _binary_tests, "survival": _survival_tests, "competing": _competing_tests}
