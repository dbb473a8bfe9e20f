"""The table read, checked and pooled as it is typed, in the words of ``cartwheel pool``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cartwheel.errors import Problem, Refused
from cartwheel.note import Note
from cartwheel.pooling.analysis.analyse import analyses_of
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.findings import HEADLINES, notes_of_flags
from cartwheel.pooling.study.headers import Headers
from cartwheel.pooling.study.rows import ReadRow, open_table, read_rows
from cartwheel.pooling.study.table import read_studies
from cartwheel.serve.evidence.forest import Forest, estimate_text, forest_of
from cartwheel.serve.evidence.splitting import Divided, divided
from cartwheel.serve.evidence.table import TypedTable

NAME = "studies.csv"
# a row of which more will be typed
_NOT_YET = {
    "no_numbers", "no_error", "missing_measure", "outcome_missing", "no_estimate",
    "at_risk_missing", "log_rank_events", "needs_counts",
}  # fmt: skip
_BEGUN = re.compile(r"[\d\s.,;:()\[\]\-–%=CIciHORhor]*(?:to)?\s*")
_OPEN = re.compile(r"[\d.,·]+\s*[(\[][^)\]]*")
_OF_LIMITS = ("low", "high", "interval", "both")
_CELLS = {
    "swapped_bounds": _OF_LIMITS,
    "impossible_interval": ("estimate", *_OF_LIMITS),
    "zero_width": _OF_LIMITS,
    "non_positive_bound": _OF_LIMITS,
    "not_positive": ("estimate", "both"),
    "outside_range": ("estimate", "both"),
    "implausible": ("estimate", "both"),
    "p_range": ("p",),
    "p_without_error": ("p",),
    "unknown_measure": ("measure",),
    "missing_measure": ("measure",),
    "measure_contradicts": ("measure",),
    "outcome_missing": ("outcome",),
    "events_over_n": ("events", "n"),
    "level_range": ("level",),
    "pooled_row": ("study",),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one row, beside it.

    Parameters
    ----------
    key : str
        Of the row.
    state : {"read", "not yet", "wrong", "aside"}
        Whether it is pooled; and where it is not, whether anything has to be corrected.
    text : str
        As it was read, or why it stands aside.
    problems : tuple of Problem
        In the words of ``cartwheel pool``.
    cells : tuple of int
        Columns that the problems are about.
    flags : tuple of str
        What a reader must know of a row that is pooled.
    written : mapping of int to str
        Cells that hold what was divided out of another.
    """

    key: str
    state: str
    text: str
    problems: tuple[Problem, ...] = ()
    cells: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    written: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """The table as it stands.

    Parameters
    ----------
    divided : Divided
        Its cells, one thing each.
    meanings : tuple of str
        What each column was taken for.
    said : tuple of Said
        One a filled row.
    problems : tuple of Problem
        Of the table or the plan as a whole.
    analyses : tuple of Analysis
        The pools.
    chosen : Analysis or None
        The one that is drawn.
    forest : Forest or None
        Its drawing.
    notes, elsewhere : tuple of Note
        Of the chosen pool; of other pools, and what is said beside the rows too.
    left_out : tuple of int
        Rows of the CSV that are wrong or not finished.
    """

    divided: Divided
    meanings: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    problems: tuple[Problem, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    chosen: Analysis | None = None
    forest: Forest | None = None
    notes: tuple[Note, ...] = ()
    elsewhere: tuple[Note, ...] = ()
    left_out: tuple[int, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by state."""
        states = [one.state for one in self.said]
        return {state: states.count(state) for state in ("read", "not yet", "wrong", "aside")}

    @property
    def pooled_text(self) -> str:
        """The pooled effect of the chosen analysis, with its interval."""
        if self.chosen is None:
            return ""
        return estimate_text(self.chosen.measure, self.chosen.main.pooled)


def look(
    table: TypedTable, plan: Mapping[str, Any], pool: str = "", view: str = "forest"
) -> Looked:
    """Read a table and pool what is ready.

    Parameters
    ----------
    table : TypedTable
        As typed.
    plan : mapping
        Of `cartwheel.serve.evidence.options.plan_of`.
    pool : str
        Name of the analysis to be drawn; the one of most studies where there is no such.
    view : str
        As of `cartwheel.serve.evidence.forest.forest_of`.

    Returns
    -------
    Looked
        A row that is not finished, or wrong, is said so and left out of this drawing. Nothing is
        kept. What takes long (permutations, subsets, the referee) is left to the full run.
    """
    ready = divided(table)
    if not ready.table.filled:
        return Looked(ready, _meanings(ready))
    try:
        wanted = pool_plan_from_dict({**plan, "permutations": 0, "gosh": False, "prisma": None})
        with TemporaryDirectory(prefix="cartwheel-") as folder:
            path = Path(folder) / NAME
            path.write_text(ready.table.csv, encoding="utf-8")
            return _looked(ready, path, wanted, (pool, view))
    except Refused as refused:
        return Looked(ready, _meanings(ready), problems=refused.problems)


def refusals(csv: str, plan: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Tell why the full run would refuse a table, before it is asked for.

    Parameters
    ----------
    csv : str
        The table.
    plan : mapping
        Of the run.

    Returns
    -------
    tuple of Problem
        Empty where the table can be read: a row that is wrong, and stands in no pool with others,
        is left out by number, as on the command line.
    """
    try:
        wanted = pool_plan_from_dict({**plan, "prisma": None})
        with TemporaryDirectory(prefix="cartwheel-") as folder:
            path = Path(folder) / NAME
            path.write_text(csv, encoding="utf-8")
            read_studies([path], plan=wanted)
    except Refused as refused:
        return refused.problems
    return ()


def _looked(ready: Divided, path: Path, plan: PoolPlan, asked: tuple[str, str]) -> Looked:
    opened = open_table(path, plan)
    read = read_rows(opened, plan, {}, with_file=False)
    bad = tuple(row.number for row in read if row.findings.faults)
    fit = plan.model_copy(
        update={"leave_out": (*plan.leave_out, *(f"row {number}" for number in bad))}
    )
    said = {row.number: row for row in read}
    problems: tuple[Problem, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    studies: tuple[Study, ...] = ()
    notes: tuple[Note, ...] = ()
    if any(row.study is not None for row in read):
        try:
            table = read_studies([path], plan=fit)
            studies = table.studies
            notes = tuple(one for one in table.notes if one.code not in ("left_out", "no_numbers"))
            analyses = analyses_of(table, fit)
        except Refused as refused:
            problems = refused.problems
    chosen = _chosen(analyses, asked[0])
    here, elsewhere = _divided_notes(notes, analyses, chosen)
    by_number = {study.row: study for study in studies}
    keys = {number: row.key for number, row in enumerate(ready.table.filled, start=2)}
    return Looked(
        ready,
        _meanings(ready),
        tuple(
            _said(keys[number], row, by_number.get(number), ready)
            for number, row in said.items()
            if number in keys
        ),
        problems,
        analyses,
        chosen,
        None if chosen is None else forest_of(chosen, asked[1]),
        (*(() if chosen is None else chosen.notes), *here),
        elsewhere,
        bad,
    )


def _divided_notes(
    notes: Sequence[Note], analyses: Sequence[Analysis], chosen: Analysis | None
) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Tell what is about the chosen pool from what is about others, or stands beside a row."""
    others = [one.name for one in analyses if one is not chosen]
    here = tuple(
        note
        for note in notes
        if note.code not in HEADLINES
        and (
            (chosen is not None and chosen.name in note.text)
            or not any(n in note.text for n in others)
        )
    )
    return here, tuple(note for note in notes if note not in here)


def _chosen(analyses: Sequence[Analysis], name: str) -> Analysis | None:
    named = next((one for one in analyses if one.name == name), None)
    # the first of the largest: it stays while rows are typed into it
    return named or max(analyses, key=lambda one: one.k, default=None)


def _said(key: str, row: ReadRow, study: Study | None, ready: Divided) -> Said:
    written = ready.changed.get(key)
    faults = tuple(row.findings.faults)
    if faults:
        waits = all(_not_yet(fault, row, ready) for fault in faults)
        cells = () if waits or ready.headers is None else _cells(faults, ready.headers)
        return Said(key, "not yet" if waits else "wrong", "", faults, cells, (), written)
    if row.aside is not None:
        state = "not yet" if row.aside[0] in _NOT_YET else "aside"
        return Said(key, state, row.aside[1], written=written)
    flags = tuple(note.text for note in notes_of_flags(row.findings.flags))
    found = study or row.study
    if found is None or not found.used:
        return Said(key, "aside", row.not_asked or (found.reason if found else ""), written=written)
    told = f"{found.measure} {estimate_text(found.measure, found.estimate)}"
    return Said(key, "read", told, flags=_short(flags, row), written=written)


def _short(texts: Sequence[str], row: ReadRow) -> tuple[str, ...]:
    """Leave out the name of the row: it stands beside."""
    where = row.findings.where
    return tuple(
        text.replace(f" {where}: ", " ").replace(f" {where}.", "").strip() for text in texts
    )


def _not_yet(fault: Problem, row: ReadRow, ready: Divided) -> bool:
    if fault.code in _NOT_YET:
        return True
    if fault.code != "text_number" or ready.headers is None:
        return False
    cells = ready.table.filled[row.number - 2].cells
    texts = [
        cells[place]
        for role, place in ready.headers.places.items()
        if role in ("both", "interval", "estimate")
    ]
    # "1.85 (1.20" will be an interval; "about two" will not
    return ("not an interval" in fault.what and all(map(_BEGUN.fullmatch, texts))) or any(
        _OPEN.fullmatch(text) for text in texts
    )


def _cells(faults: Sequence[Problem], headers: Headers) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for fault in faults:
        for role, place in headers.places.items():
            spoken = role.replace("_", " ")
            named = fault.what.startswith((f"{spoken}:", f"{spoken} is ")) or fault.what.endswith(
                f"({spoken})"
            )
            in_two = fault.code == "text_number" and "not an interval" in fault.what
            about = _CELLS.get(fault.code, ())
            if named or role in about or (in_two and role in ("both", "interval")):
                found[place] = None
    return tuple(sorted(found))


def _meanings(ready: Divided) -> tuple[str, ...]:
    headers = ready.headers
    if headers is None:
        return ()
    roles = {place: role for role, place in headers.places.items()}
    told = []
    for place, name in enumerate(ready.table.columns):
        role = roles.get(place)
        if not name:
            told.append("no name yet")
        elif role is None:
            told.append("kept as written" if place in headers.further else "risk of bias")
        elif role in ("estimate", "both") and headers.measure:
            told.append(headers.measure + (" with its interval" if role == "both" else ""))
        else:
            told.append(_ROLES.get(role, role.replace("_", " ")))
    return tuple(told)


_ROLES = {
    "group": "set: pooled apart",
    "low": "lower limit",
    "high": "upper limit",
    "both": "estimate with its interval",
    "p": "p-value",
    "n": "patients",
    "level": "level of the interval",
    "std_error": "standard error",
}
