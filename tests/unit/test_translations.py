"""The German and the Chinese words: complete, in their own language, and of the same numbers."""

from __future__ import annotations

import copy
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from paper_parts import shown, text_of
from pool_example import documents as pooled
from report_example import documents as developed
from test_paper_appraise import DOCUMENTS as APPRAISED
from validation_documents import DOCUMENTS as VALIDATED

from cartwheel.moved import numbers_moved
from cartwheel.report import words as room
from cartwheel.report.document.blocks import Checklist, Document, Run
from cartwheel.report.document.html import document_html
from cartwheel.report.paper import paper
from cartwheel.report.words import CITE, languages, phrases, words

FOLDER = Path(room.__file__).parent
ENGLISH = words("en").catalogue
OTHERS = pytest.mark.parametrize("language", languages()[1:])
LANGUAGES = pytest.mark.parametrize("language", languages())
CHINESE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
NUMBER = r"\d+(?:\.\d+)?"

# words that are the same in German, and letters that the field writes everywhere
GERMAN_TOO = {
    "AUC", "Abstract", "Confounding", "Cut-offs", "DFFITS", "E50", "E90", "Form", "I² ()", "ICI",
    "Marker", "Q", "R² %", "Regression", "Score", "Scores", "Software", "Status", "Term", "Test",
    "Variable", ",  minus :", "in", "log2", ": k =", "n (%)", ": , n (%)", ", n (%)", "p", "z",
    "I² (), %", "I²", "I², %", "R²", "R² (Cox-Snell)", "R² %.", "Q, p", "Holm", "Bonferroni",
    "NumPy", "SciPy", "pandas",
}  # fmt: skip
# English that German and Chinese papers use as it is
TERMS = (
    "TRIPOD+AI for Abstracts", "PRISMA 2020 for Abstracts", "missing at random", "Trim and Fill",
    "Calibration in the large", "calibration in the large", "share",
)  # fmt: skip
# names, and what Chinese papers of the field leave in Latin letters
NAMES = frozenset(
    re.findall(
        r"\S+",
        """
        AI AIC AUC Armitage Barnard Baujat Begg Benjamini Bonferroni Brier Brookmeyer C CR Cessie
        Cluster Cochran Cook Cox Crowley DFFITS DOI DeLong Deeks DerSimonian E Efron Egger Firth
        Freeman GRADE Gelman HR Haenszel Harbord Harrell Hartung Hedges Hochberg Holm Houwelingen
        Hunter I ICI IRR J Jonckheere Jonkman Kaplan Knapp Kruskal Laird MD Mandel Mantel Meier
        NumPy OR PRISMA PROBAST Paule Peters Peto PubMed Q QUIPS R RD REMARK REML ROC RR Riley Rubin
        SHA SMD STROBE Satterthwaite Schmidt SciPy Sidik Snell Spearman TRIPOD Terpstra Tukey Uno
        Wald Wallis Wilson Youden cartwheel k landmark le log logistic logit metafor n p pandas
        profile rank t tau van z Aalen Nelson Schoenfeld
        """,
    )
)


def _fields(sentence: str) -> Counter[tuple[str, str]]:
    parts = Formatter().parse(sentence)
    return Counter((name, spec or "") for _, name, spec, _ in parts if name is not None)


def _said(sentence: str) -> str:
    """Leave the fields out."""
    return "".join(literal for literal, *_ in Formatter().parse(sentence)).strip()


def _without_terms(sentence: str) -> str:
    for term in TERMS:
        sentence = sentence.replace(term, " ")
    return sentence


def test_german_and_chinese_are_there() -> None:
    assert {"de", "zh"} <= set(languages())


@OTHERS
def test_keys_and_fields_are_those_of_english(language: str) -> None:
    translated = words(language).catalogue
    assert set(translated) == set(ENGLISH)
    wrong = [key for key in ENGLISH if _fields(translated[key]) != _fields(ENGLISH[key])]
    assert wrong == []


@LANGUAGES
def test_every_sentence_can_be_said(language: str) -> None:
    say = words(language)
    for key, sentence in say.catalogue.items():
        names = {name for name, _ in _fields(sentence)} - {CITE}
        filled = {name: Run(f"<{name}>", source=f"result.{name}") for name in names}
        said = "".join(run.text for run in say.runs(key, **filled))
        assert all(f"<{name}>" in said for name in names), key
        assert re.sub(r"<\w+>", "", said).find("{") == -1, key


@OTHERS
def test_the_numbers_of_a_sentence_are_those_of_english(language: str) -> None:
    def numbers(sentence: str) -> Counter[str]:
        return Counter(re.findall(NUMBER, _said(sentence)))

    translated = words(language).catalogue
    wrong = [key for key in ENGLISH if numbers(translated[key]) != numbers(ENGLISH[key])]
    assert wrong == []


@OTHERS
def test_decimals_have_a_point(language: str) -> None:
    assert [s for s in words(language).catalogue.values() if re.search(r"\d,\d", _said(s))] == []


@OTHERS
def test_nothing_is_empty_that_english_says(language: str) -> None:
    translated = words(language).catalogue
    assert [key for key in ENGLISH if ENGLISH[key].strip() and not translated[key].strip()] == []


def test_german_is_german() -> None:
    german = words("de").catalogue
    same = {_said(german[key]) for key in ENGLISH if german[key] == ENGLISH[key]}
    assert {said for said in same if re.search(r"[A-Za-z]", said)} - GERMAN_TOO == set()
    left = r"\b(the|of|and|with|were|is|patients|by|from|not|each|for|to|at|or|that)\b"
    assert [s for s in german.values() if re.search(left, _without_terms(_said(s)))] == []
    assert [s for s in german.values() if re.search(CHINESE, s)] == []


def test_sentences_that_are_joined_keep_their_spaces_in_german() -> None:
    german = {key: said for key, said in words("de").catalogue.items() if key in ENGLISH}
    own = {"shared.english.mark"}  # empty in English
    ends = [
        key
        for key, said in german.items()
        if (said[:1] == " ", said[-1:] == " ")
        != (ENGLISH[key][:1] == " ", ENGLISH[key][-1:] == " ")
    ]
    assert set(ends) == own


def test_chinese_is_chinese() -> None:
    chinese = words("zh").catalogue
    rest = (re.sub(CHINESE, " ", _without_terms(_said(said))) for said in chinese.values())
    latin = {
        word
        for said in rest
        for word in re.findall(r"[^\W\d_²]+", said)
        if not re.fullmatch(r"[\u0370-\u03ff]+", word)
    }
    assert latin - NAMES == set()
    # signs between Chinese words are Chinese
    half = rf"{CHINESE}[,;:?!]|{CHINESE} ?\(|\) ?{CHINESE}|[\u4e00-\u9fff]\."
    signs = [said for said in chinese.values() if re.search(half, said.replace("n (%)", ""))]
    assert signs == []


def test_what_the_result_says_in_english_is_marked() -> None:
    assert words("en").sentence("shared.english.mark") == ""
    assert words("de").sentence("shared.english.mark") == "[engl.] "
    assert words("zh").sentence("shared.english.mark") == "[英文] "


def test_adding_a_language_is_adding_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(languages())
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    # a made-up language: German, and capitals in what can be told apart from it
    made_up = (FOLDER / "de.toml").read_text(encoding="utf-8")
    for said in ('methods = "Methoden"', '"Sensitivity" = "Sensitivität"'):
        assert said in made_up
        key, _, word = said.rpartition(" = ")
        made_up = made_up.replace(said, f"{key} = {word.upper()}")
    (tmp_path / "xx.toml").write_text(made_up, encoding="utf-8")
    monkeypatch.setattr(room, "files", lambda _: tmp_path)
    for read in (words, phrases, room._tables):
        read.cache_clear()
    try:
        assert set(languages()) == {*before, "xx"}
        page = document_html(paper(developed()["points"], "xx", pictures=False))
    finally:
        for read in (words, phrases, room._tables):
            read.cache_clear()
    assert '<html lang="xx"' in page
    for own, german in (("METHODEN", "Methoden"), ("SENSITIVITÄT", "Sensitivität")):
        assert f">{own}<" in page
        assert f">{german}<" not in page


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out: drawing takes most of the time."""
    monkeypatch.setattr("cartwheel.report.paper.develop_figures.builders", lambda _: {})
    for kind in ("pool", "validate"):
        monkeypatch.setattr(f"cartwheel.report.paper.{kind}_figures.figure_block", lambda *_: None)


@cache
def _documents() -> dict[str, dict[str, Any]]:
    return {
        **{f"develop-{name}": made for name, made in developed().items()},
        **{f"validate-{name}": VALIDATED[name]() for name in ("survival", "competing")},
        **{f"pool-{name}": made for name, made in pooled().items()},
        **{f"appraise-{name}": made for name, made in APPRAISED.items()},
    }


def _strings(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        yield from (str(key) for key in part)
        yield from (text for value in part.values() for text in _strings(value))
    elif isinstance(part, list | tuple):
        yield from (text for value in part for text in _strings(value))
    elif part is not None:
        yield str(part)


def _numbers(made: Document) -> Counter[tuple[str, tuple[str, ...]]]:
    return Counter((place, tuple(sorted(re.findall(NUMBER, text)))) for place, text in shown(made))


def _checklists(made: Document) -> list[tuple[str, str, str, str]]:
    return [
        (block.id, item.number, item.status, item.source)
        for block in made.blocks
        if isinstance(block, Checklist)
        for item in block.items
    ]


@OTHERS
@pytest.mark.usefixtures("undrawn")
def test_papers_show_the_same_numbers_from_the_same_places(language: str) -> None:
    for name, document in _documents().items():
        english, made = paper(document), paper(copy.deepcopy(document), language)
        assert made.language == language
        assert [type(block) for block in made.blocks] == [type(block) for block in english.blocks]
        assert _numbers(made) == _numbers(english), name
        assert _checklists(made) == _checklists(english), name


@OTHERS
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("kind", ["develop", "validate", "pool"])
def test_no_sentence_of_a_paper_stands_in_code(language: str, kind: str) -> None:
    # a long line that is the same in two languages must be the result's own
    for name, document in _documents().items():
        if not name.startswith(kind):
            continue
        # what moved with a version is told as the package has it, and marked as English
        own = "\n".join((*_strings(document), *_strings([asdict(one) for one in numbers_moved()])))
        english = set(text_of(paper(document)).split("\n"))
        both = english & set(text_of(paper(document, language)).split("\n"))
        stray = [line for line in both if len(line.split()) > 4 and line.strip() not in own]
        # the result's own names may be a list, and Table 1 counts them: n (%)
        lists = [line.removesuffix(", n (%)").split(", ") for line in stray]
        assert [parts for parts in lists if not all(part in own for part in parts)] == [], name


@OTHERS
@pytest.mark.usefixtures("undrawn")
def test_the_page_says_its_language(language: str) -> None:
    made = paper(_documents()["appraise-model"], language)
    page = document_html(made)
    assert re.search(rf'<html[^>]* lang="{language}', page)
    assert words(language)("shared.heading.methods") in page
