"""What was done beside: missing inputs imputed, scores updated, and what the sample can show."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Block, Cell, Heading, Row, Run, Table
from cartwheel.report.paper.tables import columns, heading_row, method_notes, row
from cartwheel.report.paper.validate_figures import figure
from cartwheel.report.paper.validate_shown import Shown, joined, kind_of, measure_name

_HASH_SHOWN = 19


def imputation_blocks(shown: Shown) -> Iterator[Block | None]:
    """Show complete cases beside imputed.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say, place = shown.say, "result.imputation"
    if not shown.at(place):
        return
    yield Heading(say("validate.heading.imputation"), 2, "imputation")
    if not shown.at(f"{place}.inputs"):
        yield shown.paragraph("imputation.none_missing")
        return
    names = {"complete": "complete_patients", "patients": "patients", "events": "events",
             "complete_events": "complete_events"}  # fmt: skip
    counts = {name: shown.run(f"{place}.{at}", "count") for name, at in names.items()}
    failed = shown.at(f"{place}.failed")
    lost = shown.run(f"{place}.failed", "count")
    yield joined(
        say.runs("validate.imputation.text", **counts),
        say.runs("validate.imputation.failed", failed=lost) if failed else (),
        say.runs("validate.imputation.assumption"),
    )
    yield _imputed_inputs(shown, f"{place}.inputs")
    yield _imputed_measures(shown, f"{place}.measures")


def _imputed_inputs(shown: Shown, inputs: str) -> Table:
    say = shown.say
    rows = tuple(
        row(
            shown.words(f"{place}.label"),
            shown.cell(f"{place}.missing", "count"),
            shown.cell(f"{place}.percent", "percentage"),
            shown.cell(f"{place}.scale_reduction", "two", "validate.none"),
        )
        for place in shown.under(inputs)
    )
    names = ("input", "missing", "percent", "scale_reduction")
    return Table(
        "table-imputed-inputs",
        say("validate.imputation.caption_inputs"),
        columns([say(f"validate.imputation.{name}") for name in names]),
        rows,
        (say("validate.imputation.note_inputs"),),
    )


def _imputed_measures(shown: Shown, measures: str) -> Table | None:
    say, rows, above = shown.say, list[Row](), ""
    places = shown.under(measures)
    for place in places:
        found = shown.at(place)
        name, kind = str(found.get("score")), kind_of(str(found.get("name")))
        if name != above:
            rows.append(heading_row(name))
            above = name
        rows.append(
            Row(
                (
                    Cell(measure_name(say, found)),
                    shown.cell(f"{place}.complete", kind),
                    shown.cell(f"{place}.imputed", kind),
                    shown.cell(f"{place}.monte_carlo_error", "significant"),
                    shown.cell(f"{place}.missing_information", "percent", "validate.none"),
                ),
                indent=1,
            )
        )
    if not rows:
        return None
    names = ("measure", "complete", "imputed", "error", "information")
    return Table(
        "table-imputed",
        say("validate.imputation.caption"),
        columns([say(f"validate.imputation.{name}") for name in names], (1.4, 1.6, 1.6, 0.9, 0.9)),
        tuple(rows),
        method_notes(say, [shown.at(f"{place}.imputed") for place in places]),
    )


def ladder_blocks(shown: Shown) -> Iterator[Block | None]:
    """Show the updating ladder of each score, apparent beside corrected.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say = shown.say
    for number, place in enumerate(shown.under("result.updates"), 1):
        if shown.hidden(place):
            continue
        name = str(shown.at(f"{place}.score"))
        yield Heading(say("validate.heading.ladder", name=name), 2, f"updating-{number}")
        yield joined(*_chosen(shown, place))
        yield _rungs(shown, place, number)
        yield _terms(shown, place, number)
        yield figure(shown, f"ladder_{number}", say("validate.figure.ladder", name=name))


def _chosen(shown: Shown, place: str) -> Iterator[tuple[Run, ...]]:
    say = shown.say
    tests = [
        say.runs(
            say.of_count("validate.ladder.test", shown.at(f"{test}.df")),
            rung=_rung(shown, f"{test}.against"),
            statistic=shown.run(f"{test}.statistic", "significant"),
            df=shown.run(f"{test}.df", "exact"),
            p=shown.p(f"{test}.p_value"),
        )
        for test in shown.under(f"{place}.tests")
    ]
    if tests:
        alpha = shown.run(f"{place}.alpha", "exact")
        yield say.runs("validate.ladder.tests", alpha=alpha, tests=say.listed(tests))
    if shown.at(f"{place}.chosen"):
        yield say.runs("validate.results.chosen", rung=_rung(shown, f"{place}.chosen"))
    shares = [
        say.runs(
            "validate.results.share_of",
            rung=_rung(shown, f"{each}[0]"),
            share=shown.run(f"{each}[1]", "percent"),
        )
        for each in shown.under(f"{place}.chosen_share")
    ]
    if shares:
        yield say.runs("validate.results.chosen_share", shares=say.listed(shares))
    if not shown.at(f"{place}.new_id"):
        yield say.runs("validate.results.kept")
        return
    digest = str(shown.at(f"{place}.new_sha256") or "")[:_HASH_SHOWN]
    yield say.runs(
        "validate.results.new_score",
        id=shown.named(f"{place}.new_id"),
        version=shown.named(f"{place}.new_version"),
        hash=Run(digest, source=f"{place}.new_sha256"),
    )


def _rung(shown: Shown, place: str) -> str:
    name = str(shown.at(place))
    key = f"validate.rung.{name.replace(' ', '_').replace('-', '_')}"
    return shown.say(key) if key in shown.say else name


def _rungs(shown: Shown, place: str, number: int) -> Table | None:
    say, rows, measured = shown.say, list[Row](), list[str]()
    for rung in shown.under(f"{place}.rungs"):
        rows.append(_rung_heading(shown, rung))
        measures = shown.under(f"{rung}.measures")
        measured += measures
        for measure in measures:
            kind = kind_of(str(shown.at(f"{measure}.name")))
            rows.append(
                Row(
                    (
                        Cell(measure_name(say, shown.at(measure))),
                        shown.cell(f"{measure}.apparent", kind),
                        shown.cell(f"{measure}.corrected", kind, "validate.ladder.not_corrected"),
                    ),
                    indent=1,
                )
            )
    if not measured:
        return None
    interval = shown.numbers.interval_name([f"{each}.apparent" for each in measured])
    names = ("rung", "apparent", "corrected")
    labels = [say(f"validate.ladder.{name}", ci=interval) for name in names]
    return Table(
        f"table-ladder-{number}",
        say("validate.ladder.caption", name=str(shown.at(f"{place}.score"))),
        columns(labels, (1.4, 1.6, 1.6)),
        tuple(rows),
        (
            say("validate.ladder.note"),
            *method_notes(say, [shown.at(f"{each}.corrected") for each in measured]),
        ),
    )


def _rung_heading(shown: Shown, rung: str) -> Row:
    name = _rung(shown, f"{rung}.name")
    if shown.at(f"{rung}.aic") is None:
        why = shown.numbers.quoted(f"{rung}.text")
        text = shown.say("validate.ladder.parameters_plain", rung=name, why=why)
        return heading_row(text, f"{rung}.text" if why else "")
    return heading_row(
        shown.say(
            shown.say.of_count("validate.ladder.parameters", shown.at(f"{rung}.parameters")),
            rung=name,
            parameters=shown.run(f"{rung}.parameters", "count"),
            aic=shown.run(f"{rung}.aic", "percentage"),
        )
    )


def _terms(shown: Shown, place: str, number: int) -> Table | None:
    say, rows = shown.say, list[Row]()
    for rung in shown.under(f"{place}.rungs"):
        terms = shown.under(f"{rung}.terms")
        if terms:
            rows.append(heading_row(_rung(shown, f"{rung}.name")))
        rows += [
            Row(
                (
                    shown.words(f"{term}.term"),
                    shown.cell(f"{term}.coefficient", "significant"),
                    shown.cell(f"{term}.std_error", "significant", "validate.none"),
                ),
                indent=1,
            )
            for term in terms
        ]
    if not rows:
        return None
    labels = [say(f"validate.ladder.{name}") for name in ("term", "coefficient", "std_error")]
    return Table(
        f"table-ladder-terms-{number}",
        say("validate.ladder.caption_terms", name=str(shown.at(f"{place}.score"))),
        columns(labels),
        tuple(rows),
        (say("validate.ladder.note_terms"),),
    )


def size_blocks(shown: Shown) -> Iterator[Block | None]:
    """Show what the sample can and cannot tell of each score.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block or None
    """
    say, places = shown.say, shown.under("result.sizes")
    if not places:
        return
    yield Heading(say("validate.heading.precision"), 2, "precision")
    for number, place in enumerate(places, 1):
        rows = tuple(
            row(
                _criterion(shown, size),
                shown.cell(f"{size}.width_here", "two"),
                shown.cell(f"{size}.width_wanted", "two"),
                shown.cell(f"{size}.patients_needed", "count"),
                shown.cell(f"{size}.events_needed", "count"),
            )
            for size in shown.under(f"{place}.rows")
        )
        names = ("criterion", "here", "wanted", "patients", "events")
        counts = {name: shown.run(f"{place}.{name}", "count") for name in ("patients", "events")}
        yield Table(
            f"table-size-{number}",
            say("validate.size.caption", name=str(shown.at(f"{place}.score")), **counts),
            columns([say(f"validate.size.{name}") for name in names]),
            rows,
            (say("validate.size.note"),),
        )


def _criterion(shown: Shown, place: str) -> Cell:
    key = f"validate.criterion.{shown.at(f'{place}.criterion')}"
    # the label of net benefit says at which threshold
    if key not in shown.say or shown.at(f"{place}.criterion") == "net_benefit":
        return shown.words(f"{place}.label")
    return Cell(shown.say(key))
