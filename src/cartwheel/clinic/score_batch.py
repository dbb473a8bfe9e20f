"""Score many patients at once: the answers of the decimal engine, row by row, from arrays.

Sums, ratios and cut-offs are computed to 31 digits with a bound on the error. Rows where the bound
does not settle the answer, and rows with cells that are no plain number, go to the engine itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, DivisionByZero, InvalidOperation, Overflow, localcontext
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.answers import answers_of
from cartwheel.clinic.batch.flags import Flag, gathered
from cartwheel.clinic.batch.formula import Formula, Group, compilable
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.batch.notes import SaidOfInputs, said_of_inputs
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.errors import Problem

Floats = NDArray[np.float64]
Places = NDArray[np.int16]

_ARITHMETIC = Context(prec=34, traps=[InvalidOperation, DivisionByZero, Overflow])
_BLOCK = 16_384  # patients at a time, so that the arrays of one step stay in the cache
_NOTHING_GIVEN = Problem("nothing_given", "no input was given", "", "give at least one value")


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """A score's answers for n patients; arrays are read-only.

    Parameters
    ----------
    bands : tuple of str
        Names of the score's bands, in rising order.
    value, risk : float array (n,)
        NaN where there is no answer, or one that is a range.
    value_low, value_high, risk_low, risk_high : float array (n,)
        Limits over what the missing inputs could be; NaN where there is no answer.
    band_low, band_high : int array (n,)
        Places in `bands` of the first and last that are possible; -1 for none.
    reasons : tuple of Flag
        Why rows have no number.
    notes : tuple of Flag
        What the reader of a row must know.
    warnings : tuple of str
        What the reader of every row must know.
    """

    bands: tuple[str, ...]
    value: Floats
    value_low: Floats
    value_high: Floats
    band_low: Places
    band_high: Places
    risk: Floats
    risk_low: Floats
    risk_high: Floats
    reasons: tuple[Flag[Problem], ...]
    notes: tuple[Flag[str], ...]
    warnings: tuple[str, ...]

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Which rows have no answer."""
        return np.isnan(self.value_low)

    @property
    def ranged(self) -> NDArray[np.bool_]:
        """Which rows have a range in place of a value."""
        return np.isnan(self.value) & ~np.isnan(self.value_low)


def score_columns(
    spec: ScoreSpec, columns: Mapping[str, InputColumn], choices: Mapping[str, str] | None = None
) -> ScoredRows:
    """Score every row of a table.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    columns : mapping of str to InputColumn
        One for every input, all of length n; units are ones that the inputs take.
    choices : mapping of str to str, optional
        Options of the score's parameters.

    Returns
    -------
    ScoredRows
        In the order of the rows.

    Raises
    ------
    ScoreRefused
        ``unknown_parameter`` or ``unknown_option``.

    Notes
    -----
    Value, band, risk and their limits are those of `cartwheel.clinic.scoring.assess`, to the last
    bit: tests/properties/test_score_batch.py.
    """
    with localcontext(_ARITHMETIC), np.errstate(all="ignore"):
        return _Run(spec, columns, dict(choices or {})).scored()


class _Run:
    """One table on its way through a score."""

    def __init__(
        self, spec: ScoreSpec, columns: Mapping[str, InputColumn], choices: dict[str, str]
    ) -> None:
        self.whole, self.choices, self.columns = spec, choices, columns
        self.spec = spec.chosen(choices)
        self.n = len(next(iter(columns.values())).numbers)
        self.said: SaidOfInputs = said_of_inputs(spec, choices, columns)
        self.answers = {
            name: np.full(self.n, np.nan)
            for name in ("value_low", "value_high", "risk_low", "risk_high")
        }
        self.band_low = np.full(self.n, -1, dtype=np.int16)
        self.band_high = np.full(self.n, -1, dtype=np.int16)
        self.reasons: list[tuple[Problem, NDArray[np.intp]]] = []
        self.notes: list[tuple[str, NDArray[np.intp]]] = []

    def scored(self) -> ScoredRows:
        """Score, and give the result."""
        odd = np.zeros(self.n, dtype=np.bool_)
        for column in self.columns.values():
            odd[list(column.texts)] = True
            odd |= np.isinf(column.numbers)
        if compilable(self.spec):
            left = self._by_arrays(~odd)
        else:
            left = np.arange(self.n)
            odd[:] = True
        self._by_engine(left[~odd[left]], said=False)
        self._by_engine(np.flatnonzero(odd), said=True)
        return self._result()

    def _by_arrays(self, plain: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Score rows of plain numbers; give back those that stay open."""
        units = {name: column.unit for name, column in self.columns.items()}
        formula = Formula(self.spec, units)
        pattern = np.zeros(self.n, dtype=np.int64)
        usable = plain.copy()
        for place, (name, measured) in enumerate(formula.measured.items()):
            numbers = self.columns[name].numbers
            missing = np.isnan(numbers)
            wrong = measured.impossible(numbers) & plain
            pattern |= missing.astype(np.int64) << place
            usable &= ~wrong
            self.reasons.append((self.said.impossible[name], np.flatnonzero(wrong)))
            if name in self.said.refused_missing:
                usable &= ~missing
                rows = np.flatnonzero(missing & plain)
                self.reasons.append((self.said.refused_missing[name], rows))
        every = (1 << len(formula.measured)) - 1
        empty = (pattern == every) & usable
        self.reasons.append((_NOTHING_GIVEN, np.flatnonzero(empty)))
        usable &= ~empty
        opened = [
            self._group(formula, rows, int(which))
            for which, rows in _alike(pattern, usable)
        ]  # fmt: skip
        self._note(formula)
        return np.concatenate([np.zeros(0, dtype=np.intp), *opened])

    def _group(
        self, formula: Formula, rows: NDArray[np.intp] | None, pattern: int
    ) -> NDArray[np.intp]:
        """Score the rows (all where None) that miss the same inputs."""
        given = [
            name for place, name in enumerate(formula.measured) if not pattern >> place & 1
        ]  # fmt: skip
        count = self.n if rows is None else len(rows)
        opened = []
        for start in range(0, count, _BLOCK):
            here: slice | NDArray[np.intp] = slice(start, min(start + _BLOCK, count))
            places = np.arange(start, min(start + _BLOCK, count)) if rows is None else rows[here]
            here = here if rows is None else places
            group = Group(
                n=len(places),
                numbers={name: self.columns[name].numbers[here] for name in given},
                fault=np.zeros(len(places), dtype=np.int16),
                open=np.zeros(len(places), dtype=np.bool_),
            )
            found = answers_of(formula, group)
            group.fault[group.open] = 0  # an open row may have another problem before this one
            for fault in np.unique(group.fault[group.fault > 0]).tolist():
                self.reasons.append(
                    (formula.problems[fault - 1], places[group.fault == fault])
                )  # fmt: skip
            opened.append(places[group.open])
            sound = (group.fault == 0) & ~group.open
            whole = bool(sound.all())
            kept: slice | NDArray[np.intp] = here if whole else places[sound]
            for name, values in (
                ("value_low", found.low),
                ("value_high", found.high),
                ("risk_low", found.risk_low),
                ("risk_high", found.risk_high),
            ):
                self.answers[name][kept] = values if whole else values[sound]
            self.band_low[kept] = found.band_low if whole else found.band_low[sound]
            self.band_high[kept] = found.band_high if whole else found.band_high[sound]
        return np.concatenate([np.zeros(0, dtype=np.intp), *opened])

    def _note(self, formula: Formula) -> None:
        """Say of each scored row what the engine says of it."""
        for name, measured in formula.measured.items():
            column = self.columns[name]
            missing = np.isnan(column.numbers)
            if name in self.said.ranged_missing and missing.any():
                self.notes.append((self.said.ranged_missing[name], np.flatnonzero(missing)))
            unusual = np.flatnonzero(measured.unusual(column.numbers))
            self.notes.append((self.said.unusual[name], unusual))
            if name in self.said.dated:
                self.notes.append((self.said.dated[name], np.flatnonzero(~missing)))
        for part, note in self.said.floored.items():
            self.notes.append((note, formula.floored(part, self.columns)))

    def _by_engine(self, rows: NDArray[np.intp], *, said: bool) -> None:
        """Score rows one by one; equal rows once."""
        days = {name: column.day for name, column in self.columns.items() if column.day is not None}
        known: dict[tuple[str, ...], Assessment | Unscorable] = {}
        for row in rows.tolist():
            given = {name: column.given(row) for name, column in self.columns.items()}
            key = tuple(str(value) for value in given.values())
            if key not in known:
                inputs = {**given, **self.choices}
                known[key] = assess(self.whole, inputs, measured=days)
            self._take(row, known[key], said=said)

    def _take(self, row: int, found: Assessment | Unscorable, *, said: bool) -> None:
        at = np.array([row])
        if isinstance(found, Unscorable):
            self.reasons.extend((reason, at) for reason in found.reasons)
            return
        for name, column in self.answers.items():
            value = getattr(found, name)
            column[row] = np.nan if value is None else value
        names = [band.name for band in self.spec.bands]
        if found.bands:
            self.band_low[row] = names.index(found.bands[0])
            self.band_high[row] = names.index(found.bands[-1])
        if said:
            notes = [note for note in found.warnings if note not in self.said.general]
            self.notes.extend((note, at) for note in notes)

    def _result(self) -> ScoredRows:
        low, high = self.answers["value_low"], self.answers["value_high"]
        risk_low, risk_high = self.answers["risk_low"], self.answers["risk_high"]
        refused = np.isnan(low)
        notes = [(note, rows[~refused[rows]]) for note, rows in self.notes]
        arrays = {
            "value": np.where(low == high, low, np.nan),
            "value_low": low,
            "value_high": high,
            "band_low": self.band_low,
            "band_high": self.band_high,
            "risk": np.where(risk_low == risk_high, risk_low, np.nan),
            "risk_low": risk_low,
            "risk_high": risk_high,
        }
        for array in arrays.values():
            array.setflags(write=False)
        return ScoredRows(
            bands=tuple(band.name for band in self.spec.bands),
            reasons=gathered(self.reasons),
            notes=gathered(notes),
            warnings=self.said.general,
            **arrays,
        )


def _alike(
    pattern: NDArray[np.int64], usable: NDArray[np.bool_]
) -> Iterator[tuple[int, NDArray[np.intp] | None]]:
    """Divide the rows by which inputs they miss; None stands for all rows at once."""
    if usable.all() and not pattern.any():
        if len(pattern):
            yield 0, None
        return
    rows = np.flatnonzero(usable)
    here = pattern[rows]
    # short numbers are sorted by counting
    order = np.argsort(here.astype(np.uint16) if pattern.max() < 65536 else here, kind="stable")
    rows, here = rows[order], here[order]
    starts = np.flatnonzero(np.diff(here, prepend=-1))
    for start, stop in pairwise([*starts.tolist(), len(rows)]):
        yield int(here[start]), rows[start:stop]
