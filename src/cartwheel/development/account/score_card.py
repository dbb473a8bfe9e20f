"""The score card of a points score: ranges, points, risk by total, and what rounding cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.groups import Group
from cartwheel.development.account.honesty import LABELS
from cartwheel.development.account.over_copies import (
    copies_of,
    patients_and_events,
    whole_counts,
)
from cartwheel.development.model.card import Candidate, Card
from cartwheel.development.model.points import PointsFit
from cartwheel.development.model.pooled import average_measure
from cartwheel.development.model.target import Fit, Target
from cartwheel.development.result import PointsRow, RiskRow, RoundingLoss

Floats = NDArray[np.float64]


def number_text(value: float) -> str:
    """Write a number as short as it can be read back: 2.55, 1200, 0.5.

    Parameters
    ----------
    value : float
        Such as an edge.

    Returns
    -------
    str
        At most ten significant digits.
    """
    return f"{value:.10g}"


def range_texts(item: Candidate, card: Card) -> tuple[str, ...]:
    """Say each range of a score card in words, lowest points' side first as stored.

    Parameters
    ----------
    item : Candidate
        The predictor.
    card : Card
        Its part of the score card.

    Returns
    -------
    tuple of str
        In the order of the card: for a cut-off without and with the point, for a yes/no its two
        values, else ranges from low to high values.
    """
    if item.rule is not None:
        cut = number_text(float(card.edges[0]))
        opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[item.rule.symbol]
        return (f"{opposite} {cut}", f"{item.rule.symbol} {cut}")
    edges = [number_text(float(edge)) for edge in card.edges]
    if item.predictor.distinct == 2 and len(edges) == 1:
        low, high = item.predictor.distinct_values
        return (number_text(float(low)), number_text(float(high)))
    inner = [f"{low} to < {high}" for low, high in pairwise(edges)]
    return (f"< {edges[0]}", *inner, f">= {edges[-1]}")


def score_card(candidates: Sequence[Candidate], model: PointsFit) -> tuple[PointsRow, ...]:
    """List every range of every kept predictor with its points.

    Parameters
    ----------
    candidates : sequence of Candidate
        Those of one copy where predictors were imputed.
    model : PointsFit
        As made on all patients.

    Returns
    -------
    tuple of PointsRow
        Empty where nothing was kept.
    """
    rows = []
    for item, card in zip(candidates, model.cards, strict=True):
        if card is None:
            continue
        share = np.bincount(card.place.ravel(), minlength=len(card.points)) / copies_of(card.place)
        counts = whole_counts(share.tolist(), card.place.shape[-1])
        for text, points, exact, count in zip(
            range_texts(item, card), card.points, card.exact, counts, strict=True
        ):
            rows.append(
                PointsRow(
                    item.predictor.column,
                    item.predictor.label,
                    text,
                    int(points),
                    float((exact - card.exact.min()) / model.unit),
                    count,
                )
            )
    return tuple(rows)


def possible_totals(model: PointsFit) -> range:
    """All totals that the score card can give.

    Parameters
    ----------
    model : PointsFit
        As made on all patients.

    Returns
    -------
    range
        From the smallest to the largest total; only 0 where nothing was kept. Some totals between
        may not be reached by any combination.
    """
    cards = [card for card in model.cards if card is not None]
    return range(
        sum(int(card.points.min()) for card in cards),
        sum(int(card.points.max()) for card in cards) + 1,
    )


def total_risk(target: Target, fit: Fit, totals: Floats) -> Floats:
    """Predicted risk at given totals, from the model of the total.

    Parameters
    ----------
    target : Target
        The outcome.
    fit : Fit
        Model of the total.
    totals : float array (k,)
        Points.

    Returns
    -------
    float array (k,), 0-1
        The same risk for all where nothing was kept.
    """
    slope = float(fit.coefficients[0]) if len(fit.coefficients) else 0.0
    return target.risk_at(fit.intercept + slope * totals)


def risk_table(
    target: Target, fit: Fit, totals: Floats, whole: range, groups: tuple[Group, ...]
) -> tuple[RiskRow, ...]:
    """Predicted risk at each possible total, with who had it.

    Parameters
    ----------
    target : Target
        The outcome.
    fit : Fit
        Model of the total.
    totals : float array (n,) or (m, n)
        Points of every patient.
    whole : range
        Totals that the score can give.
    groups : tuple of Group
        Lowest first, for the name of the band.

    Returns
    -------
    tuple of RiskRow
        One for each total of ``whole``.
    """
    risks = total_risk(target, fit, np.array(whole, dtype=float))
    counted = patients_and_events([totals == total for total in whole], target.event_by_horizon)
    return tuple(
        RiskRow(total, *counts, float(risk), band_of(total, groups))
        for total, risk, counts in zip(whole, risks, counted, strict=True)
    )


def band_of(total: int, groups: tuple[Group, ...]) -> str:
    """Name of the band that a total falls in; totals beyond the data belong to the end bands.

    Parameters
    ----------
    total : int
        Any total.
    groups : tuple of Group
        At least one, in any order.

    Returns
    -------
    str
    """
    ordered = sorted(groups, key=lambda group: group.lowest)
    for group in ordered:
        if total <= group.highest:
            return group.name
    return ordered[-1].name


def rounding_loss(target: Target, model: PointsFit) -> tuple[RoundingLoss, ...]:
    """Compare the unrounded regression with the points, on the same patients (apparent).

    Parameters
    ----------
    target : Target
        The outcome.
    model : PointsFit
        As made on all patients.

    Returns
    -------
    tuple of RoundingLoss
        AUC or Harrell's C, and the Brier score.
    """
    everyone = np.ones(target.n)
    exact = average_measure(target, model.exact, everyone)
    points = average_measure(target, model.fit, everyone)
    return tuple(
        RoundingLoss(name, LABELS[name][0], float(before), float(after))
        for name, before, after in zip(target.measures, exact, points, strict=True)
        if name in ("auc", "c_index", "brier")
    )
