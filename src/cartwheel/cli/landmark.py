"""``cartwheel landmark``: predict at several days, each time from what was known by then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code
from cartwheel.cli.landmark_predict import COLUMNS, check_mode, run_prediction

if TYPE_CHECKING:
    from cartwheel.landmarking.result import LandmarkFile

Many = list[str]
OUTCOME, TIME, LABS, MODEL = "Outcome", "Landmarks and markers", "Laboratory file", "Models"
OUTPUT, PREDICT = "Running and output", "Predicting with a saved model"


def landmark(
    context: typer.Context,
    labs: Annotated[Path, typer.Option(help="One row a result: patient, analyte, day, value.")],
    patients: Annotated[
        Path | None, typer.Argument(help="One row a patient: event, and its onset day.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Plan (TOML); options win over it.")] = None,
    event: Annotated[
        str | None, typer.Option(help="Column of the event.", rich_help_panel=OUTCOME)
    ] = None,
    event_value: Annotated[
        str | None,
        typer.Option(help="Value that means 'event', if not 0/1.", rich_help_panel=OUTCOME),
    ] = None,
    competing_value: Annotated[
        Many | None,
        typer.Option(help="Value of another event; repeatable.", rich_help_panel=OUTCOME),
    ] = None,
    onset: Annotated[
        str | None,
        typer.Option(help="Column of the day it began: binary.", rich_help_panel=OUTCOME),
    ] = None,
    onset_rule: Annotated[
        str | None,
        typer.Option(help="Who leaves at onset: all, or events only.", rich_help_panel=OUTCOME),
    ] = None,
    unknown_onset: Annotated[
        str | None,
        typer.Option(help="Events without onset: refuse or exclude.", rich_help_panel=OUTCOME),
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Column of the time: survival.", rich_help_panel=OUTCOME)
    ] = None,
    time_unit: Annotated[
        str | None, typer.Option(help="days, weeks, months or years.", rich_help_panel=OUTCOME)
    ] = None,
    landmarks: Annotated[
        str | None, typer.Option(help="Days of prediction: 0,3,5,7.", rich_help_panel=TIME)
    ] = None,
    window: Annotated[
        float | None, typer.Option(help="Days that a prediction looks.", rich_help_panel=TIME)
    ] = None,
    markers: Annotated[
        str | None, typer.Option(help="Analytes: crp,ferritin,il6.", rich_help_panel=TIME)
    ] = None,
    transform: Annotated[
        Many | None,
        typer.Option(help="log2, sqrt or none; or MARKER=log2.", rich_help_panel=TIME),
    ] = None,
    max_age: Annotated[
        Many | None,
        typer.Option(help="Oldest value used, in days (4); or MARKER=8.", rich_help_panel=TIME),
    ] = None,
    missing: Annotated[
        str | None, typer.Option(help="complete or impute-last.", rich_help_panel=TIME)
    ] = None,
    same_moment: Annotated[
        str | None,
        typer.Option(help="Two values at once: refuse, mean, last_row.", rich_help_panel=LABS),
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", help="Column of the patient id.", rich_help_panel=LABS)
    ] = None,
    lab_patient: Annotated[
        str | None, typer.Option(help="Column of the patient.", rich_help_panel=LABS)
    ] = None,
    lab_analyte: Annotated[
        str | None, typer.Option(help="Column of the analyte.", rich_help_panel=LABS)
    ] = None,
    lab_day: Annotated[
        str | None, typer.Option(help="Column of the day it was taken.", rich_help_panel=LABS)
    ] = None,
    lab_value: Annotated[
        str | None, typer.Option(help="Column of the value.", rich_help_panel=LABS)
    ] = None,
    lab_unit: Annotated[
        str | None, typer.Option(help="Column of the unit.", rich_help_panel=LABS)
    ] = None,
    quadratic: Annotated[
        bool, typer.Option("--quadratic", help="Landmark day squared too.", rich_help_panel=MODEL)
    ] = False,
    interactions: Annotated[
        bool,
        typer.Option("--interactions", help="Effects change with the day.", rich_help_panel=MODEL),
    ] = False,
    penalty: Annotated[
        str | None, typer.Option(help="auto, none or firth.", rich_help_panel=MODEL)
    ] = None,
    bootstrap: Annotated[
        int | None, typer.Option(help="Resamples of patients (1000).", rich_help_panel=OUTPUT)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed.", rich_help_panel=OUTPUT)] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads; same result.", rich_help_panel=OUTPUT)
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title.", rich_help_panel=OUTPUT)] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The data are simulated.", rich_help_panel=OUTPUT)
    ] = False,
    json: Annotated[
        str | None, typer.Option(help="Result file; - for stdout.", rich_help_panel=OUTPUT)
    ] = None,
    save_model: Annotated[
        str | None, typer.Option(help="Model file, to predict with.", rich_help_panel=OUTPUT)
    ] = None,
    figure: Annotated[
        str | None, typer.Option(help="Figure: .svg, .pdf or .png.", rich_help_panel=OUTPUT)
    ] = None,
    report: Annotated[
        str | None, typer.Option(help="Report: one HTML page.", rich_help_panel=OUTPUT)
    ] = None,
    predict: Annotated[
        Path | None,
        typer.Option(help="Saved model: predict the patients of --labs.", rich_help_panel=PREDICT),
    ] = None,
    day: Annotated[
        float | None, typer.Option(help="Day of the prediction.", rich_help_panel=PREDICT)
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="This patient only.", rich_help_panel=PREDICT)
    ] = None,
) -> None:
    """Predict an event at several days from dated values, and tell what of it survives."""
    with refusals_as_exit_code():
        check_mode(context)
        if predict is not None:
            assert day is not None  # checked
            columns = {name: context.params[name] for name in COLUMNS}
            told = {"patient": patient, "same_moment": same_moment, **columns}
            run_prediction(predict, labs, day, told, json)
            return
        assert patients is not None  # checked
        from cartwheel.landmarking.options import LandmarkOptions

        options = LandmarkOptions(
            outcome={
                "event": event,
                "event_value": event_value,
                "competing_values": competing_value or None,
                "onset": onset,
                "onset_rule": onset_rule,
                "unknown_onset": unknown_onset,
                "time": time,
                "time_unit": time_unit,
            },
            labs={
                "patient": lab_patient,
                "analyte": lab_analyte,
                "day": lab_day,
                "value": lab_value,
                "unit": lab_unit,
            },
            super_model={
                "time": "quadratic" if quadratic else None,
                "interactions": interactions or None,
            },
            resampling={"bootstrap": bootstrap, "seed": seed},
            whole={
                "id": id_column,
                "window_days": window,
                "missing": missing,
                "same_moment": same_moment,
                "penalty": penalty,
                "title": title,
                "simulated": simulated or None,
            },
            landmarks=landmarks,
            markers=markers,
            transforms=tuple(transform or ()),
            max_ages=tuple(max_age or ()),
        )
        outputs = {"json": json, "save_model": save_model, "figure": figure, "report": report}
        _run((patients, labs, plan), options, threads, outputs)


def _run(
    inputs: tuple[Path, Path, Path | None],
    options: object,
    threads: int | None,
    outputs: dict[str, str | None],
) -> None:
    from cartwheel.cli.landmark_text import print_landmarks
    from cartwheel.cli.progress import Progress
    from cartwheel.landmarking.options import LandmarkOptions, plan_of_options
    from cartwheel.landmarking.plan import landmark_plan_from_dict, read_landmark_plan_data
    from cartwheel.workflows.landmark import landmark as run

    assert isinstance(options, LandmarkOptions)
    patients, labs, plan = inputs
    _check_outputs(inputs, outputs)
    data = {} if plan is None else read_landmark_plan_data(plan)
    where = "command line" if plan is None else plan.name
    wanted = landmark_plan_from_dict(plan_of_options(options, data), where=where)
    with Progress() as progress:
        done = run(patients, labs, wanted, threads=threads, say=progress)
    _write(done, outputs)
    print_landmarks(done.result, outputs)


def _check_outputs(inputs: tuple[Path, Path, Path | None], outputs: dict[str, str | None]) -> None:
    from cartwheel.cli.common import check_folder
    from cartwheel.cli.develop_run import require_report
    from cartwheel.errors import PlanRefused, refuse

    taken = {file.resolve() for file in inputs if file is not None}
    if sum(target == "-" for target in outputs.values()) > 1 or outputs["figure"] == "-":
        raise refuse(
            PlanRefused,
            "stdout_twice",
            "one output, and no figure, can go to stdout",
            where="-",
            mend="name a file for the others",
        )
    for target in outputs.values():
        check_folder(target)
        if target is None or target == "-":
            continue
        place = Path(target).resolve()
        if place in taken:
            what = "this file is an input, or another output"
            raise refuse(PlanRefused, "output_taken", what, where=target, mend="name another file")
        taken.add(place)
    if outputs["figure"] or outputs["report"]:
        require_report()


def _write(done: LandmarkFile, outputs: dict[str, str | None]) -> None:
    """Render every file before the first is written; the figure comes last."""
    from cartwheel.canonical import canonical_json, plain
    from cartwheel.cli.common import write_files
    from cartwheel.workflows.landmark import landmark_model_file

    contents: dict[str, str] = {}
    if target := outputs["json"]:
        contents[target] = canonical_json(done)
    if target := outputs["save_model"]:
        contents[target] = canonical_json(landmark_model_file(done))
    if target := outputs["report"]:
        from cartwheel.report.landmark.page import landmark_report_html

        contents[target] = landmark_report_html(plain(done))
    if target := outputs["figure"]:
        from cartwheel.figures.landmark import landmark_performance
        from cartwheel.figures.saving import save

        save(landmark_performance(plain(done.result)), target)
    write_files(contents)
