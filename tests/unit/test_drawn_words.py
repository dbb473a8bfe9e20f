"""Words inside drawings: each in every language, and none that nobody draws."""

import ast
import json
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from report_example import documents

import cartwheel
from cartwheel.errors import FileRefused
from cartwheel.figures.publish import Spoken, published, result_drawings
from cartwheel.figures.wording import drawn_in, say
from cartwheel.report.document.blocks import Figure
from cartwheel.report.paper import drawn_words, paper
from cartwheel.report.words import languages, phrases, words

ROOT = Path(cartwheel.__file__).parent
OTHERS = pytest.mark.parametrize("language", languages()[1:])
DEVELOPED = documents()["points"]


def speaking():
    """Modules that draw words: those that import `say` of the figures."""
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        # the tree of a module that does not name it need not be made
        if "cartwheel.figures.wording" not in text:
            continue
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module == "cartwheel.figures.wording"
                and any(name.name == "say" for name in node.names)
            ):
                yield path, tree
                break


@cache
def calls():
    return tuple(
        (f"{path.name}:{node.lineno}", node)
        for path, tree in speaking()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "say"
    )


def said():
    return {node.args[0].value for _, node in calls()}


def fields(phrase):
    return Counter(name for _, name, _, _ in Formatter().parse(phrase) if name is not None)


def test_every_phrase_is_a_literal_with_its_fields():
    for place, node in calls():
        assert len(node.args) == 1, place
        phrase = node.args[0]
        assert isinstance(phrase, ast.Constant), place
        given = {keyword.arg for keyword in node.keywords}
        # fields that are passed on as a mapping are seen when they are said
        assert None in given or given == set(fields(phrase.value)), place


@OTHERS
def test_every_phrase_is_translated_and_every_translation_drawn(language):
    known, drawn = phrases(language), said()
    assert drawn - set(known) == set()
    assert set(known) - drawn == set()


@OTHERS
def test_translations_have_the_same_fields(language):
    for phrase, translated in phrases(language).items():
        assert fields(phrase) == fields(translated), phrase
        assert translated.strip()


def test_english_lists_every_phrase_for_translators():
    path = ROOT / "report" / "words" / "en.toml"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["drawn"]
    assert set(listed) == said()
    # English is drawn as the code has it
    assert [phrase for phrase, shown in listed.items() if phrase != shown] == []


def test_english_needs_no_table_and_no_key_of_a_drawing_is_in_the_catalogue():
    assert phrases("en") == {}
    for language in languages():
        assert not any(key.startswith("drawn.") for key in words(language).catalogue)
    with pytest.raises(FileRefused, match="language 'fr'"):
        phrases("fr")


def test_what_stands_in_a_field_is_not_read():
    with drawn_in({"{n} patients": "{n} Patienten"}):
        assert say("{n} patients", n="{0.__class__}") == "{0.__class__} Patienten"
    assert say("{n} patients", n=3) == "3 patients"


def test_published_figures_speak_and_their_data_stay_english():
    drawings = result_drawings(DEVELOPED, ("roc", "nomogram", "patient_flow"))
    german = published(drawings, None, ("svg", "pdf"), Spoken(phrases("de")))
    english = published(drawings, None, ("svg", "pdf"))
    assert "Sensitivität" in german.files["roc.svg"]
    assert "Sensitivität" not in english.files["roc.svg"]
    for name in ("roc.csv", "nomogram.csv", "patient_flow.csv"):
        assert german.files[name] == english.files[name]
    assert german.notes == ()
    assert "ROC-Kurven" in german.files["figures.csv"]


def test_without_a_font_pictures_are_english_and_that_is_said():
    drawings = result_drawings(DEVELOPED, ("roc",))
    found = published(drawings, None, ("svg", "pdf", "png"), Spoken(phrases("zh")))
    english = published(drawings, None, ("pdf", "png"))
    assert "灵敏度" in found.files["roc.svg"]
    for ending in ("pdf", "png"):
        assert found.files[f"roc.{ending}"] == english.files[f"roc.{ending}"]
    assert [note for note in found.notes if "in English" in note and note.endswith(": roc")]


def test_with_a_font_pictures_speak():
    told = []

    def typeset(drawing, ending):
        told.append((ending, "灵敏度" in drawing))
        return ending.encode()

    drawings = result_drawings(DEVELOPED, ("roc",))
    found = published(drawings, None, ("png", "pdf"), Spoken(phrases("zh"), typeset))
    assert (found.files["roc.png"], found.files["roc.pdf"]) == (b"png", b"pdf")
    assert told == [("png", True), ("pdf", True)]
    assert found.notes == ()


def drawn(document):
    return [block for block in document.blocks if isinstance(block, Figure)]


def test_a_paper_draws_in_its_language():
    german = drawn(paper(DEVELOPED, "de", pictures=False))
    joined = json.dumps([figure.svg for figure in german], ensure_ascii=False)
    assert "Sensitivität" in joined
    assert "Sensitivity" not in joined


def test_a_word_file_without_a_font_says_that_its_drawings_are_english(monkeypatch):
    monkeypatch.setattr(drawn_words, "font_for", lambda language: language != "zh")
    note = words("zh")("document.drawn_in_english")
    figures = drawn(paper(DEVELOPED, "zh", pictures=True))
    assert figures
    for figure in figures:
        assert figure.caption.endswith(note)
    assert any("Sensitivity" in figure.svg for figure in figures)
    # a page shows the drawing with the reader's fonts
    shown = drawn(paper(DEVELOPED, "zh", pictures=False))
    assert any("灵敏度" in figure.svg for figure in shown)
    assert not any(note in figure.caption for figure in shown)


def test_without_typst_no_font_is_found(monkeypatch):
    monkeypatch.setattr(drawn_words, "find_spec", lambda _: None)
    drawn_words.font_for.cache_clear()
    assert not drawn_words.font_for("zh")
    assert drawn_words.font_for("de")
    drawn_words.font_for.cache_clear()
