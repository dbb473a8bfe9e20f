"""Repeat a study many times and count how often an interval holds the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cartwheel.errors import Refused
from cartwheel.estimate import Estimate

# method, lower and upper limit, and what they should hold between them
Held = tuple[str, float, float, float]


@dataclass(frozen=True)
class Setting:
    """A study that can be drawn again and again."""

    about: str
    n: int
    draw: Callable[[np.random.Generator], Iterator[Held]]
    runs: int = 2000
    seed: int = 20261121


@dataclass(frozen=True)
class Coverage:
    """How often an interval held the truth; above and below say on which side it missed."""

    share: float
    too_low: float
    too_high: float
    runs: int
    refused: int

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of the share."""
        return float(np.sqrt(self.share * (1.0 - self.share) / self.runs))


def limits(estimate: Estimate) -> tuple[float, float]:
    """Give both limits; one that does not exist holds everything on its side."""
    low = -np.inf if estimate.low is None else estimate.low
    high = np.inf if estimate.high is None else estimate.high
    return low, high


def coverage(setting: Setting, averaged: frozenset[str] = frozenset()) -> dict[str, Coverage]:
    """Count for every method; for those in ``averaged`` the truth is the mean over the runs."""
    rng = np.random.default_rng(setting.seed)
    found: dict[str, list[tuple[float, float, float]]] = {}
    refused = 0
    for _ in range(setting.runs):
        try:
            drawn = list(setting.draw(rng))
        except Refused:
            # a sample of which one estimate does not exist counts for none
            refused += 1
            continue
        for method, low, high, truth in drawn:
            found.setdefault(method, []).append((low, high, truth))
    result = {}
    for method, rows in found.items():
        low, high, truth = np.array(rows).T
        aim = truth.mean() if method in averaged else truth
        below, above = float((high < aim).mean()), float((low > aim).mean())
        result[method] = Coverage(
            float(((low <= aim) & (aim <= high)).mean()), below, above, len(rows), refused
        )
    return result
