"""What a review found in counts of a past, and in how a landmark model stands on the board."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from landmark_sample import binary_plan, binary_sample
from ward_patients import at, entries, infusion, obs

from cartwheel.canonical import canonical_json
from cartwheel.serve.ward.board import is_simulated
from cartwheel.serve.ward.cells import Cell, Column, Making
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.ward_persons import PersonRow
from cartwheel.watch.advance import fold
from cartwheel.watch.drift import InputDrift
from cartwheel.watch.observation import Observation
from cartwheel.watch.ward import Ward
from cartwheel.workflows.landmark import landmark, landmark_model_file
from cartwheel.workflows.monitor import monitor, open_ward

WARD = """
schema = "cartwheel/ward/1"
ward = "Test"
time_zone = "UTC"
grades = []
{targets}
[max_age_hours]
default = 96
"""
EXACT = 1e-12  # a share of two whole numbers


def _inputs(folder: Path, cell: Callable[[int], tuple[str, str]]) -> dict[str, InputDrift]:
    """Follow 80 patients with one CRP each; the rows of each quarter."""
    folder.mkdir()
    rows = [f"P{n:02d},crp,0,{','.join(cell(n))}" for n in range(80)]
    past, file = folder / "past.csv", folder / "ward.toml"
    past.write_text("\n".join(["patient,analyte,day,value,unit", *rows, ""]), encoding="utf-8")
    file.write_text(WARD.format(targets='scores = ["m-easix"]'), encoding="utf-8")
    drifted = monitor(past, file).drift
    assert drifted is not None
    return {one.period: one for one in drifted.inputs if one.name == "crp"}


def _per_litre(n: int) -> str:
    return str(10 * (1 + n % 20))


def test_another_unit_is_no_drift(tmp_path: Path) -> None:
    plain = _inputs(tmp_path / "a", lambda n: (_per_litre(n), "mg/L"))
    other = _inputs(
        tmp_path / "b",
        lambda n: (str(1 + n % 20), "mg/dL") if n >= 60 else (_per_litre(n), "mg/L"),
    )
    assert other == {
        period: replace(one, centre=other[period].centre) for period, one in plain.items()
    }
    last = other["quarter 4"]
    assert (last.distance, last.median) == (0.0, plain["quarter 1"].median)


def test_what_the_ward_parks_is_counted_as_parked(tmp_path: Path) -> None:
    # of the last 20, 5 in a unit that CRP does not have and 5 beyond what can be
    def cell(n: int) -> tuple[str, str]:
        if n >= 75:
            return _per_litre(n), "kg"
        return ("99999", "mg/L") if n >= 70 else (_per_litre(n), "mg/L")

    found = _inputs(tmp_path / "c", cell)
    shares = {period: one.parked.value for period, one in found.items() if one.parked is not None}
    assert shares == pytest.approx(
        {"quarter 1": 0.0, "quarter 2": 0.0, "quarter 3": 0.0, "quarter 4": 0.5}, abs=EXACT
    )
    assert found["quarter 4"].high_quartile is not None
    assert found["quarter 4"].high_quartile <= 200


def _landmark_ward(folder: Path, **plan: Any) -> Ward:
    text = canonical_json(landmark_model_file(landmark(*binary_sample(), binary_plan(0, **plan))))
    folder.mkdir()
    (folder / "severe.json").write_text(text, encoding="utf-8")
    file = folder / "ward.toml"
    targets = 'scores = []\nlandmark_models = ["severe.json"]'
    file.write_text(WARD.format(targets=targets), encoding="utf-8")
    return open_ward(file)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return _landmark_ward(tmp_path_factory.mktemp("model") / "plain")


def _cell(ward: Ward, now: datetime, *several: Observation) -> Cell:
    episode, _ = fold(ward, "p", entries((infusion(), *several)))
    summary = json.loads(WardFollowing(ward, b"").summary(episode, now, ()))
    columns = tuple(Column(one.id, one.kind, one.title, one.id) for one in ward.targets)
    making = Making(columns, {}, frozenset(), timedelta(hours=12), now)
    (found,) = making.row(("p", "assigned", 1), PersonRow(), summary).cells
    return found


def test_a_landmark_model_stands_on_the_board_by_its_risk(followed: Ward) -> None:
    first = (obs("crp", 24, 40), obs("il6", 24, 25))
    cell = _cell(followed, at(25), *first)
    assert cell.level != "none"
    assert cell.told == ""
    assert cell.beside.endswith("%")
    higher = _cell(followed, at(31), *first, obs("crp", 30, 400))
    lower = _cell(followed, at(31), *first, obs("crp", 30, 4))
    assert (higher.moved, lower.moved) == ("up", "down")
    assert higher.moved_told == lower.moved_told == f"from {cell.beside}, 1 h ago"


def test_a_landmark_model_without_an_answer_stands_as_none(followed: Ward) -> None:
    cell = _cell(followed, at(24 * 20), obs("crp", 24 * 20, 40), obs("il6", 24 * 20, 25))
    assert (cell.level, cell.told, cell.beside) == ("none", "–", "")


def test_a_ward_with_a_simulated_model_is_simulated(followed: Ward, tmp_path: Path) -> None:
    simulated = _landmark_ward(tmp_path / "simulated", simulated=True)
    services = [cast(WardServices, SimpleNamespace(ward=one)) for one in (followed, simulated)]
    assert [is_simulated(one) for one in services] == [False, True]
