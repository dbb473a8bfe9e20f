"""What a landmark prediction shows and what it does not: verdict, methods, references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.landmarking.cohort import LandmarkCohort
from cartwheel.landmarking.pipeline import OWN
from cartwheel.landmarking.plan import LandmarkPlan
from cartwheel.landmarking.result import (
    LabsAccount,
    LandmarkAccount,
    LandmarkChange,
    LandmarkMeasure,
    LandmarkPerformance,
    ModelTable,
)
from cartwheel.landmarking.tables import EVENTS_PER_PARAMETER

MODELS = {OWN: "one model a landmark", "super": "the model over all landmarks"}


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Everything that verdict and notes are made from."""

    plan: LandmarkPlan
    cohort: LandmarkCohort
    labs: LabsAccount
    landmarks: tuple[LandmarkAccount, ...]
    models: tuple[ModelTable, ...]
    super_model: ModelTable
    between: ModelTable | None
    performance: tuple[LandmarkPerformance, ...]
    changes: tuple[LandmarkChange, ...]


def number(estimate: Estimate) -> str:
    """Write an estimate with its interval, to two digits.

    Parameters
    ----------
    estimate : Estimate
        Any.

    Returns
    -------
    str
        Such as ``0.71 (0.52 to 0.88)``; ``not estimated`` without value.
    """
    if estimate.value is None:
        return "not estimated"
    text = f"{estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({estimate.low:.2f} to {estimate.high:.2f})"


def verdict(told: Told) -> str:
    """Say in a few sentences what the landmarks show, and what so many events cannot.

    Parameters
    ----------
    told : Told
        What was found.

    Returns
    -------
    str
    """
    events, patients = int(told.cohort.event.sum()), told.cohort.n
    sentences = [f"{events} events in {patients} patients carry all of this."]
    if not told.plan.resampling.bootstrap:
        sentences.append("Nothing was repeated, so nothing below is corrected for optimism.")
    if not told.changes:
        sentences.append(_no_change(told))
    else:
        sentences.append(_sharpens(told))
    sentences += [_change(change, told) for change in told.changes if not change.same_patients]
    sentences += [_same(change) for change in told.changes if change.same_patients]
    sentences.append(
        "Each landmark has patients of its own: those with the event are gone, so a change between "
        "landmarks is of patients as well as of markers."
    )
    useless = [row for row in told.performance if _no_better(row)]
    if useless and told.plan.resampling.bootstrap:
        days = ", ".join(f"day {row.day:g} ({row.model})" for row in useless)
        sentences.append(
            "Corrected, the risks are no better than giving every patient the same risk at: "
            f"{days}."
        )
    return " ".join(sentences)


def _no_change(told: Told) -> str:
    estimated = {row.day for row in told.performance if row.measures}
    if not estimated:
        return "At no landmark could a model be estimated, so nothing is shown."
    if len(estimated) == 1:
        return "Two landmarks are needed to see a prediction sharpen; one was estimated."
    return "A change between landmarks could not be estimated."


def _change(change: LandmarkChange, told: Told) -> str:
    first, last = (_area(told, change.model, day) for day in (change.from_day, change.to_day))
    if first is None or last is None or change.change.corrected.value is None:
        return f"For {MODELS[change.model]}, the corrected change of the AUC is not estimated."
    return (
        f"With {MODELS[change.model]}, the corrected AUC is {number(first.corrected)} on day "
        f"{change.from_day:g} and {number(last.corrected)} on day {change.to_day:g} "
        f"({last.corrected.events} events left): a change of {number(change.change.corrected)}. "
        + _judged(change.change.corrected)
    )


def _same(change: LandmarkChange) -> str:
    corrected = change.change.corrected
    return (
        f"In the {change.patients} patients ({change.events} events) analysed at every landmark, "
        f"{MODELS[change.model]} changes by {number(corrected)}. " + _judged(corrected)
    )


def _judged(change: Estimate) -> str:
    if change.low is None or change.high is None:
        return "Whether that is more than chance cannot be said."
    if change.low > 0.0:
        return "The interval lies above nought."
    if change.high < 0.0:
        return "The interval lies below nought: it gets worse."
    return "The interval holds nought."


def _sharpens(told: Told) -> str:
    """Judge all comparisons together, and the events that they rest on."""
    lows = [change.change.corrected.low for change in told.changes]
    above = sum(low is not None and low > 0.0 for low in lows)
    last = next(row.events for row in reversed(told.landmarks) if row.state != "not_estimable")
    if not above:
        return "That the prediction sharpens with time is not shown."
    few = last < EVENTS_PER_PARAMETER or above < len(lows)
    held = f"{above} of {len(lows)} comparisons have an interval above nought"
    if few:
        return (
            "That the prediction sharpens with time is suggested, not shown: "
            f"{held}, and {last} events are left at the last landmark."
        )
    return f"The prediction sharpens with time: {held}."


def _area(told: Told, model: str, day: float) -> LandmarkMeasure | None:
    for row in told.performance:
        if row.model == model and row.day == day and row.measures:
            return row.measures[0]
    return None


def _no_better(row: LandmarkPerformance) -> bool:
    """Whether the corrected risks are no better than the same risk for everybody."""
    for measure in row.measures:
        if measure.name == "scaled_brier" and measure.corrected.value is not None:
            return measure.corrected.value <= 0.0
    return False


def methods(told: Told) -> tuple[str, ...]:
    """Write the methods, a paragraph each.

    Parameters
    ----------
    told : Told
        What was found.

    Returns
    -------
    tuple of str
    """
    plan = told.plan
    days = ", ".join(f"{day:g}" for day in plan.landmarks_days)
    window = "at any later time"
    if plan.window_days is not None:
        window = f"within {plan.window_days:g} days of it"
    rows = [
        f"At each landmark (day {days} after infusion) the event {window} was predicted in "
        "patients still free of it, from the last value of each marker taken at or before the "
        "landmark. No value taken later entered.",
        _fitted(told),
        *_others(told),
        _judged_by(plan),
    ]
    return tuple(rows)


def _others(told: Told) -> Iterator[str]:
    """What became of events that make this one impossible, and of days between landmarks."""
    if told.cohort.survival:
        yield (
            "Patients whose follow-up ended without the event were censored; competing events were "
            "not told apart from other ends of follow-up. Under competing events the risks would "
            "be too high."
        )
    elif told.cohort.competing_declared:
        yield (
            "Patients with a competing event were predicted until its day, and counted as without "
            "the event."
        )
    if told.between is not None and told.between.coefficients:
        yield (
            f"For days between landmarks a further model was fitted to the same rows "
            f"({told.between.method}; the landmark day as a term); it was not judged."
        )


def _fitted(told: Told) -> str:
    fitted = sorted({table.method for table in told.models if table.method})
    own = " or ".join(fitted) or "none could be fitted"
    terms = [row.term for row in told.super_model.coefficients]
    text = f"A model was fitted at each landmark ({own})"
    if not terms:
        return text + "."
    return (
        f"{text}, and one over the stacked rows of all landmarks ({told.super_model.method}; "
        f"{', '.join(terms)}), with errors robust over the rows of a patient."
    )


def _judged_by(plan: LandmarkPlan) -> str:
    what = "AUC and Brier score"
    if plan.survival:
        what = (
            "the cumulative/dynamic AUC and the Brier score at the end of the window, both "
            "weighted for censoring, and Harrell's C within it"
        )
    text = (
        f"Performance at each landmark is {what}; the Brier score is also scaled to that of giving "
        "everybody the observed risk."
    )
    drawn = plan.resampling.bootstrap
    if not drawn:
        return text
    return (
        f"{text} Optimism was estimated by drawing patients with all their rows {drawn} times and "
        "fitting every model again; no markers were selected. Penalties were settled once, on all "
        "patients. Intervals of corrected values are percentiles over the resamples, centred on "
        "the corrected value; they take the optimism as known and are a little too narrow."
    )


def references(plan: LandmarkPlan) -> tuple[str, ...]:
    """List the works that the methods rest on.

    Parameters
    ----------
    plan : LandmarkPlan
        What was done.

    Returns
    -------
    tuple of str
    """
    works: Sequence[str] = (
        "van Houwelingen HC. Dynamic prediction by landmarking in event history analysis. Scand J "
        "Stat 2007;34:70. doi 10.1111/j.1467-9469.2006.00529.x",
        "van Houwelingen HC, Putter H. Dynamic prediction in clinical survival analysis. Chapman "
        "and Hall/CRC 2011.",
        "Efron B, Gong G. A leisurely look at the bootstrap, the jackknife, and cross-validation. "
        "Am Stat 1983;37:36. doi 10.1080/00031305.1983.10483087",
        "Noma H and others. Confidence intervals of prediction accuracy measures for multivariable "
        "prediction models. Stat Med 2021;40:5691. doi 10.1002/sim.9148",
    )
    if plan.survival:
        further = (
            "Blanche P, Dartigues JF, Jacqmin-Gadda H. Estimating and comparing time-dependent "
            "areas under ROC curves for censored event times with competing risks. Stat Med "
            "2013;32:5381. doi 10.1002/sim.5958",
        )
    else:
        further = (
            "Puhr R and others. Firth's logistic regression with rare events: accurate effect "
            "estimates and predictions? Stat Med 2017;36:2302. doi 10.1002/sim.7273",
        )
    return (*works, *further)
