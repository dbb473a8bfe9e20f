"""Tables of one pooled effect: weights, other models, studies left out, subgroups, regressions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cartwheel.report.document.blocks import Cell, Row, Table
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import Effects, effects_of
from cartwheel.report.paper.pool_methods import asymmetry_test
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.places import places_under

_DIAGNOSTICS = ("studentised_residual", "dffits", "cook", "covariance_ratio", "hat")


def tables_of(numbers: Numbers, place: str, number: int) -> Iterator[Table]:
    """Tabulate one pooled effect.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    place : str
        Of the analysis.
    number : int
        From 1, for the ids.

    Yields
    ------
    Table
        Those that have a row.
    """
    effects = effects_of(numbers, place)
    made = [
        _weights(effects, place, number),
        _accuracy(numbers, place, number),
        _models(effects, place, number),
        _refits(effects, place, number, "leave_one_out"),
        _influence(effects, place, number),
        _refits(effects, place, number, "cumulative"),
        *_subgroups(effects, place, number),
        *_regressions(effects, place, number),
        _tests(effects, place, number),
    ]
    yield from (table for table in made if table is not None)


def _table(
    effects: Effects,
    id: str,
    caption: str,
    heads: Sequence[tuple[str, float]],
    parts: tuple[Sequence[Row], Sequence[str], Sequence[str]],
) -> Table | None:
    """Head a table of rows; the second part are places whose interval the header names."""
    rows, measured, notes = parts
    if not rows:
        return None
    interval = effects.numbers.interval_name(measured)
    labels = [effects.say(f"pool.table.{name}", ci=interval) for name, _ in heads]
    widths = [width for _, width in heads]
    return Table(id, caption, columns(labels, widths), tuple(rows), tuple(notes))


def _caption(effects: Effects, key: str, place: str, **more: str) -> str:
    name = str(effects.at(f"{place}.name"))
    return effects.say(f"pool.table.{key}", name=name, **more)


def _weights(effects: Effects, place: str, number: int) -> Table | None:
    numbers = effects.numbers
    places = places_under(numbers.document, f"{place}.studies")
    rows = [
        row(
            numbers.words(f"{at}.study"),
            effects.cell(f"{at}.estimate"),
            numbers.cell(f"{at}.weight_percent", "percentage"),
            numbers.cell(f"{at}.weight_common_percent", "percentage"),
            effects.cell(f"{at}.shrunken"),
        )
        for at in places
    ]
    heads = (("study", 1.8), ("estimate", 1.6), ("weight", 0.8), ("weight_common", 1.0),
             ("shrunken", 1.6))  # fmt: skip
    measured = [f"{at}.estimate" for at in places]
    caption = _caption(effects, "weights", place)
    return _table(effects, f"table-weights-{number}", caption, heads, (rows, measured, ()))


def _models(effects: Effects, place: str, number: int) -> Table | None:
    numbers, say = effects.numbers, effects.say
    others = places_under(numbers.document, f"{place}.models")
    rows = []
    for at in (f"{place}.main", *others) if others else ():
        name = str(numbers.at(f"{at}.name"))
        if at == f"{place}.main":
            name = say("pool.table.main", model=name)
        rows.append(
            row(
                Cell(name, f"{at}.name"),
                effects.cell(f"{at}.pooled"),
                effects.range_cell(at),
                numbers.cell(f"{at}.tau2", "significant", "pool.none"),
                numbers.cell(f"{at}.i2", "percentage", "pool.none"),
                numbers.cell(f"{at}.p_value", "p", "pool.none"),
            )
        )
    heads = (("model", 2.4), ("pooled", 1.6), ("prediction", 1.3), ("tau2", 0.7), ("i2", 0.6),
             ("p", 0.6))  # fmt: skip
    caption = _caption(effects, "models", place)
    measured = [f"{place}.main.pooled"]
    return _table(effects, f"table-models-{number}", caption, heads, (rows, measured, ()))


def _refits(effects: Effects, place: str, number: int, part: str) -> Table | None:
    numbers = effects.numbers
    places = places_under(numbers.document, f"{place}.{part}")
    rows = [
        row(
            numbers.words(f"{at}.study"),
            effects.cell(f"{at}.estimate"),
            numbers.cell(f"{at}.p_value", "p", "pool.none"),
            numbers.cell(f"{at}.tau2", "significant", "pool.none"),
            numbers.cell(f"{at}.i2", "percentage", "pool.none"),
        )
        for at in places
    ]
    alone = part == "leave_one_out"
    heads = (("without" if alone else "added", 1.8), ("pooled", 1.6), ("p", 0.6), ("tau2", 0.8),
             ("i2", 0.6))  # fmt: skip
    caption = _caption(effects, "left_out" if alone else "cumulative", place)
    measured = [f"{at}.estimate" for at in places]
    id = f"table-{part.replace('_', '-')}-{number}"
    return _table(effects, id, caption, heads, (rows, measured, ()))


def _influence(effects: Effects, place: str, number: int) -> Table | None:
    numbers, say = effects.numbers, effects.say
    rows = []
    for at in places_under(numbers.document, f"{place}.influence"):
        cells = [numbers.cell(f"{at}.{name}", "two", "pool.none") for name in _DIAGNOSTICS]
        flagged = "yes" if numbers.at(f"{at}.flagged") else "no"
        said = Cell(say(f"pool.table.flagged_{flagged}"))
        rows.append(row(numbers.words(f"{at}.study"), *cells, said))
    heads = (("study", 1.8), ("residual", 0.9), ("dffits", 0.7), ("cook", 0.8), ("covariance", 0.9),
             ("hat", 0.7), ("flagged", 0.8))  # fmt: skip
    caption = _caption(effects, "influence", place)
    return _table(effects, f"table-influence-{number}", caption, heads, (rows, (), ()))


def _subgroups(effects: Effects, place: str, number: int) -> Iterator[Table | None]:
    numbers, say = effects.numbers, effects.say
    for at, group in enumerate(places_under(numbers.document, f"{place}.subgroups"), 1):
        places = places_under(numbers.document, f"{group}.rows")
        rows = [
            row(
                numbers.words(f"{each}.level"),
                numbers.cell(f"{each}.k", "count"),
                effects.cell(f"{each}.pooled"),
                effects.range_cell(each),
                numbers.cell(f"{each}.tau2", "significant", "pool.none"),
                numbers.cell(f"{each}.i2", "percentage", "pool.none"),
            )
            for each in places
        ]
        for key, name in (("p_value", "between"), ("p_value_common", "between_common")):
            p = numbers.cell(f"{group}.{key}", "p", "pool.none")
            text = say("pool.table.between_p", value=p.text) if p.id else p.text
            said = Cell(text, p.id)
            rows.append(row(say(f"pool.table.{name}"), "", said, "", "", ""))
        planned = "planned" if numbers.at(f"{group}.planned") else "exploratory"
        notes = [say("pool.table.note_subgroups"), say(f"pool.table.{planned}")]
        notes += [run.text for run in numbers.quoted(f"{group}.note")]
        column = str(numbers.at(f"{group}.column"))
        heads = (("subgroup", 1.6), ("k", 0.6), ("pooled", 1.6), ("prediction", 1.3), ("tau2", 0.7),
                 ("i2", 0.6))  # fmt: skip
        yield _table(
            effects,
            f"table-subgroups-{number}-{at}",
            _caption(effects, "subgroups", place, column=column),
            heads,
            (rows, [f"{each}.pooled" for each in places], notes),
        )


def _regressions(effects: Effects, place: str, number: int) -> Iterator[Table | None]:
    numbers, say = effects.numbers, effects.say
    for at, fitted in enumerate(places_under(numbers.document, f"{place}.regressions"), 1):
        places = places_under(numbers.document, f"{fitted}.rows")
        rows = [
            row(
                numbers.words(f"{each}.term"),
                numbers.cell(f"{each}.coefficient", "significant"),
                numbers.cell(f"{each}.p_value", "p", "pool.none"),
                numbers.cell(f"{each}.permutation_p_value", "p", "pool.none"),
            )
            for each in places
        ]
        notes = [say("pool.table.note_regression")]
        tau2 = numbers.text(f"{fitted}.tau2", "significant")
        k = numbers.text(f"{fitted}.k", "count")
        notes.append(say("pool.table.residual_tau2", tau2=tau2, k=k))
        if numbers.at(f"{fitted}.r2") is not None:
            explained = numbers.text(f"{fitted}.r2", "percentage")
            notes.append(say("pool.table.explained", r2=explained))
        notes += [run.text for run in numbers.quoted(f"{fitted}.note")]
        named = numbers.at(f"{fitted}.columns") or []
        key = "cutoff" if named == ["cutoff"] else "regression"
        yield _table(
            effects,
            f"table-regression-{number}-{at}",
            _caption(effects, key, place, columns=" + ".join(named)),
            (("term", 1.6), ("coefficient", 1.8), ("p", 0.7), ("permuted", 1.0)),
            (rows, [f"{each}.coefficient" for each in places], notes),
        )


def _tests(effects: Effects, place: str, number: int) -> Table | None:
    numbers = effects.numbers
    places = places_under(numbers.document, f"{place}.small_studies.tests")
    rows = []
    for at in places:
        told = asymmetry_test(numbers, str(numbers.at(f"{at}.name")))
        name = "".join(run.text for run in told)
        rows.append(
            row(
                Cell(name, f"{at}.name"),
                numbers.cell(f"{at}.statistic", "significant", "pool.none"),
                numbers.cell(f"{at}.df", "exact", "pool.none"),
                numbers.cell(f"{at}.p_value", "p", "pool.none"),
                numbers.cell(f"{at}.bias", "significant", "pool.none"),
                effects.cell(f"{at}.limit"),
            )
        )
    heads = (("test", 1.8), ("statistic", 0.8), ("df", 0.8), ("p", 0.6), ("bias", 1.5),
             ("limit", 1.5))  # fmt: skip
    caption = _caption(effects, "tests", place)
    measured = [f"{at}.bias" for at in places]
    return _table(effects, f"table-asymmetry-{number}", caption, heads, (rows, measured, ()))


def _accuracy(numbers: Numbers, place: str, number: int) -> Table | None:
    found, shares = f"{place}.accuracy", Effects(numbers, "proportion")
    places = places_under(numbers.document, f"{found}.studies")
    rows = [
        row(
            numbers.words(f"{at}.study"),
            shares.cell(f"{at}.sensitivity"),
            shares.cell(f"{at}.specificity"),
        )
        for at in places
    ]
    if rows:
        rows.append(
            row(
                numbers.say("pool.table.summary_point"),
                shares.cell(f"{found}.sensitivity"),
                shares.cell(f"{found}.specificity"),
            )
        )
    heads = (("study", 1.8), ("sensitivity", 1.6), ("specificity", 1.6))
    measured = [f"{at}.sensitivity" for at in places]
    caption = _caption(shares, "accuracy", place)
    return _table(shares, f"table-accuracy-{number}", caption, heads, (rows, measured, ()))
