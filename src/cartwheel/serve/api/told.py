"""What calls answer beside the published results: jobs, files, problems, the state of the server.

The results themselves have schemas of their own: see `cartwheel.serve.api.described`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cartwheel.errors import Problem
from cartwheel.store.kept_files import KeptFile
from cartwheel.store.kept_jobs import Job, State

ROOT = "/api/v1"


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ToldProblem(_Told):
    """One thing that is wrong: its stable code, what, where, and how to mend it."""

    code: str
    what: str
    where: str
    mend: str


class ProblemDetails(_Told):
    """A refusal (RFC 9457), with everything that was found."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[ToldProblem]


class FileTold(_Told):
    """A file that is kept: an upload, or what a job made."""

    id: str
    name: str
    purpose: Literal["upload", "output"]
    media_type: str
    size: int
    sha256: str
    made_at: str
    job: str | None
    content: str


class FilesTold(_Told):
    """Files, newest first."""

    files: list[FileTold]


class JobTold(_Told):
    """A job: how far it is, or what came of it."""

    id: str
    kind: str
    title: str
    state: State
    made_at: str
    started_at: str | None
    ended_at: str | None
    stage: str
    done: int
    total: int
    problems: list[ToldProblem]
    files: list[FileTold]
    result: str | None


class JobsTold(_Told):
    """Jobs, newest first; without their files."""

    jobs: list[JobTold]


class ScoreListed(_Told):
    """A score that is known here, computable or not."""

    id: str
    title: str
    status: str
    doubted: int
    about: str
    missing: list[str]
    citation: str
    doi: str
    computable: bool


class ScoresTold(_Told):
    """The library of scores."""

    scores: list[ScoreListed]


class Places(_Told):
    """Places of a result that can be traced."""

    places: list[str]


class Health(_Told):
    """The server answers."""

    status: Literal["ok"]


class Ready(_Told):
    """The server can take jobs: its store answers."""

    status: Literal["ready"]


class Version(_Told):
    """Which cartwheel this is."""

    cartwheel: str
    api: Literal["v1"]


def problem_told(problem: Problem) -> ToldProblem:
    """Write a problem.

    Parameters
    ----------
    problem : Problem
        As refused.

    Returns
    -------
    ToldProblem
    """
    return ToldProblem(code=problem.code, what=problem.what, where=problem.where, mend=problem.mend)


def file_told(kept: KeptFile) -> FileTold:
    """Write what is known of a file.

    Parameters
    ----------
    kept : KeptFile
        From the store.

    Returns
    -------
    FileTold
    """
    return FileTold(
        id=kept.id,
        name=kept.name,
        purpose="upload" if kept.purpose == "upload" else "output",
        media_type=kept.media_type,
        size=kept.size,
        sha256=f"sha256:{kept.sha256}",
        made_at=kept.made_at,
        job=kept.job_id,
        content=f"{ROOT}/files/{kept.id}/content",
    )


def job_told(job: Job, made: Sequence[KeptFile] = (), *, result: bool = False) -> JobTold:
    """Write how far a job is.

    Parameters
    ----------
    job : Job
        From the store.
    made : sequence of KeptFile
        Its files.
    result : bool
        Whether one of them is a JSON result.

    Returns
    -------
    JobTold
    """
    return JobTold(
        id=job.id,
        kind=job.kind,
        title=job.title,
        state=job.state,
        made_at=job.made_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        stage=job.stage,
        done=job.done,
        total=job.total,
        problems=[problem_told(each) for each in job.problems],
        files=[file_told(each) for each in made],
        result=f"{ROOT}/jobs/{job.id}/result" if result else None,
    )


def json_of(told: BaseModel) -> bytes:
    """Write an answer.

    Parameters
    ----------
    told : BaseModel
        Of this module.

    Returns
    -------
    bytes
    """
    return told.model_dump_json().encode()


TOLD: tuple[type[BaseModel], ...] = tuple(
    each
    for each in list(globals().values())
    if isinstance(each, type) and issubclass(each, _Told) and each is not _Told
)
"""Every answer of this module, for the description of the calls."""
