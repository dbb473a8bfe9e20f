"""Two ward files beside each other, rule by rule, so that a centre can tune its rules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from scipy.special import stdtrit

from cartwheel.errors import FileRefused, refuse
from cartwheel.estimate import Estimate
from cartwheel.result_json import read_json
from cartwheel.watch.burden import Burden, BurdenRow
from cartwheel.watch.standing import AlertEvent
from cartwheel.workflows.monitor_plan import SimulatedPast
from cartwheel.workflows.monitor_result import (
    KIND,
    Compared,
    ComparedRow,
    ComparedSide,
    SimulationSettings,
)
from cartwheel.workflows.monitor_time import Lived

_LEVEL, _DAY = 0.95, timedelta(days=1)
_MEND = "give the JSON that 'cartwheel monitor simulate --json' wrote, or another ward file"
_ESTIMATES = ("per_patient_day", "minutes_to_acknowledgement", "escalated", "predictive_value")


def against_past(
    cost: Burden, past: SimulatedPast, other_cost: Burden, other: SimulatedPast
) -> Compared:
    """Compare with another ward file by which the same files were followed anew.

    Parameters
    ----------
    cost, other_cost : Burden
        Of each.
    past, other : SimulatedPast
        As each was followed.

    Returns
    -------
    Compared
        Differences with intervals.

    Notes
    -----
    A difference is alerts a patient-day now less before; its interval is by Student's t from the
    spread between patients, each a cluster with as many days as he was followed, so that several
    alerts of one patient are no more than his.
    """

    def difference(by: str, of: str) -> Estimate:
        return _paired(_alerts(past.lived, by, of), _alerts(other.lived, by, of))

    return Compared(
        other.ward_name, other.ward.ward, other.ward.identity, True, True, (), other_cost.foretold,
        other_cost.patients, other_cost.patient_days, other_cost.sensitivity,
        other_cost.lead_hours,
        tuple(
            ComparedRow(by, of, _side(before), _side(now), difference(by, of))
            for by, of, before, now in _rows(other_cost.rows, cost.rows)
        ),
    )  # fmt: skip


def against_result(
    path: Path, cost: Burden, files: Sequence[str], settings: SimulationSettings
) -> Compared:
    """Compare with the result of an earlier ward file.

    Parameters
    ----------
    path : Path
        What ``cartwheel monitor simulate --json`` wrote.
    cost : Burden
        Of this one.
    files : sequence of str
        SHA-256 of the files followed now.
    settings : SimulationSettings
        Of this one.

    Returns
    -------
    Compared
        Differences without intervals: a result has nobody's row.

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``result_kind``, ``result_broken``.
    """
    _, document = read_json(path, mend=_MEND)
    if not isinstance(document, Mapping) or document.get("kind") != KIND:
        what = "this is not the result of a simulated ward"
        raise refuse(FileRefused, "result_kind", what, where=path.name, mend=_MEND)
    try:
        return _against(path.name, document, cost, files, settings)
    except (KeyError, TypeError, AttributeError, ValueError):
        what = "something of the result is not there"
        raise refuse(FileRefused, "result_broken", what, where=path.name, mend=_MEND) from None


def _against(
    name: str,
    document: Mapping[str, Any],
    cost: Burden,
    files: Sequence[str],
    settings: SimulationSettings,
) -> Compared:
    other, source = document["burden"], document["source"]
    same = sorted(one["sha256"] for one in source["files"]) == sorted(files)
    same = same and other["patients"] == cost.patients
    differs = tuple(
        one.name
        for one in fields(SimulationSettings)
        if document["settings"].get(one.name) != getattr(settings, one.name)
    )
    days = cost.patient_days
    # the same moments were followed: else a rate less a rate is no difference of the rules
    paired = same and math.isclose(other["patient_days"], days, rel_tol=1e-9)
    rows = [_read_row(one) for one in other["rows"]]
    return Compared(
        name, document["ward"], source["ward_sha256"], same, False, differs,
        str(other["foretold"]), int(other["patients"]), float(other["patient_days"]),
        _estimate(other["sensitivity"]), _estimate(other["lead_hours"]),
        tuple(
            ComparedRow(by, of, _side(before), _side(now),
                        _of_rates(before, now, cost) if paired else None)
            for by, of, before, now in _rows(rows, cost.rows)
        ),
    )  # fmt: skip


def _read_row(row: Mapping[str, Any]) -> BurdenRow:
    whole = {one.name: row[one.name] for one in fields(BurdenRow)}
    return BurdenRow(**{**whole, **{key: _estimate(row[key]) for key in _ESTIMATES}})


def _estimate(found: Mapping[str, Any] | None) -> Any:
    if found is None:
        return None
    return Estimate(**{one.name: found[one.name] for one in fields(Estimate)})


def _rows(
    before: Sequence[BurdenRow], now: Sequence[BurdenRow]
) -> Iterator[tuple[str, str, BurdenRow | None, BurdenRow | None]]:
    """Pair the rows: all, then rules, then severities; a rule of one alone keeps its place."""
    olds, news = ({(one.by, one.of): one for one in rows} for rows in (before, now))
    order = ("all", "rule", "severity")
    keys = sorted({*olds, *news}, key=lambda key: (order.index(key[0]), key[1]))
    for by, of in keys:
        yield by, of, olds.get((by, of)), news.get((by, of))


def _side(row: BurdenRow | None) -> ComparedSide | None:
    if row is None:
        return None
    return ComparedSide(
        row.raised, row.patients, row.per_patient_day, row.minutes_to_acknowledgement,
        row.escalated, row.predictive_value,
    )  # fmt: skip


def _of_rates(before: BurdenRow | None, now: BurdenRow | None, cost: Burden) -> Estimate:
    alerts = (now.raised if now else 0) - (before.raised if before else 0)
    method = (
        "alerts now less alerts before, by patient-days; a result has nobody's row: no interval"
    )
    return Estimate(alerts / cost.patient_days, method=method, n=cost.patients)


def _alerts(lived: Sequence[Lived], by: str, of: str) -> dict[str, tuple[int, float]]:
    """Give each patient's alerts, and the days in which he was followed."""
    return {
        one.course.patient: (_raised(one, by, of), (one.course.ends - one.course.begins) / _DAY)
        for one in lived
    }


def _raised(one: Lived, by: str, of: str) -> int:
    return sum(
        event.step == "raised"
        and one.course.begins <= known_at <= one.course.ends
        and (by == "all" or of == (event.rule if by == "rule" else event.severity))
        for known_at, event in one.told
        if isinstance(event, AlertEvent)
    )


def _paired(
    now: Mapping[str, tuple[int, float]], before: Mapping[str, tuple[int, float]]
) -> Estimate:
    """Estimate a rate less a rate; both are of the same patients, so that each is one cluster."""
    spread: dict[str, float] = {}
    value = 0.0
    for sign, found in ((1.0, now), (-1.0, before)):
        days = math.fsum(each for _, each in found.values())
        rate = sum(alerts for alerts, _ in found.values()) / days
        value += sign * rate
        for patient, (alerts, own) in found.items():
            spread[patient] = spread.get(patient, 0.0) + sign * (alerts - rate * own) / days
    n, method = len(spread), "alerts a patient-day now less before"
    error = math.sqrt(n / (n - 1) * math.fsum(one * one for one in spread.values())) if n > 1 else 0
    if not error > 0.0:
        return Estimate(value, method=f"{method}; no interval: patients do not differ", n=n)
    reach = float(stdtrit(n - 1, 0.5 + _LEVEL / 2)) * error
    method += ", Student's t interval between patients"
    return Estimate(value, value - reach, value + reach, _LEVEL, method, n)
