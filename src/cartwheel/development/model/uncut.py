"""The model beside the score: the same predictors, nothing cut, nothing rounded.

It answers what a cut-off costs. Each predictor enters as a restricted cubic spline with three knots
(on the log scale where the laboratory value is skewed), or as a straight line where the events
cannot carry a spline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.predictor import Predictor
from cartwheel.development.model.target import Fit, Target
from cartwheel.errors import NotEstimable
from cartwheel.stats.spline import restricted_cubic_spline, spline_knots

Floats = NDArray[np.float64]

KNOTS = 3
EVENTS_PER_SPLINE_PARAMETER = 5.0
DISTINCT_FOR_SPLINE = 6


@dataclass(frozen=True, slots=True)
class Scaled:
    """A predictor on the scale on which its curve is drawn.

    Parameters
    ----------
    name : str
        Column of the predictor.
    values : float array (n,)
        On the scale.
    scale : str
        ``log2``, ``sqrt`` or ``none``.
    spline : bool
        Whether it enters as a spline.
    """

    name: str
    values: Floats
    scale: str
    spline: bool


def scaled(predictor: Predictor, *, skewed: bool, splines: bool) -> Scaled:
    """Choose the scale: the plan's transform, else log2 for a skewed positive laboratory value.

    Parameters
    ----------
    predictor : Predictor
        In its own unit.
    skewed : bool
        Whether the variable dictionary calls it skewed, or it is a ratio.
    splines : bool
        Whether the events carry splines; even then a predictor with fewer than six different values
        enters as a straight line.

    Returns
    -------
    Scaled
    """
    positive = bool(np.all(predictor.distinct_values > 0))
    if predictor.transform == "log2" or (skewed and positive and predictor.transform != "sqrt"):
        values, scale = np.log2(predictor.values), "log2"
    elif predictor.transform == "sqrt":
        values, scale = np.sqrt(predictor.values), "sqrt"
    else:
        values, scale = predictor.values, "none"
    curved = splines and predictor.distinct >= DISTINCT_FOR_SPLINE
    return Scaled(predictor.column, values, scale, curved)


def carries_splines(predictors: Sequence[Predictor], events: int) -> bool:
    """Whether there are five events for each parameter of a model with splines throughout.

    Parameters
    ----------
    predictors : sequence of Predictor
        A spline of three knots has two parameters; fewer than six different values have one.
    events : int
        Patients with the event.

    Returns
    -------
    bool
    """
    parameters = sum(
        KNOTS - 1 if predictor.distinct >= DISTINCT_FOR_SPLINE else 1 for predictor in predictors
    )
    return events >= EVENTS_PER_SPLINE_PARAMETER * parameters


@dataclass(frozen=True, slots=True)
class UncutFit:
    """The uncut model.

    Parameters
    ----------
    fit : Fit
        The regression.
    knots : tuple of float array
        Of each predictor, on its scale; empty for a straight line.
    """

    fit: Fit
    knots: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class UncutPipeline:
    """Place the knots and fit; what resampling repeats.

    Parameters
    ----------
    target : Target
        The outcome.
    predictors : sequence of Scaled
        All of them; none is selected.
    """

    target: Target
    predictors: Sequence[Scaled]

    @property
    def measures(self) -> tuple[str, ...]:
        """Performance measures of the outcome."""
        return self.target.measures

    @property
    def traced(self) -> tuple[str, ...]:
        """Nothing is chosen but knots, which the outcome does not move."""
        return ()

    def design(self, multiplicity: Floats) -> tuple[Floats, tuple[Floats, ...]]:
        """Build the design matrix (n, k) with knots placed in the sample, and the knots.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        tuple of (float array (n, k), tuple of float array)
            Columns of everyone; knots of each predictor, empty for a straight line.
        """
        columns: list[Floats] = []
        knots: list[Floats] = []
        for predictor in self.predictors:
            basis, places = _basis(predictor, multiplicity)
            columns.append(basis)
            knots.append(places)
        return np.ascontiguousarray(np.hstack(columns)), tuple(knots)

    def fit(self, multiplicity: Floats) -> UncutFit:
        """Fit the uncut model on the sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        UncutFit

        Raises
        ------
        NotEstimable
            When the model does not converge.
        """
        x, knots = self.design(multiplicity)
        return UncutFit(self.target.fit(x, multiplicity), knots)

    def measure(self, model: UncutFit, multiplicity: Floats) -> Floats:
        """Performance on the sample.

        Parameters
        ----------
        model : UncutFit
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (m,)
            In the order of ``measures``; nan where one does not exist.
        """
        return self.target.measure(model.fit, multiplicity)

    def trace(self, model: UncutFit) -> Floats:  # noqa: ARG002 - nothing is chosen
        """Nothing.

        Parameters
        ----------
        model : UncutFit
            Not used.

        Returns
        -------
        float array (0,)
        """
        return np.empty(0)


def _basis(predictor: Scaled, multiplicity: Floats) -> tuple[Floats, Floats]:
    knots = scaled_knots(predictor, multiplicity)
    return basis_at(predictor, knots), knots


def scaled_knots(predictor: Scaled, multiplicity: Floats) -> Floats:
    """Place the knots of one predictor in a sample.

    Parameters
    ----------
    predictor : Scaled
        On its scale.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float array (k,)
        Empty for a straight line, and where the sample has too few distinct values.
    """
    if not predictor.spline:
        return np.empty(0)
    try:
        return spline_knots(predictor.values, KNOTS, multiplicity)
    except NotEstimable:
        return np.empty(0)


def basis_at(predictor: Scaled, knots: Floats) -> Floats:
    """Build the design columns of one predictor with its knots given.

    Parameters
    ----------
    predictor : Scaled
        On its scale.
    knots : float array (k,)
        Empty for a straight line.

    Returns
    -------
    float array (n, k - 1) or (n, 1)
    """
    if not len(knots):
        return predictor.values[:, None]
    return restricted_cubic_spline(predictor.values, knots)
