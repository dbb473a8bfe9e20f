"""Does a score work alike everywhere: subgroups, and centres one by one and together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cartwheel.report.document.blocks import Block, Cell, Heading, Row, Table
from cartwheel.report.paper.tables import columns, heading_row, method_notes
from cartwheel.report.paper.validate_figures import figure
from cartwheel.report.paper.validate_shown import Shown, kind_of, measure_name


def subgroup_blocks(shown: Shown) -> Iterator[Block | None]:
    """Show every score in every subgroup, those withheld with the reason.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say, subgroups = shown.say, shown.under("result.subgroups")
    if not subgroups:
        return
    yield Heading(say("validate.heading.subgroups"), 2, "subgroups")
    for number, name in enumerate(shown.score_names(), 1):
        yield _subgroup_table(shown, subgroups, name, number)
        caption = say("validate.figure.subgroups", name=name)
        yield figure(shown, f"subgroups_{number}", caption)


def _subgroup_table(shown: Shown, subgroups: Sequence[str], name: str, number: int) -> Table | None:
    say, score = shown.say, f"result.scores[{number - 1}]"
    measures = _measures_of(shown, [f"{place}.rows" for place in subgroups], name)
    rows: list[Row] = []
    for place in subgroups:
        rows.append(heading_row(str(shown.at(f"{place}.label"))))
        rows += _group_rows(shown, f"{place}.rows", name, measures)
        rows += _interactions(shown, place, name, len(measures))
    everybody = [_everybody(shown, score, measure) for measure in measures]
    counts = (
        shown.cell("result.outcome.patients", "count"),
        shown.cell("result.outcome.events", "count"),
    )
    rows.append(Row((Cell(say("validate.groups.everybody"), strong=True), *counts, *everybody)))
    notes = (say("validate.groups.note_interaction"), say("validate.groups.note_withheld"))
    caption = say("validate.groups.caption", name=name)
    return _table(shown, f"table-subgroups-{number}", caption, "group", (measures, rows, notes))


def _interactions(shown: Shown, subgroup: str, name: str, width: int) -> Iterator[Row]:
    """P of the interaction, in the first column of measures."""
    for place in shown.under(f"{subgroup}.interactions"):
        if shown.at(f"{place}.score") == name:
            p = shown.numbers.cell(f"{place}.p_value", "p")
            text = shown.say("validate.groups.interaction_p", value=p.text)
            label = Cell(shown.say("validate.groups.interaction"))
            if width:
                cells = (label, Cell(""), Cell(""), Cell(text, p.id))
                yield Row((*cells, *([Cell("")] * (width - 1))), indent=1)


def _everybody(shown: Shown, score: str, measure: tuple[str, str]) -> Cell:
    for group in ("discrimination", "calibration", "overall"):
        for place in shown.under(f"{score}.{group}"):
            if shown.at(f"{place}.name") == measure[0]:
                return shown.cell(f"{place}.estimate", kind_of(measure[0]))
    return Cell(shown.say("validate.none"))


def centre_blocks(shown: Shown) -> Iterator[Block | None]:
    """Show every score in every centre, without each, recalibrated in the others, and together.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say = shown.say
    if not shown.at("result.centres"):
        return
    yield Heading(say("validate.heading.centres"), 2, "centres")
    parts = (("rows", "caption_centres", "centre"), ("without", "caption_without", "left_out"),
             ("updated", "caption_updated", "centre"))  # fmt: skip
    for number, name in enumerate(shown.score_names(), 1):
        for part, caption, head in parts:
            place = f"result.centres.{part}"
            measures = _measures_of(shown, [place], name)
            rows = list(_group_rows(shown, place, name, measures, indent=0))
            # a score whose recalibration does not exist has nothing to tell there
            if rows and (measures or part == "rows"):
                notes = (say("validate.groups.note_withheld"),) if part == "rows" else ()
                yield _table(
                    shown,
                    f"table-centres-{part}-{number}",
                    say(f"validate.groups.{caption}", name=name),
                    head,
                    (measures, rows, notes),
                )
        yield figure(shown, f"centres_{number}", say("validate.figure.centres", name=name))
    yield _heterogeneity(shown)


def _measures_of(shown: Shown, lists: Sequence[str], name: str) -> list[tuple[str, str]]:
    """Name and label of every measure that a score has in any group."""
    found: dict[str, str] = {}
    for rows in lists:
        for place in shown.under(rows):
            for score in shown.at(f"{place}.scores") or ():
                if score.get("score") == name:
                    for measure in score.get("measures") or ():
                        label = measure_name(shown.say, measure)
                        found.setdefault(str(measure.get("name")), label)
    return list(found.items())


def _group_rows(
    shown: Shown, rows: str, name: str, measures: Sequence[tuple[str, str]], *, indent: int = 1
) -> Iterator[Row]:
    for place in shown.under(rows):
        label = shown.group_cell(place)
        counts = [shown.cell(f"{place}.{count}", "count") for count in ("patients", "events")]
        withheld = shown.at(f"{place}.withheld")
        if withheld or shown.hidden(place):
            text = Cell(shown.say("validate.share.cell"))
            if withheld and not shown.sharing:
                reason = shown.named(f"{place}.withheld")
                said = shown.say("validate.groups.withheld", reason=reason)
                text = Cell(said, f"{place}.withheld")
            cells = (text, *([Cell("")] * (len(measures) - 1))) if measures else ()
        else:
            cells = tuple(_in_group(shown, place, name, measure) for measure, _ in measures)
        yield Row((label, *counts, *cells), indent=indent)


def _in_group(shown: Shown, place: str, name: str, measure: str) -> Cell:
    for score in shown.under(f"{place}.scores"):
        if shown.at(f"{score}.score") != name:
            continue
        for each in shown.under(f"{score}.measures"):
            if shown.at(f"{each}.name") == measure:
                return shown.cell(f"{each}.estimate", kind_of(measure))
    return Cell(shown.say("validate.none"))


def _table(
    shown: Shown,
    id: str,
    caption: str,
    head: str,
    parts: tuple[Sequence[tuple[str, str]], Sequence[Row], tuple[str, ...]],
) -> Table:
    measures, rows, notes = parts
    say = shown.say
    labels = [
        *(say(f"validate.groups.{name}") for name in (head, "patients", "events")),
        *(label for _, label in measures),
    ]
    widths = (1.5, 0.8, 0.7, *([1.5] * len(measures)))
    return Table(id, caption, columns(labels, widths), tuple(rows), notes)


def _heterogeneity(shown: Shown) -> Table | None:
    say, places = shown.say, shown.under("result.centres.heterogeneity")
    if not places:
        return None
    rows: list[Row] = []
    above = ""
    for place in places:
        found = shown.at(place)
        name, kind = str(found.get("score")), kind_of(str(found.get("measure")))
        if name != above:
            rows.append(heading_row(name))
            above = name
        named = {"name": found.get("measure"), "label": found.get("label")}
        rows.append(
            Row(
                (
                    Cell(measure_name(say, named)),
                    shown.cell(f"{place}.k", "count"),
                    shown.cell(f"{place}.pooled", kind),
                    _prediction(shown, place, kind),
                    shown.cell(f"{place}.tau2", "significant"),
                    shown.cell(f"{place}.i2", "percentage"),
                    shown.cell(f"{place}.q_p_value", "p"),
                ),
                indent=1,
            )
        )
    interval = shown.numbers.interval_name([f"{place}.pooled" for place in places])
    names = ("score", "k", "pooled", "prediction", "tau2", "i2", "q")
    labels = [say(f"validate.heterogeneity.{name}", ci=interval) for name in names]
    return Table(
        "table-centres-together",
        say("validate.heterogeneity.caption"),
        columns(labels, (1.4, 0.6, 1.6, 1.3, 0.7, 0.6, 0.6)),
        tuple(rows),
        (
            say("validate.heterogeneity.note"),
            *method_notes(say, [shown.at(place) for place in places]),
        ),
    )


def _prediction(shown: Shown, place: str, kind: str) -> Cell:
    low, high = f"{place}.prediction_low", f"{place}.prediction_high"
    if shown.at(low) is None or shown.at(high) is None:
        return Cell(shown.say("validate.heterogeneity.no_prediction"))
    text = shown.say(
        "validate.heterogeneity.range", low=shown.run(low, kind), high=shown.run(high, kind)
    )
    # the place of its lower limit stands for both, as they are neighbours in the result
    return Cell(text, low)
