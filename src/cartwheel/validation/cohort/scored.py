"""One score on every row of the cohort: who has it, why others have not, what is odd about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.notes import SaidOfInputs, said_of_inputs
from cartwheel.clinic.score_batch import ScoredRows, score_columns
from cartwheel.errors import Problem
from cartwheel.note import Note
from cartwheel.validation.analysed import Predicted, Scoreable
from cartwheel.validation.cohort.scoring import predicted_from
from cartwheel.validation.result_score import Refusals, ScoreColumn

Mask = NDArray[np.bool_]

# the engine's words for these may repeat what stands in a cell
_UNIT_WORDS = "its unit is not one that this input takes"
_WITHOUT_CELL = {
    "decimal_mark": ("a number that could mean two things", "write decimals with a point"),
    "unit_unknown": (_UNIT_WORDS, "write the column in one known unit"),
    "unit_unexpected": (_UNIT_WORDS, "write the column in one known unit"),
    "unit_not_accepted": (_UNIT_WORDS, "write the column in one known unit"),
}
_OUTSIDE = "outside the range the score was developed on"
_AT_LIMIT = "limit of detection and stands as the limit"


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What one score says of all N rows.

    Parameters
    ----------
    scoreable : Scoreable
        The score.
    predicted : Predicted
        Of N patients.
    scored : bool array (N,)
        Who has a single value.
    found : ScoredRows
        The answers with their reasons and remarks.
    words : SaidOfInputs
        The engine's words, without any cell.
    """

    scoreable: Scoreable
    predicted: Predicted
    scored: Mask
    found: ScoredRows
    words: SaidOfInputs


def score_everyone(scoreable: Scoreable, choices: Mapping[str, str]) -> Scored:
    """Score all rows.

    Parameters
    ----------
    scoreable : Scoreable
        The score and its columns.
    choices : mapping of str to str
        Options that the plan names; the others are the file's defaults, and said to be assumed.

    Returns
    -------
    Scored
    """
    spec, columns = scoreable.spec, scoreable.columns
    own = {name: option for name, option in choices.items() if name in spec.default_choices}
    found = score_columns(spec, columns, own)
    predicted, scored = predicted_from(scoreable, found)
    return Scored(scoreable, predicted, scored, found, said_of_inputs(spec, own, columns))


def refusals(one: Scored, eligible: Mask) -> tuple[Refusals, ...]:
    """Count why eligible patients have no score.

    Parameters
    ----------
    one : Scored
        The score.
    eligible : bool array (N,)
        Who could be analysed.

    Returns
    -------
    tuple of Refusals
        Most frequent first. No cell of the cohort is repeated.
    """
    lacking = eligible & ~one.scored
    rows: dict[tuple[str, str, str], Mask] = {}
    for problem, mask in _reasons(one):
        hit = mask & lacking
        if hit.any():
            where = f"{problem.where}: " if problem.where else ""
            key = (problem.code, where + problem.what, problem.mend)
            rows[key] = rows.get(key, np.zeros(len(hit), dtype=np.bool_)) | hit
    told = [Refusals(*key, int(mask.sum())) for key, mask in rows.items()]
    return tuple(sorted(told, key=lambda item: (-item.patients, item.code, item.what)))


def _reasons(one: Scored) -> Iterator[tuple[Problem, Mask]]:
    """Reasons of refused rows, then of those that have a range in place of a value."""
    for flag in one.found.reasons:
        yield _wordless(one, flag.says), _mask(flag.rows, len(one.scored))
    ranged = one.found.ranged
    items = {item.name: item for item in one.scoreable.spec.inputs}
    for name, note in one.words.ranged_missing.items():
        mask = np.zeros(len(ranged), dtype=np.bool_)
        for said in one.found.notes:
            if said.says == note:
                mask |= _mask(said.rows, len(ranged))
        problem = Problem(
            "missing",
            f"{items[name].label} is missing, and the score would be a range",
            f"input '{name}'",
            "give its value",
        )
        yield problem, mask & ranged


def _wordless(one: Scored, problem: Problem) -> Problem:
    """Say a reason without what stands in the cell."""
    name = problem.where.removeprefix("input ").strip("'")
    if problem.code in ("implausible", "not_coded") and name in one.words.impossible:
        return one.words.impossible[name]
    if problem.code in _WITHOUT_CELL:
        what, mend = _WITHOUT_CELL[problem.code]
        return Problem(problem.code, what, problem.where, mend)
    return problem


def _mask(rows: NDArray[np.intp], n: int) -> Mask:
    mask = np.zeros(n, dtype=np.bool_)
    mask[rows] = True
    return mask


def columns_told(one: Scored, eligible: Mask) -> tuple[ScoreColumn, ...]:
    """Say which column stood for each input, and how many eligible patients lack it.

    Parameters
    ----------
    one : Scored
        The score.
    eligible : bool array (N,)
        Who could be analysed.

    Returns
    -------
    tuple of ScoreColumn
        In the order of the inputs.
    """
    told = []
    for item in one.scoreable.spec.inputs:
        column = one.scoreable.columns[item.name]
        missing = eligible & np.isnan(column.numbers)
        written = np.array(sorted(column.texts), dtype=np.intp)
        missing[written] = False
        told.append(
            ScoreColumn(
                input=item.name,
                label=item.label,
                column=one.scoreable.column_names[item.name],
                unit=column.unit,
                day=column.day,
                missing=int(missing.sum()),
            )
        )
    return tuple(told)


def remarks(one: Scored, eligible: Mask, analysed: Mask) -> Iterator[Note]:
    """Say what is odd about a score's values here: ranges, limits, days, bands.

    Parameters
    ----------
    one : Scored
        The score.
    eligible, analysed : bool array (N,)
        The second are some of the first.

    Yields
    ------
    Note
        Counts, never a value.
    """
    yield from _bands(one, analysed)
    ranged = int((eligible & one.found.ranged).sum())
    if ranged:
        yield Note(
            "ranged_missing",
            "caution",
            f"{ranged} of {int(eligible.sum())} eligible patients lack an input and have a range "
            "in place of a value: they count as not scored.",
        )
    yield from _inputs(one, eligible & one.scored)
    # that it is simulated or unverified as a whole is said elsewhere
    warnings = [text for text in one.found.warnings if not text.startswith("this score ")]
    for text in warnings:
        if text.startswith("ASSUMPTION"):
            yield Note("parameter_assumed", "assumption", text.rstrip(".") + ".")
    doubted = [text.rstrip(".") for text in warnings if not text.startswith("ASSUMPTION")]
    if doubted:
        yield Note("constants_unsettled", "assumption", "; ".join(doubted) + ".")


def _bands(one: Scored, analysed: Mask) -> Iterator[Note]:
    said = one.predicted
    values = said.value[analysed]
    if len(values) and bool(np.all(values == values[0])):
        yield Note(
            "constant_score",
            "caution",
            "The score has the same value in every patient analysed: nothing can be said of how "
            "it ranks them.",
        )
    if len(said.bands) < 2:
        return
    count = np.bincount(said.band[analysed & (said.band >= 0)], minlength=len(said.bands))
    empty = [
        name for name, patients in zip(said.bands, count.tolist(), strict=True) if not patients
    ]
    if len(empty) == len(said.bands) - 1:
        (full,) = (name for name in said.bands if name not in empty)
        yield Note(
            "one_band",
            "caution",
            f"All patients analysed are in band '{full}': the bands cannot be compared.",
        )
    elif empty:
        yield Note(
            "empty_band",
            "caution",
            "No patient analysed is in band " + ", ".join(f"'{name}'" for name in empty) + ".",
        )


def _inputs(one: Scored, scored: Mask) -> Iterator[Note]:
    """Count values outside the development's range, at limits of detection, of other days."""
    total = int(scored.sum())
    for item in one.scoreable.spec.inputs:
        outside = np.zeros(len(scored), dtype=np.bool_)
        plain, one_by_one = one.words.unusual[item.name], f"{item.label} of "
        for flag in one.found.notes:
            said = flag.says
            if said == plain or (said.startswith(one_by_one) and _OUTSIDE in said):
                outside |= _mask(flag.rows, len(scored))
        count = int((outside & scored).sum())
        if count:
            # most patients of a centre are not beyond those of another: more likely the unit
            doubt = " Check its unit." if 2 * count > total else ""
            yield Note(
                "unusual_values",
                "caution",
                f"{one.words.unusual[item.name]} in {count} of {total} scored patients.{doubt}",
            )
    known = {*one.words.dated.values(), *one.words.floored.values()}
    for flag in one.found.notes:
        count = int((_mask(flag.rows, len(scored)) & scored).sum())
        if not count:
            continue
        if flag.says in known:
            severity = "caution" if flag.says in one.words.dated.values() else "information"
            code = "other_day" if severity == "caution" else "floored"
            yield Note(code, severity, f"{flag.says} ({count} of {total} scored patients).")
        elif flag.says.endswith(_AT_LIMIT):
            yield Note(
                "detection_limit",
                "information",
                f"{flag.says} ({count} of {total} scored patients).",
            )
