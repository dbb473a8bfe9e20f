"""A landmark model in a ward: what it says is what it predicts, from what was taken by then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from landmark_sample import binary_plan, binary_sample

from cartwheel.canonical import canonical_json
from cartwheel.errors import PlanRefused
from cartwheel.landmarking.predict import DatedValue, predict
from cartwheel.watch.advance import fold
from cartwheel.watch.episode import Episode
from cartwheel.watch.observation import Entry, Known, Observation, Tick
from cartwheel.watch.ward import Ward
from cartwheel.workflows.landmark import landmark, landmark_model_file, read_landmark_model
from cartwheel.workflows.monitor import open_ward
from cartwheel.workflows.monitor_open import models_of

WARD = """
schema = "cartwheel/ward/1"
ward = "Test"
time_zone = "UTC"
grades = []
scores = []
landmark_models = ["severe.json"]
[max_age_hours]
default = 96
"""
DAY0 = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def model_text() -> str:
    return canonical_json(landmark_model_file(landmark(*binary_sample(), binary_plan())))


@pytest.fixture
def file(tmp_path: Path, model_text: str) -> Path:
    (tmp_path / "severe.json").write_text(model_text, encoding="utf-8")
    path = tmp_path / "ward.toml"
    path.write_text(WARD, encoding="utf-8")
    return path


def seen(name: str, day: float, value: str = "", unit: str = "") -> Observation:
    taken_at = DAY0 + timedelta(days=day)
    number = Decimal(value) if value else None
    return Observation("p", name, taken_at, number, unit, source=f"{name} {day}")


def followed(ward: Ward, *known: Known) -> Episode:
    moments = [one.at if isinstance(one, Tick) else one.taken_at for one in known]  # type: ignore[union-attr]
    entries = [Entry(n, at, one) for n, (at, one) in enumerate(zip(moments, known, strict=True), 1)]
    return fold(ward, "p", entries)[0]


def test_the_risk_is_that_of_the_model(file: Path) -> None:
    ward = open_ward(file)
    values = (seen("crp", 1.0, "40", "mg/L"), seen("il6", 1.5, "25", "pg/mL"))
    standing = followed(ward, seen("infusion", 0.0), *values).standings["severe"]
    model = read_landmark_model(file.parent / "severe.json")
    told = predict(
        model,
        [DatedValue("crp", 1.0, 40.0, "mg/L"), DatedValue("il6", 1.5, 25.0, "pg/mL")],
        1.5,
    )
    assert standing.risk == standing.risk_low == standing.risk_high == told.risk.value
    assert standing.missing == ()
    assert [one.name for one in standing.inputs] == ["crp", "il6"]
    assert any("free of" in one for one in standing.warnings)


def test_a_marker_that_is_missing_gives_a_range(file: Path) -> None:
    ward = open_ward(file)
    known = (seen("infusion", 0.0), seen("crp", 1.0, "40", "mg/L"))
    standing = followed(ward, *known).standings["severe"]
    assert standing.risk is None
    assert standing.missing == ("il6",)
    assert standing.risk_low is not None
    assert standing.risk_high is not None
    assert 0.0 < standing.risk_low < standing.risk_high < 1.0


def test_it_is_asked_again_each_day_and_ends_with_its_days(file: Path) -> None:
    ward = open_ward(file)
    values = (seen("crp", 5.0, "40", "mg/L"), seen("il6", 5.0, "25", "pg/mL"))
    known: list[Known] = [seen("infusion", 0.0), *values]
    early = followed(ward, *known)
    assert early.due_at == DAY0 + timedelta(days=6)
    later = followed(ward, *known, Tick("p", DAY0 + timedelta(days=6, hours=1)))
    # the model's last landmark is day 6: no answer beyond it
    assert later.standings["severe"].reasons == ("the model predicts from day 0 to day 6",)
    at_six = [one for one in later.answers["severe"] if one.at == DAY0 + timedelta(days=6)]
    assert at_six[0].risk is not None


def test_before_the_infusion_there_is_no_answer(file: Path) -> None:
    episode = followed(open_ward(file), seen("crp", -1.0, "40", "mg/L"))
    assert episode.standings["severe"].reasons == ("no infusion yet: day 0 is not known",)


def test_another_model_under_the_same_name_is_another_ward(file: Path) -> None:
    before = open_ward(file)
    assert [one.id for one in models_of(file)] == ["severe"]
    path = file.parent / "severe.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = open_ward(file)
    assert after.targets[0].version != before.targets[0].version
    assert after.identity != before.identity


def test_a_model_that_cannot_be_read_is_told_with_its_place(file: Path) -> None:
    (file.parent / "severe.json").write_text("{}", encoding="utf-8")
    with pytest.raises(PlanRefused) as refused:
        open_ward(file)
    (problem,) = refused.value.problems
    assert problem.code == "file_kind"
    assert problem.where.startswith("landmark_models: severe.json")
