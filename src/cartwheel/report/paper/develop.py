"""The paper of a development, from its JSON alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cartwheel.errors import FileRefused, refuse
from cartwheel.report.document.blocks import Block, Document, Paragraph, Run
from cartwheel.report.paper.closing import (
    checklists as checklist_blocks,
    finished,
    heading,
    limitations,
    provenance,
    referee,
)
from cartwheel.report.paper.develop_building import regression_run
from cartwheel.report.paper.develop_methods import methods
from cartwheel.report.paper.develop_results import findings, results
from cartwheel.report.paper.develop_tables import columns_table
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.tables import flow_table
from cartwheel.report.places import places_under
from cartwheel.report.words import Say


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
        Whether it is to leave the centre by the sharing rule; a development has none.
    checklists : sequence of str, optional
        Which reporting checklists; by default those of a development.

    Returns
    -------
    Document

    Raises
    ------
    FileRefused
        ``no_sharing_rule`` where it is asked to follow one.
    """
    if share:
        raise refuse(
            FileRefused,
            "no_sharing_rule",
            "the paper of a development shows curves and tables that step at single patients, and "
            "there is no rule by which they could be withheld",
            where="--share",
            mend="leave --share out and let the centre decide, or share a validation",
        )
    numbers = Numbers(document, say)
    # a checklist that is refused is refused before anything is drawn
    filled = checklist_blocks(numbers, checklists)
    blocks: list[Block | None] = [
        *_summary(numbers),
        *methods(numbers),
        *results(numbers),
        *limitations(numbers),
        *referee(numbers),
        *_supplement(numbers),
        *provenance(numbers, "RESULT.json"),
        *filled,
    ]
    title = str(numbers.at("result.title") or say("develop.title"))
    return finished(numbers, title, _subtitle(numbers), blocks)


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
            Paragraph((Run(numbers.say(f"develop.summary.{name}"), "strong"), Run(" "), *runs))
            for name, runs in parts
            if runs
        ),
    ]


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
        runs += [*numbers.quoted(place), Run(" ")]
    return (*runs, *say.runs("develop.summary.elsewhere"))
