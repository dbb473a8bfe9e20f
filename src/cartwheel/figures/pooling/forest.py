"""The forest plot: every study, its weight, the pooled effect, and what the next study may find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from cartwheel.figures.numbers import (
    NOT_ESTIMABLE,
    count,
    exact,
    level,
    p_value,
    percentage,
    score,
    sentence,
    two,
)
from cartwheel.figures.pooling.drawing import drawn_of, named
from cartwheel.figures.pooling.lights import MISSING, Light, light_of, lights_of
from cartwheel.figures.pooling.measure import Measure, head, measure_of, written, written_value
from cartwheel.figures.pooling.rows import Column, Forest, Row, draw_forest
from cartwheel.figures.style import INK


@drawn_of
def forest(pool: Mapping[str, Any], place: int) -> Figure:
    """Draw the studies and the pooled effect, with subgroups and risk of bias where there are any.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``; studies, ``quality`` and one analysis are read.
    place : int
        Which analysis.

    Returns
    -------
    Figure
        Double column, as high as the studies need. Squares are drawn by weight, diamonds span the
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
    columns = (*rows.left, Column((head(measure, estimates),)))
    if several:
        columns = (*columns, Column(("Weight", "%")))
    return draw_forest(
        pool,
        Forest(
            title=named(analysis),
            head="Study",
            measure=measure,
            null=analysis["null_value"],
            rows=tuple(lines),
            columns=columns,
            label_room=3.4 if rows.light_heads else 4.6,
            centre=analysis["main"]["pooled"]["value"] if several else None,
            foot=tuple(_foot(analysis, rows.light_key)),
            light_heads=rows.light_heads,
        ),
    )


@drawn_of
def subgroups(pool: Mapping[str, Any], place: int) -> Figure:
    """Draw the pooled effect of every subgroup, by every column asked, with the tests between.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; its ``subgroups`` are read.

    Returns
    -------
    Figure
        Double column; one block a column, all studies last.
    """
    analysis = pool["analyses"][place]
    measure = measure_of(analysis)
    rows = []
    for found in analysis["subgroups"]:
        rows.append(Row("heading", f"By {found['column']}"))
        rows += [
            Row("pooled", row["level"], row["pooled"],
                (count(row["k"]), written(row["pooled"], measure), _percent_or_dash(row["i2"])))
            for row in found["rows"]
        ]  # fmt: skip
        rows.append(Row("words", _between(found)))
    main = analysis["main"]
    rows.append(Row("heading", "All studies"))
    rows.append(
        Row("pooled", "Pooled", main["pooled"],
            (count(analysis["k"]), written(main["pooled"], measure), _percent_or_dash(main["i2"])))
    )  # fmt: skip
    columns = (
        Column(("Studies",), left=True),
        Column((head(measure, [main["pooled"]]),)),
        Column(("I², %",)),
    )
    return draw_forest(
        pool,
        Forest(
            title=f"{named(analysis)}: subgroups",
            head="Subgroup",
            measure=measure,
            null=analysis["null_value"],
            rows=tuple(rows),
            columns=columns,
            centre=main["pooled"]["value"],
        ),
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
                Column(("Events / n,", "exposed"), left=True),
                Column(("Events / n,", "reference"), left=True),
            )
        return (Column(("Events / n",), left=True),)
    if any(entry is not None and entry["n"] is not None for entry in entries):
        return (Column(("Patients",), left=True),)
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
                "pooled", f"Pooled, {count(group['k'])} studies", group["pooled"],
                (*[""] * len(rows.left), written(group["pooled"], measure)),
            )  # fmt: skip
    rest = [row for index, row in enumerate(rows.every) if index not in told]
    if rest:
        yield Row("heading", f"{sentence(groups['column'])}: not stated")
        yield from rest
    yield Row("heading", "All studies")


def _pooled(analysis: Mapping[str, Any], measure: Measure, left: int) -> Iterator[Row]:
    main = analysis["main"]
    blanks = [""] * left
    patients = analysis["patients"]
    if left == 1 and patients is not None and analysis["measure"] != "proportion":
        blanks = [exact(patients)]
    kind = "Common effect" if main["code"] == "common" else "Random effects"
    if main["code"] in ("MH", "peto", "GLMM", "multilevel", "bivariate"):
        kind = sentence(str(main["name"]))
    cells = (*blanks, written(main["pooled"], measure))
    yield Row("pooled", kind, main["pooled"], cells)
    if main["prediction_low"] is None or main["prediction_high"] is None:
        return
    expected = {"value": None, "low": main["prediction_low"], "high": main["prediction_high"]}
    share = main["pooled"]["level"]
    name = "Prediction interval" if share is None else f"{level(share)}% prediction interval"
    # a prediction interval has limits but no value of its own
    text = " to ".join(written_value(expected[end], measure) for end in ("low", "high"))
    yield Row("prediction", name, expected, (*[""] * left, text))


def _between(found: Mapping[str, Any]) -> str:
    if found["q_between"] is None or found["p_value"] is None:
        return "Difference between subgroups: not estimable"
    df = "" if found["df"] is None else f", df {_whole(found['df'])}"
    return (
        f"Difference between subgroups: Q {two(found['q_between'])}{df}, p {_p(found['p_value'])}"
    )


def _foot(analysis: Mapping[str, Any], key: Sequence[str]) -> Iterator[str]:
    if analysis["k"] > 1:
        main = analysis["main"]
        yield f"Model: {main['name']}.{_effect_test(main)}"
        yield heterogeneity_words(analysis["heterogeneity"])
        groups = _blocks(analysis)
        if groups:
            yield f"{_between(groups)}."
    else:
        yield "One study: nothing is pooled."
    yield from key


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
        df = "" if found["q_df"] is None else f", df {_whole(found['q_df'])}"
        p = "" if found["q_p_value"] is None else f", p {_p(found['q_p_value'])}"
        parts.append(f"Q {two(found['q'])}{df}{p}")
    return f"Heterogeneity: {'; '.join(parts) or NOT_ESTIMABLE}."


def _effect_test(main: Mapping[str, Any]) -> str:
    if main["p_value"] is None:
        return ""
    return f" Test of no effect: p {_p(main['p_value'])}."


def _range(estimate: Mapping[str, Any], rule: Any, unit: str = "") -> str:
    text = f"{rule(estimate['value'])}{unit}"
    if estimate["low"] is None or estimate["high"] is None:
        return text
    return f"{text} ({rule(estimate['low'])} to {rule(estimate['high'])})"


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
        return ("★", " "), (f"{quality['tool']}: stars, and quality in all.",)
    letters = [f"D{place}" for place in range(1, len(domains) + 1)]
    named = ", ".join(f"{sign} {name}" for sign, name in zip(letters, domains, strict=True))
    seen = [one["level"] for study in quality["studies"] for one in study["judgements"]]
    seen += [study["overall"] for study in quality["studies"]]
    key = dict.fromkeys(light_of(one) for one in ("low", "moderate", "high", "unclear")
                        if one in seen)  # fmt: skip
    words = ", ".join(f"{light.sign} {light.word}" for light in key)
    return (*letters, "All"), (f"Risk of bias ({quality['tool']}): {words}; {named}, All overall.",)


def _study_lights(quality: Mapping[str, Any] | None, study: Mapping[str, Any]) -> tuple[Light, ...]:
    if quality is None:
        return ()
    same = [one for one in quality["studies"] if one["study"] == study["study"]]
    exactly = [one for one in same if one["row"] == study["row"]]
    judged = next(iter(exactly or same), None)
    if quality["tool"] != "Newcastle-Ottawa":
        return lights_of(quality, judged)
    if judged is None:
        return (MISSING, MISSING)
    stars = "" if judged["stars"] is None else count(judged["stars"])
    return (Light(stars, "", INK, "stars"), light_of(judged["overall"]))
