"""Read study tables and result files: the one entry of this room."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.note import Note
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.findings import Flag, notes_of_flags
from cartwheel.pooling.study.overlap import overlap_notes, overlaps_in
from cartwheel.pooling.study.own_results import in_sets, refuse_same_patients
from cartwheel.pooling.study.pools import fold, mixture_notes, pool_name, pools_of, same_cut_units
from cartwheel.pooling.study.printed import cell_text
from cartwheel.pooling.study.result import LeftOut, Overlap, ResultRows, Source, StudyTable
from cartwheel.pooling.study.result_file import read_result
from cartwheel.pooling.study.rows import (
    OpenTable,
    ReadRow,
    check_columns,
    open_table,
    read_rows,
)
from cartwheel.pooling.study.scope import (
    check_renaming,
    check_scope,
    left_out_by,
    not_asked,
    renamed,
)

_SIMULATED = Note(
    "simulated",
    "caution",
    "Simulated data are among the rows: nothing here is evidence about patients.",
)
_EFFECTS = {"estimate", "both", "analysis_effect"}
_ORDER = {"caution": 0, "assumption": 1, "information": 2}


def read_studies(files: Sequence[str | os.PathLike[str] | Any], *, plan: PoolPlan) -> StudyTable:
    """Read study tables and result files, convert every row, and say what is doubtful.

    Parameters
    ----------
    files : sequence of path or frame
        Tables (CSV, workbook, ..., or data frames) with one row a study and outcome, results of
        ``cartwheel develop`` and ``validate`` (JSON), and shared files; or what was read of them
        before (`OpenTable`, `ResultRows`). Rows are pooled within
        group, outcome and measure.
    plan : PoolPlan
        What is asked for.

    Returns
    -------
    StudyTable

    Raises
    ------
    FileRefused
        Everything wrong at once, by row: an impossible interval, swapped or negative limits, no
        error, a measure that is not said, ... ; ``no_studies`` where nothing can be pooled.
    PlanRefused
        The plan names a group, outcome, row or column that is not there.

    Notes
    -----
    A row that cannot be used refuses the run wherever it belongs to a pool with other rows: leaving
    it out silently would change a result. It is left out, by number and with a caution, where
    nothing else stands in its pool, and where the plan leaves it out by name. Rows without numbers
    are listed. ``plan.strict`` refuses all of them.
    """
    if not files:
        raise refuse(FileRefused, "no_files", "no file is given", mend="name a table of studies")
    spellings: dict[str, dict[str, str]] = {}
    opened = _opened(files, plan)
    tables = [item for item in opened if isinstance(item, OpenTable)]
    check_columns(tables, plan)
    check_renaming(plan, _written(opened, "group"), _written(opened, "outcome"))
    rows: list[ReadRow] = []
    studies: list[Study] = []
    units: list[str] = []
    for item in opened:
        if isinstance(item, OpenTable):
            read = read_rows(item, plan, spellings, with_file=len(opened) > 1)
            rows += read
            studies += [row.study for row in read if row.study is not None]
            units += [row.cut_unit for row in read if row.study is not None]
        else:
            studies += [_asked(study, plan, spellings) for study in item.studies]
            units += [""] * len(item.studies)
    _check_scope(plan, rows, studies)
    _refuse_faults(rows, studies, plan, tables)
    kept, unit_notes = same_cut_units(studies, units)
    kept, overlaps, overlap_said = _overlaps(kept, plan)
    simulated = (
        plan.simulated
        or any(row.simulated for row in rows)
        or any(item.simulated for item in opened if isinstance(item, ResultRows))
    )
    notes = (
        *([_SIMULATED] if simulated else []),
        *_left_out_notes(rows),
        *_reading_notes(tables),
        *overlap_said,
        *mixture_notes(pools_of(kept)),
        *unit_notes,
        *(note for item in opened if isinstance(item, ResultRows) for note in item.notes),
        *_alone(kept),
        *notes_of_flags(_flags(rows)),
        *_renaming(plan),
    )
    return StudyTable(
        studies=kept,
        notes=tuple(sorted(dict.fromkeys(notes), key=lambda note: _ORDER[note.severity])),
        overlaps=overlaps,
        left_out=_left_out(rows, opened),
        sources=tuple(_source(item) for item in opened),
        tables=tuple(table.raw for table in tables),
        simulated=simulated,
    )


def _written(opened: Sequence[OpenTable | ResultRows], role: str) -> list[str]:
    """Groups or outcomes as the files write them."""
    names: list[str] = []
    for item in opened:
        if isinstance(item, ResultRows):
            names += [str(getattr(study, role)) for study in item.studies]
            continue
        place = item.headers.places.get(role)
        cells = [] if place is None else item.raw.frame.iloc[:, place].tolist()
        names += [cell_text(cell) for cell in cells] or [""]
    return names


def _open(file: str | os.PathLike[str] | Any, plan: PoolPlan) -> OpenTable | ResultRows:
    if isinstance(file, OpenTable | ResultRows):
        return file  # a server has them read by another process
    if isinstance(file, str | os.PathLike) and Path(file).suffix.lower() == ".json":
        return read_result(Path(file), plan)
    return open_table(file, plan)


def _opened(files: Sequence[Any], plan: PoolPlan) -> list[OpenTable | ResultRows]:
    opened = [_open(file, plan) for file in files]
    ours = [item for item in opened if isinstance(item, ResultRows)]
    _check_names(opened)
    refuse_same_patients(ours)
    in_set = iter(in_sets(ours))
    return [next(in_set) if isinstance(item, ResultRows) else item for item in opened]


def _source(item: OpenTable | ResultRows) -> Source:
    if isinstance(item, ResultRows):
        return item.source
    return Source(item.raw.name, item.raw.sha256, "table", len(item.raw.frame))


def _check_names(opened: Sequence[OpenTable | ResultRows]) -> None:
    sources = [_source(item) for item in opened]
    digests = [source.sha256 for source in sources]
    again = [source.name for i, source in enumerate(sources) if source.sha256 in digests[:i]]
    if again:
        raise refuse(
            FileRefused,
            "same_file",
            f"{', '.join(again)} is given twice: its studies would count double",
            mend="name it once",
        )


def _asked(study: Study, plan: PoolPlan, spellings: dict[str, dict[str, str]]) -> Study:
    """Give a result row the plan's names, and hold it against the plan's filters."""
    group = renamed(study.group, plan.same_group, spellings.setdefault("group", {}))
    outcome = renamed(study.outcome, plan.same_outcome, spellings.setdefault("outcome", {}))
    reason = not_asked(plan, group, outcome, study.measure)
    if left_out_by(plan, study.file, study.row, study.study):
        reason = "left out by the plan"
    return replace(study, group=group, outcome=outcome, used=not reason, reason=reason)


def _check_scope(plan: PoolPlan, rows: Sequence[ReadRow], studies: Sequence[Study]) -> None:
    ours = [study for study in studies if study.row == 0 and study.route == "result_file"]
    check_scope(
        plan,
        [
            *((row.file, row.number, row.label) for row in rows),
            *((study.file, study.row, study.study) for study in ours),
        ],
        [*(row.group for row in rows), *(study.group for study in ours)],
        [*(row.outcome for row in rows), *(study.outcome for study in ours)],
    )


def _refuse_faults(
    rows: Sequence[ReadRow],
    studies: Sequence[Study],
    plan: PoolPlan,
    tables: Sequence[OpenTable],
) -> None:
    """Refuse every row whose absence would change a pool, all at once."""
    full = {(study.group, study.outcome, study.measure) for study in studies if study.used}
    named = {fold(group) for group in plan.group}
    problems: list[Problem] = []
    for row in rows:
        if not row.findings.faults or row.not_asked or row.left_out:
            continue
        shared = any(_may_belong(row, pool) for pool in full)
        if shared or plan.strict or fold(row.group) in named:
            problems += [_with_way_out(problem, row) for problem in row.findings.faults]
    if problems:
        raise FileRefused(_not_understood(problems, tables))
    if not any(study.used for study in studies):
        problems = _not_understood(_nothing(rows, studies), tables)
        # a table without any column of an effect has one fault, not one a row
        whole = [one for one in problems if one.code in ("no_studies", "columns")]
        lacks = any(one.code == "columns" for one in whole)
        raise FileRefused(whole if lacks and not any(r.findings.faults for r in rows) else problems)


def _may_belong(row: ReadRow, pool: tuple[str, str, str]) -> bool:
    """Whether a faulty row would stand, or could stand, in a pool with others."""
    group, outcome, measure = pool
    unsaid = any(problem.code == "outcome_missing" for problem in row.findings.faults)
    same = row.group == group and (unsaid or row.outcome == outcome)
    return same and row.measure in (None, measure)


def _with_way_out(problem: Problem, row: ReadRow) -> Problem:
    way = f"or leave it out: --leave-out 'row {row.number}'"
    return replace(problem, mend=f"{problem.mend}; {way}" if problem.mend else way)


def _nothing(rows: Sequence[ReadRow], studies: Sequence[Study]) -> list[Problem]:
    """Say of every row why nothing can be pooled."""
    problems: list[Problem] = []
    if not any(row.findings.faults for row in rows):
        problems.append(
            Problem(
                "no_studies",
                "no row can be pooled",
                rows[0].file if rows else "",
                "give an estimate with its interval, or counts, for each study; a pooled result "
                "alone can be looked at with: cartwheel appraise",
            )
        )
    for row in rows:
        if row.aside is not None:
            problems.append(Problem(row.aside[0], row.aside[1], row.findings.where))
        else:
            problems += row.findings.faults
    problems += [
        Problem("not_used", study.reason, f"row {study.row} ({study.study})")
        for study in studies
        if not study.used and ("asked for" in study.reason or "the plan" in study.reason)
    ]
    return problems


def _not_understood(problems: list[Problem], tables: Sequence[OpenTable]) -> list[Problem]:
    """Name the columns that have no meaning here, where numbers or measures are missing."""
    if not any(
        problem.code in ("no_studies", "missing_measure", "no_error") for problem in problems
    ):
        return problems
    for table in tables:
        headers = table.headers
        names = [f"'{headers.names[place]}'" for place in headers.further]
        if names and not _EFFECTS & set(headers.places):
            what = f"no column of an effect; not understood: {', '.join(names[:8])}"
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            mend = (
                "rename them (HR, lower, upper, ...), or say in the plan what they are: columns = "
                f'{{ "{headers.names[headers.further[0]]}" = "estimate" }}'
            )
            problems.append(Problem("columns", what + more, table.raw.name, mend))
    return problems


def _left_out(
    rows: Sequence[ReadRow], opened: Sequence[OpenTable | ResultRows]
) -> tuple[LeftOut, ...]:
    out = []
    for row in rows:
        if row.study is not None:
            continue
        code, reason = row.aside or (
            row.findings.faults[0].code,
            "; ".join(problem.what for problem in row.findings.faults),
        )
        out.append(LeftOut(row.number, row.file, row.label, code, reason))
    for item in opened:
        if isinstance(item, ResultRows):
            out += item.left_out
    return tuple(out)


def _left_out_notes(rows: Sequence[ReadRow]) -> list[Note]:
    """Name every row that is not pooled although it was asked for, and the mend."""
    notes = []
    for row in rows:
        if row.not_asked or row.left_out:
            continue
        for problem in row.findings.faults:
            text = f"Not pooled, {problem.where}: {problem.what}"
            notes.append(
                Note(problem.code, "caution", f"{text}. Mend: {problem.mend or 'correct it'}.")
            )
    for code, head in (
        ("no_numbers", "Listed in the table, not pooled: no estimate with an error and no counts"),
        ("pooled_result", "Not pooled: itself a pooled result"),
    ):
        places = [
            row.findings.where
            for row in rows
            if row.aside is not None and row.aside[0] == code and not row.not_asked
        ]
        if places:
            notes.append(Note(code, "caution", f"{head}: {'; '.join(places)}."))
    out = [row.findings.where for row in rows if row.left_out and not row.not_asked]
    if out:
        notes.append(Note("left_out", "caution", f"Left out by the plan: {'; '.join(out)}."))
    return notes


def _reading_notes(tables: Sequence[OpenTable]) -> list[Note]:
    """What the reader of the file says: merged and error cells may hide what was written."""
    return [
        Note(
            "reading",
            "caution" if "merged" in text or "error cells" in text else "information",
            f"{table.raw.name}: {text}.",
        )
        for table in tables
        for text in table.raw.notes
    ]


def _flags(rows: Sequence[ReadRow]) -> list[Flag]:
    return [
        flag
        for row in rows
        if row.study is not None and row.study.used
        for flag in row.findings.flags
    ]


def _overlaps(
    studies: tuple[Study, ...], plan: PoolPlan
) -> tuple[tuple[Study, ...], tuple[Overlap, ...], list[Note]]:
    """Find suspected sharing in every pool; keep only the first row where the plan says so."""
    kept = list(studies)
    overlaps: list[Overlap] = []
    notes: list[Note] = []
    for members in pools_of(studies).values():
        found = overlaps_in(members)
        overlaps += found
        notes += overlap_notes(pool_name(members[0][1]), members, found)
        if plan.overlap == "keep_first":
            for overlap in found:
                if overlap.kind == "same_source":
                    continue
                # a row that is out already shares patients with no one
                left = [place for place in overlap.positions if kept[place].used]
                for place in left[1:]:
                    first = kept[left[0]]
                    kept[place] = replace(
                        kept[place],
                        used=False,
                        reason=f"may share patients with row {first.row} ({first.study}); the plan "
                        "keeps the first",
                    )
    return tuple(kept), tuple(overlaps), notes


def _alone(studies: Sequence[Study]) -> list[Note]:
    """Tell how a result of ours can meet published rows that go by another name."""
    notes = []
    for members in pools_of(studies).values():
        ours = [study for _, study in members if study.route == "result_file"]
        published = [
            study
            for study in studies
            if study.used
            and study.route != "result_file"
            and study.measure == members[0][1].measure
        ]
        if ours and len(ours) == len(members) and published:
            notes.append(
                Note(
                    "result_alone",
                    "caution",
                    f"{ours[0].file} is pooled with none of the published {ours[0].measure} rows: "
                    f"its outcome is '{ours[0].outcome}' and its set "
                    f"'{ours[0].group or 'none'}'. Say in the plan: "
                    f'same_outcome = {{"{ours[0].outcome}" = "{published[0].outcome}"}}'
                    + (
                        f', same_group = {{"{ours[0].group}" = "{published[0].group}"}}.'
                        if published[0].group != ours[0].group
                        else "."
                    ),
                )
            )
    return notes


def _renaming(plan: PoolPlan) -> list[Note]:
    return [
        Note("renamed", "assumption", f"The plan takes the {kind} '{written}' for '{taken}'.")
        for kind, names in (("outcome", plan.same_outcome), ("group", plan.same_group))
        for written, taken in names.items()
    ]
