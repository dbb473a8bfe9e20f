"""The updating ladder: from as it is to made anew, with a test that chooses."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class UpdatedMeasure:
    """One measure of an updated score: on the patients it was fitted to, and corrected.

    Parameters
    ----------
    name, label : str
        As in ``Measure``.
    apparent : Estimate
        On the patients it was updated with.
    corrected : Estimate or None
        Minus the optimism of the whole update, repeated in each resample; None without resamples.
        Of the rung ``as is`` nothing was fitted, and both are the same.
    """

    name: str
    label: str
    apparent: Estimate
    corrected: Estimate | None


@dataclass(frozen=True, slots=True)
class UpdatedTerm:
    """A coefficient of a rung.

    Parameters
    ----------
    term : str
        ``intercept``, ``slope``, a term of the score, or an added column with its unit.
    coefficient, std_error : float
        On the scale of the linear predictor. Of a re-estimated term: the factor by which its old
        contribution is multiplied.
    """

    term: str
    coefficient: float
    std_error: float | None


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the ladder.

    Parameters
    ----------
    name : str
        ``as is``, ``intercept``, ``slope``, ``re-estimated`` or ``extended``.
    text : str
        What was estimated.
    parameters : int
        How many numbers were.
    log_likelihood, aic : float or None
        None where the rung could not be fitted; ``text`` then says why.
    terms : tuple of UpdatedTerm
        What was estimated.
    measures : tuple of UpdatedMeasure
        Apparent beside corrected.
    """

    name: str
    text: str
    parameters: int
    log_likelihood: float | None
    aic: float | None
    terms: tuple[UpdatedTerm, ...]
    measures: tuple[UpdatedMeasure, ...]


@dataclass(frozen=True, slots=True)
class ClosedTest:
    """One step of the closed test, which asks whether a rung is enough.

    Parameters
    ----------
    against : str
        The rung held against the fullest one.
    statistic, df, p_value : float
        Likelihood-ratio test.
    """

    against: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Update:
    """The ladder of one score.

    Parameters
    ----------
    score : str
        Name.
    rungs : tuple of Rung
        From the least to the most updating.
    tests : tuple of ClosedTest
        In the order they were made; the first that is not significant decides.
    alpha : float
        Their level.
    chosen : str
        Rung.
    chosen_share : tuple of (str, float)
        How often each rung was chosen in the resamples, 0-1; empty without.
    text : str
        The same in sentences.
    new_id, new_version, new_sha256 : str
        Of the updated score file; empty where the score is kept as it is.
    """

    score: str
    rungs: tuple[Rung, ...]
    tests: tuple[ClosedTest, ...]
    alpha: float
    chosen: str
    chosen_share: tuple[tuple[str, float], ...]
    text: str
    new_id: str
    new_version: str
    new_sha256: str
