"""The scores of a plan made ready for a cohort, and what they say of its patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score_batch import ScoredRows, score_columns
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.validation.analysed import Integers, Predicted, Scoreable

Mask = NDArray[np.bool_]


def predict(
    scoreable: Scoreable,
    columns: Mapping[str, InputColumn] | None = None,
    rows: Integers | None = None,
) -> tuple[Predicted, Mask]:
    """Score patients: those of the cohort, or others in columns of the same units.

    Parameters
    ----------
    scoreable : Scoreable
        The score and its columns.
    columns : mapping of str to InputColumn, optional
        One for every input, in place of those of the cohort: imputed ones, or several copies one
        below the other; all of length n.
    rows : int array (n,), optional
        Places of the patients wanted; one named twice stands twice. By default all.

    Returns
    -------
    predicted : Predicted
        Of n patients. Value and risk are nan, and the band is -1, where there is no score.
    scored : bool array (n,)
        Who has a single value: refused patients and those with a range in its place have none.

    Notes
    -----
    The answers are those of `cartwheel.clinic.score_batch.score_columns`. Take
    ``predicted.subset(numpy.flatnonzero(scored))`` before a statistic.
    """
    held = scoreable.columns if columns is None else columns
    if rows is not None:
        held = {name: rows_of(column, rows) for name, column in held.items()}
    return predicted_from(scoreable, score_columns(scoreable.spec, held, scoreable.choices))


def predicted_from(scoreable: Scoreable, found: ScoredRows) -> tuple[Predicted, Mask]:
    """Give what a score said of n patients as a validation reads it.

    Parameters
    ----------
    scoreable : Scoreable
        The score.
    found : ScoredRows
        Its answers.

    Returns
    -------
    pair of Predicted and bool array (n,)
        As in `predict`.
    """
    settled = scoreable.spec.chosen(scoreable.choices)
    scored = ~np.isnan(found.value)
    band = np.where(scored & (found.band_low == found.band_high), found.band_low, -1)
    band = band.astype(np.intp)
    source, risk = risk_source(settled), None
    if source == "risk":
        scored &= ~np.isnan(found.risk)
        risk = np.where(scored, found.risk, np.nan)
    elif source == "band risk":
        observed = [
            float(each.observed.risk) for each in settled.bands if each.observed is not None
        ]
        risk = np.array([*observed, np.nan])[band]
    for array in (band, scored, risk):
        if array is not None:
            array.setflags(write=False)
    predicted = Predicted(
        name=scoreable.name,
        spec=settled,
        value=found.value,
        adverse=scoreable.adverse,
        risk=risk,
        risk_source=source,
        band=band,
        bands=found.bands,
    )
    return predicted, scored


def risk_source(spec: ScoreSpec) -> str:
    """Say where a score's risks come from.

    Parameters
    ----------
    spec : ScoreSpec
        With its parameters settled.

    Returns
    -------
    str
        ``risk`` where the file gives every patient one; ``band risk`` where each band has an
        observed risk; else ``value``.
    """
    if spec.risk is not None:
        return "risk"
    if spec.bands and all(band.observed is not None for band in spec.bands):
        return "band risk"
    return "value"


def rows_of(column: InputColumn, rows: Integers) -> InputColumn:
    """Give an input's column of some of the patients.

    Parameters
    ----------
    column : InputColumn
        Of all.
    rows : int array (m,)
        Places; one named twice stands twice.

    Returns
    -------
    InputColumn
        Of m patients.
    """
    texts = {}
    if column.texts:
        texts = {
            place: column.texts[row]
            for place, row in enumerate(rows.tolist())
            if row in column.texts
        }
    return InputColumn(column.unit, column.numbers[rows], texts, column.day)
