"""What follows from what a paper says of its prediction model, and what a validation would show."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Block, Cell, Heading, Paragraph, Row, Run, Table
from cartwheel.report.paper.appraise_pooled import cautions, lists
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under

_PLACE = "result.model"
_WORDS = (
    "cutoffs_searched",
    "screened",
    "dichotomised",
    "selected_from",
    "split",
    "no_calibration",
    "missing",
    "predictor_day",
    "event_day",
    "competing_risks",
    "censoring",
    "auc_interval",
    "nri",
)


def model_blocks(numbers: Numbers) -> Iterator[Block | None]:
    """Show what follows for the model, for its development and for a validation.

    Parameters
    ----------
    numbers : Numbers
        Of the appraisal.

    Yields
    ------
    Block or None
    """
    say = numbers.say
    if not numbers.at(_PLACE):
        return
    yield Heading(say("appraise.heading.model"), 2, "model")
    counts = {
        name: numbers.run(f"{_PLACE}.{name}", "count") for name in ("n", "events", "parameters")
    }
    ratio = numbers.run(f"{_PLACE}.events_per_parameter", "percentage")
    kind = "survival" if numbers.at(f"{_PLACE}.outcome") == "survival" else "binary"
    yield joined(
        say.runs("appraise.model.text", ratio=ratio, **counts),
        say.runs(f"appraise.model.{kind}"),
    )
    yield Paragraph(numbers.quoted(f"{_PLACE}.verdict"))
    yield from cautions(numbers, f"{_PLACE}.notes")
    yield _expected(numbers)
    yield _needed(numbers)
    yield from _external(numbers)
    yield _said(numbers)
    yield from lists(numbers, _PLACE, 0)


def _expected(numbers: Numbers) -> Table:
    say, dash = numbers.say, Cell(numbers.say("appraise.none"))
    rows: list[Row] = []
    if numbers.at(f"{_PLACE}.auc_apparent") is not None:
        rows.append(
            row(
                say("appraise.model.auc"),
                numbers.cell(f"{_PLACE}.auc_apparent", "score"),
                numbers.cell(f"{_PLACE}.auc_corrected", "score", "appraise.none"),
            )
        )
    rows += [
        row(
            say("appraise.model.r2"),
            numbers.cell(f"{_PLACE}.r2_apparent", "three"),
            numbers.cell(f"{_PLACE}.r2_corrected", "three"),
        ),
        row(
            say("appraise.model.slope"),
            # in the patients it was made from the slope is 1 by construction
            say("appraise.model.one"),
            numbers.cell(f"{_PLACE}.shrinkage", "two"),
        ),
        row(say("appraise.model.largest"), numbers.cell(f"{_PLACE}.r2_largest", "three"), dash),
        row(
            say("appraise.model.likelihood_ratio"),
            numbers.cell(f"{_PLACE}.likelihood_ratio", "significant"),
            dash,
        ),
    ]
    labels = [say(f"appraise.model.{name}") for name in ("measure", "printed", "expected")]
    return Table(
        "table-model", say("appraise.model.caption"), columns(labels, (1.4, 1.4, 1.4)), tuple(rows)
    )


def _needed(numbers: Numbers) -> Table | None:
    say, rows = numbers.say, []
    for place in places_under(numbers.document, f"{_PLACE}.needed"):
        word = str(numbers.at(f"{place}.assumption"))
        key = f"appraise.needed.{word}"
        criteria = [
            say(
                "appraise.needed.criterion",
                name=_criterion(numbers, str(numbers.at(f"{each}[0]"))),
                count=numbers.text(f"{each}[1]", "count"),
            )
            for each in places_under(numbers.document, f"{place}.criteria")
        ]
        by = numbers.say.sentence("shared.list.between").join(criteria)
        rows.append(
            row(
                say(key) if key in say else word,
                numbers.cell(f"{place}.r2", "three"),
                numbers.cell(f"{place}.n", "count"),
                numbers.cell(f"{place}.events", "count"),
                Cell(by, f"{place}.criteria"),
            )
        )
    if not rows:
        return None
    names = ("assumption", "r2", "patients", "events", "by")
    return Table(
        "table-needed",
        say("appraise.needed.caption"),
        columns([say(f"appraise.needed.{name}") for name in names], (1.6, 0.6, 0.8, 0.9, 2.2)),
        tuple(rows),
    )


def _criterion(numbers: Numbers, name: str) -> str:
    key = f"appraise.criterion.{name}"
    return numbers.say(key) if key in numbers.say else name.replace("_", " ")


def _external(numbers: Numbers) -> Iterator[Block]:
    say, place = numbers.say, "result.external"
    if not numbers.at(place):
        return
    yield Heading(say("appraise.heading.external"), 2, "external")
    asked: tuple[Run, ...] = ()
    if numbers.at(f"{place}.n") is not None:
        counts = {name: numbers.run(f"{place}.{name}", "count") for name in ("n", "events")}
        asked = say.runs("appraise.external.asked", **counts)
    yield joined(
        say.runs(
            "appraise.external.text",
            auc=numbers.run(f"{place}.auc", "score"),
            share=numbers.run(f"{place}.share", "percent"),
        ),
        asked,
    )
    rows = tuple(
        row(
            _measure(numbers, at),
            numbers.cell(f"{at}.expected", _rule(numbers, at)),
            _interval(numbers, at),
            numbers.cell(f"{at}.width_wanted", "two"),
            numbers.cell(f"{at}.patients_needed", "count"),
            numbers.cell(f"{at}.events_needed", "count"),
        )
        for at in places_under(numbers.document, f"{place}.rows")
    )
    names = ("measure", "expected", "interval", "wanted", "patients", "events")
    yield Table(
        "table-external",
        say("appraise.external.caption"),
        columns(
            [say(f"appraise.external.{name}") for name in names], (1.5, 0.8, 1.4, 0.8, 0.9, 0.9)
        ),
        rows,
        (say("appraise.external.note"),),
    )


def _measure(numbers: Numbers, place: str) -> Cell:
    key = f"appraise.measure.{numbers.at(f'{place}.criterion')}"
    if key not in numbers.say:
        return numbers.words(f"{place}.label")
    at = "result.external.threshold"
    # the label of net benefit is the only one with a number in it
    if numbers.at(f"{place}.criterion") == "net_benefit":
        return Cell(numbers.say(key, threshold=numbers.text(at, "exact")), at)
    return Cell(numbers.say(key), f"{place}.label")


def _rule(numbers: Numbers, place: str) -> str:
    return "score" if numbers.at(f"{place}.criterion") == "c_statistic" else "two"


def _interval(numbers: Numbers, place: str) -> Cell:
    low, high = f"{place}.low", f"{place}.high"
    if numbers.at(low) is None or numbers.at(high) is None:
        return Cell(numbers.say("appraise.none"))
    rule = _rule(numbers, place)
    ends = {"low": numbers.text(low, rule), "high": numbers.text(high, rule)}
    return Cell(numbers.say("appraise.pooled.range", **ends), low)


def _said(numbers: Numbers) -> Table | None:
    say, rows = numbers.say, []
    for name in _WORDS:
        place = f"result.words.{name}"
        value = numbers.at(place)
        if value is None or value == "":
            continue
        key = f"appraise.said.{value}"
        answer = Cell(say(key), place) if key in say else numbers.words(place)
        if isinstance(value, bool):
            answer = Cell(say("appraise.yes" if value else "appraise.no"), place)
        elif isinstance(value, int | float):
            answer = numbers.cell(place, "exact")
        rows.append(row(say(f"appraise.word.{name}"), answer))
    if not rows:
        return None
    labels = [say(f"appraise.words.{name}") for name in ("question", "answer")]
    return Table(
        "table-words",
        say("appraise.words.caption"),
        columns(labels, (2, 1)),
        tuple(rows),
        (say("appraise.words.note"),),
    )
