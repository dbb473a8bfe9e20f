"""What is withheld must not be the whole less what is told: then another row is withheld too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from cartwheel.watch.drift_rows import CalibrationDrift, Drift, InputDrift, RefusalDrift

_Row = TypeVar("_Row", InputDrift, RefusalDrift, CalibrationDrift)


def without_rests(found: Drift, every: str) -> Drift:
    """Withhold rows by which those of few patients could be worked out.

    Parameters
    ----------
    found : Drift
        From `cartwheel.watch.drift.drift`. A row with an empty centre is the whole of the others
        of its period and name.
    every : str
        Name of the period under which the risks of all periods stand.

    Returns
    -------
    Drift
        Where the whole less what is told would leave fewer patients than are told, the smallest
        rows that are told are withheld as well, until it leaves enough.
    """
    least = found.plan.least
    inputs = _kept(
        found.inputs, least, lambda row: not row.centre, lambda row: (row.period, row.name)
    )
    refusals = _kept(
        found.refusals, least, lambda row: not row.centre, lambda row: (row.period, row.target)
    )
    risks, before = list(found.calibration), list[CalibrationDrift]()
    # one withheld in a period may be worked out from its place, and the other way round
    while risks != before:
        before = risks
        risks = _kept(
            risks, least, lambda row: not row.centre, lambda row: (row.period, row.target)
        )
        risks = _kept(
            risks, least, lambda row: row.period == every, lambda row: (row.centre, row.target)
        )
    return replace(found, inputs=tuple(inputs), refusals=tuple(refusals), calibration=tuple(risks))


def _kept(
    rows: Sequence[_Row],
    least: int,
    is_whole: Callable[[_Row], bool],
    group: Callable[[_Row], tuple[str, str]],
) -> list[_Row]:
    kept = list(rows)
    groups: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(group(row), []).append(place)
    for places in groups.values():
        whole = next((kept[place].patients for place in places if is_whole(kept[place])), None)
        if whole is None:
            continue
        told = [
            (patients, place)
            for place in places
            if not is_whole(kept[place]) and (patients := kept[place].patients) is not None
        ]
        told.sort()
        rest = whole - sum(patients for patients, _ in told)
        for patients, place in told:
            if not 0 < rest < least:
                break
            rest += patients
            kept[place] = _bare(kept[place])
    return kept


def _bare(row: _Row) -> _Row:
    """Take every number out of a row."""
    if isinstance(row, InputDrift):
        return InputDrift(row.centre, row.period, row.name, row.is_reference, withheld=True)
    if isinstance(row, RefusalDrift):
        return RefusalDrift(row.centre, row.period, row.target, row.is_reference, withheld=True)
    return CalibrationDrift(
        row.centre, row.period, row.target, row.is_reference, row.horizon, withheld=True
    )
