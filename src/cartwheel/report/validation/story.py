"""What the page of a validation tells, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cartwheel.estimate import Estimate
from cartwheel.validation.account.said import verdict_pieces
from cartwheel.validation.result_score import Measure

Result = Mapping[str, Any]

PREDICTS = {
    "risk": "a risk for each patient",
    "band risk": "the published risk of the patient's band",
    "value": "no risk: its calibration and utility cannot be judged",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Parameters
    ----------
    name, title : str
        Its anchor, and its heading.
    template : str
        Which template writes it.
    place : int
        Of the score that it tells, from 1; 0 for none.
    """

    name: str
    title: str
    template: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence on a score, in pieces of words and measures.

    Parameters
    ----------
    name : str
        Of the score.
    pieces : tuple of (str, mapping or None)
        Words, and the measure as JSON that they rest on.
    """

    name: str
    pieces: tuple[tuple[str, Mapping[str, Any] | None], ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of all scores.

    Parameters
    ----------
    name, label : str
        Of the measure.
    ideal : float or None
        Of a perfect score.
    cells : tuple of (mapping or None, tuple of mapping)
        Of each score the estimate as JSON, and what was published of it.
    """

    name: str
    label: str
    ideal: float | None
    cells: tuple[tuple[Mapping[str, Any] | None, tuple[Mapping[str, Any], ...]], ...]


def sections(result: Result, referee: Mapping[str, Any] | None = None) -> list[Section]:
    """List the parts that this result has something for, in the order of the page.

    Parameters
    ----------
    result : mapping
        The result as JSON.
    referee : mapping, optional
        The referee's report as JSON, which stands beside the result.

    Returns
    -------
    list of Section
        Verdicts and cautions before results; one part for each score.
    """
    several = len(result["scores"]) > 1
    before = [
        ("short", "In short", True),
        ("cautions", "Read this first: cautions", warned(result)),
        ("asked", "What was asked", True),
        ("flow", "Patient flow", result["flow"]),
        ("guard", "Guard against time travel", True),
        ("side", "The scores side by side" if several else "How well the score does", True),
    ]
    after = [
        ("comparisons", "Differences between the scores", result["comparisons"]),
        ("decision", "Of use or not: decision curves", result["decision"]),
        ("subgroups", "Subgroups", result["subgroups"]),
        ("centres", "Centres", result["centres"]),
        ("imputation", "Missing inputs: complete cases beside imputed", result["imputation"]),
        ("updates", "Updating ladder", result["updates"]),
        ("sizes", "What this many events can show", result["sizes"]),
        ("referee", "What a reviewer will ask", referee),
        ("methods", "Methods", True),
        ("provenance", "Where these numbers come from", True),
        ("use", "Intended use", True),
    ]
    return [
        *(Section(name, title, name) for name, title, there in before if there),
        *(
            Section(f"score-{place}", score["name"], "score", place)
            for place, score in enumerate(result["scores"], start=1)
        ),
        *(Section(name, title, name) for name, title, there in after if there),
    ]


def cautions(thing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the notes that are printed as large as a result.

    Parameters
    ----------
    thing : mapping
        A result or a score of it as JSON; only ``notes`` is read.

    Returns
    -------
    list of mapping
        Notes of severity ``caution``, in their order.
    """
    return [note for note in thing["notes"] if note["severity"] == "caution"]


def warned(result: Result) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Gather the cautions of the whole, then those of each score.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of (str, list of mapping)
        Name of the score (empty for the whole) and its cautions; parts without any are left out.
    """
    parts = [("", cautions(result)), *((one["name"], cautions(one)) for one in result["scores"])]
    return [(name, notes) for name, notes in parts if notes]


def verdict(score: Mapping[str, Any]) -> Verdict:
    """Say in one sentence what was found of a score: how it ranks, and whether its risks hold.

    Parameters
    ----------
    score : mapping
        A ``ScoreResult`` as JSON.

    Returns
    -------
    Verdict
        The unfavourable as plainly as the favourable.
    """
    found = {part: score[part] for part in ("discrimination", "calibration")}
    measures = {part: [_measure(one) for one in rows] for part, rows in found.items()}
    told = {one["name"]: one for rows in found.values() for one in rows}
    pieces = verdict_pieces(
        measures["discrimination"], measures["calibration"], str(score["predicts"])
    )
    return Verdict(
        score["name"],
        tuple((words, None if one is None else told[one.name]) for words, one in pieces),
    )


def _measure(measure: Mapping[str, Any]) -> Measure:
    return Measure(**{**measure, "estimate": Estimate(**measure["estimate"])})


def side_by_side(result: Result, part: str) -> list[Compared]:
    """Lay one kind of measures of all scores beside each other.

    Parameters
    ----------
    result : mapping
        The result as JSON.
    part : str
        ``discrimination``, ``calibration`` or ``overall``.

    Returns
    -------
    list of Compared
        In the order of the first score that has them.
    """
    scores = result["scores"]
    rows = {row["name"]: row for score in reversed(scores) for row in score[part]}
    names = list(dict.fromkeys(row["name"] for score in scores for row in score[part]))
    return [
        Compared(
            name,
            rows[name]["label"],
            rows[name]["ideal"],
            tuple(_cell(score, part, name) for score in scores),
        )
        for name in names
    ]


def _cell(
    score: Mapping[str, Any], part: str, name: str
) -> tuple[Mapping[str, Any] | None, tuple[Mapping[str, Any], ...]]:
    for row in score[part]:
        if row["name"] == name:
            found = row["estimate"]
            published = (one for one in score["published"] if one["found"] == found)
            return found, tuple(published)
    return None, ()


def group_measures(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """List the measures that any of these groups tells, each once.

    Parameters
    ----------
    rows : iterable of mapping
        ``GroupRow`` as JSON.

    Returns
    -------
    list of (name, label)
        In the order of their first appearance.
    """
    return list(
        {
            each["name"]: (each["name"], each["label"])
            for row in rows
            for one in row["scores"]
            for each in one["measures"]
        }.values()
    )


def group_estimates(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """List every estimate that these groups tell.

    Parameters
    ----------
    rows : iterable of mapping
        ``GroupRow`` as JSON.

    Returns
    -------
    list of mapping
        Estimates as JSON.
    """
    return [each["estimate"] for row in rows for one in row["scores"] for each in one["measures"]]


def named(measures: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Find a measure by its name.

    Parameters
    ----------
    measures : iterable of mapping
        Measures as JSON, of a score, of a group or of a rung.
    name : str
        Of the measure.

    Returns
    -------
    mapping or None
        None where there is none.
    """
    return next((row for row in measures if row["name"] == name), None)


def rung_measures(rungs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """List the measures of a ladder, each once.

    Parameters
    ----------
    rungs : sequence of mapping
        ``Rung`` as JSON.

    Returns
    -------
    list of (name, label)
        In the order of their first appearance.
    """
    return list(
        {
            row["name"]: (row["name"], row["label"]) for rung in rungs for row in rung["measures"]
        }.values()
    )
