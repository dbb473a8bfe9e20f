"""Figures of a development: caption, and what each shows in words and numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cartwheel.figures.atlas import figure_table
from cartwheel.figures.numbers import measure_format
from cartwheel.report.document.blocks import Figure
from cartwheel.report.paper.develop_score_tables import time_unit
from cartwheel.report.paper.figures import builders, drawn_block, stretched
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.places import places_under

Json = Mapping[str, Any]
# The place of an item: the words that stand for it; None where it is not drawn.
Describe = Callable[[Numbers, str], dict[str, str] | None]


class Drawer:
    """Draws each figure that the result calls for once, where the text wants it.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._left = list(builders(numbers.document))

    def __call__(self, name: str) -> list[Figure]:
        """Draw a figure, on so many sheets as can be read; none where it is not called for."""
        if name not in self._left:
            return []
        self._left.remove(name)
        try:
            data = figure_table(self._numbers.document, name)
            sheets = _sheets(name, self._numbers.document["result"])
            drawn = [
                _drawn(self._sheet(result), name, _rows_of(data, name, items))
                for result, items in sheets
            ]
        except (KeyError, TypeError):
            # an old or foreign file may lack a part that it is drawn from
            return []
        kept = [figure for figure in drawn if figure is not None]
        return kept if len(kept) == 1 else [*self._numbered(kept)]

    def others(self) -> list[Figure]:
        """Draw those that no section asked for."""
        return [figure for name in tuple(self._left) for figure in self(name)]

    def _sheet(self, result: Json) -> Numbers:
        return replace(self._numbers, document={**self._numbers.document, "result": result})

    def _numbered(self, figures: list[Figure]) -> Iterator[Figure]:
        for number, figure in enumerate(figures, 1):
            caption = self._numbers.say(
                "develop.figure.sheet",
                caption=figure.caption,
                number=str(number),
                count=str(len(figures)),
            )
            yield replace(figure, id=f"{figure.id}-{number}", caption=caption)


def _sheets(name: str, result: Json) -> list[tuple[Json, tuple[int, ...]]]:
    """Part a result whose figure would be too full: what each sheet shows, and which items.

    No items stands for all of them.
    """
    if name not in _FULL:
        return [(result, ())]
    path, size, kept = _FULL[name]
    whole = result[path[0]] if len(path) == 1 else result[path[0]][path[1]]
    # a fixed cut-off has nothing to draw
    items = [at for at, each in enumerate(whole) if at >= kept and each.get("wander_grid", True)]
    if len(items) <= size:
        return [(result, ())]
    sheets: list[tuple[Json, tuple[int, ...]]] = []
    for start in range(0, len(items), size):
        chosen = (*range(kept), *items[start : start + size])
        part: Any = [whole[at] for at in chosen]
        if len(path) > 1:
            part = {**result[path[0]], path[1]: part}
        sheets.append(({**result, path[0]: part}, chosen))
    return sheets


def _rows_of(data: str, name: str, items: tuple[int, ...]) -> str:
    """Keep the records of a sheet: those of its items, and those that are of no item."""
    if not items:
        return data
    item = re.compile(r"result\." + r"\.".join(_FULL[name][0]) + r"\[(\d+)\]")
    header, *records = csv.reader(io.StringIO(data))
    at = header.index("id")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for record in records:
        found = item.match(record[at])
        if found is None or int(found[1]) in items:
            writer.writerow(record)
    return stream.getvalue()


def _drawn(numbers: Numbers, name: str, data: str) -> Figure | None:
    build = builders(numbers.document).get(name)
    if build is None:
        return None
    say, key = numbers.say, f"develop.figure.{name}.caption"
    caption = say(key if key in say else "develop.figure.other", name=name)
    id = "figure-" + name.replace("_", "-")
    return drawn_block(build(), caption, _alt(numbers, name, caption), data, id=id)


def _alt(numbers: Numbers, name: str, caption: str) -> str:
    if name not in _PARTS:
        return stretched(caption)
    say, key = numbers.say, f"develop.figure.{name}"
    place, describe = _PARTS[name]
    told = (describe(numbers, each) for each in places_under(numbers.document, place))
    parts = [say(f"{key}.part", **words) for words in told if words is not None]
    joined = say.sentence("develop.figure.between").join(parts)
    return stretched(say(f"{key}.alt", parts=joined))


def _flow(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "label": numbers.named(f"{place}.label").text,
        "patients": numbers.text(f"{place}.patients", "count"),
        "events": numbers.text(f"{place}.events", "count"),
    }


def _term(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "label": numbers.named(f"{place}.label").text,
        "effect": numbers.text(f"{place}.effect", "ratio"),
    }


def _risk(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "total": numbers.text(f"{place}.total", "count"),
        "predicted": numbers.text(f"{place}.predicted", "percent"),
        "n": numbers.text(f"{place}.n", "count"),
        "events": numbers.text(f"{place}.events", "count"),
    }


def _group(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "name": numbers.named(f"{place}.name").text,
        "observed": numbers.text(f"{place}.observed", "percent"),
        "predicted": numbers.text(f"{place}.predicted", "percent"),
    }


def _curve(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "name": numbers.named(f"{place}.group").text,
        "n": numbers.text(f"{place}.n", "count"),
        "events": numbers.text(f"{place}.events", "count"),
        "unit": time_unit(numbers),
        "median": numbers.text(f"{place}.median", "time", "shared.not_reached"),
    }


def _roc(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "label": numbers.named(f"{place}.label").text,
        "auc": numbers.text(f"{place}.auc", "score"),
    }


def _cutoff(numbers: Numbers, place: str) -> dict[str, str] | None:
    if not numbers.at(f"{place}.wander_grid"):
        return None
    return {
        "label": numbers.named(f"{place}.label").text,
        "cut": numbers.cut_text(place),
        "wander": numbers.text(f"{place}.wander", "significant", "develop.none"),
    }


def _selected(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "label": numbers.named(f"{place}.label").text,
        "frequency": numbers.text(f"{place}.frequency", "percent"),
    }


def _band(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "predicted": numbers.text(f"{place}.predicted", "percent"),
        "low": numbers.text(f"{place}.low", "percent"),
        "high": numbers.text(f"{place}.high", "percent"),
        "n": numbers.text(f"{place}.n", "count"),
    }


def _calibrated(numbers: Numbers, place: str) -> dict[str, str]:
    return {
        "predicted": numbers.text(f"{place}.predicted", "percent"),
        "observed": numbers.text(f"{place}.observed", "percent"),
        "n": numbers.text(f"{place}.n", "count"),
    }


def _measure(numbers: Numbers, place: str) -> dict[str, str]:
    kind = measure_format(str(numbers.at(f"{place}.name")))
    return {
        "label": numbers.named(f"{place}.label").text,
        "apparent": numbers.text(f"{place}.apparent", kind),
        "corrected": numbers.text(f"{place}.corrected", kind),
    }


def _dose(numbers: Numbers, place: str) -> dict[str, str]:
    last = len(numbers.at(f"{place}.x") or ()) - 1
    return {
        "label": numbers.named(f"{place}.label").text,
        "low": numbers.text(f"{place}.x[0]", "significant"),
        "high": numbers.text(f"{place}.x[{last}]", "significant"),
        "cut": numbers.text(f"{place}.cut", "exact", "shared.none"),
    }


# Name of the figure: the list that its words go through, and what is said of each item.
_PARTS: dict[str, tuple[str, Describe]] = {
    "patient_flow": ("result.flow", _flow),
    "regression_forest": ("result.univariable.rows", _term),
    "risk_by_points": ("result.risk_table", _risk),
    "groups": ("result.groups", _group),
    "kaplan_meier": ("result.survival", _curve),
    "roc": ("result.roc", _roc),
    "cutoff_wander": ("result.cutoffs", _cutoff),
    "selection": ("result.selection", _selected),
    "instability": ("result.instability.bands", _band),
    "calibration": ("result.calibration.points", _calibrated),
    "performance": ("result.performance.measures", _measure),
    "dose_response": ("result.splines", _dose),
    "nomogram": ("result.multivariable.rows", _term),
}
# Figures that many predictors would overfill: their list, how many items a sheet carries, and how
# many of the first stand on every sheet.
_FULL: dict[str, tuple[tuple[str, ...], int, int]] = {
    "regression_forest": (("univariable", "rows"), 25, 0),
    "roc": (("roc",), 5, 1),
    "cutoff_wander": (("cutoffs",), 6, 0),
    "selection": (("selection",), 30, 0),
    "dose_response": (("splines",), 6, 0),
}
