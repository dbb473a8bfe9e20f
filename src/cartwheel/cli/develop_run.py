"""Running a development from the command line: check outputs, develop, write all files or none."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from cartwheel.canonical import canonical_json, plain
from cartwheel.cli.common import check_folder, write_files
from cartwheel.cli.progress import Progress
from cartwheel.cli.summary import print_summary
from cartwheel.clinic.score import score_to_toml
from cartwheel.development.planning.flags import Flags, override, plan_data
from cartwheel.development.planning.plan import Plan, plan_from_dict, read_plan
from cartwheel.development.planning.text import plan_to_toml
from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.workflows.develop import Developed, develop as run_develop

Outputs = Mapping[str, str | None]


def run_development(
    cohort: Path, plan: Path | None, flags: Flags, threads: int | None, outputs: Outputs
) -> None:
    """Develop, write every file or none, and print what was found.

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
        Targets of ``json``, ``report``, ``score``, ``r_script`` and ``save_plan``; ``-`` is stdout;
        what is not there is not written.
    """
    check_outputs(cohort, plan, outputs)
    if outputs["report"]:
        require_report()
    wanted = _plan(plan, flags)
    with Progress() as progress:
        done = run_develop(cohort, wanted, threads=threads, say=progress)
    write_files(_contents(done, outputs))
    print_summary(done.document, outputs)


def _plan(plan: Path | None, flags: Flags) -> Plan:
    if plan is None:
        return plan_from_dict(plan_data(flags), where="command line")
    return plan_from_dict(override(read_plan(plan).as_dict(), flags), where=plan.name)


def _contents(done: Developed, outputs: Outputs) -> dict[str, str]:
    """Render every file before the first is written."""
    contents: dict[str, str] = {}
    if target := outputs["save_plan"]:
        contents[target] = plan_to_toml(plan_from_dict(done.document.plan))
    if target := outputs["json"]:
        contents[target] = canonical_json(done.document)
    if target := outputs["score"]:
        contents[target] = score_to_toml(done.score)
    if target := outputs.get("r_script"):
        from cartwheel.report.r_script import r_script

        contents[target] = r_script(plain(done.document))
    if target := outputs["report"]:
        from cartwheel.report.html import report_html  # the report's libraries are an extra

        contents[target] = report_html(plain(done.document))
    return contents


def check_outputs(cohort: Path, plan: Path | None, outputs: Outputs) -> None:
    """Refuse outputs that cannot be written, or would overwrite an input or one another.

    Parameters
    ----------
    cohort, plan : Path or None
        The inputs.
    outputs : mapping of str to str or None
        The targets.

    Raises
    ------
    PlanRefused
        Before any work is done.
    """
    taken = {cohort.resolve(): "the cohort"}
    if plan is not None:
        taken[plan.resolve()] = "the plan"
    if sum(target == "-" for target in outputs.values()) > 1:
        raise refuse(
            PlanRefused,
            "stdout_twice",
            "only one output can go to stdout",
            where="-",
            mend="name a file for the others",
        )
    for name, target in outputs.items():
        check_folder(target)
        if target is None or target == "-":
            continue
        place = Path(target).resolve()
        if place in taken:
            raise refuse(
                PlanRefused,
                "output_taken",
                f"this file is {taken[place]}",
                where=target,
                mend="name another file",
            )
        taken[place] = f"the output of --{name.replace('_', '-')}"


def require_report() -> None:
    """Refuse a report before any work when its libraries are not installed.

    Raises
    ------
    FileRefused
        Naming them, and the extra that brings them.
    """
    absent = [name for name in ("matplotlib", "jinja2") if find_spec(name) is None]
    if absent:
        raise refuse(
            FileRefused,
            "extra_missing",
            "the report needs " + " and ".join(absent),
            where="--report",
            mend="pip install 'cartwheel[report]'",
        )
