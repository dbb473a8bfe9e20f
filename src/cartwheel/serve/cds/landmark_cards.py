"""The card of a landmark model: a risk that changes by the day, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cartwheel.clinic.score_spec import INTENDED_USE

if TYPE_CHECKING:
    from cartwheel.watch.standing import Standing
    from cartwheel.workflows.monitor_models import LandmarkTarget


def labels_of(target: LandmarkTarget) -> dict[str, str]:
    """Name the markers of a model for the reader.

    Parameters
    ----------
    target : LandmarkTarget
        The model.

    Returns
    -------
    dict of str to str
        By the model's own name of each.
    """
    return {one.analyte: one.label or one.analyte for one in target.model.markers}


def names_of(target: LandmarkTarget) -> dict[str, str]:
    """Find under which name of the dictionary each marker arrives.

    Parameters
    ----------
    target : LandmarkTarget
        The model.

    Returns
    -------
    dict of str to str
        Only of those that a message can bring.
    """
    return {one.analyte: one.variable for one in target.model.markers if one.variable is not None}


def summary_of(target: LandmarkTarget, one: Standing) -> str:
    """Say what a model says, in one line.

    Parameters
    ----------
    target : LandmarkTarget
        The model.
    one : Standing
        With an answer.

    Returns
    -------
    str
    """
    labels = labels_of(target)
    missing = ", ".join(labels[name] for name in one.missing if name in labels)
    return f"{one.text}; missing {missing}" if missing else one.text


def details_of(target: LandmarkTarget, one: Standing) -> Iterator[str]:
    """Say what a model is, before the values it used.

    Parameters
    ----------
    target : LandmarkTarget
        The model.
    one : Standing
        With an answer.

    Yields
    ------
    str
        Paragraphs, the first one the intended use.
    """
    model = target.model
    yield INTENDED_USE
    if model.simulated:
        yield "Made from simulated patients: of no use for real ones."
    yield f"{target.title}, landmark model {target.id} {target.version}: {one.text}"
    window = f", {model.window_days:g} days ahead" if model.window_days is not None else ""
    yield (
        f"A {model.kind} landmark model for days {model.first_day:g} to {model.last_day:g} after "
        f"the infusion{window}, made from {model.patients} patients with {model.events} events."
    )
