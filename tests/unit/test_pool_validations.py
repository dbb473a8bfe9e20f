"""A pool of validations names its score, and whose numbers are imputed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shared_example import centre, validated

import cartwheel as cw
from cartwheel.canonical import canonical_json
from cartwheel.cli.pool_text import pool_lines
from cartwheel.pooling.result import PoolFile


def gaps(frame: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return frame.assign(crp_mg_l_day0=frame["crp_mg_l_day0"].where(rng.random(len(frame)) > 0.15))


@pytest.fixture(scope="module", params=["shared", "whole"])
def pooled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PoolFile:
    folder = tmp_path_factory.mktemp("centres")
    files = []
    for seed, label in ((41, "Alpha"), (42, "Beta"), (43, "Gamma")):
        frame = centre(seed, 160)
        plan = {"missing": "impute", "imputation": {"imputations": 3}} if label == "Beta" else {}
        done = validated(
            gaps(frame) if label == "Beta" else frame, sharing={"label": label}, **plan
        )
        files.append(folder / f"{label.lower()}.json")
        text = canonical_json(done.shared) if request.param == "shared" else done.to_json()
        files[-1].write_text(text, encoding="utf-8")
    return cw.pool(files)


def test_the_terminal_names_the_score_and_the_imputed_centre(pooled: PoolFile) -> None:
    lines = list(pool_lines(pooled.result))
    assert any(line.startswith("score validated: ") for line in lines)
    assert "missing inputs imputed: Beta" in lines
    assert all(len(line) <= 80 for line in lines)


def test_methods_and_notes_say_it_too(pooled: PoolFile) -> None:
    score = pooled.result.studies[0].factor
    routes = next(text for text in pooled.result.methods if "result files of cartwheel" in text)
    assert f"validations of the score {score}, with missing inputs imputed at Beta" in routes
    assert "developments" not in routes
    notes = {note.text for note in pooled.result.notes if note.code == "own_validation"}
    assert sum("Missing inputs were imputed there" in text for text in notes) == 1
    assert all(f"of the score {score} with cartwheel" in text for text in notes)


def test_a_sentence_does_not_change_the_name_of_a_file(pooled: PoolFile) -> None:
    said = [note.text for one in pooled.result.analyses for note in one.notes]
    said += [note.text for note in pooled.result.notes]
    assert any(".json" in text for text in said)
    assert not any(name in text for text in said for name in ("Alpha.json", "Beta.json"))
