"""``cartwheel appraise`` as a person runs it: text, JSON, refusals, nothing half-written."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import typer
from sources import REPOSITORY
from typer.testing import CliRunner, Result

from cartwheel.cli.appraise import appraise
from cartwheel.errors import Refused
from cartwheel.pooling.appraisal.quality import read_quality
from cartwheel.pooling.plan import pool_plan_from_dict
from cartwheel.pooling.study.table import read_studies
from cartwheel.workflows.appraise import appraise as appraise_numbers, appraise_schema

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(appraise)
FERRITIN = ("--pooled", "HR 2.15 (1.74-2.66)", "--k", "8", "--i2", "9", "--n", "1077")
CRS = ("--n", "125", "--events", "17", "--parameters", "7", "--auc", "0.875")
TEMPLATE = REPOSITORY / "examples" / "ferritin_myeloma_template.csv"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def refused(*arguments: object) -> str:
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert "mend:" in done.stderr
    return done.stderr


def test_a_pooled_result_says_what_follows_and_what_cannot() -> None:
    done = run(*FERRITIN, "--p", "<0.001", "--common")
    assert done.exit_code == 0, done.stderr
    # (ln 2.66 - ln 1.74) / 3.92 = 0.1083; 7 / 0.91 = 7.69; 1 / 0.1083^2 = 85.3
    for text in ("0.1083", "7.69 on 7 df", "85.3", "0 to 78 %", "Cannot be known"):
        assert text in done.stdout
    assert done.stdout.count("E-value") == 1


def test_a_model_says_what_is_left_of_its_auc() -> None:
    done = run(*CRS)
    assert done.exit_code == 0, done.stderr
    assert "0.875" in done.stdout
    assert "too few" in done.stdout
    assert "2.4" in done.stdout


@pytest.mark.parametrize("arguments", [FERRITIN, CRS], ids=["pooled", "model"])
def test_json_follows_its_schema_and_is_the_same_twice(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    assert run(*arguments, "--json", first).exit_code == 0
    assert run(*arguments, "--json", second).exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    document = json.loads(first.read_text(encoding="utf-8"))
    jsonschema.validate(document, appraise_schema())
    assert (document["kind"], document["schema"]) == ("appraise", "cartwheel/appraise/1")
    assert (document["provenance"]["data_name"], document["provenance"]["data_sha256"]) == ("", "")


def test_json_to_stdout_is_json_alone() -> None:
    done = run(*CRS, "--json", "-")
    assert json.loads(done.stdout)["result"]["model"]["events"] == 17


def test_the_ferritin_file_as_it_is(shared: Path, tmp_path: Path) -> None:
    path = shared / "facts" / "ferritin_studies.csv"
    if not path.is_file():
        pytest.skip("the facts beside the repository are not here")
    done = run(path, "--json", tmp_path / "a.json")
    assert done.exit_code == 0, done.stderr
    result = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["result"]
    assert [one["outcome"] for one in result["pooled"]] == ["PFS", "OS"]
    assert [one["k"] for one in result["pooled"]] == [8, None]
    assert "number of studies is not said" in done.stdout


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "pooled.csv"
    path.write_text(
        "study;outcome;OR;95% CI;k;I\N{SUPERSCRIPT TWO};n\n"
        "A 2024;CRS;2,00;1,50\N{EN DASH}2,67;5;40%;800\nB 2025;ICANS;1.4;0.9-2.18;3;0;300\n",
        encoding="utf-8",
    )
    done = run(path, "--json", "-")
    assert done.exit_code == 0, done.stderr
    one, other = json.loads(done.stdout)["result"]["pooled"]
    assert (one["measure"], one["row"], one["k"], one["heterogeneity"]["i2"]["value"]) == (
        "OR",
        2,
        5,
        40.0,
    )
    assert other["estimate"]["high"] == 2.18


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to appraise"),
        ((*FERRITIN, "--events", "17"), "two questions"),
        (("--pooled", "HR 0.01 (0.05-0.5)"), "does not contain"),
        (("--pooled", "two"), "measure"),
        (("--events", "17", "--auc", "0.8"), "--parameters"),
        ((*CRS[:-1], "0.4"), "between 0.5 and 1"),
        ((*CRS, "--survival"), "cannot be turned into R2"),
        ((*CRS, "--d", "0"), "--auc, --d"),
        (("--n", "12.5", "--events", "3", "--parameters", "1", "--auc", "0.8"), "--n"),
        (("none.csv",), "none.csv"),
        ((*FERRITIN, "--json", "no/such/folder/a.json"), "folder"),
    ],
)
def test_bad_input_is_refused_with_the_mend(arguments: tuple[str, ...], words: str) -> None:
    if "--events" in arguments and "--pooled" in arguments:
        arguments = (*arguments, "--parameters", "7", "--auc", "0.8")
    assert words in refused(*arguments)


def test_a_refusal_writes_nothing_and_never_over_the_table(tmp_path: Path) -> None:
    path = tmp_path / "pooled.csv"
    text = "study,HR,low,high\nA,0.01,0.05,0.5\nB,2,1,4\n"
    path.write_text(text, encoding="utf-8")
    assert "row 2" in refused(path, "--json", tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()
    assert "this file is the table" in refused(path, "--json", path)
    assert path.read_text(encoding="utf-8") == text


def test_the_template_holds_no_number_that_nobody_saw() -> None:
    table = pd.read_csv(TEMPLATE, dtype=str, keep_default_na=False)
    assert len(table) == 8
    unknown = ["n", "estimate", "ci_low", "ci_high", "p", "cutoff", "year", "doi", "country"]
    assert (table[unknown] == "").all(axis=None)
    assert set(table["outcome"]) == {"PFS"}
    assert read_quality(table, 2, ()) == ()


def test_pooling_the_template_names_every_empty_row() -> None:
    with pytest.raises(Refused) as stopped:
        read_studies([TEMPLATE], plan=pool_plan_from_dict({}))
    named = " ".join(problem.where for problem in stopped.value.problems)
    assert all(f"row {row} " in f"{named} " for row in range(2, 10))
    assert any(problem.mend for problem in stopped.value.problems)


def test_the_template_is_not_a_table_of_pooled_results() -> None:
    with pytest.raises(Refused):
        appraise_numbers(TEMPLATE)
