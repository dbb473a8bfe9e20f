"""Sentences about what a pooled effect was asked: studies left out, subgroups, small studies."""

from __future__ import annotations

from cartwheel.pooling.account.naming import measure_name, no_effect
from cartwheel.pooling.account.numbers import (
    counted,
    decimals,
    interval,
    listed,
    of_measure,
    p_value,
    plain_interval,
    ratio,
    sentence,
    significant,
)
from cartwheel.pooling.result_analysis import Analysis
from cartwheel.pooling.result_questions import (
    MetaRegression,
    Refit,
    SmallStudyTest,
    Subgroups,
    TrimFill,
)

ENOUGH = 10
TESTS = {
    "egger": "Egger's test",
    "egger_random": "Egger's test with residual heterogeneity",
    "begg": "Begg's test",
    "peters": "Peters' test",
    "harbord": "Harbord's test",
    "deeks": "Deeks' test",
    "egger_inverse_sqrt_n": "Egger's test on the number of patients",
}


def left_out_found(analysis: Analysis) -> str:
    """Say how far the pooled effect moves when each study is left out.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
        Empty where no study was left out.
    """
    rows = [row for row in analysis.leave_one_out if row.estimate.value is not None]
    if not rows:
        return ""
    measure = analysis.measure
    lowest = min(rows, key=lambda row: row.estimate.value or 0.0)
    highest = max(rows, key=lambda row: row.estimate.value or 0.0)
    text = (
        f"Leaving out one study at a time gave values from "
        f"{of_measure(lowest.estimate.value, measure)} (without {lowest.study}) to "
        f"{of_measure(highest.estimate.value, measure)} (without {highest.study})."
    )
    main = _holds(analysis.main.pooled.low, analysis.main.pooled.high, analysis.null_value)
    if main is None:
        return text
    turned = [row.study for row in rows if _turned(row, analysis.null_value, main)]
    if turned:
        verb = "leaves out" if main else "includes"
        which = listed([f"without {study}" for study in turned], "or")
        text += (
            f" {which[:1].upper()}{which[1:]}, the interval {verb} {no_effect(measure)}: the "
            f"finding hangs on {'that study' if len(turned) == 1 else 'each of these studies'}."
        )
    return text


def _turned(row: Refit, null: float | None, main: bool) -> bool:
    now = _holds(row.estimate.low, row.estimate.high, null)
    return now is not None and now != main


def _holds(low: float | None, high: float | None, null: float | None) -> bool | None:
    if low is None or high is None or null is None:
        return None
    return low <= null <= high


def influence_found(analysis: Analysis) -> str:
    """Name influential studies, and one that carries more than half of the weight.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
        Empty where influence was not measured.
    """
    said = []
    if analysis.influence:
        flagged = [row.study for row in analysis.influence if row.flagged]
        said.append(
            f"Influential by the usual rules: {listed(flagged)}."
            if flagged
            else "No study was influential by the usual rules."
        )
    heavy = max(analysis.studies, key=lambda row: row.weight_percent, default=None)
    if heavy is not None and heavy.weight_percent > 50.0 and analysis.k > 2:
        said.append(
            f"{heavy.study} carries {decimals(heavy.weight_percent, 1)}% of the weight by itself."
        )
    return " ".join(said)


def subgroups_found(analysis: Analysis, groups: Subgroups) -> str:
    """Say each subgroup, the test between them, and what limits it.

    Parameters
    ----------
    analysis : Analysis
        Whose subgroups they are.
    groups : Subgroups
        By one column.

    Returns
    -------
    str
    """
    told = "; ".join(
        f"{row.level} {interval(row.pooled, analysis.measure)}, "
        f"{counted(row.k, 'study', 'studies')}"
        for row in groups.rows
    )
    text = f"By {groups.column}: {told}."
    if groups.p_value is not None:
        text += f" Test between subgroups: {p_value(groups.p_value)}"
        if groups.p_value_common is not None:
            text += f"; with one common tau2, {p_value(groups.p_value_common)}"
        text += "."
    else:
        text += " The subgroups cannot be tested against each other."
    return f"{text} {sentence(groups.note)}".rstrip()


def regressions_found(found: MetaRegression) -> str:
    """Say a regression: coefficients, what is left unexplained, and what limits it.

    Parameters
    ----------
    found : MetaRegression
        Of one pool.

    Returns
    -------
    str
    """
    rows = [row for row in found.rows if row.term != "intercept"]
    named = " + ".join(found.columns)
    told = "; ".join(
        f"{row.term} {plain_interval(row.coefficient)}, {p_value(row.p_value)}"
        + (
            f", by permutation {p_value(row.permutation_p_value)}"
            if row.permutation_p_value is not None
            else ""
        )
        for row in rows
    )
    what = "Trend over the studies' own cut-offs" if found.columns == ("cutoff",) else (
        f"Regression on {named}"
    )  # fmt: skip
    text = (
        f"{what}, {counted(found.k, 'study', 'studies')}, coefficients on the analysis scale: "
        f"{told}."
    )
    if found.tau2 is not None:
        text += f" Residual tau2 {significant(found.tau2)}"
        if found.r2 is not None:
            text += f", R2 {decimals(found.r2, 1)}%"
        text += "."
    return f"{text} {sentence(found.note)}".rstrip()


def small_studies_found(analysis: Analysis) -> str:
    """Say the tests of small-study effects, or why there are none.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
    """
    found, measure = analysis.small_studies, analysis.measure
    said = []
    if not found.asked:
        why = found.reason
        if 2 < analysis.k < ENOUGH and why[:1].isdigit():
            why = f"{analysis.k} studies are fewer than {ENOUGH}"
        said.append(f"Small-study effects were not tested: {why}.")
    else:
        tests = [_test(test) for test in found.tests]
        said.append(f"Small-study effects: {'; '.join(tests) or 'no test could be made'}.")
        said += [_fill(fill, measure) for fill in found.trim_fill]
        if found.selection is not None:
            said.append(
                f"Under the selection model the pooled {measure_name(measure)} was "
                f"{interval(found.selection, measure)} (likelihood-ratio test of no selection "
                f"{p_value(found.selection_p_value)})."
            )
        if found.reason:
            said.append(sentence(found.reason))
    if found.fail_safe:
        told = listed([f"{rule} {decimals(number, 0)}" for rule, number in found.fail_safe])
        said.append(f"Fail-safe numbers: {told}.")
    return " ".join(said)


def _test(test: SmallStudyTest) -> str:
    name = TESTS.get(test.name, test.name.replace("_", " "))
    return f"{name} {p_value(test.p_value)}"


def _fill(fill: TrimFill, measure: str) -> str:
    if fill.missing == 0:
        return f"Trim and fill ({fill.estimator}) found no study missing."
    return (
        f"Trim and fill ({fill.estimator}) put in "
        f"{counted(fill.missing, 'study', 'studies')} on the {fill.side}: "
        f"{interval(fill.pooled, measure)}."
    )


def confounding(analysis: Analysis) -> str:
    """Say the E-value in words.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
        Empty where there is none.
    """
    value = analysis.e_value
    if value is None:
        return ""
    text = (
        f"E-value {ratio(value.point)}: an unmeasured confounder would need a risk ratio of at "
        f"least {ratio(value.point)} with both the factor and the outcome, beyond what the studies "
        "adjusted for, to explain the pooled effect away"
    )
    if value.limit <= 1.0:
        return text + "; the interval includes no effect already, so it needs none."
    return text + f", and of {ratio(value.limit)} to move the interval to no effect."
