"""How far two rules agree on the same charts: a cross-table, and agreement beyond chance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from cartwheel.clinic.toxicity.assessment import Chart, Grade
from cartwheel.clinic.toxicity.rules import CRS_RULES, rule_named
from cartwheel.errors import CohortRefused, refuse
from cartwheel.estimate import Estimate

_KAPPA = "Cohen's kappa"
_WEIGHTED = "Cohen's kappa, linear weights"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two rules on the same charts.

    Parameters
    ----------
    first, second : str
        Ids of the rules.
    table : tuple of (int, int, int)
        Grade by the first, grade by the second, number of charts; only pairs that occur.
    n : int
        Charts that both rules settle.
    unsettled : int
        Charts that one or both leave open: they are in no other number.
    same, first_higher, second_higher : int
        Of the n.
    agreement : Estimate
        Proportion with the same grade, with Wilson's interval.
    kappa, weighted_kappa : Estimate
        Beyond chance, without and with linear weights; no value where both rules always give one
        grade.
    """

    first: str
    second: str
    table: tuple[tuple[int, int, int], ...]
    n: int
    unsettled: int
    same: int
    first_higher: int
    second_higher: int
    agreement: Estimate
    kappa: Estimate
    weighted_kappa: Estimate


def grades_by_rule(
    chart: Chart, rules: Iterable[str] = CRS_RULES, *, at: str | None = None
) -> dict[str, Grade]:
    """Grade one chart by several rules.

    Parameters
    ----------
    chart : mapping of str to object
        The inputs of all the rules; each reads only its own.
    rules : iterable of str
        Ids; the five CRS scales by default.
    at : str, optional
        Time of the assessment.

    Returns
    -------
    dict of str to Grade
        By rule, in the order asked for.

    Raises
    ------
    CohortRefused
        An unknown rule, or what a rule refuses.
    """
    return {name: rule_named(name).function(chart, at=at) for name in rules}


def agreement_of(first: Sequence[Grade], second: Sequence[Grade], level: float = 0.95) -> Agreement:
    """Compare the grades of two rules on the same charts.

    Parameters
    ----------
    first, second : sequence of Grade (n,)
        In the same order of charts; each of one rule.
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    Agreement

    Raises
    ------
    CohortRefused
        ``unequal_lengths``; ``mixed_rules``; ``nothing_settled``; ``level_impossible``.

    Notes
    -----
    Linear weights are 1 - |i - j| / (k - 1) over the k grades from the lowest to the highest that
    occurs; kappa is (observed - expected) / (1 - expected).

    References
    ----------
    Cohen J. Psychol Bull 1968;70:213-220, doi 10.1037/h0026256.
    """
    names = _rules_of(first, second)
    if not 0 < level < 1:
        raise refuse(
            CohortRefused, "level_impossible", f"{level} is no coverage", mend="such as 0.95"
        )
    pairs = [
        (one.grade, other.grade)
        for one, other in zip(first, second, strict=True)
        if one.grade is not None and other.grade is not None
    ]
    if not pairs:
        raise refuse(
            CohortRefused, "nothing_settled", "no chart is settled by both rules",
            mend="chart what the rules ask for",
        )  # fmt: skip
    counts, n = Counter(pairs), len(pairs)
    same = sum(one == other for one, other in pairs)
    higher = sum(one > other for one, other in pairs)
    low, high = _wilson(same, n, level)
    return Agreement(
        first=names[0],
        second=names[1],
        table=tuple((one, other, count) for (one, other), count in sorted(counts.items())),
        n=n,
        unsettled=len(first) - n,
        same=same,
        first_higher=higher,
        second_higher=n - same - higher,
        agreement=Estimate(same / n, low, high, level, "proportion, Wilson interval", n, same),
        kappa=Estimate(_kappa(counts, n, linear=False), method=_KAPPA, n=n),
        weighted_kappa=Estimate(_kappa(counts, n, linear=True), method=_WEIGHTED, n=n),
    )


def _rules_of(first: Sequence[Grade], second: Sequence[Grade]) -> tuple[str, str]:
    if len(first) != len(second):
        raise refuse(
            CohortRefused, "unequal_lengths", f"{len(first)} and {len(second)} grades",
            mend="give both rules the same charts",
        )  # fmt: skip
    rules = [{grade.rule for grade in grades} for grades in (first, second)]
    if any(len(found) > 1 for found in rules):
        raise refuse(
            CohortRefused, "mixed_rules", "one side holds grades of several rules",
            mend="compare one rule with one other",
        )  # fmt: skip
    return next(iter(rules[0]), ""), next(iter(rules[1]), "")


def _wilson(count: int, n: int, level: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = count / n, z * z / n
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    centre = share + spread / 2
    return max((centre - half) / (1 + spread), 0.0), min((centre + half) / (1 + spread), 1.0)


def _kappa(counts: Counter[tuple[int, int]], n: int, *, linear: bool) -> float | None:
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    for (one, other), count in counts.items():
        rows[one] += count
        columns[other] += count
    span = max(*rows, *columns) - min(*rows, *columns)
    if span == 0:
        return None

    def weight(one: int, other: int) -> float:
        return 1 - abs(one - other) / span if linear else float(one == other)

    seen = sum(count * weight(*pair) for pair, count in counts.items()) / n
    chance = sum(
        rows[one] * columns[other] * weight(one, other) for one in rows for other in columns
    ) / (n * n)
    return (seen - chance) / (1 - chance)
