"""Several outcomes of the same studies beside each other: PFS and OS in one figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import percentage, sentence
from cartwheel.figures.pooling.drawing import drawn_of, shortened, text_width, titled
from cartwheel.figures.pooling.measure import (
    Measure,
    effect_axis,
    head,
    measure_of,
    reach,
    written,
    written_value,
)
from cartwheel.figures.pooling.rows import SIZE, Row, draw_row
from cartwheel.figures.style import BLUE, DOUBLE, GREY, RULE, leading, panel, write

_MOST = 3
_MARGIN = 0.2


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
def outcomes_side_by_side(pool: Mapping[str, Any], place: int) -> Figure:
    """Draw two or three outcomes beside each other, a row for every study.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which of the `families`.

    Returns
    -------
    Figure
        Double column; a study without an outcome leaves its place empty.
    """
    chosen = [pool["analyses"][index] for index in families(pool)[place]]
    measure = measure_of(chosen[0])
    keys = list(dict.fromkeys(key for analysis in chosen for key in _keys(analysis)))
    room = min(max([text_width(name, SIZE) for name, _ in keys] + [2.6]) + 0.3, 4.2)
    labels = [shortened(name, room - 0.1, SIZE, 2) for name, _ in keys]
    heights = [leading(SIZE) * len(lines) + 0.16 for lines in labels]
    last = leading(SIZE) + 0.28
    tail = [last, *([last] if any(_expected(analysis) for analysis in chosen) else [])]
    body = sum(heights) + sum(tail)
    below, above = 1.7, leading(SIZE) * 2 + 0.3
    title = " and ".join(str(analysis["outcome"]) for analysis in chosen)
    figure, sheet = titled(pool, sentence(f"{title}: {measure.name.lower()}"), below + body + above)
    bold = {"fontsize": SIZE, "fontweight": "bold"}
    write(sheet, (_MARGIN, below + body + above / 2), ["Study"], **bold)
    for level in (below + body, below + body + above):
        sheet.plot([_MARGIN, DOUBLE - _MARGIN], [level, level], color=RULE, linewidth=0.8)
    width = (DOUBLE - 2 * _MARGIN - room) / len(chosen)
    ends = _common_ends(chosen, measure)
    levels = _levels(keys, [*heights, *tail], body)
    for index, analysis in enumerate(chosen):
        left = _MARGIN + room + index * width
        _outcome(figure, sheet, analysis, (left, below, width, body), (ends, levels, above))
    for key, lines in zip(keys, labels, strict=True):
        write(sheet, (_MARGIN, below + levels[key]), lines, fontsize=SIZE)
    write(sheet, (_MARGIN, below + levels[0]), ["Pooled"], **bold)
    if len(tail) > 1:
        write(sheet, (_MARGIN, below + levels[1]), ["Prediction interval"], fontsize=SIZE)
    write(sheet, (_MARGIN, 0.3), ["I², %"], fontsize=SIZE)
    return figure


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
    place: tuple[float, float, float, float],
    shared: tuple[tuple[float, float], Mapping[Any, float], float],
) -> None:
    left, below, width, body = place
    ends, levels, above = shared
    measure = measure_of(analysis)
    pooled = analysis["main"]["pooled"]
    texts = [written(one["estimate"], measure) for one in analysis["studies"]]
    room = max(text_width(text, 7.0) for text in texts)
    room = max(room, text_width(written(pooled, measure), 7.0, bold=True)) + 0.1
    axes = panel(figure, left + 0.25, below, width - room - 0.45, body)
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
        limits = [written_value(expected[end], measure) for end in ("low", "high")]
        write(sheet, (edge, below + levels[1]), [" to ".join(limits)], ha="right", fontsize=7.0)
    heading = shortened(sentence(str(analysis["outcome"])), width - 0.4, SIZE, bold=True)
    write(sheet, (edge, below + body + above / 2), [*heading, head(measure, [pooled])], ha="right",
          fontsize=SIZE, fontweight="bold")  # fmt: skip
    middle = left + 0.25 + (width - room - 0.45) / 2
    scale = " (log scale)" if measure.ratio else ""
    write(sheet, (middle, below - 0.8), [f"{measure.name}{scale}"], ha="center", fontsize=7.0)
    share = analysis["heterogeneity"]["i2"]["value"]
    if share is not None:
        write(sheet, (edge, 0.3), [percentage(share)], ha="right", fontsize=SIZE)
