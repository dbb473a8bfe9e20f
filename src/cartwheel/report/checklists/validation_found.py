"""What a validation found, for the items of a checklist that ask for results."""

from __future__ import annotations

from cartwheel.figures.numbers import measure_format
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading

_SCORES = "result.scores"
_PARTS = ("discrimination", "calibration", "overall")


def score_measures(read: Reading, score: str) -> tuple[str, ...]:
    """Name the places of all measures of a score.

    Parameters
    ----------
    read : Reading
        The result.
    score : str
        Place of the score.

    Returns
    -------
    tuple of str
    """
    return tuple(row for part in _PARTS for row in read.rows_or_none(f"{score}.{part}"))


def updates_asked(read: Reading) -> bool:
    """Whether the plan asked for updated scores and there are some; `Absent` where unknown.

    Parameters
    ----------
    read : Reading
        The result.

    Returns
    -------
    bool
    """
    if read.rows_or_none("result.updates"):
        return True
    read.at("plan.update")
    return False


def _numbers(read: Reading) -> Answer:
    """Count the patients each score could be computed for."""

    def score(row: str) -> str:
        return read.say(
            "checklists.validate.scored",
            name=read.text(f"{row}.name"),
            scored=read.number("count", f"{row}.scored"),
        )

    text = read.say(
        "checklists.validate.numbers",
        patients=read.number("count", "result.outcome.patients"),
        events=read.number("count", "result.outcome.events"),
        scores=read.each(read.rows(_SCORES), score),
    )
    return Answer(text, _SCORES)


def _measure(read: Reading, row: str) -> str:
    rule = measure_format(read.text(f"{row}.name"))
    return read.say(
        "checklists.validate.measure",
        label=read.text(f"{row}.label"),
        estimate=read.interval(rule, f"{row}.estimate"),
    )


def _performance(read: Reading) -> Answer:
    """Give every measure of every score, and the subgroups that were looked at."""
    text = _overall(read)
    return Answer(read.sentences(lambda: text, lambda: _subgroups(read)), _SCORES)


def _overall(read: Reading) -> str:
    def score(row: str) -> str:
        measures = [_measure(read, measure) for measure in score_measures(read, row)]
        if not measures:
            raise Absent(row)
        return read.say(
            "checklists.validate.performance",
            name=read.text(f"{row}.name"),
            # every measure, the poor ones too: no list is cut here
            measures=read.say("checklists.between").join(measures),
        )

    return read.each(read.rows(_SCORES), score, whole=True)


def _group(read: Reading, row: str) -> str:
    size = read.say(
        "checklists.validate.group_size",
        name=read.text(f"{row}.group"),
        patients=read.number("count", f"{row}.patients"),
        events=read.number("count", f"{row}.events"),
    )
    if read.has(f"{row}.withheld"):
        return read.say(
            "checklists.validate.withheld", group=size, why=read.english(f"{row}.withheld")
        )
    first = f"{row}.scores[0]"
    measures = [_measure(read, at) for at in read.rows(f"{first}.measures")]
    return read.say(
        "checklists.validate.group",
        group=size,
        score=read.text(f"{first}.score"),
        measures=read.say("checklists.comma").join(measures),
    )


def _subgroups(read: Reading) -> str:
    rows = [row for place in read.rows("result.subgroups") for row in read.rows(f"{place}.rows")]
    said = read.each(rows, lambda row: _group(read, row))
    return read.say("checklists.validate.subgroups", groups=said)


def _subgroups_found(read: Reading) -> Answer:
    """Give the first score's performance in each subgroup."""
    return Answer(_subgroups(read), "result.subgroups")


def _performance_by_centre(read: Reading) -> Answer:
    """Give every score's performance overall, and the first one's in each centre."""
    place = "result.centres.rows"
    said = read.each(read.rows(place), lambda row: _group(read, row))
    by_centre = read.say("checklists.validate.by_centre", groups=said)
    return Answer(read.say.together((_overall(read), by_centre)), place)


def _heterogeneity_found(read: Reading) -> Answer:
    """Give the pooled measures of the centres with their prediction interval and spread."""
    if not read.has("result.centres"):
        return Answer(read.say("checklists.reason.no_centres"), "")
    place = "result.centres.heterogeneity"

    def row(at: str) -> str:
        rule = measure_format(read.text(f"{at}.measure"))
        return read.say(
            "checklists.validate.spread",
            score=read.text(f"{at}.score"),
            label=read.text(f"{at}.label"),
            centres=read.number("count", f"{at}.k"),
            pooled=read.interval(rule, f"{at}.pooled"),
            prediction=_prediction(read, at, rule),
            tau2=read.number("significant", f"{at}.tau2"),
            i2=read.number("percentage", f"{at}.i2"),
            q=read.p(f"{at}.q_p_value"),
        )

    return Answer(read.each(read.rows(place), row), place)


def _prediction(read: Reading, place: str, rule: str) -> str:
    try:
        return read.say(
            "checklists.range",
            low=read.number(rule, f"{place}.prediction_low"),
            high=read.number(rule, f"{place}.prediction_high"),
        )
    except Absent:
        return read.say("shared.not_estimable")


def _updated(read: Reading) -> Answer:
    """Say which rung was chosen, and how the updated score does after correction."""
    if not updates_asked(read):
        return Answer(read.say("checklists.reason.no_update"), "")
    place = "result.updates"
    return Answer(read.each(read.rows(place), lambda row: _update(read, row)), place)


def _update(read: Reading, row: str) -> str:
    chosen = read.text(f"{row}.chosen")
    rungs = [at for at in read.rows(f"{row}.rungs") if read.text(f"{at}.name") == chosen]
    measures = read.rows(f"{rungs[0]}.measures") if rungs else ()

    def measure(at: str) -> str:
        rule = measure_format(read.text(f"{at}.name"))
        return read.say(
            "checklists.develop.measure",
            label=read.text(f"{at}.label"),
            corrected=read.interval(rule, f"{at}.corrected"),
            apparent=read.interval(rule, f"{at}.apparent"),
        )

    def file() -> str:
        return read.say(
            "checklists.validate.new_score",
            id=read.text(f"{row}.new_id"),
            version=read.text(f"{row}.new_version"),
            sha256=read.text(f"{row}.new_sha256"),
        )

    def what() -> str:
        return read.say(
            "checklists.validate.updated",
            score=read.text(f"{row}.score"),
            chosen=read.marked(chosen),
            measures=read.each(measures, measure),
        )

    return read.sentences(what, file)


def _estimates(read: Reading) -> Answer:
    """Give the performance: a validation estimates no effects of single variables."""
    return _performance(read)


def _boundaries(read: Reading) -> Answer:
    """Name the bands of each score with their patients."""
    return _bands(read, "checklists.validate.band", with_risk=False)


def _absolute_risk(read: Reading) -> Answer:
    """Give the observed risk of each band."""
    return _bands(read, "checklists.validate.band_risk", with_risk=True)


def _bands(read: Reading, key: str, *, with_risk: bool) -> Answer:
    rows = [
        (score, row) for score in read.rows(_SCORES) for row in read.rows_or_none(f"{score}.bands")
    ]
    if not rows:
        for score in read.rows(_SCORES):
            read.at(f"{score}.bands")
        return Answer(read.say("checklists.reason.no_bands"), "")
    names = {row: read.text(f"{score}.name") for score, row in rows}

    def band(row: str) -> str:
        risk = {"risk": read.interval("percent", f"{row}.observed")} if with_risk else {}
        return read.say(
            key,
            score=names[row],
            band=read.text(f"{row}.band"),
            patients=read.number("count", f"{row}.patients"),
            events=read.number("count", f"{row}.events"),
            **risk,
        )

    return Answer(read.each((row for _, row in rows), band), _SCORES)


def _other_analyses(read: Reading) -> Answer:
    """Name subgroups, comparisons, decision curve and updates."""

    def compared(row: str) -> str:
        return read.say(
            "checklists.validate.comparison",
            label=read.text(f"{row}.label"),
            first=read.text(f"{row}.first"),
            second=read.text(f"{row}.second"),
            difference=read.interval("three", f"{row}.difference"),
        )

    def comparisons() -> str:
        said = read.each(read.rows("result.comparisons"), compared)
        return read.say("checklists.validate.comparisons", rows=said)

    def decision() -> str:
        return read.english("result.decision.text")

    text = read.sentences(lambda: _subgroups(read), comparisons, decision)
    kept = ("result.subgroups", "result.comparisons", "result.decision")
    return Answer(text, next(place for place in kept if read.has(place)))


FOUND: dict[str, Filling] = {
    "numbers": _numbers,
    "performance": _performance,
    "subgroups_found": _subgroups_found,
    "performance_by_centre": _performance_by_centre,
    "heterogeneity_found": _heterogeneity_found,
    "updated": _updated,
    "estimates": _estimates,
    "boundaries": _boundaries,
    "absolute_risk": _absolute_risk,
    "other_analyses": _other_analyses,
}
