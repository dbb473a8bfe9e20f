"""The catalogue of words: every language says the same things."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from cartwheel.errors import CartwheelError, FileRefused, Refused
from cartwheel.report import words as room
from cartwheel.report.bibliography import bibliography
from cartwheel.report.document.blocks import Run
from cartwheel.report.words import Say, languages, words

FOLDER = Path(room.__file__).parent
LANGUAGES = pytest.mark.parametrize("language", languages())
SAY = Say(
    "en",
    {
        "plain": "Nothing more.",
        "told": "{n} patients{cite:cox1972,efron1977} of {all}.",
        "start": "{cite:cox1972}Said.",
        "count.one": "one",
        "count.other": "many",
        "shared.list.between": ", ",
        "shared.list.last": " and ",
    },
)


def _fields(sentence: str) -> set[tuple[str, str]]:
    # a citation is a field as well: a translation must cite the same works
    parts = Formatter().parse(sentence)
    return {(name, spec or "") for _, name, spec, _ in parts if name is not None}


def test_english_comes_first() -> None:
    assert languages()[0] == "en"


@LANGUAGES
def test_no_key_is_missing(language: str) -> None:
    assert set(words(language).catalogue) == set(words("en").catalogue)


@LANGUAGES
def test_every_sentence_has_the_same_fields_and_citations(language: str) -> None:
    english = words("en").catalogue
    wrong = {
        key: sentence
        for key, sentence in words(language).catalogue.items()
        if _fields(sentence) != _fields(english[key])
    }
    assert wrong == {}


@LANGUAGES
def test_every_work_that_is_cited_is_known(language: str) -> None:
    cited = {
        key
        for sentence in words(language).catalogue.values()
        for name, spec in _fields(sentence)
        if name == "cite"
        for key in spec.split(",")
    }
    assert cited - set(bibliography().works) == set()


@LANGUAGES
def test_fields_are_plain_names(language: str) -> None:
    # nothing but a name can stand in braces: no attribute, no index, no conversion
    for sentence in words(language).catalogue.values():
        for _, name, spec, conversion in Formatter().parse(sentence):
            assert conversion is None
            assert name is None or re.fullmatch(r"[a-z][a-z0-9_]*", name)
            assert not spec or name == "cite"


def test_a_language_is_one_file() -> None:
    there = sorted(each.name for each in FOLDER.iterdir() if not each.name.startswith("_"))
    assert there == sorted(f"{language}.toml" for language in languages())


@LANGUAGES
def test_every_file_has_the_same_topics(language: str) -> None:
    topics = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    english = tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))
    # the same order too: two files can be read side by side
    assert list(topics) == list(english)


def test_a_run_keeps_its_source_and_works_stand_after_it() -> None:
    n = Run("197", source="result.outcome.patients")
    assert SAY.runs("told", n=n, all="{all}") == (
        n,
        Run(" patients", cites=("cox1972", "efron1977")),
        Run(" of {all}."),
    )
    assert SAY("told", n=n, all="{all}") == "197 patients of {all}."
    assert SAY.runs("start") == (Run("", cites=("cox1972",)), Run("Said."))
    assert SAY.runs("plain") == (Run("Nothing more."),)


def test_what_people_write_is_not_read() -> None:
    hostile = "{n} {0.__class__} %s \\{ {{"
    assert SAY("told", n=hostile, all=hostile) == f"{hostile} patients of {hostile}."


def test_a_list_is_said() -> None:
    said = ["".join(run.text for run in SAY.listed(items)) for items in ([], ["A"], ["A", "B"])]
    assert said == ["", "A", "A and B"]
    source = Run("B", source="result.title")
    assert SAY.listed(["A", source, "C"]) == (Run("A, "), source, Run(" and C"))


def test_one_and_many() -> None:
    assert [SAY(SAY.of_count("count", n)) for n in (0, 1, 2)] == ["many", "one", "many"]


def test_a_missing_key_is_our_fault_and_not_the_users() -> None:
    for fails in (lambda: SAY("nowhere"), lambda: SAY("told", n="1")):
        with pytest.raises(CartwheelError) as fault:
            fails()
        assert not isinstance(fault.value, Refused)


@pytest.mark.parametrize("language", ["", "fr", "../en", "__pycache__", "EN"])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(FileRefused) as refused:
        words(language)
    (problem,) = refused.value.problems
    assert problem.code == "language_unknown"
    assert "en" in problem.mend


def test_reading_words_loads_nothing_slow() -> None:
    code = (
        "import sys; from cartwheel.report.words import words; words('en');"
        "print([m for m in ('numpy', 'matplotlib', 'jinja2', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
