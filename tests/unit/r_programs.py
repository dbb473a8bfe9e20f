"""Run the R programs that results are repeated by, and hold what they print against the JSON."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scipy.special import ndtr, stdtrit
from score_examples import bare_document

from cartwheel.canonical import plain
from cartwheel.clinic.score import score_from_document
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.report.r_script import r_script

PACKAGES = (
    "survival", "pROC", "Hmisc", "riskRegression", "prodlim", "cmprsk", "metafor",
)  # fmt: skip
Rows = list[dict[str, str]]


@lru_cache(maxsize=1)
def _lacking() -> str:
    """Why no program can be run here; empty where it can."""
    if shutil.which("Rscript") is None:
        return "Rscript is not installed: the program was written, not run"
    asked = (
        f"cat(setdiff(c({', '.join(map(json.dumps, PACKAGES))}), rownames(installed.packages())))"
    )
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", asked], capture_output=True, text=True, check=False
    )
    return f"R lacks the packages {done.stdout}" if done.stdout.strip() else ""


def needs_r() -> None:
    """Skip where R or one of its packages is absent."""
    if why := _lacking():
        pytest.skip(why)


def as_json(document: Any) -> dict[str, Any]:
    """The document as it is read from its file."""
    found: dict[str, Any] = json.loads(json.dumps(plain(document)))
    return found


def run_program(
    folder: Path,
    document: dict[str, Any],
    data: Path,
    scores: Sequence[ScoreSpec] = (),
    resamples: int = 0,
    permutations: int | None = None,
    text: str | None = None,
) -> Rows:
    """Write the program, or another ``text``, run it, and read the table that it prints."""
    needs_r()
    program = folder / "program.R"
    program.write_text(text or r_script(document, scores), encoding="utf-8")
    more = [] if permutations is None else [str(permutations)]
    done = subprocess.run(
        ["Rscript", "--vanilla", str(program), str(data), str(resamples), *more],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows, done.stderr
    return rows


def at(document: Any, place: str) -> Any:
    """The value at a place; raises where there is none."""
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", place):
        document = document[int(part[1:-1])] if part.startswith("[") else document[part]
    return document


def differing(document: dict[str, Any], rows: Rows) -> list[str]:
    """Printed numbers that rest on data and are not those of the JSON."""
    found = []
    for row in rows:
        if row["rests_on"] != "data":
            continue
        here, there = at(document, row["place"]), float(row["value"])
        # 1e-8 where the number is 0, or as good as 0, in one of the two programs; an I2 is in
        # percent, and metafor's tau2 stops short of 0
        least = 1e-6 if row["place"].endswith(".i2") else 1e-8
        size = 0.0 if here is None else max(abs(here), _width(document, row["place"]))
        if here is None or abs(here - there) > 1e-6 * size + least:
            found.append(f"{row['place']}: {here} here, {there} in R")
    return found


def too_far_apart(rows: Rows, draws: float = 1.0, few: int | None = None) -> list[str]:
    """Printed numbers that rest on random numbers and differ by more than chance explains.

    ``draws`` is how many R drew for each that cartwheel drew. Four standard errors of the
    difference, R's own Monte-Carlo error taken for both: a normal number is farther once in 16,000.
    Of ``few`` draws the error itself is not well known, and Student's t is farther as seldom.
    """
    errors = 4.0 if few is None else float(stdtrit(few - 1, ndtr(4.0)))
    found = []
    for row in rows:
        if row["rests_on"] != "random numbers" or not row["cartwheel"]:
            continue
        there, here = float(row["value"]), float(row["cartwheel"])
        limit = errors * float(row["mc_error"] or 0.0) * (1.0 + draws) ** 0.5
        # what does not vary over the draws is the same number, but for rounding
        if abs(here - there) > limit + 1e-9 * max(1.0, abs(here)):
            found.append(f"{row['place']}: {here} here, {there} in R, error {row['mc_error']}")
    return found


def _width(document: dict[str, Any], place: str) -> float:
    """Width of the interval that a limit is of: one near 0 is no better known than the other."""
    whole, _, end = place.rpartition(".")
    if end not in ("low", "high") or not isinstance(found := at(document, whole), dict):
        return 0.0
    limits = found.get("low"), found.get("high")
    return 0.0 if None in limits else abs(limits[1] - limits[0])


def _numbers(part: Any, place: str) -> Iterator[str]:
    if isinstance(part, dict):
        for key, item in part.items():
            yield from _numbers(item, f"{place}.{key}")
    elif isinstance(part, list):
        for number, item in enumerate(part):
            yield from _numbers(item, f"{place}[{number}]")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield place


def not_printed(document: dict[str, Any], rows: Rows, known: Sequence[str]) -> list[str]:
    """Numbers of the result that the program did not print, without those ``known``."""
    printed = {row["place"] for row in rows}
    reasons = re.compile("|".join(known))
    return [
        place
        for place in _numbers(document["result"], "result")
        if place not in printed and not reasons.search(place)
    ]


def linear_score(
    name: str,
    terms: dict[str, str],
    risk: dict[str, Any] | None,
    cuts: Sequence[str] = (),
    observed: Sequence[dict[str, Any]] = (),
    **parts: Any,
) -> ScoreSpec:
    """An invented score: a sum of columns, with a risk or bands."""
    outcome = {"name": "event", "kind": "binary", "definition": "the event", "adverse": "high"}
    document = bare_document(
        id=name,
        title=name,
        inputs=[
            {"name": key, "label": key, **({"unit": "years"} if key == "age" else {})}
            for key in terms
        ],
        terms=[
            {"kind": "linear", "name": key, "input": key, "coefficient": Decimal(text)}
            for key, text in terms.items()
        ],
        outcome={**outcome, **parts},
        examples=[{"inputs": {key: "0 years" if key == "age" else 0 for key in terms}, "value": 0}],
    )
    if risk is not None:
        document["risk"] = risk
    if cuts:
        document["bands"] = _bands(cuts, observed)
    return score_from_document(document, where=name)


def _bands(cuts: Sequence[str], observed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    edges = [None, *map(Decimal, cuts), None]
    rows: list[dict[str, Any]] = []
    for number, (low, high) in enumerate(pairwise(edges)):
        row: dict[str, Any] = {"name": f"b{number}"}
        if low is not None:
            row |= {"from": low, "from_inclusive": True}
        if high is not None:
            row |= {"to": high, "to_inclusive": False}
        if observed:
            row["observed"] = {"source": "there", **observed[number]}
        rows.append(row)
    return rows
