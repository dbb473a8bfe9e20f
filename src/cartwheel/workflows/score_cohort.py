"""Score every row of a sheet or data frame: columns added, refusals counted."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cartwheel.clinic.batch.flags import said_by_row
from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.grid import row_list
from cartwheel.clinic.score_batch import ScoredRows, score_columns
from cartwheel.clinic.score_inputs import Given
from cartwheel.clinic.score_sheet import Sheet, Stated, input_columns, read_sheet
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.provenance import SIMULATED, named_simulated
from cartwheel.workflows.score import named_days, outside_population

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Frame = TypeVar("Frame", bound="IntoDataFrame")


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many rows have no number for one reason.

    Parameters
    ----------
    code, where, what, mend : str
        The reason, as in `Problem`.
    rows : int
        How many.
    first : tuple of int
        Row numbers of the first ten, as the user sees them.
    """

    code: str
    where: str
    what: str
    mend: str
    rows: int
    first: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How the rows of a sheet came out.

    Parameters
    ----------
    rows, scored, ranged, refused : int
        All; with a value; with a range in its place; without any number.
    reasons : tuple of ReasonCount
        Most frequent first; a row may have several.
    """

    rows: int
    scored: int
    ranged: int
    refused: int
    reasons: tuple[ReasonCount, ...]


class AddedColumn(NamedTuple):
    """A column of answers: numbers, or places in a list of texts.

    Parameters
    ----------
    name : str
        Of the column.
    numbers : float array (n,) or None
        NaN where there is none.
    places : int array (n,) or None
        Of each row's text.
    texts : tuple of str or None
        The last is None, for rows without any.
    rising : bool
        The texts stand in an order that means something.
    """

    name: str
    numbers: NDArray[np.float64] | None
    places: NDArray[np.intp] | None
    texts: tuple[str | None, ...]
    rising: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ScoredCohort:
    """A sheet with the answers of one score.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    sheet : Sheet
        The rows as they were written.
    inputs : mapping of str to InputColumn
        Which cells were used.
    choices : mapping of str to str
        Options of the score's parameters.
    found : ScoredRows
        The answers, in the order of the rows.
    warnings : tuple of str
        What holds for every row.
    """

    spec: ScoreSpec
    sheet: Sheet
    inputs: Mapping[str, InputColumn]
    choices: Mapping[str, str]
    found: ScoredRows
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> RowCounts:
        """How the rows came out, and why some have no number."""
        found, rows = self.found, self.sheet.rows
        reasons = [
            ReasonCount(
                flag.says.code, flag.says.where, flag.says.what, flag.says.mend, len(flag.rows),
                tuple(int(row) for row in rows[flag.rows[:10]]),
            )
            for flag in found.reasons
        ]  # fmt: skip
        refused, ranged = int(found.refused.sum()), int(found.ranged.sum())
        return RowCounts(
            rows=len(rows),
            scored=len(rows) - refused - ranged,
            ranged=ranged,
            refused=refused,
            reasons=tuple(sorted(reasons, key=lambda each: -each.rows)),
        )

    def assessments(self) -> Iterator[tuple[int, Assessment | Unscorable]]:
        """Score row by row again, with every part of the answer.

        Yields
        ------
        pair of int and Assessment or Unscorable
            Row number, and the answer of the decimal engine.
        """
        days = {name: each.day for name, each in self.inputs.items() if each.day is not None}
        for place, row in enumerate(self.sheet.rows.tolist()):
            given = {name: each.given(place) for name, each in self.inputs.items()}
            answer = assess(self.spec, {**given, **self.choices}, measured=days)
            if isinstance(answer, Assessment):
                answer = replace(answer, warnings=(*answer.warnings, *self.warnings))
            yield row, answer

    def table(self) -> str:
        """Write the sheet with the columns of answers added.

        Returns
        -------
        str
            CSV with the separator of the sheet; its cells as they were written.
        """
        added = added_columns(self.spec, self.found)
        _refuse_taken(self.sheet.names, added)
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.sheet.separator, lineterminator="\n")
        writer.writerow([*self.sheet.names, *(each.name for each in added)])
        kept = [_texts(cells) for cells in self.sheet.columns]
        writer.writerows(zip(*kept, *map(_cells, added), strict=True))
        return out.getvalue()


def score_cohort(
    spec: ScoreSpec,
    path: str | os.PathLike[str],
    *,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
    days: Mapping[str, float] | None = None,
    about: Mapping[str, Given] | None = None,
) -> ScoredCohort:
    """Score every row of a file.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    path : path
        CSV in UTF-8, or any other kind that `read_sheet` takes.
    units, columns, choices, days, about : mapping, optional
        As `score_frame`.

    Returns
    -------
    ScoredCohort
        In the order of the file; in a text table the header is row 1.

    Raises
    ------
    FileRefused, CohortRefused, ScoreRefused
        If the file cannot be read, an input has no column or more than one, a unit is not stated,
        or an option is not known.
    """
    sheet = read_sheet(path)
    stated = Stated(units or {}, columns or {}, named_days(spec, days or {}))
    inputs = input_columns(spec, sheet.names, sheet.columns, stated)
    more = tuple(outside_population(spec, about or {}))
    if named_simulated(str(path)):
        more = (*more, SIMULATED)
    found = _scored(spec, inputs, choices or {}, more)
    return ScoredCohort(spec, sheet, inputs, dict(choices or {}), found, more)


def score_frame(
    spec: ScoreSpec,
    frame: Frame,
    *,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
    days: Mapping[str, float] | None = None,
    about: Mapping[str, Given] | None = None,
) -> Frame:
    """Score every row of a data frame.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    frame : pandas, polars or other data frame
        One row a patient; not changed. A column is an input's if it has the input's name, or if
        its name says the same variable and day. Numbers need a unit in the name of their column,
        or in `units`; texts may carry their own.
    units : mapping of str to str, optional
        Unit of a column whose name does not say it.
    columns : mapping of str to str, optional
        Input to column, where the name of the column does not tell.
    choices : mapping of str to str, optional
        Options of the score's parameters.
    days : mapping of str to float, optional
        Day of measurement by input, where the column's name does not say it.
    about : mapping, optional
        ``disease``, ``product`` and ``age`` of all the patients.

    Returns
    -------
    data frame of the same kind
        With columns added, named after the score: ``easix_value``, ``easix_band``. Where a missing
        input leaves a range, also ``_low``, ``_high`` and ``_bands``. ``_warnings`` and
        ``_reasons`` say what to know of a row, and why it has no number. Texts are categories in
        pandas, those of ``_band`` in rising order.

    Raises
    ------
    CohortRefused
        ``not_a_frame``, ``column_taken``, and what `input_columns` refuses.
    ScoreRefused
        For an unknown option or input.

    Notes
    -----
    Equal to `cartwheel.clinic.scoring.assess` on every row: tests/properties/test_score_batch.py.
    """
    try:
        native = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise refuse(
            CohortRefused,
            "not_a_frame",
            f"a {type(frame).__name__} is neither one patient's inputs nor a data frame",
            mend="give a mapping of input to value, or a pandas or polars data frame",
        ) from None
    names = [str(name) for name in native.columns]
    stated = Stated(units or {}, columns or {}, named_days(spec, days or {}))
    inputs = input_columns(spec, names, _LazyColumns(native), stated)
    added = added_columns(
        spec, _scored(spec, inputs, choices or {}, tuple(outside_population(spec, about or {})))
    )
    _refuse_taken(names, added)
    if isinstance(frame, pd.DataFrame):
        made = {each.name: _pandas(each) for each in added}
        return frame.assign(**made)
    series = [
        nw.new_series(
            each.name,
            list(_cells(each, none=None)),
            nw.Float64 if each.numbers is not None else nw.String,
            backend=native.implementation,
        )
        for each in added
    ]
    return native.with_columns(*series).to_native()


class _LazyColumns:
    """Columns of a frame, turned into arrays only where an input asks for them."""

    def __init__(self, native: nw.DataFrame[Any]) -> None:
        self.native = native

    def __getitem__(self, place: int) -> Any:
        column = self.native[:, place]
        if self.native.implementation.is_pandas():
            return column.to_native().reset_index(drop=True)
        if column.dtype.is_numeric():
            return column.cast(nw.Float64).to_numpy()
        return pd.Series(column.to_list(), dtype=object)


def _scored(
    spec: ScoreSpec,
    inputs: Mapping[str, InputColumn],
    choices: Mapping[str, str],
    more: tuple[str, ...],
) -> ScoredRows:
    found = score_columns(spec, inputs, choices)
    return replace(found, warnings=(*found.warnings, *more))


def added_columns(spec: ScoreSpec, found: ScoredRows) -> tuple[AddedColumn, ...]:
    """Lay the answers out as columns named after the score.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    found : ScoredRows
        Its answers.

    Returns
    -------
    tuple of AddedColumn
        Value; band and risk where the score has them; limits where it answers in ranges;
        warnings and reasons.
    """
    kinds = ["value", "risk"] if spec.risk is not None else ["value"]
    ranges = spec.missing == "range"
    columns = {
        name: getattr(found, name)
        for kind in kinds
        for name in ((kind, f"{kind}_low", f"{kind}_high") if ranges else (kind,))
    }
    stem = re.sub(r"[^0-9a-z]+", "_", spec.id)
    added = [AddedColumn(f"{stem}_{name}", numbers, None, ()) for name, numbers in columns.items()]
    if found.bands:
        added += _bands(stem, found, every=ranges)
    places, texts = said_by_row(found.notes, len(found.value))
    general = "; ".join(found.warnings)
    warned = tuple("; ".join(filter(None, (general, text))) or None for text in texts)
    silent = len(warned)
    places = np.where(found.refused, silent, places)
    added.append(AddedColumn(f"{stem}_warnings", None, places, (*warned, None)))
    places, texts = said_by_row(found.reasons, len(found.value))
    reasons = tuple(text or None for text in texts)
    added.append(AddedColumn(f"{stem}_reasons", None, places, reasons))
    return tuple(added)


def _bands(stem: str, found: ScoredRows, *, every: bool) -> list[AddedColumn]:
    count = len(found.bands)
    low, high = found.band_low.astype(np.intp), found.band_high.astype(np.intp)
    one = np.where(low == high, low, -1)
    made = [AddedColumn(f"{stem}_band", None, one, (*found.bands, None), rising=True)]
    if every:
        pairs = [" or ".join(found.bands[place // count : place % count + 1]) or None
                 for place in range(count * count)]  # fmt: skip
        places = np.where(low < 0, count * count, low * count + high)
        made.append(AddedColumn(f"{stem}_bands", None, places, (*pairs, None)))
    return made


def _refuse_taken(names: Any, added: tuple[AddedColumn, ...]) -> None:
    if taken := [each.name for each in added if each.name in names]:
        raise CohortRefused(
            Problem("column_taken", "the sheet already has a column of this name",
                    f"column '{taken[0]}'", "take it out, or rename it")
        )  # fmt: skip


def _pandas(each: AddedColumn) -> Any:
    if each.places is None:
        return each.numbers
    # each distinct text is kept once: a million long warnings would fill the memory
    distinct = list(dict.fromkeys(text for text in each.texts if text is not None))
    code = {text: place for place, text in enumerate(distinct)}
    codes = np.array([-1 if text is None else code[text] for text in each.texts], dtype=np.intp)
    names = pd.Index(distinct)
    return pd.Categorical.from_codes(codes[each.places], names, ordered=each.rising)


def _cells(each: AddedColumn, none: str | None = "") -> Iterator[Any]:
    if each.numbers is not None:
        absent = np.isnan(each.numbers).tolist()
        for number, gap in zip(each.numbers.tolist(), absent, strict=True):
            yield none if gap else number
        return
    assert each.places is not None
    for place in each.places.tolist():
        text = each.texts[place]
        yield none if text is None else text


def _texts(cells: Any) -> list[str]:
    if not isinstance(cells, pd.Series):
        return list(cells)
    absent = cells.isna().tolist()
    return ["" if gap else str(cell) for cell, gap in zip(cells.tolist(), absent, strict=True)]


def count_lines(counts: RowCounts) -> Iterator[str]:
    """Say in lines how the rows of a sheet came out.

    Parameters
    ----------
    counts : RowCounts
        From `ScoredCohort.counts`.

    Yields
    ------
    str
        A line for the whole, then one for each reason.
    """
    yield (
        f"{counts.rows} rows: {counts.scored} scored, {counts.ranged} as a range, "
        f"{counts.refused} without a number"
    )
    for each in counts.reasons:
        place = f"{each.where}: " if each.where else ""
        more = f" and {each.rows - len(each.first)} more" if each.rows > len(each.first) else ""
        yield f"  {place}{each.what} ({row_list(each.first)}{more})"
        if each.mend:
            yield f"    mend: {each.mend}"
