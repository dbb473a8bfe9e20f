"""Which figures a validation calls for, and all of them at once."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.discrimination import roc as roc_curves
from cartwheel.figures.flow import patient_flow
from cartwheel.figures.journal import AtWidth, at_widths
from cartwheel.figures.saving import save_each, svg
from cartwheel.figures.validation.agreement import bands, calibration
from cartwheel.figures.validation.followed import incidence, kaplan_meier
from cartwheel.figures.validation.forest import centres, shown_in, subgroups
from cartwheel.figures.validation.ladder import climbed, ladder
from cartwheel.figures.validation.utility import decision
from cartwheel.figures.validation.words import words

Builder = Callable[[], Figure]
Draw = Callable[..., Figure]
Applies = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def roc(result: Mapping[str, Any]) -> Figure:
    """Draw the ROC curves of all scores in one figure.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation; ``roc`` of its ``scores`` is read.

    Returns
    -------
    Figure
        Single column.
    """
    curves = [score["roc"] for score in result["scores"] if score["roc"]]
    return roc_curves({**result, "roc": curves})


# Figures of one score: how to draw it, and when it says anything.
SCORE_FIGURES: dict[str, tuple[Draw, Applies]] = {
    "calibration": (calibration, lambda score, _: score["plot"]),
    "bands": (bands, lambda score, _: score["bands"]),
    "kaplan_meier": (kaplan_meier, lambda score, _: score["survival"]),
    "incidence": (incidence, lambda score, _: score["incidence"]),
    "subgroups": (
        subgroups,
        lambda score, result: any(
            shown_in(group["rows"], score["name"]) for group in result["subgroups"]
        ),
    ),
    "centres": (
        centres,
        lambda score, result: (
            result["centres"] and shown_in(result["centres"]["rows"], score["name"])
        ),
    ),
}


def validation_figures(document: Mapping[str, Any]) -> dict[str, Builder]:
    """Name every figure that a validation calls for, each ready to be drawn.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel validate``: ``kind``, ``schema``, ``provenance``, ``plan``,
        ``result``.

    Returns
    -------
    dict of str to function
        ``calibration_1`` is the calibration plot of the first score; figures of all scores have no
        number. Nothing is drawn until a function is called.
    """
    result = document["result"]
    builders: dict[str, Builder] = {}
    if result["flow"]:
        builders["patient_flow"] = at_widths(patient_flow, result)
    if any(score["roc"] for score in result["scores"]):
        builders["roc"] = partial(roc, result)
    if result["decision"]:
        builders["decision"] = AtWidth(partial(decision, result, 0))
    for place, score in enumerate(result["scores"]):
        for name, (draw, applies) in SCORE_FIGURES.items():
            if applies(score, result):
                ready = partial(draw, result, place)
                # a calibration plot is square: it is laid out for one column, and grows for two
                builders[f"{name}_{place + 1}"] = ready if draw is calibration else AtWidth(ready)
    for place, update in enumerate(result["updates"]):
        if climbed(update):
            builders[f"ladder_{place + 1}"] = AtWidth(partial(ladder, result, place))
    return builders


def figure_words(document: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Say what a figure shows, for those who hear a page instead of seeing it.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel validate``.
    name : str
        One of `validation_figures`.

    Returns
    -------
    (str, str)
        Its title, and its numbers in sentences.
    """
    return words(document["result"], name)


def validation_svgs(
    document: Mapping[str, Any], names: Iterable[str] | None = None
) -> dict[str, str]:
    """Draw figures as SVG.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel validate``.
    names : iterable of str, optional
        Which of `validation_figures`; by default all.

    Returns
    -------
    dict of str to str
        Name to ``<svg>`` element, which begins with its title and its numbers in words; ids differ
        between figures, so that they can share a page. The same document gives the same text.
    """
    builders = validation_figures(document)
    chosen = list(builders) if names is None else [name for name in names if name in builders]
    return {name: _told(svg(builders[name]()), document, name) for name in chosen}


def save_validation_figures(
    document: Mapping[str, Any],
    folder: str | os.PathLike[str],
    formats: Iterable[str] = ("svg", "pdf", "png"),
) -> tuple[Path, ...]:
    """Save every figure that a validation calls for in a folder that exists.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel validate``.
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
        return _told(drawing, document, name)

    return save_each(validation_figures(document), folder, formats, worded)


def _told(drawing: str, document: Mapping[str, Any], name: str) -> str:
    start = drawing.index(">") + 1
    title, numbers = (html.escape(text, quote=False) for text in figure_words(document, name))
    said = f"\n <title>{title}</title>\n <desc>{numbers}</desc>"
    return drawing[:start] + said + drawing[start:]
