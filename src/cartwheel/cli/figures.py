"""``cartwheel figures``: the figures of a result, of a score, or of the user's own rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code

Many = list[str]


def figures(
    result: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RESULT]",
            help="JSON of develop, validate, landmark or pool; or a score (TOML): its nomogram.",
        ),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("figures"),
    width: Annotated[
        str | None,
        typer.Option(
            metavar="single|double", help="85 or 170 mm; by default what each is laid out for."
        ),
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", metavar="F,F", help="Of svg, pdf, png.")
    ] = "svg,pdf,png",
    only: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="Which figures; by default all.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the words inside: en, de or zh.")] = "en",
    ranges: Annotated[
        Many | None,
        typer.Option(
            "--range", metavar="INPUT=LOW:HIGH", help="Nomogram of a score: range that occurs."
        ),
    ] = None,
    chart: Annotated[
        Path | None,
        typer.Option(help="Chart of days: swimmer plot and alluvial. They show single patients."),
    ] = None,
    rules: Annotated[
        Many | None,
        typer.Option("--rule", metavar="ID", help="Of the chart: astct-crs, astct-icans."),
    ] = None,
    mapping: Annotated[
        Many | None,
        typer.Option("--map", metavar="COLUMN=NAME", help="Of the chart, as in cartwheel grade."),
    ] = None,
    units: Annotated[
        Many | None, typer.Option("--unit", metavar="COLUMN=UNIT", help="Of the chart.")
    ] = None,
    runs: Annotated[
        bool,
        typer.Option("--runs", help="Ids repeat: a new patient begins where the day falls back."),
    ] = False,
    treatment: Annotated[
        Many | None,
        typer.Option(
            metavar="COLUMN=NAME", help="Column of yes and no, drawn on the swimmer plot."
        ),
    ] = None,
    days: Annotated[
        str | None,
        typer.Option(metavar="D,D", help="Days of the alluvial and of --labs, such as 0,3,7,14."),
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option(help="Cohort, one row a patient: course of a marker, groups.")
    ] = None,
    labs: Annotated[
        Path | None,
        typer.Option(help="One row a result: patient, analyte, day, value, unit; for a course."),
    ] = None,
    lab_column: Annotated[
        Many | None,
        typer.Option(
            metavar="WHAT=COLUMN", help="Of --labs: patient, analyte, day, value or unit."
        ),
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option("--id", metavar="COLUMN", help="Patient in the cohort, for --labs."),
    ] = None,
    same_moment: Annotated[
        str,
        typer.Option(
            metavar="refuse|mean|last_row", help="Of --labs: different values at one moment."
        ),
    ] = "refuse",
    trajectory: Annotated[
        Many | None,
        typer.Option(
            metavar="NAME", help="Columns NAME_dayN of the cohort, or analyte of --labs. Repeat it."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Groups of the course of a marker.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook.")] = None,
    share: Annotated[
        bool, typer.Option("--share", help="Withhold groups and days with fewer than 5 patients.")
    ] = False,
) -> None:
    """Write figures as SVG, PDF and PNG at a journal's column width, and their data as CSV."""
    with refusals_as_exit_code():
        from cartwheel.cli.figures_run import Wanted, run_figures

        wanted = Wanted(
            result=result, folder=folder, width=width, formats=_listed(formats), language=language,
            only=_listed(only), ranges=ranges or [], chart=chart, rules=tuple(rules or ()),
            mapping=mapping or [], units=units or [], runs=runs, treatments=treatment or [],
            days=_listed(days), cohort=cohort, markers=tuple(trajectory or ()), by=by,
            sheet=sheet, share=share, labs=labs, patient=patient, same_moment=same_moment,
            lab_columns=_lab_columns(lab_column or []),
        )  # fmt: skip
        for line in run_figures(wanted):
            typer.echo(line)


def _lab_columns(texts: Many) -> tuple[tuple[str, str], ...]:
    from cartwheel.cli.common import pairs
    from cartwheel.errors import PlanRefused, refuse

    named: dict[str, str] = pairs(texts, "--lab-column", str)
    known = {"patient", "analyte", "day", "value", "unit"}
    found: list[tuple[str, str]] = []
    for name, value in named.items():
        if name not in known:
            raise refuse(
                PlanRefused,
                "figures_asked",
                f"a laboratory file has no '{name[:20]}'",
                where="--lab-column",
                mend="such as --lab-column day=nominal_day; of patient, analyte, day, value, unit",
            )
        found.append((name, value))
    return tuple(found)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
