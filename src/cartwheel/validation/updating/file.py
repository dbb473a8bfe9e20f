"""The updated score as a file: the chosen rung written into a new version of the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from cartwheel.clinic.batch.contributions import FEW_VALUES, TermColumns, round_value
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_update import (
    AddedInput,
    Evidence,
    extended,
    re_estimated,
    recalibrated,
)
from cartwheel.estimate import Estimate
from cartwheel.validation.analysed import Floats, Predicted, Target
from cartwheel.validation.judging.observed import observed_risk
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result_update import UpdatedMeasure
from cartwheel.validation.updating.frame import Extension, Frame
from cartwheel.validation.updating.models import RungFit

_PARENT = ". Of the parent: "


@dataclass(frozen=True, slots=True, eq=False)
class Updatable:
    """One score and what an update needs to know of it beside its values.

    Parameters
    ----------
    predicted : Predicted
        The score on the n analysed patients.
    terms : TermColumns
        What each of its terms added in the same patients.
    extension : sequence of Extension
        Columns of the last rung, of the same patients.
    parent : ScoreSpec or None
        The file as it was read, before its parameters were settled; by default that of
        ``predicted``.
    choices : mapping of str to str
        Options of its parameters.
    data_sha256 : str or None
        Of the cohort's file.
    simulated : bool
        Whether the patients are simulated.
    made_with : str
        Name and version of the software.
    """

    predicted: Predicted
    terms: TermColumns
    extension: Sequence[Extension] = ()
    parent: ScoreSpec | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    data_sha256: str | None = None
    simulated: bool = False
    made_with: str = "cartwheel"

    @property
    def whole(self) -> ScoreSpec:
        """The parent as its file says it."""
        return self.predicted.spec if self.parent is None else self.parent


def updated_score(
    target: Target,
    about: Updatable,
    frame: Frame,
    fit: RungFit,
    measures: Sequence[UpdatedMeasure],
    plan: ValidationPlan,
) -> ScoreSpec:
    """Write a rung into a new version of the score.

    Parameters
    ----------
    target : Target
        The outcome.
    about : Updatable
        The score.
    frame : Frame
        What the ladder stood on.
    fit : RungFit
        The rung, fitted on all patients; not ``as is``.
    measures : sequence of UpdatedMeasure
        Of the rung.
    plan : ValidationPlan
        Names the outcome.

    Returns
    -------
    ScoreSpec
        Scoring the same patients with it gives the risks of the rung.

    Raises
    ------
    ScoreRefused
        When the rung cannot be written: see `cartwheel.clinic.score_update`.
    """
    choices = dict(about.choices) if about.whole.parameters else None
    evidence = _evidence(target, about, frame, fit, measures, plan)
    if fit.rung in ("intercept", "slope"):
        return recalibrated(
            about.whole,
            choices,
            intercept=fit.intercept,
            slope=fit.slope,
            evidence=evidence,
            from_value=frame.start is None,
        )
    factors = (fit.factors * frame.per_unit).tolist()
    if fit.rung == "re-estimated":
        return re_estimated(
            about.whole, choices, intercept=fit.intercept, factors=factors, evidence=evidence
        )
    return extended(
        about.whole,
        choices,
        intercept=fit.intercept,
        factors=factors,
        added=_added(about, fit.added),
        evidence=evidence,
    )


def _evidence(
    target: Target,
    about: Updatable,
    frame: Frame,
    fit: RungFit,
    measures: Sequence[UpdatedMeasure],
    plan: ValidationPlan,
) -> Evidence:
    same_value = fit.rung in ("intercept", "slope")
    value = about.predicted.value if same_value else fit.predictor - fit.intercept
    rises = not same_value or fit.slope * frame.per_unit >= 0.0
    outcome = outcome_document(target, about.predicted, plan)
    return Evidence(
        outcome={**outcome, "adverse": "high" if rises else "low"},
        population=_population(target, about),
        performance=tuple(_performance(measures)),
        observed=_observed(target, about, plan) if same_value else {},
        typical=about.terms.typical,
        middle=float(np.median(value)),
        simulated=about.simulated,
        made_with=about.made_with,
    )


def outcome_document(target: Target, predicted: Predicted, plan: ValidationPlan) -> dict[str, Any]:
    """Say what an updated score predicts: the outcome as it was analysed here.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The parent's own words are kept beside.
    plan : ValidationPlan
        Columns and horizon.

    Returns
    -------
    dict
        As the score file has it, without the adverse end.
    """
    old, said = predicted.spec.outcome, plan.outcome
    kind = "binary" if target.kind == "binary" else "survival"
    value = "1" if said.event_value is None else str(said.event_value)
    text = f"column '{_line(said.event)}' equal to {_line(value)}"
    document: dict[str, Any] = {
        "name": old.name if old.kind == kind else _line(said.label or said.event),
        "kind": kind,
    }
    landmark = plan.landmark_day
    if target.horizon is not None and target.kind != "binary":
        document["horizon"] = _whole(target.horizon)
        document["time_unit"] = target.time_unit
        since = "day 0" if landmark is None else f"day {landmark:g}"
        text += f", by {target.horizon:g} {target.time_unit} after {since}"
    if target.kind == "competing":
        text += "; another event before it makes it impossible (cumulative incidence)"
    if landmark is not None:
        document["landmark_day"] = _whole(landmark)
    elif target.kind == "binary" and old.landmark_day is not None:
        document["landmark_day"] = old.landmark_day
    first = old.definition.split(_PARENT)[-1]
    document["definition"] = text if first == text else f"{text}{_PARENT}{first}"
    return document


def _population(target: Target, about: Updatable) -> dict[str, Any]:
    n, events = target.n, int(target.event.sum())
    simulated = "simulated " if about.simulated else ""
    document: dict[str, Any] = {
        "text": f"{n} {simulated}patients, {events} with the event, on whom the score was updated; "
        "those it was first made from are told by its parent.",
        "n": n,
        "events": events,
    }
    if about.data_sha256 is not None:
        document["data_sha256"] = about.data_sha256
    return document


def _performance(measures: Sequence[UpdatedMeasure]) -> list[dict[str, Any]]:
    rows = []
    for measure in measures:
        row: dict[str, Any] = {"name": measure.name, "label": measure.label}
        if measure.corrected is None or measure.corrected.value is None:
            continue  # never one without the other
        if measure.apparent.value is None:
            continue
        for prefix, estimate in (("apparent", measure.apparent), ("corrected", measure.corrected)):
            row |= {prefix + end: number for end, number in _numbers(estimate).items()}
        rows.append(row)
    return rows


def _numbers(estimate: Estimate) -> dict[str, float]:
    ends = {"": estimate.value, "_low": estimate.low, "_high": estimate.high}
    return {end: number for end, number in ends.items() if number is not None}


def _observed(target: Target, about: Updatable, plan: ValidationPlan) -> dict[str, dict[str, Any]]:
    """Risk observed here in each band that has as many patients as may be told."""
    found = {}
    for place, name in enumerate(about.predicted.bands):
        members = about.predicted.band == place
        if int(members.sum()) < plan.sharing.minimum_cell:
            continue
        seen = observed_risk(target, members, plan.level)
        if seen is None or seen.value is None:
            continue
        entry: dict[str, Any] = {"n": seen.n, "events": seen.events, "risk": seen.value}
        if seen.low is not None and seen.high is not None:
            entry |= {"low": seen.low, "high": seen.high, "level": seen.level}
        source = "patients of the update" + (" (simulated)" if about.simulated else "")
        found[name] = {**entry, "source": source}
    return found


def _added(about: Updatable, coefficients: Floats) -> list[AddedInput]:
    taken = {item.name for item in about.whole.inputs} | {x.name for x in about.whole.derived}
    labels = set(about.terms.names)
    items = []
    for item, coefficient in zip(about.extension, coefficients.tolist(), strict=True):
        if coefficient == 0.0:
            continue
        name = _free(_line(item.column), taken)
        label = _free(_line(item.label), labels)
        low, high = _usual_range(item.values)
        said = round_value(item.values)
        unit = "" if item.unit == "1" else item.unit
        items.append(
            AddedInput(
                name=name,
                label=label,
                unit=unit,
                coefficient=coefficient,
                typical=f"{said:f} {unit}" if unit else said,
                variable=item.variable,
                day=read_column_name(item.column).day,
                low=low,
                high=high,
            )
        )
    return items


def _usual_range(values: Floats) -> tuple[float, float]:
    """Middle 95 % in two digits: the extremes are single patients' values."""
    if len(np.unique(values)) <= FEW_VALUES:
        return float(values.min()), float(values.max())
    low, high = np.quantile(values, [0.025, 0.975])
    return float(f"{low:.2g}"), float(f"{high:.2g}")


def _free(name: str, taken: set[str]) -> str:
    found = name if name not in taken else f"{name[:190]} (added)"
    taken.add(found)
    return found


def _line(text: str) -> str:
    """One printable line of at most 200 characters."""
    line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    return line[:200].strip() or "unnamed"


def _whole(number: float) -> Decimal:
    return Decimal(int(number)) if float(number).is_integer() else Decimal(repr(number))
