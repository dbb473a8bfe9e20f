"""Figures of a meta-analysis as blocks: drawn, told in words, and their data as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cartwheel.figures.pooling.gallery import figure_title
from cartwheel.report.document.blocks import Figure
from cartwheel.report.paper.figures import figure_block, stretched, table_csv
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import Effects

Json = Mapping[str, Any]
_Row = Sequence[Any]
_ENDS = ("value", "low", "high")


def figure(numbers: Numbers, name: str, caption: str) -> Figure | None:
    """Draw a figure of a meta-analysis.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    name : str
        One of ``figures.pooling.gallery.pool_figures``.
    caption : str
        Under it.

    Returns
    -------
    Figure or None
        None where the result does not call for it.
    """
    block = figure_block(name, numbers.document, caption, "", "")
    if block is None:
        return None
    kind, _, number = name.rpartition("_")
    header, tell = _DATA[kind]
    rows = list(tell(numbers.document["result"], int(number) - 1))
    told = "; ".join(_told(numbers, kind, int(number) - 1))
    title = figure_title(numbers.document, name)
    alt = stretched(numbers.say("pool.figure.alt", title=title, numbers=told))
    csv = table_csv(header, rows)
    return Figure(block.id, block.caption, alt, block.svg, csv, block.width)


def _told(numbers: Numbers, kind: str, place: int) -> Iterator[str]:
    """Numbers of a figure in words: of each line the estimate, of a cloud only the pooled one."""
    say, result = numbers.say, numbers.document["result"]
    if kind == "prisma_flow":
        for box in result["flow"]["boxes"]:
            yield say("pool.alt.box", label=str(box["label"]), count=str(box["count"]))
    elif kind == "traffic_lights":
        for study in result["quality"][place]["studies"]:
            yield say("pool.alt.judged", study=study["study"], overall=study["overall"] or "?")
    elif kind in ("summary", "outcomes_side_by_side"):
        for one in result["analyses"]:
            yield _line(numbers, one, one["name"], one["main"]["pooled"])
    else:
        yield from _of_analysis(numbers, kind, result["analyses"][place])


def _of_analysis(numbers: Numbers, kind: str, one: Json) -> Iterator[str]:
    say, effects = numbers.say, Effects(numbers, str(one["measure"]))
    lines = {
        "forest": [(each["study"], each["estimate"]) for each in one["studies"]],
        "leave_one_out": [(each["study"], each["estimate"]) for each in one["leave_one_out"]],
        "subgroups": [
            (row["level"], row["pooled"]) for group in one["subgroups"] for row in group["rows"]
        ],
    }
    for name, estimate in lines.get(kind, ()):
        yield _line(numbers, one, name, estimate)
    pooled = one["main"]["pooled"]
    yield say("pool.alt.pooled", value=effects.estimate_text(pooled))
    low, high = one["main"]["prediction_low"], one["main"]["prediction_high"]
    if kind == "forest" and low is not None and high is not None:
        ends = {"low": effects.text(low), "high": effects.text(high)}
        yield say("pool.alt.prediction", **ends)


def _line(numbers: Numbers, one: Json, name: str, estimate: Json) -> str:
    text = Effects(numbers, str(one["measure"])).estimate_text(estimate)
    return numbers.say("pool.alt.study", name=str(name), value=text)


def _estimate(estimate: Json | None) -> tuple[Any, ...]:
    return tuple((estimate or {}).get(key) for key in _ENDS)


def _forest(pool: Json, place: int) -> Iterator[_Row]:
    one = pool["analyses"][place]
    for each in one["studies"]:
        yield [each["study"], *_estimate(each["estimate"]), each["weight_percent"]]
    yield ["pooled", *_estimate(one["main"]["pooled"]), None]
    yield ["prediction", None, one["main"]["prediction_low"], one["main"]["prediction_high"], None]


def _left_out(pool: Json, place: int) -> Iterator[_Row]:
    for each in pool["analyses"][place]["leave_one_out"]:
        yield [each["study"], *_estimate(each["estimate"]), each["tau2"], each["i2"]]


def _subgroups(pool: Json, place: int) -> Iterator[_Row]:
    for group in pool["analyses"][place]["subgroups"]:
        for each in group["rows"]:
            yield [group["column"], each["level"], each["k"], *_estimate(each["pooled"])]


def _bubble(pool: Json, place: int) -> Iterator[_Row]:
    for each in pool["analyses"][place]["regressions"]:
        named = " + ".join(each["columns"])
        for x, weight in zip(each["x"], each["weight_percent"], strict=False):
            yield [named, "study", x, None, None, None, weight]
        for row in zip(each["grid"], each["fitted"], each["low"], each["high"], strict=False):
            yield [named, "line", *row, None]


def _funnel(pool: Json, place: int) -> Iterator[_Row]:
    one = pool["analyses"][place]
    for each in one["studies"]:
        yield [each["study"], each["effect"], each["std_error"]]
    yield ["pooled", one["main"]["effect"], one["main"]["std_error"]]


def _accuracy(pool: Json, place: int) -> Iterator[_Row]:
    found = pool["analyses"][place]["accuracy"]
    for each in found["studies"]:
        ends = (*_estimate(each["sensitivity"]), *_estimate(each["specificity"]))
        yield [each["study"], *ends]
    yield ["summary point", *_estimate(found["sensitivity"]), *_estimate(found["specificity"])]


def _summary_roc(pool: Json, place: int) -> Iterator[_Row]:
    found = pool["analyses"][place]["accuracy"]
    for each in found["studies"]:
        yield [each["study"], 1.0 - each["specificity"]["value"], each["sensitivity"]["value"]]
    for part in ("confidence_region", "prediction_region", "curve"):
        for across, up in found[part]:
            yield [part, across, up]


def _cloud(pool: Json, place: int) -> Iterator[_Row]:
    cloud = pool["analyses"][place]["subsets"]
    yield from zip(cloud["effect"], cloud["i2"], strict=True)


def _flow(pool: Json, _: int) -> Iterator[_Row]:
    for box in pool["flow"]["boxes"]:
        yield [box["label"], "", box["count"]]
        for reason, count in box["reasons"]:
            yield [box["label"], reason, count]


def _summary(pool: Json, _: int) -> Iterator[_Row]:
    for one in pool["analyses"]:
        yield [one["name"], one["measure"], one["k"], *_estimate(one["main"]["pooled"])]


def _lights(pool: Json, place: int) -> Iterator[_Row]:
    for study in pool["quality"][place]["studies"]:
        for each in study["judgements"]:
            yield [study["study"], each["domain"], each["level"]]
        yield [study["study"], "overall", study["overall"]]


_POOLED = ("question", "measure", "studies", *_ENDS)
_ACCURACY = ("sensitivity", "sensitivity_low", "sensitivity_high", "specificity",
             "specificity_low", "specificity_high")  # fmt: skip
_DATA: dict[str, tuple[Sequence[str], Callable[[Json, int], Iterator[_Row]]]] = {
    "prisma_flow": (("step", "reason", "count"), _flow),
    "summary": (_POOLED, _summary),
    "outcomes_side_by_side": (_POOLED, _summary),
    "traffic_lights": (("study", "domain", "level"), _lights),
    "forest": (("study", *_ENDS, "weight_percent"), _forest),
    "leave_one_out": (("left_out", *_ENDS, "tau2", "i2_percent"), _left_out),
    "subgroups": (("column", "subgroup", "studies", *_ENDS), _subgroups),
    "bubble": (("columns", "part", "x", "fitted", "low", "high", "weight_percent"), _bubble),
    "funnel": (("study", "effect_analysis_scale", "std_error"), _funnel),
    "accuracy_forest": (("study", *_ACCURACY), _accuracy),
    "summary_roc": (("part", "false_positive_rate", "sensitivity"), _summary_roc),
    "subset_cloud": (("effect_analysis_scale", "i2_percent"), _cloud),
}
