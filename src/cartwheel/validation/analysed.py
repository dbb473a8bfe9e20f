"""Who is analysed, and what the scores say of them: arrays that never leave the computation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.stats.competing_times import CompetingTimes, competing_times
from cartwheel.stats.survival import survival_times
from cartwheel.stats.times import SurvivalTimes

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The outcome of n patients, decided once.

    Parameters
    ----------
    kind : str
        ``binary``, ``survival`` or ``competing``.
    event : float array (n,)
        1 event of the kind asked for, 0 none, censored, or another event.
    times : SurvivalTimes or None
        Survival: times to the event. Competing: times to the first event of any kind.
    competing : CompetingTimes or None
        Cause 1 is the event asked for, cause 2 any other; competing only.
    horizon : float or None
        In ``time_unit``, from the landmark where there is one; None for a binary outcome.
    time_unit : str or None
        Of every time.
    """

    kind: str
    event: Floats
    times: SurvivalTimes | None
    competing: CompetingTimes | None
    horizon: float | None
    time_unit: str | None

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.event)

    def subset(self, rows: Integers) -> Target:
        """Give the outcome of some of the patients.

        Parameters
        ----------
        rows : int array (m,)
            Places; a place named twice stands twice.

        Returns
        -------
        Target
        """
        event = self.event[rows]
        times = competing = None
        if self.competing is not None:
            competing = competing_times(self.competing.times.time[rows], self.competing.cause[rows])
            times = competing.times
        elif self.times is not None:
            times = survival_times(self.times.time[rows], event)
        return Target(self.kind, event, times, competing, self.horizon, self.time_unit)


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What one score says of n patients.

    Parameters
    ----------
    name : str
        Short name for tables.
    spec : ScoreSpec
        With parameters settled.
    value : float array (n,)
        The score.
    adverse : str
        ``high`` or ``low``.
    risk : float array (n,) or None
        Predicted risk (at the score's horizon), 0-1: its own, or the published risk of the band;
        None where the score gives none.
    risk_source : str
        ``risk``, ``band risk`` or ``value`` (no risk).
    band : int array (n,)
        Place in ``bands``; -1 for none.
    bands : tuple of str
        Names in rising order of the value; empty for a score without bands.
    """

    name: str
    spec: ScoreSpec
    value: Floats
    adverse: str
    risk: Floats | None
    risk_source: str
    band: Integers
    bands: tuple[str, ...]

    @property
    def marker(self) -> Floats:
        """What is ranked: the risk where patients have one of their own, else the value, turned."""
        if self.risk is not None and self.risk_source == "risk":
            return self.risk
        return self.value if self.adverse == "high" else -self.value

    def subset(self, rows: Integers) -> Predicted:
        """Give what the score says of some of the patients.

        Parameters
        ----------
        rows : int array (m,)
            Places.

        Returns
        -------
        Predicted
        """
        return Predicted(
            self.name,
            self.spec,
            self.value[rows],
            self.adverse,
            None if self.risk is None else self.risk[rows],
            self.risk_source,
            self.band[rows],
            self.bands,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scoreable:
    """One score and the columns of all eligible patients that it is computed from.

    Parameters
    ----------
    name : str
        Short name.
    spec : ScoreSpec
        The score as read, with its parameters.
    choices : dict of str to str
        Options settled.
    adverse, adverse_source : str
        ``high`` or ``low``; ``score file``, ``risk`` or ``plan``.
    columns : dict of str to InputColumn
        Input to its column, N rows.
    column_names : dict of str to str
        Input to the name of its column in the cohort.
    """

    name: str
    spec: ScoreSpec
    choices: dict[str, str]
    adverse: str
    adverse_source: str
    columns: dict[str, InputColumn]
    column_names: dict[str, str]
