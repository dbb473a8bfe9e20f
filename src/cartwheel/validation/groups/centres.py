"""Centres: each alone, all but one, recalibrated in the others, and how much they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cartwheel.errors import NotEstimable, Refused
from cartwheel.estimate import Estimate
from cartwheel.validation.analysed import Integers, Predicted, Target
from cartwheel.validation.grouping import Grouping
from cartwheel.validation.groups.group_rows import (
    Flags,
    group_row,
    group_scores,
    too_few,
    unknown_name,
)
from cartwheel.validation.groups.heterogeneity import heterogeneity
from cartwheel.validation.groups.recalibration import recalibration
from cartwheel.validation.judging.measures import IDEAL, SCALES, measure_label
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.plan import ValidationPlan, WithholdPlan
from cartwheel.validation.result_groups import Centres, GroupRow, GroupScore
from cartwheel.validation.result_score import Measure

_FROM_OTHERS = ("observed_expected", "calibration_slope")


def centres(
    target: Target,
    predicted: Sequence[Predicted],
    grouping: Grouping,
    plan: ValidationPlan,
    level: float,
) -> Centres:
    """Measure every score in every centre that is large enough, and how much the centres differ.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : sequence of Predicted
        The scores, of the same patients.
    grouping : Grouping
        The centre of each of them.
    plan : ValidationPlan
        Its ``withhold`` says how large a centre, or all but one, has to be.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Centres
        Patients whose centre is not known are a last row of their own. They count among all but
        one centre, but nothing is estimated in them that is judged elsewhere. ``updated`` is empty
        where no score gives a risk.

    Notes
    -----
    A centre that is withheld is not left out either: what all have less what the others have would
    be its own. In ``updated`` intercept and slope are estimated in all other centres together
    (``recalibration``) and judged in the centre named, which is internal-external validation.

    References
    ----------
    Debray TPA et al 2013, doi:10.1002/sim.5732. Steyerberg EW, Harrell FE 2016,
    doi:10.1016/j.jclinepi.2015.04.005.
    """
    counted, least = event_by_horizon(target), plan.withhold
    *known, unknown = grouping.members()
    reasons = [too_few(target, counted, members, least) for members in known]
    rows = [
        group_row(name, target, predicted, counted, members, reason, level)
        for name, members, reason in zip(grouping.levels, known, reasons, strict=True)
    ]
    between = heterogeneity(rows, level)
    if len(unknown):
        reason = too_few(target, counted, unknown, least)
        name = unknown_name(grouping.levels)
        rows.append(group_row(name, target, predicted, counted, unknown, reason, level))
    apart = _Apart(target, predicted, grouping, known, counted, least, level)
    pairs = [apart.left_out(place, reason) for place, reason in enumerate(reasons)]
    return Centres(
        column=grouping.column,
        rows=tuple(rows),
        without=tuple(without for without, _ in pairs),
        updated=tuple(updated for _, updated in pairs) if apart.with_risk else (),
        heterogeneity=between,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """One centre held against the others, each in its turn."""

    target: Target
    predicted: Sequence[Predicted]
    grouping: Grouping
    known: Sequence[Integers]
    counted: Flags
    least: WithholdPlan
    level: float

    @property
    def with_risk(self) -> list[Predicted]:
        """Scores that can be recalibrated."""
        return [each for each in self.predicted if each.risk is not None]

    def left_out(self, place: int, reason: str) -> tuple[GroupRow, GroupRow]:
        """All patients but those of a centre, and that centre recalibrated in the others."""
        code, name = self.grouping.code, self.grouping.levels[place]
        own, rest = self.known[place], np.flatnonzero(code != place)
        elsewhere = rest[code[rest] >= 0]
        without = group_row(
            name,
            self.target,
            self.predicted,
            self.counted,
            rest,
            self._too_few(rest) or ("the centre left out is withheld" if reason else ""),
            self.level,
        )
        few = self._too_few(elsewhere)
        if few and len(elsewhere):
            few = f"in the other centres: {few}"
        why = reason or few
        scores = () if why else tuple(self._updated(own, elsewhere))
        events = int(self.counted[own].sum())
        return without, GroupRow(name, len(own), events, why, scores)

    def _too_few(self, rows: Integers) -> str:
        if not len(rows):
            return "there is no other centre"
        return too_few(self.target, self.counted, rows, self.least)

    def _updated(self, own: Integers, rest: Integers) -> Iterator[GroupScore]:
        there, here = self.target.subset(rest), self.target.subset(own)
        for each in self.with_risk:
            try:
                line = recalibration(there, each.subset(rest))
                yield from group_scores(here, [line.applied(each.subset(own))], self.level)
            except NotEstimable as failed:
                yield GroupScore(each.name, _not_recalibrated(here, failed))


def _not_recalibrated(target: Target, failed: Refused) -> tuple[Measure, ...]:
    why = f"not recalibrated in the other centres: {failed.problems[0].what}"
    unknown = Estimate(None, method=why, n=target.n)
    return tuple(
        Measure(
            name,
            measure_label(name, target),
            unknown,
            IDEAL[name],
            None,
            SCALES.get(name, "identity"),
        )
        for name in _FROM_OTHERS
    )
