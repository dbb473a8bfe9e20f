"""A published pooled effect as it was printed: typed, or the rows of a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cartwheel.clinic.reading import RawTable
from cartwheel.errors import FileRefused, PlanRefused, Problem
from cartwheel.pooling.study.headers import measure_named, read_headers
from cartwheel.pooling.study.printed import (
    Printed,
    Unread,
    cell_text,
    read_interval,
    read_number,
)
from cartwheel.pooling.study.scales import outside, scale_of

MEASURES = ("HR", "OR", "RR", "IRR", "RD", "MD", "SMD", "proportion", "C", "OE", "slope")
_TYPED = re.compile(r"(?P<measure>[A-Za-z](?:[A-Za-z:/ -]*[A-Za-z])?)[\s:=,]*(?P<numbers>.*)")
_HEADING = re.compile(r"\(\s*(\d{2}(?:\.\d+)?\s*%\s*C\.?I\.?)\s*\)[\s:=,]*", re.IGNORECASE)
# the estimate before a bracket, a word or another number, with its own sign
_FIRST = re.compile(
    r"(?P<estimate>[+\-\u2212\u2013]?\d[\d.\u00b7\u2027\u22c5\u2219\u2022\u30fb]*+(?:,\d+)?+"
    r"(?:[eE][+-]?\d+)?+%?+)[\s,;]*+(?P<rest>[(\[{a-zA-Z\d].*)"
)
_PLAIN_WORDS = re.compile(r"^(?:pooled|summary|overall)\s+", re.IGNORECASE)
_NOTE_K = re.compile(r"(?:^|;)\s*(?:k\s*=\s*)?(\d{1,4})\s*(?:studies|cohorts)?\s*(?=;|$)", re.I)
_NOTE_I2 = re.compile(r"\bI(?:2|\u00b2|\^2)\s*=?\s*(\d{1,3}(?:\.\d+)?)\s*%", re.IGNORECASE)
_NOTE_P = re.compile(r"(?:^|[;,])\s*p\s*([<>=]\s*0?\.\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PooledClaim:
    """A pooled effect as printed.

    Parameters
    ----------
    label : str
        Of the publication.
    outcome : str
        May be empty.
    measure : str
        One of a ``Study``'s.
    estimate, low, high : Printed
        With the digits they were printed to.
    level : float
        Of the interval, in (0, 1).
    k : int or None
        Studies pooled.
    n : float or None
        Patients.
    i2, p : Printed or None
        I2 in per cent; p of the pooled effect, perhaps as a bound.
    row : int or None
        In the file; None where typed.
    source : str
        Where it was read.
    """

    label: str
    outcome: str
    measure: str
    estimate: Printed
    low: Printed
    high: Printed
    level: float
    k: int | None = None
    n: float | None = None
    i2: Printed | None = None
    p: Printed | None = None
    row: int | None = None
    source: str = ""

    @property
    def reported(self) -> str:
        """The numbers as printed."""
        words = f"{self.measure} {self.estimate.text} ({self.low.text}-{self.high.text})"
        if self.i2 is not None:
            words += f", I2 {self.i2.text.rstrip('% ')} %"
        return words if self.p is None else f"{words}, p {self.p.text.lstrip('pP =')}"


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a typed pooled effect, as text.

    Parameters
    ----------
    k, n, i2, p : str or None
        As printed.
    level : float
        Of the interval, where its text does not say.
    outcome, label : str
        May be empty.
    """

    k: str | None = None
    n: str | None = None
    i2: str | None = None
    p: str | None = None
    level: float = 0.95
    outcome: str = ""
    label: str = ""


def read_claim(text: str, beside: Beside) -> PooledClaim:
    """Read a pooled effect as a person types it from a paper.

    Parameters
    ----------
    text : str
        Measure, estimate and interval: ``HR 2.15 (1.74-2.66)``, with any dash, raised dots and
        words such as ``95% CI``.
    beside : Beside
        What else is printed.

    Returns
    -------
    PooledClaim

    Raises
    ------
    PlanRefused
        ``pooled_text``, ``measure_unknown``, ``text_number``, ``impossible_interval``,
        ``ratio_not_positive``, ``i2_range``, ``k``, ``n``, ``p_range`` or ``level``: all faults at
        once.
    """
    problems: list[Problem] = []
    where = f"--pooled '{text[:60]}'"
    # "HR (95% CI): 2.15 (1.74-2.66)": what stands in brackets before the numbers is no number
    heading = _HEADING.search(text)
    match = _TYPED.fullmatch(_HEADING.sub("", _PLAIN_WORDS.sub("", text.strip())))
    measure = measure_named(match["measure"]) if match else None
    if match is None:
        _say(problems, "pooled_text", "this needs a measure and three numbers", where)
    elif measure is None:
        what = f"'{match['measure'][:20]}' is no measure that is known"
        _say(problems, "measure_unknown", what, where, "one of " + ", ".join(MEASURES))
    if match is None or measure is None:
        raise PlanRefused(problems)
    cells = {**_numbers(match["numbers"], heading[1] if heading else ""), **_said(beside)}
    claim = _claim(cells, measure, where, beside, problems)
    if problems or claim is None:
        raise PlanRefused(problems)
    return claim


def _numbers(text: str, heading: str) -> dict[str, Any]:
    """Part the estimate from its interval, to which a level said before it belongs."""
    first = _FIRST.fullmatch(text)
    if first is None:
        return {"interval": f"{text} {heading}".strip()}
    return {"estimate": first["estimate"], "interval": f"{first['rest']} {heading}".strip()}


def claims_of(table: RawTable, beside: Beside) -> tuple[PooledClaim, ...]:
    """Read the pooled effects of a table.

    Parameters
    ----------
    table : RawTable
        Headers as of a study table, and ``k``, ``i2`` besides. Where a column ``row_type`` says
        ``pooled_target`` (or ``pooled``), only those rows are read. I2, p and a number of studies
        that stands alone are read from a column ``note`` too, if no column of their own says them.
    beside : Beside
        Fills what a row does not say.

    Returns
    -------
    tuple of PooledClaim
        In order of the file.

    Raises
    ------
    FileRefused
        ``no_pooled`` where there is no pooled effect; else all faults of all rows, by row.
    """
    names = [str(name) for name in table.frame.columns]
    headers = read_headers(names, where=table.name, said={})
    own = {_key(name): place for place, name in enumerate(names)}
    problems: list[Problem] = []
    found = []
    for place in range(len(table.frame)):
        cells = {role: table.frame.iat[place, at] for role, at in headers.places.items()}
        kind = _key(cell_text(cells.get("row_type")))
        if "row_type" in cells and not kind.startswith("pooled"):
            continue
        row = table.first_row + place
        for name in ("k", "i2", "note"):
            at = own.get(name, own.get("studies") if name == "k" else None)
            if at is not None:
                cells[name] = table.frame.iat[place, at]
        where = f"{table.name}, row {row}"
        measure = headers.measure or measure_named(cell_text(cells.get("measure")))
        if measure is None:
            _say(problems, "measure_unknown", "the row names no measure", where)
            continue
        claim = _claim({**_said(beside), **_filled(cells)}, measure, where, beside, problems, row)
        if claim is not None:
            found.append(claim)
    if problems:
        raise FileRefused(problems)
    if not found:
        mend = "mark its rows with pooled_target in a column row_type, or type it: --pooled"
        raise FileRefused(
            Problem("no_pooled", "the table holds no pooled result", table.name, mend)
        )
    return tuple(found)


def _said(beside: Beside) -> dict[str, Any]:
    said = {"k": beside.k, "n": beside.n, "i2": beside.i2, "p": beside.p}
    said |= {"outcome": beside.outcome or None, "study": beside.label or None}
    return {name: value for name, value in said.items() if value is not None}


def _filled(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Keep cells that hold something; I2, p and k from the note where nothing else says them."""
    kept = {role: cell for role, cell in cells.items() if cell_text(cell)}
    note = cell_text(kept.pop("note", ""))
    for role, pattern in (("i2", _NOTE_I2), ("p", _NOTE_P), ("k", _NOTE_K)):
        found = pattern.search(note)
        if found is not None:
            kept.setdefault(role, found[1])
    return kept


def _claim(
    cells: Mapping[str, Any],
    measure: str,
    where: str,
    beside: Beside,
    problems: list[Problem],
    row: int | None = None,
) -> PooledClaim | None:
    before = len(problems)
    read = _Cells(cells, where, problems)
    level = beside.level
    found: Three
    positive = scale_of(measure) != "identity"
    limits = read_interval(cells["interval"], positive=positive) if "interval" in cells else None
    if isinstance(limits, Unread):
        problems.append(Problem(limits.code, limits.what, where, limits.mend))
        return None
    if limits is not None:
        level = limits.level or beside.level
        found = (limits.estimate or read.number("estimate"), limits.low, limits.high)
    else:
        found = (read.number("estimate"), read.number("low"), read.number("high"))
    k, n, i2, p = (read.number(role) for role in ("k", "n", "i2", "p"))
    estimate, low, high = _as_fractions(found) if measure == "proportion" else found
    if estimate is None or low is None or high is None:
        if len(problems) == before:
            mend = "write it as HR 2.15 (1.74-2.66)"
            _say(problems, "pooled_text", "estimate or interval is missing", where, mend)
        return None
    claim = PooledClaim(
        label=cell_text(cells.get("study")) or "pooled result",
        outcome=cell_text(cells.get("outcome")),
        measure=measure,
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        k=None if k is None or not math.isfinite(k.value) else int(k.value),
        n=None if n is None else n.value,
        i2=i2,
        p=p,
        row=row,
        source=cell_text(cells.get("doi")) or cell_text(cells.get("source")),
    )
    problems += _faults(claim, k, where)
    return claim if len(problems) == before else None


Three = tuple[Printed | None, Printed | None, Printed | None]


def _as_fractions(found: Three) -> Three:
    """Divide by 100 where one of the three carries a per cent sign: the others mean it too."""
    if not any(one is not None and one.percent for one in found):
        return found
    estimate, low, high = (
        one and replace(one, value=one.value / 100.0, half=one.half / 100.0) for one in found
    )
    return estimate, low, high


@dataclass(frozen=True, slots=True)
class _Cells:
    cells: Mapping[str, Any]
    where: str
    problems: list[Problem]

    def number(self, role: str) -> Printed | None:
        """Read a number that may be absent; one that cannot be read is a fault."""
        if role not in self.cells:
            return None
        found = read_number(self.cells[role], whole=role in {"k", "n"})
        if isinstance(found, Unread):
            place = f"{self.where}, {role}"
            self.problems.append(Problem(found.code, found.what, place, found.mend))
            return None
        return found


def _faults(claim: PooledClaim, k: Printed | None, where: str) -> Iterator[Problem]:
    """Find what cannot be: impossible intervals, and numbers out of range."""
    estimate, low, high = claim.estimate, claim.low, claim.high
    if any(one.bound for one in (estimate, low, high)):
        mend = "give the numbers themselves"
        yield Problem("pooled_text", "estimate and limits cannot be bounds", where, mend)
    edges = (0.0, 1.0) if scale_of(claim.measure) == "logit" else ()
    if any(
        outside(claim.measure, one.value) or one.value in edges for one in (estimate, low, high)
    ):
        what = f"a {claim.measure} and its limits lie inside its range"
        yield Problem("out_of_range", what, where, "check the digits, and per cent signs")
    elif not low.value < high.value:
        what = f"the interval {low.text} to {high.text} has no width, or is turned round"
        yield Problem("impossible_interval", what, where, "give lower and upper limit, in order")
    elif not low.value - low.half <= estimate.value + estimate.half or not (
        estimate.value - estimate.half <= high.value + high.half
    ):
        what = f"the interval {low.text} to {high.text} does not contain {estimate.text}"
        yield Problem(
            "impossible_interval", what, where, "look it up: one of the three is misprinted"
        )
    if not 0.0 < claim.level < 1.0:
        yield Problem("level", "a level lies between 0 and 1", where, "write --level 0.95")
    if k is not None and not (k.value >= 1 and k.value == int(k.value)):
        yield Problem("k", "the number of studies is a whole number from 1", where, "correct it")
    if claim.n is not None and not claim.n >= 1:
        yield Problem("n", "the number of patients is positive", where, "correct it")
    if claim.i2 is not None and not 0.0 <= claim.i2.value < 100.0:
        yield Problem("i2_range", "I2 lies from 0 to below 100 per cent", where, "correct it")
    if claim.p is not None and not 0.0 <= claim.p.value <= 1.0:
        yield Problem("p_range", "a p-value lies between 0 and 1", where, "correct it")


def _say(problems: list[Problem], code: str, what: str, where: str, mend: str = "") -> None:
    mend = mend or "write it as HR 2.15 (1.74-2.66)"
    problems.append(Problem(code, what, where, mend))


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.casefold().replace("\u00b2", "2"))
