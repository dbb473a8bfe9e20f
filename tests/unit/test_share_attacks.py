"""Attacks on the file that travels: what a reader with a computer could work out from it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.special import logit
from shared_example import centre, table_score, validated

from cartwheel.canonical import plain
from cartwheel.validation.result_share import SharedFile
from cartwheel.validation.sharing import share as sharing
from cartwheel.validation.sharing.cells import step_of
from cartwheel.validation.sharing.share import told_coarsely
from cartwheel.validation.sharing.told import Told
from cartwheel.workflows.validate import validate

CELL = 5


@given(
    values=st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=12, max_size=60),
    edges=st.permutations(range(10)),
    cell=st.integers(2, 6),
)
def test_sets_told_never_differ_by_few(
    values: list[tuple[int, bool]], edges: list[int], cell: int
) -> None:
    value = np.array([each for each, _ in values])
    event = np.array([each for _, each in values])
    told = Told(event, cell)
    for edge in edges:
        members = value >= edge
        if told.allows(members):
            told.add(members)
    sets = sorted(told.sets, key=np.count_nonzero)
    counts = np.array([told.count(each) for each in sets]).reshape(-1, 2)
    steps = np.diff(np.vstack([[0, 0], counts, told.count(value >= 0)]), axis=0)
    assert len(sets) == 0 or steps.min() >= cell


def test_what_is_withheld_is_not_told_by_a_threshold() -> None:
    # 20 patients, then 6 of whom 1 has the event, then 20: the 6 are withheld
    event = np.tile([True, False], 23)
    event[20:26] = [True, False, False, False, False, False]
    place = np.arange(46)
    told = Told(event, 5)
    told.hide(place >= 20)
    told.hide(place >= 26)
    assert not told.allows(place >= 20, named=False)
    assert not told.allows(place >= 23, named=False)
    assert not told.allows(place >= 17, named=False)
    assert told.allows(place >= 36, named=False)


def _splits(total: int, parts: int) -> np.ndarray:
    cuts = itertools.combinations(range(total + parts - 1), parts - 1)
    ends = [(-1, *each, total + parts - 1) for each in cuts]
    return np.diff(np.array(ends), axis=1) - 1


def _measured(events: np.ndarray, others: np.ndarray, risk: np.ndarray) -> dict[str, np.ndarray]:
    """AUC, O:E and Brier score with standard errors, of patients counted by value."""
    with_event, without = events.sum(1), others.sum(1)
    n = with_event + without
    below = np.cumsum(others, 1) - others / 2
    above = with_event[:, None] - np.cumsum(events, 1) + events / 2
    auc = (events * below).sum(1) / (with_event * without)
    one = (events * (below / without[:, None] - auc[:, None]) ** 2).sum(1)
    two = (others * (above / with_event[:, None] - auc[:, None]) ** 2).sum(1)
    variance = one / (with_event - 1) / with_event + two / (without - 1) / without
    brier = (events @ (1 - risk) ** 2 + others @ risk**2) / n
    fourth = (events @ (1 - risk) ** 4 + others @ risk**4) / n
    return {
        "auc": auc,
        "auc error": np.sqrt(variance) / np.maximum(auc * (1 - auc), 1e-9),
        "observed_expected": with_event / ((events + others) @ risk),
        "brier": brier,
        "brier error": np.sqrt((fourth - brier**2) / (n - 1)),
    }


def _fits(found: dict[str, np.ndarray], told: dict[str, Any], *, coarse: bool) -> np.ndarray:
    """Which of the ways to fill the cells give the numbers of the file, as it rounds them."""
    fits = np.ones(len(found["auc"]), dtype=bool)
    scales = {"auc": logit, "observed_expected": np.log, "brier": np.array}
    for name, onto in scales.items():
        if name not in told:
            continue
        error = told[name]["std_error"]
        step = step_of(error, coarse=coarse)
        # the value is written with four decimals
        near = step / 2 + 1e-4 * abs(onto(told[name]["value"] + 1e-4) - onto(told[name]["value"]))
        with np.errstate(divide="ignore"):
            fits &= abs(onto(found[name]) - onto(told[name]["value"])) <= near + 1e-3 * step
        if f"{name} error" in found:
            theirs = found[f"{name} error"]
            unit = 10.0 ** (math.floor(math.log10(error)) - 1)
            fine = abs(theirs - error) <= unit * 0.5001
            fits &= (theirs <= error * 1.0001) & (theirs > error / 1.61) if coarse else fine
    return fits


def _attacked(
    rows: list[tuple[float, int, int]], block: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All ways to fill the cells of a block whose sums are known; theirs, and the truth's."""
    risk = np.array([row[0] for row in rows])
    events, others = (np.array([row[kind] for row in rows]) for kind in (1, 2))
    width = block.stop - block.start
    first = _splits(int(events[block].sum()), width)
    second = _splits(int(others[block].sum()), width)
    every_event = np.tile(events, (len(first) * len(second), 1))
    every_other = np.tile(others, (len(first) * len(second), 1))
    every_event[:, block] = np.repeat(first, len(second), axis=0)
    every_other[:, block] = np.tile(second, (len(first), 1))
    return every_event, every_other, risk


# risk at each value of a points score, patients with and without the event, and where bands begin
ONE_BY_ONE = [(0.05, 6, 47), (0.08, 10, 36), (0.13, 2, 7), (0.19, 2, 2), (0.27, 3, 2), (0.37, 2, 1)]


def _of_counts(rows: list[tuple[float, int, int]], bands: list[int]) -> SharedFile:
    value = np.repeat(np.arange(len(rows)), [row[1] + row[2] for row in rows])
    event = np.concatenate([np.repeat([1, 0], row[1:]) for row in rows])
    plan = {
        "simulated": True,
        "outcome": {"event": "severe"},
        "scores": [{"score": "it", "columns": {"points": "points"}}],
        "resampling": {"bootstrap": 0},
    }
    frame = pd.DataFrame({"severe": event, "points": value})
    spec = table_score([row[0] for row in rows], bands)
    found = validate(frame, plan, scores={"it": spec}, share_too=True).shared
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("rows", "bands"),
    [
        (ONE_BY_ONE, [0, 1, 2]),
        ([(0.03, 10, 60), (0.1, 4, 10), (0.2, 4, 5), (0.4, 3, 2)], [0, 1]),
        ([(0.03, 3, 40), (0.1, 4, 21), (0.2, 4, 10), (0.35, 19, 34)], [0, 1, 2, 3]),
    ],
)
def test_small_counts_cannot_be_solved_for(
    rows: list[tuple[float, int, int]], bands: list[int]
) -> None:
    score = _of_counts(rows, bands).result.scores[0]
    told = {each.name: plain(each) for each in score.measures}
    # in each of these one band of several values, or bands withheld together, is the unknown block
    block = slice(bands[-1], len(rows)) if bands != [0, 1, 2, 3] else slice(0, 3)
    events, others, risks = _attacked(rows, block)
    fits = _fits(_measured(events, others, risks), told, coarse=score.coarse)
    true = (events[:, block] == [row[1] for row in rows][block]).all(1)
    true &= (others[:, block] == [row[2] for row in rows][block]).all(1)
    # the attack knows what it does: the truth is among its answers
    assert fits[true].all()
    assert true.any()
    left = (events + others)[fits][:, block]
    assert (left.max(axis=0) - left.min(axis=0) >= CELL).all()


@pytest.mark.parametrize(
    ("rows", "bands", "block"),
    [
        # bands withheld: two unknown counts, which AUC and O:E give if told finely
        ([(0.03, 2, 40), (0.10, 4, 21), (0.35, 19, 34)], [0, 1, 2], slice(0, 2)),
        ([(0.03, 0, 40), (0.10, 9, 21), (0.35, 19, 34)], [0, 1, 2], slice(0, 2)),
        # one band of two values, one of them rare
        ([(0.03, 10, 60), (0.10, 8, 10), (0.35, 3, 2)], [0, 1], slice(1, 3)),
        ([(0.03, 3, 60), (0.35, 19, 34)], [], slice(0, 2)),
    ],
)
def test_of_few_values_little_is_told_and_coarsely(
    rows: list[tuple[float, int, int]], bands: list[int], block: slice
) -> None:
    found = _of_counts(rows, bands)
    assert told_coarsely(found) == ("Points",)
    assert "coarse_measures" in found.result.cautions
    score = found.result.scores[0]
    told = {each.name: plain(each) for each in score.measures}
    assert set(told) == {"auc", "observed_expected", "calibration_slope"}
    assert score.linear_predictor_sd is None
    assert "calibration" not in {curve.name for curve in score.curves}
    events, others, risks = _attacked(rows, block)
    fits = _fits(_measured(events, others, risks), told, coarse=True)
    # a range for the events, and for the patients, of each value
    for counts in (events, events + others):
        left = counts[fits][:, block]
        assert (left.max(axis=0) > left.min(axis=0)).all()


def test_measures_of_bands_that_are_all_told_leave() -> None:
    found = _of_counts([(0.03, 6, 60), (0.35, 19, 34)], [0, 1])
    assert told_coarsely(found) == ()
    assert "brier" in {each.name for each in found.result.scores[0].measures}


def test_the_end_of_a_curve_does_not_tell_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    real = sharing.shared_curves

    def spy(*arguments: Any, **named: Any) -> Any:
        seen.append((arguments, real(*arguments, **named)))
        return seen[-1][1]

    monkeypatch.setattr(sharing, "shared_curves", spy)
    told = 0
    for seed in range(20, 26):
        validated(centre(seed, 110), "survival")
        (target, predicted, *_), curves = seen[-1]
        assert target.times is not None
        for curve in curves:
            if curve.name != "survival":
                continue
            own = predicted.band == predicted.bands.index(curve.group)
            times = target.times.time[own & (target.event == 1)]
            ends = np.array(sorted({*curve.x, 1.0})) * target.horizon
            assert np.diff([(times <= end).sum() for end in ends]).min() >= CELL
            told += 1
    assert told > 0
