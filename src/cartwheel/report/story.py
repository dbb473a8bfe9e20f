"""What the report tells, in which order, and how rows of the result are laid beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: its anchor (also its template), its heading, and when it is there."""

    name: str
    title: str
    applies: Callable[[Result], Any]


def _always(_: Result) -> bool:
    return True


def cautions(result: Result) -> list[Mapping[str, Any]]:
    """List the notes that are printed as large as a result.

    Parameters
    ----------
    result : mapping
        The result as JSON; only ``notes`` is read.

    Returns
    -------
    list of mapping
        Notes of severity ``caution``, in their order; empty where there is none.
    """
    return [note for note in result["notes"] if note["severity"] == "caution"]


# whether it is there is said by the document: the referee reads the result from outside
REFEREE = Section("referee", "What a reviewer will ask", _always)
SECTIONS = (
    Section("short", "In short", _always),
    Section("cautions", "Read this first: cautions", cautions),
    Section("asked", "What was asked", _always),
    Section("flow", "Patient flow", lambda result: result["flow"]),
    Section("imputation", "Missing predictors, imputed", lambda result: result["imputation"]),
    Section("guard", "Guard against time travel", _always),
    Section("size", "Sample size", _always),
    Section("patients", "Patients by outcome", lambda result: result["table_one"]),
    Section("regression", "Regression", lambda result: result["univariable"]["rows"]),
    Section(
        "score",
        "The score",
        lambda result: result["score_card"] or result["cutoffs"] or result["risk_table"],
    ),
    Section("groups", "Outcome by group", lambda result: result["groups"] or result["survival"]),
    Section("roc", "ROC curves", lambda result: result["roc"]),
    Section(
        "wander",
        "How far the cut-offs wander",
        lambda result: any(cutoff["method"] != "fixed" for cutoff in result["cutoffs"]),
    ),
    Section(
        "selection", "How often each predictor was selected", lambda result: result["selection"]
    ),
    Section(
        "instability",
        "How far the predicted risks wander",
        lambda result: result["instability"],
    ),
    Section("calibration", "Calibration", lambda result: result["calibration"]),
    Section(
        "performance",
        "Performance: apparent beside corrected",
        lambda result: result["performance"]["measures"] or result["uncut"]["measures"],
    ),
    Section("rounding", "What rounding to whole points costs", lambda result: result["rounding"]),
    Section("dose", "Dose and response without cut-offs", lambda result: result["splines"]),
    Section("associations", "Associations with other columns", lambda r: r["associations"]),
    REFEREE,
    Section("methods", "Methods", _always),
    Section("provenance", "Where these numbers come from", _always),
    Section("columns", "Columns as read", lambda result: result["columns"]),
    Section("use", "Intended use", _always),
)

METHODS = {
    "index": "Index: each marker is cut in two, and the points are counted",
    "points": "Points: regression coefficients rounded to whole points",
}
SEARCHES = {
    "fixed": "fixed beforehand",
    "youden": "searched: largest Youden index",
    "closest_corner": "searched: closest to the corner of the ROC curve",
    "max_log_rank": "searched: largest standardised log-rank statistic",
}
PRIMARY = ("auc", "c_index")


def sections(result: Result, referee: Mapping[str, Any] | None = None) -> list[Section]:
    """List the sections that this result has something for, in the order of the report.

    Parameters
    ----------
    result : mapping
        The result as JSON.
    referee : mapping, optional
        The referee's report as JSON, which stands beside the result.

    Returns
    -------
    list of Section
        Those of ``SECTIONS`` that apply.
    """
    return [
        section
        for section in SECTIONS
        if section.applies(result) and (section is not REFEREE or referee)
    ]


def primary(performance: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Find the measure of discrimination of a model; None where it has none.

    Parameters
    ----------
    performance : mapping
        Performance of one model as JSON; only ``measures`` is read.

    Returns
    -------
    mapping or None
        The first measure that is an AUC or a C index.
    """
    for measure in performance["measures"]:
        if measure["name"] in PRIMARY:
            return dict(measure)
    return None


def side_by_side(
    first: Mapping[str, Any], second: Mapping[str, Any] | None
) -> list[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Lay the rows of two regression tables beside each other, matched by term.

    Parameters
    ----------
    first, second : mapping or None
        Regression tables as JSON.

    Returns
    -------
    list of (label, row or None, row or None)
        In the order of the first table, then what only the second has.
    """
    left = {row["term"]: row for row in first["rows"]}
    right = {row["term"]: row for row in (second["rows"] if second else ())}
    return [
        ((left.get(term) or right[term])["label"], left.get(term), right.get(term))
        for term in {**left, **right}
    ]


def by_column(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Gather neighbouring rows that belong to one column.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of a table as JSON, each with its ``column``.

    Returns
    -------
    list of list of mapping
        Blocks in the order of the rows. A column whose rows stand apart has several blocks.
    """
    blocks: list[list[Mapping[str, Any]]] = []
    for row in rows:
        if blocks and blocks[-1][0]["column"] == row["column"]:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return blocks


def predictors(result: Result) -> list[str]:
    """List the labels of the predictors, each once.

    Parameters
    ----------
    result : mapping
        The result as JSON; only ``table_one`` is read.

    Returns
    -------
    list of str
        In the order of the table.
    """
    return list(dict.fromkeys(row["label"] for row in result["table_one"] if row["predictor"]))


def association_groups(result: Result) -> list[str]:
    """List the groups over which associations were tabulated, each once.

    Parameters
    ----------
    result : mapping
        The result as JSON; only ``associations`` is read.

    Returns
    -------
    list of str
        In the order of their first appearance; empty without associations.
    """
    return list(
        dict.fromkeys(name for row in result["associations"] for name, _ in row["by_group"])
    )


def estimate_methods(thing: Any) -> list[str]:
    """List every way in which an estimate within a part of the result was computed, each once.

    Parameters
    ----------
    thing : mapping, list or tuple
        Part of the result as JSON, nested to any depth. A mapping with ``level`` and ``method``
        counts as an estimate; anything else holds none.

    Returns
    -------
    list of str
        In the order of their first appearance.
    """
    return list(dict.fromkeys(_methods(thing)))


def _methods(thing: Any) -> Iterator[str]:
    if isinstance(thing, Mapping):
        if "level" in thing and thing.get("method"):
            yield thing["method"]
        for value in thing.values():
            yield from _methods(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _methods(value)
