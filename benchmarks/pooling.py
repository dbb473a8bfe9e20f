"""Meta-analysis: one pool, everything asked of it, many pools, permutations."""

# ruff: noqa: PLC0415 - what is not installed must not stop the others

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peers import r_seconds
from timing import Comparison, against, paced

Vector = NDArray[np.float64]
REFITS = 1_000
PERMUTATIONS = 1_000  # for metafor, which takes minutes for ten times as many


def _studies(k: int) -> dict[str, Vector]:
    """Log ratios with a spread between studies, their variances, and one moderator."""
    rng = np.random.default_rng(k)
    v = np.exp(rng.normal(-2.5, 0.7, k))
    x = rng.normal(size=k)
    return {"y": rng.normal(0.7 + 0.2 * x, np.sqrt(v + 0.1)), "v": v, "x0": x}


def _pool(data: dict[str, Vector]) -> Callable[[], object]:
    from cartwheel.stats.pooling.random_effects import pool_effects

    return lambda: pool_effects(data["y"], data["v"])


def _leave_one_out(data: dict[str, Vector]) -> Callable[[], object]:
    from cartwheel.stats.pooling.influence import leave_one_out

    return lambda: leave_one_out(data["y"], data["v"])


def _questions(data: dict[str, Vector]) -> Callable[[], object]:
    from cartwheel.stats.pooling import influence, meta_regression, random_effects

    y, v = data["y"], data["v"]
    design = np.column_stack([np.ones(y.size), data["x0"]])
    groups = ["a" if i % 2 else "b" for i in range(y.size)]

    def work() -> None:
        random_effects.pool_effects(y, v)
        influence.leave_one_out(y, v)
        influence.cumulative(y, v)
        influence.influence(y, v)
        influence.baujat(y, v)
        meta_regression.meta_regression(y, v, design, names=("one", "x"))
        meta_regression.subgroup_analysis(y, v, groups)

    return work


def _many(data: dict[str, Vector], at_once: bool) -> Callable[[], object]:
    from cartwheel.stats.pooling.influence import pool_samples
    from cartwheel.stats.pooling.random_effects import pool_effects

    rng = np.random.default_rng(1)
    v = np.tile(data["v"], (REFITS, 1))
    y = rng.normal(0.7, np.sqrt(v + 0.1))
    if at_once:
        return lambda: pool_samples(y, v)
    return lambda: [pool_effects(a, b) for a, b in zip(y, v, strict=True)]


def _permutations(data: dict[str, Vector], permutations: int) -> Callable[[], object]:
    from cartwheel.stats.pooling.meta_regression import permutation_test

    design = np.column_stack([np.ones(data["y"].size), data["x0"]])
    return lambda: permutation_test(data["y"], data["v"], design, permutations=permutations, seed=1)


def _subsets(data: dict[str, Vector]) -> Callable[[], object]:
    from cartwheel.stats.pooling.influence import gosh

    return lambda: gosh(data["y"], data["v"], method="common", seed=1)


def _line(
    name: str,
    ours: Callable[[], object],
    case: str,
    data: dict[str, Vector],
    count: int = 0,
    note: str = "",
) -> list[Comparison]:
    return against(
        name, partial(paced, ours), {"R metafor": partial(r_seconds, case, data, count)}, note
    )


def pools() -> list[Comparison]:
    """REML with Knapp-Hartung, alone and with what is asked of it."""
    lines = []
    for k in (8, 1_000):
        data = _studies(k)
        name = f"meta-analysis, REML, k={k:,}"
        lines += _line(name, _pool(data), "rma", data)
        peer = "leave1out" if k == 8 else "rma"
        note = "" if k == 8 else "the peer fits once, we once for each study"
        lines += _line(f"{name}, leave-one-out", _leave_one_out(data), peer, data, note=note)
    data = _studies(8)
    lines += _line(
        "meta-analysis, k=8, refits, influence, regression, subgroups",
        _questions(data),
        "rma_questions",
        data,
    )
    return lines


def many_pools() -> list[Comparison]:
    """What simulations, permutations and subsets repeat."""
    data = _studies(8)
    lines = []
    for at_once in (False, True):
        how = "in one call" if at_once else "one by one"
        lines += _line(
            f"{REFITS:,} REML pools, k=8, {how}", _many(data, at_once), "rma_many", data, REFITS
        )
    data = _studies(13)
    lines += _line(
        f"meta-regression, k=13, {PERMUTATIONS:,} permutations",
        _permutations(data, PERMUTATIONS),
        "permutest",
        data,
        PERMUTATIONS,
    )
    lines += against(
        "meta-regression, k=13, 10,000 permutations",
        partial(paced, _permutations(data, 10_000)),
        {},
    )
    data = _studies(10)
    lines += _line("all 1,023 subsets of 10 studies (GOSH)", _subsets(data), "gosh", data)
    return lines


CASES = (pools, many_pools)
