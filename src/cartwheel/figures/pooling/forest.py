"""The forest plot: every study, its weight, the pooled effect, and what the next study may find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.numbers import (
    count,
    exact,
    level,
    p_value,
    percentage,
    score,
    sentence,
    two,
)
from cartwheel.figures.pooling.drawing import Page, drawn_of, named
from cartwheel.figures.pooling.lights import Light, light_of, lights_of, missing
from cartwheel.figures.pooling.measure import Measure, head, measure_of, written, written_limits
from cartwheel.figures.pooling.rows import Column, Forest, Row, draw_forest
from cartwheel.figures.style import INK
from cartwheel.figures.wording import say


@drawn_of
def forest(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the studies and the pooled effect, with subgroups and risk of bias where there are any.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``; studies, ``quality`` and one analysis are read.
    place : int
        Which analysis.
    page : Page
        In one column labels, axis and effects stand alone.

    Returns
    -------
    Figure
        As high as the studies need. Squares are drawn by weight, diamonds span the
        interval of a pooled effect, the bar the prediction interval; an arrow means that an
        interval goes on.
    """
    analysis = pool["analyses"][place]
    measure = measure_of(analysis)
    rows = _StudyRows(pool, analysis, measure)
    groups = _blocks(analysis)
    lines = [*_grouped(analysis, groups, rows)] if groups else list(rows.every)
    several = analysis["k"] > 1
    if several:
        lines += [*_pooled(analysis, measure, len(rows.left))]
    estimates = [study["estimate"] for study in analysis["studies"]]
    columns = (*rows.left, Column((head(measure, estimates),), kept=True))
    if several:
        columns = (*columns, Column((say("Weight"), "%")))
    return draw_forest(
        pool,
        Forest(
            title=named(analysis),
            head=say("Study"),
            measure=measure,
            null=analysis["null_value"],
            rows=tuple(lines),
            columns=columns,
            label_room=3.4 if rows.light_heads else 4.6,
            centre=analysis["main"]["pooled"]["value"] if several else None,
            foot=tuple(_foot(analysis)),
            light_heads=rows.light_heads,
            light_key=rows.light_key,
        ),
        page,
    )


@drawn_of
def subgroups(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the pooled effect of every subgroup, by every column asked, with the tests between.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; its ``subgroups`` are read.
    page : Page
        In one column labels, axis and effects stand alone.

    Returns
    -------
    Figure
        One block a column, all studies last.
    """
    analysis = pool["analyses"][place]
    measure = measure_of(analysis)
    rows = []
    for found in analysis["subgroups"]:
        rows.append(Row("heading", say("By {column}", column=found["column"])))
        rows += [
            Row("pooled", row["level"], row["pooled"],
                (count(row["k"]), written(row["pooled"], measure), _percent_or_dash(row["i2"])))
            for row in found["rows"]
        ]  # fmt: skip
        rows.append(Row("words", _between(found)))
    main = analysis["main"]
    rows.append(Row("heading", say("All studies")))
    rows.append(
        Row("pooled", say("Pooled"), main["pooled"],
            (count(analysis["k"]), written(main["pooled"], measure), _percent_or_dash(main["i2"])))
    )  # fmt: skip
    columns = (
        Column((say("Studies"),), left=True),
        Column((head(measure, [main["pooled"]]),), kept=True),
        Column((say("I², %"),)),
    )
    return draw_forest(
        pool,
        Forest(
            title=say("{name}: subgroups", name=named(analysis)),
            head=say("Subgroup"),
            measure=measure,
            null=analysis["null_value"],
            rows=tuple(rows),
            columns=columns,
            centre=main["pooled"]["value"],
        ),
        page,
    )


class _StudyRows:
    """The rows of the studies, and the columns that they can fill."""

    def __init__(
        self, pool: Mapping[str, Any], analysis: Mapping[str, Any], measure: Measure
    ) -> None:
        entries = study_entries(pool, analysis)
        heaviest = max((one["weight_percent"] or 0.0 for one in analysis["studies"]), default=0.0)
        quality = _quality(pool, analysis)
        self.left = _left_columns(entries, lights=quality is not None)
        self.light_heads: tuple[str, ...] = ()
        self.light_key: tuple[str, ...] = ()
        if quality is not None:
            self.light_heads, self.light_key = _light_words(quality)
        self.every = [
            Row(
                "study",
                str(study["study"]),
                study["estimate"],
                (
                    *_left_cells(entry, len(self.left)),
                    written(study["estimate"], measure),
                    _percent_or_dash(study["weight_percent"]),
                ),
                share=(study["weight_percent"] or 0.0) / (heaviest or 1.0),
                lights=_study_lights(quality, study),
            )
            for study, entry in zip(analysis["studies"], entries, strict=True)
        ]


def study_entries(
    pool: Mapping[str, Any], analysis: Mapping[str, Any]
) -> list[Mapping[str, Any] | None]:
    """Find the row of the table behind every study of an analysis.

    Parameters
    ----------
    pool : mapping
        The result; ``studies`` are read.
    analysis : mapping
        One of its analyses.

    Returns
    -------
    list of (mapping or None)
        One for each study of the analysis, in order; None for a study that is not in the table.
    """
    kept = ("group", "outcome", "measure")
    found = {
        (one["file"], one["row"], one["study"]): one
        for one in pool["studies"]
        if all(one[key] == analysis[key] for key in kept)
    }
    return [found.get((one["file"], one["row"], one["study"])) for one in analysis["studies"]]


def _left_columns(entries: Sequence[Mapping[str, Any] | None], lights: bool) -> tuple[Column, ...]:
    counts = [entry["counts"] for entry in entries if entry is not None and entry["counts"]]
    if len(counts) == len(entries) and not lights:
        if all(one["reference_n"] is not None for one in counts):
            return (
                Column((say("Events / n,"), say("exposed")), left=True),
                Column((say("Events / n,"), say("reference")), left=True),
            )
        return (Column((say("Events / n"),), left=True),)
    if any(entry is not None and entry["n"] is not None for entry in entries):
        return (Column((say("Patients"),), left=True),)
    return ()


def _left_cells(entry: Mapping[str, Any] | None, columns: int) -> tuple[str, ...]:
    if entry is None or columns == 0:
        return ("",) * columns
    counts = entry["counts"]
    if columns == 2:
        return (
            f"{exact(counts['events'])} / {exact(counts['n'])}",
            f"{exact(counts['reference_events'])} / {exact(counts['reference_n'])}",
        )
    if counts and counts["reference_n"] is None:
        return (f"{exact(counts['events'])} / {exact(counts['n'])}",)
    return (exact(entry["n"]) if entry["n"] is not None else "",)


def _blocks(analysis: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the first subgroup column, if dividing the studies by it shows anything."""
    for found in analysis["subgroups"]:
        if len(found["rows"]) > 1 and any(row["k"] > 1 for row in found["rows"]):
            return dict(found)
    return None


def _grouped(
    analysis: Mapping[str, Any], groups: Mapping[str, Any], rows: _StudyRows
) -> Iterator[Row]:
    measure = measure_of(analysis)
    told: set[int] = set()
    for group in groups["rows"]:
        yield Row("heading", f"{sentence(groups['column'])}: {group['level']}")
        for index in group["rows"]:
            told.add(index)
            yield rows.every[index]
        if group["k"] > 1:
            yield Row(
                "pooled", say("Pooled, {count} studies", count=count(group["k"])), group["pooled"],
                (*[""] * len(rows.left), written(group["pooled"], measure)),
            )  # fmt: skip
    rest = [row for index, row in enumerate(rows.every) if index not in told]
    if rest:
        column = sentence(groups["column"])
        yield Row("heading", say("{column}: not stated", column=column))
        yield from rest
    yield Row("heading", say("All studies"))


def _pooled(analysis: Mapping[str, Any], measure: Measure, left: int) -> Iterator[Row]:
    main = analysis["main"]
    blanks = [""] * left
    patients = analysis["patients"]
    if left == 1 and patients is not None and analysis["measure"] != "proportion":
        blanks = [exact(patients)]
    kind = say("Common effect") if main["code"] == "common" else say("Random effects")
    if main["code"] in ("MH", "peto", "GLMM", "multilevel", "bivariate"):
        kind = sentence(str(main["name"]))
    cells = (*blanks, written(main["pooled"], measure))
    yield Row("pooled", kind, main["pooled"], cells)
    if main["prediction_low"] is None or main["prediction_high"] is None:
        return
    expected = {"value": None, "low": main["prediction_low"], "high": main["prediction_high"]}
    share = main["pooled"]["level"]
    name = say("Prediction interval")
    if share is not None:
        name = say("{level}% prediction interval", level=level(share))
    yield Row("prediction", name, expected, (*[""] * left, written_limits(expected, measure)))


def _between(found: Mapping[str, Any]) -> str:
    if found["q_between"] is None or found["p_value"] is None:
        return say("Difference between subgroups: not estimable")
    test = _test(found["q_between"], found["df"], found["p_value"])
    return say("Difference between subgroups: {test}", test=test)


def _test(q: float, df: float | None, p: float | None) -> str:
    words = f"Q {two(q)}"
    if df is not None:
        words = say("{words}, df {df}", words=words, df=_whole(df))
    return words if p is None else say("{words}, p {p}", words=words, p=_p(p))


def _foot(analysis: Mapping[str, Any]) -> Iterator[str]:
    if analysis["k"] == 1:
        yield say("One study: nothing is pooled.")
        return
    main = analysis["main"]
    model = say("Model: {name}.", name=main["name"])
    if main["p_value"] is not None:
        model += " " + say("Test of no effect: p {p}.", p=_p(main["p_value"]))
    yield model
    yield heterogeneity_words(analysis["heterogeneity"])
    groups = _blocks(analysis)
    if groups:
        yield say("{words}.", words=_between(groups))


def heterogeneity_words(found: Mapping[str, Any]) -> str:
    """Say how much the studies differ, in one line.

    Parameters
    ----------
    found : mapping
        A ``Heterogeneity`` as JSON.

    Returns
    -------
    str
        Only of what could be estimated.
    """
    parts = []
    if found["i2"]["value"] is not None:
        parts.append(f"I² {_range(found['i2'], percentage, '%')}")
    if found["tau2"]["value"] is not None:
        parts.append(f"τ² {_range(found['tau2'], score)}")
    if found["q"] is not None:
        parts.append(_test(found["q"], found["q_df"], found["q_p_value"]))
    told = say("; ").join(parts) or say("not estimable")
    return say("Heterogeneity: {parts}.", parts=told)


def _range(estimate: Mapping[str, Any], rule: Any, unit: str = "") -> str:
    text = f"{rule(estimate['value'])}{unit}"
    if estimate["low"] is None or estimate["high"] is None:
        return text
    low, high = rule(estimate["low"]), rule(estimate["high"])
    return say("{value} ({low} to {high})", value=text, low=low, high=high)


def _p(value: float) -> str:
    text = p_value(value)
    return text if text[0] in "<>" else f"= {text}"


def _whole(value: float) -> str:
    return exact(int(value)) if float(value).is_integer() else two(value)


def _percent_or_dash(value: float | None) -> str:
    return "–" if value is None else percentage(value)


def _quality(pool: Mapping[str, Any], analysis: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the first tool that judges a study of this analysis."""
    names = {study["study"] for study in analysis["studies"]}
    for quality in pool["quality"]:
        if any(judged["study"] in names for judged in quality["studies"]):
            return dict(quality)
    return None


def _light_words(quality: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    domains = [name for _, name in quality["domains"]]
    if quality["tool"] == "Newcastle-Ottawa":
        return ("★", " "), (say("{tool}: stars, and quality in all.", tool=quality["tool"]),)
    letters = [f"D{place}" for place in range(1, len(domains) + 1)]
    named = ", ".join(f"{sign} {name}" for sign, name in zip(letters, domains, strict=True))
    seen = [one["level"] for study in quality["studies"] for one in study["judgements"]]
    seen += [study["overall"] for study in quality["studies"]]
    key = dict.fromkeys(light_of(one) for one in ("low", "moderate", "high", "unclear")
                        if one in seen)  # fmt: skip
    words = ", ".join(f"{light.sign} {light.word}" for light in key)
    key_words = say(
        "Risk of bias ({tool}): {words}; {domains}, All overall.",
        tool=quality["tool"], words=words, domains=named,
    )  # fmt: skip
    return (*letters, say("All")), (key_words,)


def _study_lights(quality: Mapping[str, Any] | None, study: Mapping[str, Any]) -> tuple[Light, ...]:
    if quality is None:
        return ()
    same = [one for one in quality["studies"] if one["study"] == study["study"]]
    exactly = [one for one in same if one["row"] == study["row"]]
    judged = next(iter(exactly or same), None)
    if quality["tool"] != "Newcastle-Ottawa":
        return lights_of(quality, judged)
    if judged is None:
        return (missing(), missing())
    stars = "" if judged["stars"] is None else count(judged["stars"])
    return (Light(stars, "", INK, "stars"), light_of(judged["overall"]))
