"""The rungs of an updating ladder as fitted models, and what every outcome does alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from cartwheel.validation.analysed import Floats
from cartwheel.validation.updating.frame import Frame, varying

Places = NDArray[np.intp]

# below this many events for each slope a logistic regression takes Firth's penalty, as in a
# development
EVENTS_PER_PARAMETER = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class RungFit:
    """A rung fitted in a sample and evaluated for every patient.

    Parameters
    ----------
    rung : str
        Its name.
    intercept, slope : float
        Of ``line`` (rungs up to ``slope``); with factors the slope is 1.
    factors : float array (k,)
        By which each term is multiplied; 1 for terms left as they are.
    added : float array (e,)
        Coefficients of the added columns; 0 where there are none.
    predictor : float array (n,)
        New linear predictor of everybody.
    log_likelihood : float
        Of the sample.
    parameters : int
        Estimated.
    unshifted : float array (n,) or None
        Under Firth's penalty: the linear predictor before the intercept was corrected.
    """

    rung: str
    intercept: float
    slope: float
    factors: Floats
    added: Floats
    predictor: Floats
    log_likelihood: float
    parameters: int
    unshifted: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RungErrors:
    """Standard errors of a rung; nan where there is none.

    Parameters
    ----------
    intercept, slope : float
        Of the two.
    factors, added : float array
        Of the terms and the added columns.
    """

    intercept: float
    slope: float
    factors: Floats
    added: Floats


Comparison = Callable[[RungFit], float]


class Columns(NamedTuple):
    """Design of a rung in a sample.

    Parameters
    ----------
    x : float array (n, p)
        Terms and added columns that vary in the sample.
    terms, added : int arrays
        Their places.
    rest : float array (n,)
        Sum of the terms that are left as they are.
    """

    x: Floats
    terms: Places
    added: Places
    rest: Floats


class Ladder(Protocol):
    """What climbing asks of an outcome; safe to call from several threads."""

    @property
    def frame(self) -> Frame:
        """What it stands on."""

    @property
    def whole_likelihood(self) -> bool:
        """Whether its log-likelihood is one, so that there is an AIC."""

    def fit(self, rung: str, multiplicity: Floats) -> RungFit:
        """Fit one rung in a sample; raise NotEstimable where that cannot be done."""

    def against(self, full: RungFit, multiplicity: Floats) -> Comparison:
        """Give what holds rungs of a sample against the fullest one: their chi-square."""

    def errors(self, fit: RungFit) -> RungErrors:
        """Standard errors of a rung fitted on all patients."""

    def said(self, fit: RungFit) -> str:
        """How the rung was estimated, in words."""

    def test_said(self, full: RungFit) -> str:
        """How rungs are tested against the fullest one, in words."""


class TestStep(NamedTuple):
    """One step of a closed test.

    Parameters
    ----------
    against : str
        Rung.
    statistic, p_value : float
        Likelihood-ratio chi-square.
    df : int
        Its degrees of freedom.
    """

    against: str
    statistic: float
    df: int
    p_value: float


def design(frame: Frame, rung: str, multiplicity: Floats) -> Columns:
    """Lay out the columns of a rung with factors.

    Parameters
    ----------
    frame : Frame
        What it stands on.
    rung : str
        ``re-estimated`` or ``extended``.
    multiplicity : float array (n,)
        The sample; what does not vary in it keeps its factor of 1, or coefficient of 0.

    Returns
    -------
    Columns
    """
    moving = varying(frame.terms, multiplicity)
    terms = np.flatnonzero(moving)
    added = np.empty(0, dtype=np.intp)
    parts = [frame.terms[:, terms]]
    if rung == "extended":
        added = np.flatnonzero(varying(frame.added, multiplicity))
        parts.append(frame.added[:, added])
    rest = frame.terms[:, ~moving].sum(axis=1)
    return Columns(np.ascontiguousarray(np.hstack(parts)), terms, added, rest)


def spread_out(frame: Frame, columns: Columns, coefficients: Floats) -> tuple[Floats, Floats]:
    """Give every term its factor and every added column its coefficient.

    Parameters
    ----------
    frame : Frame
        What the rung stands on.
    columns : Columns
        Its design.
    coefficients : float array (p,)
        Of the design's columns.

    Returns
    -------
    factors : float array (k,)
        1 for terms that are not in the design.
    added : float array (e,)
        0 for columns that are not in it.
    """
    factors, added = np.ones(frame.terms.shape[1]), np.zeros(frame.added.shape[1])
    factors[columns.terms] = coefficients[: len(columns.terms)]
    added[columns.added] = coefficients[len(columns.terms) :]
    return factors, added


def few_events(events: int, fit: RungFit) -> str:
    """Say where a rung rests on few events.

    Parameters
    ----------
    events : int
        Of the patients.
    fit : RungFit
        The rung.

    Returns
    -------
    str
        Empty with ten events or more for each slope.
    """
    slopes = fit.parameters - 1
    if events >= EVENTS_PER_PARAMETER * slopes:
        return ""
    return f"; only {events} events for {slopes} slopes"


def closed_test(
    ladder: Ladder, fits: list[RungFit], multiplicity: Floats, alpha: float
) -> tuple[int, list[TestStep]]:
    """Choose a rung: the first that the fullest one does not improve on.

    Parameters
    ----------
    ladder : Ladder
        Gives the statistics.
    fits : list of RungFit
        From the least to the most updating; the last is the fullest.
    multiplicity : float array (n,)
        The sample they were fitted in.
    alpha : float
        Level of each test.

    Returns
    -------
    chosen : int
        Place in ``fits``.
    steps : list of TestStep
        In the order they were made.

    References
    ----------
    Vergouwe et al. 2017, doi 10.1002/sim.7179.
    """
    full = fits[-1]
    statistic_of = ladder.against(full, multiplicity)
    steps: list[TestStep] = []
    for place, lower in enumerate(fits[:-1]):
        df = full.parameters - lower.parameters
        if df < 1:  # in this sample the two are one model
            return place, steps
        statistic = max(statistic_of(lower), 0.0)
        p_value = float(chdtrc(df, statistic))
        steps.append(TestStep(lower.rung, statistic, df, p_value))
        if p_value > alpha:
            return place, steps
    return len(fits) - 1, steps
