"""One small sample with every kind of column, and which of them a call has read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cartwheel.stats.columns import float_array

N = 48
# columns with one entry a patient; all others are numbers or short lists
PATIENT_COLUMNS = (
    "time", "event", "cause", "start", "x", "score", "score2", "risk", "risk2", "y", "group",
    "arm", "strata", "cluster", "weight", "count", "case", "control", "offset", "lp", "change",
    "gaps", "helpers",
)  # fmt: skip
TIME_COLUMNS = (
    "time",
    "start",
    "change",
    "horizon",
    "tau",
    "at",
    "breaks",
    "curve_time",
    "risk_times",
)


class Sample:
    """Columns by name; remembers the names that were asked for."""

    def __init__(self, columns: Mapping[str, object]) -> None:
        self._columns = dict(columns)
        self.read: list[str] = []

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self.read:
            self.read.append(name)
        return self._columns[name]

    def column(self, name: str):
        """Value of a column without remembering that it was asked for."""
        return self._columns[name]

    def with_columns(self, **changed: object) -> Sample:
        """Return the same sample but for some columns."""
        return Sample({**self._columns, **changed})

    def of_patients(self, rows) -> Sample:
        """Return the sample of these patients, in this order, copies allowed."""
        return self.with_columns(
            **{name: np.asarray(self._columns[name])[rows] for name in PATIENT_COLUMNS}
        )


Call = Callable[[Sample], object]


def floats(values) -> np.ndarray:
    """Floats for a parameter that takes nothing else."""
    return np.ascontiguousarray(float_array(values, "column"))


def sample(seed: int = 5) -> Sample:
    """Draw a sample in which everything can be estimated and every kind of tie happens."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=N), rng.random(N) < 0.5, rng.normal(size=N)])
    lp = x @ np.array([0.7, -0.4, 0.2])
    failed, stop = rng.exponential(6.0, N) * np.exp(-lp), rng.uniform(3.0, 12.0, N)
    time = np.ceil(2.0 * np.minimum(failed, stop)) / 2.0
    event = (failed <= stop).astype(float)
    y = (rng.random(N) < 1.0 / (1.0 + np.exp(-lp))).astype(float)
    risk = 1.0 / (1.0 + np.exp(-(lp + 0.5 * rng.normal(size=N))))
    gaps = np.round(x.copy(), 2)
    gaps[rng.random(N) < 0.2, 0] = np.nan
    gaps[rng.random(N) < 0.2, 1] = np.nan
    return Sample(
        {
            "time": time,
            "event": event,
            "cause": np.where(event == 1, rng.integers(1, 3, N), 0),
            "start": np.floor(0.6 * time) / 2.0,
            "change": np.where(rng.random(N) < 0.4, np.floor(time), np.nan),
            "x": x,
            "lp": lp,
            "score": np.round(lp + 0.8 * rng.normal(size=N), 1),
            "score2": np.round(0.5 * lp + rng.normal(size=N), 1),
            "risk": np.round(risk, 3),
            "risk2": np.round(0.6 * risk + 0.4 * rng.random(N), 3),
            "y": y,
            "group": rng.permutation(np.arange(N) % 3),
            "arm": rng.permutation(np.arange(N) % 2),
            "strata": rng.permutation(np.arange(N) % 2),
            "cluster": rng.permutation(np.arange(N) // 4),
            "weight": rng.integers(1, 5, N) / 2.0,
            "count": rng.integers(0, 4, N).astype(float),
            "case": y * rng.integers(1, 3, N),
            "control": (1.0 - y) * rng.integers(1, 3, N),
            "offset": 0.1 * rng.normal(size=N),
            "gaps": gaps,
            "helpers": np.column_stack([event, time]),
            "horizon": 3.0,
            "tau": 5.0,
            "at": np.array([1.0, 2.5, 4.0]),
            "breaks": np.array([2.0, 4.5]),
            "level": 0.95,
            "thresholds": np.array([0.1, 0.3, 0.5]),
            "risk_cuts": np.array([0.3, 0.6]),
            "probabilities": np.array([0.1, 0.5, 0.9]),
            "p_values": np.array([0.01, 0.2, 0.03, 0.5]),
            "table": np.array([[12, 5], [4, 14]]),
            "table3": np.array([[8, 4, 3], [2, 7, 9]]),
            "counts_a": np.array([5.0, 8.0, 3.0]),
            "counts_b": np.array([7.0, 4.0, 6.0]),
            "estimates": rng.normal(0.5, 0.1, (5, 2)),
            "variances": rng.uniform(0.02, 0.04, (5, 2)),
            "covariances": np.array(
                [[[v, 0.005], [0.005, v]] for v in (0.02, 0.03, 0.025, 0.02, 0.04)]
            ),
            "statistics": np.array([4.1, 5.2, 3.9, 6.0, 4.4]),
            "statistics_pooled": np.array([3.9, 5.0, 3.7, 5.6, 4.1]),
            "coefficients": np.array([0.5, -0.2, 0.1]),
            "covariance": np.diag([0.04, 0.03, 0.02]),
            "group_sizes": np.array([5, 10, 20, 30, 40]),
            "knots": np.array([-1.0, 0.0, 0.4, 1.2]),
            "new": np.array([[0.1, 1.0, -0.3], [0.5, 0.0, 0.2]]),
            "curve_time": np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            "curve_survival": np.array([1.0, 0.9, 0.8, 0.6, 0.55, 0.5]),
            "risk_times": np.array([0.0, 2.0, 4.5]),
            "at_risk": np.array([50, 38, 20]),
            "penalties": np.array([0.3, 0.1, 0.02]),
            "ridge_penalties": np.array([10.0, 1.0, 0.1]),
            "fraction": 0.1,
            "number": 0.7,
            "positive": 2.0,
            "prevalence": 0.3,
            "r2": 0.15,
            "area": 0.75,
            "span": 0.6,
        }
    )  # fmt: skip
