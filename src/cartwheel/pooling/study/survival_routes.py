"""Routes to a hazard ratio that is not printed: log-rank, O - E, medians, curves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.reading import read_table
from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.pooling.result_studies import Counts
from cartwheel.pooling.study.effect import Asked, Effect
from cartwheel.pooling.study.headers import header_key
from cartwheel.pooling.study.printed import Unread, read_number
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.pooling.effect_sizes import (
    log_hazard_ratio_from_log_rank,
    log_hazard_ratio_from_medians,
    log_hazard_ratio_from_o_minus_e,
)
from cartwheel.stats.reconstruction import Reconstruction, reconstruct_times
from cartwheel.stats.times import survival_times

_WORSE = ("worse", "higher", "high", "up", "+", "1", "exposed", "increased", "above")
_BETTER = ("better", "lower", "low", "down", "-", "-1", "unexposed", "decreased", "below")
# of a log hazard ratio, as found on curves of known patients (stats.reconstruction)
_READING_ERROR = 0.02


def o_minus_e_effect(asked: Asked) -> Effect | None:
    """Convert observed minus expected events and their variance, as Peto.

    Parameters
    ----------
    asked : Asked
        Measure HR.

    Returns
    -------
    Effect or None
    """
    row = asked.row
    if asked.measure != "HR" or not row.has("o_minus_e", "log_rank_variance"):
        return None
    difference, variance = row.number_of("o_minus_e"), row.number_of("log_rank_variance")
    if difference is None or variance is None:
        return None
    if variance.value <= 0.0:
        row.findings.fault(
            "zero_variance",
            f"the variance of O - E is {variance.text}, and must be above 0",
            "correct it",
        )
        return None
    effect, error = log_hazard_ratio_from_o_minus_e(difference.value, variance.value)
    return Effect(
        effect,
        error,
        "log",
        "o_minus_e",
        "log HR = (O - E) / V, standard error = 1 / root of V",
        f"O - E {difference.text}, V {variance.text}",
        ("hazards are proportional, and the ratio is not far from 1 (Peto)",),
    )


def log_rank_effect(asked: Asked) -> Effect | None:
    """Convert a log-rank test with events by group (Parmar 1998, Tierney 2007).

    Parameters
    ----------
    asked : Asked
        Measure HR. A column ``direction`` says whether the first group does worse; a printed
        hazard ratio or two medians say it as well.

    Returns
    -------
    Effect or None
    """
    row = asked.row
    if asked.measure != "HR" or not (row.has("log_rank") or row.has("log_rank_p")):
        return None
    events = [row.count_of(f"events_{which}") for which in ("1", "0")]
    patients = [row.count_of(f"n_{which}") for which in ("1", "0")]
    if None in events:
        row.findings.fault(
            "log_rank_events",
            "a log-rank test gives a hazard ratio only with the events of each group",
            "give events_high and events_low (and n_high, n_low)",
        )
        return None
    e1, e0 = (float(count) for count in events if count is not None)
    direction = _direction(asked)
    if direction == 0 or e1 + e0 <= 0.0:
        row.findings.fault(
            "direction_missing" if direction == 0 else "no_events",
            "a log-rank test does not say which group does worse"
            if direction == 0
            else "there are no events",
            "add a column 'direction': worse or better, of the first group"
            if direction == 0
            else "leave the row out",
        )
        return None
    test, name = row.number_of("log_rank"), "chi_square"
    if test is None:
        test, name = row.number_of("log_rank_p"), "p"
    if test is None:
        return None
    wrong = test.value < 0.0 if name == "chi_square" else not 0.0 < test.value <= 1.0
    if test.bound or wrong:
        row.findings.fault(
            "bound_only" if test.bound else "p_range",
            f"the log-rank {name.replace('_', '-')} is {test.text}",
            "give the number itself",
        )
        return None
    n1, n0 = patients
    known = n1 is not None and n0 is not None and n1 > 0.0 and n0 > 0.0
    effect, error = log_hazard_ratio_from_log_rank(
        chi_square=test.value if name == "chi_square" else None,
        p=test.value if name == "p" else None,
        events_1=e1,
        events_0=e0,
        direction=direction,
        n_1=n1 if known else None,
        n_0=n0 if known else None,
    )
    variance = "events x n1 n2 / (n1 + n2)^2" if known else "events1 x events2 / events"
    return Effect(
        effect,
        error,
        "log",
        "log_rank",
        f"log HR = +-root(chi-square / V), standard error = 1 / root of V, V = {variance}",
        f"log-rank {name.replace('_', '-')} {test.text}, {e1:g} and {e0:g} events",
        ("the test is two-sided and not stratified; hazards are proportional",),
        None,
        (n1 + n0) if known and n1 is not None and n0 is not None else None,
        e1 + e0,
    )


def _direction(asked: Asked) -> int:
    """Sign of the log hazard ratio: 1 where the first group does worse; 0 where nothing says so."""
    row = asked.row
    word = row.text("direction").lower()
    if word:
        first = re.split(r"[\s,;(]", word)[0]
        if first in _WORSE:
            return 1
        return -1 if first in _BETTER else 0
    estimate = asked.reported.estimate
    if estimate is not None and estimate.value > 0.0 and estimate.value != 1.0:
        return 1 if estimate.value > 1.0 else -1
    medians = row.number_of("median_1"), row.number_of("median_0")
    if medians[0] is not None and medians[1] is not None:
        longer = medians[0].value - medians[1].value
        return int(np.sign(-longer))
    return 0


def median_effect(asked: Asked) -> Effect | None:
    """Convert two medians with the events behind them, as if hazards were constant.

    Parameters
    ----------
    asked : Asked
        Measure HR.

    Returns
    -------
    Effect or None
    """
    row = asked.row
    if asked.measure != "HR" or not row.has("median_1", "median_0"):
        return None
    first, second = row.number_of("median_1"), row.number_of("median_0")
    events = row.count_of("events_1"), row.count_of("events_0")
    if first is None or second is None:
        return None
    if first.bound or second.bound or min(first.value, second.value) <= 0.0:
        row.findings.fault(
            "bound_only", "a median is not reached, or not above 0", "use another route"
        )
        return None
    if events[0] is None or events[1] is None or min(events[0], events[1]) <= 0.0:
        row.findings.fault(
            "median_events",
            "medians give a hazard ratio only with the events of each group, above 0",
            "give events_high and events_low",
        )
        return None
    effect, error = log_hazard_ratio_from_medians(first.value, second.value, events[0], events[1])
    return Effect(
        effect,
        error,
        "log",
        "medians",
        "log HR = log(median2 / median1), variance 1 / events1 + 1 / events2",
        f"medians {first.text} and {second.text}, {events[0]:g} and {events[1]:g} events",
        ("hazards are constant (exponential survival): a strong assumption",),
        None,
        None,
        events[0] + events[1],
    )


def curve_effect(asked: Asked) -> Effect | None:
    """Reconstruct patients from two digitised curves and fit a Cox model to them.

    Parameters
    ----------
    asked : Asked
        Measure HR. ``curve_high`` and ``curve_low`` name CSV files with columns time and survival,
        beside the table; ``at_risk_high`` and ``at_risk_low`` hold ``0:61; 6:40; 12:20`` or name a
        CSV file with time and number.

    Returns
    -------
    Effect or None
    """
    row = asked.row
    if asked.measure != "HR" or not row.has("curve_1", "curve_0"):
        return None
    arms = []
    for which in ("1", "0"):
        arm = _arm(asked, which)
        if arm is None:
            return None
        arms.append(arm)
    first, second = arms
    try:
        fit = cox_fit(
            survival_times(
                np.concatenate((first.times.time, second.times.time)),
                np.concatenate((first.times.event, second.times.event)),
            ),
            np.concatenate((np.ones(first.n), np.zeros(second.n))),
        )
    except Refused as error:
        row.findings.faults += [
            replace(problem, where=row.findings.where) for problem in error.problems
        ]
        return None
    distance = max(first.largest_distance, second.largest_distance)
    if distance > 0.05:
        row.findings.fault(
            "curve_misread",
            f"the reconstructed patients miss a curve by {distance:.2f}",
            "read the figure again; are the numbers at risk its own?",
        )
        return None
    row.findings.flag("reconstructed", f"largest distance from a curve {distance:.3f}")
    return Effect(
        float(fit.coefficients[0]),
        float(fit.std_error[0]),
        "log",
        "curve",
        "patients reconstructed from both curves and their numbers at risk (Guyot), then a Cox "
        "model",
        f"curves of {first.n} and {second.n} patients, {first.events} and {second.events} events "
        "reconstructed",
        (
            f"reading error: the log HR of known patients came within {_READING_ERROR}; the curves "
            f"given were met within {distance:.3f}",
            "unadjusted: covariates are lost",
        ),
        Counts(first.events, first.n, second.events, second.n),
        float(first.n + second.n),
        float(first.events + second.events),
    )


def _arm(asked: Asked, which: str) -> Reconstruction | None:
    row = asked.row
    name = row.text(f"curve_{which}")
    events = row.count_of(f"events_{which}")
    try:
        time, survival = _columns(
            _beside(asked, name), ("time", "months", "days", "weeks", "years", "t", "x"),
            ("survival", "surv", "s", "probability", "y", "km"),
        )  # fmt: skip
        risk = _at_risk(asked, which)
        if risk is None:
            row.findings.fault(
                "at_risk_missing",
                f"curve {name} has no numbers at risk",
                "write them as 0:61; 6:40; 12:20, in the unit of the curve",
            )
            return None
        return reconstruct_times(
            time,
            survival,
            risk_times=risk[0],
            at_risk=risk[1],
            events=None if events is None else int(events),
        )
    except Refused as error:
        row.findings.faults += [
            replace(problem, where=f"{row.findings.where}, {name}") for problem in error.problems
        ]
        return None


def _beside(asked: Asked, name: str) -> Path:
    """Find a file that a cell names: it lies with the table, or in a folder below it.

    Whoever types a table into a server must not read other files with it.
    """
    wanted = Path(name)
    if wanted.is_absolute() or PureWindowsPath(name).drive or ".." in wanted.parts:
        raise refuse(
            FileRefused,
            "file_elsewhere",
            "this file does not lie with the table",
            where=name,
            mend="put it beside the table, and name it without folder",
        )
    return Path(asked.folder) / wanted


def _at_risk(asked: Asked, which: str) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    text = asked.row.text(f"at_risk_{which}")
    if not text:
        return None
    if text.lower().endswith((".csv", ".tsv", ".txt", ".xlsx")):
        return _columns(
            _beside(asked, text), ("time", "months", "days", "weeks", "years", "t"),
            ("atrisk", "n", "number", "numberatrisk", "nrisk", "risk"),
        )  # fmt: skip
    pairs = [re.split(r"\s*[:=]\s*", part) for part in re.split(r"[;,|]\s*", text) if part.strip()]
    times, numbers = [], []
    for pair in pairs:
        values = [read_number(part, whole=False) for part in pair]
        if len(values) != 2 or any(isinstance(value, Unread) for value in values):
            return None
        times.append(values[0].value)  # type: ignore[union-attr]
        numbers.append(values[1].value)  # type: ignore[union-attr]
    return np.array(times), np.array(numbers)


def _columns(
    path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read two columns of numbers by their names."""
    table = read_table(path)
    keys = [header_key(str(name)) for name in table.frame.columns]
    found: list[NDArray[np.float64]] = []
    for names in (first, second):
        places = [place for place, key in enumerate(keys) if key in names]
        place = places[0] if places else len(found)
        cells = [read_number(cell) for cell in table.frame.iloc[:, place].tolist()]
        found.append(
            np.array([np.nan if isinstance(cell, Unread) else cell.value for cell in cells])
        )
    return found[0], found[1]
