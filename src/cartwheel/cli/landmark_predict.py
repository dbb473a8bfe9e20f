"""``cartwheel landmark --predict``: the patients of a laboratory file, with a saved model."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cartwheel.errors import PlanRefused, refuse

if TYPE_CHECKING:
    from cartwheel.landmarking.predict import LandmarkPrediction, UsedValue
    from cartwheel.workflows.landmark_predict import (
        LandmarkPredictions,
        PatientPrediction,
        SameMoment,
    )

WIDTH = 80
COLUMNS = ("lab_patient", "lab_analyte", "lab_day", "lab_value", "lab_unit")
TAKEN = ("predict", "labs", "day", "patient", "same_moment", "json", *COLUMNS)
ONLY_HERE = ("day", "patient")


def check_mode(context: typer.Context) -> None:
    """Refuse options that the chosen way of running would not read.

    Parameters
    ----------
    context : typer.Context
        Of the command; tells what was said.

    Raises
    ------
    PlanRefused
        ``option_unused``, ``patients_needed``, ``day_needed``.
    """
    said = {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    }
    predicting = "predict" in said
    unused = said - set(TAKEN) if predicting else said & set(ONLY_HERE)
    if unused:
        names = ", ".join(sorted(_option(context, name) for name in unused))
        way = "with" if predicting else "without"
        what = f"{way} --predict these are not read: {names}"
        mend = "leave them out: a saved model brings its own outcome, markers and ages"
        if not predicting:
            mend = "leave them out, or name a saved model: --predict MODEL.json"
        raise refuse(PlanRefused, "option_unused", what, where="command line", mend=mend)
    if not predicting and "patients" not in said:
        what = "the file of patients is not named"
        mend = "cartwheel landmark PATIENTS --labs LABS ..., or --predict MODEL.json to predict"
        raise refuse(PlanRefused, "patients_needed", what, where="command line", mend=mend)
    if predicting and "day" not in said:
        what = "on which day is to be predicted is not said"
        raise refuse(PlanRefused, "day_needed", what, where="command line", mend="--day DAYS")


def _option(context: typer.Context, name: str) -> str:
    for parameter in context.command.params:
        if parameter.name == name:
            dashed = parameter.param_type_name == "option"
            return max(parameter.opts, key=len) if dashed else name.upper()
    return name


def run_prediction(
    model: Path, labs: Path, day: float, said: Mapping[str, str | None], target: str | None
) -> None:
    """Predict, write the file that was asked for, and print a table unless stdout carries it.

    Parameters
    ----------
    model, labs : Path
        Files.
    day : float
        Of the prediction.
    said : mapping of str to str or None
        ``patient``, ``same_moment`` and the columns of the laboratory file, where told.
    target : str or None
        Where the JSON goes.
    """
    from cartwheel.canonical import canonical_json
    from cartwheel.cli.common import check_folder, write_files
    from cartwheel.landmarking.plan import LabColumns
    from cartwheel.workflows.landmark_predict import landmark_predict

    check_folder(target)
    if target not in (None, "-") and Path(str(target)).resolve() in (
        model.resolve(),
        labs.resolve(),
    ):
        what = "this file is an input"
        raise refuse(PlanRefused, "output_taken", what, where=str(target), mend="name another file")
    columns = LabColumns(**{name.removeprefix("lab_"): said.get(name) for name in COLUMNS})
    done = landmark_predict(
        model,
        labs,
        day,
        patient=said.get("patient"),
        columns=columns,
        same_moment=_rule(said.get("same_moment")),
    )
    if target is not None:
        write_files({target: canonical_json(done)})
    # with the file on stdout nothing of a patient goes anywhere else
    if target != "-":
        print("\n".join(prediction_lines(done)))


def _rule(said: str | None) -> SameMoment:
    if said is None or said == "refuse":
        return "refuse"
    if said == "mean":
        return "mean"
    if said == "last_row":
        return "last_row"
    what = f"'{said[:20]}' is not a rule"
    mend = "refuse, mean or last_row"
    raise refuse(PlanRefused, "same_moment", what, where="--same-moment", mend=mend)


def prediction_lines(done: LandmarkPredictions) -> Iterator[str]:
    """Write the predictions, line by line, none wider than 80 columns but for long names.

    Parameters
    ----------
    done : LandmarkPredictions
        Of ``landmark_predict``.

    Yields
    ------
    str
        Without line ends.
    """
    from cartwheel.provenance import SIMULATED

    if done.simulated:
        yield from (SIMULATED, "")
    by = "whenever it comes" if done.until_day is None else f"by day {done.until_day:g}"
    yield from _wrapped(f"Risk of {done.outcome} after day {done.day:g}, {by}")
    yield from _wrapped(
        f"Model: {done.predictions[0].prediction.model}, made on {done.model_patients} patients, "
        f"{done.model_events} with the event. {_judged(done.predictions[0].prediction.model)}"
    )
    yield from _wrapped(
        f"For patients still free of it on day {done.day:g}: the laboratory file cannot tell who "
        "is, and for others these numbers mean nothing."
    )
    yield ""
    width = min(max([7, *(len(one.patient) for one in done.predictions)]), 24)
    yield f"{'patient':{width}}  {'risk':24}  values it rests on"
    for one in done.predictions:
        yield from _patient(one, width)
    yield ""
    if any(value.unusual for one in done.predictions for value in one.prediction.used):
        yield from _wrapped(
            "! outside the 5th to 95th percentile of the patients the model was made on"
        )
    if any(one.prediction.missing for one in done.predictions):
        yield from _wrapped(
            "A range is of the missing marker alone, between the 5th and 95th percentile; the "
            "uncertainty of the model comes on top."
        )
    yield "Research and education; not a medical device."


def _judged(model: str) -> str:
    from cartwheel.landmarking.predict import BETWEEN

    if model == BETWEEN:
        return "It answers between landmarks, and how well it predicts was not measured."
    return "How well it predicts stands in the result that it was saved from."


def _patient(one: PatientPrediction, width: int) -> Iterator[str]:
    found = one.prediction
    values = [_used(value) for value in found.used]
    values += [f"{gap.analyte}: {gap.reason}" for gap in found.missing]
    lines = [
        line
        for value in values
        for line in textwrap.wrap(value, max(WIDTH - width - 28, 24), subsequent_indent="  ")
    ]
    yield f"{one.patient:{width}}  {_risk(found):24}  {lines[0]}"
    yield from (f"{'':{width}}  {'':24}  {line}" for line in lines[1:])


def _risk(found: LandmarkPrediction) -> str:
    if found.risk.value is None:
        return f"{_percent(found.lowest)} to {_percent(found.highest)}: no risk"
    text = _percent(found.risk.value)
    if found.risk.low is not None and found.risk.high is not None:
        return f"{text} ({_percent(found.risk.low)}, {_percent(found.risk.high)})"
    return f"{text} (no interval)"


def _percent(value: float) -> str:
    # a risk is never written as none or as certain
    if value < 0.001:
        return "<0.1%"
    return ">99.9%" if value > 0.999 else f"{100.0 * value:.1f}%"


def _used(value: UsedValue) -> str:
    sign = "!" if value.unusual else ""
    unit = f" {value.unit}" if value.unit else ""
    return (
        f"{value.analyte} {value.value:.4g}{unit}{sign}, day {value.day:g} "
        f"({value.age_days:.1f} days old)"
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ")
