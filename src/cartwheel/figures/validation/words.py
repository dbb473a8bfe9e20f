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
from cartwheel.figures.terms import term
from cartwheel.figures.validation.labels import curve_name, label_of
from cartwheel.figures.validation.ladder import climbed
from cartwheel.figures.wording import say

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
        place = int(number) - 1
        part = result["updates" if kind == "ladder" else "scores"][place]
        who = part["score" if kind == "ladder" else "name"]
        title = say("{title}: {name}", title=_titles()[kind], name=who)
        return title, _joined(OF_A_SCORE[kind](result, part))
    return _titles()[name], _joined(OF_ALL[name](result))


def _joined(sentences: Iterable[str]) -> str:
    joined = ""
    for one in sentences:
        joined = say("{said} {more}", said=joined, more=one) if joined else one
    return joined


def _titles() -> dict[str, str]:
    return {
        "patient_flow": say("Patient flow"),
        "roc": say("ROC curves"),
        "decision": say("Decision curves"),
        "calibration": say("Predicted against observed risk"),
        "bands": say("Observed against published risk by band"),
        "kaplan_meier": say("Kaplan-Meier curves"),
        "incidence": say("Cumulative incidence"),
        "subgroups": say("Subgroups"),
        "centres": say("Centres"),
        "ladder": say("Updating ladder, apparent beside corrected"),
    }


def _flow(result: Result) -> Iterable[str]:
    for step in result["flow"]:
        told = {"step": sentence(term(str(step["label"]))), "patients": count(step["patients"]),
                "events": count(step["events"])}  # fmt: skip
        if step["excluded"]:
            gone = count(step["excluded"])
            yield say("{step}: {patients} patients, {events} events, {gone} left out.", gone=gone,
                      **told)  # fmt: skip
        else:
            yield say("{step}: {patients} patients, {events} events.", **told)


def _roc(result: Result) -> Iterable[str]:
    for score in result["scores"]:
        if score["roc"]:
            area = interval(score["roc"]["auc"], "score")
            yield say("{name}: area {area}.", name=score["name"], area=area)


def _decision(result: Result) -> Iterable[str]:
    found = result["decision"]
    last = len(found["thresholds"]) - 1
    ends = {"low": percent(found["thresholds"][0]), "high": percent(found["thresholds"][last])}
    yield say("Thresholds from {low} to {high}.", **ends)
    for curve in found["curves"]:
        told = [
            say("{value} at {threshold}", value=decimals(curve["net_benefit"][at], 3),
                threshold=percent(found["thresholds"][at]))
            for at in sorted({0, last // 2, last})
            if curve["net_benefit"][at] is not None
        ]  # fmt: skip
        values = _listed(told) or say("not estimable")
        yield say("Net benefit of {name}: {values}.", name=curve_name(curve), values=values)


def _listed(parts: Iterable[str]) -> str:
    listed = ""
    for one in parts:
        listed = say("{listed}, {more}", listed=listed, more=one) if listed else one
    return listed


def _valued(each: Result, key: str = "estimate") -> str:
    value = interval(each[key], measure_format(each["name"]))
    return say("{label} {value}", label=label_of(each), value=value)


def _calibration(_: Result, score: Result) -> Iterable[str]:
    for each in score["calibration"]:
        value = interval(each["estimate"], measure_format(each["name"]))
        yield say("{label}: {value}.", label=label_of(each), value=value)
    for point in score["plot"]["points"]:
        yield say(
            "{patients} patients with a predicted risk of {predicted}: observed {observed}.",
            patients=count(point["n"]), predicted=percent(point["predicted"]),
            observed=interval(point["observed"], "percent"),
        )  # fmt: skip


def _bands(_: Result, score: Result) -> Iterable[str]:
    for row in score["bands"]:
        name, patients = sentence(row["band"]), count(row["patients"])
        told = [say("{name}: {patients} patients", name=name, patients=patients)]
        if row["observed"] is not None:
            told.append(say("observed {value}", value=interval(row["observed"], "percent")))
        if row["published"] is not None:
            told.append(say("published {value}", value=interval(row["published"], "percent")))
        if row["predicted"] is not None:
            told.append(say("predicted {value}", value=percent(row["predicted"])))
        yield say("{words}.", words=_listed(told))


def _survival(result: Result, score: Result) -> Iterable[str]:
    unit = result["outcome"]["time_unit"]
    for curve in score["survival"]:
        yield say(
            "{group}: {events} events in {n} patients, median in {unit} {median}, free of the "
            "event at the horizon {value}.",
            group=sentence(curve["group"]), events=count(curve["events"]), n=count(curve["n"]),
            unit=unit, median=interval(curve["median"], "time", say("not reached")),
            value=interval(curve["at_horizon"], "percent"),
        )  # fmt: skip


def _incidence(result: Result, score: Result) -> Iterable[str]:
    horizon, unit = result["outcome"]["horizon"], result["outcome"]["time_unit"]
    for curve in score["incidence"]:
        yield say(
            "{group}: {events} events and {competing} competing events in {n} patients, incidence "
            "at {horizon} {unit} {value}.",
            group=sentence(curve["group"]), events=count(curve["events"]), n=count(curve["n"]),
            competing=count(curve["competing"]), horizon=exact(horizon), unit=unit,
            value=interval(curve["at_horizon"], "percent"),
        )  # fmt: skip


def _subgroups(result: Result, score: Result) -> Iterable[str]:
    for group in result["subgroups"]:
        yield say("{words}.", words=group["label"])
        yield from _rows(group["rows"], score["name"])


def _centres(result: Result, score: Result) -> Iterable[str]:
    yield from _rows(result["centres"]["rows"], score["name"])
    for row in result["centres"]["heterogeneity"]:
        if row["score"] == score["name"]:
            value = interval(row["pooled"], measure_format(row["measure"]))
            label = label_of(row)
            yield say("Mean over centres, {label}: {value}.", label=label, value=value)


def _rows(rows: Iterable[Result], name: str) -> Iterable[str]:
    for row in rows:
        group = row["group"]
        if row["withheld"]:
            yield say("{group}: withheld, {reason}.", group=group, reason=row["withheld"])
            continue
        told = [
            _valued(each)
            for one in row["scores"]
            if one["score"] == name
            for each in one["measures"]
        ]
        values, patients = _listed(told) or say("nothing"), count(row["patients"])
        yield say("{group}, {patients} patients: {values}.", group=group, patients=patients,
                  values=values)  # fmt: skip


def _ladder(_: Result, update: Result) -> Iterable[str]:
    for rung in climbed(update):
        for row in rung["measures"]:
            kind = measure_format(row["name"])
            after = interval(row["corrected"], kind) if row["corrected"] else say("not computed")
            yield say(
                "{rung}, {label}: apparent {apparent}, corrected {corrected}.",
                rung=sentence(rung["model"]), label=label_of(row),
                apparent=interval(row["apparent"], kind), corrected=after,
            )  # fmt: skip


OF_ALL: dict[str, Callable[[Result], Iterable[str]]] = {
    "patient_flow": _flow,
    "roc": _roc,
    "decision": _decision,
}
OF_A_SCORE: dict[str, Callable[[Result, Result], Iterable[str]]] = {
    "calibration": _calibration,
    "bands": _bands,
    "kaplan_meier": _survival,
    "incidence": _incidence,
    "subgroups": _subgroups,
    "centres": _centres,
    "ladder": _ladder,
}
