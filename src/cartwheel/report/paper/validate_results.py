"""What a validation found: who was analysed, how each score did, the scores side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.report.document.blocks import Block, Cell, Heading, Paragraph, Row, Run, Table
from cartwheel.report.paper.tables import columns, flow_table, heading_row, method_notes, row
from cartwheel.report.paper.validate_figures import figure
from cartwheel.report.paper.validate_shown import (
    Shown,
    joined,
    kind_of,
    measure_name,
    measure_row,
    side_of,
)

# a table of more scores does not fit on a page
SIDE_BY_SIDE = 4
GROUPS = ("discrimination", "calibration", "overall")


def flow_blocks(shown: Shown) -> Iterator[Block | None]:
    """Tell who was analysed, and which columns stood for which inputs.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say = shown.say
    yield Heading(say("validate.heading.flow"), 2, "participants")
    competing: tuple[Run, ...] = ()
    if shown.at("result.competing_events") is not None:
        number = shown.run("result.competing_events", "count")
        competing = say.runs("validate.and_competing", competing=number)
    flow = say.runs(
        "validate.results.flow",
        rows=shown.run("result.flow[0].patients", "count"),
        patients=shown.run("result.outcome.patients", "count"),
        events=shown.run("result.outcome.events", "count"),
        competing=competing,
    )
    steps = shown.at("result.flow") or []
    nobody = not any(step.get("excluded") for step in steps)
    yield joined(flow, say.runs("validate.results.nobody_out") if steps and nobody else ())
    yield figure(shown, "patient_flow", say("validate.figure.patient_flow"))
    yield _flow_table(shown)
    yield _inputs(shown)
    yield _refusals(shown)
    yield joined(*(_spread(shown, place) for place in shown.under("result.scores")))


def _flow_table(shown: Shown) -> Table | None:
    table = flow_table(shown.numbers)
    if table is None or not shown.sharing:
        return table
    rows = []
    for place, told in zip(shown.under("result.flow"), table.rows, strict=True):
        names = ("patients", "events", "excluded", "excluded_events")
        cells = [shown.cell(f"{place}.{name}", "count") for name in names]
        rows.append(Row((told.cells[0], *cells)))
    return Table(table.id, table.caption, table.columns, tuple(rows), table.notes)


def _inputs(shown: Shown) -> Table | None:
    say, rows = shown.say, list[Row]()
    for score in shown.under("result.scores"):
        places = shown.under(f"{score}.columns")
        if places:
            rows.append(heading_row(str(shown.at(f"{score}.name"))))
        rows += [
            Row(
                (
                    shown.words(f"{place}.label"),
                    shown.words(f"{place}.column"),
                    shown.words(f"{place}.unit"),
                    shown.optional(f"{place}.day", "exact"),
                    shown.cell(f"{place}.missing", "count"),
                ),
                indent=1,
            )
            for place in places
        ]
    if not rows:
        return None
    labels = [say(f"validate.inputs.{n}") for n in ("input", "column", "unit", "day", "missing")]
    head = columns(labels, (1.6, 1.8, 0.9, 0.5, 0.7))
    note = say("validate.inputs.note")
    return Table("table-inputs", say("validate.inputs.caption"), head, tuple(rows), (note,))


def _refusals(shown: Shown) -> Table | None:
    say, rows = shown.say, list[Row]()
    for score in shown.under("result.scores"):
        places = shown.under(f"{score}.refusals")
        if places:
            rows.append(heading_row(str(shown.at(f"{score}.name"))))
        rows += [
            Row((shown.words(f"{place}.what"), shown.cell(f"{place}.patients", "count")), indent=1)
            for place in places
        ]
    if not rows:
        return None
    head = columns([say("validate.refusals.what"), say("validate.refusals.patients")], (4, 1))
    notes = (say("validate.refusals.note"), *shown.numbers.english_note())
    return Table("table-refusals", say("validate.refusals.caption"), head, tuple(rows), notes)


def _spread(shown: Shown, place: str) -> tuple[Run, ...]:
    say = shown.say
    value = f"{place}.value"
    if shown.at(f"{value}.value") is None or shown.hidden(value):
        return ()
    ends = ("value", "low", "high")
    # points are whole numbers, and so may be their quartiles
    whole = all(float(shown.at(f"{value}.{name}") or 0).is_integer() for name in ends)
    kind = "exact" if whole else "significant"
    middle = say.runs(
        "validate.results.values",
        name=shown.named(f"{place}.name"),
        **{name: shown.run(f"{value}.{name}", kind) for name in ends},
    )
    width_at = f"{place}.linear_predictor_sd"
    if shown.at(width_at) is None or shown.hidden(width_at):
        return middle
    width = say.runs("validate.results.spread", value=shown.run(width_at, "two"))
    return joined(middle, width).runs


def performance_blocks(shown: Shown) -> Iterator[Block | None]:
    """Put the scores side by side, with a verdict of each and their ROC curves.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say, places = shown.say, shown.under("result.scores")
    yield Heading(say("validate.heading.performance"), 2, "performance")
    for place in places:
        yield Paragraph(verdict(shown, place))
    told = False
    for start in range(0, len(places), SIDE_BY_SIDE):
        table = performance_table(shown, places[start : start + SIDE_BY_SIDE], start)
        told = told or table is not None
        yield table
    if not told:
        yield shown.paragraph("results.no_measure")
    yield figure(shown, "roc", say("validate.figure.roc", until=shown.until()))


def verdict(shown: Shown, place: str) -> tuple[Run, ...]:
    """Say in one sentence what was found of a score, the unfavourable as plainly as the rest.

    Parameters
    ----------
    shown : Shown
        The result.
    place : str
        Of the score.

    Returns
    -------
    tuple of Run
    """
    say = shown.say
    name, risks = shown.named(f"{place}.name"), _risks(shown, place)
    main = next(
        (
            measure
            for measure in shown.under(f"{place}.discrimination")
            if shown.at(f"{measure}.estimate.value") is not None
        ),
        None,
    )
    if main is None:
        return say.runs("validate.verdict.none", name=name, risks=risks)
    return say.runs(
        f"validate.verdict.{_ranking(shown.at(f'{main}.estimate'))}",
        name=name,
        risks=risks,
        measure=measure_name(say, shown.at(main)),
        value=shown.with_interval(f"{main}.estimate", kind_of(str(shown.at(f"{main}.name")))),
    )


def _ranking(estimate: Mapping[str, Any]) -> str:
    side = side_of(estimate, 0.5)
    if side in ("above", "below"):
        return "better" if side == "above" else "wrong"
    if estimate["value"] < 0.5:
        return "perhaps_wrong"
    return "unclear" if side == "unknown" and estimate["value"] > 0.5 else "chance"


def _risks(shown: Shown, place: str) -> tuple[Run, ...]:
    say = shown.say
    if shown.at(f"{place}.predicts") == "value":
        return say.runs("validate.verdict.no_risk")
    told = []
    for name, part in (("observed_expected", "mean"), ("calibration_slope", "spread")):
        measure = _found(shown, f"{place}.calibration", name)
        if measure:
            side = side_of(shown.at(f"{measure}.estimate"), 1.0)
            value = shown.with_interval(f"{measure}.estimate", kind_of(name))
            told.append(say.runs(f"validate.verdict.{part}.{side}", value=value))
    if not told:
        return say.runs("validate.verdict.no_calibration")
    if len(told) == 1:
        return told[0]
    return say.runs("validate.verdict.both", mean=told[0], spread=told[1])


def _found(shown: Shown, group: str, name: str) -> str:
    """Place of a measure that has a value; empty where there is none."""
    for place in shown.under(group):
        if shown.at(f"{place}.name") == name and shown.at(f"{place}.estimate.value") is not None:
            return place
    return ""


def performance_table(shown: Shown, scores: Sequence[str], start: int = 0) -> Table | None:
    """Tabulate every measure, a column a score.

    Parameters
    ----------
    shown : Shown
        The result.
    scores : sequence of str
        Places of the scores.
    start : int
        How many scores stand in tables before this one.

    Returns
    -------
    Table or None
        None where no score has a measure.
    """
    say, rows, measured = shown.say, list[Row](), list[str]()
    for group in GROUPS:
        named: dict[str, dict[str, str]] = {}
        for score in scores:
            for place in shown.under(f"{score}.{group}"):
                named.setdefault(str(shown.at(f"{place}.name")), {})[score] = place
        if named:
            rows.append(heading_row(say(f"validate.performance.{group}")))
        for name, at in named.items():
            measured += at.values()
            label = measure_name(say, shown.at(next(iter(at.values()))))
            cells = [_measured(shown, at.get(score), name) for score in scores]
            rows.append(measure_row(label, cells, 1))
    if not measured:
        return None
    interval = shown.numbers.interval_name([f"{place}.estimate" for place in measured])
    labels = [say("validate.performance.measure")]
    for score in scores:
        name = str(shown.at(f"{score}.name"))
        labels.append(say("validate.performance.column", name=name, ci=interval))
    notes = (
        say("validate.performance.ideal"),
        say("validate.performance.blank"),
        *method_notes(say, [shown.at(place) for place in measured]),
        *shown.numbers.english_note(),
    )
    patients = shown.run("result.outcome.patients", "count")
    return Table(
        f"table-performance-{start + 1}" if start else "table-performance",
        say("validate.performance.caption", patients=patients),
        columns(labels, (1.3, *([1.6] * len(scores)))),
        tuple(rows),
        notes,
    )


def _measured(shown: Shown, place: str | None, name: str) -> Cell:
    if place is None:
        return Cell(shown.say("validate.none"))
    return shown.cell(f"{place}.estimate", kind_of(name))


def score_blocks(shown: Shown, at: int) -> Iterator[Block | None]:
    """Tell everything of one score: published beside found, calibration, bands, curves.

    Parameters
    ----------
    shown : Shown
        The result.
    at : int
        Which score.

    Yields
    ------
    Block or None
    """
    say, place, number = shown.say, f"result.scores[{at}]", at + 1
    name = str(shown.at(f"{place}.name"))
    until = shown.until()
    drawn = shown.at(f"{place}.plot.curve")
    curve = "_shared" if shown.sharing else ("" if drawn else "_points")
    blocks = [
        _published(shown, place, number),
        figure(
            shown, f"calibration_{number}",
            say(f"validate.figure.calibration{curve}", name=name, until=until),
        ),
        _bands(shown, place, number),
        figure(shown, f"bands_{number}", say("validate.figure.bands", name=name, until=until)),
        _band_tests(shown, place),
        _edges(shown, place, number),
        figure(shown, f"kaplan_meier_{number}", say("validate.figure.kaplan_meier", name=name)),
        figure(shown, f"incidence_{number}", say("validate.figure.incidence", name=name)),
    ]  # fmt: skip
    told = [block for block in blocks if block is not None and block != Paragraph(())]
    if told:
        yield Heading(say("validate.heading.score", name=name), 3, f"score-{number}")
        yield from told


def _published(shown: Shown, score: str, number: int) -> Table | None:
    say, places = shown.say, shown.under(f"{score}.published")
    if not places:
        return None
    rows = tuple(
        row(
            shown.words(f"{place}.name"),
            shown.words(f"{place}.measure"),
            shown.cell(f"{place}.published", "score"),
            shown.cell(f"{place}.found", "score", "validate.none"),
        )
        for place in places
    )
    labels = [say(f"validate.published.{n}") for n in ("source", "measure", "published", "found")]
    name = str(shown.at(f"{score}.name"))
    return Table(
        f"table-published-{number}",
        say("validate.published.caption", name=name),
        columns(labels, (1.6, 1.2, 1.5, 1.5)),
        rows,
        (say("validate.published.note"),),
    )


def _bands(shown: Shown, score: str, number: int) -> Table | None:
    say, places = shown.say, shown.under(f"{score}.bands")
    if not places:
        return None
    rows = tuple(
        row(
            shown.words(f"{place}.band"),
            shown.cell(f"{place}.patients", "count"),
            shown.cell(f"{place}.events", "count"),
            shown.cell(f"{place}.observed", "percent", "validate.none"),
            shown.cell(f"{place}.predicted", "percent", "validate.none"),
            shown.cell(f"{place}.published", "percent", "validate.none"),
            shown.cell(f"{place}.difference", "percent", "validate.none"),
        )
        for place in places
    )
    names = ("band", "patients", "events", "observed", "predicted", "published", "difference")
    interval = shown.numbers.interval_name([f"{place}.observed" for place in places])
    labels = [say(f"validate.bands.{name}", ci=interval) for name in names]
    notes = method_notes(say, [shown.at(place) for place in places])
    if shown.at("result.outcome.kind") != "binary":
        notes = (say("validate.bands.note_events"), *notes)
    return Table(
        f"table-bands-{number}",
        say("validate.bands.caption", name=str(shown.at(f"{score}.name"))),
        columns(labels, (1.3, 0.8, 0.7, 1.6, 0.9, 1.3, 1.6)),
        rows,
        notes,
    )


def _band_tests(shown: Shown, score: str) -> Paragraph:
    tests = [test for test in shown.under(f"{score}.band_tests") if not shown.hidden(test)]
    return joined(*(_band_test(shown, test) for test in tests))


def _band_test(shown: Shown, test: str) -> tuple[Run, ...]:
    named, p = shown.named(f"{test}.name"), shown.p(f"{test}.p_value")
    if shown.at(f"{test}.statistic") is None or shown.at(f"{test}.df") is None:
        return shown.say.runs("validate.results.band_test_plain", test=named, p=p)
    return shown.say.runs(
        shown.say.of_count("validate.results.band_test", shown.at(f"{test}.df")),
        test=named,
        statistic=shown.run(f"{test}.statistic", "significant"),
        df=shown.run(f"{test}.df", "exact"),
        p=p,
    )


def _edges(shown: Shown, score: str, number: int) -> Table | None:
    say, places = shown.say, shown.under(f"{score}.edges")
    if not places:
        return None
    names = ("sensitivity", "specificity", "ppv", "npv")
    rows = tuple(
        row(
            Cell(" + ".join(shown.at(f"{place}.positive") or ()), f"{place}.positive"),
            *(shown.cell(f"{place}.{name}", "percent") for name in names),
        )
        for place in places
    )
    labels = [say(f"validate.edges.{name}") for name in ("positive", *names)]
    return Table(
        f"table-edges-{number}",
        say("validate.edges.caption", name=str(shown.at(f"{score}.name"))),
        columns(labels, (1.4, 1.4, 1.4, 1.4, 1.4)),
        rows,
        method_notes(say, [shown.at(place) for place in places]),
    )
