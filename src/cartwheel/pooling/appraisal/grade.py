"""Certainty of the evidence (GRADE for prognosis): suggestions by rule, the user's choice wins."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import PlanRefused, Problem
from cartwheel.pooling.analysis.wording import p_text
from cartwheel.pooling.appraisal.tools import HIGH, LOW
from cartwheel.pooling.plan import GradeChoice, PoolPlan
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_appraisal import Grade, GradeDomain, Quality, StudyQuality

LEVELS = ("very low", "low", "moderate", "high")
FACTORS = "GRADE guidelines 28 (Foroutan 2020, doi:10.1016/j.jclinepi.2019.12.023)"
RATES = "GRADE for overall prognosis (Iorio 2015, doi:10.1136/bmj.h870)"
PHASES = "adapted GRADE for prognostic factors (Huguet 2013, doi:10.1186/2046-4053-2-71)"
IMPRECISION = "GRADE guidelines 6, doi:10.1016/j.jclinepi.2011.01.012"
# reasons to rate up; all others rate down
_UPWARD = ("large_effect", "dose_response", "confounding")
RATIOS = ("HR", "OR", "RR", "IRR")

# GRADE's rules of thumb
PATIENTS_ENOUGH = 400.0
APPRECIABLE = (0.75, 1.25)
LARGE, VERY_LARGE = 2.0, 5.0
SUBSTANTIAL, CONSIDERABLE = 50.0, 75.0
SUSPECT = 0.10
# of the weight in per cent; equal weights of half the studies may add up to a little more than 50
HALF = 50.0 + 1e-6


def suggest_grade(analysis: Analysis, quality: Sequence[Quality], plan: PoolPlan) -> Grade | None:
    """Rate the certainty of one pooled effect.

    Parameters
    ----------
    analysis : Analysis
        The pooled effect and what it was asked.
    quality : sequence of Quality
        Risk of bias of its studies; may be empty.
    plan : PoolPlan
        ``grade.start`` names the starting point; ``grade.choices`` overrule what is suggested.

    Returns
    -------
    Grade or None
        None where the plan names no starting point. Every domain is listed, also those that change
        nothing or could not be judged; a domain that nobody judged counts as no change, and its
        reason says so.

    Notes
    -----
    ``high`` is where GRADE begins for prognosis, of factors and of event rates; ``moderate`` is
    where Huguet et al begin for exploratory work (their phase 1: associations looked for, and
    outcome prediction), as most studies of a marker and a cut-off are. The certainty is the
    starting level and the sum of all changes, kept between very low and high.

    Suggestions. Risk of bias: down one where more than half of the weight is from studies that are
    not at low risk in most domains or are high overall, two where it is from studies at high risk
    in all domains but at most one. Inconsistency: down one for I2 of 50 % or more with p of Q below
    0.10, or where the prediction interval crosses no effect and the confidence interval does not;
    two for I2 of 75 % or more with both. Imprecision: down one where the interval crosses no effect
    or the information is too small (the plan's ``information_size``, else 400 patients), two where
    it holds both 0.75 and 1.25. Publication bias: only from ten studies on, down one where a test
    of asymmetry has p below 0.10. Large effect, from the start at moderate, unless anything was
    rated down: up one where the interval lies wholly beyond 2 or 1/2, two beyond 5 or 1/5.
    Indirectness and dose-response are the user's to judge.

    References
    ----------
    Foroutan F et al 2020, doi:10.1016/j.jclinepi.2019.12.023. Iorio A et al 2015,
    doi:10.1136/bmj.h870. Huguet A et al 2013, doi:10.1186/2046-4053-2-71. Guyatt GH et al 2011,
    doi:10.1016/j.jclinepi.2011.01.012.
    """
    start = plan.grade.start
    if start is None:
        return None
    domains = [
        _risk_of_bias(analysis, quality),
        _inconsistency(analysis),
        _imprecision(analysis, plan.grade.information_size),
        _not_judged("indirectness"),
        _publication_bias(analysis),
    ]
    chosen = [one for one in plan.grade.choices if _meant(one, analysis)]
    domains = [*_with_choices(domains, chosen)]
    down = any(domain.change < 0 for domain in domains)
    upward = [_large_effect(analysis, start, down), _not_judged("dose_response")]
    domains += _with_choices(upward, chosen)
    named = {domain.domain for domain in domains}
    domains += [_as_chosen(one) for one in chosen if one.domain not in named]
    return Grade(
        analysis=analysis.name,
        start=start,
        start_source=start_source(analysis, start),
        domains=tuple(domains),
        certainty=certainty(start, [domain.change for domain in domains]),
    )


def check_choices(analyses: Sequence[Analysis], plan: PoolPlan) -> None:
    """Refuse judgements that would do nothing, or that GRADE does not know.

    Parameters
    ----------
    analyses : sequence of Analysis
        All of them.
    plan : PoolPlan
        With its grade.

    Raises
    ------
    PlanRefused
        ``grade_start`` for choices without a starting point, ``grade_analysis`` for one of an
        analysis that is not there, ``grade_direction`` for a reason to rate down that rates up, or
        the other way round.
    """
    known = {name for one in analyses for name in (one.name, one.outcome) if name}
    problems = []
    if plan.grade.choices and plan.grade.start is None:
        problems.append(
            Problem(
                "grade_start",
                "there are judgements, but no starting point: nothing would be rated",
                "plan: grade",
                "say start = 'high' or 'moderate' (--grade)",
            )
        )
    for place, choice in enumerate(plan.grade.choices, start=1):
        where = f"plan: grade.choices[{place}]"
        if choice.analysis is not None and choice.analysis not in known:
            what = f"no analysis and no outcome is called '{choice.analysis}'"
            mend = nearest_names(choice.analysis, sorted(known))
            problems.append(Problem("grade_analysis", what, where, mend))
        up = choice.domain in _UPWARD
        if choice.change and up != (choice.change > 0):
            what = f"{choice.domain} is a reason to rate {'up' if up else 'down'}, not by "
            mend = f"write a change from {'0 to 2' if up else '-2 to 0'}"
            problems.append(Problem("grade_direction", f"{what}{choice.change:+d}", where, mend))
    if problems:
        raise PlanRefused(problems)


def certainty(start: str, changes: Sequence[int]) -> str:
    """Add changes to a starting level.

    Parameters
    ----------
    start : str
        ``high``, ``moderate``, ``low`` or ``very low``.
    changes : sequence of int
        Levels down (negative) or up.

    Returns
    -------
    str
        Not below very low, not above high.

    Examples
    --------
    >>> certainty("high", [-1, -1, 0]), certainty("moderate", [1, 1]), certainty("low", [-2, -1])
    ('low', 'high', 'very low')
    """
    place = LEVELS.index(start) + sum(changes)
    return LEVELS[max(0, min(place, len(LEVELS) - 1))]


def start_source(analysis: Analysis, start: str) -> str:
    """Name the publication whose starting point was chosen.

    Parameters
    ----------
    analysis : Analysis
        A proportion is a question of overall prognosis, everything else one of a factor.
    start : "high" or "moderate"
        The user's choice.

    Returns
    -------
    str
        Publication, with its doi.
    """
    if start == "moderate":
        return f"{PHASES}, phase 1"
    return RATES if analysis.measure == "proportion" else FACTORS


def _meant(choice: GradeChoice, analysis: Analysis) -> bool:
    return choice.analysis is None or choice.analysis in {analysis.name, analysis.outcome}


def _with_choices(
    domains: Sequence[GradeDomain], choices: Sequence[GradeChoice]
) -> Iterator[GradeDomain]:
    """Put the user's judgement in place of a suggestion; the last one said holds."""
    said = {choice.domain: choice for choice in choices}
    for domain in domains:
        choice = next((one for name, one in said.items() if name == domain.domain), None)
        yield domain if choice is None else _as_chosen(choice)


def _as_chosen(choice: GradeChoice) -> GradeDomain:
    return GradeDomain(choice.domain, choice.change, choice.reason, suggested=False)


def _suggest(domain: str, change: int, reason: str) -> GradeDomain:
    return GradeDomain(domain, change, reason, suggested=True)


def _not_judged(domain: str) -> GradeDomain:
    reason = "not judged: no rule can see it, so it counts as no change until somebody judges it"
    return GradeDomain(domain, 0, reason, suggested=False)


def _risk_of_bias(analysis: Analysis, quality: Sequence[Quality]) -> GradeDomain:
    name = "risk_of_bias"
    tool = next((one for one in quality if one.tool != "Newcastle-Ottawa"), None)
    if tool is None:
        why = "the table has no risk of bias by QUIPS or PROBAST"
        return _suggest(name, 0, f"not judged: {why}; the certainty may be lower")
    judged = {(one.row, one.study): one for one in tool.studies if one.judgements or one.overall}
    by_label = {study: one for (_, study), one in judged.items()}
    weights: dict[str, float] = {"judged": 0.0, "high": 0.0, "doubt": 0.0}
    domains = sum(not code.startswith("applicability") for code, _ in tool.domains)
    for study in analysis.studies:
        found = judged.get((study.row, study.study)) or by_label.get(study.study)
        if found is None:
            continue
        weights["judged"] += study.weight_percent
        high, doubt = _concern(found, domains)
        weights["high"] += study.weight_percent * high
        weights["doubt"] += study.weight_percent * (doubt or high)
    seen = f"{tool.tool}, {weights['judged']:.0f} % of the weight judged"
    if weights["judged"] <= HALF:
        return _suggest(name, 0, f"not judged: {seen}, not more than half")
    if weights["high"] > HALF:
        text = f"{weights['high']:.0f} % of the weight is at high risk in almost all domains"
        return _suggest(name, -2, f"{text} ({seen})")
    text = (
        f"{weights['doubt']:.0f} % of the weight is not at low risk in most domains or is at high"
    )
    return _suggest(name, -int(weights["doubt"] > HALF), f"{text} risk overall ({seen})")


def _concern(study: StudyQuality, domains: int) -> tuple[bool, bool]:
    """Tell whether a study is at high risk almost everywhere, and whether it is of concern."""
    levels = [
        one.level for one in study.judgements if not one.domain.startswith("applicability")
    ]  # fmt: skip
    high = levels.count(HIGH)
    not_low = len(levels) - levels.count(LOW)
    return high >= max(domains - 1, 1), study.overall == HIGH or 2 * not_low > domains


def _inconsistency(analysis: Analysis) -> GradeDomain:
    name, main, spread = "inconsistency", analysis.main, analysis.heterogeneity
    if analysis.k < 2:
        return _suggest(name, 0, "cannot be judged: one study")
    i2, p = spread.i2.value, spread.q_p_value
    crosses = _crosses(analysis, main.prediction_low, main.prediction_high) and not _crosses(
        analysis, main.pooled.low, main.pooled.high
    )
    words = []
    if i2 is not None:
        words.append(f"I2 {i2:.0f} %" + (f", p of Q {p_text(p)}" if p is not None else ""))
    if main.prediction_low is not None and main.prediction_high is not None:
        text = f"prediction interval {main.prediction_low:.2f} to {main.prediction_high:.2f}"
        words.append(f"{text}{' crosses no effect' if crosses else ''}")
    varied = i2 is not None and p is not None and i2 >= SUBSTANTIAL and p < SUSPECT
    very = varied and crosses and i2 is not None and i2 >= CONSIDERABLE
    change = -2 if very else -int(varied or crosses)
    return _suggest(name, change, "; ".join(words) or "no measure of heterogeneity")


def _imprecision(analysis: Analysis, size: float | None) -> GradeDomain:
    name, pooled = "imprecision", analysis.main.pooled
    if pooled.low is None or pooled.high is None:
        return _suggest(name, -1, "there is no confidence interval")
    interval = f"{pooled.low:.2f} to {pooled.high:.2f}"
    both = analysis.measure in RATIOS and (
        pooled.low < APPRECIABLE[0] and pooled.high > APPRECIABLE[1]
    )
    if both:
        text = f"the interval, {interval}, holds both {APPRECIABLE[0]} and {APPRECIABLE[1]}"
        return _suggest(name, -2, f"{text} ({IMPRECISION})")
    if _crosses(analysis, pooled.low, pooled.high):
        return _suggest(name, -1, f"the interval, {interval}, holds no effect ({IMPRECISION})")
    enough = size if size is not None else PATIENTS_ENOUGH
    source = "the plan's information size" if size is not None else f"rule of thumb, {IMPRECISION}"
    if analysis.patients is None:
        text = "not every study says its number of patients, so the information size is not judged"
        return _suggest(name, 0, f"interval {interval}; {text}")
    few = analysis.patients < enough
    text = f"{analysis.patients:.0f} patients, {'fewer than' if few else 'of'} {enough:.0f} needed"
    return _suggest(name, -int(few), f"interval {interval}; {text} ({source})")


def _publication_bias(analysis: Analysis) -> GradeDomain:
    name, small = "publication_bias", analysis.small_studies
    tests = [test for test in small.tests if test.p_value is not None]
    if not small.asked or not tests:
        return _suggest(name, 0, f"cannot be judged from {analysis.k} studies: no test was made")
    if analysis.k < 10:
        text = f"cannot be judged: {analysis.k} studies, fewer than ten, whatever a test says"
        return _suggest(name, 0, text)
    first = tests[0]
    p = first.p_value if first.p_value is not None else math.nan
    return _suggest(name, -int(p < SUSPECT), f"{first.name}: p {p_text(p)}")


def _large_effect(analysis: Analysis, start: str, down: bool) -> GradeDomain:
    name, pooled = "large_effect", analysis.main.pooled
    if analysis.measure not in RATIOS or pooled.low is None or pooled.high is None:
        return _suggest(name, 0, "asked of ratios only")
    if pooled.low <= 0.0:
        return _suggest(name, 0, "the interval reaches 0")
    nearest = max(pooled.low, 1.0 / pooled.high)
    if nearest <= 1.0:
        return _suggest(name, 0, "the interval holds no effect")
    seen = f"the interval's nearer limit is {nearest:.2f} times away from no effect"
    if start == "high":
        return _suggest(name, 0, f"{seen}; certainty began as high")
    if down:
        return _suggest(name, 0, f"{seen}; not rated up where something was rated down")
    change = int(nearest > LARGE) + int(nearest > VERY_LARGE)
    return _suggest(name, change, seen)


def _crosses(analysis: Analysis, low: float | None, high: float | None) -> bool:
    """Whether an interval holds no effect; never, for a measure that has none."""
    null = analysis.null_value
    return null is not None and low is not None and high is not None and low <= null <= high
