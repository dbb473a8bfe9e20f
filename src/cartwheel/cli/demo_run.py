"""The parts of the demonstration: a development, what a second centre finds, and their papers."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from cartwheel.cli.develop_run import run_development
from cartwheel.cli.report_run import Wanted, run_report
from cartwheel.cli.validate_run import run_plan
from cartwheel.demonstration import cohort_path, plan_path, second_cohort_path, second_plan_path
from cartwheel.development.planning.flags import Flags
from cartwheel.validation.plan import read_plan


def develop_first(folder: Path, threads: int | None) -> None:
    """Develop the index on the first simulated cohort, and write its files.

    Parameters
    ----------
    folder : Path
        It exists.
    threads : int or None
        For resampling.
    """
    outputs: dict[str, str | None] = {
        "json": str(folder / "simulated_myeloma_result.json"),
        "report": str(folder / "simulated_myeloma_report.html"),
        "score": str(folder / "simulated_myeloma_score.toml"),
        "save_plan": str(folder / "simulated_myeloma_plan.toml"),
    }
    run_development(cohort_path(), plan_path(), Flags(), threads, outputs)


def validate_second(folder: Path, threads: int | None) -> None:
    """Validate the index, and two ratios alone, on the second cohort, and write what may travel.

    Parameters
    ----------
    folder : Path
        Holds the score file of the development.
    threads : int or None
        For resampling.
    """
    print("\n" + "=" * 80 + "\nThe same index at a second centre\n" + "=" * 80 + "\n")
    sys.stdout.flush()
    plan = read_plan(second_plan_path())
    first, *others = plan.scores
    index = first.model_copy(update={"score": str(folder / first.score)})
    outputs: dict[str, str | None] = {
        "json": str(folder / "simulated_second_centre_result.json"),
        "report": str(folder / "simulated_second_centre_report.html"),
        "share": str(folder / "simulated_second_centre_shared.json"),
        "updated_score": None,
        "save_plan": None,
    }
    wanted = plan.model_copy(update={"scores": (index, *others)})
    run_plan(second_cohort_path(), wanted, threads, outputs)


def write_papers(folder: Path) -> None:
    """Write the papers of both results, in every format whose library is there.

    Parameters
    ----------
    folder : Path
        Holds the results.
    """
    endings = [".html"]
    endings += [".pdf"] if find_spec("typst") is not None else []
    endings += [".docx"] if find_spec("docx") is not None else []
    print("\n" + "=" * 80 + "\nA paper of each, from its result file\n" + "=" * 80 + "\n")
    for name in ("simulated_myeloma", "simulated_second_centre"):
        papers = tuple(str(folder / f"{name}_paper{ending}") for ending in endings)
        print("\n".join(run_report(folder / f"{name}_result.json", Wanted(papers))))
