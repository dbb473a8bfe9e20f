"""Scales of axes: when a log axis is due, and which ticks a reader wants on it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from cartwheel.figures.numbers import decimals, significant


def spans_decades(values: Sequence[float]) -> bool:
    """Say whether positive values span more than two powers of ten, so that a log axis is due.

    Parameters
    ----------
    values : sequence of float
        At least one, finite, in one unit.

    Returns
    -------
    bool
        False as soon as one value is zero or negative.
    """
    return min(values) > 0 and max(values) > 100 * min(values)


def ratio_ticks(axes: Axes, *, upright: bool = True, most: int = 7) -> None:
    """Put a few round ratios at the ticks of a log axis.

    Parameters
    ----------
    axes : Axes
        Its limits must be final.
    upright : bool
        The y axis if true, else the x axis.
    most : int
        More ticks than these become powers of ten, and those every second or third.
    """
    axis = axes.yaxis if upright else axes.xaxis
    low, high = axes.get_ylim() if upright else axes.get_xlim()
    steps = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 100, 300, 1000)
    fine = (0.7, 0.8, 1.25, 1.5)
    shown = [step for step in steps if low <= step <= high]
    if len(shown) > most:
        tens = [step for step in shown if step in (0.001, 0.01, 0.1, 1, 10, 100, 1000)]
        few = [step for step in shown if step in (0.1, 0.5, 1, 2, 10)]
        shown = tens if most == 7 or 3 <= len(tens) <= most else few[:most]
    if len(shown) < 3:
        shown = [step for step in sorted({*steps, *fine}) if low <= step <= high]
    if len(shown) < 3:
        shown = [float(step) for step in MaxNLocator(4).tick_values(low, high)]
        shown = [step for step in shown if low <= step <= high]
    if len(shown) > most:
        shown = [step for step in shown if step in (0.5, 0.8, 1, 1.5, 2)][:most]
    axis.set_major_locator(FixedLocator(shown))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(FixedLocator([]))


def value_axis(axes: Axes, values: Sequence[float]) -> None:
    """Set the x axis to hold these values, on a log scale where they span over two decades.

    Parameters
    ----------
    axes : Axes
        Any.
    values : sequence of float
        At least one.
    """
    if spans_decades(values):
        axes.set_xscale("log")
        axes.set_xlim(min(values) / 1.15, max(values) * 1.15)
        axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0,), numticks=6))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
        return
    room = 0.04 * (max(values) - min(values)) or 0.5
    axes.set_xlim(min(values) - room, max(values) + room)
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _tick(value: float) -> str:
    return decimals(value, 0) if value >= 1 else significant(value, 1)
