"""What alerts of a simulated ward cost and what followed them, drawn from its JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cartwheel.figures.numbers import count, interval, percent
from cartwheel.figures.saving import svg
from cartwheel.figures.style import (
    BLUE,
    CM,
    DOUBLE,
    GREY,
    ORANGE,
    PALE,
    RULE,
    STRIP,
    canvas,
    drawn,
    panel,
    paper,
    whiskers,
    wrapped,
    write,
)

NAMES, NUMBERS, HIGH, FOOT, HEAD = 4.4, 3.9, 0.72, 1.15, 0.55
_ROOM = DOUBLE - NAMES - NUMBERS - 0.3
_ANSWERS = (("settled", "one answer", BLUE), ("open", "a range", "#7FB4D6"),
            ("refused", "no answer", "#C9A227"))  # fmt: skip
Row = Mapping[str, Any]


@drawn
def alert_burden(result: Mapping[str, Any]) -> Figure:
    """Draw alerts a patient-day, rule by rule, with their intervals.

    Parameters
    ----------
    result : mapping
        A simulated ward as JSON; ``burden``, ``against`` and ``simulated`` are read.

    Returns
    -------
    Figure
        Filled is this ward file; hollow above it the one that it is compared with.
    """
    rows = _compared(result, "per_patient_day")
    return _forest(result, rows, "Alerts a patient-day", _ends(rows), "significant", 1.0)


@drawn
def alert_worth(result: Mapping[str, Any]) -> Figure:
    """Draw the share of alerts that came true, rule by rule, with its interval.

    Parameters
    ----------
    result : mapping
        As of `alert_burden`.

    Returns
    -------
    Figure
    """
    rows = _compared(result, "predictive_value")
    return _forest(result, rows, "Alerts that came true (%)", 100.0, "percent", 100.0)


@drawn
def alert_days(result: Mapping[str, Any]) -> Figure:
    """Draw alerts a patient-day by days since the infusion, and who was followed.

    Parameters
    ----------
    result : mapping
        A simulated ward as JSON; ``days`` and ``simulated`` are read.

    Returns
    -------
    Figure
        Days of too few patients are left blank.
    """
    rows = [one for one in result["days"] if not one["withheld"]]
    figure = canvas(result, DOUBLE, 6.2)
    axes = panel(figure, 1.5, 1.9, DOUBLE - 1.9, 4.0)
    wide = len(rows) > 40
    for one in rows:
        rate = one["per_patient_day"]
        if not wide:
            whiskers(axes, rate, one["day"], upright=True, colour=BLUE)
        axes.plot(one["day"], rate["value"], "o", color=BLUE, markersize=2.6 if wide else 4.2)
    # bars of days on which hardly anybody was left would flatten the others
    most = max(one["patient_days"] for one in rows)
    full = [one["per_patient_day"] for one in rows if one["patient_days"] >= most / 10]
    top = max(one["value" if wide else "high"] for one in full)
    axes.set_ylim(0.0, 1.06 * top or 1.0)
    axes.set_ylabel("Alerts a patient-day")
    axes.axvline(0.0, color=RULE, linewidth=0.9, zorder=0)
    sheet = paper(figure)
    first, last = rows[0]["day"] - 0.6, rows[-1]["day"] + 0.6
    axes.set_xlim(first, last)
    write(sheet, (1.35, 0.9), ["Followed"], ha="right", fontsize=6.5, color=GREY)
    step = -(-len(rows) // 18)
    for place, one in enumerate(rows):
        if place % step == 0:
            at = 1.5 + (DOUBLE - 1.9) * (one["day"] - first) / (last - first)
            write(sheet, (at, 0.9), [count(one["patients"])], ha="center", fontsize=6.5)
    write(sheet, (1.5 + (DOUBLE - 1.9) / 2, 0.35), ["Day since the infusion"], ha="center")
    return figure


@drawn
def alert_hours(result: Mapping[str, Any]) -> Figure:
    """Draw how many alerts came in each hour of the simulated day.

    Parameters
    ----------
    result : mapping
        A simulated ward as JSON; ``hours``, ``time_zone`` and ``simulated`` are read.

    Returns
    -------
    Figure
    """
    figure = canvas(result, DOUBLE, 4.6)
    axes = panel(figure, 1.5, 1.3, DOUBLE - 1.9, 3.0)
    for night in ((-0.5, 6.5), (21.5, 23.5)):
        axes.axvspan(*night, color=PALE, zorder=0)
    hours = [one["hour"] for one in result["hours"]]
    axes.bar(hours, [one["raised"] for one in result["hours"]], width=0.72, color=BLUE)
    axes.set_xlim(-0.5, 23.5)
    axes.set_xticks(range(0, 24, 3))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("Alerts")
    axes.set_xlabel(f"Hour of the simulated day ({result['time_zone']})")
    return figure


@drawn
def answers_by_target(result: Mapping[str, Any]) -> Figure:
    """Draw how often each target gave one answer, a range, or none.

    Parameters
    ----------
    result : mapping
        A simulated ward as JSON; ``targets`` and ``simulated`` are read.

    Returns
    -------
    Figure
    """
    rows = result["targets"]
    figure = canvas(result, DOUBLE, FOOT + 0.7 + len(rows) * HIGH)
    axes = panel(figure, NAMES, FOOT, _ROOM, len(rows) * HIGH)
    sheet = paper(figure)
    for place, row in enumerate(reversed(rows)):
        whole, left = sum(row[key] for key, _, _ in _ANSWERS), 0.0
        for key, _, colour in _ANSWERS:
            part = 100.0 * row[key] / whole if whole else 0.0
            axes.barh(place, part, left=left, height=0.56, color=colour)
            left += part
        level = FOOT + (place + 0.5) * HIGH
        _label(sheet, level, row["id"])
        said = " / ".join(count(row[key]) for key, _, _ in _ANSWERS)
        write(sheet, (DOUBLE - 0.2, level), [said], ha="right", fontsize=7)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xlim(0, 100)
    axes.set_yticks([])
    axes.set_xlabel("Of the answers told anew (%)")
    keys = [Line2D([], [], marker="s", linestyle="", color=colour, markersize=6, label=name)
            for _, name, colour in _ANSWERS]  # fmt: skip
    figure.legend(handles=keys, loc="upper center", ncols=3, fontsize=7.5, borderaxespad=0.3,
                  bbox_to_anchor=(0.5, _under_strip(figure, result)))  # fmt: skip
    return figure


@drawn
def risks_and_outcomes(result: Mapping[str, Any]) -> Figure:
    """Draw the risks that were told beside what was observed.

    Parameters
    ----------
    result : mapping
        A simulated ward as JSON; ``calibration`` and ``simulated`` are read.

    Returns
    -------
    Figure
        Hollow is the mean risk told, filled what was observed, with its interval.
    """
    rows = [(f"{row['target']}", None if row["expected"] is None else {
        "value": row["expected"], "low": None, "high": None}, row["observed"])
        for row in _told_risks(result)]  # fmt: skip
    return _forest(result, rows, "Risk (%)", 100.0, "percent", 100.0, ("risk told", "observed"))


def _told_risks(result: Mapping[str, Any]) -> list[Row]:
    return [one for one in result["calibration"] if not one["withheld"]]


def _compared(result: Mapping[str, Any], key: str) -> list[tuple[str, Row | None, Row | None]]:
    """Give each rule's name, and the estimate before and now."""
    if result["against"] is None:
        return [
            (row["of"] or "all alerts", None, row[key])
            for row in result["burden"]["rows"]
            if row["by"] != "severity"
        ]
    return [
        (row["of"] or "all alerts", (row["before"] or {}).get(key), (row["now"] or {}).get(key))
        for row in result["against"]["rows"]
        if row["by"] != "severity"
    ]


def _ends(rows: Sequence[tuple[str, Row | None, Row | None]]) -> float:
    several = [one[end] for _, *pair in rows for one in pair if one for end in ("value", "high")]
    return 1.04 * max((one for one in several if one is not None), default=1.0) or 1.0


def _forest(
    result: Mapping[str, Any],
    rows: Sequence[tuple[str, Row | None, Row | None]],
    title: str,
    end: float,
    form: str,
    times: float,
    keys: tuple[str, str] = ("before", "now"),
) -> Figure:
    both = any(before is not None for _, before, _ in rows)
    high = 1.05 if both else HIGH
    head = HEAD if both else 0.25
    figure = canvas(result, DOUBLE, FOOT + head + len(rows) * high)
    axes = panel(figure, NAMES, FOOT, _ROOM, len(rows) * high)
    sheet = paper(figure)
    for place, (name, before, now) in enumerate(reversed(rows)):
        middle = FOOT + (place + 0.5) * high
        _label(sheet, middle, name)
        sides = [(before, ORANGE, 0.2), (now, BLUE, -0.2)] if both else [(now, BLUE, 0.0)]
        for estimate, colour, shift in sides:
            said = "–"
            if estimate is not None and estimate["value"] is not None:
                _mark(axes, estimate, place + shift, (colour, times), hollow=shift > 0)
                said = interval(estimate, form)
            write(sheet, (DOUBLE - 0.2, middle + shift * high), [said], ha="right", fontsize=7)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xlim(0.0, end)
    axes.set_yticks([])
    axes.spines["left"].set_color(RULE)
    axes.set_xlabel(title)
    if both:
        handles = [
            Line2D([], [], marker="o", color=colour, markerfacecolor=face, markersize=5.0,
                   linewidth=1.1, label=name)
            for colour, face, name in ((ORANGE, "white", keys[0]), (BLUE, BLUE, keys[1]))
        ]  # fmt: skip
        top = (0.5, _under_strip(figure, result))
        figure.legend(handles=handles, loc="upper center", ncols=2, fontsize=7.5,
                      borderaxespad=0.2, bbox_to_anchor=top)  # fmt: skip
    return figure


def _mark(axes: Axes, estimate: Row, at: float, look: tuple[str, float], *, hollow: bool) -> None:
    colour, times = look
    scaled = {
        key: None if estimate[key] is None else times * estimate[key]
        for key in ("value", "low", "high")
    }
    whiskers(axes, scaled, at, upright=False, colour=colour)
    axes.plot(times * estimate["value"], at, "o", color=colour, markersize=5.0, markeredgewidth=1.2,
              markerfacecolor="white" if hollow else colour, zorder=3, clip_on=False)  # fmt: skip


def _label(sheet: Axes, level: float, name: str) -> None:
    write(sheet, (NAMES - 0.2, level), wrapped(name, NAMES - 0.4, 7.5)[:2], ha="right",
          fontsize=7.5)  # fmt: skip


def _under_strip(figure: Figure, result: Mapping[str, Any]) -> float:
    high = float(figure.get_size_inches()[1]) / CM
    return 1.0 - (STRIP / high if result["simulated"] else 0.0)


FIGURES = {
    "alert_burden": alert_burden,
    "alert_worth": alert_worth,
    "alert_days": alert_days,
    "alert_hours": alert_hours,
    "answers_by_target": answers_by_target,
    "risks_and_outcomes": risks_and_outcomes,
}


def monitor_svgs(result: Mapping[str, Any]) -> dict[str, str]:
    """Draw every figure that a simulated ward has something for, as SVG.

    Parameters
    ----------
    result : mapping
        As JSON.

    Returns
    -------
    dict of str to str
        Name to ``<svg>`` element; ids differ between figures, so that they can share a page.
    """
    there = {
        "alert_worth": bool(result["burden"]["foretold"]),
        "alert_days": any(not one["withheld"] for one in result["days"]),
        "answers_by_target": bool(result["targets"]),
        "risks_and_outcomes": bool(_told_risks(result)),
    }
    return {name: svg(draw(result)) for name, draw in FIGURES.items() if there.get(name, True)}


def figure_words(result: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Say what a figure shows, for those who hear a page instead of seeing it.

    Parameters
    ----------
    result : mapping
        As JSON.
    name : str
        One of ``FIGURES``.

    Returns
    -------
    (str, str)
        Its title, and its numbers in sentences.
    """
    title, numbers = _SAID[name]
    return title, " ".join(numbers(result))


def _heard_estimates(key: str, form: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    def heard(result: Mapping[str, Any]) -> Iterator[str]:
        for name, before, now in _compared(result, key):
            for when, one in (("before", before), ("now", now)):
                if one is not None and (when == "now" or before is not None):
                    yield f"{name}{'' if before is None else ', ' + when}: {interval(one, form)}."

    return heard


def _heard_days(result: Mapping[str, Any]) -> Iterator[str]:
    for one in result["days"]:
        if not one["withheld"]:
            rate = interval(one["per_patient_day"], "significant")
            yield f"Day {one['day']}: {rate}, {count(one['patients'])} followed."


def _heard_hours(result: Mapping[str, Any]) -> Iterator[str]:
    for one in result["hours"]:
        yield f"Hour {one['hour']}: {count(one['raised'])}."


def _heard_answers(result: Mapping[str, Any]) -> Iterator[str]:
    for row in result["targets"]:
        told = ", ".join(f"{name} {count(row[key])}" for key, name, _ in _ANSWERS)
        yield f"{row['id']}: {told}."


def _heard_risks(result: Mapping[str, Any]) -> Iterator[str]:
    for row in _told_risks(result):
        observed = interval(row["observed"], "percent")
        yield f"{row['target']}: told {percent(row['expected'])}, observed {observed}."


_SAID: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "alert_burden": (
        "Alerts a patient-day, by rule", _heard_estimates("per_patient_day", "significant")
    ),
    "alert_worth": (
        "Alerts that came true, by rule", _heard_estimates("predictive_value", "percent")
    ),
    "alert_days": ("Alerts by days since the infusion", _heard_days),
    "alert_hours": ("Alerts by hour of the simulated day", _heard_hours),
    "answers_by_target": ("Answers by what is followed", _heard_answers),
    "risks_and_outcomes": ("Risks told, and what was observed", _heard_risks),
}  # fmt: skip
