"""How grades, summaries and rules read on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cartwheel.clinic.toxicity.assessment import Asked, Grade, Rule
from cartwheel.provenance import SIMULATED, named_simulated

if TYPE_CHECKING:
    from cartwheel.estimate import Estimate
    from cartwheel.workflows.grade_charts import GradedCharts
    from cartwheel.workflows.grade_summary import (
        GradeCount,
        Incidence,
        RuleSummary,
        Spread,
        SummaryOptions,
    )

USE = "Research and education. Not a medical device."


def chart_lines(rules: tuple[Rule, ...], grades: tuple[Grade, ...]) -> Iterator[str]:
    """Write the grades of one chart.

    Parameters
    ----------
    rules : tuple of Rule
        By which rules.
    grades : tuple of Grade
        One for each.

    Yields
    ------
    str
        Lines.
    """
    for rule, found in zip(rules, grades, strict=True):
        names = dict(rule.words)
        yield _title(rule)
        possible = [names.get(grade, f"grade {grade}") for grade in found.possible]
        if found.grade is not None:
            yield f"  {possible[0]}"
        else:
            yield f"  not settled: {', '.join(possible[:-1])} or {possible[-1]}"
        label = "decided by" if found.grade is not None else "so far"
        yield from (f"  {label:<11} {datum}" for datum in found.deciding)
        if found.missing:
            yield f"  {'missing':<11} {', '.join(found.missing)}"
        yield from (f"  !           {warning}" for warning in found.warnings)
        yield ""
    yield from (_source(rule) for rule in rules)
    yield USE


def _title(rule: Rule) -> str:
    unverified = "" if rule.status == "verified" else ", UNVERIFIED"
    return f"{rule.title} ({rule.id} {rule.version}{unverified})"


def _source(rule: Rule) -> str:
    doi = f", doi {rule.doi}" if rule.doi else ""
    return f"{rule.id}: {rule.citation}{doi} [{rule.status}]"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def file_lines(
    graded: GradedCharts, found: tuple[RuleSummary, ...], options: SummaryOptions
) -> Iterator[str]:
    """Write the summary of a file of charts; it names no patient.

    Parameters
    ----------
    graded : GradedCharts
        For its counts and notes.
    found : tuple of RuleSummary
        From `summaries`.
    options : SummaryOptions
        How courses were read.

    Yields
    ------
    str
        Lines.
    """
    charts = graded.charts
    if named_simulated(charts.name):
        yield SIMULATED
        yield ""
    yield f"{charts.name}: {len(charts.patients)} patients, {charts.rows} rows"
    yield from (f"  {note}" for note in charts.notes)
    for rule, summary in zip(graded.rules, found, strict=True):
        yield ""
        yield _title(rule)
        yield from _summary(summary, options)
    yield ""
    yield from (_source(rule) for rule in graded.rules)
    yield USE


def _summary(found: RuleSummary, options: SummaryOptions) -> Iterator[str]:
    made = "grades as they stand in the file, not made here" if found.given else "graded here"
    settled = f"{found.settled} of {found.observed} settled"
    what = "patients" if found.unit == "patients" and not found.worst_seen else "charts"
    yield f"  {found.charts} {what}, {found.observed} with something observed; {made}; {settled}"
    what = "worst grade, patients" if found.worst_seen else found.unit
    yield (
        f"  {what}: {_counts(found.grades)}"
        + (f"; not settled {found.unsettled}" if found.unsettled else "")
        + (f"; not observed {found.not_observed}" if found.not_observed else "")
    )
    if found.worst_seen and found.unsettled:
        yield f"  worst grade seen, whatever missing days hide: {_counts(found.worst_seen)}"
    if found.onset is not None and found.duration is not None:
        yield f"  first day of grade 1 or worse: {_spread(found.onset, 'day')}"
        yield f"  days at grade 1 or worse: {_spread(found.duration, 'days')}"
    if found.missing_days:
        words = {
            "censor": "a missing day ends the follow-up for the incidence",
            "ignore": "taken to be below the grade for the incidence",
            "refuse": "",
        }[options.missing_days]
        yield f"  {_many(found.missing_days, 'day')} missing inside courses; {words}"
    for each in found.incidence:
        yield from _incidence(each)
    yield from (f"  ! {warning}" for warning in found.warnings)


def _counts(counts: tuple[GradeCount, ...]) -> str:
    return ", ".join(f"{each.name} {each.count}" for each in counts) or "none settled"


def _spread(found: Spread, unit: str) -> str:
    if found.median is None:
        return "nobody"
    number = f"{found.median:g}"
    median = f"day {number}" if unit == "day" else f"{number} day{'s' * (found.median != 1)}"
    unsettled = f"; not settled in {found.unsettled}" if found.unsettled else ""
    span = f"({found.lowest} to {found.highest}) in {_many(found.n, 'patient')}"
    return f"median {median} {span}{unsettled}"


def _incidence(found: Incidence) -> Iterator[str]:
    estimate: Estimate = found.cumulative
    if estimate.value is None:
        value = "not known: beyond the follow-up"
    else:
        value = f"{100 * estimate.value:.1f} %"
        if estimate.low is not None and estimate.high is not None:
            level = f"{100 * (estimate.level or 0):g} % CI"
            value += f" ({level} {100 * estimate.low:.1f} to {100 * estimate.high:.1f})"
    yield f"  grade {found.at_least} or worse by day {found.day}: {value}"
    parts = [f"{found.reached} of {found.followed} patients"]
    parts += [f"{found.died} died before"] if found.died else []
    ended = found.ended_by_missing_days
    parts += [f"{ended} followed up to a missing day only"] if ended else []
    parts += [f"{found.left_out} left out: first day not observed"] if found.left_out else []
    yield f"    {'; '.join(parts)}; {estimate.method}"


def rules_lines(rules: tuple[Rule, ...]) -> Iterator[str]:
    """List rules, one a line.

    Parameters
    ----------
    rules : tuple of Rule

    Yields
    ------
    str
        Id, title and status.
    """
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        mark = "" if rule.status == "verified" else "  [unverified]"
        yield f"{rule.id:<{width}}  {rule.title}{mark}"
    yield ""
    yield "What a rule asks: cartwheel grade --list --rule ID"


def rule_lines(rules: tuple[Rule, ...]) -> Iterator[str]:
    """Write what rules ask.

    Parameters
    ----------
    rules : tuple of Rule

    Yields
    ------
    str
        Title, source, and one line an input.
    """
    for rule in rules:
        yield _title(rule)
        yield f"  {_source(rule)}"
        yield f"  source: {rule.source}"
        if rule.words:
            yield "  " + ", ".join(f"{grade} = {word}" for grade, word in rule.words)
        width = max(len(asked.name) for asked in rule.inputs)
        for asked in rule.inputs:
            yield f"  {asked.name:<{width}}  {asked.label}: {_kind(asked)}"
        yield ""


def _kind(asked: Asked) -> str:
    kinds = {
        "quantity": f"number with unit, such as {asked.unit}",
        "number": "number",
        "choice": "one of " + ", ".join(asked.choices),
        "yes_no": "yes or no",
        "names": "names" + (f" among {', '.join(asked.choices)}" if asked.choices else ""),
        "series": f"values by day, with unit, such as {asked.unit}",
    }
    parts = [kinds[asked.kind]]
    if asked.unless_stated:
        parts.append(f"absent means: {asked.unless_stated}")
    if asked.note:
        parts.append(asked.note)
    return "; ".join(parts)
