"""Score one patient, or every row of a data frame, with a score file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.clinic.score_inputs import Given, read_age
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.errors import FileRefused, Problem, ScoreRefused, refuse
from cartwheel.units import Quantity

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Frame = TypeVar("Frame", bound="IntoDataFrame")

_ABOUT = ("disease", "product", "age")


class _Patient(NamedTuple):
    """What a patient file says: inputs, days of measurement, keys left aside, and of whom."""

    given: dict[str, Given]
    days: dict[str, float]
    aside: tuple[str, ...]
    about: dict[str, Given]


if TYPE_CHECKING:

    @overload
    def score(
        spec_or_path: ScoreSpec | str | os.PathLike[str],
        inputs: Mapping[str, Given] | None = None,
        *,
        patient: str | os.PathLike[str] | None = None,
        at: str | None = None,
        days: Mapping[str, float] | None = None,
        about: Mapping[str, Given] | None = None,
        choices: Mapping[str, str] | None = None,
    ) -> Assessment | Unscorable: ...

    @overload
    def score(
        spec_or_path: ScoreSpec | str | os.PathLike[str],
        inputs: Frame,
        *,
        days: Mapping[str, float] | None = None,
        about: Mapping[str, Given] | None = None,
        units: Mapping[str, str] | None = None,
        columns: Mapping[str, str] | None = None,
        choices: Mapping[str, str] | None = None,
    ) -> Frame: ...


def score(  # noqa: PLR0913 - one function for a patient and for a frame of them
    spec_or_path: ScoreSpec | str | os.PathLike[str],
    inputs: Any = None,
    *,
    patient: str | os.PathLike[str] | None = None,
    at: str | None = None,
    days: Mapping[str, float] | None = None,
    about: Mapping[str, Given] | None = None,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
) -> Any:
    """Score one patient, or every row of a data frame.

    Parameters
    ----------
    spec_or_path : ScoreSpec, str or path
        The score, the id of one that cartwheel carries, or its file.
    inputs : mapping of str to Quantity, Decimal, float, str or None; or a data frame
        One patient by the name of an input, or by the name of its variable where only one input
        has it (``ldh``); values carry their unit: ``"280 U/L"``. Under the name of a parameter
        stands one of its options. A data frame (pandas, polars, or any other that narwhals knows)
        has one row a patient; its columns are found by name, see
        `cartwheel.workflows.score_cohort.score_frame`.
    patient : path, optional
        JSON file with one object of the same form, or with
        ``{"value": 280, "unit": "U/L", "day": -6}``. Keys that the score does not use are left
        aside, and named in the warnings.
    at : str, optional
        Time of the assessment, handed through to the result.
    days : mapping of str to float, optional
        Day of measurement by input, infusion being day 0. A day that the score does not ask for
        gives a warning.
    about : mapping, optional
        ``disease``, ``product`` and ``age`` (``"63 years"``) of the patients. Other ones than the
        score was made in give a warning. The age may also stand among `inputs`.
    units, columns : mapping of str to str, optional
        Only with a data frame: the unit of a column whose name does not say it; and which column
        holds an input, where the name does not tell.
    choices : mapping of str to str, optional
        Options of the score's parameters; for one patient they may also stand among `inputs`.

    Returns
    -------
    Assessment or Unscorable, or a data frame
        The value with its parts, or every reason why there is none. For a data frame: the same
        kind of frame with the columns ``ID_value``, ``ID_band``, ``ID_risk`` and so on added,
        ``ID`` being that of the score.

    Raises
    ------
    FileRefused, ScoreRefused, CohortRefused
        If a file cannot be read, the score breaks its format, an input is given twice, or a frame
        has no column for an input.

    Examples
    --------
    >>> found = score("easix", {"ldh": "280 U/L", "creatinine": "1.1 mg/dL",
    ...                         "platelets": "90 10*9/L"})
    >>> round(found.value, 3), found.band
    (3.422, 'low')
    """
    spec = spec_or_path if isinstance(spec_or_path, ScoreSpec) else read_score(spec_or_path)
    if inputs is not None and not isinstance(inputs, Mapping):
        # arrays and tables load only where there is a table
        frames = import_module("cartwheel.workflows.score_cohort")
        return frames.score_frame(
            spec, inputs, units=units, columns=columns, choices=choices, days=days, about=about
        )
    found = _Patient({}, {}, (), {}) if patient is None else _patient_file(spec, Path(patient))
    if units or columns:
        raise refuse(
            ScoreRefused, "no_frame", "units and columns go with a data frame",
            mend="write the unit of one patient's value behind it",
        )  # fmt: skip
    said = found.about | dict(about or {})
    for name, value in named_inputs(spec, inputs or {}).items():
        # the age of a patient is known more often than asked for
        place = said if name == "age" and not _takes(spec, name) else found.given
        if name in place:
            raise _given_twice(name)
        place[name] = value
    for name, option in (choices or {}).items():
        if name in found.given:
            raise _given_twice(name)
        found.given[name] = option
    more = [*outside_population(spec, said)]
    dated = found.days | named_days(spec, days or {})
    answer = assess(spec, found.given, at=at, measured=dated)
    if isinstance(answer, Unscorable):
        return answer
    more += ["not used: " + ", ".join(found.aside)] if found.aside else []
    return replace(answer, warnings=(*answer.warnings, *more)) if more else answer


def named_days(spec: ScoreSpec, days: Mapping[str, float]) -> dict[str, float]:
    """Find for every name the input whose day of measurement is meant.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    days : mapping of str to float
        By input name, or variable where only one input has it.

    Returns
    -------
    dict
        By input name.

    Raises
    ------
    ScoreRefused
        ``unknown_input`` for a name that fits no input, ``not_a_day`` for what is no finite number.
    """
    found = {}
    for written, day in days.items():
        name = _meant(spec, written)
        if name not in spec.input_names:
            raise refuse(
                ScoreRefused,
                "unknown_input",
                f"'{str(written)[:60]}' is no input of this score",
                mend="inputs: " + ", ".join(spec.input_names),
            )
        if day is None:
            continue
        if not _is_number(day) and not (isinstance(day, float) and math.isfinite(day)):
            raise refuse(
                ScoreRefused, "not_a_day", "the day of measurement is not a number",
                where=f"input '{name}'", mend="give days from the infusion",
            )  # fmt: skip
        found[name] = float(day)
    return found


def outside_population(spec: ScoreSpec, about: Mapping[str, Given]) -> Iterator[str]:
    """Say where a patient is not one of those that the score was made from.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    about : mapping
        ``disease``, ``product`` and ``age`` of the patient, where known; None says nothing.

    Yields
    ------
    str
        One warning for each that differs from the score's population.

    Raises
    ------
    ScoreRefused
        ``unknown_about`` for anything else that is said of a patient, ``not_text`` for a disease
        or product that is no text, and what `cartwheel.clinic.score_inputs.read_age` refuses.
    """
    for name, said in about.items():
        if name not in _ABOUT:
            raise refuse(
                ScoreRefused, "unknown_about", f"'{str(name)[:40]}' of a patient is not compared",
                mend="one of: " + ", ".join(_ABOUT),
            )  # fmt: skip
        if said is None or (isinstance(said, str) and not said.strip()):
            continue
        if name == "age":
            yield from _other_age(spec, said)
            continue
        if not isinstance(said, str):
            raise refuse(
                ScoreRefused, "not_text", f"the {name} of a patient is not text",
                mend="give its name",
            )  # fmt: skip
        made = getattr(spec.population, name)
        if made is not None and " ".join(said.split()).casefold() != made.casefold():
            yield (
                f"outside the population: the score was made in {made}, and the {name} given is "
                f"{said.strip()[:60]}"
            )


def _other_age(spec: ScoreSpec, said: Given) -> Iterator[str]:
    youngest, oldest = read_age(said)
    low, high = spec.population.age_low, spec.population.age_high
    if (low is None or youngest >= low) and (high is None or oldest <= high):
        return
    beyond = (low is not None and oldest < low) or (high is not None and youngest > high)
    yield (
        f"{'' if beyond else 'perhaps '}outside the population: the score was made at ages of "
        f"{spec.population.ages}, and the age given is {str(said).strip()[:60]}"
    )


def named_inputs(spec: ScoreSpec, given: Mapping[str, Given]) -> dict[str, Given]:
    """Find for every name the input that is meant.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    given : mapping
        Values by input name (``-`` and ``_`` and case count alike), or by variable where only
        one input has that variable.

    Returns
    -------
    dict
        By input name; a name that fits nothing is left as it is, for `assess` to refuse.

    Raises
    ------
    ScoreRefused
        If two names mean the same input.
    """
    found: dict[str, Given] = {}
    for written, value in given.items():
        name = _meant(spec, written)
        if name in found:
            raise _given_twice(name)
        found[name] = value
    return found


def _meant(spec: ScoreSpec, named: object) -> str:
    written = str(named)
    if written in spec.input_names:
        return written
    folded = written.replace("-", "_").casefold()
    fits = [name for name in spec.input_names if name.replace("-", "_").casefold() == folded]
    fits = fits or [item.name for item in spec.inputs if item.variable == folded]
    return fits[0] if len(fits) == 1 else written


def _takes(spec: ScoreSpec, name: str) -> bool:
    return name in spec.input_names or name in spec.default_choices


def _given_twice(name: str) -> ScoreRefused:
    return ScoreRefused(
        Problem("given_twice", "this input is given twice", f"input '{name}'", "give it once")
    )


def _patient_file(spec: ScoreSpec, path: Path) -> _Patient:
    document = _json(path)
    if not isinstance(document, dict):
        raise refuse(
            FileRefused,
            "not_patient",
            "one JSON object is needed, input names to values",
            where=path.name,
            mend='write it as {"ldh": "280 U/L"}',
        )
    known = {key: _plain_given(value) for key, value in document.items()}
    names = (*spec.input_names, *(parameter.name for parameter in spec.parameters))
    used = {name: value for name, value in named_inputs(spec, known).items() if name in names}
    about: dict[str, Given] = {
        key: value
        for key, value in document.items()
        if key in _ABOUT and key not in used and isinstance(value, str) and key != "age"
    }
    if spec.population.ages and "age" in known and _meant(spec, "age") not in used:
        about["age"] = known["age"]
    days = {
        _meant(spec, key): float(value["day"])
        for key, value in document.items()
        if _meant(spec, key) in used and isinstance(value, dict) and _is_number(value.get("day"))
    }
    aside = [key[:60] for key in document if _meant(spec, key) not in used and key not in about]
    return _Patient(used, days, tuple(aside), about)


def _is_number(given: object) -> bool:
    return isinstance(given, int | Decimal) and not isinstance(given, bool)


def _json(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError):
        raise refuse(
            FileRefused,
            "unreadable",
            "there is no such file, or it is not JSON in UTF-8",
            where=path.name,
            mend="give a JSON file",
        ) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            # JSON readers take the last of two without a word
            raise _given_twice(name[:60])
        found[name] = value
    return found


def _plain_given(value: Any) -> Given:
    """Turn ``{"value": 280, "unit": "U/L"}`` into a quantity; all else is judged when scored.

    A day of measurement may stand beside it.
    """
    if isinstance(value, dict) and set(value) - {"day"} == {"value", "unit"}:
        number, unit = value["value"], value["unit"]
        if _is_number(number) and ("day" not in value or _is_number(value["day"])):
            return Quantity(Decimal(number), str(unit))
    return value  # type: ignore[no-any-return]
