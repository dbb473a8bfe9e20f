"""Risks of an updated score: moved, or made anew from its value, as the keys of the file."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from cartwheel.clinic.score_spec import CoxRisk, LogisticRisk, RiskTable, ScoreSpec
from cartwheel.errors import ScoreRefused, refuse

Document = dict[str, Any]

# of a survival at the horizon between these, the logarithm of the logarithm keeps its digits
_LEAST_SURVIVAL, _MOST_SURVIVAL = 1e-3, 0.999


def exact(value: float) -> Decimal:
    """Write a number as the shortest decimal that reads back as it.

    Parameters
    ----------
    value : float
        Finite.

    Returns
    -------
    Decimal
    """
    return Decimal(repr(float(value)))


def certain_totals(spec: ScoreSpec) -> tuple[Decimal, ...] | None:
    """Totals of a table of risks whose risks are exactly 0 or 1.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Returns
    -------
    tuple of Decimal or None
        None where the score has no table.
    """
    if not isinstance(spec.risk, RiskTable):
        return None
    return tuple(row.value for row in spec.risk.rows if row.risk in (0, 1))


def moved_risk(
    spec: ScoreSpec, intercept: float, slope: float, *, survival: bool, middle: float
) -> Document:
    """Move a score's risk: ``intercept + slope * linear predictor``.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters.
    intercept, slope : float
        On the scale of the linear predictor.
    survival : bool
        Whether the new risk is one by a horizon; else a yes or no.
    middle : float
        A value near the middle of the patients.

    Returns
    -------
    dict
        The risk as the file has it.

    Raises
    ------
    ScoreRefused
        ``risk_certain``, ``no_risk`` or ``risk_kind``.
    """
    risk = spec.risk
    if isinstance(risk, RiskTable):
        if certain_totals(spec):
            raise refuse(
                ScoreRefused,
                "risk_certain",
                "its table has a risk of exactly 0 or 1, which has no log odds to be moved",
                where=f"score '{spec.id}'",
                mend="ask its authors for a risk that is not certain",
            )
        rows = [
            {"value": row.value, "risk": exact(_moved(row.risk, intercept, slope, survival))}
            for row in risk.rows
        ]
        return {"kind": "table", "rows": tuple(rows)}
    if isinstance(risk, LogisticRisk) and not survival:
        base, per_unit = float(risk.intercept), float(risk.slope)
        return _logistic(intercept + slope * base, slope * per_unit)
    if isinstance(risk, CoxRisk) and survival:
        base, per_unit = _log_hazard(float(risk.baseline_survival)), float(risk.slope)
        moved = intercept + slope * base
        if _LEAST_SURVIVAL < math.exp(-math.exp(moved)) < _MOST_SURVIVAL:
            return _cox(moved, slope * per_unit, risk.centre)
        start = moved - slope * per_unit * float(risk.centre)
        return line_risk(start, slope * per_unit, survival=True, middle=middle)
    what = "it gives no risk" if risk is None else "its risk is for another kind of outcome"
    raise refuse(
        ScoreRefused,
        "no_risk" if risk is None else "risk_kind",
        f"{what}, so there is none to be moved",
        where=f"score '{spec.id}'",
        mend="make a risk of its value",
    )


def _moved(risk: Decimal, intercept: float, slope: float, survival: bool) -> float:
    old = float(risk)
    if survival:
        return -math.expm1(-math.exp(intercept + slope * _log_hazard(1.0 - old)))
    moved = intercept + slope * (math.log(old) - math.log1p(-old))
    return 1.0 / (1.0 + math.exp(-moved)) if moved > -700.0 else math.exp(moved)


def _log_hazard(survival: float) -> float:
    return math.log(-math.log(survival))


def line_risk(intercept: float, slope: float, *, survival: bool, middle: float) -> Document:
    """Make a risk of a score's value: ``intercept + slope * value`` is its linear predictor.

    Parameters
    ----------
    intercept, slope : float
        On the scale of the linear predictor.
    survival : bool
        Whether the risk is one by a horizon; else a yes or no.
    middle : float
        A value near the middle of the patients.

    Returns
    -------
    dict
        The risk as the file has it.

    Raises
    ------
    ScoreRefused
        ``risk_certain`` where the risk at the middle is 0 or 1 to the last digit.
    """
    if not survival:
        return _logistic(intercept, slope)
    # at the middle of the patients survival is neither 0 nor 1, and so keeps its digits
    centre = Decimal(f"{middle:.3g}")
    return _cox(intercept + slope * float(centre), slope, centre)


def _logistic(intercept: float, slope: float) -> Document:
    return {"kind": "logistic", "intercept": exact(intercept), "slope": exact(slope)}


def _cox(log_hazard: float, slope: float, centre: Decimal) -> Document:
    survival = math.exp(-math.exp(min(log_hazard, 700.0)))
    if not 0.0 < survival < 1.0:
        raise refuse(
            ScoreRefused,
            "risk_certain",
            "its risk at the middle of the patients is 0 or 1 to the last digit",
            where="updated score",
            mend="look for values that are far out, or a horizon that is too early or too late",
        )
    return {
        "kind": "cox",
        "baseline_survival": exact(survival),
        "slope": exact(slope),
        "centre": centre,
    }
