"""Running ``cartwheel pool``: check outputs, pool, write all files or none, print it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cartwheel.canonical import canonical_json, plain
from cartwheel.cli.common import check_folder, make_folder, write_files
from cartwheel.cli.pool_text import pool_lines
from cartwheel.cli.referee_text import referee_lines
from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict, read_pool_plan
from cartwheel.pooling.plan_text import pool_plan_to_toml
from cartwheel.pooling.result import PoolFile
from cartwheel.workflows.pool import pool

Outputs = Mapping[str, str | None]


def run_pool(
    files: Sequence[Path],
    plan: Path | None,
    said: Mapping[str, Any],
    grade: str | None,
    outputs: Outputs,
) -> None:
    """Pool, write every file or none, and print what was found.

    Parameters
    ----------
    files : sequence of Path
        Tables and result files.
    plan : Path or None
        The plan's file.
    said : mapping
        Keys of the plan, as the flags say them; None, False and empty ones say nothing.
    grade : str or None
        Starting point of the certainty.
    outputs : mapping of str to str or None
        Targets of ``json``, ``report``, ``r_script``, ``figures`` and ``save_plan``; ``-`` is
        stdout, but for the figures.
    """
    prisma = said.get("prisma")
    check_outputs([*files, *([plan] if plan else []), *([Path(prisma)] if prisma else [])], outputs)
    wanted = _plan(plan, said, grade)
    done = pool(files, wanted)
    contents = _contents(done, outputs)
    if outputs["figures"]:
        _make(Path(outputs["figures"]))
    write_files(contents)
    _print(done, outputs)


def _plan(plan: Path | None, said: Mapping[str, Any], grade: str | None) -> PoolPlan:
    data: dict[str, Any] = {} if plan is None else read_pool_plan(plan).as_dict()
    data |= {key: value for key, value in said.items() if value not in (None, False, [], {})}
    if grade is not None:
        data["grade"] = {**data.get("grade", {}), "start": grade}
    return pool_plan_from_dict(data, where="command line" if plan is None else plan.name)


def _contents(done: PoolFile, outputs: Outputs) -> dict[str, str]:
    """Render every file before the first is written."""
    contents: dict[str, str] = {}
    if target := outputs["save_plan"]:
        contents[target] = pool_plan_to_toml(pool_plan_from_dict(done.plan))
    if target := outputs["json"]:
        contents[target] = canonical_json(done)
    if target := outputs["r_script"]:
        contents[target] = done.result.r_script
    # the libraries of page and figures are an extra
    if target := outputs["report"]:
        from cartwheel.report.pooling import pool_report_html

        contents[target] = pool_report_html(plain(done))
    if folder := outputs["figures"]:
        from cartwheel.figures.pooling.gallery import pool_svgs

        drawn = pool_svgs(plain(done))
        contents |= {str(Path(folder) / f"{name}.svg"): text for name, text in drawn.items()}
    return contents


def _make(folder: Path) -> None:
    """Make the folder of the figures, or refuse: no rights, no such disk."""
    try:
        make_folder(folder)
    except OSError as error:
        raise refuse(
            FileRefused,
            "not_writable",
            f"the folder could not be made ({error.strerror or type(error).__name__}); nothing was "
            "written",
            where="--figures",
            mend="name a folder that you may write to",
        ) from None


def _print(done: PoolFile, outputs: Outputs) -> None:
    stream = sys.stderr if "-" in outputs.values() else sys.stdout
    said = [] if done.referee is None else ["", *referee_lines(done.referee)]
    lines = [*pool_lines(done.result), *said, *_files(outputs)]
    print("\n".join(lines), file=stream)


def _files(outputs: Outputs) -> list[str]:
    words = {"report": "report", "json": "result", "r_script": "R script", "figures": "figures",
             "save_plan": "plan"}  # fmt: skip
    named = [f"{words[key]}: {name}" for key, name in outputs.items() if name and name != "-"]
    if not named and "-" not in outputs.values():
        named = ["Nothing was saved. Add --report report.html --json result.json"]
    return ["", *named] if named else []


def check_outputs(inputs: Sequence[Path], outputs: Outputs) -> None:
    """Refuse outputs that cannot be written, or would overwrite an input or one another.

    Parameters
    ----------
    inputs : sequence of Path
        Files that are read.
    outputs : mapping of str to str or None
        The targets.

    Raises
    ------
    PlanRefused
        ``stdout_twice``, ``output_taken``, and what ``check_folder`` refuses.
    FileRefused
        ``extra_missing`` where the libraries of report and figures are not installed.
    """
    if sum(target == "-" for target in outputs.values()) > 1:
        raise refuse(
            PlanRefused,
            "stdout_twice",
            "only one output can go to stdout",
            where="-",
            mend="name a file for the others",
        )
    taken = {path.resolve(): "an input" for path in inputs}
    for name, target in outputs.items():
        if name == "figures":
            _check_figures(target)
            continue
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
    if outputs["report"] or outputs["figures"]:
        _require_drawing("--report" if outputs["report"] else "--figures")


def _check_figures(folder: str | None) -> None:
    if folder is None:
        return
    if folder == "-" or Path(folder).is_file():
        raise refuse(
            PlanRefused,
            "not_a_folder",
            "figures go into a folder",
            where="--figures",
            mend="name a folder: --figures FOLDER",
        )


def _require_drawing(flag: str) -> None:
    absent = [name for name in ("matplotlib", "jinja2") if find_spec(name) is None]
    if absent:
        raise refuse(
            FileRefused,
            "extra_missing",
            "this needs " + " and ".join(absent),
            where=flag,
            mend="pip install 'cartwheel[report]'",
        )
