"""The text of a meta-analysis on the terminal: studies, pool, spread, and cautions as large."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from cartwheel.note import Note
from cartwheel.pooling.account.validations import imputed_centres, validated_scores
from cartwheel.pooling.analysis.wording import (
    estimate_text,
    interval_text,
    number_text,
    p_text,
)
from cartwheel.pooling.result import Pool
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_questions import MetaRegression, Refit, Subgroups

WIDTH = 80
LABEL = 34
_VALUE = 30
_NOTHING = 1e-12


def pool_lines(result: Pool) -> Iterator[str]:
    """Write a meta-analysis, line by line.

    Parameters
    ----------
    result : Pool
        What was found.

    Yields
    ------
    str
        Without line ends.
    """
    if result.simulated:
        yield "SIMULATED DATA: not evidence about patients"
        yield ""
    yield from _wrapped(result.title, "")
    used = sum(study.used for study in result.studies)
    aside = len(result.studies) - used + len(result.left_out)
    out = f", {aside} not" if aside else ""
    yield f"{used} rows used{out}"
    yield from _validations(result)
    for analysis in result.analyses:
        if analysis.k > 1:
            yield ""
            yield from _analysis(analysis)
    yield from _single(result.analyses)
    yield from _appraisal(result)
    yield from _table_notes(result)
    yield ""
    yield "Research and education; not a medical device."


def _validations(result: Pool) -> Iterator[str]:
    """Name the score where there is one only, and whose numbers are imputed ones."""
    used = [study for study in result.studies if study.used]
    scores, imputed = validated_scores(used), imputed_centres(used)
    if len(scores) == 1:
        yield from _wrapped(f"score validated: {scores[0]}")
    if imputed:
        yield from _wrapped(f"missing inputs imputed: {', '.join(imputed)}")


def _analysis(one: Analysis) -> Iterator[str]:
    patients = "" if one.patients is None else f", {one.patients:.0f} patients"
    yield from _wrapped(f"{one.name}: {one.k} studies{patients}")
    level = f"{100.0 * (one.main.pooled.level or 0.0):g} %"
    yield f"  {'study':{LABEL}}{f'{one.measure} ({level} interval)':{_VALUE}}{'weight':>8}"
    for study in one.studies:
        text = estimate_text(study.estimate, one.measure)
        yield f"  {_short(study.study):{LABEL}}{text:{_VALUE}}{study.weight_percent:>6.1f} %"
    main = one.main
    p = "" if main.p_value is None else f"  p {p_text(main.p_value)}"
    yield f"  {'pooled':{LABEL}}{estimate_text(main.pooled, one.measure)}{p}"
    yield from _field("by", main.name)
    if main.prediction_low is not None or main.prediction_high is not None:
        text = interval_text(main.prediction_low, main.prediction_high, one.measure)
        yield from _field("prediction interval", text)
    yield from _spread(one)
    yield from _refits(one)
    yield from _models(one)
    if one.accuracy is not None:
        yield from _field("sensitivity", estimate_text(one.accuracy.sensitivity, "C"))
        yield from _field("specificity", estimate_text(one.accuracy.specificity, "C"))
    for division in one.subgroups:
        yield from _subgroups(division, one.measure)
    for regression in one.regressions:
        yield from _regression(regression)
    yield from _small_studies(one)
    if one.e_value is not None:
        text = f"{one.e_value.point:.2f}, of the limit {one.e_value.limit:.2f}"
        yield from _field("E-value", f"{text} ({one.e_value.method})")
    yield from _notes(one.notes)


def _spread(one: Analysis) -> Iterator[str]:
    spread = one.heterogeneity
    i2, tau2 = spread.i2, spread.tau2
    parts = []
    if i2.value is not None:
        limits = "" if i2.low is None or i2.high is None else f" ({i2.low:.0f} to {i2.high:.0f})"
        parts.append(f"I2 {i2.value:.0f} %{limits}")
    if tau2.value is not None:
        limits = "" if tau2.low is None else f" ({tau2.low:.3g} to {tau2.high:.3g})"
        # what an iteration leaves of nothing
        parts.append(f"tau2 {tau2.value if tau2.value > _NOTHING else 0.0:.3g}{limits}")
    if spread.q is not None:
        parts.append(f"Q {spread.q:.2f} on {spread.q_df} df, p {p_text(spread.q_p_value)}")
    yield from _field("heterogeneity", "; ".join(parts))


def _refits(one: Analysis) -> Iterator[str]:
    found = [refit for refit in one.leave_one_out if refit.estimate.value is not None]
    if found:
        least, most = min(found, key=_value), max(found, key=_value)
        low, high = (number_text(_value(refit), one.measure) for refit in (least, most))
        text = f"{low} (without {_short(least.study)}) to {high} (without {_short(most.study)})"
        yield from _field("leave-one-out", text)
    flagged = [one_.study for one_ in one.influence if one_.flagged]
    if flagged:
        yield from _field("influential", "; ".join(flagged))


def _value(refit: Refit) -> float:
    return refit.estimate.value if refit.estimate.value is not None else 0.0


def _models(one: Analysis) -> Iterator[str]:
    values = [row.pooled.value for row in one.models if row.pooled.value is not None]
    if values:
        low, high = (number_text(value, one.measure) for value in (min(values), max(values)))
        yield from _field(f"{len(values)} other models", f"{low} to {high}")
    common = next((row for row in one.models if row.code == "common"), None)
    if common is not None:
        yield from _field("common effect", estimate_text(common.pooled, one.measure))


def _subgroups(division: Subgroups, measure: str) -> Iterator[str]:
    p = "" if division.p_value is None else f", p between {p_text(division.p_value)}"
    kind = "planned" if division.planned else "exploratory"
    yield f"  by {division.column} ({kind}){p}"
    for row in division.rows:
        text = estimate_text(row.pooled, measure)
        i2 = "" if row.i2 is None else f"  I2 {row.i2:.0f} %"
        yield f"    {_short(row.level, LABEL - 4):{LABEL - 2}}{text:{_VALUE}}k {row.k}{i2}"
    if division.note:
        yield from _field("", division.note)


def _regression(one: MetaRegression) -> Iterator[str]:
    r2 = "" if one.r2 is None else f", R2 {one.r2:.0f} %"
    yield f"  regression on {' + '.join(one.columns)}: {one.k} studies{r2}"
    for row in one.rows[1:]:
        found = row.coefficient
        text = f"{_three(found.value)} ({_three(found.low)} to {_three(found.high)})"
        p = f"p {p_text(row.p_value)}"
        if row.permutation_p_value is not None:
            p += f", by permutation {p_text(row.permutation_p_value)}"
        yield from _field(f"  {row.term}", f"{text}  {p}")
    if one.note:
        yield from _field("", one.note)


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _small_studies(one: Analysis) -> Iterator[str]:
    small = one.small_studies
    if not small.asked:
        yield from _field("small studies", f"not tested: {small.reason}")
    for test in small.tests:
        yield from _field(test.name.replace("_", " "), f"p {p_text(test.p_value)}")
    for fill in small.trim_fill:
        text = (
            f"{fill.missing} put in on the {fill.side}: {estimate_text(fill.pooled, one.measure)}"
        )
        yield from _field(f"trim and fill {fill.estimator}", text)
    if small.selection is not None:
        text = f"{estimate_text(small.selection, one.measure)}, p {p_text(small.selection_p_value)}"
        yield from _field("selection model", text)
    if small.asked and small.reason:
        yield from _field("", small.reason)
    for rule, number in small.fail_safe:
        yield from _field(f"fail-safe N, {rule}", str(number))


def _single(analyses: Iterable[Analysis]) -> Iterator[str]:
    alone = [one for one in analyses if one.k == 1]
    if not alone:
        return
    yield ""
    yield "One study each: nothing is pooled"
    for one in alone:
        yield from _wrapped(f"  {one.name}")
        study = one.studies[0]
        name = f"{_short(study.study, LABEL - 4):{LABEL - 2}}"
        yield f"    {name}{estimate_text(study.estimate, one.measure)}"
        yield from _notes(one.notes)


def _appraisal(result: Pool) -> Iterator[str]:
    for quality in result.quality:
        levels: dict[str, int] = {}
        for study in quality.studies:
            levels[study.overall or "open"] = levels.get(study.overall or "open", 0) + 1
        said = ", ".join(f"{level} {count}" for level, count in levels.items())
        missing = f"; {len(quality.missing)} not judged in full" if quality.missing else ""
        yield ""
        yield f"Risk of bias ({quality.tool}), overall: {said}{missing}"
    if result.flow is not None:
        counts = "; ".join(f"{box.label} {box.count}" for box in result.flow.boxes)
        yield ""
        yield from _wrapped(f"Flow of records: {counts}")
        for first, second, why in result.flow.questions:
            yield from _wrapped(f"  ! One record or two? {first} | {second}: {why}.")
    if result.grades:
        yield ""
        yield "Certainty of the evidence (GRADE)"
    for grade in result.grades:
        yield from _wrapped(f"  {grade.analysis}: {grade.certainty} (began as {grade.start})")
        yield from _wrapped(f"    start by {grade.start_source}", "      ")
        for domain in grade.domains:
            judged = not domain.suggested and not domain.reason.startswith("not judged")
            if domain.change or judged:
                who = "by rule" if domain.suggested else "as the plan says"
                reason = f"{domain.domain.replace('_', ' ')} {domain.change:+d}, {who}"
                yield from _wrapped(f"    {reason}: {domain.reason}", "      ")


def _table_notes(result: Pool) -> Iterator[str]:
    cautions = [note for note in result.notes if note.severity == "caution"]
    others = [note for note in result.notes if note.severity != "caution"]
    if cautions:
        yield ""
        yield "About the table"
        for note in cautions:
            yield from _wrapped(f"  ! {note.text}")
    if others:
        yield ""
        yield "Done in reading it"
        for note in others:
            yield from _wrapped(f"  - {note.text}")


def _notes(notes: Iterable[Note]) -> Iterator[str]:
    for note in notes:
        if note.severity == "caution":
            yield from _wrapped(f"  ! {note.text}")


def _field(name: str, text: str) -> Iterator[str]:
    head = f"  {name:{LABEL}}" if len(name) < LABEL else f"  {name}  "
    lines = textwrap.wrap(text, WIDTH - LABEL - 2, break_on_hyphens=False) or [""]
    yield f"{head}{lines[0]}"
    yield from (f"{'':{LABEL + 2}}{line}" for line in lines[1:])


def _short(text: str, width: int = LABEL - 2) -> str:
    return text if len(text) <= width else f"{text[: width - 3].rstrip()}..."


def _wrapped(text: str, indent: str = "    ") -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]
