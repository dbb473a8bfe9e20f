"""Which figures a meta-analysis calls for, and all of them at once."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.journal import AtWidth
from cartwheel.figures.numbers import sentence
from cartwheel.figures.pooling.accuracy import accuracy_forest, summary_roc
from cartwheel.figures.pooling.forest import forest, subgroups
from cartwheel.figures.pooling.funnel import funnel
from cartwheel.figures.pooling.influence import baujat, influence, subset_cloud
from cartwheel.figures.pooling.lights import traffic_lights
from cartwheel.figures.pooling.records import fits_one_column, prisma_flow
from cartwheel.figures.pooling.refits import (
    cumulative,
    leave_one_out,
    measures_of,
    models,
    summary,
)
from cartwheel.figures.pooling.regression import bubble, drawable
from cartwheel.figures.pooling.side_by_side import (
    families,
    outcomes_of,
    outcomes_side_by_side,
)
from cartwheel.figures.saving import save_each, svg
from cartwheel.figures.wording import say

Draw = Callable[..., Figure]
Builder = Callable[[], Figure]


# Figures of one analysis: how to draw it, and when it says anything.
ANALYSIS_FIGURES: dict[str, tuple[Draw, Callable[[Mapping[str, Any]], Any]]] = {
    "forest": (forest, lambda analysis: analysis["studies"]),
    "accuracy_forest": (accuracy_forest, lambda analysis: analysis.get("accuracy")),
    "summary_roc": (summary_roc, lambda analysis: analysis.get("accuracy")),
    "models": (models, lambda analysis: analysis["models"]),
    "leave_one_out": (leave_one_out, lambda analysis: analysis["leave_one_out"]),
    "influence": (influence, lambda analysis: analysis["influence"]),
    "baujat": (
        baujat,
        lambda analysis: any(
            one["baujat_x"] is not None and one["baujat_y"] is not None
            for one in analysis["influence"]
        ),
    ),
    "cumulative": (cumulative, lambda analysis: analysis["cumulative"]),
    "subgroups": (subgroups, lambda analysis: analysis["subgroups"]),
    "bubble": (bubble, drawable),
    "funnel": (
        funnel,
        lambda analysis: analysis["k"] > 2 and analysis["main"]["effect"] is not None,
    ),
    "subset_cloud": (subset_cloud, lambda analysis: analysis["subsets"]),
}
# Figures of the whole: how to draw it, and how many there are.
POOL_FIGURES: dict[str, tuple[Draw, Callable[[Mapping[str, Any]], int]]] = {
    "prisma_flow": (prisma_flow, lambda pool: int(pool["flow"] is not None)),
    "summary": (summary, lambda pool: len(measures_of(pool))),
    "outcomes_side_by_side": (outcomes_side_by_side, lambda pool: len(families(pool))),
    "traffic_lights": (
        traffic_lights,
        lambda pool: sum(bool(one["studies"]) for one in pool["quality"]),
    ),
}


def _titles() -> dict[str, str]:
    return {
        "forest": say("Forest plot"),
        "accuracy_forest": say("Sensitivity and specificity"),
        "summary_roc": say("Summary ROC"),
        "models": say("Pooled effect under other models"),
        "leave_one_out": say("Pooled effect without each study"),
        "influence": say("Influence of each study"),
        "baujat": say("Baujat plot"),
        "cumulative": say("Pooled effect, study by study"),
        "subgroups": say("Subgroups"),
        "bubble": say("Meta-regression"),
        "funnel": say("Funnel plot"),
        "subset_cloud": say("Pooled effect of subsets of studies"),
        "prisma_flow": say("Flow of records (PRISMA 2020)"),
        "summary": say("Pooled effects of all analyses"),
        "outcomes_side_by_side": "",
        "traffic_lights": say("Risk of bias"),
    }


def pool_figures(document: Mapping[str, Any]) -> dict[str, Builder]:
    """Name every figure that a meta-analysis calls for, each ready to be drawn.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel pool``: ``kind``, ``schema``, ``provenance``, ``plan``, ``result``.

    Returns
    -------
    dict of str to function
        ``forest_1`` is the forest plot of the first analysis; figures of the whole come first.
        Nothing is drawn until a function is called.
    """
    pool = document["result"]
    builders: dict[str, Builder] = {}
    for name, (draw, number) in POOL_FIGURES.items():
        for place in range(number(pool)):
            ready = partial(draw, pool, place)
            narrow = name != "prisma_flow" or fits_one_column(pool)
            builders[f"{name}_{place + 1}"] = AtWidth(ready) if narrow else ready
    for place, analysis in enumerate(pool["analyses"]):
        for name, (draw, applies) in ANALYSIS_FIGURES.items():
            if applies(analysis):
                builders[f"{name}_{place + 1}"] = AtWidth(partial(draw, pool, place))
    return builders


def figure_title(document: Mapping[str, Any], name: str) -> str:
    """Title of a figure for those who hear a page instead of seeing it.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel pool``.
    name : str
        One of `pool_figures`.

    Returns
    -------
    str
        What it is, and of which analysis.
    """
    kind, _, number = name.rpartition("_")
    pool, place = document["result"], int(number) - 1
    title = _titles()[kind]
    if kind in ANALYSIS_FIGURES:
        return say("{title}: {name}", title=title, name=pool["analyses"][place]["name"])
    if kind == "traffic_lights":
        return say("{title} ({part})", title=title, part=pool["quality"][place]["tool"])
    if kind == "outcomes_side_by_side":
        chosen = [pool["analyses"][index] for index in families(pool)[place]]
        return sentence(say("{outcomes} side by side", outcomes=outcomes_of(chosen)))
    if kind == "summary":
        return say("{title} ({part})", title=title, part=measures_of(pool)[place])
    return title


def pool_svg(document: Mapping[str, Any], name: str) -> str:
    """Draw one figure as SVG.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel pool``.
    name : str
        One of `pool_figures`.

    Returns
    -------
    str
        One ``<svg>`` element that begins with its title; the same document gives the same text.
    """
    return _with_title(svg(pool_figures(document)[name]()), figure_title(document, name))


def pool_svgs(document: Mapping[str, Any], names: Iterable[str] | None = None) -> dict[str, str]:
    """Draw figures as SVG.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel pool``.
    names : iterable of str, optional
        Which of `pool_figures`; by default all.

    Returns
    -------
    dict of str to str
        Name to ``<svg>`` element; ids differ between figures, so that they can share a page.
    """
    builders = pool_figures(document)
    chosen = list(builders) if names is None else [name for name in names if name in builders]
    return {
        name: _with_title(svg(builders[name]()), figure_title(document, name)) for name in chosen
    }


def save_pool_figures(
    document: Mapping[str, Any],
    folder: str | os.PathLike[str],
    formats: Iterable[str] = ("svg", "pdf", "png"),
) -> tuple[Path, ...]:
    """Save every figure that a meta-analysis calls for in a folder that exists.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel pool``.
    folder : path
        Where to put them, as ``NAME.FORMAT``.
    formats : iterable of str
        Of ``svg``, ``pdf`` and ``png``.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    FileRefused
        Where a format is another.
    """

    def worded(name: str, drawing: str) -> str:
        return _with_title(drawing, figure_title(document, name))

    return save_each(pool_figures(document), folder, formats, worded)


def _with_title(drawing: str, title: str) -> str:
    start = drawing.index(">") + 1
    return f"{drawing[:start]}\n <title>{html.escape(title, quote=False)}</title>{drawing[start:]}"
