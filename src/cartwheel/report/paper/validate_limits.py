"""What speaks against a validation: cautions of the run and of each score, and the referee."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Block, Bullets, Caution, Cell, Heading, Run, Table
from cartwheel.report.paper.closing import heading, limitations
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import Shown


def limitation_blocks(shown: Shown) -> list[Block]:
    """Tell every caution, of the whole and of each score, none softened.

    Parameters
    ----------
    shown : Shown
        The result.

    Returns
    -------
    list of Block
        Outside the centre a caution is told by its name alone: its sentence may hold small counts.
    """
    if shown.sharing:
        return list(_named(shown))
    blocks = limitations(shown.numbers)
    for number, place in enumerate(shown.under("result.scores"), 1):
        blocks += _of_score(shown, place, number)
    return blocks


def _of_score(shown: Shown, place: str, number: int) -> Iterator[Block]:
    notes = shown.under(f"{place}.notes")
    if not notes:
        return
    name = str(shown.at(f"{place}.name"))
    yield Heading(shown.say("validate.limits.of_score", name=name), 2, f"limitations-{number}")
    others = []
    for note in notes:
        said = shown.numbers.quoted(f"{note}.text")
        if shown.at(f"{note}.severity") == "caution":
            yield Caution("caution", said)
        else:
            others.append(said)
    if others:
        yield Bullets(tuple(others))


def _named(shown: Shown) -> Iterator[Block]:
    say = shown.say
    yield heading(say, "limitations")
    yield shown.paragraph("share.cautions")
    parts = [("result.notes", "")]
    parts += [(f"{place}.notes", str(shown.at(f"{place}.name"))) for place in
              shown.under("result.scores")]  # fmt: skip
    told = []
    for place, name in parts:
        for note in shown.under(place):
            if shown.at(f"{note}.severity") == "caution":
                code = Run(str(shown.at(f"{note}.code")), source=f"{note}.code")
                told.append(
                    say.runs("validate.share.caution_of", code=code, name=name) if name else (code,)
                )
    if told:
        yield Bullets(tuple(told))


def told_referee(shown: Shown) -> list[Block]:
    """Show the findings of the referee outside the centre: without their evidence, which counts.

    Parameters
    ----------
    shown : Shown
        The result.

    Returns
    -------
    list of Block
        Empty for a file without a referee, or without findings.
    """
    say, places = shown.say, shown.under("referee.findings")
    if not places:
        return []
    rows = tuple(
        row(
            Cell(_severity(shown, place), f"{place}.severity"),
            *(shown.words(f"{place}.{part}") for part in ("what", "mend", "source")),
        )
        for place in places
    )
    labels = [say(f"shared.referee.{name}") for name in ("severity", "finding", "mend", "source")]
    table = Table(
        "table-referee",
        say("shared.referee.caption"),
        columns(labels, (0.8, 2, 2, 1.8)),
        rows,
        shown.numbers.english_note(),
    )
    return [heading(say, "referee"), table]


def _severity(shown: Shown, place: str) -> str:
    word = str(shown.at(f"{place}.severity"))
    key = f"shared.severity.{word}"
    return shown.say(key) if key in shown.say else word
