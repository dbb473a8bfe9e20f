"""Every kind of job gives what the command line gives for the same files, byte for byte."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import done_here

from cartwheel.demonstration import cohort_path, plan_path, second_cohort_path
from cartwheel.errors import PlanRefused, Refused
from cartwheel.serve.jobs.kinds import KINDS, run_of

Run = Callable[..., subprocess.CompletedProcess[str]]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FEW = "bootstrap = 20"


def _say(*_: object) -> None:
    return None


class Job:
    """A kind of job, run in a folder as a worker does it; files are named by ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "job" / "in"
        self.folder.mkdir(parents=True)
        self.names: dict[str, str] = {}

    def file(self, path: Path, name: str = "") -> str:
        """Put a file in, and give its id."""
        kept = f"id{len(self.names)}"
        self.names[kept] = name or path.name
        shutil.copy(path, self.folder / self.names[kept])
        return kept

    def run(self, kind: str, patch: pytest.MonkeyPatch, **request: Any) -> dict[str, bytes]:
        """Run it where its files stand."""
        with patch.context() as here:
            here.chdir(self.folder)
            outputs = run_of(kind)(Path(), {**request, "names": self.names}, _say)
        assert all(output.media_type for output in outputs)
        return {output.name: output.content for output in outputs}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """An empty job."""
    return Job(tmp_path)


def _few_resamples(plan: Path, target: Path) -> Path:
    """The plan of the demonstration, with few resamples and permutations."""
    text = plan.read_text(encoding="utf-8")
    for long, few in (("bootstrap = 1000", FEW), ("permutations = 2000", "permutations = 20")):
        assert long in text
        text = text.replace(long, few)
    target.write_text(text, encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def developed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command line makes of the demonstration, once."""
    folder = tmp_path_factory.mktemp("developed")
    plan = _few_resamples(plan_path(), folder / "plan_in.toml")
    arguments = ["develop", cohort_path(), "--plan", plan, "--json", "result.json",
                 "--report", "report.html", "--score", "score.toml", "--r-script",
                 "program.R", "--save-plan", "plan.toml"]  # fmt: skip
    done = done_here(*arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_kind_of_job_can_be_loaded() -> None:
    assert all(callable(run_of(kind)) for kind in KINDS)
    with pytest.raises(PlanRefused):
        run_of("os:system")


def test_check(
    job: Job, tmp_path: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("id;x1;crp\n1;3,5;12\n2;4,5;abc\n3;5,5;9\n", encoding="utf-8")
    run_cartwheel("check", sheet, "--variable", "x1=ferritin", "--unit", "x1=ug/L",
                  "--unit", "crp=mg/L", "--id", "id", "--json", "check.json")  # fmt: skip
    declarations = [
        {"column": "x1", "variable": "ferritin", "unit": "ug/L"},
        {"column": "crp", "unit": "mg/L"},
    ]
    made = job.run("check", monkeypatch, file=job.file(sheet), declarations=declarations, id="id")
    assert made["check.json"] == (tmp_path / "check.json").read_bytes()
    # what is wrong with the sheet is an answer, not a refusal
    assert json.loads(made["check.json"])["result"]["problems"]


@pytest.mark.parametrize("way", ["plan", "plan_toml"])
def test_develop(way: str, job: Job, developed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "plan":
        # as a page or a program has it
        given: Any = json.loads((developed / "result.json").read_bytes())["plan"]
    else:
        given = (developed / "plan_in.toml").read_text(encoding="utf-8")
    made = job.run("develop", monkeypatch, file=job.file(cohort_path()), **{way: given})
    assert sorted(made) == ["plan.toml", "program.R", "report.html", "result.json", "score.toml"]
    for name, content in made.items():
        assert content == (developed / name).read_bytes(), name


def test_validate(
    job: Job, tmp_path: Path, developed: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(developed / "score.toml", tmp_path / "mine.toml")
    done = run_cartwheel(
        "validate", second_cohort_path(), "--score", "mine.toml", "--event",
        "progression_or_death", "--time", "pfs_months", "--time-unit", "months", "--bootstrap",
        "20", "--update", "--simulated", "--json", "result.json", "--report", "report.html",
        "--share", "share.json", "--r-script", "program.R", "--save-plan", "plan.toml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    score = job.file(tmp_path / "mine.toml")
    given = json.loads((tmp_path / "result.json").read_bytes())["plan"]
    for named in ({"file": score}, "mine.toml"):
        scores = [{**given["scores"][0], "score": named}]
        made = job.run("validate", monkeypatch, file=job.file(second_cohort_path()),
                       plan={**given, "scores": scores})  # fmt: skip
        job.names.popitem()
        assert {"result.json", "report.html", "share.json", "plan.toml", "program.R"} <= set(made)
        for name, content in made.items():
            if name != "updated-score.toml":
                assert content == (tmp_path / name).read_bytes(), name


@pytest.mark.parametrize(
    "named", ["/etc/passwd", "../../secret.toml", "score.toml", "", {"file": "other"}, 5, None]
)
def test_a_score_is_one_of_the_library_or_a_file_of_the_job(
    named: object, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = job.file(second_cohort_path())
    plan = {"outcome": {"event": "progression_or_death"}, "scores": [{"score": named}]}
    (job.folder.parent / "score.toml").write_text("never read", encoding="utf-8")
    with pytest.raises(PlanRefused) as refused:
        job.run("validate", monkeypatch, file=cohort, plan=plan)
    assert refused.value.problems[0].code in ("no_score", "no_file")
    with pytest.raises(PlanRefused):
        job.run("batch", monkeypatch, file=cohort, score=named)


def test_batch(
    job: Job, tmp_path: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "rows.csv"
    sheet.write_text("id,ldh,crea_mg_dL,plt_10_9_L\n1,280,1.1,90\n2,,1,50\n", encoding="utf-8")
    done = run_cartwheel("score", "easix", "--cohort", sheet, "--unit", "ldh=U/L", "--column",
                         "creatinine=crea_mg_dL", "--column", "platelets=plt_10_9_L", "-o",
                         "scored.csv", "--json", "scored.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = job.run("batch", monkeypatch, file=job.file(sheet), score="easix",
                   units={"ldh": "U/L"},
                   columns={"creatinine": "crea_mg_dL", "platelets": "plt_10_9_L"})  # fmt: skip
    for name, content in made.items():
        assert content == (tmp_path / name).read_bytes(), name


def test_pool_of_files_and_of_typed_rows(
    job: Job, tmp_path: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # extramedullary disease: PFS, OS, relapse; every figure is drawn three times here
    whole = (EXAMPLES / "pool" / "cart_effects.csv").read_text(encoding="utf-8")
    table = tmp_path / "studies.csv"
    table.write_text("".join(whole.splitlines(keepends=True)[:9]), encoding="utf-8")
    done = run_cartwheel("pool", "studies.csv", "--json", "result.json", "--report",
                         "report.html", "--r-script", "program.R", "--save-plan",
                         "plan.toml")  # fmt: skip
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "result.json").read_bytes())["plan"]
    of_file = job.run("pool", monkeypatch, files=[job.file(table, "studies.csv")], plan=plan)
    assert sorted(of_file) == ["plan.toml", "program.R", "report.html", "result.json"]
    for name, content in of_file.items():
        assert content == (tmp_path / name).read_bytes(), name
    (job.folder / "studies.csv").unlink()
    job.names.clear()
    typed = job.run("pool", monkeypatch, table=table.read_text(encoding="utf-8"), plan=plan)
    assert typed == of_file


def test_rows_as_objects_are_the_table_that_they_would_have_been(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"study": "A", "outcome": "PFS", "measure": "HR", "estimate": "2.15", "low": "1.74",
         "high": 2.66},
        {"study": "B", "outcome": "PFS", "measure": "HR", "estimate": 1.8, "low": 1.2,
         "high": 2.7},
        {"study": "C", "outcome": "PFS", "measure": "HR", "estimate": 2.4, "low": 1.5,
         "high": 3.84},
    ]  # fmt: skip
    made = job.run("pool", monkeypatch, table=rows, plan={"measure": "HR"})
    text = "study,outcome,measure,estimate,low,high\nA,PFS,HR,2.15,1.74,2.66\n" \
           "B,PFS,HR,1.8,1.2,2.7\nC,PFS,HR,2.4,1.5,3.84\n"  # fmt: skip
    (job.folder / "studies.csv").unlink()
    assert job.run("pool", monkeypatch, table=text, plan={"measure": "HR"}) == made
    assert json.loads(made["result.json"])["provenance"]["data_name"] == "studies.csv"


def test_appraise(
    job: Job, tmp_path: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_cartwheel("appraise", "--pooled", "HR 2.15 (1.74-2.66)", "--k", "8", "--i2", "9",
                         "--json", "result.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    beside = {"k": "8", "n": None, "i2": "9", "p": None, "level": 0.95, "outcome": ""}
    made = job.run("appraise", monkeypatch, pooled=["HR 2.15 (1.74-2.66)"], beside=beside)
    assert made["result.json"] == (tmp_path / "result.json").read_bytes()
    assert b"<html" in made["report.html"]
    with pytest.raises(PlanRefused) as refused:
        job.run("appraise", monkeypatch, pooled=["HR 2"], beside={"k": "8", "tau": 1})
    assert refused.value.problems[0].code == "unknown_key"


def test_grade_a_chart_and_a_file(
    job: Job, tmp_path: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cartwheel("grade", "--rule", "astct-crs", "--set", "temperature=39.2 Cel",
                  "--json", "grades.json")  # fmt: skip
    chart = {"temperature": "39.2 Cel"}
    made = job.run("grade", monkeypatch, rules=["astct-crs"], chart=chart)
    assert made == {"grades.json": (tmp_path / "grades.json").read_bytes()}
    measured = job.run("grade", monkeypatch, rules=["astct-crs"],
                       chart={"temperature": {"value": 39.2, "unit": "Cel"}})  # fmt: skip
    assert (
        json.loads(measured["grades.json"])["result"]["grades"][0]["grade"]
        == json.loads(made["grades.json"])["result"]["grades"][0]["grade"]
    )
    sheet = tmp_path / "chart.csv"
    sheet.write_text(
        "patient,day,temperature_Cel,oxygen_device,vasopressors\n"
        "a,1,39.2,none,0\na,2,38.5,nasal cannula low flow,0\nb,1,37.0,none,0\n",
        encoding="utf-8",
    )
    done = run_cartwheel("grade", sheet, "--rule", "astct-crs", "--json", "grades.json", "-o",
                         "patients.csv", "--rows", "rows.csv")  # fmt: skip
    asked = {"file": job.file(sheet), "rules": ["astct-crs"]}
    if done.returncode == 0:
        made = job.run("grade", monkeypatch, **asked)
        for name in ("grades.json", "patients.csv", "rows.csv"):
            assert made[name] == (tmp_path / name).read_bytes(), name
    else:
        with pytest.raises(Refused) as refused:
            job.run("grade", monkeypatch, **asked)
        for problem in refused.value.problems:
            assert problem.what.split(" ")[0] in done.stderr


@pytest.mark.slow
def test_paper(
    job: Job, tmp_path: Path, developed: Path, run_cartwheel: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(developed / "result.json", tmp_path)
    done = run_cartwheel("report", "result.json", "-o", "paper.html", "-o", "paper.docx", "-o",
                         "paper.pdf", "--references", "references.bib", "--language", "de",
                         "--figures", "figures")  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = job.run("paper", monkeypatch, file=job.file(tmp_path / "result.json"), language="de",
                   formats=["html", "docx", "pdf", "bib", "figures"])  # fmt: skip
    for name in ("paper.html", "paper.docx", "paper.pdf", "references.bib"):
        assert made[name] == (tmp_path / name).read_bytes(), name
    archive = tmp_path / "figures.zip"
    archive.write_bytes(made["figures.zip"])
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    drawn = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert sorted(path.name for path in (tmp_path / "unpacked" / "figures").iterdir()) == drawn
    for name in drawn:
        packed = tmp_path / "unpacked" / "figures" / name
        assert packed.read_bytes() == (tmp_path / "figures" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("kind", "request_", "code"),
    [
        ("check", {"declarations": [{"column": "crp", "units": "mg/L"}]}, "unknown_key"),
        ("check", {"declarations": [{"column": 5}]}, "bad_value"),
        ("check", {"shet": "x"}, "unknown_key"),
        ("check", {"sheet": False}, "bad_value"),
        ("develop", {}, "no_plan"),
        ("develop", {"plan": {}, "plan_toml": ""}, "two_plans"),
        ("develop", {"plan_toml": "a = = 1"}, "not_toml"),
        ("develop", {"plan": "method"}, "bad_value"),
        ("batch", {"score": "easix", "days": {"ldh": False}}, "bad_value"),
        ("batch", {"score": "easix", "days": {"ldh": "1"}}, "bad_value"),
        ("grade", {"rules": "astct-crs"}, "bad_value"),
        ("grade", {"rules": [], "chart": {"temperature": "39 Cel"}}, "both_given"),
        ("paper", {"formats": ["exe"]}, "unknown_format"),
        ("paper", {"formats": []}, "no_output"),
        ("paper", {"share": 1}, "bad_value"),
        ("paper", {"language": 5}, "bad_value"),
        ("pool", {"files": ["nothing"], "file": None}, "no_file"),
        ("pool", {"plan": {"prisma": "/etc/passwd"}, "table": "a\n1\n", "file": None}, "no_file"),
    ],
)
def test_what_was_asked_is_read_strictly(
    kind: str, request_: dict[str, Any], code: str, job: Job, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sheet = tmp_path / "a.csv"
    sheet.write_text("id,crp\n1,3\n2,4\n", encoding="utf-8")
    asked = {"file": job.file(sheet), **request_}
    if asked["file"] is None:
        del asked["file"]
    with pytest.raises(Refused) as refused:
        job.run(kind, monkeypatch, **asked)
    assert code in {problem.code for problem in refused.value.problems}
