"""The ten synthetic patients of the published ICAHT implementation (321 neutrophil counts)."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from cartwheel.clinic.count_window import SpellOptions
from cartwheel.clinic.haematotoxicity import early_icaht, late_icaht

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cart"
FILE = DATA / "icaht_synthetic_anc.csv"

# printed in the published implementation
EARLY = (0, 0, 0, 1, 1, 2, 3, 4, 1, 2)
LATE = (0, 0, 0, 2, 3, 2, 0, None, 0, 0)
DAYS_500 = (0, 0, 0, 3, 5, 9, 18, 17, 1, 7)


@pytest.fixture(scope="module")
def charts() -> list[dict[str, object]]:
    if not FILE.is_file():
        pytest.skip("the synthetic patients are not in ../shared/data/cart")
    series: dict[str, list[tuple[int, str]]] = defaultdict(list)
    ends: dict[str, dict[str, object]] = {}
    with FILE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            series[row["patient"]].append((int(row["day"]), f"{row['anc_per_ul']} /uL"))
            ends[row["patient"]] = {
                name: int(row[name])
                for name in ("progression_day", "next_therapy_day", "last_follow_up_day")
                if row[name]
            }
    assert sum(map(len, series.values())) == 321
    return [{"neutrophils": tuple(series[name]), **ends[name]} for name in sorted(series)]


def test_early_grades(charts: list[dict[str, object]]) -> None:
    assert tuple(early_icaht(chart).grade for chart in charts) == EARLY
    published = SpellOptions(unknown_days="not low")
    assert tuple(early_icaht(chart, options=published).grade for chart in charts) == EARLY


def test_late_grades(charts: list[dict[str, object]]) -> None:
    assert tuple(late_icaht(chart).grade for chart in charts) == LATE


def test_the_deciding_spells_are_those_printed(charts: list[dict[str, object]]) -> None:
    for chart, days in zip(charts, DAYS_500, strict=True):
        lengths = [int(datum.value.split()[0]) for datum in early_icaht(chart).deciding]
        assert max(lengths, default=0) == days
