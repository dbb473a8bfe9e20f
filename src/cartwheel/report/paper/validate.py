"""The paper of a validation: what was done, what was found, and what speaks against it."""

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
    Run,
)
from cartwheel.report.paper.closing import (
    checklists as checklist_blocks,
    finished,
    heading,
    provenance,
)
from cartwheel.report.paper.figures import builders
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.reviewed import referee
from cartwheel.report.paper.validate_drawn import drawable
from cartwheel.report.paper.validate_groups import centre_blocks, subgroup_blocks
from cartwheel.report.paper.validate_limits import limitation_blocks, told_referee
from cartwheel.report.paper.validate_methods import methods_blocks
from cartwheel.report.paper.validate_results import (
    flow_blocks,
    performance_blocks,
    score_blocks,
    verdict,
)
from cartwheel.report.paper.validate_share import (
    few_values,
    group_names,
    minimum_cell,
    withheld_places,
)
from cartwheel.report.paper.validate_shown import Shown
from cartwheel.report.paper.validate_updates import (
    imputation_blocks,
    ladder_blocks,
    size_blocks,
)
from cartwheel.report.paper.validate_utility import comparison_blocks, utility_blocks
from cartwheel.report.words import Say

_GRAVE = ("critical", "major")
_PARTS: Mapping[str, Any] = {
    "flow": [],
    "scores": [],
    "decision": None,
    "subgroups": [],
    "centres": None,
    "updates": [],
}


def validation_paper(
    document: Mapping[str, Any],
    say: Say,
    *,
    share: bool = False,
    checklists: Sequence[str] | None = None,
) -> Document:
    """Write the paper of a validation.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel validate``.
    say : Say
        Words of the language.
    share : bool
        Whether the paper is to leave the centre: by the rule of the shared file small counts,
        medians, and curves that step at single patients are withheld, and sentences and checklists
        that could hold them are left out.
    checklists : sequence of str, optional
        Which reporting checklists; by default those that the result calls for.

    Returns
    -------
    Document

    Raises
    ------
    CohortRefused
        ``too_small_to_share`` where a paper to be shared would be about a few people.
    """
    shown = _shown(document, say, share)
    blocks = [
        *_top(shown),
        *_summary(shown),
        *methods_blocks(shown),
        Heading(say("shared.heading.results"), 1, "results"),
        *flow_blocks(shown),
        *performance_blocks(shown),
    ]
    for at in range(len(shown.score_names())):
        blocks += score_blocks(shown, at)
    for part in (
        comparison_blocks, utility_blocks, subgroup_blocks, centre_blocks, imputation_blocks,
        ladder_blocks, size_blocks,
    ):  # fmt: skip
        blocks += part(shown)
    blocks += limitation_blocks(shown)
    blocks += told_referee(shown) if share else referee(shown.numbers)
    blocks += provenance(shown.numbers, "RESULT.json")
    if not share:
        blocks += checklist_blocks(shown.numbers, checklists)
    kept = [block for block in blocks if not isinstance(block, Paragraph) or block.runs]
    title = str(shown.at("result.title") or "") or say("validate.untitled")
    return finished(shown.numbers, title, _subtitle(shown), kept)


def _shown(document: Mapping[str, Any], say: Say, share: bool) -> Shown:
    # a figure asks for parts that an old or foreign file may lack
    document = {**document, "result": {**_PARTS, **document["result"]}}
    numbers = Numbers(document, say)
    if not share:
        return Shown(numbers, False, frozenset(), False, {}, document)
    withheld, names = withheld_places(document), group_names(document, say)
    drawn = drawable(document, withheld, names)
    return Shown(numbers, True, withheld, few_values(document), names, drawn)


def _subtitle(shown: Shown) -> str:
    return shown.say(
        "validate.subtitle",
        patients=shown.run("result.outcome.patients", "count"),
        events=shown.run("result.outcome.events", "count"),
    )


def _top(shown: Shown) -> Iterator[Block]:
    say = shown.say
    if shown.at("result.simulated"):
        yield Caution("critical", say.runs("validate.simulated"))
    if not shown.sharing:
        return
    yield Heading(say("validate.share.heading"), 1, "withheld")
    yield shown.paragraph("share.text", cell=str(minimum_cell(shown.numbers.document)))
    whole, left = builders(shown.numbers.document), builders(shown.drawn)
    if shown.coarse:
        yield shown.paragraph("share.coarse")
    gone = [name.replace("_", " ") for name in whole if name not in left]
    if gone:
        yield shown.paragraph("share.figures", figures=say.listed(gone))


def _summary(shown: Shown) -> Iterator[Block]:
    say = shown.say
    names = shown.score_names()
    landmark: tuple[Run, ...] = ()
    if shown.at("result.outcome.landmark_day") is not None:
        day = shown.run("result.outcome.landmark_day", "exact")
        landmark = say.runs("validate.after_landmark", day=day)
    yield heading(say, "summary")
    yield Paragraph(
        say.runs(
            f"validate.summary.question_text{'_one' if len(names) == 1 else ''}",
            scores=shown.listed(names),
            outcome=shown.named("result.outcome.label"),
            until=shown.until(),
            landmark=landmark,
        )
    )
    yield shown.paragraph(
        "summary.methods_text",
        rows=shown.run("result.flow[0].patients", "count"),
        patients=shown.run("result.outcome.patients", "count"),
        events=shown.run("result.outcome.events", "count"),
    )
    yield Bullets(tuple(verdict(shown, place) for place in shown.under("result.scores")))
    yield shown.paragraph(
        "summary.conclusion_text", cautions=str(_cautions(shown)), grave=str(_grave(shown))
    )


def _cautions(shown: Shown) -> int:
    lists = ["result.notes", *(f"{place}.notes" for place in shown.under("result.scores"))]
    return sum(
        note.get("severity") == "caution" for place in lists for note in shown.at(place) or ()
    )


def _grave(shown: Shown) -> int:
    findings = shown.at("referee.findings") or ()
    return sum(each.get("severity") in _GRAVE for each in findings)
