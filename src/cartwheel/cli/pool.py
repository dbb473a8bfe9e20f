"""``cartwheel pool``: published effects become a pooled one, with all that speaks against it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import pairs, refusals_as_exit_code

Many = list[str]
WHAT, HOW, ASK, OUTPUT = "What is pooled", "How", "What is asked", "Output"


def pool(
    files: Annotated[
        list[Path], typer.Argument(help="Tables of studies, and results of ours (JSON).")
    ],
    plan: Annotated[Path | None, typer.Option(help="Plan (TOML); flags win over it.")] = None,
    measure: Annotated[
        str | None,
        typer.Option(help="HR, OR, RR, RD, IRR, MD, SMD, proportion, C, OE or slope."),
    ] = None,
    outcome: Annotated[
        Many | None, typer.Option(help="Only this outcome; may be repeated.")
    ] = None,
    group: Annotated[
        Many | None, typer.Option(help="Only this group (column set); may be repeated.")
    ] = None,
    same_outcome: Annotated[
        Many | None, typer.Option(help="WRITTEN=TAKEN: pool one outcome under another's name.")
    ] = None,
    same_group: Annotated[
        Many | None, typer.Option(help="WRITTEN=TAKEN: pool one group under another's name.")
    ] = None,
    leave_out: Annotated[
        Many | None, typer.Option(help="Study, 'row 12' or 'file.csv:12'; may be repeated.")
    ] = None,
    overlap: Annotated[
        str | None, typer.Option(help="Rows that may share patients: report or keep_first.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="An impossible row refuses the whole run.")
    ] = False,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="REML, ML, DL, PM, EB, SJ, HS, HE, common, MH, peto, GLMM, multilevel or "
            "bivariate."
        ),
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help="knapp_hartung, knapp_hartung_floor or normal.")
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(help="Prediction interval: model, k_minus_2 or none.")
    ] = None,
    level: Annotated[float | None, typer.Option(help="Coverage of every interval (0.95).")] = None,
    proportion_scale: Annotated[
        str | None, typer.Option(help="logit, arcsine, double_arcsine, log or identity.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column whose equal values share patients or a centre.")
    ] = None,
    subgroup: Annotated[
        Many | None, typer.Option(help="Column to divide by; may be repeated.")
    ] = None,
    regress: Annotated[
        Many | None, typer.Option(help="Column, or 'a + b', to regress on; may be repeated.")
    ] = None,
    planned: Annotated[
        bool, typer.Option("--planned", help="Subgroups and regressions were named beforehand.")
    ] = False,
    permutations: Annotated[
        int | None, typer.Option(help="Of a meta-regression's permutation test (1000).")
    ] = None,
    order: Annotated[
        str | None, typer.Option(help="Cumulative: year, file, precision or a column.")
    ] = None,
    small_studies: Annotated[
        str | None, typer.Option(help="Tests of funnel asymmetry: auto (from 10), force or no.")
    ] = None,
    gosh: Annotated[bool, typer.Option("--gosh", help="Pool subsets of the studies.")] = False,
    fail_safe: Annotated[
        bool, typer.Option("--fail-safe", help="Compute fail-safe numbers.")
    ] = False,
    rare: Annotated[
        bool, typer.Option("--rare", help="Outcome under 15 %, for the E-value.")
    ] = False,
    harm: Annotated[
        str | None, typer.Option(help="Side to which publication may lean: above or below.")
    ] = None,
    quality: Annotated[
        str | None, typer.Option(help="auto, QUIPS, PROBAST, Newcastle-Ottawa or none.")
    ] = None,
    prisma: Annotated[str | None, typer.Option(help="Counts of the PRISMA flow.")] = None,
    grade: Annotated[
        str | None, typer.Option(help="Rate the certainty, starting at high or moderate.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of permutations and subsets.")] = None,
    title: Annotated[str | None, typer.Option(help="Title of the result.")] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="The rows are simulated.")] = False,
    json: Annotated[str | None, typer.Option(help="Result file; - for stdout.")] = None,
    report: Annotated[str | None, typer.Option(help="HTML report.")] = None,
    r_script: Annotated[str | None, typer.Option(help="The same analysis in R.")] = None,
    figures: Annotated[str | None, typer.Option(help="Folder for the figures (SVG).")] = None,
    save_plan: Annotated[str | None, typer.Option(help="Write the plan that was followed.")] = None,
) -> None:
    """Pool published effects, and show every doubt about them as large as the result."""
    with refusals_as_exit_code():
        from cartwheel.cli.pool_run import run_pool

        said = {
            "measure": measure,
            "outcome": outcome,
            "group": group,
            "same_outcome": pairs(same_outcome, "--same-outcome", str),
            "same_group": pairs(same_group, "--same-group", str),
            "leave_out": leave_out,
            "overlap": overlap,
            "strict": strict,
            "sheet": sheet,
            "method": method,
            "interval": interval,
            "prediction": prediction,
            "level": level,
            "proportion_scale": proportion_scale,
            "cluster": cluster,
            "subgroups": subgroup,
            "regress": regress,
            "planned": planned,
            "permutations": permutations,
            "order": order,
            "small_studies": small_studies,
            "gosh": gosh,
            "fail_safe": fail_safe,
            "rare": rare,
            "harm": harm,
            "quality": quality,
            "prisma": prisma,
            "seed": seed,
            "title": title,
            "simulated": simulated,
        }
        run_pool(
            files,
            plan,
            said,
            grade,
            {
                "json": json,
                "report": report,
                "r_script": r_script,
                "figures": figures,
                "save_plan": save_plan,
            },
        )
