"""Completed copies of the patients, scored: what every resample of an imputed validation does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.errors import NotEstimable
from cartwheel.stats.imputation_data import ImputationData
from cartwheel.stats.impute import (
    Imputations,
    chained_imputations,
    imputation_streams,
    impute_fast,
    with_auxiliary,
)
from cartwheel.validation.analysed import Predicted, Scoreable, Target
from cartwheel.validation.imputing.imputed_outcome import outcome_columns
from cartwheel.validation.imputing.imputed_table import (
    TableColumn,
    as_numbers,
    named,
    prepare_table,
)
from cartwheel.validation.judging.points import prepared

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]
Predict = Callable[[Scoreable, Mapping[str, InputColumn]], tuple[Predicted, Mask]]

DONORS = 5
# so that its random streams are none of those that draw the resamples
_STREAM = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Filled:
    """Where the imputed values of a column go in an input: from places, to patients, as what."""

    name: str
    column: int
    source: Integers
    target: Integers
    by_level: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Rescored:
    """One score: its patients that need no imputation, and how the others are completed.

    Parameters
    ----------
    scoreable : Scoreable
        The score.
    known : Predicted
        Of all n patients; what stands at ``rows`` is put in by every copy.
    rows : int array (k,)
        Patients without a score as measured.
    inputs : dict of str to InputColumn
        Their columns, texts read as numbers; nan where missing.
    texts : dict of str to dict of int to str
        Their cells that are no plain numbers, by place in ``rows``.
    filled : tuple of _Filled
        Incomplete inputs.
    """

    scoreable: Scoreable
    known: Predicted
    rows: Integers
    inputs: dict[str, InputColumn]
    texts: dict[str, dict[int, str]]
    filled: tuple[_Filled, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Copier:
    """Completes and scores the patients of any resample, the same resample always alike.

    Parameters
    ----------
    target : Target
        Outcome of the n patients.
    columns : tuple of TableColumn
        What is imputed, and from what.
    data : ImputationData
        The same, prepared.
    outcome : function of multiplicities
        The outcome as columns, as estimated in a resample.
    scores : tuple of _Rescored
        How each score is completed.
    predict : function
        Scores columns.
    imputations, iterations, seed : int
        Of the plan.
    """

    target: Target
    columns: tuple[TableColumn, ...]
    data: ImputationData
    outcome: Callable[[Floats], Floats]
    scores: tuple[_Rescored, ...]
    predict: Predict
    imputations: int
    iterations: int
    seed: int

    def everyone(self, threads: int) -> Imputations:
        """Impute all patients, each once.

        Parameters
        ----------
        threads : int
            >= 1.

        Returns
        -------
        Imputations

        Raises
        ------
        CohortRefused
            What the imputation refuses, with the column.
        """
        try:
            return chained_imputations(
                self.data,
                imputations=self.imputations,
                iterations=self.iterations,
                donors=DONORS,
                seed=_sequence(self.seed, 0),
                threads=threads,
            )
        except NotEstimable as reason:
            raise named(reason, self.columns) from None

    def scored(
        self, imputed: Floats, *, as_written: bool = False
    ) -> tuple[tuple[Predicted, ...], Mask]:
        """Score completed copies.

        Parameters
        ----------
        imputed : float array (m, t)
            Imputed values, as ``impute_fast`` gives them.
        as_written : bool
            Whether cells that are no plain numbers are read as the score reads them, one by one.

        Returns
        -------
        copies : tuple of Predicted
            All copies of the first score, then of the second, ...; m of each.
        scored : bool array (scores, m, n)
            False where a score refuses a completed patient; what stands there counts nowhere.
        """
        m = len(imputed)
        found: list[Predicted] = []
        scored = np.ones((len(self.scores), m, self.target.n), dtype=np.bool_)
        for place, item in enumerate(self.scores):
            if not len(item.rows):
                found.extend([item.known] * m)
                continue
            said, sound = self.predict(
                item.scoreable, self._stacked(item, imputed, as_written=as_written)
            )
            scored[place][:, item.rows] = sound.reshape(m, -1)
            found.extend(_copies(item, said, sound, m))
        return tuple(found), scored

    def _stacked(
        self, item: _Rescored, imputed: Floats, *, as_written: bool
    ) -> dict[str, InputColumn]:
        m, count = len(imputed), len(item.rows)
        columns = {}
        tiled = {name: np.tile(one.numbers, (m, 1)) for name, one in item.inputs.items()}
        for part in item.filled:
            levels = self.columns[part.column].scale.place(imputed[:, part.source])
            tiled[part.name][:, part.target] = part.by_level[levels]
        for name, one in item.inputs.items():
            texts: dict[int, str] = {}
            if as_written:
                for at, text in item.texts[name].items():
                    tiled[name][:, at] = np.nan
                    texts |= dict.fromkeys(range(at, m * count, count), text)
            columns[name] = replace(one, numbers=tiled[name].ravel(), texts=texts)
        return columns

    def repeat(self, multiplicity: Floats, number: int) -> Floats | str:
        """Impute a resample from itself alone, score the copies and measure the scores.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.
        number : int
            Of the resample, from 0; it has its own random streams.

        Returns
        -------
        float array (k,) or str
            Each measure of each score, averaged over the copies (nan where one has none); or why
            the resample could not be imputed.
        """
        try:
            imputed, _, _ = impute_fast(
                with_auxiliary(self.data, self.outcome(multiplicity)),
                multiplicity,
                imputation_streams(_sequence(self.seed, 1 + number), self.imputations),
                iterations=self.iterations,
                donors=DONORS,
            )
        except NotEstimable as reason:
            return reason.problems[0].code
        copies, scored = self.scored(imputed)
        parts = measured(self.target, copies, scored, multiplicity)
        return np.concatenate([part.mean(axis=0) for part in parts])


def measured(
    target: Target, copies: Sequence[Predicted], scored: Mask, multiplicity: Floats
) -> tuple[Floats, ...]:
    """Measure the copies of each score.

    Parameters
    ----------
    target : Target
        Outcome of the n patients.
    copies : sequence of Predicted
        As ``Copier.scored`` gives them.
    scored : bool array (scores, m, n)
        Likewise.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    tuple of float array (m, k)
        A row a copy; for each score.
    """
    scores, m, _ = scored.shape
    whole: Mask = np.asarray(scored.all(axis=2))
    parts = []
    for score in range(scores):
        rows = []
        before: tuple[Predicted, Floats] | None = None
        for copy in range(m):
            predicted = copies[score * m + copy]
            if before is None or before[0] is not predicted:
                every = bool(whole[score, copy])
                counts = multiplicity if every else multiplicity * scored[score, copy]
                before = predicted, prepared(target, predicted).measure(counts)
            rows.append(before[1])
        parts.append(np.stack(rows))
    return tuple(parts)


def _sequence(seed: int, number: int) -> SeedSequence:
    return SeedSequence([seed, _STREAM], spawn_key=(number,))


def _copies(item: _Rescored, said: Predicted, sound: Mask, m: int) -> list[Predicted]:
    """Put the scores of completed patients among those that were known."""
    n, rows, known = len(item.known.value), item.rows, item.known
    values = np.tile(known.value, (m, 1))
    values[:, rows] = np.where(sound, said.value, 0.0).reshape(m, -1)
    bands = np.tile(known.band, (m, 1))
    bands[:, rows] = np.where(sound, said.band, -1).reshape(m, -1)
    risks: list[Floats] | list[None] = [None] * m
    if known.risk is not None and said.risk is not None:
        told = np.tile(known.risk, (m, 1))
        told[:, rows] = np.where(sound, said.risk, 0.5).reshape(m, -1)
        risks = list(told)
    assert values.shape == (m, n)
    return [
        replace(known, value=value, risk=risk, band=band)
        for value, risk, band in zip(values, risks, bands, strict=True)
    ]


def make_copier(
    scoreables: Sequence[Scoreable],
    rows: Integers,
    target: Target,
    predict: Predict,
    columns: tuple[TableColumn, ...],
    *,
    known: Sequence[tuple[Predicted, Mask]],
    plan: tuple[int, int, int],
) -> Copier:
    """Prepare the imputation of patients for any number of resamples.

    Parameters
    ----------
    scoreables : sequence of Scoreable
        The scores, with the columns of all N patients.
    rows : int array (n,)
        Patients to be imputed.
    target : Target
        Their outcome.
    predict : function
        Scores columns: what it says of each row, and which rows it scored.
    columns : tuple of TableColumn
        From ``table_columns``, of the same patients.
    known : sequence of (Predicted, bool array (n,))
        What each score says of the patients as measured.
    plan : tuple of int
        Imputations, iterations, seed.

    Returns
    -------
    Copier

    Raises
    ------
    CohortRefused
        What ``prepare_table`` refuses.
    """
    outcome = outcome_columns(target)
    data = prepare_table(columns, outcome(np.ones(target.n)))
    scores = tuple(
        _rescored(
            place,
            scoreable,
            rows,
            columns,
            data,
            (_from_numbers(scoreable, rows, predict, known[place]), known[place][1]),
        )
        for place, scoreable in enumerate(scoreables)
    )
    return Copier(target, columns, data, outcome, scores, predict, *plan)


def _from_numbers(
    scoreable: Scoreable, rows: Integers, predict: Predict, known: tuple[Predicted, Mask]
) -> Predicted:
    """Score patients whose cells are texts from numbers, as their like with gaps are scored.

    Else values of the two would differ in the last digit, and no longer be tied.
    """
    predicted, scored = known
    written = np.zeros(len(next(iter(scoreable.columns.values())).numbers), dtype=np.bool_)
    for column in scoreable.columns.values():
        written[list(column.texts)] = True
    places = np.flatnonzero(written[rows] & scored)
    if not len(places):
        return predicted
    said, sound = predict(scoreable, _numbers_of(scoreable, rows[places]))
    places, kept = places[sound], said.subset(np.flatnonzero(sound))
    value, band = predicted.value.copy(), predicted.band.copy()
    value[places], band[places] = kept.value, kept.band
    risk = None if predicted.risk is None else predicted.risk.copy()
    if risk is not None and kept.risk is not None:
        risk[places] = kept.risk
    return replace(predicted, value=value, band=band, risk=risk)


def _numbers_of(scoreable: Scoreable, rows: Integers) -> dict[str, InputColumn]:
    columns = {}
    for item in scoreable.spec.inputs:
        column = scoreable.columns[item.name]
        numbers = as_numbers(item, column)[rows]
        columns[item.name] = InputColumn(column.unit, numbers, {}, column.day)
    return columns


def _rescored(
    place: int,
    scoreable: Scoreable,
    rows: Integers,
    columns: tuple[TableColumn, ...],
    data: ImputationData,
    known: tuple[Predicted, Mask],
) -> _Rescored:
    predicted, scored = known
    needed = np.flatnonzero(~scored)
    position = np.full(len(rows), -1, dtype=np.intp)
    position[needed] = np.arange(len(needed))
    places = {row: at for at, row in enumerate(rows[needed].tolist())}
    texts = {
        name: {places[row]: text for row, text in column.texts.items() if row in places}
        for name, column in scoreable.columns.items()
    }
    filled = []
    for index, one in enumerate(columns):
        span = slice(int(data.begin[index]), int(data.begin[index + 1]))
        to = position[data.missing[span]]
        source = np.arange(span.start, span.stop)[to >= 0]
        filled += [
            _Filled(use.name, index, source, to[to >= 0], use.by_level)
            for use in one.uses
            if use.score == place
        ]
    inputs = _numbers_of(scoreable, rows[needed])
    return _Rescored(scoreable, predicted, needed, inputs, texts, tuple(filled))
