"""Referee a file: a result of cartwheel, what a centre shares of one, or a plan."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.canonical import canonical_json, sha256
from cartwheel.development.planning.plan import read_plan
from cartwheel.errors import FileRefused, refuse
from cartwheel.finding import RefereeReport
from cartwheel.pooling.study.result_file import refuse_edited
from cartwheel.provenance import Provenance, library_versions
from cartwheel.referee.report import KINDS, kind_of, referee, referee_plan
from cartwheel.referee.result import RefereeFile
from cartwheel.referee.shared import KIND as SHARED, referee_shared
from cartwheel.result_json import read_json
from cartwheel.workflows.json_schema import closed_schema

KIND, SCHEMA = "referee", "cartwheel/referee/1"
PLAN_SUFFIX = ".toml"
PLAN_SCHEMA = "cartwheel-plan/1"
_MEND = (
    "give the JSON of a result (--json FILE), what a centre shares (--share FILE), or the plan of "
    "a development (TOML)"
)
REFEREED = (
    "results of develop, validate, pool and appraise are, shared files of validate, and plans of "
    "develop"
)


def referee_file(source: str | PathLike[str]) -> RefereeFile:
    """Read a result or a plan and say what a statistical reviewer will ask.

    Parameters
    ----------
    source : path
        JSON of ``develop``, ``validate``, ``pool`` or ``appraise``, of this or an older version;
        a shared file of ``validate``; or the plan of a development (TOML).

    Returns
    -------
    RefereeFile

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``result_kind``, ``no_result``, or ``shared_file_edited``
        where the sum of a shared file does not fit its content.
    PlanRefused
        A TOML file that is no plan of a development.
    """
    path = Path(source)
    if path.suffix.lower() == PLAN_SUFFIX:
        _of_development(path)
        plan = read_plan(path)
        return _file(path.name, path.read_bytes(), plan.identity, referee_plan(plan.as_dict()))
    content, found = read_json(path, mend=_MEND)
    document = _document(found, path.name)
    if document.get("kind") == SHARED:
        refuse_edited(document, path.name)
        return _file(path.name, content, "", referee_shared(document))
    plan_sum = document.get("provenance")
    said = plan_sum.get("plan_sha256") if isinstance(plan_sum, Mapping) else ""
    return _file(path.name, content, said if isinstance(said, str) else "", referee(document))


def referee_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel referee --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return closed_schema(RefereeFile, SCHEMA, "Result of cartwheel referee")


def _document(document: Any, name: str) -> dict[str, Any]:
    if not isinstance(document, dict) or (
        document.get("kind") != SHARED and kind_of(document) not in KINDS
    ):
        said = document.get("kind") if isinstance(document, dict) else None
        raise refuse(
            FileRefused,
            "result_kind",
            f"a file of kind '{str(said)[:30]}' is not refereed",
            where=name,
            mend=REFEREED,
        )
    if not isinstance(document.get("result"), dict):
        raise refuse(
            FileRefused,
            "no_result",
            "there is no result in this file, so nothing can be asked of it",
            where=name,
            mend="give the whole JSON that the command wrote (--json FILE)",
        )
    return document


def _of_development(path: Path) -> None:
    """Refuse a TOML that says it is something else than the plan of a development."""
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig")).get("schema")
    except (OSError, ValueError, RecursionError):
        return  # read_plan says what is wrong with it
    if isinstance(said, str) and said.startswith("cartwheel-") and said != PLAN_SCHEMA:
        raise refuse(
            FileRefused,
            "result_kind",
            f"a file of schema '{said[:40]}' is not refereed",
            where=path.name,
            mend=REFEREED,
        )


def _file(name: str, content: bytes, plan_sum: str, report: RefereeReport) -> RefereeFile:
    plan: dict[str, object] = {"file": name}
    provenance = Provenance(
        cartwheel=__version__,
        data_sha256=sha256(content),
        data_name=name,
        plan_sha256=plan_sum or sha256(canonical_json(plan)),
        seed=0,
        libraries=library_versions(),
    )
    return RefereeFile(KIND, SCHEMA, provenance, plan, report)
