"""Several outcomes of the same studies beside each other: PFS and OS in one figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import percentage, sentence
from cartwheel.figures.pooling.drawing import (
    Page,
    area,
    drawn_of,
    shortened,
    text_width,
    titled,
)
from cartwheel.figures.pooling.measure import (
    Measure,
    effect_axis,
    head,
    measure_of,
    name_inside,
    on_scale,
    reach,
    written,
    written_limits,
)
from cartwheel.figures.pooling.rows import SIZE, Column, Forest, Row, draw_forest, draw_row
from cartwheel.figures.style import BLUE, DOUBLE, GREY, RULE, leading, write
from cartwheel.figures.wording import say

_MOST = 3
_MARGIN = 0.2
# between what one outcome writes and the arrows of the next, in cm
_GAP = 0.45


def families(pool: Mapping[str, Any]) -> list[list[int]]:
    """Find analyses of the same measure and set, with at least one study in common.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.

    Returns
    -------
    list of list of int
        Places of the analyses, two or three a family. A set that is named after its outcome
        (``emd_pfs``, ``emd_os``) counts without it.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for place, analysis in enumerate(pool["analyses"]):
        found.setdefault((_family(analysis), str(analysis["measure"])), []).append(place)
    wide = []
    for places in found.values():
        for start in range(0, len(places), _MOST):
            chosen = places[start : start + _MOST]
            names = [{one["study"] for one in pool["analyses"][i]["studies"]} for i in chosen]
            pooled = any(pool["analyses"][i]["k"] > 1 for i in chosen)
            if len(chosen) > 1 and pooled and set.intersection(*names):
                wide.append(chosen)
    return wide


def _family(analysis: Mapping[str, Any]) -> str:
    outcome = re.escape(str(analysis["outcome"]))
    return re.sub(rf"[\s_\-,]*{outcome}$", "", str(analysis["group"]), flags=re.IGNORECASE)


@drawn_of
def outcomes_side_by_side(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw two or three outcomes beside each other, a row for every study.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which of the `families`.
    page : Page
        In one column the outcomes stand below each other, on one axis.

    Returns
    -------
    Figure
        A study without an outcome leaves its place empty.
    """
    chosen = [pool["analyses"][index] for index in families(pool)[place]]
    measure = measure_of(chosen[0])
    outcomes = outcomes_of(chosen)
    title = sentence(
        say("{outcomes}: {measure}", outcomes=outcomes, measure=name_inside(chosen[0]))
    )
    if not page.wide:
        return _stacked(pool, chosen, title, page)
    keys = list(dict.fromkeys(key for analysis in chosen for key in _keys(analysis)))
    room = min(max([text_width(name, SIZE) for name, _ in keys] + [2.6]) + 0.3, 4.2)
    labels = [shortened(name, room - 0.1, SIZE, 2) for name, _ in keys]
    heights = [leading(SIZE) * len(lines) + 0.16 for lines in labels]
    last = leading(SIZE) + 0.28
    tail = [last, *([last] if any(_expected(analysis) for analysis in chosen) else [])]
    body = sum(heights) + sum(tail)
    width = (DOUBLE - 2 * _MARGIN - room) / len(chosen)
    heads = [_heading(analysis, width) for analysis in chosen]
    below, above = 1.7, leading(SIZE) * max(map(len, heads)) + 0.3
    figure, sheet = titled(pool, title, below + body + above, page)
    bold = {"fontsize": SIZE, "fontweight": "bold"}
    write(sheet, (_MARGIN, below + body + above / 2), [say("Study")], **bold)
    for level in (below + body, below + body + above):
        sheet.plot([_MARGIN, DOUBLE - _MARGIN], [level, level], color=RULE, linewidth=0.8)
    ends = _common_ends(chosen, measure)
    levels = _levels(keys, [*heights, *tail], body)
    for index, analysis in enumerate(chosen):
        left = _MARGIN + room + index * width
        box = (left, below, width, body)
        _outcome(figure, sheet, analysis, page, box, (ends, levels))
        write(sheet, (left + width, below + body + above / 2), heads[index], ha="right", **bold)
    for key, lines in zip(keys, labels, strict=True):
        write(sheet, (_MARGIN, below + levels[key]), lines, fontsize=SIZE)
    write(sheet, (_MARGIN, below + levels[0]), [say("Pooled")], **bold)
    if len(tail) > 1:
        words = shortened(say("Prediction interval"), room, SIZE)
        write(sheet, (_MARGIN, below + levels[1]), words, fontsize=SIZE)
    write(sheet, (_MARGIN, 0.3), [say("I², %")], fontsize=SIZE)
    return figure


def outcomes_of(chosen: Sequence[Mapping[str, Any]]) -> str:
    """Name the outcomes of analyses as a line lists them.

    Parameters
    ----------
    chosen : sequence of mapping
        Analyses as JSON, at least one.

    Returns
    -------
    str
        Such as ``PFS and OS``.
    """
    names = [str(analysis["outcome"]) for analysis in chosen]
    return reduce(lambda one, other: say("{one} and {other}", one=one, other=other), names)


def _heading(analysis: Mapping[str, Any], width: float) -> list[str]:
    words = shortened(sentence(str(analysis["outcome"])), width - 0.4, SIZE, 2, bold=True)
    return [*words, head(measure_of(analysis), [analysis["main"]["pooled"]])]


def _stacked(
    pool: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]], title: str, page: Page
) -> Figure:
    measure, rows = measure_of(chosen[0]), list[Row]()
    for analysis in chosen:
        head_words = sentence(str(analysis["outcome"]))
        share = analysis["heterogeneity"]["i2"]["value"]
        if share is not None:
            head_words = say("{outcome}, I² {i2}%", outcome=head_words, i2=percentage(share))
        rows.append(Row("heading", head_words))
        heaviest = max(one["weight_percent"] or 0.0 for one in analysis["studies"]) or 1.0
        for one in analysis["studies"]:
            cells = (written(one["estimate"], measure),)
            weight = (one["weight_percent"] or 0.0) / heaviest
            rows.append(Row("study", str(one["study"]), one["estimate"], cells, weight))
        if analysis["k"] > 1:
            pooled = analysis["main"]["pooled"]
            rows.append(Row("pooled", say("Pooled"), pooled, (written(pooled, measure),)))
        expected = _expected(analysis)
        if expected:
            cells = (written_limits(expected, measure),)
            rows.append(Row("prediction", say("Prediction interval"), expected, cells))
    columns = (Column((head(measure, [chosen[0]["main"]["pooled"]]),), kept=True),)
    null = chosen[0]["null_value"]
    return draw_forest(pool, Forest(title, say("Study"), measure, null, tuple(rows), columns), page)


def _keys(analysis: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Label of every study, and which of that label it is: one may have several rows."""
    labels = [str(one["study"]) for one in analysis["studies"]]
    return [(label, labels[:index].count(label)) for index, label in enumerate(labels)]


def _levels(keys: Sequence[Any], heights: Sequence[float], body: float) -> dict[Any, float]:
    """Middle of each row above the axis, by study; 0 and 1 are the pooled rows."""
    levels = {}
    top = body
    for key, height in zip([*keys, 0, 1], heights, strict=False):
        levels[key] = top - height / 2
        top -= height
    return levels


def _common_ends(chosen: Sequence[Mapping[str, Any]], measure: Measure) -> tuple[float, float]:
    every = [one["estimate"] for analysis in chosen for one in analysis["studies"]]
    every += [analysis["main"]["pooled"] for analysis in chosen]
    every += [found for found in map(_expected, chosen) if found]
    return reach(
        measure,
        chosen[0]["null_value"],
        [one["value"] for one in every],
        [one[side] for one in every for side in ("low", "high")],
    )


def _expected(analysis: Mapping[str, Any]) -> dict[str, Any] | None:
    main = analysis["main"]
    if main["prediction_low"] is None or main["prediction_high"] is None:
        return None
    return {"value": None, "low": main["prediction_low"], "high": main["prediction_high"]}


def _outcome(
    figure: Figure,
    sheet: Axes,
    analysis: Mapping[str, Any],
    page: Page,
    place: tuple[float, float, float, float],
    shared: tuple[tuple[float, float], Mapping[Any, float]],
) -> None:
    left, below, width, body = place
    ends, levels = shared
    measure = measure_of(analysis)
    pooled = analysis["main"]["pooled"]
    texts = [written(one["estimate"], measure) for one in analysis["studies"]]
    room = max(text_width(text, 7.0) for text in texts)
    room = max(room, text_width(written(pooled, measure), 7.0, bold=True)) + 0.1
    axes = area(figure, page, (left + _GAP, below, width - room - _GAP - 0.2, body))
    axes.patch.set_visible(False)
    effect_axis(axes, measure, ends)
    axes.set_ylim(0, body)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if analysis["null_value"] is not None:
        axes.axvline(analysis["null_value"], color=GREY, linewidth=0.9, zorder=1)
    axes.axvline(pooled["value"], color=BLUE, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
    edge = left + width
    heaviest = max(one["weight_percent"] or 0.0 for one in analysis["studies"]) or 1.0
    for key, one, text in zip(_keys(analysis), analysis["studies"], texts, strict=True):
        level = levels[key]
        row = Row("study", "", one["estimate"], share=(one["weight_percent"] or 0.0) / heaviest)
        draw_row(axes, row, level, 0.5)
        write(sheet, (edge, below + level), [text], ha="right", fontsize=7.0)
    if analysis["k"] > 1:
        draw_row(axes, Row("pooled", "", pooled), levels[0], 0.5)
        write(sheet, (edge, below + levels[0]), [written(pooled, measure)], ha="right",
              fontsize=7.0, fontweight="bold")  # fmt: skip
    expected = _expected(analysis)
    if expected:
        draw_row(axes, Row("prediction", "", expected), levels[1], 0.5)
        write(sheet, (edge, below + levels[1]), [written_limits(expected, measure)], ha="right",
              fontsize=7.0)  # fmt: skip
    middle = left + _GAP + (width - room - _GAP - 0.2) / 2
    name = on_scale(measure, "log" if measure.ratio else "identity")
    write(sheet, (middle, below - 0.8), [name], ha="center", fontsize=7.0)
    share = analysis["heterogeneity"]["i2"]["value"]
    if share is not None:
        write(sheet, (edge, 0.3), [percentage(share)], ha="right", fontsize=SIZE)
