"""The studies of a meta-analysis: records, what was printed, what it became, what was not used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.report.document.blocks import Block, Cell, Heading, Row, Table
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import Effects
from cartwheel.report.paper.pool_figures import figure
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under
from cartwheel.report.pooling.studies import Lettered, lettered

Json = Mapping[str, Any]


def flow_blocks(numbers: Numbers) -> Iterator[Block | None]:
    """Show the flow of records, where it was given.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    Block or None
    """
    say, boxes = numbers.say, places_under(numbers.document, "result.flow.boxes")
    if not boxes:
        return
    yield Heading(say("pool.heading.flow"), 2, "records")
    yield figure(numbers, "prisma_flow_1", say("pool.figure.prisma_flow"))
    rows: list[Row] = []
    for box in boxes:
        rows.append(row(numbers.words(f"{box}.label"), numbers.cell(f"{box}.count", "count")))
        rows += [
            row(numbers.words(f"{reason}[0]"), numbers.cell(f"{reason}[1]", "count"), indent=1)
            for reason in places_under(numbers.document, f"{box}.reasons")
        ]
    head = columns([say("pool.flow.box"), say("pool.flow.count")], (3, 1))
    yield Table("table-records", say("pool.flow.caption"), head, tuple(rows))


def study_blocks(numbers: Numbers) -> Iterator[Block | None]:
    """Show every study with what it printed and what that became, then those not used.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    Block or None
    """
    say = numbers.say
    studies = numbers.at("result.studies") or []
    left_out = numbers.at("result.left_out") or []
    used = [each for each in studies if each.get("used")]
    yield Heading(say("pool.heading.studies"), 2, "studies")
    counts = {"read": len(studies) + len(left_out), "used": len(used),
              "unused": len(studies) - len(used), "left_out": len(left_out)}  # fmt: skip
    fields = {name: str(count) for name, count in counts.items()}
    yield joined(say.runs("pool.studies.text", **fields))
    if studies:
        yield _studies(numbers, studies)
    yield _not_used(numbers)


def _studies(numbers: Numbers, studies: list[Json]) -> Table:
    say, ways = numbers.say, lettered(studies)
    rows = tuple(
        row(
            numbers.words(f"{place}.study"),
            numbers.words(f"{place}.outcome"),
            Cell(_comparison(study), f"{place}.comparison" if study.get("comparison") else ""),
            Cell("") if study.get("n") is None else numbers.cell(f"{place}.n", "count"),
            numbers.words(f"{place}.reported"),
            _became(numbers, place, study),
            _letters(say("pool.studies.lettered", letter="{letter}", text="{text}"), study, ways),
        )
        for place, study in zip(
            places_under(numbers.document, "result.studies"), studies, strict=True
        )
    )
    names = ("study", "outcome", "comparison", "patients", "reported", "became", "way")
    notes = (_legend(numbers, "ways", ways.ways), _legend(numbers, "assumed", ways.assumptions))
    return Table(
        "table-studies",
        say("pool.studies.caption"),
        columns([say(f"pool.studies.{name}") for name in names], (1.5, 1, 1.5, 0.7, 1.7, 1.5, 0.5)),
        rows,
        (*(note for note in notes if note), *numbers.english_note()),
    )


def _comparison(study: Json) -> str:
    """Factor and comparison; words of the table, as they are."""
    parts = (str(study.get("factor") or ""), str(study.get("comparison") or ""))
    return ", ".join(part for part in parts if part)


def _became(numbers: Numbers, place: str, study: Json) -> Cell:
    effects = Effects(numbers, str(study.get("measure")))
    text = effects.estimate_text(study.get("estimate"))
    if study.get("inverted"):
        text = numbers.say("pool.studies.turned", estimate=text)
    return Cell(text, f"{place}.estimate")


def _letters(form: str, study: Json, ways: Lettered) -> str:
    way = ways.ways.get(str(study.get("conversion")), "")
    small = "".join(ways.assumptions[text] for text in study.get("assumptions") or ())
    return form.format(letter=way, text=small) if small else way


def _legend(numbers: Numbers, name: str, letters: Mapping[str, str]) -> str:
    say = numbers.say
    told = [
        say("pool.studies.lettered", letter=letter, text=text) for text, letter in letters.items()
    ]
    joined_up = say("pool.each").join(told)
    if not told:
        return ""
    fields = {"ways": joined_up, "assumptions": joined_up}
    return say(f"pool.studies.{name}", **fields)


def _not_used(numbers: Numbers) -> Table | None:
    say, rows = numbers.say, list[Row]()
    for place in places_under(numbers.document, "result.studies"):
        if not numbers.at(f"{place}.used"):
            rows.append(_reason(numbers, place))
    rows += [_reason(numbers, at) for at in places_under(numbers.document, "result.left_out")]
    if not rows:
        return None
    names = ("study", "row", "reason")
    return Table(
        "table-not-used",
        say("pool.studies.unused_caption"),
        columns([say(f"pool.studies.{name}") for name in names], (1.2, 1, 3)),
        tuple(rows),
        numbers.english_note(),
    )


def _reason(numbers: Numbers, place: str) -> Row:
    say, file, at = numbers.say, str(numbers.at(f"{place}.file")), numbers.at(f"{place}.row")
    where = say("pool.studies.place", file=file, row=str(at)) if at else file
    return row(
        numbers.words(f"{place}.study"),
        Cell(where, place),
        numbers.words(f"{place}.reason"),
    )
