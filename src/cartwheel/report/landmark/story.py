"""What the page of a landmark prediction tells, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]

MODELS = {"own": "One model a landmark", "super": "One model over all landmarks"}
CAPTIONS = {
    "patient_flow": "From the file of patients to those with a known outcome.",
    "landmark_performance": (
        "Hollow: apparent, on the patients that the models were made on. Filled: corrected for "
        "optimism. Bars are intervals. The line across the AUC is a coin; the bar across the Brier "
        "score is giving every patient the same risk, and what lies above it is worse than that. "
        "Each landmark has patients of its own: those with the event are gone."
    ),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Parameters
    ----------
    name, title : str
        Its anchor and the template that writes it; its heading.
    """

    name: str
    title: str


def sections(result: Result) -> list[Section]:
    """List the parts that this result has something for, in the order of the page.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of Section
        Cautions before results.
    """
    chosen = [
        ("short", "In short", True),
        ("cautions", "Read this first: cautions", cautions(result)),
        ("asked", "What was asked", True),
        ("flow", "Patients with a known outcome", True),
        ("landmarks", "Who is predicted at each landmark", True),
        ("figure", "How well, landmark by landmark", result["performance"]),
        ("performance", "The same in numbers", result["performance"]),
        ("changes", "Does it sharpen with time?", result["changes"]),
        ("models", "The models", True),
        ("labs", "What is carried forward", True),
        ("methods", "Methods", True),
        ("references", "References", result["references"]),
        ("provenance", "Where these numbers come from", True),
        ("use", "Intended use", True),
    ]
    return [Section(name, title) for name, title, there in chosen if there]


def cautions(result: Result) -> list[Mapping[str, Any]]:
    """List the notes that are printed as large as a result.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of mapping
    """
    return [note for note in result["notes"] if note["severity"] == "caution"]


def by_model(result: Result) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Group the performance by kind of model.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of (str, list of mapping)
        ``own`` or ``super``, and its performance by landmark.
    """
    names = dict.fromkeys(row["model"] for row in result["performance"])
    return [
        (name, [row for row in result["performance"] if row["model"] == name]) for name in names
    ]


def measure_at(result: Result, model: str, day: float, name: str) -> Mapping[str, Any] | None:
    """Find one measure of one kind of model at one landmark.

    Parameters
    ----------
    result : mapping
        The result as JSON.
    model : "own" or "super"
        Kind of model.
    day : float
        The landmark.
    name : str
        Such as ``auc``.

    Returns
    -------
    mapping or None
        None where it was not measured.
    """
    for row in result["performance"]:
        if row["model"] == model and row["day"] == day:
            for measure in row["measures"]:
                if measure["name"] == name:
                    return dict(measure)
    return None


def tables(result: Result) -> list[Mapping[str, Any]]:
    """List the tables of models: the one over all landmarks first.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of mapping
    """
    between = [] if result["between"] is None else [result["between"]]
    return [result["super_model"], *between, *result["models"]]
