"""The one way a number gets on the page: rounded, with its own value from the JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from cartwheel.figures.numbers import FORMATS, NOT_ESTIMABLE, cut as written_cut


def number(value: float | int | None, kind: str, missing: str = NOT_ESTIMABLE) -> Markup:
    """Write a number of the JSON as ``<data value="unrounded">rounded</data>``.

    Parameters
    ----------
    value : float, int or None
        As it stands in the JSON.
    kind : str
        The rule of writing, a key of ``cartwheel.figures.numbers.FORMATS``.
    missing : str
        Word for None, by place: a median is ``not reached``, a first group is ``reference``.

    Returns
    -------
    Markup
        Safe HTML.
    """
    if value is None:
        return Markup('<span class="none">{}</span>').format(missing)
    return _data(value, FORMATS[kind](value))


def cut(cutoff: Mapping[str, Any]) -> Markup:
    """Write a cut-off so that its rounding makes the same groups.

    Parameters
    ----------
    cutoff : mapping
        A ``Cutoff`` as JSON.

    Returns
    -------
    Markup
        Safe HTML.
    """
    value = cutoff["cut"]
    return _data(value, written_cut(value, cutoff["gap_low"], cutoff["gap_high"]))


def limits(estimate: Mapping[str, Any], kind: str, missing: str = NOT_ESTIMABLE) -> Markup:
    """Write the interval of an estimate as ``low to high``; empty where it has none.

    Parameters
    ----------
    estimate : mapping
        An ``Estimate`` as JSON.
    kind : str
        The rule of writing.
    missing : str
        Word for one limit that does not exist beside one that does.

    Returns
    -------
    Markup
        Safe HTML.
    """
    low, high = estimate["low"], estimate["high"]
    if low is None and high is None:
        return Markup("")
    return number(low, kind, missing) + " to " + number(high, kind, missing)


def coverage(estimates: Iterable[Mapping[str, Any] | None]) -> Markup:
    """Name the interval of a column of estimates, such as ``95% CI``.

    Parameters
    ----------
    estimates : iterable of mapping or None
        Estimates as JSON; the first that has an interval tells its level.

    Returns
    -------
    Markup
        Safe HTML; ``no interval`` where none has one.
    """
    for estimate in estimates:
        if estimate is not None and estimate["level"] is not None:
            return number(estimate["level"], "level") + "% CI"
    return Markup("no interval")


def breakable(name: str) -> Markup:
    """Write a column's name so that a narrow table may break it after an underscore.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    Markup
        Safe HTML.
    """
    return Markup("_<wbr>").join(name.split("_"))


def _data(value: float | int, text: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(json.dumps(value), text)
