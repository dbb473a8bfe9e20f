"""What a paper that leaves its centre says of what it withholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.report.document.blocks import Block, Bullets, Heading, Paragraph, Run, Table
from cartwheel.report.paper.closing import heading
from cartwheel.report.paper.figures import builders
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.reviewed import severity_cell
from cartwheel.report.paper.sharing_develop import Shareable, unnamed_parts
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_share import minimum_cell
from cartwheel.report.places import places_under


def held_figures(document: Mapping[str, Any], shareable: Shareable) -> tuple[str, ...]:
    """Name the figures that are not drawn outside the centre.

    Parameters
    ----------
    document : mapping
        The whole result.
    shareable : Shareable
        What of it is told.

    Returns
    -------
    tuple of str
    """
    return tuple(name for name in builders(document) if name not in shareable.figures)


def sharing_notice(
    numbers: Numbers, shareable: Shareable, figures: Sequence[str]
) -> Iterator[Block]:
    """Say by which rule the paper leaves its centre, and what it withholds.

    Parameters
    ----------
    numbers : Numbers
        Of the whole result.
    shareable : Shareable
        What of it is told.
    figures : sequence of str
        Those that are not drawn.

    Yields
    ------
    Block
    """
    say = numbers.say
    yield Heading(say("shared.share.heading"), 1, "withheld")
    runs = say.runs("shared.share.text", cell=str(minimum_cell(numbers.document)))
    if shareable.coarse:
        runs += (Run(" "), *say.runs("shared.share.coarse"))
    yield Paragraph(runs)
    if figures:
        gone = say.listed(name.replace("_", " ") for name in figures)
        yield Paragraph(say.runs("shared.share.figures", figures=gone))
    parts = unnamed_parts(numbers.document, shareable.document)
    if parts:
        named = say.listed(Run(f"result.{name}", "code") for name in parts)
        yield Paragraph(say.runs("shared.share.parts", parts=named))


def sharing_limits(numbers: Numbers) -> list[Block]:
    """Name the cautions of the run: their sentences hold counts.

    Parameters
    ----------
    numbers : Numbers
        Of the whole result; ``result.notes`` is read.

    Returns
    -------
    list of Block
    """
    places = [
        note
        for note in places_under(numbers.document, "result.notes")
        if numbers.at(f"{note}.severity") == "caution"
    ]
    if not places:
        return []
    codes = tuple((numbers.named(f"{place}.code"),) for place in places)
    said = Paragraph(numbers.say.runs("shared.share.cautions"))
    return [heading(numbers.say, "limitations"), said, Bullets(codes)]


def sharing_referee(numbers: Numbers) -> list[Block]:
    """Show the findings of the referee without their evidence, which counts.

    Parameters
    ----------
    numbers : Numbers
        Of what is told.

    Returns
    -------
    list of Block
        Empty for a file without a referee, or without findings.
    """
    say, places = numbers.say, places_under(numbers.document, "referee.findings")
    if not places:
        return []
    rows = tuple(
        row(
            severity_cell(numbers, f"{place}.severity"),
            *(numbers.words(f"{place}.{part}") for part in ("what", "mend", "source")),
        )
        for place in places
    )
    labels = [say(f"shared.referee.{name}") for name in ("severity", "finding", "mend", "source")]
    head = columns(labels, (0.8, 2, 2, 1.8))
    caption = say("shared.referee.caption")
    return [
        heading(say, "referee"),
        Table("table-referee", caption, head, rows, numbers.english_note()),
    ]
