"""A saved landmark model as the ward asks it: on every day, from what was taken by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cartwheel.canonical import sha256
from cartwheel.errors import PlanRefused, Problem, Refused
from cartwheel.landmarking.predict import (
    AT_LANDMARK,
    BETWEEN,
    DatedValue,
    LandmarkPrediction,
    predict,
)
from cartwheel.landmarking.result_model import LandmarkModel, ModelMarker
from cartwheel.watch.observation import Observation
from cartwheel.watch.standing import InputAt, Standing, TargetKind
from cartwheel.watch.targets import input_at, no_answer
from cartwheel.watch.view import View
from cartwheel.workflows.landmark import read_landmark_model

# a little after the last day: from then on there is no answer
_JUST_AFTER = 1e-6
_SHORT = 12


@dataclass(frozen=True, slots=True)
class LandmarkTarget:
    """A landmark model that is asked whenever a marker of it changes, and on each of its days.

    Parameters
    ----------
    id, version, title : str
        Name of its file, the beginning of its hash, and what it predicts.
    reads, ageless : frozenset of str
        Names of observations; those that count whatever their age.
    turning_days : tuple of float
        Whole days and landmarks on which it is asked anew: its answer depends on the day.
    model : LandmarkModel
        The model.
    """

    id: str
    version: str
    title: str
    reads: frozenset[str]
    ageless: frozenset[str]
    turning_days: tuple[float, ...]
    model: LandmarkModel

    @property
    def kind(self) -> TargetKind:
        """A landmark model."""
        return "landmark"

    def assess(self, view: View) -> Standing:
        """Predict one patient at one moment.

        Parameters
        ----------
        view : View
            What is known.

        Returns
        -------
        Standing
            With a risk, with a range where a marker is missing, or with the reason why there is
            none: before the infusion, outside the days of the model, or on a day between the
            landmarks of a model that knows only these.
        """
        model, at = self.model, view.at
        if view.day is None:
            return no_answer(self, at, ("no infusion yet: day 0 is not known",))
        found = _found(model, view)
        inputs = tuple(input_at(one, marker.analyte, at) for marker, one in found)
        values = [_dated(view, marker, one) for marker, one in found]
        try:
            got = predict(model, values, float(view.day))
        except Refused as refused:
            reasons = tuple(problem.what for problem in refused.problems)
            return no_answer(self, at, reasons, inputs=inputs)
        return self._standing(view, got, inputs, _early(found))

    def _standing(
        self, view: View, got: LandmarkPrediction, inputs: tuple[InputAt, ...], early: str
    ) -> Standing:
        risk = got.risk.value
        low, high = (got.lowest, got.highest) if risk is None else (risk, risk)
        used = {one.analyte for one in got.used}
        missing = tuple(one.analyte for one in got.missing)
        return Standing(
            self.id, self.version, "landmark", view.at, None, None, None, None, (), risk, low,
            high, _text(self.title, got), tuple(
                f"{one.name} {one.value} {one.unit}".strip() for one in inputs if one.name in used
            ), missing, tuple(one for one in inputs if one.name in used),
            (*_warnings(self.model, got), *((early,) if early else ())), (), self.model.simulated,
        )  # fmt: skip


def landmark_target(name: str, model: LandmarkModel, content: bytes) -> LandmarkTarget:
    """Make a landmark model something that the ward asks.

    Parameters
    ----------
    name : str
        Of its file, without its ending.
    model : LandmarkModel
        As it was read.
    content : bytes
        Of the file: another model of the same name has another version.

    Returns
    -------
    LandmarkTarget

    Notes
    -----
    A value counts as long as both the model and the ward file let it. A marker that the dictionary
    does not know is always missing here, since no message can bring it: then there is a range.
    """
    variables = {one.variable for one in model.markers if one.variable is not None}
    return LandmarkTarget(
        id=name,
        version=sha256(content).removeprefix("sha256:")[:_SHORT],
        title=model.outcome,
        reads=frozenset({*variables, "infusion"}),
        ageless=frozenset({"infusion"}),
        turning_days=_turning_days(model),
        model=model,
    )


def landmark_targets(document: Mapping[str, Any], folder: Path) -> tuple[LandmarkTarget, ...]:
    """Read the landmark models that a ward file names.

    Parameters
    ----------
    document : mapping
        The ward file as plain data; what is wrong with its form `ward_of` says.
    folder : Path
        Where relative paths begin.

    Returns
    -------
    tuple of LandmarkTarget
        In the order of the file.

    Raises
    ------
    PlanRefused
        Everything found: what `read_landmark_model` refuses, with the place in the ward file.
    """
    named = document.get("landmark_models", [])
    names = [one.strip() for one in named if isinstance(one, str)] if named else []
    found: list[LandmarkTarget] = []
    problems: list[Problem] = []
    for name in names:
        path = folder / name
        try:
            model = read_landmark_model(path)
            found.append(landmark_target(path.stem, model, path.read_bytes()))
        except Refused as refused:
            problems += [
                Problem(one.code, one.what, f"landmark_models: {one.where or name[:60]}", one.mend)
                for one in refused.problems
            ]
    if problems:
        raise PlanRefused(problems)
    return tuple(found)


def unknown_markers(model: LandmarkModel) -> tuple[str, ...]:
    """List markers that no message can bring, because the dictionary does not know them.

    Parameters
    ----------
    model : LandmarkModel
        The model.

    Returns
    -------
    tuple of str
    """
    return tuple(one.analyte for one in model.markers if one.variable is None)


def _turning_days(model: LandmarkModel) -> tuple[float, ...]:
    days = {model.first_day, model.last_day, model.last_day + _JUST_AFTER}
    days.update(one.day for one in model.hazards)
    day = float(int(model.first_day))
    while day < model.last_day:
        if day >= model.first_day:
            days.add(day)
        day += 1.0
    return tuple(sorted(days))


def _found(model: LandmarkModel, view: View) -> list[tuple[ModelMarker, Observation]]:
    found = []
    for marker in model.markers:
        one = None if marker.variable is None else view.latest(marker.variable)
        if one is not None and view.value(one.name) is not None:
            found.append((marker, one))
    return found


def _dated(view: View, marker: ModelMarker, one: Observation) -> DatedValue:
    day, value = view.day_of(one.taken_at), view.value(one.name)
    assert day is not None
    assert value is not None
    return DatedValue(marker.analyte, float(day), float(value), one.unit)


def _early(found: list[tuple[ModelMarker, Observation]]) -> str:
    names = [marker.analyte for marker, one in found if one.status == "preliminary"]
    return f"preliminary: {', '.join(names)}" if names else ""


def _text(title: str, got: LandmarkPrediction) -> str:
    until = "" if got.until_day is None else f" by day {got.until_day:.3g}"
    if got.risk.value is None:
        return f"{title}{until}: risk between {_percent(got.lowest)} and {_percent(got.highest)}"
    said = f"{title}{until}: risk {_percent(got.risk.value)}"
    low, high = got.risk.low, got.risk.high
    if low is None or high is None or got.risk.level is None:
        return said
    return f"{said} ({100 * got.risk.level:g} % interval {_percent(low)} to {_percent(high)})"


def _percent(risk: float) -> str:
    return f"{100 * risk:.3g} %"


def _warnings(model: LandmarkModel, got: LandmarkPrediction) -> tuple[str, ...]:
    said = [f"holds only while the patient is free of: {model.outcome}"]
    if got.model == BETWEEN:
        said.append("between two landmarks of the model: its performance was not measured there")
    elif got.model != AT_LANDMARK and not got.day.is_integer():
        said.append("between two days: the model was made at whole landmarks")
    unusual = [one.analyte for one in got.used if one.unusual]
    if unusual:
        said.append(f"outside the usual values of the model's patients: {', '.join(unusual)}")
    said += [f"{one.analyte}: {one.reason}" for one in got.missing]
    return tuple(said)
