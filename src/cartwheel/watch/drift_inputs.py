"""Drift of what comes in and of what is answered: distributions, what is missing, refusals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from statistics import median

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import quantiles, wilson_interval
from cartwheel.stats.multiplicity_adjustment import holm
from cartwheel.watch.drift_rows import (
    OTHER_REASONS,
    Answered,
    Asked,
    DriftPlan,
    InputDrift,
    RefusalDrift,
    is_reference,
)
from cartwheel.watch.drift_units import unit_looked_like

_QUARTILES = (0.25, 0.5, 0.75)
# cells of a permutation at once: little memory, and other threads get their turn between
_HELD = 200_000
# equal distances differ by rounding
_SLACK = 1e-12
Floats = NDArray[np.float64]
# a month that is over is asked about again and again, and says the same: by a hash of both samples
_KNOWN: dict[bytes, tuple[float, float]] = {}
_MOST_KNOWN = 20_000
# patients of both samples from which on the limit distribution takes the place of permutations
_MANY = 1000


@dataclass(slots=True)
class _Cell:
    """What was asked of one input, of one centre and period or of its reference time."""

    values: dict[str, list[float]]
    patients: set[str]
    asked: int = 0
    missing: int = 0
    parked: int = 0
    looked: set[str] = field(default_factory=set)
    limited: set[str] = field(default_factory=set)

    def add(self, one: Asked) -> None:
        self.asked += 1
        self.patients.add(one.patient)
        if one.limited is not None and one.value is not None:
            (self.limited if one.limited else self.looked).add(one.patient)
        if one.parked:
            self.parked += 1
        elif one.value is None:
            self.missing += 1
        elif not math.isfinite(one.value):
            what, mend = (
                f"a value of {one.name} is no finite number",
                "give None where it is missing",
            )
            raise refuse(NotEstimable, "not_finite", what, mend=mend)
        else:
            self.values.setdefault(one.patient, []).append(one.value)

    def of_each(self) -> dict[str, float]:
        return {patient: median(several) for patient, several in self.values.items()}


def input_drift(plan: DriftPlan, asked: Iterable[Asked]) -> tuple[InputDrift, ...]:
    """Describe every input by centre and period, and compare it with the reference time.

    Parameters
    ----------
    plan : DriftPlan
        How.
    asked : iterable of Asked
        In any order.

    Returns
    -------
    tuple of InputDrift
        By centre, period and name.

    Raises
    ------
    NotEstimable
        ``not_finite``.
    """
    cells: dict[tuple[str, str, str], _Cell] = {}
    references: dict[tuple[str, str], _Cell] = {}
    for one in asked:
        key = one.centre, one.period, one.name
        cells.setdefault(key, _Cell({}, set())).add(one)
        if is_reference(plan, one.period):
            references.setdefault((one.centre, one.name), _Cell({}, set())).add(one)
    held = {key: cell.of_each() for key, cell in references.items()}
    rows = [
        _input_row(plan, key, cells[key], held.get((key[0], key[2]), {})) for key in sorted(cells)
    ]
    return tuple(_adjusted(rows))


def _input_row(
    plan: DriftPlan, key: tuple[str, str, str], cell: _Cell, reference: Mapping[str, float]
) -> InputDrift:
    row = InputDrift(*key, is_reference(plan, key[1]))
    if len(cell.patients) < plan.least:
        return replace(row, withheld=True)
    row = replace(
        row,
        patients=len(cell.patients),
        missing=_share(plan, cell.missing, cell, "share missing"),
        parked=_share(plan, cell.parked, cell, "share parked"),
        limited=_limited(plan, cell),
    )
    values = cell.of_each()
    if len(values) < plan.least:
        return row
    low, middle, high = (float(q) for q in quantiles(sorted(values.values()), _QUARTILES))
    row = replace(row, low_quartile=low, median=middle, high_quartile=high)
    # who was there before belongs to the reference alone: else the samples are not independent
    now = sorted(value for patient, value in values.items() if patient not in reference)
    if row.is_reference or min(len(now), len(reference)) < plan.least:
        return row
    before = sorted(reference.values())
    distance, p = _distance(plan, key, np.array(before), np.array(now))
    looks_like = unit_looked_like(key[2], before, now)
    return replace(row, distance=distance, p=p, looks_like=looks_like)


def _limited(plan: DriftPlan, cell: _Cell) -> Estimate | None:
    looked = len(cell.looked | cell.limited)
    if looked < plan.least:
        return None
    count = len(cell.limited)
    low, high = wilson_interval(count, looked, plan.level)
    method = "share of patients with a value at a limit of detection, Wilson's interval"
    return Estimate(count / looked, low, high, plan.level, method, looked, count)


def _adjusted(rows: Sequence[InputDrift]) -> list[InputDrift]:
    families: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if row.p is not None:
            families.setdefault((row.centre, row.period), []).append(place)
    found = list(rows)
    for places in families.values():
        adjusted = holm([p for place in places if (p := rows[place].p) is not None])
        for place, p in zip(places, adjusted, strict=True):
            found[place] = replace(rows[place], adjusted_p=float(p))
    return found


def _distance(
    plan: DriftPlan, key: tuple[str, str, str], before: Floats, now: Floats
) -> tuple[float, float]:
    """Compare two samples by the greatest distance of their distribution functions."""
    named = sha256("\x1f".join(key).encode()).digest()
    asked = f"{plan.seed} {plan.permutations} {before.size}".encode() + named
    same = sha256(asked + before.tobytes() + now.tobytes()).digest()
    found = _KNOWN.get(same)
    if found is None:
        # each comparison has its own stream: it does not depend on the others
        stream = np.random.default_rng([plan.seed, int.from_bytes(named[:8], "big")])
        found = _permuted(stream, plan.permutations, before, now)
        # months and quarters are counted at the same time: another thread may empty it
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[same] = found
    return found


def _permuted(
    stream: np.random.Generator, permutations: int, before: Floats, now: Floats
) -> tuple[float, float]:
    pooled = np.concatenate((before, now))
    order = np.argsort(pooled, kind="stable")
    ordered = pooled[order]
    # only where a run of equal values ends do the functions differ
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    weights = np.where(order < before.size, 1.0 / before.size, -1.0 / now.size)
    distance = float(np.abs(np.cumsum(weights)[ends]).max())
    if pooled.size >= _MANY:
        return distance, _kolmogorov(distance, before.size * now.size / pooled.size)
    reached, left = 0, permutations
    chunk = max(1, _HELD // pooled.size)
    while left:
        rows = min(chunk, left)
        shuffled = stream.permuted(np.tile(weights, (rows, 1)), axis=1)
        distances = np.abs(np.cumsum(shuffled, axis=1)[:, ends]).max(axis=1)
        reached += int(np.count_nonzero(distances >= distance - _SLACK))
        left -= rows
    return distance, (reached + 1) / (permutations + 1)


def _kolmogorov(distance: float, size: float) -> float:
    """Give the p of a distance between large samples, as Stephens corrected it; ties raise it."""
    root = math.sqrt(size)
    reach = (root + 0.12 + 0.11 / root) * distance
    if reach < 0.2:
        return 1.0
    terms = ((-1.0) ** (k - 1) * math.exp(-2.0 * (k * reach) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def _share(plan: DriftPlan, count: int, cell: _Cell | _Answers, what: str) -> Estimate:
    n = cell.asked
    low, high = wilson_interval(count, n, plan.level)
    method = f"{what}, Wilson's interval"
    if n > len(cell.patients):
        method += "; the times one patient was asked count as independent"
    return Estimate(count / n, low, high, plan.level, method, n, count)


@dataclass(slots=True)
class _Answers:
    patients: set[str]
    reasons: dict[str, tuple[int, set[str]]]
    asked: int = 0
    refused: int = 0

    def add(self, one: Answered) -> None:
        self.asked += 1
        self.patients.add(one.patient)
        self.refused += bool(one.reasons)
        for reason in dict.fromkeys(one.reasons):
            count, patients = self.reasons.get(reason, (0, set()))
            patients.add(one.patient)
            self.reasons[reason] = count + 1, patients


def refusal_drift(plan: DriftPlan, answered: Iterable[Answered]) -> tuple[RefusalDrift, ...]:
    """Count by centre and period how often there was no answer, and why.

    Parameters
    ----------
    plan : DriftPlan
        How.
    answered : iterable of Answered
        In any order.

    Returns
    -------
    tuple of RefusalDrift
        By centre, period and target.
    """
    cells: dict[tuple[str, str, str], _Answers] = {}
    for one in answered:
        cells.setdefault((one.centre, one.period, one.target), _Answers(set(), {})).add(one)
    return tuple(_refusal_row(plan, key, cells[key]) for key in sorted(cells))


def _refusal_row(plan: DriftPlan, key: tuple[str, str, str], cell: _Answers) -> RefusalDrift:
    row = RefusalDrift(*key, is_reference(plan, key[1]))
    if len(cell.patients) < plan.least:
        return replace(row, withheld=True)
    few = {reason for reason, (_, patients) in cell.reasons.items() if len(patients) < plan.least}
    told = sorted(
        ((reason, count) for reason, (count, _) in cell.reasons.items() if reason not in few),
        key=lambda pair: (-pair[1], pair[0]),
    )
    others: tuple[tuple[str, int | None], ...] = ()
    if few:
        whose = {patient for reason in few for patient in cell.reasons[reason][1]}
        count = sum(cell.reasons[reason][0] for reason in few)
        others = ((OTHER_REASONS, count if len(whose) >= plan.least else None),)
    return replace(
        row,
        patients=len(cell.patients),
        refused=_share(plan, cell.refused, cell, "share without an answer"),
        reasons=(*told, *others),
    )
