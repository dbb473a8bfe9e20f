"""The paper of a meta-analysis: what was pooled and how, what was found, what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Document,
    Heading,
    Paragraph,
)
from cartwheel.report.paper.closing import (
    checklists as checklist_blocks,
    finished,
    heading,
    limitations,
    provenance,
)
from cartwheel.report.paper.figures import builders
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import effects_of, names
from cartwheel.report.paper.pool_figures import figure
from cartwheel.report.paper.pool_judged import grade_blocks, quality_blocks
from cartwheel.report.paper.pool_methods import methods_blocks
from cartwheel.report.paper.pool_results import (
    analysis_blocks,
    association,
    overview_blocks,
    pooled_places,
)
from cartwheel.report.paper.pool_studies import flow_blocks, study_blocks
from cartwheel.report.paper.reviewed import referee
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under
from cartwheel.report.words import Say

_GRAVE = ("critical", "major")
_PARTS: Mapping[str, Any] = {"studies": [], "analyses": [], "quality": [], "flow": None}


def pool_paper(
    document: Mapping[str, Any],
    say: Say,
    *,
    share: bool = False,  # noqa: ARG001 - every paper is asked for with it
    checklists: Sequence[str] | None = None,
) -> Document:
    """Write the paper of a meta-analysis.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel pool``.
    say : Say
        Words of the language.
    share : bool
        Without effect: a meta-analysis holds published numbers, and no patients of a centre.
    checklists : sequence of str, optional
        Which reporting checklists; by default those that the result calls for.

    Returns
    -------
    Document
    """
    # a figure asks for parts that an old or foreign file may lack
    numbers = Numbers({**document, "result": {**_PARTS, **document["result"]}}, say)
    blocks: list[Block | None] = [
        *_summary(numbers),
        *methods_blocks(numbers),
        Heading(say("shared.heading.results"), 1, "results"),
        *flow_blocks(numbers),
        *study_blocks(numbers),
        *overview_blocks(numbers),
        *_over_all(numbers),
    ]
    for place in pooled_places(numbers):
        blocks += analysis_blocks(numbers, place)
    blocks += quality_blocks(numbers)
    blocks += grade_blocks(numbers)
    blocks += limitations(numbers)
    blocks += _of_analyses(numbers)
    blocks += referee(numbers)
    blocks += provenance(numbers, "RESULT.json")
    blocks += checklist_blocks(numbers, checklists)
    kept = [block for block in blocks if not isinstance(block, Paragraph) or block.runs]
    title = str(numbers.at("result.title") or "") or say("pool.untitled")
    return finished(numbers, title, _subtitle(numbers), kept)


def _subtitle(numbers: Numbers) -> str:
    used = [each for each in numbers.at("result.studies") or () if each.get("used")]
    analyses = numbers.at("result.analyses") or ()
    return numbers.say("pool.subtitle", used=str(len(used)), analyses=str(len(analyses)))


def _summary(numbers: Numbers) -> Iterator[Block]:
    say = numbers.say
    studies = numbers.at("result.studies") or []
    analyses = numbers.at("result.analyses") or []
    places = pooled_places(numbers)
    if numbers.at("result.simulated"):
        yield Caution("critical", say.runs("pool.simulated"))
    yield heading(say, "summary")
    outcomes = say.listed(names(one["outcome"] for one in analyses))
    yield joined(
        say.runs("pool.summary.question", outcomes=outcomes) if analyses else (),
        say.runs(
            "pool.summary.methods",
            rows=str(len(studies) + len(numbers.at("result.left_out") or ())),
            used=str(sum(bool(each.get("used")) for each in studies)),
            analyses=str(len(analyses)),
            pooled=str(len(places)),
        ),
    )
    if places:
        yield Bullets(tuple(_told(numbers, place) for place in places))
    else:
        yield Paragraph(say.runs("pool.summary.nothing"))
    lists = ["result.notes", *(f"{place}.notes" for place in _analyses(numbers))]
    cautions = sum(
        note.get("severity") == "caution" for place in lists for note in numbers.at(place) or ()
    )
    findings = numbers.at("referee.findings") or ()
    grave = sum(each.get("severity") in _GRAVE for each in findings)
    yield Paragraph(say.runs("pool.summary.cautions", cautions=str(cautions), grave=str(grave)))


def _analyses(numbers: Numbers) -> tuple[str, ...]:
    return places_under(numbers.document, "result.analyses")


def _told(numbers: Numbers, place: str) -> Any:
    effects = effects_of(numbers, place)
    text = joined(*association(effects, place)).runs
    return numbers.say.runs("pool.summary.of", name=numbers.named(f"{place}.name"), text=text)


def _of_analyses(numbers: Numbers) -> Iterator[Block]:
    """Cautions of what was not pooled; those of a pool stand beside its result."""
    say, pools = numbers.say, pooled_places(numbers)
    beside = sum(
        note.get("severity") == "caution"
        for place in pools
        for note in numbers.at(f"{place}.notes") or ()
    )
    if beside:
        yield Paragraph(say.runs("pool.limits.beside", count=str(beside)))
    for place in _analyses(numbers):
        if place in pools:
            continue
        for note in places_under(numbers.document, f"{place}.notes"):
            if numbers.at(f"{note}.severity") == "caution":
                said = numbers.quoted(f"{note}.text")
                name = numbers.named(f"{place}.name")
                yield Caution("caution", say.runs("pool.summary.of", name=name, text=said))


def _over_all(numbers: Numbers) -> Iterator[Block | None]:
    """Figures that hold several questions."""
    say = numbers.say
    for kind in ("summary", "outcomes_side_by_side"):
        for name in builders(numbers.document):
            if name.rpartition("_")[0] == kind:
                yield figure(numbers, name, say(f"pool.figure.{kind}"))
