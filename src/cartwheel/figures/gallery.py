"""Which figures a result calls for, and all of them at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.cutoffs import cutoff_wander, dose_response
from cartwheel.figures.discrimination import performance, roc
from cartwheel.figures.flow import patient_flow
from cartwheel.figures.instability import instability
from cartwheel.figures.models import regression_forest, selection
from cartwheel.figures.risk import calibration, groups, risk_by_points
from cartwheel.figures.saving import save_each, svg
from cartwheel.figures.survival import kaplan_meier

Draw = Callable[..., Figure]
Applies = Callable[[Mapping[str, Any]], Any]

FIGURES: dict[str, tuple[Draw, Applies]] = {
    "patient_flow": (patient_flow, lambda result: result["flow"]),
    "regression_forest": (regression_forest, lambda result: result["univariable"]["rows"]),
    "risk_by_points": (risk_by_points, lambda result: result["risk_table"]),
    "groups": (groups, lambda result: result["groups"]),
    "kaplan_meier": (kaplan_meier, lambda result: result["survival"]),
    "roc": (roc, lambda result: result["roc"]),
    "cutoff_wander": (
        cutoff_wander,
        lambda result: any(cutoff["wander_grid"] for cutoff in result["cutoffs"]),
    ),
    "selection": (selection, lambda result: result["selection"]),
    "instability": (instability, lambda result: (result.get("instability") or {}).get("bands")),
    "calibration": (calibration, lambda result: result["calibration"]),
    "performance": (performance, lambda result: result["performance"]["measures"]),
    "dose_response": (dose_response, lambda result: result["splines"]),
}


def figure_svgs(document: Mapping[str, Any]) -> dict[str, str]:
    """Draw every figure that the result calls for, as SVG.

    Parameters
    ----------
    document : mapping
        A development's JSON: ``kind``, ``schema``, ``provenance``, ``plan``, ``result``.

    Returns
    -------
    dict of str to str
        Name of the figure and its ``<svg>`` element, in the order of the report; a figure whose
        part of the result is empty is left out.
    """
    result = document["result"]
    return {name: svg(draw(result)) for name, (draw, applies) in FIGURES.items() if applies(result)}


def save_figures(
    document: Mapping[str, Any],
    folder: str | os.PathLike[str],
    formats: Iterable[str] = ("svg", "pdf", "png"),
) -> tuple[Path, ...]:
    """Save every figure that the result calls for in a folder that exists.

    Parameters
    ----------
    document : mapping
        A development's JSON.
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
    result = document["result"]
    builders = {
        name: partial(draw, result) for name, (draw, applies) in FIGURES.items() if applies(result)
    }
    return save_each(builders, folder, formats)
