"""From command-line flags to a plan: the same analysis without a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import Any

from cartwheel.errors import PlanRefused, refuse

CUT_METHODS = ("youden", "closest_corner", "max_log_rank")
FLAG_NAMES = {
    "ratios": "ratio",
    "directions": "direction",
    "cutoffs": "cutoff",
    "transforms": "transform",
    "units": "unit",
    "days": "day",
    "variables": "variable",
}
OVERRIDES = ("landmark", "missing", "imputations", "bootstrap", "seed", "simulated")


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said on the command line; None and empty mean "not said".

    Parameters
    ----------
    method : str or None
        ``index`` or ``points``.
    event, event_value : str or None
        Column of the event, and the value that means "event".
    time, time_unit : str or None
        Column of the time, which makes the outcome survival, and its unit.
    horizon : float or None
        Time at which risk is read.
    onset : str or None
        Column of onset days.
    landmark : float or None
        Day after which patients must be event-free.
    predictors : tuple of str
        Columns or names of ratios.
    ratios : dict of str to str
        Name to ``NUMERATOR/DENOMINATOR``.
    zero : str or None
        Policy for a denominator of zero, of all ratios: ``refuse``, ``missing`` or a number.
    directions, cutoffs : tuple of str
        Each ``COLUMN=VALUE``, or a bare value for every predictor.
    transforms, units, variables : dict of str to str
        Column to transform, unit, or name in the dictionary.
    days : dict of str to float
        Column to day of measurement.
    adjust, associations : tuple of str
        Columns to adjust for, and to hold against the score.
    id, sheet : str or None
        Column of patient ids; sheet of a workbook.
    select : str or None
        Selection of a points score.
    alpha : float or None
        Its threshold, in (0, 1).
    penalty : str or None
        ``auto``, ``none`` or ``firth``.
    missing : str or None
        ``complete`` or ``impute``.
    imputations : int or None
        Completed copies.
    bootstrap, seed : int or None
        Resamples and seed.
    title : str or None
        Of the score.
    simulated : bool
        Whether the patients are simulated.
    """

    method: str | None = None
    event: str | None = None
    event_value: str | None = None
    time: str | None = None
    time_unit: str | None = None
    horizon: float | None = None
    onset: str | None = None
    landmark: float | None = None
    predictors: tuple[str, ...] = ()
    ratios: dict[str, str] = field(default_factory=dict)
    zero: str | None = None
    directions: tuple[str, ...] = ()
    cutoffs: tuple[str, ...] = ()
    transforms: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    days: dict[str, float] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    adjust: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()
    id: str | None = None
    sheet: str | None = None
    select: str | None = None
    alpha: float | None = None
    penalty: str | None = None
    missing: str | None = None
    imputations: int | None = None
    bootstrap: int | None = None
    seed: int | None = None
    title: str | None = None
    simulated: bool = False


def names(texts: list[str] | None) -> tuple[str, ...]:
    """Split comma-separated names; quotes protect a comma, and the flag may be given again.

    Parameters
    ----------
    texts : list of str or None
        What each use of the flag gave; None where it was not used.

    Returns
    -------
    tuple of str
        Without spaces around; in the order given, repeats kept.
    """
    found: list[str] = []
    for text in texts or []:
        for row in csv.reader([text], skipinitialspace=True):
            found.extend(name.strip() for name in row if name.strip())
    return tuple(found)


def plan_data(flags: Flags) -> dict[str, Any]:
    """Write the plan that the flags describe.

    Parameters
    ----------
    flags : Flags
        As said.

    Returns
    -------
    dict
        For :func:`cartwheel.development.planning.plan.plan_from_dict`.

    Raises
    ------
    PlanRefused
        When event, predictors or method are not said, or a flag cannot be read.
    """
    if not flags.event:
        raise refuse(
            PlanRefused,
            "event_missing",
            "the outcome is not named",
            mend="give --plan FILE, or --event COLUMN",
        )
    if not flags.predictors:
        raise refuse(
            PlanRefused,
            "predictors_missing",
            "no predictor is named",
            mend="give --plan FILE, or --predictors A,B,C",
        )
    if flags.method is None:
        raise refuse(
            PlanRefused,
            "method_missing",
            "how to make the score is not said",
            mend="give --method index (cut-offs, one point each) or --method points",
        )
    said: dict[str, Any] = {
        "method": flags.method,
        "title": flags.title,
        "simulated": flags.simulated or None,
        "landmark_day": flags.landmark,
        "missing": flags.missing,
        "cohort": _given(id=flags.id, sheet=flags.sheet),
        "outcome": _outcome(flags),
        "predictors": _predictors(flags),
        "derived": _derived(flags),
        "columns": _columns(flags),
        "adjust": list(flags.adjust) or None,
        "points": _given(selection=flags.select, alpha=flags.alpha, penalty=flags.penalty),
        "associations": _given(columns=list(flags.associations) or None),
        "imputation": _given(imputations=flags.imputations),
        "resampling": _given(bootstrap=flags.bootstrap, seed=flags.seed),
    }
    return {key: value for key, value in said.items() if value not in (None, {}, [])}


def override(plan: dict[str, Any], flags: Flags) -> dict[str, Any]:
    """Let the flags that may stand beside a plan file replace what it says.

    Parameters
    ----------
    plan : dict
        As read from the file; it is not changed.
    flags : Flags
        As said.

    Returns
    -------
    dict
        A plan with landmark, missing, imputations, bootstrap, seed and simulated as said. A flag
        can mark a plan as simulated, but not unmark it.

    Raises
    ------
    PlanRefused
        When a flag is given that belongs into the file.
    """
    empty = Flags()
    extra = [
        name
        for name in flags.__dataclass_fields__
        if name not in OVERRIDES and getattr(flags, name) != getattr(empty, name)
    ]
    if extra:
        raise refuse(
            PlanRefused,
            "flag_beside_plan",
            "with --plan these belong into the file: "
            + ", ".join(f"--{FLAG_NAMES.get(n, n)}".replace("_", "-") for n in extra),
            mend="edit the plan; beside it only --landmark, --missing, --imputations, --bootstrap, "
            "--seed and --simulated are taken",
        )
    changed = dict(plan)
    if flags.landmark is not None:
        changed["landmark_day"] = flags.landmark
    if flags.missing is not None:
        changed["missing"] = flags.missing
        if flags.missing == "complete":
            changed.pop("imputation", None)  # nothing is left to be imputed
    if flags.imputations is not None:
        changed["imputation"] = {
            **changed.get("imputation", {}),
            "imputations": flags.imputations,
        }
    if flags.simulated:
        changed["simulated"] = True
    resampling = _given(bootstrap=flags.bootstrap, seed=flags.seed)
    if resampling:
        changed["resampling"] = {**changed.get("resampling", {}), **resampling}
    return changed


def _given(**entries: Any) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value is not None}


def _outcome(flags: Flags) -> dict[str, Any]:
    kind = "binary" if flags.time is None else "survival"
    return _given(
        event=flags.event,
        kind=kind,
        event_value=flags.event_value,
        time=flags.time,
        time_unit=flags.time_unit,
        horizon=flags.horizon,
        onset=flags.onset,
    )


def _predictors(flags: Flags) -> list[dict[str, Any]]:
    directions = _by_column(flags.directions, flags.predictors, "--direction")
    cutoffs = _by_column(flags.cutoffs, flags.predictors, "--cutoff")
    for name in (*directions, *cutoffs, *flags.transforms):
        if name not in flags.predictors:
            raise refuse(
                PlanRefused,
                "flag_for_nothing",
                "this is not one of the predictors",
                where=f"'{name}'",
                mend="name it in --predictors",
            )
    return [
        _given(
            column=name,
            direction=directions.get(name),
            transform=flags.transforms.get(name),
            cutoff=_cutoff(cutoffs.get(name)),
        )
        for name in flags.predictors
    ]


def _by_column(texts: tuple[str, ...], predictors: tuple[str, ...], flag: str) -> dict[str, str]:
    """Read COLUMN=VALUE; a bare VALUE holds for every predictor."""
    found: dict[str, str] = {}
    for text in texts:
        column, divider, value = text.rpartition("=")
        if not divider:
            found.update(dict.fromkeys(predictors, text))
        elif not column or not value:
            raise refuse(
                PlanRefused,
                "flag_form",
                f"'{text}' is not COLUMN=VALUE",
                where=flag,
                mend=f"write it as {flag} COLUMN=VALUE",
            )
        else:
            found[column] = value
    return found


def _cutoff(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    if text in CUT_METHODS:
        return {"method": text}
    try:
        return {"method": "fixed", "value": float(text)}
    except ValueError:
        raise refuse(
            PlanRefused,
            "cutoff_unknown",
            f"'{text}' is neither a number nor a way to a cut-off",
            where="--cutoff",
            mend="give a number, or one of " + ", ".join(CUT_METHODS),
        ) from None


def _derived(flags: Flags) -> list[dict[str, Any]]:
    zero: Any = flags.zero
    if zero is not None and zero not in ("refuse", "missing"):
        try:
            zero = float(zero)
        except ValueError:
            raise refuse(
                PlanRefused,
                "zero_unknown",
                f"'{zero}' is no policy for zero",
                where="--zero",
                mend="refuse, missing, or the smallest count",
            ) from None
    derived = []
    for name, text in flags.ratios.items():
        above, divider, below = text.partition("/")
        if not divider or not above or not below:
            raise refuse(
                PlanRefused,
                "ratio_form",
                f"'{text}' is not NUMERATOR/DENOMINATOR",
                where=f"--ratio {name}",
                mend="write it as --ratio nlr=ANC_COLUMN/ALC_COLUMN",
            )
        derived.append(_given(name=name, numerator=above, denominator=below, zero=zero))
    return derived


def _columns(flags: Flags) -> dict[str, dict[str, Any]]:
    columns: dict[str, dict[str, Any]] = {}
    for key, said in (("unit", flags.units), ("day", flags.days), ("variable", flags.variables)):
        for name, value in said.items():
            columns.setdefault(name, {})[key] = value
    return columns
