"""A validation as study rows: the file itself, or what its centre shares of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.special import ndtri

from cartwheel.errors import FileRefused, refuse
from cartwheel.note import Note
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result import LeftOut, ResultRows, Source
from cartwheel.pooling.study.scales import normal_estimate, onto_scale, outside, scale_of

# measure of the file -> measure of a study; of discrimination the first that is there
_DISCRIMINATION = ("auc", "harrell_c", "auc_at_horizon")
_MEASURES = {**dict.fromkeys(_DISCRIMINATION, "C"), "observed_expected": "OE"}
_MEASURES["calibration_slope"] = "slope"
# how a row tells what it was converted from
VALIDATION = "; a validation, "
IMPUTED = "missing inputs imputed"


@dataclass(frozen=True, slots=True)
class _Numbers:
    """One measure as either kind of file gives it."""

    name: str
    label: str
    value: float
    low: float | None
    high: float | None
    level: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class _Score:
    """One score as either kind of file gives it."""

    id: str
    version: str
    sha256: str
    choices: Mapping[str, str]
    measures: tuple[_Numbers, ...]
    imputed: bool
    patients: int
    events: int
    same_patients: bool


@dataclass(frozen=True, slots=True)
class _Validated:
    """Either kind of file."""

    label: str
    outcome: str
    scores: tuple[_Score, ...]
    simulated: bool
    data_sha256: str
    moment: str
    shared: bool


def validated_rows(document: dict[str, Any], name: str, digest: str, plan: PoolPlan) -> ResultRows:
    """Make study rows of the JSON of ``cartwheel validate``.

    Parameters
    ----------
    document : dict
        The file.
    name, digest : str
        Of the file.
    plan : PoolPlan
        For the level of the intervals.

    Returns
    -------
    ResultRows
        For each score its discrimination (AUC, else Harrell's C, else the AUC at the horizon),
        observed/expected and calibration slope.

    Raises
    ------
    FileRefused
        ``no_interval`` where no measure has one, ``same_patients`` where every score was made
        from these very patients.

    Notes
    -----
    Where missing inputs were imputed the imputed numbers are used, else those of complete cases. C
    is pooled on the logit, observed/expected on the log scale, with the standard error that the
    file gives on that scale, or else (limits on the scale) / (2 z).
    """
    result = document["result"]
    shared_as = document["plan"]["sharing"]["label"]
    label = str(shared_as or result["title"] or Path(name).stem)
    found = _Validated(
        label,
        str(result["outcome"]["label"]),
        tuple(_of_file(score, result) for score in result["scores"]),
        bool(result["simulated"]),
        str(document["provenance"]["data_sha256"]),
        _moment(result["outcome"]),
        shared=False,
    )
    return _rows(found, name, digest, plan)


def shared_rows(document: dict[str, Any], name: str, digest: str, plan: PoolPlan) -> ResultRows:
    """Make study rows of a shared file; its sum was held against its content before.

    Parameters
    ----------
    document : dict
        The file.
    name, digest : str
        Of the file.
    plan : PoolPlan
        For the level of the intervals.

    Returns
    -------
    ResultRows
        As of the validation it was taken from, rounded as it is shared.

    Raises
    ------
    FileRefused
        ``no_interval`` where no measure has one.
    """
    result = document["result"]
    found = _Validated(
        str(result["label"]),
        str(result["outcome_label"]),
        tuple(_of_shared(score) for score in result["scores"]),
        bool(result["simulated"]),
        str(document["data_sha256"]),
        _moment(result),
        shared=True,
    )
    return _rows(found, name, digest, plan)


def _moment(outcome: Mapping[str, Any]) -> str:
    said = []
    if outcome["horizon"] is not None:
        said.append(f"at {outcome['horizon']:g} {outcome['time_unit']}")
    if outcome["landmark_day"] is not None:
        said.append(f"from day {outcome['landmark_day']:g}")
    return " ".join(said)


def _of_file(score: Mapping[str, Any], result: Mapping[str, Any]) -> _Score:
    outcome = result["outcome"]
    measures = [*score["discrimination"], *score["calibration"]]
    complete = tuple(
        _numbers(each, each["estimate"], each["std_error"])
        for each in measures
        if each["estimate"]["value"] is not None
    )
    filled = result["imputation"]
    imputed = tuple(
        _numbers(each, each["imputed"], None)
        for each in (() if filled is None else filled["measures"])
        if each["score"] == score["name"] and each["imputed"]["value"] is not None
    )
    patients, events = outcome["patients"], _events(measures, outcome["events"])
    if imputed:
        patients, events = filled["patients"], filled["events"]
    return _Score(
        str(score["id"]),
        str(score["version"]),
        str(score["sha256"]),
        score["choices"],
        imputed or complete,
        bool(imputed),
        patients,
        events,
        any(note["code"] == "same_patients" for note in score["notes"]),
    )


def _events(measures: Sequence[Mapping[str, Any]], otherwise: int) -> int:
    """Take the events by the horizon, where a measure names them."""
    named = [each["estimate"]["events"] for each in measures]
    return next((events for events in named if events is not None), otherwise)


def _of_shared(score: Mapping[str, Any]) -> _Score:
    told = score["imputed"] or score["measures"]
    numbers = tuple(_numbers(each, each, each["std_error"]) for each in told)
    imputed = bool(score["imputed"])
    return _Score(
        str(score["id"]),
        str(score["version"]),
        str(score["sha256"]),
        score["choices"],
        numbers,
        imputed,
        score["patients"],
        score["events"],
        bool(score["same_patients"]),
    )


def _numbers(named: Mapping[str, Any], told: Mapping[str, Any], error: float | None) -> _Numbers:
    return _Numbers(
        str(named["name"]),
        str(named["label"]),
        float(told["value"]),
        told["low"],
        told["high"],
        told["level"],
        error,
    )


def _rows(found: _Validated, name: str, digest: str, plan: PoolPlan) -> ResultRows:
    studies: list[Study] = []
    versions: list[tuple[str, str]] = []
    left_out: list[LeftOut] = []
    for score in found.scores:
        if score.same_patients:
            left_out.append(_no_validation(found, score, name))
            continue
        for numbers in _asked(score):
            study = _study(found, score, numbers, name, plan)
            if study is not None:
                studies.append(study)
                versions.append((score.version, score.sha256))
                continue
            label = f"{found.label}, {score.id}, {numbers.label}"
            left_out.append(LeftOut(0, name, label, "no_interval", "no interval inside its limits"))
    if not studies and all(score.same_patients for score in found.scores):
        raise refuse(
            FileRefused,
            "same_patients",
            "this is no validation: the score was developed on these very patients",
            where=name,
            mend="give the JSON of the development, whose numbers are corrected: cartwheel develop "
            "... --json FILE",
        )
    if not studies:
        raise refuse(
            FileRefused,
            "no_interval",
            "no measure of this validation has an interval",
            where=name,
            mend="validate a score that has a value in enough patients with and without the event",
        )
    what = "what the centre shares of a validation" if found.shared else "a validation"
    note = Note(
        "own_validation",
        "information",
        f"{name} ({found.label}) is {what} of {_scores_of(studies)} with cartwheel: "
        f"{len(studies)} rows.{_filled(found)}",
    )
    kind = "share" if found.shared else "validate"
    source = Source(name, digest, kind, len(studies))
    return ResultRows(
        tuple(studies),
        tuple(left_out),
        (note,),
        source,
        found.simulated,
        found.data_sha256,
        tuple(versions),
        found.moment,
    )


def _scores_of(studies: Sequence[Study]) -> str:
    names = list(dict.fromkeys(study.factor for study in studies))
    return f"the {'score' if len(names) == 1 else 'scores'} {', '.join(names)}"


def _filled(found: _Validated) -> str:
    filled = [score.id for score in found.scores if score.imputed and not score.same_patients]
    if not filled:
        return ""
    of = "" if len(filled) == len(found.scores) else f" of {', '.join(dict.fromkeys(filled))}"
    return f" Missing inputs{of} were imputed there, and these numbers are of all patients."


def _no_validation(found: _Validated, score: _Score, name: str) -> LeftOut:
    reason = "the score was developed on these very patients: its numbers are apparent ones"
    return LeftOut(0, name, f"{found.label}, {score.id}", "same_patients", reason)


def _asked(score: _Score) -> Iterator[_Numbers]:
    there = {numbers.name: numbers for numbers in score.measures}
    first = next((there[name] for name in _DISCRIMINATION if name in there), None)
    for numbers in (first, there.get("observed_expected"), there.get("calibration_slope")):
        if numbers is not None:
            yield numbers


def _error(numbers: _Numbers, code: str, scale: str) -> tuple[float, str] | None:
    """Standard error on the scale of the pool, and where it was had."""
    if numbers.error is not None and numbers.error > 0.0:
        return numbers.error, "its standard error as the file gives it"
    low, high, level = numbers.low, numbers.high, numbers.level
    if low is None or high is None or level is None or not low < high:
        return None
    if outside(code, low) or outside(code, high) or (scale == "logit" and (low <= 0 or high >= 1)):
        return None
    reach = 2.0 * float(ndtri(0.5 + level / 2.0))
    error = (onto_scale(high, scale) - onto_scale(low, scale)) / reach
    return error, f"standard error = (upper - lower limit on that scale) / {reach:.4f}"


def _study(
    found: _Validated, score: _Score, numbers: _Numbers, name: str, plan: PoolPlan
) -> Study | None:
    code = _MEASURES[numbers.name]
    scale = scale_of(code)
    if outside(code, numbers.value) or (scale == "logit" and numbers.value in (0.0, 1.0)):
        return None
    had = _error(numbers, code, scale)
    if had is None:
        return None
    error, words = had
    effect = onto_scale(numbers.value, scale)
    on = {"logit": "logit", "log": "log"}.get(scale, "value as it is")
    who = IMPUTED if score.imputed else "patients in whom nothing is missing"
    printed = f"{numbers.label} {numbers.value:.4g}"
    if numbers.low is not None and numbers.high is not None:
        printed += f" ({numbers.low:.4g}-{numbers.high:.4g})"
    factor = score.id + "".join(f", {key} {option}" for key, option in score.choices.items())
    return Study(
        row=0,
        file=name,
        study=found.label,
        year=None,
        group="",
        outcome=found.outcome,
        factor=factor,
        comparison="",
        measure=code,
        n=float(score.patients),
        reported=f"{printed} in {score.patients} patients, {score.events} with the event",
        route="result_file",
        conversion=f"{on}; {words}{VALIDATION}{who}",
        assumptions=(),
        inverted=False,
        scale=scale,
        effect=effect,
        std_error=error,
        estimate=normal_estimate(
            effect, error, scale, level=plan.level, n=score.patients, events=score.events
        ),
        counts=None,
        cutoff=None,
        cutoff_text="",
        cluster=found.label,
        moderators=(),
        source=f"{name}, {score.id}",
        overlap="",
        used=True,
        reason="",
    )
