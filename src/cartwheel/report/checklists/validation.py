"""What a validation says to the items of a checklist."""

from __future__ import annotations

from cartwheel.report.checklists.cohort import COHORT, follow_up_sentence, outcome_sentence
from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading
from cartwheel.report.checklists.validation_found import FOUND, score_measures, updates_asked

_SCORES = "result.scores"


def _objectives(read: Reading) -> Answer:
    """Give the question, and that scores made elsewhere are evaluated."""
    place = "result.question"
    text = read.say("checklists.validate.objectives", question=read.english(place))
    return Answer(text, place)


def _centres(read: Reading) -> Answer:
    """Name the centres."""
    place = "result.centres.rows"
    said = read.each(read.rows(place), lambda row: _group_size(read, row))
    return Answer(read.say("checklists.validate.centres", centres=said), place)


def _group_size(read: Reading, row: str) -> str:
    return read.say(
        "checklists.validate.group_size",
        name=read.text(f"{row}.group"),
        patients=read.number("count", f"{row}.patients"),
        events=read.number("count", f"{row}.events"),
    )


def _clusters_flow(read: Reading) -> Answer:
    """Follow patients to the analysis, and divide them by centre."""
    flow = COHORT["flow"](read).text
    place = "result.centres.rows"
    return Answer(read.say.together((flow, _centres(read).text)), place)


def _preparation(read: Reading) -> Answer:
    """Say which values the scores refused."""
    place = _SCORES
    refused = [row for score in read.rows(place) for row in read.rows_or_none(f"{score}.refusals")]
    if not refused:
        for score in read.rows(place):
            read.at(f"{score}.refusals")
        return Answer(read.say("checklists.validate.nothing_refused"), place)

    def refusal(row: str) -> str:
        return read.say(
            "checklists.validate.refusal",
            what=read.english(f"{row}.what"),
            patients=read.number("count", f"{row}.patients"),
        )

    text = read.say("checklists.validate.refused", refusals=read.each(refused, refusal))
    return Answer(text, place)


def _predictors(read: Reading) -> Answer:
    """Name the inputs of each score, with the column that each came from."""
    said = read.each(read.rows(_SCORES), lambda score: _inputs(read, score))
    return Answer(read.say("checklists.validate.predictors", scores=said), _SCORES)


def _inputs(read: Reading, score: str) -> str:
    labels = read.each(read.rows(f"{score}.columns"), lambda row: read.text(f"{row}.label"))
    return read.say("checklists.validate.inputs", score=read.text(f"{score}.name"), inputs=labels)


def _variables(read: Reading) -> Answer:
    """Name outcome and inputs."""
    outcome, inputs = outcome_sentence(read), _predictors(read).text
    return Answer(read.say.together((outcome, inputs)), _SCORES)


def _sample_size(read: Reading) -> Answer:
    """Say how sure a validation of this size can be."""
    place = "result.sizes"
    return Answer(read.each(read.rows(place), lambda row: read.english(f"{row}.verdict")), place)


def _missing(read: Reading) -> Answer:
    """Say how missing inputs were met."""
    place = "result.imputation"
    if read.has(place):
        return Answer(read.english(f"{place}.text"), place)
    if read.text("plan.missing") != "complete":
        raise Absent("plan.missing")
    text = read.sentences(
        lambda: read.say("checklists.validate.complete_cases"),
        lambda: _missing_counts(read).text,
    )
    return Answer(text, "plan.missing")


def _missing_counts(read: Reading) -> Answer:
    """Count the missing values of each input."""
    columns = [row for score in read.rows(_SCORES) for row in read.rows(f"{score}.columns")]
    counted: dict[str, str] = {}
    for row in columns:
        text = read.say(
            "checklists.cohort.missing_of",
            label=read.text(f"{row}.label"),
            missing=read.number("count", f"{row}.missing"),
        )
        if read.has(f"{row}.missing"):
            counted[read.text(f"{row}.column")] = text
    if not counted:
        return Answer(read.say("checklists.cohort.none_missing"), _SCORES)
    said = read.listed(counted.values())
    return Answer(read.say("checklists.cohort.missing", counts=said), _SCORES)


def _handling(read: Reading) -> Answer:
    """Say that the scores were applied as their files have them."""
    place = _SCORES
    named = read.each(read.rows(place), lambda row: read.text(f"{row}.name"))
    return Answer(read.say("checklists.validate.handling", scores=named), place)


def _predictions(read: Reading) -> Answer:
    """Name each score file with its version and sum."""

    def score(row: str) -> str:
        return read.say(
            "checklists.validate.score_file",
            name=read.text(f"{row}.name"),
            id=read.text(f"{row}.id"),
            version=read.text(f"{row}.version"),
            sha256=read.text(f"{row}.sha256"),
        )

    said = read.each(read.rows(_SCORES), score)
    return Answer(read.say("checklists.validate.predictions", scores=said), _SCORES)


def _measures(read: Reading) -> Answer:
    """Name the measures of performance, and the thresholds of the decision curve."""
    rows = [row for score in read.rows(_SCORES) for row in score_measures(read, score)]
    labels = dict.fromkeys(read.text(f"{row}.label") for row in rows)
    if not labels:
        raise Absent(_SCORES)
    text = read.say("checklists.validate.measures", measures=read.listed(labels))

    def decision() -> str:
        return read.say(
            "checklists.validate.thresholds",
            low=read.number("percent", "result.decision.low"),
            high=read.number("percent", "result.decision.high"),
        )

    return Answer(read.sentences(lambda: text, decision), _SCORES)


def _heterogeneity(read: Reading) -> Answer:
    """Say how differences between centres were met."""
    if not read.has("result.centres"):
        read.at("plan.cohort")
        return Answer(read.say("checklists.validate.no_centres"), "plan.cohort")
    place = "result.centres.heterogeneity"
    pooled = read.text(f"{place}[0].pooled.method")
    method = read.marked(pooled)
    return Answer(
        read.say(
            "checklists.validate.heterogeneity",
            column=read.text("result.centres.column"),
            method=method,
        ),
        place,
    )


def _updating(read: Reading) -> Answer:
    """Say whether and how the scores were updated."""
    if not updates_asked(read):
        return Answer(read.say("checklists.validate.no_update"), "plan.update")
    place = "result.updates"
    rungs = read.rows(f"{place}[0].rungs")
    named = read.each(rungs, lambda row: read.english(f"{row}.name"))
    text = read.say(
        "checklists.validate.ladder",
        rungs=named,
        alpha=read.number("exact", f"{place}[0].alpha"),
    )
    return Answer(text, place)


def _fairness(read: Reading) -> Answer:
    """Say in which groups performance was looked at."""
    if not read.rows_or_none("result.subgroups"):
        read.at("plan.cohort")
        return Answer(read.say("checklists.validate.no_fairness"), "plan.cohort")
    place = "result.subgroups"
    labels = read.each(read.rows(place), lambda row: read.text(f"{row}.label"))
    return Answer(read.say("checklists.validate.fairness", columns=labels), place)


def _subgroups_planned(read: Reading) -> Answer:
    """Name the subgroups of the plan."""
    place = "plan.subgroups"
    read.at(place)
    if not read.rows_or_none(place):
        return Answer(read.say("checklists.validate.no_subgroups"), place)
    columns = read.each(read.rows(place), lambda row: read.text(f"{row}.column"))
    return Answer(read.say("checklists.validate.subgroups_planned", columns=columns), place)


def _differences(read: Reading) -> Answer:
    """Say whether the outcome is the one the score was made for."""
    said = read.each(read.rows(_SCORES), lambda row: read.english(f"{row}.outcome_said"))
    return Answer(said, _SCORES)


def _characteristics(read: Reading) -> Answer:
    """Say how many patients and events, how long they were followed, and what was missing."""
    outcome = outcome_sentence(read)
    text = read.sentences(
        lambda: outcome,
        lambda: follow_up_sentence(read),
        lambda: _missing_counts(read).text,
    )
    return Answer(text, "result.outcome")


def _sensitivity(read: Reading) -> Answer:
    """Name the analyses that show how far a choice matters."""
    place = "result.imputation"
    if not read.has(place):
        raise Absent(place)
    text = read.say(
        "checklists.validate.complete_beside",
        patients=read.number("count", f"{place}.complete_patients"),
        events=read.number("count", f"{place}.complete_events"),
    )
    return Answer(text, place)


def _earlier_performance(read: Reading) -> Answer:
    """Set what was published beside what is found here."""
    rows = [row for score in read.rows(_SCORES) for row in read.rows_or_none(f"{score}.published")]
    if not rows:
        raise Absent(_SCORES)
    said = read.each(rows, lambda row: _published(read, row))
    return Answer(read.say("checklists.validate.published", rows=said), _SCORES)


def _published(read: Reading, row: str) -> str:
    # the file names its measures freely, so one rule serves them all
    rule = "three"
    return read.say(
        "checklists.validate.published_row",
        name=read.english(f"{row}.name"),
        measure=read.text(f"{row}.measure"),
        published=read.interval(rule, f"{row}.published"),
        found=read.interval(rule, f"{row}.found"),
    )


VALIDATION: dict[str, Filling] = {
    **COHORT,
    **FOUND,
    "objectives": _objectives,
    "centres": _centres,
    "clusters_flow": _clusters_flow,
    "preparation": _preparation,
    "predictors": _predictors,
    "variables": _variables,
    "sample_size": _sample_size,
    "missing": _missing,
    "missing_counts": _missing_counts,
    "handling": _handling,
    "predictions": _predictions,
    "measures": _measures,
    "heterogeneity": _heterogeneity,
    "updating": _updating,
    "fairness": _fairness,
    "subgroups_planned": _subgroups_planned,
    "differences": _differences,
    "characteristics": _characteristics,
    "sensitivity": _sensitivity,
    "earlier_performance": _earlier_performance,
}
