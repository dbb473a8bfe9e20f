"""Table 1 outside its centre: levels behind which enough patients stand, and nothing between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from cartwheel.report.paper.sharing_counts import Counts, ToldCounts, apart
from cartwheel.validation.sharing.cells import withheld_rows

Json = Mapping[str, Any]
_SUMMARIES = ("overall", "with_event", "without_event")
_HIDDEN = (*_SUMMARIES, "smd")


def told_table_one(
    rows: Sequence[Json],
    analysed: Counts,
    groups: Sequence[Counts],
    flow: Sequence[Counts],
    cell: int,
) -> tuple[list[dict[str, Any]], set[str]]:
    """Choose what of Table 1 is told.

    Parameters
    ----------
    rows : sequence of mapping
        ``TableOneRow`` as JSON.
    analysed : (int, int)
        Patients analysed, with and without the event.
    groups : sequence of (int, int)
        Groups of the analysed that are told.
    flow : sequence of (int, int)
        Steps of the flow.
    cell : int
        Smallest count that may be told.

    Returns
    -------
    (list of dict, set of str)
        The rows, at their places, a level that is not told as its number; and the places that are
        withheld. Of numbers nothing is told: their middles and quartiles are values of patients. Of
        a category a level is told where enough patients with, and without, the event have it, and
        where none that is withheld follows from the others; none is, where few lack a value.
    """
    kept: list[dict[str, Any]] = [dict(row) for row in rows]
    hidden: set[str] = set()
    eligible = _eligible(rows)
    # what the score is made of may divide the patients like its groups
    beside = ToldCounts(eligible or (0, 0), cell)
    beside.add([analysed])
    beside.add(groups)
    told = ToldCounts(eligible or (0, 0), cell, related=False)
    # Table 1 is of the eligible, the rest of the analysed: who was left out follows
    known = eligible is not None and _known(eligible, analysed, flow, cell)
    numbered = list(enumerate(rows))
    for _, members in groupby(numbered, key=lambda one: one[1].get("column")):
        block = list(members)
        shown = set[int]()
        if known:
            others = [told, beside] if block[0][1].get("predictor") else [told]
            shown = _levels(block, others, cell)
        for number, (at, row) in enumerate(block, 1):
            if at in shown:
                continue
            hidden |= {f"result.table_one[{at}].{name}" for name in _HIDDEN}
            kept[at] |= dict.fromkeys(_HIDDEN)
            if row.get("kind") == "level" and len(block) > 1:
                kept[at]["level"] = number
                hidden.add(f"result.table_one[{at}].level")
        if shown and len(shown) < len(block):
            # with the levels told it is one more equation for those that are not
            hidden |= {f"result.table_one[{at}].smd" for at in shown}
            for at in shown:
                kept[at]["smd"] = None
    return kept, hidden


def _eligible(rows: Sequence[Json]) -> Counts | None:
    for row in rows:
        sides = [row.get(name) or {} for name in ("with_event", "without_event")]
        if all(side.get("n") is not None for side in sides):
            events, others = (int(side["n"]) + int(side.get("missing") or 0) for side in sides)
            return events, others
    return None


def _known(eligible: Counts, analysed: Counts, flow: Sequence[Counts], cell: int) -> bool:
    """Whether the eligible may be told beside the analysed, and beside every step of the flow."""
    return apart(eligible, analysed, cell) and all(
        apart(max(step, eligible, key=sum), min(step, eligible, key=sum), cell) for step in flow
    )


def _levels(block: Sequence[tuple[int, Json]], beside: Sequence[ToldCounts], cell: int) -> set[int]:
    """Choose the levels of one variable that are told."""
    if any(row.get("kind") != "level" for _, row in block):
        return set()
    counts = [_counts(row) for _, row in block]
    missing, everybody = _side(block[0][1], "missing"), beside[0].everybody
    rest = (
        everybody[0] - missing[0] - sum(events for events, _ in counts),
        everybody[1] - missing[1] - sum(others for _, others in counts),
    )
    # percentages tell how many lack a value; a level that is not printed follows from the others
    besides = [one for one in (missing, rest) if one != (0, 0)]
    if any(min(one) < cell for one in besides):
        return set()
    hidden = withheld_rows([*counts, *besides], cell)
    if any(at >= len(counts) for at in hidden):
        return set()
    kept = [one for at, one in enumerate(counts) if at not in hidden]
    tables = [*kept, *besides]
    if not kept or not all(one.allows(tables) for one in beside):
        return set()
    beside[0].add(tables)
    return {at for place, (at, _) in enumerate(block) if place not in hidden}


def _counts(row: Json) -> Counts:
    return _side(row, "count")


def _side(row: Json, name: str) -> Counts:
    with_event, without = (
        int((row.get(side) or {}).get(name) or 0) for side in ("with_event", "without_event")
    )
    return with_event, without
