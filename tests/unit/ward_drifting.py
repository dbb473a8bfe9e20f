"""A ward whose laboratory changed a unit: invented patients, through the real keeper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from ward_messages import SetClock

from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.store.database import Store
from cartwheel.watch.intake import Arrived, Item, Message, Parked, Person
from cartwheel.watch.observation import Observation
from cartwheel.watch.ward import Ward, read_ward

SCORE = """
schema = "cartwheel-score/1"
id = "crp-risk"
version = "1"
title = "Risk by CRP"
status = "developed"
simulated = true
method = "index"
missing = "refuse"
intercept = 0
[outcome]
name = "CRS of grade 2 or higher"
kind = "survival"
definition = "invented"
horizon = 4
time_unit = "weeks"
[population]
text = "invented"
[citation]
text = "invented"
[[inputs]]
name = "crp"
label = "CRP"
variable = "crp"
unit = "mg/L"
[[terms]]
kind = "linear"
name = "CRP"
input = "crp"
coefficient = 1
[risk]
kind = "logistic"
intercept = -3
slope = 0.02
[[examples]]
inputs = { crp = "150 mg/L" }
value = 150
risk = 0.5
"""

WARD = """
schema = "cartwheel/ward/1"
ward = "Ward of the tests"
time_zone = "Europe/Berlin"
grades = ["astct-crs"]
scores = ["easix", "crp-risk.toml"]

[max_age_hours]
default = 48

[assumed]
antipyretic = "no"
anticytokine = "no"
corticosteroid = "no"
vasopressors = "none"
oxygen_device = "room air"
crs_other_cause = "none"

[hypotension]
systolic_below_mmhg = 90

[[calibration]]
target = "crp-risk"
event = "astct-crs>=2"
"""

NUMBER = "MRN-77001"


def ward_files(folder: Path, text: str = WARD) -> Path:
    """Write the ward file and its score; give the path of the ward file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "crp-risk.toml").write_text(SCORE, encoding="utf-8")
    path = folder / "ward.toml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented patient."""

    number: str
    place: str
    infusion: datetime
    crp: float
    ldh: float
    event_hours: float | None
    days: float = 30.0


def invented(months: Sequence[str], each: int, *, other_unit_from: str = "9999") -> list[Invented]:
    """Invent so many patients a month; of each third CRS of grade 2 follows."""
    rng = np.random.default_rng(7)
    found = []
    for month in months:
        for place in range(each):
            begins = datetime.fromisoformat(f"{month}-03T10:00:00+00:00")
            ldh = float(rng.lognormal(5.6, 0.4))
            found.append(
                Invented(
                    f"{NUMBER}-{month}-{place}",
                    "NORTH" if place % 3 else "SOUTH",
                    begins + timedelta(hours=8 * place % 480),
                    float(rng.lognormal(3.2, 0.7)),
                    ldh / 60 if month >= other_unit_from else ldh,
                    30.0 if place % 3 == 0 else None,
                )
            )
    return found


def fill(store: Store, path: Path, patients: Sequence[Invented]) -> Ward:
    """Keep what came of them, each when it was taken; give the ward."""
    ward = read_ward(path)
    clock = SetClock(datetime(2025, 12, 1, tzinfo=UTC))
    keeper = Keeper(store, WardFollowing(ward, path.read_bytes()), clock=clock)
    coming: list[tuple[datetime, str, tuple[Item, ...]]] = []
    for one in patients:
        coming += [(at, f"{one.number}/{n}", items) for n, (at, items) in enumerate(_of(one))]
    for at, key, items in sorted(coming, key=lambda each: each[:2]):
        clock.now = at + timedelta(minutes=5)
        (receipt,) = keeper.keep([Message("hl7", key, key.encode(), items)])
        assert receipt.outcome == "stored", receipt
    return ward


def _of(one: Invented) -> list[tuple[datetime, tuple[Item, ...]]]:
    who = (("HOSPITAL", one.number),)
    day = one.infusion

    def value(name: str, number: Any, hours: float, unit: str, limit: Any = "") -> Arrived:
        at = day + timedelta(hours=hours)
        said = None if number is None else Decimal(f"{number:.4g}")
        source = f"{one.number}/{name}/{hours}"
        return Arrived(who, Observation("", name, at, said, unit, limit, source=source))

    labs = (
        Person(who, "Nobody, Of The Tests", one.place, "1", "here"),
        value("crp", one.crp, -2, "mg/L", "<" if one.crp < 10 else ""),
        value("ldh", one.ldh, -2, "U/L"),
        value("creatinine", 80, -2, "umol/L"),
        value("platelets", 120, -2, "10*9/L"),
        Parked("unit_not_accepted", "a unit that does not fit", name="ferritin"),
    )
    found: list[tuple[datetime, tuple[Item, ...]]] = [
        (day - timedelta(hours=2), labs),
        (day, (value("infusion", None, 0, ""),)),
    ]
    if one.event_hours is not None:
        ill = (
            value("temperature", 39.5, one.event_hours, "Cel"),
            value("systolic_pressure", 80, one.event_hours, "mm[Hg]"),
        )
        found.append((day + timedelta(hours=one.event_hours), ill))
    last = 24 * one.days
    found.append((day + timedelta(hours=last), (value("crp", 5, last, "mg/L"),)))
    return found
