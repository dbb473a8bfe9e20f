"""The engine's own words about an input, taken from the engine, for whole columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score_inputs import read_inputs
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input, Ratio
from cartwheel.clinic.score_units import plausible_limits
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.errors import Problem


@dataclass(frozen=True, slots=True)
class SaidOfInputs:
    """What is said of a cell without repeating its value, by input.

    Parameters
    ----------
    impossible, refused_missing : mapping of str to Problem
        A value beyond the hard limits or no code; a missing one that is refused.
    ranged_missing, unusual, dated : mapping of str to str
        A missing value that stands for a range; one outside the range of the derivation; a day
        that the score does not ask for.
    floored : mapping of str to str
        By ratio: a denominator that stands as the floor.
    general : tuple of str
        What is said of every answer.
    """

    impossible: Mapping[str, Problem]
    refused_missing: Mapping[str, Problem]
    ranged_missing: Mapping[str, str]
    unusual: Mapping[str, str]
    dated: Mapping[str, str]
    floored: Mapping[str, str]
    general: tuple[str, ...]


def said_of_inputs(
    spec: ScoreSpec, choices: Mapping[str, str], columns: Mapping[str, InputColumn]
) -> SaidOfInputs:
    """Find what the engine says of missing, unusual and impossible cells, and of every answer.

    Parameters
    ----------
    spec : ScoreSpec
        The score; its first worked example is put to the engine.
    choices : mapping of str to str
        Options of the score's parameters.
    columns : mapping of str to InputColumn
        For their days of measurement.

    Returns
    -------
    SaidOfInputs
        In words that hold for any row.
    """
    settled = spec.chosen(choices)
    readings, problems = read_inputs(settled, {}, assume_units=False)
    floored = {
        part.name: f"{part.label or part.name}: a denominator below {part.zero} stands as "
        f"{part.zero}"
        for part in spec.derived
        if isinstance(part, Ratio) and isinstance(part.zero, Decimal)
    }
    example = spec.examples[0].inputs
    found = assess(spec, {**example, **choices})
    own: set[str] = set(floored.values())
    general: tuple[str, ...] = ()
    if isinstance(found, Assessment):
        own |= {note for used in found.inputs for note in used.notes}
        general = tuple(note for note in found.warnings if note not in own)
    return SaidOfInputs(
        impossible={item.name: _impossible(item) for item in spec.inputs},
        refused_missing={
            item.name: problem
            for item in spec.inputs
            for problem in problems
            if problem.code == "missing" and problem.where == f"input '{item.name}'"
        },
        ranged_missing={
            reading.used.name: reading.used.notes[0] for reading in readings if reading.used.notes
        },
        unusual={item.name: _unusual(item) for item in spec.inputs},
        dated=_dated(spec, settled, columns),
        floored=floored,
        general=general,
    )


def _dated(
    spec: ScoreSpec, settled: ScoreSpec, columns: Mapping[str, InputColumn]
) -> dict[str, str]:
    found = {}
    example = spec.examples[0].inputs
    plain, _ = read_inputs(settled, example, assume_units=False)
    days = {name: column.day for name, column in columns.items() if column.day is not None}
    dated, _ = read_inputs(settled, example, assume_units=False, measured=days)
    for before, after in zip(plain, dated, strict=True):
        more = [note for note in after.used.notes if note not in before.used.notes]
        if more:
            found[after.used.name] = more[0]
    return found


def _impossible(item: Input) -> Problem:
    where = f"input '{item.name}'"
    if item.coding is not None:
        codes = ", ".join(f"{word} = {code}" for word, code in item.coding.items())
        return Problem(
            "not_coded", "this is not one of the input's codes", where, f"the codes are {codes}"
        )
    stretch = f"{_stretch(*plausible_limits(item))} {item.unit}".strip()
    return Problem(
        "implausible", f"not possible ({stretch})", where, "check the value and its unit"
    )


def _unusual(item: Input) -> str:
    stretch = f"{_stretch(item.low, item.high)} {item.unit}".strip()
    return f"{item.label} is outside the range the score was developed on ({stretch})"


def _stretch(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return "any" if high is None else f"up to {float(high):.6g}"
    return f"from {float(low):.6g}" if high is None else f"{float(low):.6g} to {float(high):.6g}"
