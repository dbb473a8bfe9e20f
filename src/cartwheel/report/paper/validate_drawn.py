"""What the figures of a shared report are drawn from: a validation without its small numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np

from cartwheel.report.paper.validate_share import (
    POOLED,
    few_values,
    minimum_cell,
    told_flow,
    withheld_bands,
)
from cartwheel.report.paper.validate_shown import has_interval, in_steps_of

Json = Mapping[str, Any]
# as the shared file rounds risks and curves
_DIGITS = 2
_RISKS = tuple(round(0.05 * step, 2) for step in range(1, 20))


def drawable(document: Json, withheld: frozenset[str], names: Mapping[str, str]) -> dict[str, Any]:
    """Take from a validation what may be drawn outside its centre.

    Parameters
    ----------
    document : mapping
        The JSON of a validation.
    withheld : frozenset of str
        Places that are not told.
    names : mapping of str to str
        Place of a group to the name that may leave the centre.

    Returns
    -------
    dict
        A validation; curves of which every step is a patient (survival, incidence, ROC, net
        benefit) are not in it, nor groups that are too small.
    """
    result, cell = dict(document["result"]), minimum_cell(document)
    result["flow"] = _flow(result.get("flow") or [], cell)
    result["scores"] = [
        _score(f"result.scores[{at}]", score, cell, withheld)
        for at, score in enumerate(result.get("scores") or ())
    ]
    result["decision"] = None
    result["subgroups"] = [
        {**group, "rows": _rows(group["rows"], f"result.subgroups[{at}].rows", withheld, names)}
        for at, group in enumerate(result.get("subgroups") or ())
    ]
    if result.get("centres"):
        rows = _rows(result["centres"]["rows"], "result.centres.rows", withheld, names)
        result["centres"] = {**result["centres"], "rows": rows}
    coarse = few_values(document)
    if coarse:
        result["updates"] = []
        result["scores"] = [_few(score) for score in result["scores"]]
    return {**document, "result": _rough(result, coarse)}


def _few(score: Json) -> dict[str, Any]:
    """A score of few values: no curve of its risks, and fewer measures."""
    kept = {
        group: [each for each in score.get(group) or () if each["name"] in POOLED]
        for group in ("discrimination", "calibration", "overall")
    }
    kept["discrimination"] = kept["discrimination"][:1]
    return {**score, **kept, "plot": None}


def _rough(thing: Any, coarse: bool) -> Any:
    """Round every estimate with an interval as it is told in words."""
    if isinstance(thing, Mapping):
        if has_interval(thing):
            return in_steps_of(thing, coarse=coarse)
        return {name: _rough(each, coarse) for name, each in thing.items()}
    return [_rough(each, coarse) for each in thing] if isinstance(thing, list) else thing


def _flow(steps: Sequence[Json], cell: int) -> list[dict[str, Any]]:
    kept = [dict(steps[at]) for at in told_flow(steps, cell)]
    for before, after in zip([None, *kept], kept, strict=False):
        for lost, left in (("excluded", "patients"), ("excluded_events", "events")):
            after[lost] = 0 if before is None else before[left] - after[left]
    return kept


def _score(place: str, score: Json, cell: int, withheld: frozenset[str]) -> dict[str, Any]:
    bands = score.get("bands") or []
    hidden = withheld_bands(bands, cell)
    if f"{place}.bands" in withheld:
        hidden = set(range(len(bands)))
    return {
        **score,
        "roc": None,
        "plot": _plot(score.get("plot"), cell),
        "bands": [band for at, band in enumerate(bands) if at not in hidden],
        "survival": [],
        "incidence": [],
    }


def _plot(plot: Json | None, cell: int) -> dict[str, Any] | None:
    """The flexible curve on a fixed grid, where enough patients lie on either side."""
    if not plot or len(plot["curve"]) < 2:
        return None
    risks, *heights = (
        [float("nan") if row[part] is None else row[part] for row in plot["curve"]]
        for part in range(4)
    )
    grid = [
        risk
        for risk in _RISKS
        if risks[0] <= risk <= risks[-1] and _enough(plot["points"], risk, cell)
    ]
    told = [[_rounded(each) for each in np.interp(grid, risks, height)] for height in heights]
    curve = [list(row) for row in zip(grid, *told, strict=True)]
    if len(curve) < 2:
        return None
    return {**plot, "points": [], "curve": curve, "histogram": []}


def _enough(points: Sequence[Json], risk: float, cell: int) -> bool:
    """Whether the groups of predictions below, and those above, hold enough of either kind."""
    for below in (True, False):
        side = [point for point in points if (point["predicted"] < risk) is below]
        events = sum(int(point["observed"].get("events") or 0) for point in side)
        if min(events, sum(point["n"] for point in side) - events) < cell:
            return False
    return True


def _rows(
    rows: Sequence[Json], place: str, withheld: frozenset[str], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        {**row, "group": names.get(f"{place}[{at}]", "")}
        for at, row in enumerate(rows)
        if f"{place}[{at}]" not in withheld
    ]


def _rounded(value: float) -> float | None:
    return None if isnan(value) else round(float(value), _DIGITS) + 0.0
