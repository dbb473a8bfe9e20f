"""The score file that a development hands over.

The same object a ward runs and a centre validates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.score import ScoreSpec, score_from_document
from cartwheel.development.account.groups import Group
from cartwheel.development.account.score_names import one_line, safe_names, score_id, whole
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.cohort.columns import Column
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.result import GroupRow, OutcomeSummary, Performance, RiskRow

Floats = NDArray[np.float64]
Band = dict[str, Any]

FEW_VALUES = 5
EXAMPLE_QUANTILES = (0.1, 0.5, 0.9)
EXAMPLE_NAMES = ("all inputs at less risk", "all inputs in the middle", "all inputs at more risk")


@dataclass(frozen=True, slots=True)
class Scored:
    """What the score file is written from.

    Parameters
    ----------
    assembled : Assembled
        Plan, predictors and their values.
    outcome : OutcomeSummary
        The outcome as analysed.
    title : str
        Of the plan; may be empty.
    bands : mapping of column to ranges with points
        Of the kept predictors, as the file writes them.
    points : mapping of column to function
        Points of one predictor at a raw value, computed by the development's own code, so that the
        file's worked examples check the calculator against it.
    risk_table : tuple of RiskRow
        Predicted risk at each possible total.
    groups : tuple of Group
        Bands of the total, with their lowest and highest.
    group_rows : tuple of GroupRow
        Observed risk of the same groups.
    performance : Performance
        Apparent and corrected.
    simulated : bool
        Whether the patients are simulated.
    made_with : str
        Name and version of the software.
    """

    assembled: Assembled
    outcome: OutcomeSummary
    title: str
    bands: Mapping[str, tuple[Band, ...]]
    points: Mapping[str, Callable[[float], int]]
    risk_table: tuple[RiskRow, ...]
    groups: tuple[Group, ...]
    group_rows: tuple[GroupRow, ...]
    performance: Performance
    simulated: bool
    made_with: str


def score_spec(made: Scored) -> ScoreSpec:
    """Write the score of a development.

    Parameters
    ----------
    made : Scored
        Points by range, risk by total, bands and performance.

    Returns
    -------
    ScoreSpec
        Checked: its worked examples were computed by the development and again by the calculator.

    Raises
    ------
    ScoreRefused
        When the two disagree, or the parts do not make a score: a fault of ours.
    """
    return score_from_document(score_document(made), where="developed score")


def score_document(made: Scored) -> dict[str, Any]:
    """Give the score as the nested dictionaries of its file.

    Parameters
    ----------
    made : Scored
        What the file is written from.

    Returns
    -------
    dict
        Parts that would be empty lists are left out.
    """
    plan = made.assembled.plan
    kept = [item for item in made.assembled.predictors if item.column in made.bands]
    names = safe_names(made.assembled.columns)
    document: dict[str, Any] = {
        "schema": "cartwheel-score/1",
        "id": score_id(made.title or plan.outcome.event),
        "version": "1",
        "title": one_line(made.title or f"Score for {made.outcome.label}"),
        "status": "developed",
        "simulated": made.simulated,
        "method": plan.method,
        "outcome": _outcome(made),
        "population": _population(made),
        "citation": {"text": f"Developed with {made.made_with}; not published."},
        "inputs": _inputs(made, kept, names),
        "derived": _derived(made, kept, names),
        "terms": [
            {
                "kind": "points",
                "input": names[item.column],
                "name": one_line(item.label),
                "status": "developed",
                "bands": list(made.bands[item.column]),
            }
            for item in kept
        ],
        "bands": _bands(made),
        "risk": {
            "kind": "table",
            "rows": [
                {"value": row.total, "risk": row.predicted, "n": row.n, "events": row.events}
                for row in made.risk_table
            ],
        },
        "performance": _performance(made.performance),
        "examples": _examples(made, kept, names),
    }
    return {key: value for key, value in document.items() if value != []}


def _outcome(made: Scored) -> dict[str, Any]:
    outcome: dict[str, Any] = {
        "name": one_line(made.outcome.label),
        "kind": made.outcome.kind,
        "definition": _definition(made),
        "adverse": "high",
    }
    if made.outcome.kind == "survival":
        assert made.outcome.horizon is not None
        outcome["horizon"] = whole(made.outcome.horizon)
        outcome["time_unit"] = made.outcome.time_unit
    if made.outcome.landmark_day is not None:
        outcome["landmark_day"] = whole(made.outcome.landmark_day)
    return outcome


def _definition(made: Scored) -> str:
    plan = made.assembled.plan
    value = "1" if plan.outcome.event_value is None else str(plan.outcome.event_value)
    text = f"column '{one_line(plan.outcome.event)}' equal to {value}"
    if made.outcome.kind == "survival":
        text += f", by {made.outcome.horizon:g} {made.outcome.time_unit}"
        text += " after the landmark" if made.outcome.landmark_day is not None else " after day 0"
    elif made.outcome.landmark_day is not None:
        text += f", with onset after day {made.outcome.landmark_day:g}"
    return text


def _population(made: Scored) -> dict[str, Any]:
    simulated = "simulated " if made.simulated else ""
    days = sorted({whole(item.day) for item in made.assembled.predictors if item.day is not None})
    return {
        "text": f"{made.outcome.patients} {simulated}patients, {made.outcome.events} with the "
        f"event, {_completeness(made)}",
        "n": made.outcome.patients,
        "events": made.outcome.events,
        "measured": days,
        "data_sha256": made.assembled.table.sha256,
    }


def _completeness(made: Scored) -> str:
    """Say whether the patients were complete, or completed."""
    lacking = int(made.assembled.incomplete.sum())
    if not lacking:
        return "complete in all predictors"
    times = made.assembled.plan.imputation.imputations
    return f"missing predictors of {lacking} imputed {times} times for the development"


def _raw_columns(made: Scored, kept: Sequence[Predictor]) -> list[Column]:
    """Find the columns a user must give: a ratio needs its two counts."""
    names: list[str] = []
    for item in kept:
        names.extend(item.ratio or (item.column,))
    return [made.assembled.columns[name] for name in dict.fromkeys(names)]


def _inputs(
    made: Scored, kept: Sequence[Predictor], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    inputs = []
    for column in _raw_columns(made, kept):
        values = _analysed(made, column)
        said = made.assembled.plan.columns.get(column.name)
        entry: dict[str, Any] = {
            "name": names[column.name],
            "label": one_line(column.label),
            "unit": column.unit,
            **_usual_range(values),
        }
        if column.variable is not None:
            entry["variable"] = column.variable
        if column.day is not None:
            entry["day"] = whole(column.day)
        if said is not None and said.coding:
            entry["coding"] = dict(said.coding)
        inputs.append(entry)
    return inputs


def _usual_range(values: Floats) -> dict[str, float]:
    """Range outside which a value is warned about: the middle 95 %, in two digits.

    The extremes themselves are single patients' values, and the file travels.
    """
    if len(np.unique(values)) <= FEW_VALUES:
        return {"low": float(values.min()), "high": float(values.max())}
    low, high = np.quantile(values, [0.025, 0.975])
    return {"low": float(f"{low:.2g}"), "high": float(f"{high:.2g}")}


def _analysed(made: Scored, column: Column) -> Floats:
    values = column.values[made.assembled.analysed]
    return values[np.isfinite(values)]


def _derived(
    made: Scored, kept: Sequence[Predictor], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        {
            "kind": "ratio",
            "name": names[item.column],
            "label": one_line(item.label),
            "numerator": names[item.ratio[0]],
            "denominator": names[item.ratio[1]],
            "zero": _floor(made, item) or "refuse",
        }
        for item in kept
        if item.ratio is not None
    ]


def _floor(made: Scored, item: Predictor) -> float | None:
    """Smallest denominator of a ratio in the unit of the score file; None where zero is refused."""
    assert item.ratio is not None
    policy = next(d.zero for d in made.assembled.plan.derived if d.name == item.column)
    if not isinstance(policy, float):
        return None
    return made.assembled.columns[item.ratio[1]].in_unit(policy)


def _bands(made: Scored) -> list[dict[str, Any]]:
    """Bands of the total; ends are open, so that every total has one."""
    rows = {row.name: row for row in made.group_rows}
    ordered = sorted(made.groups, key=lambda group: group.lowest)
    bands = []
    for place, group in enumerate(ordered):
        band: dict[str, Any] = {"name": one_line(group.name), "status": "developed"}
        if place > 0:
            band |= {"from": group.lowest, "from_inclusive": True}
        if place + 1 < len(ordered):
            band |= {"to": ordered[place + 1].lowest, "to_inclusive": False}
        row = rows.get(group.name)
        if row is not None and row.observed.value is not None:
            observed: dict[str, Any] = {
                "n": row.n,
                "events": row.events,
                "risk": row.observed.value,
                "source": "development data" + (" (simulated)" if made.simulated else ""),
            }
            if row.observed.low is not None and row.observed.high is not None:
                observed |= {
                    "low": row.observed.low,
                    "high": row.observed.high,
                    "level": row.observed.level,
                }
            band["observed"] = observed
        bands.append(band)
    return bands


def _performance(found: Performance) -> list[dict[str, Any]]:
    rows = []
    for measure in found.measures:
        row: dict[str, Any] = {"name": measure.name, "label": measure.label}
        for prefix, estimate in (("apparent", measure.apparent), ("corrected", measure.corrected)):
            for suffix, value in (
                ("", estimate.value),
                ("_low", estimate.low),
                ("_high", estimate.high),
            ):
                if value is not None:
                    row[prefix + suffix] = value
        if "apparent" in row and "corrected" in row:  # never one without the other
            rows.append(row)
    return rows


def _examples(
    made: Scored, kept: Sequence[Predictor], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Worked examples at round values near the deciles; none is a patient.

    Each input at its end of less risk, in the middle, and at its end of more risk; and for a band
    that none of these reaches, a step on the way from the first to the last.
    """
    columns = {column.name: column for column in _raw_columns(made, kept)}
    levels = _rising(made, kept, columns)
    first, middle, last = ({key: three[at] for key, three in levels.items()} for at in range(3))
    tried = dict(zip(EXAMPLE_NAMES, (first, middle, last), strict=True))
    for count, key in enumerate(columns, 1):
        first = first | {key: last[key]}
        tried[f"{count} of {len(columns)} inputs at more risk"] = first
    risks = {row.total: row for row in made.risk_table}
    examples: list[dict[str, Any]] = []
    for name, values in tried.items():
        total = _total(made, kept, values)
        if total is None:
            continue
        found = {
            "name": name,
            "inputs": {
                names[key]: _said(value, columns[key].unit) for key, value in values.items()
            },
            "value": total,
            "risk": risks[total].predicted,
            "band": one_line(risks[total].band),
        }
        part = "inputs" if name in EXAMPLE_NAMES else "band"
        if all(each[part] != found[part] for each in examples):
            examples.append(found)
    return examples


def _rising(
    made: Scored, kept: Sequence[Predictor], columns: Mapping[str, Column]
) -> dict[str, list[Decimal]]:
    """Three values of every column, near its deciles, from the end of less risk."""
    levels = {
        key: [
            _round_value(_analysed(made, column), level, coded=_coded(made, key))
            for level in EXAMPLE_QUANTILES
        ]
        for key, column in columns.items()
    }
    middle = {key: three[1] for key, three in levels.items()}
    for key, three in levels.items():
        low, high = (_total(made, kept, middle | {key: end}) for end in (three[0], three[2]))
        if low is not None and high is not None and high < low:
            three.reverse()
    return levels


def _total(made: Scored, kept: Sequence[Predictor], values: Mapping[str, Decimal]) -> int | None:
    """Points of these values; None where a ratio would be divided by 0."""
    total = 0
    for item in kept:
        if item.ratio is None:
            raw = float(values[item.column])
        else:
            floor = _floor(made, item)
            below = values[item.ratio[1]]
            if floor is not None:
                below = max(below, Decimal(repr(floor)))
            if below == 0:
                return None
            with localcontext() as context:  # as the ratios of the patients are made
                context.prec = 34
                raw = float(values[item.ratio[0]] / below)
        total += made.points[item.column](raw)
    return total


def _coded(made: Scored, name: str) -> bool:
    said = made.assembled.plan.columns.get(name)
    return said is not None and bool(said.coding)


def _round_value(values: Floats, level: float, *, coded: bool) -> Decimal:
    """Quantile rounded to two significant digits, unless rounding would leave the data.

    A code, or one of few values, is taken as it is: nothing lies between.
    """
    if coded or len(np.unique(values)) <= FEW_VALUES:
        return Decimal(repr(float(np.quantile(values, level, method="inverted_cdf"))))
    value = float(np.quantile(values, level))
    rounded = Decimal(f"{value:.2g}")
    inside = float(values.min()) <= float(rounded) <= float(values.max())
    return rounded if inside else Decimal(repr(value))


def _said(value: Decimal, unit: str) -> Any:
    if unit in ("", "1"):
        return value
    return f"{value:f} {unit}"
