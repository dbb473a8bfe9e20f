"""Numbers of a measure on the page: rounded, with their own value from the JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from cartwheel.figures.numbers import NOT_ESTIMABLE
from cartwheel.figures.pooling.measure import MEASURES, Measure, written_value


def measured(value: float | None, measure: str, missing: str = NOT_ESTIMABLE) -> Markup:
    """Write a value of a measure as ``<data value="unrounded">rounded</data>``.

    Parameters
    ----------
    value : float or None
        On the scale of the measure, as it stands in the JSON.
    measure : str
        Its code; a proportion is written in per cent.
    missing : str
        Word for None.

    Returns
    -------
    Markup
        Safe HTML.
    """
    if value is None:
        return Markup('<span class="none">{}</span>').format(missing)
    rule = MEASURES.get(measure, Measure(measure, measure, "two", False))
    sign = "%" if rule.kind == "percent" else ""
    return Markup('<data value="{}">{}{}</data>').format(
        json.dumps(value), written_value(value, rule), sign
    )


def reach(
    thing: Mapping[str, Any],
    measure: str,
    ends: tuple[str, str] = ("low", "high"),
    missing: str = NOT_ESTIMABLE,
) -> Markup:
    """Write an interval of a measure as ``low to high``; empty where there is none.

    Parameters
    ----------
    thing : mapping
        An ``Estimate`` as JSON, or a row with other names for its limits.
    measure : str
        Code of the measure.
    ends : (str, str)
        Names of the limits.
    missing : str
        Word for one limit that does not exist beside one that does.

    Returns
    -------
    Markup
        Safe HTML.
    """
    low, high = (thing[end] for end in ends)
    if low is None and high is None:
        return Markup("")
    return measured(low, measure, missing) + " to " + measured(high, measure, missing)
