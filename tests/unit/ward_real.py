"""The real step under a small ward file, for tests of the ward and its benchmark."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.watch.ward import read_ward

WARD = """
schema = "cartwheel/ward/1"
ward = "Ward of the tests"
time_zone = "Europe/Berlin"
grades = ["astct-crs", "astct-icans", "icaht-early"]
scores = ["easix", "m-easix"]
landmark_models = []

[max_age_hours]
default = 24
temperature = 8

[assumed]
antipyretic = "no"
anticytokine = "no"
corticosteroid = "no"
vasopressors = "none"
oxygen_device = "room air"
crs_other_cause = "none"

[hypotension]
systolic_below_mmhg = 90

[[alert]]
id = "crs-1"
target = "astct-crs"
at_least = 1
severity = "warning"
escalate_minutes = 30
late_hours = 12

[[alert]]
id = "crp-high"
name = "crp"
at_least = "100 mg/L"
clear_below = "80 mg/L"
severity = "info"
quiet_hours = 2

[[alert]]
id = "crp-missing"
name = "crp"
every_hours = 26
from_day = 0
to_day = 14
severity = "info"
quiet_hours = 12
"""


def real_following(text: str = WARD) -> WardFollowing:
    """Read a ward file, and follow by it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ward.toml"
        path.write_text(text, encoding="utf-8")
        return WardFollowing(read_ward(path), text.encode())
