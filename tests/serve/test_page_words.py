"""No page says ``--something``: every flag in the words of a refusal has its own name there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

import cartwheel
from cartwheel.errors import Problem
from cartwheel.serve.page_words import NAMES, page_words
from cartwheel.serve.rendering import templates

FILLED = "\N{SECTION SIGN}"
SOURCE = Path(cartwheel.__file__).parent.parent
FLAG = re.compile(r"--([a-z][a-z0-9-]*)")
_IMPORTED = re.compile(r"from (cartwheel[\w.]*) import (\([^)]*\)|[^\n]*)")
# said in the terminal alone: before there is a page, or by commands that have none
NO_PAGE = re.compile(
    r"cartwheel\.(serve\.(access\.(safe_start|oidc)|page_words|api\.described"
    r"|fhir\.settings|ward\.verifying)"
    r"|landmarking\b.*|workflows\.(landmark|monitor).*|figures\b.*|report\.paper\.closing)$"
)


def module_file(name: str) -> Path | None:
    path = SOURCE / name.replace(".", "/")
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((one for one in found if one.is_file()), None)


def named_in(text: str) -> Iterator[str]:
    """Every module that a module may load: imported, or named in a text."""
    yield from re.findall(r"\bcartwheel(?:\.\w+)+", text)
    for package, names in _IMPORTED.findall(text):
        yield from (f"{package}.{name}" for name in re.findall(r"\w+", names))


@cache
def reachable() -> dict[str, str]:
    """Whatever a page or a job of one can load, as it is written."""
    pages = (SOURCE / "cartwheel" / "serve").rglob("*.py")
    waits = [".".join(one.relative_to(SOURCE).with_suffix("").parts) for one in pages]
    found: dict[str, str] = {}
    while waits:
        name = waits.pop()
        is_ours = name.startswith("cartwheel.") and not f"{name}.".startswith("cartwheel.cli.")
        if is_ours and name not in found and (path := module_file(name)):
            found[name] = path.read_text(encoding="utf-8")
            waits += named_in(found[name])
    return found


def texts_in(tree: ast.Module) -> Iterator[str]:
    """Every text but docstrings; what is put into one is a number, or a column with its value."""
    parts = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
             for one in node.values}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            written = "".join(
                str(one.value) if isinstance(one, ast.Constant) else FILLED for one in node.values
            )
            # a flag of any name, then a number, a column with its value, a text
            written = written.replace(f"--{FILLED}", "--n")
            for filled in ("7", "crp=mg/L", "a column"):
                yield written.replace(FILLED, filled)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


@cache
def spoken() -> list[tuple[str, str]]:
    """Every text with a flag in it that the source holds, with its module."""
    return [
        (name, text)
        for name, source in sorted(reachable().items())
        if "--" in source and name != "cartwheel.serve.page_words"
        for text in texts_in(ast.parse(source))
        if FLAG.search(text)
    ]


def test_the_walk_finds_what_pages_can_say() -> None:
    found = spoken()
    modules = {name for name, _ in found}
    assert {
        "cartwheel.clinic.columns",
        "cartwheel.validation.cohort.scoreable",
        "cartwheel.pooling.study.convert",
        "cartwheel.serve.jobs.worker",
    } <= modules
    assert len(found) > 100


def test_no_text_shows_a_flag_on_a_page() -> None:
    for name, text in spoken():
        said = page_words(text)
        assert not FLAG.search(re.sub(r"(?<!\w)'[^']*'(?!\w)", "", said)), f"{name}: {said}"
        assert "{" not in said or "{" in text, f"{name}: {said}"


def test_every_flag_that_a_page_can_say_has_a_name_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: set[str] = set()

    def named(flag: str) -> tuple[str, str]:
        asked.add(flag)
        return NAMES.get(flag, ("", ""))

    monkeypatch.setattr("cartwheel.serve.page_words._named", named)
    for name, text in spoken():
        if not NO_PAGE.match(name):
            page_words(text)
    assert asked <= set(NAMES), sorted(asked - set(NAMES))
    for bare, valued in NAMES.values():
        assert bare
        assert "--" not in f"{bare}{valued}"


@pytest.mark.parametrize(
    ("terminal", "page"),
    [
        ("say it: --unit crp_day0=UNIT (accepted: mg/L)",
         "say it: the unit of crp_day0 (accepted: mg/L)"),
        ("say it: --unit 'CRP, day 0=mg/L'", "say it: mg/L as the unit of CRP, day 0"),
        ("declare it: --decimal crp=,", "declare it: a comma as the decimal mark of crp"),
        ("name one: --sheet 'Blatt 1'", "name one: the sheet Blatt 1"),
        ("name it: --time COLUMN", "name it: the column of the time"),
        ("say it: --column 'albumin=COLUMN'", "say it: the column of the input albumin"),
        ("choose an earlier one (--horizon)",
         "choose an earlier one (the time at which risk is read)"),
        ("Resample: --bootstrap 1000.", "Resample: 1000 resamples."),
        ("use the landmark cohort: --landmark 3 keeps 20 of 30 patients",
         "use the landmark cohort: day 3 as the landmark keeps 20 of 30 patients"),
        ("--n, --events", "the number of patients, the number of events"),
        ("--unit crp day 0", "the unit: crp day 0"),
        ("leave it out, or use --missing complete",
         "leave it out, or use “patients with all values” for missing values"),
        ("write it again with: cartwheel pool ... --json FILE", "make it again here"),
        ("a flag that is new: --newest-flag", "a flag that is new: newest flag"),
    ],
)  # fmt: skip
def test_the_words_of_a_flag(terminal: str, page: str) -> None:
    assert page_words(terminal) == page


@pytest.mark.parametrize(
    "text", ["column 'crp --unit x' (day 3)", "column '--map'", "a - b, 3 -- 4", "no flag"]
)
def test_what_a_person_wrote_stays(text: str) -> None:
    assert page_words(text) == text


def test_a_template_says_it_wherever_it_writes_a_problem() -> None:
    problem = Problem("x", "give --time", "--event", "say it: --unit <b>=mg/L")
    shown = templates().from_string(
        "{{ one.what }}|{{ one['where'] }}|{{ one.mend }}|{{ all | map(attribute='mend') | first }}"
    )
    said = shown.render(one=problem, all=[problem])
    assert "--" not in said
    assert said.startswith("give the column of the time|the column of the event|say it: mg/L as")
    assert "&lt;b&gt;" in said
    # programs hear what the terminal says
    assert problem.mend == "say it: --unit <b>=mg/L"
