"""Figures of a validation as blocks: drawn, told in words, and their data as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cartwheel.figures.validation.gallery import figure_words
from cartwheel.report.document.blocks import Figure
from cartwheel.report.paper.figures import figure_block, stretched, table_csv
from cartwheel.report.paper.validate_shown import Shown

Result = Mapping[str, Any]
_Row = Sequence[Any]
_LIMITS = ("value", "low", "high")


def figure(shown: Shown, name: str, caption: str) -> Figure | None:
    """Draw a figure of a validation.

    Parameters
    ----------
    shown : Shown
        The result; what is withheld is not drawn.
    name : str
        One of ``figures.validation.gallery.validation_figures``.
    caption : str
        Under it.

    Returns
    -------
    Figure or None
        None where the result does not call for it, or it is withheld.
    """
    block = figure_block(name, shown.drawn, caption, "", "")
    if block is None:
        return None
    title, numbers = figure_words(shown.drawn, name)
    alt = stretched(shown.say("validate.figure.alt", title=title, numbers=numbers))
    header, rows = _data(shown.drawn["result"], name)
    csv = table_csv(header, rows)
    return Figure(block.id, block.caption, alt, block.svg, csv, block.width)


def _data(result: Result, name: str) -> tuple[Sequence[str], Iterator[_Row]]:
    kind, _, number = name.rpartition("_")
    if number.isdigit():
        header, tell = _OF_A_SCORE[kind]
        part = "updates" if kind == "ladder" else "scores"
        return header, tell(result, result[part][int(number) - 1])
    header, tell_all = _OF_ALL[name]
    return header, tell_all(result)


def _estimate(estimate: Result | None) -> tuple[Any, ...]:
    return tuple((estimate or {}).get(key) for key in _LIMITS)


def _flow(result: Result) -> Iterator[_Row]:
    for step in result["flow"]:
        yield [step[key] for key in ("label", "patients", "events", "excluded", "excluded_events")]


def _roc(result: Result) -> Iterator[_Row]:
    for score in result["scores"]:
        curve = score["roc"]
        if curve:
            points = (curve["thresholds"], curve["sensitivity"], curve["specificity"])
            for point in zip(*points, strict=True):
                yield [score["name"], *point]


def _decision(result: Result) -> Iterator[_Row]:
    found = result["decision"]
    for curve in found["curves"]:
        columns = (found["thresholds"], curve["net_benefit"], curve["low"], curve["high"])
        for point in zip(*columns, strict=True):
            yield [curve["name"], *point]


def _calibration(_: Result, score: Result) -> Iterator[_Row]:
    plot = score["plot"]
    for point in plot["points"]:
        yield ["group", point["predicted"], *_estimate(point["observed"]), point["n"], None]
    for predicted, observed, low, high in plot["curve"]:
        yield ["curve", predicted, observed, low, high, None, None]
    for middle, without, events in plot["histogram"]:
        yield ["patients", middle, None, None, None, without, events]


def _bands(_: Result, score: Result) -> Iterator[_Row]:
    for one in score["bands"]:
        yield [
            one["band"], one["patients"], one["events"], *_estimate(one["observed"]),
            one["predicted"], *_estimate(one["published"]),
        ]  # fmt: skip


def _steps(key: str, height: str) -> Callable[[Result, Result], Iterator[_Row]]:
    def tell(_: Result, score: Result) -> Iterator[_Row]:
        for curve in score[key]:
            columns = (curve["times"], curve[height], curve["low"], curve["high"])
            for point in zip(*columns, strict=True):
                yield [curve["group"], *point, None]
            for time, at_risk in zip(curve["risk_times"], curve["at_risk"], strict=True):
                yield [curve["group"], time, None, None, None, at_risk]

    return tell


def _rows_of(rows: Sequence[Result], name: str, above: str) -> Iterator[_Row]:
    for one in rows:
        measures = [
            measure
            for each in one["scores"]
            if each["score"] == name
            for measure in each["measures"]
        ]
        start = [above, one["group"], one["patients"], one["events"]]
        if one["withheld"] or not measures:
            yield [*start, None, None, None, None, one["withheld"]]
        for measure in measures:
            yield [*start, measure["label"], *_estimate(measure["estimate"]), ""]


def _subgroups(result: Result, score: Result) -> Iterator[_Row]:
    for group in result["subgroups"]:
        yield from _rows_of(group["rows"], score["name"], group["label"])


def _centres(result: Result, score: Result) -> Iterator[_Row]:
    yield from _rows_of(result["centres"]["rows"], score["name"], "")
    for mean in result["centres"]["heterogeneity"]:
        if mean["score"] == score["name"]:
            start = ["", "mean over centres", None, None, mean["label"]]
            yield [*start, *_estimate(mean["pooled"]), ""]


def _ladder(_: Result, update: Result) -> Iterator[_Row]:
    for rung in update["rungs"]:
        for measure in rung["measures"]:
            both = (*_estimate(measure["apparent"]), *_estimate(measure["corrected"]))
            yield [rung["name"], measure["label"], *both]


_STEPS = ("group", "time", "share", "low", "high", "at_risk")
_GROUPS = ("column", "group", "patients", "events", "measure", *_LIMITS, "withheld")
_OF_ALL: dict[str, tuple[Sequence[str], Callable[[Result], Iterator[_Row]]]] = {
    "patient_flow": (("step", "patients", "events", "excluded", "excluded_events"), _flow),
    "roc": (("score", "threshold", "sensitivity", "specificity"), _roc),
    "decision": (("strategy", "threshold", "net_benefit", "low", "high"), _decision),
}
_OF_A_SCORE: dict[str, tuple[Sequence[str], Callable[[Result, Result], Iterator[_Row]]]] = {
    "calibration": (
        ("part", "predicted_risk", "observed_risk", "low", "high", "patients_or_without_event",
         "with_event"),
        _calibration,
    ),
    "bands": (
        ("band", "patients", "events", "observed_risk", "low", "high", "predicted_risk",
         "published_risk", "published_low", "published_high"),
        _bands,
    ),
    "kaplan_meier": (_STEPS, _steps("survival", "survival")),
    "incidence": (_STEPS, _steps("incidence", "incidence")),
    "subgroups": (_GROUPS, _subgroups),
    "centres": (_GROUPS, _centres),
    "ladder": (
        ("rung", "measure", "apparent", "apparent_low", "apparent_high", "corrected",
         "corrected_low", "corrected_high"),
        _ladder,
    ),
}  # fmt: skip
