"""``cartwheel pool`` as a person runs it: printed numbers in, pools and doubts out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from develop_examples import CRP, FERRITIN, Done, cartwheel, cohort, saved
from sources import REPOSITORY

import cartwheel as cw
from cartwheel.canonical import canonical_json
from cartwheel.pooling.plan import read_pool_plan
from cartwheel.workflows.schema import pool_schema

POOL = REPOSITORY / "examples" / "pool"
EFFECTS, PROPORTIONS, TABLES = (
    POOL / f"cart_{name}.csv" for name in ("effects", "proportions", "2x2")
)
SCHEMA = jsonschema.Draft202012Validator(pool_schema())
HAZARDS = """study,year,n,HR,95% CI,cutoff,product,quips_1,quips_2
Ahorn,2020,60,2.59,1.29-5.21,400,ide-cel,low,low
Birke,2021,141,2.10,1.31–3.35,650,cilta-cel,low,moderate
Corval,2022,351,1.50,1·10–2·05,1000,ide-cel,high,low
Dunmar,2023,134,2.15,"(1.31, 3.54)",1000,cilta-cel,low,low
"""


FLOW = """databases = 30
duplicates = 6
screened = 24
excluded = 8
sought = 16
assessed = 16
studies = 12
reports_excluded = { "no hazard ratio" = 4 }
"""


def written(folder: Path, text: str = HAZARDS, name: str = "studies.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def document(done: Done) -> dict[str, Any]:
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    SCHEMA.validate(found)
    return found


def refused(folder: Path, *arguments: object) -> str:
    """Run what must be refused; nothing new may stand in the folder."""
    before = sorted(folder.rglob("*"))
    done = cartwheel("pool", *map(str, arguments))
    assert (done.code, done.out) == (2, "")
    assert sorted(folder.rglob("*")) == before
    return done.err


@pytest.mark.parametrize("table", [EFFECTS, PROPORTIONS, TABLES], ids=lambda path: path.stem)
def test_every_table_of_facts_is_taken_as_it_is(table: Path) -> None:
    found = document(cartwheel("pool", table, "--json", "-"))
    result = found["result"]
    with table.open(encoding="utf-8") as lines:
        rows = sum(1 for _ in lines) - 1
    assert len(result["studies"]) + len(result["left_out"]) == rows
    used = [study for study in result["studies"] if study["used"]]
    assert sum(analysis["k"] for analysis in result["analyses"]) == len(used)
    pools = {(study["group"], study["outcome"], study["measure"]) for study in used}
    named = [(one["group"], one["outcome"], one["measure"]) for one in result["analyses"]]
    assert len(named) == len(set(named))
    assert set(named) == pools
    assert result["methods"]
    assert result["results"]
    assert found["provenance"]["data_name"] == table.name


def test_the_text_shows_the_doubts_beside_the_pool() -> None:
    done = cartwheel("pool", EFFECTS)
    assert (done.code, done.err) == (0, "")
    for said in (
        "emd_pfs, PFS (HR): 4 studies, 687 patients",
        "prediction interval",
        "leave-one-out",
        "with only row 3 (ASH 2024 abstract 7082)",
        "the factor was measured after the infusion",
        "Not pooled, row 57 (Mayo Clinic Arizona)",
        "row 38 (HemaSphere 2023;7(8):e907): '0-1 vs 2-4",
        "holds OR and HR",
        "now high vs low",
        "One study each: nothing is pooled",
        "Nothing was saved",
    ):
        assert said in " ".join(done.out.split()), said
    assert max(map(len, done.out.splitlines())) <= 100


def test_every_output_is_whole_and_agrees(tmp_path: Path) -> None:
    table, files = written(tmp_path), tmp_path / "out"
    files.mkdir()
    given = ("pool", table, "--subgroup", "product", "--regress", "n", "--order", "precision",
             "--gosh", "--fail-safe", "--small-studies", "force", "--level", "0.9", "--seed", "7",
             "--grade", "high", "--title", "Ferritin, invented", "--simulated")  # fmt: skip
    done = cartwheel(
        *given, "--json", files / "r.json", "--r-script", files / "r.R", "--save-plan",
        files / "p.toml",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert "SIMULATED" in done.out
    text = (files / "r.json").read_text(encoding="utf-8")
    found = json.loads(text)
    SCHEMA.validate(found)
    assert (files / "r.R").read_text(encoding="utf-8") == found["result"]["r_script"]
    plan = read_pool_plan(files / "p.toml")
    assert plan.identity == found["provenance"]["plan_sha256"]
    assert found["plan"] == plan.as_dict()
    again = cartwheel("pool", table, "--plan", files / "p.toml", "--json", "-")
    assert again.out == text
    (analysis,) = found["result"]["analyses"]
    assert analysis["main"]["pooled"]["level"] == 0.9
    assert [one["column"] for one in analysis["subgroups"]] == ["product"]
    assert [one["columns"] for one in analysis["regressions"]] == [["n"], ["cutoff"]]
    assert analysis["subsets"]["complete"]
    assert len(analysis["small_studies"]["fail_safe"]) == 3
    assert [grade["start"] for grade in found["result"]["grades"]] == ["high"]
    assert [quality["tool"] for quality in found["result"]["quality"]] == ["QUIPS"]
    assert found["result"]["simulated"]


def test_the_text_tells_what_was_asked(tmp_path: Path) -> None:
    rows = [
        f"Centre {i},{2010 + i},{'ab'[i % 2]},{4 + i % 5},{40 + 7 * i},{low},low"
        for i, low in enumerate(("low", "high", "moderate") * 4)
    ]
    table = written(tmp_path, "\n".join(["study,year,product,events,n,quips_1,quips_2", *rows, ""]))
    flow = written(tmp_path, FLOW, "prisma.toml")
    done = cartwheel(
        "pool", table, "--subgroup", "product", "--regress", "year", "--planned", "--grade",
        "moderate", "--prisma", flow, "--permutations", "50",
    )  # fmt: skip
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    for said in (
        "by product (planned), p between",
        "regression on year: 12 studies",
        "by permutation",
        "trim and fill L0",
        "egger inverse sqrt n",
        "Risk of bias (QUIPS), overall: open 12",
        "Flow of records:",
        "Certainty of the evidence (GRADE)",
        "(began as moderate)",
    ):
        assert said in text, said


def test_the_same_bytes_from_command_and_from_python(tmp_path: Path) -> None:
    table = written(tmp_path)
    done = cartwheel("pool", table, "--method", "DL", "--json", "-")
    made = cw.pool(table, {"method": "REML"}, method="DL")
    assert done.out == canonical_json(made)
    assert "pooled" in done.err  # the text goes where it cannot spoil the JSON


def test_another_process_gives_the_same_bytes_and_starts_lean(tmp_path: Path) -> None:
    table = written(tmp_path)
    code = (
        "import sys\n"
        f"sys.argv = ['cartwheel', 'pool', {str(table)!r}, '--json', '-']\n"
        "from cartwheel.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'scipy.stats', 'matplotlib', 'jinja2', 'cartwheel.development'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == cartwheel("pool", table, "--json", "-").out


def test_workbook_and_frame_give_what_the_text_file_gives(tmp_path: Path) -> None:
    frame = pd.read_csv(written(tmp_path))
    frame.to_excel(tmp_path / "studies.xlsx", index=False)
    first, second, third = (
        cw.pool(source).result.analyses[0].main
        for source in (tmp_path / "studies.csv", tmp_path / "studies.xlsx", frame)
    )
    assert first == second == third


def test_a_centre_of_ours_is_a_study(tmp_path: Path) -> None:
    development = cartwheel(
        "develop", saved(cohort(160), tmp_path), "--method", "points", "--event", "severe",
        "--predictors", f"{CRP},{FERRITIN}", "--direction", "high", "--id", "patient",
        "--bootstrap", "60", "--json", tmp_path / "mycentre.json",
    )  # fmt: skip
    assert development.code == 0, development.err
    label = json.loads((tmp_path / "mycentre.json").read_text())["result"]["outcome"]["label"]
    published = written(
        tmp_path, f"study,outcome,AUC,se\nA,{label},0.71,0.03\nB,{label},0.78,0.04\n"
    )
    found = document(cartwheel("pool", published, tmp_path / "mycentre.json", "--json", "-"))
    c, slope = found["result"]["analyses"]
    assert (c["measure"], c["scale"], c["k"], slope["measure"], slope["k"]) == (
        "C", "logit", 3, "slope", 1,
    )  # fmt: skip
    ours = found["result"]["studies"][-2]
    assert (ours["route"], ours["row"], ours["file"]) == ("result_file", 0, "mycentre.json")
    # equal where the centres do not differ beyond chance
    assert c["main"]["prediction_low"] <= c["main"]["pooled"]["low"]
    codes = [note["code"] for note in found["result"]["notes"]]
    assert "own_result" in codes
    assert found["provenance"]["data_name"] == "studies.csv + mycentre.json"


def test_counts_of_the_flow_are_read_and_hashed(tmp_path: Path) -> None:
    flow = written(tmp_path, FLOW, "prisma.toml")
    table = written(tmp_path)
    found = document(cartwheel("pool", table, "--prisma", flow, "--json", "-"))
    assert found["result"]["flow"]["boxes"]
    assert [source["kind"] for source in found["result"]["sources"]] == ["table", "flow"]
    plain = document(cartwheel("pool", table, "--json", "-"))
    assert found["provenance"]["data_sha256"] != plain["provenance"]["data_sha256"]


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("-0.2 (-1 to 0.5)", -0.2),
        ("\u22120.2 (\u22121.0 to 0.6)", -0.2),
        ("-0.2 [-1.0; 0.6]", -0.2),
        ("0.2 (-0.6 to 1.0)", 0.2),
        ("\u20130.20 (\u20131.00, 0.60)", -0.2),
    ],
)
def test_a_difference_keeps_its_sign(printed: str, value: float, tmp_path: Path) -> None:
    """The minus of an estimate before its interval was once lost, silently."""
    rows = f'study,MD (95% CI)\nA,"{printed}"\nB,"{printed}"\n'
    found = document(cartwheel("pool", written(tmp_path, rows), "--json", "-"))
    assert [study["estimate"]["value"] for study in found["result"]["studies"]] == [value, value]
    assert found["result"]["analyses"][0]["main"]["pooled"]["value"] == pytest.approx(value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("1.29-5.21", "2.89-5.21"), "row 2 (Ahorn)"),
        (("1.29-5.21", "5.21-1.29"), "above the upper limit"),
        (("1.29-5.21", "-1.29 to 5.21"), "must be above 0"),
        (("1.29-5.21", "2.59-2.59"), "without width"),
        (("1.29-5.21", ""), "no interval and no error"),
        (("2.59", "2,59"), None),
        (("2.59", "two"), "not a number"),
        (("HR", "points"), "nothing says what the estimate is"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_written(
    change: tuple[str, str], says: str | None, tmp_path: Path
) -> None:
    text = HAZARDS.replace(*change) if change[0] != "HR" else HAZARDS.replace("HR,", "estimate,")
    if says is None:
        # a decimal comma that can be nothing else is read; quotes keep it in one cell
        text = HAZARDS.replace("2.59", '"2,59"')
        done = cartwheel("pool", written(tmp_path, text), "--json", "-")
        assert document(done)["result"]["studies"][0]["estimate"]["value"] == pytest.approx(2.59)
        return
    table = written(tmp_path, text)
    said = refused(tmp_path, table, "--json", tmp_path / "r.json", "--r-script", tmp_path / "r.R")
    assert says in " ".join(said.split())
    assert "mend:" in said


def test_all_faults_are_told_at_once_and_rows_can_be_left_out(tmp_path: Path) -> None:
    text = HAZARDS.replace("1.29-5.21", "2.89-5.21").replace("1.31–3.35", "3.35–1.31")
    table = written(tmp_path, text)
    said = refused(tmp_path, table)
    assert "(2 reasons)" in said
    assert "row 2 (Ahorn)" in said
    assert "row 3 (Birke)" in said
    done = cartwheel("pool", table, "--leave-out", "row 2", "--leave-out", "Birke", "--json", "-")
    assert document(done)["result"]["analyses"][0]["k"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("{f}/absent.csv", "absent.csv"),
        ("{t} {t}", "given twice"),
        ("{t} --method REMLL", "method"),
        ("{t} --method MH", "needs events and patients"),
        ("{t} --method GLMM", "of a proportion"),
        ("{t} --interval wald", "interval"),
        ("{t} --level 1.2", "level"),
        ("{t} --outcome OS", "outcome"),
        ("{t} --group x", "group"),
        ("{t} --measure OR", "HR was not asked for"),
        ("{t} --subgroup prodct", "did you mean product"),
        ("{t} --regress n+sise", "no column 'sise'"),
        ("{t} --order months", "no column 'months'"),
        ("{t} --leave-out #99", "#99"),
        ("{t} --cluster centre", "centre"),
        ("{t} --quality PROBAST", "no column of PROBAST"),
        ("{t} --prisma {f}/none.toml", "none.toml"),
        ("{t} --same-outcome PFS", "COLUMN=VALUE"),
        ("{t} --json {t}", "is an input"),
        ("{t} --json - --r-script -", "only one output"),
        ("{t} --json {f}/a --report {f}/a", "output of --json"),
        ("{t} --json {f}/no/r.json", "folder"),
        ("{t} --figures {t}", "folder"),
        ("{t} --plan {f}/none.toml", "none.toml"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    arguments: str, says: str, tmp_path: Path
) -> None:
    table = written(tmp_path)
    said = refused(tmp_path, *(part.format(t=table, f=tmp_path) for part in arguments.split()))
    assert says in " ".join(said.split())
    assert table.read_text(encoding="utf-8") == HAZARDS


def test_figures_go_into_their_folder(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    table, folder = written(tmp_path), tmp_path / "figures"
    done = cartwheel("pool", table, "--figures", folder)
    assert done.code == 0, done.err
    names = sorted(path.name for path in folder.iterdir())
    assert "forest_1.svg" in names
    assert all(path.read_text(encoding="utf-8").startswith("<svg") for path in folder.iterdir())
