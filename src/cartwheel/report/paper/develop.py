"""The paper of a development, from its JSON alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cartwheel.report.document.blocks import Block, Document, Paragraph, Run
from cartwheel.report.paper.closing import (
    checklists as checklist_blocks,
    finished,
    heading,
    limitations,
    provenance,
)
from cartwheel.report.paper.develop_building import regression_run
from cartwheel.report.paper.develop_methods import methods
from cartwheel.report.paper.develop_results import findings, results
from cartwheel.report.paper.develop_tables import columns_table
from cartwheel.report.paper.figures import held
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.reviewed import referee
from cartwheel.report.paper.sharing_develop import shareable_development
from cartwheel.report.paper.sharing_notice import (
    held_figures,
    sharing_limits,
    sharing_notice,
    sharing_referee,
)
from cartwheel.report.paper.tables import flow_table
from cartwheel.report.places import places_under
from cartwheel.report.words import Say, gap


def development_paper(
    document: Mapping[str, Any],
    say: Say,
    *,
    share: bool = False,
    checklists: Sequence[str] | None = None,
) -> Document:
    """Write the paper of a development.

    Parameters
    ----------
    document : mapping
        A development's JSON; parts that it lacks are left out.
    say : Say
        Words of the language.
    share : bool
        Whether the paper is to leave the centre: small counts, middles, curves that step at single
        patients, and what the result alone cannot judge are withheld, estimates are rounded, and
        checklists, whose answers hold counts, are left out.
    checklists : sequence of str, optional
        Which reporting checklists; by default those of a development.

    Returns
    -------
    Document

    Raises
    ------
    CohortRefused
        ``too_small_to_share`` where a paper to be shared would be about a few people.
    """
    shareable = shareable_development(document, say) if share else None
    numbers = Numbers(document, say)
    # a checklist that is refused is refused before anything is drawn; its answers hold counts
    filled = [] if shareable else checklist_blocks(numbers, checklists)
    told = numbers
    if shareable:
        told = Numbers(shareable.document, say, shareable.withheld)
    gone = held_figures(document, shareable) if shareable else ()
    with held(gone):
        blocks: list[Block | None] = [
            *(sharing_notice(numbers, shareable, gone) if shareable else ()),
            *_summary(told),
            *methods(told),
            *results(told),
            *(sharing_limits(numbers) if shareable else limitations(numbers)),
            *(sharing_referee(told) if shareable else referee(numbers)),
            *_supplement(told),
            *provenance(numbers, "RESULT.json"),
            *filled,
        ]
    title = str(told.at("result.title") or say("develop.title"))
    return finished(told, title, _subtitle(told), blocks)


def _supplement(numbers: Numbers) -> list[Block]:
    """Keep what fills pages for the end, so that the patients are Table 1."""
    tables = [table for table in (flow_table(numbers), columns_table(numbers)) if table]
    return [heading(numbers.say, "supplement", topic="develop"), *tables] if tables else []


def _subtitle(numbers: Numbers) -> str:
    kind = "index" if numbers.at("result.method") == "index" else "points"
    return numbers.say(f"develop.subtitle.{kind}")


def _summary(numbers: Numbers) -> list[Block]:
    """Write the summary, in the parts that a structured abstract has."""
    parts = [
        ("question", _question(numbers)),
        ("methods", _made(numbers)),
        ("results", _joined([runs for runs in findings(numbers) if runs])),
        ("limits", _limits(numbers)),
    ]
    return [
        heading(numbers.say, "summary"),
        *(
            Paragraph(_headed(numbers.say(f"develop.summary.{name}"), runs))
            for name, runs in parts
            if runs
        ),
    ]


def _headed(name: str, runs: tuple[Run, ...]) -> tuple[Run, ...]:
    between = gap(name)
    return (Run(name, "strong"), *((Run(between),) if between else ()), *runs)


def _joined(sentences: list[tuple[Run, ...]]) -> tuple[Run, ...]:
    return tuple(run for runs in sentences for run in runs)


def _question(numbers: Numbers) -> tuple[Run, ...]:
    return numbers.quoted("result.question")


def _made(numbers: Numbers) -> tuple[Run, ...]:
    say = numbers.say
    kind = "index" if numbers.at("result.method") == "index" else "points"
    runs = say.runs(
        f"develop.summary.made_{kind}",
        count=numbers.length("plan.predictors"),
        model=regression_run(numbers),
    )
    if numbers.at("result.performance.resamples"):
        resamples = numbers.run("result.performance.resamples", "count")
        return runs + say.runs("develop.summary.resampled", resamples=resamples)
    return runs + say.runs("develop.validation.none")


def _limits(numbers: Numbers) -> tuple[Run, ...]:
    say = numbers.say
    notes = places_under(numbers.document, "result.notes")
    cautions = [note for note in notes if numbers.at(f"{note}.severity") == "caution"]
    grave = [
        finding
        for finding in places_under(numbers.document, "referee.findings")
        if numbers.at(f"{finding}.severity") in {"critical", "major"}
    ]
    runs: list[Run] = []
    for place in (*(f"{note}.text" for note in cautions), *(f"{each}.what" for each in grave)):
        runs += numbers.quoted(place)
        between = gap(runs[-1].text) if runs else ""
        runs += [Run(between)] if between else []
    return (*runs, *say.runs("develop.summary.elsewhere"))
