"""The paper of an appraisal: what printed numbers imply, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cartwheel.canonical import plain
from cartwheel.referee.report import referee as judge
from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Document,
    Heading,
    Paragraph,
    Run,
    Table,
)
from cartwheel.report.paper.appraise_model import model_blocks
from cartwheel.report.paper.appraise_pooled import label_of, pooled_blocks, scale_of
from cartwheel.report.paper.closing import (
    checklists as checklist_blocks,
    finished,
    heading,
    limitations,
    provenance,
)
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import Effects
from cartwheel.report.paper.reviewed import referee
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under
from cartwheel.report.words import Say


def appraisal_paper(
    document: Mapping[str, Any],
    say: Say,
    *,
    share: bool = False,  # noqa: ARG001 - every paper is asked for with it
    checklists: Sequence[str] | None = None,
) -> Document:
    """Write the paper of an appraisal.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel appraise``.
    say : Say
        Words of the language.
    share : bool
        Without effect: an appraisal holds published numbers, and no patients of a centre.
    checklists : sequence of str, optional
        Which reporting checklists; by default those that the result calls for.

    Returns
    -------
    Document
        The referee's findings are computed from the numbers where the file has none; they carry no
        place then.
    """
    numbers = Numbers(document, say)
    blocks: list[Block | None] = [
        *_summary(numbers),
        heading(say, "methods"),
        *_methods(numbers),
        Heading(say("shared.heading.results"), 1, "results"),
    ]
    for number, place in enumerate(places_under(document, "result.pooled"), 1):
        blocks += pooled_blocks(numbers, place, number)
    blocks += model_blocks(numbers)
    blocks += _judged(numbers)
    blocks += provenance(numbers, "RESULT.json")
    blocks += checklist_blocks(numbers, checklists)
    kept = [block for block in blocks if not isinstance(block, Paragraph) or block.runs]
    title = str(numbers.at("result.title") or "") or say("appraise.untitled")
    return finished(numbers, title, say("appraise.subtitle"), kept)


def _summary(numbers: Numbers) -> Iterator[Block]:
    say = numbers.say
    yield heading(say, "summary")
    told = [_in_short(numbers, at) for at in places_under(numbers.document, "result.pooled")]
    if numbers.at("result.model"):
        told.append(_model_in_short(numbers))
    if told:
        yield Bullets(tuple(told))
    yield Paragraph(say.runs("appraise.summary.rests"))


def _model_in_short(numbers: Numbers) -> tuple[Run, ...]:
    say, place = numbers.say, "result.model"
    sentences = [say.runs("appraise.summary.slope", slope=numbers.run(f"{place}.shrinkage", "two"))]
    if numbers.at(f"{place}.auc_corrected") is not None:
        auc = numbers.run(f"{place}.auc_corrected", "score")
        printed = numbers.run(f"{place}.auc_apparent.value", "score")
        sentences.append(say.runs("appraise.summary.auc", auc=auc, printed=printed))
    for needed in places_under(numbers.document, f"{place}.needed"):
        if numbers.at(f"{needed}.assumption") == "corrected":
            patients = numbers.run(f"{needed}.n", "count")
            n = numbers.run(f"{place}.n", "count")
            sentences.append(say.runs("appraise.summary.needed", needed=patients, n=n))
    return joined(*sentences).runs


def _in_short(numbers: Numbers, place: str) -> tuple[Run, ...]:
    say = numbers.say
    effects = Effects(numbers, str(numbers.at(f"{place}.measure")))
    checks = [each.get("agrees") for each in numbers.at(f"{place}.checks") or ()]
    asked = [agrees for agrees in checks if agrees is not None]
    wrong = sum(agrees is False for agrees in asked)
    sentences = [
        say.runs(
            "appraise.summary.pooled",
            label=label_of(numbers, place),
            reported=numbers.named(f"{place}.reported"),
            scale=scale_of(numbers, place),
            error=numbers.run(f"{place}.std_error", "significant"),
        )
    ]
    if wrong:
        counts = {"count": str(wrong), "asked": str(len(asked))}
        sentences.append(say.runs("appraise.summary.disagree", **counts))
    elif asked:
        sentences.append(say.runs("appraise.summary.agree"))
    if numbers.at(f"{place}.prediction"):
        sentences.append(
            say.runs(
                "appraise.summary.prediction",
                low=effects.number(f"{place}.prediction.low"),
                high=effects.number(f"{place}.prediction.high"),
            )
        )
    return joined(*sentences).runs


def _methods(numbers: Numbers) -> Iterator[Block]:
    say, results = numbers.say, numbers.at("result.pooled") or []
    parts = {
        "pooled": bool(results),
        "checks": any(each.get("checks") for each in results),
        "heterogeneity": any(each.get("heterogeneity") for each in results),
        "equivalent": any(each.get("equivalent_events") is not None for each in results),
        "e_value": any(each.get("e_values") for each in results),
        "model": bool(numbers.at("result.model")),
        "external": bool(numbers.at("result.external")),
    }
    yield joined(*(say.runs(f"appraise.methods.{name}") for name, told in parts.items() if told))
    versions = tuple(
        Run(f"{name} {version}", source=f"provenance.libraries.{name}")
        for name, version in (numbers.at("provenance.libraries") or {}).items()
    )
    yield Paragraph(
        say.runs(
            "appraise.methods.software",
            version=numbers.named("provenance.cartwheel"),
            libraries=say.listed(versions),
        )
    )


def _judged(numbers: Numbers) -> list[Block]:
    """Limitations and referee; those of a file without findings are made anew, without places."""
    if numbers.at("referee"):
        return [*limitations(numbers), *referee(numbers)]
    document = {**numbers.document, "referee": plain(judge(numbers.document))}
    told = Numbers(document, numbers.say)
    made = [_placeless(block) for block in (*limitations(told), *referee(told))]
    note = Paragraph(numbers.say.runs("appraise.limits.referee"))
    return [made[0], note, *made[1:]]


def _placeless(block: Block) -> Block:
    if isinstance(block, Paragraph):
        return Paragraph(_placeless_runs(block.runs))
    if isinstance(block, Caution):
        return Caution(block.severity, _placeless_runs(block.runs))
    if isinstance(block, Bullets):
        return Bullets(tuple(_placeless_runs(item) for item in block.items))
    if not isinstance(block, Table):
        return block
    rows = tuple(
        replace(row, cells=tuple(replace(cell, id="") for cell in row.cells)) for row in block.rows
    )
    return replace(block, rows=rows)


def _placeless_runs(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    return tuple(replace(run, source="") for run in runs)
