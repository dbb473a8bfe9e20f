"""The time line of a patient as geometry: curves, grades, scores and treatments over days."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import floor, isfinite, log10
from typing import Literal
from zoneinfo import ZoneInfo

from cartwheel.report.calculator.spelling import shown_unit
from cartwheel.serve.ward.cells import range_told, risk_told
from cartwheel.serve.ward.saying import clock_shown, label_of
from cartwheel.watch.episode import Episode
from cartwheel.watch.observation import TREATMENTS, Observation
from cartwheel.watch.standing import Standing
from cartwheel.watch.targets import Target

CURVES = ("temperature", "crp", "ferritin", "il6", "neutrophils", "lymphocytes", "platelets")
_LOGGED = frozenset({"crp", "ferritin", "il6", "neutrophils", "lymphocytes", "platelets"})
_WIDTH, _LEFT, _RIGHT = 1000.0, 62.0, 14.0
_HEIGHT, _TOP, _FOOT = 96.0, 10.0, 18.0
_GRADE_STEP, _STRIP = 9.0, 22.0
_DAY = timedelta(days=1)
# more points than pixels help nobody: the extremes of each stretch stay
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Point:
    """One value.

    Parameters
    ----------
    x, y : float
        Where.
    told : str
        In words: what, how much, when.
    flag : {"", "limit", "corrected"}
        Beyond a limit of detection; a corrected value.
    """

    x: float
    y: float
    told: str
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One answer, from when it held to when another did; or one treatment.

    Parameters
    ----------
    x, width : float
        Where.
    y, height : float
        Of what is certain.
    open_y, open_height : float
        Of what is possible beyond it.
    told : str
        In words, with what decided.
    written : str
        Inside it, where there is room.
    """

    x: float
    width: float
    y: float
    height: float
    open_y: float
    open_height: float
    told: str
    written: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One strip of the time line.

    Parameters
    ----------
    key, title, unit : str
        What it shows.
    kind : {"curve", "grade", "score", "given"}
        How.
    path : str
        Of the line through the points; empty without one.
    points : tuple of Point
        Of a curve.
    stretches : tuple of Stretch
        Of grades, scores and treatments.
    ticks : tuple of (float, str)
        Height and word of the scale.
    height, base : float
        Of the strip.
    """

    key: str
    title: str
    unit: str
    kind: Literal["curve", "grade", "score", "given"]
    path: str
    points: tuple[Point, ...]
    stretches: tuple[Stretch, ...]
    ticks: tuple[tuple[float, str], ...]
    height: float
    base: float


@dataclass(frozen=True, slots=True)
class TimeLine:
    """All strips over the same days.

    Parameters
    ----------
    panels : tuple of Panel
        From above.
    days : tuple of (float, str)
        Where a day begins, and its name.
    infusion : float or None
        Where day 0 begins, where it is seen.
    width, left, right : float
        Of every strip.
    first, last : datetime
        UTC.
    """

    panels: tuple[Panel, ...]
    days: tuple[tuple[float, str], ...]
    infusion: float | None
    width: float
    left: float
    right: float
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class _Scale:
    first: datetime
    last: datetime
    zone: ZoneInfo
    infusion: datetime | None

    def x(self, moment: datetime) -> float:
        whole = (self.last - self.first).total_seconds()
        share = (moment - self.first).total_seconds() / whole
        return round(_LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT), 1)

    def when(self, moment: datetime) -> str:
        told = clock_shown(moment, self.zone)
        if self.infusion is None:
            return told
        return f"{told} (day {(moment - self.infusion) / _DAY:.1f})"


def time_line(
    episode: Episode, targets: Sequence[Target], now: datetime, days: int, zone: ZoneInfo
) -> TimeLine | None:
    """Draw a patient.

    Parameters
    ----------
    episode : Episode
        As it is known.
    targets : sequence of Target
        Of the ward.
    now : datetime
        UTC. The right end.
    days : int
        How many are seen; 0 is all.
    zone : ZoneInfo
        Of the ward.

    Returns
    -------
    TimeLine or None
        None where there is nothing to draw.
    """
    taken = [track.times[0] for track in episode.tracks.values() if track.times]
    if not taken:
        return None
    first = min(taken)
    if days:
        first = max(first, now - days * _DAY)
    first = min(first, now - timedelta(hours=6))
    scale = _Scale(first, now + (now - first) / 60, zone, episode.infusion)
    panels = [
        *_curves(episode, scale),
        *_answers(episode, targets, scale, now),
        *_treatments(episode, scale, now),
    ]
    return TimeLine(
        tuple(panels), tuple(_days(scale)),
        scale.x(episode.infusion) if episode.infusion and episode.infusion >= first else None,
        _WIDTH, _LEFT, _WIDTH - _RIGHT, first, now,
    )  # fmt: skip


def _days(scale: _Scale) -> Iterator[tuple[float, str]]:
    zone, infusion = scale.zone, scale.infusion
    whole = max((scale.last - scale.first) / _DAY, 0.25)
    step = next((one for one in (1, 2, 5, 7, 14, 28) if whole / one <= 16), 56)
    if infusion is not None:
        day = floor((scale.first - infusion) / _DAY / step) * step
        while infusion + day * _DAY <= scale.last:
            if infusion + day * _DAY >= scale.first:
                yield scale.x(infusion + day * _DAY), f"day {day}"
            day += step
        return
    local = scale.first.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    while local <= scale.last:
        yield scale.x(local), f"{local.day} {local:%b}"
        local += step * _DAY


def _curves(episode: Episode, scale: _Scale) -> Iterator[Panel]:
    for name in CURVES:
        track = episode.tracks.get(name)
        if track is None:
            continue
        start = max(bisect_left(track.times, scale.first) - 1, 0)
        seen = [one for one in track.values[start:] if isinstance(one.value, Decimal)]
        seen = [one for one in seen if one.taken_at <= scale.last]
        if seen:
            yield _curve(name, seen, scale)


def _curve(name: str, seen: Sequence[Observation], scale: _Scale) -> Panel:
    numbers = [float(one.value) for one in seen if isinstance(one.value, Decimal)]
    positive = [one for one in numbers if one > 0]
    is_log = name in _LOGGED and bool(positive) and max(positive) > 10 * min(positive)
    floor_of_log = min(positive) / 2 if is_log else 0.0

    def high(number: float) -> float:
        return log10(max(number, floor_of_log)) if is_log else number

    low, top = min(map(high, numbers)), max(map(high, numbers))
    if name == "temperature":
        low, top = min(low, 36.0), max(top, 39.0)
    elif not is_log:
        low = 0.0
    if not top > low:
        low, top = low - 0.5, top + 0.5
    base = _TOP + _HEIGHT

    def y(number: float) -> float:
        return round(base - (high(number) - low) / (top - low) * _HEIGHT, 1)

    label, unit = label_of(name), shown_unit(seen[-1].unit)
    points = [
        Point(
            scale.x(one.taken_at), y(number),
            f"{label} {one.limit}{one.value} {unit}".rstrip()
            + f", taken {scale.when(one.taken_at)}"
            + {"corrected": ", corrected", "preliminary": ", preliminary"}.get(one.status, ""),
            "limit" if one.limit else "corrected" if one.status == "corrected" else "",
        )
        for one, number in zip(seen, numbers, strict=True)
        if one.taken_at >= scale.first
    ]  # fmt: skip
    points = _thinned(points)
    path = "M" + " L".join(f"{one.x} {one.y}" for one in points) if len(points) > 1 else ""
    ticks = [(y(number), _short(number)) for number in _ticks(low, top, log=is_log)]
    return Panel(name, label, unit + (", logarithmic" if is_log else ""), "curve", path,
                 tuple(points), (), tuple(ticks), base + _FOOT, base)  # fmt: skip


def _ticks(low: float, top: float, *, log: bool) -> list[float]:
    if log:
        found = [10.0**power for power in range(floor(low), floor(top) + 2)]
        inside = [one for one in found if low <= log10(one) <= top]
        return inside if len(inside) > 1 else [10.0**low, 10.0**top]
    span = top - low
    step = 10.0 ** floor(log10(span))
    step = next(one for one in (step / 2, step, step * 2, step * 5) if span / one <= 5)
    first = floor(low / step) * step
    found = [first + place * step for place in range(8)]
    return [one for one in found if low <= one <= top]


def _short(number: float) -> str:
    return format(number, ".3g") if number < 1000 else format(round(number), "d")


def _thinned(points: list[Point]) -> list[Point]:
    if len(points) <= _MOST_POINTS:
        return points
    kept: list[Point] = []
    size = -(-len(points) // (_MOST_POINTS // 2))
    for start in range(0, len(points), size):
        part = points[start : start + size]
        both = {id(one): one for one in (min(part, key=_y), max(part, key=_y))}
        kept += sorted(both.values(), key=lambda one: one.x)
    return kept


def _y(one: Point) -> float:
    return one.y


def _answers(
    episode: Episode, targets: Sequence[Target], scale: _Scale, now: datetime
) -> Iterator[Panel]:
    for target in targets:
        history = episode.answers.get(target.id, ())
        if all(one.low is None and one.value is None and one.risk_low is None for one in history):
            continue
        if target.kind == "grade":
            yield _grade(target, history, scale, now)
        else:
            yield _score(target, history, scale, now)


def _held(
    history: Sequence[Standing], scale: _Scale, now: datetime
) -> Iterator[tuple[Standing, float, float]]:
    for place, one in enumerate(history):
        end = history[place + 1].at if place + 1 < len(history) else now
        if end < scale.first or one.at > now:
            continue
        x = scale.x(one.at)
        yield one, x, max(scale.x(end) - x, 1.5)


def _told(target: Target, one: Standing, scale: _Scale) -> str:
    if one.value is None and one.low is None:
        # a model has a risk, and no value
        risk = risk_told(one.risk, one.risk_low, one.risk_high)
        said = f"risk {risk}" if risk else one.text
    else:
        band = one.band or " or ".join(one.bands)
        risk = risk_told(one.risk, one.risk_low, one.risk_high)
        value = range_told(target.kind, one.value, one.low, one.high)
        said = ", ".join(part for part in (value, band, risk and f"risk {risk}") if part)
        said = ("grade " if target.kind == "grade" else "") + said
    parts = [f"{target.title}: {said}, from {scale.when(one.at)}"]
    if one.deciding:
        parts.append("decided by " + "; ".join(one.deciding))
    if one.missing:
        parts.append("missing: " + ", ".join(label_of(name) for name in one.missing))
    return ". ".join(parts)


def _grade(target: Target, history: Sequence[Standing], scale: _Scale, now: datetime) -> Panel:
    most = max(4, *(int(one.high or 0) for one in history))
    base = _TOP + most * _GRADE_STEP
    found = []
    for one, x, width in _held(history, scale, now):
        low = one.value if one.value is not None else one.low
        high = one.value if one.value is not None else one.high
        if low is None or high is None:
            continue
        told = range_told("grade", one.value, one.low, one.high)
        found.append(Stretch(
            x, round(width, 1), base - low * _GRADE_STEP, low * _GRADE_STEP,
            base - high * _GRADE_STEP, (high - low) * _GRADE_STEP, _told(target, one, scale),
            told if width >= 8 * len(told) else "",
        ))  # fmt: skip
    ticks = tuple((base - grade * _GRADE_STEP, str(grade)) for grade in range(0, most + 1, 2))
    return Panel(target.id, target.title, "grade", "grade", "", (), tuple(found), ticks,
                 base + _FOOT, base)  # fmt: skip


def _score(target: Target, history: Sequence[Standing], scale: _Scale, now: datetime) -> Panel:
    has_risk = any(one.risk is not None or one.risk_low is not None for one in history)
    height = _HEIGHT * 0.6
    base = _TOP + height
    limits = [_limits(one, has_risk) for one in history]
    known = [number for pair in limits if pair is not None for number in pair if isfinite(number)]
    low = 0.0 if has_risk else min(known, default=0.0)
    top = 1.0 if has_risk else max(known, default=1.0)
    if not top > low:
        low, top = low - 0.5, top + 0.5
    found = []
    for one, x, width in _held(history, scale, now):
        pair = _limits(one, has_risk)
        if pair is None or not all(map(isfinite, pair)):
            continue
        bottom, upper = (base - (number - low) / (top - low) * height for number in pair)
        is_open = bottom - upper > 0.5
        told = range_told(target.kind, one.value, one.low, one.high)
        if one.value is None and one.low is None:
            told = risk_told(one.risk, one.risk_low, one.risk_high)
        found.append(Stretch(
            x, round(width, 1), round(bottom - 2, 1), 0.0 if is_open else 4.0,
            round(upper, 1), round(bottom - upper, 1) if is_open else 0.0,
            _told(target, one, scale), told if width >= 8 * len(told) + 6 else "",
        ))  # fmt: skip
    ticks = tuple((round(base - (number - low) / (top - low) * height, 1), _short(number))
                  for number in _ticks(low, top, log=False))  # fmt: skip
    return Panel(target.id, target.title, "risk" if has_risk else "value", "score", "", (),
                 tuple(found), ticks, base + _FOOT, base)  # fmt: skip


def _limits(one: Standing, has_risk: bool) -> tuple[float, float] | None:
    if has_risk:
        single, low, high = one.risk, one.risk_low, one.risk_high
    else:
        single, low, high = one.value, one.low, one.high
    if single is not None:
        return single, single
    return None if low is None or high is None else (low, high)


def _treatments(episode: Episode, scale: _Scale, now: datetime) -> Iterator[Panel]:
    for name in TREATMENTS:
        track = episode.tracks.get(name)
        if track is None:
            continue
        base = _TOP + _STRIP
        found = []
        for one in track.values:
            runs = name == "vasopressors" and one.ends_at is None
            end = now if runs else one.ends_at or one.taken_at
            if end < scale.first or one.taken_at > now:
                continue
            x = scale.x(one.taken_at)
            width = max(scale.x(min(end, now)) - x, 4.0)
            until = " and still running" if runs else ""
            if one.ends_at is not None:
                until = f" to {scale.when(one.ends_at)}"
            drug = str(one.value or "given")
            told = f"{label_of(name)}: {drug}, from {scale.when(one.taken_at)}{until}"
            found.append(Stretch(x, round(width, 1), _TOP + 4, _STRIP - 8, 0.0, 0.0, told,
                                 drug if width >= 7 * len(drug) else ""))  # fmt: skip
        if found:
            yield Panel(name, label_of(name), "", "given", "", (), tuple(found), (),
                        base + _FOOT, base)  # fmt: skip


def values_by_name(episode: Episode) -> Mapping[str, tuple[Observation, ...]]:
    """List everything that counts, for the table beside the drawing.

    Parameters
    ----------
    episode : Episode

    Returns
    -------
    mapping of str to tuple of Observation
        By name, the newest first.
    """
    return {name: track.values[::-1] for name, track in sorted(episode.tracks.items())}
