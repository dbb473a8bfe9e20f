"""What a run on patients says, be it a development or a validation."""

from __future__ import annotations

from cartwheel.report.checklists.reading import Absent, Answer, Filling, Reading

OUTCOME_KINDS = ("binary", "survival", "competing")


def _title(read: Reading) -> Answer:
    """Give the title of the run."""
    place = "result.title"
    return Answer(read.say("checklists.cohort.title", title=read.text(place)), place)


def _data_source(read: Reading) -> Answer:
    """Name the file that was analysed."""
    place = "provenance.data_name"

    def file() -> str:
        return read.say(
            "checklists.cohort.file",
            file=read.text(place),
            rows=read.number("count", "result.flow[0].patients"),
        )

    return Answer(read.sentences(file, lambda: _simulated(read)), place)


def _simulated(read: Reading) -> str:
    if not read.has("result.simulated"):
        raise Absent("result.simulated")
    return read.say("checklists.cohort.simulated")


def _eligibility(read: Reading) -> Answer:
    """Say whom the plan leaves out."""
    place = "plan.cohort.exclude"
    read.at(place)
    rules = read.rows_or_none(place)

    def excluded() -> str:
        if not rules:
            return read.say("checklists.cohort.nobody_excluded")
        reasons = read.each(rules, lambda rule: read.text(f"{rule}.reason"))
        return read.say("checklists.cohort.excluded", reasons=reasons)

    def landmark() -> str:
        day = read.number("exact", "result.outcome.landmark_day")
        return read.say("checklists.cohort.landmark", day=day)

    return Answer(read.sentences(excluded, landmark), place)


def _outcome(read: Reading) -> Answer:
    """Define the outcome as analysed."""
    return Answer(
        read.sentences(lambda: outcome_sentence(read), lambda: _horizon(read)), "result.outcome"
    )


def outcome_sentence(read: Reading) -> str:
    """Name the outcome, its kind, and how many had it.

    Parameters
    ----------
    read : Reading
        The result; `Absent` where it lacks a part.

    Returns
    -------
    str
    """
    place = "result.outcome"
    kind = read.text(f"{place}.kind")
    if kind not in OUTCOME_KINDS:
        raise Absent(f"{place}.kind")
    return read.say(
        "checklists.cohort.outcome",
        label=read.text(f"{place}.label"),
        kind=read.say(f"checklists.outcome_kind.{kind}"),
        events=read.number("count", f"{place}.events"),
        patients=read.number("count", f"{place}.patients"),
    )


def _horizon(read: Reading) -> str:
    return read.say(
        "checklists.cohort.horizon",
        horizon=read.number("exact", "result.outcome.horizon"),
        unit=_time_unit(read),
    )


def _imbalance(read: Reading) -> Answer:
    """Say that nobody was weighted or drawn to even the outcome out."""
    place = "result.outcome"
    text = read.say(
        "checklists.cohort.imbalance",
        events=read.number("count", f"{place}.events"),
        patients=read.number("count", f"{place}.patients"),
    )
    return Answer(text, place)


def _software(read: Reading) -> Answer:
    """Name the program, its version, and what makes the run repeatable."""
    place = "provenance"
    text = read.say(
        "checklists.cohort.software",
        version=read.text(f"{place}.cartwheel"),
        seed=read.number("exact", f"{place}.seed"),
        plan=read.text(f"{place}.plan_sha256"),
        data=read.text(f"{place}.data_sha256"),
    )
    return Answer(text, place)


def _flow(read: Reading) -> Answer:
    """Follow the patients from the file to the analysis."""
    place = "result.flow"
    steps = read.rows(place)

    def steps_said() -> str:
        return read.say("checklists.cohort.flow", steps=read.each(steps, lambda s: _step(read, s)))

    return Answer(read.sentences(steps_said, lambda: follow_up_sentence(read)), place)


def _step(read: Reading, step: str) -> str:
    return read.say(
        "checklists.cohort.step",
        label=read.english(f"{step}.label"),
        patients=read.number("count", f"{step}.patients"),
        events=read.number("count", f"{step}.events"),
    )


def _left_out(read: Reading) -> Answer:
    """Give the reasons for which patients were left out, with their number."""
    place = "result.flow"
    steps = [step for step in read.rows(place) if read.has(f"{step}.excluded")]
    if not steps:
        return Answer(read.say("checklists.cohort.nobody_left_out"), place)

    def lost(step: str) -> str:
        return read.say(
            "checklists.cohort.lost",
            label=read.english(f"{step}.label"),
            excluded=read.number("count", f"{step}.excluded"),
            events=read.number("count", f"{step}.excluded_events"),
        )

    text = read.say("checklists.cohort.left_out", steps=read.each(steps, lost))
    return Answer(text, place)


def _flow_shown(read: Reading) -> Answer:
    """Say that the flow is shown step by step."""
    read.rows("result.flow")
    return Answer(read.say("checklists.cohort.flow_shown"), "result.flow")


def _follow_up(read: Reading) -> Answer:
    """Give the median follow-up; a yes or no has none."""
    if read.text("result.outcome.kind") == "binary":
        return Answer(read.say("checklists.reason.no_times"), "")
    return Answer(follow_up_sentence(read), "result.outcome.follow_up")


def follow_up_sentence(read: Reading) -> str:
    """Write the median follow-up with its unit.

    Parameters
    ----------
    read : Reading
        The result; `Absent` where it lacks a part.

    Returns
    -------
    str
    """
    return read.say(
        "checklists.cohort.follow_up",
        median=read.interval("time", "result.outcome.follow_up", "shared.not_reached"),
        unit=_time_unit(read),
    )


def _time_unit(read: Reading) -> str:
    unit = read.text("result.outcome.time_unit")
    key = f"develop.time_unit.{unit}"
    return read.say(key) if key in read.say else unit


def _events(read: Reading) -> Answer:
    """Count the events."""
    place = "result.outcome"
    text = read.say(
        "checklists.cohort.events",
        events=read.number("count", f"{place}.events"),
        patients=read.number("count", f"{place}.patients"),
    )
    return Answer(text, place)


def _loss(read: Reading) -> Answer:
    """Say what became of patients who were not followed to the end."""
    kind = read.text("result.outcome.kind")
    if kind == "binary":
        return Answer(read.say("checklists.reason.no_times"), "")
    if kind not in OUTCOME_KINDS:
        raise Absent("result.outcome.kind")
    return Answer(read.say(f"checklists.cohort.loss_{kind}"), "result.outcome.kind")


def _matching(read: Reading) -> Answer:
    """Say that the analysis matches nobody."""
    return Answer(read.say("checklists.reason.no_matching"), "")


def _bias(read: Reading) -> Answer:
    """Say what the run did against bias: the guard against time travel, and its referee."""
    place = "result.guard"

    def referee() -> str:
        return read.say("checklists.cohort.referee", summary=read.english("referee.summary"))

    return Answer(read.sentences(lambda: read.english(f"{place}.text"), referee), place)


def _methods(read: Reading) -> Answer:
    """Give the paragraphs of methods that the run wrote."""
    place = "result.methods"
    paragraphs = [read.text(paragraph) for paragraph in read.rows(place)]
    text = read.say.together(paragraphs)
    return Answer(read.marked(text), place)


def _limitations(read: Reading) -> Answer:
    """Name what the referee found, gravest first; of an older file its cautions."""
    findings = read.rows_or_none("referee.findings")
    if not findings:
        notes = read.rows("result.notes")
        found = read.each(notes, lambda row: read.english(f"{row}.text"), whole=True)
        return Answer(read.say("checklists.cohort.limitations", found=found), "result.notes")
    text = read.say(
        "checklists.cohort.findings",
        found=read.each(findings, lambda row: _named(read, row), whole=True),
        limitations=read.say("shared.heading.limitations"),
    )
    return Answer(text, "referee.findings")


def _named(read: Reading, row: str) -> str:
    """Name a finding; one without its evidence does not stand in full anywhere."""
    read.text(f"{row}.evidence")
    return read.say(
        "checklists.cohort.finding",
        severity=read.say(f"shared.severity.{_severity(read, row)}"),
        name=read.text(f"{row}.code"),
    )


def _severity(read: Reading, row: str) -> str:
    severity = read.text(f"{row}.severity")
    if f"shared.severity.{severity}" not in read.say:
        raise Absent(f"{row}.severity")
    return severity


COHORT: dict[str, Filling] = {
    "title": _title,
    "data_source": _data_source,
    "eligibility": _eligibility,
    "outcome": _outcome,
    "imbalance": _imbalance,
    "software": _software,
    "flow": _flow,
    "left_out": _left_out,
    "flow_shown": _flow_shown,
    "follow_up": _follow_up,
    "events": _events,
    "loss": _loss,
    "matching": _matching,
    "bias": _bias,
    "methods": _methods,
    "limitations": _limitations,
}
