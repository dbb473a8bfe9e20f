"""What a meta-analysis says to the items of PRISMA 2020."""

from __future__ import annotations

from cartwheel.figures.pooling.measure import MEASURES
from cartwheel.report.checklists.cohort import COHORT
from cartwheel.report.checklists.pooling_found import (
    FOUND,
    analyses,
    certainty,
    studies_by,
    test_name,
)
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading

_STUDIES = "result.studies"


def _grouping(read: Reading) -> Answer:
    """Say how studies were put together."""
    read.rows("result.analyses")
    return Answer(read.say("checklists.pool.grouping"), "result.analyses")


def _outcomes(read: Reading) -> Answer:
    """Name the outcomes of the table."""
    named = read.distinct(f"{row}.outcome" for row in read.rows(_STUDIES))
    text = read.say("checklists.pool.outcomes", outcomes=read.listed(named))
    return Answer(text, _STUDIES)


def _moderators(read: Reading) -> Answer:
    """Name the further columns of the table."""
    named = read.distinct(
        f"{row}.name"
        for study in read.rows(_STUDIES)
        for row in read.rows_or_none(f"{study}.moderators")
    )
    text = read.say("checklists.pool.moderators", columns=read.listed(named))
    return Answer(text, _STUDIES)


def _quality_tool(read: Reading) -> Answer:
    """Name the tool by which studies were judged."""
    place = "result.quality"
    tools = read.each(read.rows(place), lambda row: read.text(f"{row}.tool"))
    return Answer(read.say("checklists.pool.quality_tool", tools=tools), place)


def _measures(read: Reading) -> Answer:
    """Name the measure of each analysis."""
    place = "result.analyses"
    codes = read.distinct(f"{row}.measure" for row in read.rows(place))
    named = read.listed(
        read.marked(MEASURES[code].name) if code in MEASURES else code for code in codes
    )
    return Answer(read.say("checklists.pool.measures", measures=named), place)


def _eligible(read: Reading) -> Answer:
    """Say which rows were put together, and what was done about shared patients."""
    place = "plan.overlap"
    rule = read.text(place)
    if f"checklists.pool.overlap_{rule}" not in read.say:
        raise Absent(place)
    text = read.sentences(
        lambda: _grouping(read).text, lambda: read.say(f"checklists.pool.overlap_{rule}")
    )
    return Answer(text, place)


def _conversions(read: Reading) -> Answer:
    """Name every way from the printed numbers to effect and error."""
    used = studies_by(read, used=True)
    ways = read.distinct(f"{row}.conversion" for row in used)
    inverted = [row for row in used if read.has(f"{row}.inverted")]

    def turned() -> str:
        named = read.each(inverted, lambda row: read.text(f"{row}.study"))
        return read.say("checklists.pool.inverted", studies=named)

    listed = read.listed(read.marked(way) for way in ways)
    text = read.say("checklists.pool.conversions", ways=listed)
    return Answer(read.sentences(lambda: text, turned), _STUDIES)


def _model(read: Reading) -> Answer:
    """Name the main model of the analyses, how the spread was estimated, and the program."""
    place = "result.analyses"
    named = read.distinct(f"{row}.main.name" for row in analyses(read))
    spreads = read.distinct(f"{row}.heterogeneity.tau2.method" for row in analyses(read))

    def program() -> str:
        return read.say("checklists.pool.program", version=read.text("provenance.cartwheel"))

    text = read.say(
        "checklists.pool.model",
        models=read.listed(read.marked(name) for name in named),
        spreads=read.listed(read.marked(name) for name in spreads),
    )
    return Answer(read.sentences(lambda: text, program), place)


def _heterogeneity_planned(read: Reading) -> Answer:
    """Name the columns that the plan divides by or regresses on."""
    place = "plan.subgroups"
    read.at(place), read.at("plan.regress")
    columns = (*read.rows_or_none(place), *read.rows_or_none("plan.regress"))
    if not columns:
        return Answer(read.say("checklists.pool.nothing_explored"), place)
    named = read.each(columns, read.text)
    planned = "planned" if read.has("plan.planned") else "unplanned"
    return Answer(read.say(f"checklists.pool.explored_{planned}", columns=named), place)


def _sensitivity_planned(read: Reading) -> Answer:
    """Say by what other models, and without which studies, the result was looked at."""
    place = "result.analyses"
    rows = analyses(read)
    others = [
        f"{model}.name"
        for row in rows
        for model in read.rows_or_none(f"{row}.models")
        if not read.has(f"{model}.main")
    ]

    def models() -> str:
        listed = read.listed(read.marked(name) for name in read.distinct(others))
        return read.say("checklists.pool.other_models", models=listed)

    def one_out() -> str:
        if not any(read.rows_or_none(f"{row}.leave_one_out") for row in rows):
            raise Absent(place)
        return read.say("checklists.pool.leave_one_out")

    return Answer(read.sentences(models, one_out), place)


def _small_studies_planned(read: Reading) -> Answer:
    """Say which tests of funnel asymmetry were made, or why none was."""
    place = "result.analyses"
    rows = analyses(read)
    tests = [
        f"{test}.name" for row in rows for test in read.rows_or_none(f"{row}.small_studies.tests")
    ]
    if tests:
        listed = read.listed(test_name(read, name) for name in read.distinct(tests))
        return Answer(read.say("checklists.pool.small_studies", tests=listed), place)
    reasons = read.each(rows, lambda row: _named(read, row, f"{row}.small_studies.reason"))
    return Answer(read.say("checklists.pool.no_small_studies", reasons=reasons), place)


def _named(read: Reading, row: str, place: str) -> str:
    return read.say(
        "checklists.pool.named", name=read.text(f"{row}.name"), text=read.english(place)
    )


def _certainty_planned(read: Reading) -> Answer:
    """Say from where GRADE started."""
    place = "result.grades"
    starts = dict.fromkeys(
        (read.text(f"{row}.start"), read.text(f"{row}.start_source")) for row in read.rows(place)
    )
    listed = read.listed(f"{certainty(read, start)} ({source})" for start, source in starts)
    return Answer(read.say("checklists.pool.certainty", starts=listed), place)


def _software(read: Reading) -> Answer:
    """Name what lies in the result: rows with their sums, the program, the script in R."""
    text = COHORT["software"](read).text

    def script() -> str:
        read.text("result.r_script")
        return read.say("checklists.pool.script")

    return Answer(read.sentences(lambda: text, script), "provenance")


POOLING: dict[str, Filling] = {
    **FOUND,
    "grouping": _grouping,
    "outcomes": _outcomes,
    "moderators": _moderators,
    "quality_tool": _quality_tool,
    "measures": _measures,
    "eligible": _eligible,
    "conversions": _conversions,
    "model": _model,
    "heterogeneity_planned": _heterogeneity_planned,
    "sensitivity_planned": _sensitivity_planned,
    "small_studies_planned": _small_studies_planned,
    "certainty_planned": _certainty_planned,
    "software": _software,
    "limitations": COHORT["limitations"],
}
