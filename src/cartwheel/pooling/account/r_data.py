"""Studies as R writes them down: texts, numbers, a data frame for each pool."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cartwheel.pooling.analysis.columns import Column, column_of
from cartwheel.pooling.result import Pool
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_studies import Counts, Study

CUTOFF = "cutoff"


@dataclass(frozen=True, slots=True)
class Block:
    """One pool and the rows behind it.

    Parameters
    ----------
    number : int
        Of the pool, from 1.
    analysis : Analysis
        What was found.
    studies : tuple of Study
        Its rows, in the order of ``analysis.studies``.
    clusters : bool
        Whether two rows share a cluster.
    """

    number: int
    analysis: Analysis
    studies: tuple[Study, ...]
    clusters: bool


def blocks_of(pool: Pool) -> tuple[Block, ...]:
    """Find the rows of each pool of two studies or more.

    Parameters
    ----------
    pool : Pool
        Its analyses and rows.

    Returns
    -------
    tuple of Block
        In the order of the analyses, numbered among all of them.
    """
    return tuple(
        Block(
            number,
            analysis,
            studies := _members(pool.studies, analysis),
            len({study.cluster for study in studies}) < len(studies),
        )
        for number, analysis in enumerate(pool.analyses, start=1)
        if analysis.k > 1
    )


def _members(studies: Sequence[Study], analysis: Analysis) -> tuple[Study, ...]:
    here = (analysis.group, analysis.outcome, analysis.measure)
    own = {
        (study.file, study.row, study.study): study
        for study in studies
        if study.used and (study.group, study.outcome, study.measure) == here
    }
    return tuple(own[row.file, row.row, row.study] for row in analysis.studies)


def r_text(text: str) -> str:
    r"""Write a text as R reads it, in ASCII.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        In double quotes; other letters as escapes.

    Examples
    --------
    >>> print(r_text('a "b"'), r_text("M" + chr(252) + "ller"))
    "a \"b\"" "M\u00fcller"
    """
    signs = []
    for sign in text:
        code = ord(sign)
        if sign in '"\\':
            signs.append("\\" + sign)
        elif 32 <= code < 127:
            signs.append(sign)
        elif code > 0xFFFF:
            signs.append(f"\\U{code:08x}")
        else:
            # R takes no escape for nothing at all
            signs.append(f"\\u{code:04x}" if code else " ")
    return '"' + "".join(signs) + '"'


def comment(text: str) -> str:
    """Write a text into one comment line.

    Parameters
    ----------
    text : str
        Any; line breaks of every kind become spaces.

    Returns
    -------
    str
    """
    return "# " + " ".join(text.split())


def r_number(value: float | None) -> str:
    """Write a number with all its digits.

    Parameters
    ----------
    value : float or None
        None is a missing value.

    Returns
    -------
    str
    """
    if value is None or math.isnan(value):
        return "NA"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return f"{int(value)}" if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def vector(name: str, items: Sequence[str]) -> str:
    """Write one argument ``name = c(...)``, with line breaks where it is long.

    Parameters
    ----------
    name : str
        Of the column.
    items : sequence of str
        As R writes them.

    Returns
    -------
    str
    """
    lines, line = [], f"  {name} = c("
    for place, item in enumerate(items):
        piece = item + ("," if place < len(items) - 1 else ")")
        if len(line) + len(piece) > 96 and not line.endswith("("):
            lines.append(line.rstrip())
            line = "    "
        line += piece + " "
    return "\n".join([*lines, line.rstrip()])


def numbers(name: str, values: Sequence[float | None]) -> str:
    """Write a column of numbers.

    Parameters
    ----------
    name : str
        Of the column.
    values : sequence of (float or None)
        Its values.

    Returns
    -------
    str
    """
    return vector(name, [r_number(value) for value in values])


def texts(name: str, values: Sequence[str]) -> str:
    """Write a column of texts; an empty one is missing.

    Parameters
    ----------
    name : str
        Of the column.
    values : sequence of str
        Its values.

    Returns
    -------
    str
    """
    return vector(name, [r_text(value) if value else "NA" for value in values])


def count_columns(block: Block) -> list[str]:
    """Write the counts of a pool by metafor's letters, where every row has them.

    Parameters
    ----------
    block : Block
        The pool.

    Returns
    -------
    list of str
        Empty where a row has none.
    """
    counts = [study.counts for study in block.studies if study.counts is not None]
    if len(counts) < len(block.studies):
        return []
    if block.analysis.measure == "proportion":
        return [numbers("xi", [c.events for c in counts]), numbers("ni", [c.n for c in counts])]
    if any(one.reference_events is None for one in counts):
        return []
    if block.analysis.measure == "IRR":
        return _rates(counts)
    return [
        numbers("ai", [c.events for c in counts]),
        numbers("n1i", [c.n for c in counts]),
        numbers("ci", [c.reference_events for c in counts]),
        numbers("n2i", [c.reference_n for c in counts]),
    ]


def _rates(counts: Sequence[Counts]) -> list[str]:
    if any(one.person_time is None for one in counts):
        return []
    return [
        numbers("x1i", [c.events for c in counts]),
        numbers("t1i", [c.person_time for c in counts]),
        numbers("x2i", [c.reference_events for c in counts]),
        numbers("t2i", [c.reference_person_time for c in counts]),
    ]


def regressors(block: Block) -> dict[str, Column]:
    """Find the columns that the regressions of a pool name.

    Parameters
    ----------
    block : Block
        The pool.

    Returns
    -------
    dict of str to Column
        Column to its values; the studies' own cut-offs among them.
    """
    named = dict.fromkeys(name for one in block.analysis.regressions for name in one.columns)
    found = {name: column_of(block.studies, name) for name in named}
    return {name: column for name, column in found.items() if column is not None}


def data_frame(block: Block) -> list[str]:
    """Write the rows of a pool as a data frame ``d``.

    Parameters
    ----------
    block : Block
        The pool.

    Returns
    -------
    list of str
        Lines: label, effect and standard error on the analysis scale, patients, counts, cluster,
        and the columns of subgroups (``g1``, ...) and regressions (``x1``, ...).
    """
    studies = block.studies
    columns = [
        texts("study", [study.study for study in studies]),
        numbers("yi", [row.effect for row in block.analysis.studies]),
        numbers("sei", [row.std_error for row in block.analysis.studies]),
        *count_columns(block),
    ]
    if not any(column.startswith("  ni =") for column in columns) and any(s.n for s in studies):
        columns.append(numbers("ni", [study.n for study in studies]))
    if block.clusters:
        columns.append(texts("cluster", [study.cluster for study in studies]))
    for place, groups in enumerate(block.analysis.subgroups, start=1):
        level = {at: row.level for row in groups.rows for at in row.rows}
        columns.append(texts(f"g{place}", [level.get(at, "") for at in range(len(studies))]))
    for place, column in enumerate(regressors(block).values(), start=1):
        written = (
            texts(f"x{place}", column.texts)
            if column.numbers is None
            else numbers(f"x{place}", column.numbers)
        )
        columns.append(written)
    return ["d <- data.frame(", *(f"{one}," for one in columns), "  stringsAsFactors = FALSE", ")"]
