"""The output that the documentation shows is the output that the program prints."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import get_args, get_origin

import pytest
from pydantic_core import PydanticUndefined
from sources import REPOSITORY

from cartwheel.cli import app
from cartwheel.clinic.plan_parts import WholePlan
from cartwheel.development import result
from cartwheel.development.planning import plan
from cartwheel.report.story import SECTIONS
from cartwheel.toml_text import toml_value

DOCS = REPOSITORY / "docs"


@cache
def _refresh_output() -> ModuleType:
    folder = str(REPOSITORY / "examples")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("refresh_output")
    finally:
        sys.path.remove(folder)


PAGES = [REPOSITORY / "README.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_comes_out(page: Path) -> None:
    refreshed = _refresh_output().refresh(page)
    assert refreshed.written.splitlines() == refreshed.fresh.splitlines(), (
        f"{refreshed.name} is out of date: python examples/refresh_output.py"
    )


def test_only_our_command_and_shown_files_are_run(tmp_path: Path) -> None:
    module = _refresh_output()
    for command in ("rm -r .", "python other.py", "bash -c true"):
        with pytest.raises(module.PageError, match="not run"):
            module.run(command, tmp_path, {"shown.py": ""})


PARTS = {
    plan.Plan: "Top",
    plan.CohortPlan: "Cohort",
    plan.Exclusion: "Exclude",
    plan.OutcomePlan: "Outcome",
    plan.PredictorPlan: "Predictors",
    plan.CutoffPlan: "Cutoff",
    plan.DerivedPlan: "Derived",
    plan.ColumnPlan: "Columns",
    plan.IndexPlan: "Index",
    plan.GroupPlan: "Groups",
    plan.PointsPlan: "Points",
    plan.AssociationsPlan: "Associations",
    plan.ImputationPlan: "Imputation",
    plan.ResamplingPlan: "Resampling",
}


def _rows(heading: str) -> dict[str, tuple[str, str]]:
    """Keys of the table under a heading of the plan's page, with default and meaning."""
    text = (DOCS / "plan.md").read_text(encoding="utf-8")
    part = re.split(rf"^##+ {heading}$", text, flags=re.MULTILINE)[1]
    part = re.split(r"^##+ ", part, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", part, flags=re.MULTILINE)
    return {key: (default, meaning) for key, default, meaning in rows}


def _default(field: object) -> str:
    value = field.get_default(call_default_factory=True)  # type: ignore[attr-defined]
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "none"
    if isinstance(value, plan.Part | dict):
        return "`{}`"
    return f"`{toml_value(list(value) if isinstance(value, tuple) else value)}`"


def _choices(annotation: object) -> set[str]:
    """Words that a key accepts, wherever they stand in its type."""
    if get_origin(annotation) is not None and "Literal" in str(get_origin(annotation)):
        return {str(choice) for choice in get_args(annotation)}
    return {word for part in get_args(annotation) for word in _choices(part)}


def test_every_part_of_the_plan_has_its_heading() -> None:
    # plans of other jobs are made of the same kind of part
    kinds = (*plan.Part.__subclasses__(), *WholePlan.__subclasses__())
    own = {part for part in kinds if _of_a_development(part.__module__)} - {WholePlan}
    assert set(PARTS) == own


def _of_a_development(module: str) -> bool:
    return module.startswith("cartwheel.development") or module == "cartwheel.clinic.plan_parts"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_key_of_the_plan_is_explained(part: type[plan.Part]) -> None:
    rows = _rows(PARTS[part])
    fields = {field.alias or name: field for name, field in part.model_fields.items()}
    assert set(rows) == set(fields)
    for key, field in fields.items():
        default, meaning = rows[key]
        assert default == _default(field), key
        for choice in _choices(field.annotation):
            assert f'`"{choice}"`' in default + meaning, (key, choice)


PLAIN = (
    result.DevelopmentFile,
    result.Development,
    result.Imputation,
    result.ImputedVariable,
    result.MonteCarloError,
    result.CompleteCases,
    result.OutcomeSummary,
    result.GuardReport,
    result.SampleSize,
    result.Measure,
    result.Performance,
    result.Cutoff,
)


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_every_part_of_the_result_is_explained(kind: type) -> None:
    text = (DOCS / "result.md").read_text(encoding="utf-8")
    missing = [f.name for f in dataclasses.fields(kind) if f"`{f.name}`" not in text]
    assert missing == []


def test_every_section_of_the_report_is_explained() -> None:
    text = (DOCS / "reading-the-report.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings == [section.title for section in SECTIONS]


def test_every_command_is_on_its_page() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    names = [str(info.callback.__name__) for info in app.registered_commands if info.callback]
    assert names
    assert [name for name in names if f"## cartwheel {name}\n" not in text] == []


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {page.name for page in DOCS.glob("*.md")} - {"index.md"}
    assert [page for page in sorted(pages) if f"({page})" not in index] == []
