"""Every figure of any result, each ready to be drawn, with its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.data import csv_text, figure_csv, numbers_in_words
from cartwheel.figures.gallery import FIGURES
from cartwheel.figures.journal import at_widths
from cartwheel.figures.landmark import FIGURES as LANDMARK, figure_words as landmark_words
from cartwheel.figures.nomogram import development_nomogram
from cartwheel.figures.nomogram_terms import has_nomogram, nomogram_of_development
from cartwheel.figures.numbers import sentence
from cartwheel.figures.pooling.gallery import figure_title, pool_figures
from cartwheel.figures.validation.gallery import figure_words, validation_figures
from cartwheel.figures.wording import say

Builder = Callable[[], Figure]
KINDS = ("develop", "validate", "landmark", "pool")


def result_figures(document: Mapping[str, Any]) -> dict[str, Builder]:
    """Name every figure that a result calls for.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, landmark or pool.

    Returns
    -------
    dict of str to function
        In the order of the report; nothing is drawn until a function is called. Empty for another
        kind.
    """
    kind, result = document.get("kind"), document.get("result") or {}
    if kind == "validate":
        return dict(validation_figures(document))
    if kind == "pool":
        return dict(pool_figures(document))
    if kind == "landmark":
        return {name: at_widths(draw, result) for name, draw in LANDMARK.items()}
    if kind != "develop":
        return {}
    found: dict[str, Builder] = {
        name: at_widths(draw, result)
        for name, (draw, applies) in FIGURES.items()
        if _applies(applies, result)
    }
    if _applies(has_nomogram, document):
        found["nomogram"] = development_nomogram(document)
    return found


def figure_said(document: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Title of a figure, and its numbers in words.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    name : str
        One of `result_figures`.

    Returns
    -------
    (str, str)
        The second may be empty.
    """
    kind = document.get("kind")
    if kind == "validate":
        return figure_words(document, name)
    if kind == "landmark":
        return landmark_words(document["result"], name)
    title = figure_title(document, name) if kind == "pool" else _title(name)
    if name == "nomogram":
        return title, nomogram_of_development(document).words()
    return title, numbers_in_words(document, name)


def figure_table(document: Mapping[str, Any], name: str) -> str:
    """Write the numbers behind a figure as CSV.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    name : str
        One of `result_figures`.

    Returns
    -------
    str
    """
    if name == "nomogram":
        return csv_text(nomogram_of_development(document).rows())
    return figure_csv(document, name)


def _title(name: str) -> str:
    known = {
        "patient_flow": say("Patient flow"),
        "regression_forest": say("Ratios of the regressions"),
        "risk_by_points": say("Predicted risk at each total of points"),
        "groups": say("Observed and predicted risk by group"),
        "kaplan_meier": say("Kaplan-Meier curves by group"),
        "roc": say("ROC curves"),
        "cutoff_wander": say("Cut-offs over the resamples"),
        "selection": say("Selection of each candidate over the resamples"),
        "calibration": say("Predicted against observed risk"),
        "performance": say("Performance before and after correction for optimism"),
        "dose_response": say("Relation of each predictor with the outcome, uncut"),
        "nomogram": say("Nomogram"),
        "instability": say("Instability"),
    }
    return known.get(name) or sentence(name.replace("_", " "))


def _applies(applies: Callable[[Mapping[str, Any]], Any], result: Mapping[str, Any]) -> bool:
    # a file of an older version may lack the part
    try:
        return bool(applies(result))
    except (KeyError, TypeError):
        return False
