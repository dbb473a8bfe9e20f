"""The options of ``cartwheel landmark`` as the data of a plan; they win over a plan file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cartwheel.errors import PlanRefused, refuse


@dataclass(frozen=True, slots=True)
class LandmarkOptions:
    """What was said on the command line; None or empty where nothing was.

    Parameters
    ----------
    outcome : dict of str to object
        Keys of ``[outcome]``.
    labs : dict of str to str
        Columns of the laboratory file.
    super_model, resampling : dict of str to object
        Keys of those parts.
    whole : dict of str to object
        Keys of the plan itself.
    landmarks, markers : str, optional
        Separated by commas.
    transforms, max_ages : tuple of str
        ``log2`` for all markers, or ``crp=log2``; ``4``, or ``crp=8``.
    """

    outcome: Mapping[str, object] = field(default_factory=dict)
    labs: Mapping[str, object] = field(default_factory=dict)
    super_model: Mapping[str, object] = field(default_factory=dict)
    resampling: Mapping[str, object] = field(default_factory=dict)
    whole: Mapping[str, object] = field(default_factory=dict)
    landmarks: str | None = None
    markers: str | None = None
    transforms: tuple[str, ...] = ()
    max_ages: tuple[str, ...] = ()


def plan_of_options(options: LandmarkOptions, data: Mapping[str, Any]) -> dict[str, Any]:
    """Put options over the data of a plan.

    Parameters
    ----------
    options : LandmarkOptions
        As said.
    data : mapping
        Of a plan file; empty without one.

    Returns
    -------
    dict
        To be checked by ``landmark_plan_from_dict``.

    Raises
    ------
    PlanRefused
        ``landmark_number``, ``option_number``, ``marker_unknown`` where an option names a marker
        that is none.
    """
    merged: dict[str, Any] = {**data, **_said(options.whole)}
    for key in ("outcome", "labs", "super_model", "resampling"):
        said = _said(getattr(options, key))
        if said:
            merged[key] = {**merged.get(key, {}), **said}
    if options.landmarks is not None:
        merged["landmarks_days"] = [_day(text) for text in _parts(options.landmarks)]
    if options.markers is not None:
        merged["markers"] = [{"analyte": name} for name in _parts(options.markers)]
    _put_transforms(merged, options.transforms)
    _put_ages(merged, options.max_ages)
    return merged


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _day(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise refuse(
            PlanRefused,
            "landmark_number",
            f"'{text[:20]}' is not a day",
            where="--landmarks",
            mend="give days after infusion: --landmarks 0,3,5,7",
        ) from None


def _put_transforms(merged: dict[str, Any], said: Sequence[str]) -> None:
    for text in said:
        name, value = _pair(text)
        for marker in _named(merged, name, "--transform"):
            marker["transform"] = value


def _put_ages(merged: dict[str, Any], said: Sequence[str]) -> None:
    for text in said:
        name, value = _pair(text)
        try:
            age = float(value)
        except ValueError:
            raise refuse(
                PlanRefused,
                "option_number",
                f"'{value[:20]}' is not a number of days",
                where="--max-age",
                mend="such as --max-age 4, or --max-age crp=8",
            ) from None
        if name is None:
            merged["max_age_days"] = age
            continue
        for marker in _named(merged, name, "--max-age"):
            marker["max_age_days"] = age


def _pair(text: str) -> tuple[str | None, str]:
    name, divider, value = text.rpartition("=")
    return (name.strip() if divider else None), value.strip()


def _named(merged: dict[str, Any], name: str | None, option: str) -> list[dict[str, Any]]:
    """Markers that an option is about; all of them where it names none."""
    markers = [dict(marker) for marker in merged.get("markers", [])]
    merged["markers"] = markers
    found = [marker for marker in markers if name in (None, marker.get("analyte"))]
    if not found:
        known = ", ".join(str(marker.get("analyte")) for marker in markers) or "none"
        raise refuse(
            PlanRefused,
            "marker_unknown",
            f"'{(name or '')[:40]}' is not one of the markers" if name else "there are no markers",
            where=option,
            mend=f"markers: {known}; name them with --markers",
        )
    return found
