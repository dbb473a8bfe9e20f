"""Sentences about one pooled effect: the effect, the spread between studies, other models."""

from __future__ import annotations

from cartwheel.pooling.account.naming import ASSOCIATIONS, measure_name, no_effect
from cartwheel.pooling.account.numbers import (
    counted,
    decimals,
    interval,
    level_text,
    of_measure,
    p_value,
    plain_interval,
    significant,
)
from cartwheel.pooling.result_analysis import Analysis, ModelRow


def association(analysis: Analysis) -> str:
    """Say the pooled effect, and whether its interval holds no effect.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
        Nothing is called significant: whether the interval holds no effect is said.
    """
    main = analysis.main
    patients = (
        f", {decimals(analysis.patients, 0)} patients" if analysis.patients is not None else ""
    )
    p = f", {p_value(main.p_value)}" if main.p_value is not None else ""
    text = (
        f"{analysis.name}: over {counted(analysis.k, 'study', 'studies')}{patients}, the pooled "
        f"{measure_name(analysis.measure)} was {interval(main.pooled, analysis.measure)}{p} "
        f"({main.name})."
    )
    return f"{text} {_meaning(analysis)}".rstrip()


def _meaning(analysis: Analysis) -> str:
    null, pooled = analysis.null_value, analysis.main.pooled
    if null is None or pooled.low is None or pooled.high is None or pooled.value is None:
        return ""
    shown = f"{null:g}"
    holds = pooled.low <= null <= pooled.high
    if analysis.measure in ASSOCIATIONS:
        if holds:
            return f"The interval includes {shown}: these studies do not show an association."
        return ""
    word = no_effect(analysis.measure)
    if holds:
        return f"The interval includes {shown} ({word})."
    if analysis.measure == "C":
        return "" if pooled.low > null else f"The interval lies below {shown} ({word})."
    side = "above" if pooled.low > null else "below"
    return f"The interval lies {side} {shown} ({word})."


def spread(analysis: Analysis) -> str:
    """Say the prediction interval and the heterogeneity.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
    """
    found, said = analysis.heterogeneity, []
    low, high = analysis.main.prediction_low, analysis.main.prediction_high
    if low is not None and high is not None:
        said.append(_prediction(analysis, low, high))
    parts = []
    if found.tau2.value is not None:
        parts.append(f"tau2 {plain_interval(found.tau2)}")
    if found.i2.value is not None:
        parts.append(f"I2 {plain_interval(found.i2, unit='%')}")
    if found.q is not None and found.q_df is not None:
        parts.append(
            f"Q {significant(found.q)} on {counted(found.q_df, 'degree', 'degrees')} of freedom "
            f"({p_value(found.q_p_value)})"
        )
    if parts:
        said.append(f"Heterogeneity: {', '.join(parts)}.")
    return " ".join(said)


def _prediction(analysis: Analysis, low: float, high: float) -> str:
    null, measure = analysis.null_value, analysis.measure
    level = level_text(analysis.main.pooled.level)
    text = (
        f"The true {measure_name(measure)} of a new study may lie between "
        f"{of_measure(low, measure)} and {of_measure(high, measure)} ({level} prediction interval)"
    )
    pooled = analysis.main.pooled
    if null is None or not low <= null <= high:
        return text + "."
    if pooled.low is not None and pooled.high is not None and pooled.low <= null <= pooled.high:
        return text + f", {no_effect(measure)} included."
    return (
        text + f": this includes {no_effect(measure)}, so what holds on average need not hold in "
        "the next setting."
    )


def accuracy_found(analysis: Analysis) -> str:
    """Say sensitivity and specificity at the summary point.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
        Empty where the rows are no test accuracy.
    """
    found = analysis.accuracy
    if found is None:
        return ""
    return (
        "By the bivariate model sensitivity was "
        f"{interval(found.sensitivity, 'proportion')}, specificity "
        f"{interval(found.specificity, 'proportion')}; the likelihood ratio was "
        f"{interval(found.positive_likelihood_ratio, 'RR')} of a positive and "
        f"{interval(found.negative_likelihood_ratio, 'RR')} of a negative result."
    )


def other_models_found(analysis: Analysis) -> str:
    """Say how far the pooled effect moves under other models, and whether any changes its meaning.

    Parameters
    ----------
    analysis : Analysis
        Of two studies or more.

    Returns
    -------
    str
        Empty where no other model was fitted.
    """
    rows = [row for row in analysis.models if row.pooled.value is not None]
    if not rows:
        return ""
    measure = analysis.measure
    lowest = min(rows, key=lambda row: row.pooled.value or 0.0)
    highest = max(rows, key=lambda row: row.pooled.value or 0.0)
    low, high = (of_measure(row.pooled.value, measure) for row in (lowest, highest))
    reach = f"between {low} ({lowest.name}) and {high} ({highest.name})"
    text = (
        f"Under {counted(len(rows), 'other model', 'other models')} the pooled "
        f"{measure_name(measure)} was {reach if low != high else low}"
    )
    null = analysis.null_value
    main = _holds(analysis.main, null)
    if null is None or main is None:
        return text + "."
    turned = [row.name for row in rows if _holds(row, null) not in (None, main)]
    word = no_effect(measure)
    if not turned:
        return text + f"; none changes whether the interval includes {word}."
    verb = "leaves it out" if main else "includes it"
    return (
        text + f". Whether the interval includes {word} depends on the model: under the main one "
        f"it {'does' if main else 'does not'}, but it {verb} under {'; '.join(turned)}."
    )


def _holds(row: ModelRow, null: float | None) -> bool | None:
    low, high = row.pooled.low, row.pooled.high
    if null is None or low is None or high is None:
        return None
    return low <= null <= high
