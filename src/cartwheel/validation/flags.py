"""From command-line flags to the plan of a validation: the same without a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from cartwheel.errors import PlanRefused, Refused, refuse

FLAG_NAMES = {
    "scores": "score",
    "choices": "choice",
    "competing_values": "competing_value",
    "units": "unit",
    "days": "day",
    "columns": "column",
    "directions": "direction",
    "subgroups": "subgroup",
    "id_column": "id",
    "ladder": "update",
}
OVERRIDES = (
    "landmark",
    "missing",
    "imputations",
    "bootstrap",
    "seed",
    "level",
    "ladder",
    "min_cell",
    "min_patients",
    "label",
    "simulated",
)


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said on the command line; None and empty mean "not said".

    Parameters
    ----------
    scores : tuple of str
        Each ``ID_OR_FILE`` or ``NAME=ID_OR_FILE``.
    choices : tuple of str
        Each ``SCORE.parameter=option``, or ``parameter=option`` for every score that has it.
    event, event_value : str or None
        Column of the event, and the value that means "event".
    competing_values : tuple of str
        Values that mean another event; they make the outcome competing.
    time, time_unit : str or None
        Column of the time, which makes the outcome survival, and its unit.
    horizon : float or None
        Time at which risk is read.
    onset : str or None
        Column of onset days.
    landmark : float or None
        Day after which patients must be event-free.
    units : dict of str to str
        Column to unit.
    days : dict of str to float
        Column to day of measurement.
    columns : tuple of str
        Each ``input=COLUMN`` for every score that has the input, or ``SCORE.input=COLUMN``.
    directions : tuple of str
        Each ``SCORE=high`` or ``low``, or a bare one for all.
    subgroups : tuple of str
        Each a column, or ``COLUMN:EDGE,EDGE``.
    centre : str or None
        Column of the centre.
    thresholds : str or None
        ``LOW-HIGH`` or ``LOW-HIGH:STEP``.
    missing : str or None
        ``complete`` or ``impute``.
    imputations : int or None
        Completed copies.
    auxiliary : tuple of str
        Columns that help to impute.
    bootstrap, seed : int or None
        Resamples and seed.
    level : float or None
        Coverage of intervals.
    ladder : bool
        Whether the updating ladder is climbed.
    extend : tuple of str
        Columns added on its last rung.
    min_cell : int or None
        Smallest count in the shared file.
    min_patients : int or None
        Smallest group that is told.
    id_column, sheet : str or None
        Column of patient ids; sheet of a workbook.
    title : str or None
        Of the validation.
    label : str or None
        Name of the centre in the shared file.
    outcome_label : str or None
        Name of the outcome.
    simulated : bool
        Whether the patients are simulated.
    """

    scores: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    event: str | None = None
    event_value: str | None = None
    competing_values: tuple[str, ...] = ()
    time: str | None = None
    time_unit: str | None = None
    horizon: float | None = None
    onset: str | None = None
    landmark: float | None = None
    units: dict[str, str] = field(default_factory=dict)
    days: dict[str, float] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    centre: str | None = None
    thresholds: str | None = None
    missing: str | None = None
    imputations: int | None = None
    auxiliary: tuple[str, ...] = ()
    bootstrap: int | None = None
    seed: int | None = None
    level: float | None = None
    ladder: bool = False
    extend: tuple[str, ...] = ()
    min_cell: int | None = None
    min_patients: int | None = None
    id_column: str | None = None
    sheet: str | None = None
    title: str | None = None
    label: str | None = None
    outcome_label: str | None = None
    simulated: bool = False


def plan_data(flags: Flags) -> dict[str, Any]:
    """Write the plan that the flags describe.

    Parameters
    ----------
    flags : Flags
        As said.

    Returns
    -------
    dict
        For :func:`cartwheel.validation.plan.plan_from_dict`.

    Raises
    ------
    PlanRefused
        When event or scores are not said, or a flag cannot be read.
    """
    if not flags.event:
        raise refuse(
            PlanRefused,
            "event_missing",
            "the outcome is not named",
            mend="give --plan FILE, or --event COLUMN",
        )
    if not flags.scores:
        raise refuse(
            PlanRefused,
            "scores_missing",
            "no score is named",
            mend="give --plan FILE, or --score ID_OR_FILE; see them with: cartwheel scores",
        )
    columns: dict[str, dict[str, Any]] = {}
    for name, unit in flags.units.items():
        columns.setdefault(name, {})["unit"] = unit
    for name, day in flags.days.items():
        columns.setdefault(name, {})["day"] = day
    said: dict[str, Any] = {
        "title": flags.title,
        "cohort": _given(id=flags.id_column, sheet=flags.sheet),
        "outcome": _outcome(flags),
        "scores": _scores(flags),
        "columns": columns,
        "subgroups": [_subgroup(text) for text in flags.subgroups],
        "centre": flags.centre,
        "decision": _thresholds(flags.thresholds),
    }
    told = {key: value for key, value in said.items() if value not in (None, {}, [])}
    return _overridden(told, flags)


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
        The plan with what the flags say. A flag can mark a plan as simulated, or ask for the
        ladder, but not take either back.

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
        taken = ", ".join(f"--{FLAG_NAMES.get(name, name)}".replace("_", "-") for name in OVERRIDES)
        raise refuse(
            PlanRefused,
            "flag_beside_plan",
            "with --plan these belong into the file: "
            + ", ".join(f"--{FLAG_NAMES.get(name, name)}".replace("_", "-") for name in extra),
            mend=f"edit the plan; beside it only {taken} are taken",
        )
    return _overridden(plan, flags)


def _overridden(plan: dict[str, Any], flags: Flags) -> dict[str, Any]:
    changed = dict(plan)
    changed |= _given(landmark_day=flags.landmark, missing=flags.missing, level=flags.level)
    if flags.missing == "complete":
        changed.pop("imputation", None)  # nothing is left to be imputed
    if flags.simulated:
        changed["simulated"] = True
    for table, said in (
        (
            "imputation",
            _given(imputations=flags.imputations, auxiliary=list(flags.auxiliary) or None),
        ),
        ("resampling", _given(bootstrap=flags.bootstrap, seed=flags.seed)),
        ("update", _given(ladder=flags.ladder or None, extend=list(flags.extend) or None)),
        ("sharing", _given(minimum_cell=flags.min_cell, label=flags.label)),
        ("withhold", _given(patients=flags.min_patients)),
    ):
        if said:
            changed[table] = {**changed.get(table, {}), **said}
    return changed


def _given(**entries: Any) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value is not None}


def _outcome(flags: Flags) -> dict[str, Any]:
    kind = "binary" if flags.time is None else "survival"
    if flags.competing_values:
        kind = "competing"
    return _given(
        event=flags.event,
        kind=kind,
        event_value=flags.event_value,
        competing_values=list(flags.competing_values) or None,
        time=flags.time,
        time_unit=flags.time_unit,
        horizon=flags.horizon,
        onset=flags.onset,
        label=flags.outcome_label,
    )


def _form(flag: str, text: str, form: str) -> Refused:
    return refuse(
        PlanRefused,
        "flag_form",
        f"'{text}' is not {form}",
        where=flag,
        mend=f"write it as {flag} {form}",
    )


def _scores(flags: Flags) -> list[dict[str, Any]]:
    scores = [_score(text) for text in flags.scores]
    names = [_known_as(said) for said in scores]
    for table, flag, form, texts in (
        ("choices", "--choice", "SCORE.PARAMETER=OPTION", flags.choices),
        ("columns", "--column", "INPUT=COLUMN", flags.columns),
    ):
        said = [_meant(names, *_pair(text, flag, form)) for text in texts]
        # what was said of all first, so that what was said of one stands
        for place, key, value in [*_of_all(said, len(scores)), *_of_one(said)]:
            scores[place].setdefault(table, {})[key] = value
    for text in sorted(flags.directions, key=lambda text: "=" in text):
        key, divider, value = text.rpartition("=")
        for place in _places(names, key, "--direction") if divider else range(len(scores)):
            scores[place]["direction"] = value
    return scores


def _score(text: str) -> dict[str, Any]:
    name, divider, score = text.partition("=")
    if not divider:
        return {"score": text}
    if not name or not score:
        raise _form("--score", text, "NAME=ID_OR_FILE")
    return {"score": score, "name": name}


def _known_as(said: dict[str, Any]) -> tuple[str, ...]:
    """Words by which other flags may mean this score: its name, what was typed, the file's stem."""
    typed = said["score"]
    words = [said.get("name"), typed, PurePath(typed).name, PurePath(typed).stem]
    return tuple(dict.fromkeys(word for word in words if word))


def _pair(text: str, flag: str, form: str) -> tuple[str, str]:
    """Divide at the first ``=``: inputs and parameters hold none, columns may."""
    key, divider, value = text.partition("=")
    if not divider or not key or not value:
        raise _form(flag, text, form)
    return key, value


def _meant(
    names: Sequence[tuple[str, ...]], key: str, value: str
) -> tuple[tuple[int, ...], str, str]:
    """Find the scores that ``SCORE.key`` means; none for a bare ``key``, which means them all."""
    words = {
        word: tuple(place for place, known in enumerate(names) if word in known)
        for known in names
        for word in known
        if key.startswith(f"{word}.")
    }
    if not words:
        return (), key, value
    longest = max(words, key=len)
    return words[longest], key[len(longest) + 1 :], value


def _of_all(
    said: Sequence[tuple[tuple[int, ...], str, str]], scores: int
) -> list[tuple[int, str, str]]:
    return [
        (place, key, value) for meant, key, value in said if not meant for place in range(scores)
    ]


def _of_one(said: Sequence[tuple[tuple[int, ...], str, str]]) -> list[tuple[int, str, str]]:
    return [(place, key, value) for meant, key, value in said for place in meant]


def _places(names: Sequence[tuple[str, ...]], key: str, flag: str) -> list[int]:
    places = [place for place, known in enumerate(names) if key in known]
    if not places:
        raise refuse(
            PlanRefused,
            "flag_for_nothing",
            "this is not one of the scores",
            where=f"{flag} '{key}'",
            mend="scores: " + ", ".join(known[0] for known in names),
        )
    return places


def _subgroup(text: str) -> dict[str, Any]:
    """Read ``COLUMN`` or ``COLUMN:EDGE,EDGE``; a colon that no numbers follow is the name's."""
    column, divider, edges = text.rpartition(":")
    if not divider or not column:
        return {"column": text}
    try:
        return {"column": column, "cuts": [float(edge) for edge in edges.split(",")]}
    except ValueError:
        return {"column": text}


def _thresholds(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    limits, _, step = text.partition(":")
    low, _, high = limits.partition("-")
    try:
        said = {"low": float(low), "high": float(high)}
        return {**said, "step": float(step)} if step else said
    except ValueError:
        raise _form("--thresholds", text, "LOW-HIGH, or LOW-HIGH:STEP") from None
