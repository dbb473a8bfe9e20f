"""What each figure of a validation shows, in words and numbers, for those who cannot see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cartwheel.figures.numbers import (
    count,
    decimals,
    exact,
    interval,
    measure_format,
    percent,
    sentence,
)
from cartwheel.figures.validation.ladder import climbed

Result = Mapping[str, Any]


def words(result: Result, name: str) -> tuple[str, str]:
    """Give the title of a figure, and what it shows.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    name : str
        ``roc``, or ``calibration_1`` for that of the first score.

    Returns
    -------
    (str, str)
        Title, and its numbers in sentences.
    """
    kind, _, number = name.rpartition("_")
    if number.isdigit():
        title, tell = OF_A_SCORE[kind]
        place = int(number) - 1
        part = result["updates" if kind == "ladder" else "scores"][place]
        who = part["score" if kind == "ladder" else "name"]
        return f"{title}: {who}", " ".join(tell(result, part))
    title, tell_all = OF_ALL[name]
    return title, " ".join(tell_all(result))


def _flow(result: Result) -> Iterable[str]:
    for step in result["flow"]:
        gone = f", {count(step['excluded'])} left out" if step["excluded"] else ""
        yield (
            f"{sentence(step['label'])}: {count(step['patients'])} patients, "
            f"{count(step['events'])} events{gone}."
        )


def _roc(result: Result) -> Iterable[str]:
    for score in result["scores"]:
        if score["roc"]:
            yield f"{score['name']}: area {interval(score['roc']['auc'], 'score')}."


def _decision(result: Result) -> Iterable[str]:
    found = result["decision"]
    last = len(found["thresholds"]) - 1
    yield (
        f"Thresholds from {percent(found['thresholds'][0])} to "
        f"{percent(found['thresholds'][last])}."
    )
    for curve in found["curves"]:
        told = [
            f"{decimals(curve['net_benefit'][at], 3)} at {percent(found['thresholds'][at])}"
            for at in sorted({0, last // 2, last})
            if curve["net_benefit"][at] is not None
        ]
        yield f"Net benefit of {curve['name']}: {', '.join(told) or 'not estimable'}."


def _calibration(_: Result, score: Result) -> Iterable[str]:
    for each in score["calibration"]:
        yield f"{each['label']}: {interval(each['estimate'], measure_format(each['name']))}."
    for point in score["plot"]["points"]:
        yield (
            f"{count(point['n'])} patients with a predicted risk of {percent(point['predicted'])}:"
            f" observed {interval(point['observed'], 'percent')}."
        )


def _bands(_: Result, score: Result) -> Iterable[str]:
    for row in score["bands"]:
        told = [f"{sentence(row['band'])}: {count(row['patients'])} patients"]
        if row["observed"] is not None:
            told.append(f"observed {interval(row['observed'], 'percent')}")
        if row["published"] is not None:
            told.append(f"published {interval(row['published'], 'percent')}")
        if row["predicted"] is not None:
            told.append(f"predicted {percent(row['predicted'])}")
        yield ", ".join(told) + "."


def _survival(result: Result, score: Result) -> Iterable[str]:
    unit = result["outcome"]["time_unit"]
    for curve in score["survival"]:
        median = interval(curve["median"], "time", "not reached")
        at = interval(curve["at_horizon"], "percent")
        yield (
            f"{sentence(curve['group'])}: {count(curve['events'])} events in {count(curve['n'])} "
            f"patients, median in {unit} {median}, free of the event at the horizon {at}."
        )


def _incidence(result: Result, score: Result) -> Iterable[str]:
    horizon, unit = result["outcome"]["horizon"], result["outcome"]["time_unit"]
    for curve in score["incidence"]:
        yield (
            f"{sentence(curve['group'])}: {count(curve['events'])} events and "
            f"{count(curve['competing'])} competing events in {count(curve['n'])} patients, "
            f"incidence at {exact(horizon)} {unit} {interval(curve['at_horizon'], 'percent')}."
        )


def _subgroups(result: Result, score: Result) -> Iterable[str]:
    for group in result["subgroups"]:
        yield f"{sentence(group['label'])}."
        yield from _rows(group["rows"], score["name"])


def _centres(result: Result, score: Result) -> Iterable[str]:
    yield from _rows(result["centres"]["rows"], score["name"])
    for row in result["centres"]["heterogeneity"]:
        if row["score"] == score["name"]:
            kind = measure_format(row["measure"])
            yield f"Mean over centres, {row['label']}: {interval(row['pooled'], kind)}."


def _rows(rows: Iterable[Result], name: str) -> Iterable[str]:
    for row in rows:
        if row["withheld"]:
            yield f"{row['group']}: withheld, {row['withheld']}."
            continue
        told = [
            f"{each['label']} {interval(each['estimate'], measure_format(each['name']))}"
            for one in row["scores"]
            if one["score"] == name
            for each in one["measures"]
        ]
        yield f"{row['group']}, {count(row['patients'])} patients: {', '.join(told) or 'nothing'}."


def _ladder(_: Result, update: Result) -> Iterable[str]:
    for rung in climbed(update):
        for row in rung["measures"]:
            kind = measure_format(row["name"])
            after = interval(row["corrected"], kind) if row["corrected"] else "not computed"
            yield (
                f"{sentence(rung['model'])}, {row['label']}: apparent "
                f"{interval(row['apparent'], kind)}, corrected {after}."
            )


OF_ALL: dict[str, tuple[str, Callable[[Result], Iterable[str]]]] = {
    "patient_flow": ("Patient flow", _flow),
    "roc": ("ROC curves", _roc),
    "decision": ("Decision curves", _decision),
}
OF_A_SCORE: dict[str, tuple[str, Callable[[Result, Result], Iterable[str]]]] = {
    "calibration": ("Predicted against observed risk", _calibration),
    "bands": ("Observed against published risk by band", _bands),
    "kaplan_meier": ("Kaplan-Meier curves", _survival),
    "incidence": ("Cumulative incidence", _incidence),
    "subgroups": ("Subgroups", _subgroups),
    "centres": ("Centres", _centres),
    "ladder": ("Updating ladder, apparent beside corrected", _ladder),
}
