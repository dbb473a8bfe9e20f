"""What of a development holds: selection, the predicted risks, the hazard ratios over time."""

from __future__ import annotations

from cartwheel.figures.numbers import sentence
from cartwheel.report.document.blocks import Block, Cell, Paragraph, Row, Run, Table
from cartwheel.report.paper.develop_figures import Drawer
from cartwheel.report.paper.develop_score_tables import selection_table
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.tables import columns, method_notes, row
from cartwheel.report.places import places_under

_UNSTABLE = "result.instability"
_PROPORTIONAL = "result.proportional_hazards"


def stability(numbers: Numbers, draw: Drawer) -> list[Block | None]:
    """Tell what repeating the development does to the predictors and to the risks.

    Parameters
    ----------
    numbers : Numbers
        Of the result.
    draw : Drawer
        Draws the figures.

    Returns
    -------
    list of (Block or None)
        Empty where nothing was resampled.
    """
    if not numbers.at("result.performance.resamples"):
        return []
    blocks: list[Block | None] = []
    table = selection_table(numbers)
    if table is not None:
        resamples = numbers.run("result.performance.resamples", "count")
        told = numbers.say.runs("develop.selection.told", resamples=resamples)
        blocks += [Paragraph(told), table, *draw("selection")]
    if numbers.at(f"{_UNSTABLE}.mean_absolute_difference.value") is not None:
        told = unstable(numbers)
        blocks += [Paragraph(told), *draw("instability"), instability_table(numbers)]
    return blocks


def unstable(numbers: Numbers) -> tuple[Run, ...]:
    """Say how far the predicted risks move from resample to resample.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Returns
    -------
    tuple of Run
        Empty where the result does not say.
    """
    place = f"{_UNSTABLE}.mean_absolute_difference.value"
    if numbers.at(place) is None:
        return ()
    told = numbers.say.runs(
        "develop.instability.told",
        resamples=numbers.run(f"{_UNSTABLE}.resamples", "count"),
        difference=numbers.run(place, "percent"),
    )
    moved = f"{_UNSTABLE}.regrouped.value"
    if numbers.at(moved) is not None:
        share = numbers.run(moved, "percent")
        told += numbers.say.runs("develop.instability.regrouped", share=share)
    return told


def instability_table(numbers: Numbers) -> Table | None:
    """Tabulate what the resamples predict for patients of like risk.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.instability`` is read.

    Returns
    -------
    Table or None
        None where it has no band.
    """
    say = numbers.say
    rows = tuple(
        row(
            numbers.cell(f"{place}.predicted", "percent"),
            numbers.cell(f"{place}.n", "count"),
            numbers.cell(f"{place}.median", "percent"),
            numbers.cell(f"{place}.low", "percent"),
            numbers.cell(f"{place}.high", "percent"),
        )
        for place in places_under(numbers.document, f"{_UNSTABLE}.bands")
    )
    if not rows:
        return None
    names = ("predicted", "n", "median", "low", "high")
    labels = [say(f"develop.instability.{name}") for name in names]
    notes = (say("develop.instability.note"), *method_notes(say, [numbers.at(_UNSTABLE)]))
    caption = say("develop.instability.caption")
    return Table("table-instability", caption, columns(labels, align="right"), rows, notes)


def proportional_table(numbers: Numbers) -> Table | None:
    """Tabulate the tests that hazard ratios hold over all of follow-up.

    Parameters
    ----------
    numbers : Numbers
        Of the result; ``result.proportional_hazards`` is read.

    Returns
    -------
    Table or None
        None where nothing was tested.
    """
    say = numbers.say
    if numbers.at(f"{_PROPORTIONAL}.score") is None:
        return None
    terms = places_under(numbers.document, f"{_PROPORTIONAL}.terms")
    rows: list[Row] = [
        row(
            numbers.words(f"{place}.label"),
            numbers.cell(f"{place}.statistic", "two"),
            numbers.cell(f"{place}.df", "exact"),
            numbers.cell(f"{place}.p_value", "p"),
        )
        for place in (f"{_PROPORTIONAL}.score", *terms)
    ]
    overall = f"{_PROPORTIONAL}.global_p_value"
    if numbers.at(overall) is not None:
        everything = Cell(say("develop.proportional.all"))
        rows.append(row(everything, "", "", numbers.cell(overall, "p")))
    names = ("effect", "statistic", "df", "p")
    labels = [say(f"develop.proportional.{name}") for name in names]
    method = sentence(str(numbers.at(f"{_PROPORTIONAL}.method") or "")).rstrip(".")
    notes = (say("shared.computed_by", methods=method),) if method else ()
    caption = say("develop.proportional.caption")
    return Table(
        "table-proportional",
        caption,
        columns(labels, (2.4, 0.8, 0.8, 0.8), "right"),
        tuple(rows),
        notes,
    )


def proportional(numbers: Numbers) -> list[Block | None]:
    """Tell whether hazard ratios hold over all of follow-up.

    Parameters
    ----------
    numbers : Numbers
        Of the result.

    Returns
    -------
    list of (Block or None)
        Empty where nothing was tested.
    """
    table = proportional_table(numbers)
    if table is None:
        return []
    told = numbers.say.runs(
        "develop.proportional.told",
        score=numbers.named(f"{_PROPORTIONAL}.score.label"),
        p=numbers.p(f"{_PROPORTIONAL}.score.p_value"),
    )
    if numbers.at(f"{_PROPORTIONAL}.global_p_value") is not None:
        p = numbers.p(f"{_PROPORTIONAL}.global_p_value")
        told += numbers.say.runs("develop.proportional.together", p=p)
    return [Paragraph(told), table]
