"""Whether a patient is on the ward at a moment, by his milestones."""

from __future__ import annotations

from datetime import datetime

from cartwheel.watch.view import View

LEFT = "left the ward"
DIED = "died"


def gone(view: View) -> str:
    """Say why nobody is told anything of a patient any more.

    Parameters
    ----------
    view : View
        The patient at the latest moment that is known of.

    Returns
    -------
    str
        `DIED`, `LEFT`, or empty where he is here. Values alone bring nobody back: after a discharge
        they come from a clinic too.
    """
    if view.last("death") is not None:
        return DIED
    return LEFT if view.last("discharge") is not None and came_back(view) is None else ""


def came_back(view: View) -> datetime | None:
    """Tell since when a patient who had left is here again.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Returns
    -------
    datetime or None
        UTC. Of the first admission or infusion since the last discharge; None without one, and
        where he never left.
    """
    left = view.last_taken("discharge")
    if left is None:
        return None
    back = [
        one.taken_at
        for name in ("admission", "infusion")
        for one in view.observations(name)
        if one.taken_at >= left
    ]
    return min(back, default=None)
