"""``cartwheel demo``: a whole development on a simulated cohort, anywhere, in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", help="Where report, result and score are written.")
    ] = Path("cartwheel-demo"),
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; same result.")] = None,
) -> None:
    """Develop a CIPI-like index on the simulated myeloma cohort and write its report."""
    from cartwheel.cli.common import make_folder
    from cartwheel.cli.develop_run import require_report, run_development
    from cartwheel.demonstration import cohort_path, plan_path
    from cartwheel.development.planning.flags import Flags

    with refusals_as_exit_code():
        require_report()
        make_folder(folder)
        outputs = {
            "json": str(folder / "simulated_myeloma_result.json"),
            "report": str(folder / "simulated_myeloma_report.html"),
            "score": str(folder / "simulated_myeloma_score.toml"),
            "save_plan": str(folder / "simulated_myeloma_plan.toml"),
        }
        run_development(cohort_path(), plan_path(), Flags(), threads, outputs)
