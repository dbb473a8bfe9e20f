"""Running ``cartwheel validate``: check outputs, validate, write all files or none, print it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from cartwheel.canonical import canonical_json, plain
from cartwheel.cli.common import write_files
from cartwheel.cli.develop_run import check_outputs, require_report
from cartwheel.cli.progress import Progress
from cartwheel.cli.referee_text import referee_lines
from cartwheel.cli.validate_text import WIDTH, validation_lines
from cartwheel.clinic.score import score_to_toml
from cartwheel.errors import PlanRefused, refuse
from cartwheel.validation.flags import Flags, override, plan_data
from cartwheel.validation.plan import ValidationPlan, plan_from_dict, read_plan
from cartwheel.validation.plan_text import plan_to_toml
from cartwheel.validation.sharing.share import numbers_told, told_coarsely
from cartwheel.workflows.validate import Validated, validate

Outputs = Mapping[str, str | None]
_WORDS = {
    "report": "report",
    "json": "result",
    "share": "file that may leave the centre",
    "updated_score": "updated score",
    "r_script": "R script",
    "save_plan": "plan",
}


def run_validation(
    cohort: Path, plan: Path | None, flags: Flags, threads: int | None, outputs: Outputs
) -> None:
    """Validate, write every file or none, and print what was found.

    Parameters
    ----------
    cohort : Path
        The cohort's file.
    plan : Path or None
        The plan's file; None where the flags say everything.
    flags : Flags
        As said.
    threads : int or None
        For resampling.
    outputs : mapping of str to str or None
        Targets of ``json``, ``report``, ``share``, ``updated_score`` and ``save_plan``; ``-`` is
        stdout.
    """
    check_outputs(cohort, plan, outputs)
    if outputs["report"]:
        require_report()
    wanted = _plan(plan, flags)
    _check_update(wanted, outputs)
    _check_scores(wanted, outputs)
    run_plan(cohort, wanted, threads, outputs)


def run_plan(cohort: Path, plan: ValidationPlan, threads: int | None, outputs: Outputs) -> None:
    """Validate what a checked plan says, write every file or none, and print what was found.

    Parameters
    ----------
    cohort : Path
        The cohort's file.
    plan : ValidationPlan
        Its score files are found as it names them.
    threads : int or None
        For resampling.
    outputs : mapping of str to str or None
        As of `run_validation`.
    """
    with Progress() as progress:
        done = validate(
            cohort, plan, share_too=bool(outputs["share"]), threads=threads, say=progress
        )
    write_files(_contents(done, plan, outputs))
    _print(done, outputs)
    if outputs["updated_score"] and done.updated[0] is None:
        print("\n".join(_not_updated(done, outputs["updated_score"])), file=sys.stderr)


def _plan(plan: Path | None, flags: Flags) -> ValidationPlan:
    if plan is None:
        return plan_from_dict(plan_data(flags), where="command line")
    return plan_from_dict(override(read_plan(plan).as_dict(), flags), where=plan.name)


def _check_update(plan: ValidationPlan, outputs: Outputs) -> None:
    if outputs["updated_score"] is None:
        return
    if not plan.update.ladder:
        raise refuse(
            PlanRefused,
            "no_update",
            "no update was asked for",
            where="--updated-score",
            mend="add --update",
        )
    if len(plan.scores) > 1:
        raise refuse(
            PlanRefused,
            "several_updates",
            f"{len(plan.scores)} scores are validated, and one file is named",
            where="--updated-score",
            mend="update one score at a time",
        )


def _check_scores(plan: ValidationPlan, outputs: Outputs) -> None:
    """Refuse an output that would take the place of a score file that is read."""
    read = {Path(item.score).resolve() for item in plan.scores if Path(item.score).is_file()}
    for target in outputs.values():
        if target is not None and target != "-" and Path(target).resolve() in read:
            raise refuse(
                PlanRefused,
                "output_taken",
                "this file is a score to be validated",
                where=target,
                mend="name another file",
            )


def _contents(done: Validated, plan: ValidationPlan, outputs: Outputs) -> dict[str, str]:
    """Render every file before the first is written."""
    contents: dict[str, str] = {}
    if target := outputs["save_plan"]:
        contents[target] = plan_to_toml(plan)
    if target := outputs["json"]:
        contents[target] = canonical_json(done.document)
    if (target := outputs["share"]) and done.shared is not None:
        contents[target] = canonical_json(done.shared)
    if (target := outputs["updated_score"]) and (spec := done.updated[0]) is not None:
        contents[target] = score_to_toml(spec)
    if target := outputs.get("r_script"):
        from cartwheel.report.r_script import r_script

        contents[target] = r_script(plain(done.document), done.specs)
    if target := outputs["report"]:
        from cartwheel.report.validation import validation_report_html  # an extra's libraries

        contents[target] = validation_report_html(plain(done.document))
    return contents


def _print(done: Validated, outputs: Outputs) -> None:
    stream = sys.stderr if "-" in outputs.values() else sys.stdout
    lines = list(validation_lines(done.result))
    if done.document.referee is not None:
        lines += ["", *referee_lines(done.document.referee)]
    print("\n".join([*lines, *_files(done, outputs)]), file=stream)


def _not_updated(done: Validated, target: str) -> list[str]:
    """Say that the ladder gave no new score; what was computed is kept all the same."""
    said = f"No updated score was written ({target}): {done.result.updates[0].text}"
    if target != "-" and Path(target).exists():
        said += " The file of that name is an older one, and was left as it is."
    return textwrap.wrap(said, WIDTH, break_long_words=False, break_on_hyphens=False)


def _files(done: Validated, outputs: Outputs) -> list[str]:
    named = [
        f"{_WORDS[key]}: {name}"
        for key, name in outputs.items()
        if name and name != "-" and (key != "updated_score" or done.updated[0] is not None)
    ]
    if done.shared is not None:
        named.append(
            f"{numbers_told(done.shared)} numbers are in the file that may leave the centre; no "
            f"count below {done.shared.minimum_cell}."
        )
        named += [
            f"! Of {title} only discrimination, observed/expected and slope are in it, to about a "
            f"whole standard error: it has few values, and from finer numbers counts below "
            f"{done.shared.minimum_cell} could be solved for."
            for title in told_coarsely(done.shared)
        ]
    if not named and "-" not in outputs.values():
        named = ["Nothing was saved. Add --report report.html --json result.json --share out.json"]
    # a path stays whole
    wrapper = textwrap.TextWrapper(
        WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    lines = [line for each in named for line in wrapper.wrap(each)]
    return ["", *lines] if lines else []
