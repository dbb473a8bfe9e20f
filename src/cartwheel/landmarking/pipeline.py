"""The whole of a landmark prediction, as it is repeated in every resample of patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cartwheel.landmarking.design import Term, design
from cartwheel.landmarking.fitting import Fitted, fit_cox, fit_logistic
from cartwheel.landmarking.rows import FEWEST, LandmarkRows
from cartwheel.stats.brier import brier_binary, brier_score
from cartwheel.stats.concordance import concordance
from cartwheel.stats.roc import auc
from cartwheel.stats.survival import survival_at
from cartwheel.stats.time_dependent import auc_at

Floats = NDArray[np.float64]
OWN, SUPER = "own", "super"
BINARY = ("auc", "brier", "scaled_brier")
SURVIVAL = ("auc", "c_index", "brier", "scaled_brier")
SAME, CHANGE, SAME_CHANGE = "auc_same_patients", "change", "change_same_patients"


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkModels:
    """The models of one sample.

    Parameters
    ----------
    own : tuple of (Fitted or None)
        One a landmark.
    over_all : Fitted or None
        The super-model.
    """

    own: tuple[Fitted | None, ...]
    over_all: Fitted | None


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkPipeline:
    """Fit and judge a model at each landmark, and one over all of them.

    Parameters
    ----------
    rows : tuple of LandmarkRows
        In order of the landmarks.
    own, over_all : tuple of Term
        Columns of the models at one landmark, and of the super-model, which is made of the rows of
        those landmarks where anything can be estimated.
    penalties : tuple of str
        Of each own model: ``none``, ``firth`` or ``rescue``; decided on all patients.
    penalty : str
        Of the super-model.
    window_days : float or None
        Survival: where risk is read.
    """

    rows: tuple[LandmarkRows, ...]
    own: tuple[Term, ...]
    over_all: tuple[Term, ...]
    penalties: tuple[str, ...]
    penalty: str
    window_days: float | None
    own_designs: tuple[Floats, ...] = field(init=False)
    designs: tuple[Floats, ...] = field(init=False)
    shared: tuple[NDArray[np.bool_] | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Build what does not change from resample to resample."""
        put = object.__setattr__
        put(self, "own_designs", tuple(design(self.own, row.x, row.day) for row in self.rows))
        put(self, "designs", tuple(design(self.over_all, row.x, row.day) for row in self.rows))
        put(self, "shared", _shared(self.rows))

    @property
    def survival(self) -> bool:
        """Whether the outcome has a time."""
        return any(row.time is not None for row in self.rows)

    @property
    def statistics(self) -> tuple[str, ...]:
        """What is measured of each model at each landmark."""
        return SURVIVAL if self.survival else BINARY

    @property
    def measured(self) -> tuple[int, ...]:
        """Places of the landmarks where anything can be estimated."""
        return tuple(at for at, row in enumerate(self.rows) if not row.reason)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names: model, place of the landmark, statistic; then changes from first to last."""
        names = [
            f"{model}:{at}:{name}"
            for model in (OWN, SUPER)
            for at in self.measured
            for name in (*self.statistics, SAME)
        ]
        return (*names, *(f"{model}:{name}" for model in (OWN, SUPER) for name in _CHANGES))

    @property
    def traced(self) -> tuple[str, ...]:
        """Nothing is chosen."""
        return ()

    def fit(self, multiplicity: Floats) -> LandmarkModels:
        """Fit every model on a resample of patients.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient of the cohort was drawn; all his rows with him.

        Returns
        -------
        LandmarkModels
        """
        counts = [multiplicity[row.patient] for row in self.rows]
        own = [
            None if row.reason else self._own(at, counts[at]) for at, row in enumerate(self.rows)
        ]
        return LandmarkModels(tuple(own), self._over_all(counts))

    def _own(self, at: int, count: Floats) -> Fitted | None:
        row, columns = self.rows[at], self.own_designs[at]
        if self.survival:
            return fit_cox([row], [columns], [count])
        return fit_logistic(columns, row.event, count, self.penalties[at])

    def _over_all(self, counts: list[Floats]) -> Fitted | None:
        if len(self.measured) < FEWEST:
            return None
        rows = [self.rows[at] for at in self.measured]
        designs = [self.designs[at] for at in self.measured]
        weights = [counts[at] for at in self.measured]
        if self.survival:
            return fit_cox(rows, designs, weights)
        event = np.concatenate([row.event for row in rows])
        return fit_logistic(np.concatenate(designs), event, np.concatenate(weights), self.penalty)

    def predicted(
        self, models: LandmarkModels, at: int, model: str
    ) -> tuple[Floats, Floats] | None:
        """Predict every patient of a landmark.

        Parameters
        ----------
        models : LandmarkModels
            Fitted.
        at : int
            Place of the landmark.
        model : "own" or "super"

        Returns
        -------
        tuple of (float array (m,), float array (m,)) or None
            Linear predictor and risk; None where there is no model.
        """
        fitted = models.own[at] if model == OWN else models.over_all
        if fitted is None:
            return None
        columns = self.own_designs[at] if model == OWN else self.designs[at]
        place = 0 if model == OWN else self.measured.index(at)
        linear_predictor = fitted.linear_predictor(columns)
        return linear_predictor, fitted.risk(linear_predictor, place)

    def measure(self, models: LandmarkModels, multiplicity: Floats) -> Floats:
        """Performance of every model at every landmark; nan where there is none.

        Parameters
        ----------
        models : LandmarkModels
            Fitted on this or another resample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (k,)
            In the order of ``measures``.
        """
        found: list[float] = []
        changes: list[float] = []
        for model in (OWN, SUPER):
            areas = []
            for at in self.measured:
                values = list(self._measured(models, at, model, multiplicity))
                areas.append((values[0], values[-1]))
                found += values
            changes += _change([one for one, _ in areas]), _change([one for _, one in areas])
        return np.array(found + changes)

    def _measured(
        self, models: LandmarkModels, at: int, model: str, multiplicity: Floats
    ) -> Iterator[float]:
        both = self.predicted(models, at, model)
        width = len(self.statistics) + 1
        if both is None:
            yield from [np.nan] * width
            return
        row, (lp, risk) = self.rows[at], both
        count = multiplicity[row.patient]
        yield from (
            _survival(row, lp, risk, self.window_days, count)
            if self.survival
            else _binary(row, lp, risk, count)
        )
        shared = self.shared[at]
        yield np.nan if shared is None else self._area(row, lp, np.where(shared, count, 0.0))

    def _area(self, row: LandmarkRows, lp: Floats, count: Floats) -> float:
        if row.followed is None:
            return auc(lp, row.event, count)
        assert self.window_days is not None
        return auc_at(row.followed, lp, self.window_days, count) if count.any() else np.nan

    def trace(self, model: LandmarkModels) -> Floats:
        """Record nothing: there is no selection.

        Parameters
        ----------
        model : LandmarkModels
            Fitted.

        Returns
        -------
        float array (0,)
        """
        del model
        return np.empty(0)


_CHANGES = (CHANGE, SAME_CHANGE)


def _change(areas: list[float]) -> float:
    return areas[-1] - areas[0] if len(areas) > 1 else np.nan


def _binary(row: LandmarkRows, lp: Floats, risk: Floats, count: Floats) -> Iterator[float]:
    total = float(count.sum())
    if not total:
        yield from (np.nan, np.nan, np.nan)
        return
    yield auc(lp, row.event, count)
    brier = brier_binary(risk, row.event, count)
    share = float(count @ row.event) / total
    null = share * (1.0 - share)
    yield brier
    yield 1.0 - brier / null if null > 0.0 else np.nan


def _survival(
    row: LandmarkRows, lp: Floats, risk: Floats, window_days: float | None, count: Floats
) -> Iterator[float]:
    followed, within = row.followed, row.within
    assert followed is not None
    assert within is not None
    assert window_days is not None
    if not count.any():
        yield from (np.nan, np.nan, np.nan, np.nan)
        return
    yield auc_at(followed, lp, window_days, count)
    yield concordance(within, lp, count)
    brier = brier_score(followed, risk, window_days, count)
    constant = np.full(row.n, 1.0 - survival_at(followed, window_days, count))
    null = brier_score(followed, constant, window_days, count)
    yield brier
    yield 1.0 - brier / null if null > 0.0 else np.nan


def _shared(rows: tuple[LandmarkRows, ...]) -> tuple[NDArray[np.bool_] | None, ...]:
    """Mark, at each landmark, the patients who are analysed at every one that can be estimated."""
    usable = [row for row in rows if not row.reason]
    if len(usable) < 2:
        return (None,) * len(rows)
    common = usable[0].patient
    for row in usable[1:]:
        common = np.intersect1d(common, row.patient, assume_unique=True)
    masks = [None if row.reason else np.isin(row.patient, common) for row in rows]
    for row, mask in zip(rows, masks, strict=True):
        if mask is None:
            continue
        events = int(row.event[mask].sum())
        if min(events, int(mask.sum()) - events) < FEWEST:
            return (None,) * len(rows)
    return tuple(masks)
