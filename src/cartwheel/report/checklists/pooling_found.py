"""What a meta-analysis found, for the items of PRISMA 2020 that ask for results."""

from __future__ import annotations

from collections.abc import Iterable

from cartwheel.figures.pooling.measure import MEASURES
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading

_ANALYSES = "result.analyses"
_STUDIES = "result.studies"


def analyses(read: Reading) -> tuple[str, ...]:
    """Name the places of the analyses.

    Parameters
    ----------
    read : Reading
        The result.

    Returns
    -------
    tuple of str
    """
    return read.rows(_ANALYSES)


def studies_by(read: Reading, *, used: bool) -> tuple[str, ...]:
    """Name the places of the rows that were pooled, or of those that were not.

    Parameters
    ----------
    read : Reading
        The result.
    used : bool
        Which of them.

    Returns
    -------
    tuple of str
    """
    return tuple(row for row in read.rows(_STUDIES) if read.has(f"{row}.used") is used)


def test_name(read: Reading, name: str) -> str:
    """Write the name of a test of funnel asymmetry in words, where there are some.

    Parameters
    ----------
    read : Reading
        The result.
    name : str
        As the result has it.

    Returns
    -------
    str
    """
    known = f"checklists.small_study_test.{name}"
    return read.say(known) if known in read.say else read.marked(name)


def _rule(read: Reading, analysis: str) -> str:
    measure = read.text(f"{analysis}.measure")
    return MEASURES[measure].kind if measure in MEASURES else "two"


def _flow(read: Reading) -> Answer:
    """Follow the records through the boxes of the flow; without them the rows that were read."""
    place = "result.flow.boxes"
    if read.has("result.flow"):
        said = read.each(read.rows(place), lambda row: _box(read, row))
        return Answer(read.say("checklists.pool.flow", boxes=said), place)
    place = "result.sources"

    def source(row: str) -> str:
        return read.say(
            "checklists.pool.source",
            file=read.text(f"{row}.name"),
            rows=read.number("count", f"{row}.rows"),
        )

    said = read.each(read.rows(place), source)
    return Answer(read.say("checklists.pool.no_flow", sources=said), place)


def _box(read: Reading, row: str) -> str:
    return read.say(
        "checklists.pool.box",
        label=read.english(f"{row}.label"),
        count=read.number("count", f"{row}.count"),
    )


def _unused(read: Reading) -> Answer:
    """Name the rows that were read and not pooled, and why."""
    rows = studies_by(read, used=False)
    out = read.rows_or_none("result.left_out")

    def reason(row: str) -> str:
        return read.say(
            "checklists.pool.named",
            name=read.text(f"{row}.study"),
            text=read.english(f"{row}.reason"),
        )

    if not rows and not out:
        raise Absent(_STUDIES)
    said = read.each((*rows, *out), reason)
    place = _STUDIES if rows else "result.left_out"
    return Answer(read.say("checklists.pool.unused", rows=said), place)


def _studies(read: Reading) -> Answer:
    """Name each study with what was reported, and its source."""

    def study(row: str) -> str:
        source = f" ({read.text(f'{row}.source')})" if read.has(f"{row}.source") else ""
        return read.say(
            "checklists.pool.study",
            name=read.text(f"{row}.study"),
            source=source,
            outcome=read.distinct((f"{row}.outcome", f"{row}.group"))[0],
        )

    said = read.each(studies_by(read, used=True), study)
    return Answer(read.say("checklists.pool.studies", rows=said), _STUDIES)


def _quality_found(read: Reading) -> Answer:
    """Give the overall judgement of each study."""
    place = "result.quality"

    def study(row: str) -> str:
        return read.say(
            "checklists.pool.named",
            name=read.text(f"{row}.study"),
            text=read.english(f"{row}.overall"),
        )

    def tool(row: str) -> str:
        judged = read.each(read.rows(f"{row}.studies"), study)
        return read.say("checklists.pool.judged", tool=read.text(f"{row}.tool"), studies=judged)

    return Answer(read.each(read.rows(place), tool), place)


def _single(read: Reading) -> Answer:
    """Give each study's effect with its interval, as it entered its analysis."""
    rows = [
        (analysis, row)
        for analysis in analyses(read)
        for row in read.rows_or_none(f"{analysis}.studies")
    ]
    rules = {row: _rule(read, analysis) for analysis, row in rows}
    names = {row: read.text(f"{analysis}.name") for analysis, row in rows}

    def effect(row: str) -> str:
        return read.say(
            "checklists.pool.single",
            name=read.text(f"{row}.study"),
            analysis=names[row],
            estimate=read.interval(rules[row], f"{row}.estimate"),
        )

    return Answer(read.each(rules, effect), _ANALYSES)


def _contributing(read: Reading) -> Answer:
    """Count studies and patients of each analysis."""

    def one(row: str) -> str:
        fields = {"name": read.text(f"{row}.name"), "k": read.number("count", f"{row}.k")}
        try:
            patients = read.number("count", f"{row}.patients")
        except Absent:
            return read.say("checklists.pool.contributing", **fields)
        return read.say("checklists.pool.contributing_patients", patients=patients, **fields)

    return Answer(read.each(analyses(read), one), _ANALYSES)


def _pooled(read: Reading) -> Answer:
    """Give each pooled effect with interval, prediction interval and spread."""

    def one(row: str) -> str:
        rule = _rule(read, row)
        ends = (f"{row}.main.prediction_low", f"{row}.main.prediction_high")
        return read.say(
            "checklists.pool.pooled",
            name=read.text(f"{row}.name"),
            k=read.number("count", f"{row}.k"),
            effect=read.interval(rule, f"{row}.main.pooled"),
            prediction=_range(read, rule, ends),
            tau2=read.interval("significant", f"{row}.heterogeneity.tau2"),
            i2=read.interval("percentage", f"{row}.heterogeneity.i2"),
        )

    return Answer(read.each(analyses(read), one, whole=True), _ANALYSES)


def _range(read: Reading, rule: str, ends: tuple[str, str]) -> str:
    try:
        low, high = (read.number(rule, end) for end in ends)
    except Absent:
        return read.say("shared.not_estimable")
    return read.say("checklists.range", low=low, high=high)


def _heterogeneity_found(read: Reading) -> Answer:
    """Give the tests between subgroups and of regressions; none where none was asked."""
    rows = analyses(read)
    groups = [group for row in rows for group in read.rows_or_none(f"{row}.subgroups")]
    lines = [line for row in rows for line in read.rows_or_none(f"{row}.regressions")]
    if not groups and not lines:
        for row in rows:
            read.at(f"{row}.subgroups")
            read.at(f"{row}.regressions")
        return Answer(read.say("checklists.reason.nothing_explored"), "")

    def group(row: str) -> str:
        return read.say(
            "checklists.pool.subgroups",
            column=read.text(f"{row}.column"),
            p=read.p(f"{row}.p_value"),
        )

    def line(row: str) -> str:
        columns = read.each(read.rows(f"{row}.columns"), read.text)
        return read.say(
            "checklists.pool.regression", columns=columns, p=read.p(f"{row}.omnibus_p_value")
        )

    text = read.sentences(lambda: read.each(groups, group), lambda: read.each(lines, line))
    return Answer(text, _ANALYSES)


def _sensitivity_found(read: Reading) -> Answer:
    """Give the smallest and the largest pooled effect of other models, and without one study."""

    def one(row: str) -> str:
        rule = _rule(read, row)
        name = read.text(f"{row}.name")
        parts = [
            (f"{row}.models", "pooled", "checklists.pool.under_models"),
            (f"{row}.leave_one_out", "estimate", "checklists.pool.without_one"),
        ]
        said = [
            read.say(key, range=_spread(read, rule, read.rows_or_none(place), field))
            for place, field, key in parts
            if read.rows_or_none(place)
        ]
        if not said:
            raise Absent(row)
        text = read.say("checklists.comma").join(said)
        return read.say("checklists.pool.named", name=name, text=text)

    return Answer(read.each(analyses(read), one, whole=True), _ANALYSES)


def _spread(read: Reading, rule: str, rows: Iterable[str], field: str) -> str:
    found: dict[str, float] = {}
    for row in rows:
        place = f"{row}.{field}.value"
        try:
            read.number(rule, place)
        except Absent:
            continue
        found[place] = float(read.at(place))
    if not found:
        raise Absent(field)
    least, most = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
    return _range(read, rule, (least, most))


def _small_studies_found(read: Reading) -> Answer:
    """Give every test of funnel asymmetry, or say that there were too few studies."""

    def test(row: str) -> str:
        return read.say(
            "checklists.pool.test",
            test=test_name(read, read.text(f"{row}.name")),
            p=read.p(f"{row}.p_value"),
        )

    def one(row: str) -> str:
        place = f"{row}.small_studies"
        if read.rows_or_none(f"{place}.tests"):
            text = read.each(read.rows(f"{place}.tests"), test)
        else:
            text = read.english(f"{place}.reason")
        return read.say("checklists.pool.named", name=read.text(f"{row}.name"), text=text)

    return Answer(read.each(analyses(read), one, whole=True), _ANALYSES)


def certainty(read: Reading, level: str) -> str:
    """Name a level of certainty of GRADE; one the catalogue does not know as the result has it.

    Parameters
    ----------
    read : Reading
        The result.
    level : str
        Such as ``very_low``.

    Returns
    -------
    str
    """
    key = f"pool.certainty.{level}"
    return read.say(key) if key in read.say else read.marked(level)


def _certainty_found(read: Reading) -> Answer:
    """Give the certainty of each analysis."""
    place = "result.grades"

    def grade(row: str) -> str:
        return read.say(
            "checklists.pool.named",
            name=read.text(f"{row}.analysis"),
            text=certainty(read, read.text(f"{row}.certainty")),
        )

    return Answer(read.each(read.rows(place), grade), place)


FOUND: dict[str, Filling] = {
    "flow": _flow,
    "unused": _unused,
    "studies": _studies,
    "quality_found": _quality_found,
    "single": _single,
    "contributing": _contributing,
    "pooled": _pooled,
    "heterogeneity_found": _heterogeneity_found,
    "sensitivity_found": _sensitivity_found,
    "small_studies_found": _small_studies_found,
    "certainty_found": _certainty_found,
}
