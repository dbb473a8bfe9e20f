"""What a development found, for the items of a checklist that ask for results."""

from __future__ import annotations

from cartwheel.figures.numbers import measure_format, sentence
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading

_MEASURES = "result.performance.measures"
_UNCUT = "result.uncut.measures"
_TABLES = ("univariable", "multivariable", "index_model", "adjusted_model")


def _numbers(read: Reading) -> Answer:
    """Count patients and events of each regression, and of the performance."""
    tables = [f"result.{name}" for name in _TABLES if read.has(f"result.{name}")]

    def table(place: str) -> str:
        return read.say(
            "checklists.develop.analysis",
            name=read.english(f"{place}.name"),
            patients=read.number("count", f"{place}.n"),
            events=read.number("count", f"{place}.events"),
        )

    def performance() -> str:
        first = f"{_MEASURES}[0].apparent"
        return read.say(
            "checklists.develop.performance_numbers",
            patients=read.number("count", f"{first}.n"),
            events=read.number("count", f"{first}.events"),
            resamples=read.number("count", "result.performance.resamples"),
        )

    def regressions() -> str:
        return read.say("checklists.develop.analyses", analyses=read.each(tables, table))

    return Answer(read.sentences(regressions, performance), "result.performance")


def _full_model(read: Reading) -> Answer:
    """Give every range with its points, and the score file that holds the whole score."""
    place = "result.score_card"

    def row(at: str) -> str:
        return read.say(
            "checklists.develop.card",
            label=read.text(f"{at}.label"),
            range=read.text(f"{at}.range"),
            points=read.number("exact", f"{at}.points"),
        )

    def card() -> str:
        said = read.each(read.rows(place), row, whole=True)
        return read.say("checklists.develop.full_model", card=said)

    def file() -> str:
        return read.say(
            "checklists.develop.score_file",
            score=read.text("result.score_id"),
            sha256=read.text("result.score_sha256"),
        )

    read.rows(place)
    return Answer(read.sentences(card, file), place)


def _performance(read: Reading) -> Answer:
    """Give each measure apparent and corrected, side by side, of the score and of the uncut model.

    A measure without a corrected value is left out: apparent never stands alone.
    """

    def uncut() -> str:
        said = read.each(read.rows(_UNCUT), lambda row: _measure(read, row), whole=True)
        model = read.text("result.uncut.model")
        return read.say("checklists.develop.performance_uncut", model=model, measures=said)

    said = read.each(read.rows(_MEASURES), lambda row: _measure(read, row), whole=True)
    text = read.say("checklists.develop.performance", measures=said)
    return Answer(read.sentences(lambda: text, uncut), _MEASURES)


def _measure(read: Reading, row: str) -> str:
    rule = measure_format(read.text(f"{row}.name"))
    return read.say(
        "checklists.develop.measure",
        label=read.text(f"{row}.label"),
        corrected=read.interval(rule, f"{row}.corrected"),
        apparent=read.interval(rule, f"{row}.apparent"),
    )


def _poor_inputs(read: Reading) -> Answer:
    """Say what the score file does with an input that is missing or impossible."""
    place = "result.score_id"
    return Answer(read.say("checklists.develop.poor_inputs", score=read.text(place)), place)


def _users(read: Reading) -> Answer:
    """Say what a user has to enter."""
    place = "result.score_card"
    labels = dict.fromkeys(read.text(f"{row}.label") for row in read.rows(place))
    return Answer(read.say("checklists.develop.users", inputs=read.listed(labels)), place)


def _effects(read: Reading, place: str) -> str:
    measure = read.english(f"{place}.measure")
    rows = read.each(read.rows(f"{place}.rows"), lambda row: _effect(read, row))
    text = read.say(
        "checklists.develop.effects",
        measure=measure,
        patients=read.number("count", f"{place}.n"),
        events=read.number("count", f"{place}.events"),
        rows=rows,
    )
    return sentence(text)


def _effect(read: Reading, row: str) -> str:
    return read.say(
        "checklists.develop.effect",
        label=read.text(f"{row}.label"),
        effect=read.interval("ratio", f"{row}.effect"),
        p=read.p(f"{row}.p_value"),
    )


def _univariable(read: Reading) -> Answer:
    """Give the effect of each predictor alone."""
    return Answer(_effects(read, "result.univariable"), "result.univariable")


def _multivariable(read: Reading) -> Answer:
    """Give the regression behind the points; of an index, the index with the adjustments."""
    place = "result.multivariable" if read.has("result.multivariable") else "result.adjusted_model"
    return Answer(_effects(read, place), place)


def _adjusted(read: Reading) -> Answer:
    """Give the score beside the columns adjusted for, whatever their p values."""
    return Answer(_effects(read, "result.adjusted_model"), "result.adjusted_model")


def _associations(read: Reading) -> Answer:
    """Give the relation of the total to other columns."""
    place = "result.associations"

    def row(at: str) -> str:
        return read.say(
            "checklists.develop.association",
            label=read.text(f"{at}.label"),
            test=read.english(f"{at}.test"),
            p=read.p(f"{at}.p_value"),
            adjusted=read.p(f"{at}.p_adjusted"),
        )

    said = read.each(read.rows(place), row)
    return Answer(read.say("checklists.develop.associations", rows=said), place)


def _wander(read: Reading, row: str) -> str:
    return read.say(
        "checklists.develop.wander",
        label=read.text(f"{row}.label"),
        wander=read.interval("significant", f"{row}.wander"),
    )


def _wandering(read: Reading) -> str:
    said = read.each(read.rows("result.cutoffs"), lambda row: _wander(read, row))
    return read.say("checklists.develop.wandering", cuts=said)


def _repeated(read: Reading) -> str:
    return read.say(
        "checklists.develop.repeated",
        resamples=read.number("count", "result.performance.resamples"),
        failed=read.number("count", "result.performance.failed"),
    )


def _uncut_beside(read: Reading) -> str:
    return read.say("checklists.develop.uncut", model=read.text("result.uncut.model"))


def _complete_beside(read: Reading) -> str:
    place = "result.imputation.complete_cases"
    if not read.has(f"{place}.performance"):
        raise Absent(place)
    return read.say(
        "checklists.develop.complete_beside",
        patients=read.number("count", f"{place}.patients"),
        events=read.number("count", f"{place}.events"),
    )


def _further(read: Reading) -> Answer:
    """Say what else was looked into: resamples, wander of cut-offs, the uncut model."""
    text = read.sentences(
        lambda: _repeated(read),
        lambda: _wandering(read),
        lambda: _uncut_beside(read),
        lambda: _complete_beside(read),
    )
    return Answer(text, "result.performance")


def _sensitivity(read: Reading) -> Answer:
    """Name the analyses that show how far a choice matters."""
    text = read.sentences(
        lambda: _uncut_beside(read), lambda: _wandering(read), lambda: _complete_beside(read)
    )
    return Answer(text, "result.uncut" if read.has("result.uncut") else "result.cutoffs")


def _estimates(read: Reading) -> Answer:
    """Give effects alone and adjusted, one after the other."""
    place = "result.univariable"

    def alone() -> str:
        return read.say("checklists.develop.alone", effects=_effects(read, place))

    def together() -> str:
        answer = _multivariable(read)
        return read.say("checklists.develop.together", effects=answer.text)

    read.rows(f"{place}.rows")
    return Answer(read.sentences(alone, together), place)


def _boundaries(read: Reading) -> Answer:
    """Give the boundaries of every category."""
    place = "result.score_card"

    def row(at: str) -> str:
        return read.say(
            "checklists.develop.boundary",
            label=read.text(f"{at}.label"),
            range=read.text(f"{at}.range"),
            patients=read.number("count", f"{at}.n"),
        )

    return Answer(read.each(read.rows(place), row), place)


def _absolute_risk(read: Reading) -> Answer:
    """Give the observed risk of each group."""
    place = "result.groups"

    def row(at: str) -> str:
        return read.say(
            "checklists.develop.group_risk",
            name=read.text(f"{at}.name"),
            patients=read.number("count", f"{at}.n"),
            risk=read.interval("percent", f"{at}.observed"),
        )

    said = read.each(read.rows(place), row)
    return Answer(read.say("checklists.develop.absolute", groups=said), place)


def _other_analyses(read: Reading) -> Answer:
    """Give associations with further columns, and how far the cut-offs wander."""
    place = "result.associations" if read.rows_or_none("result.associations") else "result.cutoffs"
    text = read.sentences(lambda: _associations(read).text, lambda: _wandering(read))
    return Answer(text, place)


FOUND: dict[str, Filling] = {
    "numbers": _numbers,
    "full_model": _full_model,
    "performance": _performance,
    "poor_inputs": _poor_inputs,
    "users": _users,
    "associations": _associations,
    "univariable": _univariable,
    "multivariable": _multivariable,
    "adjusted": _adjusted,
    "further": _further,
    "sensitivity": _sensitivity,
    "estimates": _estimates,
    "boundaries": _boundaries,
    "absolute_risk": _absolute_risk,
    "other_analyses": _other_analyses,
}
