"""Whatever a file holds: messages, parser, intake and log tell what the pure step tells."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from cartwheel.serve.ward.simulated import through_whole_path
from cartwheel.workflows.monitor import Simulation, simulated_past

WARD = """
schema = "cartwheel/ward/1"
ward = "Test"
time_zone = "Europe/Berlin"
grades = ["astct-crs", "astct-icans"]
scores = ["m-easix"]
[max_age_hours]
default = 20
temperature = 5
[assumed]
antipyretic = "no"
crs_other_cause = "none"
[hypotension]
systolic_below_mmhg = 90
[[alert]]
id = "crs"
target = "astct-crs"
at_least = 1
severity = "warning"
escalate_minutes = 30
quiet_hours = 4
[[alert]]
id = "hot"
name = "temperature"
at_least = "38.5 Cel"
clear_below = "38 Cel"
clear_after_hours = 2
severity = "info"
[[alert]]
id = "missing"
name = "crp"
every_hours = 20
from_day = 0
to_day = 3
severity = "info"
"""

VALUES = st.sampled_from(
    [
        ("temperature", "39.1", "Cel"), ("temperature", "36.6", "Cel"),
        ("temperature", "102", "[degF]"), ("temperature", "99", "Cel"),
        ("systolic_pressure", "80", "mm[Hg]"), ("systolic_pressure", "130", "mm[Hg]"),
        ("crp", "<5", "mg/L"), ("crp", "120", "mg/L"), ("crp", "12", "mg/dL"),
        ("crp", "1e-3", "mg/L"), ("crp", "abc", "mg/L"), ("crp", "5", ""),
        ("ldh", "300", "U/L"), ("platelets", "50", "10*9/L"),
        ("oxygen_device", "room air", ""), ("oxygen_device", "a|b^c~d&e\\f", ""),
        ("hypotension", "yes", ""), ("fever", "no", ""),
        ("anticytokine", "tocilizumab", ""), ("anticytokine", "siltuximab", ""),
        ("corticosteroid", "dexamethasone", ""), ("vasopressors", "norepinephrine", ""),
        ("vasopressors", "something else", ""), ("ice", "3", ""), ("ice", "9", ""),
        ("crs_other_cause", "sepsis", ""), ("seizure", "none", ""), ("death", "", ""),
        ("lymphodepletion", "", ""), ("strange", "1", ""),
    ]
)  # fmt: skip
DAYS = st.sampled_from(
    ["-3", "-0.01", "0", "0.2", "0.5", "0.50", "1", "1.7", "2.25", "3", "3.0001"]
)
ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), DAYS, VALUES, st.sampled_from(["", "2.6", "4"])),
    min_size=2,
    max_size=40,
)
PLANS = st.builds(
    Simulation,
    delay_minutes=st.sampled_from([0.0, 1.0, 60.0, 700.0]),
    every_days=st.sampled_from([0.0, 0.37, 3.0]),
    responder_minutes=st.sampled_from([1.0, 90.0]),
    responder_share=st.sampled_from([0.0, 0.5, 1.0]),
    seed=st.integers(0, 5),
)


# each example makes a database of its own: too slow to be made smaller
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(rows=ROWS, plan=PLANS, interface=st.sampled_from(["hl7", "fhir"]))
def test_the_whole_path_tells_what_the_step_tells(
    rows: list[tuple[str, str, tuple[str, str, str], str]],
    plan: Simulation,
    interface: Literal["hl7", "fhir"],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ward, past = folder / "ward.toml", folder / "past.csv"
        ward.write_text(WARD, encoding="utf-8")
        lines = ["patient,analyte,day,value,unit,end_day"]
        for patient, day, (analyte, value, unit), end in rows:
            until = end if analyte == "vasopressors" and float(day) < float(end or -9) else ""
            lines.append(f"{patient},{analyte},{day},{value},{unit},{until}")
        past.write_text("\n".join(lines) + "\n", encoding="utf-8")
        simulated = simulated_past(past, ward, plan)
        found = through_whole_path(simulated, folder / "log", interface=interface)
        assert found.interface == interface
        assert found.same
        assert found.replay_same
        assert found.events == sum(len(one.told) for one in simulated.lived)
