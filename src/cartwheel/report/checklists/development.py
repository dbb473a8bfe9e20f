"""What a development says to the items of a checklist."""

from __future__ import annotations

from cartwheel.figures.numbers import cut
from cartwheel.report.checklists.cohort import COHORT, follow_up_sentence, outcome_sentence
from cartwheel.report.checklists.development_found import FOUND
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading

_MEASURES = "result.performance.measures"
_UNCUT = "result.uncut.measures"


def _method(read: Reading) -> str:
    method = read.text("result.method")
    if method not in ("index", "points"):
        raise Absent("result.method")
    return method


def _columns(read: Reading, places: tuple[str, ...]) -> str:
    return read.each(places, lambda row: _column(read, row))


def _column(read: Reading, row: str) -> str:
    label = read.text(f"{row}.label")
    try:
        day = read.number("exact", f"{row}.day")
    except Absent:
        return label
    said = read.say("checklists.develop.day", day=day)
    # the label of a column that is named by the day already holds it
    if label.endswith(said):
        return label
    return read.say("checklists.develop.column_day", label=label, day=said)


def _objectives(read: Reading) -> Answer:
    """Give the question, and that a score is developed."""
    place = "result.question"
    text = read.say("checklists.develop.objectives", question=read.english(place))
    return Answer(text, place)


def _marker(read: Reading) -> Answer:
    """Give the question, and the directions that were stated beforehand."""
    place = "plan.predictors"
    stated = [row for row in read.rows(place) if read.has(f"{row}.direction")]

    def direction(row: str) -> str:
        which = read.text(f"{row}.direction")
        if which not in ("high", "low"):
            raise Absent(f"{row}.direction")
        column = _label(read, read.text(f"{row}.column"))
        return read.say(f"checklists.develop.adverse_{which}", label=column)

    def directions() -> str:
        said = read.each(stated, direction)
        return read.say("checklists.develop.directions", directions=said)

    return Answer(
        read.sentences(lambda: read.english("result.question"), directions), "result.question"
    )


def _label(read: Reading, column: str) -> str:
    for row in read.rows_or_none("result.columns"):
        if read.text(f"{row}.column") == column:
            return read.text(f"{row}.label")
    return column


def _preparation(read: Reading) -> Answer:
    """Say what reading did to the values of each column."""
    place = "result.columns"
    changed = [row for row in read.rows(place) if read.has(f"{row}.rule")]
    if not changed:
        return Answer(read.say("checklists.develop.nothing_changed"), place)

    def rule(row: str) -> str:
        return read.say(
            "checklists.develop.rule",
            label=read.text(f"{row}.label"),
            rule=read.english(f"{row}.rule"),
        )

    return Answer(read.say("checklists.develop.changed", rules=read.each(changed, rule)), place)


def _candidates(read: Reading) -> Answer:
    """Name the predictors that the plan tried, and the columns adjusted for."""
    place = "plan.predictors"

    def tried() -> str:
        named = read.each(
            read.rows(place), lambda row: _label(read, read.text(f"{row}.column")), whole=True
        )
        return read.say("checklists.develop.candidates", predictors=named)

    def adjusted() -> str:
        named = read.each(read.rows("plan.adjust"), lambda row: _label(read, read.text(row)))
        return read.say("checklists.develop.adjust", columns=named)

    return Answer(read.sentences(tried, adjusted), place)


def _predictors(read: Reading) -> Answer:
    """Name every column used, with the day of measurement where it is known."""
    place = "result.columns"
    named = _columns(read, read.rows(place))
    return Answer(read.say("checklists.develop.predictors", columns=named), place)


def _variables(read: Reading) -> Answer:
    """Name outcome, predictors and adjustment columns."""
    outcome = outcome_sentence(read)
    named = _columns(read, read.rows("result.columns"))
    columns = read.say("checklists.develop.predictors", columns=named)
    return Answer(read.say.together((outcome, columns)), "result.columns")


def _sample_size(read: Reading) -> Answer:
    """Say what the events can carry, and what the referee finds too few."""
    place = "result.sample_size"

    def too_few(row: str) -> str:
        if read.text(f"{row}.code") != "riley_criteria":
            raise Absent(row)
        read.text(f"{row}.evidence")
        return read.say(
            "checklists.develop.too_few",
            name=read.text(f"{row}.code"),
            limitations=read.say("shared.heading.limitations"),
        )

    def shrinkage() -> str:
        value = read.number("two", f"{place}.expected_shrinkage")
        return read.say("checklists.develop.shrinkage", shrinkage=value)

    text = read.sentences(
        lambda: read.english(f"{place}.verdict"),
        shrinkage,
        lambda: read.each(read.rows("referee.findings"), too_few),
    )
    return Answer(text, place)


def _missing(read: Reading) -> Answer:
    """Say how missing predictors were met."""
    place = "result.imputation"
    if not read.has(place):
        if read.text("plan.missing") != "complete":
            raise Absent("plan.missing")
        text = read.sentences(
            lambda: read.say("checklists.develop.complete_cases"),
            lambda: _missing_counts(read).text,
        )
        return Answer(text, "plan.missing")
    text = read.say(
        "checklists.develop.imputed",
        copies=read.number("count", f"{place}.imputations"),
        iterations=read.number("count", f"{place}.iterations"),
        patients=read.number("count", f"{place}.patients"),
        percent=read.number("percentage", f"{place}.percent"),
    )
    return Answer(text, place)


def _missing_counts(read: Reading) -> Answer:
    """Count the missing values of each column."""
    place = "result.columns"
    rows = [row for row in read.rows(place) if read.has(f"{row}.missing")]
    if not rows:
        for row in read.rows(place):
            read.number("count", f"{row}.missing")
        return Answer(read.say("checklists.cohort.none_missing"), place)

    def count(row: str) -> str:
        return read.say(
            "checklists.cohort.missing_of",
            label=read.text(f"{row}.label"),
            missing=read.number("count", f"{row}.missing"),
        )

    return Answer(read.say("checklists.cohort.missing", counts=read.each(rows, count)), place)


def _data_use(read: Reading) -> Answer:
    """Say that all patients developed the score, and resamples of them tested it."""
    place = "result.performance"
    text = read.say(
        "checklists.develop.data_use",
        patients=read.number("count", "result.outcome.patients"),
        resamples=read.number("count", f"{place}.resamples"),
    )
    return Answer(text, place)


def _handling(read: Reading) -> Answer:
    """Say how numbers entered: each cut-off and how it was chosen, or the ranges with points."""
    if read.rows_or_none("result.cutoffs"):
        place = "result.cutoffs"
        cuts = read.each(read.rows(place), lambda row: _cutoff(read, row))
        text = read.say("checklists.develop.cutoffs", cuts=cuts)
        return Answer(read.sentences(lambda: text, lambda: _uncut(read)), place)
    place = "result.score_card"
    card = read.each(read.rows(place), lambda row: _card(read, row))
    text = read.say("checklists.develop.ranges", card=card)
    return Answer(read.sentences(lambda: text, lambda: _uncut(read)), place)


def _cutoff(read: Reading, row: str) -> str:
    read.number("exact", f"{row}.cut")
    low, high = (_end(read, f"{row}.{end}") for end in ("gap_low", "gap_high"))
    method = read.text(f"{row}.method")
    known = f"checklists.cut_method.{method}"
    return read.say(
        "checklists.develop.cutoff",
        label=read.text(f"{row}.label"),
        rule=read.text(f"{row}.rule"),
        cut=cut(read.at(f"{row}.cut"), low, high),
        unit=f" {read.text(f'{row}.unit')}" if read.has(f"{row}.unit") else "",
        method=read.say(known) if known in read.say else method,
    )


def _end(read: Reading, place: str) -> float | None:
    try:
        read.number("exact", place)
    except Absent:
        return None
    return float(read.at(place))


def _card(read: Reading, row: str) -> str:
    return read.say(
        "checklists.develop.card",
        label=read.text(f"{row}.label"),
        range=read.text(f"{row}.range"),
        points=read.number("exact", f"{row}.points"),
    )


def _uncut(read: Reading) -> str:
    return read.say("checklists.develop.uncut", model=read.text("result.uncut.model"))


def _building(read: Reading) -> Answer:
    """Say what kind of model, and how it was tested inside."""
    place = "result.performance"

    def model() -> str:
        return read.say(f"checklists.develop.model_{_method(read)}")

    return Answer(
        read.sentences(model, lambda: read.english("result.methods[0]"), lambda: _resampled(read)),
        "result.methods" if read.has("result.methods") else place,
    )


def _resampled(read: Reading) -> str:
    place = "result.performance"
    return read.say(
        "checklists.develop.resampled",
        resamples=read.number("count", f"{place}.resamples"),
        failed=read.number("count", f"{place}.failed"),
        seed=read.number("exact", "provenance.seed"),
    )


def _measures(read: Reading) -> Answer:
    """Name the measures of performance."""
    labels = read.each(read.rows(_MEASURES), lambda row: read.text(f"{row}.label"))
    text = read.say("checklists.develop.measures", measures=labels)
    return Answer(read.sentences(lambda: text, lambda: _uncut(read)), _MEASURES)


def _no_centres(read: Reading) -> Answer:
    """Say that a development looks at no centres."""
    read.at("plan.cohort")
    return Answer(read.say("checklists.develop.no_centres"), "plan.cohort")


def _no_subgroups(key: str) -> Filling:
    """Make the answer that the plan asks for no subgroups, in the words of an item."""

    def answer(read: Reading) -> Answer:
        read.at("plan.predictors")
        return Answer(read.say(f"checklists.develop.{key}"), "plan.predictors")

    return answer


def _output(read: Reading) -> Answer:
    """Give what the score puts out: a total, its risk, its groups."""
    place = "result.risk_table"

    def row(at: str) -> str:
        return read.say(
            "checklists.develop.risk",
            total=read.number("exact", f"{at}.total"),
            risk=read.number("percent", f"{at}.predicted"),
        )

    def risks() -> str:
        said = read.each(read.rows(place), row)
        return read.say("checklists.develop.output", risks=said)

    def group(at: str) -> str:
        return read.say(
            "checklists.develop.group",
            name=read.text(f"{at}.name"),
            rule=read.english(f"{at}.rule"),
        )

    def groups() -> str:
        said = read.each(read.rows("result.groups"), group)
        return read.say("checklists.develop.groups", groups=said)

    read.rows(place)
    return Answer(read.sentences(risks, groups), place)


def _no_other_data(read: Reading) -> Answer:
    """Say that no other data were there to differ."""
    return Answer(read.say("checklists.reason.same_patients"), "")


def _not_examined(read: Reading) -> Answer:
    """Say that the performance in centres was not looked at."""
    return Answer(read.say("checklists.reason.no_centres"), "")


def _characteristics(read: Reading) -> Answer:
    """Give each row of Table 1: median and quartiles, or how many."""
    place = "result.table_one"
    rows = read.each(read.rows(place), lambda row: _summary(read, row))
    text = read.say(
        "checklists.develop.characteristics",
        patients=read.number("count", "result.outcome.patients"),
        events=read.number("count", "result.outcome.events"),
        rows=rows,
    )
    return Answer(read.sentences(lambda: text, lambda: follow_up_sentence(read)), place)


def _summary(read: Reading, row: str) -> str:
    label = read.text(f"{row}.label")
    level = f"{row}.level"
    if read.has(level):
        label = read.say("checklists.develop.level", label=label, level=read.text(level))
    place = f"{row}.overall"
    if read.has(f"{place}.median"):
        return read.say(
            "checklists.develop.median",
            label=label,
            median=read.number("significant", f"{place}.median"),
            lower=read.number("significant", f"{place}.lower_quartile"),
            upper=read.number("significant", f"{place}.upper_quartile"),
        )
    return read.say(
        "checklists.develop.share",
        label=label,
        count=read.number("count", f"{place}.count"),
        percent=read.number("percentage", f"{place}.percent"),
    )


DEVELOPMENT: dict[str, Filling] = {
    **COHORT,
    **FOUND,
    "objectives": _objectives,
    "marker": _marker,
    "preparation": _preparation,
    "candidates": _candidates,
    "predictors": _predictors,
    "variables": _variables,
    "sample_size": _sample_size,
    "missing": _missing,
    "missing_counts": _missing_counts,
    "data_use": _data_use,
    "handling": _handling,
    "building": _building,
    "measures": _measures,
    "heterogeneity": _no_centres,
    "fairness": _no_subgroups("fairness"),
    "subgroups_planned": _no_subgroups("no_subgroups"),
    "output": _output,
    "differences": _no_other_data,
    "heterogeneity_found": _not_examined,
    "characteristics": _characteristics,
}
