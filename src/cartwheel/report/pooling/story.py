"""What the page of a meta-analysis tells, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]
Placed = tuple[int, Mapping[str, Any]]

# figures of a pool, and the least number of studies at which each says something
LEAST = {
    "forest": 2, "accuracy_forest": 2, "summary_roc": 2, "models": 3, "leave_one_out": 3,
    "influence": 4, "baujat": 4, "cumulative": 4, "subgroups": 2, "bubble": 3, "subset_cloud": 3,
}  # fmt: skip
TESTS = {
    "egger": "Egger",
    "egger_random": "Egger, with residual heterogeneity",
    "egger_inverse_sqrt_n": "Egger, on the number of patients",
    "begg": "Begg",
    "peters": "Peters",
    "harbord": "Harbord",
    "deeks": "Deeks",
}
_ASSOCIATIONS = ("HR", "OR", "RR", "IRR", "RD", "MD", "SMD")


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
        Of the pool that it tells, from 1; 0 for none.
    """

    name: str
    title: str
    template: str
    place: int = 0


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
        Cautions before results; one part for each pool of two studies or more.
    """
    warned = cautions(result) or warned_pools(result)
    several = len(result["analyses"]) > 1
    chosen = [
        ("short", "In short", True),
        ("cautions", "Read this first: cautions", warned),
        ("asked", "What was pooled", True),
        ("flow", "Flow of records", result["flow"]),
        ("studies", "The studies, as printed and as used", True),
        ("side", "All results side by side", several),
    ]
    later = [
        ("single", "One study only", single(result)),
        ("quality", "Risk of bias", result["quality"]),
        ("grade", "Certainty of the evidence", result["grades"]),
        ("referee", "What a reviewer will ask", referee),
        ("methods", "Methods", True),
        ("results", "Results, as a paper says them", result["results"]),
        ("references", "References", result["references"]),
        ("script", "The same in R", result["r_script"]),
        ("provenance", "Where these numbers come from", True),
        ("use", "Intended use", True),
    ]
    return [
        *(Section(name, title, name) for name, title, there in chosen if there),
        *(
            Section(f"pool-{place}", analysis["name"], "pool", place)
            for place, analysis in pooled(result)
        ),
        *(Section(name, title, name) for name, title, there in later if there),
    ]


def pooled(result: Result) -> list[Placed]:
    """List the pools of two studies or more with their numbers.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of (int, mapping)
    """
    return [(i, one) for i, one in enumerate(result["analyses"], start=1) if one["k"] > 1]


def single(result: Result) -> list[Placed]:
    """List what only one study tells, with its number.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of (int, mapping)
    """
    return [(i, one) for i, one in enumerate(result["analyses"], start=1) if one["k"] == 1]


def cautions(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the notes that are printed as large as a result.

    Parameters
    ----------
    part : mapping
        The result, or a pool, as JSON.

    Returns
    -------
    list of mapping
    """
    return [note for note in part["notes"] if note["severity"] == "caution"]


def warned_pools(result: Result) -> list[Placed]:
    """List the pools that have cautions of their own, with their numbers.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of (int, mapping)
    """
    return [(i, one) for i, one in enumerate(result["analyses"], start=1) if cautions(one)]


def figure_names(result: Result, there: Sequence[str]) -> list[str]:
    """Choose the figures of the page: none of a single study, few of few studies.

    Parameters
    ----------
    result : mapping
        The result as JSON.
    there : sequence of str
        Every figure that could be drawn.

    Returns
    -------
    list of str
        A funnel only where small-study effects were asked.
    """
    names = []
    for name in there:
        kind, _, number = name.rpartition("_")
        if kind in LEAST or kind == "funnel":
            analysis = result["analyses"][int(number) - 1]
            small = analysis["small_studies"]["asked"]
            if analysis["k"] >= LEAST.get(kind, 2) and (kind != "funnel" or small):
                names.append(name)
        else:
            names.append(name)
    return names


def no_effect(measure: str) -> str:
    """Say what the value of no effect means.

    Parameters
    ----------
    measure : str
        Its code.

    Returns
    -------
    str
    """
    return {
        "OE": "as many events as expected",
        "slope": "a perfect slope",
        "C": "no discrimination",
    }.get(measure, "no effect")


def inside(analysis: Mapping[str, Any]) -> str:
    """Say which intervals of a pool hold no effect.

    Parameters
    ----------
    analysis : mapping
        A pool as JSON.

    Returns
    -------
    str
        ``both``, ``confidence``, ``prediction``, ``neither``, or nothing where the measure has no
        such value.
    """
    null, main = analysis["null_value"], analysis["main"]
    if null is None:
        return ""
    held = [
        name
        for name, low, high in (
            ("confidence", main["pooled"]["low"], main["pooled"]["high"]),
            ("prediction", main["prediction_low"], main["prediction_high"]),
        )
        if low is not None and high is not None and low <= null <= high
    ]
    return "both" if len(held) > 1 else held[0] if held else "neither"


def meaning(analysis: Mapping[str, Any]) -> str:
    """Say in a sentence what the two intervals of a pool mean together.

    Parameters
    ----------
    analysis : mapping
        A pool as JSON.

    Returns
    -------
    str
        Empty for a measure that has no value of no effect.
    """
    word, held = no_effect(analysis["measure"]), inside(analysis)
    association = analysis["measure"] in _ASSOCIATIONS
    if held in ("both", "confidence"):
        shown = (
            "these studies do not show an association" if association else "this is not ruled out"
        )
        return f"The confidence interval includes {word}: {shown}."
    if held == "prediction":
        return (
            f"The confidence interval leaves out {word}, but the prediction interval includes it: "
            "what holds on average need not hold in the next setting."
        )
    if held == "neither" and analysis["main"]["prediction_low"] is not None:
        return f"Confidence and prediction interval both leave out {word}."
    return f"The confidence interval leaves out {word}." if held else ""


def lights(quality: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], list[str]]]:
    """Lay the judgements of a tool out by study and domain.

    Parameters
    ----------
    quality : mapping
        As JSON.

    Returns
    -------
    list of (mapping, list of str)
        Study, and its judgement in each domain; empty where there is none.
    """
    rows = []
    for study in quality["studies"]:
        said = {one["domain"]: one["level"] for one in study["judgements"]}
        rows.append((study, [said.get(code, "") for code, _ in quality["domains"]]))
    return rows


def changed(domain: Mapping[str, Any]) -> str:
    """Say how a domain moved the certainty.

    Parameters
    ----------
    domain : mapping
        Of a grade, as JSON.

    Returns
    -------
    str
        ``down`` or ``up``; ``no change``.
    """
    if domain["change"] == 0:
        return "no change"
    return "down" if domain["change"] < 0 else "up"
