"""How the studies and the evidence were judged: risk of bias, and certainty by GRADE."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Block, Cell, Heading, Row, Table
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import named_level, names
from cartwheel.report.paper.pool_figures import figure
from cartwheel.report.paper.tables import columns, heading_row, row
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under


def quality_blocks(numbers: Numbers) -> Iterator[Block | None]:
    """Show the risk of bias of every study, tool by tool.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    Block or None
    """
    say, tools = numbers.say, places_under(numbers.document, "result.quality")
    if not tools:
        return
    yield Heading(say("pool.heading.quality"), 2, "quality")
    for number, place in enumerate(tools, 1):
        tool = str(numbers.at(f"{place}.tool"))
        judged = [
            each
            for each in numbers.at(f"{place}.studies") or ()
            if each["judgements"] or each["overall"]
        ]
        levels: dict[str, int] = {}
        for each in judged:
            if each["overall"]:
                levels[each["overall"]] = levels.get(each["overall"], 0) + 1
        told = [
            say(
                "pool.quality.level_of",
                level=named_level(say, "pool.level", level),
                count=str(count),
            )
            for level, count in levels.items()
        ]
        key = "text" if told else "text_open"
        missing = numbers.at(f"{place}.missing") or ()
        fields = {"tool": tool, "judged": str(len(judged))}
        yield joined(
            say.runs(f"pool.quality.{key}", levels=say.listed(told), **fields),
            say.runs("pool.quality.missing", names=say.listed(names(missing))) if missing else (),
        )
        yield _judgements(numbers, place, number)
        caption = say("pool.figure.traffic_lights", tool=tool)
        yield figure(numbers, f"traffic_lights_{number}", caption)


def _judgements(numbers: Numbers, place: str, number: int) -> Table | None:
    say, studies = numbers.say, places_under(numbers.document, f"{place}.studies")
    domains = numbers.at(f"{place}.domains") or []
    if not studies:
        return None
    starred = any(numbers.at(f"{each}.stars") is not None for each in studies)
    applied = any(numbers.at(f"{each}.applicability") for each in studies)
    rows = []
    for study in studies:
        given = {
            str(numbers.at(f"{each}.domain")): f"{each}.level"
            for each in places_under(numbers.document, f"{study}.judgements")
        }
        cells = [_level(numbers, given.get(code, "")) for code, _ in domains]
        overall = _level(numbers, f"{study}.overall")
        if overall.text and numbers.at(f"{study}.overall_by_rule"):
            overall = Cell(say("pool.quality.overall_by_rule", level=overall.text), overall.id)
        stars = (numbers.cell(f"{study}.stars", "count", "pool.none"),) if starred else ()
        concern = (_level(numbers, f"{study}.applicability"),) if applied else ()
        rows.append(row(numbers.words(f"{study}.study"), *cells, overall, *stars, *concern))
    labels = [
        say("pool.quality.study"),
        *(label for _, label in domains),
        say("pool.quality.overall"),
        *((say("pool.quality.stars"),) if starred else ()),
        *((say("pool.quality.applicability"),) if applied else ()),
    ]
    return Table(
        f"table-quality-{number}",
        say("pool.quality.caption", tool=str(numbers.at(f"{place}.tool"))),
        columns(labels, (1.8, *([1.0] * (len(labels) - 1)))),
        tuple(rows),
        numbers.english_note(),
    )


def _level(numbers: Numbers, place: str) -> Cell:
    word = str(numbers.at(place) or "") if place else ""
    return Cell(named_level(numbers.say, "pool.level", word), place) if word else Cell("")


def grade_blocks(numbers: Numbers) -> Iterator[Block | None]:
    """Show the certainty of the evidence, with every reason that was looked at.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Yields
    ------
    Block or None
    """
    say, grades = numbers.say, places_under(numbers.document, "result.grades")
    if not grades:
        return
    yield Heading(say("pool.heading.grade"), 2, "certainty")
    rows: list[Row] = []
    for grade in grades:
        certainty = named_level(say, "pool.certainty", str(numbers.at(f"{grade}.certainty")))
        start = named_level(say, "pool.certainty", str(numbers.at(f"{grade}.start")))
        name = str(numbers.at(f"{grade}.analysis"))
        text = say("pool.grade.row", name=name, certainty=certainty, start=start)
        rows.append(heading_row(text, f"{grade}.certainty"))
        rows += [_domain(numbers, at) for at in places_under(numbers.document, f"{grade}.domains")]
    labels = [say(f"pool.grade.{name}") for name in ("domain", "change", "reason")]
    yield Table(
        "table-grade",
        say("pool.grade.caption"),
        columns(labels, (1.2, 0.7, 3)),
        tuple(rows),
        numbers.english_note(),
    )


def _domain(numbers: Numbers, place: str) -> Row:
    say, change = numbers.say, int(numbers.at(f"{place}.change") or 0)
    key = "none" if change == 0 else ("up" if change > 0 else "down")
    reason = numbers.words(f"{place}.reason")
    if numbers.at(f"{place}.suggested") and reason.text:
        reason = Cell(say("pool.grade.suggested", reason=reason.text), reason.id)
    domain = named_level(say, "pool.domain", str(numbers.at(f"{place}.domain")))
    said = Cell(say(f"pool.grade.{key}", levels=str(abs(change))), f"{place}.change")
    return row(domain, said, reason, indent=1)
