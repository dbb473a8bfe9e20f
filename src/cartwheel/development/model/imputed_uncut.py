"""The uncut model where predictors are imputed: one basis, coefficients averaged over copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.imputer import Completed
from cartwheel.development.model.pooled import average_measure, evaluated, middle, pooled_fit
from cartwheel.development.model.target import Target
from cartwheel.development.model.uncut import Scaled, UncutFit, basis_at, scaled_knots

Floats = NDArray[np.float64]
Copies = Sequence[Sequence[Scaled]]


@dataclass(frozen=True, slots=True)
class ImputedUncutFit:
    """An uncut model that was made from completed copies.

    Parameters
    ----------
    multiplicity : float array (n,)
        The sample it was made from.
    uncut : UncutFit
        Averaged coefficients, and the knots common to all copies.
    """

    multiplicity: Floats
    uncut: UncutFit


@dataclass(frozen=True, slots=True, eq=False)
class ImputedUncutPipeline:
    """Impute, place the knots, fit every copy, average.

    Parameters
    ----------
    target : Target
        The outcome.
    source : Completed of Scaled
        Makes the copies.
    """

    target: Target
    source: Completed[Scaled]

    @property
    def measures(self) -> tuple[str, ...]:
        """Performance measures of the outcome."""
        return self.target.measures

    @property
    def traced(self) -> tuple[str, ...]:
        """Nothing is chosen but knots, which the outcome does not move."""
        return ()

    def knots(self, copies: Copies, multiplicity: Floats) -> tuple[Floats, ...]:
        """Median over copies of each knot; empty for a straight line.

        Parameters
        ----------
        copies : sequence of sequences of Scaled
            Of the sample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        tuple of float array
            A predictor is a straight line where one of its copies has too few distinct values.
        """
        found = []
        for place, ready in enumerate(self.source.ready):
            items = [ready] if ready is not None else [copy[place] for copy in copies]
            placed = [scaled_knots(item, multiplicity) for item in items]
            alike = len({len(knots) for knots in placed}) == 1
            found.append(middle(np.stack(placed)) if alike else np.empty(0))
        return tuple(found)

    def designs(self, copies: Copies, knots: Sequence[Floats]) -> list[Floats]:
        """Build the design matrix of each copy.

        Parameters
        ----------
        copies : sequence of sequences of Scaled
            Of any sample.
        knots : sequence of float array
            Of each predictor.

        Returns
        -------
        list of float array (n, p)
        """
        shared = [
            None if ready is None else basis_at(ready, at)
            for ready, at in zip(self.source.ready, knots, strict=True)
        ]
        return [
            np.ascontiguousarray(
                np.hstack(
                    [
                        basis_at(item, at) if basis is None else basis
                        for item, at, basis in zip(copy, knots, shared, strict=True)
                    ]
                )
            )
            for copy in copies
        ]

    def fit(self, multiplicity: Floats) -> ImputedUncutFit:
        """Fit the uncut model on the sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        ImputedUncutFit

        Raises
        ------
        NotEstimable
            When the sample cannot be imputed, or a copy's model does not converge.
        """
        copies = self.source.copies(multiplicity)
        knots = self.knots(copies, multiplicity)
        fit = pooled_fit(self.target, self.designs(copies, knots), multiplicity)
        return ImputedUncutFit(multiplicity, UncutFit(fit, knots))

    def measure(self, model: ImputedUncutFit, multiplicity: Floats) -> Floats:
        """Average performance over the copies of the sample.

        Parameters
        ----------
        model : ImputedUncutFit
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (m,)
            In the order of ``measures``; nan where one does not exist.
        """
        fit = model.uncut.fit
        if multiplicity is not model.multiplicity:
            designs = self.designs(self.source.copies(multiplicity), model.uncut.knots)
            fit = evaluated(self.target, fit.coefficients, fit.intercept, np.stack(designs))
        return average_measure(self.target, fit, multiplicity)

    def trace(self, model: ImputedUncutFit) -> Floats:  # noqa: ARG002 - nothing is chosen
        """Nothing.

        Parameters
        ----------
        model : ImputedUncutFit
            Not used.

        Returns
        -------
        float array (0,)
        """
        return np.empty(0)
