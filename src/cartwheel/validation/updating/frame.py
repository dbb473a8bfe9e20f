"""What an updating ladder stands on: the score as a linear predictor, and what its terms add."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cartwheel.clinic.batch.contributions import TermColumns
from cartwheel.clinic.score_spec import AnyRisk, CoxRisk, LogisticRisk, RiskTable
from cartwheel.stats.cox_baseline import FARTHEST
from cartwheel.validation.analysed import Floats, Predicted, Target
from cartwheel.validation.judging.points import linear_predictor

NO_RISK = "the score gives no risk of its own"
RUNGS = ("as is", "intercept", "slope", "re-estimated", "extended")

# the linear predictor of a table of risks counts as a straight line of the total within this
_STRAIGHT = 1e-6
_SPREAD = 1e-12


class Extension(Protocol):
    """A column that the last rung adds."""

    @property
    def column(self) -> str:
        """Its name in the cohort."""

    @property
    def label(self) -> str:
        """For the reader."""

    @property
    def unit(self) -> str:
        """Of the values; empty where there is none."""

    @property
    def variable(self) -> str | None:
        """In the dictionary of variables."""

    @property
    def values(self) -> Floats:
        """Of the analysed patients, (n,); nan where missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A score taken apart for updating; arrays are of the n analysed patients.

    Parameters
    ----------
    start : float array (n,) or None
        Its linear predictor; None where it has no risk that fits the outcome.
    line : float array (n,)
        What the slope multiplies: the linear predictor, else the value.
    terms : float array (n, k)
        Contributions on the scale of ``line``.
    names : tuple of str
        Of the k terms.
    per_unit : float
        ``terms`` divided by the contributions to the score's value.
    direction : float
        Sign that the slope of ``line`` should have.
    constant : tuple of str
        Terms that are the same in every patient.
    added : float array (n, e)
        Columns of the last rung.
    added_names : tuple of str
        With their units.
    rungs : tuple of str
        Those that can be tried, in order.
    reasons : dict of str to str
        Why others cannot.
    why : str
        Why the score has no linear predictor; empty where it has one.
    """

    start: Floats | None
    line: Floats
    terms: Floats
    names: tuple[str, ...]
    per_unit: float
    direction: float
    constant: tuple[str, ...]
    added: Floats
    added_names: tuple[str, ...]
    rungs: tuple[str, ...]
    reasons: dict[str, str]
    why: str = ""


def frame_of(
    target: Target, predicted: Predicted, terms: TermColumns, extension: Sequence[Extension]
) -> Frame:
    """Take a score apart.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        The score on the same patients.
    terms : TermColumns
        What each term added to its value.
    extension : sequence of Extension
        Columns of the last rung; may be empty.

    Returns
    -------
    Frame
    """
    start, why = _start(target, predicted)
    line = predicted.value if start is None else start
    per_unit = 1.0
    straight = True
    if start is not None:
        per_unit, straight = _straight_line(predicted.spec.risk, predicted.value, start)
    columns = np.ascontiguousarray(terms.values * per_unit)
    moving = varying(columns, np.ones(target.n))
    reasons = _reasons(why, line, straight, int(moving.sum()), extension)
    asked = RUNGS if extension else RUNGS[:-1]
    added = [np.asarray(item.values, dtype=np.float64) for item in extension]
    return Frame(
        start=start,
        line=np.ascontiguousarray(line),
        terms=columns,
        names=terms.names,
        per_unit=per_unit,
        direction=1.0 if start is not None or predicted.adverse == "high" else -1.0,
        constant=tuple(name for name, moves in zip(terms.names, moving, strict=True) if not moves),
        added=np.ascontiguousarray(np.column_stack(added) if added else np.empty((target.n, 0))),
        added_names=tuple(_with_unit(item) for item in extension),
        rungs=tuple(rung for rung in asked if rung not in reasons),
        reasons={rung: reason for rung, reason in reasons.items() if rung in asked},
        why=why,
    )


def _with_unit(item: Extension) -> str:
    if not item.unit or item.unit == "1" or f"({item.unit})" in item.label:
        return item.label
    return f"{item.label} (per {item.unit})"


def varying(columns: Floats, multiplicity: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which columns are not the same in everybody present.

    Parameters
    ----------
    columns : float array (n, k)
        Any.
    multiplicity : float array (n,)
        0 for patients who are absent.

    Returns
    -------
    bool array (k,)
    """
    here = columns[multiplicity > 0]
    if not here.size:
        return np.zeros(columns.shape[1], dtype=np.bool_)
    low, high = here.min(axis=0), here.max(axis=0)
    return np.asarray(high - low > _SPREAD * np.maximum(np.abs(low), np.abs(high)))


def fits_outcome(risk: AnyRisk | None, kind: str) -> bool:
    """Tell whether a score's risk and the model of an outcome have the same linear predictor.

    Parameters
    ----------
    risk : risk or None
        Of a score file.
    kind : str
        ``binary``, ``survival`` or ``competing``.

    Returns
    -------
    bool
        A table fits any.
    """
    if isinstance(risk, RiskTable):
        return True
    return isinstance(risk, LogisticRisk if kind == "binary" else CoxRisk)


def _start(target: Target, predicted: Predicted) -> tuple[Floats | None, str]:
    if predicted.risk is None:
        return None, NO_RISK
    if predicted.risk_source != "risk":
        return None, "the score gives a risk for each of its bands only"
    if not fits_outcome(predicted.spec.risk, target.kind):
        return None, "the score's risk is for another kind of outcome than the one analysed"
    risk, value = predicted.spec.risk, predicted.value
    # from the value, because a risk near 1 has lost the digits of its logarithm
    if isinstance(risk, LogisticRisk):
        return float(risk.intercept) + float(risk.slope) * value, ""
    if isinstance(risk, CoxRisk):
        baseline = math.log(-math.log(float(risk.baseline_survival)))
        found = baseline + float(risk.slope) * (value - float(risk.centre))
        if np.abs(found).max() > FARTHEST:
            return None, "a predicted hazard is too large, or too small, to be computed with"
        return found, ""
    moved = linear_predictor(target.kind, np.asarray(predicted.risk, dtype=np.float64))
    if moved is None:
        return None, "a predicted risk is exactly 0 or 1, which no intercept can move"
    return moved, ""


def _straight_line(risk: AnyRisk | None, value: Floats, start: Floats) -> tuple[float, bool]:
    """Slope of the linear predictor over the value, and whether it is a straight line."""
    if isinstance(risk, LogisticRisk | CoxRisk):
        return float(risk.slope), True
    centred = value - value.mean()
    spread = float(centred @ centred)
    if not spread > 0.0:
        return 1.0, False
    slope = float(centred @ start) / spread
    rest = start - slope * value
    return slope, bool(np.ptp(rest) <= _STRAIGHT * (1.0 + np.ptp(start)))


def _reasons(
    why: str, line: Floats, straight: bool, moving: int, extension: Sequence[Extension]
) -> dict[str, str]:
    reasons = {}
    if why:
        reasons["as is"] = f"{why}, so it has no likelihood and is not tested"
        reasons["intercept"] = f"{why}, so there is no intercept to move"
    if not np.ptp(line) > 0.0:
        same = "every patient has the same prediction"
        return {**reasons, "slope": same, "re-estimated": same, "extended": same}
    if not straight:
        bent = "its risks are no straight line of its value, so terms have no factors of their own"
        return {**reasons, "re-estimated": bent, "extended": bent}
    if moving < 2:
        reasons["re-estimated"] = "only one term varies here, so this is the rung slope"
    gaps = sum(int(np.isnan(item.values).sum()) for item in extension)
    if gaps:
        reasons["extended"] = (
            f"{gaps} values of the added columns are missing, and the rungs are compared on the "
            "same patients"
        )
    return reasons
