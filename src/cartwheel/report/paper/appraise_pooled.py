"""What a published pooled effect implies: standard error, heterogeneity, prediction, agreement."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.report.document.blocks import Block, Bullets, Caution, Cell, Heading, Row, Run, Table
from cartwheel.report.paper.numbers import Numbers
from cartwheel.report.paper.pool_effects import Effects
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import joined
from cartwheel.report.places import places_under

# name of the quantity, its place below the appraisal, rule of writing
_NUMBERS = (
    ("std_error", "std_error", "significant"),
    ("rounding", "std_error_low", "significant"),
    ("rounding_high", "std_error_high", "significant"),
    ("z", "z", "two"),
    ("p_value", "p_value", "p"),
    ("total_weight", "total_weight", "significant"),
    ("equivalent_events", "equivalent_events", "count"),
    ("n", "n", "count"),
)
_HETEROGENEITY = (
    ("i2", "heterogeneity.i2", "percentage"),
    ("q", "heterogeneity.q", "significant"),
    ("q_df", "heterogeneity.q_df", "exact"),
    ("q_p", "heterogeneity.q_p_value_low", "p"),
    ("q_p_high", "heterogeneity.q_p_value_high", "p"),
    ("tau2", "heterogeneity.tau2", "significant"),
    ("tau2_high", "heterogeneity.tau2_high", "significant"),
)
_INTERVALS = ("knapp_hartung", "prediction", "prediction_wide")


def label_of(numbers: Numbers, place: str) -> str:
    """Name an appraised result, with its outcome where that was said.

    Parameters
    ----------
    numbers : Numbers
        Of the appraisal.
    place : str
        Of the pooled appraisal.

    Returns
    -------
    str
    """
    label, outcome = (str(numbers.at(f"{place}.{name}") or "") for name in ("label", "outcome"))
    key = "pooled_of" if outcome else "pooled"
    return numbers.say(f"appraise.heading.{key}", label=label, outcome=outcome)


def scale_of(numbers: Numbers, place: str) -> str:
    """Name the scale of the analysis.

    Parameters
    ----------
    numbers : Numbers
        Of the appraisal.
    place : str
        Of the pooled appraisal.

    Returns
    -------
    str
    """
    word = str(numbers.at(f"{place}.scale") or "")
    key = f"appraise.scale.{word}"
    return numbers.say(key) if key in numbers.say else word


def pooled_blocks(numbers: Numbers, place: str, number: int) -> Iterator[Block]:
    """Show what follows from one printed effect.

    Parameters
    ----------
    numbers : Numbers
        Of the appraisal.
    place : str
        Of the pooled appraisal.
    number : int
        From 1, for the ids.

    Yields
    ------
    Block
    """
    say = numbers.say
    label = label_of(numbers, place)
    yield Heading(label, 2, f"pooled-{number}")
    known = numbers.at(f"{place}.k") is not None
    source = numbers.named(f"{place}.source")
    yield joined(
        say.runs(
            f"appraise.pooled.text{'_k' if known else ''}",
            reported=numbers.named(f"{place}.reported"),
            k=numbers.run(f"{place}.k", "count"),
        ),
        say.runs("appraise.pooled.source", source=source) if source.text else (),
    )
    yield from cautions(numbers, f"{place}.notes")
    yield _implied(numbers, place, label, number)
    table = _checks(numbers, place, label, number)
    if table is not None:
        yield table
    yield from lists(numbers, place, number)


def _implied(numbers: Numbers, place: str, label: str, number: int) -> Table:
    say = numbers.say
    effects = Effects(numbers, str(numbers.at(f"{place}.measure")))
    ci = numbers.interval_name([f"{place}.estimate"])
    scale = scale_of(numbers, place)
    rows: list[Row] = [
        row(say("appraise.pooled.estimate", ci=ci), effects.cell(f"{place}.estimate"))
    ]
    level = numbers.interval_name([f"{place}.heterogeneity.i2"])
    for name, part, kind in (*_NUMBERS, *_HETEROGENEITY):
        at = f"{place}.{part}"
        if numbers.at(at) is not None:
            words = say(f"appraise.pooled.{name}", scale=scale, ci=level)
            rows.append(row(words, numbers.cell(at, kind)))
    for name in _INTERVALS:
        at = f"{place}.{name}"
        if numbers.at(at) is not None:
            ends = {end: effects.text(numbers.at(f"{at}.{end}")) for end in ("low", "high")}
            text = say("appraise.pooled.range", **ends)
            rows.append(row(say(f"appraise.pooled.{name}"), Cell(text, at)))
    notes = []
    for value in places_under(numbers.document, f"{place}.e_values"):
        for name, part in (("e_value", "point"), ("e_limit", "limit")):
            rows.append(
                row(say(f"appraise.pooled.{name}"), numbers.cell(f"{value}.{part}", "ratio"))
            )
        method = numbers.quoted(f"{value}.method")
        notes.append(say("appraise.pooled.e_method", method=method))
    return Table(
        f"table-implied-{number}",
        say("appraise.pooled.caption", label=label),
        columns([say("appraise.pooled.what"), say("appraise.pooled.value")], (2.4, 1.4)),
        tuple(rows),
        tuple(notes),
    )


def _checks(numbers: Numbers, place: str, label: str, number: int) -> Table | None:
    say, rows = numbers.say, []
    for at in places_under(numbers.document, f"{place}.checks"):
        code = str(numbers.at(f"{at}.code"))
        key = f"appraise.check.{code}"
        question = say(key) if key in say else say("appraise.check.other", code=code)
        agrees = {True: "yes", False: "no"}.get(numbers.at(f"{at}.agrees"), "open")
        said = Cell(say(f"appraise.{agrees}"), f"{at}.agrees" if agrees != "open" else "")
        rows.append(row(question, said, numbers.words(f"{at}.text")))
    if not rows:
        return None
    labels = [say(f"appraise.checks.{name}") for name in ("check", "agrees", "found")]
    return Table(
        f"table-checks-{number}",
        say("appraise.checks.caption", label=label),
        columns(labels, (1.6, 0.6, 2)),
        tuple(rows),
        numbers.english_note(),
    )


def cautions(numbers: Numbers, place: str) -> Iterator[Block]:
    """Tell notes: cautions as such, the others in a list.

    Parameters
    ----------
    numbers : Numbers
        Of the appraisal.
    place : str
        Of the notes.

    Yields
    ------
    Block
    """
    others: list[tuple[Run, ...]] = []
    for note in places_under(numbers.document, place):
        said = numbers.quoted(f"{note}.text")
        if numbers.at(f"{note}.severity") == "caution":
            yield Caution("caution", said)
        else:
            others.append(said)
    if others:
        yield Bullets(tuple(others))


def lists(numbers: Numbers, place: str, number: int) -> Iterator[Block]:
    """Tell what the implied numbers rest on, and what cannot be known.

    Parameters
    ----------
    numbers : Numbers
        Of the appraisal.
    place : str
        Of the appraised result or model.
    number : int
        For the ids; 0 for the model.

    Yields
    ------
    Block
    """
    for part in ("assumptions", "unknown"):
        told = [numbers.quoted(at) for at in places_under(numbers.document, f"{place}.{part}")]
        if told:
            yield Heading(numbers.say(f"appraise.heading.{part}"), 3, f"{part}-{number}")
            yield Bullets(tuple(told))
