"""The patient flow: who is left after each step, and how many went."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.patients import FlowStep

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def first_step(event: Floats) -> FlowStep:
    """Count the rows of the file.

    Parameters
    ----------
    event : float array (N,)
        1 event, 0 none, nan not known.

    Returns
    -------
    FlowStep
        Nobody is lost in it.
    """
    return FlowStep("rows in the file", len(event), int(np.nansum(event)), 0, 0)


def add_step(flow: list[FlowStep], label: str, mask: Mask, event: Floats) -> None:
    """Add a step to the flow: who is left, and how many went since the last.

    Parameters
    ----------
    flow : list of FlowStep
        At least one; the new one is put at its end.
    label : str
        The step, for the reader.
    mask : bool array (N,)
        Who is left.
    event : float array (N,)
        1 event, 0 none, nan not known, which counts as no event.
    """
    patients, events = int(mask.sum()), int(np.nansum(event[mask]))
    last = flow[-1]
    flow.append(FlowStep(label, patients, events, last.patients - patients, last.events - events))
