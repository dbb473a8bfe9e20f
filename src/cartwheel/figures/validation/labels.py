"""Names of measures as cartwheel writes them into a validation, in the language that is set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cartwheel.figures.wording import say

_AT = re.compile(r"(?P<name>.+?) (?:at|up to) (?P<time>\d\S* \w+)")


def label_of(measure: Mapping[str, Any]) -> str:
    """Name a measure.

    Parameters
    ----------
    measure : mapping
        As JSON, with its ``label``.

    Returns
    -------
    str
        The label itself where it is none of the known ones.
    """
    label = str(measure["label"])
    known = _labels()
    if label in known:
        return known[label]
    timed = _AT.fullmatch(label)
    if timed is None:
        return label
    at = {
        "AUC": say("AUC at {time}", time=timed["time"]),
        "Harrell's C": say("Harrell's C up to {time}", time=timed["time"]),
        "Uno's C": say("Uno's C up to {time}", time=timed["time"]),
        "Observed / expected risk": say("Observed / expected risk at {time}", time=timed["time"]),
        "Brier score": say("Brier score at {time}", time=timed["time"]),
    }
    return at.get(timed["name"], label)


def rung_of(name: str) -> str:
    """Name a rung of the updating ladder.

    Parameters
    ----------
    name : str
        As the result has it.

    Returns
    -------
    str
    """
    known = {
        "as is": say("as is"),
        "intercept": say("intercept"),
        "slope": say("slope"),
        "re-estimated": say("re-estimated"),
        "extended": say("extended"),
    }
    return known.get(name, name)


def curve_name(curve: Mapping[str, Any]) -> str:
    """Name a curve of net benefit.

    Parameters
    ----------
    curve : mapping
        As JSON, with its ``name``: a score, or a strategy without one.

    Returns
    -------
    str
    """
    name = str(curve["name"])
    return {"treat all": say("treat all"), "treat none": say("treat none")}.get(name, name)


def _labels() -> dict[str, str]:
    return {
        "AUC": say("AUC"),
        "Harrell's C": say("Harrell's C"),
        "Uno's C": say("Uno's C"),
        "Calibration in the large": say("Calibration in the large"),
        "Calibration slope": say("Calibration slope"),
        "Observed / expected events": say("Observed / expected events"),
        "Scaled Brier score": say("Scaled Brier score"),
        "Brier score": say("Brier score"),
        "Integrated calibration index (mean distance of predicted and observed risk)": say(
            "Integrated calibration index (mean distance of predicted and observed risk)"
        ),
        "E50 (median distance of predicted and observed risk)": say(
            "E50 (median distance of predicted and observed risk)"
        ),
        "E90 (90th percentile of that distance)": say("E90 (90th percentile of that distance)"),
    }
