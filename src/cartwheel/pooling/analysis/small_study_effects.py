"""Small-study effects of a pool: asked only where its number of studies allows, or forced."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.pooling.analysis.count_models import two_groups
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.analysis.models import estimator, two_stage_interval
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_analysis import EValue, ModelRow
from cartwheel.pooling.result_questions import SmallStudies, SmallStudyTest, TrimFill
from cartwheel.stats.pooling.choices import critical_value
from cartwheel.stats.pooling.e_value import e_value
from cartwheel.stats.pooling.selection_model import step_selection
from cartwheel.stats.pooling.small_studies import (
    AsymmetryTest,
    begg_test,
    deeks_test,
    egger_test,
    fail_safe_n,
    harbord_test,
    peters_test,
    trim_and_fill,
)

ENOUGH = 10
SOURCE = "Sterne et al. 2011, doi:10.1136/bmj.d4002"
ESTIMATORS = ("L0", "R0", "Q0")
RULES = ("rosenthal", "rosenberg", "orwin")
# measures of an association, of which significant ones may have been printed rather
_ASSOCIATIONS = ("HR", "OR", "RR", "RD", "IRR", "MD", "SMD")
_E_VALUES = {"HR": "HR", "OR": "OR", "RR": "RR", "IRR": "RR", "SMD": "SMD"}
_RAW = ("two_by_two", "accuracy")


def small_studies_of(members: Members, plan: PoolPlan) -> SmallStudies:
    """Ask a pool for small-study effects, or say why not.

    Parameters
    ----------
    members : Members
        The pool.
    plan : PoolPlan
        ``small_studies``, ``fail_safe``, ``harm`` and the estimator.

    Returns
    -------
    SmallStudies
        With fewer than ten studies only where forced, and with the reason.

    Notes
    -----
    For odds ratios from counts Peters' and Harbord's tests come first, since the error of a log
    odds ratio depends on its size; for test accuracy Deeks'; proportions are held against the
    number of patients instead of their error. The selection model has one step at one-sided
    p = 0.025, towards the side that ``harm`` names.
    """
    safe = _fail_safe(members) if plan.fail_safe else ()
    why = _why_not(members.k, plan.small_studies)
    if why:
        return SmallStudies(False, False, why, (), (), None, None, None, safe)
    said = [_forced(members.k)] if members.k < ENOUGH else []
    tests = tuple(_written(test, members) for test in _tests(members, said))
    fills = tuple(_fills(members, plan, said))
    selection, weight, p = _selection(members, plan, said)
    return SmallStudies(
        True, members.k < ENOUGH, "; ".join(said), tests, fills, selection, weight, p, safe
    )


def _why_not(k: int, asked: str) -> str:
    if asked == "no":
        return "the plan asks for none"
    if k < 3:
        return f"{k} {'study' if k == 1 else 'studies'}: there is nothing to test"
    if k < ENOUGH and asked != "force":
        return (
            f"{k} studies, fewer than {ENOUGH}: no test of funnel asymmetry can tell chance from "
            f"bias ({SOURCE}); --small-studies force makes them all the same"
        )
    return ""


def _forced(k: int) -> str:
    return (
        f"forced: with {k} studies, fewer than {ENOUGH}, these tests have too little power to tell "
        f"chance from bias, and none of them is evidence either way ({SOURCE})"
    )


def _tests(members: Members, said: list[str]) -> Iterator[AsymmetryTest]:
    for test in _asked(members):
        try:
            yield test()
        except NotEstimable as refusal:
            text = refusal.problems[0].what
            if text not in said:
                said.append(text)


def _asked(members: Members) -> Iterator[Callable[[], AsymmetryTest]]:
    y, v, level = members.effects, members.variances, members.level
    columns = two_groups(members)
    raw = columns is not None and all(study.route in _RAW for study in members.studies)
    if columns is not None and raw and members.measure == "OR":
        if all(study.route == "accuracy" for study in members.studies):
            yield lambda: deeks_test(*columns, level=level)
        yield lambda: peters_test(*columns, level=level)
        yield lambda: harbord_test(*columns, level=level)
    sizes = [study.n for study in members.studies if study.n]
    if members.measure == "proportion" and len(sizes) == members.k:
        yield lambda: egger_test(y, v, predictor="inverse_sqrt_n", n=sizes, level=level)
        return
    yield lambda: egger_test(y, v, level=level)
    yield lambda: egger_test(y, v, model="random", level=level)
    yield lambda: begg_test(y, v)


def _written(test: AsymmetryTest, members: Members) -> SmallStudyTest:
    bias = None
    if test.bias is not None and test.bias_std_error is not None:
        reach = critical_value(members.level, test.df) * test.bias_std_error
        bias = Estimate(
            test.bias, test.bias - reach, test.bias + reach, members.level, test.name, n=test.k
        )
    limit = None
    if test.limit is not None:
        limit = members.estimate(test.limit, test.limit_low, test.limit_high, test.name)
    return SmallStudyTest(
        test.name, test.statistic, None if test.df is None else float(test.df), test.p_value,
        bias, limit,
    )  # fmt: skip


def _fills(members: Members, plan: PoolPlan, said: list[str]) -> Iterator[TrimFill]:
    for name in ESTIMATORS:
        try:
            found = trim_and_fill(
                members.effects, members.variances, estimator=name, method=estimator(plan),
                interval=two_stage_interval(plan), level=members.level,
            )  # fmt: skip
        except NotEstimable as refusal:
            said.append(f"trim and fill {name}: {refusal.problems[0].what}")
            continue
        fit = found.fit
        pooled = members.estimate(
            fit.estimate, fit.low, fit.high, f"trim and fill {name}, {fit.method}"
        )
        yield TrimFill(
            found.estimator,
            found.side,
            found.missing,
            pooled,
            tuple(map(float, found.filled_effects)),
            tuple(map(float, found.filled_variances**0.5)),
        )


def _selection(
    members: Members, plan: PoolPlan, said: list[str]
) -> tuple[Estimate | None, float | None, float | None]:
    if members.measure not in _ASSOCIATIONS:
        said.append(f"no selection model: a {members.measure} has no significance to select by")
        return None, None, None
    try:
        found = step_selection(
            members.effects, members.variances, steps=(0.025,), level=members.level,
            alternative="greater" if plan.harm == "above" else "less",
        )  # fmt: skip
    except NotEstimable as refusal:
        said.append(f"no selection model: {refusal.problems[0].what}")
        return None, None, None
    name = "step selection model at one-sided p = 0.025, ML"
    pooled = members.estimate(found.estimate, found.low, found.high, name)
    return pooled, float(found.weights[0]), found.p_value


def _fail_safe(members: Members) -> tuple[tuple[str, int], ...]:
    if members.k < 2 or members.measure not in _ASSOCIATIONS:
        return ()
    return tuple(
        (rule, fail_safe_n(members.effects, members.variances, rule=rule)) for rule in RULES
    )


def e_value_of(main: ModelRow, members: Members, plan: PoolPlan) -> EValue | None:
    """Say how strong unmeasured confounding had to be.

    Parameters
    ----------
    main : ModelRow
        The plan's model.
    members : Members
        For the measure.
    plan : PoolPlan
        Whether the outcome is rare.

    Returns
    -------
    EValue or None
        None for differences, proportions, measures of performance and the accuracy of a test, and
        where a limit is missing.
    """
    pooled, measure = main.pooled, _E_VALUES.get(members.measure)
    if all(study.route == "accuracy" for study in members.studies):
        return None
    if measure is None or pooled.value is None or pooled.low is None or pooled.high is None:
        return None
    try:
        found = e_value(pooled.value, pooled.low, pooled.high, measure=measure, rare=plan.rare)
    except NotEstimable:
        return None
    return EValue(found.point, found.limit, found.method)
