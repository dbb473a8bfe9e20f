"""What several rules look up in a development or its plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.clinic.naming import read_column_name
from cartwheel.referee.facts import Document, at, number, rows, text


def kind_of_outcome(document: Document) -> str:
    """Name the kind of outcome.

    Parameters
    ----------
    document : mapping
        Result or plan.

    Returns
    -------
    str
        ``binary``, ``survival``, ``competing``, or empty where it is not said.
    """
    said = text(document, "result", "outcome", "kind") or text(document, "plan", "outcome", "kind")
    if not said:
        said = text(document, "result", "model", "outcome")
    return said or text(document, "result", "words", "outcome")


def predictors(document: Document) -> tuple[Mapping[str, Any], ...]:
    """Candidate predictors of the plan.

    Parameters
    ----------
    document : mapping
        Result or plan.

    Returns
    -------
    tuple of mapping
        Empty where it has none.
    """
    return rows(document, "plan", "predictors")


def label_of(document: Document, column: str) -> str:
    """Name a column for the reader.

    Parameters
    ----------
    document : mapping
        Result or plan.
    column : str
        Its name.

    Returns
    -------
    str
        The column's own name where there is no other.
    """
    for note in rows(document, "result", "columns"):
        if text(note, "column") == column and text(note, "label"):
            return text(note, "label")
    for item in rows(document, "plan", "derived"):
        if text(item, "name") == column and text(item, "label"):
            return text(item, "label")
    return text(document, "plan", "columns", column, "label") or column


def cutoff_way(document: Document, predictor: Mapping[str, Any]) -> str | None:
    """Say how a predictor's cut-off is had.

    Parameters
    ----------
    document : mapping
        Result or plan.
    predictor : mapping
        Of the plan.

    Returns
    -------
    str or None
        ``fixed``, ``youden`` and so on; empty where the plan leaves it open; None without a cut.
    """
    own = text(predictor, "cutoff", "method")
    if own:
        return own
    if text(document, "plan", "method") == "index":
        return text(document, "plan", "index", "cutoff")
    return None


def searched_columns(document: Document) -> tuple[str, ...]:
    """Columns whose cut-off is searched on the data.

    Parameters
    ----------
    document : mapping
        Result or plan.

    Returns
    -------
    tuple of str
        Labels for the reader.
    """
    return tuple(
        label_of(document, text(item, "column"))
        for item in predictors(document)
        if cutoff_way(document, item) not in (None, "", "fixed")
    )


def day_of(document: Document, column: str) -> float | None:
    """Day of measurement of a column, of a ratio that of its parts.

    Parameters
    ----------
    document : mapping
        Result or plan.
    column : str
        Its name.

    Returns
    -------
    float or None
        None where it is not said.
    """
    for note in rows(document, "result", "columns"):
        if text(note, "column") == column:
            return number(note, "day")
    for item in rows(document, "plan", "derived"):
        if text(item, "name") == column:
            parts = (text(item, "numerator"), text(item, "denominator"))
            days = [_said_day(document, part) for part in parts]
            known = [day for day in days if day is not None]
            return max(known) if known else None
    return _said_day(document, column)


def _said_day(document: Document, column: str) -> float | None:
    said = number(document, "plan", "columns", column, "day")
    return said if said is not None or not column else read_column_name(column).day


def landmark(document: Document) -> float | None:
    """Day of the landmark.

    Parameters
    ----------
    document : mapping
        Result or plan.

    Returns
    -------
    float or None
    """
    said = number(document, "plan", "landmark_day")
    return said if said is not None else number(document, "result", "outcome", "landmark_day")


def measures(document: Document, model: str = "performance") -> tuple[Mapping[str, Any], ...]:
    """Performance measures of a model.

    Parameters
    ----------
    document : mapping
        Result.
    model : str
        ``performance`` or ``uncut``.

    Returns
    -------
    tuple of mapping
    """
    return rows(document, "result", model, "measures")


def discrimination(document: Document, model: str = "performance") -> Mapping[str, Any]:
    """Measure of discrimination of a model.

    Parameters
    ----------
    document : mapping
        Result.
    model : str
        ``performance`` or ``uncut``.

    Returns
    -------
    mapping
        Empty where there is none.
    """
    wanted = ("auc", "c_index", "auc_at_horizon")
    found = [one for one in measures(document, model) if text(one, "name") in wanted]
    return found[0] if found else {}


def measure(document: Document, name: str, model: str = "performance") -> Mapping[str, Any]:
    """One performance measure by its name.

    Parameters
    ----------
    document : mapping
        Result.
    name : str
        Such as ``calibration_slope``.
    model : str
        ``performance`` or ``uncut``.

    Returns
    -------
    mapping
        Empty where there is none.
    """
    found = [one for one in measures(document, model) if text(one, "name") == name]
    return found[0] if found else {}


def words_of(document: Document) -> str:
    """Every sentence in which the work says what it asked and did, in lower case.

    Parameters
    ----------
    document : mapping
        Result or plan.

    Returns
    -------
    str
    """
    outcome = at(document, "plan", "outcome")
    said = [
        text(document, "result", "title"),
        text(document, "result", "question"),
        text(document, "result", "outcome", "label"),
        text(document, "plan", "title"),
        *(text(outcome, key) for key in ("event", "label", "time")),
    ]
    return " ".join(one for one in said if one).lower().replace("_", " ")
