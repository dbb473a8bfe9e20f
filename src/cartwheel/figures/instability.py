"""How far the predicted risks move when the whole development is repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cartwheel.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SINGLE,
    canvas,
    drawn,
    panel,
)
from cartwheel.figures.wording import say


@drawn
def instability(result: Mapping[str, Any]) -> Figure:
    """Draw predicted risk against what the resamples predict, above how many patients had it.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``instability`` is read.

    Returns
    -------
    Figure
        Single column; a line a band of patients, none of fewer than five.

    References
    ----------
    Riley RD, Collins GS 2023, doi:10.1002/bimj.202200302.
    """
    bands = result["instability"]["bands"]
    top = min(1.0, 1.05 * max(0.1, *(max(band["high"], band["predicted"]) for band in bands)))
    figure = canvas(result, SINGLE, 11.2)
    axes = panel(figure, 1.65, 4.45, 6.4, 6.4)
    axes.plot([0, top], [0, top], color=ORANGE, linestyle=(0, (5, 1.8)), linewidth=1.2, zorder=1)
    for band in bands:
        at = band["predicted"]
        axes.plot([at, at], [band["low"], band["high"]], color=BLUE, linewidth=2.2,
                  solid_capstyle="butt", zorder=2)  # fmt: skip
        axes.plot(at, band["median"], "o", color=INK, markersize=4, zorder=3)
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    axes.set_ylabel(say("Risk predicted in resamples"))
    axes.tick_params(labelbottom=False)
    bars = panel(figure, 1.65, 2.7, 6.4, 1.4)
    counts = [band["n"] for band in bands]
    bars.vlines([band["predicted"] for band in bands], 0, counts, color=GREY, linewidth=2.4)
    bars.set(xlim=(0, top), ylim=(0, 1.1 * max(counts)))
    bars.set_ylabel(say("Patients"))
    bars.set_xlabel(say("Predicted risk"))
    bars.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    for scale in (axes.xaxis, axes.yaxis, bars.xaxis):
        scale.set_major_formatter(PercentFormatter(1, decimals=0))
        scale.set_major_locator(MaxNLocator(5))
    keys = [
        Line2D([], [], color=BLUE, linewidth=2.2, label=say("range of the middle resamples")),
        Line2D([], [], marker="o", color=INK, markersize=4, linestyle="", label=say("median")),
        Line2D([], [], color=ORANGE, linestyle=(0, (5, 1.8)), linewidth=1.2,
               label=say("as the score predicts")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=1, borderaxespad=0.3)
    return figure
