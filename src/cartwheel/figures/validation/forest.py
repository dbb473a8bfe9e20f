"""Does a score work alike everywhere: its lines of subgroups and of centres."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.numbers import count, percentage
from cartwheel.figures.pooling.drawing import Page, drawn_of
from cartwheel.figures.pooling.measure import measures
from cartwheel.figures.validation.labels import label_of
from cartwheel.figures.validation.panels import Column, Line, draw_panels
from cartwheel.figures.wording import say


@drawn_of
def subgroups(result: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw a score in every subgroup, with all patients last.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; ``subgroups`` are read.
    page : Page
        In one column marks stand without their numbers.

    Returns
    -------
    Figure
        A group that is too small to be told says so.
    """
    score = result["scores"][place]
    lines: list[Line] = []
    every = [row for group in result["subgroups"] for row in group["rows"]]
    most = max((row["patients"] for row in every), default=1)
    for group in result["subgroups"]:
        lines.append(Line("heading", str(group["label"])))
        lines += [_line(row, score["name"], most) for row in group["rows"]]
    lines.append(_everybody(result, score))
    heads = (say("Group"), _columns(score, lines))
    return draw_panels(result, str(score["name"]), heads, lines, page)


@drawn_of
def centres(result: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw a score in every centre, the mean over centres, and where the next may lie.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; ``centres`` are read.
    page : Page
        In one column marks stand without their numbers.

    Returns
    -------
    Figure
        Diamonds span the interval of the mean, the bar is the prediction interval.
    """
    score = result["scores"][place]
    found = result["centres"]
    most = max((row["patients"] for row in found["rows"]), default=1)
    lines = [_line(row, score["name"], most) for row in found["rows"]]
    pooled = [row for row in found["heterogeneity"] if row["score"] == score["name"]]
    if pooled:
        means = {row["measure"]: row["pooled"] for row in pooled}
        lines.append(Line("pooled", say("Mean over centres"), "", means))
        ahead = {row["measure"]: _prediction(row) for row in pooled}
        ahead = {name: estimate for name, estimate in ahead.items() if estimate["low"] is not None}
        if ahead:
            lines.append(Line("prediction", say("Next centre (prediction)"), "", ahead))
    shares = {row["measure"]: f"I² {percentage(row['i2'])}%" for row in pooled}
    heads = (say("Centre"), _columns(score, lines, shares))
    return draw_panels(result, str(score["name"]), heads, lines, page)


def shown_in(rows: Iterable[Mapping[str, Any]], score: str) -> bool:
    """Say whether any of these groups tells anything of a score.

    Parameters
    ----------
    rows : iterable of mapping
        ``GroupRow`` as JSON.
    score : str
        Name.

    Returns
    -------
    bool
    """
    return any(_measures(row, score) for row in rows)


def _measures(row: Mapping[str, Any], score: str) -> dict[str, Mapping[str, Any]]:
    return {
        measure["name"]: measure["estimate"]
        for one in row["scores"]
        if one["score"] == score
        for measure in one["measures"]
        if measure["estimate"]["value"] is not None
    }


def _line(row: Mapping[str, Any], score: str, most: int) -> Line:
    counts = f"{count(row['events'])}/{count(row['patients'])}"
    if row["withheld"]:
        words = say("withheld: {reason}", reason=row["withheld"])
        return Line("withheld", str(row["group"]), counts, words=words)
    share = row["patients"] / most if most else 0.3
    return Line("group", str(row["group"]), counts, _measures(row, score), share)


def _prediction(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": None, "low": row["prediction_low"], "high": row["prediction_high"],
            "level": None}  # fmt: skip


def _everybody(result: Mapping[str, Any], score: Mapping[str, Any]) -> Line:
    measures = [*score["discrimination"], *score["calibration"]]
    told = {
        each["name"]: each["estimate"] for each in measures if each["estimate"]["value"] is not None
    }
    outcome = result["outcome"]
    counts = f"{count(outcome['events'])}/{count(outcome['patients'])}"
    return Line("pooled", say("All patients"), counts, told)


def _columns(
    score: Mapping[str, Any], lines: Iterable[Line], foot: Mapping[str, str] | None = None
) -> list[Column]:
    """Make a panel of each measure that a group has; its ideal, or no discrimination, is a line."""
    named = {name for line in lines if line.kind == "group" for name in line.estimates}
    known, found = measures(), []
    for each in (*score["discrimination"], *score["calibration"]):
        name, label = str(each["name"]), label_of(each)
        if name not in named:
            continue
        below = (foot or {}).get(name, "")
        if name == "observed_expected":
            found.append(Column(name, say("Observed / expected"), known["OE"], 1.0, below))
        elif name == "calibration_slope":
            found.append(Column(name, label, known["slope"], 1.0, below))
        else:
            found.append(Column(name, label, known["C"], 0.5, below))
    return found
