"""Kinds of jobs: each reads its files from a folder, and gives the files that it made.

They run in a process of their own. What they load, they load when called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from cartwheel.errors import PlanRefused, refuse

Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a job made.

    Parameters
    ----------
    name : str
        Without folder, as it is given to a person: ``result.json``, ``report.html``.
    media_type : str
        Of the content.
    content : bytes
        All of it.
    """

    name: str
    media_type: str
    content: bytes


Run = Callable[[Path, Mapping[str, Any], Say], tuple[Output, ...]]
_KINDS: dict[str, str] = {
    "check": "cartwheel.serve.jobs.cohorts:run_check",
    "plan": "cartwheel.serve.jobs.plans:run_plan",
    "develop": "cartwheel.serve.jobs.developments:run_develop",
    "validate": "cartwheel.serve.jobs.validations:run_validate",
    "batch": "cartwheel.serve.jobs.batches:run_batch",
    "pool": "cartwheel.serve.jobs.evidence:run_pool",
    "studies": "cartwheel.serve.jobs.studies:run_studies",
    "appraise": "cartwheel.serve.jobs.evidence:run_appraise",
    "paper": "cartwheel.serve.jobs.papers:run_paper",
    "grade": "cartwheel.serve.jobs.charts:run_grade",
    "prepare": "cartwheel.serve.honest.prepare:run_prepare",
    "read": "cartwheel.serve.jobs.readings:run_read",
}
KINDS = tuple(_KINDS)


def check_kind(kind: str) -> None:
    """Refuse a kind of job that there is not.

    Parameters
    ----------
    kind : str
        As asked.

    Raises
    ------
    PlanRefused
        ``unknown_kind``.
    """
    if kind not in _KINDS:
        raise refuse(
            PlanRefused,
            "unknown_kind",
            f"'{kind[:40]}' is no kind of job",
            where="kind",
            mend="one of: " + ", ".join(KINDS),
        )


def run_of(kind: str) -> Run:
    """Load what runs a kind of job.

    Parameters
    ----------
    kind : str
        One of `KINDS`.

    Returns
    -------
    function
        From folder, request and a function that hears of progress to the files made.

    Raises
    ------
    PlanRefused
        ``unknown_kind``.
    """
    check_kind(kind)
    module, _, name = _KINDS[kind].partition(":")
    return cast(Run, getattr(import_module(module), name))
