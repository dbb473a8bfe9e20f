"""Scores against each other: differences in the same patients, and net benefit."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Block, Cell, Heading, Run, Table
from cartwheel.report.paper.tables import columns, method_notes, row
from cartwheel.report.paper.validate_figures import figure
from cartwheel.report.paper.validate_shown import Shown, joined, kind_of, measure_name

_STRATEGIES = {"treat all": "validate.utility.all", "treat none": "validate.utility.none"}


def comparison_blocks(shown: Shown) -> Iterator[Block | None]:
    """Compare each pair of scores.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say = shown.say
    yield Heading(say("validate.heading.comparisons"), 2, "comparisons")
    table = _differences(
        shown, "result.comparisons", "table-comparisons", say("validate.comparisons.caption")
    )
    if table is None:
        yield shown.paragraph("results.comparisons_none")
    yield table


def _differences(shown: Shown, list_place: str, id: str, caption: str) -> Table | None:
    say, places = shown.say, shown.under(list_place)
    if not places:
        return None
    rows = tuple(
        row(
            _compared(shown, place),
            _strategy(shown, f"{place}.first"),
            _strategy(shown, f"{place}.second"),
            shown.cell(f"{place}.difference", kind_of(str(shown.at(f"{place}.measure")))),
            shown.cell(f"{place}.p_value", "p", "validate.none"),
        )
        for place in places
    )
    interval = shown.numbers.interval_name([f"{place}.difference" for place in places])
    labels = [
        say(f"validate.comparisons.{name}", ci=interval)
        for name in ("measure", "first", "second", "difference", "p")
    ]
    notes = method_notes(say, [shown.at(place) for place in places])
    return Table(id, caption, columns(labels, (1.5, 1.4, 1.4, 1.8, 0.7)), rows, notes)


def _compared(shown: Shown, place: str) -> Cell:
    comparison = shown.at(place)
    named = {"name": comparison.get("measure"), "label": comparison.get("label")}
    return Cell(measure_name(shown.say, named))


def _strategy(shown: Shown, place: str) -> Cell:
    key = _STRATEGIES.get(str(shown.at(place)))
    return Cell(shown.say(key)) if key else shown.words(place)


def utility_blocks(shown: Shown) -> Iterator[Block | None]:
    """Show net benefit over the thresholds, and at three of them in numbers.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say = shown.say
    # net benefit at two thresholds tells who lies between them
    if not shown.at("result.decision") or shown.sharing:
        return
    yield Heading(say("validate.heading.utility"), 2, "utility")
    left_out = shown.at("result.decision.left_out") or []
    yield joined(
        say.runs(
            "validate.utility.text",
            low=shown.run("result.decision.low", "level"),
            high=shown.run("result.decision.high", "level"),
        ),
        say.runs("validate.methods.utility_out", scores=shown.listed(left_out)) if left_out else (),
    )
    yield figure(shown, "decision", say("validate.figure.decision"))
    yield _net_benefit(shown)
    yield _differences(
        shown,
        "result.decision.differences",
        "table-net-benefit-differences",
        say("validate.utility.differences"),
    )


def _net_benefit(shown: Shown) -> Table | None:
    say, thresholds = shown.say, shown.under("result.decision.thresholds")
    curves = shown.under("result.decision.curves")
    if not thresholds or not curves:
        return None
    last = len(thresholds) - 1
    chosen = sorted({0, last // 2, last})
    rows = tuple(
        row(
            _strategy(shown, f"{curve}.name"),
            *(
                shown.cell(f"{curve}.net_benefit[{at}]", "three", "shared.not_estimable")
                for at in chosen
            ),
        )
        for curve in curves
    )
    labels = [say("validate.utility.strategy")]
    for at in chosen:
        threshold: Run = shown.run(thresholds[at], "level")
        labels.append(say("validate.utility.at", threshold=threshold))
    return Table(
        "table-net-benefit",
        say("validate.utility.caption"),
        columns(labels),
        rows,
        (say("validate.utility.note"),),
    )
