"""The evidence, readable top to bottom.

Tables of studies become pooled effects with their doubts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel import __version__
from cartwheel.canonical import file_sha256, plain, sha256
from cartwheel.errors import PlanRefused
from cartwheel.note import Note
from cartwheel.pooling.account import paragraphs, r_script
from cartwheel.pooling.analysis.analyse import analyses_of
from cartwheel.pooling.appraisal.flow import read_flow
from cartwheel.pooling.appraisal.grade import check_choices, suggest_grade
from cartwheel.pooling.appraisal.quality import read_quality
from cartwheel.pooling.plan import PoolPlan, pool_plan_from_dict, read_pool_plan
from cartwheel.pooling.result import Pool, PoolFile
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_appraisal import Flow, Quality
from cartwheel.pooling.study.result import Source, StudyTable
from cartwheel.pooling.study.table import read_studies
from cartwheel.provenance import Provenance, library_versions, named_simulated
from cartwheel.referee.report import referee

KIND, SCHEMA = "pool", "cartwheel/pool/1"
_NAMED = 3


def pool(
    files: str | PathLike[str] | Sequence[str | PathLike[str] | Any] | Any,
    plan: PoolPlan | Mapping[str, Any] | str | PathLike[str] | None = None,
    **options: Any,
) -> PoolFile:
    """Pool published effects, and ask the pool what its reviewers will ask.

    Parameters
    ----------
    files : path, data frame, or sequence of these
        Tables with one row a study and outcome, results of ``cartwheel develop`` and ``validate``
        (JSON), and shared files. Rows are pooled within group (column ``set``; of validations the
        score, where there are several), outcome and measure.
    plan : PoolPlan, mapping or path, optional
        What is to be done; every key has a default.
    **options : object
        Keys of the plan, which win over it: ``pool("studies.csv", method="DL")``.

    Returns
    -------
    PoolFile
        Provenance, plan and result; ``cartwheel.canonical.canonical_json`` writes it.

    Raises
    ------
    FileRefused, PlanRefused
        With every problem found, before anything is computed.
    NotEstimable
        The plan's model cannot be fitted to a pool, which is named.

    Notes
    -----
    REML, Knapp and Hartung's interval and the prediction interval that goes with it, unless the
    plan says otherwise. Nothing depends on the order of the rows but the cumulative analysis,
    random permutations and subsets, and what is numbered by row.
    """
    given = _files(files)
    wanted = _marked_simulated(_plan(plan, options), given)
    table = read_studies(given, plan=wanted)
    analyses = analyses_of(table, wanted)
    check_choices(analyses, wanted)
    quality = _quality(table, wanted)
    flow, flow_source = _flow(wanted)
    sources = (*table.sources, *flow_source)
    grades = (suggest_grade(analysis, quality, wanted) for analysis in analyses)
    result = Pool(
        title=wanted.title or _title(analyses),
        simulated=table.simulated,
        studies=table.studies,
        analyses=analyses,
        quality=quality,
        flow=flow,
        grades=tuple(grade for grade in grades if grade is not None),
        notes=(*table.notes, *_flow_note(flow, table)),
        methods=(),
        results=(),
        references=(),
        r_script="",
        left_out=table.left_out,
        sources=sources,
    )
    document = PoolFile(
        KIND,
        SCHEMA,
        _provenance(sources, wanted),
        wanted.as_dict(),
        _told(result, wanted),
    )
    return replace(document, referee=referee(plain(document)))


def _files(files: Any) -> tuple[Any, ...]:
    if isinstance(files, str | PathLike) or hasattr(files, "columns"):
        return (files,)
    return tuple(files)


def _plan(plan: Any, options: Mapping[str, Any]) -> PoolPlan:
    if plan is None:
        made = PoolPlan()
    elif isinstance(plan, PoolPlan):
        made = plan
    elif isinstance(plan, Mapping):
        made = pool_plan_from_dict(plan)
    else:
        made = read_pool_plan(plan)
    if not options:
        return made
    return pool_plan_from_dict({**made.as_dict(), **options}, where="options")


def _marked_simulated(plan: PoolPlan, files: Iterable[Any]) -> PoolPlan:
    named = any(named_simulated(str(file)) for file in files if isinstance(file, str | PathLike))
    return plan.model_copy(update={"simulated": True}) if named else plan


def _quality(table: StudyTable, plan: PoolPlan) -> tuple[Quality, ...]:
    """Risk of bias of every table, one entry a tool."""
    found: dict[str, Quality] = {}
    refused: list[PlanRefused] = []
    for raw in table.tables:
        try:
            judged = read_quality(
                raw.frame, raw.first_row, table.studies, tool=plan.quality,
                quips_overall=plan.quips_overall, file=raw.name,
            )  # fmt: skip
        except PlanRefused as refusal:
            if refusal.problems[0].code != "quality_tool":
                raise
            # a tool that is asked for must stand in one of the tables, not in each
            refused.append(refusal)
            continue
        for one in judged:
            before = found.get(one.tool)
            found[one.tool] = one if before is None else _joined(before, one)
    if refused and len(refused) == len(table.tables):
        raise refused[0]
    return tuple(found.values())


def _joined(first: Quality, second: Quality) -> Quality:
    return replace(
        first,
        studies=(*first.studies, *second.studies),
        missing=(*first.missing, *second.missing),
        rule=first.rule or second.rule,
    )


def _flow(plan: PoolPlan) -> tuple[Flow | None, tuple[Source, ...]]:
    if plan.prisma is None:
        return None, ()
    path = Path(plan.prisma)
    flow = read_flow(path)
    return flow, (Source(path.name, file_sha256(path), "flow", len(flow.boxes)),)


def _flow_note(flow: Flow | None, table: StudyTable) -> tuple[Note, ...]:
    """Hold the last box of the flow against the studies of the tables."""
    said = {box.code: box.count for box in flow.boxes} if flow is not None else {}
    included = said.get("total_studies", said.get("studies"))
    named = [study.study for study in table.studies] + [row.study for row in table.left_out]
    there = len({" ".join(name.casefold().split()) for name in named})
    if included is None or included == there:
        return ()
    text = (
        f"The flow ends with {included} {'study' if included == 1 else 'studies'}, the tables name "
        f"{there}: correct the flow, or say which studies gave no number that can be pooled."
    )
    return (Note("flow_and_table", "caution", text),)


def _title(analyses: Sequence[Analysis]) -> str:
    names = [analysis.name for analysis in analyses]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Pooled: {'; '.join(names[:_NAMED])}{more}"


def _told(result: Pool, plan: PoolPlan) -> Pool:
    """Add the words for a paper, and the same analysis in R."""
    told = paragraphs(result, plan)
    return replace(
        result,
        methods=told.methods,
        results=told.results,
        references=told.references,
        r_script=r_script(result, plan),
    )


def _provenance(sources: Sequence[Source], plan: PoolPlan) -> Provenance:
    """Name and hash one file as it is; of several the hash is of their hashes, in order."""
    digests = [source.sha256 for source in sources]
    return Provenance(
        cartwheel=__version__,
        data_sha256=digests[0] if len(digests) == 1 else sha256("\n".join(digests)),
        data_name=" + ".join(source.name for source in sources),
        plan_sha256=plan.identity,
        seed=plan.seed,
        libraries=library_versions(),
    )
