"""A development small enough to work out by hand: predict everyone by the sample's event rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EventRate:
    """Fit the event rate; measure the squared error of a rate, and the rate of the sample."""

    event: Floats
    fail_below: float = -1.0

    @property
    def measures(self) -> tuple[str, ...]:
        return ("squared_error", "rate")

    @property
    def traced(self) -> tuple[str, ...]:
        return ("rate",)

    def fit(self, multiplicity: Floats) -> float:
        rate = float(multiplicity @ self.event / multiplicity.sum())
        if rate < self.fail_below:
            raise refuse(NotEstimable, "too_low", "the rate is too low")
        return rate

    def measure(self, model: float, multiplicity: Floats) -> Floats:
        own = float(multiplicity @ self.event / multiplicity.sum())
        error = float(multiplicity @ (self.event - model) ** 2 / multiplicity.sum())
        return np.array([error, own])

    def trace(self, model: float) -> Floats:
        return np.array([model])

    def predict(self, model: float) -> Floats:
        # patients with the event get the rate, the others half of it
        return np.where(self.event == 1.0, model, model / 2.0)
