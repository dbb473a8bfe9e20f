"""Lines of R for what a validation takes from resamples: percentiles without a closed form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.report.r_script.writing import r_number, value

_DISTANCES = ("ici", "e50", "e90")


def resampled_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Write the resamples of a validation, and the percentiles that are told of them.

    Parameters
    ----------
    result : mapping
        Of the validation.

    Yields
    ------
    str
        Nothing where no score gives a risk.
    """
    rows = result["scores"]
    with_risk = [place for place, row in enumerate(rows) if row["predicts"] != "value"]
    if not with_risk:
        return
    yield "# ---- patients drawn again " + "-" * 67
    if not result.get("decision"):
        yield "thresholds <- numeric()"
    grids = [
        [point[0] for point in (rows[at].get("plot") or {}).get("curve") or ()] for at in with_risk
    ]
    yield f"grids <- list({', '.join(value(grid) if grid else 'numeric()' for grid in grids)})"
    chosen = ", ".join(str(place + 1) for place in with_risk)
    yield f"drawn <- draw_again(scores[c({chosen})], thresholds, grids)"
    yield "if (length(drawn)) {"
    order = {rows[place]["name"]: number for number, place in enumerate(with_risk, start=1)}
    for place in with_risk:
        yield from _of_score(f"result.scores[{place}]", order[rows[place]["name"]], rows[place])
    yield from _of_decision(result.get("decision"), order)
    yield from _of_pairs(result.get("comparisons") or (), order)
    yield "}"


def _told(place: str, draws: str) -> str:
    return f'  tell_percentiles("{place}", {draws}, LEVEL)'


def _of_score(place: str, number: int, row: Mapping[str, Any]) -> Iterator[str]:
    for part in ("calibration", "overall"):
        for at, item in enumerate(row.get(part) or ()):
            if item["name"] in _DISTANCES:
                drawn = (
                    f'drawn_of(drawn, {number}, "distances", {_DISTANCES.index(item["name"]) + 1})'
                )
            elif item["name"] == "scaled_brier":
                drawn = f'drawn_of(drawn, {number}, "scaled_brier")'
            else:
                continue
            yield _told(f"{place}.{part}[{at}].estimate", drawn)
    points = (row.get("plot") or {}).get("curve") or ()
    if points:
        yield f"  for (k in 1:{len(points)})"
        yield (
            f'    tell_percentiles(paste0("{place}.plot.curve[", k - 1, "]"), '
            f'drawn_of(drawn, {number}, "curve", k), LEVEL, c("[2]", "[3]"))'
        )


def _of_decision(found: Mapping[str, Any] | None, order: Mapping[str, int]) -> Iterator[str]:
    if not found:
        return
    for at, curve in enumerate(found["curves"][:-1]):
        place = f"result.decision.curves[{at}]"
        number = 0 if at == len(found["curves"]) - 2 else order[curve["name"]]
        yield "  for (k in seq_along(thresholds))"
        yield (
            f'    if (is.finite(curves[[{at + 1}]][k])) tell_percentiles("{place}", '
            f'drawn_of(drawn, {number}, "benefit", k), LEVEL, '
            'paste0(c(".low[", ".high["), k - 1, "]"))'
        )
    for at, row in enumerate(found.get("differences") or ()):
        threshold = r_number(float(row["measure"].removeprefix("net_benefit_at_")))
        sides = [
            f'drawn_of(drawn, {order.get(row[side], 0)}, "benefit", at)'
            for side in ("first", "second")
        ]
        if row["difference"]["value"] is not None:
            yield f"  at <- which.min(abs(thresholds - {threshold}))"
            yield _told(f"result.decision.differences[{at}].difference", " - ".join(sides))


def _of_pairs(rows: Sequence[Mapping[str, Any]], order: Mapping[str, int]) -> Iterator[str]:
    parts = {"ici": "distances", "calibration_slope": "calibration_slope"}
    for at, row in enumerate(rows):
        if row["measure"] not in parts or row["difference"]["value"] is None:
            continue
        sides = [
            f'drawn_of(drawn, {order[row[side]]}, "{parts[row["measure"]]}")'
            for side in ("first", "second")
        ]
        yield _told(f"result.comparisons[{at}].difference", " - ".join(sides))
