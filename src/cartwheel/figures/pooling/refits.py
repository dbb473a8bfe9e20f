"""The pooled effect again: without each study, study by study, under other models and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.numbers import count, p_value, percentage, score, sentence
from cartwheel.figures.pooling.drawing import Page, drawn_of, named
from cartwheel.figures.pooling.measure import head, measure_of, written
from cartwheel.figures.pooling.rows import Column, Forest, Row, draw_forest
from cartwheel.figures.wording import say


@drawn_of
def leave_one_out(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the pooled effect without each study in turn, over the interval of all.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``leave_one_out`` is read.
    page : Page
        In one column labels, axis and effects stand alone.

    Returns
    -------
    Figure
        The shaded band is the interval with all studies.
    """
    analysis = pool["analyses"][place]
    flagged = {one["row"] for one in analysis["influence"] if one["flagged"]}
    rows = [
        _refit(
            analysis, one, say("Without {study}", study=one["study"]), flagged=one["row"] in flagged
        )
        for one in analysis["leave_one_out"]
    ]
    foot: tuple[str, ...] = ()
    if any(row.flagged for row in rows):
        foot = (say("Diamond-shaped points: the study is influential by the usual rule."),)
    title = say("{name}: leave one out", name=named(analysis))
    words = (title, say("Study left out"), *foot)
    return _refits(pool, analysis, [*rows, _all(analysis)], words, page)


@drawn_of
def cumulative(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the pooled effect as study after study is added.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``cumulative`` is read.
    page : Page
        In one column labels, axis and effects stand alone.

    Returns
    -------
    Figure
        The shaded band is the interval with all studies.
    """
    analysis = pool["analyses"][place]
    rows = [
        _refit(analysis, one, f"+ {one['study']}" if index else str(one["study"]), flagged=False)
        for index, one in enumerate(analysis["cumulative"])
    ]
    words = (say("{name}: cumulative", name=named(analysis)), say("Study added"))
    return _refits(pool, analysis, [*rows, _all(analysis)], words, page)


@drawn_of
def models(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the pooled effect under the plan's model and under every other.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``main`` and ``models`` are read.
    page : Page
        In one column labels, axis and effects stand alone.

    Returns
    -------
    Figure
        The plan's model is the diamond.
    """
    analysis = pool["analyses"][place]
    measure = measure_of(analysis)
    main = analysis["main"]
    others = [model for model in analysis["models"] if model["name"] != main["name"]]
    rows = [
        Row("pooled" if model is main else "refit", sentence(model["name"]), model["pooled"],
            (written(model["pooled"], measure), _or_dash(model["tau2"], score),
             _or_dash(model["i2"], percentage)))
        for model in (main, *others)
    ]  # fmt: skip
    columns = (
        Column((head(measure, [main["pooled"]]),), kept=True),
        Column(("τ²",)),
        Column((say("I², %"),)),
    )
    return draw_forest(
        pool,
        Forest(
            title=say("{name}: other models", name=named(analysis)),
            head=say("Model"),
            measure=measure,
            null=analysis["null_value"],
            rows=tuple(rows),
            columns=columns,
            label_room=6.8,
            band=_interval(main["pooled"]),
        ),
        page,
    )


@drawn_of
def summary(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the pooled effect of every analysis of one measure, with its prediction interval.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which of the measures in `measures_of`.
    page : Page
        In one column labels, axis and effects stand alone.

    Returns
    -------
    Figure
        Diamonds are pooled, squares single studies.
    """
    code = measures_of(pool)[place]
    chosen = [one for one in pool["analyses"] if one["measure"] == code]
    measure = measure_of(chosen[0])
    rows = []
    for analysis in chosen:
        main = analysis["main"]
        alone = analysis["k"] == 1
        estimate = analysis["studies"][0]["estimate"] if alone else main["pooled"]
        cells = (
            count(analysis["k"]),
            written(estimate, measure),
            _or_dash(main["p_value"], p_value),
        )
        rows.append(Row("study" if alone else "pooled", named(analysis), estimate, cells))
    columns = (
        Column((say("Studies"),), left=True),
        Column((head(measure, [row.estimate for row in rows if row.estimate]),), kept=True),
        Column(("p",)),
    )
    return draw_forest(
        pool,
        Forest(
            title=say("{measure}: all analyses", measure=measure.name),
            head=say("Analysis"),
            measure=measure,
            null=chosen[0]["null_value"],
            rows=tuple(rows),
            columns=columns if chosen[0]["null_value"] is not None else columns[:2],
            label_room=6.8,
            foot=(say("Diamonds: pooled effects. Squares: single studies."),),
        ),
        page,
    )


def measures_of(pool: Mapping[str, Any]) -> list[str]:
    """Measures that more than two analyses have: those a summary is worth drawing for.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.

    Returns
    -------
    list of str
        In order of their first analysis.
    """
    codes = [str(one["measure"]) for one in pool["analyses"]]
    return [code for code in dict.fromkeys(codes) if codes.count(code) > 2]


def _refit(
    analysis: Mapping[str, Any], one: Mapping[str, Any], label: str, *, flagged: bool
) -> Row:
    estimate = one["estimate"]
    k = "" if estimate["n"] is None else count(estimate["n"])
    cells = (k, written(estimate, measure_of(analysis)), _or_dash(one["i2"], percentage),
             _or_dash(one["p_value"], p_value))  # fmt: skip
    return Row("refit", label, estimate, cells, flagged=flagged)


def _all(analysis: Mapping[str, Any]) -> Row:
    main = analysis["main"]
    cells = (count(analysis["k"]), written(main["pooled"], measure_of(analysis)),
             _or_dash(main["i2"], percentage), _or_dash(main["p_value"], p_value))  # fmt: skip
    return Row("pooled", say("All studies"), main["pooled"], cells)


def _refits(
    pool: Mapping[str, Any],
    analysis: Mapping[str, Any],
    rows: list[Row],
    words: tuple[str, ...],
    page: Page,
) -> Figure:
    title, first, *foot = words
    measure = measure_of(analysis)
    columns = [
        Column((say("Studies"),), left=True),
        Column((head(measure, [analysis["main"]["pooled"]]),), kept=True),
        Column((say("I², %"),)),
        Column(("p",)),
    ]
    return draw_forest(
        pool,
        Forest(
            title=title,
            head=first,
            measure=measure,
            null=analysis["null_value"],
            rows=tuple(rows),
            # a proportion has no value of no effect to be tested
            columns=tuple(columns if analysis["null_value"] is not None else columns[:3]),
            band=_interval(analysis["main"]["pooled"]),
            centre=analysis["main"]["pooled"]["value"],
            foot=tuple(foot),
        ),
        page,
    )


def _interval(estimate: Mapping[str, Any]) -> tuple[float, float] | None:
    if estimate["low"] is None or estimate["high"] is None:
        return None
    return float(estimate["low"]), float(estimate["high"])


def _or_dash(value: float | None, rule: Any) -> str:
    return "–" if value is None else str(rule(value))
