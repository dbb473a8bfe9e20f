"""``cartwheel report`` as a person runs it: a result in, papers out, all of them or none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from document_formats import Page, pdf_text, squeezed, units, word_units
from report_example import documents
from typer.testing import CliRunner

from cartwheel.canonical import canonical_json
from cartwheel.cli import report_run
from cartwheel.cli.report import report
from cartwheel.cli.report_run import Wanted, run_report
from cartwheel.errors import FileRefused
from cartwheel.report.document import extra
from cartwheel.report.document.blocks import Figure
from cartwheel.report.document.plain_text import document_text
from cartwheel.report.paper import KINDS, paper
from cartwheel.result_json import NEWEST
from cartwheel.workflows import appraise, develop, pool, validate

app = typer.Typer()
app.command()(report)
RESULT = documents()["points"] | {"schema": "cartwheel/develop/1"}


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_text(canonical_json(RESULT), encoding="utf-8")
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.output + done.stderr


def refused(folder: Path, *arguments: object) -> str:
    """Run what must be refused; nothing new may stand in the folder."""
    before = sorted(folder.rglob("*"))
    code, said = run(*arguments)
    assert code == 2, said
    assert sorted(folder.rglob("*")) == before
    return said


ENDINGS = ("html", "pdf", "docx")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one run that writes all there is."""
    folder = tmp_path_factory.mktemp("written")
    source = folder / "result.json"
    source.write_text(canonical_json(RESULT), encoding="utf-8")
    papers = [part for ending in ENDINGS for part in ("-o", folder / f"paper.{ending}")]
    works = ("--references", folder / "works.bib")
    code, said = run(source, *papers, *works, "--figures", folder / "figures")
    assert code == 0, said
    assert said.count("wrote ") == 5
    return folder


def test_three_papers_say_the_same(written: Path) -> None:
    made = paper(RESULT)
    expected = units(document_text(made))
    page, pdf, word = ((written / f"paper.{ending}").read_bytes() for ending in ENDINGS)
    assert len(page) < 5_000_000
    assert Page(page.decode()).said == expected
    # the running title stands before what is content
    assert word_units(word)[-len(expected) :] == expected
    alts = {block.alt.strip() for block in made.blocks if isinstance(block, Figure)}
    told = [unit for unit in expected if unit not in alts]
    assert pdf_text(pdf) == squeezed("".join(told))


def test_figures_and_references_are_written_beside(written: Path) -> None:
    every = sorted((written / "figures").iterdir())
    # one way with `cartwheel figures`: the list of figures stands beside them
    files = [path for path in every if path.name != "figures.csv"]
    assert len(every) == len(files) + 1
    names = {path.stem for path in files}
    assert {"calibration", "roc"} <= names
    assert len(files) == 4 * len(names)
    assert {path.suffix for path in files} == {".svg", ".pdf", ".png", ".csv"}
    assert (written / "works.bib").read_text(encoding="utf-8").startswith("@article{")


def test_the_same_result_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    papers = [part for ending in ENDINGS for part in ("-o", tmp_path / f"paper.{ending}")]
    works = tmp_path / "works.json"
    assert run(written / "result.json", *papers, "--references", works)[0] == 0
    for ending in ENDINGS:
        first, second = (folder / f"paper.{ending}" for folder in (written, tmp_path))
        assert first.read_bytes() == second.read_bytes()
    assert all("title" in work for work in json.loads(works.read_text(encoding="utf-8")))


def test_checklists_are_chosen(result: Path, tmp_path: Path) -> None:
    one, none = tmp_path / "one.html", tmp_path / "none.html"
    assert run(result, "-o", one, "--checklist", "remark")[0] == 0
    assert run(result, "-o", none, "--checklist", "none")[0] == 0
    assert "REMARK" in one.read_text(encoding="utf-8")
    assert 'id="strobe"' not in one.read_text(encoding="utf-8")
    assert "What is to be reported" not in none.read_text(encoding="utf-8")


def changed(**parts: Any) -> str:
    return canonical_json({**RESULT, **parts})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "not a JSON file"),
        ("{", "not a JSON file"),
        ("[1, 2]", "not a result"),
        ('"develop"', "not a result"),
        (changed(kind="grade"), "not a result"),
        (changed(kind=["develop"]), "not a result"),
        (changed(result=None), "not a result"),
        (changed(schema="cartwheel/develop/2"), "1 is the newest that is known"),
        (changed(schema="cartwheel/develop/10"), "1 is the newest that is known"),
        (changed(schema="cartwheel/pool/1"), "which form of a result"),
        (changed(schema=None), "which form of a result"),
        ("[" * 100_000, "not a JSON file"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(content, encoding="utf-8")
    assert what in " ".join(refused(tmp_path, path, "-o", tmp_path / "p.html").split())


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert "not a JSON file" in refused(tmp_path, path, "-o", tmp_path / "p.html")


def test_outputs_that_cannot_be_are_refused_before_any_work(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(path: Path) -> None:
        raise AssertionError(path)

    monkeypatch.setattr(report_run, "read_result", never)
    page = tmp_path / "p.html"
    assert "nothing to write" in refused(tmp_path, result)
    assert "not written in this format" in refused(tmp_path, result, "-o", tmp_path / "p.odt")
    assert "not written in this format" in refused(tmp_path, result, "-o", page, "-o", "paper")
    assert "folder" in refused(tmp_path, result, "-o", tmp_path / "no" / "p.html")
    assert "named twice" in refused(tmp_path, result, "-o", page, "-o", page)
    works = ("--references", tmp_path / "works.txt")
    assert "not written in this format" in refused(tmp_path, result, *works)
    assert "this file is the result" in refused(tmp_path, result, "--references", result)
    assert "a file of this name" in refused(tmp_path, result, "--figures", result)
    assert "folder" in refused(tmp_path, result, "--figures", tmp_path / "no" / "figures")


def test_unknown_languages_and_checklists_are_refused(result: Path, tmp_path: Path) -> None:
    page = ("-o", tmp_path / "p.html")
    assert "language 'xx'" in refused(tmp_path, result, *page, "--language", "xx")
    assert "no-such-list" in refused(tmp_path, result, *page, "--checklist", "no-such-list")


def test_all_files_or_none(result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report_run, "write_together", full)
    figures = tmp_path / "figures"
    wanted = Wanted((str(tmp_path / "p.html"),), figures=figures)
    with pytest.raises(FileRefused) as found:
        run_report(result, wanted)
    assert found.value.problems[0].code == "not_writable"
    assert sorted(tmp_path.iterdir()) == [result]


def test_a_missing_library_is_named_before_any_work(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    assert "cartwheel[report]" in refused(tmp_path, result, "-o", tmp_path / "p.pdf")


def test_versions_are_those_that_the_jobs_write() -> None:
    written = {
        "develop": develop.SCHEMA,
        "validate": validate.SCHEMA,
        "pool": pool.SCHEMA,
        "appraise": appraise.SCHEMA,
    }
    assert {kind: f"cartwheel/{kind}/{NEWEST}" for kind in report_run.KINDS} == written
    assert report_run.KINDS == KINDS
