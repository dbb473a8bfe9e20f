"""A simulated patient for the example on the page."""

from __future__ import annotations

from collections.abc import Mapping

_DAYS = ("0", "1", "2", "3", "4", "5", "6", "7", "9", "12")
_BY_DAY: Mapping[str, tuple[str, ...]] = {
    "temperature": ("36.8", "38.6", "39.2", "39.4", "38.1", "37.4", "37.0", "36.9", "36.8", "36.7"),
    "antipyretic": ("no", "yes", "yes", "yes", "yes", "no", "no", "no", "no", "no"),
    "anticytokine": ("no", "no", "no", "yes", "no", "no", "no", "no", "no", "no"),
    "corticosteroid": ("no", "no", "no", "no", "yes", "yes", "no", "no", "no", "no"),
    "hypotension": ("no", "no", "no", "yes", "yes", "no", "no", "no", "no", "no"),
    "vasopressors": ("none", "none", "none", "norepinephrine", "none", "none", "none", "none",
                     "none", "none"),
    "oxygen_device": ("room air", "room air", "", "nasal cannula", "nasal cannula", "room air",
                      "room air", "room air", "room air", "room air"),
    "oxygen_flow": ("", "", "", "4", "2", "", "", "", "", ""),
    "ice": ("10", "10", "10", "9", "6", "4", "8", "10", "", "10"),
    "consciousness": ("alert", "alert", "alert", "alert", "awakens spontaneously",
                      "awakens to voice", "alert", "alert", "", "alert"),
    "seizure": ("none",) * 8 + ("", "none"),
    "motor": ("none",) * 8 + ("", "none"),
    "cerebral_oedema": ("not imaged",) * 8 + ("", "not imaged"),
    "raised_icp_signs": ("none",) * 8 + ("", "none"),
    "neutrophils": ("1.1", "0.7", "0.4", "0.2", "0.1", "0.08", "0.1", "0.3", "0.4", "0.9"),
    "platelets": ("98", "80", "61", "48", "40", "35", "31", "33", "41", "58"),
}  # fmt: skip


def example_form() -> dict[str, list[str]]:
    """Give the fields of the example.

    Returns
    -------
    dict of str to list of str
        As `cartwheel.serve.charting.chart.chart_of` reads them. No such patient ever was.
    """
    return {
        "group": ["crs", "icans", "icaht"],
        "day": list(_DAYS),
        "temperature-unit": ["Cel"],
        "neutrophils-unit": ["10*9/L"],
        "platelets-unit": ["10*9/L"],
        "age": ["61"],
        "last_follow_up_day": ["12"],
        **{name: list(values) for name, values in _BY_DAY.items()},
    }
