"""Walks through a paper: what it shows, from which place, and what the place would allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cartwheel.figures.numbers import FORMATS, cut
from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Cell,
    Checklist,
    Document,
    Figure,
    Heading,
    Paragraph,
    Run,
    Table,
)
from cartwheel.report.paper.numbers import estimate_text, number_text
from cartwheel.report.words import Say


def runs(block: Block) -> tuple[Run, ...]:
    """All runs of a block, in order."""
    if isinstance(block, Paragraph | Caution):
        return block.runs
    if isinstance(block, Bullets):
        return tuple(run for item in block.items for run in item)
    return ()


def cells(block: Block) -> tuple[Cell, ...]:
    """All cells of a block, in order."""
    if not isinstance(block, Table):
        return ()
    return tuple(cell for row in block.rows for cell in row.cells)


def shown(document: Document) -> Iterator[tuple[str, str]]:
    """Every (place, text) that a paper shows."""
    for block in document.blocks:
        yield from ((run.source, run.text) for run in runs(block) if run.source)
        yield from ((cell.id, cell.text) for cell in cells(block) if cell.id)


def text_of(document: Document) -> str:
    """Everything a reader sees, a block or cell a line."""
    lines = [document.title, document.subtitle]
    for block in document.blocks:
        if isinstance(block, Heading):
            lines.append(block.text)
        elif isinstance(block, Table):
            lines += [block.caption, *(column.label for column in block.columns)]
            lines += [cell.text for cell in cells(block)] + list(block.notes)
        elif isinstance(block, Figure):
            lines += [block.caption, block.alt]
        elif isinstance(block, Bullets):
            lines += ["".join(run.text for run in item) for item in block.items]
        elif not isinstance(block, Checklist):
            lines.append("".join(run.text for run in runs(block)))
    return "\n".join(lines)


def allowed(say: Say, document: dict[str, Any], place: str, value: Any) -> set[str]:
    """Every text by which the rules of writing show a value."""
    if isinstance(value, bool):
        return {say("shared.yes"), say("shared.no")}
    if isinstance(value, int | float):
        texts = {rule(value) for rule in FORMATS.values()} | {str(value)}
        if 0 <= value <= 1:
            p = FORMATS["p"](value)
            texts.add(f"p {p[0]} {p[1:]}" if p[0] in "<>" else f"p = {p}")
        return texts | _cuts(document, place, value)
    if isinstance(value, dict):
        return _summaries(say, value) if "lower_quartile" in value else _estimates(say, value)
    if isinstance(value, list):
        return {str(len(value)), ", ".join(map(str, value)) or say("shared.provenance.empty")}
    return {str(value)}


def _cuts(document: dict[str, Any], place: str, value: float) -> set[str]:
    texts = set()
    for cutoff in document["result"].get("cutoffs") or ():
        if cutoff["cut"] == value and place.endswith(".cut"):
            text = cut(value, cutoff["gap_low"], cutoff["gap_high"])
            texts |= {text, *(f"{rule} {text}" for rule in "≥≤<>")}
    return texts


def _estimates(say: Say, value: dict[str, Any]) -> set[str]:
    texts = set()
    for kind in FORMATS:
        for missing in ("shared.not_estimable", "shared.not_reached"):
            plain = estimate_text(say, value, kind, missing)
            texts.add(plain)
            if value["level"] is not None:
                interval = say("shared.ci", level=FORMATS["level"](value["level"]))
                texts.add(plain.replace(" (", f" ({interval} ", 1))
                number, low, high = (
                    number_text(say, value[name], kind, missing)
                    for name in ("value", "low", "high")
                )
                texts.add(
                    say(
                        "shared.interval_named",
                        value=number,
                        interval=interval,
                        low=low,
                        high=high,
                    )
                )
    return texts


def _summaries(say: Say, value: dict[str, Any]) -> set[str]:
    if value["count"] is not None:
        n, percent = FORMATS["count"](value["count"]), value["percent"]
        return {n if percent is None else f"{n} ({FORMATS['percentage'](percent)}%)"}
    if value["median"] is None:
        return {say("shared.no_value")}
    middle, low, high = (
        FORMATS["quantity"](value[name]) for name in ("median", "lower_quartile", "upper_quartile")
    )
    return {f"{middle} ({low} to {high})"}
