"""The numbers of a nomogram, from the regression of a development or from a score file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from cartwheel.clinic.score_effect import Interval, effect, transformed
from cartwheel.clinic.score_spec import CoxRisk, LogisticRisk, ScoreSpec
from cartwheel.clinic.score_terms import (
    AnyTerm,
    DecisionTerm,
    PointsTerm,
    ProductTerm,
    Transform,
)
from cartwheel.errors import PlanRefused, Problem
from cartwheel.figures.numbers import decimals, percent, significant
from cartwheel.figures.style import ratio_name
from cartwheel.figures.wording import say
from cartwheel.stats.nomogram import Nomogram, NomogramScale, axis_marks, nomogram

_RISKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_PER: dict[str, Transform] = {
    "per unit": "none",
    "per doubling": "log2",
    "per unit of the square root": "sqrt",
}
_STEPS = (1.0, 2.0, 5.0)
# spread of the ends of an axis beyond which round numbers are taken by powers of ten
_DECADES = 30.0

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One predictor: its marks, what each adds to the linear predictor, and how it is written.

    Parameters
    ----------
    name : str
        As printed.
    values : sequence of float
        Rising.
    adds : sequence of float
        To the linear predictor.
    texts : sequence of str
        Of each mark.
    """

    name: str
    values: Sequence[float]
    adds: Sequence[float]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A nomogram ready to be drawn.

    Parameters
    ----------
    lines : tuple of Line
        Predictors.
    points : Nomogram
        Their points.
    scale_name : str
        What the total means.
    scale : NomogramScale
        Where its marks lie.
    scale_texts : tuple of str
        Of each mark.
    simulated : bool
        Whether the patients were.
    """

    lines: tuple[Line, ...]
    points: Nomogram
    scale_name: str
    scale: NomogramScale
    scale_texts: tuple[str, ...]
    simulated: bool

    def rows(self) -> Iterator[dict[str, Any]]:
        """Give the numbers of the drawing as records."""
        for line, axis in zip(self.lines, self.points.axes, strict=True):
            for at, text in enumerate(line.texts):
                yield {
                    "axis": line.name,
                    "mark": text,
                    "value": float(axis.values[at]),
                    "linear_predictor": float(axis.contribution[at]),
                    "points": float(axis.points[at]),
                }
        for name, marks in (("Points", hundred(self)), ("Total points", totals(self))):
            for mark in marks:
                yield {"axis": name, "mark": None, "value": mark, "linear_predictor": None,
                       "points": mark}  # fmt: skip
        for value, total, text in zip(
            self.scale.values, self.scale.total_points, self.scale_texts, strict=True
        ):
            yield {
                "axis": self.scale_name, "mark": text, "value": float(value),
                "linear_predictor": None, "points": float(total),
            }  # fmt: skip

    def words(self) -> str:
        """Say the widest points of every axis."""
        said = [
            say("{name}: 0 to {most} points", name=line.name,
                most=decimals(float(axis.points.max()), 0))
            for line, axis in zip(self.lines, self.points.axes, strict=True)
        ]  # fmt: skip
        total = decimals(self.points.largest_total, 0)
        return "; ".join([*said, say("total up to {most} points", most=total)])


def has_nomogram(document: Mapping[str, Any]) -> bool:
    """Say whether the regression of a development can be drawn as a nomogram.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel develop``.

    Returns
    -------
    bool
        True where the score rests on a regression of more than one term, each with a range.
    """
    lines = _development_lines(document)
    return lines is not None and any(np.ptp(line.adds) > 0 for line in lines)


def nomogram_of_development(document: Mapping[str, Any]) -> Drawn:
    """Make the nomogram of the regression behind a score.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel develop`` that `has_nomogram`.

    Returns
    -------
    Drawn
        Its last scale is the odds or hazard ratio against 0 points: the JSON holds no intercept.
    """
    result = document["result"]
    lines = tuple(_development_lines(document) or ())
    points = nomogram([(line.name, line.values, line.adds) for line in lines])
    reach = points.largest_total / points.points_per_unit
    ratios = [one for one in _RATIOS if 0 <= np.log(one) <= reach]
    ratios = ratios if len(ratios) > 2 else [float(np.exp(reach * share)) for share in (0, 0.5, 1)]
    found = points.scale(points.origin + np.log(ratios))
    scale = NomogramScale(np.array(ratios), found.total_points)
    measure = ratio_name(str(result["multivariable"]["measure"]))
    against = say("{ratio} against 0 points", ratio=measure)
    texts = tuple(significant(one, 2) if one >= 1e4 else f"{one:.3g}" for one in ratios)
    return Drawn(lines, points, against, scale, texts, bool(result["simulated"]))


def nomogram_of_score(spec: ScoreSpec, ranges: Ranges) -> Drawn:
    """Make the nomogram of a score file.

    Parameters
    ----------
    spec : ScoreSpec
        Without parameters.
    ranges : mapping of str to (float, float)
        Input, derived value or product to the range that occurs, in the unit of the score.

    Returns
    -------
    Drawn
        Its last scale is the risk, or the value of a score without one.

    Raises
    ------
    PlanRefused
        ``no_range`` for every number without a range; ``nomogram_term`` for a decision over more
        than one input.
    NotEstimable
        Where no term adds anything.
    """
    problems = [problem for term in spec.terms for problem in _unready(term, spec, ranges)]
    if problems:
        raise PlanRefused(tuple(problems))
    risk = spec.risk if isinstance(spec.risk, (LogisticRisk, CoxRisk)) else None
    slope = float(risk.slope) if risk else 1.0
    lines = tuple(_score_line(term, spec, ranges, slope) for term in spec.terms)
    start = float(spec.intercept) * slope
    if isinstance(risk, LogisticRisk):
        start += float(risk.intercept)
    elif isinstance(risk, CoxRisk):
        start -= float(risk.centre) * slope
    points = nomogram([(line.name, line.values, line.adds) for line in lines], intercept=start)
    name, scale, texts = _meaning(spec, points)
    return Drawn(lines, points, name, scale, texts, spec.simulated)


def _development_lines(document: Mapping[str, Any]) -> list[Line] | None:
    """Axes of the terms; None where one of them cannot be told from the JSON."""
    result = document["result"]
    table = result.get("multivariable")
    if not table or len(table["rows"]) < 2:
        return None
    spans = {one["column"]: (one["x"][0], one["x"][-1]) for one in result.get("splines") or ()}
    lines = [_term_line(row, spans) for row in table["rows"]]
    known = [line for line in lines if line is not None]
    return known if len(known) == len(lines) else None


def _term_line(row: Mapping[str, Any], spans: Ranges) -> Line | None:
    label, beta = str(row["label"]), float(row["coefficient"])
    stem, comma, tail = label.rpartition(", ")
    if comma and tail in _PER:
        if row["term"] not in spans:
            return None
        values = _marks(*spans[row["term"]], log=_PER[tail] == "log2")
        turn = _PER[tail]
        turned = [float(transformed(Decimal(repr(one)), turn, stem)) for one in values]
        return Line(stem, values, [beta * one for one in turned], mark_texts(values))
    if " per " in label or "quartile" in label:
        return None
    # a cut is met or not; a column of two values is coded in any way: per unit
    cut = any(f" {sign} " in label for sign in ("<", "<=", ">", ">=", "≥", "≤"))
    return Line(label, [0.0, 1.0], [0.0, beta], [say("no"), say("yes")] if cut else ["0", "1"])


def _unready(term: AnyTerm, spec: ScoreSpec, ranges: Ranges) -> Iterator[Problem]:
    if isinstance(term, (PointsTerm, DecisionTerm)):
        return
    name = _subject(term)
    coded = next((one.coding for one in spec.inputs if one.name == name), None)
    if not coded and name not in ranges:
        yield Problem(
            "no_range",
            f"a nomogram marks the range that occurs, and none is stated for '{name}'",
            "--range",
            f"say it in the unit of the score: --range {name}=LOW:HIGH",
        )


def _subject(term: AnyTerm) -> str:
    return str(term.name if isinstance(term, (ProductTerm, DecisionTerm)) else term.input)


def _score_line(term: AnyTerm, spec: ScoreSpec, ranges: Ranges, slope: float) -> Line:
    name = _subject(term)
    source = next((one for one in spec.inputs if one.name == name), None)
    derived = next((one for one in spec.derived if one.name == name), None)
    label = source.label if source else (derived.label if derived else None) or term.name or name
    unit = f" ({source.unit})" if source and source.unit else ""
    if isinstance(term, DecisionTerm):
        pairs = [(row.name, float(row.points)) for row in term.rows]
        return _steps(str(term.name), sorted(pairs, key=lambda pair: pair[1]), slope)
    if isinstance(term, PointsTerm):
        coding = {value: word for word, value in (source.coding or {}).items()} if source else {}
        pairs = [(_band_words(band, coding), float(band.points)) for band in term.bands]
        return _steps(f"{label}{unit}", pairs, slope)
    if source and source.coding:
        pairs = [(word, _added(term, name, float(code))) for word, code in source.coding.items()]
        return _steps(str(label), pairs, slope)
    low, high = ranges[name]
    values = _marks(low, high, log=getattr(term, "transform", "none").startswith("log"))
    adds = [slope * _added(term, name, one) for one in values]
    return Line(f"{label}{unit}", values, adds, mark_texts(values))


def _band_words(band: Any, coding: Mapping[Decimal, str]) -> str:
    inside = [word for value, word in coding.items() if band.meets(value, value)]
    return ", ".join(inside) if inside else str(band.words())


def _added(term: AnyTerm, name: str, value: float) -> float:
    exact = Decimal(repr(value))
    if isinstance(term, ProductTerm):
        # the range is that of the product itself
        turned = transformed(exact, term.transform, name)
        return float(term.coefficient * (turned - term.centre))
    return float(effect(term, {name: Interval(exact, exact)}).low)


def _steps(name: str, pairs: Sequence[tuple[str, float]], slope: float) -> Line:
    return Line(
        name,
        [float(at) for at in range(len(pairs))],
        [slope * adds for _, adds in pairs],
        [word.replace(">=", "≥").replace("<=", "≤") for word, _ in pairs],
    )


def _meaning(spec: ScoreSpec, points: Nomogram) -> tuple[str, NomogramScale, tuple[str, ...]]:
    ends = points.linear_predictor([0.0, points.largest_total])
    risk = spec.risk
    if isinstance(risk, LogisticRisk):
        reach = 1.0 / (1.0 + np.exp(-ends))
        risks = _inside(_RISKS, float(reach.min()), float(reach.max()))
        return (
            say("Risk: {outcome}", outcome=spec.outcome.name),
            points.risk_scale(risks),
            _percents(risks),
        )
    if isinstance(risk, CoxRisk):
        hazard = -float(np.log(float(risk.baseline_survival)))
        reach = 1.0 - np.exp(-hazard * np.exp(ends))
        risks = _inside(_RISKS, float(reach.min()), float(reach.max()))
        found = points.survival_scale([1.0 - one for one in risks], hazard)
        name = say("Risk: {outcome} by {horizon} {unit}", outcome=spec.outcome.name,
                   horizon=spec.outcome.horizon, unit=spec.outcome.time_unit)  # fmt: skip
        scale = NomogramScale(np.array(risks), found.total_points)
        return name, scale, _percents(risks)
    marks = _marks(float(ends.min()), float(ends.max()), log=False)
    return say("Value of the score"), points.scale(marks), tuple(mark_texts(marks))


def _inside(marks: Sequence[float], low: float, high: float) -> list[float]:
    found = [one for one in marks if low <= one <= high]
    return found if len(found) > 1 else [max(low, 1e-6), min(high, 1.0 - 1e-6)]


def _percents(risks: Sequence[float]) -> tuple[str, ...]:
    return tuple(percent(one) if one * 100 % 1 else f"{one * 100:.0f}%" for one in risks)


def _marks(low: float, high: float, *, log: bool) -> list[float]:
    """Round values inside a range, its ends too where few fit."""
    if log and low > 0 and high > _DECADES * low:
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        marks = [step * 10.0**power for power in powers for step in _STEPS]
    else:
        marks = [float(one) for one in axis_marks(low, high, 8)]
    inside = [float(f"{one:.12g}") for one in marks if low <= one <= high]
    return inside if len(inside) > 1 else [low, high]


def mark_texts(values: Sequence[float]) -> list[str]:
    """Write the marks of an axis.

    Parameters
    ----------
    values : sequence of float
        Finite.

    Returns
    -------
    list of str
        Six digits at most, thousands parted.
    """
    return [
        decimals(one, 0) if abs(one) >= 1e4 else f"{one:.6g}".replace("-", "−") for one in values
    ]


def hundred(found: Drawn) -> list[float]:
    """Choose the marks of the axis of points.

    Parameters
    ----------
    found : Drawn
        The nomogram.

    Returns
    -------
    list of float
        Rising from 0.
    """
    return [float(one) for one in np.linspace(0.0, found.points.maximum, 11)]


def totals(found: Drawn) -> list[float]:
    """Choose the marks of the axis of total points.

    Parameters
    ----------
    found : Drawn
        The nomogram.

    Returns
    -------
    list of float
        Rising from 0.
    """
    return _marks(0.0, found.points.largest_total, log=False)
