"""What the page of a simulated ward tells, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]

CAPTIONS = {
    "alert_burden": (
        "Each rule of the ward file; bars are intervals. Alerts of one patient count as "
        "independent, so that bars are too short. Where two ward files are compared: hollow "
        "before, filled now."
    ),
    "alert_worth": (
        "Of the alerts after which all of the time was seen: the share after which it came. Where "
        "two ward files are compared: hollow before, filled now."
    ),
    "alert_days": (
        "Alerts raised for each day that somebody was followed, by whole days since the infusion; "
        "bars are intervals. Below: patients followed on the day. Days of too few are left out; "
        "bars of days on which hardly anybody was followed go on above."
    ),
    "alert_hours": (
        "Simulated: every infusion is at the same hour, and values of a file that knows only days "
        "come at that hour too. Grey is the night."
    ),
    "answers_by_target": (
        "Each time that a grade, a score or a model said something new. At the right: one answer / "
        "a range because values were missing / no answer."
    ),
    "risks_and_outcomes": (
        "Hollow: the mean of the risks that were told. Filled: what was observed by the horizon, "
        "with who is not followed so far as censored. Bars are intervals."
    ),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Parameters
    ----------
    name, title : str
        Its anchor and the template that writes it; its heading.
    """

    name: str
    title: str


def sections(result: Result) -> list[Section]:
    """List the parts that this result has something for, in the order of the page.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    list of Section
        What is simulated stands before any result.
    """
    burden = result["burden"]
    chosen = [
        ("short", "In short", True),
        ("cautions", "Read this first: what is simulated", True),
        ("burden", "What the alerts cost", True),
        ("worth", "What followed the alerts", burden["foretold"]),
        ("against", "Beside another ward file", result["against"] is not None),
        ("seen", "Until somebody answers (simulated)", burden["rows"][0]["raised"]),
        ("days", "Alerts by days since the infusion", result["days"]),
        ("hours", "Alerts by hour of the day (simulated)", burden["rows"][0]["raised"]),
        ("answers", "What was answered, and what was not", result["targets"]),
        ("risks", "Risks told, and what followed", result["risks"]),
        ("findings", "What a referee would remark", result["findings"]),
        ("drift", "From quarter to quarter", result["drift"] is not None),
        ("how", "How it was done", True),
        ("provenance", "Where these numbers come from", True),
        ("use", "Intended use", True),
    ]
    return [Section(name, title) for name, title, there in chosen if there]


def rules(result: Result) -> dict[str, str]:
    """Give what each alert rule says.

    Parameters
    ----------
    result : mapping
        The result as JSON.

    Returns
    -------
    dict of str to str
        By id.
    """
    return {one["id"]: one["text"] for one in result["rules"]}


def counted(row: Mapping[str, Any]) -> str:
    """Name what a row of alerts counts.

    Parameters
    ----------
    row : mapping
        Of the burden, or of a comparison, as JSON.

    Returns
    -------
    str
        ``all alerts``, the id of a rule, or ``severity: warning``.
    """
    if row["by"] == "all":
        return "all alerts"
    return f"severity: {row['of']}" if row["by"] == "severity" else str(row["of"])
