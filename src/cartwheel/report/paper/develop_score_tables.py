"""Tables of a development about its score: card, risks, groups, curves, further columns."""

from __future__ import annotations

from cartwheel.figures.numbers import sentence
from cartwheel.report.document.blocks import Cell, Row, Table
from cartwheel.report.paper.numbers import NOT_REACHED, REFERENCE, Numbers
from cartwheel.report.paper.tables import columns, method_notes, row
from cartwheel.report.places import places_under


def score_card(numbers: Numbers) -> Table | None:
    """Tabulate the score card: every range with its points.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.score_card`` is read.

    Returns
    -------
    Table or None
        None where there is none.
    """
    say = numbers.say
    rows, before = [], None
    for place in places_under(numbers.document, "result.score_card"):
        column = numbers.at(f"{place}.column")
        label = numbers.words(f"{place}.label") if column != before else Cell("")
        before = column
        rows.append(
            row(
                label,
                numbers.words(f"{place}.range"),
                numbers.cell(f"{place}.points", "count", strong=True),
                numbers.cell(f"{place}.exact", "two"),
                numbers.cell(f"{place}.n", "count"),
            )
        )
    if not rows:
        return None
    names = ("predictor", "range", "points", "exact", "n")
    head = columns(
        [say(f"develop.card.{name}") for name in names], (2.2, 1.4, 0.8, 0.8, 0.8), "right", (1,)
    )
    notes = (say("develop.card.note"),)
    return Table("table-score-card", say("develop.card.caption"), head, tuple(rows), notes)


def risk_table(numbers: Numbers) -> Table | None:
    """Tabulate the predicted risk at every total.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.risk_table`` is read.

    Returns
    -------
    Table or None
        None where there is none.
    """
    say = numbers.say
    rows = tuple(
        row(
            numbers.cell(f"{place}.total", "count"),
            numbers.cell(f"{place}.predicted", "percent"),
            numbers.cell(f"{place}.n", "count"),
            numbers.cell(f"{place}.events", "count"),
            numbers.words(f"{place}.band"),
        )
        for place in places_under(numbers.document, "result.risk_table")
    )
    if not rows:
        return None
    names = ("total", "predicted", "n", "events", "band")
    head = columns(
        [say(f"develop.risks.{name}") for name in names], (1, 1, 1, 1, 1.2), "right", (4,)
    )
    return Table("table-risks", caption_at(numbers, "develop.risks.caption"), head, rows)


def groups_table(numbers: Numbers) -> Table | None:
    """Tabulate the risk groups: who is in each, and what happened to them.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.groups`` and ``result.univariable.measure`` are read.

    Returns
    -------
    Table or None
        None where there is none.
    """
    say, places = numbers.say, places_under(numbers.document, "result.groups")
    if not places:
        return None
    rows = tuple(_group_row(numbers, place, first=at == 0) for at, place in enumerate(places))
    measure = str(numbers.at("result.univariable.measure")).replace(" ", "_")
    key = f"develop.measure.{measure}"
    labels = [
        say("develop.groups.name"),
        say("develop.groups.rule"),
        say("develop.groups.n"),
        say("develop.groups.events"),
        say(
            "develop.groups.observed",
            interval=numbers.interval_name([f"{place}.observed" for place in places]),
        ),
        say("develop.groups.predicted"),
        say(
            "develop.groups.effect",
            measure=sentence(say(key if key in say else "develop.measure.effect")),
            interval=numbers.interval_name([f"{place}.effect" for place in places]),
        ),
    ]
    head = columns(labels, (1.1, 1.2, 0.7, 0.7, 1.7, 0.8, 1.5), "right", (1,))
    notes = (
        say("develop.groups.note"),
        *method_notes(say, [numbers.at(place) for place in places]),
    )
    return Table("table-groups", caption_at(numbers, "develop.groups.caption"), head, rows, notes)


def _group_row(numbers: Numbers, place: str, *, first: bool) -> Row:
    effect = numbers.at(f"{place}.effect")
    shown = Cell(numbers.say(REFERENCE if first else "shared.not_estimable"))
    return row(
        numbers.words(f"{place}.name"),
        numbers.words(f"{place}.rule"),
        numbers.cell(f"{place}.n", "count"),
        numbers.cell(f"{place}.events", "count"),
        numbers.cell(f"{place}.observed", "percent"),
        numbers.cell(f"{place}.predicted", "percent"),
        shown
        if effect is None and not numbers.hidden(f"{place}.effect")
        else numbers.cell(f"{place}.effect", "ratio"),
    )


def survival_table(numbers: Numbers) -> Table | None:
    """Tabulate survival by group: median time, and free of the event at the horizon.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.survival`` is read.

    Returns
    -------
    Table or None
        None for a binary outcome.
    """
    say, places = numbers.say, places_under(numbers.document, "result.survival")
    if not places:
        return None
    rows = tuple(
        row(
            numbers.words(f"{place}.group"),
            numbers.cell(f"{place}.n", "count"),
            numbers.cell(f"{place}.events", "count"),
            numbers.cell(f"{place}.median", "time", NOT_REACHED),
            numbers.cell(f"{place}.at_horizon", "percent"),
        )
        for place in places
    )
    intervals = {
        part: numbers.interval_name([f"{place}.{part}" for place in places])
        for part in ("median", "at_horizon")
    }
    labels = [
        say("develop.survival.group"),
        say("develop.survival.n"),
        say("develop.survival.events"),
        say("develop.survival.median", unit=time_unit(numbers), interval=intervals["median"]),
        say("develop.survival.free", interval=intervals["at_horizon"]),
    ]
    head = columns(labels, (1.2, 0.8, 0.8, 1.6, 1.8), "right")
    notes = method_notes(say, [numbers.at(f"{place}.median") for place in places])
    notes += method_notes(say, [numbers.at(f"{place}.at_horizon") for place in places])
    caption = caption_at(numbers, "develop.survival.caption")
    return Table("table-survival", caption, head, rows, notes)


def tests_table(numbers: Numbers) -> Table | None:
    """Tabulate the tests over the groups.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.group_tests`` is read.

    Returns
    -------
    Table or None
        None where fewer than two groups have patients.
    """
    say = numbers.say
    rows = tuple(
        row(
            numbers.words(f"{place}.name"),
            numbers.cell(f"{place}.statistic", "two"),
            numbers.cell(f"{place}.df", "count"),
            numbers.cell(f"{place}.p_value", "p"),
        )
        for place in places_under(numbers.document, "result.group_tests")
    )
    if not rows:
        return None
    labels = [say(f"develop.tests.{name}") for name in ("name", "statistic", "df", "p")]
    notes = (say("develop.tests.note"),)
    caption = say("develop.tests.caption")
    return Table("table-tests", caption, columns(labels, align="right"), rows, notes)


def selection_table(numbers: Numbers) -> Table | None:
    """Tabulate how often each candidate was selected over the resamples.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.selection`` is read.

    Returns
    -------
    Table or None
        None for an index.
    """
    say = numbers.say
    rows = tuple(
        row(
            numbers.words(f"{place}.label"),
            Cell(
                say("shared.yes" if numbers.at(f"{place}.selected") else "shared.no"),
                f"{place}.selected",
            ),
            numbers.cell(f"{place}.frequency", "percent"),
        )
        for place in places_under(numbers.document, "result.selection")
    )
    if not rows:
        return None
    labels = [say(f"develop.selection.{name}") for name in ("candidate", "selected", "frequency")]
    caption = say("develop.selection.caption")
    return Table("table-selection", caption, columns(labels), rows)


def associations_table(numbers: Numbers) -> Table | None:
    """Tabulate further columns against the groups, with adjusted p values.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.associations`` is read.

    Returns
    -------
    Table or None
        None where the plan has none.
    """
    say, places = numbers.say, places_under(numbers.document, "result.associations")
    if not places:
        return None
    groups = dict.fromkeys(
        str(name) for place in places for name, _ in numbers.at(f"{place}.by_group") or ()
    )
    rows = tuple(_association_row(numbers, place, tuple(groups)) for place in places)
    labels = [
        say("develop.associations.column"),
        *groups,
        say("develop.associations.n"),
        say("develop.associations.test"),
        say("develop.associations.p"),
        say("develop.associations.p_adjusted"),
    ]
    widths = (1.7, *([1.2] * len(groups)), 0.7, 1.5, 0.7, 0.8)
    notes = (say("develop.associations.note"),)
    caption = say("develop.associations.caption")
    return Table(
        "table-associations",
        caption,
        columns(labels, widths, "right", (len(groups) + 2,)),
        rows,
        notes,
    )


def _association_row(numbers: Numbers, place: str, groups: tuple[str, ...]) -> Row:
    at = {
        str(name): f"{place}.by_group[{position}][1]"
        for position, (name, _) in enumerate(numbers.at(f"{place}.by_group") or ())
    }
    return row(
        numbers.words(f"{place}.label"),
        *(numbers.cell(at[group], "quantity") if group in at else "" for group in groups),
        numbers.cell(f"{place}.n", "count"),
        numbers.words(f"{place}.test"),
        numbers.cell(f"{place}.p_value", "p"),
        numbers.cell(f"{place}.p_adjusted", "p", strong=True),
    )


def caption_at(numbers: Numbers, key: str) -> str:
    """Caption something with the horizon at which its risks are read, where there is one.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    key : str
        ``KEY.plain`` without a horizon, ``KEY.by`` with one.

    Returns
    -------
    str
    """
    if numbers.at("result.outcome.horizon") is None:
        return numbers.say(f"{key}.plain")
    return numbers.say(
        f"{key}.by",
        horizon=numbers.text("result.outcome.horizon", "exact"),
        unit=time_unit(numbers),
    )


def time_unit(numbers: Numbers) -> str:
    """Name the unit of time of the outcome; empty where it has none.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Returns
    -------
    str
    """
    unit = numbers.at("result.outcome.time_unit")
    key = f"develop.time_unit.{unit}"
    return numbers.say(key) if key in numbers.say else str(unit or "")
