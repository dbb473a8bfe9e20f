"""The table read, checked and pooled as it is typed, in the words of ``cartwheel pool``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cartwheel.errors import Problem, Refused
from cartwheel.note import Note
from cartwheel.pooling.analysis.analyse import analyses_of
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.findings import HEADLINES
from cartwheel.pooling.study.result import ResultRows
from cartwheel.pooling.study.rows import OpenTable, ReadRow, open_table, read_rows
from cartwheel.pooling.study.table import read_studies
from cartwheel.serve.evidence.file_rows import KeptRows
from cartwheel.serve.evidence.forest import Forest, estimate_text, forest_of
from cartwheel.serve.evidence.kept_rows import opened_rows, problems_of
from cartwheel.serve.evidence.saying import FileSaid, Said, meanings, said_of
from cartwheel.serve.evidence.splitting import Divided, divided
from cartwheel.serve.evidence.table import TypedTable

NAME = "studies.csv"


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
    files : tuple of FileSaid
        Files that are pooled with it.
    name : str
        Of the CSV.
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
    files: tuple[FileSaid, ...] = ()
    name: str = NAME

    @property
    def unfit(self) -> tuple[str, ...]:
        """Rows of table and files that are wrong or not finished, as a plan names them."""
        return (
            *_named(self.left_out, self.name if self.files else ""),
            *(row for file in self.files for row in file.left_out),
        )

    @property
    def waits(self) -> bool:
        """Whether a file is still being read."""
        return any(file.state == "being read" for file in self.files)

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
    table: TypedTable,
    plan: Mapping[str, Any],
    pool: str = "",
    view: str = "forest",
    files: Sequence[KeptRows] = (),
    name: str = NAME,
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
    files : sequence of KeptRows
        Pooled together with the table.
    name : str
        Of the table as a file, where another file has its own.

    Returns
    -------
    Looked
        A row that is not finished, or wrong, is said so and left out of this drawing. Nothing is
        kept. What takes long (permutations, subsets, the referee) is left to the full run.
    """
    ready = divided(table)
    if not ready.table.filled and not files:
        return Looked(ready, meanings(ready))
    try:
        wanted = pool_plan_from_dict({**plan, "permutations": 0, "gosh": False, "prisma": None})
    except Refused as refused:
        return Looked(ready, meanings(ready), problems=refused.problems)
    with TemporaryDirectory(prefix="cartwheel-") as folder:
        opened = [_opened(one, wanted, Path(folder)) for one in files]
        try:
            typed = _typed(ready, Path(folder) / name, wanted)
            return _looked(ready, (typed, opened), wanted, (pool, view), name)
        except Refused as refused:
            said = tuple(one if isinstance(one, FileSaid) else one[1] for one in opened)
            return Looked(ready, meanings(ready), problems=refused.problems, files=said, name=name)


def refusals(
    csv: str, plan: Mapping[str, Any], files: Sequence[KeptRows] = (), name: str = NAME
) -> tuple[Problem, ...]:
    """Tell why the full run would refuse a table, before it is asked for.

    Parameters
    ----------
    csv : str
        The table; empty where there are files alone.
    plan : mapping
        Of the run.
    files : sequence of KeptRows
        Pooled with it, all of them read.
    name : str
        Of the table as a file.

    Returns
    -------
    tuple of Problem
        Empty where the table can be read: a row that is wrong, and stands in no pool with others,
        is left out by number, as on the command line.
    """
    try:
        wanted = pool_plan_from_dict({**plan, "prisma": None})
        with TemporaryDirectory(prefix="cartwheel-") as folder:
            path = Path(folder) / name
            path.write_text(csv, encoding="utf-8")
            opened = [opened_rows(one, wanted, Path(folder)) for one in files]
            read_studies([*([path] if csv else []), *opened], plan=wanted)
    except Refused as refused:
        return refused.problems
    return ()


Opened = tuple[OpenTable | ResultRows, FileSaid, tuple[ReadRow, ...]]


def _opened(kept: KeptRows, plan: PoolPlan, folder: Path) -> Opened | FileSaid:
    """Open a file with what its rows have against them; only the latter where it cannot be."""
    if kept.state == "being read":
        return FileSaid(kept.name, "being read")
    try:
        found = opened_rows(kept, plan, folder)
        read = (
            tuple(read_rows(found, plan, {}, with_file=True))
            if isinstance(found, OpenTable)
            else ()
        )
    except Refused as refused:
        return FileSaid(kept.name, "wrong", problems=problems_of(refused, kept.name))
    bad = [row for row in read if row.findings.faults]
    problems = tuple(fault for row in bad for fault in row.findings.faults)
    out = _named([row.number for row in bad], kept.name)
    return found, FileSaid(kept.name, "read", 0, problems, out), read


def _named(rows: Sequence[int], file: str) -> tuple[str, ...]:
    """Name rows as a plan does: with their file where there are several."""
    return tuple(f"{file}:{number}" if file else f"row {number}" for number in rows)


def _typed(ready: Divided, path: Path, plan: PoolPlan) -> OpenTable | None:
    if not ready.table.filled:
        return None
    path.write_text(ready.table.csv, encoding="utf-8")
    return open_table(path, plan)


def _looked(
    ready: Divided,
    given: tuple[OpenTable | None, Sequence[Opened | FileSaid]],
    plan: PoolPlan,
    asked: tuple[str, str],
    name: str,
) -> Looked:
    typed, opened = given
    several = bool(opened)
    read = [] if typed is None else read_rows(typed, plan, {}, with_file=several)
    bad = tuple(row.number for row in read if row.findings.faults)
    sound = [one for one in opened if not isinstance(one, FileSaid)]
    out = (
        *_named(bad, name if several else ""),
        *(row for one in sound for row in one[1].left_out),
    )
    fit = plan.model_copy(update={"leave_out": (*plan.leave_out, *out)})
    problems: tuple[Problem, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    studies: tuple[Study, ...] = ()
    notes: tuple[Note, ...] = ()
    if any(row.study is not None for row in (*read, *(row for one in sound for row in one[2]))) or (
        any(isinstance(one[0], ResultRows) for one in sound)
    ):
        try:
            table = read_studies(
                [*([] if typed is None else [typed]), *(one[0] for one in sound)], plan=fit
            )
            studies = table.studies
            notes = tuple(one for one in table.notes if one.code not in ("left_out", "no_numbers"))
            analyses = analyses_of(table, fit)
        except Refused as refused:
            problems = refused.problems
    chosen = _chosen(analyses, asked[0])
    here, elsewhere = _divided_notes(notes, analyses, chosen)
    by_number = {study.row: study for study in studies if study.file == name}
    keys = {number: row.key for number, row in enumerate(ready.table.filled, start=2)}
    return Looked(
        ready,
        meanings(ready),
        tuple(
            said_of(keys[row.number], row, by_number.get(row.number), ready)
            for row in read
            if row.number in keys
        ),
        problems,
        analyses,
        chosen,
        None if chosen is None else forest_of(chosen, asked[1]),
        (*(() if chosen is None else chosen.notes), *here),
        elsewhere,
        bad,
        tuple(_counted(one, studies) for one in opened),
        name,
    )


def _counted(one: Opened | FileSaid, studies: Sequence[Study]) -> FileSaid:
    if isinstance(one, FileSaid):
        return one
    said = one[1]
    return replace(said, studies=sum(study.used and study.file == said.name for study in studies))


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
