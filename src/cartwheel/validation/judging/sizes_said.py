"""The size of a validation in sentences: what it shows, what it does not, what it would take."""

from __future__ import annotations

from collections.abc import Sequence

from cartwheel.validation.analysed import Target
from cartwheel.validation.judging.observed import moment_said
from cartwheel.validation.result import SizeRow

# an interval wider than this cannot tell a good score from a bad one; the reason is told with it
TOO_WIDE = {
    "observed_expected": (1.0, "risks that are right from risks wrong by half"),
    "calibration_slope": (1.0, "a slope of 1 from one of 0.5, risks twice too extreme"),
    "c_statistic": (0.2, "a C of 0.7 from one of 0.6"),
    "net_benefit": (0.5, "a gain of a quarter of all events from none"),
}


def verdict(
    target: Target,
    score: str,
    events: int,
    share: float,
    rows: Sequence[SizeRow],
    level: float,
) -> str:
    """Say what this many events can and cannot show.

    Parameters
    ----------
    target : Target
        The outcome.
    score : str
        Name.
    events : int
        By the horizon, where there is one.
    share : float
        Of patients with the event by then, 0-1.
    rows : sequence of SizeRow
        Expected widths, and what the usual ones would take.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    str
        Sentences.
    """
    counts = f"{_count(events, 'event')}{moment_said(target)} in {_count(target.n, 'patient')}"
    if not 0.0 < share < 1.0:
        everybody = "everybody has" if share >= 1.0 else "nobody has"
        return f"With {counts} {everybody} the event: nothing can be shown of {score}."
    known = [row for row in rows if row.width_here is not None]
    widths = ", ".join(f"{_figure(row.width_here)} for the {row.label}" for row in known)
    said = [
        f"With {counts}, and if the risks of {score} vary as they do here and are right, the "
        f"{100.0 * level:.4g} % interval is expected to span {widths}.",
        *_by_precision(known),
        *_needed(known),
    ]
    unknown = [f"the {row.label}" for row in rows if row.width_here is None]
    if unknown:
        said.append(
            f"Not computed: {_listed(unknown)}; risks that are all the same, risks of exactly 0 or "
            "1, or no patient at the threshold leave nothing to compute it with."
        )
    if target.kind != "binary":
        said.append(
            "All of this is approximate: formulas for a binary outcome at the horizon, with events "
            "lost to censoring before it taken off; for the slope, the information of a regression "
            "over time with all events of the follow-up."
        )
    return " ".join(said)


def _by_precision(rows: Sequence[SizeRow]) -> list[str]:
    poor, fair, good = [], [], []
    for row in rows:
        width = row.width_here or 0.0
        limit, reason = TOO_WIDE[row.criterion]
        if width > limit:
            poor.append(
                f"the {row.label} (an interval wider than {limit:g} does not tell {reason})"
            )
        elif width > row.width_wanted:
            fair.append(f"the {row.label}")
        else:
            good.append(f"the {row.label}")
    said = []
    if poor:
        said.append(f"These events cannot show {_listed(poor)}.")
    if fair:
        said.append(f"They show only roughly: {_listed(fair)}.")
    if good:
        said.append(f"They show with the precision usually asked for: {_listed(good)}.")
    return said


def _needed(rows: Sequence[SizeRow]) -> list[str]:
    short = [
        row for row in rows if row.width_here is not None and row.width_here > row.width_wanted
    ]
    if not short:
        return []
    each = ", ".join(
        f"the {row.label} {_count(row.patients_needed or 0, 'patient')} with "
        f"{_count(row.events_needed or 0, 'event')} (width {row.width_wanted:g})"
        for row in short
    )
    return [f"The precision usually asked for takes, followed as here: {each}."]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _figure(width: float | None) -> str:
    if width is None:
        return ""
    return f"{width:.2g}" if width < 10.0 else f"{width:.0f}"


def _listed(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
